"""Statistics of interventions: paired effects over molecules, with intervals and corrected p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.association import benjamini_hochberg
from chebimm_core.domain.intervention import PairEffect, Use

Floats = NDArray[np.float64]
ALPHA = 0.05
"""False discovery rate of ``used`` and ``opposed``."""
SIZEABLE = 0.1
"""Nats; a smaller fall changes the probability by less than a tenth, sure as it may be."""
RESAMPLES = 2_000
MIN_MOLECULES = 6
"""Sign flips of five molecules give no p below 1/16."""


@dataclass(frozen=True, slots=True)
class PairSample:
    """What was measured for one pair."""

    source: str
    target: str
    falls: Floats
    """(n,) fall of log p of the target token when the source token is taken away."""
    controls: Floats
    """(n,) fall when another stretch of the same length is taken away, of the same molecule."""


def pair_effects(samples: Sequence[PairSample], *, seed: int = 0) -> tuple[PairEffect, ...]:
    """Effects of all pairs tested together.

    Args:
        samples: At least :data:`MIN_MOLECULES` molecules each.
        seed: Of bootstrap and sign flips.

    Returns:
        As many effects, in order. Intervals are percentiles of bootstrap means over molecules; p is
        the two-sided sign-flip p of the paired difference, with the observed flip counted.
    """
    rng = np.random.default_rng(seed)
    rows = [_row(sample, rng) for sample in samples]
    if not rows:
        return ()
    q = benjamini_hochberg(np.array([row["p"] for row in rows]))
    return tuple(
        PairEffect(sample.source, sample.target, n=len(sample.falls), q=float(value),
                   use=_use(row["difference"], float(value)), **row)
        for sample, row, value in zip(samples, rows, q, strict=True)
    )  # fmt: skip


def _row(sample: PairSample, rng: np.random.Generator) -> dict[str, float]:
    difference = sample.falls - sample.controls
    chosen = rng.integers(len(difference), size=(RESAMPLES, len(difference)))
    low, high = np.percentile(sample.falls[chosen].mean(axis=1), (2.5, 97.5))
    d_low, d_high = np.percentile(difference[chosen].mean(axis=1), (2.5, 97.5))
    signs = rng.choice((-1.0, 1.0), size=(RESAMPLES, len(difference)))
    flipped = np.abs((signs * difference).mean(axis=1))
    observed = abs(float(difference.mean()))
    hits = int((flipped >= observed * (1 - 1e-12)).sum())
    return {
        "effect": float(sample.falls.mean()),
        "low": float(low),
        "high": float(high),
        "control": float(sample.controls.mean()),
        "difference": float(difference.mean()),
        "difference_low": float(d_low),
        "difference_high": float(d_high),
        "p": (1 + hits) / (1 + RESAMPLES),
    }


def _use(difference: float, q: float) -> Use:
    if q > ALPHA:
        return "not shown"
    if difference <= 0:
        return "opposed"
    return "used" if difference >= SIZEABLE else "slight"
