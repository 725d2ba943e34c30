"""Bootstrap over molecules and paired comparison, from additive statistics alone.

A resample of n molecules is a vector of n multinomial counts; times the statistics it gives the
sums from which every metric follows. The same counts on two runs make the comparison paired (Koehn
2004, aclanthology.org/W04-3250). Exact match is compared by McNemar's exact test (McNemar 1947,
doi:10.1007/BF02295996).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.domain.specs import MetricSpec
from chebimm_core.errors import SettingError
from chebimm_core.metrics import METRICS

Floats = NDArray[np.float64]

_CHUNK_CELLS = 1_000_000
_PERCENTILES = (2.5, 97.5)
_MCNEMAR = frozenset(("exact", "exact_text"))


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Run a against run b on the same molecules."""

    metric: str
    value_a: float
    value_b: float
    difference: float
    """``value_a - value_b``."""
    ci_low: float
    """Lower end of the paired bootstrap's 95 % interval of the difference; NaN if undefined."""
    ci_high: float
    p_value: float
    """Two-sided: McNemar's for exact match, else the paired bootstrap's; NaN if undefined."""
    n: int
    """Molecules compared."""
    test: str
    """``mcnemar``, ``paired bootstrap`` or ``none``."""
    only_a: int | None = None
    """Exact match: molecules that only a gets right."""
    only_b: int | None = None
    note: str = ""
    """Why there is no test, if there is none."""


def bootstrap_weights(n: int, n_bootstrap: int, seed: int) -> Iterator[Floats]:
    """Chunks (c, n) of multinomial counts, ``n_bootstrap`` rows in all; each row sums to n."""
    rng = np.random.default_rng(seed)
    size = max(1, _CHUNK_CELLS // max(n, 1))
    for start in range(0, n_bootstrap, size):
        c = min(size, n_bootstrap - start)
        drawn = rng.integers(0, n, size=(c, n)) + np.arange(c)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=c * n).reshape(c, n).astype(np.float64)


def columns(metric: str, frame: pd.DataFrame) -> Floats:
    """(n, k) statistics of one metric out of a statistics frame, in order of ``k``.

    Raises:
        SettingError: If the frame has no statistics of that metric.
    """
    names = [str(c) for c in frame.columns if str(c).rpartition(":")[0] == metric]
    if not names:
        if METRICS[metric].corpus is not None:
            return np.zeros((len(frame), 0))
        present = sorted({str(c).rpartition(":")[0] for c in frame.columns} - {""})
        raise SettingError(
            "The statistics hold no column of this metric", value=metric, allowed=", ".join(present)
        )
    names.sort(key=lambda name: int(name.rpartition(":")[2]))
    return frame[names].to_numpy(dtype=np.float64)


def value(spec: MetricSpec, statistics: Floats) -> float:
    """The metric over all rows of its (n, k) statistics."""
    return float(values(spec, statistics, np.ones((1, len(statistics))))[0])


def values(spec: MetricSpec, statistics: Floats, weights: Floats) -> Floats:
    """(b,) values of a metric, one for each row of the (b, n) weights."""
    if spec.weighted is not None:
        return spec.weighted(statistics, weights)
    return spec.aggregate(weights @ statistics)


def resampled(metric: str, statistics: pd.DataFrame, weights: Floats) -> Floats:
    """Values of a metric under given weights, for bootstraps that several runs share.

    Args:
        metric: Name of the metric.
        statistics: n rows, columns ``<metric>:<k>``.
        weights: (b, n) counts of each row in each resample.

    Returns:
        (b,) values; NaN where undefined, and for metrics of whole sets (FCD).
    """
    return values(METRICS[metric], columns(metric, statistics), np.asarray(weights, float))


def interval(draws: Floats) -> tuple[float | None, float | None]:
    """95 % percentile interval of the finite draws; None, None if there are fewer than two."""
    finite = draws[np.isfinite(draws)]
    if len(finite) < 2:
        return None, None
    low, high = np.percentile(finite, _PERCENTILES)
    return float(low), float(high)


def compare(
    metric: str,
    statistics_a: pd.DataFrame,
    statistics_b: pd.DataFrame,
    *,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> PairedComparison:
    """Compares two runs on the same molecules.

    Args:
        metric: Name of the metric.
        statistics_a: (n, ...) statistics of the first run.
        statistics_b: The same of the second; row i of both is the same molecule.
        n_bootstrap: Resamples.
        seed: Of the resamples.

    Raises:
        SettingError: If the frames have different lengths, no rows or no such metric.
    """
    if len(statistics_a) != len(statistics_b) or len(statistics_a) == 0:
        raise SettingError(
            "A paired comparison needs the same molecules of both runs",
            value=(len(statistics_a), len(statistics_b)),
            allowed="two tables of equal length, at least one row",
        )
    spec = METRICS[metric]
    a, b = columns(metric, statistics_a), columns(metric, statistics_b)
    value_a, value_b, n = value(spec, a), value(spec, b), len(a)
    if spec.corpus is not None:
        note = "this metric compares whole sets; it has no value for one molecule to pair"
        nan = float("nan")
        return PairedComparison(metric, nan, nan, nan, nan, nan, nan, n, "none", note=note)
    draws = np.concatenate(
        [values(spec, a, w) - values(spec, b, w) for w in bootstrap_weights(n, n_bootstrap, seed)]
    )
    low, high = interval(draws)
    only_a = only_b = None
    p_value, test = _bootstrap_p(draws), "paired bootstrap"
    if metric in _MCNEMAR:
        only_a, only_b = int((a[:, 0] > b[:, 0]).sum()), int((b[:, 0] > a[:, 0]).sum())
        p_value, test = _mcnemar_p(only_a, only_b), "mcnemar"
    return PairedComparison(
        metric=metric,
        value_a=value_a,
        value_b=value_b,
        difference=value_a - value_b,
        ci_low=float("nan") if low is None else low,
        ci_high=float("nan") if high is None else high,
        p_value=p_value,
        n=n,
        test=test,
        only_a=only_a,
        only_b=only_b,
    )


def _bootstrap_p(draws: Floats) -> float:
    """Two-sided p: twice the smaller share of differences on one side of 0, never exactly 0."""
    finite = draws[np.isfinite(draws)]
    if len(finite) == 0:
        return float("nan")
    tail = min(int((finite <= 0).sum()), int((finite >= 0).sum()))
    return min(1.0, 2.0 * (tail + 1) / (len(finite) + 1))


def _mcnemar_p(only_a: int, only_b: int) -> float:
    """Exact two-sided p of an even split among the molecules that one run alone gets right."""
    if only_a + only_b == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(only_a, only_a + only_b, 0.5).pvalue)
