"""The forms of a molecule: drawn flat, in space, and as text."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from chebimm_core.domain.report import Conformer, ModalityView
from chebimm_core.errors import ChebiMMError
from chebimm_core.figures import depict
from chebimm_core.figures.conformer import conformer_figure
from chebimm_core.services import molecule as service
from pages.ui import cached, figure_panel, panels, pickers, theme

_WIDTH, _HEIGHT = 560, 400
_PROVENANCE = {
    "internal": ("internal", "A tool converts it exactly to and from the graph."),
    "external": ("external", "No tool can derive it from the structure and back."),
}


def drawing(smiles: str | None, *, cid: str) -> None:
    """The structure, flat or in space as the reader chooses."""
    view = pickers.choice("view", "Structure", ("2D", "3D"), kind="segments")
    if view == "3D" and smiles:
        _in_space(smiles, cid)
    else:
        _flat(smiles, cid)


def _flat(smiles: str | None, cid: str) -> None:
    drawn = depict.depict(smiles, dark=theme.is_dark(), width=_WIDTH, height=_HEIGHT)
    if drawn.svg is None:
        panels.empty("There is no drawing.", panels.plain(drawn.problem or ""))
        return
    st.image(drawn.svg, width="stretch", alt=f"Structure drawing of molecule {cid}")
    st.download_button(
        "SVG",
        drawn.svg,
        file_name=f"molecule-{cid}.svg",
        mime="image/svg+xml",
        on_click="ignore",
        key="download-svg",
    )


def _in_space(smiles: str, cid: str) -> None:
    try:
        found = cached.read(service.conformer, smiles, spinner="Arranging the atoms in space")
    except ChebiMMError as error:
        panels.problem(error)
        return
    hydrogens = st.toggle("Show hydrogens", value=True, key="hydrogens")
    figure_panel.show(
        conformer_figure(found, dark=theme.is_dark(), hydrogens=hydrogens),
        key="conformer",
        reading="One low-energy arrangement of the atoms, computed, not measured. Drag to turn it.",
        table=_coordinates(found),
        alt=f"Three-dimensional model of molecule {cid}",
        file_name=f"molecule-{cid}-3d",
        note=f"{found.method}; coordinates in Å.",
    )


def _coordinates(found: Conformer) -> pd.DataFrame:
    table = pd.DataFrame(found.positions, columns=["x (Å)", "y (Å)", "z (Å)"]).round(4)
    table.insert(0, "element", list(found.elements))
    table.insert(0, "atom", range(len(table)))
    return table


def table(views: Sequence[ModalityView], smiles: str | None, *, image: str | None = None) -> None:
    """All modalities in matrix order; what is missing says why, what a tool wrote says so."""
    for start in range(0, len(views), 2):
        for column, view in zip(st.columns(2, gap="medium"), views[start : start + 2]):  # noqa: B905 - an odd number leaves the last column empty
            with column, st.container(border=True, key=f"modality-{view.name}"):
                _form(view, smiles, image)


def _form(view: ModalityView, smiles: str | None, image: str | None) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"**{view.title}**")
        word, meaning = _PROVENANCE[view.provenance]
        st.badge(word, color="blue" if word == "internal" else "orange", help=meaning)
        if view.name == "image" and image:
            st.badge("of the data set", color="gray")
        elif view.made_by:
            st.badge(panels.plain(f"by {view.made_by}"), icon=":material/build:", color="gray")
    if view.missing:
        st.caption(panels.plain(f"Missing. {view.missing}."))
    elif view.name == "image" and image:
        st.image(image, width=240)
    elif view.value is None:
        _picture(smiles)
    else:
        panels.text(view.value)


def _picture(smiles: str | None) -> None:
    drawn = depict.depict(smiles, dark=theme.is_dark(), width=240, height=180)
    if drawn.svg is None:
        st.caption(panels.plain(drawn.problem or "No drawing"))
    else:
        st.image(drawn.svg, width=240, alt="The molecule as an image")
