"""The demo: every run computed once, on what the data set really holds."""

from __future__ import annotations

import molecule_store
import pytest

from chebimm_core.models import MODELS
from chebimm_core.services import demo
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A store whose data set ``demo`` has seven molecules, so that only the runs take time."""
    return molecule_store.import_rows(tmp_path_factory.mktemp("demo"), demo.DATASET)


@pytest.fixture(scope="module")
def built(store: Settings) -> tuple[demo.DemoStore, list[tuple[float, str]]]:
    told: list[tuple[float, str]] = []
    found = demo.build_demo_store(
        store, now=molecule_store.NOW, progress=lambda share, what: told.append((share, what))
    )
    return found, told


def test_every_demo_run_is_a_transition_of_its_task_and_model() -> None:
    for run in demo.DEMO_RUNS:
        assert run.transition in TASKS[run.task].transitions
        assert MODELS[run.model].covers(TASKS[run.task].protocol, run.transition)
    assert len(set(demo.DEMO_RUNS)) == len(demo.DEMO_RUNS)


def test_every_kind_of_answer_has_a_floor_and_an_opponent() -> None:
    floors = {r.task for r in demo.DEMO_RUNS if MODELS[r.model].is_floor}
    assert floors == {r.task for r in demo.DEMO_RUNS if not MODELS[r.model].is_floor}


def test_the_local_matrix_gets_a_cell_from_every_text_and_the_graph() -> None:
    sources = {r.transition.sources[0] for r in demo.DEMO_RUNS if not MODELS[r.model].is_floor}
    targets = {r.transition.target for r in demo.DEMO_RUNS}
    assert sources == {"graph", "SMILES", "InChI", "SELFIES", "IUPAC", "caption"}
    assert targets == {"caption", "IUPAC", "SMILES", "property"}


def test_all_runs_are_computed_and_scored(
    built: tuple[demo.DemoStore, list[tuple[float, str]]], store: Settings
) -> None:
    found, _ = built
    assert found.skipped == ()
    assert len(found.runs) == len(demo.DEMO_RUNS)
    for header in found.runs:
        assert header.scores, header.run_id
        assert header.status.n_total <= found.dataset.splits[demo.SPLIT]
    assert {h.run_id for h in found.runs} == set(RunStore(store.store).ids())


def test_opsin_reads_the_names_it_is_given(
    built: tuple[demo.DemoStore, list[tuple[float, str]]],
) -> None:
    header = next(h for h in built[0].runs if h.spec.model == "opsin")
    exact = header.score("exact")
    # The third molecule has no name: a failed row that counts.
    assert exact is not None and exact.value == pytest.approx(2 / 3)
    assert header.status.n_failed == 1


def test_progress_rises_to_one(
    built: tuple[demo.DemoStore, list[tuple[float, str]]],
) -> None:
    shares = [share for share, _ in built[1]]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0 and all(what for _, what in built[1])


def test_a_second_build_computes_nothing_and_a_lost_run_comes_back(
    built: tuple[demo.DemoStore, list[tuple[float, str]]],
    store: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed: list[str] = []
    original = demo.predict

    def counted(*args, **kwargs):
        computed.append(args[0].name)
        return original(*args, **kwargs)

    monkeypatch.setattr(demo, "predict", counted)
    again = demo.build_demo_store(store, now=molecule_store.NOW)
    assert again.runs == built[0].runs
    assert computed == []
    RunStore(store.store).delete(
        next(h.run_id for h in again.runs if h.spec.model == "ridge-morgan")
    )
    assert len(demo.build_demo_store(store, now=molecule_store.NOW).runs) == len(again.runs)
    assert computed == ["ridge-morgan"]
