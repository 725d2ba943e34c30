"""The knowledge map page: pairs, threshold, molecules, a matrix of one's own."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small_store import HOSTILE, SMALL, assert_healthy, in_address, said

from chebimm_core.figures import map_charts
from chebimm_core.services import knowledge
from pages.ui import charts_events, panels

GOLD = f"gold:{SMALL}:test"


def build(settings, **options):
    return knowledge.build(settings, GOLD, source="IUPAC", size=10, null="published", **options)


def test_gold_data_is_there_without_any_choice(small_store, render):
    app = render("knowledge_map")
    assert_healthy(app)
    assert app.selectbox(key="pick-run").value == GOLD
    assert "What you see" in said(app)


def test_the_threshold_filters_at_once(small_store, render):
    app = render("knowledge_map", T_run="0.2")
    assert_healthy(app)
    assert in_address(app, "T_run") == "0.2"
    before = _pairs(app)
    app.slider(key="pick-T_run").set_value(2.9).run()
    assert_healthy(app)
    assert _pairs(app) < before
    assert in_address(app, "T_run") == "2.9"


def test_a_pair_in_the_link_shows_its_molecules_highlighted(small_store, render):
    found = build(small_store)
    i, j = np.unravel_index(np.argmax(found.counts), found.counts.shape)
    source, target = found.source_tokens[i], found.target_tokens[j]
    app = render("knowledge_map", from_token=source, to_token=target)
    assert_healthy(app)
    bodies = [str(h.proto.body) for h in app.get("html")]
    assert sum("<mark" in body for body in bodies) >= 2
    assert not any("<script" in body or "<img" in body for body in bodies)


def test_a_hostile_caption_is_shown_as_text(small_store, render):
    found = build(small_store)
    target = next(t for t in found.target_tokens if t in ("chloro", "group", "molecule"))
    app = render("knowledge_map", from_token="chloro", to_token=target, size="20")
    assert_healthy(app)
    assert HOSTILE not in said(app)
    assert all("<script" not in str(h.proto.body) for h in app.get("html"))


@pytest.mark.parametrize(
    "query", [{"T_run": "x"}, {"size": "-5"}, {"seed": "1e400"}, {"T_run": "nan"}]
)
def test_strange_numbers_in_a_link_are_harmless(small_store, render, query):
    assert_healthy(render("knowledge_map", **query))


@pytest.mark.parametrize("tokenizer", ["words", "bpe"])
def test_tokenizers_that_need_no_file(small_store, render, tokenizer):
    app = render("knowledge_map", tokenizer=tokenizer)
    assert_healthy(app)
    assert app.selectbox(key="pick-tokenizer").value == tokenizer


def test_dropped_tokens_are_gone_and_kept_ones_stay(small_store, render):
    app = render("knowledge_map", drop_source="chloro", keep_target="molecule,group,chain")
    assert_healthy(app)
    heat = _heatmap(app)
    assert "chloro" not in heat["layout"]["yaxis"]["ticktext"]
    assert set(heat["layout"]["xaxis"]["ticktext"]) == {"molecule", "group", "chain"}


def test_dropped_tokens_and_boilerplate_are_refilled(small_store, render):
    whole = _heatmap(render("knowledge_map"))["layout"]["xaxis"]["ticktext"]
    app = render("knowledge_map", drop_target=whole[0])
    assert whole[0] not in (left := _heatmap(app)["layout"]["xaxis"]["ticktext"])
    assert len(left) == len(whole)
    app = render("knowledge_map")
    app.toggle(key="pick-boilerplate").set_value(True).run()
    assert_healthy(app)
    assert in_address(app, "boilerplate") == "out"
    assert "molecule" not in _heatmap(app)["layout"]["xaxis"]["ticktext"]
    app.toggle(key="pick-boilerplate").set_value(False).run()
    assert "boilerplate" not in app.query_params


def test_fragments_come_with_a_word_of_caution(small_store, render):
    assert "chemist's choice" not in said(render("knowledge_map"))
    assert "chemist's choice" in said(render("knowledge_map", tokenizer="bpe"))


def test_atoms_of_a_notation_are_mapped(small_store, render):
    app = render("knowledge_map", source="SMILES")
    assert_healthy(app)
    assert "Cl" in _heatmap(app)["layout"]["yaxis"]["ticktext"]


def test_long_texts_are_clipped_around_their_mark():
    text = "a" * 900 + "CHLORO" + "b" * 900
    excerpt = panels._excerpt(text, [(900, 906)], 240)
    assert "<mark" in excerpt and "CHLORO" in excerpt
    assert excerpt.startswith("… ") and excerpt.endswith(" …")
    assert len(excerpt) < 500
    assert "&lt;b&gt;" in panels._excerpt("<b>" + text, [], 240)


def test_outlines_are_the_pairs(small_store):
    found = build(small_store, threshold=1.0)
    figure = map_charts.heatmap(found, dark=True)
    outline = next(t for t in figure.data if t.type == "scatter" and t.mode == "lines")
    assert len(outline.x) == 6 * len(found.pairs)
    corners = {
        (round(outline.y[6 * k] + 0.45), round(outline.x[6 * k] + 0.45))
        for k in range(len(found.pairs))
    }
    assert corners == {
        (found.source_tokens.index(p.source), found.target_tokens.index(p.target))
        for p in found.pairs
    }


@pytest.mark.parametrize("shade", ["log", "values", "local_z"])
def test_every_cell_can_be_clicked(small_store, shade):
    found = build(small_store)
    n, m = found.counts.shape
    figure = charts_events.clickable(
        map_charts.heatmap(found, shade=shade), range(m), range(n), map_charts.hover_texts(found)
    )
    layer = figure.data[-1]
    assert layer.type == "scattergl"
    assert layer.hoverinfo != "skip"
    assert {tuple(cell) for cell in layer.customdata} == {
        (i, j) for i in range(n) for j in range(m)
    }


def test_the_scan_has_its_null_and_the_flow_its_pairs(small_store):
    found = build(small_store, threshold=0.5)
    scan = map_charts.threshold_scan(found)
    assert {t.name for t in scan.data if t.showlegend is not False} >= {
        "pairs above T",
        "95 % of redrawn nulls",
        "Z, null seed 0",
    }
    flow = map_charts.flow(found.pairs)
    assert len(flow.data[0].link.value) == min(len(found.pairs), 40)
    assert next(iter(map_charts.scan_table(found).columns)) == "threshold"


def test_tokens_cannot_bring_markup_into_a_chart():
    assert map_charts.safe("<a href='x'>b</a>") == "&lt;a href='x'&gt;b&lt;/a&gt;"


def _heatmap(app):
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def _pairs(app):
    reading = next(m.value for m in app.markdown if "What you see" in m.value)
    return 0 if "no cell" in reading else int(reading.split("see.** ")[1].split(" of ")[0])


def test_both_nulls_and_every_verdict_are_explained(small_store, render):
    app = render("knowledge_map")
    assert_healthy(app)
    labels = {m.label for m in app.metric}
    assert {"supported", "local only", "associated only", "avoided"} <= labels
    text = said(app)
    assert "published null" in text.lower() and "shuffle null" in text.lower()
    assert "Benjamini-Hochberg" in text


def test_resamples_and_tokenizers_are_drawn_on_demand(small_store, render):
    app = render("knowledge_map", stable="on", cuts="on", T_run="0.3")
    assert_healthy(app)
    tables = [d.value for d in app.dataframe]
    assert any("survival" in t.columns for t in tables)
    assert any("tokenizer" in t.columns for t in tables)


def test_a_model_is_compared_with_the_gold_texts_and_with_another(small_store, render):
    app = render("knowledge_map", view="compare")
    assert_healthy(app)
    assert {"learned", "missed", "invented"} <= {m.label for m in app.metric}
    assert "stand in both texts" in said(app) or "neither text connects" in said(app)
    for slice_ in ("ring", "short"):
        assert not render("knowledge_map", view="compare", slice=slice_).exception


def test_a_slice_without_molecules_is_an_explained_error(small_store, render):
    app = render("knowledge_map", view="compare", slice="seen")
    assert not app.exception
