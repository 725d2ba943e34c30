"""Shapley values against their definition."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chebimm_core.analysis.attribution import EXACT_UP_TO, shapley
from chebimm_core.errors import SettingError


def table_game(parts: int, answers: int, seed: int):
    """A game with a random value for every coalition."""
    values = np.random.default_rng(seed).normal(size=(2**parts, answers))
    weights = 2 ** np.arange(parts)
    return lambda there: values[there.astype(int) @ weights]


def by_definition(game, parts: int) -> np.ndarray:
    """The mean marginal contribution over all orders."""
    total = 0.0
    orders = list(permutations(range(parts)))
    for order in orders:
        there = np.zeros((1, parts), dtype=bool)
        gained = [None] * parts
        for part in order:
            before = game(there)[0]
            there[0, part] = True
            gained[part] = game(there)[0] - before
        total = total + np.array(gained)
    return total / len(orders)


@settings(max_examples=15, deadline=None)
@given(parts=st.integers(1, 5), answers=st.integers(1, 3), seed=st.integers(0, 10_000))
def test_few_parts_are_exact(parts: int, answers: int, seed: int) -> None:
    game = table_game(parts, answers, seed)
    found = shapley(game, parts)
    assert found.exact and not found.errors.any()
    np.testing.assert_allclose(found.values, by_definition(game, parts), atol=1e-9)
    assert found.residual < 1e-9


@settings(max_examples=10, deadline=None)
@given(parts=st.integers(EXACT_UP_TO + 1, 14), seed=st.integers(0, 10_000))
def test_sampled_values_add_up_whatever_the_game(parts: int, seed: int) -> None:
    game = table_game(parts, 2, seed)
    found = shapley(game, parts, draws=3, seed=seed)
    np.testing.assert_allclose(found.base + found.values.sum(axis=0), found.full, atol=1e-9)
    assert not found.exact


def test_a_sum_is_given_back_without_error_and_a_dummy_gets_nothing() -> None:
    weights = np.arange(12.0) - 4
    weights[7] = 0
    found = shapley(lambda there: there @ weights[:, None] + 5, 12, draws=2)
    np.testing.assert_allclose(found.values[:, 0], weights, atol=1e-9)
    np.testing.assert_allclose(found.errors, 0, atol=1e-9)
    assert found.base[0] == 5


def test_the_standard_error_is_that_of_the_estimate() -> None:
    """Over many seeds the estimates scatter as far as their standard errors say."""
    game = table_game(10, 1, 3)
    drawn = [shapley(game, 10, draws=6, seed=100 * s) for s in range(40)]
    scatter = np.std([d.values[:, 0] for d in drawn], axis=0, ddof=1)
    said = np.sqrt(np.mean([np.square(d.errors[:, 0]) for d in drawn], axis=0))
    assert 0.7 < float(np.mean(said) / np.mean(scatter)) < 1.3


def test_the_same_seed_gives_the_same_values_and_progress_ends_at_one() -> None:
    told: list[float] = []
    one = shapley(table_game(11, 1, 0), 11, seed=4, progress=told.append)
    two = shapley(table_game(11, 1, 0), 11, seed=4)
    np.testing.assert_array_equal(one.values, two.values)
    assert told == sorted(told) or max(told) == pytest.approx(1.0)
    assert told[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(("parts", "draws"), [(0, 4), (401, 4), (12, 1)])
def test_what_cannot_be_asked_is_refused(parts: int, draws: int) -> None:
    with pytest.raises(SettingError):
        shapley(table_game(3, 1, 0), parts, draws=draws)
