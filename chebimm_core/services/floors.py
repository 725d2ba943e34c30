"""Floors for data that came without: what models score that know nothing of their input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chebimm_core.domain.run import RunHeader, RunSpec
from chebimm_core.domain.specs import Scalar, Transition
from chebimm_core.errors import SettingError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.modalities import MODALITIES
from chebimm_core.models import MODELS
from chebimm_core.runner.evaluate import predict
from chebimm_core.services import benchmark
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

_PREFERRED = ("train", "validation")


def standing(settings: Settings, dataset: str, task: str, target: str) -> list[RunHeader]:
    """Floors a run of this task may be read against.

    A floor ignores its input, so one computed for any input holds for all inputs of that target.
    """
    transitions = {
        h.spec.transition
        for h in benchmark.list_runs(settings, dataset=dataset, task=task)
        if h.spec.target == target
    }
    return [f for t in sorted(transitions) for f in benchmark.floors(settings, dataset, task, t)]


def compute(
    settings: Settings,
    dataset: str,
    task: str,
    transition: str,
    *,
    split: str,
    now: datetime,
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> list[RunHeader]:
    """Computes and stores every floor that covers a transition.

    They are fitted on another split than the one they answer: train where it has the target, else
    validation. The split is recorded in the run's model arguments.

    Args:
        settings: Where the store is.
        dataset: Data set.
        task: Task that scores them.
        transition: Key of the transition.
        split: Split to answer.
        now: Time of the runs.
        seed: Of the floors' random choices.
        progress: Told the share done in [0, 1] and what is happening.

    Returns:
        The floors, those included that were stored before.

    Raises:
        SettingError: If no floor covers the transition, or no other split has the target.
    """
    say = progress or (lambda share, text: None)
    wanted = Transition.parse(transition)
    cards = [c for c in MODELS.values() if c.is_floor and wanted in c.transitions]
    column = MODALITIES[wanted.target].column
    if not cards or column is None:
        raise SettingError(
            "No floor covers this transition",
            value=transition,
            allowed=", ".join(sorted({t.key for c in MODELS.values() if c.is_floor
                                      for t in c.transitions})),
        )  # fmt: skip
    datasets, runs = DatasetStore(settings.store), RunStore(settings.store)
    header = datasets.header(dataset)
    others = sorted((s for s in header.splits if s != split), key=_preference)
    tables = ((s, datasets.molecules(dataset, split=s)) for s in others)
    fitted_on, train = next(
        ((s, table) for s, table in tables if table[column].notna().any()), ("", None)
    )
    if train is None:
        raise SettingError(
            f"No other split has a {wanted.target} to fit a floor on",
            value=split,
            do="Import the train split too",
        )
    test = datasets.molecules(dataset, split=split)
    arguments: dict[str, Scalar] = {"fitted_on": fitted_on}
    cache = ReferenceCache()
    for k, card in enumerate(cards):
        spec = RunSpec(
            task=task,
            transition=transition,
            model=card.name,
            revision=card.revision,
            model_args=arguments,
            dataset=dataset,
            dataset_hash=header.content_hash,
            split=split,
            seed=seed,
        )
        if runs.exists(spec.run_id):
            continue
        say(k / len(cards), f"{card.title}: fitted on {fitted_on}")
        predictions = predict(card, wanted, train, test, seed, protocol=TASKS[task].protocol)
        benchmark.store_run(
            settings,
            spec,
            predictions,
            now=now,
            cache=cache,
            progress=lambda share, text, k=k: say((k + share) / len(cards), text),  # type: ignore[misc]
        )
    say(1.0, "Done")
    return benchmark.floors(settings, dataset, task, transition)


def _preference(split: str) -> tuple[int, str]:
    return (_PREFERRED.index(split) if split in _PREFERRED else len(_PREFERRED), split)
