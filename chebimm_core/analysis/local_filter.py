"""Localized feature filtering: which cells of a count matrix stand out from their neighbors.

Liu et al. 2025 (doi:10.1038/s42256-024-00977-6), Methods. The matrix is ordered by its totals, so
that neighbors have comparable frequencies; a cell is specific if it exceeds the mean of its up to
eight neighbors by more than T of their standard deviations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.findings import LocalFilterConfig
from chebimm_core.errors import SettingError

Floats = NDArray[np.float64]

PUBLISHED_THRESHOLD = 3.0 * 92 / 99
"""T = 2.788, point 92 of the published scan: the default where no null chooses one."""

_Cells = tuple[EllipsisType, slice, slice]
_SHIFTS = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))


@dataclass(frozen=True, slots=True)
class Arranged:
    """A count matrix in display order and normalized."""

    rows: NDArray[np.int64]
    """(n,) index of each displayed row in the matrix as given."""
    columns: NDArray[np.int64]
    """(m,) the same for columns."""
    values: Floats
    """(n, m)."""


def arrange(counts: Floats, config: LocalFilterConfig) -> Arranged:
    """Orders and normalizes a matrix of counts.

    Args:
        counts: (n, m) finite, not negative.
        config: ``totals`` sorts rows ascending and columns descending by sum; ties stay as given.

    Raises:
        SettingError: If the matrix is not finite, negative, or smaller than 2 x 2.
    """
    _check(counts)
    rows = np.arange(counts.shape[0])
    columns = np.arange(counts.shape[1])
    if config.ordering == "totals":
        rows = np.argsort(counts.sum(axis=1), kind="stable")
        columns = np.argsort(-counts.sum(axis=0), kind="stable")
    values = counts[np.ix_(rows, columns)].astype(np.float64)
    largest = values.max()
    if config.normalisation == "global-max" and largest > 0:
        values = values / largest
    return Arranged(rows, columns, values)


def local_z(values: Floats, ddof: int = 1) -> Floats:
    """How far each cell lies above its neighbors, in their standard deviations.

    All cells, and all matrices of a stack, are computed together.

    Args:
        values: (..., n, m) finite; float32 is computed in float32, all else in float64.
        ddof: Delta degrees of freedom of the neighbors' standard deviation.

    Returns:
        (..., n, m); NaN where the neighbors are all equal or not more than ``ddof``: undefined.
    """
    n, m = values.shape[-2:]
    kind: Any = values.dtype if values.dtype == np.float32 else np.float64
    total = np.zeros_like(values, dtype=kind)
    count = np.zeros((n, m), dtype=kind)
    low = np.full_like(total, np.inf)
    high = np.full_like(total, -np.inf)
    for here, there in _neighbor_slices(n, m):
        neighbor = values[there]
        total[here] += neighbor
        count[here] += 1
        np.minimum(low[here], neighbor, out=low[here])
        np.maximum(high[here], neighbor, out=high[here])
    mean = total / np.maximum(count, 1)
    squares = np.zeros_like(total)
    for here, there in _neighbor_slices(n, m):
        # Deviations from the mean, and not a difference of sums, keep small spreads exact.
        squares[here] += (values[there] - mean[here]) ** 2
    defined = (high > low) & (count > ddof)
    spread = np.sqrt(squares / np.maximum(count - ddof, 1))
    result = np.full_like(total, np.nan)
    np.divide(values - mean, spread, out=result, where=defined & (spread > 0))
    return result


def thresholds(config: LocalFilterConfig) -> Floats:
    """(t,) evenly spaced on [0, threshold_max], ends included."""
    return np.linspace(0.0, config.threshold_max, config.n_thresholds)


def exceedances(z: Floats, levels: Floats) -> NDArray[np.int64]:
    """Number of cells above each threshold, for all thresholds in one pass.

    Args:
        z: (..., n, m) local z; NaN counts as not above.
        levels: (t,) ascending thresholds.

    Returns:
        (..., t).
    """
    flat = z.reshape(-1, z.shape[-2] * z.shape[-1])
    # Cells above level k are those whose bin (levels below the value) is beyond k.
    bins = np.searchsorted(levels, flat, side="left")
    bins[np.isnan(flat)] = 0
    t = len(levels)
    offsets = np.arange(len(flat))[:, None] * (t + 1)
    histogram = np.bincount((bins + offsets).ravel(), minlength=len(flat) * (t + 1))
    by_bin = histogram.reshape(len(flat), t + 1)
    above: NDArray[np.int64] = by_bin[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].astype(np.int64)
    return above.reshape(*z.shape[:-2], t)


def specific(z: Floats, threshold: float) -> NDArray[np.int64]:
    """(p, 2) row and column of the cells with z > threshold, largest z first; ties in row order."""
    rows, columns = np.nonzero(np.nan_to_num(z, nan=-np.inf) > threshold)
    order = np.argsort(-z[rows, columns], kind="stable")
    return np.column_stack([rows[order], columns[order]])


def _neighbor_slices(n: int, m: int) -> Iterator[tuple[_Cells, _Cells]]:
    """For each of the eight directions: the cells with a neighbor there, and that neighbor."""
    for i, j in _SHIFTS:
        here: _Cells = (..., slice(max(0, -i), n - max(0, i)), slice(max(0, -j), m - max(0, j)))
        there: _Cells = (..., slice(max(0, i), n - max(0, -i)), slice(max(0, j), m - max(0, -j)))
        yield here, there


def _check(counts: Floats) -> None:
    if counts.ndim != 2 or min(counts.shape) < 2:
        raise SettingError(
            "A map needs at least two source and two target tokens",
            value=f"shape {counts.shape}",
            allowed="2 x 2 or more",
            do="Choose a larger size, or texts with more distinct tokens",
        )
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise SettingError(
            "Co-occurrence counts must be finite and not negative",
            allowed="numbers from 0 upwards",
        )
