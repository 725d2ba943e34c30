"""The search box, its hits, and molecules to begin with."""

from __future__ import annotations

import streamlit as st

from chebimm_core.domain.report import MoleculeHit
from chebimm_core.errors import ChebiMMError
from chebimm_core.services import dataset as datasets
from chebimm_core.services import molecule as service
from chebimm_core.settings import Settings
from pages.ui import cached, molecule_cards, panels, pickers
from pages.views.molecule import forms, nearest

_BOX = "molecule-query"
_MAX_HITS = 20
_N_EXAMPLES = 8
_WHY = {
    "CID": "CID",
    "InChIKey": "InChIKey",
    "structure": "this structure",
    "same connectivity": "same atoms and bonds, other stereo or isotopes",
    "name": "IUPAC name",
    "part of the name": "words of the IUPAC name",
    "caption": "words of the caption",
}


def box() -> str:
    """The search box; what is typed stands in the address as ``q``."""
    st.session_state[_BOX] = st.query_params.get("q", "")
    st.text_input(
        "Search by name, CID, SMILES, InChI or InChIKey",
        key=_BOX,
        type="search",
        placeholder="ethanol · 702 · CCO · InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
        max_chars=4_000,
        on_change=_searched,
    )
    return str(st.session_state[_BOX]).strip()


def _searched() -> None:
    text = str(st.session_state[_BOX]).strip()
    pickers.set_query(q=text or None, cid=None, run=None)


def results(query: str) -> None:
    """Hits of a query; each opens on a click."""
    try:
        hits = cached.read(service.find, query, limit=_MAX_HITS)
    except ChebiMMError as error:
        panels.problem(error)
        return
    if not hits:
        panels.empty(
            "Nothing fits this search.",
            "Words are looked for in IUPAC names and in the first words of captions. A SMILES must "
            "be valid as a whole: check brackets and ring digits.",
        )
        examples()
        return
    known = [h for h in hits if h.dataset is not None]
    outside = next((h for h in hits if h.dataset is None), None)
    if outside is not None and outside.canonical_smiles is not None:
        _outside(outside.canonical_smiles)
    if known:
        many = f"The first {len(known)}" if len(known) >= _MAX_HITS else f"{len(known)}"
        st.caption(f"{many} molecule{'s' if len(known) > 1 else ''} found, best match first.")
        with st.container(horizontal=True, gap="small", key="hits"):
            for position, hit in enumerate(known):
                _hit(hit, position)


def _hit(hit: MoleculeHit, position: int) -> None:
    with st.container(border=True, width=214):
        molecule_cards.drawing(hit.canonical_smiles)
        st.markdown(panels.plain(_cut(hit.name or f"CID {hit.cid}")))
        st.caption(panels.plain(f"{hit.dataset} {hit.split} · {_WHY.get(hit.match, hit.match)}"))
        st.button(
            "Open",
            key=f"open-{position}",
            on_click=pickers.set_query,
            kwargs={"dataset": hit.dataset, "cid": hit.cid},
        )


def _outside(smiles: str) -> None:
    names = [h.name for h in cached.read(datasets.list_datasets)]
    st.info(
        "This is a valid structure, but no data set here holds it, so no run has answered it.",
        icon=":material/info:",
    )
    asked = st.query_params.get("dataset")
    compared = asked if asked in names else next(iter(names), None)
    report = cached.read(
        service.inspect_structure, smiles, compared, spinner="Comparing with training molecules"
    )
    left, right = st.columns([1, 1], gap="large")
    with left:
        forms.drawing(report.canonical_smiles, cid="structure")
    with right:
        nearest.show(report.nearest, report.no_nearest, dataset=compared or "")
    with st.expander("Its modalities"):
        forms.table(report.modalities, report.canonical_smiles)


def dataset_of(cid: str) -> str | None:
    """The data set of the address, else the first that holds the molecule."""
    asked = st.query_params.get("dataset")
    names = [h.name for h in cached.read(datasets.list_datasets)]
    if asked in names:
        return str(asked)
    if asked:
        st.caption(panels.plain(f"The link asks for data set “{asked[:60]}”, which is not here."))
    hits = cached.read(service.find, cid[:200], limit=1)
    found = next((h.dataset for h in hits if h.cid == cid), None)
    if found is None:
        panels.empty(
            "No data set here holds this molecule.",
            "Import the data set it comes from, or search for another molecule.",
        )
        examples()
    return found


def examples() -> None:
    """Molecules to begin with, so that the page is never empty."""
    names = [h.name for h in cached.read(datasets.list_datasets)]
    if not names:
        panels.empty(
            "There is no data set yet.",
            "Build the demo corpus, or import ChEBI-20-MM on the Dataset page.",
            command="python -m chebimm_core demo build",
        )
        return
    asked = st.query_params.get("dataset")
    name = str(asked) if asked in names else names[0]
    st.markdown("**Or begin with one of these**, from the test split.")
    chosen = cached.read(_some, name, on=f"dataset:{name}")
    molecule_cards.row(
        [molecule_cards.Card(cid=c) for c in chosen], dataset_name=name, key="examples"
    )


def _some(settings: Settings, name: str) -> tuple[str, ...]:
    """Readable molecules of middling size, spread over the test split (or all, if it is empty)."""
    columns = ["split", "canonical_smiles", "caption"]
    table = datasets.molecules(settings, name, columns)
    test = table[table["split"] == "test"]
    table = (test if len(test) else table).dropna(subset=["canonical_smiles"])
    length = table["canonical_smiles"].str.len()
    middling = table[length.between(15, 60)]
    pool = middling if len(middling) >= _N_EXAMPLES else table
    step = max(1, len(pool) // _N_EXAMPLES)
    return tuple(pool["cid"].iloc[::step].head(_N_EXAMPLES))


def _cut(text: str) -> str:
    return text if len(text) <= 70 else text[:69] + "…"
