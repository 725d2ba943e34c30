"""One model output for one molecule, and one score for one run."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict

PREDICTION_COLUMNS: dict[str, str] = {
    "cid": "string",
    "input_hash": "string",
    "output": "string",
    "error": "string",
    "latency_s": "float64",
}
"""Columns and dtypes of ``predictions.parquet``, in order. ``error`` is null for a sample that
succeeded; ``output`` is null or empty for one that failed. A failed sample is a row."""


def input_hash(text: str) -> str:
    """Sixteen hex digits that identify the exact input a model saw."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Score(BaseModel):
    """One metric of one run, with what is needed to judge it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str
    value: float
    ci_low: float | None
    """Lower end of the 95 % interval; None where no interval is defined."""
    ci_high: float | None
    n: int
    """Molecules in the denominator."""
    n_failed: int
    """Rows with an error, an empty output or (for structures) an invalid one."""
    direction: Literal["higher", "lower"]
    bounded: bool
    denominator: Literal["all", "valid"]
    signature: str
    """Metric, tokenizer, library versions, denominator. Scores compare only if these are equal."""
