"""The embedded demo: a data set made by the project and runs really computed on it.

Nothing is downloaded and nothing is invented: floors, nearest neighbours, ridge regression and
OPSIN are fitted on the train split and answer the test split, so that every page has measured runs
on the first start. The corpus is synthetic, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.domain.run import RunHeader, RunSpec
from chebimm_core.domain.specs import Transition
from chebimm_core.errors import MissingDependencyError, NotFoundError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.models import MODELS
from chebimm_core.runner.evaluate import predict
from chebimm_core.services import benchmark
from chebimm_core.services.dataset import build_demo
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

DATASET = "demo"
SPLIT = "test"
PROPERTY = "xlogp"
_SHARE_OF_CORPUS = 0.3
"""Of the progress bar: roughly its share of the time."""


@dataclass(frozen=True, slots=True)
class DemoRun:
    """One run of the demo."""

    model: str
    task: str
    transition: Transition


@dataclass(frozen=True, slots=True)
class DemoStore:
    """What the demo consists of now."""

    dataset: DatasetHeader
    runs: tuple[RunHeader, ...]
    skipped: tuple[str, ...]
    """Runs that could not be computed, with the reason."""


def _runs(model: str, task: str, target: str, *sources: str) -> tuple[DemoRun, ...]:
    return tuple(DemoRun(model, task, Transition((source,), target)) for source in sources)


DEMO_RUNS = (
    *_runs("floor-constant", "captioning", "caption", "SMILES"),
    *_runs("floor-random", "captioning", "caption", "SMILES"),
    *_runs("knn-morgan", "captioning", "caption", "graph", "SMILES"),
    *_runs("knn-text", "captioning", "caption", "SMILES", "InChI", "SELFIES", "IUPAC"),
    *_runs("floor-constant", "iupac", "IUPAC", "SMILES"),
    *_runs("knn-morgan", "iupac", "IUPAC", "graph", "SMILES"),
    *_runs("knn-text", "iupac", "IUPAC", "InChI", "SELFIES", "caption"),
    *_runs("floor-constant", "property", "property", "SMILES"),
    *_runs("ridge-morgan", "property", "property", "graph", "SMILES"),
    *_runs("ridge-text", "property", "property", "InChI", "SELFIES"),
    *_runs("floor-random", "generation", "SMILES", "caption"),
    *_runs("knn-text", "generation", "SMILES", "caption", "IUPAC"),
    *_runs("opsin", "generation", "SMILES", "IUPAC"),
)
"""Every transition of the demo matrix, with a floor for every kind of answer."""


def build_demo_store(
    settings: Settings,
    *,
    now: datetime,
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> DemoStore:
    """Builds what of the demo is absent; a complete demo costs one look at the store.

    Args:
        settings: Where the store is.
        now: Time of import and of the runs.
        seed: Of the corpus and of the models.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        StoreError: If the store cannot be written.
    """
    tell = progress or (lambda share, what: None)
    header = _corpus(settings, now, seed, lambda share, what: tell(share * _SHARE_OF_CORPUS, what))
    store = RunStore(settings.store)
    specs = [(run, _spec(run, header, seed)) for run in DEMO_RUNS]
    absent = [(run, spec) for run, spec in specs if not store.exists(spec.run_id)]
    skipped = []
    if absent:
        datasets = DatasetStore(settings.store)
        train = datasets.molecules(header.name, split="train")
        test = datasets.molecules(header.name, split=SPLIT)
        cache = ReferenceCache()
        for k, (run, spec) in enumerate(absent):
            share = _SHARE_OF_CORPUS + (1 - _SHARE_OF_CORPUS) * k / len(absent)
            tell(share, f"{MODELS[run.model].title}: {run.transition.key}")
            try:
                predictions = _predict(run, train, test, seed)
            except MissingDependencyError as error:
                skipped.append(f"{run.model} {run.transition.key}: {error}")
                continue
            benchmark.store_run(
                settings, spec, predictions, now=now, metrics=_metrics(run), cache=cache
            )
    tell(1.0, "The demo is complete")
    stored = tuple(store.header(s.run_id) for _, s in specs if store.exists(s.run_id))
    return DemoStore(header, stored, tuple(skipped))


def _corpus(
    settings: Settings, now: datetime, seed: int, tell: Callable[[float, str], None]
) -> DatasetHeader:
    try:
        return DatasetStore(settings.store).header(DATASET)
    except NotFoundError:
        return build_demo(settings, now=now, seed=seed, progress=tell)


def _predict(run: DemoRun, train: pd.DataFrame, test: pd.DataFrame, seed: int) -> pd.DataFrame:
    return predict(
        MODELS[run.model],
        run.transition,
        train,
        test,
        seed,
        protocol=TASKS[run.task].protocol,
        target_property=PROPERTY,
    )


def _metrics(run: DemoRun) -> tuple[str, ...] | None:
    """All of the task, without FCD: it wants thousands of molecules and many seconds a run."""
    wanted = TASKS[run.task].metrics
    return tuple(m for m in wanted if m != "fcd") if "fcd" in wanted else None


def _spec(run: DemoRun, header: DatasetHeader, seed: int) -> RunSpec:
    return RunSpec(
        task=run.task,
        transition=run.transition.key,
        model=run.model,
        revision=MODELS[run.model].revision,
        model_args={"property": PROPERTY} if run.task == "property" else {},
        dataset=header.name,
        dataset_hash=header.content_hash,
        split=SPLIT,
        seed=seed,
    )
