"""What a run will be and what it will take, before it is launched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chebimm_core.domain.run import RunHeader, RunSpec
from chebimm_core.domain.specs import ModelCard, Scalar, Transition
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.models import require_ability
from chebimm_core.models.arguments import check_arguments
from chebimm_core.resources import status as resources
from chebimm_core.runner import catalogue, experiment
from chebimm_core.runner.evaluate import require_cover
from chebimm_core.runner.scoring import (
    DEFAULT_PROPERTY,
    PROPERTY_ARGUMENT,
    expected_molecules,
    modality_texts,
    target_texts,
)
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

_LEARNED_FROM = 3_000
"""Molecules the times on the cards are for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a run will take."""

    seconds: float | None
    """None where nothing is known."""
    basis: str
    """Where the figure comes from."""
    molecules: int
    """It has to answer for."""


def plan(
    settings: Settings,
    *,
    task: str,
    transition: str,
    model: str,
    dataset: str,
    split: str = "test",
    arguments: Mapping[str, Scalar] | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> RunSpec:
    """The complete specification of a run: every default is written out, everything is checked.

    Args:
        settings: Where the store is.
        task: Name of the task.
        transition: Key of the transition, e.g. ``SMILES->caption``.
        model: Name of a model.
        dataset: Name of a stored data set.
        split: Split to answer for.
        arguments: Parameters of the model; ``property`` names the column of a property run, and
            ``fitted_on`` the split to learn from.
        limit: Only the first molecules of the split; None: all.
        seed: Of every random choice.

    Raises:
        NotFoundError: If task, model or data set do not exist.
        SettingError: If they do not fit, or an argument is not allowed.
    """
    wanted = TASKS[task]
    card = catalogue.cards(settings)[model]
    header = DatasetStore(settings.store).header(dataset)
    moved = _transition(transition)
    if len(moved.sources) == 1 and moved not in wanted.transitions:
        raise SettingError(
            f"Task {task} has no such transition",
            value=transition,
            allowed=", ".join(t.key for t in wanted.transitions),
        )
    require_cover(card, wanted.protocol, moved)
    if split not in header.splits:
        raise SettingError(
            f"Data set {dataset} has no such split", value=split, allowed=", ".join(header.splits)
        )
    given = dict(arguments or {})
    run_level = {k: given.pop(k) for k in experiment.RUN_ARGUMENTS if k in given}
    parameters = require_ability(card, wanted.protocol).parameters
    values = check_arguments(model, parameters, given)
    if moved.target == "property":
        run_level.setdefault(PROPERTY_ARGUMENT, _first_property(header.properties))
    spec = RunSpec(
        task=task,
        transition=moved.key,
        model=model,
        revision=card.revision,
        model_args={**values, **run_level},
        dataset=dataset,
        dataset_hash=header.content_hash,
        split=split,
        limit=limit,
        seed=seed,
    )
    learns_from, _ = experiment.splits_for(settings, spec)
    return spec.model_copy(
        update={"model_args": {**spec.model_args, experiment.FITTED_ON_ARGUMENT: learns_from}}
    )


def obstacles(
    settings: Settings, card: ModelCard, task: str, transition: str, dataset: str | None = None
) -> tuple[str, ...]:
    """Why a model cannot do this here; empty if it can.

    Args:
        settings: Where the store is.
        card: The model.
        task: Name of the task.
        transition: Key of the transition.
        dataset: A stored data set; None asks of the model alone.
    """
    found = []
    wanted, moved = TASKS[task], _transition(transition)
    ability = card.ability(wanted.protocol)
    if ability is None:
        found.append(f"It does not do {wanted.title.lower()}.")
    elif moved not in ability.transitions:
        reads = sorted(
            {"+".join(t.sources) for t in ability.transitions if t.target == moved.target}
        )
        found.append(
            f"It writes {moved.target} from {', '.join(reads)} only."
            if reads
            else f"It does not give {moved.target}."
        )
    found += [resources.why_absent(settings, name) for name in card.extras]
    if dataset is not None and not found:
        found += _lacking(settings, moved, dataset)
    return tuple(reason for reason in found if reason)


def estimate(settings: Settings, spec: RunSpec) -> Estimate:
    """How long a run will take: by earlier runs of the model here, else by its card."""
    molecules = DatasetStore(settings.store).molecules(spec.dataset)
    n = len(expected_molecules(molecules, spec))
    learned_from = int((molecules["split"] == spec.model_args.get("fitted_on")).sum())
    for header in RunStore(settings.store).headers():
        same = (header.spec.model, header.spec.task) == (spec.model, spec.task)
        took = _seconds(header)
        if same and took is not None and header.status.n_total:
            share = max(n / header.status.n_total, 0.2)  # learning does not shrink with a limit
            return Estimate(took * share, f"by run {header.run_id}", n)
    card = catalogue.cards(settings)[spec.model]
    ability = require_ability(card, TASKS[spec.task].protocol)
    if ability.sample_seconds is None and ability.fit_seconds is None:
        return Estimate(None, "no run of this model yet", n)
    scaled = (ability.fit_seconds or 0.0) * learned_from / _LEARNED_FROM
    return Estimate(scaled + n * (ability.sample_seconds or 0.0), "measured on two CPU cores", n)


def _transition(key: str) -> Transition:
    try:
        return Transition.parse(key)
    except ValueError as error:
        raise SettingError(
            "A transition is written SOURCE->TARGET", value=key, allowed="e.g. SMILES->caption"
        ) from error


def _first_property(names: Sequence[str]) -> str:
    if not names:
        raise SettingError(
            "The data set has no property to predict", do="Import one with a numeric column"
        )
    return DEFAULT_PROPERTY if DEFAULT_PROPERTY in names else names[0]


def _lacking(settings: Settings, moved: Transition, dataset: str) -> list[str]:
    try:
        molecules = DatasetStore(settings.store).molecules(dataset)
        if not modality_texts(molecules, moved.sources).notna().any():
            return [f"{dataset} has no {' and '.join(moved.sources)}."]
        if moved.target == "property":
            names = DatasetStore(settings.store).header(dataset).properties
            return [] if names else [f"{dataset} has no property."]
        if not target_texts(molecules, moved.target).notna().any():
            return [f"{dataset} has no {moved.target}."]
    except ChebiMMError as error:
        return [str(error)]
    return []


def _seconds(header: RunHeader) -> float | None:
    status = header.status
    if status.finished is None or header.spec.origin.kind != "launched":
        return None
    took = (status.finished - status.created).total_seconds()
    return took if took > 0 else None
