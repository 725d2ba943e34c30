"""Which tokens of the input go with which tokens of the output, and how surely."""

from __future__ import annotations

import streamlit as st

from pages.ui import panels, pickers
from pages.views.knowledge_map import compare, of_file, of_run

_VIEWS = {"map": "One map", "compare": "Compare two maps", "file": "From a matrix file"}
_SHOW = {"map": of_run.show, "compare": compare.show, "file": of_file.show}


def render() -> None:
    st.title("Knowledge map")
    st.markdown(
        "Tokens of the input against tokens of the output, counted over molecules. A **specific "
        "pair** stands out from its neighbors by more than T standard deviations; an "
        "**associated** one goes together more than chance. Both are co-occurrence, not yet "
        "mechanism."
    )
    view = pickers.choice(
        "view", "View", tuple(_VIEWS), shown=lambda name: _VIEWS[name], kind="segments"
    )
    with panels.guard():
        _SHOW[view]()
