"""What the metrics of one family share: outputs and references made ready once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chebimm_core.domain.specs import MetricSpec
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Context:
    """What a preparation may use."""

    settings: Settings
    tokenizer: str
    """Name of a tokenizer, or ``auto``: SciBERT where it is, else words."""
    cache: ReferenceCache
    wanted: frozenset[str]
    """Names of the metrics asked for; work that only others need is left out."""
    workers: int = os.cpu_count() or 1
    """Threads for work that leaves the interpreter."""


class Prepared(Protocol):
    """Pairs of one family, ready for its metrics."""

    @property
    def n(self) -> int:
        """Number of rows, failed ones included."""

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n,) rows with an empty, unreadable or (for structures) invalid output."""

    def signature_parts(self, spec: MetricSpec) -> tuple[str, ...]:
        """``key:value`` parts that tell how this metric was computed."""

    def why_absent(self, spec: MetricSpec) -> str | None:
        """Why this metric has no value here, or None if it has one."""


@dataclass(frozen=True, slots=True)
class FamilySpec:
    """A preparation by name; the name is the ``family`` of its metrics."""

    name: str
    prepare: Callable[[Context, Sequence[str | None], Sequence[str]], Prepared]


def as_text(value: str | None) -> str:
    """The text of an output; a missing one is empty, never the word ``nan``."""
    return value if isinstance(value, str) else ""
