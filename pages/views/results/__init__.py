"""Results: runs, rankings, comparisons, and prediction files coming in."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from pages.ui import panels, pickers
from pages.views.results import detail

_SECTIONS = {
    "runs": "Runs",
    "leaderboard": "Leaderboard",
    "compare": "Compare",
    "load": "Load a file",
    "public": "Public runs",
}
"""Module of this package -> what its button says."""


def render() -> None:
    run_id = st.query_params.get("run")
    if run_id:
        detail.show(run_id)
        return
    st.title("Results")
    section = pickers.choice(
        "view", "View", tuple(_SECTIONS), shown=_SECTIONS.__getitem__, kind="segments"
    )
    with panels.guard():
        # Imported on use, as the pages are: a section that fails leaves the others standing.
        import_module(f"pages.views.results.{section}").show()
