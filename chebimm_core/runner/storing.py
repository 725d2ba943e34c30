"""Scores predictions and stores them with their scores as one complete run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from chebimm_core.domain.run import RunHeader, RunSpec, RunState, RunStatus
from chebimm_core.errors import SettingError, StoreError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.runner.scoring import (
    Progress,
    complete,
    expected_molecules,
    score_predictions,
)
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore


def require_new(settings: Settings, spec: RunSpec, *, overwrite: bool) -> None:
    """Asks before the work whether its result can be stored.

    Raises:
        StoreError: If an equal run is stored and may not be replaced.
    """
    if not overwrite and RunStore(settings.store).exists(spec.run_id):
        raise StoreError(
            "This very run is loaded already",
            value=spec.run_id,
            do="Open it in Results, load it under another model name, or replace it (--overwrite)",
        )


def store_run(
    settings: Settings,
    spec: RunSpec,
    predictions: pd.DataFrame,
    *,
    now: datetime,
    overwrite: bool,
    message: str,
    tags: Sequence[str],
    metrics: Sequence[str] | None,
    n_bootstrap: int,
    cache: ReferenceCache | None,
    progress: Progress | None,
) -> RunHeader:
    """Scores and stores a run; arguments and errors as ``services.benchmark.store_run``."""
    require_new(settings, spec, overwrite=overwrite)
    runs = RunStore(settings.store)
    expected = expected_molecules(DatasetStore(settings.store).molecules(spec.dataset), spec)
    if expected.empty:
        raise SettingError(
            "There is no molecule to score: none of the split has a reference",
            value=f"{spec.transition} on {spec.dataset} {spec.split}",
        )
    completed = complete(predictions, expected)
    scored = score_predictions(
        settings, spec.task, completed, expected, metrics=metrics, n_bootstrap=n_bootstrap,
        seed=spec.seed, cache=cache, progress=progress,
    )  # fmt: skip
    failed = int(completed["error"].notna().sum())
    status = RunStatus(
        state=RunState.DONE,
        created=now,
        finished=now,
        n_predictions=len(completed) - failed,
        n_failed=failed,
        n_total=len(completed),
        message=_with_absent(message, scored.absent),
        tags=tuple(tags),
    )
    runs.add(
        spec,
        status,
        completed,
        samples=scored.samples,
        statistics=scored.statistics,
        scores=scored.scores,
        overwrite=overwrite,
    )
    return runs.header(spec.run_id)


def rescore(
    settings: Settings,
    run_id: str,
    *,
    metrics: Sequence[str] | None,
    cache: ReferenceCache | None,
    progress: Progress | None,
) -> RunHeader:
    """Scores a stored run again; arguments as ``services.benchmark.rescore``."""
    runs = RunStore(settings.store)
    spec = runs.header(run_id).spec
    versions.require_current(settings.store, spec)
    molecules = DatasetStore(settings.store).molecules(spec.dataset)
    expected = expected_molecules(molecules, spec)
    completed = complete(runs.predictions(run_id), expected)
    scored = score_predictions(
        settings, spec.task, completed, expected, metrics=metrics, seed=spec.seed, cache=cache,
        progress=progress,
    )  # fmt: skip
    runs.rescore(run_id, samples=scored.samples, statistics=scored.statistics, scores=scored.scores)
    return runs.header(run_id)


def _with_absent(message: str, absent: dict[str, str]) -> str:
    reasons = " ".join(f"No {metric}: {why}." for metric, why in absent.items())
    return f"{message} {reasons}".strip()
