"""The store: whole files or none, damage named, ids stable."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chebimm_core.domain.molecule import MOLECULE_COLUMNS, DatasetHeader
from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import RunOrigin, RunSpec, RunState, RunStatus
from chebimm_core.errors import NotFoundError, SettingError, StoreError
from chebimm_core.store import atomic
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.index import MoleculeIndex
from chebimm_core.store.run_store import RunStore

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def dataset_header(name: str = "tiny") -> DatasetHeader:
    return DatasetHeader(
        name=name,
        title="Tiny",
        synthetic=True,
        source="written by a test",
        license="CC0",
        citation="none",
        content_hash="0" * 64,
        imported=NOW,
        splits={"train": 1, "test": 1},
        properties=(),
        coverage=(),
        issues=(),
    )


def molecules() -> pd.DataFrame:
    frame = pd.DataFrame({c: ["x", "y"] for c in MOLECULE_COLUMNS})
    return frame.assign(cid=["1", "2"], split=["train", "test"])


def spec(model: str = "knn", **changes: object) -> RunSpec:
    base: dict[str, object] = {
        "task": "captioning",
        "transition": "SMILES->caption",
        "model": model,
        "dataset": "tiny",
        "dataset_hash": "0" * 64,
        "split": "test",
    }
    return RunSpec.model_validate({**base, **changes})


def score() -> Score:
    return Score(
        metric="bleu2",
        value=0.5,
        ci_low=0.4,
        ci_high=0.6,
        n=1,
        n_failed=0,
        direction="higher",
        bounded=True,
        denominator="all",
        signature="bleu2|tok:words",
    )


def add(store: RunStore, run: RunSpec, output: str = "out", **kwargs: bool) -> str:
    predictions = pd.DataFrame(
        {"cid": ["2"], "input_hash": ["h"], "output": [output], "error": [None], "latency_s": [0.1]}
    )
    return store.add(
        run,
        RunStatus(state=RunState.DONE, created=NOW, finished=NOW, n_predictions=1, n_total=1),
        predictions,
        samples=pd.DataFrame({"cid": ["2"], "bleu2": [0.5]}),
        statistics=pd.DataFrame({"cid": ["2"], "bleu2:0": [1.0]}),
        scores=[score()],
        **kwargs,
    )


def test_dataset_round_trip(tmp_path: Path):
    store = DatasetStore(tmp_path)
    store.write(dataset_header(), molecules())
    assert store.names() == ["tiny"]
    assert store.header("tiny") == dataset_header()
    assert list(store.molecules("tiny", split="test")["cid"]) == ["2"]
    assert list(store.molecules("tiny", columns=["split"]).columns) == ["cid", "split"]


def test_dataset_is_replaced_only_on_request(tmp_path: Path):
    store = DatasetStore(tmp_path)
    store.write(dataset_header(), molecules())
    token = store.token("tiny")
    with pytest.raises(StoreError, match="exists"):
        store.write(dataset_header(), molecules())
    store.write(dataset_header(), molecules().head(1), overwrite=True)
    assert len(store.molecules("tiny")) == 1
    assert store.token("tiny") != token
    assert [p.name for p in (tmp_path / "datasets").iterdir()] == ["tiny"]


@pytest.mark.parametrize("name", ["../escape", "", "UPPER", "a/b", ".hidden", "x" * 65])
def test_dataset_names_are_plain(tmp_path: Path, name: str):
    with pytest.raises(SettingError):
        DatasetStore(tmp_path).write(dataset_header(name), molecules())


def test_a_failed_write_leaves_nothing(tmp_path: Path):
    with pytest.raises(RuntimeError), atomic.new_folder(tmp_path / "whole") as folder:
        (folder / "part").write_text("half")
        raise RuntimeError("power cut")
    assert list(tmp_path.iterdir()) == []


def test_run_round_trip_and_tags(tmp_path: Path):
    store = RunStore(tmp_path)
    run_id = add(store, spec())
    before = store.token()
    header = store.header(run_id)
    assert header.spec == spec()
    assert header.score("bleu2") == score()
    assert header.score("meteor") is None
    assert list(store.predictions(run_id)["output"]) == ["out"]
    store.tag(run_id, [" keep ", "keep", ""])
    assert store.header(run_id).status.tags == ("keep",)
    assert store.token() != before
    with pytest.raises(StoreError, match="loaded already"):
        add(store, spec())
    add(store, spec(), output="again", overwrite=True)
    assert list(store.predictions(run_id)["output"]) == ["again"]


def test_a_damaged_run_is_named_and_hides_no_other(tmp_path: Path):
    store = RunStore(tmp_path)
    good, bad = add(store, spec()), add(store, spec("other"))
    (tmp_path / "runs" / bad / "spec.json").write_text('{"task": 1}')
    assert [h.run_id for h in store.headers()] == [good]
    assert "not valid" in store.damaged()[bad]
    with pytest.raises(StoreError):
        store.header(bad)
    (tmp_path / "runs" / good / "predictions.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(StoreError):
        store.predictions(good)


@pytest.mark.parametrize(
    "name", ["nothing", "", ".", "..", "../runs/{}", "{}/.", "a\0b", "x" * 999]
)
def test_unknown_run_is_not_found(tmp_path: Path, name: str):
    store = RunStore(tmp_path)
    there = add(store, spec())
    assert store.exists(there)
    assert not store.exists(name.format(there))
    with pytest.raises(NotFoundError):
        store.header(name.format(there))


@given(st.text(max_size=12))
def test_a_run_exists_exactly_if_it_is_listed(name: str):
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        there = add(store, spec())
        for asked in (name, there, f"{there}{name}", f"{name}{there}"):
            assert store.exists(asked) == (asked in store.ids())


@given(
    st.text(max_size=30),
    st.integers(0, 2**31),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
def test_run_id_depends_on_content_alone(model: str, seed: int, args: dict[str, int]):
    one = spec(model, seed=seed, model_args=args)
    same = RunSpec.model_validate_json(one.model_dump_json())
    assert one.run_id == same.run_id
    assert one.run_id != spec(model, seed=seed + 1, model_args=args).run_id
    assert set(one.run_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_origin_is_part_of_identity():
    loaded = RunOrigin(kind="loaded", sha256="ab")
    assert spec(origin=loaded).run_id != spec().run_id


def test_index_agrees_with_the_runs_before_and_after_it_is_built(tmp_path: Path):
    store, index = RunStore(tmp_path), MoleculeIndex(tmp_path)
    for k in range(3):
        add(store, spec(f"m{k}"), output=f"o{k}")
    direct = index.outputs("2", store.headers())
    for k in range(3, 9):
        add(store, spec(f"m{k}"), output=f"o{k}")
    indexed = index.outputs("2", store.headers())
    assert (tmp_path / "index" / "by_molecule" / "tiny.parquet").exists()
    assert sorted(direct["output"]) == ["o0", "o1", "o2"]
    assert sorted(indexed["output"]) == [f"o{k}" for k in range(9)]
    add(store, spec("m0"), output="new", overwrite=True)
    assert "new" in set(index.outputs("2", store.headers())["output"])
    assert len(index.outputs("nobody", store.headers())) == 0
