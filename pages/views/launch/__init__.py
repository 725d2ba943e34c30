"""Launch: from the wish to the result. New runs, what is at work, the grid, models of one's own."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from pages.ui import panels, pickers, run_progress
from pages.views.launch import run

_SECTIONS = {
    "new": "New run",
    "work": "At work",
    "grid": "Grid",
    "sweep": "Sweep",
}
"""Module of this package -> what its button says."""


def render() -> None:
    run_id = st.query_params.get("run")
    if run_id:
        with panels.guard():
            run.show(run_id)
        return
    st.title("Launch")
    section = pickers.choice(
        "view", "View", tuple(_SECTIONS), shown=_SECTIONS.__getitem__, kind="segments"
    )
    run_progress.said()
    with panels.guard():
        # Imported on use, as the pages are: a section that fails leaves the others standing.
        import_module(f"pages.views.launch.{section}").show()
