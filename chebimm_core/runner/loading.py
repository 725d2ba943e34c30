"""From a file of outputs to predictions for a split: which transition it is, and does it fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chebimm_core.datasets.joining import Joined, join
from chebimm_core.datasets.prediction_files import PredictionTable, read_predictions
from chebimm_core.domain.run import RunOrigin, RunSpec
from chebimm_core.domain.specs import Scalar, TaskSpec, Transition
from chebimm_core.errors import DataFormatError, JoinError, SettingError
from chebimm_core.runner.scoring import DEFAULT_PROPERTY, PROPERTY_ARGUMENT
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.tasks import TASKS

DEFAULT_SOURCES = {
    "captioning": "SMILES",
    "iupac": "SMILES",
    "generation": "caption",
    "image-recognition": "image",
    "property": "SMILES",
}
"""What a file's model read where neither the file nor the user says so."""

_MAX_MODEL_NAME = 80


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file of outputs laid beside the data set it should belong to."""

    table: PredictionTable
    joined: Joined
    transition: Transition
    property_name: str | None
    """Column predicted by a file of the property task; None for others."""
    refusal: str
    """Why it must not be loaded; empty if it may."""


def open_file(
    settings: Settings,
    path: Path,
    *,
    dataset: str,
    task: str,
    split: str | None = None,
    source: str | None = None,
    property_name: str | None = None,
    file_name: str | None = None,
) -> OpenedFile:
    """Reads and joins a file without storing anything.

    Args:
        settings: Where the store is.
        path: The file.
        dataset: Name of a stored data set.
        task: Name of a task whose outputs are text or numbers.
        split: Split the outputs are for; None: the one most rows fit.
        source: Modality the model read; None: as the file's columns say, or the task's usual one.
        property_name: Column a property file predicts.
        file_name: Name to show, where ``path`` is a temporary copy.

    Raises:
        DataFormatError: If the file cannot be read or is of another task.
        SettingError: If split, source, task or property are not ones the data set or task has.
        NotFoundError: If there is no such data set or task.
    """
    spec = TASKS[task]
    if spec.protocol == "retrieve":
        raise SettingError(
            "Retrieval ranks a stated pool, which a file of texts does not hold",
            value=task,
            allowed=", ".join(DEFAULT_SOURCES),
        )
    store = DatasetStore(settings.store)
    splits = store.header(dataset).splits
    if split is not None and split not in splits:
        raise SettingError(
            f"Data set {dataset} has no such split", value=split, allowed=", ".join(splits)
        )
    target = spec.transitions[0].target
    molecules = store.molecules(dataset)
    column = (property_name or DEFAULT_PROPERTY) if target == "property" else target
    if column not in molecules.columns:
        raise SettingError(
            f"Data set {dataset} has no column to score against",
            value=column,
            allowed=", ".join(store.header(dataset).properties) or "no property",
        )
    table = read_predictions(path, target=target, file_name=file_name)
    _check_source(spec, source)
    joined = join(table, molecules, target=column, split=split)
    transition = Transition((source or _source(table, joined, spec),), target)
    return OpenedFile(
        table=table,
        joined=joined,
        transition=transition,
        property_name=column if target == "property" else None,
        refusal=joined.report.refusal(split_named=split is not None),
    )


def require_fit(opened: OpenedFile, dataset: str) -> None:
    """Raises.

    Raises:
        JoinError: If the file must not be loaded; says why and what to do.
    """
    if opened.refusal:
        raise JoinError(
            f"{opened.table.file_name} cannot be loaded against {dataset}: {opened.refusal}"
        )


def run_spec(
    settings: Settings,
    opened: OpenedFile,
    *,
    dataset: str,
    task: str,
    model: str,
    origin: RunOrigin | None = None,
) -> RunSpec:
    """The specification under which an opened file is stored.

    Args:
        settings: Where the store is.
        opened: The file.
        dataset: Data set it was joined with.
        task: Task it was opened for.
        model: Name of the model that wrote the outputs.
        origin: Where the file comes from; None: the user's own file.

    Raises:
        SettingError: If the model's name is empty, too long or not printable.
    """
    cleaned = " ".join(model.split())
    if not cleaned or len(cleaned) > _MAX_MODEL_NAME or not cleaned.isprintable():
        raise SettingError(
            "A model needs a name",
            value=model,
            allowed=f"1 to {_MAX_MODEL_NAME} printable characters",
            do="Name it with --model",
        )
    table = opened.table
    arguments: dict[str, Scalar] = (
        {PROPERTY_ARGUMENT: opened.property_name} if opened.property_name else {}
    )
    return RunSpec(
        task=task,
        transition=opened.transition.key,
        model=cleaned,
        model_args=arguments,
        dataset=dataset,
        dataset_hash=DatasetStore(settings.store).header(dataset).content_hash,
        split=opened.joined.report.split,
        origin=origin or RunOrigin(kind="loaded", file_name=table.file_name, sha256=table.sha256),
    )


def _check_source(task: TaskSpec, asked: str | None) -> None:
    allowed = [t.sources[0] for t in task.transitions]
    if asked is not None and asked not in allowed:
        raise SettingError(
            f"Task {task.name} has no transition from this modality",
            value=asked,
            allowed=", ".join(allowed),
        )


def _source(table: PredictionTable, joined: Joined, task: TaskSpec) -> str:
    """What the file's model read, as its columns say."""
    allowed = [t.sources[0] for t in task.transitions]
    target = task.transitions[0].target
    if table.keys == (target,) and "ground truth" in table.rows.columns:
        raise DataFormatError(
            f"{table.file_name} has {target} as its input, which is what task {task.name} predicts",
            value=", ".join(name for _, name in table.columns),
            allowed=f"an input among {', '.join(allowed)}",
            do="Check --task: such a file may belong to captioning, iupac or generation",
        )
    present = [k for k in table.keys if k in allowed]
    if not present and "input" in table.keys:
        present = [k for k, _ in joined.report.by_key[:1] if k in allowed]
    return present[0] if len(present) == 1 else DEFAULT_SOURCES[task.name]
