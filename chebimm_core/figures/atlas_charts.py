"""The models of the field as a timeline, and how many there are of each kind (paper, Figure 1)."""

from __future__ import annotations

import html
from collections.abc import Hashable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from chebimm_core.domain.atlas import ARCHITECTURES, PAIRINGS
from chebimm_core.figures import theme

_SYMBOLS: Final = dict(
    zip(
        PAIRINGS,
        ("circle", "square", "triangle-up", "star", "diamond", "hexagon", "triangle-down"),
        strict=True,
    )
)
_ABREAST = 2
"""Marks side by side within a year; further ones are stacked above."""
_STEP = 0.38
"""Years between marks side by side."""
_ROW_PX = 15
_LANE_PX = 34


def timeline(frame: pd.DataFrame, *, dark: bool = False, selected: str | None = None) -> go.Figure:
    """Years against architectures, one mark a model.

    What goes in and out is told by shape and color together; a filled mark has weights to download,
    a hollow one none that we know of. ``customdata`` of a mark is the model's name.

    Args:
        frame: Columns of :func:`chebimm_core.services.atlas.table`; at least one row.
        dark: Theme.
        selected: Name of a model to ring.
    """
    p = theme.palette(dark)
    placed, lanes, height = _placed(frame)
    figure = go.Figure()
    for k, pairing in enumerate(PAIRINGS):
        part = placed[placed["pairing"] == pairing]
        if part.empty:
            continue
        symbols = [
            _SYMBOLS[pairing] + ("" if weights == "open" else "-open")
            for weights in part["weights"]
        ]
        figure.add_trace(
            go.Scatter(
                x=part["x"],
                y=part["y"],
                mode="markers",
                name=pairing,
                marker={
                    "symbol": symbols,
                    "size": 9,
                    "color": p.categorical[k],
                    "line": {"width": 1.6, "color": p.categorical[k]},
                },
                customdata=part[["name"]],
                text=[_hover(row) for row in part.to_dict("records")],
                hovertemplate="%{text}<extra></extra>",
                # Clicking must not fade the rest of the field.
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
            )
        )
    ring = placed[placed["name"] == selected]
    if not ring.empty:
        figure.add_trace(
            go.Scatter(
                x=ring["x"],
                y=ring["y"],
                mode="markers",
                marker={
                    "symbol": "circle-open",
                    "size": 20,
                    "color": p.mark,
                    "line": {"width": 2.5},
                },
                hoverinfo="skip",
                showlegend=False,
            )
        )
    for base in list(lanes.values())[1:]:
        figure.add_hline(y=base - 0.5, line_color=p.line, line_width=1)
    for name, base in lanes.items():
        figure.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=base + height[name] - 0.25,
            text=f"<b>{name}</b>",
            showarrow=False,
            bgcolor=p.background,
            opacity=0.9,
            font={"color": p.text, "size": 13},
        )
    years = range(int(frame["year"].min()), int(frame["year"].max()) + 1)
    height_px = _ROW_PX * sum(height.values()) + _LANE_PX * len(lanes) + 90
    figure.update_layout(
        template=theme.template(dark),
        height=height_px,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="closest",
        clickmode="event+select",
        xaxis={
            "tickvals": list(years),
            "ticktext": [str(y) if len(years) < 8 else f"’{y % 100:02d}" for y in years],
            "tickangle": 0,
            "range": [years[0] - 0.6, years[-1] + 0.6],
            "fixedrange": True,
        },
        yaxis={
            "visible": False,
            "range": [-0.8, max(b + height[n] for n, b in lanes.items()) + 0.4],
            "fixedrange": True,
        },
        legend={"orientation": "h", "y": -28 / (height_px - 90), "yanchor": "top"},
    )
    return figure


