"""Runs of one cell with their intervals, and the rankings of the paper's Figure 5."""

from __future__ import annotations

import html
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from chebimm_core.figures import theme

_NAME: Final = 28
"""Characters of a run's name that an axis has room for."""


def bars(
    frame: pd.DataFrame,
    *,
    label: str,
    value: str,
    unit: str,
    dark: bool = False,
    low: str | None = None,
    high: str | None = None,
    digits: int = 2,
) -> go.Figure:
    """Horizontal bars, largest on top, each with its value written at its end.

    Args:
        frame: One row a bar.
        label: Column of names.
        value: Column of lengths.
        unit: Title of the value axis.
        dark: Theme.
        low: Column with the lower end of an interval, drawn as a whisker.
        high: Column with its upper end.
        digits: Decimals of the written values.
    """
    p = theme.palette(dark)
    rows = frame.sort_values(value, kind="stable")
    whiskers = None
    if low is not None and high is not None:
        whiskers = {
            "type": "data",
            "symmetric": False,
            "array": rows[high] - rows[value],
            "arrayminus": rows[value] - rows[low],
            "color": p.muted,
        }
    names = [html.escape(str(name), quote=False) for name in rows[label]]
    figure = go.Figure(
        go.Bar(
            x=rows[value],
            y=names,
            orientation="h",
            marker_color=p.accent,
            error_x=whiskers,
            text=[f"{v:.{digits}f}" for v in rows[value]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x}<extra></extra>",
        )
    )
    figure.update_layout(
        template=theme.template(dark),
        height=60 + 30 * max(len(rows), 3),
        xaxis={"title": {"text": unit}, "rangemode": "tozero"},
        yaxis={"showgrid": False},
        margin={"r": 48},
        bargap=0.35,
    )
    return figure


def run_intervals(
    runs: pd.DataFrame, *, dark: bool = False, selected: str | None = None
) -> go.Figure:
    """Score and 95 % interval of each run, floors as open diamonds.

    Args:
        runs: Columns run_id, model, transition, value, ci_low, ci_high, n, is_floor; drawn from the
            top in this order. ``customdata`` of each point is its run id.
        dark: Theme.
        selected: Run id to emphasise.
    """
    p = theme.palette(dark)
    several = runs["transition"].nunique() > 1
    names = [
        html.escape(f"{row.model}{f' ({row.transition})' if several else ''}", quote=False)
        for row in runs.itertuples()
    ]
    figure = go.Figure()
    for floor, symbol, name in ((False, "circle", "run"), (True, "diamond-open", "floor")):
        mask = (runs["is_floor"] == floor).to_numpy()
        part = runs[mask]
        if part.empty:
            continue
        color = p.muted if floor else p.accent
        figure.add_trace(
            go.Scatter(
                x=part["value"],
                y=np.flatnonzero(mask),
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": 12,
                    "color": [p.mark if r == selected else color for r in part["run_id"]],
                    "opacity": 1,
                },
                unselected={"marker": {"opacity": 1}},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": part["ci_high"] - part["value"],
                    "arrayminus": part["value"] - part["ci_low"],
                    "color": p.muted,
                    "thickness": 1.5,
                },
                customdata=[[r] for r in part["run_id"]],
                text=[
                    f"{value:.3f} [{low:.3f}, {high:.3f}], n = {n:,}"
                    for value, low, high, n in zip(
                        part["value"], part["ci_low"], part["ci_high"], part["n"], strict=True
                    )
                ],
                hovertemplate="%{text}<extra></extra>",
                name=name,
            )
        )
    figure.update_layout(
        template=theme.template(dark),
        height=100 + 30 * len(runs),
        xaxis={"title": {"text": "mean of bounded metrics"}, "fixedrange": True},
        yaxis={
            "tickvals": list(range(len(runs))),
            "ticktext": [n if len(n) <= _NAME else n[: _NAME - 1] + "…" for n in names],
            "range": [len(runs) - 0.5, -0.5],
            "fixedrange": True,
        },
        hovermode="closest",
        hoverdistance=-1,
        clickmode="event+select",
        legend={"y": 1.02, "yanchor": "bottom"},
    )
    return figure


def shares(
    frame: pd.DataFrame, *, inner: str, outer: str, value: str, dark: bool = False
) -> go.Figure:
    """A sunburst of shares: ``inner`` ring (encoder), ``outer`` ring (decoder).

    Args:
        frame: One row a pair.
        inner: Column of the inner ring.
        outer: Column of the outer ring.
        value: Column of counts.
        dark: Theme.
    """
    p = theme.palette(dark)
    grouped = frame.groupby(inner, sort=False)[value].sum()
    ids = [f"i{n}" for n in range(len(grouped))]
    parent_of = dict(zip(grouped.index, ids, strict=True))
    labels = [*grouped.index, *frame[outer]]
    figure = go.Figure(
        go.Sunburst(
            ids=[*ids, *(f"o{n}" for n in range(len(frame)))],
            labels=[html.escape(str(x), quote=False) for x in labels],
            parents=[*([""] * len(ids)), *(parent_of[x] for x in frame[inner])],
            values=[*grouped, *frame[value]],
            branchvalues="total",
            marker={"line": {"color": p.background, "width": 2}},
            texttemplate="%{label}<br>%{value}",
            hovertemplate="%{label}: %{value} (%{percentRoot:.0%})<extra></extra>",
        )
    )
    figure.update_layout(
        template=theme.template(dark), height=420, sunburstcolorway=list(p.categorical)
    )
    return figure
