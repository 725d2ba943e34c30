"""The transition matrix page: numbers as the service gives them, and the way down to a molecule."""

from __future__ import annotations

import pytest
from small_store import SMALL, assert_healthy, in_address, said

from chebimm_core.figures import matrix_charts, ranking_charts
from chebimm_core.services import matrix as service
from pages.ui import cell_panel


def test_local_runs_are_shown_first_where_there_are_any(small_store, render):
    app = render("transition_matrix")
    assert_healthy(app)
    assert app.metric[0].label == "SMILES → caption"
    assert app.metric[0].value == "1.000"
    assert "n = 8" in said(app)
    assert "floor" in said(app)
    assert "leads with 1.000" in said(app)


def test_published_values_are_cited_and_have_no_runs(empty_store, render):
    app = render("transition_matrix", from_="SMILES", to="caption")
    assert_healthy(app)
    assert app.metric[0].value == "0.543"
    assert "doi:10.1038/s42256-024-00977-6" in said(app)
    assert "without the runs behind it" in said(app)


def test_whole_systems_are_called_models_and_published_parts_encoders(small_store, render):
    local = render("transition_matrix")
    assert "Models in the top 5" in [tab.label for tab in local.tabs]
    published = render("transition_matrix", source="published")
    assert "Encoders in the top 5" in [tab.label for tab in published.tabs]


def test_empty_cells_are_explained_beside_the_map(small_store):
    matrix = service.build(small_store, source="local", dataset=SMALL, split="test")
    names = [trace.name or "" for trace in matrix_charts.heatmap(matrix).data]
    assert any("no run (unknown, not 0)" in name for name in names)
    hover = [text for row in matrix_charts.hover_texts(matrix) for text in row]
    assert any("floor " in text for text in hover)


def test_a_link_reproduces_the_view(small_store, render):
    app = render(
        "transition_matrix", source="published", complete="best-route", from_="graph", to="IUPAC"
    )
    assert_healthy(app)
    assert app.metric[0].label == "graph → IUPAC"
    assert app.metric[0].value == "0.799"
    assert "route graph → image → IUPAC" in said(app)


def test_the_lists_choose_a_cell_without_a_mouse(small_store, render):
    app = render("transition_matrix")
    app.selectbox(key="pick-from").set_value("caption").run()
    app.selectbox(key="pick-to").set_value("SMILES").run()
    assert_healthy(app)
    assert in_address(app, "from") == "caption"
    assert app.metric[0].label == "caption → SMILES"
    assert "writer" in said(app)


def test_choosing_a_run_shows_its_molecules(small_store, render):
    app = render("transition_matrix")
    runs = app.selectbox(key="pick-run").options
    assert len(runs) == 4  # two runs and two floors
    app.selectbox(key="pick-run").set_value(_run(small_store, "poor")).run()
    assert_healthy(app)
    assert "Molecules of poor" in said(app)
    assert {tab.label for tab in app.tabs} >= {"Best", "Worst", "Most disputed"}
    assert in_address(app, "run") == _run(small_store, "poor")


@pytest.mark.parametrize("complete", ["measured", "via-smiles", "best-route"])
@pytest.mark.parametrize("aggregate", ["best", "top3", "mean", "median"])
def test_every_choice_draws(small_store, render, complete, aggregate):
    app = render("transition_matrix", complete=complete, aggregate=aggregate, denominator="all")
    assert_healthy(app)


def test_a_click_chooses_the_cell(small_store, monkeypatch):
    matrix = service.build(small_store, source="local", dataset=SMALL, split="test")
    written = {}
    monkeypatch.setattr(cell_panel.pickers, "set_query", lambda **query: written.update(query))
    names = matrix.modalities
    cell_panel.select(matrix, names.index("IUPAC"), names.index("caption"))
    assert written == {"from": "IUPAC", "to": "caption", "run": None}


@pytest.mark.parametrize("dark", [False, True])
def test_kinds_differ_by_more_than_color(small_store, dark):
    matrix = service.build(small_store, source="published", completion="via-smiles")
    figure = matrix_charts.heatmap(matrix, dark=dark)
    texts = next(t for t in figure.data if t.type == "scatter" and t.mode == "text").text
    shown = dict(zip(((i, j) for i in range(8) for j in range(8)), texts, strict=True))
    by_kind: dict[str, set[str]] = {}
    for (i, j), text in shown.items():
        mark = text.split(">")[-2].removesuffix("</span") if "<span" in text else ""
        by_kind.setdefault(matrix.kinds[i][j], set()).add(mark)
    marks = [by_kind[kind] for kind in ("measured", "tool", "derived", "not studied")]
    assert all(len(mark) == 1 for mark in marks)
    assert len(set.union(*marks)) == 4
    frames = [s for s in figure.layout.shapes if s.line.dash == "dot"]
    assert len(frames) == sum(kind == "derived" for row in matrix.kinds for kind in row)


def test_the_table_holds_every_cell(small_store):
    matrix = service.build(small_store, source="published", completion="via-smiles")
    table = matrix_charts.table(matrix)
    assert len(table) == 56
    cell = table[(table["from"] == "SMILES") & (table["to"] == "caption")].iloc[0]
    assert cell["value"] == pytest.approx(0.543)
    assert cell["kind"] == "measured"


def test_a_name_cannot_bring_markup_into_a_chart(small_store):
    matrix = service.build(small_store, source="local", dataset=SMALL, split="test")
    i, j = matrix.modalities.index("SMILES"), matrix.modalities.index("caption")
    runs = service.cell_runs(small_store, matrix, i, j)
    runs["model"] = "<a href='http://example.org'>x</a>"
    figure = ranking_charts.run_intervals(runs)
    assert all("<a" not in name for name in figure.layout.yaxis.ticktext)
    assert [point[0] for t in figure.data for point in t.customdata] == list(runs["run_id"])


def _run(settings, model):
    from chebimm_core.services import benchmark

    return next(h.run_id for h in benchmark.list_runs(settings) if h.spec.model == model)
