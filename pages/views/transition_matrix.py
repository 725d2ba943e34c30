"""How well models turn each modality into each other one, down to single molecules."""

from __future__ import annotations

from typing import Any

import streamlit as st

from chebimm_core.domain.findings import TransitionMatrix
from chebimm_core.figures import matrix_charts
from chebimm_core.services import benchmark
from chebimm_core.services import matrix as service
from pages.ui import (
    at_work,
    cached,
    cell_panel,
    charts_events,
    figure_panel,
    panels,
    pickers,
    ranking_panels,
    theme,
)

_SOURCES = {"local": "Measured here", "published": "Published (paper)"}
_AGGREGATES = {
    "best": "best run (published)",
    "top3": "mean of the top 3",
    "mean": "mean of all runs",
    "median": "median run",
}
_COMPLETIONS = {
    "measured": "measured only",
    "via-smiles": "via SMILES (published rule)",
    "best-route": "best route",
}
_DENOMINATORS = {"valid": "valid outputs (published)", "all": "all, invalid count 0"}


def render() -> None:
    st.title("Transition matrix")
    at_work.follow()
    st.markdown(
        "How well models turn one form of a molecule (row) into another (column): each cell is the "
        "mean of its task's bounded metrics, from 0 to 1. **Click a cell** for its runs, then open "
        "their molecules."
    )
    with panels.guard():
        asked = _controls()
        if asked is None:
            return
        matrix = cached.read(service.build, spinner="Building the matrix", **asked)
        for warning in matrix.warnings if matrix.source == "local" else ():
            st.warning(panels.plain(warning), icon=":material/warning:")
        left, right = st.columns([3, 2], gap="large")
        with right:
            cell = cell_panel.choose(matrix)
            run_id = cell_panel.show(matrix, cell, asked)
        with left:
            _heatmap(matrix, cell)
        if run_id is not None:
            st.divider()
            cell_panel.molecules(run_id, rivals=matrix.run_ids[cell[0]][cell[1]])
    st.divider()
    with panels.guard():
        ranking_panels.show(asked["source"], asked.get("dataset"), asked.get("split"))


def _controls() -> dict[str, Any] | None:
    top = st.columns([6, 5, 4])
    with top[0]:
        source = pickers.choice(
            "source",
            "Values",
            tuple(_SOURCES),
            default="local" if cached.read(benchmark.list_runs) else "published",
            shown=_SOURCES.__getitem__,
            kind="segments",
        )
    asked: dict[str, Any] = {"source": source}
    if source == "local":
        with top[1]:
            header = pickers.pick_dataset()
        if header is None:
            return None
        with top[2]:
            asked["dataset"], asked["split"] = header.name, pickers.pick_split(header)
    columns = st.columns(3 if source == "local" else 1)
    with columns[0]:
        asked["completion"] = pickers.choice(
            "complete",
            "Cells without a measurement",
            tuple(_COMPLETIONS),
            default="via-smiles" if source == "published" else "measured",
            shown=_COMPLETIONS.__getitem__,
            help="Via SMILES is the paper's rule: P(X to SMILES) times P(SMILES to Y). Best route "
            "takes the largest product over all measured and tool edges, and may beat a direct "
            "measurement.",
        )
    if source == "local":
        with columns[1]:
            asked["aggregate"] = pickers.choice(
                "aggregate", "Runs of a cell", tuple(_AGGREGATES), shown=_AGGREGATES.__getitem__
            )
        with columns[2]:
            asked["denominator"] = pickers.choice(
                "denominator",
                "Similarity of structures over",
                tuple(_DENOMINATORS),
                shown=_DENOMINATORS.__getitem__,
                help="The two denominators can rank models differently.",
            )
    return asked


def _heatmap(matrix: TransitionMatrix, cell: tuple[int, int]) -> None:
    k = len(matrix.modalities)
    chart = charts_events.clickable(
        matrix_charts.heatmap(matrix, dark=theme.is_dark(), selected=cell),
        list(range(k)),
        list(range(k)),
        matrix_charts.hover_texts(matrix),
    )
    figure_panel.show(
        chart,
        key="matrix",
        reading=_reading(matrix),
        table=matrix_charts.table(matrix),
        alt="Heatmap of eight by eight modalities; every cell is listed in the table below and can "
        "be chosen in the lists beside it.",
        file_name=f"transition-matrix-{matrix.source}",
        on_select=charts_events.on_click(
            "matrix", lambda at: cell_panel.select(matrix, int(at[0]), int(at[1]))
        ),
        note=_note(matrix),
    )


def _reading(matrix: TransitionMatrix) -> str:
    cells = matrix_charts.table(matrix)
    measured = cells[cells["kind"] == "measured"].sort_values("value")
    if measured.empty:
        return (
            "nothing has been measured yet for this choice: only exact tool conversions are known."
        )
    best, worst = measured.iloc[-1], measured.iloc[0]
    derived = int((cells["kind"] == "derived").sum())
    if len(measured) == 1:
        return f"one measured transition, {best['from']} → {best['to']} at {best['value']:.3f}."
    return (
        f"{len(measured)} measured transitions, from {worst['from']} → {worst['to']} "
        f"({worst['value']:.3f}) to {best['from']} → {best['to']} ({best['value']:.3f}). "
        + (f"{derived} cells are derived along a route (via)." if derived else "")
    )


def _note(matrix: TransitionMatrix) -> str:
    if matrix.source == "published":
        return (
            "Liu et al. 2025, doi:10.1038/s42256-024-00977-6, Figure 5a. Read off the figure: no "
            "intervals were published. Row property is published as 0 without a measurement."
        )
    return f"Runs of this store; {_AGGREGATES[matrix.aggregate]}; hover a cell for interval and n."
