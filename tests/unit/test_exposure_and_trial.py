"""What a molecule's neighbors in training are, and asking a run's model about any molecule."""

from __future__ import annotations

import errno
from pathlib import Path

import planted_store
import pytest
import small_store

from chebimm_core.errors import ChebiMMError, SettingError, StoreError
from chebimm_core.runner.experiment import execute
from chebimm_core.services import attribution, attribution_average, exposure, launching, trial
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork

NAME = planted_store.NAME


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The planted data with runs of a ridge, a network, a retriever and a copying model."""
    root = tmp_path_factory.mktemp("trial")
    settings, _ = planted_store.build(root, cpu_seconds=1.0)
    for task, transition, model, arguments in (
        ("property", "SMILES->property", "ridge-morgan", {}),
        ("property", "InChI->property", "ridge-text", {}),
        ("property", "graph->property", "gin", {"cpu_seconds": 1.0}),
        ("retrieval", "IUPAC->SMILES", "retrieval-infonce", {"cpu_seconds": 1.0}),
        ("captioning", "IUPAC->caption", "knn-text", {}),
    ):
        spec = launching.plan(
            settings, task=task, transition=transition, model=model, dataset=NAME,
            arguments=arguments, limit=20,
        )  # fmt: skip
        RunWork.create(settings.store, spec, n_total=20, now=planted_store.NOW)
        assert execute(settings, spec.run_id).state == "done"
    return settings


def run_of(settings: Settings, model: str) -> str:
    return next(h.run_id for h in RunStore(settings.store).headers() if h.spec.model == model)


def test_neighbors_skeletons_and_scaffolds_are_those_of_training(tmp_path: Path) -> None:
    settings = small_store.build_store(tmp_path)
    found = exposure.of_structure(settings, "small", "CCCCO")
    assert found.n_training == 4 and len(found.neighbors) == 4
    best = found.neighbors[0]
    assert best.similarity == pytest.approx(1.0) and best.same_connectivity
    assert found.n_same_connectivity == 1 and found.same_connectivity == (best.cid,)
    assert found.scaffold is None and found.n_same_scaffold == 0
    similarity = [n.similarity for n in found.neighbors]
    assert similarity == sorted(similarity, reverse=True)
    itself = exposure.of_structure(settings, "small", "CCCCO", cid=best.cid)
    assert best.cid not in {n.cid for n in itself.neighbors} and itself.n_training == 3
    with pytest.raises(SettingError, match="not a valid structure"):
        exposure.of_structure(settings, "small", "C1CC(")


def test_models_answer_molecules_no_data_set_holds(settings: Settings) -> None:
    texts = {"SMILES": "CCCCCCO", "IUPAC": "3-umbr beta onic", "InChI": "InChI=1S/CH4/h1H4"}
    able = {h.spec.model for h in trial.able(settings, texts)}
    assert able == {"ridge-morgan", "ridge-text", "gin", "retrieval-infonce", "knn-text", "t5-tiny"}
    assert {h.spec.model for h in trial.able(settings, {"SMILES": "C"})} == {"ridge-morgan", "gin"}
    number = trial.ask(settings, run_of(settings, "ridge-morgan"), texts)
    assert number.what == "xlogp" and float(number.output or "nan") == pytest.approx(1.0, abs=0.2)
    copied = trial.ask(settings, run_of(settings, "knn-text"), texts)
    assert "ketone" in (copied.output or "")
    found = trial.ask(settings, run_of(settings, "retrieval-infonce"), texts)
    assert len(found.candidates) == 5 and found.pool == 160
    values = [c.similarity for c in found.candidates]
    assert values == sorted(values, reverse=True) and max(values) <= 1.0001


def test_what_a_model_cannot_read_is_an_answer_too(settings: Settings) -> None:
    refused = trial.ask(settings, run_of(settings, "ridge-morgan"), {"SMILES": "C1CC("})
    assert refused.output is None and "rejects" in str(refused.error)
    with pytest.raises(SettingError, match="needs an input"):
        trial.ask(settings, run_of(settings, "knn-text"), {"SMILES": "C"})


def test_a_trained_model_is_had_from_its_checkpoint_and_answers_as_it_did(
    settings: Settings,
) -> None:
    run_id = run_of(settings, "gin")
    rows = RunStore(settings.store).predictions(run_id)
    before = RunWork(settings.store, run_id).curve()
    texts = {
        str(cid): smiles
        for cid, smiles in zip(rows["cid"], _smiles(settings, rows["cid"]), strict=True)
    }
    for cid, said in zip(rows["cid"].head(5), rows["output"].head(5), strict=True):
        again = trial.ask(settings, run_id, {"SMILES": texts[str(cid)]})
        assert float(again.output or "nan") == pytest.approx(float(said), rel=1e-3, abs=1e-4)
    assert RunWork(settings.store, run_id).curve() == before  # nothing was learned again


def _smiles(settings: Settings, cids: object) -> list[str]:
    from chebimm_core.services import dataset

    table = dataset.molecules(settings, NAME, ["canonical_smiles"]).set_index("cid")
    return [str(table.loc[str(c), "canonical_smiles"]) for c in cids]  # type: ignore[attr-defined]


def explained(settings: Settings, model: str, **wish: object) -> attribution.Attribution:
    run_id = run_of(settings, model)
    cid = str(RunStore(settings.store).predictions(run_id)["cid"].iloc[0])
    return attribution.attribute(settings, run_id, cid, attribution.Wish(**wish))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "wish", "method", "masking"),
    [
        ("ridge-morgan", {}, "additive", "nothing"),
        ("ridge-text", {}, "shapley-permutations", "token"),
        ("gin", {}, "shapley", "dummy"),
        ("retrieval-infonce", {}, "shapley", "token"),
        ("retrieval-infonce", {"side": "target", "modality": "SMILES"}, "shapley", "dummy"),
    ],
    ids=["ridge", "tokens", "graph", "query", "partner"],
)
def test_answers_are_taken_apart_and_add_up(
    settings: Settings, model: str, wish: dict[str, object], method: str, masking: str
) -> None:
    found = explained(settings, model, **wish)
    assert found.method.startswith(method) and masking in found.masking
    assert found.residual < 1e-3
    assert len(found.values) == len(found.parts) == len(found.errors)
    for part in found.parts:
        if part.start is not None:
            assert found.text[part.start : part.end] == part.label
    if found.parts[0].atoms:
        total = sum(attribution.atom_values(found).values())
        assert total == pytest.approx(sum(row[0] for row in found.values), abs=1e-6)


def test_a_damaged_explanation_is_made_again_and_goes_with_its_run(settings: Settings) -> None:
    found = explained(settings, "ridge-text")
    run_id = run_of(settings, "ridge-text")
    kept = list((settings.store / "runs" / run_id).glob("artifacts/explanations/*.json"))
    assert len(kept) == 1
    kept[0].write_text('{"torn')
    cid = str(found.cid)
    assert attribution.kept(settings, run_id, cid) is None
    assert explained(settings, "ridge-text") == found
    assert attribution.kept(settings, run_id, cid) == found


def test_a_store_that_cannot_be_written_is_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("chebimm_core.store.atomic.tempfile.mkstemp", full)
    with pytest.raises(StoreError, match="no room"):
        explained(settings, "ridge-text", seed=5)


def test_models_that_copy_have_nothing_to_take_apart(settings: Settings) -> None:
    run_id = run_of(settings, "knn-text")
    assert "copies or looks up" in str(attribution.explainable(settings, run_id).why_not)
    with pytest.raises(SettingError, match="copies or looks up"):
        explained(settings, "knn-text")


def test_a_file_has_no_model(tmp_path: Path) -> None:
    settings = small_store.build_store(tmp_path)
    run_id = run_of(settings, "good")
    assert "read from a file" in str(attribution.explainable(settings, run_id).why_not)
    with pytest.raises(ChebiMMError, match="read from a file"):
        attribution.attribute(settings, run_id, "1000")


def test_unknown_molecules_and_sides_are_refused(settings: Settings) -> None:
    run_id = run_of(settings, "ridge-morgan")
    with pytest.raises(ChebiMMError, match="no molecule"):
        attribution.attribute(settings, run_id, "nobody")
    with pytest.raises(SettingError, match="second text"):
        explained(settings, "ridge-morgan", side="target")


def test_averages_say_what_oxygen_does(settings: Settings) -> None:
    run_id = run_of(settings, "ridge-morgan")
    table = attribution_average.over_molecules(settings, run_id, n=12)
    assert {"part", "molecules", "mean", "low", "high", "of", "failed"} <= set(table.columns)
    assert (table["low"] <= table["mean"]).all() and (table["mean"] <= table["high"]).all()
    assert (table["of"] == 12).all() and (table["failed"] == 0).all()
    kept = attribution_average.kept_average(settings, run_id, n=12)
    assert kept is not None and kept.equals(table)
