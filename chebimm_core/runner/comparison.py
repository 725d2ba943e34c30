"""Runs side by side: on the same molecules, and only where scores were made the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from chebimm_core.domain.run import RunHeader
from chebimm_core.domain.specs import Direction
from chebimm_core.errors import NotFoundError, SettingError
from chebimm_core.metrics.resampling import PairedComparison
from chebimm_core.metrics.scoring import compare
from chebimm_core.store.run_store import RunStore


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """One metric of two runs on the molecules both cover."""

    paired: PairedComparison
    """Values, difference and test."""
    direction: Direction
    bounded: bool
    signature: str
    """The same for both runs."""


def compare_runs(
    runs: RunStore, run_a: str, run_b: str, *, n_bootstrap: int = 1000, seed: int = 0
) -> list[MetricComparison]:
    """Compares two runs metric by metric on their common molecules.

    Metrics whose signatures differ are left out: their values do not compare.

    Raises:
        SettingError: If the runs are of different tasks, data sets or versions of one, or share no
            molecule.
    """
    a, b = runs.header(run_a), runs.header(run_b)
    kinds = [(h.spec.task, h.spec.dataset) for h in (a, b)]
    if kinds[0] != kinds[1]:
        raise SettingError(
            "Only runs of one task on one data set compare",
            value=f"{' on '.join(kinds[0])} and {' on '.join(kinds[1])}",
            do="Choose two runs of the same task and data set",
        )
    if a.spec.dataset_hash != b.spec.dataset_hash:
        raise SettingError(
            f"The runs were made on different versions of {a.spec.dataset}",
            value=f"content {a.spec.dataset_hash[:12]} and {b.spec.dataset_hash[:12]}",
            do="Load the file of the older run again, so that both are scored on one version",
        )
    left = runs.statistics(run_a).set_index("cid")
    right = runs.statistics(run_b).set_index("cid")
    common = left.index.intersection(right.index, sort=False)
    if common.empty:
        raise SettingError(
            "The two runs have no molecule in common",
            value=f"splits {a.spec.split} and {b.spec.split}",
            do="Choose runs on one split",
        )
    left, right = left.loc[common], right.loc[common]
    found = []
    for mine in a.scores:
        other = b.score(mine.metric)
        if other is None or other.signature != mine.signature:
            continue
        paired = compare(mine.metric, left, right, n_bootstrap=n_bootstrap, seed=seed)
        found.append(MetricComparison(paired, mine.direction, mine.bounded, mine.signature))
    return found


def disputed_molecules(
    runs: RunStore, run_ids: Sequence[str], metric: str, k: int = 20
) -> pd.DataFrame:
    """The molecules on which runs differ most in one metric.

    Args:
        runs: The store.
        run_ids: Two runs or more.
        metric: A metric with a value for each molecule.
        k: Molecules to return.

    Returns:
        (<= k, 2 + 2 r) ``cid``, ``spread`` (largest minus smallest value), then for each run
        ``value:<run_id>`` and ``output:<run_id>``; largest spread first. Molecules without a value
        in one of the runs are left out.

    Raises:
        NotFoundError: If a run lacks the metric.
    """
    columns: dict[str, pd.Series] = {}
    outputs: dict[str, pd.Series] = {}
    for run_id in dict.fromkeys(run_ids):
        samples = runs.samples(run_id).set_index("cid")
        if metric not in samples.columns:
            raise NotFoundError(
                f"Run {run_id} has no value of this metric for single molecules",
                value=metric,
                allowed=", ".join(samples.columns),
            )
        columns[f"value:{run_id}"] = samples[metric]
        outputs[f"output:{run_id}"] = runs.predictions(run_id).set_index("cid")["output"]
    values = pd.DataFrame(columns).dropna()
    spread = (values.max(axis=1) - values.min(axis=1)).rename("spread")
    top = spread.sort_values(ascending=False, kind="stable").head(k)
    frame = pd.concat([top, values.loc[top.index], pd.DataFrame(outputs).loc[top.index]], axis=1)
    return frame.rename_axis("cid").reset_index()


def ranking(headers: Sequence[RunHeader], task: str, primary: str) -> pd.DataFrame:
    """Runs of one task, best first by its primary metric.

    Returns:
        One row a run: ``rank``, ``run_id``, ``model``, ``transition``, ``dataset``, ``split``,
        ``signature`` of the primary score, ``comparable`` (whether that signature, data set (name
        and content) and split are those of the first row), ``n``, ``n_failed``, then for each
        metric its value and ``<metric>_low``, ``<metric>_high``.
    """
    chosen = [h for h in headers if h.spec.task == task]
    sign = next((-1 if s.direction == "higher" else 1 for h in chosen for s in h.scores
                 if s.metric == primary), 1)  # fmt: skip

    def key(header: RunHeader) -> tuple[bool, float, str]:
        score = header.score(primary)
        absent = score is None or score.value != score.value
        return absent, 0.0 if score is None or absent else sign * score.value, header.run_id

    records: list[dict[str, str | int | float | bool | None]] = []
    first: tuple[str, str, str, str] | None = None
    for rank, header in enumerate(sorted(chosen, key=key), start=1):
        spec, score = header.spec, header.score(primary)
        kind = (score.signature if score else "", spec.dataset, spec.dataset_hash, spec.split)
        first = first or kind
        record: dict[str, str | int | float | bool | None] = {
            "rank": rank,
            "run_id": header.run_id,
            "model": spec.model,
            "transition": spec.transition,
            "dataset": spec.dataset,
            "split": spec.split,
            "signature": kind[0],
            "comparable": kind == first,
            "n": score.n if score else header.status.n_total,
            "n_failed": header.status.n_failed,
        }
        for one in header.scores:
            record[one.metric] = one.value
            record[f"{one.metric}_low"] = one.ci_low
            record[f"{one.metric}_high"] = one.ci_high
        records.append(record)
    return pd.DataFrame.from_records(records)
