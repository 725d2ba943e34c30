"""One model on one transition: fit on the training split, answer every test molecule."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pandas as pd

from chebimm_core.domain.prediction import PREDICTION_COLUMNS, input_hash
from chebimm_core.domain.specs import ModelCard, Transition
from chebimm_core.errors import SettingError
from chebimm_core.models import load
from chebimm_core.models.protocols import Generated, Generator

_BATCH = 128
_STRUCTURE = ("graph", "image")


def predict(
    card: ModelCard,
    transition: Transition,
    train: pd.DataFrame,
    test: pd.DataFrame,
    seed: int,
    *,
    target_property: str = "xlogp",
    progress: Callable[[float, str], None] | None = None,
) -> pd.DataFrame:
    """Fits a model and collects its answers.

    Args:
        card: The model.
        transition: One of the card's transitions, with a single source.
        train: Molecules to learn from, with the columns of ``molecules.parquet``.
        test: Molecules to answer for.
        seed: Of the model's random choices.
        target_property: Column to predict where the transition's target is ``property``.
        progress: Told the share done in [0, 1] and what is happening.

    Returns:
        One row a test molecule, in the order of ``test``, with the columns of
        :data:`~chebimm_core.domain.prediction.PREDICTION_COLUMNS`. A molecule without the input
        modality, or whose input the model cannot handle, is a row with an error. ``latency_s`` is
        the time of its batch divided by the molecules in it.

    Raises:
        SettingError: If the card does not cover the transition or there is nothing to learn from.
        MissingDependencyError: If the model needs something that is absent.
    """
    if transition not in card.transitions:
        raise SettingError(
            f"Model {card.name} does not cover this transition",
            value=transition.key,
            allowed=", ".join(t.key for t in card.transitions),
        )
    tell = progress or (lambda share, what: None)
    tell(0.0, f"{card.title}: learning {transition.key}")
    model = load(card).fit(_pairs(train, transition, target_property), transition, seed)
    inputs = _texts(test, transition.sources[0])
    has_input = inputs.notna().to_numpy()
    rows = inputs[has_input].tolist()
    answers: list[Generated] = []
    seconds: list[float] = []
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        began = time.perf_counter()
        answers.extend(_answers(model, batch))
        seconds.extend([(time.perf_counter() - began) / len(batch)] * len(batch))
        tell((start + len(batch)) / len(rows), f"{card.title}: {transition.key}")
    found = iter(zip(answers, seconds, strict=True))
    missing = (
        Generated(None, f"The molecule has no {transition.sources[0]} in the data set"),
        0.0,
    )
    collected = [next(found) if present else missing for present in has_input]
    return pd.DataFrame(
        {
            "cid": test["cid"].to_numpy(),
            "input_hash": [input_hash(t) if isinstance(t, str) else None for t in inputs],
            "output": [a.output for a, _ in collected],
            "error": [a.error for a, _ in collected],
            "latency_s": [s for _, s in collected],
        }
    ).astype(PREDICTION_COLUMNS)


def _answers(model: Generator, batch: Sequence[str]) -> list[Generated]:
    found = model.generate(batch)
    return [
        a if a.output or a.error else Generated(None, "The model gave an empty answer")
        for a in found
    ]


def _pairs(train: pd.DataFrame, transition: Transition, target_property: str) -> pd.DataFrame:
    """(n, 3) ``cid``, ``input``, ``target`` of the training molecules that have both."""
    target = target_property if transition.target == "property" else transition.target
    pairs = pd.DataFrame(
        {
            "cid": train["cid"],
            "input": _texts(train, transition.sources[0]),
            "target": _texts(train, target),
        }
    )
    return pairs.dropna().reset_index(drop=True)


def _texts(molecules: pd.DataFrame, modality: str) -> pd.Series[str]:
    """A modality as text. A graph or image is written as the SMILES it is drawn from."""
    column = "canonical_smiles" if modality in _STRUCTURE else modality
    if column not in molecules.columns:
        raise SettingError(
            "The data set has no such column",
            value=column,
            allowed=", ".join(molecules.columns),
        )
    values = molecules[column]
    texts = values.map(lambda v: str(v) if pd.notna(v) and str(v).strip() else None)
    return texts.astype("object").where(texts.notna(), None)
