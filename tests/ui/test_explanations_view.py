"""What pages show of attributions, interventions and trials, on a model that really learned."""

from __future__ import annotations

import html
import time
from pathlib import Path

import planted_store
import pytest
from small_store import assert_healthy, said
from streamlit.testing.v1 import AppTest

from chebimm_core.figures import attribution_charts, depict
from chebimm_core.services import attribution, attribution_average, intervention
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.store.run_store import RunStore

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    return planted_store.build(tmp_path_factory.mktemp("explained"), cpu_seconds=6.0)


@pytest.fixture
def planted(
    learned: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[Settings, str, str]:
    """Settings, run, and a molecule it answered; the app of this test reads that store."""
    settings, run_id = learned
    monkeypatch.setenv("CHEBIMM_STORE", str(settings.store))
    monkeypatch.setenv("CHEBIMM_CACHE", str(settings.cache))
    answered = RunStore(settings.store).predictions(run_id)
    return settings, run_id, str(answered["cid"].iloc[0])


def opened(page: str, **query: str) -> AppTest:
    from streamlit.navigation.page import calc_hash

    app = AppTest.from_file(str(PROJECT_ROOT / "app.py"), default_timeout=60)
    app._page_hash = calc_hash(page)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert_healthy(app)
    return app


def everything(app: AppTest) -> str:
    return "\n".join([said(app), *(str(h.proto.body) for h in app.get("html"))])


def test_an_answer_is_offered_and_then_shown_apart(planted: tuple[Settings, str, str]) -> None:
    settings, run_id, cid = planted
    query = {"dataset": planted_store.NAME, "cid": cid, "explain": run_id}
    app = opened("molecule", **query)
    assert any(b.key == "explain-start" for b in app.button)
    found = attribution.attribute(settings, run_id, cid)
    app = opened("molecule", **query)
    text = everything(app)
    assert not any(b.key == "explain-start" for b in app.button)
    assert "for the whole answer" in text and "log p (nats)" in text
    assert "shapley" in text and "With nothing left" in text
    last = len(found.answers) - 2
    app = opened("molecule", **query, of=str(last))
    label = found.answers[last].label
    assert label in everything(app)


def test_a_reference_is_another_answer(planted: tuple[Settings, str, str]) -> None:
    settings, run_id, cid = planted
    attribution.attribute(settings, run_id, cid)
    query = {"dataset": planted_store.NAME, "cid": cid, "explain": run_id, "which": "reference"}
    assert any(b.key == "explain-start" for b in opened("molecule", **query).button)


def test_exposure_and_export_are_there(planted: tuple[Settings, str, str]) -> None:
    _, _, cid = planted
    app = opened("molecule", dataset=planted_store.NAME, cid=cid)
    assert {"Same connectivity", "Same scaffold"} <= {m.label for m in app.metric}
    assert {"search-similar", "search-contains"} <= {b.key for b in app.button}


def test_a_model_is_tried_on_a_molecule_from_the_page(planted: tuple[Settings, str, str]) -> None:
    _, _run_id, cid = planted
    app = opened("molecule", dataset=planted_store.NAME, cid=cid)
    next(b for b in app.button if b.key == "trial-start").click().run()
    for _ in range(60):
        if "gives as" in everything(app):
            break
        time.sleep(0.5)
        app.run()
    assert "gives as caption" in everything(app)
    assert any("The molecule is a" in str(c.value) for c in app.code)


def test_used_pairs_stand_on_the_knowledge_map(planted: tuple[Settings, str, str]) -> None:
    settings, run_id, _ = planted
    query = {"run": run_id, "source": "IUPAC", "size": "20"}
    app = opened("knowledge_map", **query)
    button = next(b for b in app.button if b.key == "intervene-start")
    assert button.label.startswith("Test ")
    assert "read" in everything(opened("knowledge_map", **{**query, "source": "SMILES"}))
    from chebimm_core.services import knowledge, map_evidence

    built = knowledge.build(
        settings, run_id, source="IUPAC", tokenizer="words", size=20, null="both", seed=0
    )
    table = map_evidence.verdict_table(built)
    chosen = table[table["verdict"] == "supported"].head(20)
    if chosen.empty:
        chosen = table[table["verdict"] == "associated only"].head(20)
    design = intervention.Design(
        "IUPAC", tuple(zip(chosen["source"], chosen["target"], strict=True))
    )
    intervention.intervene(settings, run_id, design)
    kind = str(chosen["verdict"].iloc[0])
    text = everything(opened("knowledge_map", **query, test_of=kind))
    assert "the model uses" in text or "of none of the" in text
    assert "log p of the first occurrence" in text


def test_gold_data_have_no_model_to_test(planted: tuple[Settings, str, str]) -> None:
    app = opened("knowledge_map", run=f"gold:{planted_store.NAME}:test", source="IUPAC")
    assert "no model" in everything(app)


def test_averages_stand_on_the_page_of_the_run(planted: tuple[Settings, str, str]) -> None:
    settings, run_id, _ = planted
    assert any(b.key == "average-start" for b in opened("results", run=run_id).button)
    attribution_average.over_molecules(settings, run_id, n=40)
    text = everything(opened("results", run=run_id))
    assert "What it reads, on average" in [h.value for h in opened("results", run=run_id).header]
    assert "n = 40" in text and "Shapley" in text


def test_untrusted_text_is_escaped() -> None:
    strip = attribution_charts.strip(
        f"a {HOSTILE}", [(0, 1), (2, 2 + len(HOSTILE))], [0.5, -1.0], dark=False
    )
    assert HOSTILE not in strip and html.escape(HOSTILE) in strip


@pytest.mark.parametrize("dark", [False, True])
def test_shaded_atoms_are_drawn_and_broken_structures_said(dark: bool, tmp_path: Path) -> None:
    drawn = depict.shaded("CCO", {0: 0.0, 1: -0.5, 2: 1.0}, dark=dark)
    assert drawn.svg is not None and "ellipse" in drawn.svg
    plain = depict.shaded("CCO", {0: 0.0, 1: 0.0}, dark=dark)
    assert plain.svg is not None and "ellipse" not in plain.svg
    assert depict.shaded("C1CC(", {0: 1.0}, dark=dark).svg is None
