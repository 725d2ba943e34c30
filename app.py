"""ChEBI-MM dashboard. Start it with ``make app`` or ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st

from pages.ui import navigation

ICON = str(Path(__file__).parent / "static" / "icon.png")

st.set_page_config(page_title="ChEBI-MM", page_icon=ICON, layout="wide")
st.logo(ICON, size="large")
page = st.navigation(navigation.menu(), expanded=True)
page.run()
