"""What the local filter would select by chance: the published null, with its own uncertainty.

Liu et al. 2025 compare the number of cells above T with the number in ONE matrix of standard normal
noise, drawn without a seed. One draw decides the quoted Z, so here the draw has a seed, and further
draws show how far Z moves with the draw alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.local_filter import exceedances, local_z
from chebimm_core.domain.findings import LocalFilterConfig

Floats = NDArray[np.float64]

_CELLS_AT_ONCE = 400_000
"""Noise cells per block: bounds memory at about 30 MB."""


@dataclass(frozen=True, slots=True)
class NullScan:
    """Z over the threshold under the seeded null, and its spread over redraws."""

    expected: NDArray[np.int64]
    """(t,) cells above each threshold in the seeded noise matrix."""
    z: Floats
    """(t,) NaN where the noise matrix has no cell, or every cell, above the threshold."""
    band_low: Floats
    """(t,) 2.5th percentile of Z over the redraws."""
    band_high: Floats
    """(t,) 97.5th percentile."""
    z_max_draws: Floats
    """(d,) largest Z of each redraw."""

    @property
    def best(self) -> int | None:
        """Index of the threshold with the largest Z; None if undefined."""
        return None if np.isnan(self.z).all() else int(np.nanargmax(self.z))


def published_null(
    observed: NDArray[np.int64], shape: tuple[int, int], levels: Floats, config: LocalFilterConfig
) -> NullScan:
    """Tests the observed exceedance against normal noise at every threshold.

    Z is the one-sample test of a proportion: with p = observed / cells and q = expected / cells,
    Z = (p - q) / sqrt(q (1 - q) / cells). This is our reading of the paper's "Z-test": its own
    example (Z = 2.405 for 21 of 400 cells) follows from q = 0.0315, which is no whole number of
    400 cells, so the exact published expression remains open.

    Args:
        observed: (t,) cells above each threshold in the data.
        shape: Size (n, m) of the map.
        levels: (t,) ascending thresholds.
        config: ``null_ddof`` of the noise, ``seed``, ``null_draws``. The first draw gives ``z``;
            the further ``null_draws`` give the band.
    """
    rng = np.random.default_rng(config.seed)
    counts = _noise_exceedances(rng, config.null_draws + 1, shape, levels, config.null_ddof)
    z = proportion_z(observed, counts, shape[0] * shape[1])
    redraws = z[1:]
    low = np.full(len(levels), np.nan)
    high = np.full(len(levels), np.nan)
    known = ~np.isnan(redraws).all(axis=0)
    if known.any():
        low[known], high[known] = np.nanpercentile(redraws[:, known], (2.5, 97.5), axis=0)
    maxima = np.array([np.nan if np.isnan(row).all() else np.nanmax(row) for row in redraws])
    return NullScan(counts[0], z[0], low, high, maxima)


def proportion_z(
    observed: NDArray[np.int64], expected: NDArray[np.int64], cells: int
) -> NDArray[np.float64]:
    """Z of an observed count against an expected one, both out of ``cells``; NaN if undefined."""
    q = expected / cells
    error = np.sqrt(q * (1 - q) / cells)
    z = np.full(error.shape, np.nan)
    np.divide(observed / cells - q, error, out=z, where=error > 0)
    return z


def _noise_exceedances(
    rng: np.random.Generator, draws: int, shape: tuple[int, int], levels: Floats, ddof: int
) -> NDArray[np.int64]:
    block = max(1, _CELLS_AT_ONCE // (shape[0] * shape[1]))
    counts = [
        exceedances(local_z(rng.normal(size=(min(block, draws - done), *shape)), ddof), levels)
        for done in range(0, draws, block)
    ]
    return np.concatenate(counts)
