"""ChEBI-MM dashboard. Start it with ``make app`` or ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st

ICON = str(Path(__file__).parent / "static" / "icon.png")


def draw() -> None:
    """One run of the page the address names."""
    from pages.ui import navigation, theme

    st.set_page_config(page_title="ChEBI-MM", page_icon=ICON, layout="wide")
    st.logo(ICON, size="large")
    theme.enforce_contrast()
    page = st.navigation(navigation.menu(), expanded=True)
    page.run()


if __name__ == "app":
    # The server imports this file once before it runs it. A folder named pages/ would make the very
    # first visit look for its pages there and greet a deep link with "Page not found".
    from streamlit.runtime.pages_manager import PagesManager

    PagesManager.uses_pages_directory = False
    app = st.App(__file__)
else:
    draw()
