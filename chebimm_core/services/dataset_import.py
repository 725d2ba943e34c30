"""Any table of molecules: look at it, say what its columns are, import it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from chebimm_core.datasets import column_map, foreign_table, moleculenet_files
from chebimm_core.datasets.assemble import Provenance, assemble
from chebimm_core.datasets.presets import PRESETS, moleculenet
from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.errors import DataFormatError, NotFoundError, SettingError
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

KEYS = column_map.KEYS
SPLITTINGS = foreign_table.SPLITTINGS
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What a source holds, before anything is stored."""

    files: tuple[str, ...]
    preset: str
    """Title of the layout that was recognised; empty if none was."""
    rows: pd.DataFrame
    """(<= 20, k) first rows as text."""
    count: int
    names: tuple[str, ...]
    """Columns of the file."""
    columns: dict[str, str]
    """Modality, ``cid`` or ``split`` -> column that seems to hold it."""
    properties: tuple[str, ...] | None
    """Columns of numbers; None: all that hold numbers only."""
    splitting: str


def presets() -> dict[str, str]:
    """Name -> title of every layout that is recognised."""
    return {name: preset.title for name, preset in PRESETS.items()}


def preview(source: str, *, preset: str | None = None) -> Preview:
    """Reads a source without storing anything.

    Raises:
        DataFormatError: If it is no file or folder, or cannot be read.
    """
    opened = foreign_table.open_source(_path(source), preset=preset)
    return Preview(
        files=opened.files,
        preset=opened.preset.title if opened.preset else "",
        rows=opened.records[list(opened.names)].head(_SHOWN),
        count=len(opened.records),
        names=opened.names,
        columns=dict(opened.columns.columns),
        properties=opened.columns.properties,
        splitting=opened.preset.splitting if opened.preset else "auto",
    )


def import_table(
    settings: Settings,
    source: str,
    *,
    name: str,
    now: datetime,
    preset: str | None = None,
    columns: Mapping[str, str] | None = None,
    properties: Sequence[str] | None = None,
    splitting: str = "auto",
    seed: int = 0,
    overwrite: bool = False,
    workers: int = 2,
    progress: Callable[[float, str], None] | None = None,
) -> DatasetHeader:
    """Imports a table of molecules, whole or not at all.

    Args:
        settings: Where the store is.
        source: File or folder.
        name: Name in the store.
        now: Time of import.
        preset: Name of a layout; None recognises it.
        columns: Modality -> column, over what is recognised.
        properties: Columns of numbers; None: the preset's, or all that hold numbers only.
        splitting: See ``foreign_table.to_raw``.
        seed: Of a random split.
        overwrite: Whether a data set of this name is replaced.
        workers: Processes that check molecules.
        progress: Told how far it is.

    Raises:
        DataFormatError: If a file is not what it should be.
        SettingError: If columns or splitting do not fit the file.
        StoreError: If the name is taken and ``overwrite`` is False.
    """
    say = progress or (lambda share, text: None)
    store = DatasetStore(settings.store)
    store.check_new(name, overwrite=overwrite)
    say(0.0, "Reading")
    opened = foreign_table.open_source(_path(source), preset=preset)
    chosen = foreign_table.with_changes(opened.columns, dict(columns or {}), properties)
    raw = foreign_table.to_raw(opened, chosen, splitting=splitting, seed=seed)
    say(0.1, "Checking molecules")
    known = opened.preset
    assembled = assemble(
        name,
        raw.molecules,
        Provenance(
            title=name if known is None else _title(known.title, name),
            source=f"{', '.join(opened.files)}",
            license="not stated" if known is None else known.license,
            citation="not stated" if known is None else known.citation,
            synthetic=False,
        ),
        now=now,
        known_issues=raw.issues,
        workers=workers,
        progress=lambda share, text: say(0.1 + 0.85 * share, text),
    )
    say(0.97, "Storing")
    store.write(assembled.header, assembled.molecules, overwrite=overwrite)
    say(1.0, f"Imported {len(assembled.molecules):,} molecules as {name}")
    return assembled.header


