"""Runs as pictures: rankings with intervals, score spreads, paired differences, coverage.

Every figure takes a tidy frame, so the table a reader can open beside it is the figure's own input.
Names come from users' files: Plotly reads tags in text, so they are escaped.
"""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from chebimm_core.figures import theme


def leaderboard(
    frame: pd.DataFrame, *, metric_title: str, direction: str, dark: bool = False
) -> go.Figure:
    """Runs in order of value, each with its 95 % interval; floors as hollow diamonds.

    Args:
        frame: Columns ``label`` (unique), ``value``, ``ci_low``, ``ci_high``, ``n``, ``n_failed``,
            ``is_floor`` and ``signature_group`` (a letter per signature), best first.
        metric_title: Axis title.
        direction: ``higher`` or ``lower``: which end of the axis is better.
        dark: Whether to draw for the dark theme.

    Returns:
        A forest plot, one row a run.
    """
    p = theme.palette(dark)
    figure = go.Figure()
    groups = frame["signature_group"].unique().tolist()
    for floor in (False, True):
        for group in groups:
            part = frame[(frame["is_floor"] == floor) & (frame["signature_group"] == group)]
            if part.empty:
                continue
            color = p.muted if floor else p.categorical[groups.index(group)]
            name = "floor" if floor else "run"
            figure.add_trace(
                go.Scatter(
                    x=part["value"],
                    y=part["label"].map(html.escape),
                    mode="markers",
                    name=name if len(groups) == 1 else f"{name}, signature {group}",
                    marker={
                        "symbol": "diamond-open" if floor else "circle",
                        "size": 11,
                        "color": color,
                        "line": {"width": 2, "color": color},
                    },
                    error_x=_interval(part, color),
                    customdata=part[["ci_low", "ci_high", "n", "n_failed"]],
                    hovertemplate="%{y}<br>%{x:.4f} [%{customdata[0]:.4f}, %{customdata[1]:.4f}]"
                    "<br>n = %{customdata[2]:,}, failed %{customdata[3]:,}<extra></extra>",
                )
            )
    floors = frame.loc[frame["is_floor"], "value"].dropna()
    if not floors.empty:
        best = floors.max() if direction == "higher" else floors.min()
        figure.add_vline(x=float(best), line_dash="dot", line_color=p.muted)
    better = "right" if direction == "higher" else "left"
    figure.update_xaxes(title=f"{metric_title} (better to the {better}), 95 % interval")
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=frame["label"].map(html.escape).tolist()[::-1],
        automargin=True,
    )
    height = 130 + 30 * len(frame)
    return _finished(figure, dark, height=max(220, height))


def sample_spread(
    values: NDArray[np.float64],
    *,
    metric_title: str,
    corpus_value: float | None,
    dark: bool = False,
) -> go.Figure:
    """Histogram of per-molecule scores with the value of the whole run as a line.

    Args:
        values: (n,) scores; NaN (does not count) is left out.
        metric_title: Axis title.
        corpus_value: Score of the run; None draws no line.
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    counted = values[np.isfinite(values)]
    # Without fixed bins a metric that is 0 or 1 (exact match) becomes one bar around its value.
    within_one = bool(counted.size) and counted.min() >= 0 and counted.max() <= 1
    bins = {"start": 0.0, "end": 1.05, "size": 0.05} if within_one else None
    figure = go.Figure(
        go.Histogram(
            x=counted,
            nbinsx=None if within_one else 40,
            xbins=bins,
            marker_color=p.categorical[0],
            hovertemplate="%{x}: %{y:,} molecules<extra></extra>",
        )
    )
    if corpus_value is not None and np.isfinite(corpus_value):
        figure.add_vline(
            x=corpus_value,
            line_color=p.categorical[1],
            line_width=2,
            annotation_text=f"whole run {corpus_value:.3f}",
        )
    figure.update_xaxes(title=f"{metric_title} of one molecule")
    figure.update_yaxes(title="molecules")
    figure.update_layout(showlegend=False, bargap=0.03)
    return _finished(figure, dark, height=260)


def paired_differences(
    frame: pd.DataFrame, *, name_a: str, name_b: str, dark: bool = False
) -> go.Figure:
    """Difference of two runs per metric with its paired-bootstrap interval, zero marked.

    Args:
        frame: Columns ``metric``, ``gain`` (A minus B, sign turned for metrics where lower is
            better, so positive always favours A), ``gain_low``, ``gain_high``, ``p_value``, ``n``.
            Only bounded metrics share this axis.
        name_a: First run.
        name_b: Second run.
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    figure = go.Figure()
    separated = (frame["gain_low"] > 0) | (frame["gain_high"] < 0)
    for clear, title in ((True, "interval excludes 0"), (False, "interval holds 0")):
        part = frame[separated == clear]
        if part.empty:
            continue
        color = p.categorical[0] if clear else p.muted
        figure.add_trace(
            go.Scatter(
                x=part["gain"],
                y=part["metric"],
                mode="markers",
                name=title,
                marker={
                    "symbol": "circle" if clear else "circle-open",
                    "size": 10,
                    "color": color,
                    "line": {"width": 2, "color": color},
                },
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": part["gain_high"] - part["gain"],
                    "arrayminus": part["gain"] - part["gain_low"],
                    "color": color,
                },
                customdata=part[["gain_low", "gain_high", "p_value", "n"]],
                hovertemplate="%{y}: %{x:+.4f} [%{customdata[0]:+.4f}, %{customdata[1]:+.4f}]"
                "<br>p = %{customdata[2]:.3g}, n = %{customdata[3]:,}<extra></extra>",
            )
        )
    figure.add_vline(x=0, line_color=p.muted, line_width=1)
    figure.update_xaxes(
        title=f"← {html.escape(name_b)} better | difference | {html.escape(name_a)} better →"
    )
    figure.update_yaxes(
        categoryorder="array", categoryarray=frame["metric"].tolist()[::-1], automargin=True
    )
    return _finished(figure, dark, height=max(220, 150 + 26 * len(frame)))


