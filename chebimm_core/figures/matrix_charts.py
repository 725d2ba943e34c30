"""The transition matrix as a heatmap (paper, Figure 5a)."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from chebimm_core.domain.findings import CellKind, TransitionMatrix
from chebimm_core.figures import theme

_MARKS: Final[dict[CellKind, str]] = {
    "identity": "",
    "measured": "●",
    "tool": "tool",
    "derived": "via",
    "not studied": "n. s.",
    "empty": "–",
}
_COLORED: Final = ("measured", "derived")
MEANING: Final[dict[CellKind, str]] = {
    "identity": "the same modality",
    "measured": "measured by running models",
    "tool": "exact conversion by a tool, 1 by definition",
    "derived": "derived: product along a route",
    "not studied": "not studied: published as 0, no measurement behind it",
    "empty": "no run, and no tool that does it: unknown, not zero",
}


def heatmap(
    matrix: TransitionMatrix, *, dark: bool = False, selected: tuple[int, int] | None = None
) -> go.Figure:
    """The k x k matrix; rows are from, columns are to.

    Kinds differ by mark and outline, not by color alone: measured ``●`` bold, derived ``via``
    italic in a dotted frame, tools grey and labelled, not studied hatched. Only measured and
    derived cells are colored, so that the ones of the tools do not drown what was learned.

    Args:
        matrix: What to draw.
        dark: Theme.
        selected: (row, column) of the cell to frame.
    """
    p = theme.palette(dark)
    k = len(matrix.modalities)
    kinds = np.array(matrix.kinds, dtype=object)
    colored = np.where(np.isin(kinds, _COLORED), matrix.values, np.nan)
    figure = go.Figure(
        go.Heatmap(
            z=colored,
            x=list(range(k)),
            y=list(range(k)),
            zmin=0,
            zmax=1,
            colorscale=theme.scale(dark),
            xgap=2,
            ygap=2,
            hoverinfo="skip",
            showscale=False,  # every cell says its number
        )
    )
    _texts(figure, matrix, dark=dark)
    _frames(figure, matrix, kinds, dark=dark)
    _legend(figure, kinds, p)
    if selected is not None:
        row, column = selected
        figure.add_shape(_box(row, column, 0.49), line={"color": p.mark, "width": 3})
    axis = {
        "tickvals": list(range(k)),
        "ticktext": list(matrix.modalities),
        "showgrid": False,
        "range": [-0.5, k - 0.5],
        "fixedrange": True,
    }
    figure.update_layout(
        template=theme.template(dark),
        height=max(320, 56 * k + 110),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={**axis, "side": "top", "title": {"text": "to"}, "tickangle": -40},
        yaxis={**axis, "range": [k - 0.5, -0.5], "title": {"text": "from"}},
        legend={"y": -0.02, "yanchor": "top"},
    )
    return figure


def hover_texts(matrix: TransitionMatrix) -> list[list[str]]:
    """(k, k) what is known of each cell, for the clickable layer."""
    k = len(matrix.modalities)
    return [[_hover(matrix, i, j) for j in range(k)] for i in range(k)]


def table(matrix: TransitionMatrix) -> pd.DataFrame:
    """One row a cell that is no identity.

    Columns: from, to, value, kind, ci_low, ci_high, runs, molecules, rank_stability, route.
    """
    k = len(matrix.modalities)
    return pd.DataFrame(
        [
            {
                "from": matrix.modalities[i],
                "to": matrix.modalities[j],
                "value": matrix.values[i, j],
                "kind": matrix.kinds[i][j],
                "ci_low": matrix.ci_low[i, j],
                "ci_high": matrix.ci_high[i, j],
                "runs": int(matrix.n_runs[i, j]),
                "molecules": int(matrix.n_molecules[i, j]),
                "rank_stability": matrix.rank_stability[i, j],
                "route": " → ".join(matrix.routes[i][j]),
            }
            for i in range(k)
            for j in range(k)
            if matrix.kinds[i][j] != "identity"
        ]
    )


def _texts(figure: go.Figure, matrix: TransitionMatrix, *, dark: bool) -> None:
    p = theme.palette(dark)
    k = len(matrix.modalities)
    texts, colors = [], []
    for i in range(k):
        for j in range(k):
            kind, value = matrix.kinds[i][j], matrix.values[i, j]
            texts.append(_cell_text(kind, value))
            is_colored = kind in _COLORED and np.isfinite(value)
            colors.append(theme.ink_on(float(value), dark) if is_colored else p.muted)
    figure.add_trace(
        go.Scatter(
            x=[j for _ in range(k) for j in range(k)],
            y=[i for i in range(k) for _ in range(k)],
            mode="text",
            text=texts,
            textfont={"color": colors, "size": 12},
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _cell_text(kind: CellKind, value: float) -> str:
    mark = _MARKS[kind]
    if kind == "tool":
        return f"1<br><span style='font-size:10px'>{mark}</span>"
    if kind not in _COLORED or not np.isfinite(value):
        return f"<span style='font-size:10px'>{mark}</span>"
    number = f"{value:.3f}".removeprefix("0")
    styled = f"<b>{number}</b>" if kind == "measured" else f"<i>{number}</i>"
    return f"{styled}<br><span style='font-size:9px'>{mark}</span>"


def _frames(figure: go.Figure, matrix: TransitionMatrix, kinds: np.ndarray, *, dark: bool) -> None:
    """Dotted frames of derived cells, grey fill of tools, hatching of what was not studied."""
    p = theme.palette(dark)
    for row, column in np.argwhere(kinds == "derived"):
        value = matrix.values[row, column]
        ink = theme.ink_on(float(value), dark) if np.isfinite(value) else p.muted
        figure.add_shape(
            _box(row, column, 0.41), line={"color": ink, "width": 1.2, "dash": "dot"}, opacity=0.7
        )
    for row, column in np.argwhere((kinds == "tool") | (kinds == "identity")):
        fill = p.surface if kinds[row, column] == "tool" else p.line
        figure.add_shape(_box(row, column, 0.47), fillcolor=fill, line_width=0, layer="below")
    x: list[float | None] = []
    y: list[float | None] = []
    for row, column in np.argwhere(kinds == "not studied"):
        for shift in (-0.55, 0.55):
            low, high = max(-0.44, shift - 0.44), min(0.44, shift + 0.44)
            x += [column + low, column + high, None]
            y += [row + shift - low, row + shift - high, None]
    if x:
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="lines",
                line={"color": p.line, "width": 1},
                hoverinfo="skip",
                showlegend=False,
            )
        )


def _legend(figure: go.Figure, kinds: np.ndarray, p: theme.Palette) -> None:
    looks = {
        "measured": ("circle", p.accent, "measured"),
        "derived": ("square-open-dot", p.accent, "via: derived along a route"),
        "tool": ("square", p.line, "tool (exact)"),
        "not studied": ("line-ne-open", p.muted, "n. s.: not studied"),
        "empty": ("line-ew-open", p.muted, "–: no run (unknown, not 0)"),
    }
    for kind, (symbol, color, name) in looks.items():
        if (kinds == kind).any():
            figure.add_trace(
                go.Scatter(
                    x=[None],
                    y=[None],
                    mode="markers",
                    marker={"symbol": symbol, "color": color, "size": 10},
                    name=name,
                    hoverinfo="skip",
                )
            )


def _box(row: int, column: int, half: float) -> dict[str, float | str]:
    return {
        "type": "rect",
        "x0": column - half,
        "x1": column + half,
        "y0": row - half,
        "y1": row + half,
    }


def _hover(matrix: TransitionMatrix, i: int, j: int) -> str:
    kind, value = matrix.kinds[i][j], matrix.values[i, j]
    lines = [f"<b>{matrix.modalities[i]} → {matrix.modalities[j]}</b>"]
    if kind in _COLORED and np.isfinite(value):
        lines.append(f"P = {value:.3f}")
    lines.append(MEANING[kind])
    if np.isfinite(matrix.ci_low[i, j]):
        low, high = matrix.ci_low[i, j], matrix.ci_high[i, j]
        lines.append(f"95 % interval {low:.3f} to {high:.3f}")
    if matrix.n_runs[i, j]:
        runs, n = int(matrix.n_runs[i, j]), int(matrix.n_molecules[i, j])
        lines.append(f"{runs} run{'s' if runs > 1 else ''}, n = {n:,}")
    if matrix.floors is not None and np.isfinite(matrix.floors[i, j]):
        lines.append(f"floor {matrix.floors[i, j]:.3f}: a model that knows nothing of the input")
    if np.isfinite(matrix.rank_stability[i, j]):
        lines.append(f"best run stays best in {matrix.rank_stability[i, j]:.0%} of resamples")
    if len(matrix.routes[i][j]) > 2 or kind == "derived":
        lines.append("route: " + " → ".join(matrix.routes[i][j]))
    return "<br>".join(lines)
