"""A store that is partly broken or partly out of date: said where it matters, no page dies."""

from __future__ import annotations

import json

import pytest
from small_store import NOW, SMALL, assert_healthy, molecules, said

from chebimm_core.services import benchmark, dataset
from chebimm_core.store.dataset_store import DatasetStore

PAGES = (
    ("overview", {}),
    ("dataset", {"dataset": SMALL}),
    ("transition_matrix", {"source": "local"}),
    ("knowledge_map", {}),
    ("molecule", {"dataset": SMALL, "cid": "1000"}),
    ("results", {"view": "leaderboard"}),
    ("results", {"view": "compare"}),
    ("results", {"view": "public"}),
)


MATRIX, MAP, MOLECULE = PAGES[2], PAGES[3], PAGES[4]
READERS = {
    "samples.parquet": (MOLECULE,),
    "predictions.parquet": (MAP, MOLECULE),
    "statistics.parquet": (MATRIX,),
}


def _run(settings, model):
    return next(h for h in benchmark.list_runs(settings) if h.spec.model == model)


def _no_crash(app):
    assert not app.exception
    assert "Something went wrong" not in said(app)


@pytest.mark.parametrize("name", ["spec.json", "scores.json", "status.json"])
def test_a_damaged_run_is_named_and_the_others_stand(small_store, render, name):
    run_id = _run(small_store, "poor").run_id
    (small_store.store / "runs" / run_id / name).write_text("{ torn")
    app = render("results", view="runs")
    _no_crash(app)
    assert "cannot be read" in said(app) and run_id in said(app) and name in said(app)
    assert any("good" in str(frame.value.get("model", [])) for frame in app.dataframe)
    opened = render("results", run=run_id)
    _no_crash(opened)
    assert "not valid" in said(opened)


def test_other_pages_live_beside_a_damaged_run(small_store, render):
    folder = small_store.store / "runs" / _run(small_store, "poor").run_id
    (folder / "scores.json").write_text("[]")
    for page, query in PAGES:
        assert_healthy(render(page, **query))


@pytest.mark.parametrize("name", ["samples.parquet", "predictions.parquet", "statistics.parquet"])
def test_a_damaged_table_costs_only_what_is_read_from_it(small_store, render, name):
    run_id = _run(small_store, "poor").run_id
    (small_store.store / "runs" / run_id / name).write_bytes(b"PAR1")
    app = render("results", run=run_id)
    _no_crash(app)
    assert "poor" in app.title[0].value
    for page, query in READERS[name]:
        _no_crash(render(page, **query))


def test_a_damaged_data_set_is_named(small_store, render):
    (small_store.store / "datasets" / SMALL / "dataset.json").write_text("{}")
    app = render("dataset")
    _no_crash(app)
    assert "cannot be opened" in said(app) and SMALL in said(app)
    for page, query in (PAGES[0], *PAGES[2:6]):
        _no_crash(render(page, **query))


def test_runs_outlive_their_data_set(small_store, render):
    dataset.delete(small_store, SMALL)
    for page, query in (*PAGES[:1], *PAGES[5:7]):
        assert_healthy(render(page, **query))
    opened = render("results", run=_run(small_store, "good").run_id)
    _no_crash(opened)
    assert "No data set has this name" in said(opened)


@pytest.fixture
def replaced(small_store):
    """The data set has other captions under its old name; every run is older but one."""
    store = DatasetStore(small_store.store)
    frame = store.molecules(SMALL)
    frame["caption"] = "Rewritten: " + frame["caption"]
    header = store.header(SMALL).model_copy(update={"content_hash": "f" * 64})
    store.write(header, frame, overwrite=True)
    path = small_store.store.parent / "newer.jsonl"
    rows = [{"cid": row["CID"], "output": row["description"]} for row in molecules()[:8]]
    path.write_text("\n".join(map(json.dumps, rows)))
    benchmark.load_file(
        small_store, path, dataset=SMALL, task="captioning", model="newer", now=NOW,
        metrics=("bleu2", "rouge1"),
    )  # fmt: skip
    return small_store


def test_an_older_run_says_so_and_shows_no_foreign_reference(replaced, render):
    app = render("results", run=_run(replaced, "good").run_id)
    _no_crash(app)
    assert "another version" in said(app)
    assert "Rewritten" not in said(app)


def test_rankings_matrix_and_molecule_leave_older_runs_out(replaced, render):
    board = render("results", view="leaderboard", dataset=SMALL, task="captioning")
    assert_healthy(board)
    assert "made on another version" in said(board)
    shown = " ".join(str(f.value.get("model", "")) for f in board.dataframe)
    assert "newer" in shown and "good" not in shown and "floor" not in shown
    matrix = render("transition_matrix", source="local")
    assert_healthy(matrix)
    assert "another version" in said(matrix)
    molecule = render("molecule", dataset=SMALL, cid="1000")
    assert_healthy(molecule)
    assert "made on another version" in said(molecule)


def test_the_table_of_runs_tells_versions_apart(replaced, render):
    app = render("results", view="runs")
    assert_healthy(app)
    table = next(f.value for f in app.dataframe if "model" in f.value)
    older = table.set_index("model")["data"].str.contains("another version")
    assert older["good"] and not older["newer"]
