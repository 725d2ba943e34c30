"""Exposure: the training molecule most like this one."""

from __future__ import annotations

import streamlit as st

from chebimm_core.domain.report import NearestTraining
from pages.ui import molecule_cards, panels

_CLOSE = 0.85
"""Tanimoto above which Morgan fingerprints usually mean a close analogue."""


def show(nearest: NearestTraining | None, why_none: str | None, *, dataset: str) -> None:
    """How similar a training molecule is, drawn, with its caption and a link."""
    st.subheader("Nearest training molecule")
    if nearest is None:
        st.caption(panels.plain(why_none or "There is none."))
        return
    st.metric(
        "Tanimoto similarity",
        f"{nearest.similarity:.2f}",
        help="Morgan fingerprints, radius 2, 2,048 bits; 1 is the same environments throughout.",
    )
    st.markdown(_reading(nearest))
    with st.container(border=True):
        molecule_cards.drawing(nearest.canonical_smiles, width=260, height=170)
        if nearest.name:
            st.markdown(panels.plain(nearest.name))
        molecule_cards.link(nearest.cid, dataset_name=dataset)
        if nearest.caption:
            with st.expander("Its caption"):
                panels.text(nearest.caption)
    st.caption(f"Compared with {nearest.n_training:,} training molecules.")


def _reading(nearest: NearestTraining) -> str:
    if nearest.same_connectivity:
        return (
            "**Seen in training**: it has the same atoms and bonds, so only stereo, isotopes or "
            "protonation differ. A model may know it by heart."
        )
    if nearest.similarity >= _CLOSE:
        return "A **close analogue** stands in the train split: copying from it goes a long way."
    return "No close analogue stands in the train split: a good answer is hardly a copy."
