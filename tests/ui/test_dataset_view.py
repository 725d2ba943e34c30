"""Dataset: what a reader learns of it, import with clear refusals, deletion only when confirmed."""

from __future__ import annotations

import re
import time

import pandas as pd
import pytest
from small_store import SMALL, assert_healthy, said

from chebimm_core.domain.molecule import QualityIssue
from chebimm_core.services import dataset
from chebimm_core.store import atomic
from chebimm_core.store.dataset_store import DatasetStore
from pages.ui import cached

JOB = "import-dataset"


def _wait():
    board = cached.jobs()
    deadline = time.monotonic() + 60
    while not board.get(JOB).view().over and time.monotonic() < deadline:
        time.sleep(0.2)


def _import(render, source, name):
    app = render("dataset", view="bring", dataset=SMALL)
    app.text_input(key="import-source").set_value(str(source))
    app.text_input(key="import-name").set_value(name)
    app = app.run()
    app = app.button(key="import-start").click().run()
    _wait()
    return app.run()


def test_an_empty_store_offers_the_import(empty_store, render):
    app = render("dataset")
    assert_healthy(app)
    assert "no data set yet" in said(app)
    assert app.button(key="import-hub")
    assert app.button(key="import-start").disabled  # nothing to import from yet


@pytest.mark.parametrize("view", ["suitability", "diversity", "leakage", "quality", "bring"])
def test_every_section_renders(small_store, render, view):
    assert_healthy(render("dataset", dataset=SMALL, view=view))


def test_figures_have_reading_table_and_n(small_store, render):
    app = render("dataset", dataset=SMALL, split="test", view="suitability")
    assert_healthy(app)
    text = said(app).replace("\\", "")
    assert text.count("What you see.") >= 3
    assert "n = 8" in text
    coverage = app.dataframe[0].value
    assert set(coverage["modality"]) >= {"SMILES", "caption", "IUPAC", "image", "graph"}
    assert (coverage["present"] + coverage["missing"] == 8).all()
    lengths = next(d.value for d in app.dataframe if "share_cut" in d.value.columns)
    assert (lengths["q25"] <= lengths["q75"]).all()
    assert "512" in text


def test_a_split_of_the_address_is_taken(small_store, render):
    app = render("dataset", dataset=SMALL, split="validation", view="suitability")
    coverage = app.dataframe[0].value
    assert set(coverage["split"]) == {"validation"}
    assert (coverage["present"] + coverage["missing"] == 4).all()


def test_leakage_names_both_splits(small_store, render):
    app = render("dataset", dataset=SMALL, view="leakage")
    assert_healthy(app)
    summary = app.dataframe[0].value
    assert ("test", "train") in set(zip(summary["split"], summary["against"], strict=True))


def test_quality_report_shows_issues_as_text(small_store, render):
    path = small_store.store / "datasets" / SMALL / "dataset.json"
    header = DatasetStore(small_store.store).header(SMALL)
    issue = QualityIssue(
        kind="odd", message="<script>x</script> ![i](http://h/x)", count=3, examples=("1000", "<b>")
    )
    atomic.write_model(path, header.model_copy(update={"issues": (issue,)}))
    app = render("dataset", dataset=SMALL, view="quality")
    assert_healthy(app)
    assert app.dataframe[0].value["what"].tolist() == [issue.message]
    labels = [e.value for e in (*app.markdown, *app.caption)] + [e.label for e in app.expander]
    assert any("script" in label for label in labels)
    assert not [label for label in labels if re.search(r"(?<!\\)(<script|!\[)", label)]


def test_importing_a_folder_adds_a_data_set(small_store, built_once, render):
    app = _import(render, built_once / "csv", "second")
    assert_healthy(app)
    assert "Imported 16 molecules as second" in app.success[0].value
    assert {h.name for h in dataset.list_datasets(small_store)} == {SMALL, "second"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"CID,description\n1,The molecule is x.\n", "SMILES"),
        (b"CID,SMILES,description\n1,CC,a\n1,CO,b\n", "CID"),
    ],
)
def test_a_bad_folder_is_refused_whole(small_store, tmp_path, render, content, expected):
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "test.csv").write_bytes(content)
    app = _import(render, folder, "bad")
    assert not app.exception
    assert len(app.error) == 1
    assert expected.lower() in said(app).lower()
    assert [h.name for h in dataset.list_datasets(small_store)] == [SMALL]


def test_a_missing_folder_is_named(small_store, render):
    app = _import(render, "/no/such/folder/at/all", "bad")
    assert "/no/such/folder/at/all" in said(app)
    assert len(app.error) == 1


def test_replacing_needs_a_tick(small_store, built_once, render):
    app = render("dataset", view="bring", dataset=SMALL)
    app.text_input(key="import-source").set_value(str(built_once / "csv"))
    app.text_input(key="import-name").set_value(SMALL)
    app = app.run()
    assert app.button(key="import-start").disabled
    app = app.checkbox(key="import-replace").check().run()
    assert not app.button(key="import-start").disabled


def test_deleting_needs_the_name(small_store, render):
    app = render("dataset", view="bring", dataset=SMALL)
    assert app.button(key="delete-dataset").disabled
    app.text_input(key="delete-name").set_value("smal").run()
    assert app.button(key="delete-dataset").disabled
    app.text_input(key="delete-name").set_value(SMALL).run()
    app = app.button(key="delete-dataset").click().run()
    assert_healthy(app)
    assert dataset.list_datasets(small_store) == []
    assert "no data set yet" in said(app)


def test_molecules_of_the_projection_are_those_of_the_split(small_store, render):
    app = render("dataset", dataset=SMALL, view="diversity", split="test")
    assert_healthy(app)
    points = next(d.value for d in app.dataframe if {"cid", "x", "y"} <= set(d.value.columns))
    expected = dataset.molecules(small_store, SMALL, ["cid"], "test")["cid"]
    assert pd.Series(points["cid"]).sort_values().tolist() == sorted(expected)
