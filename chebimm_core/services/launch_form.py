"""What the launch form offers: transitions of a task, models that fit, floors, the command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chebimm_core.domain.run import RunHeader, RunSpec
from chebimm_core.domain.specs import ModelCard, Parameter, Scalar, Transition
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.modalities import MODALITIES
from chebimm_core.models import MODELS
from chebimm_core.runner import catalogue
from chebimm_core.runner.learning import RUN_ARGUMENTS
from chebimm_core.runner.scoring import ALL_PROPERTIES
from chebimm_core.services import planning
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

ALL = ALL_PROPERTIES
"""What stands for every property column at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One model of the form."""

    card: ModelCard
    reasons: tuple[str, ...]
    """Why it cannot be ticked; empty if it can."""

    @property
    def fits(self) -> bool:
        """Whether it can be launched."""
        return not self.reasons


def transitions(settings: Settings, task: str) -> tuple[Transition, ...]:
    """Transitions of a task, and the fused ones some model does for it, in matrix order."""
    wanted = TASKS[task]
    targets = {t.target for t in wanted.transitions}
    fused = {
        t
        for card in catalogue.cards(settings).values()
        if (ability := card.ability(wanted.protocol)) is not None and not card.scripted
        for t in ability.transitions
        if len(t.sources) > 1 and t.target in targets
    }
    return tuple(sorted({*wanted.transitions, *fused}, key=_place))


def choices(
    settings: Settings,
    task: str,
    transition: str,
    dataset: str,
    named: Sequence[str] = (),
) -> tuple[Choice, ...]:
    """Every model with the reasons against it, those that fit first.

    Args:
        settings: Where the store is.
        task: Name of the task.
        transition: Key of the transition.
        dataset: A stored data set.
        named: Models a link asks for: scripted stand-ins are offered only if named.
    """
    found = [
        Choice(card, planning.obstacles(settings, card, task, transition, dataset))
        for card in catalogue.cards(settings).values()
        if not card.scripted or card.name in named
    ]
    return tuple(sorted(found, key=lambda c: not c.fits))


def best_fit(
    settings: Settings, models: Sequence[str], task: str | None = None
) -> tuple[str, str] | None:
    """Task and transition that most of some models do, for links that name models alone.

    Args:
        settings: Where the store is.
        models: Names; unknown ones do not count.
        task: Only transitions of this task; None: of any.

    Returns:
        Name of the task and key of the transition; None if no model does anything of it. Of equals
        captioning from SMILES, else the first in display order.
    """
    known = catalogue.cards(settings)
    cards = [known[name] for name in models if name in known]
    best: tuple[int, bool] = (0, False)
    found = None
    for wanted in TASKS.values():
        if task not in (None, wanted.name):
            continue
        for moved in wanted.transitions:
            able = sum(card.covers(wanted.protocol, moved) for card in cards)
            rank = (able, moved.sources == ("SMILES",))
            if able and rank > best:
                best, found = rank, (wanted.name, moved.key)
    return found


def parameters(settings: Settings, task: str, model: str) -> tuple[Parameter, ...]:
    """What can be set about a model in runs of a task."""
    card = catalogue.cards(settings).get(model)
    ability = card.ability(TASKS[task].protocol) if card is not None else None
    return ability.parameters if ability is not None else ()


def floor_models(task: str, transition: str) -> tuple[str, ...]:
    """Models that know nothing of their input and can do this; empty for retrieval."""
    wanted, moved = TASKS[task], Transition.parse(transition)
    return tuple(
        card.name
        for card in MODELS.values()
        if card.is_floor and card.covers(wanted.protocol, moved)
    )


def require_weights(settings: Settings, spec: RunSpec) -> None:
    """Refuses a model by hub id that was given none, before a run fails of it.

    Raises:
        SettingError: If the model has no weights of its own and none are named.
    """
    card = catalogue.cards(settings)[spec.model]
    if spec.model_args.get("weights") == "" and not card.weights:
        raise SettingError(
            "This model has no weights of its own",
            do="Under Weights, enter a hub id such as google/flan-t5-small, or a local folder",
        )


def existing(settings: Settings, spec: RunSpec) -> RunHeader | None:
    """The run of this very specification, in whatever state; None if it was never launched."""
    store = RunStore(settings.store)
    try:
        return store.header(spec.run_id) if store.exists(spec.run_id) else None
    except ChebiMMError:
        return None


def changed(settings: Settings, spec: RunSpec) -> dict[str, Scalar]:
    """Arguments of a run that are not the defaults of its model, those of the run included."""
    defaults: Mapping[str, Scalar] = {
        p.name: p.default for p in parameters(settings, spec.task, spec.model)
    }
    return {k: v for k, v in spec.model_args.items() if k not in defaults or defaults[k] != v}


def command(settings: Settings, spec: RunSpec) -> str:
    """The command line that launches the same run, ready to paste into a shell."""
    words = [
        "python", "-m", "chebimm_core", "launch", "--task", spec.task,
        "--transition", spec.transition, "--model", spec.model, "--dataset", spec.dataset,
        "--split", spec.split,
    ]  # fmt: skip
    if spec.limit is not None:
        words += ["--limit", str(spec.limit)]
    if spec.seed:
        words += ["--seed", str(spec.seed)]
    for name, value in changed(settings, spec).items():
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        words += ["--set", f"{name}={shown}"]
    return shlex.join(words)


def query(settings: Settings, spec: RunSpec) -> dict[str, str]:
    """The address parameters that fill the launch form with a run's specification."""
    asked = {
        "view": "new", "task": spec.task, "from": "+".join(spec.sources), "to": spec.target,
        "dataset": spec.dataset, "split": spec.split, "models": spec.model,
    }  # fmt: skip
    if spec.limit is not None:
        asked["limit"] = str(spec.limit)
    if spec.seed:
        asked["seed"] = str(spec.seed)
    for name, value in changed(settings, spec).items():
        key = name if name in RUN_ARGUMENTS else f"{spec.model}.{name}"
        asked[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return asked


def _place(transition: Transition) -> tuple[int, int, tuple[int, ...]]:
    order = {m.name: m.order for m in MODALITIES.values()}
    return (
        order.get(transition.target, len(order)),
        len(transition.sources),
        tuple(order.get(s, len(order)) for s in transition.sources),
    )
