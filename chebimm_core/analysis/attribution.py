"""Shapley values of the parts of an input (Lundberg and Lee 2017, arXiv:1705.07874).

A game is played by the parts of an input: a coalition is what is left of the input when the other
parts are taken away, and its value is what the model then says. The values come from ``shap``; this
module adds repeats, so that each value has a standard error, and checks that they add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chebimm_core.errors import SettingError

Floats = NDArray[np.float64]
Game = Callable[[NDArray[np.bool_]], Floats]
"""(n, parts) which parts are there -> (n, answers) values."""

EXACT_UP_TO = 8
"""Parts; all 2^k coalitions are then cheaper than permutations."""
MAX_PARTS = 400


@dataclass(frozen=True, slots=True)
class Shapley:
    """Shapley values of a game."""

    values: Floats
    """(parts, answers)."""
    errors: Floats
    """(parts, answers) standard errors over permutations; 0 if exact."""
    base: Floats
    """(answers,) value of the empty coalition."""
    full: Floats
    """(answers,) value of the whole."""
    residual: float
    """Largest deviation from additivity."""
    evaluations: int
    exact: bool


def shapley(
    game: Game,
    parts: int,
    *,
    draws: int = 8,
    seed: int = 0,
    batch: int = 64,
    progress: Callable[[float], None] | None = None,
) -> Shapley:
    """Values of every part for every answer.

    Args:
        game: The game; asked for at most ``batch`` coalitions at once, save for one call of two.
        parts: How many parts play.
        draws: Permutations, each walked forth and back; at least 2.
        seed: Of the permutations.
        batch: Coalitions at once.
        progress: Told the share done in [0, 1].

    Raises:
        SettingError: If there is no part or too many, or too few draws.
    """
    if not 1 <= parts <= MAX_PARTS:
        raise SettingError(
            "An attribution needs an input of some parts",
            value=parts,
            allowed=f"1 to {MAX_PARTS}",
            do="Choose a molecule with a shorter text" if parts else "Choose another molecule",
        )
    if draws < 2:
        raise SettingError("Permutations of an attribution", value=draws, allowed="2 or more")
    counted = _Counted(game, progress or (lambda share: None))
    ends = counted(np.array([[False] * parts, [True] * parts]))
    base, full = ends
    exact = parts <= EXACT_UP_TO
    if exact:
        counted.expected = 2**parts
        samples = _exact(counted, parts, batch)[None]
        errors = np.zeros_like(samples[0])
    else:
        counted.expected = draws * (2 * parts + 1)
        samples = np.stack([_walk(counted, parts, seed + k, batch) for k in range(draws)])
        errors = samples.std(axis=0, ddof=1) / np.sqrt(draws)
    values = samples.mean(axis=0)
    residual = float(np.abs(base + values.sum(axis=0) - full).max())
    return Shapley(values, errors, base, full, residual, counted.asked, exact)


def _exact(game: _Counted, parts: int, batch: int) -> Floats:
    import shap

    explainer = shap.explainers.Exact(game.of_numbers, _masker(parts))
    found = explainer(np.ones((1, parts)), max_evals=2**parts, batch_size=batch, silent=True)
    return _columns(found.values[0], parts)


def _walk(game: _Counted, parts: int, seed: int, batch: int) -> Floats:
    import shap

    explainer = shap.explainers.Permutation(game.of_numbers, _masker(parts), seed=seed)
    found = explainer(
        np.ones((1, parts)), max_evals=2 * parts + 1, batch_size=batch, silent=True
    )  # fmt: skip
    return _columns(found.values[0], parts)


def _columns(values: Floats, parts: int) -> Floats:
    return np.asarray(values, dtype=np.float64).reshape(parts, -1)


def _masker(parts: int) -> object:
    import shap

    return shap.maskers.Independent(np.zeros((1, parts)), max_samples=1)


class _Counted:
    """A game that counts how often it is played and says how far it is."""

    def __init__(self, game: Game, progress: Callable[[float], None]) -> None:
        self._game, self._progress = game, progress
        self.asked = 0
        self.expected = 1

    def __call__(self, there: NDArray[np.bool_]) -> Floats:
        found = np.asarray(self._game(there), dtype=np.float64)
        self.asked += len(there)
        self._progress(min(1.0, self.asked / max(self.expected, self.asked)))
        return found

    def of_numbers(self, there: Floats) -> Floats:
        return self(np.asarray(there) > 0.5)
