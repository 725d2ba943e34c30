"""The form that imports any table: what it guesses, what it asks, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import small_store


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in small_store.settings_in(tmp_path).to_env().items():
        monkeypatch.setenv(name, value)


def opened(path: Path) -> AppTest:
    def page(path: str) -> None:
        import streamlit as st

        from pages.views.dataset import table

        st.session_state.setdefault("table-path", path)
        table.show()

    return AppTest.from_function(page, default_timeout=60, kwargs={"path": str(path)}).run()


def test_columns_are_guessed_and_can_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("smiles,words,logp\nCCO,an alcohol <b>x</b>,1\nCCN,an amine,2\n")
    page = opened(path)
    assert not page.exception
    chosen = {box.label: box.value for box in page.selectbox}
    assert chosen["SMILES"] == "smiles" and chosen["caption"] == "—"
    assert "of no published layout" in small_store.said(page)
    assert not page.error, small_store.said(page)
    button = next(b for b in page.button if b.label == "Import")
    assert button.disabled  # no name yet
    page.text_input(key="table-name").set_value("mine")
    page.run()
    assert not next(b for b in page.button if b.label == "Import").disabled


def test_a_published_layout_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "esol.csv"
    path.write_text("Compound ID,measured log solubility in mols per litre,smiles\nx,-1,CCO\n")
    page = opened(path)
    assert "ESOL" in small_store.said(page)


def test_a_bad_file_is_told_and_does_not_take_the_page_down(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"\x00\x01\x02")
    page = opened(path)
    assert not page.exception
    assert any("NUL" in str(e.value) for e in page.error) or "NUL" in small_store.said(page)
