"""Functions of summed statistics that several families use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean(summed: Floats) -> Floats:
    """Sum over count.

    Args:
        summed: (..., 2) sum of values and number of rows that count.

    Returns:
        (...) means; NaN where no row counts.
    """
    return ratio(summed[..., 0], summed[..., 1])


def bleu(summed: Floats, max_n: int) -> Floats:
    """Corpus BLEU without smoothing (Papineni et al. 2002, doi:10.3115/1073083.1073135).

    Args:
        summed: (..., 2 + 2 * max_n) hypothesis length, reference length, then for each order the
            matched n-grams (clipped) and the hypothesis n-grams (at least 1 a row, as NLTK counts).
        max_n: Highest order; all orders weigh the same.

    Returns:
        (...) in [0, 1]; 0 if an order has no match, as the geometric mean demands.
    """
    hypothesis, reference = summed[..., 0], summed[..., 1]
    matched, total = summed[..., 2::2], summed[..., 3::2]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_precision = np.where(matched > 0, np.log(matched / total), -np.inf)
        penalty = np.where(hypothesis >= reference, 0.0, 1.0 - reference / hypothesis)
        score = np.exp(penalty + log_precision.sum(axis=-1) / max_n)
    return np.where(hypothesis > 0, np.nan_to_num(score, nan=0.0), 0.0)


def bleu_statistics(overlap: Floats, lengths: Floats, max_n: int) -> Floats:
    """Statistics for :func:`bleu`.

    Args:
        overlap: (n, orders, 3) as :func:`~chebimm_core.metrics.ngrams.overlap` gives it.
        lengths: (n, 2) hypothesis and reference tokens.
        max_n: Orders to use.

    Returns:
        (n, 2 + 2 * max_n).
    """
    rows = np.empty((len(overlap), 2 + 2 * max_n))
    rows[:, :2] = lengths
    rows[:, 2::2] = overlap[:, :max_n, 0]
    rows[:, 3::2] = np.maximum(overlap[:, :max_n, 1], 1.0)
    return rows


def f1(matched: Floats, predicted: Floats, reference: Floats) -> Floats:
    """(n,) harmonic mean of precision and recall; 0 where either side is empty."""
    return 2.0 * np.nan_to_num(ratio(matched, predicted + reference), nan=0.0)


def ratio(above: Floats, below: Floats) -> Floats:
    """Elementwise quotient; NaN where ``below`` is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below != 0, above / np.where(below != 0, below, 1.0), np.nan)
