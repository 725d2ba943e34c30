"""What a run leaves in its folder, read back after every way to write it badly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from chebimm_core.domain.prediction import PREDICTION_COLUMNS
from chebimm_core.domain.run import PhaseTime, RunState, TrainingPoint, Usage
from chebimm_core.errors import NotFoundError, StoreError
from chebimm_core.services import launching
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.store import atomic
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from tests import run_queue_store as runs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return runs.build(tmp_path)


@pytest.fixture
def work(settings: Settings) -> RunWork:
    return RunWork.create(settings.store, runs.scripted(settings), n_total=8, now=runs.NOW)


def _part(*cids: str) -> pd.DataFrame:
    rows = {"cid": list(cids), "input_hash": "x", "output": "1", "error": None, "latency_s": 0.1}
    return pd.DataFrame(rows).astype(PREDICTION_COLUMNS)


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (RunState.QUEUED, "begins when"),
        (RunState.DONE, "another seed"),
        (RunState.FAILED, "Resume it"),
        (RunState.CANCELLED, "Resume it"),
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
def test_a_second_run_of_one_specification_is_refused_with_advice(
    settings: Settings, work: RunWork, state: RunState, advice: str
) -> None:
    work.mark(state)
    with pytest.raises(StoreError, match=rf"exists and is {state}.*{advice}"):
        RunWork.create(settings.store, work.spec(), n_total=8, now=runs.NOW)


def test_a_damaged_run_in_the_way_is_named(settings: Settings, work: RunWork) -> None:
    spec = work.spec()
    (work.folder / "status.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        RunWork.create(settings.store, spec, n_total=8, now=runs.NOW)
    RunStore(settings.store).delete(spec.run_id)
    RunWork.create(settings.store, spec, n_total=8, now=runs.NOW)


def test_one_process_holds_a_run_and_its_death_lets_go(work: RunWork) -> None:
    code = (
        "import sys; from pathlib import Path; from chebimm_core.store.run_work import RunWork;"
        f"work = RunWork(Path({str(work.folder.parent.parent)!r}), {work.run_id!r});\n"
        "with work.working(): print('held', flush=True); sys.stdin.readline()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        work.mark(RunState.RUNNING)
        assert work.alive() and work.status().state is RunState.RUNNING
        with pytest.raises(StoreError, match="Another process"), work.locked(wait_s=0.1):
            pass
    finally:
        holder.kill()
        holder.communicate()
    assert not work.alive() and work.status().state is RunState.INTERRUPTED
    with work.locked(wait_s=0.1):
        assert work.state_on_disk() is RunState.RUNNING


def test_a_deleted_run_cannot_be_held_and_is_not_made_again(
    settings: Settings, work: RunWork
) -> None:
    RunStore(settings.store).delete(work.run_id)
    with pytest.raises(NotFoundError), work.locked():
        pass
    assert not work.folder.exists()


def test_parts_are_counted_once_and_numbered_on(work: RunWork) -> None:
    work.add_part(_part("1", "2"))
    work.add_part(_part("2", "3"))
    assert work.parts()["cid"].tolist() == ["1", "2", "3"]
    (work.folder / "parts" / "part-000001.parquet").write_bytes(b"PAR1")
    assert work.parts()["cid"].tolist() == ["2", "3"]
    assert work.set_aside_damaged_parts() == ["part-000001.parquet"]
    assert work.set_aside_damaged_parts() == []
    work.add_part(_part("1"))
    assert sorted(work.parts()["cid"]) == ["1", "2", "3"]
    work.mark(RunState.FAILED, "why")
    status = work.status()
    assert (status.n_predictions, status.n_total, status.message) == (3, 8, "why")


def test_lines_survive_a_cut_and_a_step_learned_twice_counts_once(work: RunWork) -> None:
    for loss in (3.0, 2.0):
        work.record(TrainingPoint(step=1, epoch=0.1, seconds=1.0, loss=loss))
    work.record(TrainingPoint(step=1, epoch=0.1, seconds=1.0, validation=5.0))
    with (work.artifacts / "curve.jsonl").open("a") as lines:
        lines.write('{"step": 2, "epo')
    assert [(p.loss, p.validation) for p in work.curve()] == [(2.0, None), (None, 5.0)]
    assert work.further() == (0, 1)
    assert work.usage() is None
    work.spend(Usage(requests=2, cost=0.5))
    work.spend(Usage(requests=1, cost=0.25))
    assert work.usage() == Usage(requests=3, cost=0.75)
    work.took(PhaseTime(phase="scoring", seconds=2.0, molecules=8))
    assert work.times() == [PhaseTime(phase="scoring", seconds=2.0, molecules=8)]


def test_a_log_shows_what_a_terminal_would(settings: Settings, work: RunWork) -> None:
    assert launching.log_tail(settings, work.run_id) == ""
    work.log_path.write_bytes(b"one\nload  1%\rload 50%\rload 100%\r\n\xff three\nlast\n")
    shown = launching.log_tail(settings, work.run_id, lines=3).splitlines()
    assert shown == ["load 100%", "� three", "last"]


def test_the_token_of_the_store_ignores_progress(settings: Settings, work: RunWork) -> None:
    before = RunStore(settings.store).token()
    work.add_part(_part("1"))
    work.record(TrainingPoint(step=1, epoch=0.1, seconds=1.0))
    atomic.write_bytes(work.folder / "progress.json", b"{}")
    assert RunStore(settings.store).token() == before
    work.mark(RunState.CANCELLED)
    assert RunStore(settings.store).token() != before
