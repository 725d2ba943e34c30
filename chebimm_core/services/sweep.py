"""Every model that needs no download, on everything it does: a first matrix of one's own data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chebimm_core.domain.run import RunSpec
from chebimm_core.domain.specs import Ability, ModelCard, Scalar, TaskSpec, Transition
from chebimm_core.errors import ChebiMMError
from chebimm_core.models.text_encoders import TFIDF
from chebimm_core.runner import catalogue
from chebimm_core.services import planning
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

_COMPARED = ("avg", "max")
"""Poolings the paper compares; others a model offers are run as its default only."""

_BY_CHOICE = frozenset({"endpoint", "trained here"})
"""Families that cost money or many minutes for each transition: launched one by one."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep would do."""

    specs: tuple[RunSpec, ...]
    """Runs that are not stored yet."""
    stored: int
    """Runs that are."""
    skipped: dict[str, int]
    """Why others cannot run, and how many."""
    seconds: float | None
    """Estimated work of one process; None if that of some run is unknown."""


def plan(
    settings: Settings,
    *,
    dataset: str,
    split: str = "test",
    fitted_on: str | None = None,
    tasks: tuple[str, ...] = (),
    limit: int | None = None,
    seed: int = 0,
) -> Sweep:
    """All runs of the models that need neither weights nor an endpoint, floors included.

    A pair of retrieval is run in both directions, except by networks with a choice of pooling,
    which are run with each pooling in one direction, as the paper counts them. A floor ignores its
    input, so one transition a target is enough.

    Args:
        settings: Where the store is.
        dataset: Name of a stored data set.
        split: Split to answer for.
        fitted_on: Split to learn from; None: train where it has the target, else another.
        tasks: Only these; empty: all six.
        limit: Only the first molecules.
        seed: Of every run.

    Raises:
        NotFoundError: If the data set does not exist.
    """
    properties = DatasetStore(settings.store).header(dataset).properties
    runs = RunStore(settings.store)
    specs: list[RunSpec] = []
    skipped: dict[str, int] = {}
    stored, seconds = 0, 0.0
    known = True
    for card, task, transition, arguments in _wanted(settings, tasks, properties):
        given = {**arguments, **({"fitted_on": fitted_on} if fitted_on else {})}
        try:
            reasons = planning.obstacles(settings, card, task.name, transition.key, dataset)
            if reasons:
                skipped[reasons[0]] = skipped.get(reasons[0], 0) + 1
                continue
            spec = planning.plan(
                settings, task=task.name, transition=transition.key, model=card.name,
                dataset=dataset, split=split, arguments=given, limit=limit, seed=seed,
            )  # fmt: skip
        except ChebiMMError as error:
            skipped[str(error)] = skipped.get(str(error), 0) + 1
            continue
        if runs.exists(spec.run_id):
            stored += 1
            continue
        specs.append(spec)
        took = planning.estimate(settings, spec).seconds
        known = known and took is not None
        seconds += took or 0.0
    return Sweep(tuple(specs), stored, skipped, seconds if known else None)


_SLOW_S = 0.25
"""A model that takes longer for an answer takes hours for a data set: it is launched by choice."""
_Wanted = tuple[ModelCard, TaskSpec, Transition, dict[str, Scalar]]


def _wanted(
    settings: Settings, tasks: tuple[str, ...], properties: tuple[str, ...]
) -> Iterator[_Wanted]:
    for task in TASKS.values():
        if tasks and task.name not in tasks:
            continue
        for card in catalogue.cards(settings).values():
            ability = card.ability(task.protocol)
            if ability is None or not _offline(card):
                continue
            for transition in _transitions(card, ability, task):
                for arguments in _arguments(ability, task, properties):
                    yield card, task, transition, arguments


def _offline(card: ModelCard) -> bool:
    """Whether a model runs in minutes with nothing downloaded and nothing asked over a network."""
    if card.weights or card.scripted or card.family in _BY_CHOICE:
        return False
    if any((ability.sample_seconds or 0.0) > _SLOW_S for ability in card.abilities):
        return False
    parameters = [p for ability in card.abilities for p in ability.parameters]
    return all(p.default == TFIDF for p in parameters if p.name.endswith("weights"))


def _transitions(card: ModelCard, ability: Ability, task: TaskSpec) -> list[Transition]:
    found = [t for t in task.transitions if t in ability.transitions]
    if card.is_floor:
        return list({t.target: t for t in reversed(found)}.values())
    if task.protocol == "retrieve" and _poolings(ability):
        seen: dict[frozenset[str], Transition] = {}
        for transition in found:
            seen.setdefault(frozenset((*transition.sources, transition.target)), transition)
        return list(seen.values())
    return found


def _arguments(
    ability: Ability, task: TaskSpec, properties: tuple[str, ...]
) -> list[dict[str, Scalar]]:
    pooled: list[dict[str, Scalar]] = [{"pooling": p} for p in _poolings(ability)] or [{}]
    if task.protocol != "predict":
        return pooled
    columns = properties or ("",)
    return [{**one, "property": name} for one in pooled for name in columns]


def _poolings(ability: Ability) -> list[str]:
    parameter = next((p for p in ability.parameters if p.name == "pooling"), None)
    if parameter is None:
        return []
    chosen = [p for p in parameter.choices if p in _COMPARED]
    return chosen if parameter.default in chosen else [*chosen, str(parameter.default)]
