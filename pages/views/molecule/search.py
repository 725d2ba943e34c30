"""The search box, its hits, and molecules to begin with."""

from __future__ import annotations

import streamlit as st

from chebimm_core.domain.report import MoleculeHit
from chebimm_core.errors import ChebiMMError
from chebimm_core.services import dataset as datasets
from chebimm_core.services import molecule as service
from chebimm_core.settings import Settings
from pages.ui import cached, molecule_cards, panels, pickers
from pages.views.molecule import forms, nearest, structure, trial

_BOX = "molecule-query"
_READ = "read"
"""Query parameter: ``name`` asks to read the query as a systematic name."""
_BOXES = {
    "find": (
        "Search by name, words of the caption, CID, SMILES, SELFIES, InChI or InChIKey",
        "ethanol · 702 · CCO · InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
    ),
    "similar": ("A SMILES: what is similar to it?", "CC(=O)Oc1ccccc1C(=O)O"),
    "contains": ("A SMARTS or SMILES: what contains it?", "[OX2H]c1ccccc1 · c1ccc2[nH]ccc2c1"),
}
"""How to search -> what the box asks for, and an example."""
_WRITTEN = ("SMILES", "InChI", "SELFIES", "IUPAC", "caption")
"""Modalities a model can be given as they are shown."""
_MAX_HITS = 20
_N_EXAMPLES = 8
_WHY = {
    "CID": "CID",
    "InChIKey": "InChIKey",
    "structure": "this structure",
    "same connectivity": "same skeleton; other stereo, isotopes or protonation",
    "name": "IUPAC name",
    "part of the name": "words of the IUPAC name",
    "caption": "words of the caption",
}


def box() -> str:
    """The search box; what is typed stands in the address as ``q``, what is meant as ``how``."""
    if not st.query_params.get("cid"):
        pickers.choice(
            "how",
            "Search by",
            structure.MODES,
            shown=lambda mode: structure.TITLES[mode],
            kind="segments",
        )
    st.session_state[_BOX] = st.query_params.get("q", "")
    label, example = _BOXES.get(st.query_params.get("how", ""), _BOXES["find"])
    st.text_input(
        label,
        key=_BOX,
        type="search",
        placeholder=example,
        max_chars=4_000,
        on_change=_searched,
    )
    query = str(st.session_state[_BOX]).strip()
    if not st.query_params.get("cid"):
        structure.board(query)
    return query


def _searched() -> None:
    text = str(st.session_state[_BOX]).strip()
    pickers.set_query(q=text or None, cid=None, run=None, all=None, **{_READ: None})


def results(query: str) -> None:
    """Hits of a query; each opens on a click."""
    mode = st.query_params.get("how", "find")
    if mode in structure.MODES and mode != "find":
        structure.results(mode, query)
        return
    try:
        hits = cached.read(service.find, query, limit=_MAX_HITS)
    except ChebiMMError as error:
        panels.problem(error)
        return
    broken = service.why_no_structure(query) is not None
    if not broken and service.may_be_name(query) and not any(h.match == "name" for h in hits):
        _by_rule(query)
    if not hits:
        if not st.query_params.get(_READ):
            _nothing(query)
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


def _nothing(query: str) -> None:
    why = service.why_no_structure(query)
    if why is None:
        do = "Words are looked for in IUPAC names and in captions; not every synonym is there."
    else:
        do = (
            f"It looks like a SMILES, but RDKit rejects it: {panels.plain(why)}. Check brackets, "
            "ring digits and valences."
        )
    panels.empty("Nothing fits this search.", do)
    examples()


def _by_rule(name: str) -> None:
    """Offers to read a name by rule; what is read stands in the address, so that a link works."""
    if not st.query_params.get(_READ):
        st.button(
            "Read as a systematic name (OPSIN)",
            icon=":material/translate:",
            on_click=pickers.set_query,
            kwargs={_READ: "name"},
            help="Turns the name into a structure by the rules of nomenclature and looks for that.",
        )
        return
    with st.container(border=True):
        try:
            smiles = cached.read(service.read_name, name, spinner="Reading the name (a second)")
        except ChebiMMError as error:
            panels.problem(error)
            return
        if smiles is None:
            st.markdown(
                "OPSIN cannot read this name: it knows systematic names, and few trivial ones."
            )
            return
        st.markdown("**By the rules of nomenclature (OPSIN) this name is**")
        panels.text(smiles)
        same = [h for h in cached.read(service.find, smiles, limit=4) if h.dataset is not None]
        if same:
            with st.container(horizontal=True, gap="small", key="hits-by-rule"):
                for position, hit in enumerate(same):
                    _hit(hit, position, key="rule")
        else:
            _outside(smiles)


def _hit(hit: MoleculeHit, position: int, *, key: str = "open") -> None:
    with st.container(border=True, width=214):
        molecule_cards.drawing(hit.canonical_smiles)
        st.markdown(panels.plain(_cut(hit.name or f"CID {hit.cid}")))
        st.caption(panels.plain(f"{hit.dataset} {hit.split} · {_WHY.get(hit.match, hit.match)}"))
        st.button(
            "Open",
            key=f"{key}-{position}",
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
    nearest.exposure(report.canonical_smiles, dataset=compared or "", cid=None)
    st.subheader("Try a model on this")
    with panels.guard():
        trial.show(
            {v.name: v.value for v in report.modalities if v.value and v.name in _WRITTEN},
            dataset=compared,
        )
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
        [molecule_cards.Card(cid=c, headline=panels.plain(title)) for c, title in chosen],
        dataset_name=name,
        key="examples",
    )


def _some(settings: Settings, name: str) -> tuple[tuple[str, str], ...]:
    """(cid, name cut short) of readable molecules of middling size, spread over the test split.

    Over all splits where the test split is empty.
    """
    columns = ["split", "canonical_smiles", "IUPAC"]
    table = datasets.molecules(settings, name, columns)
    test = table[table["split"] == "test"]
    table = (test if len(test) else table).dropna(subset=["canonical_smiles"])
    length = table["canonical_smiles"].str.len()
    middling = table[length.between(15, 60)]
    pool = middling if len(middling) >= _N_EXAMPLES else table
    step = max(1, len(pool) // _N_EXAMPLES)
    chosen = pool.iloc[::step].head(_N_EXAMPLES)
    names = chosen["IUPAC"].fillna("").map(lambda text: _cut(str(text), 44))
    return tuple(zip(chosen["cid"], names, strict=True))


def _cut(text: str, most: int = 70) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