def paired_molecules(
    frame: pd.DataFrame, *, metric_title: str, names: tuple[str, str], dark: bool = False
) -> go.Figure:
    """Each molecule's score under two runs; off the diagonal the runs disagree.

    Args:
        frame: Columns ``cid``, ``a``, ``b``.
        metric_title: Metric of both axes.
        names: The two runs.
        dark: Whether to draw for the dark theme.

    Returns:
        A scatter plot whose points carry ``cid`` as custom data.
    """
    p = theme.palette(dark)
    figure = go.Figure(
        go.Scattergl(
            x=frame["b"],
            y=frame["a"],
            mode="markers",
            marker={"size": 5, "opacity": 0.45, "color": p.categorical[0]},
            customdata=frame[["cid"]],
            hovertemplate="%{customdata[0]}<br>%{y:.3f} against %{x:.3f}<extra></extra>",
        )
    )
    low = float(np.nanmin([frame["a"].min(), frame["b"].min()]))
    high = float(np.nanmax([frame["a"].max(), frame["b"].max()]))
    figure.add_shape(
        type="line", x0=low, y0=low, x1=high, y1=high, line={"color": p.muted, "dash": "dot"}
    )
    figure.update_xaxes(title=f"{metric_title}, {html.escape(names[1])}")
    figure.update_yaxes(title=f"{metric_title}, {html.escape(names[0])}")
    figure.update_layout(showlegend=False)
    return _finished(figure, dark, height=380)


def coverage(
    modalities: tuple[str, ...], n_runs: NDArray[np.int64], *, dark: bool = False
) -> go.Figure:
    """Small map of the transitions that have at least one run.

    Args:
        modalities: (k,) names in matrix order.
        n_runs: (k, k) runs per transition; axis 0 is from, axis 1 is to.
        dark: Whether to draw for the dark theme.

    Returns:
        A heatmap whose cells also carry the count as text, so that color is never needed alone.
    """
    measured = n_runs > 0
    figure = go.Figure(
        go.Heatmap(
            x=list(modalities),
            y=list(modalities),
            z=np.where(measured, np.log1p(n_runs), 0.0),
            text=np.where(measured, n_runs.astype(str), ""),
            texttemplate="%{text}",
            customdata=n_runs,
            colorscale=theme.scale(dark),
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y} → %{x}: %{customdata} runs<extra></extra>",
        )
    )
    figure.update_xaxes(title="to", side="top", tickangle=-45)
    figure.update_yaxes(title="from", autorange="reversed")
    return _finished(figure, dark, height=340)


def _interval(part: pd.DataFrame, color: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": (part["ci_high"] - part["value"]).fillna(0.0),
        "arrayminus": (part["value"] - part["ci_low"]).fillna(0.0),
        "color": color,
        "thickness": 1.6,
    }


def _finished(figure: go.Figure, dark: bool, *, height: int) -> go.Figure:
    figure.update_layout(template=theme.template(dark), height=height)
    return figure
