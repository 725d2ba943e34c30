"""The experiment grid as a map: which cells are done, loaded, at work, missing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from chebimm_core.figures import theme

SIGNS = {"done": "●", "loaded": "◆", "running": "↻", "missing": "·"}
"""One mark a state, so that none is told by color alone."""
WORDS = {
    "done": "run here", "loaded": "loaded from a file", "running": "queued or running",
    "missing": "missing",
}  # fmt: skip


def cells(coverage: pd.DataFrame, block: str) -> pd.DataFrame:
    """Cells of one block's map: experiments of one model and column together.

    Returns:
        ``model``, ``column``, ``total`` and one count a state, models and columns in grid order.
    """
    part = coverage[coverage["block"] == block]
    found = part.groupby(["model", "column"], sort=False)["state"].value_counts().unstack()
    found = found.reindex(columns=list(SIGNS)).fillna(0).astype(int)
    return found.assign(total=found.sum(axis=1)).reset_index()


def coverage_map(coverage: pd.DataFrame, block: str, *, dark: bool = False) -> go.Figure:
    """One block: models down, what they do across; a cell says its state by mark and shade.

    Args:
        coverage: From ``services.grid.coverage``.
        block: Name of the block.
        dark: Theme.
    """
    p = theme.palette(dark)
    found = cells(coverage, block)
    models, columns = axes(found)
    have = found["total"] - found["missing"]
    share = (have / found["total"]).to_numpy()
    figure = go.Figure(
        go.Heatmap(
            x=found["column"], y=found["model"], z=share, zmin=0, zmax=1,
            colorscale=theme.scale(dark), showscale=False, xgap=2, ygap=2, hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=found["column"], y=found["model"], mode="text", hoverinfo="skip", showlegend=False,
            text=[_sign(row) for row in found.to_dict("records")],
            textfont={"color": [theme.ink_on(s, dark) for s in share], "size": 11},
        )
    )  # fmt: skip
    axis = {"type": "category", "showgrid": False, "fixedrange": True}
    figure.update_layout(
        template=theme.template(dark),
        height=130 + 24 * len(models),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={**axis, "categoryarray": columns, "side": "top", "tickangle": -45,
               "tickfont": {"color": p.text}},
        yaxis={**axis, "categoryarray": models[::-1]},
    )  # fmt: skip
    return figure


def axes(found: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Models and columns of :func:`cells`, in order."""
    return list(dict.fromkeys(found["model"])), list(dict.fromkeys(found["column"]))


def hover(found: pd.DataFrame) -> list[list[str]]:
    """(models, columns) what is known of each cell; empty where there is none."""
    models, columns = axes(found)
    said = {
        (row["model"], row["column"]): f"<b>{row['model']}</b><br>{row['column']}<br>"
        + ", ".join(f"{row[s]} {WORDS[s]}" for s in SIGNS if row[s])
        for row in found.to_dict("records")
    }
    return [[said.get((m, c), "not in the grid") for c in columns] for m in models]


def coverage_bar(
    coverage: pd.DataFrame, titles: dict[str, str], *, dark: bool = False
) -> go.Figure:
    """All blocks in small: one bar a block, divided by state, with the numbers written in.

    Args:
        coverage: From ``services.grid.coverage``.
        titles: Block -> what it is called.
        dark: Theme.
    """
    p = theme.palette(dark)
    shades = (p.sequential[4], p.categorical[1], p.categorical[2], p.line)
    counts = coverage.groupby("block", sort=False)["state"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=list(SIGNS), fill_value=0)
    totals = counts.sum(axis=1)
    figure = go.Figure()
    for (state, sign), shade in zip(SIGNS.items(), shades, strict=True):
        figure.add_trace(
            go.Bar(
                y=[f"{titles.get(b, b)} ({totals[b]:,})" for b in counts.index],
                x=counts[state] / totals,
                orientation="h",
                name=f"{sign} {WORDS[state]}",
                marker={"color": shade},
                customdata=counts[state],
                hovertemplate="%{y}<br>%{customdata} " + WORDS[state] + "<extra></extra>",
            )
        )
    figure.update_layout(
        template=theme.template(dark),
        barmode="stack",
        height=90 + 30 * len(counts),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"range": [0, 1], "tickformat": ".0%", "fixedrange": True},
        yaxis={"autorange": "reversed", "fixedrange": True},
        legend={"orientation": "h", "y": -0.12, "yanchor": "top"},
    )
    return figure


def _sign(row: Mapping[Hashable, Any]) -> str:
    """One mark for one experiment; marks with counts for several."""
    if row["total"] == 1:
        return next(sign for state, sign in SIGNS.items() if row[state])
    have = row["total"] - row["missing"]
    if have == 0:
        return SIGNS["missing"]
    first = next(sign for state, sign in SIGNS.items() if row[state])
    return f"{first}{have}/{row['total']}"
