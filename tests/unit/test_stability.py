"""What survives: resampled molecules, other orders, no order; and the difference of two maps."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from chebimm_core.analysis.map_comparison import compare
from chebimm_core.analysis.stability import order_free_z, stability


def planted(n=500, seed=0):
    rng = np.random.default_rng(seed)
    x, y = rng.poisson(0.4, (n, 8)).astype(float), rng.poisson(0.4, (n, 8)).astype(float)
    y[:, 3] += 4 * (x[:, 5] > 0)
    return sparse.csr_array(x), sparse.csr_array(y)


def test_a_strong_pair_survives_and_its_association_has_an_interval():
    x, y = planted()
    found = stability(x, y, np.zeros(500, dtype=np.int64), 2.0, resamples=60, orders=60, seed=1)
    assert found.survival[5, 3] > 0.9
    assert 0 < found.association_low[5, 3] < found.association_high[5, 3]
    assert found.order_share[5, 3] > 0.5
    assert found.order_free_z[5, 3] > 2
    again = stability(x, y, np.zeros(500, dtype=np.int64), 2.0, resamples=60, orders=60, seed=1)
    assert np.array_equal(found.survival, again.survival)
    assert ((found.survival >= 0) & (found.survival <= 1)).all()


def test_the_order_free_z_does_not_depend_on_the_order():
    rng = np.random.default_rng(2)
    # Totals without ties, so that the nearest expected counts are unique.
    counts = rng.integers(1, 10_000, (7, 9)).astype(float)
    rows, columns = rng.permutation(7), rng.permutation(9)
    moved = order_free_z(counts[np.ix_(rows, columns)])
    assert np.allclose(moved, order_free_z(counts)[np.ix_(rows, columns)])


def test_cells_without_spread_are_undefined():
    assert np.isnan(order_free_z(np.ones((5, 5)))).all()
    assert np.isnan(order_free_z(np.ones((2, 2)))).all()


def test_learned_missed_and_invented_pairs_with_their_molecules():
    n = 40
    x = np.zeros((n, 2))
    x[:20, 0], x[20:, 1] = 1, 2
    gold, made = np.zeros((n, 2)), np.zeros((n, 2))
    gold[:20, 0] = made[:18, 0] = 1  # learned
    gold[20:, 1] = 1  # missed
    made[20:32, 0] = 1  # invented
    held = np.array([[True, False], [False, True]])
    model = np.array([[True, False], [True, False]])
    found = compare(*(sparse.csr_array(a) for a in (x, gold, made)), held, model)
    assert found.relation.tolist() == [["learned", ""], ["invented", "missed"]]
    assert (found.both[0, 0], found.reference_only[0, 0], found.model_only[0, 0]) == (18, 2, 0)
    assert (found.reference_only[1, 1], found.model_only[1, 0]) == (20, 12)
    assert found.p[1, 1] < 1e-4 and found.p[0, 0] == 0.5  # 2 x (1/2)^2
    assert found.p[0, 1] == 1 and np.isnan(found.q[0, 1])


def test_equal_outputs_differ_nowhere():
    x, y = planted()
    held = np.ones((8, 8), dtype=bool)
    found = compare(x, y, y, held, held)
    assert (found.relation == "learned").all() and np.isnan(found.q).all()
    assert not found.reference_only.any() and not found.model_only.any()
