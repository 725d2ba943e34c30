"""Dataset: what a model is fed, how diverse its chemistry is, and whether the splits leak."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from chebimm_core.services import dataset, store_health
from pages.ui import cached, panels, pickers
from pages.views.dataset import bring, table

_SECTIONS = {
    "suitability": "Model input",
    "diversity": "Chemical space",
    "leakage": "Split leakage",
    "quality": "Quality report",
    "bring": "Import and delete",
    "table": "Import a table",
}
"""Module of this package -> what its button says."""


def render() -> None:
    st.title("Dataset")
    for name, why in cached.read(store_health.damaged_datasets).items():
        with st.container(border=True):
            st.error("A data set of the store cannot be opened.", icon=":material/broken_image:")
            panels.text(f"{name}\n{why}")
    if not cached.read(dataset.list_datasets):
        panels.empty(
            "There is no data set yet.",
            "Import a folder of ChEBI-20-MM files or fetch it from its hub, below; or build the "
            "synthetic demo corpus.",
            command="python -m chebimm_core demo build",
        )
        with panels.guard():
            bring.show()
            table.show()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        header = pickers.pick_dataset()
        if header is None:
            return
        split = pickers.pick_split(header)
    n = sum(header.splits.values())
    st.caption(
        panels.plain(
            f"{n:,} molecules · {header.source} · license: {header.license} · {header.citation} · "
            f"content {header.content_hash[:12]}"
        )
    )
    section = pickers.choice(
        "view", "View", tuple(_SECTIONS), shown=_SECTIONS.__getitem__, kind="segments"
    )
    with panels.guard():
        # Imported on use, as the pages are: a section that fails leaves the others standing.
        import_module(f"pages.views.dataset.{section}").show(header, split)
