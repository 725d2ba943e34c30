"""Whether a mapped pair is used: what taking the source token away does to the target token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Masking = Literal["delete", "replace"]
Use = Literal["used", "slight", "opposed", "not shown"]


@dataclass(frozen=True, slots=True)
class PairEffect:
    """The effect of one source token on one target token; log-probabilities in nats.

    Effects are falls: positive where the target token becomes less probable.
    """

    source: str
    target: str
    n: int
    """Molecules the pair was tested in."""
    effect: float
    """Mean fall of log p(target token) when the source token is taken from the input."""
    low: float
    """95 % interval of ``effect``: bootstrap over molecules."""
    high: float
    control: float
    """Mean fall when another stretch of the same input of the same length is taken instead."""
    difference: float
    """``effect`` less ``control``, paired by molecule."""
    difference_low: float
    """95 % interval of ``difference``."""
    difference_high: float
    p: float
    """Two-sided, sign flips of the paired differences."""
    q: float
    """Benjamini-Hochberg over the pairs tested."""
    use: Use
    """At q <= 0.05: ``used`` if the fall exceeds the control's by 0.1 nats or more, ``slight`` if
    by less, ``opposed`` if it is smaller."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """A test of several pairs on one model."""

    run_id: str
    effects: tuple[PairEffect, ...]
    skipped: tuple[tuple[str, str, str], ...]
    """(source, target, why) of the pairs that could not be tested."""
    signature: str
