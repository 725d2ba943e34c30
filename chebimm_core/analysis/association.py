"""Which token pairs go together more than chance: pairing broken over molecules.

The shuffle null keeps every input and every output and only forgets which belongs to which: outputs
are permuted over molecules, within strata of input length, because long names go with long
captions. Mean and spread of every count under these permutations are known exactly, so the
**association** of a pair, (count - mean) / spread, carries no noise of drawing (the moments of a
permuted cross product: Mantel 1967, PMID 6018555). p-values, and everything about the local z, come
from drawn permutations: p = (1 + draws as extreme) / (1 + draws) (Phipson and Smyth 2010,
doi:10.2202/1544-6115.1585).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.local_filter import exceedances, local_z
from chebimm_core.domain.findings import Association, ShuffleScan, Verdict
from chebimm_core.errors import SettingError

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[Any]
"""Whole numbers in float32, or in float64 where they are too large for it."""

_DRAWS_AT_ONCE = 40
"""Of a 100 x 100 map: bounds memory at some 40 MB."""
_EXACT = 2**24
"""Whole numbers below it are exact in float32."""
_TOLERANCE = 1e-9
_THREADS = 2
_ROUNDING = 1e-4
"""Of a local z in float32: an equal one must count as reached."""


@dataclass(frozen=True, slots=True)
class Shuffled:
    """What the shuffles say of a map."""

    cells: Association
    scan: ShuffleScan


def length_strata(lengths: Ints, strata: int) -> Ints:
    """(N,) stratum of each molecule by the quantiles of its input's length.

    Args:
        lengths: (N,) tokens of each input.
        strata: How many at most; 1 permutes over all molecules.
    """
    if strata <= 1:
        return np.zeros(len(lengths), dtype=np.int64)
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, strata + 1)[1:-1]))
    return np.searchsorted(edges, lengths, side="right").astype(np.int64)


def expected(
    source: Floats, target: Floats, strata: Ints, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Exact mean and standard deviation of every count under permutation within strata.

    Args:
        source: (N, n) token counts of the inputs.
        target: (N, m) of the outputs.
        strata: (N,) from :func:`length_strata`.
        weights: (N,) how often each molecule counts; None: once.

    Returns:
        Two (n, m) arrays; the second is 0 where no permutation changes the count.
    """
    w = np.ones(len(strata)) if weights is None else weights
    member = (strata[:, None] == np.arange(strata.max(initial=0) + 1)) * w[:, None]  # (N, k)
    size = member.sum(axis=0)  # (k,)
    x, y = member.T @ source, member.T @ target
    safe = np.maximum(size, 1)[:, None]
    xx = member.T @ source**2 - x**2 / safe
    yy = member.T @ target**2 - y**2 / safe
    mean = (x / safe).T @ y
    variance = (xx / np.maximum(size - 1, 1)[:, None]).T @ yy
    return mean, np.sqrt(np.clip(variance, 0, None))


def associate(counts: Floats, mean: Floats, spread: Floats) -> Floats:
    """(n, m) association; NaN where no permutation could have changed the count."""
    found = np.full(counts.shape, np.nan)
    np.divide(counts - mean, spread, out=found, where=spread > _TOLERANCE * np.maximum(mean, 1.0))
    return found


