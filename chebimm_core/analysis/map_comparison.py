"""Two maps of the same molecules and tokens: what was learned, missed and invented.

The first map is the reference (the gold data, or one model), the second a model. A pair is *held*
by a map if its verdict there is among those the caller counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.association import benjamini_hochberg

if TYPE_CHECKING:
    from scipy import sparse

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Relation = Literal["learned", "missed", "invented"]
RELATIONS: tuple[Relation, ...] = ("learned", "missed", "invented")


@dataclass(frozen=True, slots=True)
class PairDifference:
    """Where two maps differ; arrays are (n, m)."""

    relation: NDArray[np.object_]
    """``learned`` (held by both), ``missed`` (reference only), ``invented`` (model only), or empty
    (held by neither)."""
    both: Ints
    """Molecules whose input holds the source token and both outputs the target token."""
    reference_only: Ints
    """Molecules where only the reference text holds the target token."""
    model_only: Ints
    p: Floats
    """McNemar's exact test: is the target token written more often by one of the two, in molecules
    with the source token? (McNemar 1947, doi:10.1007/BF02295996.)"""
    q: Floats
    """Benjamini-Hochberg over all cells with a discordant molecule; NaN elsewhere."""


def compare(
    source: sparse.csr_array,
    reference: sparse.csr_array,
    model: sparse.csr_array,
    held_by_reference: NDArray[np.bool_],
    held_by_model: NDArray[np.bool_],
) -> PairDifference:
    """Pairs of two maps on the same molecules, in the same order of tokens.

    Args:
        source: (N, n) token counts of the inputs.
        reference: (N, m) of the reference outputs.
        model: (N, m) of the model's outputs.
        held_by_reference: (n, m).
        held_by_model: (n, m).
    """
    from scipy.stats import binom

    x = (source.toarray() > 0).astype(np.float64)
    gold, made = reference.toarray() > 0, model.toarray() > 0
    both, left, right = (
        np.rint(x.T @ mask.astype(np.float64)).astype(np.int64)
        for mask in (gold & made, gold & ~made, made & ~gold)
    )
    discordant = left + right
    p = np.minimum(1.0, 2 * binom.cdf(np.minimum(left, right), discordant, 0.5))
    p = np.where(discordant > 0, p, 1.0)
    q = np.full(p.shape, np.nan)
    tested = discordant > 0
    if tested.any():
        q[tested] = benjamini_hochberg(p[tested])
    relation = np.full(p.shape, "", dtype=object)
    for name, mask in (
        ("learned", held_by_reference & held_by_model),
        ("missed", held_by_reference & ~held_by_model),
        ("invented", held_by_model & ~held_by_reference),
    ):
        relation[mask] = name
    return PairDifference(relation, both, left, right, cast("Floats", p), q)
