"""What the form asks for, before it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chebimm_core.domain.specs import Scalar


@dataclass(frozen=True, slots=True)
class RunLevel:
    """Choices that hold for every ticked model."""

    split: str
    limit: int | None
    seed: int
    arguments: Mapping[str, Scalar]
    """``property`` and ``fitted_on``, where they are set."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything the form asks for."""

    task: str
    transition: str
    dataset: str
    models: tuple[str, ...]
    arguments: Mapping[str, Mapping[str, Scalar]]
    """Model -> its parameters that are not at their default."""
    run_level: Mapping[str, Scalar]
    split: str
    limit: int | None
    seed: int
