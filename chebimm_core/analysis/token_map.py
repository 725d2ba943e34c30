"""From co-occurrence counts to a knowledge map: filter, scan, null and specific pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.association import Shuffled, length_strata, shuffle_null
from chebimm_core.analysis.local_filter import (
    PUBLISHED_THRESHOLD,
    Arranged,
    arrange,
    exceedances,
    local_z,
    specific,
    thresholds,
)
from chebimm_core.analysis.nulls import NullScan, published_null
from chebimm_core.domain.findings import (
    KnowledgeMap,
    LocalFilterConfig,
    NullKind,
    ThresholdScan,
    TokenPair,
)
from chebimm_core.errors import SettingError

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True, slots=True)
class Counted:
    """A token mapping matrix before filtering, in any order."""

    source_tokens: Sequence[str]
    """n tokens."""
    target_tokens: Sequence[str]
    """m tokens."""
    counts: NDArray[np.float64]
    """(n, m)."""
    carriers: NDArray[np.int64] | None
    """(n, m) molecules that hold both tokens; None if unknown."""
    n_molecules: int
    signature: str
    texts: TextCounts | None = None
    """The counts text by text; None if only their products are known."""


@dataclass(frozen=True, slots=True)
class TextCounts:
    """Token counts of every text, which the shuffle null permutes."""

    source: sparse.csr_array
    """(N, n)."""
    target: sparse.csr_array
    """(N, m)."""
    lengths: NDArray[np.int64]
    """(N,) tokens of each input."""


@dataclass(frozen=True, slots=True)
class TokenGroup:
    """Specific pairs that share one token."""

    token: str
    partners: tuple[str, ...]
    """Tokens of the other side, strongest local z first."""
    strongest: float
    """Largest local z of the group."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The specific pairs by shared source and by shared target; larger groups first."""

    by_source: tuple[TokenGroup, ...]
    by_target: tuple[TokenGroup, ...]


def make_map(
    counted: Counted,
    config: LocalFilterConfig,
    *,
    threshold: float | None = None,
    null: NullKind | None = None,
) -> KnowledgeMap:
    """Filters a token mapping matrix.

    Args:
        counted: Tokens and counts.
        config: Every choice of the filter.
        threshold: T; None takes the T of the largest Z if a null is asked for, else 2.788, the
            T of the published example.
        null: ``published`` adds Z and its band to the scan, ``shuffle`` the association of every
            cell and the scan of shuffled maps, ``both`` both; None adds nothing.

    Raises:
        SettingError: If the matrix is smaller than 2 x 2, or the threshold is not a finite number
            from 0 upwards.
    """
    arranged = arrange(counted.counts, config)
    here = np.ix_(arranged.rows, arranged.columns)
    # Of the counts, not of the normalized values: a local z has no unit, and sums of whole numbers
    # are exact, so that a cell equal to its neighbors' mean is exactly 0.
    z = local_z(counted.counts[here], config.ddof)
    levels = thresholds(config)
    observed = exceedances(z, levels)
    shape = (z.shape[0], z.shape[1])
    published = null in {"published", "both"}
    tested = published_null(observed, shape, levels, config) if published else None
    shuffled = _shuffled(counted, arranged, levels, config) if null in {"shuffle", "both"} else None
    if threshold is None:
        best = None if tested is None else tested.best
        threshold = PUBLISHED_THRESHOLD if best is None else float(levels[best])
    bare = KnowledgeMap(
        source_tokens=tuple(counted.source_tokens[i] for i in arranged.rows),
        target_tokens=tuple(counted.target_tokens[j] for j in arranged.columns),
        counts=counted.counts[here],
        values=arranged.values,
        local_z=z,
        scan=_scan(levels, observed, tested),
        threshold=threshold,
        pairs=(),
        pairs_total=0,
        n_molecules=counted.n_molecules,
        config=config,
        signature=counted.signature,
        carriers=None if counted.carriers is None else counted.carriers[here],
        association=None if shuffled is None else shuffled.cells,
        shuffle_scan=None if shuffled is None else shuffled.scan,
    )
    return at_threshold(bare, threshold)


def at_threshold(found: KnowledgeMap, threshold: float) -> KnowledgeMap:
    """The same map with the pairs of another threshold; nothing is counted again.

    Raises:
        SettingError: If the threshold is not a finite number from 0 upwards.
    """
    if not np.isfinite(threshold) or threshold < 0:
        raise SettingError(
            "The threshold T is a number of standard deviations",
            value=threshold,
            allowed="a finite number from 0 upwards",
        )
    cells = specific(found.local_z, threshold)
    pairs = (_pair(found, int(i), int(j)) for i, j in cells)
    kept = tuple(p for p in pairs if not (found.config.drop_equal_tokens and p.source == p.target))
    return replace(found, threshold=float(threshold), pairs=kept, pairs_total=len(cells))


def groups(found: KnowledgeMap) -> Groups:
    """The specific pairs of a map, by shared token."""
    return Groups(
        by_source=_grouped([(p.source, p.target, p.local_z) for p in found.pairs]),
        by_target=_grouped([(p.target, p.source, p.local_z) for p in found.pairs]),
    )


def _shuffled(
    counted: Counted, arranged: Arranged, levels: NDArray[np.float64], config: LocalFilterConfig
) -> Shuffled:
    if counted.texts is None:
        raise SettingError(
            "The shuffle null needs the texts of molecules; a matrix alone cannot be shuffled",
            allowed="published",
            do="Build the map from a run or from gold data",
        )
    return shuffle_null(
        counted.texts.source[:, arranged.rows],
        counted.texts.target[:, arranged.columns],
        length_strata(counted.texts.lengths, config.strata),
        levels,
        draws=config.shuffle_draws,
        seed=config.seed,
        ddof=config.ddof,
        reorder=config.ordering == "totals",
    )


def _pair(found: KnowledgeMap, i: int, j: int) -> TokenPair:
    return TokenPair(
        source=found.source_tokens[i],
        target=found.target_tokens[j],
        count=float(found.counts[i, j]),
        local_z=float(found.local_z[i, j]),
        molecules=None if found.carriers is None else int(found.carriers[i, j]),
    )


def _grouped(pairs: Sequence[tuple[str, str, float]]) -> tuple[TokenGroup, ...]:
    members: dict[str, list[tuple[str, float]]] = {}
    for token, partner, z in pairs:
        members.setdefault(token, []).append((partner, z))
    found = [
        TokenGroup(token, tuple(partner for partner, _ in group), max(z for _, z in group))
        for token, group in members.items()
    ]
    return tuple(sorted(found, key=lambda g: (-len(g.partners), -g.strongest, g.token)))


def _scan(
    levels: NDArray[np.float64], observed: NDArray[np.int64], tested: NullScan | None
) -> ThresholdScan:
    unknown = np.full(len(levels), np.nan)
    return ThresholdScan(
        thresholds=levels,
        pairs=observed,
        z=unknown if tested is None else tested.z,
        z_band_low=unknown if tested is None else tested.band_low,
        z_band_high=unknown if tested is None else tested.band_high,
        z_max_draws=np.empty(0) if tested is None else tested.z_max_draws,
    )
