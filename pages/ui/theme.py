"""Which of the two themes the reader has chosen."""

from __future__ import annotations

import streamlit as st

from chebimm_core.figures import theme


def is_dark() -> bool:
    """True if the browser shows the dark theme; light where that is not known."""
    return st.context.theme.type == "dark"


def colors() -> theme.Palette:
    """Colors of the theme in use."""
    return theme.palette(is_dark())
