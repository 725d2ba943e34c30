"""The model atlas: filters in the address, cells of the grid, one model's card, its runs."""

from __future__ import annotations

import csv

import pytest
from small_store import NOW, SMALL, assert_healthy, in_address, said

from chebimm_core.services import atlas as service
from chebimm_core.services import benchmark
from pages.views import atlas


def shown(app) -> list[str]:
    return app.dataframe[-1].value["name"].tolist()


def test_all_models_are_there_with_links(empty_store, render):
    app = render("atlas")
    assert_healthy(app)
    models = service.entries(empty_store)
    assert shown(app) == [m.name for m in models]
    assert f"{len(models)} models of {len(models)}" in said(app)
    assert app.dataframe[-1].value["link"].str.startswith("https://").all()


def test_a_link_reproduces_the_view(empty_store, render):
    app = render(
        "atlas", task="captioning", input="graph", weights="open", first="2023", last="2024"
    )
    assert_healthy(app)
    wanted = service.AtlasFilter(
        task="captioning", modality_in="graph", open_weights=True, first=2023, last=2024
    )
    expected = [m.name for m in service.select(service.entries(empty_store), wanted)]
    assert expected
    assert shown(app) == expected
    assert app.selectbox(key="pick-input").value == "graph"


def test_choosing_writes_the_address_and_clearing_empties_it(empty_store, render):
    app = render("atlas")
    app.selectbox(key="pick-architecture").set_value("decoder-only").run()
    assert_healthy(app)
    assert in_address(app, "architecture") == "decoder-only"
    assert set(app.dataframe[-1].value["architecture"]) == {"decoder-only"}
    app.button(key="atlas-clear").click().run()
    assert_healthy(app)
    assert "architecture" not in app.query_params
    assert len(shown(app)) == len(service.entries(empty_store))


def test_filters_that_leave_nothing_say_so(empty_store, render):
    app = render("atlas", architecture="decoder-only", task="retrieval")
    assert_healthy(app)
    assert "No model fits all of this" in said(app)
    app.button(key="atlas-clear").click().run()
    assert shown(app)


def test_unknown_values_in_a_link_are_not_followed(empty_store, render):
    app = render("atlas", architecture="<b>x</b>", first="1066", model="nobody")
    assert_healthy(app)
    assert len(shown(app)) == len(service.entries(empty_store))


def test_the_card_has_the_facts_the_reference_and_what_is_not_verified(empty_store, render):
    app = render("atlas", model="ether0")
    assert_healthy(app)
    text = said(app).replace("\\", "")
    assert "https://arxiv.org/abs/2506.17238" in text
    assert "24 B (24B)" in text
    assert "No run of it is stored here" in text
    app = render("atlas", model="MolReFlect")
    assert "Not verified: parameters, weights, license." in said(app)


def test_the_model_can_be_chosen_without_a_mouse(empty_store, render):
    app = render("atlas")
    app.selectbox(key="pick-model").set_value("GIN").run()
    assert_healthy(app)
    assert in_address(app, "model") == "GIN"
    assert "1810.00826" in said(app)


def test_stored_runs_are_named_and_lead_to_results(small_store, render, tmp_path):
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as lines:
        csv.writer(lines).writerows(
            [["cid", "output"], *((1000 + k, "An acid.") for k in range(8))]
        )
    for model in ("molt5-base", "MolT5-large"):
        benchmark.load_file(
            small_store, path, dataset=SMALL, task="captioning", model=model, now=NOW,
            metrics=("bleu2",),
        )  # fmt: skip
    app = render("atlas", model="MolT5")
    assert_healthy(app)
    assert "2 runs of it stored here" in said(app)
    links = [e.proto.label for e in app.get("page_link")]
    assert sum("SMILES → caption" in label.replace("\\", "") for label in links) == 2
    assert app.dataframe[-1].value.set_index("name").loc["MolT5", "local_runs"] == 2


@pytest.mark.parametrize("by", ["architecture", "pairing"])
def test_both_grids_draw_and_frame_the_chosen_cell(empty_store, render, by):
    kind = {"architecture": "encoder-decoder", "pairing": "graph-text"}[by]
    app = render("atlas", by=by, task="captioning", **{by: kind})
    assert_healthy(app)
    figures = [e.proto.spec for e in app.get("plotly_chart")]
    assert len(figures) == 2
    assert '"type":"rect"' in figures[1]


def test_a_click_on_a_cell_filters_and_a_second_one_frees(monkeypatch):
    written: dict[str, str | None] = {}
    monkeypatch.setattr(atlas.pickers, "set_query", lambda **query: written.update(query))
    atlas._pick("pairing", "iupac", "graph-text", already=False)
    assert written == {"task": "iupac", "pairing": "graph-text"}
    monkeypatch.setattr(atlas.st, "query_params", dict(written))
    atlas._pick("pairing", "iupac", "graph-text", already=True)
    assert written == {"task": None, "pairing": None}
