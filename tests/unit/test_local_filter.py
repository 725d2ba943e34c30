import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from chebimm_core.analysis.local_filter import (
    arrange,
    exceedances,
    local_z,
    specific,
    thresholds,
)
from chebimm_core.analysis.nulls import proportion_z, published_null
from chebimm_core.domain.findings import LocalFilterConfig
from chebimm_core.errors import SettingError

COUNTS = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=9),
    elements=st.integers(0, 6).map(float),
)
LEVELS = thresholds(LocalFilterConfig())


def plain(values, ddof):
    """The definition, one cell after the other."""
    n, m = values.shape
    z = np.full((n, m), np.nan)
    for i in range(n):
        for j in range(m):
            around = [
                values[a, b]
                for a in range(max(0, i - 1), min(n, i + 2))
                for b in range(max(0, j - 1), min(m, j + 2))
                if (a, b) != (i, j)
            ]
            if len(set(around)) > 1 and len(around) > ddof:
                mean = sum(around) / len(around)
                variance = sum((v - mean) ** 2 for v in around) / (len(around) - ddof)
                z[i, j] = (values[i, j] - mean) / math.sqrt(variance)
    return z


@given(COUNTS, st.sampled_from([0, 1]))
def test_local_z_is_its_definition(values, ddof):
    np.testing.assert_allclose(local_z(values, ddof), plain(values, ddof), rtol=1e-9, atol=1e-12)


@given(COUNTS)
def test_local_z_of_the_transpose_is_the_transpose(values):
    np.testing.assert_allclose(local_z(values.T), local_z(values).T, rtol=1e-9, atol=1e-12)


@given(COUNTS, st.floats(0.1, 1e6))
def test_local_z_ignores_the_unit(values, factor):
    np.testing.assert_allclose(local_z(values * factor), local_z(values), rtol=1e-6, atol=1e-9)


@given(COUNTS, COUNTS)
def test_a_stack_is_filtered_matrix_by_matrix(first, second):
    rows, columns = (min(a, b) for a, b in zip(first.shape, second.shape, strict=True))
    stack = np.stack([first[:rows, :columns], second[:rows, :columns]])
    np.testing.assert_array_equal(local_z(stack)[1], local_z(stack[1]))
    np.testing.assert_array_equal(
        exceedances(local_z(stack), LEVELS)[0], exceedances(local_z(stack[0]), LEVELS)
    )


def test_equal_neighbors_leave_z_undefined_and_unselected():
    values = np.full((5, 5), 0.1)
    values[2, 2] = 7.0
    z = local_z(values)
    assert np.isnan(z[2, 2])
    assert not any((2, 2) == tuple(cell) for cell in specific(z, 0.0))


@given(COUNTS)
def test_the_scan_counts_what_is_selected_and_never_rises(values):
    z = local_z(values)
    counts = exceedances(z, LEVELS)
    assert (np.diff(counts) <= 0).all()
    for k in (0, 50, 99):
        assert counts[k] == len(specific(z, LEVELS[k]))


def test_a_cell_at_the_threshold_is_not_above_it():
    z = np.array([[LEVELS[40], np.nan], [LEVELS[40] + 1e-12, -1.0]])
    assert exceedances(z, LEVELS)[40] == 1
    assert specific(z, LEVELS[40]).tolist() == [[1, 0]]


def test_specific_cells_come_strongest_first():
    z = np.array([[1.0, 3.0], [2.0, 3.0]])
    assert specific(z, 1.5).tolist() == [[0, 1], [1, 1], [1, 0]]


@given(COUNTS)
def test_arranging_sorts_totals_and_loses_nothing(counts):
    arranged = arrange(counts, LocalFilterConfig(normalisation="none"))
    assert (np.diff(arranged.values.sum(axis=1)) >= 0).all()
    assert (np.diff(arranged.values.sum(axis=0)) <= 0).all()
    assert sorted(arranged.rows) == list(range(counts.shape[0]))
    np.testing.assert_array_equal(arranged.values, counts[np.ix_(arranged.rows, arranged.columns)])


def test_given_order_is_kept_and_the_maximum_becomes_one():
    counts = np.array([[9.0, 1.0], [0.0, 3.0]])
    arranged = arrange(counts, LocalFilterConfig(ordering="given"))
    np.testing.assert_allclose(arranged.values, counts / 9.0)
    assert arrange(np.zeros((2, 2)), LocalFilterConfig()).values.max() == 0.0


@pytest.mark.parametrize(
    "counts", [np.ones((1, 5)), np.array([[1.0, -1.0], [0.0, 2.0]]), np.full((3, 3), np.nan)]
)
def test_a_matrix_that_cannot_be_filtered_is_refused(counts):
    with pytest.raises(SettingError):
        arrange(counts, LocalFilterConfig())


def test_the_null_repeats_with_its_seed_and_moves_without_it():
    observed = np.full(100, 21)
    one = published_null(observed, (20, 20), LEVELS, LocalFilterConfig(seed=1, null_draws=50))
    again = published_null(observed, (20, 20), LEVELS, LocalFilterConfig(seed=1, null_draws=50))
    other = published_null(observed, (20, 20), LEVELS, LocalFilterConfig(seed=2, null_draws=50))
    np.testing.assert_array_equal(one.z, again.z)
    assert not np.array_equal(one.z, other.z)
    assert one.z_max_draws.shape == (50,)
    assert (one.band_low <= one.band_high)[~np.isnan(one.band_low)].all()


def test_noise_against_noise_gives_a_band_around_zero():
    noise = local_z(np.random.default_rng(5).normal(size=(60, 60)), ddof=0)
    found = published_null(
        exceedances(noise, LEVELS), (60, 60), LEVELS, LocalFilterConfig(seed=3, null_draws=60)
    )
    inside = (found.band_low <= 0.5) & (found.band_high >= -0.5)
    assert inside.mean() > 0.9


def test_proportion_z_by_hand_and_undefined_without_expectation():
    z = proportion_z(np.array([21, 3]), np.array([12, 0]), 400)
    assert z[0] == pytest.approx((21 / 400 - 0.03) / math.sqrt(0.03 * 0.97 / 400))
    assert math.isnan(z[1])


@settings(deadline=None)
@given(st.integers(2, 30), st.integers(2, 30))
def test_threshold_count_follows_the_configuration(n, top):
    levels = thresholds(LocalFilterConfig(n_thresholds=n, threshold_max=float(top)))
    assert len(levels) == n and levels[0] == 0.0 and levels[-1] == float(top)
