"""One molecule: all eight forms of it, and what every run made of it."""

from __future__ import annotations

import streamlit as st

from chebimm_core.domain.report import MoleculeReport
from chebimm_core.errors import ChebiMMError
from chebimm_core.services import molecule as service
from pages.ui import at_work, cached, panels, pickers
from pages.views.molecule import attribution, forms, nearest, outputs, search, trial

_NAME = 160
"""Characters of a name that a heading has room for."""


def render() -> None:
    st.title("Molecule")
    at_work.follow()
    with panels.guard():
        asked = st.query_params.get("cid")
        query = search.box()
        if asked:
            _molecule(asked)
        elif query:
            search.results(query)
        else:
            search.examples()


def _molecule(cid: str) -> None:
    dataset = search.dataset_of(cid)
    if dataset is None:
        return
    try:
        report = cached.read(
            service.inspect, dataset, cid, spinner="Gathering what is known of this molecule"
        )
    except ChebiMMError as error:
        panels.problem(error)
        search.examples()
        return
    _heading(report)
    left, right = st.columns([1, 1], gap="large")
    with left, panels.guard():
        forms.drawing(report.record.canonical_smiles or report.record.texts.get("SMILES"), cid=cid)
    with right, panels.guard():
        nearest.show(report.nearest, report.no_nearest, dataset=dataset)
    record = report.record
    with panels.guard():
        nearest.exposure(record.canonical_smiles, dataset=dataset, cid=record.cid)
    st.header("What the runs gave")
    with panels.guard():
        outputs.show(report)
    st.header("What an answer hangs on")
    with panels.guard():
        attribution.show(report)
    st.header("Try a model on this")
    with panels.guard():
        trial.show(_texts(report), dataset=dataset)
    st.header("Eight modalities")
    with panels.guard():
        forms.table(report.modalities, record.canonical_smiles, image=record.image)


def _texts(report: MoleculeReport) -> dict[str, str]:
    """What a model can be given of the molecule."""
    found = dict(report.record.texts)
    if report.record.canonical_smiles:
        found["SMILES"] = found.get("SMILES") or report.record.canonical_smiles
    return found


def _export(report: MoleculeReport) -> None:
    """Everything on the page as JSON, and the structure as a place to search from."""
    smiles = report.record.canonical_smiles
    with st.container(horizontal=True, gap="small"):
        if smiles:
            for how, label, icon in (
                ("similar", "Similar molecules", ":material/join_inner:"),
                ("contains", "Molecules that contain it", ":material/account_tree:"),
            ):
                st.button(
                    label, key=f"search-{how}", icon=icon, on_click=pickers.set_query,
                    kwargs={"how": how, "q": smiles, "cid": None, "run": None},
                )  # fmt: skip
        st.download_button(
            "JSON", lambda: service.as_json(report),
            file_name=f"molecule-{report.record.cid}.json", mime="application/json",
            key="molecule-json", on_click="ignore", icon=":material/download:",
            help="The molecule, its modalities and every run's output with its scores.",
        )  # fmt: skip


def _heading(report: MoleculeReport) -> None:
    record = report.record
    if st.query_params.get("q"):
        st.button(
            "Back to the results",
            icon=":material/arrow_back:",
            on_click=lambda: pickers.set_query(cid=None),
        )
    name = record.texts.get("IUPAC") or f"Molecule {record.cid}"
    # The whole name stands among the modalities below.
    st.subheader(panels.plain(name if len(name) <= _NAME else name[: _NAME - 1] + "…"))
    with st.container(horizontal=True, gap="small"):
        st.badge(panels.plain(f"CID {record.cid}"), color="gray")
        st.badge(panels.plain(report.header.title), icon=":material/database:")
        st.badge(panels.plain(f"{record.split} split"), color="violet")
        panels.synthetic_badge(report.header)
        if record.inchikey:
            st.badge(panels.plain(record.inchikey), color="gray")
    _export(report)
    if record.problem:
        st.warning(
            panels.plain(f"RDKit does not accept this structure: {record.problem}"),
            icon=":material/warning:",
        )
