"""What each stored run contributes to the transition matrix, with joint bootstrap resamples.

The score of a run is the unweighted mean of its task's bounded metrics; Levenshtein distance,
FCD, RMSE and MAE have no upper bound and stay out. Regression enters by R2 clipped to [0, 1]: our
choice, the paper names none. For published MolT5-base, SMILES to caption, the six metrics average
.544; the paper's cell shows .543.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.analysis.transition import RunScore
from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import RunHeader, RunState
from chebimm_core.errors import SettingError
from chebimm_core.models import MODELS
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.run_store import RunStore

Floats = NDArray[np.float64]
Similarity = Literal["valid", "all"]
"""Fingerprint similarity over valid predictions (published), or over all with invalid ones as 0."""

RETRIEVAL = "retrieval"


@dataclass(frozen=True, slots=True)
class CellRun:
    """A finished run and its score in the matrix."""

    header: RunHeader
    value: float
    metrics: tuple[Score, ...]
    """The scores averaged."""
    is_floor: bool

    @property
    def n_molecules(self) -> int:
        return self.header.status.n_predictions


def finished_runs(
    settings: Settings,
    *,
    dataset: str | None = None,
    split: str | None = None,
    run_ids: Sequence[str] | None = None,
    denominator: Similarity = "valid",
) -> list[CellRun]:
    """Finished runs with one source modality and a bounded score, retrieval left out.

    Runs made on other content than their data set has now are left out as well.

    Args:
        settings: Where the store is.
        dataset: Only this data set; None takes all.
        split: Only this split.
        run_ids: Only these runs.
        denominator: Which similarity enters.

    Raises:
        NotFoundError: If a run of ``run_ids`` does not exist.
    """
    store = RunStore(settings.store)
    headers = store.headers() if run_ids is None else [store.header(r) for r in run_ids]
    headers = versions.current(settings.store, headers)
    found = []
    for header in headers:
        spec = header.spec
        if dataset not in (None, spec.dataset) or split not in (None, spec.split):
            continue
        one_source = spec.task != RETRIEVAL and len(spec.sources) == 1
        if header.status.state is not RunState.DONE or not one_source:
            continue
        metrics = bounded_scores(header, denominator)
        if metrics:
            value = float(np.mean([_clipped(s.value) for s in metrics]))
            found.append(CellRun(header, value, metrics, is_floor(spec.model)))
    return found


def bounded_scores(header: RunHeader, denominator: Similarity) -> tuple[Score, ...]:
    """The scores that enter the mean; empty if the run has none."""
    defined = [s for s in header.scores if np.isfinite(s.value)]
    names = {s.metric for s in defined}
    if header.spec.task == "property":
        entering = "roc_auc" if "roc_auc" in names else "r2"
        return tuple(s for s in defined if s.metric == entering)
    chosen = []
    for score in defined:
        over_all = score.metric.endswith("_all")
        replaced = f"{score.metric}_all" in names if denominator == "all" else over_all
        if score.bounded and not replaced:
            chosen.append(score)
    return tuple(chosen)


def is_floor(model: str) -> bool:
    """Whether a run's model is a baseline that knows nothing of the input."""
    return model in MODELS and MODELS[model].is_floor


def run_scores(
    settings: Settings, runs: Sequence[CellRun], *, n_bootstrap: int = 300, seed: int = 0
) -> list[RunScore]:
    """Scores with resamples drawn jointly: runs on one split share each resample's molecules.

    Args:
        settings: Where the store is.
        runs: From :func:`finished_runs`.
        n_bootstrap: Resamples; 0 gives values only. A run stored without the statistics of one of
            its metrics has a value only, too.
        seed: Of the resampling.
    """
    store = RunStore(settings.store)
    groups: dict[tuple[str, str], list[CellRun]] = {}
    for run in runs:
        groups.setdefault((run.header.spec.dataset, run.header.spec.split), []).append(run)
    replicates: dict[str, Floats] = {}
    for members in groups.values() if n_bootstrap else ():
        tables = {r.header.run_id: store.statistics(r.header.run_id) for r in members}
        cids = np.unique(np.concatenate([t["cid"].to_numpy(dtype=str) for t in tables.values()]))
        rng = np.random.default_rng(seed)
        even = np.full(len(cids), 1 / len(cids))
        weights = rng.multinomial(len(cids), even, size=n_bootstrap).astype(np.float64)
        for run in members:
            table = tables[run.header.run_id]
            columns = np.searchsorted(cids, table["cid"].to_numpy(dtype=str))
            drawn = _replicates(run, table, weights[:, columns])
            if drawn is not None:
                replicates[run.header.run_id] = drawn
    return [
        RunScore(
            run_id=run.header.run_id,
            source=run.header.spec.sources[0],
            target=run.header.spec.target,
            value=run.value,
            n_molecules=run.n_molecules,
            replicates=replicates.get(run.header.run_id),
        )
        for run in runs
    ]


def warnings_about(runs: Sequence[CellRun]) -> tuple[str, ...]:
    """Differences between runs that make their cells hard to compare, in plain words."""
    told = []
    signatures: dict[str, dict[str, list[str]]] = {}
    for run in runs:
        for score in run.metrics:
            users = signatures.setdefault(score.metric, {}).setdefault(score.signature, [])
            users.append(run.header.run_id)
    for metric, by_signature in signatures.items():
        if len(by_signature) > 1:
            variants = "; ".join(
                f"{signature} ({len(ids)} run{'s' if len(ids) > 1 else ''}, e.g. {ids[0]})"
                for signature, ids in sorted(by_signature.items())
            )
            told.append(f"{metric} was computed in different ways and compares badly: {variants}")
    places = sorted({f"{r.header.spec.dataset}/{r.header.spec.split}" for r in runs})
    if len(places) > 1:
        told.append(f"Runs on different molecules share this matrix: {', '.join(places)}")
    limited = [r.header.run_id for r in runs if r.header.spec.limit is not None]
    if limited:
        told.append(
            f"{len(limited)} run{'s' if len(limited) > 1 else ''} cover only the first molecules "
            f"of their split: {', '.join(limited[:3])}"
        )
    return tuple(told)


def _replicates(run: CellRun, table: pd.DataFrame, weights: Floats) -> Floats | None:
    # Here and not above: the published matrix needs none of the scoring libraries.
    from chebimm_core.metrics.scoring import resampled

    try:
        values = [np.clip(resampled(s.metric, table, weights), 0.0, 1.0) for s in run.metrics]
    except SettingError:
        return None  # stored without the statistics of a metric; the caller says so
    mean: Floats = np.mean(values, axis=0)
    return mean


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
