from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chebimm_core.analysis.transition import (
    Axes,
    RunScore,
    aggregate_runs,
    aggregate_values,
    cells_from_values,
    complete,
)
from chebimm_core.errors import NotFoundError
from chebimm_core.modalities import MODALITIES

AXES = Axes.of(list(MODALITIES.values()))
FREE = [
    (a, b)
    for a in AXES.modalities
    for b in AXES.modalities
    if a != b and a != "property" and not AXES.is_tool(a, b)
]
MEASURED = st.dictionaries(st.sampled_from(FREE), st.floats(0.0, 1.0), max_size=20)


def matrix(values, completion):
    cells = cells_from_values(AXES, values)
    return complete(AXES, cells, completion=completion, source="published", aggregate="best")


def at(found, source, target):
    return AXES.index(source), AXES.index(target)


@given(MEASURED)
def test_measured_only_invents_nothing(values):
    found = matrix(values, "measured")
    for i, a in enumerate(AXES.modalities):
        for j, b in enumerate(AXES.modalities):
            if a == b or AXES.is_tool(a, b):
                assert found.values[i, j] == 1.0
            elif (a, b) in values:
                assert found.values[i, j] == values[a, b]
                assert found.kinds[i][j] == "measured"
            else:
                assert np.isnan(found.values[i, j])
                assert found.kinds[i][j] == "empty" and found.routes[i][j] == ()


@pytest.mark.parametrize("completion", ["measured", "via-smiles", "best-route"])
@given(values=MEASURED)
def test_every_value_is_the_product_along_its_route(values, completion):
    found = matrix(values, completion)
    for i, j in np.ndindex(8, 8):
        route = found.routes[i][j]
        if not route:
            continue
        assert (route[0], route[-1]) == (AXES.modalities[i], AXES.modalities[j])
        legs = pairwise(route)
        product = np.prod([values.get(leg, 1.0) for leg in legs])
        assert found.values[i, j] == pytest.approx(product)
        assert (len(route) > 2) == (found.kinds[i][j] == "derived")


@given(MEASURED)
def test_no_detour_beats_the_best_route(values):
    found = matrix(values, "best-route").values
    known = np.nan_to_num(found)
    for k in range(8):
        detour = known[:, [k]] * known[[k], :]
        assert (detour <= known + 1e-6).all()


def test_of_equal_routes_the_shorter_is_shown():
    found = matrix({("SMILES", "caption"): 0.5, ("graph", "caption"): 0.5}, "best-route")
    i, j = at(found, "graph", "caption")
    assert found.routes[i][j] == ("graph", "caption") and found.kinds[i][j] == "measured"


def test_a_measured_zero_stays_a_measured_zero():
    found = matrix({("caption", "SMILES"): 0.0}, "best-route")
    i, j = at(found, "caption", "SMILES")
    assert found.values[i, j] == 0.0 and found.kinds[i][j] == "measured"


def test_property_is_not_studied_by_the_published_rule_and_empty_otherwise():
    i = AXES.index("property")
    via = matrix({}, "via-smiles")
    assert via.values[i, 0] == 0.0 and via.kinds[i][0] == "not studied"
    assert np.isnan(matrix({}, "measured").values[i, 0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_aggregates_are_ordered(values):
    array = np.array(values)
    best, mean, median, top3 = (
        float(aggregate_values(array, how)) for how in ("best", "mean", "median", "top3")
    )
    assert mean <= top3 + 1e-12 and top3 <= best + 1e-12 and median <= best
    assert top3 == pytest.approx(np.mean(sorted(values)[-3:]))


def run(name, value, replicates=None, target="caption"):
    return RunScore(name, "SMILES", target, value, 100, replicates)


def test_rank_stability_and_interval_come_from_joint_resamples():
    a = np.array([0.6, 0.6, 0.4, 0.6])
    b = np.array([0.5, 0.5, 0.5, 0.5])
    cells = aggregate_runs(AXES, [run("b", 0.5, b), run("a", 0.6, a)], "best")
    cell = at(None, "SMILES", "caption")
    assert cells.rank_stability[cell] == 0.75
    assert cells.run_ids[cell] == ("a", "b")
    assert cells.replicates[(slice(None), *cell)].tolist() == [0.6, 0.6, 0.5, 0.6]
    assert cells.n_runs[cell] == 2
    found = complete(AXES, cells, completion="via-smiles", source="local", aggregate="best")
    assert 0.5 <= found.ci_low[cell] <= found.ci_high[cell] <= 0.6
    derived = at(None, "graph", "caption")
    assert found.kinds[derived[0]][derived[1]] == "derived"
    assert found.ci_low[derived] == found.ci_low[cell]
    assert found.n_runs[derived] == 0


def test_without_resamples_there_is_no_interval_and_no_stability():
    cells = aggregate_runs(AXES, [run("a", 0.6), run("b", 0.5)], "mean")
    cell = at(None, "SMILES", "caption")
    assert cells.values[cell] == pytest.approx(0.55)
    assert np.isnan(cells.rank_stability[cell])
    found = complete(AXES, cells, completion="measured", source="local", aggregate="mean")
    assert np.isnan(found.ci_low[cell])


def test_an_unknown_modality_is_named():
    with pytest.raises(NotFoundError, match="smell"):
        aggregate_runs(AXES, [run("a", 0.5, target="smell")], "best")
