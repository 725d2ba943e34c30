"""One model on one transition: fit it on what it may see, then answer molecule by molecule."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from chebimm_core.domain.prediction import PREDICTION_COLUMNS, input_hash
from chebimm_core.domain.specs import ModelCard, Scalar, TaskProtocol, Transition
from chebimm_core.errors import SettingError
from chebimm_core.models import load, require_ability
from chebimm_core.models.protocols import FitContext, Model
from chebimm_core.runner.answering import Answerer, answerer
from chebimm_core.runner.scoring import DEFAULT_PROPERTY, modality_texts, target_texts

Progress = Callable[[float, str], None]
"""Told the share done in [0, 1] and what is happening."""

_FIRST_BATCH = 16
_LARGEST_BATCH = 1024
_WANTED_BATCH_S = 1.0
"""A batch of about a second: progress is seen, and a kill costs no more than that."""


def require_cover(card: ModelCard, protocol: TaskProtocol, transition: Transition) -> None:
    """Refuses a transition the model does not do.

    Raises:
        SettingError: If the card has no ability of that protocol with that transition.
    """
    ability = require_ability(card, protocol)
    if transition not in ability.transitions:
        raise SettingError(
            f"Model {card.name} does not cover this transition",
            value=transition.key,
            allowed=", ".join(t.key for t in ability.transitions),
        )


def fitted(
    card: ModelCard,
    protocol: TaskProtocol,
    transition: Transition,
    train: pd.DataFrame,
    *,
    pool: pd.DataFrame,
    context: FitContext,
    validation: pd.DataFrame | None = None,
    arguments: Mapping[str, Scalar] | None = None,
    target_property: str = DEFAULT_PROPERTY,
) -> Answerer:
    """A model that has learned and can be asked.

    Args:
        card: The model.
        protocol: Of the task.
        transition: One the card covers.
        train: Molecules to learn from, with the columns of ``molecules.parquet``.
        pool: Molecules among which a retrieval model has to find; others ignore it.
        context: Seed, checkpoint folder, device; its ``validation`` is made from ``validation``.
        validation: Molecules held out for early stopping; None: there are none.
        arguments: Values of the ability's parameters.
        target_property: Column to predict where the target is ``property``.

    Raises:
        SettingError: If the card does not cover the transition, an argument is not allowed or there
            is nothing to learn from.
        MissingDependencyError: If the model needs something that is absent.
    """
    model = learned(
        card, protocol, transition, train, context=context, validation=validation,
        arguments=arguments, target_property=target_property,
    )  # fmt: skip
    return answerer(model, protocol, transition, pool)


def learned(
    card: ModelCard,
    protocol: TaskProtocol,
    transition: Transition,
    train: pd.DataFrame,
    *,
    context: FitContext,
    validation: pd.DataFrame | None = None,
    arguments: Mapping[str, Scalar] | None = None,
    target_property: str = DEFAULT_PROPERTY,
) -> Model:
    """The adapter itself after learning; arguments and errors as :func:`fitted`."""
    require_cover(card, protocol, transition)
    held_out = None if validation is None else _pairs(validation, transition, target_property)
    context = replace(context, validation=held_out)
    model = load(card, protocol, arguments)
    model.fit(_pairs(train, transition, target_property), transition, context)
    return model


def answers(
    model: Answerer, molecules: pd.DataFrame, *, smallest: int = 1
) -> Iterator[pd.DataFrame]:
    """Asks the model for every molecule, in batches that grow to about a second each.

    Args:
        model: From :func:`fitted`.
        molecules: ``cid`` and ``input`` (None where the molecule lacks that modality).
        smallest: Molecules a batch has at least.

    Yields:
        Frames of :data:`~chebimm_core.domain.prediction.PREDICTION_COLUMNS`, together one row a
        molecule, in order. A molecule without input, or whose input the model cannot handle, is a
        row with an error. ``latency_s`` is the time of its batch divided by the molecules in it.
    """
    start, size = 0, max(smallest, _FIRST_BATCH)
    while start < len(molecules):
        batch = molecules.iloc[start : start + size]
        began = time.perf_counter()
        yield _answered(model, batch, began)
        took = time.perf_counter() - began
        start += size
        if took < _WANTED_BATCH_S / 2:
            size = min(2 * size, _LARGEST_BATCH)
        elif took > 2 * _WANTED_BATCH_S:
            size = max(smallest, size // 2)


def predict(
    card: ModelCard,
    transition: Transition,
    train: pd.DataFrame,
    test: pd.DataFrame,
    seed: int,
    *,
    protocol: TaskProtocol,
    target_property: str = DEFAULT_PROPERTY,
) -> pd.DataFrame:
    """Fits a model and collects its answers to every molecule of ``test``, at once.

    For models that take seconds; a run that may be interrupted goes through
    :mod:`chebimm_core.runner.experiment`. Arguments and errors as :func:`fitted`.
    """
    model = fitted(
        card, protocol, transition, train, pool=test, context=FitContext(seed=seed),
        target_property=target_property,
    )  # fmt: skip
    asked = pd.DataFrame({"cid": test["cid"], "input": modality_texts(test, transition.sources)})
    smallest = require_ability(card, protocol).smallest_batch
    frames = list(answers(model, asked, smallest=smallest))
    empty = pd.DataFrame(columns=list(PREDICTION_COLUMNS)).astype(PREDICTION_COLUMNS)
    return pd.concat(frames, ignore_index=True) if frames else empty


def _answered(model: Answerer, batch: pd.DataFrame, began: float) -> pd.DataFrame:
    present = [isinstance(text, str) for text in batch["input"]]
    rows = batch[present]
    found = iter(model(rows["cid"].tolist(), rows["input"].tolist()) if len(rows) else [])
    collected = [next(found) if there else model.missing for there in present]
    each = (time.perf_counter() - began) / max(1, len(rows))
    return pd.DataFrame(
        {
            "cid": batch["cid"].to_numpy(),
            "input_hash": [input_hash(t) if isinstance(t, str) else None for t in batch["input"]],
            "output": [a.output for a in collected],
            "error": [
                a.error or (None if a.output else "The model gave an empty answer")
                for a in collected
            ],
            "latency_s": [each if there else 0.0 for there in present],
        }
    ).astype(PREDICTION_COLUMNS)


def _pairs(molecules: pd.DataFrame, transition: Transition, target_property: str) -> pd.DataFrame:
    """(n, 3) ``cid``, ``input``, ``target`` of the molecules that have both."""
    pairs = pd.DataFrame(
        {
            "cid": molecules["cid"],
            "input": modality_texts(molecules, transition.sources),
            "target": target_texts(molecules, transition.target, target_property),
        }
    )
    return pairs.dropna().reset_index(drop=True)
