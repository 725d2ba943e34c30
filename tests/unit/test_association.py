"""The shuffle null: exact moments, calibrated p-values, planted pairs found, verdicts."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from chebimm_core.analysis.association import (
    associate,
    benjamini_hochberg,
    expected,
    length_strata,
    shuffle_null,
    verdicts,
)
from chebimm_core.analysis.local_filter import local_z, thresholds
from chebimm_core.domain.findings import Association, LocalFilterConfig
from chebimm_core.errors import SettingError

LEVELS = thresholds(LocalFilterConfig())


def counts(rng, n, tokens, mean=0.3):
    return rng.poisson(mean, (n, tokens)).astype(float)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_the_moments_are_those_of_every_permutation(seed, n):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 4, (n, 2)).astype(float), rng.integers(0, 4, (n, 3)).astype(float)
    every = np.array([x.T @ y[list(order)] for order in permutations(range(n))])
    mean, spread = expected(x, y, np.zeros(n, dtype=np.int64))
    assert np.allclose(mean, every.mean(axis=0))
    assert np.allclose(spread, every.std(axis=0))


def test_strata_are_kept_by_moments_and_draws():
    rng = np.random.default_rng(1)
    strata = np.repeat([0, 1, 2], 40)
    # Long inputs hold every token more often, and so do their outputs: no pair goes together.
    level = 1.0 + 3 * strata[:, None]
    x, y = rng.poisson(level, (120, 6)).astype(float), rng.poisson(level, (120, 6)).astype(float)
    pair = sparse.csr_array(x), sparse.csr_array(y)
    within = shuffle_null(*pair, strata, LEVELS, draws=400).cells
    across = shuffle_null(*pair, np.zeros(120, dtype=np.int64), LEVELS, draws=400).cells
    assert (across.q < 0.05).mean() > 0.9  # length alone
    assert (within.q < 0.05).mean() < 0.1
    assert np.allclose(within.expected.sum(), (x.sum(1) * y.sum(1)).sum(), rtol=0.05)


def test_draws_agree_with_the_exact_moments_and_a_seed_repeats_them():
    rng = np.random.default_rng(2)
    x, y = sparse.csr_array(counts(rng, 200, 8)), sparse.csr_array(counts(rng, 200, 9))
    strata = length_strata(np.asarray(x.sum(axis=1)).ravel().astype(np.int64), 4)
    one = shuffle_null(x, y, strata, LEVELS, draws=300, seed=5)
    two = shuffle_null(x, y, strata, LEVELS, draws=300, seed=5)
    other = shuffle_null(x, y, strata, LEVELS, draws=300, seed=6)
    assert np.array_equal(one.cells.p, two.cells.p)
    assert not np.array_equal(one.cells.p, other.cells.p)
    from scipy.stats import norm

    normal = 2 * norm.sf(np.abs(one.cells.value))
    assert np.abs(one.cells.p - normal).mean() < 0.05


def test_false_discoveries_stay_nominal_over_200_data_sets_without_association():
    found, uniform = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x, y = sparse.csr_array(counts(rng, 120, 8)), sparse.csr_array(counts(rng, 120, 8))
        cells = shuffle_null(x, y, np.zeros(120, dtype=np.int64), LEVELS, draws=199, seed=seed)
        found.append((cells.cells.q <= 0.05).any())
        uniform.append((cells.cells.p <= 0.05).mean())
    # With nothing to find, every discovery is false: the rate is the share of sets with one.
    # 0.05 + 3 standard errors of 200 trials.
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert 0.03 <= np.mean(uniform) <= 0.06


def test_the_maximum_correction_holds_over_data_sets_without_association():
    hits = 0
    for seed in range(100):
        rng = np.random.default_rng(1000 + seed)
        x, y = sparse.csr_array(counts(rng, 100, 8)), sparse.csr_array(counts(rng, 100, 8))
        cells = shuffle_null(x, y, np.zeros(100, dtype=np.int64), LEVELS, draws=99, seed=seed)
        hits += np.nanmin(cells.cells.local_p_max) <= 0.05
    assert hits <= 100 * 0.05 + 3 * np.sqrt(100 * 0.05 * 0.95)


def test_planted_pairs_are_found_and_avoided_ones_have_the_other_sign():
    rng = np.random.default_rng(3)
    x, y = counts(rng, 600, 10), counts(rng, 600, 10)
    y[:, 4] += rng.binomial(1, 0.6, 600) * (x[:, 2] > 0)
    y[x[:, 7] > 0, 8] = 0
    found = shuffle_null(
        sparse.csr_array(x), sparse.csr_array(y), np.zeros(600, dtype=np.int64), LEVELS, draws=1999
    ).cells
    assert found.q[2, 4] < 0.05 and found.value[2, 4] > 5
    assert found.q[7, 8] < 0.05 and found.value[7, 8] < -5
    others = np.ones((10, 10), dtype=bool)
    others[2, 4] = others[7, 8] = False
    assert (found.q[others] <= 0.05).sum() <= 4


def test_a_pair_no_permutation_can_change_is_undefined_and_never_found():
    x, y = np.ones((20, 2)), np.random.default_rng(0).poisson(1, (20, 3)).astype(float)
    found = shuffle_null(
        sparse.csr_array(x), sparse.csr_array(y), np.zeros(20, dtype=np.int64), LEVELS, draws=50
    ).cells
    assert np.isnan(found.value).all() and (found.p == 1).all()
    mean, spread = expected(x, y, np.zeros(20, dtype=np.int64))
    assert np.allclose(spread, 0) and np.allclose(mean, x.T @ y)
    assert np.isnan(associate(x.T @ y, mean, spread)).all()


def test_verdicts_need_both_statistics():
    z = np.array([[5.0, 5.0, 0.0], [5.0, np.nan, 0.0]])
    value = np.array([[9.0, 0.2, 9.0], [-9.0, 9.0, np.nan]])
    q = np.array([[0.01, 0.6, 0.01], [0.01, 0.01, 0.01]])
    none = np.full(z.shape, np.nan)
    found = Association(value, none, q, q, none, none, draws=1, seed=0, strata=1)
    assert verdicts(z, 2.8, found, 0.05).tolist() == [
        ["supported", "local only", "associated only"],
        ["avoided", "associated only", "none"],
    ]


def test_q_values_are_monotone_and_never_below_p():
    p = np.random.default_rng(0).random((6, 7)) ** 2
    q = benjamini_hochberg(p)
    order = np.argsort(p.ravel())
    assert (np.diff(q.ravel()[order]) >= -1e-12).all() and (q >= p - 1e-12).all()


def test_the_scan_says_how_many_pairs_shuffled_maps_have():
    rng = np.random.default_rng(4)
    x, y = counts(rng, 400, 12), counts(rng, 400, 12)
    y[:, 3] += 6 * (x[:, 5] > 1)
    scan = shuffle_null(
        sparse.csr_array(x), sparse.csr_array(y), np.zeros(400, dtype=np.int64), LEVELS, draws=99
    ).scan
    assert (scan.low <= scan.mean + 1e-9).all() and (scan.mean <= scan.high + 1e-9).all()
    assert 0 < scan.p_max <= 1
    assert (np.diff(scan.mean) <= 1e-9).all()


@pytest.mark.parametrize(("draws", "n"), [(0, 10), (5, 1)])
def test_no_draws_or_one_molecule_is_refused(draws, n):
    x = sparse.csr_array(np.ones((n, 2)))
    with pytest.raises(SettingError):
        shuffle_null(x, x, np.zeros(n, dtype=np.int64), LEVELS, draws=draws)


def test_single_precision_gives_the_same_local_z():
    values = np.random.default_rng(0).poisson(9, (3, 12, 11)).astype(float)
    assert np.allclose(
        local_z(values), local_z(values.astype(np.float32)), atol=1e-4, equal_nan=True
    )