def shuffle_null(
    source: sparse.csr_array,
    target: sparse.csr_array,
    strata: Ints,
    levels: Floats,
    *,
    draws: int = 200,
    seed: int = 0,
    ddof: int = 1,
    reorder: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Shuffled:
    """Tests every cell of a map, and its threshold scan, against broken pairing.

    Args:
        source: (N, n) token counts in the map's row order.
        target: (N, m) in its column order.
        strata: (N,) molecules are permuted within these.
        levels: (t,) ascending thresholds of the scan.
        draws: Permutations; the smallest possible p is 1 / (draws + 1).
        seed: Of the permutations; equal seeds give equal results.
        ddof: Of the neighbors' standard deviation in the local z.
        reorder: Whether each shuffled map is ordered anew by its own totals, as the map was.
        progress: Called with the share that is done.

    Raises:
        SettingError: If there are no draws, or fewer than two molecules.
    """
    from threadpoolctl import threadpool_limits

    _check(draws, source.shape[0])
    x, y = source.toarray().astype(np.float64), target.toarray().astype(np.float64)
    counts = x.T @ y
    mean, spread = expected(x, y, strata)
    z = local_z(counts, ddof)
    nearly = np.abs(counts - mean) - _TOLERANCE * np.maximum(mean, 1.0)
    observed = _Observed(nearly, np.nan_to_num(z, nan=np.inf) - _ROUNDING, levels, ddof, reorder)
    precise: Any = np.float32 if _largest(x, y) < _EXACT else np.float64
    rows = np.ascontiguousarray(x.T, dtype=precise)
    outputs = np.ascontiguousarray(y, dtype=precise)
    blocks = list(_blocks(draws, counts.size))
    seeds = np.random.SeedSequence(seed).spawn(len(blocks))
    tally = _Tally(counts.shape, levels)

    def work(size: int, own: np.random.SeedSequence) -> _Block:
        rng = np.random.default_rng(own)
        maps = np.stack([rows @ outputs[_permuted(strata, rng)] for _ in range(size)])
        return observed.compare(maps, mean)

    # Two threads of ours, one each of the linear algebra library: its own wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_THREADS) as pool:
        for block in pool.map(work, blocks, seeds):
            tally.add(block)
            if progress is not None:
                progress(tally.draws / draws)
    known = np.isfinite(z)
    p = (1 + tally.extreme) / (1 + draws)
    p[spread <= _TOLERANCE * np.maximum(mean, 1.0)] = 1.0
    return Shuffled(
        cells=Association(
            value=associate(counts, mean, spread),
            expected=mean,
            p=p,
            q=benjamini_hochberg(p),
            local_p=np.where(known, (1 + tally.higher) / (1 + draws), np.nan),
            local_p_max=np.where(known, (1 + _reached(z, tally.largest)) / (1 + draws), np.nan),
            draws=draws,
            seed=seed,
            strata=len(np.unique(strata)),
        ),
        scan=_scan(exceedances(z, levels), np.concatenate(tally.above)),
    )


def benjamini_hochberg(p: Floats) -> Floats:
    """q-values over all cells: the false discovery rate at which each would just be reported.

    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    from scipy.stats import false_discovery_control

    return cast("Floats", false_discovery_control(p.ravel(), method="bh").reshape(p.shape))


def verdicts(z: Floats, threshold: float, found: Association, alpha: float) -> NDArray[np.object_]:
    """(n, m) :data:`~chebimm_core.domain.findings.Verdict` of every cell.

    Args:
        z: (n, m) local z.
        threshold: T.
        found: Association of the same cells.
        alpha: False discovery rate for the association.
    """
    local = np.nan_to_num(z, nan=-np.inf) > threshold
    sure = (found.q <= alpha) & np.isfinite(found.value)
    up, down = sure & (found.value > 0), sure & (found.value < 0)
    result = np.full(z.shape, "none", dtype=object)
    choices: tuple[tuple[Verdict, NDArray[np.bool_]], ...] = (
        ("associated only", up),
        ("local only", local),
        ("supported", local & up),
        ("avoided", down),
    )
    for name, mask in choices:
        result[mask] = name
    return result


@dataclass(frozen=True, slots=True)
class _Block:
    extreme: Ints
    higher: Ints
    largest: Floats
    above: Ints


@dataclass(frozen=True, slots=True)
class _Observed:
    """What shuffled maps are compared with."""

    nearly: Floats
    """(n, m) distance of the count from its mean, less what rounding may take."""
    z_low: Floats
    """(n, m) local z, less what rounding may take; infinite where undefined."""
    levels: Floats
    ddof: int
    reorder: bool

    def compare(self, maps: Counts, mean: Floats) -> _Block:
        """(b, n, m) shuffled counts -> how often they are as extreme."""
        far = np.abs(maps - mean) >= self.nearly
        z = self._local(maps)
        filled = np.nan_to_num(z, nan=-np.inf)
        return _Block(
            extreme=far.sum(axis=0),
            higher=(filled >= self.z_low).sum(axis=0),
            largest=filled.max(axis=(1, 2)),
            above=exceedances(z, self.levels),
        )

    def _local(self, maps: Counts) -> Counts:
        if not self.reorder:
            return local_z(maps, self.ddof)
        rows = np.argsort(maps.sum(axis=2), axis=1, kind="stable")
        columns = np.argsort(-maps.sum(axis=1), axis=1, kind="stable")
        which = np.arange(len(maps))[:, None, None]
        there = (which, rows[:, :, None], columns[:, None, :])
        z = np.empty_like(maps)
        z[there] = local_z(maps[there], self.ddof)
        return z


class _Tally:
    """Sums over blocks of shuffles."""

    def __init__(self, shape: tuple[int, ...], levels: Floats) -> None:
        self.extreme = np.zeros(shape, dtype=np.int64)
        self.higher = np.zeros(shape, dtype=np.int64)
        self.largest = np.empty(0)
        self.above: list[Ints] = [np.empty((0, len(levels)), dtype=np.int64)]

    @property
    def draws(self) -> int:
        return len(self.largest)

    def add(self, block: _Block) -> None:
        self.extreme += block.extreme
        self.higher += block.higher
        self.largest = np.concatenate([self.largest, block.largest])
        self.above.append(block.above)


def _scan(observed: Ints, drawn: Ints) -> ShuffleScan:
    mean, spread = drawn.mean(axis=0), drawn.std(axis=0, ddof=1) if len(drawn) > 1 else 0.0
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    z = np.full(len(observed), np.nan)
    spread = np.broadcast_to(spread, mean.shape)
    np.divide(observed - mean, spread, out=z, where=spread > 0)
    each = np.divide(drawn - mean, spread, out=np.full(drawn.shape, -np.inf), where=spread > 0).max(
        axis=1
    )
    top = -np.inf if np.isnan(z).all() else float(np.nanmax(z))
    reached = int((each >= top - _TOLERANCE).sum())
    return ShuffleScan(mean, low, high, z, (1 + reached) / (1 + len(drawn)))


def _reached(z: Floats, largest: Floats) -> Ints:
    """(n, m) how many of the largest z of the draws are at least each cell's."""
    ordered = np.sort(largest)
    below = np.searchsorted(ordered, np.nan_to_num(z, nan=np.inf) - _ROUNDING, side="left")
    return len(ordered) - below


def _permuted(strata: Ints, rng: np.random.Generator) -> Ints:
    """A permutation of the molecules that keeps each in its stratum."""
    drawn = np.lexsort((rng.random(len(strata)), strata))
    order = np.empty(len(strata), dtype=np.int64)
    order[np.argsort(strata, kind="stable")] = drawn
    return order


def _blocks(draws: int, cells: int) -> Iterator[int]:
    size = max(1, min(draws, _DRAWS_AT_ONCE * 10_000 // max(cells, 1)))
    for done in range(0, draws, size):
        yield min(size, draws - done)


def _largest(x: Floats, y: Floats) -> float:
    """No count of a shuffled map is larger (Cauchy and Schwarz)."""
    squares = np.sqrt((x**2).sum(axis=0)).max(initial=0), np.sqrt((y**2).sum(axis=0)).max(initial=0)
    bound: float = squares[0] * squares[1] * max(x.shape[1], y.shape[1])
    return bound


def _check(draws: int, molecules: int) -> None:
    if draws < 1:
        raise SettingError("The shuffle null needs draws", value=draws, allowed="1 or more")
    if molecules < 2:
        raise SettingError(
            "The shuffle null needs at least two molecules", value=molecules, do="Choose more"
        )