def is_chebi20mm(source: str) -> bool:
    """Whether a folder or file has the layout of ChEBI-20-MM, which has a reader of its own."""
    path = _path(source)
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as lines:
            if {"iupacname", "polararea"} <= set(lines.readline(10_000).strip().split(",")):
                return True
    return False


def import_moleculenet(
    settings: Settings,
    source: str,
    *,
    now: datetime,
    sets: Sequence[str] = (),
    seed: int = 0,
    overwrite: bool = False,
    progress: Callable[[float, str], None] | None = None,
) -> list[DatasetHeader]:
    """Imports MoleculeNet files twice each, as ``<set>-scaffold`` and ``<set>-random``.

    Args:
        settings: Where the store is.
        source: A file, or a folder of files; each is known by its columns.
        now: Time of import.
        sets: Only these; empty: all that are found.
        seed: Of the random splits.
        overwrite: Whether data sets of these names are replaced; if not, they are left.
        progress: Told how far it is.

    Raises:
        NotFoundError: If there is no set of such a name.
        DataFormatError: If none of the wanted sets is there.
    """
    say = progress or (lambda share, text: None)
    for name in sets:
        moleculenet_set(name)
    path = _path(source)
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    store = DatasetStore(settings.store)
    made = []
    for k, file in enumerate(files):
        known = foreign_table.open_source(file).preset
        if known is None or known.name not in moleculenet.SETS:
            continue
        if sets and known.name not in sets:
            continue
        for how in ("scaffold", "random"):
            name = f"{known.name}-{how}"
            say(k / len(files), f"Importing {name}")
            if name in store.names() and not overwrite:
                made.append(store.header(name))
                continue
            made.append(
                import_table(
                    settings, str(file), name=name, now=now, preset=known.name, splitting=how,
                    seed=seed, overwrite=overwrite,
                )
            )  # fmt: skip
    if not made:
        raise DataFormatError(
            "No file is one of the MoleculeNet sets asked for",
            value=", ".join(p.name for p in files),
            allowed=", ".join(moleculenet.SETS),
        )
    say(1.0, f"Imported {len(made)} data sets")
    return made


def moleculenet_set(name: str) -> str:
    """The name, if it is one of a MoleculeNet set.

    Raises:
        NotFoundError: If it is not.
    """
    if name not in moleculenet.SETS:
        raise NotFoundError(
            "No MoleculeNet set has this name", value=name, allowed=", ".join(moleculenet.SETS)
        )
    return name


def fetch_moleculenet(
    settings: Settings,
    *,
    now: datetime,
    sets: Sequence[str] = (),
    overwrite: bool = False,
    progress: Callable[[float, str], None] | None = None,
) -> list[DatasetHeader]:
    """Downloads MoleculeNet files from where DeepChem keeps them and imports them.

    Args:
        settings: Where store and cache are, and the base address.
        now: Time of import.
        sets: Only these; empty: all nine.
        overwrite: Whether data sets of these names are replaced.
        progress: Told how far it is.

    Raises:
        OfflineError: If the host cannot be reached.
    """
    say = progress or (lambda share, text: None)
    wanted = [moleculenet_set(name) for name in sets or moleculenet.SETS]
    folder = settings.cache / "moleculenet"
    for k, name in enumerate(wanted):
        say(0.5 * k / len(wanted), f"Fetching {name}")
        moleculenet_files.fetch(name, folder, base=settings.moleculenet_base)
    return import_moleculenet(
        settings, str(folder), now=now, sets=wanted, overwrite=overwrite,
        progress=lambda share, text: say(0.5 + share / 2, text),
    )  # fmt: skip


def parse_columns(text: str) -> dict[str, str]:
    """``SMILES=smiles,caption=text`` as a dictionary; errors as ``column_map.parse``."""
    return column_map.parse(text)


def _title(title: str, name: str) -> str:
    how = next((s for s in ("scaffold", "random") if name.endswith(f"-{s}")), "")
    return f"{title}, {how} split" if how else title


def _path(source: str) -> Path:
    try:
        path = Path(source).expanduser()
        if path.exists():
            return path
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingError("This is no path", value=source) from error
    raise DataFormatError("There is no such file or folder", value=source)
