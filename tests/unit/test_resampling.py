"""Bootstrap and paired comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chebimm_core.errors import NotFoundError, SettingError
from chebimm_core.metrics.resampling import bootstrap_weights, compare, resampled
from chebimm_core.metrics.scoring import score
from chebimm_core.settings import Settings


def frame(metric: str, values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({f"{metric}:0": values, f"{metric}:1": np.ones(len(values))})


def test_weights_are_multinomial_counts_and_the_seed_decides_them() -> None:
    weights = np.concatenate(list(bootstrap_weights(2_000, 1_200, seed=1)))
    assert weights.shape == (1_200, 2_000)
    assert (weights.sum(axis=1) == 2_000).all()
    assert weights.mean(axis=0).std() < 0.05
    again = np.concatenate(list(bootstrap_weights(2_000, 1_200, seed=1)))
    other = np.concatenate(list(bootstrap_weights(2_000, 1_200, seed=2)))
    assert (weights == again).all() and (weights != other).any()


def test_the_interval_of_a_mean_is_that_of_the_normal_law() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(4_000) < 0.3
    outputs = ["same" if r else "other" for r in right]
    found = score(
        ("exact_text",), outputs, ["same"] * len(outputs), settings=Settings.from_env({}),
        tokenizer="words", n_bootstrap=2_000,
    ).scores[0]  # fmt: skip
    error = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / len(right))
    assert found.ci_low == pytest.approx(right.mean() - error, abs=0.002)
    assert found.ci_high == pytest.approx(right.mean() + error, abs=0.002)


def test_resampling_with_ones_is_the_corpus_value() -> None:
    values = np.array([0.2, 0.4, 0.9])
    assert resampled("rouge1", frame("rouge1", values), np.ones((2, 3))) == pytest.approx([0.5] * 2)
    doubled = np.array([[2.0, 1.0, 0.0]])
    assert resampled("rouge1", frame("rouge1", values), doubled) == pytest.approx([0.8 / 3])


def test_a_small_but_steady_difference_is_found_only_by_pairing() -> None:
    rng = np.random.default_rng(3)
    base = rng.random(500)
    found = compare("rouge1", frame("rouge1", base + 0.01), frame("rouge1", base))
    assert found.difference == pytest.approx(0.01)
    assert found.ci_low > 0.0099 and found.ci_high < 0.0101
    assert found.p_value < 0.01
    assert found.test == "paired bootstrap"


def test_a_run_does_not_differ_from_itself_and_signs_swap() -> None:
    values, others = np.random.default_rng(0).random((2, 80))
    same = compare("meteor", frame("meteor", values), frame("meteor", values))
    assert (same.difference, same.p_value) == (0.0, 1.0)
    there = compare("meteor", frame("meteor", values), frame("meteor", others))
    back = compare("meteor", frame("meteor", others), frame("meteor", values))
    assert there.difference == -back.difference
    assert there.ci_low == pytest.approx(-back.ci_high)
    assert there.p_value == back.p_value


def test_p_values_are_uniform_enough_when_nothing_differs() -> None:
    rng = np.random.default_rng(5)
    p_values = [
        compare(
            "rouge1", frame("rouge1", rng.random(60)), frame("rouge1", rng.random(60)),
            n_bootstrap=400, seed=i,
        ).p_value
        for i in range(120)
    ]  # fmt: skip
    assert 0.01 <= np.mean(np.array(p_values) < 0.1) <= 0.2


def test_exact_match_is_compared_by_mcnemar() -> None:
    a = np.array([1.0] * 10 + [0.0] * 2 + [1.0] * 20)
    b = np.array([0.0] * 10 + [1.0] * 2 + [1.0] * 20)
    found = compare("exact", frame("exact", a), frame("exact", b))
    assert (found.only_a, found.only_b, found.test) == (10, 2, "mcnemar")
    # 2 * P(X <= 2 | 12, 1/2) = 2 * (1 + 12 + 66) / 4096
    assert found.p_value == pytest.approx(2 * 79 / 4096)


def test_whole_set_metrics_have_no_test_and_say_why() -> None:
    found = compare("fcd", pd.DataFrame(index=range(3)), pd.DataFrame(index=range(3)))
    assert found.test == "none" and found.note
    assert np.isnan(found.p_value)


def test_wrong_tables_are_refused() -> None:
    table = frame("rouge1", np.ones(3))
    with pytest.raises(SettingError, match="same molecules"):
        compare("rouge1", table, table.head(2))
    with pytest.raises(SettingError, match="no column"):
        compare("rouge2", table, table)
    with pytest.raises(NotFoundError, match="rouge1"):
        compare("rouge11", table, table)
    with pytest.raises(SettingError, match="at least one"):
        score(("rouge1",), [], [], settings=Settings.from_env({}))
