"""One cell of the transition matrix: its value, its runs, and the molecules of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from chebimm_core.domain.findings import TransitionMatrix
from chebimm_core.figures import matrix_charts, ranking_charts
from chebimm_core.services import benchmark, task_catalog
from chebimm_core.services import matrix as service
from chebimm_core.settings import Settings
from pages.ui import (
    cached,
    charts_events,
    figure_panel,
    molecule_cards,
    navigation,
    panels,
    pickers,
    theme,
)

_CARDS = 4


def selected(matrix: TransitionMatrix) -> tuple[int, int]:
    """(row, column) the address names, else the measured cell of most runs, ties to captioning.

    Captioning from SMILES is what a reader knows best, and where no two runs tie at a trivial 1.
    """
    names = matrix.modalities
    source, target = st.query_params.get("from"), st.query_params.get("to")
    if source in names and target in names and source != target:
        return names.index(source), names.index(target)
    headline = (names.index("SMILES"), names.index("caption"))
    measured = [
        (matrix.n_runs[i, j], (i, j) == headline, matrix.values[i, j], i, j)
        for i in range(len(names))
        for j in range(len(names))
        if matrix.kinds[i][j] == "measured"
    ]
    return max(measured)[3:] if measured else headline


def select(matrix: TransitionMatrix, row: int, column: int) -> None:
    """Writes a cell into the address; the run chosen before belonged to another cell."""
    pickers.set_query(
        **{"from": matrix.modalities[row], "to": matrix.modalities[column], "run": None}
    )


def choose(matrix: TransitionMatrix) -> tuple[int, int]:
    """Two lists that choose a cell without the mouse; they follow clicks in the heatmap."""
    names = matrix.modalities
    i, j = selected(matrix)
    columns = st.columns(2)
    with columns[0]:
        source = pickers.choice("from", "From", names, default=names[i])
    with columns[1]:
        others = tuple(name for name in names if name != source)
        target = pickers.choice("to", "To", others, default=names[j])
    return names.index(source), names.index(target)


def show(matrix: TransitionMatrix, cell: tuple[int, int], asked: dict[str, Any]) -> str | None:
    """Draws value and runs of a cell; returns the run whose molecules are to be shown.

    Args:
        matrix: What the heatmap shows.
        cell: (row, column).
        asked: Arguments the matrix was built with.
    """
    _value(matrix, cell)
    i, j = cell
    if matrix.kinds[i][j] == "tool":
        st.markdown("A library converts this exactly; there is no run to show.")
        return None
    if matrix.source == "published":
        st.markdown("The paper gives one number for this cell, without the runs behind it.")
        query = {"source": "local", "from": matrix.modalities[i], "to": matrix.modalities[j]}
        navigation.link(
            "transition_matrix", "Show what was measured here", icon=":material/east:", **query
        )
        return None
    runs = cached.read(_cell_runs, i, j, **asked)
    if runs.empty:
        panels.empty(
            "No run measures this cell yet.",
            "Load a prediction file for it, or fetch public runs, on the Results page.",
        )
        navigation.link("results", "Go to Results", icon=":material/east:")
        return None
    return _runs(runs)


def _value(matrix: TransitionMatrix, cell: tuple[int, int]) -> None:
    i, j = cell
    kind = matrix.kinds[i][j]
    value = None if kind == "not studied" else float(matrix.values[i, j])
    floor = float("nan") if matrix.floors is None else float(matrix.floors[i, j])
    stability = float(matrix.rank_stability[i, j])
    facts = [
        panels.details(
            ci=(float(matrix.ci_low[i, j]), float(matrix.ci_high[i, j])),
            n=int(matrix.n_molecules[i, j]) or None,
        )
    ]
    if floor == floor:  # noqa: PLR0124 - NaN
        facts.append(f"floor {panels.figure(floor)}")
    if stability == stability:  # noqa: PLR0124 - NaN
        facts.append(f"best run stays best in {stability:.0%} of resamples")
    if len(matrix.routes[i][j]) > 2 or kind == "derived":
        facts.append("route " + " → ".join(matrix.routes[i][j]))
    with st.container(border=True):
        st.metric(f"{matrix.modalities[i]} → {matrix.modalities[j]}", panels.figure(value))
        meaning = matrix_charts.MEANING[kind]
        st.caption(" · ".join([meaning[0].upper() + meaning[1:], *filter(None, facts)]))


def _runs(runs: pd.DataFrame) -> str:
    options = tuple(runs["run_id"])
    labels = {
        r.run_id: f"{r.model} · {r.transition.replace('->', ' → ')} · {r.value:.3f}"
        for r in runs.itertuples()
    }
    asked = st.query_params.get("run")
    current = asked if asked in options else options[0]
    best, n_floors = runs.iloc[0], int(runs["is_floor"].sum())
    figure_panel.show(
        ranking_charts.run_intervals(runs, dark=theme.is_dark(), selected=current),
        key="cell-runs",
        reading=f"{len(runs) - n_floors} run{'s' if len(runs) - n_floors != 1 else ''} with 95 % "
        f"intervals"
        + (f" beside {n_floors} floor{'s' if n_floors > 1 else ''}" if n_floors else "")
        + f"; {panels.plain(best['model'])} leads with {best['value']:.3f}. Click a run.",
        table=runs,
        alt="Runs of this cell with intervals; the same in the table and in the list below.",
        file_name="cell-runs",
        on_select=charts_events.on_click("cell-runs", lambda at: pickers.set_query(run=str(at[0]))),
    )
    return pickers.choice("run", "Show the molecules of", options, shown=labels.__getitem__)


def molecules(run_id: str, rivals: Sequence[str]) -> None:
    """Best, worst and most disputed molecules of a run.

    Args:
        run_id: The run.
        rivals: Runs of the same cell, among which molecules may be disputed.
    """
    header = cached.read(benchmark.header, run_id, on=f"run:{run_id}")
    spec = header.spec
    st.subheader(f"Molecules of {panels.plain(spec.model)}")
    samples = cached.read(benchmark.samples, run_id, on=f"run:{run_id}")
    scored = [s.metric for s in header.scores if s.metric in samples.columns]
    if not scored:
        panels.empty("This run has no per-molecule scores.", "Score it again on the Results page.")
        return
    columns = st.columns([1, 2])
    with columns[0]:
        primary = task_catalog.task(spec.task).primary_metric
        metric = pickers.choice(
            "metric", "Ordered by", tuple(scored), default=primary, shown=task_catalog.metric_title
        )
    score = header.score(metric)
    if score is not None:
        with columns[1]:
            panels.number(
                task_catalog.metric_title(metric),
                score.value,
                ci=(score.ci_low, score.ci_high),
                n=score.n,
                signature=score.signature,
            )
    higher = score is None or score.direction == "higher"
    ordered = samples.dropna(subset=[metric]).sort_values(
        metric, ascending=not higher, kind="stable"
    )
    best, worst, disputed = st.tabs(["Best", "Worst", "Most disputed"])
    with best:
        _cards(ordered.head(_CARDS), metric, spec.dataset, run_id, "best")
    with worst:
        _cards(ordered.tail(_CARDS).iloc[::-1], metric, spec.dataset, run_id, "worst")
    with disputed, panels.guard():
        among = [r for r in dict.fromkeys([run_id, *rivals])]
        if len(among) < 2:
            st.caption("Molecules are disputed between runs: this cell has one run so far.")
            return
        found = cached.read(benchmark.disputed, among, metric, k=_CARDS)
        st.caption(f"Molecules on which the {len(among)} runs of this cell differ most.")
        found = found.rename(columns={f"value:{run_id}": metric})
        _cards(found, metric, spec.dataset, run_id, "disputed")
    navigation.link("results", "Everything about this run", icon=":material/east:", run=run_id)


def _cards(rows: pd.DataFrame, metric: str, dataset: str, run_id: str, key: str) -> None:
    title = task_catalog.metric_title(metric)
    cards = []
    for _, row in rows.iterrows():
        value = row.get(metric)
        shown = "" if pd.isna(value) else f"{title} **{value:.3f}**"
        if "spread" in row:
            shown += f"  \nspread **{row['spread']:.3f}**"
        problem = row.get("error")
        cards.append(
            molecule_cards.Card(str(row["cid"]), shown, problem if isinstance(problem, str) else "")
        )
    molecule_cards.row(cards, dataset_name=dataset, key=key, run=run_id)


def _cell_runs(settings: Settings, i: int, j: int, **asked: Any) -> pd.DataFrame:
    matrix = cached.read(service.build, **asked)
    return service.cell_runs(
        settings,
        matrix,
        i,
        j,
        dataset=asked.get("dataset"),
        split=asked.get("split"),
        denominator=asked.get("denominator", "valid"),
    )
