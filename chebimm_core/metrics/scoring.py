"""Scores a run: prepared once a family, bootstrapped together, one signature a score."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from chebimm_core.domain.prediction import Score
from chebimm_core.domain.specs import MetricSpec
from chebimm_core.errors import SettingError
from chebimm_core.metrics import FAMILIES, METRICS
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.metrics.preparation import Context, Prepared, Progress
from chebimm_core.metrics.resampling import (
    PairedComparison,
    bootstrap_weights,
    compare,
    interval,
    resampled,
    value,
    values,
)
from chebimm_core.metrics.signature import signature
from chebimm_core.settings import Settings

__all__ = ["PairedComparison", "ReferenceCache", "Scored", "compare", "resampled", "score"]

Floats = NDArray[np.float64]

_BOOTSTRAP_FRACTION = 0.9


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one run, with what is needed to compare it and to look at single molecules."""

    scores: tuple[Score, ...]
    """In the order asked for; metrics without a value are in ``absent`` instead."""
    samples: pd.DataFrame
    """(n, m) value of each metric for each row; NaN where the row does not count."""
    statistics: pd.DataFrame
    """(n, sum of k) additive statistics, columns ``<metric>:<k>``."""
    absent: dict[str, str]
    """Metric -> why it has no value here."""

    def as_json(self) -> dict[str, float | None]:
        """Metric -> value, as the command line prints it.

        For molecules every metric also has a key with suffix ``_all``, its value with invalid
        outputs counted: the same where all rows count anyway, None for FCD. A metric without a
        value is None.
        """
        found: dict[str, float | None] = {s.metric: s.value for s in self.scores}
        found |= {metric: None for metric in self.absent}
        both: dict[str, float | None] = {}
        for metric in list(found):
            spec = METRICS[metric]
            if spec.family != "molecule" or metric.endswith("_all"):
                continue
            over_all = found[metric] if spec.denominator == "all" else found.get(f"{metric}_all")
            both[f"{metric}_all"] = over_all
        return {**found, **both}


def score(
    metrics: Sequence[str],
    outputs: Sequence[str | None],
    references: Sequence[str],
    *,
    settings: Settings,
    tokenizer: str = "auto",
    n_bootstrap: int = 1000,
    seed: int = 0,
    cache: ReferenceCache | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Scored:
    """Scores outputs against references, row by row the same molecules.

    Args:
        metrics: Names in ``METRICS``; leave ``fcd`` out to save its seconds.
        outputs: (n,) outputs; None or empty for a failed prediction, which counts.
        references: (n,) references.
        settings: Where vocabularies and caches are.
        tokenizer: Name in ``TOKENIZERS`` for text metrics; ``auto`` is SciBERT where it is on this
            machine, else words, under another signature.
        n_bootstrap: Resamples for the intervals; 0 leaves them out.
        seed: Of the resamples.
        cache: Shared between runs on the same molecules, it saves work on the references.
        progress: Told the fraction done and what is being done.
        workers: Threads for fingerprints; None: one a core.

    Raises:
        SettingError: If the lengths differ or there are no rows.
        NotFoundError: If a metric or the tokenizer does not exist.
        MissingDependencyError: If a tokenizer asked for by name is not on this machine.
    """
    if len(outputs) != len(references) or not len(outputs):
        raise SettingError(
            "Scoring needs as many outputs as references, and at least one",
            value=(len(outputs), len(references)),
        )
    specs = [METRICS[name] for name in dict.fromkeys(metrics)]
    context = Context(
        settings=settings,
        tokenizer=tokenizer,
        cache=cache if cache is not None else ReferenceCache(),
        wanted=frozenset(spec.name for spec in specs),
        workers=workers or os.cpu_count() or 1,
    )
    report = progress or (lambda fraction, message: None)
    prepared = _prepare(context, specs, outputs, references, report)
    absent = {
        spec.name: why
        for spec in specs
        if (why := prepared[spec.family].why_absent(spec)) is not None
    }
    present = [spec for spec in specs if spec.name not in absent]
    statistics: dict[str, Floats] = {}
    scores: list[Score] = []
    for done, spec in enumerate(present):
        report(0.3 + 0.6 * done / len(present), f"computing {spec.title}")
        statistics[spec.name] = spec.statistics(prepared[spec.family])
    report(_BOOTSTRAP_FRACTION, "resampling molecules")
    # Products of a few columns: threads of the linear algebra would spin longer than they work.
    with threadpool_limits(1):
        intervals = _intervals(present, statistics, len(outputs), n_bootstrap, seed)
    for spec in present:
        made = _score(spec, statistics[spec.name], intervals[spec.name], prepared[spec.family])
        if np.isnan(made.value):
            absent[spec.name] = "no row counts"
        else:
            scores.append(made)
    report(1.0, "scored")
    return Scored(
        scores=tuple(scores),
        samples=pd.DataFrame(
            {s.name: _samples(s, statistics[s.name]) for s in present}, index=range(len(outputs))
        ),
        statistics=pd.DataFrame(
            {
                f"{name}:{k}": rows[:, k]
                for name, rows in statistics.items()
                for k in range(rows.shape[1])
            },
            index=range(len(outputs)),
        ),
        absent=absent,
    )


def _prepare(
    context: Context,
    specs: Sequence[MetricSpec],
    outputs: Sequence[str | None],
    references: Sequence[str],
    report: Progress,
) -> dict[str, Prepared]:
    prepared: dict[str, Prepared] = {}
    for family in dict.fromkeys(spec.family for spec in specs):
        report(0.0, f"reading outputs as {family}")
        prepared[family] = FAMILIES[family].prepare(context, outputs, references)
    return prepared


def _intervals(
    specs: Sequence[MetricSpec], statistics: dict[str, Floats], n: int, n_bootstrap: int, seed: int
) -> dict[str, tuple[float | None, float | None]]:
    """The same resamples for every metric; metrics of whole sets bring their own interval."""
    draws: dict[str, list[Floats]] = {spec.name: [] for spec in specs}
    for weights in bootstrap_weights(n, n_bootstrap, seed):
        for spec in specs:
            if spec.corpus is None:
                draws[spec.name].append(values(spec, statistics[spec.name], weights))
    return {
        name: interval(np.concatenate(chunks)) if chunks else (None, None)
        for name, chunks in draws.items()
    }


def _score(
    spec: MetricSpec,
    statistics: Floats,
    bounds: tuple[float | None, float | None],
    prepared: Prepared,
) -> Score:
    failed = prepared.failed
    if spec.corpus is not None:
        whole = spec.corpus(prepared)
        number, bounds = whole.value, (whole.ci_low, whole.ci_high)
        n = whole.n
    else:
        number = value(spec, statistics)
        # Rows that do not count are all 0; each that counts has a nonzero count among its columns.
        n = int(statistics.any(axis=1).sum())
    return Score(
        metric=spec.name,
        value=number,
        ci_low=bounds[0],
        ci_high=bounds[1],
        n=n,
        n_failed=int(failed.sum()),
        direction=spec.direction,
        bounded=spec.bounded,
        denominator=spec.denominator,
        signature=signature(spec, prepared.signature_parts(spec)),
    )


def _samples(spec: MetricSpec, statistics: Floats) -> Floats:
    return spec.aggregate(statistics) if spec.per_sample is None else spec.per_sample(statistics)
