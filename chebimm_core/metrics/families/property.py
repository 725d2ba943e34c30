"""Predicted properties: regression (RMSE, MAE, R2) and classification (ROC-AUC).

Outputs and references are numbers written as text. A row without a reference value does not count.
A failed prediction counts: as the mean of the references in regression (what a model that knows
nothing would say), on the wrong side of every comparison in ROC-AUC.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.specs import MetricSpec
from chebimm_core.metrics import aggregates
from chebimm_core.metrics.preparation import Context, FamilySpec, as_text

Floats = NDArray[np.float64]


@dataclass(slots=True)
class PropertyPairs:
    """Numbers of both sides."""

    predicted: Floats
    """(n,) NaN where the output is no finite number."""
    wanted: Floats
    """(n,) NaN where there is no reference value."""

    @property
    def n(self) -> int:
        return len(self.wanted)

    @property
    def counts(self) -> NDArray[np.bool_]:
        """(n,) rows with a reference value."""
        return ~np.isnan(self.wanted)

    @property
    def failed(self) -> NDArray[np.bool_]:
        return np.isnan(self.predicted) & self.counts

    @property
    def classes(self) -> bool:
        """Whether the references are the labels 0 and 1."""
        return set(np.unique(self.wanted[self.counts])) <= {0.0, 1.0}

    def signature_parts(self, spec: MetricSpec) -> tuple[str, ...]:
        return ("failed:wrong-side",) if spec.name == "roc_auc" else ("failed:reference-mean",)

    def why_absent(self, spec: MetricSpec) -> str | None:
        if not self.counts.any():
            return "no row has a reference value"
        if spec.name == "roc_auc":
            if not self.classes:
                return "the references are measurements, not the labels 0 and 1"
            if len(np.unique(self.wanted[self.counts])) < 2:
                return "all references have the same label"
        elif self.classes:
            return "the references are the labels 0 and 1, not measurements"
        return None


def prepare(
    context: Context, outputs: Sequence[str | None], references: Sequence[str]
) -> PropertyPairs:
    """Reads the numbers of both sides."""
    return PropertyPairs(_numbers(outputs), _numbers(references))


def _numbers(texts: Sequence[str | None]) -> Floats:
    return np.array([_number(as_text(text)) for text in texts], dtype=np.float64)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _errors(pairs: PropertyPairs) -> Floats:
    """(n,) predicted minus wanted; a failed prediction is the mean of the references."""
    filled = np.where(np.isnan(pairs.predicted), np.nanmean(pairs.wanted), pairs.predicted)
    return np.where(pairs.counts, filled - pairs.wanted, 0.0)


def _squared(pairs: PropertyPairs) -> Floats:
    return np.column_stack([np.square(_errors(pairs)), pairs.counts])


def _absolute(pairs: PropertyPairs) -> Floats:
    return np.column_stack([np.abs(_errors(pairs)), pairs.counts])


def _root_mean(summed: Floats) -> Floats:
    return np.sqrt(aggregates.mean(summed))


def _explained(pairs: PropertyPairs) -> Floats:
    """(n, 4) squared error, count, reference and its square, centered so that nothing cancels."""
    centered = np.where(pairs.counts, pairs.wanted - np.nanmean(pairs.wanted), 0.0)
    return np.column_stack([np.square(_errors(pairs)), pairs.counts, centered, np.square(centered)])


def _r2(summed: Floats) -> Floats:
    error, count, total, squares = np.moveaxis(summed, -1, 0)
    spread = squares - aggregates.ratio(np.square(total), count)
    return 1.0 - aggregates.ratio(error, np.where(spread > 0, spread, 0.0))


def _squared_error(statistics: Floats) -> Floats:
    """For single molecules, where R2 is not defined: the squared error."""
    return np.where(statistics[:, 1] > 0, statistics[:, 0], np.nan)


def _scored_labels(pairs: PropertyPairs) -> Floats:
    """(n, 3) score, label and whether the row counts; failed rows lose every comparison."""
    worst = np.where(pairs.wanted == 1.0, -np.inf, np.inf)
    score = np.where(np.isnan(pairs.predicted), worst, pairs.predicted)
    rows = np.column_stack([score, np.nan_to_num(pairs.wanted), pairs.counts])
    return np.where(pairs.counts[:, None], rows, 0.0)


def _auc(rows: Floats, weights: Floats) -> Floats:
    """(b,) share of positive-negative pairs in the right order, ties half (Mann-Whitney)."""
    score, label, counts = rows.T
    _, tie = np.unique(score, return_inverse=True)
    order = np.argsort(tie, kind="stable")
    starts = np.flatnonzero(np.diff(tie[order], prepend=-1))
    positive = np.add.reduceat((weights * (label * counts))[:, order], starts, axis=1)
    negative = np.add.reduceat((weights * ((1 - label) * counts))[:, order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    won = (positive * (below + negative / 2)).sum(axis=1)
    return aggregates.ratio(won, positive.sum(axis=1) * negative.sum(axis=1))


def _undefined(summed: Floats) -> Floats:
    return np.full(summed.shape[:-1], np.nan)


_property = partial(MetricSpec, family="property", denominator="all")
_error = partial(_property, direction="lower", bounded=False)

FAMILIES = (FamilySpec("property", prepare),)
SPECS: tuple[MetricSpec, ...] = (
    _property(
        name="roc_auc",
        title="ROC-AUC",
        direction="higher",
        bounded=True,
        statistics=_scored_labels,
        aggregate=_undefined,
        weighted=_auc,
        reference="Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747",
        description="Chance that a positive scores above a negative; .5 knows nothing.",
    ),
    _error(
        name="rmse",
        title="RMSE",
        statistics=_squared,
        aggregate=_root_mean,
        description="Root mean squared error, in units of the property.",
    ),
    _error(
        name="mae",
        title="MAE",
        statistics=_absolute,
        aggregate=aggregates.mean,
        description="Mean absolute error, in units of the property.",
    ),
    _property(
        name="r2",
        title="R2",
        direction="higher",
        bounded=False,
        statistics=_explained,
        aggregate=_r2,
        per_sample=_squared_error,
        description="Explained share of the variance; 0 is the mean of the references, and worse "
        "models are negative. Single molecules show their squared error.",
    ),
)
