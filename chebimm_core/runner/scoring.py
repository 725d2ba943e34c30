"""Scores a run: which metrics its task asks for, and what the data set says is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from chebimm_core.domain.molecule import IMAGE_COLUMN, MOLECULE_COLUMNS
from chebimm_core.domain.prediction import PREDICTION_COLUMNS, Score, input_hash
from chebimm_core.domain.run import RunSpec
from chebimm_core.errors import SettingError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.metrics.scoring import score
from chebimm_core.settings import Settings
from chebimm_core.tasks import TASKS

Progress = Callable[[float, str], None]

DEFAULT_PROPERTY = "xlogp"
PROPERTY_ARGUMENT = "property"
"""Model argument that names the column a property run predicts."""
ALL_PROPERTIES = "all"
"""Value of that argument which asks for every property of the data set at once."""
NO_PREDICTION = "no prediction"
EMPTY_OUTPUT = "empty output"

DRAWN = ("graph", "image")
"""Modalities that are read or drawn from the SMILES."""


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """A run's scores with what they were computed from."""

    scores: tuple[Score, ...]
    samples: pd.DataFrame
    """(n, 1 + metrics) ``cid`` and the per-molecule value of each metric."""
    statistics: pd.DataFrame
    """(n, 1 + k) ``cid`` and the additive statistics, columns ``<metric>:<k>``."""
    values: dict[str, float | None]
    """Every metric under both denominators, as printed; None where it has no value."""
    absent: dict[str, str]
    """Metric -> why it has no value."""


def target_property(spec: RunSpec) -> str:
    """Column a property run predicts, or :data:`ALL_PROPERTIES`."""
    return str(spec.model_args.get(PROPERTY_ARGUMENT, DEFAULT_PROPERTY))


def source_column(modality: str) -> str:
    """Column a model's input is read from; a graph or image is read or drawn from the SMILES."""
    return "canonical_smiles" if modality in DRAWN else modality


def expected_molecules(molecules: pd.DataFrame, spec: RunSpec) -> pd.DataFrame:
    """The molecules a run has to answer for: its denominator.

    Args:
        molecules: Molecules of the run's data set.
        spec: The run.

    Returns:
        (n, 3) ``cid``, ``input`` (None where the molecule lacks that modality) and ``reference``,
        in data set order; molecules without a reference are left out, as nothing can be said of an
        answer to them.
    """
    rows = molecules[molecules["split"] == spec.split]
    if TASKS[spec.task].protocol == "retrieve":  # only what is in the pool can be found
        rows = rows[modality_texts(rows, (spec.target,)).notna()]
    references = target_texts(rows, spec.target, target_property(spec))
    if TASKS[spec.task].protocol == "retrieve":
        references = rows["cid"]
    frame = pd.DataFrame(
        {
            "cid": rows["cid"].astype(str).to_numpy(),
            "input": modality_texts(rows, spec.sources).to_numpy(),
            "reference": references.to_numpy(),
        },
        dtype=object,
    )
    frame = frame[frame["reference"].notna()]
    return (frame if spec.limit is None else frame.head(spec.limit)).reset_index(drop=True)


def modality_texts(molecules: pd.DataFrame, sources: Sequence[str]) -> pd.Series[str]:
    """(n,) the input text of each molecule, None where one is absent; fused parts one a line.

    Args:
        molecules: With the columns of ``molecules.parquet``.
        sources: Modalities, in the order of the transition.
    """
    # Where a data set has pictures of its own, a molecule without one has none: no mixture.
    columns = [
        IMAGE_COLUMN if s == "image" and IMAGE_COLUMN in molecules.columns else source_column(s)
        for s in sources
    ]
    absent = [c for c in columns if c not in molecules.columns]
    if absent:
        raise SettingError(
            "The data set has no such column",
            value=absent[0],
            allowed=", ".join(map(str, molecules.columns)),
        )
    rows = zip(*(molecules[c].tolist() for c in columns), strict=True)
    texts = ["\n".join(map(str, row)) if all(map(_present, row)) else None for row in rows]
    return pd.Series(texts, index=molecules.index, dtype=object)


