"""What speaks for a knowledge map: verdicts, shuffled scans, the difference of two maps."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.figures import theme
from chebimm_core.figures.map_charts import safe

_VERDICT_MARKS = {
    "supported": "circle", "local only": "x", "associated only": "circle-open",
    "avoided": "triangle-down-open",
}  # fmt: skip
_RELATION_MARKS = {"learned": "circle", "missed": "triangle-down-open", "invented": "x"}


def verdict_plane(table: pd.DataFrame, threshold: float, *, dark: bool = False) -> go.Figure:
    """Local z over association, one mark a pair with a verdict, told apart by shape and color.

    Args:
        table: Columns source, target, verdict, association, local_z, q.
        threshold: T.
        dark: Theme.
    """
    figure = _plane(
        table,
        x="association",
        y="local_z",
        kind="verdict",
        marks=_VERDICT_MARKS,
        dark=dark,
        hover="association %{x:.1f}, local z %{y:.2f}, q %{customdata[0]:.3g}",
        extra=[table["q"]],
    )
    p = theme.palette(dark)
    figure.add_hline(y=threshold, line={"color": p.mark, "width": 1.5, "dash": "dash"})
    figure.add_vline(x=0, line={"color": p.muted, "width": 1})
    figure.update_xaxes(title_text="association (standard deviations from chance)")
    figure.update_yaxes(title_text="local z")
    return figure


def difference_plane(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Association in the model over that in the reference, one mark a pair.

    Args:
        table: Columns of ``services.map_difference``.
        dark: Theme.
    """
    figure = _plane(
        table,
        x="reference_association",
        y="model_association",
        kind="relation",
        marks=_RELATION_MARKS,
        dark=dark,
        hover="reference %{x:.1f}, model %{y:.1f}<br>molecules: both %{customdata[0]}, "
        "reference only %{customdata[1]}, model only %{customdata[2]}<br>"
        "McNemar p %{customdata[3]:.3g}",
        extra=[table["both"], table["reference_only"], table["model_only"], table["p"]],
    )
    p = theme.palette(dark)
    if len(table):
        ends = table[["reference_association", "model_association"]].to_numpy(dtype=float)
        low, high = float(pd.Series(ends.ravel()).min()), float(pd.Series(ends.ravel()).max())
        figure.add_shape(
            type="line", x0=low, y0=low, x1=high, y1=high, line={"color": p.muted, "width": 1}
        )
    figure.update_xaxes(title_text="association in the reference")
    figure.update_yaxes(title_text="association in the model's text")
    return figure


def shuffle_scan(found: KnowledgeMap, *, dark: bool = False) -> go.Figure:
    """Pairs over T, with the band of maps whose pairing is broken."""
    p = theme.palette(dark)
    scan, null = found.scan, found.shuffle_scan
    assert null is not None
    figure = go.Figure()
    for bound, fill in ((null.high, None), (null.low, "tonexty")):
        figure.add_trace(
            go.Scatter(
                x=scan.thresholds, y=bound, mode="lines", line={"width": 0}, fill=fill,
                fillcolor=_faded(p.muted), name="95 % of shuffled maps",
                showlegend=fill is not None, hoverinfo="skip",
            )
        )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=scan.thresholds, y=scan.pairs, mode="lines", name="pairs above T",
            line={"color": p.accent, "width": 2, "shape": "hv"},
            hovertemplate="T = %{x:.2f}: %{y} pairs<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(x=found.threshold, line={"color": p.mark, "width": 2, "dash": "dash"})
    figure.update_layout(template=theme.template(dark), height=300, hovermode="x")
    figure.update_xaxes(title_text="threshold T on local z")
    figure.update_yaxes(title_text="pairs", rangemode="tozero")
    return figure


def shuffle_table(found: KnowledgeMap) -> pd.DataFrame:
    """One row a threshold: threshold, pairs, shuffled_mean, shuffled_low, shuffled_high, z."""
    null = found.shuffle_scan
    assert null is not None
    return pd.DataFrame(
        {
            "threshold": found.scan.thresholds,
            "pairs": found.scan.pairs,
            "shuffled_mean": null.mean,
            "shuffled_low": null.low,
            "shuffled_high": null.high,
            "z": null.z,
        }
    )


def _plane(
    table: pd.DataFrame,
    *,
    x: str,
    y: str,
    kind: str,
    marks: Mapping[str, str],
    dark: bool,
    hover: str,
    extra: list[pd.Series],
) -> go.Figure:
    p = theme.palette(dark)
    figure = go.Figure()
    for k, (name, symbol) in enumerate(marks.items()):
        part = table[table[kind] == name]
        figure.add_trace(
            go.Scatter(
                x=part[x], y=part[y], mode="markers", name=f"{name} ({len(part)})",
                marker={"symbol": symbol, "size": 8, "color": p.categorical[k], "opacity": 0.85},
                text=[
                    f"{safe(a)} → {safe(b)}"
                    for a, b in zip(part["source"], part["target"], strict=True)
                ],
                customdata=list(zip(*(column[part.index] for column in extra), strict=True)),
                hovertemplate=f"<b>%{{text}}</b><br>{hover}<extra>{name}</extra>",
            )
        )  # fmt: skip
    figure.update_layout(template=theme.template(dark), height=430)
    return figure


def _faded(color: str) -> str:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"
