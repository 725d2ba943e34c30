"""A table of text cells, and the limits every reader of files nobody vouches for keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from chebimm_core.errors import DataFormatError

RawLayout = Literal["tab-separated", "CSV", "JSON lines", "JSON array", "Parquet"]

MAX_BYTES = 512 * 2**20
MAX_LINE_BYTES = 4 * 2**20
MAX_CELL_CHARACTERS = 100_000
MAX_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class RawTable:
    """Cells as text under the file's own column names."""

    layout: RawLayout
    records: pd.DataFrame
    """(n, k) str or None."""
    numbers: list[int]
    """(n,) 1-based line (text, JSON lines) or record (array, Parquet) of each row."""
    nested: dict[str, str] = field(default_factory=dict)
    """Column -> where it first holds a list or an object instead of a text or a number."""


def checked_names(name: str, header: list[str]) -> list[str]:
    """Column names without blanks; two of one name are an error."""
    names = [cell.strip() for cell in header]
    for index, cell in enumerate(names):
        if cell in names[:index]:
            raise DataFormatError(
                f"{name} names column {index + 1} as another", value=cell, do="Rename one of them"
            )
    return names


def cell_text(value: object) -> str | None:
    """Text of a scalar; a whole number loses the ``.0`` that tables with gaps give it.

    Raises:
        UnicodeDecodeError: If bytes are not UTF-8.
    """
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN test
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return str(value)


def check_cells(
    name: str, where: int | str, names: list[str], cells: list[str] | list[str | None]
) -> None:
    """Refuses cells that cannot be stored; ``where`` is a line number or words."""
    place = f"line {where}" if isinstance(where, int) else where
    for column, cell in zip(names, cells, strict=True):
        if cell is None:
            continue
        if len(cell) > MAX_CELL_CHARACTERS:
            raise DataFormatError(
                f"{name}, {place}, column {column!r} holds {len(cell):,} characters",
                value=cell[:40],
                allowed=f"at most {MAX_CELL_CHARACTERS:,}",
                do="Cut runaway outputs before writing them",
            )
        if "\0" in cell:
            raise DataFormatError(
                f"{name}, {place}, column {column!r} holds a NUL character",
                do="Remove it; text with NUL cannot be stored or compared",
            )
        if not cell.isascii() and any("\ud800" <= c <= "\udfff" for c in cell):
            raise DataFormatError(
                f"{name}, {place}, column {column!r} holds half of a UTF-16 surrogate pair",
                do="Write the text as UTF-8",
            )


def check_count(name: str, count: int) -> None:
    """Refuses more rows than any run has."""
    if count > MAX_ROWS:
        raise DataFormatError(f"{name} has too many rows", allowed=f"at most {MAX_ROWS:,}")
