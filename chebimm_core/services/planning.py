"""What a run will be and what it will take, before it is launched."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chebimm_core.domain.run import PhaseTime, RunHeader, RunSpec
from chebimm_core.domain.specs import ModelCard, Scalar, Transition
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.models import require_ability
from chebimm_core.models.arguments import check_arguments
from chebimm_core.resources import status as resources
from chebimm_core.runner import catalogue, learning
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
from chebimm_core.store.run_work import RunWork
from chebimm_core.tasks import TASKS

_START_S = 2.0
"""Until a fresh process has loaded what every run needs."""
_WEIGHTS = "weights"
"""How the names of parameters that take a folder of weights end."""
_ANY = {"model": "any", "revision": None, "seed": 0}
"""What does not bear on which molecules a run is about."""
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
    given = {name: _whole(name, value) for name, value in (arguments or {}).items()}
    run_level = {k: given.pop(k) for k in learning.RUN_ARGUMENTS if k in given}
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
    learns_from = _learns_from(settings, spec)
    return spec.model_copy(
        update={"model_args": {**spec.model_args, learning.FITTED_ON_ARGUMENT: learns_from}}
    )


def molecules_of(settings: Settings, spec: RunSpec) -> int:
    """How many molecules a run has to answer for.

    Raises:
        SettingError: If the data set has no column to score against, or there are none.
    """
    asked = {k: v for k, v in spec.model_args.items() if k in learning.RUN_ARGUMENTS}
    alike = spec.model_copy(update={**_ANY, "limit": None, "model_args": asked})
    n = _expected(settings, alike.model_dump_json())
    if not n:
        raise SettingError(
            "There is no molecule to answer for: none of the split has a reference",
            value=f"{spec.transition} on {spec.dataset} {spec.split}",
        )
    return n if spec.limit is None else min(n, spec.limit)


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
    """How long a run will take: by the last run of the model here, else by its card."""
    n = molecules_of(settings, spec)
    splits = DatasetStore(settings.store).header(spec.dataset).splits
    learned_from = splits.get(str(spec.model_args.get(learning.FITTED_ON_ARGUMENT)), 0)
    limit_s = float(spec.model_args.get("cpu_seconds", 0.0) or math.inf)
    earlier = _earlier(settings, spec)
    if earlier is not None:
        times = RunWork(settings.store, earlier.run_id).times()
        each = {p: _per_molecule(times, p) for p in ("learning", "answering", "scoring")}
        fitting = min(limit_s, each["learning"] * learned_from)
        seconds = fitting + (each["answering"] + each["scoring"]) * n + _START_S
        return Estimate(seconds, f"by what run {earlier.run_id} took here", n)
    card = catalogue.cards(settings)[spec.model]
    ability = require_ability(card, TASKS[spec.task].protocol)
    if ability.sample_seconds is None and ability.fit_seconds is None:
        return Estimate(None, "no run of this model yet, and its card gives no time", n)
    fitting = min(limit_s, (ability.fit_seconds or 0.0) * learned_from / _LEARNED_FROM)
    seconds = fitting + n * (ability.sample_seconds or 0.0) + _START_S
    return Estimate(seconds, "by the model's card: two CPU cores, scoring left out", n)


def _earlier(settings: Settings, spec: RunSpec) -> RunHeader | None:
    """The run of the model that tells most: of the same task, transition and arguments, the last.

    None: none was launched here.
    """

    def likeness(header: RunHeader) -> tuple[int, float]:
        same = [header.spec.transition == spec.transition, *(
            header.spec.model_args.get(name) == value for name, value in spec.model_args.items()
        )]  # fmt: skip
        finished = header.status.finished or header.status.created
        return sum(same), finished.timestamp()

    found = [
        h
        for h in RunStore(settings.store).headers()
        if (h.spec.model, h.spec.task) == (spec.model, spec.task)
        and RunWork(settings.store, h.run_id).times()
    ]
    return max(found, key=likeness, default=None)


def _per_molecule(times: Sequence[PhaseTime], phase: str) -> float:
    """Seconds; of several sessions of learning the longest counts, as each may begin anew."""
    of_phase = [t for t in times if t.phase == phase and t.molecules]
    if phase == "learning":
        return max((t.seconds / t.molecules for t in of_phase), default=0.0)
    molecules = sum(t.molecules for t in of_phase)
    return sum(t.seconds for t in of_phase) / molecules if molecules else 0.0


@functools.lru_cache(maxsize=256)
def _expected(settings: Settings, spec: str) -> int:
    """Expected molecules of a spec without limit, which names the content of its data set."""
    given = RunSpec.model_validate_json(spec)
    molecules = DatasetStore(settings.store).molecules(given.dataset, split=given.split)
    return len(expected_molecules(molecules, given))


def _learns_from(settings: Settings, spec: RunSpec) -> str:
    """Split a run learns from; looked up once for all models of a grid."""
    asked = {k: v for k, v in spec.model_args.items() if k in learning.RUN_ARGUMENTS}
    alike = spec.model_copy(update={**_ANY, "limit": None, "model_args": asked})
    return _split(settings, alike.model_dump_json())


@functools.lru_cache(maxsize=256)
def _split(settings: Settings, spec: str) -> str:
    return learning.splits_for(settings, RunSpec.model_validate_json(spec))[0]


def _whole(name: str, value: Scalar) -> Scalar:
    """A local folder of weights by its full path: workers may start elsewhere."""
    if name.endswith(_WEIGHTS) and isinstance(value, str) and value and Path(value).is_dir():
        return str(Path(value).resolve())
    return value


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
