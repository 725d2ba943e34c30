"""A labelled matrix read from a CSV file: first column source tokens, header target tokens."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chebimm_core.errors import DataFormatError

_MAX_BYTES = 64 * 1024 * 1024
_MAX_SIDE = 5_000
_SHAPE = "a CSV table: target tokens in the header, then one line per source token"


@dataclass(frozen=True, slots=True)
class LabelledMatrix:
    """Counts with their tokens, in file order."""

    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    values: NDArray[np.float64]
    """(n, m) finite, not negative."""


def read_matrix(path: Path) -> LabelledMatrix:
    """Reads and checks a labelled matrix.

    Raises:
        DataFormatError: If the file is missing, empty, too large, not UTF-8 text, ragged, smaller
            than 2 x 2, names a token twice or not at all, or holds a cell that is not a finite
            number from 0 upwards. Line and column are named.
    """
    rows = _rows(path)
    header, body = rows[0][1], rows[1:]
    targets = tuple(token.strip() for token in header[1:])
    _check_tokens(path, "target", targets, [f"column {i}" for i in range(2, len(header) + 1)])
    for line, row in body:
        if len(row) != len(header):
            raise DataFormatError(
                f"{path.name}, line {line} has {len(row)} fields, but the header has {len(header)}",
                value=",".join(row),
                allowed=_SHAPE,
                do="Quote tokens that hold a comma, and fill every cell",
            )
    sources = tuple(row[0].strip() for _, row in body)
    _check_tokens(path, "source", sources, [f"line {line}" for line, _ in body])
    if len(sources) < 2 or len(targets) < 2:
        raise DataFormatError(
            f"{path.name} is too small for neighbors to exist",
            value=f"{len(sources)} source x {len(targets)} target tokens",
            allowed="2 x 2 or more",
            do="Check that fields are separated by commas",
        )
    values = np.array(
        [
            [_number(path, line, row[0], target, cell) for target, cell in zip(targets, row[1:])]  # noqa: B905 - lengths were compared above
            for line, row in body
        ],
        dtype=np.float64,
    )
    return LabelledMatrix(sources, targets, values)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Line number and fields of every line that is not blank."""
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise DataFormatError(
                f"{path.name} is too large for a token map",
                value=f"{size / 1e6:.0f} MB",
                allowed=f"up to {_MAX_BYTES // 1_000_000} MB",
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataFormatError("The matrix file cannot be read", value=str(path)) from error
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{path.name} is not UTF-8 text", value=f"byte {error.start}", do="Save it as UTF-8"
        ) from error
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise DataFormatError(
            f"{path.name}, line {line} holds a NUL byte",
            allowed=_SHAPE,
            do="Export the table again as plain text",
        )
    reader = csv.reader(io.StringIO(text), strict=True)
    rows = []
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                rows.append((reader.line_num, fields))
    except csv.Error as error:
        raise DataFormatError(f"{path.name}, line {reader.line_num}: {error}") from error
    if len(rows) < 2:
        raise DataFormatError(
            f"{path.name} holds no matrix", value=f"{len(rows)} lines", allowed=_SHAPE
        )
    if max(len(rows), len(rows[0][1])) > _MAX_SIDE:
        raise DataFormatError(
            f"{path.name} has too many tokens",
            value=f"{len(rows) - 1} x {len(rows[0][1]) - 1}",
            allowed=f"up to {_MAX_SIDE - 1} a side",
        )
    return rows


def _check_tokens(path: Path, side: str, tokens: tuple[str, ...], places: list[str]) -> None:
    seen: dict[str, str] = {}
    for token, place in zip(tokens, places, strict=True):
        if not token:
            raise DataFormatError(
                f"{path.name}, {place}: the {side} token is empty", allowed=_SHAPE
            )
        if token in seen:
            raise DataFormatError(
                f"{path.name}: a {side} token stands in {seen[token]} and in {place}",
                value=token,
                allowed="each token once",
            )
        seen[token] = place


def _number(path: Path, line: int, source: str, target: str, cell: str) -> float:
    try:
        value = math.nan if "_" in cell else float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise DataFormatError(
            f"{path.name}, line {line}, row {source!r}, column {target!r} is not a count",
            value=cell,
            allowed="a finite number from 0 upwards",
        )
    return value
