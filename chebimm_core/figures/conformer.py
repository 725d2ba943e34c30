"""A molecule in space: balls and sticks drawn by Plotly, no further viewer needed."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from chebimm_core.domain.report import Conformer
from chebimm_core.figures import theme

_COLORS = {
    "C": "#8a949c",
    "H": "#d9dee2",
    "N": "#3b62d9",
    "O": "#e0322b",
    "F": "#5fb84d",
    "Cl": "#2f9e44",
    "Br": "#a0522d",
    "I": "#7b2fa0",
    "S": "#d9a900",
    "P": "#e8730c",
    "B": "#e8a0a0",
    "Si": "#c9a878",
    "Se": "#c77800",
    "Na": "#8f5cf0",
    "K": "#8f40d4",
    "Mg": "#4f9e2a",
    "Ca": "#5a9e4a",
    "Fe": "#c8602c",
    "Zn": "#7a7fae",
    "Co": "#d36f86",
    "Cu": "#b8733a",
}
"""CPK colors (Corey, Pauling, Koltun), shifted where they would vanish on white or black."""
_OTHER = "#d14fb5"
_SMALL, _LARGE = 9, 17


def conformer_figure(
    conformer: Conformer, *, dark: bool = False, hydrogens: bool = True
) -> go.Figure:
    """Draws atoms as balls in element colors and bonds as sticks; turn it with the mouse.

    Args:
        conformer: Atoms and bonds.
        dark: Colors for a dark page.
        hydrogens: Whether hydrogen atoms are shown.
    """
    colors = theme.palette(dark)
    shown = [i for i, e in enumerate(conformer.elements) if hydrogens or e != "H"]
    figure = go.Figure(layout={"template": theme.template(dark)})
    figure.add_trace(_sticks(conformer, set(shown), colors.muted))
    for element in dict.fromkeys(conformer.elements[i] for i in shown):
        figure.add_trace(_balls(conformer, element, shown, colors.line))
    hidden = {
        "visible": False,
        "showbackground": False,
        "showgrid": False,
        "zeroline": False,
        "showspikes": False,
    }
    figure.update_layout(
        scene={"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"},
        paper_bgcolor="rgba(0,0,0,0)",
        height=360,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        legend={"orientation": "h", "y": 0, "itemsizing": "constant"},
    )
    return figure


def _sticks(conformer: Conformer, shown: set[int], color: str) -> go.Scatter3d:
    axes: tuple[list[float | None], ...] = ([], [], [])
    for a, b in conformer.bonds:
        if a in shown and b in shown:
            for axis, values in enumerate(axes):
                ends = (conformer.positions[a, axis], conformer.positions[b, axis])
                values.extend([float(ends[0]), float(ends[1]), None])
    return go.Scatter3d(
        x=axes[0],
        y=axes[1],
        z=axes[2],
        mode="lines",
        line={"color": color, "width": 7},
        hoverinfo="skip",
        showlegend=False,
    )


def _balls(conformer: Conformer, element: str, shown: list[int], rim: str) -> go.Scatter3d:
    chosen = [i for i in shown if conformer.elements[i] == element]
    at: Any = conformer.positions[chosen]
    return go.Scatter3d(
        x=at[:, 0],
        y=at[:, 1],
        z=at[:, 2],
        mode="markers",
        name=element,
        customdata=chosen,
        marker={
            "size": _SMALL if element == "H" else _LARGE,
            "color": _COLORS.get(element, _OTHER),
            "line": {"color": rim, "width": 1},
            "opacity": 1.0,
        },
        hovertemplate=f"{element}, atom %{{customdata}}<extra></extra>",
    )
