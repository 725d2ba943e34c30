"""Data sets: import, list, read and describe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from chebimm_core import resources
from chebimm_core.datasets import chebi20mm, demo, hub
from chebimm_core.datasets.assemble import Provenance, assemble
from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.errors import DataFormatError
from chebimm_core.services.dataset_profile import (
    chemical_space,
    leakage,
    model_input,
    profile,
    projection,
)
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

__all__ = [
    "DEFAULT_NAME",
    "HUB_ID",
    "build_demo",
    "chemical_space",
    "delete",
    "header",
    "import_dataset",
    "is_hub_id",
    "leakage",
    "list_datasets",
    "model_input",
    "molecules",
    "profile",
    "projection",
    "token",
]

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""

DEFAULT_NAME = "chebi-20-mm"
"""Name under which ChEBI-20-MM is stored unless the user says otherwise."""

HUB_ID = chebi20mm.HUB_ID

_FETCH = 0.3
"""Share of a fetch from the hub that is download."""


def list_datasets(settings: Settings) -> list[DatasetHeader]:
    """Headers of all stored data sets, by name."""
    return DatasetStore(settings.store).headers()


def header(settings: Settings, name: str) -> DatasetHeader:
    """Header of one data set.

    Raises:
        NotFoundError: If there is none of this name.
    """
    return DatasetStore(settings.store).header(name)


def molecules(
    settings: Settings,
    name: str,
    columns: Sequence[str] | None = None,
    split: str | None = None,
) -> pd.DataFrame:
    """Molecules in the order of their file.

    Args:
        settings: Where the store is.
        name: Data set.
        columns: Of :data:`~chebimm_core.domain.molecule.MOLECULE_COLUMNS` or properties; None: all.
        split: Only this split; None: all.

    Returns:
        ``cid`` and the columns asked for.
    """
    return DatasetStore(settings.store).molecules(name, columns, split)


def token(settings: Settings, name: str) -> str:
    """Changes whenever the data set changes; a cache key."""
    return DatasetStore(settings.store).token(name)


def delete(settings: Settings, name: str) -> None:
    """Removes a data set from the store. Runs made on it stay."""
    DatasetStore(settings.store).delete(name)


def import_dataset(
    settings: Settings,
    source: str,
    *,
    name: str,
    now: datetime,
    overwrite: bool = False,
    workers: int = 2,
    progress: Progress | None = None,
) -> DatasetHeader:
    """Imports ChEBI-20-MM, or files of its layout, whole or not at all.

    Args:
        settings: Where the store is.
        source: A folder of CSV files, one such file, or a Hugging Face id ``owner/name``.
        name: Name in the store.
        now: Time of import.
        overwrite: Whether a data set of this name is replaced.
        workers: Processes that check molecules.
        progress: Told how far it is.

    Raises:
        DataFormatError: If a file is not what it should be; names file, row and column.
        OfflineError: If the hub cannot be reached.
        StoreError: If the name is taken and ``overwrite`` is False.
    """
    report = progress or (lambda share, text: None)
    fetched = 0.0

    def say(share: float, text: str) -> None:
        report(fetched + (1 - fetched) * share, text)

    store = DatasetStore(settings.store)
    store.check_new(name, overwrite=overwrite)
    path = _named(source)
    if path is not None:
        origin = f"files {path.resolve().name}/" if path.is_dir() else f"file {path.name}"
    elif hub.is_hub_id(source):
        say(0.0, f"Fetching {source} from the Hugging Face hub")
        snapshot = hub.download(
            source, settings.cache, progress=lambda share, text: report(_FETCH * share, text)
        )
        fetched = _FETCH
        say(0.0, "Fetching tokenizer files")
        resources.provide(settings, resources.HUB_FILES)  # absent ones are named by the doctor
        path, origin = snapshot.folder, f"Hugging Face hub {source} at {snapshot.commit}"
    else:
        raise DataFormatError(
            "There is no such folder, and this is no hub id",
            value=source,
            allowed="the path of a folder of CSV files, or OWNER/NAME on the Hugging Face hub",
        )
    say(0.02, "Reading files")
    raw = chebi20mm.read_folder(path)
    assembled = assemble(
        name,
        raw.molecules,
        _provenance(name, source, raw, f"{origin}: {', '.join(raw.files)}"),
        now=now,
        known_issues=raw.issues,
        workers=workers,
        progress=lambda share, text: say(0.05 + 0.9 * share, text),
    )
    say(0.97, "Storing")
    store.write(assembled.header, assembled.molecules, overwrite=overwrite)
    say(1.0, f"Imported {len(assembled.molecules):,} molecules as {name}")
    return assembled.header


def _named(source: str) -> Path | None:
    """The path that stands under that name; None where there is none or it can be no path."""
    try:
        path = Path(source).expanduser()
        return path if path.exists() or path.is_symlink() else None
    except (OSError, RuntimeError, ValueError):  # too long, a loop, no such home folder, a NUL
        return None


def is_hub_id(source: str) -> bool:
    """Whether a source is meant as a hub id: of the right form, and no path that exists."""
    return _named(source) is None and hub.is_hub_id(source)


def build_demo(
    settings: Settings, *, now: datetime, seed: int = 0, progress: Progress | None = None
) -> DatasetHeader:
    """Makes the synthetic demo corpus and stores it as ``demo``, replacing an earlier one.

    Args:
        settings: Where the store is.
        now: Time of making.
        seed: Of the choice of molecules, their order and their split.
        progress: Told how far it is.

    Raises:
        MissingDependencyError: If there is no Java runtime, without which no name is verified.
    """
    say = progress or (lambda share, text: None)
    raw = demo.build(seed=seed, progress=lambda share, text: say(0.6 * share, text))
    assembled = assemble(
        demo.NAME,
        raw,
        demo.PROVENANCE,
        now=now,
        workers=1,
        progress=lambda share, text: say(0.6 + 0.38 * share, text),
    )
    DatasetStore(settings.store).write(assembled.header, assembled.molecules, overwrite=True)
    say(1.0, f"Stored the demo corpus of {len(raw):,} molecules")
    return assembled.header


def _provenance(name: str, given: str, raw: chebi20mm.RawDataset, source: str) -> Provenance:
    """Speaks of ChEBI-20-MM only where it is that: files of the layout may hold anything."""
    sizes = raw.molecules["split"].value_counts()
    published = any(
        sizes.get(split) == chebi20mm.PUBLISHED_ROWS[split] for split in ("validation", "test")
    )
    known = published or given == HUB_ID or name == DEFAULT_NAME
    return Provenance(
        title=chebi20mm.TITLE if known else name,
        source=source,
        license=chebi20mm.LICENSE if known else "not stated",
        citation=chebi20mm.CITATION if known else "not stated",
        synthetic=False,
    )
