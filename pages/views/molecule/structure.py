"""Search by structure: what is similar, what contains a pattern, and a board to draw on."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from chebimm_core.domain.structure_hits import (
    SimilarMolecules,
    StructureHit,
    SubstructureMatches,
)
from chebimm_core.errors import ChebiMMError, StoreError
from chebimm_core.figures import depict
from chebimm_core.services import structure_search as service
from chebimm_core.settings import Settings
from pages.ui import cached, figure_panel, job_panel, panels, pickers, theme

MODES = ("find", "similar", "contains")
TITLES = {
    "find": "Name or structure",
    "similar": "Similarity",
    "contains": "Substructure",
}
_SHOWN = ("12", "24", "48", "96")
_CARD, _CARD_HEIGHT = 182, 136
_COUNT_S = 20.0
"""Time to count all where the reader asks for it."""
_BOARD_HEIGHT = 480


def results(mode: str, query: str) -> None:
    """Molecules of one data set; each opens on a click."""
    header = pickers.pick_dataset()
    if header is None:
        return
    try:
        if not _index(header.name):
            return
        if mode == "similar":
            _similar(header.name, query)
        else:
            _contains(header.name, query)
    except StoreError as error:
        panels.problem(error)
        st.button("Make the search index again", on_click=_make, args=(header.name,))
    except ChebiMMError as error:
        panels.problem(error)


def _similar(dataset: str, query: str) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        cut = pickers.number(
            "cut",
            "Similarity of at least",
            low=0.0,
            high=1.0,
            default=0.4,
            step=0.05,
            help="Tanimoto coefficient of Morgan fingerprints, radius 2, 2,048 bits.",
        )
    with right:
        limit = _how_many()
    found = cached.read(service.similar, dataset, query, cutoff=cut, limit=limit)
    _said_of_similar(found, cut)
    _cards(found.hits, dataset)


def _said_of_similar(found: SimilarMolecules, cut: float) -> None:
    if not found.hits:
        panels.empty(
            f"None of {found.n_compared:,} molecules has a similarity of {cut:.2f} or more.",
            "Lower the similarity above.",
        )
        return
    shown = f", the nearest {len(found.hits)} shown" if found.n_above > len(found.hits) else ""
    panels.reading(
        f"{_molecules(found.n_above)} of {found.n_compared:,}, of all splits, with a similarity of "
        f"{cut:.2f} or more{shown}. 1.00 is the same environments throughout, not always the same "
        "molecule: stereo does not count."
    )


def _contains(dataset: str, query: str) -> None:
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        smarts = pickers.switch(
            "as",
            "Read as SMARTS",
            "smarts",
            help="Text that is valid as both is read as a SMILES, in which hydrogens and stereo "
            "are free and c and C agree. [OH] demands its hydrogen either way.",
        )
    with right:
        limit = _how_many()
    everything = st.query_params.get("all") == "1"
    found = cached.read(
        _matches,
        dataset,
        query,
        smarts=smarts,
        limit=limit,
        budget_s=_COUNT_S if everything else service.BUDGET_S,
        on=f"dataset:{dataset}",
        spinner="Matching. The first search reads all structures into memory: a few seconds, once",
    )
    _said_of_matches(found)
    if not found.exact and not found.stopped and not everything:
        st.button(
            "Count all",
            icon=":material/tag:",
            on_click=pickers.set_query,
            kwargs={"all": "1"},
            help="Goes through every molecule; takes a second or a few.",
        )
    _cards(found.hits, dataset)


def _matches(
    settings: Settings, dataset: str, query: str, *, smarts: bool, limit: int, budget_s: float
) -> SubstructureMatches:
    process = cached.read(service.matcher, dataset, on=f"dataset:{dataset}")
    return service.substructure(
        settings,
        dataset,
        query,
        process=process,
        smarts=smarts,
        limit=limit,
        budget_s=budget_s,
        timeout_s=service.TIMEOUT_S,
    )


def _said_of_matches(found: SubstructureMatches) -> None:
    if found.stopped:
        st.warning(
            "The search was cut: matching this pattern to a single molecule took too long. What "
            "was found before that is shown. A pattern with fewer atoms of any kind is quicker.",
            icon=":material/timer_off:",
        )
    if not found.hits and found.exact:
        panels.empty(
            f"None of {found.n_searched:,} molecules contains this pattern.",
            f"It was read as {found.read_as}. A smaller pattern fits more molecules; in SMARTS, "
            "c is aromatic, C is not, and #6 is either.",
        )
        return
    if not found.hits:
        panels.empty(
            "No molecule was found in the time there was.",
            f"Read as {found.read_as}. Not all of {found.n_searched:,} molecules were looked at.",
        )
        return
    many = _molecules(found.n_found)
    shown = f", the {len(found.hits)} smallest shown" if found.n_found > len(found.hits) else ""
    panels.reading(
        f"{many if found.exact else f'At least {many}'} of {found.n_searched:,}, of all splits, "
        f"{'contains' if found.n_found == 1 and found.exact else 'contain'} the pattern{shown}. "
        f"It was read as {found.read_as}; what matches first is marked."
    )


def _molecules(n: int) -> str:
    return f"{n:,} molecule{'' if n == 1 else 's'}"


def _how_many() -> int:
    return int(pickers.choice("n", "Shown at most", _SHOWN, default="24", kind="segments"))


def _cards(hits: Sequence[StructureHit], dataset: str) -> None:
    if not hits:
        return
    with st.container(horizontal=True, gap="small", key="structure-hits"):
        for position, hit in enumerate(hits):
            with st.container(border=True, width=214):
                _card(hit, dataset, position)
    table = pd.DataFrame(
        {
            "cid": [h.cid for h in hits],
            "similarity": [h.similarity for h in hits],
            "split": [h.split for h in hits],
            "name": [h.name for h in hits],
            "SMILES": [h.canonical_smiles for h in hits],
        }
    ).dropna(axis="columns", how="all")
    with st.expander("Table of these molecules", icon=":material/table:"):
        st.dataframe(table, hide_index=True, key="structure-table")
        figure_panel.downloads(table, key="structure", file_name=f"{dataset}-structures")


def _card(hit: StructureHit, dataset: str, position: int) -> None:
    molecule, problem = depict.read(hit.canonical_smiles)
    if molecule is None:
        st.caption(panels.plain(problem or "No drawing"))
    else:
        svg = depict.draw(
            molecule,
            dark=theme.is_dark(),
            width=_CARD,
            height=_CARD_HEIGHT,
            atoms=hit.atoms,
            bonds=depict.bonds_within(molecule, hit.atoms),
        )
        st.image(svg, width=_CARD, alt=f"Structure of molecule {hit.cid}")
    name = hit.name or f"CID {hit.cid}"
    st.markdown(panels.plain(name if len(name) <= 70 else name[:69] + "…"))
    if hit.similarity is not None:
        st.markdown(f"Similarity **{hit.similarity:.2f}**")
    st.caption(panels.plain(f"CID {hit.cid} · {hit.split}" if hit.name else hit.split))
    st.button(
        "Open",
        key=f"structure-open-{position}",
        on_click=pickers.set_query,
        kwargs={"dataset": dataset, "cid": hit.cid},
    )


def _index(dataset: str) -> bool:
    """Whether the index is there; if not, it is being made, and the page shows how far it is."""
    key = _job(dataset)
    job = job_panel.watch(key)
    if job is not None and not job.over:
        return False
    if job is not None and job.state == "done":
        job_panel.dismiss(key)
    elif job is not None:
        job_panel.outcome(key, job)
        return False
    try:
        cached.read(_built, dataset, on=f"dataset:{dataset}")
    except StoreError:
        if job is not None:
            raise  # it was made a moment ago, and yet is not whole
        _make(dataset)
        job_panel.watch(key)
        return False
    return True


def _built(settings: Settings, dataset: str) -> bool:
    if not service.is_built(settings, dataset):
        raise StoreError("The search index is not whole", value=dataset, do="Make it again")
    return True


def _make(dataset: str) -> None:
    cached.jobs().start(
        _job(dataset),
        "Preparing the structure search, once for this version of the data set",
        service.build,
        cached.settings(),
        dataset,
    )


def _job(dataset: str) -> str:
    return f"structures-{dataset}"


def board(query: str) -> None:
    """A board to draw a structure on, opened by a switch; its code is loaded only then."""
    if not pickers.switch("draw", "Draw a structure", "1"):
        return
    with st.container(border=True):
        try:
            from streamlit_ketcher import st_ketcher
        except ImportError:
            panels.empty(
                "The drawing board is not installed.",
                "Everything else works without it: type a SMILES instead.",
                command="pip install streamlit-ketcher==0.0.1",
            )
            return
        st.caption("Draw, then press **Apply** below the board. It needs a wide screen.")
        drawn = st_ketcher(_known(query), height=_BOARD_HEIGHT, key="board")
        if drawn:
            _use(str(drawn))


def _known(query: str) -> str:
    """The query as a structure to begin with; nothing if it is none."""
    try:
        return service.canonical(query)
    except ChebiMMError:
        return ""


def _use(drawn: str) -> None:
    try:
        smiles = service.canonical(drawn)
    except ChebiMMError as error:
        panels.problem(error)
        return
    st.caption("On the board")
    panels.text(smiles)
    with st.container(horizontal=True, gap="small"):
        for mode, label in (
            ("find", "Find this molecule"),
            ("similar", "Find similar ones"),
            ("contains", "Find what contains it"),
        ):
            st.button(
                label,
                key=f"use-{mode}",
                on_click=pickers.set_query,
                kwargs={
                    "how": mode,
                    "q": smiles,
                    "cid": None,
                    "run": None,
                    "read": None,
                    "as": None,
                    "all": None,
                    "draw": None,
                },
            )
