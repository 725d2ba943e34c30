"""Reads files of model outputs into one plain table; says where a file is wrong.

Layouts, told apart by content and not by file name:

- tab-separated text without quoting, as released with MolT5 (Edwards et al. 2022,
  doi:10.18653/v1/2022.emnlp-main.26): ``SMILES|description``, ``ground truth``, ``output``;
- the same with two answers a row, as released with MolReGPT (Li et al. 2024,
  doi:10.1109/TKDE.2024.3393356): ``CID``, ``molecule2caption``, ``caption2molecule``;
- comma-separated text with quoting, JSON lines, a JSON array, and Parquet with named columns.

Everything read is plain data: nothing is evaluated, unpickled or interpreted as markup.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from chebimm_core.datasets.raw_table import RawTable
from chebimm_core.datasets.table_files import read_raw
from chebimm_core.errors import DataFormatError

Layout = Literal["tab-separated", "two directions", "CSV", "JSON lines", "JSON array", "Parquet"]

KEY_COLUMNS = ("cid", "SMILES", "InChI", "SELFIES", "IUPAC", "caption", "input")
"""Columns by which a row may find its molecule; ``input`` may hold any text modality."""

_SYNONYMS: dict[str, tuple[str, ...]] = {
    "cid": ("cid", "pubchemcid"),
    "SMILES": ("smiles", "isomericsmiles", "canonicalsmiles"),
    "InChI": ("inchi",),
    "SELFIES": ("selfies",),
    "IUPAC": ("iupac", "iupacname"),
    "caption": ("caption", "description"),
    "input": ("input", "source"),
    "ground truth": ("groundtruth", "reference", "target", "label", "gold", "goldtruth"),
    "output": ("output", "prediction", "pred", "predicted", "generated", "outputs", "predictions"),
}
_TWO_DIRECTIONS = {"caption": "molecule2caption", "SMILES": "caption2molecule"}
_NO_ANSWER = "N/A"
"""What the MolReGPT scripts write where the service gave no usable answer."""


class NoAnswersError(DataFormatError):
    """The file is sound, but the direction asked for was never run."""


@dataclass(frozen=True, slots=True)
class PredictionTable:
    """The rows of one file of outputs, under canonical column names."""

    file_name: str
    sha256: str
    layout: Layout
    rows: pd.DataFrame
    """(n, k) text or None. ``row`` is the 1-based line or record of the file, header included;
    ``output`` is the answer; then those of :data:`KEY_COLUMNS` and ``ground truth`` it has."""
    columns: tuple[tuple[str, str], ...]
    """(canonical name, name in the file), in file order."""
    ignored: tuple[str, ...]
    """Columns of the file nothing is read from."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Key columns the file has."""
        return tuple(name for name in KEY_COLUMNS if name in self.rows.columns)


def read_predictions(path: Path, *, target: str, file_name: str | None = None) -> PredictionTable:
    """Reads a file of outputs.

    Args:
        path: The file.
        target: Modality the task predicts; picks the answer of a file with two directions.
        file_name: Name to show, where ``path`` is a temporary copy of an upload.

    Raises:
        DataFormatError: If the file cannot be read, or lacks an output or a key column; names the
            file, the row and column where known, and what to do.
    """
    name = file_name or path.name
    raw = read_raw(path, name)
    if raw.records.empty:
        raise DataFormatError(
            f"{name} holds a header and no rows",
            do="Check that the run that wrote it had finished",
        )
    named = _canonical(raw, name, target)
    rows = pd.DataFrame({"row": raw.numbers, **{k: raw.records[v] for k, v in named.items()}})
    layout: Layout = raw.layout
    if named["output"] in _TWO_DIRECTIONS.values():
        layout = "two directions"
        rows["output"] = rows["output"].mask(rows["output"].str.strip() == _NO_ANSWER, None)
        if not rows["output"].fillna("").str.strip().any():
            raise NoAnswersError(
                f"{name} holds no answer in column {named['output']!r}: this direction was not run",
                value=_NO_ANSWER,
                do="Load the file for the other task, captioning or generation",
            )
    return PredictionTable(
        file_name=name,
        sha256=_sha256(path),
        layout=layout,
        rows=rows,
        columns=tuple(named.items()),
        ignored=tuple(c for c in raw.records.columns if c not in named.values()),
    )


def _canonical(raw: RawTable, file_name: str, target: str) -> dict[str, str]:
    """Canonical name -> the file's own column name."""
    found: dict[str, str] = {}
    for column in raw.records.columns:
        folded = re.sub(r"[^a-z0-9]", "", column.casefold())
        meaning = next((m for m, names in _SYNONYMS.items() if folded in names), None)
        if folded == _TWO_DIRECTIONS.get(target):
            meaning = "output"
        if meaning is None:
            continue
        if meaning in found:
            raise DataFormatError(
                f"{file_name} has two columns that mean {meaning!r}",
                value=f"{found[meaning]}, {column}",
                do="Remove or rename one of them",
            )
        found[meaning] = column
    for meaning, column in found.items():
        if column in raw.nested:
            raise DataFormatError(
                f"{file_name}, {raw.nested[column]}, column {column!r} holds a list or an object "
                f"where {meaning} has to be a text or a number",
                value=next((v for v in raw.records[column] if v is not None), None),
                do="Write the text itself; of several candidates, keep the first",
            )
    shown = ", ".join(map(str, raw.records.columns[:12]))
    if "output" not in found:
        raise DataFormatError(
            f"{file_name} has no column of model outputs",
            value=shown,
            allowed="a column named output, prediction, pred or generated (or molecule2caption for "
            "captioning, caption2molecule for generation)",
            do="Rename the column; check the delimiter if all names run together",
        )
    if not set(found) & set(KEY_COLUMNS) and "ground truth" not in found:
        raise DataFormatError(
            f"{file_name} has no column that says which molecule a row belongs to",
            value=shown,
            allowed="CID, SMILES, description or caption, iupacname, InChI, SELFIES, input, "
            "ground truth",
            do="Add one of these columns: rows are never matched by position",
        )
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
