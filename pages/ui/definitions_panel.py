"""What statistics mean, one sentence each, with the definitions a click away."""

from __future__ import annotations

import streamlit as st

from chebimm_core.services import definitions


def explain(names: tuple[str, ...]) -> None:
    """One sentence for each statistic of that name."""
    with st.expander("What these numbers mean"):
        for name in names:
            st.markdown(f"- **{name}**: {definitions.SENTENCES[name]}")
        with st.popover("Definitions with sources", icon=":material/menu_book:"):
            st.markdown(definitions.document())
