"""A data set as pictures: what can be fed to a model, and how diverse its chemistry is.

The panels of Liu et al. 2025, Figure 3 (doi:10.1038/s42256-024-00977-6): suitability of each
modality as model input, and diversity of the chemical space. Every figure takes a tidy frame, so
the table a reader can open beside it is the figure's own input.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from chebimm_core.domain.dataset_profile import TOKEN_LIMIT
from chebimm_core.figures import theme


def coverage(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Share of molecules that have each modality: present, written by a tool, missing.

    Args:
        frame: Columns ``modality``, ``present``, ``regenerated``, ``missing`` (counts of one
            split; ``present`` includes ``regenerated``).
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    total = (frame["present"] + frame["missing"]).clip(lower=1)
    parts = (
        ("in the file", frame["present"] - frame["regenerated"], p.categorical[0], ""),
        ("written by a tool", frame["regenerated"], p.categorical[1], "/"),
        ("missing", frame["missing"], p.muted, "x"),
    )
    figure = go.Figure()
    for name, counts, color, pattern in parts:
        figure.add_trace(
            go.Bar(
                x=counts / total,
                y=frame["modality"],
                orientation="h",
                name=name,
                marker={"color": color, "pattern": {"shape": pattern, "size": 5}},
                customdata=np.column_stack([counts, total]),
                hovertemplate="%{y}: %{customdata[0]:,} of %{customdata[1]:,} "
                f"{name}<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="share of the molecules", tickformat=".0%", range=[0, 1.01])
    figure.update_yaxes(autorange="reversed", automargin=True)
    return _finished(figure, dark, height=160 + 26 * len(frame))


def token_lengths(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Length of each modality in tokens, with the cut at ``TOKEN_LIMIT`` tokens.

    Args:
        frame: Columns ``modality``, ``tokenizer``, ``q05``, ``q25``, ``q50``, ``q75``, ``q95``,
            ``share_cut`` (share longer than the cut), ``n``.
        dark: Whether to draw for the dark theme.

    Returns:
        Boxes over the quartiles, whiskers at the 5th and 95th percentile, on a log axis.
    """
    p = theme.palette(dark)
    figure = go.Figure()
    for index, (tokenizer, part) in enumerate(frame.groupby("tokenizer", sort=False)):
        color = p.categorical[index % len(p.categorical)]
        figure.add_trace(
            go.Box(
                y=part["modality"],
                orientation="h",
                name=str(tokenizer),
                q1=part["q25"].clip(lower=1),
                median=part["q50"].clip(lower=1),
                q3=part["q75"].clip(lower=1),
                lowerfence=part["q05"].clip(lower=1),
                upperfence=part["q95"].clip(lower=1),
                marker_color=color,
                line_width=1.5,
            )
        )
    figure.add_vline(
        x=TOKEN_LIMIT,
        line_dash="dash",
        line_color=p.categorical[3],
        annotation_text=f"{TOKEN_LIMIT} tokens",
    )
    figure.update_layout(boxmode="group")
    figure.update_xaxes(
        title="tokens (log axis; box: quartiles, whiskers: 5 to 95 %)",
        type="log",
        tickvals=[1, 3, 10, 30, 100, 300, 1000, 3000],
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    rows = len(frame)
    return _finished(figure, dark, height=max(260, 150 + 24 * rows))


def vocabulary(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Share of a tokenizer's vocabulary each modality uses.

    Args:
        frame: Columns ``modality``, ``tokenizer``, ``used``, ``size``.
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    figure = go.Figure()
    for index, (tokenizer, part) in enumerate(frame.groupby("tokenizer", sort=False)):
        figure.add_trace(
            go.Bar(
                x=part["used"] / part["size"].clip(lower=1),
                y=part["modality"],
                orientation="h",
                name=str(tokenizer),
                marker={
                    "color": p.categorical[index % len(p.categorical)],
                    "pattern": {"shape": ("", "/", ".", "x")[index % 4], "size": 5},
                },
                customdata=part[["used", "size"]],
                hovertemplate="%{y}: %{customdata[0]:,} of %{customdata[1]:,} tokens"
                f" ({tokenizer})<extra></extra>",
            )
        )
    figure.update_layout(barmode="group")
    figure.update_xaxes(title="share of the vocabulary used", tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return _finished(figure, dark, height=max(260, 150 + 22 * len(frame)))


def spread(
    values: NDArray[np.float64], *, title: str, unit: str = "", dark: bool = False
) -> go.Figure:
    """Histogram of a property over molecules, with its median as a line.

    Args:
        values: (n,) numbers; NaN is left out.
        title: What is measured.
        unit: Its unit, empty for a number without one.
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    counted = values[np.isfinite(values)]
    # The far tail of a few huge molecules would squeeze everything else into one bar.
    low, high = np.percentile(counted, [0.5, 99.5]) if counted.size else (0.0, 1.0)
    figure = go.Figure(
        go.Histogram(
            x=counted[(counted >= low) & (counted <= high)],
            nbinsx=40,
            marker_color=p.categorical[0],
            hovertemplate="%{x}: %{y:,} molecules<extra></extra>",
        )
    )
    if counted.size:
        figure.add_vline(
            x=float(np.median(counted)),
            line_color=p.categorical[1],
            line_width=2,
            annotation_text=f"median {np.median(counted):.3g}",
        )
    figure.update_xaxes(title=f"{title} ({unit})" if unit else title)
    figure.update_yaxes(title="molecules")
    figure.update_layout(showlegend=False, bargap=0.03)
    return _finished(figure, dark, height=280)


def elements(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Share of molecules that contain each element.

    Args:
        frame: Columns ``element`` (symbol), ``molecules`` (count), ``share``; commonest first.
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    figure = go.Figure(
        go.Bar(
            x=frame["element"],
            y=frame["share"],
            marker_color=p.categorical[0],
            customdata=frame[["molecules"]],
            hovertemplate="%{x}: %{customdata[0]:,} molecules (%{y:.1%})<extra></extra>",
        )
    )
    figure.update_yaxes(title="share of the molecules", tickformat=".0%")
    figure.update_xaxes(title="element")
    figure.update_layout(showlegend=False)
    return _finished(figure, dark, height=280)


def scaffolds(frame: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """How many molecules the commonest scaffolds cover together.

    Args:
        frame: Columns ``rank`` (1 is the commonest scaffold) and ``covered`` (share of the
            molecules that have one of the first ``rank`` scaffolds).
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    figure = go.Figure(
        go.Scatter(
            x=frame["rank"],
            y=frame["covered"],
            mode="lines",
            line={"color": p.categorical[0], "width": 2.5},
            hovertemplate="%{x:,} scaffolds cover %{y:.1%}<extra></extra>",
        )
    )
    figure.update_xaxes(title="scaffolds, commonest first (log axis)", type="log", dtick=1)
    figure.update_yaxes(title="molecules covered", tickformat=".0%", range=[0, 1.02])
    figure.update_layout(showlegend=False)
    return _finished(figure, dark, height=280)


def projection(frame: pd.DataFrame, *, color: str, caption: str, dark: bool = False) -> go.Figure:
    """Molecules placed by fingerprint, one point each; points carry ``cid``.

    Args:
        frame: Columns ``cid``, ``x``, ``y`` and the one named by ``color`` (a number or a label).
        color: Column that colors the points.
        caption: What the axes are, e.g. the explained variance.
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    figure = go.Figure()
    if pd.api.types.is_numeric_dtype(frame[color]):
        known = frame[color].dropna()
        low, high = np.percentile(known, [2, 98]) if len(known) else (0.0, 1.0)
        figure.add_trace(
            _points(
                frame,
                {
                    "color": frame[color],
                    "colorscale": theme.scale(dark),
                    "cmin": float(low),
                    "cmax": float(high),
                    "colorbar": {"title": {"text": color, "side": "right"}, "thickness": 10},
                },
                color,
            )
        )
        figure.update_layout(showlegend=False)
    else:
        labels = frame[color].astype(str)
        for index, label in enumerate(labels.value_counts().index):
            marker: dict[str, object] = {
                "color": p.categorical[index % len(p.categorical)],
                "symbol": ("circle", "diamond", "square", "triangle-up", "x", "star")[index % 6],
            }
            figure.add_trace(_points(frame[labels == label], marker, color, name=str(label)))
    figure.update_xaxes(title=caption, showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False)
    figure.update_layout(dragmode="pan", clickmode="event+select")
    return _finished(figure, dark, height=520)


def _points(
    frame: pd.DataFrame, marker: dict[str, object], color: str, name: str = ""
) -> go.Scattergl:
    return go.Scattergl(
        x=frame["x"],
        y=frame["y"],
        mode="markers",
        name=name,
        marker={"size": 6, "opacity": 0.65, **marker},
        customdata=frame[["cid", color]],
        hovertemplate=f"%{{customdata[0]}}<br>{color}: %{{customdata[1]}}<extra></extra>",
    )


def _finished(figure: go.Figure, dark: bool, *, height: int) -> go.Figure:
    figure.update_layout(template=theme.template(dark), height=height)
    return figure


def nearest(frame: pd.DataFrame, *, threshold: float, dark: bool = False) -> go.Figure:
    """How near each evaluated molecule has a neighbor in the other split.

    Args:
        frame: Columns ``pair`` (e.g. ``test in train``) and ``similarity`` in [0, 1], one row a
            molecule.
        threshold: Similarity above which a neighbor counts as leaked.
        dark: Whether to draw for the dark theme.

    Returns:
        The share of molecules whose nearest neighbor is at least as similar as x.
    """
    p = theme.palette(dark)
    figure = go.Figure()
    at = np.linspace(0, 1, 101)
    for index, (pair, part) in enumerate(frame.groupby("pair", sort=False)):
        ordered = np.sort(part["similarity"].to_numpy(dtype=float))
        share = 1 - np.searchsorted(ordered, at, side="left") / max(len(ordered), 1)
        figure.add_trace(
            go.Scatter(
                x=at,
                y=share,
                mode="lines",
                name=str(pair),
                line={
                    "color": p.categorical[index % len(p.categorical)],
                    "dash": ("solid", "dash", "dot")[index % 3],
                    "width": 2.5,
                },
                hovertemplate=f"{pair}: %{{y:.1%}} have a neighbor of at least %{{x:.2f}}"
                "<extra></extra>",
            )
        )
    figure.add_vline(
        x=threshold,
        line_dash="dot",
        line_color=p.muted,
        annotation_text=f"{threshold:g}",
    )
    figure.update_xaxes(title="similarity of the nearest neighbor (Tanimoto, Morgan 2)")
    figure.update_yaxes(title="molecules at least as near", tickformat=".0%", range=[0, 1.02])
    return _finished(figure, dark, height=360)
