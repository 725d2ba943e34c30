"""How much of the paper's grid there is: done here, loaded from files, at work, missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pandas as pd

from chebimm_core import grid
from chebimm_core.domain.run import RunHeader, RunSpec, RunState
from chebimm_core.errors import ChebiMMError
from chebimm_core.models import MODELS
from chebimm_core.services import launching, model_names, planning
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import AT_WORK
from chebimm_core.tasks import TASKS

State = Literal["done", "loaded", "running", "missing"]
STATES: tuple[State, ...] = ("done", "loaded", "running", "missing")
COVERAGE_COLUMNS = (
    "key", "block", "model", "family", "task", "transition", "pooling", "dataset", "column",
    "state", "run_id",
)  # fmt: skip
DEFAULT_DATASET = "chebi-20-mm"
NOTE = grid.RECONSTRUCTION


@dataclass(frozen=True, slots=True)
class Plan:
    """What launching a part of the grid would do."""

    specs: tuple[RunSpec, ...]
    """Runs that can start."""
    obstacles: dict[str, int]
    """Why others cannot, and how many."""
    seconds: float | None
    """Estimated for all; None if that of some is unknown."""


def blocks() -> tuple[grid.Block, ...]:
    """The blocks in order."""
    return grid.BLOCKS


def filtered(wanted: Mapping[str, str]) -> tuple[grid.Experiment, ...]:
    """Experiments that meet every condition; see :func:`chebimm_core.grid.select`."""
    return grid.select(grid.experiments(), wanted)


def counts() -> pd.DataFrame:
    """Experiments a block: ``block``, ``title``, ``models``, ``experiments``."""
    found = pd.DataFrame([(e.block, e.model) for e in grid.experiments()], columns=["b", "m"])
    rows = [
        (b.name, b.title, found.loc[found["b"] == b.name, "m"].nunique(),
         int((found["b"] == b.name).sum()))
        for b in grid.BLOCKS
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["block", "title", "models", "experiments"])


def coverage(settings: Settings, *, dataset: str = DEFAULT_DATASET) -> pd.DataFrame:
    """State of every experiment.

    A run counts if task, transition (retrieval in either direction), model, pooling and data set
    are those of the experiment; seed and other settings may differ.

    Args:
        settings: Where the store is.
        dataset: What stands for ChEBI-20-MM.

    Returns:
        (1263, 11) columns :data:`COVERAGE_COLUMNS`; ``run_id`` is empty where there is no run.
    """
    stored = _stored(settings)
    rows = []
    for one in grid.experiments():
        state, run_id = stored.get(_identity(one, dataset), ("missing", ""))
        rows.append(
            (one.key, one.block, one.model, one.family, one.task, one.transition, one.pooling,
             one.dataset or dataset, _column(one), state, run_id)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


def plan(
    settings: Settings,
    experiments: Sequence[grid.Experiment],
    *,
    dataset: str = DEFAULT_DATASET,
    limit: int | None = None,
    seed: int = 0,
) -> Plan:
    """What launching experiments would do; those that have a run already are left out.

    Args:
        settings: Where the store is.
        experiments: From :func:`filtered`.
        dataset: What stands for ChEBI-20-MM.
        limit: Only the first molecules of each split.
        seed: Of every run.
    """
    stored = _stored(settings)
    specs: list[RunSpec] = []
    obstacles: dict[str, int] = {}
    seconds: float | None = 0.0
    for one in experiments:
        if _identity(one, dataset) in stored:
            continue
        try:
            spec = spec_of(settings, one, dataset=dataset, limit=limit, seed=seed)
            reasons = planning.obstacles(
                settings, MODELS[one.model], one.task, one.transition, spec.dataset
            )
            if reasons:
                obstacles[reasons[0]] = obstacles.get(reasons[0], 0) + 1
                continue
            took = planning.estimate(settings, spec).seconds
        except ChebiMMError as error:
            obstacles[str(error)] = obstacles.get(str(error), 0) + 1
            continue
        specs.append(spec)
        seconds = None if seconds is None or took is None else seconds + took
    return Plan(tuple(specs), obstacles, seconds)


def spec_of(
    settings: Settings,
    one: grid.Experiment,
    *,
    dataset: str = DEFAULT_DATASET,
    limit: int | None = None,
    seed: int = 0,
) -> RunSpec:
    """The run that is an experiment; errors as :func:`chebimm_core.services.planning.plan`."""
    return planning.plan(
        settings,
        task=one.task,
        transition=one.transition,
        model=one.model,
        dataset=one.dataset or dataset,
        arguments=one.arguments,
        limit=limit,
        seed=seed,
    )


def described(
    settings: Settings, one: grid.Experiment, *, dataset: str = DEFAULT_DATASET
) -> tuple[RunSpec, str]:
    """A specification also where the data set is not imported: without its hash, and why."""
    try:
        return spec_of(settings, one, dataset=dataset), ""
    except ChebiMMError as error:
        name = one.dataset or dataset
        known = name in DatasetStore(settings.store).names()
        spec = RunSpec(
            task=one.task,
            transition=one.transition,
            model=one.model,
            model_args=one.arguments,
            dataset=name,
            dataset_hash=DatasetStore(settings.store).header(name).content_hash if known else "",
            split="test",
        )
        return spec, str(error)


def launch(settings: Settings, wanted: Plan, *, now: datetime) -> list[RunHeader]:
    """Queues the runs of a plan."""
    return launching.launch(settings, wanted.specs, now=now) if wanted.specs else []


_Identity = tuple[str, frozenset[str] | str, str, str, str]


def _identity(one: grid.Experiment, dataset: str) -> _Identity:
    return (
        one.task,
        _undirected(one.task, one.transition),
        one.model,
        one.pooling,
        one.dataset or dataset,
    )


def _undirected(task: str, transition: str) -> frozenset[str] | str:
    if task in TASKS and TASKS[task].protocol == "retrieve":
        return frozenset(transition.split("->"))
    return transition


def _stored(settings: Settings) -> dict[_Identity, tuple[State, str]]:
    """Identity -> best state of the runs that have it, and one of them."""
    named = {
        spelled: card.name
        for card in MODELS.values()
        if card.paper_family is not None
        for spelled in (card.name.casefold(), model_names.bare(card.name))
    }
    found: dict[_Identity, tuple[State, str]] = {}
    headers = versions.current(settings.store, RunStore(settings.store).all_headers())
    for header in headers:
        state = _state(header)
        model = model_names.find(header.spec.model, named)
        if state is None or model is None:
            continue
        spec = header.spec
        pooled = str(spec.model_args.get("pooling", ""))
        for pooling in {pooled, ""}:
            identity = (
                spec.task, _undirected(spec.task, spec.transition), model, pooling, spec.dataset
            )  # fmt: skip
            known = found.get(identity)
            if known is None or STATES.index(state) < STATES.index(known[0]):
                found[identity] = (state, header.run_id)
    return found


def _state(header: RunHeader) -> State | None:
    if header.status.state is RunState.DONE:
        return "done" if header.spec.origin.kind == "launched" else "loaded"
    return "running" if header.status.state in AT_WORK else None


def _column(one: grid.Experiment) -> str:
    if one.dataset:
        return one.dataset
    arrow = one.transition.replace("->", " → ")
    return f"{arrow}, {one.pooling}" if one.pooling else arrow
