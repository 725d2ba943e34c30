"""How a model learned: training loss and validation over steps."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from chebimm_core.domain.run import TrainingPoint
from chebimm_core.figures import theme

_HEIGHT = 320


def frame(points: Sequence[TrainingPoint]) -> pd.DataFrame:
    """(n, 6) ``step``, ``epoch``, ``seconds``, ``loss``, ``validation``, ``metric``, by step."""
    columns = ["step", "epoch", "seconds", "loss", "validation", "metric"]
    rows = [point.model_dump() for point in sorted(points, key=lambda p: p.step)]
    return pd.DataFrame(rows, columns=columns).astype(
        {"loss": "float64", "validation": "float64", "epoch": "float64", "seconds": "float64"}
    )


def best(points: pd.DataFrame) -> pd.Series | None:
    """The row with the lowest validation value; None if nothing was validated."""
    validated = points["validation"].dropna()
    return None if validated.empty else points.iloc[int(points["validation"].argmin())]


def reading(points: pd.DataFrame) -> str:
    """One sentence on where learning stands (trusted text, numbers only)."""
    losses = points["loss"].dropna()
    parts = []
    if len(losses):
        parts.append(
            f"the training loss went from {losses.iloc[0]:.3g} to {losses.iloc[-1]:.3g} in "
            f"{int(points['step'].max()):,} steps"
        )
    top = best(points)
    if top is not None:
        since = int((points["step"] > top["step"]).sum())
        parts.append(
            f"validation is best at step {int(top['step']):,} ({top['validation']:.3g})"
            + ("; nothing learned later helped" if since > 2 else "")
        )
    return ("; ".join(parts) or "learning has begun, no value yet") + "."


def curve(points: pd.DataFrame, *, log: bool = False, dark: bool = False) -> go.Figure:
    """Training loss as a thin line, validation as marked line, the best point as a star.

    Args:
        points: From :func:`frame`.
        log: Whether the value axis is logarithmic; it then leaves out values of 0 and less.
        dark: Whether to draw for the dark theme.
    """
    p = theme.palette(dark)
    figure = go.Figure()
    trained = points.dropna(subset=["loss"])
    if len(trained):
        figure.add_trace(
            _line(trained, "loss", "training loss", p.categorical[0], dash="solid", marked=False)
        )
    validated = points.dropna(subset=["validation"])
    if len(validated):
        metric = str(validated["metric"].iloc[-1])
        name = "validation loss" if metric == "loss" else f"validation {metric}"
        figure.add_trace(
            _line(validated, "validation", name, p.categorical[1], dash="dot", marked=True)
        )
        top = best(points)
        if top is not None:
            figure.add_trace(
                go.Scatter(
                    x=[top["step"]],
                    y=[top["validation"]],
                    mode="markers",
                    name="best, kept for the answers",
                    marker={
                        "symbol": "star",
                        "size": 15,
                        "color": p.mark,
                        "line": {"width": 1, "color": p.background},
                    },
                    hovertemplate="best: step %{x:,}, %{y:.5g}<extra></extra>",
                )
            )
    figure.update_xaxes(title="step of the optimizer", rangemode="tozero")
    figure.update_yaxes(title="value", type="log" if log else "linear")
    figure.update_layout(
        template=theme.template(dark),
        height=_HEIGHT,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        # The same for every point that comes: what a reader zoomed into stays while it grows.
        uirevision="curve",
    )
    return figure


def _line(
    points: pd.DataFrame, column: str, name: str, color: str, *, dash: str, marked: bool
) -> go.Scatter:
    return go.Scatter(
        x=points["step"],
        y=points[column],
        mode="lines+markers" if marked or len(points) < 3 else "lines",
        name=name,
        line={"color": color, "width": 2, "dash": dash},
        marker={"size": 6, "symbol": "circle-open" if marked else "circle"},
        customdata=points[["epoch", "seconds"]],
        hovertemplate="step %{x:,}: %{y:.5g}<br>epoch %{customdata[0]:.2f}, "
        "%{customdata[1]:.1f} s<extra></extra>",
    )
