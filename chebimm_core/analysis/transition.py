"""The modal transition probability matrix: measured cells, tools, and rules that fill the rest.

Liu et al. 2025 (doi:10.1038/s42256-024-00977-6), Figure 5a. A cell i -> j holds how well i is
turned into j: 1 for a tool, the score of models where measured. Completion rules are stated in
:func:`complete`; every derived cell names its route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.findings import (
    Aggregate,
    CellKind,
    Completion,
    MatrixSource,
    TransitionMatrix,
)
from chebimm_core.domain.specs import ModalitySpec
from chebimm_core.errors import NotFoundError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HUB = "SMILES"
"""The modality the paper routes missing transitions through."""

UNSTUDIED_SOURCE = "property"
"""The paper maps a property to nothing: its row is 0.0 by the published rule."""

_TOP = 3
_PER_HOP = 1e-9
"""Cost of an edge beside -log p: of two routes with one product the shorter wins."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Order of the matrix, and which transitions are tools."""

    modalities: tuple[str, ...]
    internal: frozenset[str]
    """Modalities a tool converts into each other exactly."""
    drawn: frozenset[str]
    """Modalities a tool makes of any internal one, without a way back: the image."""

    @classmethod
    def of(cls, modalities: Sequence[ModalitySpec]) -> Axes:
        return cls(
            tuple(m.name for m in modalities),
            frozenset(m.name for m in modalities if m.provenance == "internal"),
            frozenset(m.name for m in modalities if m.carrier == "image"),
        )

    def is_tool(self, source: str, target: str) -> bool:
        into = target in self.internal or target in self.drawn
        return source != target and source in self.internal and into

    def index(self, modality: str) -> int:
        """Position of a modality.

        Raises:
            NotFoundError: If it is none of the matrix.
        """
        if modality not in self.modalities:
            raise NotFoundError(
                "The matrix has no such modality",
                value=modality,
                allowed=", ".join(self.modalities),
            )
        return self.modalities.index(modality)


@dataclass(frozen=True, slots=True)
class RunScore:
    """What one run contributes to its cell."""

    run_id: str
    source: str
    target: str
    value: float
    """Mean of the run's bounded metrics, in [0, 1]."""
    n_molecules: int
    replicates: Floats | None = None
    """(b,) the value in each bootstrap resample of the molecules; resample i is the same for all
    runs on one data set, so that runs can be ranked within it."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Directly measured cells, before completion; NaN where nothing was measured."""

    values: Floats
    replicates: Floats
    """(b, k, k); b is 0 if nothing was resampled."""
    n_runs: Ints
    n_molecules: Ints
    rank_stability: Floats
    run_ids: Mapping[tuple[int, int], tuple[str, ...]]


def aggregate_values(values: Floats, how: Aggregate) -> Floats:
    """Aggregates over the first axis: (r, ...) -> (...). ``top3`` is the mean of the best three."""
    if how == "best":
        best: Floats = values.max(axis=0)
        return best
    if how == "median":
        return np.asarray(np.median(values, axis=0), dtype=np.float64)
    chosen = np.sort(values, axis=0)[-_TOP:] if how == "top3" else values
    mean: Floats = chosen.mean(axis=0)
    return mean


def aggregate_runs(axes: Axes, runs: Sequence[RunScore], how: Aggregate) -> Cells:
    """Cells from runs; each bootstrap resample is aggregated as the values are."""
    k = len(axes.modalities)
    groups: dict[tuple[int, int], list[RunScore]] = {}
    for run in runs:
        groups.setdefault((axes.index(run.source), axes.index(run.target)), []).append(run)
    draws = max((len(r.replicates) for r in runs if r.replicates is not None), default=0)
    cells = _no_cells(k, draws)
    ids: dict[tuple[int, int], tuple[str, ...]] = {}
    for cell, members in groups.items():
        ranked = sorted(members, key=lambda r: (-r.value, r.run_id))
        ids[cell] = tuple(r.run_id for r in ranked)
        cells.values[cell] = aggregate_values(np.array([r.value for r in ranked]), how)
        cells.n_runs[cell] = len(ranked)
        entered = ranked[: 1 if how == "best" else _TOP if how == "top3" else None]
        cells.n_molecules[cell] = min(r.n_molecules for r in entered)
        drawn = [r.replicates for r in ranked if r.replicates is not None]
        if draws and len(drawn) == len(ranked):
            stack = np.stack(drawn)
            # A resample may hold no molecule a metric is defined on: it then counts for no run.
            whole = np.isfinite(stack).all(axis=0)
            cells.replicates[(slice(None), *cell)] = aggregate_values(stack, how)
            if len(ranked) > 1 and whole.any():
                first = stack[:, whole].argmax(axis=0) == 0
                cells.rank_stability[cell] = float(first.mean())
    return Cells(
        cells.values,
        cells.replicates,
        cells.n_runs,
        cells.n_molecules,
        cells.rank_stability,
        ids,
    )


def cells_from_values(axes: Axes, values: Mapping[tuple[str, str], float]) -> Cells:
    """Cells known only by value, such as those of a publication."""
    cells = _no_cells(len(axes.modalities), 0)
    for (source, target), value in values.items():
        cells.values[axes.index(source), axes.index(target)] = value
    return cells


