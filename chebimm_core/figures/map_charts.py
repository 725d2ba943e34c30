"""The knowledge map: token heatmap, threshold scan, flow of the specific pairs.

Tokens come from files and models. Plotly reads a little HTML in labels, so each is escaped here.
"""

from __future__ import annotations

import html
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from chebimm_core.domain.findings import KnowledgeMap, TokenPair
from chebimm_core.figures import theme

Floats = NDArray[np.float64]
Shade = Literal["log", "values", "local_z"]

_LABELS_SHOWN = 60
"""Beyond this many tokens an axis names only some: labels would overlap."""


def heatmap(
    found: KnowledgeMap,
    *,
    shade: Shade = "log",
    dark: bool = False,
    selected: tuple[str, str] | None = None,
) -> go.Figure:
    """Token mapping matrix with the specific pairs outlined.

    Args:
        found: The map; its order of rows and columns is kept.
        shade: ``log`` colors counts on a log scale (a few tokens dominate every map), ``values``
            counts over their maximum, ``local_z`` how far a cell stands out.
        dark: Theme.
        selected: (source, target) tokens of the pair to frame.
    """
    p = theme.palette(dark)
    n, m = found.values.shape
    z, bar = _shading(found, shade)
    figure = go.Figure(
        go.Heatmap(
            z=z,
            x=list(range(m)),
            y=list(range(n)),
            colorscale=theme.scale(dark),
            xgap=1 if max(n, m) <= _LABELS_SHOWN else 0,
            ygap=1 if max(n, m) <= _LABELS_SHOWN else 0,
            hoverinfo="skip",
            colorbar={**bar, "thickness": 10, "len": 0.6, "outlinewidth": 0},
        )
    )
    figure.add_trace(_outlines(found, p))
    if selected is not None:
        place = _place(found, *selected)
        if place is not None:
            row, column = place
            figure.add_shape(
                type="rect",
                x0=column - 0.5,
                x1=column + 0.5,
                y0=row - 0.5,
                y1=row + 0.5,
                line={"color": p.text, "width": 3},
            )
    size = 26 if n <= 40 else 14 if n <= 100 else 6
    figure.update_layout(
        template=theme.template(dark),
        height=min(170 + size * n, 1300),
        xaxis={
            **_token_axis(found.target_tokens),
            "title": {"text": "target tokens"},
            "side": "bottom",
            "tickangle": -60,
            "range": [-0.5, m - 0.5],
        },
        yaxis={
            **_token_axis(found.source_tokens),
            "title": {"text": "source tokens"},
            "range": [n - 0.5, -0.5],
        },
        legend={"y": 1.01, "yanchor": "bottom"},
    )
    return figure


def hover_texts(found: KnowledgeMap) -> list[list[str]]:
    """(n, m) what is known of each cell, for the clickable layer."""
    sources = [safe(token) for token in found.source_tokens]
    targets = [safe(token) for token in found.target_tokens]
    return [
        [
            f"<b>{source} → {target}</b><br>count {found.counts[i, j]:,.0f}<br>"
            + (
                f"local z {found.local_z[i, j]:.2f}"
                if np.isfinite(found.local_z[i, j])
                else "local z undefined: the neighbours are all equal"
            )
            for j, target in enumerate(targets)
        ]
        for i, source in enumerate(sources)
    ]


