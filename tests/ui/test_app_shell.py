"""The frame around the pages: menu, addresses, error panel, inert text."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st_
from small_store import HOSTILE, assert_healthy, said
from streamlit.testing.v1 import AppTest

from chebimm_core.settings import PROJECT_ROOT
from pages.ui import charts_events, navigation, panels

PAGES = [entry.name for entry in navigation.ENTRIES]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders_on_an_empty_store(empty_store, render, page):
    app = render(page)
    assert_healthy(app)
    assert app.title[0].value
    assert len(said(app)) > 100  # it says what to do, it is not blank


@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders_with_data(small_store, render, page):
    assert_healthy(render(page))


def test_the_address_decides_the_page(small_store, render):
    titles = {render(page).title[0].value for page in PAGES}
    assert len(titles) == len(PAGES)


def test_a_broken_view_is_a_panel_with_an_id_in_the_log(small_store, render, monkeypatch):
    from pages.views import transition_matrix

    def broken() -> None:
        raise RuntimeError("the flux capacitor is empty")

    monkeypatch.setattr(transition_matrix, "render", broken)
    app = render("transition_matrix")
    assert not app.exception
    message = app.error[0].value
    error_id = message.split("error ")[1].split(")")[0]
    assert "flux" not in said(app)
    assert "Traceback" not in said(app)
    log = (small_store.cache / "logs" / "dashboard.log").read_text()
    assert error_id in log
    assert "flux capacitor" in log


def test_a_known_error_says_what_to_do(small_store, render):
    app = render("knowledge_map", keep_source="only-one-token-nobody-wrote")
    assert not app.exception
    assert "Traceback" not in said(app)


def test_pages_start_without_the_model_libraries():
    code = (
        "import sys, pages.ui.navigation as n, importlib\n"
        "for e in n.ENTRIES: importlib.import_module(f'pages.views.{e.name}')\n"
        "print([m for m in ('torch', 'transformers', 'shap', 'fcd_torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@given(st_.text(max_size=60))
def test_inert_text_keeps_no_markup(text):
    inert = panels.plain(text)
    for mark in "*_`[]<>!#~$|":
        assert inert.count(mark) == inert.count("\\" + mark)
    assert ":material/" not in inert


@given(st_.text(max_size=40), st_.lists(st_.tuples(st_.integers(-5, 50), st_.integers(-5, 50))))
def test_highlighting_never_loses_or_renders_text(text, spans):
    def page(text: str, spans: list[tuple[int, int]]) -> str:
        return panels.marked_html(text, spans)

    import html
    import re

    body = page(text, spans)
    assert html.unescape(re.sub(r"</?mark[^>]*>", "", body)) == text
    assert "<script" not in panels.marked_html(HOSTILE, spans)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, None),
        ({}, None),
        ({"selection": {"points": []}}, None),
        ({"selection": {"points": [{"x": 1}]}}, None),
        ({"selection": {"points": [{"customdata": [2, 3]}]}}, (2, 3)),
        ({"selection": {"points": [{"customdata": {"0": 2, "1": 3}}]}}, (2, 3)),
    ],
)
def test_the_first_clicked_point(state, expected):
    assert charts_events.first(state) == expected


def test_an_unknown_value_in_a_link_is_named_and_not_followed(small_store, render):
    app: AppTest = render("transition_matrix", source="nonsense", dataset="<b>absent</b>")
    assert_healthy(app)
    assert "which is not here" in said(app)
