"""The transition matrix, published or measured here, and the runs behind each cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.analysis.transition import (
    Axes,
    aggregate_runs,
    cells_from_values,
    complete,
)
from chebimm_core.datasets import published
from chebimm_core.domain.findings import Aggregate, Completion, MatrixSource, TransitionMatrix
from chebimm_core.errors import SettingError
from chebimm_core.modalities import MODALITIES
from chebimm_core.services.cell_scores import (
    CellRun,
    Similarity,
    finished_runs,
    run_scores,
    warnings_about,
)
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.run_store import RunStore

SOURCES: tuple[MatrixSource, ...] = ("published", "local")
AGGREGATES: tuple[Aggregate, ...] = ("best", "mean", "median", "top3")
COMPLETIONS: tuple[Completion, ...] = ("measured", "via-smiles", "best-route")

RUN_COLUMNS = (
    "run_id",
    "model",
    "transition",
    "value",
    "ci_low",
    "ci_high",
    "n",
    "n_failed",
    "is_floor",
    "dataset",
    "split",
    "signatures",
)
"""Columns of :func:`cell_runs`."""


def build(
    settings: Settings,
    *,
    source: MatrixSource,
    aggregate: Aggregate = "best",
    completion: Completion = "measured",
    dataset: str | None = None,
    split: str | None = None,
    run_ids: Sequence[str] | None = None,
    denominator: Similarity = "valid",
    n_bootstrap: int = 300,
    seed: int = 0,
) -> TransitionMatrix:
    """The 8 x 8 matrix.

    Floors (models that know nothing of the input) do not enter the aggregate; the best floor of
    each cell is in ``floors``. Runs that differ in metric signature, split or coverage are named
    in ``warnings``.

    Args:
        settings: Where the store and the published facts are.
        source: ``published`` (the paper's directly measured cells) or ``local`` (stored runs).
        aggregate: How the runs of a cell are combined; a published cell is the best by definition.
        completion: Rule for cells without a measurement.
        dataset: Only runs on this data set.
        split: Only runs on this split.
        run_ids: Only these runs.
        denominator: Which fingerprint similarity enters.
        n_bootstrap: Resamples for intervals and rank stability; 0 leaves both out.
        seed: Of the bootstrap.

    Raises:
        SettingError: If an option is unknown.
        DataFormatError: If the published facts are damaged.
        NotFoundError: If a run of ``run_ids`` does not exist.
    """
    _allow("source", source, SOURCES)
    _allow("aggregate", aggregate, AGGREGATES)
    _allow("completion rule", completion, COMPLETIONS)
    axes = Axes.of(list(MODALITIES.values()))
    if source == "published":
        facts = published.transition_matrix(settings.published)
        measured = {(f.source, f.target): f.value for f in facts if f.kind == "measured"}
        told = _published_notes(aggregate, facts[0].citation)
        cells = cells_from_values(axes, measured)
        return complete(
            axes,
            cells,
            completion=completion,
            source=source,
            aggregate="best",
            warnings=told,
        )
    runs = finished_runs(
        settings, dataset=dataset, split=split, run_ids=run_ids, denominator=denominator
    )
    placed = [r for r in runs if _placed(axes, r)]
    models = [r for r in placed if not r.is_floor]
    scores = run_scores(settings, models, n_bootstrap=n_bootstrap, seed=seed)
    warnings = warnings_about(models) + _left_out(settings, dataset, split)
    bare = [s.run_id for s in scores if s.replicates is None]
    if bare and n_bootstrap:
        warnings += (
            f"{len(bare)} run{'s' if len(bare) > 1 else ''} stored without statistics, so that "
            f"{'their cells have' if len(bare) > 1 else 'its cell has'} no interval: "
            f"{', '.join(bare[:3])}. Rescore to add them.",
        )
    if not models:
        warnings = ("No finished run matches, so no cell is measured. Load or fetch one.",)
    return complete(
        axes,
        aggregate_runs(axes, scores, aggregate),
        completion=completion,
        source=source,
        aggregate=aggregate,
        warnings=warnings,
        floors=_floors(axes, [r for r in placed if r.is_floor]),
    )


def cell_runs(
    settings: Settings,
    matrix: TransitionMatrix,
    i: int,
    j: int,
    *,
    dataset: str | None = None,
    split: str | None = None,
    denominator: Similarity = "valid",
    n_bootstrap: int = 300,
    seed: int = 0,
) -> pd.DataFrame:
    """The runs behind one cell; for a derived cell, those of every leg of its route.

    Args:
        settings: Where the store is.
        matrix: From :func:`build`.
        i: Row (from).
        j: Column (to).
        dataset: As given to :func:`build`; floors are looked for there.
        split: As given to :func:`build`.
        denominator: As given to :func:`build`.
        n_bootstrap: Resamples for the intervals.
        seed: Of the bootstrap.

    Returns:
        Columns :data:`RUN_COLUMNS`: legs in route order, best run first, floors last. Empty for
        published cells and for tools.
    """
    empty = pd.DataFrame(columns=list(RUN_COLUMNS))
    if matrix.source != "local":
        return empty
    names = matrix.modalities
    legs = list(pairwise(matrix.routes[i][j])) or [(names[i], names[j])]
    if (names[i], names[j]) not in legs:
        legs.append((names[i], names[j]))
    entered = {run for row in matrix.run_ids for ids in row for run in ids}
    chosen = [
        run
        for run in finished_runs(settings, dataset=dataset, split=split, denominator=denominator)
        if (run.header.spec.sources[0], run.header.spec.target) in legs
        and (run.is_floor or run.header.run_id in entered)
    ]
    if not chosen:
        return empty
    scores = run_scores(settings, chosen, n_bootstrap=n_bootstrap, seed=seed)
    rows = []
    for run, score in zip(chosen, scores, strict=True):
        interval = (np.nan, np.nan)
        if score.replicates is not None:
            low, high = np.percentile(score.replicates, (2.5, 97.5))
            interval = (float(low), float(high))
        spec = run.header.spec
        rows.append(
            {
                "run_id": run.header.run_id,
                "model": spec.model,
                "transition": spec.transition,
                "value": run.value,
                "ci_low": interval[0],
                "ci_high": interval[1],
                "n": run.n_molecules,
                "n_failed": run.header.status.n_failed,
                "is_floor": run.is_floor,
                "dataset": spec.dataset,
                "split": spec.split,
                "signatures": "\n".join(dict.fromkeys(s.signature for s in run.metrics)),
                "leg": legs.index((spec.sources[0], spec.target)),
            }
        )
    order = ["leg", "is_floor", "value", "run_id"]
    frame = pd.DataFrame(rows).sort_values(order, ascending=[True, True, False, True])
    return frame[list(RUN_COLUMNS)].reset_index(drop=True)


def _left_out(settings: Settings, dataset: str | None, split: str | None) -> tuple[str, ...]:
    """Names the runs that do not enter because their data set has other content now."""
    headers = RunStore(settings.store).headers()
    gone = versions.outdated(settings.store, headers)
    found = [
        h.run_id
        for h in headers
        if h.run_id in gone and dataset in (None, h.spec.dataset) and split in (None, h.spec.split)
    ]
    if not found:
        return ()
    return (
        f"{len(found)} run{'s were' if len(found) > 1 else ' was'} made on another version of "
        f"{'their' if len(found) > 1 else 'its'} data set and left out: {', '.join(found[:3])}",
    )


def _placed(axes: Axes, run: CellRun) -> bool:
    ends = (run.header.spec.sources[0], run.header.spec.target)
    return all(end in axes.modalities for end in ends)


def _floors(axes: Axes, runs: Sequence[CellRun]) -> NDArray[np.float64]:
    k = len(axes.modalities)
    best = np.full((k, k), np.nan)
    for run in runs:
        cell = axes.index(run.header.spec.sources[0]), axes.index(run.header.spec.target)
        best[cell] = np.fmax(best[cell], run.value)
    return best


def _published_notes(aggregate: Aggregate, citation: str) -> tuple[str, ...]:
    notes = [f"Values read off {citation}; the figure gives neither intervals nor single runs."]
    if aggregate != "best":
        notes.append(f"The figure shows the best model of each cell; {aggregate} is not published.")
    return tuple(notes)


def _allow(what: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise SettingError(f"Unknown {what}", value=value, allowed=", ".join(allowed))
