"""ChEBI-20-MM (Liu et al. 2025) from a folder of CSV files or from the Hugging Face hub.

The published layout has one file a split with the columns ``CID,SMILES,description,polararea,xlogp,
inchi,iupacname,SELFIES``. A file may also hold the first three alone, and ``train_cid_smiles.tsv``
the first two: its molecules then count as seen in training (exposure) and have no caption.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from chebimm_core.datasets.csv_table import Table, read_table
from chebimm_core.datasets.standardize import unescape_smiles
from chebimm_core.domain.molecule import QualityIssue
from chebimm_core.errors import DataFormatError

HUB_ID = "liupf/ChEBI-20-MM"
TITLE = "ChEBI-20-MM"
LICENSE = "MIT (data set card); ChEBI text CC BY 4.0"
CITATION = (
    "Liu, Tao & Ren 2025, doi:10.1038/s42256-024-00977-6; Edwards et al. 2021, "
    "doi:10.18653/v1/2021.emnlp-main.47; Hastings et al. 2016, doi:10.1093/nar/gkv1031"
)

PUBLISHED_ROWS = {"train": 26_406, "validation": 3_300, "test": 3_300}
PROPERTIES = ("polararea", "xlogp")
_TEXTS = {
    "SMILES": "SMILES",
    "description": "caption",
    "inchi": "InChI",
    "iupacname": "IUPAC",
    "SELFIES": "SELFIES",
}
_REQUIRED = ("CID", "SMILES", "description")
_FULL = (*_REQUIRED, *PROPERTIES, "inchi", "iupacname", "SELFIES")
_EXPOSURE_FILE = "train_cid_smiles.tsv"
_SPLITS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
_SPLIT_RANK = ("test", "validation", "train")
"""A molecule found in two splits stays in the one that is evaluated."""

RAW_COLUMNS = ("cid", "split", *_TEXTS.values(), *PROPERTIES)


@dataclass(frozen=True, slots=True)
class RawDataset:
    """What the files say, merged by CID but not yet checked by RDKit."""

    molecules: pd.DataFrame
    """Columns :data:`RAW_COLUMNS`; ``cid`` is unique, an absent value is None (numbers: NaN)."""
    issues: tuple[QualityIssue, ...]
    files: tuple[str, ...]


def read_folder(source: Path) -> RawDataset:
    """Reads every split file of a folder, or one split file.

    Raises:
        DataFormatError: If the folder or a file cannot be read or is not of the layout. Names the
            file and, where known, row and column. Nothing is returned in part.
    """
    paths, ignored = _split_files(source)
    tables = [(_split_of(path), _read(path)) for path in paths]
    issues = []
    if ignored:
        issues.append(
            QualityIssue(
                kind="ignored-file",
                message="Files whose names begin with no split were not read",
                count=len(ignored),
                examples=tuple(ignored[:5]),
            )
        )
    molecules, merge_issues = _merge(tables)
    issues += [*_ignored_columns(t for _, t in tables), *merge_issues, *_unusual_sizes(molecules)]
    return RawDataset(molecules, tuple(issues), tuple(path.name for path in paths))


def _split_files(source: Path) -> tuple[list[Path], list[str]]:
    try:
        if source.is_file():
            found = [source]
        else:
            found = sorted(p for p in source.iterdir() if p.suffix.lower() in {".csv", ".tsv"})
    except OSError as error:
        raise DataFormatError(
            f"The folder cannot be read: {error.strerror or error}",
            value=str(source),
            do="Check the path and that you may read it",
        ) from error
    known = [p for p in found if p.suffix.lower() == ".csv" or p.name == _EXPOSURE_FILE]
    usable = [p for p in known if _split_of(p)]
    if not any(p.suffix.lower() == ".csv" for p in usable):
        raise DataFormatError(
            "No split file is in the folder" if source.is_dir() else "The file is no split file",
            value=", ".join(p.name for p in found) or str(source),
            allowed="CSV files named train*.csv, validation*.csv or test*.csv",
        )
    return usable, [p.name for p in found if p not in usable]


def _split_of(path: Path) -> str:
    return _SPLITS.get(re.split(r"[^a-z]", path.stem.lower())[0], "")


def _read(path: Path) -> Table:
    exposure = path.suffix.lower() == ".tsv"
    table = read_table(path, required=_REQUIRED[:2] if exposure else _REQUIRED)
    given = [name for name in _FULL if name in table.columns]
    if not exposure and len(given) not in (len(_REQUIRED), len(_FULL)):
        absent = [name for name in _FULL if name not in table.columns]
        raise DataFormatError(
            f"{path.name}, row 1: the column {absent[0]!r} is missing",
            value=", ".join(table.columns),
            allowed=f"{', '.join(_FULL)}, or the first three alone",
            do="If nothing is known of it, add the column and leave its values empty",
        )
    _check_cids(table)
    return table


def _check_cids(table: Table) -> None:
    at = table.columns.index("CID")
    first: dict[str, int] = {}
    for row, line in zip(table.rows, table.lines, strict=True):
        cid = row[at].strip()
        if not cid or len(cid) > 64:
            raise DataFormatError(
                f"{table.path.name}, row {line}, column 'CID': not an identifier",
                value=cid,
                allowed="1 to 64 characters",
            )
        if cid in first:
            raise DataFormatError(
                f"{table.path.name}, row {line}, column 'CID': the CID stands in row "
                f"{first[cid]} already",
                value=cid,
                allowed="each CID once in a file",
                do="Remove one of the two rows",
            )
        first[cid] = line


def _records(table: Table) -> Iterable[tuple[str, dict[str, str | float]]]:
    """CID and the values that are there."""
    at = {name: table.columns.index(name) for name in _FULL if name in table.columns}
    for row, line in zip(table.rows, table.lines, strict=True):
        values: dict[str, str | float] = {}
        for name, column in _TEXTS.items():
            if name in at and (text := row[at[name]].strip()):
                values[column] = text
        for name in PROPERTIES:
            if name in at and (text := row[at[name]].strip()):
                values[name] = _number(table, line, name, text)
        yield row[at["CID"]].strip(), values


def _number(table: Table, line: int, column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataFormatError(
            f"{table.path.name}, row {line}, column {column!r}: not a number",
            value=text,
            allowed="a finite number, or nothing",
        )
    return number


def _merge(tables: list[tuple[str, Table]]) -> tuple[pd.DataFrame, list[QualityIssue]]:
    """One row a CID: evaluated splits first, within a split the file with most columns first."""
    ordered = sorted(
        tables,
        key=lambda t: (_SPLIT_RANK.index(t[0]), -len(t[1].columns), t[1].path.name),
    )
    kept: dict[str, dict[str, str | float]] = {}
    split_of: dict[str, str] = {}
    overlap: list[str] = []
    conflict: list[str] = []
    for split, table in ordered:
        for cid, values in _records(table):
            if cid not in kept:
                kept[cid], split_of[cid] = values, split
            elif split_of[cid] != split:
                overlap.append(cid)
            else:
                mine, theirs = (str(v.get("SMILES", "")) for v in (kept[cid], values))
                if mine and theirs and unescape_smiles(mine) != unescape_smiles(theirs):
                    conflict.append(cid)
                else:
                    kept[cid] = values | kept[cid]
    frame = pd.DataFrame.from_records(
        [{"cid": cid, "split": split_of[cid], **values} for cid, values in kept.items()],
        columns=list(RAW_COLUMNS),
    )
    for column in ("cid", "split", *_TEXTS.values()):
        frame[column] = frame[column].astype(object).where(frame[column].notna(), None)
    for column in PROPERTIES:
        frame[column] = frame[column].astype("float64")
    reading_order = frame["split"].map(("train", "validation", "test").index)
    frame = frame.iloc[reading_order.argsort(kind="stable")].reset_index(drop=True)
    return frame, _merge_issues(overlap, conflict)


def _merge_issues(overlap: list[str], conflict: list[str]) -> list[QualityIssue]:
    issues = []
    if overlap:
        issues.append(
            QualityIssue(
                kind="split-overlap",
                message="CIDs stand in more than one split; each is kept in the evaluated one "
                "(test before validation before train)",
                count=len(overlap),
                examples=tuple(overlap[:5]),
            )
        )
    if conflict:
        issues.append(
            QualityIssue(
                kind="conflict",
                message="Two files of one split give a CID different SMILES; the file with more "
                "columns is kept",
                count=len(conflict),
                examples=tuple(conflict[:5]),
            )
        )
    return issues


def _ignored_columns(tables: Iterable[Table]) -> list[QualityIssue]:
    extra = sorted({f"{t.path.name}: {c}" for t in tables for c in t.columns if c not in _FULL})
    if not extra:
        return []
    message = "Columns that ChEBI-20-MM does not have were not read"
    return [
        QualityIssue(
            kind="ignored-column", message=message, count=len(extra), examples=tuple(extra[:5])
        )
    ]


def _unusual_sizes(molecules: pd.DataFrame) -> list[QualityIssue]:
    """Evaluated splits of another size than published: scores on them do not compare."""
    found = molecules["split"].value_counts()
    return [
        QualityIssue(
            kind="split-size",
            message=f"The {split} split has {found[split]:,} molecules; as published it has "
            f"{PUBLISHED_ROWS[split]:,}, so scores on it do not compare with published ones",
            count=int(found[split]),
        )
        for split in ("validation", "test")
        if split in found and found[split] != PUBLISHED_ROWS[split]
    ]
