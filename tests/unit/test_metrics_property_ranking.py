"""Property and retrieval metrics against scikit-learn and by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, r2_score, roc_auc_score, root_mean_squared_error

from chebimm_core.metrics import METRICS
from chebimm_core.metrics.families.property import _auc
from chebimm_core.metrics.scoring import score
from chebimm_core.settings import Settings

SETTINGS = Settings.from_env({})
NAMES = ("roc_auc", "rmse", "mae", "r2")
number = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(number, number), min_size=3, max_size=30))
def test_regression_is_scikit_learns(rows: list[tuple[float, float]]) -> None:
    predicted, wanted = map(np.array, zip(*rows, strict=True))
    assume(np.ptp(wanted) > 0.01 and not set(wanted) <= {0.0, 1.0})
    found = score(
        NAMES, [str(x) for x in predicted], [str(x) for x in wanted],
        settings=SETTINGS, n_bootstrap=0,
    )  # fmt: skip
    values = found.as_json()
    assert values["rmse"] == pytest.approx(root_mean_squared_error(wanted, predicted))
    assert values["mae"] == pytest.approx(mean_absolute_error(wanted, predicted))
    assert values["r2"] == pytest.approx(r2_score(wanted, predicted), rel=1e-6, abs=1e-6)
    assert "labels" in found.absent["roc_auc"]


@settings(deadline=None)  # the first call of scikit-learn loads more of it
@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.2, 0.2, 0.7]), st.booleans(), st.integers(0, 3)),
        min_size=2,
        max_size=25,
    )
)
def test_weighted_auc_is_scikit_learns(rows: list[tuple[float, bool, int]]) -> None:
    values, labels, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assume(labels @ weights > 0 and (1 - labels) @ weights > 0)
    found = _auc(np.column_stack([values, labels, np.ones(len(rows))]), weights[None, :])
    assert found[0] == pytest.approx(roc_auc_score(labels, values, sample_weight=weights))


def test_failed_predictions_count() -> None:
    outputs, references = ["1", "what", None, "5"], ["1", "3", "5", ""]
    found = score(NAMES, outputs, references, settings=SETTINGS, n_bootstrap=0)
    values = found.as_json()
    # Mean of the references is 3: the failed rows err by 0 and 2; the row without one is out.
    assert values["mae"] == pytest.approx(2 / 3)
    assert values["r2"] == pytest.approx(1 - 4 / 8)
    assert {(s.n, s.n_failed) for s in found.scores} == {(3, 2)}
    assert found.samples["mae"].isna().tolist() == [False, False, False, True]


def test_a_failed_classification_loses_every_comparison() -> None:
    found = score(
        NAMES, ["0.9", None, "0.1", "0.2"], ["1", "1", "0", "0"], settings=SETTINGS, n_bootstrap=0
    )
    assert found.as_json()["roc_auc"] == pytest.approx(0.5)
    assert {"rmse", "mae", "r2"} <= set(found.absent)


def ranks(*found: object) -> list[str | None]:
    return [json.dumps({"rank": r, "pool": 100, "top": []}) for r in found]


def test_recall_and_reciprocal_rank() -> None:
    outputs = [*ranks(1, 5, 6, 50), None, "{}", "[1]", '{"rank": 0, "pool": 9}']
    found = score(
        ("r1", "r5", "r10", "mrr"), outputs, ["x"] * len(outputs), settings=SETTINGS, n_bootstrap=0
    )
    n = len(outputs)
    assert found.as_json() == {
        "r1": pytest.approx(1 / n),
        "r5": pytest.approx(2 / n),
        "r10": pytest.approx(3 / n),
        "mrr": pytest.approx((1 + 1 / 5 + 1 / 6 + 1 / 50) / n),
    }
    assert all(s.n_failed == 4 and "pool:100" in s.signature for s in found.scores)


def test_pools_of_several_sizes_say_so() -> None:
    outputs = [*ranks(1), '{"rank": 1, "pool": 5}']
    found = score(("r1",), outputs, ["x", "x"], settings=SETTINGS, n_bootstrap=0)
    assert "pool:mixed" in found.scores[0].signature


def test_r2_may_be_negative_and_is_no_probability() -> None:
    assert not METRICS["r2"].bounded
