"""The molecule page, driven as a reader would."""

from __future__ import annotations

from pathlib import Path

import molecule_store
import pytest
from molecule_store import NAME
from streamlit.testing.v1 import AppTest


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return molecule_store.build(tmp_path_factory.mktemp("molecule-view")).store


def page() -> None:
    import streamlit as st

    from pages.ui import navigation
    from pages.views import molecule

    st.navigation(navigation.menu())
    molecule.render()


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("CHEBIMM_STORE", str(store))
    app = AppTest.from_function(page, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """Everything the page says outside widgets."""
    kinds = (app.markdown, app.caption, app.code, app.subheader, app.info, app.warning, app.error)
    said = [str(element.value) for kind in kinds for element in kind]
    return "\n".join([*said, *(str(h.proto.body) for h in app.get("html"))])


def test_the_page_is_never_empty(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "begin with one of these" in words(opened(store, monkeypatch))


def test_without_any_data_set_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "demo build" in words(opened(tmp_path, monkeypatch))


def test_a_search_leads_to_a_molecule_and_back(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(store, monkeypatch)
    app.text_input[0].set_value("benzoic").run()
    assert app.query_params["q"] == "benzoic"
    next(b for b in app.button if b.label == "Open").click().run()
    assert not app.exception
    assert app.query_params["cid"] == "12"
    assert app.query_params["dataset"] == NAME
    assert "2\\-hydroxybenzoic acid" in app.subheader[0].value
    next(b for b in app.button if b.label == "Back to the results").click().run()
    assert "cid" not in app.query_params


def test_a_name_nobody_holds_is_read_by_rule(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("py2opsin")
    app = opened(store, monkeypatch, q="1-bromoaziridine")
    assert "Nothing fits" in words(app)
    next(b for b in app.button if "systematic name" in b.label).click().run()
    assert not app.exception
    assert app.query_params["read"] == "name"
    said = words(app)
    assert "BrN1CC1" in said and "Nothing fits" not in said
    app.text_input[0].set_value("C1CC").run()
    assert "read" not in app.query_params
    assert "looks like a SMILES" in words(app)


def test_a_permalink_opens_the_molecule_with_its_runs_and_neighbour(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(store, monkeypatch, dataset=NAME, cid="11")
    said = words(app)
    assert "Seen in training" in said
    assert app.metric[0].value == "1.00"
    assert "captioner" in said and "floor" in said
    assert "<del" in said and "<ins" in said


@pytest.mark.parametrize("task", ["captioning", "generation", "property"])
@pytest.mark.parametrize("cid", ["11", "12", "13"])
def test_every_task_shows_its_outputs(
    store: Path, monkeypatch: pytest.MonkeyPatch, task: str, cid: str
) -> None:
    app = opened(store, monkeypatch, dataset=NAME, cid=cid, task=task)
    assert not app.error
    assert [h.value for h in app.header] == ["What the runs gave", "Eight modalities"]


def test_a_failure_and_an_invalid_structure_are_named(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the model gave up" in words(opened(store, monkeypatch, dataset=NAME, cid="13"))
    said = words(opened(store, monkeypatch, dataset=NAME, cid="13", task="generation"))
    assert "The output is not a molecule" in said


def test_a_model_output_is_never_rendered(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(store, monkeypatch, dataset=NAME, cid="12")
    rendered = [str(h.proto.body) for h in app.get("html")]
    assert any("&lt;script&gt;" in body for body in rendered)
    assert not any("<script" in body for body in rendered)
    assert not any("](http" in m.value for m in (*app.markdown, *app.caption))


def test_three_dimensions(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(store, monkeypatch, dataset=NAME, cid="12", view="3D")
    assert not app.error
    assert "ETKDGv3" in words(app)


def test_a_structure_nobody_has_is_drawn_and_compared(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(store, monkeypatch, q="N1CC1Br")
    assert "no data set here holds it" in app.info[0].value
    assert app.metric


@pytest.mark.parametrize(
    "query",
    [
        {"cid": "999"},
        {"cid": "999", "dataset": NAME},
        {"cid": "12", "dataset": "absent"},
        {"q": "nothing at all fits"},
        {"q": "<script>alert(1)</script>"},
        {"cid": "<img src=x>", "dataset": NAME},
    ],
)
def test_strange_links_get_a_kind_answer(
    store: Path, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    said = words(opened(store, monkeypatch, **query))
    assert "Something went wrong" not in said
    assert said.strip()
