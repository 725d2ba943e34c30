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


def enforce_contrast() -> None:
    """Lifts what Streamlit draws below 4.5:1: small print, and primary buttons in the dark theme.

    Captions are text at 60 % opacity (4.4:1 on white); the light accent of the dark theme carries
    white labels at 2.1:1.
    """
    rules = "[data-testid='stCaptionContainer']{opacity:.8 !important}"
    if is_dark():
        label = theme.palette(True).background
        rules += (
            "[data-testid='stBaseButton-primary'],[data-testid='stBaseButton-primary'] *"
            f"{{color:{label} !important}}"
        )
    st.html(f"<style>{rules}</style>")
