"""Clicks in charts: Plotly's heatmap reports none, so invisible squares above it do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st


def clickable(
    figure: go.Figure,
    columns: Sequence[Any],
    rows: Sequence[Any],
    hover: Sequence[Sequence[str]],
) -> go.Figure:
    """Lays a transparent square with its hover text over every cell of a heatmap.

    WebGL markers: at 200 x 200 SVG ones never finish. They must be hoverable, or Plotly reports no
    click either, so the hover text moves here from the heatmap.

    Args:
        figure: Changed in place and returned; its heatmap axes are categories or numbers.
        columns: (m,) x values of the heatmap.
        rows: (n,) y values.
        hover: (n, m) text; it may hold Plotly's ``<b>`` and ``<br>`` but no untrusted markup.
    """
    cells = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
    figure.add_trace(
        go.Scattergl(
            x=[columns[j] for _, j in cells],
            y=[rows[i] for i, _ in cells],
            mode="markers",
            marker={"symbol": "square", "size": 14, "opacity": 0, "color": "#000000"},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            customdata=[[i, j] for i, j in cells],
            text=[hover[i][j] for i, j in cells],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
            name="cells",
        )
    )
    # No distance limit: the nearest center is the cell under the pointer, however large cells are.
    figure.update_layout(hovermode="closest", hoverdistance=-1, clickmode="event+select")
    return figure


def on_click(key: str, handle: Callable[[tuple[Any, ...]], None]) -> Callable[[], None]:
    """Callback for ``st.plotly_chart(on_select=...)``: hands the clicked data to ``handle``.

    A click that only clears the selection does nothing.
    """

    def callback() -> None:
        clicked = first(st.session_state.get(key))
        if clicked is not None:
            handle(clicked)

    return callback


def first(state: Any) -> tuple[Any, ...] | None:
    """``customdata`` of the first selected point of a chart's state; None if there is none."""
    points = ((state or {}).get("selection") or {}).get("points") or []
    for point in points:
        data = point.get("customdata")
        if data is not None:
            # The browser sends arrays as lists, and as index-keyed objects in some versions.
            values = data.values() if isinstance(data, dict) else data
            return tuple(values) if not isinstance(values, str | int | float) else (values,)
    return None


def cell(state: Any) -> tuple[int, int] | None:
    """(row, column) of the selected cell of a ``single-cell`` table; None if there is none."""
    cells = ((state or {}).get("selection") or {}).get("cells") or []
    return (int(cells[0][0]), cells[0][1]) if cells else None


def row(state: Any) -> int | None:
    """Position of the selected row of a ``single-row`` table; None if there is none."""
    rows = ((state or {}).get("selection") or {}).get("rows") or []
    return int(rows[0]) if rows else None
