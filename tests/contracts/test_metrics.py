"""What every registered metric promises."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from chebimm_core.metrics import FAMILIES, METRICS
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.metrics.resampling import columns, resampled
from chebimm_core.metrics.scoring import Scored, score
from chebimm_core.settings import Settings
from chebimm_core.tasks import TASKS

_SMILES = ["CCO", "CCN", "c1ccccc1", "CC(=O)O", "OCC", "C1CC1", "CCCl", "CC(C)O", "CO", "N"]
_CAPTIONS = [f"The molecule is a {w} acid with a role as drug." for w in "abcdefghij"]

EXAMPLES: dict[str, tuple[list[str | None], list[str]]] = {
    "text": ([*_CAPTIONS[::-1][:8], None, ""], _CAPTIONS),
    "molecule": (["CCO", "CN", "c1ccccc1C", "(", "CCO", "C1CC", None, "CCO", "c1", "N"], _SMILES),
    "property": (["1.5", "2", "x", None, "0", "-1", "3", "7", "2", "1"], list("2345678901")),
    "labels": ([".9", ".2", "x", None, ".3", ".1", ".9", ".7", ".2", "1"], list("1010101010")),
    "ranking": (
        [*(json.dumps({"rank": r, "pool": 50}) for r in (1, 2, 7, 11, 50, 1, 3)), None, "", "{"],
        ["partner"] * 10,
    ),
}


def example(metric: str) -> tuple[list[str | None], list[str]]:
    return EXAMPLES["labels" if metric == "roc_auc" else METRICS[metric].family]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.from_env({"CHEBIMM_CACHE": str(tmp_path_factory.mktemp("cache"))})


CACHE = ReferenceCache()


def run(
    metric: str, settings: Settings, outputs: list[str | None], references: list[str]
) -> Scored:
    return score(
        (metric,),
        outputs,
        references,
        settings=settings,
        tokenizer="words",
        n_bootstrap=50,
        cache=CACHE,
    )


ALL = sorted(METRICS)
ADDITIVE = [m for m in ALL if METRICS[m].corpus is None]


@pytest.mark.parametrize("metric", ALL)
def test_has_a_title_a_description_and_a_family(metric: str) -> None:
    spec = METRICS[metric]
    assert spec.title and spec.description
    assert spec.family in FAMILIES


@pytest.mark.parametrize("metric", ALL)
def test_one_score_with_signature_and_full_count(metric: str, settings: Settings) -> None:
    found = run(metric, settings, *example(metric))
    (one,) = found.scores
    spec = METRICS[metric]
    assert one.signature.startswith(f"{metric}|")
    assert one.signature.endswith(f"|n:{spec.denominator}|v:0.1.0")
    assert np.isfinite(one.value)
    assert one.n_failed >= 2
    assert one.n == (10 if spec.denominator == "all" else 10 - one.n_failed)
    assert len(found.samples) == len(found.statistics) == 10
    assert list(found.samples) == [metric]


@pytest.mark.parametrize("metric", ADDITIVE)
def test_statistics_are_finite_rows_and_their_order_does_not_matter(
    metric: str, settings: Settings
) -> None:
    outputs, references = example(metric)
    found = run(metric, settings, outputs, references)
    rows = columns(metric, found.statistics)
    assert rows.shape == (10, len(found.statistics.columns))
    assert not np.isnan(rows).any()
    order = np.random.default_rng(0).permutation(10)
    shuffled = run(metric, settings, [outputs[i] for i in order], [references[i] for i in order])
    assert shuffled.scores[0].value == pytest.approx(found.scores[0].value, abs=1e-12)
    assert columns(metric, shuffled.statistics) == pytest.approx(rows[order])


@pytest.mark.parametrize("metric", ADDITIVE)
def test_weights_stand_for_repeated_rows(metric: str, settings: Settings) -> None:
    """A bootstrap weight of 2 is the molecule twice: the corpus value is never approximated."""
    outputs, references = example(metric)
    rows = [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    statistics = run(metric, settings, outputs, references).statistics
    weights = np.bincount(rows, minlength=10)[None, :]
    by_weight = resampled(metric, statistics, weights)
    by_rows = resampled(metric, statistics.iloc[rows].reset_index(drop=True), np.ones((1, 13)))
    assert by_weight == pytest.approx(by_rows, abs=1e-9)


@pytest.mark.parametrize("metric", [m for m in ADDITIVE if METRICS[m].bounded])
def test_bounded_metrics_stay_in_zero_to_one(metric: str, settings: Settings) -> None:
    found = run(metric, settings, *example(metric))
    (one,) = found.scores
    shown = found.samples[metric].dropna()
    assert 0.0 <= one.value <= 1.0
    assert one.ci_low is not None and 0.0 <= one.ci_low <= one.ci_high <= 1.0
    assert shown.between(0.0, 1.0).all()


@pytest.mark.parametrize("metric", [m for m in ADDITIVE if METRICS[m].denominator == "all"])
def test_a_failed_row_counts_against_the_run(metric: str, settings: Settings) -> None:
    _, references = example(metric)
    perfect: list[str | None] = (
        [json.dumps({"rank": 1, "pool": 50})] * 10
        if METRICS[metric].family == "ranking"
        else list(references)
    )
    whole = run(metric, settings, perfect, references).scores[0]
    broken = run(metric, settings, [None, *perfect[1:]], references).scores[0]
    assert (whole.n, broken.n) == (10, 10)
    assert broken.n_failed == whole.n_failed + 1
    worse = broken.value - whole.value
    assert worse < 0 if METRICS[metric].direction == "higher" else worse > 0


def test_every_task_names_registered_metrics() -> None:
    for task in TASKS.values():
        assert set(task.metrics) <= set(METRICS)
        assert task.primary_metric in task.metrics


def test_metrics_of_a_task_score_together(settings: Settings) -> None:
    outputs, references = EXAMPLES["text"]
    together = score(
        TASKS["iupac"].metrics,
        outputs,
        references,
        settings=settings,
        tokenizer="words",
        cache=CACHE,
    )
    assert [s.metric for s in together.scores] == list(TASKS["iupac"].metrics)
    assert isinstance(together.statistics, pd.DataFrame)
    alone = run("bleu2", settings, outputs, references)
    assert together.scores[0].value == alone.scores[0].value
