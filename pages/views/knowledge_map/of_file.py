"""The map of a labelled matrix a reader brings."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from chebimm_core.services import knowledge
from pages.ui import panels
from pages.views.knowledge_map import explore


def show() -> None:
    st.markdown(
        "A labelled matrix as CSV: first column source tokens, header target tokens, cells counts. "
        "The given order is kept, because it defines who is whose neighbor."
    )
    uploaded = st.file_uploader("Matrix file", type=["csv"], key="matrix-file")
    if uploaded is None:
        panels.empty(
            "No file yet.",
            "Drop a CSV here, or download the table of a map from the other tab to start from.",
            command="python -m chebimm_core map --matrix FILE.csv --threshold 2.788 --json",
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(uploaded.name).name or "matrix.csv")
        path.write_bytes(uploaded.getvalue())
        built = knowledge.from_matrix_file(path, null="published")
    explore.show(built, key="file")
