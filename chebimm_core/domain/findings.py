"""What analyses return: arrays with their meaning. In memory only; services serialise them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CellKind = Literal["identity", "measured", "tool", "derived", "not studied", "empty"]
MatrixSource = Literal["published", "local"]
Aggregate = Literal["best", "mean", "median", "top3"]
Completion = Literal["measured", "via-smiles", "best-route"]
NullKind = Literal["published", "shuffle", "both"]
Verdict = Literal["supported", "local only", "associated only", "avoided", "none"]


@dataclass(frozen=True, slots=True)
class TransitionMatrix:
    """The modal transition probability matrix; axis 0 is from, axis 1 is to."""

    modalities: tuple[str, ...]
    """(k,) names in matrix order."""
    values: NDArray[np.float64]
    """(k, k) in [0, 1]; NaN where nothing is known."""
    ci_low: NDArray[np.float64]
    """(k, k) lower end of the 95 % interval of the aggregate; NaN where none is defined."""
    ci_high: NDArray[np.float64]
    kinds: tuple[tuple[CellKind, ...], ...]
    """(k, k) where each value comes from."""
    routes: tuple[tuple[tuple[str, ...], ...], ...]
    """(k, k) modalities passed through, ends included; empty where there is no value."""
    n_runs: NDArray[np.int64]
    """(k, k) runs aggregated; 0 for tools, derived and published cells."""
    n_molecules: NDArray[np.int64]
    """(k, k) molecules of the smallest run that entered the aggregate; 0 as for ``n_runs``."""
    rank_stability: NDArray[np.float64]
    """(k, k) share of bootstrap resamples in which the top run stays on top; NaN below two runs."""
    run_ids: tuple[tuple[tuple[str, ...], ...], ...]
    """(k, k) runs behind each cell, best first."""
    source: MatrixSource
    aggregate: Aggregate
    completion: Completion
    warnings: tuple[str, ...] = ()
    """Whatever a reader must be told: signatures that differ, empty selections."""
    floors: NDArray[np.float64] | None = None
    """(k, k) score of the best floor run of each cell, NaN where none; None if none was sought."""


@dataclass(frozen=True, slots=True)
class LocalFilterConfig:
    """Every choice of localized feature filtering (Liu et al. 2025, Methods), named.

    The defaults are the published procedure.
    """

    ddof: int = 1
    """Degrees of freedom of the neighbour standard deviation."""
    ordering: Literal["totals", "given"] = "totals"
    """``totals``: rows ascending, columns descending by sum; ``given``: as they come."""
    normalisation: Literal["global-max", "none"] = "global-max"
    drop_equal_tokens: bool = True
    threshold_max: float = 3.0
    n_thresholds: int = 100
    null: NullKind = "published"
    null_ddof: int = 0
    """Degrees of freedom of the standard deviation in the null, 0 in the published notebook."""
    null_draws: int = 200
    shuffle_draws: int = 1000
    """Permutations of the shuffle null. The smallest possible p is 1 / (draws + 1), which bounds
    what can be found among many cells."""
    strata: int = 10
    """Strata of input length within which it permutes; 1: over all molecules."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Association:
    """How a map's counts compare with broken pairing; see ``analysis.association``."""

    value: NDArray[np.float64]
    """(n, m) (count - mean) / spread under permutation; NaN where nothing could change."""
    expected: NDArray[np.float64]
    """(n, m) mean count under permutation."""
    p: NDArray[np.float64]
    """(n, m) two-sided, of the count."""
    q: NDArray[np.float64]
    """(n, m) Benjamini-Hochberg over all cells."""
    local_p: NDArray[np.float64]
    """(n, m) one-sided, of the local z against that of the same pair; NaN where undefined."""
    local_p_max: NDArray[np.float64]
    """(n, m) of the local z against the largest of each shuffled map: corrected for all cells."""
    draws: int
    seed: int
    strata: int
    """Strata of input length within which molecules were permuted."""


@dataclass(frozen=True, slots=True)
class ShuffleScan:
    """The threshold scan of the shuffled maps."""

    mean: NDArray[np.float64]
    """(t,) mean number of cells above each threshold."""
    low: NDArray[np.float64]
    """(t,) 2.5th percentile."""
    high: NDArray[np.float64]
    """(t,) 97.5th percentile."""
    z: NDArray[np.float64]
    """(t,) observed number against mean and spread of the shuffles; NaN without spread."""
    p_max: float
    """How often the largest z over all thresholds of a shuffled map reaches the observed largest:
    the threshold may then be chosen by it."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A source and a target token the local filter singles out."""

    source: str
    target: str
    count: float
    """Value of the cell before normalisation."""
    local_z: float
    molecules: int | None
    """Molecules whose texts hold both tokens; None if the map was read from a matrix file."""


@dataclass(frozen=True, slots=True)
class ThresholdScan:
    """Pairs and Z over the threshold, and how far the null's redraw alone would move Z."""

    thresholds: NDArray[np.float64]
    """(t,) evenly spaced on [0, threshold_max]."""
    pairs: NDArray[np.int64]
    """(t,) cells with local z above each threshold."""
    z: NDArray[np.float64]
    """(t,) Z of the exceedance against the seeded null; NaN where undefined."""
    z_band_low: NDArray[np.float64]
    """(t,) 2.5th percentile of Z over the null's redraws; NaN if no null was asked for."""
    z_band_high: NDArray[np.float64]
    """(t,) 97.5th percentile."""
    z_max_draws: NDArray[np.float64]
    """(d,) the largest Z of each redraw: the spread a user should know before quoting one."""


@dataclass(frozen=True, slots=True)
class KnowledgeMap:
    """Token mapping matrix with its local filter result."""

    source_tokens: tuple[str, ...]
    """(n,) in display order."""
    target_tokens: tuple[str, ...]
    """(m,) in display order."""
    counts: NDArray[np.float64]
    """(n, m) co-occurrence counts."""
    values: NDArray[np.float64]
    """(n, m) counts after normalisation."""
    local_z: NDArray[np.float64]
    """(n, m); NaN where the neighbours have no spread: undefined, never selected."""
    scan: ThresholdScan
    threshold: float
    pairs: tuple[TokenPair, ...]
    """Cells above ``threshold``, strongest first, equal tokens removed if so configured."""
    pairs_total: int
    """Before equal tokens were removed."""
    n_molecules: int
    """Molecules both of whose texts entered; 0 for a matrix file."""
    config: LocalFilterConfig
    signature: str
    """Source, target, tokenizers, size, data set and run."""
    carriers: NDArray[np.int64] | None = None
    """(n, m) molecules whose texts hold both tokens; None for a matrix file."""
    association: Association | None = None
    """Of every cell, in display order; None if the shuffle null was not asked for."""
    shuffle_scan: ShuffleScan | None = None
