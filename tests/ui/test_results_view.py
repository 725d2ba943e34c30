"""Results: what is ranked with what, what a file says before it is stored, and hostile files."""

from __future__ import annotations

import csv
import io
import time

import pytest
from small_store import HOSTILE, NOW, SMALL, assert_healthy, molecules, said

from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import ScoreSheet
from chebimm_core.services import benchmark
from chebimm_core.store import atomic
from chebimm_core.store.run_store import RunStore
from pages.ui import cached

TEST = molecules()[:8]


def _file(column="description", *, spoil=0, output=None):
    """A prediction file of the test split; the first ``spoil`` outputs are ``output``."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["CID", "ground truth", "output"])
    for k, row in enumerate(TEST):
        answer = (output or "The molecule is unknown.") if k < spoil else row[column]
        writer.writerow([row["CID"], row[column], answer])
    return text.getvalue().encode()


def _no_crash(app):
    """Known errors may be shown, unexpected ones may not."""
    assert not app.exception
    assert "Something went wrong" not in said(app)


def _run(settings, model):
    return next(h for h in benchmark.list_runs(settings) if h.spec.model == model)


def _press(app, label):
    return next(b for b in app.button if b.label == label).click().run()


def test_an_empty_store_says_how_to_get_runs(empty_store, render):
    for view in ("runs", "leaderboard", "compare", "load", "public"):
        app = render("results", view=view)
        assert_healthy(app)
        assert len(said(app)) > 60, view


def test_every_section_renders(small_store, render):
    for view in ("runs", "leaderboard", "load", "public"):
        assert_healthy(render("results", view=view, dataset=SMALL))


def test_runs_are_filtered_by_the_address(small_store, render):
    app = render("results", task="captioning", q="good")
    assert_healthy(app)
    table = app.dataframe[0].value
    assert table["model"].tolist() == ["good"]
    assert table["signature"].iloc[0].startswith("bleu2")
    assert "No run fits" in said(render("results", q="nosuchmodel"))


def test_leaderboard_ranks_and_keeps_the_floor_beside(small_store, render):
    app = render("results", view="leaderboard", dataset=SMALL, task="captioning")
    assert_healthy(app)
    table = app.dataframe[-1].value
    assert {"good", "poor"} <= set(table["model"])
    assert table["value"].is_monotonic_decreasing
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert table["is_floor"].sum() == 2
    assert (table["ci_low"] <= table["value"]).all()
    assert (table["value"] <= table["ci_high"]).all()
    assert "floor" in said(app)
    assert not app.warning


def test_signatures_are_never_mixed_in_silence(small_store, render):
    good = _run(small_store, "good")
    other = [
        s.model_copy(update={"signature": s.signature + "|other", "value": 0.999})
        for s in good.scores
    ]
    path = small_store.store / "runs" / good.run_id / "scores.json"
    atomic.write_model(path, ScoreSheet(scores=tuple(Score.model_validate(s) for s in other)))
    app = render("results", view="leaderboard", dataset=SMALL, task="captioning")
    assert_healthy(app)
    assert "left out" in app.warning[0].value
    assert "good" not in app.dataframe[-1].value["model"].tolist()
    together = render(
        "results", view="leaderboard", dataset=SMALL, task="captioning", signature="every"
    )
    assert "scored in 2 different ways" in together.warning[0].value
    assert together.dataframe[-1].value["rank"].isna().all()  # no order across signatures


def test_both_denominators_can_be_seen(small_store, tmp_path, render):
    path = tmp_path / "half.csv"
    path.write_bytes(_file("SMILES", spoil=4, output="CC("))
    benchmark.load_file(
        small_store, path, dataset=SMALL, task="generation", model="half", now=NOW,
        metrics=("maccs", "maccs_all"),
    )  # fmt: skip
    query = {"view": "leaderboard", "dataset": SMALL, "task": "generation", "metric": "maccs"}
    valid = render("results", **query).dataframe[-1].value
    every = render("results", **query, denominator="all").dataframe[-1].value
    half = [t[t["model"] == "half"].iloc[0] for t in (valid, every)]
    assert (half[0]["n"], half[1]["n"]) == (4, 8)
    assert half[1]["value"] == pytest.approx(half[0]["value"] / 2)
    assert half[0]["signature"] != half[1]["signature"]


def test_run_detail_shows_scores_and_molecules(small_store, render):
    good = _run(small_store, "good")
    app = render("results", run=good.run_id)
    assert_healthy(app)
    assert app.metric[0].label == "BLEU-2"
    assert "n = 8" in said(app).replace("\\", "")
    tables = [d.value for d in app.dataframe]
    assert any("signature" in t.columns for t in tables)
    molecules = next(t for t in tables if "cid" in t.columns)
    assert len(molecules) == 8
    values = molecules["bleu2"]
    assert values.is_monotonic_decreasing  # best first
    worst = render("results", run=good.run_id, order="worst")
    table = next(d.value for d in worst.dataframe if "cid" in d.value.columns)
    assert table["bleu2"].is_monotonic_increasing


def test_an_unknown_run_is_named(small_store, render):
    app = render("results", run="nosuchrun")
    _no_crash(app)
    assert "No run has this id" in app.error[0].value


def test_deleting_asks_first_and_deletes_one_run(small_store, render):
    good = _run(small_store, "good")
    app = render("results", run=good.run_id)
    assert good.run_id in RunStore(small_store.store).ids()
    app = _press(app, "Delete for good")
    assert_healthy(app)
    assert good.run_id not in RunStore(small_store.store).ids()
    assert _run(small_store, "poor")
    assert "Deleted" in app.success[0].value


def test_compare_uses_the_same_molecules(small_store, render):
    good, poor = _run(small_store, "good"), _run(small_store, "poor")
    app = render("results", view="compare", runs=f"{good.run_id},{poor.run_id}")
    assert_healthy(app)
    text = said(app)
    assert "On the same 8 molecules" in text
    specs = app.dataframe[0].value
    assert "model" in specs["field"].tolist()
    assert "dataset" not in specs["field"].tolist()  # equal fields are not shown
    paired = next(d.value for d in app.dataframe if "difference" in d.value.columns)
    assert (paired["difference"].round(9) == (paired["first"] - paired["second"]).round(9)).all()
    assert {"p", "n", "signature"} <= set(paired.columns)
    disputed = next(d.value for d in app.dataframe if "spread" in d.value.columns)
    assert disputed["spread"].is_monotonic_decreasing


def test_runs_of_other_tasks_are_not_compared(small_store, render):
    good, writer = _run(small_store, "good"), _run(small_store, "writer")
    app = render("results", view="compare", runs=f"{good.run_id},{writer.run_id}")
    assert_healthy(app)
    assert "left out" in app.warning[0].value


def _upload(render, name, content):
    app = render("results", view="load", dataset=SMALL)
    app.file_uploader[0].upload(name, content)
    return app.run()


def test_a_file_is_previewed_before_anything_is_stored(small_store, render):
    before = RunStore(small_store.store).ids()
    app = _upload(render, "new.csv", _file(spoil=3))
    assert_healthy(app)
    joined = next(m for m in app.metric if m.label == "Rows joined")
    assert joined.value == "8 of 8"
    assert RunStore(small_store.store).ids() == before
    button = next(b for b in app.button if b.label.startswith("Load and score"))
    assert button.disabled  # until the model has a name


def test_captions_are_shown_as_plain_text(small_store, render):
    content = _file(spoil=1, output=HOSTILE)
    app = _upload(render, "<img src=x onerror=alert(1)>.csv", content)
    assert_healthy(app)
    rows = next(d.value for d in app.dataframe if "output" in d.value.columns)
    assert HOSTILE in rows["output"].tolist()  # a table cell is text
    for element in (*app.markdown, *app.caption, *app.info, *app.success):
        assert "<script" not in element.value
        assert "<img" not in element.value
        assert "![x](" not in element.value


def test_loading_stores_and_scores_one_run(small_store, render):
    app = _upload(render, "new.csv", _file(spoil=3))
    app.text_input(key="model-name").set_value("brand new").run()
    before = len(benchmark.list_runs(small_store))
    app = app.button(key="load-start").click().run()
    board = cached.jobs()
    deadline = time.monotonic() + 60
    while not board.get("load-file").view().over and time.monotonic() < deadline:
        time.sleep(0.2)
    app = app.run()
    assert_healthy(app)
    assert "brand new" in app.success[0].value
    runs = benchmark.list_runs(small_store)
    assert len(runs) == before + 1
    assert _run(small_store, "brand new").score("bleu2").n == 8


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "empty"),
        ("columns.csv", b"name,score\nx,1\n", "column"),
        ("nul.csv", b"CID,output\n1000,\x00\x00\n", ""),
        ("foreign.csv", b"CID,output\n999999991,x\n999999992,y\n", "cannot be loaded"),
        ("twice.csv", b"CID,output\n1000,a\n1000,b\n1001,c\n", "cannot be loaded"),
        ("noise.parquet", b"PAR1 no parquet at all", ""),
    ],
)
def test_a_bad_file_gets_one_clear_message(small_store, render, name, content, expected):
    before = RunStore(small_store.store).ids()
    app = _upload(render, name, content)
    _no_crash(app)
    assert len(app.error) == 1
    assert expected in said(app).lower().replace("\\", "")
    assert not [b for b in app.button if b.label.startswith("Load and score")]
    assert RunStore(small_store.store).ids() == before


def test_a_path_that_does_not_exist_is_named(small_store, render):
    app = render("results", view="load", dataset=SMALL)
    app.text_input(key="prediction-path").set_value("/no/such/file.csv").run()
    assert_healthy(app)
    assert "no such file" in said(app)


def test_public_catalogue_lists_every_file_with_its_license(small_store, render):
    app = render("results", view="public")
    assert_healthy(app)
    table = app.dataframe[0].value
    assert len(table) == 45
    assert (table["status"] == "not fetched").all()
    assert table["license"].str.contains("no license stated").any()
