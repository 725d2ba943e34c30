"""Charts of attributions and interventions."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from chebimm_core.figures import theme
from chebimm_core.figures.map_charts import safe

_BARS = 16
_STRONGEST = 0.55
"""Opacity behind the token of the largest value: the ink on it stays readable."""
USES = {"used": "circle", "slight": "square", "opposed": "diamond", "not shown": "circle-open"}
"""What a tested pair is -> its mark."""


def strip(
    text: str, spans: Sequence[tuple[int, int]], values: Sequence[float], *, dark: bool
) -> str:
    """A text with its tokens shaded by what they add, as HTML; everything of it is escaped.

    Args:
        text: Untrusted.
        spans: (start, end) of each token, ascending, without overlap.
        values: One a token; the largest magnitude has the full shade.
        dark: Colors for a dark page.
    """
    largest = max((abs(v) for v in values), default=0.0) or 1.0
    pieces, cursor = [], 0
    for (start, end), value in zip(spans, values, strict=True):
        share = abs(value) / largest
        color = _alpha(theme.signed_color(value, dark), _STRONGEST * share)
        line = "solid" if value >= 0 else "dotted"
        edge = f"border-bottom:2px {line} currentColor;" if share >= 0.35 else ""
        pieces.append(html.escape(text[cursor:start]))
        pieces.append(
            f'<span title="{value:+.3g}" style="background:{color};{edge}border-radius:3px">'
            f"{html.escape(text[start:end])}</span>"
        )
        cursor = end
    pieces.append(html.escape(text[cursor:]))
    return (
        '<p style="margin:0;line-height:1.9;overflow-wrap:anywhere;white-space:pre-wrap">'
        f"{''.join(pieces)}</p>"
    )


def bars(table: pd.DataFrame, *, unit: str, dark: bool) -> go.Figure:
    """The strongest parts with their standard errors.

    Args:
        table: Columns part, value, error, strongest first.
        unit: Of the values.
        dark: Colors for a dark page.
    """
    shown = table.head(_BARS).iloc[::-1]
    names = [f"{safe(str(part))} " for part in shown["part"]]
    figure = go.Figure(
        go.Bar(
            x=shown["value"], y=list(range(len(shown))), orientation="h",
            marker={"color": [theme.signed_color(v, dark) for v in shown["value"]]},
            error_x={"array": shown["error"], "color": theme.palette(dark).muted, "width": 3},
            hovertemplate="%{customdata}: %{x:+.3g}<extra></extra>", customdata=names,
        )
    )  # fmt: skip
    figure.update_layout(
        template=theme.template(dark), height=90 + 24 * max(1, len(shown)), showlegend=False
    )
    figure.update_yaxes(tickvals=list(range(len(shown))), ticktext=names, showgrid=False)
    figure.update_xaxes(title_text=unit, zeroline=True, zerolinecolor=theme.palette(dark).muted)
    return figure


def averages(table: pd.DataFrame, *, unit: str, dark: bool) -> go.Figure:
    """What parts add on average over molecules, with intervals; strongest first."""
    shown = table.head(_BARS).iloc[::-1]
    places = list(range(len(shown)))
    names = [f"{safe(str(part))} " for part in shown["part"]]
    figure = go.Figure(
        go.Scatter(
            x=shown["mean"], y=places, mode="markers",
            marker={"color": [theme.signed_color(v, dark) for v in shown["mean"]], "size": 9},
            error_x={
                "array": shown["high"] - shown["mean"], "arrayminus": shown["mean"] - shown["low"],
                "color": theme.palette(dark).muted, "width": 3,
            },
            customdata=list(zip(names, shown["molecules"], strict=True)),
            hovertemplate="%{customdata[0]}: %{x:+.3g} in %{customdata[1]} molecules"
            "<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        template=theme.template(dark), height=90 + 24 * max(1, len(shown)), showlegend=False
    )
    figure.update_yaxes(tickvals=places, ticktext=names, showgrid=False)
    figure.update_xaxes(title_text=unit, zeroline=True, zerolinecolor=theme.palette(dark).muted)
    return figure


def effects(table: pd.DataFrame, *, dark: bool) -> go.Figure:
    """Effect and control of every tested pair, with the interval of the effect.

    Args:
        table: Columns of :class:`~chebimm_core.domain.intervention.PairEffect`, top row first.
        dark: Colors for a dark page.
    """
    p = theme.palette(dark)
    shown = table.iloc[::-1].reset_index(drop=True)
    names = [
        f"{safe(a)} → {safe(b)} " for a, b in zip(shown["source"], shown["target"], strict=True)
    ]
    figure = go.Figure()
    for use, color in zip(
        USES, (p.categorical[0], p.categorical[2], p.categorical[1], p.muted), strict=True
    ):
        part = shown[shown["use"] == use]
        figure.add_trace(
            go.Scatter(
                x=part["effect"], y=list(part.index), mode="markers",
                name=f"source token taken, {use} ({len(part)})",
                marker={"color": color, "symbol": USES[use], "size": 10, "line": {"width": 2}},
                error_x={
                    "array": part["high"] - part["effect"],
                    "arrayminus": part["effect"] - part["low"], "color": color, "width": 3,
                },
                customdata=[names[k] for k in part.index],
                hovertemplate="%{customdata}: %{x:+.2f} nats<extra></extra>",
            )
        )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=shown["control"], y=list(shown.index), mode="markers", name="other text taken",
            marker={"color": p.text, "symbol": "line-ns-open", "size": 12, "line": {"width": 2}},
            customdata=names, hovertemplate="%{customdata}, control: %{x:+.2f} nats<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        template=theme.template(dark), height=150 + 24 * max(1, len(shown)),
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    figure.update_yaxes(tickvals=list(range(len(shown))), ticktext=names, showgrid=False)
    figure.update_xaxes(
        title_text="fall of log p of the target token (nats)", zeroline=True,
        zerolinecolor=p.muted,
    )  # fmt: skip
    return figure


def _alpha(color: str, share: float) -> str:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:.2f})"
