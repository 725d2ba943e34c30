"""Runs: load files of outputs, score, list, compare, rank, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from chebimm_core.datasets.join_report import JoinReport
from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import RunHeader, RunOrigin, RunSpec
from chebimm_core.errors import SettingError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.models import MODELS
from chebimm_core.runner import comparison, exporting, previewing, storing
from chebimm_core.runner.comparison import MetricComparison
from chebimm_core.runner.exporting import ExportFormat
from chebimm_core.runner.loading import open_file, require_fit, run_spec
from chebimm_core.runner.previewing import LoadPreview
from chebimm_core.runner.scoring import (
    complete,
    expected_molecules,
    score_predictions,
)
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class FileScore:
    """Scores of a file that was not stored."""

    scores: tuple[Score, ...]
    values: dict[str, float | None]
    """Every metric under both denominators; None where it has no value."""
    absent: dict[str, str]
    """Metric -> why it has no value."""
    n: int
    """Molecules in the denominator."""
    signature: str
    """Signatures of all scores, separated by blanks."""
    report: JoinReport


def list_runs(
    settings: Settings,
    *,
    dataset: str | None = None,
    task: str | None = None,
    split: str | None = None,
    tag: str | None = None,
    current: bool = False,
) -> list[RunHeader]:
    """Headers of stored runs that fit all given filters, by id.

    Args:
        settings: Where the store is.
        dataset: Only this data set.
        task: Only this task.
        split: Only this split.
        tag: Only runs with this tag.
        current: Leave out runs made on other content than their data set has now.
    """
    headers = RunStore(settings.store).headers()
    return [
        h
        for h in (versions.current(settings.store, headers) if current else headers)
        if (dataset is None or h.spec.dataset == dataset)
        and (task is None or h.spec.task == task)
        and (split is None or h.spec.split == split)
        and (tag is None or tag in h.status.tags)
    ]


def header(settings: Settings, run_id: str) -> RunHeader:
    """Specification, status and scores of one run.

    Raises:
        NotFoundError: If there is no such run.
    """
    return RunStore(settings.store).header(run_id)


def preview_file(
    settings: Settings,
    path: Path,
    *,
    dataset: str,
    task: str | None = None,
    split: str | None = None,
    source: str | None = None,
    name: str | None = None,
) -> LoadPreview:
    """Reads and joins a file without storing it; a bad join is reported, not raised.

    Args:
        settings: Where the store is.
        path: The file.
        dataset: Data set to join with.
        task: Task of the outputs; None: the first of captioning, generation, iupac that fits.
        split: Split of the outputs; None: the one most rows fit.
        source: Modality the model read; None: as the file says.
        name: File name to show, where ``path`` is a temporary copy.

    Raises:
        DataFormatError: If the file cannot be read as predictions of any task asked for.
    """
    return previewing.preview(
        settings, path, dataset=dataset, task=task, split=split, source=source, file_name=name
    )


def load_file(
    settings: Settings,
    path: Path,
    *,
    dataset: str,
    task: str,
    model: str,
    now: datetime,
    split: str | None = None,
    source: str | None = None,
    property_name: str | None = None,
    overwrite: bool = False,
    origin: RunOrigin | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    metrics: Sequence[str] | None = None,
    cache: ReferenceCache | None = None,
    progress: Progress | None = None,
) -> RunHeader:
    """Joins, scores and stores a file of outputs as one run.

    Args:
        settings: Where the store is.
        path: The file.
        dataset: Data set to join with.
        task: Task of the outputs.
        model: Name of the model that wrote them.
        now: Time of loading.
        split: Split of the outputs; None: the one most rows fit.
        source: Modality the model read; None: as the file says, else the task's usual one.
        property_name: Column a property file predicts.
        overwrite: Whether the same run, loaded before, is replaced.
        origin: Where the file comes from; None: the user's own file.
        name: File name to record, where ``path`` is a temporary copy.
        tags: Tags of the new run.
        metrics: Only these; None: all of the task.
        cache: References made ready before; pass one cache to many loads.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        DataFormatError: If the file is not what it should be; names row and column.
        JoinError: If it does not belong to the data set, or is ambiguous; says why.
        StoreError: If this very run is loaded already and ``overwrite`` is False.
    """
    say = progress or (lambda share, text: None)
    say(0.0, f"Reading {name or path.name}")
    opened = open_file(
        settings, path, dataset=dataset, task=task, split=split, source=source,
        property_name=property_name, file_name=name,
    )  # fmt: skip
    require_fit(opened, dataset)
    spec = run_spec(settings, opened, dataset=dataset, task=task, model=model, origin=origin)
    storing.require_new(settings, spec, overwrite=overwrite)
    return store_run(
        settings,
        spec,
        opened.joined.predictions,
        now=now,
        overwrite=overwrite,
        message=opened.joined.report.message(),
        tags=tags,
        metrics=metrics,
        cache=cache,
        progress=lambda share, text: say(0.1 + 0.9 * share, text),
    )


def score_file(
    settings: Settings,
    path: Path,
    *,
    dataset: str,
    task: str,
    split: str | None = None,
    source: str | None = None,
    property_name: str | None = None,
    metrics: Sequence[str] | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> FileScore:
    """Scores a file without storing anything; arguments and errors as :func:`load_file`."""
    opened = open_file(
        settings, path, dataset=dataset, task=task, split=split, source=source,
        property_name=property_name,
    )  # fmt: skip
    require_fit(opened, dataset)
    spec = run_spec(settings, opened, dataset=dataset, task=task, model="file")
    expected = expected_molecules(DatasetStore(settings.store).molecules(dataset), spec)
    scored = score_predictions(
        settings, task, complete(opened.joined.predictions, expected), expected,
        metrics=metrics, n_bootstrap=n_bootstrap, seed=seed, progress=progress,
    )  # fmt: skip
    return FileScore(
        scores=scored.scores,
        values=scored.values,
        absent=scored.absent,
        n=len(expected),
        signature=" ".join(s.signature for s in scored.scores),
        report=opened.joined.report,
    )


def store_run(
    settings: Settings,
    spec: RunSpec,
    predictions: pd.DataFrame,
    *,
    now: datetime,
    overwrite: bool = False,
    message: str = "",
    tags: Sequence[str] = (),
    metrics: Sequence[str] | None = None,
    n_bootstrap: int = 1000,
    cache: ReferenceCache | None = None,
    progress: Progress | None = None,
) -> RunHeader:
    """Scores predictions and stores them as one complete run.

    Args:
        settings: Where the store is.
        spec: What was run on what.
        predictions: ``cid`` and ``output``; ``error``, ``latency_s``, ``input_hash`` if known. A
            molecule of the split without a row counts as failed.
        now: Time of storing.
        overwrite: Whether an equal run is replaced.
        message: Kept with the run's status and shown.
        tags: Tags of the new run.
        metrics: Only these; None: all of the task.
        n_bootstrap: Resamples behind each interval.
        cache: References made ready before.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        StoreError: If an equal run is stored and ``overwrite`` is False.
    """
    return storing.store_run(
        settings, spec, predictions, now=now, overwrite=overwrite, message=message, tags=tags,
        metrics=metrics, n_bootstrap=n_bootstrap, cache=cache, progress=progress,
    )  # fmt: skip


def rescore(
    settings: Settings,
    run_id: str,
    *,
    metrics: Sequence[str] | None = None,
    cache: ReferenceCache | None = None,
    progress: Progress | None = None,
) -> RunHeader:
    """Scores a stored run again, for instance after a tokenizer has become available."""
    return storing.rescore(settings, run_id, metrics=metrics, cache=cache, progress=progress)


def samples(settings: Settings, run_id: str) -> pd.DataFrame:
    """Every molecule of a run.

    Returns:
        (n, 5 + metrics) ``cid``, ``input``, ``reference``, ``output``, ``error``, then the value of
        each metric for that molecule, NaN where it does not count.

    Raises:
        StoreError: If a table is damaged, or the data set has other content now.
        NotFoundError: If the run or its data set does not exist.
    """
    runs = RunStore(settings.store)
    spec = runs.header(run_id).spec
    versions.require_current(settings.store, spec)
    expected = expected_molecules(DatasetStore(settings.store).molecules(spec.dataset), spec)
    outputs = runs.predictions(run_id)[["cid", "output", "error"]]
    frame = outputs.merge(expected, on="cid", how="left").merge(
        runs.samples(run_id), on="cid", how="left"
    )
    first = ["cid", "input", "reference", "output", "error"]
    return frame[[*first, *(c for c in frame.columns if c not in first)]]


def compare(
    settings: Settings, run_a: str, run_b: str, *, n_bootstrap: int = 1000, seed: int = 0
) -> list[MetricComparison]:
    """Two runs metric by metric, on the molecules both cover; see ``runner.comparison``."""
    runs = RunStore(settings.store)
    return comparison.compare_runs(runs, run_a, run_b, n_bootstrap=n_bootstrap, seed=seed)


def disputed(settings: Settings, run_ids: Sequence[str], metric: str, k: int = 20) -> pd.DataFrame:
    """The molecules on which runs differ most; see ``runner.comparison.disputed_molecules``."""
    return comparison.disputed_molecules(RunStore(settings.store), run_ids, metric, k)


def leaderboard(headers: Sequence[RunHeader], task: str) -> pd.DataFrame:
    """Runs of one task, best first; columns as in ``runner.comparison.ranking``."""
    return comparison.ranking(headers, task, TASKS[task].primary_metric)


def floors(settings: Settings, dataset: str, task: str, transition: str) -> list[RunHeader]:
    """Runs of models that know nothing of the input, to read every score against."""
    return [
        h
        for h in list_runs(settings, dataset=dataset, task=task, current=True)
        if h.spec.transition == transition
        and h.spec.model in MODELS
        and MODELS[h.spec.model].is_floor
    ]


def tag(settings: Settings, run_id: str, tags: Sequence[str]) -> None:
    """Replaces the tags of a run."""
    RunStore(settings.store).tag(run_id, tags)


def delete(settings: Settings, run_id: str) -> None:
    """Removes a run from the store."""
    RunStore(settings.store).delete(run_id)


def export(headers: Sequence[RunHeader], format: ExportFormat) -> str:
    """Scores with intervals and signatures as text.

    Raises:
        SettingError: If the format is not csv, latex or json.
    """
    writers = {
        "csv": exporting.to_csv, "latex": exporting.to_latex, "json": exporting.to_json
    }  # fmt: skip
    if format not in writers:
        raise SettingError("No such export format", value=format, allowed=", ".join(writers))
    return writers[format](headers)