def target_texts(
    molecules: pd.DataFrame, target: str, target_property: str = DEFAULT_PROPERTY
) -> pd.Series[str]:
    """(n,) what a model is to give for each molecule, None where it is absent."""
    if target == "property" and target_property == ALL_PROPERTIES:
        return _labels(molecules)
    column = target_property if target == "property" else source_column(target)
    if column not in molecules.columns:
        raise SettingError(
            "The data set has no such column",
            value=column,
            allowed=", ".join(map(str, molecules.columns)),
        )
    texts = [str(v) if _present(v) else None for v in molecules[column]]
    return pd.Series(texts, index=molecules.index, dtype=object)


def _labels(molecules: pd.DataFrame) -> pd.Series[str]:
    """(n,) JSON objects of the known properties; None where none is known."""
    names = [c for c in molecules.columns if c not in (*MOLECULE_COLUMNS, IMAGE_COLUMN)]
    if not names:
        raise SettingError("The data set has no property", do="Import one with numeric columns")
    values = molecules[names].to_numpy(dtype=float)
    rows = [{n: v for n, v in zip(names, row, strict=True) if v == v} for row in values]  # noqa: PLR0124 - NaN test
    texts = [json.dumps(row) if row else None for row in rows]
    return pd.Series(texts, index=molecules.index, dtype=object)


def _present(value: Any) -> bool:
    return not pd.isna(value) and bool(str(value).strip())


def complete(predictions: pd.DataFrame, expected: pd.DataFrame) -> pd.DataFrame:
    """One row for each expected molecule, in their order.

    Args:
        predictions: ``cid`` and ``output``; ``error``, ``latency_s`` and ``input_hash`` if known.
        expected: From :func:`expected_molecules`.

    Returns:
        (n, 5) frame of :data:`~chebimm_core.domain.prediction.PREDICTION_COLUMNS`. A molecule
        without a prediction is a row with an error, so that it stays in the denominator.
    """
    given = predictions.assign(cid=predictions["cid"].astype(str)).drop_duplicates("cid")
    merged = expected[["cid", "input"]].merge(given, on="cid", how="left")
    outputs = [v if isinstance(v, str) else None for v in merged["output"]]
    errors = merged.get("error", pd.Series([None] * len(merged), dtype=object))
    hashes = [input_hash(t) if isinstance(t, str) else None for t in merged["input"]]
    frame = pd.DataFrame(
        {
            "cid": merged["cid"],
            "input_hash": merged["input_hash"] if "input_hash" in merged else hashes,
            "output": outputs,
            "error": [_error(o, e) for o, e in zip(outputs, errors, strict=True)],
            "latency_s": merged["latency_s"] if "latency_s" in merged else float("nan"),
        }
    )
    return frame.astype(PREDICTION_COLUMNS)


def score_predictions(
    settings: Settings,
    task: str,
    predictions: pd.DataFrame,
    expected: pd.DataFrame,
    *,
    metrics: Sequence[str] | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
    cache: ReferenceCache | None = None,
    progress: Progress | None = None,
) -> ScoredRun:
    """Scores complete predictions against their references.

    Args:
        settings: Where tokenizers and resources are.
        task: Name of the task; gives the metrics.
        predictions: From :func:`complete`.
        expected: From :func:`expected_molecules`, in the same order.
        metrics: Only these; None: all of the task.
        n_bootstrap: Resamples behind each interval.
        seed: Of the resampling.
        cache: References made ready before; pass one cache to many runs on one split.
        progress: Told the share done in [0, 1] and what is happening.
    """
    outputs: list[str | None] = [o if isinstance(o, str) else None for o in predictions["output"]]
    scored = score(
        tuple(metrics) if metrics is not None else TASKS[task].metrics,
        outputs,
        expected["reference"].tolist(),
        settings=settings,
        n_bootstrap=n_bootstrap,
        seed=seed,
        cache=cache,
        progress=progress,
    )
    cids = expected["cid"].to_numpy()
    samples, statistics = scored.samples.copy(), scored.statistics.copy()
    samples.insert(0, "cid", cids)
    statistics.insert(0, "cid", cids)
    return ScoredRun(scored.scores, samples, statistics, scored.as_json(), scored.absent)


def _error(output: str | None, error: object) -> str | None:
    """Why a row failed: what the model said, else that there is nothing; None if it did not."""
    if output is not None and output.strip():
        return None
    if isinstance(error, str) and error:
        return error
    return NO_PREDICTION if output is None else EMPTY_OUTPUT
