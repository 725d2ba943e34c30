"""Runs as rows of tables: what the sections of this page share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import RunHeader
from chebimm_core.services import benchmark, dataset, store_health, task_catalog
from chebimm_core.services import floors as floor_runs
from pages.ui import cached, panels, pickers
from pages.ui.molecule_table import BUTTON, OPEN


def all_runs() -> list[RunHeader]:
    """Every run of the store."""
    return cached.read(benchmark.list_runs)


def current_runs() -> list[RunHeader]:
    """Every run whose data set has the content it was made on; others do not compare."""
    return cached.read(benchmark.list_runs, current=True)


def outdated() -> dict[str, str]:
    """Run id -> why, for runs made on another version of their data set."""
    return cached.read(store_health.outdated_runs)


def synthetic_names() -> set[str]:
    """Data sets with values made by this project."""
    return {h.name for h in cached.read(dataset.list_datasets) if h.synthetic}


def badge(names: Iterable[str]) -> None:
    """Says so where one of these data sets is synthetic."""
    wanted = set(names)
    for header in cached.read(dataset.list_datasets):
        if header.name in wanted and header.synthetic:
            panels.synthetic_badge(header)


def floors(header: RunHeader) -> list[RunHeader]:
    """Runs of models that know nothing of the input: same data, split, task and target."""
    spec = header.spec
    found = cached.read(floor_runs.standing, spec.dataset, spec.task, spec.target)
    asked = spec.model_args.get("property")
    return [
        f
        for f in found
        if f.spec.split == spec.split and f.spec.model_args.get("property", asked) == asked
    ]


def is_floor(header: RunHeader) -> bool:
    """Whether the run itself is a floor."""
    return any(f.run_id == header.run_id for f in floors(header))


def floor_score(header: RunHeader, score: Score) -> Score | None:
    """The best floor for that score, made the same way; None if there is none."""
    sign = 1 if score.direction == "higher" else -1
    comparable = [
        s
        for f in floors(header)
        if (s := f.score(score.metric)) is not None
        and s.signature == score.signature
        and math.isfinite(s.value)
    ]
    return max(comparable, key=lambda s: sign * s.value, default=None)


def primary(header: RunHeader) -> Score | None:
    """The score the run's task is read by; its first score where it lacks that one."""
    name = header.spec.task
    known = {t.name: t for t in task_catalog.tasks()}
    wanted = header.score(known[name].primary_metric) if name in known else None
    return wanted or (header.scores[0] if header.scores else None)


def headline(header: RunHeader) -> str:
    """``BLEU-2 0.412 (floor 0.221)``; says so where a run has no score."""
    score = primary(header)
    if score is None:
        return "no score"
    floor = floor_score(header, score)
    beside = f" (floor {panels.figure(floor.value)})" if floor is not None else ""
    return f"{task_catalog.metric_title(score.metric)} {panels.figure(score.value)}{beside}"


def interval(score: Score | None) -> str:
    """``.530 to .545``; a dash where no interval is defined."""
    if score is None or score.ci_low is None or score.ci_high is None:
        return "–"
    return f"{panels.figure(score.ci_low)} to {panels.figure(score.ci_high)}"


def arrow(transition: str) -> str:
    """``SMILES → caption``."""
    return transition.replace("->", " → ")


def described(header: RunHeader) -> str:
    """``SMILES → caption``; a property by its column: ``graph → property xlogp``."""
    column = header.spec.model_args.get("property")
    named = f" {column}" if column is not None and header.spec.target == "property" else ""
    return arrow(header.spec.transition) + named


def table(headers: Sequence[RunHeader]) -> pd.DataFrame:
    """One row a run with its primary score, interval, n, floor and signature."""
    records = []
    synthetic, others = synthetic_names(), outdated()
    for header in headers:
        spec, score = header.spec, primary(header)
        floor = floor_score(header, score) if score is not None else None
        records.append(
            {
                OPEN: BUTTON,
                "model": pickers.model_label(header),
                "transition": described(header),
                "task": task_catalog.title(spec.task),
                "metric": task_catalog.metric_title(score.metric) if score else "–",
                "value": score.value if score else None,
                "95 % interval": interval(score),
                "floor": "this is one" if is_floor(header) else panels.figure(_value(floor)),
                "n": score.n if score else header.status.n_predictions,
                "failed": score.n_failed if score else header.status.n_failed,
                "data": f"{spec.dataset} {spec.split}"
                + (" (synthetic)" if spec.dataset in synthetic else "")
                + (" (another version)" if header.run_id in others else ""),
                "tags": list(header.status.tags),
                "origin": header.spec.origin.kind,
                "state": header.status.state.value,
                "finished": header.status.finished,
                "signature": score.signature if score else "",
                "run id": header.run_id,
            }
        )
    return pd.DataFrame.from_records(records)


def _value(score: Score | None) -> float | None:
    return None if score is None else score.value