def grid(
    frame: pd.DataFrame, *, dark: bool = False, selected: tuple[int, int] | None = None
) -> go.Figure:
    """Tasks against kinds of model; each cell says its number, none where there is no model.

    Args:
        frame: As :func:`chebimm_core.services.atlas.counts` gives it.
        dark: Theme.
        selected: (row, column) of the cell to frame.
    """
    p = theme.palette(dark)
    kinds = kinds_of(frame)
    values = frame[kinds].to_numpy(dtype=float)
    top = max(1.0, float(values.max()))
    rows, columns = values.shape
    figure = go.Figure(
        go.Heatmap(
            z=np.where(values > 0, values, np.nan),
            x=list(range(columns)),
            y=list(range(rows)),
            zmin=0,
            zmax=top,
            colorscale=theme.scale(dark),
            xgap=2,
            ygap=2,
            hoverinfo="skip",
            showscale=False,
        )
    )
    cells = [(i, j) for i in range(rows) for j in range(columns)]
    figure.add_trace(
        go.Scatter(
            x=[j for _, j in cells],
            y=[i for i, _ in cells],
            mode="text",
            text=[f"{values[i, j]:.0f}" if values[i, j] else "–" for i, j in cells],
            textfont={
                "size": 14,
                "color": [
                    theme.ink_on(values[i, j] / top, dark) if values[i, j] else p.muted
                    for i, j in cells
                ],
            },
            hoverinfo="skip",
            showlegend=False,
        )
    )
    if selected is not None:
        i, j = selected
        figure.add_shape(
            type="rect",
            x0=j - 0.48,
            x1=j + 0.48,
            y0=i - 0.46,
            y1=i + 0.46,
            line={"color": p.mark, "width": 3},
        )
    figure.update_layout(
        template=theme.template(dark),
        height=46 * rows + 70,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={
            "tickvals": list(range(columns)),
            "ticktext": [_wrapped(kind, "-", "-<br>") for kind in kinds],
            "tickangle": 0,
            "side": "top",
            "range": [-0.5, columns - 0.5],
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis={
            "tickvals": list(range(rows)),
            "ticktext": [_wrapped(title, " ", "<br>") for title in frame["title"]],
            "range": [rows - 0.5, -0.5],
            "showgrid": False,
            "fixedrange": True,
        },
    )
    return figure


def grid_hover(frame: pd.DataFrame) -> list[list[str]]:
    """(rows, columns) texts of the cells, for the clickable layer."""
    return [
        [f"<b>{row['title']}</b><br>{kind}: {_models(row[kind])}" for kind in kinds_of(frame)]
        for row in frame.to_dict("records")
    ]


def kinds_of(frame: pd.DataFrame) -> list[str]:
    """The columns of a table of counts that hold numbers."""
    return [c for c in frame.columns if c not in {"task", "title", "goal"}]


def _placed(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, float], dict[str, int]]:
    """Coordinates of the marks, the base of each lane and its rows of marks."""
    placed = frame.copy()
    order = {kind: k for k, kind in enumerate(PAIRINGS)}
    placed["order"] = placed["pairing"].map(order)
    placed = placed.sort_values(["architecture", "year", "order", "name"])
    position = placed.groupby(["architecture", "year"]).cumcount()
    size = placed.groupby(["architecture", "year"])["name"].transform("size")
    in_row = np.minimum(_ABREAST, size - (position // _ABREAST) * _ABREAST)
    placed["x"] = placed["year"] + _STEP * ((position % _ABREAST) - (in_row - 1) / 2)
    row = position // _ABREAST
    lanes: dict[str, float] = {}
    height: dict[str, int] = {}
    base = 0.0
    for architecture in reversed(ARCHITECTURES):
        mask = placed["architecture"] == architecture
        if mask.any():
            lanes[architecture] = base
            height[architecture] = int(row[mask].max()) + 1
            base += height[architecture] + 1.6
    placed["y"] = row + placed["architecture"].map(lanes)
    return placed, lanes, height


def _hover(row: dict[Hashable, Any]) -> str:
    size = row["parameters_millions"]
    lines: Sequence[str] = (
        f"<b>{html.escape(str(row['name']))}</b> ({row['year']})",
        f"{row['modalities_in'] or 'nothing'} → {row['modalities_out']}",
        f"tasks: {row['tasks'] or 'none of the six'}",
        html.escape(str(row["backbone"])),
        f"{parameters(size)} parameters" if pd.notna(size) else "",
        f"weights {row['weights']}" if row["weights"] else "",
    )
    return "<br>".join(line for line in lines if line)


def parameters(millions: float) -> str:
    """``110 M``, ``1.2 B``."""
    return f"{millions:g} M" if millions < 1_000 else f"{millions / 1_000:g} B"


def _models(n: int) -> str:
    return "1 model" if n == 1 else f"{n} models"


def _wrapped(text: str, mark: str, break_: str) -> str:
    """Broken once, at the mark nearest to the middle, so that labels fit a telephone."""
    places = [i for i, sign in enumerate(text) if sign == mark]
    if not places or len(text) < 10:
        return text
    at = min(places, key=lambda i: abs(i - len(text) / 2))
    return text[:at] + break_ + text[at + 1 :]
