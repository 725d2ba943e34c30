"""The store under real faults: a full disk, a killed writer, two writers, damaged files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from run_samples import DATASET, NOW, settings_with_data, split_rows

from chebimm_core.errors import ChebiMMError, StoreError
from chebimm_core.services import benchmark, dataset, store_health, store_state
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.store import atomic

METRICS = ("rouge1",)


def csv_file(folder: Path, model: str = "model") -> Path:
    path = folder / f"{model}.csv"
    pd.DataFrame({"cid": [c for c, _, _ in split_rows()], "output": "an alcohol"}).to_csv(
        path, index=False
    )
    return path


def load(settings: Settings, path: Path, *, overwrite: bool = False) -> str:
    return benchmark.load_file(
        settings, path, dataset=DATASET, task="captioning", model="model", now=NOW,
        metrics=METRICS, overwrite=overwrite,
    ).run_id  # fmt: skip


def files_of(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def age(path: Path, seconds: float = 7200) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=PROJECT_ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np, pandas as pd
from chebimm_core.errors import StoreError
from chebimm_core.store import atomic
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
noise = pd.DataFrame({"x": np.random.default_rng(0).random(50_000)})
try:
    with atomic.new_folder(Path(sys.argv[1])) as folder:
        atomic.write_parquet(folder / "table.parquet", noise)
except StoreError as error:
    print(error)
"""


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    out, err = python(FULL_DISK, str(tmp_path / "runs" / "one")).communicate(timeout=60)
    assert "no room left" in out and "Free some space" in out, err
    assert list((tmp_path / "runs").iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from chebimm_core.store import atomic
with atomic.new_folder(Path(sys.argv[1]), replace=True) as folder:
    atomic.write_bytes(folder / "spec.json", b"{}")
    print("half", flush=True)
    time.sleep(60)
"""


def test_a_killed_writer_leaves_no_run_and_is_cleared_away_later(tmp_path: Path) -> None:
    settings = settings_with_data(tmp_path)
    kept = load(settings, csv_file(tmp_path))
    runs = settings.store / "runs"
    writer = python(KILLED, str(runs / kept))
    assert writer.stdout is not None and writer.stdout.readline() == "half\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait(timeout=20)
    writer.communicate()
    left = [p for p in runs.iterdir() if p.name.startswith(".")]
    assert len(left) == 1
    assert [h.run_id for h in benchmark.list_runs(settings)] == [kept]
    assert store_health.damaged_runs(settings) == {}
    load(settings, csv_file(tmp_path), overwrite=True)
    assert left[0].exists()  # young: it could belong to a process at work
    age(left[0])
    load(settings, csv_file(tmp_path), overwrite=True)
    assert [p.name for p in runs.iterdir()] == [kept]


def test_a_folder_moved_aside_by_a_killed_writer_is_put_back(tmp_path: Path) -> None:
    aside = tmp_path / ".run-1.replaced-abc"
    aside.mkdir()
    (aside / "status.json").write_text("{}")
    age(aside)
    atomic.clear_abandoned(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["run-1"]
    assert (tmp_path / "run-1" / "status.json").exists()


def test_clearing_keeps_what_is_visible_or_young(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / ".young").mkdir()
    (tmp_path / ".old.json-1").write_text("torn")
    (tmp_path / ".run.replaced-1").mkdir()
    for name in ("run", ".old.json-1", ".run.replaced-1"):
        age(tmp_path / name)
    atomic.clear_abandoned(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".young", "run"]


def test_a_failed_replacement_keeps_what_stood_there(tmp_path: Path) -> None:
    final = tmp_path / "one"
    with atomic.new_folder(final) as folder:
        atomic.write_bytes(folder / "a", b"old")
    with pytest.raises(RuntimeError), atomic.new_folder(final, replace=True) as folder:
        atomic.write_bytes(folder / "a", b"new")
        raise RuntimeError("the writer failed")
    assert files_of(tmp_path) == {"one/a": b"old"}


def test_a_place_that_cannot_hold_a_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match="cannot be written"):
        atomic.write_bytes(tmp_path / "file" / "store" / "x.json", b"{}")
    with (
        pytest.raises(StoreError, match="cannot be written"),
        atomic.new_folder(tmp_path / "file" / "runs" / "x"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_store_is_named(tmp_path: Path) -> None:
    settings = settings_with_data(tmp_path)
    settings.store.chmod(0o555)
    try:
        with pytest.raises(StoreError, match="may not be written"):
            load(settings, csv_file(tmp_path))
    finally:
        settings.store.chmod(0o755)


def test_two_loads_of_one_file_at_once_give_one_run(tmp_path: Path) -> None:
    settings = settings_with_data(tmp_path)
    path = csv_file(tmp_path)

    def attempt(_: int) -> str:
        try:
            return load(settings, path)
        except StoreError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, range(4)))
    (header,) = benchmark.list_runs(settings)
    assert header.run_id in results
    others = [r for r in results if r != header.run_id]
    assert all("already" in r for r in others), results
    assert [p.name for p in (settings.store / "runs").iterdir()] == [header.run_id]


def test_a_path_with_blanks_and_accents(tmp_path: Path) -> None:
    folder = tmp_path / "Daten für Moleküle 分子 #1"
    folder.mkdir()
    settings = settings_with_data(folder)
    run_id = load(settings, csv_file(folder))
    assert len(benchmark.samples(settings, run_id)) == len(split_rows())
    benchmark.delete(settings, run_id)
    assert list((settings.store / "runs").iterdir()) == []


@pytest.mark.parametrize("name", ["spec.json", "status.json", "scores.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 99}', "\0", "null"])
def test_an_edited_header_is_named_and_hides_no_other_run(
    tmp_path: Path, name: str, text: str
) -> None:
    settings = settings_with_data(tmp_path)
    broken = load(settings, csv_file(tmp_path))
    sound = load(settings, csv_file(tmp_path, "other"))
    before = store_state.token(settings)
    (settings.store / "runs" / broken / name).write_text(text)
    assert store_state.token(settings) != before
    assert [h.run_id for h in benchmark.list_runs(settings)] == [sound]
    assert name in store_health.damaged_runs(settings)[broken]
    with pytest.raises(StoreError, match="not valid"):
        benchmark.header(settings, broken)
    benchmark.delete(settings, broken)
    assert store_health.damaged_runs(settings) == {}


@pytest.mark.parametrize("name", ["samples.parquet", "predictions.parquet"])
def test_a_damaged_table_is_an_error_with_its_path(tmp_path: Path, name: str) -> None:
    settings = settings_with_data(tmp_path)
    run_id = load(settings, csv_file(tmp_path))
    (settings.store / "runs" / run_id / name).write_bytes(b"PAR1 torn")
    with pytest.raises(StoreError, match=name):
        benchmark.samples(settings, run_id)
    assert benchmark.header(settings, run_id).scores


def test_a_damaged_data_set_is_named(tmp_path: Path) -> None:
    settings = settings_with_data(tmp_path)
    (settings.store / "datasets" / DATASET / "dataset.json").write_text("{}")
    assert dataset.list_datasets(settings) == []
    assert DATASET in store_health.damaged_datasets(settings)


REFUSED: list[Callable[[Path], Path]] = [lambda d: d, lambda d: d / "absent.csv"]


@pytest.mark.parametrize("place", REFUSED)
def test_a_refused_file_changes_nothing(tmp_path: Path, place: Callable[[Path], Path]) -> None:
    settings = settings_with_data(tmp_path)
    before = files_of(settings.store)
    with pytest.raises(ChebiMMError):
        load(settings, place(tmp_path))
    assert files_of(settings.store) == before
