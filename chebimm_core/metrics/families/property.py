"""Predicted properties: regression (RMSE, MAE, R2) and classification (ROC-AUC).

Outputs and references are numbers written as text, or JSON objects ``{"property": number}`` where a
run predicts several properties. A missing label does not count. A failed prediction counts: as the
mean of the references in regression (what a model that knows nothing would say), on the wrong side
of every comparison in ROC-AUC. A metric of several properties is the mean over those for which it
is defined, as MoleculeNet reports it (Wu et al. 2018, doi:10.1039/C7SC02664A).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.specs import MetricSpec
from chebimm_core.metrics import aggregates
from chebimm_core.metrics.preparation import Context, FamilySpec, as_text

Floats = NDArray[np.float64]
_ONE = ""
"""Name of the only property of a run that predicts bare numbers."""


@dataclass(slots=True)
class PropertyPairs:
    """Numbers of both sides, for t properties."""

    predicted: Floats
    """(n, t) NaN where the output is no finite number."""
    wanted: Floats
    """(n, t) NaN where there is no reference value."""

    @property
    def n(self) -> int:
        return len(self.wanted)

    @property
    def known(self) -> NDArray[np.bool_]:
        """(n, t) where there is a reference value."""
        return ~np.isnan(self.wanted)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n,) rows with a reference value and without an answer to it."""
        return np.asarray((np.isnan(self.predicted) & self.known).any(axis=1))

    @property
    def classes(self) -> NDArray[np.bool_]:
        """(t,) whether the references are the labels 0 and 1."""
        pairs = zip(self.wanted.T, self.known.T, strict=True)
        return np.array([set(np.unique(w[k])) <= {0.0, 1.0} for w, k in pairs], dtype=bool)

    def of(self, spec: MetricSpec | str) -> PropertyPairs:
        """The properties a metric is defined for."""
        name = spec if isinstance(spec, str) else spec.name
        there = self.known.any(axis=0)
        if name == "roc_auc":
            labels = [
                len(np.unique(w[k])) for w, k in zip(self.wanted.T, self.known.T, strict=True)
            ]
            chosen = there & self.classes & (np.array(labels) == 2)
        else:
            chosen = there & ~self.classes
        return PropertyPairs(self.predicted[:, chosen], self.wanted[:, chosen])

    def signature_parts(self, spec: MetricSpec) -> tuple[str, ...]:
        failed = "failed:wrong-side" if spec.name == "roc_auc" else "failed:reference-mean"
        count = self.of(spec).wanted.shape[1]
        return (failed,) if self.wanted.shape[1] == 1 else (failed, f"properties:{count}")

    def why_absent(self, spec: MetricSpec) -> str | None:
        if not self.known.any():
            return "no row has a reference value"
        if self.of(spec).wanted.shape[1]:
            return None
        if spec.name == "roc_auc":
            if not self.classes.any():
                return "the references are measurements, not the labels 0 and 1"
            return "all references have the same label"
        return "the references are the labels 0 and 1, not measurements"


def prepare(
    context: Context, outputs: Sequence[str | None], references: Sequence[str]
) -> PropertyPairs:
    """Reads the numbers of both sides; the references say which properties there are."""
    wanted = [_values(as_text(text)) for text in references]
    names = sorted({name for row in wanted for name in row}) or [_ONE]
    predicted = [_values(as_text(text)) for text in outputs]
    return PropertyPairs(_table(predicted, names), _table(wanted, names))


def _table(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
    found = [[row.get(name, math.nan) for name in names] for row in rows]
    return np.array(found, dtype=np.float64).reshape(len(rows), len(names))


def _values(text: str) -> dict[str, float]:
    if not text.lstrip().startswith("{"):
        return {_ONE: _number(text)}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(k): _number(v) for k, v in found.items() if not isinstance(v, (bool, list, dict))}


def _number(text: str | float | None) -> float:
    try:
        value = math.nan if text is None else float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _blocks(*columns: Floats | NDArray[np.bool_]) -> Floats:
    """K columns (n, t) -> (n, t * k), the k columns of each property side by side."""
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(len(stacked), -1).astype(np.float64)


def _each(summed: Floats, k: int) -> Floats:
    """(..., t * k) -> (..., t, k)."""
    return summed.reshape(*summed.shape[:-1], -1, k)


def _mean(values: Floats) -> Floats:
    """(..., t) -> (...) mean over the properties for which the value is defined."""
    defined = ~np.isnan(values)
    return aggregates.ratio(np.nansum(values, axis=-1), defined.sum(axis=-1))


def _errors(pairs: PropertyPairs) -> Floats:
    """(n, t) predicted minus wanted; a failed prediction is the mean of the references."""
    means = np.nanmean(pairs.wanted, axis=0)
    filled = np.where(np.isnan(pairs.predicted), means, pairs.predicted)
    return np.where(pairs.known, filled - pairs.wanted, 0.0)


def _squared(pairs: PropertyPairs) -> Floats:
    chosen = pairs.of("rmse")
    return _blocks(np.square(_errors(chosen)), chosen.known)


def _absolute(pairs: PropertyPairs) -> Floats:
    chosen = pairs.of("mae")
    return _blocks(np.abs(_errors(chosen)), chosen.known)


def _root_mean(summed: Floats) -> Floats:
    return _mean(np.sqrt(aggregates.mean(_each(summed, 2))))


def _mean_absolute(summed: Floats) -> Floats:
    return _mean(aggregates.mean(_each(summed, 2)))


def _explained(pairs: PropertyPairs) -> Floats:
    """Squared error, count, reference and its square, centered so that nothing cancels."""
    chosen = pairs.of("r2")
    centered = np.where(chosen.known, chosen.wanted - np.nanmean(chosen.wanted, axis=0), 0.0)
    return _blocks(np.square(_errors(chosen)), chosen.known, centered, np.square(centered))


def _r2(summed: Floats) -> Floats:
    error, count, total, squares = np.moveaxis(_each(summed, 4), -1, 0)
    spread = squares - aggregates.ratio(np.square(total), count)
    return _mean(1.0 - aggregates.ratio(error, np.where(spread > 0, spread, 0.0)))


def _squared_error(statistics: Floats) -> Floats:
    """For single molecules, where R2 is not defined: the squared error, mean over properties."""
    error, count, _, _ = np.moveaxis(_each(statistics, 4), -1, 0)
    return _mean(np.where(count > 0, error, np.nan))


def _scored_labels(pairs: PropertyPairs) -> Floats:
    """Score, label and whether the row counts; failed rows lose every comparison."""
    chosen = pairs.of("roc_auc")
    worst = np.where(chosen.wanted == 1.0, -np.inf, np.inf)
    score = np.where(np.isnan(chosen.predicted), worst, chosen.predicted)
    known = chosen.known
    zero = np.zeros_like(score)
    return _blocks(
        np.where(known, score, zero), np.where(known, np.nan_to_num(chosen.wanted), zero), known
    )


def _auc(rows: Floats, weights: Floats) -> Floats:
    """(b,) mean over properties of the area under their curve."""
    blocks = _each(rows, 3)  # (n, t, 3)
    areas = [_area(blocks[:, k], weights) for k in range(blocks.shape[1])]
    return _mean(np.stack(areas, axis=-1))


def _area(rows: Floats, weights: Floats) -> Floats:
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
        aggregate=_mean_absolute,
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
