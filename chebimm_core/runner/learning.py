"""What a run's model learns from, and the model itself: at work, and again when it is explained."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from chebimm_core.domain.run import RunSpec
from chebimm_core.domain.specs import ModelCard, Scalar, TaskProtocol, Transition
from chebimm_core.errors import SettingError
from chebimm_core.models import require_ability
from chebimm_core.models.protocols import FitContext, Model
from chebimm_core.runner import catalogue, evaluate
from chebimm_core.runner.answering import Answerer, answerer
from chebimm_core.runner.scoring import (
    PROPERTY_ARGUMENT,
    modality_texts,
    target_property,
    target_texts,
)
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from chebimm_core.tasks import TASKS

FITTED_ON_ARGUMENT = "fitted_on"
"""Model argument that names the split a model learns from."""
RUN_ARGUMENTS = (PROPERTY_ARGUMENT, FITTED_ON_ARGUMENT)
"""Model arguments that speak of the run; the others are parameters of the model."""

_HELD_OUT = 0.1
"""Share of the learning split held out for early stopping where no other split can serve."""


@dataclass(frozen=True, slots=True)
class LearnedRun:
    """A run's model, ready to be asked anything."""

    spec: RunSpec
    transition: Transition
    protocol: TaskProtocol
    model: Model
    pool: pd.DataFrame
    """Molecules of the tested split, among which a retriever has to find."""

    def answerer(self) -> Answerer:
        """The model as the run asked it."""
        return answerer(self.model, self.protocol, self.transition, self.pool)


def splits_for(settings: Settings, spec: RunSpec) -> tuple[str, str | None]:
    """The split a run learns from, and the one that stops it early (None: a held-out tenth).

    It learns from ``train`` if that has molecules with both input and target, else from
    ``validation``, else from any other split; never from the one it is tested on. Where none has
    both, one with the target serves: a tool learns nothing, and a constant needs no input.

    Raises:
        SettingError: If no other split has the target, or the one asked for is the tested one.
    """
    datasets = DatasetStore(settings.store)
    asked = spec.model_args.get(FITTED_ON_ARGUMENT)
    others = [s for s in datasets.header(spec.dataset).splits if s != spec.split]
    if asked is not None and asked not in others:
        raise SettingError(
            "A model cannot learn from this split", value=asked, allowed=", ".join(others)
        )
    preferred = [s for s in ("train", "validation") if s in others]
    order = [str(asked)] if asked else [*preferred, *(s for s in others if s not in preferred)]
    with_target = []
    for split in order:
        molecules = datasets.molecules(spec.dataset, split=split)
        known = target_texts(molecules, spec.target, target_property(spec)).notna()
        if (known & modality_texts(molecules, spec.sources).notna()).any():
            return split, _stops(split, others)
        with_target += [split] if known.any() else []
    if with_target:
        return with_target[0], _stops(with_target[0], others)
    raise SettingError(
        f"No other split of {spec.dataset} has a {spec.target} to learn from",
        value=spec.split,
        do="Import the train split too",
    )


def _stops(split: str, others: list[str]) -> str | None:
    return "validation" if "validation" in others and split != "validation" else None


def learn(
    settings: Settings,
    spec: RunSpec,
    card: ModelCard,
    molecules: pd.DataFrame,
    context: FitContext,
) -> tuple[LearnedRun, int]:
    """A run's model after learning, or after going on from the checkpoint in ``context``.

    Args:
        settings: Where the store is.
        spec: The run.
        card: Its model.
        molecules: All of the data set.
        context: Seed, checkpoint folder, device.

    Returns:
        The model, and how many molecules it could learn from.

    Raises:
        SettingError: If the card does not cover the transition, or there is nothing to learn from.
    """
    protocol = TASKS[spec.task].protocol
    transition = Transition.parse(spec.transition)
    evaluate.require_cover(card, protocol, transition)
    train, validation = _split(settings, spec, card, molecules, protocol)
    model = evaluate.learned(
        card,
        protocol,
        transition,
        train,
        context=context,
        validation=validation,
        arguments=parameters_of(spec),
        target_property=target_property(spec),
    )
    pool = molecules[molecules["split"] == spec.split]
    return LearnedRun(spec, transition, protocol, model, pool), len(train)


def parameters_of(spec: RunSpec) -> dict[str, Scalar]:
    """The model's own arguments, without those that speak of the run."""
    return {k: v for k, v in spec.model_args.items() if k not in RUN_ARGUMENTS}


def model_of(settings: Settings, run_id: str) -> tuple[RunSpec, ModelCard]:
    """A run and the card of the model that made its outputs.

    Raises:
        NotFoundError: If there is no such run.
        SettingError: If its outputs came from a file, or its model is unknown here.
    """
    spec = RunStore(settings.store).header(run_id).spec
    if spec.origin.kind != "launched":
        raise SettingError(
            "The outputs of this run were read from a file: there is no model here to ask",
            value=run_id,
            do="Launch the model on the Launch page",
        )
    cards = catalogue.cards(settings)
    if spec.model not in cards:
        raise SettingError("The model of this run is unknown here", value=spec.model)
    return spec, cards[spec.model]


_kept: dict[tuple[str, str, str], LearnedRun] = {}


def learned_again(
    settings: Settings, run_id: str, *, progress: evaluate.Progress | None = None
) -> LearnedRun:
    """The model of a finished run: from its checkpoint if it trained, else fitted as it was then.

    The last one asked for stays in memory of the process. Where the checkpoint is gone, training is
    repeated with the same seed and the same plan.

    Args:
        settings: Where the store is.
        run_id: A run launched here.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        NotFoundError: If there is no such run.
        SettingError: If its outputs came from a file, its model is unknown here, or its data set
            has other contents now.
    """
    spec, card = model_of(settings, run_id)
    versions.require_current(settings.store, spec)
    key = (str(settings.store), run_id, RunStore(settings.store).stamp(run_id))
    if key not in _kept:
        molecules = DatasetStore(settings.store).molecules(spec.dataset)
        checkpoint = RunWork(settings.store, run_id).folder / "artifacts" / "checkpoint"
        context = FitContext(
            seed=spec.seed,
            checkpoint=checkpoint if checkpoint.is_dir() else None,
            device=settings.device,
            cache=settings.cache,
            progress=progress or (lambda share, what: None),
        )
        made, _ = learn(settings, spec, card, molecules, context)
        _kept.clear()
        _kept[key] = made
    return _kept[key]


def _split(
    settings: Settings,
    spec: RunSpec,
    card: ModelCard,
    molecules: pd.DataFrame,
    protocol: TaskProtocol,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    split, stops = splits_for(settings, spec)
    train = molecules[molecules["split"] == split]
    if stops is not None:
        return train, molecules[molecules["split"] == stops]
    if not require_ability(card, protocol).stops_early:
        return train, None
    held_out = train.sample(frac=_HELD_OUT, random_state=spec.seed)
    return train.drop(held_out.index), held_out
