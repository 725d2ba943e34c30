"""Retrieval: recall at k and mean reciprocal rank, over a stated pool.

An output is a JSON object ``{"rank": 3, "pool": 3300, "top": [...]}``: the rank (from 1) of the
right partner among ``pool`` candidates. An unreadable output counts as not found.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.specs import MetricSpec
from chebimm_core.metrics import aggregates
from chebimm_core.metrics.preparation import Context, FamilySpec, as_text

Floats = NDArray[np.float64]


@dataclass(slots=True)
class RankingPairs:
    """Ranks of the right partners."""

    ranks: Floats
    """(n,) from 1; infinite where the output is unreadable."""
    pools: Floats
    """(n,) candidates; NaN where the output is unreadable."""

    @property
    def n(self) -> int:
        return len(self.ranks)

    @property
    def failed(self) -> NDArray[np.bool_]:
        return np.isinf(self.ranks)

    def signature_parts(self, spec: MetricSpec) -> tuple[str, ...]:
        sizes = np.unique(self.pools[~np.isnan(self.pools)])
        if len(sizes) == 0:
            return ("pool:unknown",)
        return (f"pool:{sizes[0]:.0f}" if len(sizes) == 1 else "pool:mixed",)

    def why_absent(self, spec: MetricSpec) -> str | None:
        return None


def prepare(
    context: Context, outputs: Sequence[str | None], references: Sequence[str]
) -> RankingPairs:
    """Reads the ranks; the references are not needed, the rank already knows the right partner."""
    read = [_rank(as_text(output)) for output in outputs]
    ranks, pools = np.array(read, dtype=np.float64).reshape(-1, 2).T
    return RankingPairs(ranks, pools)


def _rank(text: str) -> tuple[float, float]:
    try:
        found = json.loads(text)
        rank, pool = found["rank"], found["pool"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return np.inf, np.nan
    whole = type(rank) is int and type(pool) is int
    return (float(rank), float(pool)) if whole and 1 <= rank <= pool else (np.inf, np.nan)


def _recall(pairs: RankingPairs, k: int) -> Floats:
    return np.column_stack([pairs.ranks <= k, np.ones(pairs.n)]).astype(np.float64)


def _reciprocal(pairs: RankingPairs) -> Floats:
    return np.column_stack([1.0 / pairs.ranks, np.ones(pairs.n)])


_ranking = partial(
    MetricSpec,
    family="ranking",
    direction="higher",
    bounded=True,
    denominator="all",
    aggregate=aggregates.mean,
)

FAMILIES = (FamilySpec("ranking", prepare),)
SPECS: tuple[MetricSpec, ...] = (
    *(
        _ranking(
            name=f"r{k}",
            title=f"R@{k}",
            statistics=partial(_recall, k=k),
            description=f"Share of queries whose partner is among the first {k}; chance is "
            f"{k} / pool.",
        )
        for k in (1, 5, 10)
    ),
    _ranking(
        name="mrr",
        title="MRR",
        statistics=_reciprocal,
        description="Mean of 1 / rank of the right partner.",
    ),
)
