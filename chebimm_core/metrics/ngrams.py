"""Clipped n-gram matches of many pairs at once, exact and without a Python loop over n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_LARGEST_KEY = 2**62


@dataclass(frozen=True, slots=True)
class Rows:
    """Token ids of n texts, end to end."""

    ids: Ints
    """(t,) ids, equal for equal tokens."""
    lengths: Ints
    """(n,) tokens of each text; their sum is t."""

    @property
    def row(self) -> Ints:
        """(t,) number of the text each token belongs to."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def split(self) -> list[Ints]:
        """N arrays of ids."""
        return np.split(self.ids, np.cumsum(self.lengths)[:-1]) if len(self.lengths) else []


class Vocabulary(dict[str, int]):
    """Ids of tokens in order of first sight; a look-up of a new token numbers it."""

    def __missing__(self, token: str) -> int:
        self[token] = found = len(self)
        return found


def number(tokens: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Rows:
    """Replaces tokens by ids; ``vocabulary`` is extended by tokens it lacks."""
    lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
    ids = map(vocabulary.__getitem__, chain.from_iterable(tokens))
    return Rows(np.fromiter(ids, dtype=np.int64, count=int(lengths.sum())), lengths)


def characters(texts: Sequence[str]) -> Rows:
    """Code points as ids."""
    encoded = "".join(texts).encode("utf-32-le", "surrogatepass")
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    return Rows(np.frombuffer(encoded, dtype="<u4").astype(np.int64), lengths)


def overlap(hypothesis: Rows, reference: Rows, max_n: int) -> NDArray[np.float64]:
    """Clipped matches of n-grams, order by order.

    Args:
        hypothesis: Predicted texts.
        reference: Reference texts, as many, with ids of the same vocabulary.
        max_n: Highest order.

    Returns:
        (n, max_n, 3) for each pair and order: n-grams in both (each counted as often as it occurs
        in both), n-grams of the hypothesis, n-grams of the reference.
    """
    n, cut = len(hypothesis.lengths), len(hypothesis.ids)
    result = np.zeros((n, max_n, 3))
    if n == 0:
        return result
    token, row = _local_ids(hypothesis, reference, n)
    lengths = np.concatenate([hypothesis.lengths, reference.lengths])
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(token))  # tokens to the row's end
    base = int(token.max(initial=0)) + 1
    gram, size = token, base
    for order in range(1, max_n + 1):
        if order > 1:
            if n * size * base > _LARGEST_KEY:
                gram = np.unique(gram, return_inverse=True)[1].astype(np.int64)
                size = int(gram.max(initial=0)) + 1
            # The last tokens of a row have no successor; `left` leaves them out below.
            gram = gram * base + np.roll(token, 1 - order)
            size *= base
        full = left >= order
        key = row * size + gram
        mine = np.flatnonzero(full[:cut])
        theirs = np.flatnonzero(full[cut:]) + cut
        result[:, order - 1, 0] = _matches(key[mine], key[theirs], size, n)
        result[:, order - 1, 1] = np.maximum(hypothesis.lengths - order + 1, 0)
        result[:, order - 1, 2] = np.maximum(reference.lengths - order + 1, 0)
    return result


def _local_ids(hypothesis: Rows, reference: Rows, n: int) -> tuple[Ints, Ints]:
    """(t,) ids that are small because they count from 0 within each pair, and (t,) pair numbers."""
    row = np.concatenate([hypothesis.row, reference.row])
    ids = np.concatenate([hypothesis.ids, reference.ids])
    span = int(ids.max(initial=0)) + 1
    values, inverse = np.unique(row * span + ids, return_inverse=True)
    first = np.searchsorted(values, np.arange(n, dtype=np.int64) * span)
    return inverse.astype(np.int64) - first[row], row


def _matches(mine: Ints, theirs: Ints, size: int, n: int) -> NDArray[np.float64]:
    keys_a, counts_a = np.unique(mine, return_counts=True)
    keys_b, counts_b = np.unique(theirs, return_counts=True)
    both, at_a, at_b = np.intersect1d(keys_a, keys_b, assume_unique=True, return_indices=True)
    clipped = np.minimum(counts_a[at_a], counts_b[at_b]).astype(np.float64)
    return np.bincount(both // size, weights=clipped, minlength=n).astype(np.float64)
