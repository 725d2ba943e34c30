"""The molecule page, driven as a reader would."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import molecule_store
import pytest
from molecule_store import NAME
from streamlit.testing.v1 import AppTest

from chebimm_core.services import structure_search
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.structure_index import StructureIndex

HEADERS = [
    "What the runs gave",
    "What an answer hangs on",
    "Try a model on this",
    "Eight modalities",
]


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
    assert [h.value for h in app.header] == HEADERS


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


def by_structure(store: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    """The page of a search by structure, once its index is made."""
    structure_search.build(settings_of(store), NAME, workers=1)
    return opened(store, monkeypatch, dataset=NAME, **query)


def settings_of(store: Path) -> Settings:
    return Settings.from_env({"CHEBIMM_STORE": str(store)})


def test_similar_molecules_open_on_a_click(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = by_structure(store, monkeypatch, how="similar", q="OC(=O)c1ccccc1", cut="0.3")
    said = words(app)
    assert "2 molecules of 7" in said and "Similarity **1.00**" in said
    next(b for b in app.button if b.label == "Open").click().run()
    assert not app.exception
    assert app.query_params["cid"] == "3"
    next(b for b in app.button if b.label == "Back to the results").click().run()
    assert "2 molecules of 7" in words(app)


def test_a_cut_off_stands_in_the_address(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = by_structure(store, monkeypatch, how="similar", q="OC(=O)c1ccccc1")
    app.slider[0].set_value(1.0).run()
    assert app.query_params["cut"] == "1.0"
    assert "1 molecule of 7" in words(app)


def test_what_contains_a_pattern_is_shown(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = by_structure(store, monkeypatch, how="contains", q="[OX2H]c1ccccc1")
    said = words(app)
    assert "1 molecule of 7" in said and "read as SMARTS" in said and "contains the pattern" in said
    app.text_input[0].set_value("C1=CC=CC=C1").run()
    assert "2 molecules of 7" in words(app)
    next(t for t in app.toggle if "SMARTS" in t.label).set_value(True).run()
    assert app.query_params["as"] == "smarts"
    assert "None of 7 molecules" in words(app)


@pytest.mark.parametrize(
    ("how", "query", "why"),
    [
        ("contains", "C(C", "open parentheses"),
        ("contains", "<img src=x>", "white space"),
        ("similar", "C1CC", "not a valid structure"),
        ("similar", "[U]", "None of 7"),
        ("nonsense", "CCO", "which is not here"),
    ],
)
def test_a_search_by_structure_that_fails_says_why(
    store: Path, monkeypatch: pytest.MonkeyPatch, how: str, query: str, why: str
) -> None:
    said = words(by_structure(store, monkeypatch, how=how, q=query))
    assert why in said and "Something went wrong" not in said


def test_the_first_search_makes_the_index(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = molecule_store.import_rows(tmp_path, NAME)
    app = opened(settings.store, monkeypatch, dataset=NAME, how="similar", q="CCO")
    deadline = time.monotonic() + 60
    while "molecules of 7" not in words(app) and "1 molecule of 7" not in words(app):
        assert not app.exception and time.monotonic() < deadline
        time.sleep(0.2)
        app.run()
    assert structure_search.is_built(settings, NAME)


def test_a_damaged_index_can_be_made_again(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = by_structure(store, monkeypatch, how="similar", q="CCO")
    index = StructureIndex(store).path(NAME)
    index.write_bytes(index.read_bytes()[:200])
    app.slider[0].set_value(0.8).run()
    again = next(b for b in app.button if "again" in b.label)
    again.click().run()
    deadline = time.monotonic() + 60
    while "1 molecule of 7" not in words(app):
        assert not app.exception and time.monotonic() < deadline
        time.sleep(0.2)
        app.run()


def test_a_drawing_board_opens_on_demand(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("streamlit_ketcher")
    app = opened(store, monkeypatch, q="OCC")
    assert "On the board" not in words(app)
    next(t for t in app.toggle if "Draw" in t.label).set_value(True).run()
    assert not app.exception
    assert "CCO" in [c.value for c in app.code]
    next(b for b in app.button if b.label == "Find similar ones").click().run()
    assert app.query_params["q"] == "CCO" and app.query_params["how"] == "similar"
    assert "draw" not in app.query_params


def test_without_the_board_the_page_says_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "streamlit_ketcher", None)
    app = opened(store, monkeypatch, draw="1")
    assert "not installed" in words(app)


def test_runs_picked_stand_side_by_side_and_the_others_not(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"dataset": NAME, "cid": "11", "task": "captioning"}
    names = RunStore(store)
    captions = [h for h in names.headers() if h.spec.task == "captioning"]
    assert len(captions) == 2
    both = [m.value for m in opened(store, monkeypatch, **query).markdown]
    assert all(f"**{h.spec.model}**" in str(both).replace("\\", "") for h in captions)
    one = opened(store, monkeypatch, **query, side=f"{captions[0].run_id},nobody")
    shown = str([m.value for m in one.markdown]).replace("\\", "")
    assert f"**{captions[0].spec.model}**" in shown
    assert f"**{captions[1].spec.model}**" not in shown
