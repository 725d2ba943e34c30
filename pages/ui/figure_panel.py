"""A figure with its reading, its table and its downloads."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.ui import panels


def show(
    figure: go.Figure,
    *,
    key: str,
    reading: str,
    table: pd.DataFrame,
    alt: str,
    file_name: str,
    on_select: Callable[[], None] | None = None,
    note: str = "",
) -> None:
    """Draws a figure with everything a reader may want of it.

    The camera in the chart's own bar saves SVG; below are CSV and a web page that works offline.

    Args:
        figure: Drawn with its own template; Streamlit's theme is not laid over it.
        key: Unique on the page.
        reading: What you see, one sentence (trusted text).
        table: The same numbers, for readers who do not use the chart.
        alt: What a screen reader says instead of the figure.
        file_name: Without ending.
        on_select: Called when a point is clicked (see :mod:`pages.ui.charts_events`).
        note: Signature, n, source; small print under the reading (trusted text).
    """
    panels.reading(reading)
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        alt=alt,
        on_select=on_select if on_select is not None else "ignore",
        selection_mode="points",
        config={
            "displaylogo": False,
            "scrollZoom": False,
            "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"],
            "toImageButtonOptions": {"format": "svg", "filename": file_name},
        },
    )
    if note:
        st.caption(note)
    with st.expander("Table and downloads", icon=":material/table:"):
        st.dataframe(table, key=f"{key}-table", hide_index=True)
        with st.container(horizontal=True):
            downloads(table, key=key, file_name=file_name)
            st.download_button(
                "Web page (HTML)",
                lambda: figure.to_html(include_plotlyjs=True),
                file_name=f"{file_name}.html",
                mime="text/html",
                key=f"{key}-html",
                on_click="ignore",
                help="Interactive and self-contained. For a picture (SVG) use the camera in the "
                "chart's bar.",
            )


def downloads(table: pd.DataFrame, *, key: str, file_name: str) -> None:
    """A CSV download of a table."""
    st.download_button(
        "CSV",
        lambda: table.to_csv(index=False),
        file_name=f"{file_name}.csv",
        mime="text/csv",
        key=f"{key}-csv",
        on_click="ignore",
    )
