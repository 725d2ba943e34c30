"""Exposure: the training molecule most like this one."""

from __future__ import annotations

import streamlit as st

from chebimm_core.domain.report import NearestTraining, TrainingNeighbor
from chebimm_core.errors import ChebiMMError
from chebimm_core.services import exposure as service
from pages.ui import cached, molecule_cards, panels

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


def exposure(smiles: str | None, *, dataset: str, cid: str | None) -> None:
    """The nearest training molecules, those of the same skeleton, those of the same scaffold."""
    if not smiles or not dataset:
        return
    with st.expander("Exposure: what of the training split is like it", icon=":material/school:"):
        try:
            found = cached.read(
                service.of_structure, dataset, smiles, cid=cid, on=f"dataset:{dataset}",
                spinner="Comparing with the training molecules",
            )  # fmt: skip
        except ChebiMMError as error:
            st.caption(panels.plain(error.what))
            return
        first, second, third = st.columns(3)
        first.metric(
            "Same connectivity", f"{found.n_same_connectivity:,}",
            help="Training molecules of which only stereo, isotopes or protonation differ.",
        )  # fmt: skip
        second.metric(
            "Same scaffold", f"{found.n_same_scaffold:,}" if found.scaffold else "no ring",
            help="Training molecules with the same Bemis-Murcko scaffold.",
        )  # fmt: skip
        third.metric(
            "Mean of the ten nearest",
            f"{sum(n.similarity for n in found.neighbors) / len(found.neighbors):.2f}",
            help="Tanimoto similarity.",
        )
        for label, cids in (
            ("same connectivity", found.same_connectivity), ("same scaffold", found.same_scaffold),
        ):  # fmt: skip
            if cids:
                with st.container(horizontal=True, gap="small"):
                    st.caption(label)
                    for other in cids:
                        molecule_cards.link(other, dataset_name=dataset)
        with st.container(horizontal=True, gap="small", key="exposure-cards"):
            for neighbor in found.neighbors:
                with st.container(border=True, width=180):
                    molecule_cards.drawing(neighbor.canonical_smiles, width=146, height=110)
                    st.markdown(f"**{neighbor.similarity:.2f}**{_kin(neighbor)}")
                    molecule_cards.link(neighbor.cid, dataset_name=dataset)
        st.caption(f"Of {found.n_training:,} training molecules, by Tanimoto similarity.")


def _kin(neighbor: TrainingNeighbor) -> str:
    if neighbor.same_connectivity:
        return " · same skeleton"
    return " · same scaffold" if neighbor.same_scaffold else ""


def _reading(nearest: NearestTraining) -> str:
    if nearest.same_connectivity:
        return (
            "**Seen in training**: it has the same atoms and bonds, so only stereo, isotopes or "
            "protonation differ. A model may know it by heart."
        )
    if nearest.similarity >= _CLOSE:
        return "A **close analogue** stands in the train split: copying from it goes a long way."
    return "No close analogue stands in the train split: a good answer is hardly a copy."
