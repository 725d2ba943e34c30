"""What loading a file would do, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from chebimm_core.datasets.join_report import JoinReport
from chebimm_core.errors import ChebiMMError, DataFormatError, SettingError
from chebimm_core.runner.loading import OpenedFile, open_file, run_spec
from chebimm_core.runner.scoring import expected_molecules
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

_GUESSED = ("captioning", "generation", "iupac")
_PREVIEW_ROWS = 20


@dataclass(frozen=True, slots=True)
class LoadPreview:
    """What loading a file would do, before anything is stored."""

    file_name: str
    layout: str
    columns: tuple[tuple[str, str], ...]
    """(what it is read as, name in the file)."""
    ignored: tuple[str, ...]
    task: str
    tasks: tuple[str, ...]
    """Tasks the file could be loaded for; the first is ``task`` if none was asked for."""
    transition: str
    report: JoinReport
    refusal: str
    """Why it cannot be loaded; empty if it can."""
    rows: pd.DataFrame
    """(<= 20, 5) ``cid``, ``input``, ``reference``, ``output``, ``error`` of the first molecules
    that joined."""


def preview(
    settings: Settings,
    path: Path,
    *,
    dataset: str,
    task: str | None,
    split: str | None,
    source: str | None,
    file_name: str | None,
) -> LoadPreview:
    """Reads and joins a file; arguments and errors as ``services.benchmark.preview_file``."""
    opened: dict[str, OpenedFile] = {}
    failures: list[ChebiMMError] = []
    for candidate in _GUESSED if task is None else (task,):
        try:
            opened[candidate] = open_file(
                settings, path, dataset=dataset, task=candidate, split=split, source=source,
                file_name=file_name,
            )  # fmt: skip
        except (DataFormatError, SettingError) as error:
            failures.append(error)
    if not opened:
        raise failures[0]
    fitting = tuple(t for t, o in opened.items() if not o.refusal)
    chosen = fitting[0] if fitting else next(iter(opened))
    one = opened[chosen]
    return LoadPreview(
        file_name=one.table.file_name,
        layout=one.table.layout,
        columns=one.table.columns,
        ignored=one.table.ignored,
        task=chosen,
        tasks=fitting,
        transition=one.transition.key,
        report=one.joined.report,
        refusal=one.refusal,
        rows=_first_rows(settings, one, dataset, chosen),
    )


def _first_rows(settings: Settings, opened: OpenedFile, dataset: str, task: str) -> pd.DataFrame:
    spec = run_spec(settings, opened, dataset=dataset, task=task, model="preview")
    expected = expected_molecules(DatasetStore(settings.store).molecules(dataset), spec)
    merged = opened.joined.predictions.merge(expected, on="cid", how="left")
    found = merged[merged["output"].notna()].head(_PREVIEW_ROWS)
    return found[["cid", "input", "reference", "output", "error"]].reset_index(drop=True)