def threshold_scan(found: KnowledgeMap, *, dark: bool = False) -> go.Figure:
    """Number of pairs (above) and Z with the band of the redrawn null (below) over T."""
    p = theme.palette(dark)
    scan = found.scan
    has_null = bool(np.isfinite(scan.z).any())
    figure = make_subplots(
        rows=2 if has_null else 1,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.08,
        row_heights=[0.45, 0.55] if has_null else [1],
    )
    figure.add_trace(
        go.Scatter(
            x=scan.thresholds,
            y=scan.pairs,
            mode="lines",
            line={"color": p.accent, "width": 2, "shape": "hv"},
            name="pairs above T",
            hovertemplate="T = %{x:.2f}: %{y} pairs<extra></extra>",
        ),
        row=1,
        col=1,
    )
    if has_null:
        _null_panel(figure, found, p)
    figure.add_vline(x=found.threshold, line={"color": p.mark, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=found.threshold,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"T = {found.threshold:.3f}",
        showarrow=False,
        font={"color": p.mark},
    )
    figure.update_layout(
        template=theme.template(dark),
        height=360 if has_null else 240,
        margin={"t": 28},
        hovermode="x",
    )
    figure.update_yaxes(title_text="pairs", type="log", dtick=1, row=1, col=1)
    figure.update_xaxes(title_text="threshold T on local z", row=2 if has_null else 1, col=1)
    return figure


def flow(pairs: tuple[TokenPair, ...], *, dark: bool = False, limit: int = 40) -> go.Figure:
    """Sankey from source to target tokens of the strongest pairs, as wide as their local z."""
    p = theme.palette(dark)
    shown = pairs[:limit]
    sources = list(dict.fromkeys(pair.source for pair in shown))
    targets = list(dict.fromkeys(pair.target for pair in shown))
    colors = [p.categorical[k % len(p.categorical)] for k in range(len(sources))]
    figure = go.Figure(
        go.Sankey(
            node={
                "label": [safe(token) for token in [*sources, *targets]],
                "color": [*colors, *([p.muted] * len(targets))],
                "pad": 10,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [sources.index(pair.source) for pair in shown],
                "target": [len(sources) + targets.index(pair.target) for pair in shown],
                "value": [pair.local_z for pair in shown],
                "color": [_faded(colors[sources.index(pair.source)]) for pair in shown],
                "customdata": [pair.count for pair in shown],
                "hovertemplate": "%{source.label} → %{target.label}<br>local z %{value:.2f}, "
                "count %{customdata:,.0f}<extra></extra>",
            },
            textfont={"color": p.text, "size": 13},
        )
    )
    height = 80 + 30 * max(len(sources), len(targets))
    figure.update_layout(template=theme.template(dark), height=min(max(height, 220), 900))
    return figure


def table(found: KnowledgeMap) -> pd.DataFrame:
    """One row a pair: source, target, count, local_z, molecules; strongest first.

    With the shuffle null also association and q.
    """
    table = pd.DataFrame(
        [(q.source, q.target, q.count, q.local_z, q.molecules) for q in found.pairs],
        columns=["source", "target", "count", "local_z", "molecules"],
    )
    if found.association is not None:
        places = [_place(found, q.source, q.target) for q in found.pairs]
        for name, values in (("association", found.association.value), ("q", found.association.q)):
            table[name] = [values[at] if at else np.nan for at in places]
    return table


def scan_table(found: KnowledgeMap) -> pd.DataFrame:
    """One row a threshold: threshold, pairs, z, z_band_low, z_band_high."""
    scan = found.scan
    return pd.DataFrame(
        {
            "threshold": scan.thresholds,
            "pairs": scan.pairs,
            "z": scan.z,
            "z_band_low": scan.z_band_low,
            "z_band_high": scan.z_band_high,
        }
    )


def safe(token: str) -> str:
    """A token that Plotly shows as it is written."""
    return html.escape(token, quote=False)


def _shading(found: KnowledgeMap, shade: Shade) -> tuple[Floats, dict[str, object]]:
    if shade == "local_z":
        return np.clip(found.local_z, 0, None), {"title": {"text": "local z", "side": "top"}}
    if shade == "values":
        return found.values, {"title": {"text": "count / max", "side": "top"}}
    top = int(np.ceil(np.log10(max(float(found.counts.max(initial=0.0)), 1.0) + 1)))
    ticks = [0, *(10**k for k in range(top + 1))]
    return np.log10(found.counts + 1), {
        "title": {"text": "count", "side": "top"},
        "tickvals": [float(np.log10(tick + 1)) for tick in ticks],
        "ticktext": [f"{tick:,}" for tick in ticks],
    }


def _null_panel(figure: go.Figure, found: KnowledgeMap, p: theme.Palette) -> None:
    scan = found.scan
    for bound, fill in ((scan.z_band_high, None), (scan.z_band_low, "tonexty")):
        figure.add_trace(
            go.Scatter(
                x=scan.thresholds,
                y=bound,
                mode="lines",
                line={"width": 0},
                fill=fill,
                fillcolor=_faded(p.muted),
                name="95 % of redrawn nulls",
                showlegend=fill is not None,
                hoverinfo="skip",
            ),
            row=2,
            col=1,
        )
    figure.add_trace(
        go.Scatter(
            x=scan.thresholds,
            y=scan.z,
            mode="lines",
            line={"color": p.text, "width": 2},
            name=f"Z, null seed {found.config.seed}",
            hovertemplate="T = %{x:.2f}: Z = %{y:.2f}<extra></extra>",
        ),
        row=2,
        col=1,
    )
    figure.update_yaxes(title_text="Z", row=2, col=1)


def _outlines(found: KnowledgeMap, p: theme.Palette) -> go.Scatter:
    rows = {token: i for i, token in enumerate(found.source_tokens)}
    columns = {token: j for j, token in enumerate(found.target_tokens)}
    x: list[float | None] = []
    y: list[float | None] = []
    for pair in found.pairs:
        i, j = rows[pair.source], columns[pair.target]
        x += [j - 0.45, j + 0.45, j + 0.45, j - 0.45, j - 0.45, None]
        y += [i - 0.45, i - 0.45, i + 0.45, i + 0.45, i - 0.45, None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": p.mark, "width": 2.5 if max(found.counts.shape) <= _LABELS_SHOWN else 1},
        hoverinfo="skip",
        name=f"specific pairs (local z > {found.threshold:.2f})",
        showlegend=True,
    )


def _place(found: KnowledgeMap, source: str, target: str) -> tuple[int, int] | None:
    try:
        return found.source_tokens.index(source), found.target_tokens.index(target)
    except ValueError:
        return None


def _token_axis(tokens: tuple[str, ...]) -> dict[str, object]:
    step = -(-len(tokens) // _LABELS_SHOWN)
    return {
        "tickvals": list(range(0, len(tokens), step)),
        "ticktext": [safe(token) for token in tokens[::step]],
        "tickfont": {"size": 12 if len(tokens) <= 40 else 9},
        "showgrid": False,
        "fixedrange": len(tokens) <= 40,
    }


def _faded(color: str) -> str:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"
