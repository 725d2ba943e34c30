"""Any table of molecules, by a map of its columns, to the raw form every data set is made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from chebimm_core.datasets.column_map import ColumnMap, guess
from chebimm_core.datasets.presets import PRESETS
from chebimm_core.datasets.presets.preset import Preset
from chebimm_core.datasets.splitting import Splitting, assign, split_name
from chebimm_core.datasets.table_files import read_raw
from chebimm_core.domain.molecule import MOLECULE_COLUMNS, TEXT_COLUMNS, QualityIssue
from chebimm_core.errors import DataFormatError, SettingError
from chebimm_core.modalities.line_notation import (
    mol_from_inchi,
    mol_from_selfies,
    smiles_from_mol,
)

_SUFFIXES = {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq"}
SPLITTINGS = ("auto", "column", "files", "random", "scaffold")


@dataclass(frozen=True, slots=True)
class Opened:
    """A source that was read, with what its columns seem to be."""

    records: pd.DataFrame
    """(n, k) text cells; ``_file`` and ``_row`` say where each row comes from."""
    files: tuple[str, ...]
    preset: Preset | None
    columns: ColumnMap
    """Of the preset, or guessed from names; not checked."""

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the file."""
        return tuple(str(c) for c in self.records.columns if not str(c).startswith("_"))


@dataclass(frozen=True, slots=True)
class Raw:
    """What ``assemble`` takes."""

    molecules: pd.DataFrame
    issues: tuple[QualityIssue, ...]


def open_source(source: Path, *, preset: str | None = None) -> Opened:
    """Reads a file, or the files of a folder, and says what they look like.

    Args:
        source: CSV, TSV, JSON, JSON lines or Parquet; or a folder of such files of one layout.
        preset: Name of a layout; None recognises it.

    Raises:
        DataFormatError: If a file cannot be read or the files differ.
        NotFoundError: If there is no such preset.
    """
    if source.is_dir():
        files = sorted(p for p in source.iterdir() if p.suffix.lower() in _SUFFIXES and p.is_file())
    else:
        files = [source]
    if not files:
        raise DataFormatError(
            "The folder holds no table", value=str(source), allowed=", ".join(sorted(_SUFFIXES))
        )
    frames = []
    for path in files:
        table = read_raw(path, path.name)
        frames.append(table.records.assign(_file=path.stem, _row=table.numbers))
        if set(frames[0].columns) != set(frames[-1].columns):
            raise DataFormatError(
                f"{path.name} has other columns than {files[0].name}",
                value=", ".join(map(str, table.records.columns)),
                do="Import files of one layout together, or one file by itself",
            )
    records = pd.concat(frames, ignore_index=True)
    names = [str(c) for c in records.columns if not str(c).startswith("_")]
    chosen = PRESETS[preset] if preset else _recognised(names)
    if chosen is None:
        columns = ColumnMap(guess(names))
    else:
        if preset and not chosen.matches(names):
            raise DataFormatError(
                f"The file is not laid out as {chosen.title}", value=", ".join(names)
            )
        prepared = chosen.prepare(records)
        if prepared is not records:
            prepared = prepared.assign(_file=files[0].stem, _row=range(1, len(prepared) + 1))
        records = prepared
        columns = chosen.columns([str(c) for c in records.columns if not str(c).startswith("_")])
    return Opened(records, tuple(p.name for p in files), chosen, columns)


def to_raw(opened: Opened, columns: ColumnMap, *, splitting: str, seed: int) -> Raw:
    """Molecules in the form ``standardize`` takes.

    Args:
        opened: The source.
        columns: What its columns are.
        splitting: ``column``, ``files``, ``random``, ``scaffold``; ``auto`` takes the first of
            column and files that tells splits, else the preset's, else random.
        seed: Of a random split.

    Raises:
        SettingError: If a column is absent or the splitting cannot be done.
        DataFormatError: If a property column holds text, or a cid stands twice.
    """
    columns.checked(opened.names)
    records, found, issues = opened.records, {}, []
    for key in TEXT_COLUMNS:
        column = columns.columns.get(key)
        found[key] = (
            [None] * len(records) if column is None else [_text(v) for v in records[column]]
        )
    raw = pd.DataFrame(found, dtype=object)
    raw.insert(0, "cid", _cids(records, columns.columns.get("cid")))
    split, issue = _splits(opened, columns, raw, splitting, seed)
    raw.insert(1, "split", split)
    issues += issue
    for column in _properties(opened, columns):
        raw[_property_name(column)] = _numbers(records, column)
    return Raw(raw, tuple(issues))


def _recognised(names: Sequence[str]) -> Preset | None:
    return next((p for p in PRESETS.values() if p.matches(names)), None)


def _text(value: object) -> str | None:
    text = "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)
    return text.strip() or None


