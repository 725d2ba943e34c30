"""Two runs compared: on the same molecules only, and exact matches by who alone is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from run_samples import DATASET, NOW, settings_with_data, split_rows

from chebimm_core.domain.run import RunSpec
from chebimm_core.errors import SettingError
from chebimm_core.metrics.resampling import PairedComparison
from chebimm_core.services import benchmark
from chebimm_core.settings import Settings

WRONG = "CCCCCC"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_with_data(tmp_path)


def store(
    settings: Settings,
    model: str,
    right: set[int],
    *,
    limit: int | None = None,
    split: str = "test",
) -> str:
    """A generation run that is right on these molecules of the test split and wrong elsewhere."""
    spec = RunSpec(
        task="generation", transition="caption->SMILES", model=model, dataset=DATASET,
        dataset_hash="0" * 64, split=split, limit=limit,
    )  # fmt: skip
    rows = [(c, s if k in right else WRONG) for k, (c, s, _) in enumerate(split_rows())]
    predictions = pd.DataFrame(rows, columns=["cid", "output"])
    if split != "test":
        predictions = pd.DataFrame({"cid": ["6324"], "output": ["CC"]})
    return benchmark.store_run(
        settings, spec, predictions, now=NOW, metrics=("exact", "levenshtein")
    ).run_id


def exact_of(found: list[benchmark.MetricComparison]) -> PairedComparison:
    return next(row.paired for row in found if row.paired.metric == "exact")


def test_exact_matches_are_counted_by_who_alone_is_right(settings: Settings) -> None:
    a = store(settings, "a", {0, 1, 2, 3, 4})
    b = store(settings, "b", {4, 5})
    by_metric = {row.paired.metric: row.paired for row in benchmark.compare(settings, a, b)}
    exact = by_metric["exact"]
    assert (exact.only_a, exact.only_b, exact.test) == (4, 1, "mcnemar")
    assert exact.p_value == pytest.approx(2 * (1 + 5) / 2**5)  # two-sided binomial of 1 of 5
    assert exact.difference == pytest.approx((5 - 2) / 8)
    assert by_metric["levenshtein"].only_a is None
    assert by_metric["levenshtein"].test == "paired bootstrap"
    mirrored = {r.paired.metric: r.paired for r in benchmark.compare(settings, b, a)}["exact"]
    assert (mirrored.only_a, mirrored.only_b) == (1, 4)
    assert mirrored.p_value == exact.p_value and mirrored.difference == -exact.difference


def test_a_run_equals_itself(settings: Settings) -> None:
    a = store(settings, "a", {0, 1})
    for row in benchmark.compare(settings, a, a):
        assert row.paired.difference == 0
        assert not row.paired.p_value < 1
    exact = exact_of(benchmark.compare(settings, a, a))
    assert (exact.only_a, exact.only_b) == (0, 0)


def test_a_limited_run_is_compared_on_its_molecules_only(settings: Settings) -> None:
    whole = store(settings, "whole", {0, 7})
    part = store(settings, "part", {0, 1}, limit=4)
    exact = exact_of(benchmark.compare(settings, whole, part))
    assert exact.n == 4
    assert exact.value_a == pytest.approx(1 / 4)  # not 2/8: molecule 7 is outside
    assert exact.value_b == pytest.approx(2 / 4)
    assert (exact.only_a, exact.only_b) == (0, 1)


def test_other_splits_and_tasks_do_not_compare(settings: Settings) -> None:
    test = store(settings, "a", {0})
    validation = store(settings, "a", set(), split="validation")
    with pytest.raises(SettingError, match="no molecule in common"):
        benchmark.compare(settings, test, validation)


def test_disputed_molecules_are_those_one_alone_has_right(settings: Settings) -> None:
    a, b = store(settings, "a", {0, 1}), store(settings, "b", {1, 2})
    found = benchmark.disputed(settings, [a, b], "exact", k=2)
    cids = [c for c, _, _ in split_rows()]
    assert set(found["cid"]) == {cids[0], cids[2]}
    assert np.allclose(found["spread"], 1.0)
