"""Property values as models learn them: one number, or several with gaps, as text and as arrays."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chebimm_core.errors import SettingError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PropertyTargets:
    """Labels of n molecules for t properties."""

    names: tuple[str, ...]
    """Of several properties; empty for one, which is written as a bare number."""
    values: Floats
    """(n, t) NaN where a label is missing."""
    classes: NDArray[np.bool_]
    """(t,) True where all labels are 0 or 1: then the answer is the chance of a 1."""
    mean: Floats
    """(t,) of the labels; 0 for classes."""
    spread: Floats
    """(t,) standard deviation; 1 for classes and constants."""

    @property
    def standard(self) -> Floats:
        """(n, t) labels in units of their spread; classes as they are."""
        return (self.values - self.mean) / self.spread

    def texts(self, standard: Floats) -> list[str]:
        """Answers of m molecules as text.

        Args:
            standard: (m, t) in units of the spread; for classes chances in [0, 1].
        """
        found = np.asarray(standard, dtype=np.float64) * self.spread + self.mean
        if not self.names:
            return [f"{value:.6g}" for value in found[:, 0]]
        return [
            json.dumps({n: float(f"{v:.6g}") for n, v in zip(self.names, row, strict=True)})
            for row in found
        ]


def read_targets(texts: Sequence[str], names: Sequence[str] | None = None) -> PropertyTargets:
    """Reads labels: decimal numbers, or JSON objects of the known ones.

    Args:
        texts: (n,) one a molecule.
        names: Properties and their order; None: those met, sorted.

    Raises:
        SettingError: If there is no label at all.
    """
    read = [read_label(text) for text in texts]
    several = any(isinstance(one, dict) for one in read)
    if not several:
        values = np.array(read, dtype=np.float64).reshape(-1, 1)
        found: tuple[str, ...] = ()
    else:
        rows = [one if isinstance(one, dict) else {} for one in read]
        found = tuple(names) if names else tuple(sorted({n for row in rows for n in row}))
        values = np.array([[_number(row.get(n)) for n in found] for row in rows], dtype=np.float64)
        values = values.reshape(len(rows), len(found))
    if not np.isfinite(values).any():
        raise SettingError(
            "A model has no training molecule to learn from",
            do="Import the train split of the data set, or pick another training split",
        )
    return _described(found, values)


def _described(names: tuple[str, ...], values: Floats) -> PropertyTargets:
    known = np.isfinite(values)
    classes = np.array(
        [
            set(np.unique(column[there])) <= {0.0, 1.0}
            for column, there in zip(values.T, known.T, strict=True)
        ]
    )
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, values, 0.0)
    mean = np.where(classes, 0.0, filled.sum(axis=0) / count)
    squares = np.where(known, np.square(values - mean), 0.0).sum(axis=0) / count
    spread = np.where(classes | (squares <= 0), 1.0, np.sqrt(squares))
    return PropertyTargets(names, values, classes, mean, spread)


def read_label(text: str) -> float | dict[str, Any]:
    """A decimal number, or a JSON object of several; NaN for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return math.nan
    return found if isinstance(found, dict) else _number(found)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    return float(value) if math.isfinite(value) else math.nan