def _cids(records: pd.DataFrame, column: str | None) -> list[str]:
    """The file's own, or row numbers: short, stable, and the same on every import."""
    if column is None:
        return [str(k) for k in range(1, len(records) + 1)]
    cids = [_text(v) for v in records[column]]
    seen: dict[str, int] = {}
    for k, cid in enumerate(cids):
        place = f"{records['_file'].iloc[k]}, row {records['_row'].iloc[k]}"
        if cid is None:
            raise DataFormatError(f"{place}: there is no {column}", do="Give every row one")
        if cid in seen:
            raise DataFormatError(f"{place}: a {column} stands twice", value=cid)
        seen[cid] = k
    return [str(cid) for cid in cids]


def _splits(
    opened: Opened, columns: ColumnMap, raw: pd.DataFrame, splitting: str, seed: int
) -> tuple[list[str], list[QualityIssue]]:
    if splitting not in SPLITTINGS:
        raise SettingError("No such splitting", value=splitting, allowed=", ".join(SPLITTINGS))
    column = columns.columns.get("split")
    by_file = [split_name(str(f).rsplit("_", maxsplit=1)[-1]) for f in opened.records["_file"]]
    if splitting == "auto":
        if column is not None and opened.records[column].notna().any():
            splitting = "column"
        elif all(by_file):
            splitting = "files"
        else:
            splitting = opened.preset.splitting if opened.preset else "random"
    if splitting == "files":
        if not all(by_file):
            raise SettingError(
                "File names do not tell the splits",
                value=", ".join(opened.files),
                allowed="train, validation (valid, dev) and test",
            )
        return [str(s) for s in by_file], []
    if splitting == "column":
        return _by_column(opened, column), []
    how: Splitting = "scaffold" if splitting == "scaffold" else "random"
    texts = [
        s or i or f for s, i, f in zip(raw["SMILES"], raw["InChI"], raw["SELFIES"], strict=True)
    ]
    made = assign(texts, how, seed=seed)
    seeded = "" if how == "scaffold" else f", seed {seed}"
    issue = QualityIssue(
        kind="split-made",
        message=f"The file names no split; molecules were divided by a {how} split (.8/.1/.1"
        f"{seeded})",
        count=len(raw),
    )
    return made, [issue]


def _structures(raw: pd.DataFrame) -> list[str | None]:
    """(n,) SMILES of every molecule, read from another notation where it has none."""
    found: list[str | None] = []
    for smiles, inchi, selfies in zip(raw["SMILES"], raw["InChI"], raw["SELFIES"], strict=True):
        molecule = None
        if smiles is None and inchi is not None:
            molecule = mol_from_inchi(inchi)
        elif smiles is None and selfies is not None:
            molecule = mol_from_selfies(selfies)
        found.append(smiles if molecule is None else smiles_from_mol(molecule))
    return found


def _by_column(opened: Opened, column: str | None) -> list[str]:
    if column is None:
        raise SettingError("No column tells the split", do="Map one: --map split=COLUMN")
    found = []
    for k, value in enumerate(opened.records[column]):
        split = split_name(str(value or ""))
        if split is None:
            raise DataFormatError(
                f"{opened.records['_file'].iloc[k]}, row {opened.records['_row'].iloc[k]}, column "
                f"{column!r}: no split has this name",
                value=value,
                allowed="train, validation (valid, dev), test",
            )
        found.append(split)
    return found


def _properties(opened: Opened, columns: ColumnMap) -> list[str]:
    if columns.properties is not None:
        return list(columns.properties)
    taken = set(columns.columns.values())
    return [c for c in opened.names if c not in taken and _is_number(opened.records[c])]


def _is_number(cells: pd.Series) -> bool:
    values = [t for t in map(_text, cells) if t is not None]
    return bool(values) and all(_number(t) is not None for t in values)


def _numbers(records: pd.DataFrame, column: str) -> list[float]:
    found = []
    for k, value in enumerate(records[column]):
        text = _text(value)
        number = math.nan if text is None else _number(text)
        if number is None:
            raise DataFormatError(
                f"{records['_file'].iloc[k]}, row {records['_row'].iloc[k]}, column {column!r}: "
                "not a number",
                value=value,
                allowed="a number, or nothing where it is unknown",
            )
        found.append(number)
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return math.nan if text.lower() in {"na", "n/a", "none", "null"} else None
    return value if math.isfinite(value) else math.nan


def _property_name(column: str) -> str:
    """A property may not take the name of a modality."""
    return f"{column} (property)" if column in MOLECULE_COLUMNS else column


def with_changes(
    columns: ColumnMap, mapped: dict[str, str], properties: Sequence[str] | None
) -> ColumnMap:
    """A map with what the user set put over what was recognised."""
    kept = {
        k: c for k, c in columns.columns.items() if k not in mapped and c not in mapped.values()
    }
    return replace(
        columns,
        columns={**kept, **mapped},
        properties=tuple(properties) if properties else columns.properties,
    )
