"""How much of a knowledge map survives: other molecules, another order, no order at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.association import associate, expected
from chebimm_core.analysis.local_filter import local_z

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEIGHBORS = 8


@dataclass(frozen=True, slots=True)
class Stability:
    """Every array is (n, m), cells in the map's order."""

    survival: Floats
    """Share of bootstrap resamples of molecules in which the cell's local z is above T."""
    association_low: Floats
    """2.5th percentile of the association over the resamples; NaN where never defined."""
    association_high: Floats
    order_share: Floats
    """Share of random orders of rows and columns in which the local z is above T: near 0 for a pair
    that stands out only because of who its neighbors are."""
    order_free_z: Floats
    """Local z against the eight cells whose expected counts are nearest; no order enters."""
    resamples: int
    orders: int


def stability(
    source: sparse.csr_array,
    target: sparse.csr_array,
    strata: Ints,
    threshold: float,
    *,
    resamples: int = 100,
    orders: int = 100,
    seed: int = 0,
    ddof: int = 1,
    reorder: bool = True,
) -> Stability:
    """Draws molecules, and orders, again.

    Args:
        source: (N, n) token counts in the map's row order.
        target: (N, m) in its column order.
        strata: (N,) of ``association.length_strata``.
        threshold: T.
        resamples: Bootstrap resamples of molecules.
        orders: Random orders of rows and columns.
        seed: Of both.
        ddof: Of the neighbors' standard deviation.
        reorder: Whether a resampled map is ordered by its own totals.
    """
    from threadpoolctl import threadpool_limits

    x, y = source.toarray().astype(np.float64), target.toarray().astype(np.float64)
    counts = x.T @ y
    draw, shuffle = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    hits = np.zeros(counts.shape)
    associations = np.empty((resamples, *counts.shape), dtype=np.float32)
    with threadpool_limits(1, user_api="blas"):
        for k in range(resamples):
            w = np.bincount(draw.integers(0, len(x), len(x)), minlength=len(x)).astype(np.float64)
            again = (x * w[:, None]).T @ y
            hits += _local(again, ddof, reorder) > threshold  # NaN is not above
            associations[k] = associate(again, *expected(x, y, strata, w))
    return Stability(
        survival=hits / max(resamples, 1),
        association_low=_percentile(associations, 2.5),
        association_high=_percentile(associations, 97.5),
        order_share=_order_share(counts, threshold, orders, shuffle, ddof),
        order_free_z=order_free_z(counts, ddof),
        resamples=resamples,
        orders=orders,
    )


def order_free_z(counts: Floats, ddof: int = 1) -> Floats:
    """Local z where neighbors are the cells of the nearest expected counts.

    A count is expected to be row total x column total / total; cells of equal expectation are
    comparable wherever they stand.

    Args:
        counts: (n, m).
        ddof: Of the neighbors' standard deviation.

    Returns:
        (n, m); NaN where the neighbors have no spread, or there are fewer than eight.
    """
    total = counts.sum()
    if counts.size <= _NEIGHBORS or total <= 0:
        return np.full(counts.shape, np.nan)
    ideal = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    order = np.argsort(ideal.ravel(), kind="stable")
    values = counts.ravel()[order]
    windows = np.lib.stride_tricks.sliding_window_view(values, _NEIGHBORS + 1)
    start = np.clip(np.arange(len(values)) - _NEIGHBORS // 2, 0, len(windows) - 1)
    own = np.arange(len(values)) - start
    near = windows[start]
    others = near[np.arange(_NEIGHBORS + 1) != own[:, None]].reshape(-1, _NEIGHBORS)
    spread = others.std(axis=1, ddof=ddof)
    z = np.full(len(values), np.nan)
    there = others.max(axis=1) > others.min(axis=1)
    np.divide(values - others.mean(axis=1), spread, out=z, where=there)
    found = np.empty(len(values))
    found[order] = z
    return found.reshape(counts.shape)


def _local(counts: Floats, ddof: int, reorder: bool) -> Floats:
    if not reorder:
        return local_z(counts, ddof)
    rows = np.argsort(counts.sum(axis=1), kind="stable")
    columns = np.argsort(-counts.sum(axis=0), kind="stable")
    z = np.empty_like(counts)
    z[np.ix_(rows, columns)] = local_z(counts[np.ix_(rows, columns)], ddof)
    return z


def _order_share(
    counts: Floats, threshold: float, orders: int, rng: np.random.Generator, ddof: int
) -> Floats:
    hits = np.zeros(counts.shape)
    for _ in range(orders):
        there = np.ix_(rng.permutation(counts.shape[0]), rng.permutation(counts.shape[1]))
        z = np.empty_like(counts)
        z[there] = local_z(counts[there], ddof)
        hits += z > threshold
    return hits / max(orders, 1)


def _percentile(values: NDArray[np.float32], share: float) -> Floats:
    if not len(values):
        return np.full(values.shape[1:], np.nan)
    ordered = np.sort(values, axis=0)  # NaN last
    known = np.isfinite(values).sum(axis=0)
    at = np.clip(np.rint(share / 100 * (known - 1)), 0, None).astype(np.int64)
    found: Floats = np.take_along_axis(ordered, at[None], axis=0)[0].astype(np.float64)
    found[known == 0] = np.nan
    return found
