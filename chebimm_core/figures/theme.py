"""Colors and the one Plotly template, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

FONT = "'Source Sans', 'Source Sans Pro', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colors of one theme; text on ``background`` has a contrast of at least 4.5:1."""

    background: str
    surface: str
    text: str
    muted: str
    line: str
    accent: str
    mark: str
    """Outlines that must be seen on every color of ``sequential``."""
    sequential: tuple[str, ...]
    """Low to high, rising in lightness contrast only: readable without color vision."""
    categorical: tuple[str, ...]
    """Okabe and Ito 2008, without the yellow that vanishes on white."""


LIGHT = Palette(
    background="#ffffff",
    surface="#f3f6f8",
    text="#16212b",
    muted="#52616d",
    line="#d5dde3",
    accent="#0b6580",
    mark="#b8420b",
    sequential=("#f1f5f7", "#cfe3ea", "#8cbfce", "#3a8ba4", "#0e5a75", "#06364a"),
    categorical=("#0072b2", "#c25200", "#00795a", "#a0487f", "#3a8bbd", "#8a6d00", "#52616d"),
)
DARK = Palette(
    background="#10171d",
    surface="#18222b",
    text="#e6edf2",
    muted="#a5b3bf",
    line="#32414d",
    accent="#5cc0d6",
    mark="#ffb454",
    sequential=("#1a2630", "#1d3f52", "#23637b", "#3b93a8", "#80c8d2", "#e2f6f3"),
    categorical=("#56b4e9", "#f0883e", "#2bc194", "#e08cc0", "#9fc9ec", "#e0c050", "#a5b3bf"),
)


def palette(dark: bool) -> Palette:
    """The colors of the dark or the light theme."""
    return DARK if dark else LIGHT


def scale(dark: bool) -> list[list[Any]]:
    """Plotly color scale of ``Palette.sequential``."""
    colors = palette(dark).sequential
    return [[k / (len(colors) - 1), color] for k, color in enumerate(colors)]


def signed_color(value: float, dark: bool) -> str:
    """Blue for what adds, orange for what takes away: told apart without color vision."""
    return palette(dark).categorical[0 if value >= 0 else 1]


def ink_on(share: float, dark: bool) -> str:
    """Text color that reads on the color at ``share`` (0 to 1) of the sequential scale.

    Black or white, whichever has more contrast: on any color that is 4.58:1 at least.
    """
    color = _at(palette(dark).sequential, min(max(share, 0.0), 1.0))
    light = _luminance(color)
    return "#000000" if (light + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def _at(colors: tuple[str, ...], share: float) -> tuple[float, ...]:
    place = share * (len(colors) - 1)
    low = min(int(place), len(colors) - 2)
    pairs = zip(_channels(colors[low]), _channels(colors[low + 1]), strict=True)
    return tuple(a + (b - a) * (place - low) for a, b in pairs)


def _channels(color: str) -> tuple[float, ...]:
    return tuple(int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))


def _luminance(color: tuple[float, ...]) -> float:
    """Relative luminance, WCAG 2.1."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def template(dark: bool) -> go.layout.Template:
    """Layout shared by every chart of the dashboard."""
    p = palette(dark)
    axis = {
        "gridcolor": p.line,
        "linecolor": p.line,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "title": {"font": {"color": p.muted, "size": 13}, "standoff": 8},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": p.text},
            "paper_bgcolor": p.background,
            "plot_bgcolor": p.background,
            "colorway": list(p.categorical),
            "colorscale": {"sequential": scale(dark)},
            "margin": {"l": 8, "r": 8, "t": 16, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": p.surface,
                "bordercolor": p.line,
                "font": {"family": FONT, "color": p.text, "size": 13},
                "align": "left",
            },
            "legend": {"orientation": "h", "y": -0.12, "x": 0, "font": {"color": p.text}},
        }
    )
