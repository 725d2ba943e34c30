"""Figures of runs: names stay text, intervals are drawn where they are, floors stand apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chebimm_core.figures import dataset_charts, run_charts

HOSTILE = '<a href="javascript:alert(1)">x</a>'


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [HOSTILE, "floor-constant"],
            "value": [0.5, 0.2],
            "ci_low": [0.4, np.nan],
            "ci_high": [0.7, np.nan],
            "n": [10, 10],
            "n_failed": [0, 1],
            "is_floor": [False, True],
            "signature_group": ["A", "A"],
        }
    )


def test_leaderboard_escapes_names_and_draws_intervals() -> None:
    figure = run_charts.leaderboard(_frame(), metric_title="BLEU-2", direction="higher")
    run, floor = figure.data
    assert "<a" not in run.y[0]
    assert "<a" not in figure.layout.yaxis.categoryarray[-1]
    assert run.error_x.array[0] == np.float64(0.7) - np.float64(0.5)
    assert floor.marker.symbol != run.marker.symbol  # told apart without color
    assert figure.layout.shapes[0].x0 == 0.2  # the floor as a line


def test_spread_of_a_zero_or_one_metric_has_fixed_bins() -> None:
    figure = run_charts.sample_spread(
        np.array([1.0, 1.0, np.nan]), metric_title="Exact match", corpus_value=1.0
    )
    assert figure.data[0].xbins.size == 0.05
    assert len(figure.data[0].x) == 2


def test_gain_is_drawn_apart_when_its_interval_holds_zero() -> None:
    frame = pd.DataFrame(
        {
            "metric": ["a", "b"],
            "gain": [0.1, 0.01],
            "gain_low": [0.05, -0.02],
            "gain_high": [0.15, 0.04],
            "p_value": [0.001, 0.6],
            "n": [10, 10],
        }
    )
    figure = run_charts.paired_differences(frame, name_a=HOSTILE, name_b="B")
    assert {t.marker.symbol for t in figure.data} == {"circle", "circle-open"}
    assert "<a" not in figure.layout.xaxis.title.text


def test_nearest_curve_falls_from_all_to_the_identical() -> None:
    frame = pd.DataFrame({"pair": ["test in train"] * 4, "similarity": [0.2, 0.5, 1.0, 1.0]})
    curve = dataset_charts.nearest(frame, threshold=0.9).data[0]
    assert curve.y[0] == 1.0
    assert curve.y[-1] == 0.5
    assert (np.diff(curve.y) <= 0).all()