def complete(
    axes: Axes,
    cells: Cells,
    *,
    completion: Completion,
    source: MatrixSource,
    aggregate: Aggregate,
    warnings: tuple[str, ...] = (),
    floors: Floats | None = None,
) -> TransitionMatrix:
    """Fills the matrix by a rule and says of every cell where its value comes from.

    ``measured``: tools and measured cells only; the rest stays empty, never 0.
    ``via-smiles``: the paper's rule. A missing X -> Y is P(X -> SMILES) P(SMILES -> Y), with
    tools 1; from ``property``, 0 and "not studied".
    ``best-route``: the largest product over all chains of measured and tool edges. A chain may beat
    a measured cell; the cell is then "derived", with its route, and keeps its direct ``run_ids``.

    Args:
        axes: Modalities and tools.
        cells: Directly measured cells.
        completion: The rule.
        source: Recorded in the result.
        aggregate: Recorded in the result.
        warnings: Recorded in the result.
        floors: (k, k) best floor run of each cell.
    """
    k = len(axes.modalities)
    direct, kinds = _direct(axes, cells)
    routes = {
        "measured": _direct_routes,
        "via-smiles": _routes_via_hub,
        "best-route": _best_routes,
    }[completion](axes, direct)
    values = np.full((k, k), np.nan)
    low, high = np.full((k, k), np.nan), np.full((k, k), np.nan)
    n_runs, n_molecules = cells.n_runs.copy(), cells.n_molecules.copy()
    for cell in np.ndindex(k, k):
        i, j = cell
        route = routes.get((i, j), ())
        if len(route) > 2:
            kinds[i][j] = "derived"
            n_runs[i, j] = n_molecules[i, j] = 0
        if route:
            legs = list(pairwise(route)) or [(i, j)]
            values[i, j] = np.prod([direct[leg] for leg in legs])
            low[i, j], high[i, j] = _interval(cells, kinds, legs)
        elif completion == "via-smiles" and axes.modalities[i] == UNSTUDIED_SOURCE:
            values[i, j] = 0.0
            kinds[i][j] = "not studied"
    named = tuple(
        tuple(tuple(axes.modalities[m] for m in routes.get((i, j), ())) for j in range(k))
        for i in range(k)
    )
    return TransitionMatrix(
        modalities=axes.modalities,
        values=values,
        ci_low=low,
        ci_high=high,
        kinds=tuple(tuple(row) for row in kinds),
        routes=named,
        n_runs=n_runs,
        n_molecules=n_molecules,
        rank_stability=cells.rank_stability,
        run_ids=tuple(tuple(cells.run_ids.get((i, j), ()) for j in range(k)) for i in range(k)),
        source=source,
        aggregate=aggregate,
        completion=completion,
        warnings=warnings,
        floors=floors,
    )


def _no_cells(k: int, draws: int) -> Cells:
    return Cells(
        values=np.full((k, k), np.nan),
        replicates=np.full((draws, k, k), np.nan),
        n_runs=np.zeros((k, k), dtype=np.int64),
        n_molecules=np.zeros((k, k), dtype=np.int64),
        rank_stability=np.full((k, k), np.nan),
        run_ids={},
    )


def _direct(axes: Axes, cells: Cells) -> tuple[Floats, list[list[CellKind]]]:
    """Values and kinds before completion: identity, tools, measured, empty."""
    values = cells.values.copy()
    kinds: list[list[CellKind]] = []
    for i, source in enumerate(axes.modalities):
        row: list[CellKind] = []
        for j, target in enumerate(axes.modalities):
            exact = i == j or axes.is_tool(source, target)
            if exact:
                values[i, j] = 1.0
                row.append("identity" if i == j else "tool")
            else:
                row.append("empty" if np.isnan(values[i, j]) else "measured")
        kinds.append(row)
    return values, kinds


Routes = dict[tuple[int, int], tuple[int, ...]]


def _direct_routes(axes: Axes, direct: Floats) -> Routes:
    k = len(axes.modalities)
    known = ((i, j) for i, j in np.ndindex(k, k) if not np.isnan(direct[i, j]))
    return {(i, j): (i,) if i == j else (i, j) for i, j in known}


def _routes_via_hub(axes: Axes, direct: Floats) -> Routes:
    routes = _direct_routes(axes, direct)
    hub = axes.index(HUB)
    for i, j in np.ndindex(*direct.shape):
        legs_known = not np.isnan(direct[i, hub]) and not np.isnan(direct[hub, j])
        if (i, j) not in routes and hub not in (i, j) and legs_known:
            routes[i, j] = (i, hub, j)
    return routes


def _best_routes(axes: Axes, direct: Floats) -> Routes:
    from scipy.sparse import csgraph

    routes = _direct_routes(axes, direct)
    usable = np.nan_to_num(direct, nan=0.0) > 0
    np.fill_diagonal(usable, val=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        costs = np.where(usable, -np.log(direct) + _PER_HOP, np.inf)
    graph = csgraph.csgraph_from_dense(costs, null_value=np.inf)
    distances, before = csgraph.dijkstra(graph, return_predecessors=True)
    for i, j in np.ndindex(*direct.shape):
        if i == j or not np.isfinite(distances[i, j]):
            continue
        chain = [j]
        while chain[-1] != i:
            chain.append(int(before[i, chain[-1]]))
        routes[i, j] = tuple(reversed(chain))
    return routes


def _interval(
    cells: Cells, kinds: list[list[CellKind]], legs: list[tuple[int, int]]
) -> tuple[float, float]:
    """95 % percentile interval of a product of cells; NaN where a measured leg has no resamples."""
    measured = [(i, j) for i, j in legs if kinds[i][j] not in ("identity", "tool")]
    if not measured or not len(cells.replicates):
        return np.nan, np.nan
    product = np.prod([cells.replicates[:, i, j] for i, j in measured], axis=0)
    product = product[np.isfinite(product)]
    if not len(product):
        return np.nan, np.nan
    low, high = np.percentile(product, (2.5, 97.5))
    return float(low), float(high)
