"""Small cards of molecules: the drawing, one number, the link to the Molecule page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from chebimm_core.figures import depict
from chebimm_core.services import dataset
from chebimm_core.settings import Settings
from pages.ui import cached, navigation, panels, theme


@dataclass(frozen=True, slots=True)
class Card:
    """What one card says."""

    cid: str
    headline: str = ""
    """E.g. the score (trusted text)."""
    problem: str = ""
    """Why the output failed, if it did (untrusted)."""


def row(cards: Sequence[Card], *, dataset_name: str, key: str, run: str | None = None) -> None:
    """Draws the cards side by side; they wrap on narrow screens.

    Args:
        cards: At most a handful.
        dataset_name: Data set the molecules are in.
        key: Unique on the page.
        run: Run to show on the Molecule page.
    """
    if not cards:
        st.caption("No molecule to show.")
        return
    smiles = structures(dataset_name)
    with st.container(horizontal=True, gap="small", key=f"cards-{key}"):
        for card in cards:
            with st.container(border=True, width=200):
                drawing(smiles.get(card.cid))
                if card.headline:
                    st.markdown(card.headline)
                if card.problem:
                    st.caption(panels.plain(card.problem[:80]))
                link(card.cid, dataset_name=dataset_name, run=run)


def link(cid: str, *, dataset_name: str, run: str | None = None) -> None:
    """A link that opens one molecule."""
    label = f"Open {panels.plain(cid)}"
    navigation.link("molecule", label, dataset=dataset_name, cid=cid, run=run)


def drawing(
    smiles: str | None, *, width: int = 166, height: int = 125, atoms: Sequence[int] = ()
) -> None:
    """The structure with some atoms marked, or one line on why there is none."""
    drawn = depict.depict(smiles, dark=theme.is_dark(), width=width, height=height, atoms=atoms)
    if drawn.svg is None:
        st.caption(panels.plain(drawn.problem or "No drawing"))
        return
    st.image(drawn.svg, width=width)


def structures(dataset_name: str) -> dict[str, str]:
    """Cid -> SMILES of a data set."""
    return cached.read(_structures, dataset_name, on=f"dataset:{dataset_name}")


def _structures(settings: Settings, dataset_name: str) -> dict[str, str]:
    table = dataset.molecules(settings, dataset_name, columns=["SMILES"])
    return dict(zip(table["cid"], table["SMILES"], strict=True))
