"""Strict reading of delimited text: a file is right to the last row, or it is refused by name.

Rows are numbered as an editor shows lines, the header being row 1.
"""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chebimm_core.errors import DataFormatError

MAX_LINE_BYTES = 1_000_000
"""Longest line accepted. The longest of ChEBI-20-MM has 14,156 characters; a file that is one huge
line is refused after this much of it, before any parser sees it."""

_CHUNK = 1 << 18
_DELIMITER_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Table:
    """A delimited file as text, nothing interpreted."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """Line on which each row begins."""


def read_table(path: Path, *, required: Sequence[str]) -> Table:
    """Reads a ``.csv`` (commas) or ``.tsv`` (tabs) file with a header row.

    Args:
        path: The file; its suffix decides the delimiter.
        required: Columns that must be there; others are read as well.

    Raises:
        DataFormatError: If it cannot be read, is empty, is not UTF-8, holds NUL bytes or a line
            beyond :data:`MAX_LINE_BYTES`, has another delimiter, lacks a column, or if any row has
            more or fewer values than the header.
    """
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    text = _decode(path, _checked_bytes(path))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    header: tuple[str, ...] | None = None
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    try:
        for values in reader:
            begin, line = line, reader.line_num + 1
            if not values:
                continue
            if header is None:
                header = tuple(name.strip() for name in values)
                _check_header(path, header, delimiter, required)
                continue
            if len(values) != len(header):
                raise _ragged(path, begin, values, header)
            rows.append(tuple(values))
            lines.append(begin)
    except csv.Error as error:
        raise DataFormatError(
            f"{path.name}, row {line}: not a row of a table: {error}",
            do="Check that every quotation mark of this row is closed, or doubled inside a value",
        ) from error
    if header is None or not rows:
        raise DataFormatError(
            f"{path.name} holds no rows", value=f"{len(text):,} characters", do="Check the export"
        )
    return Table(path, header, tuple(rows), tuple(lines))


def _checked_bytes(path: Path) -> bytes:
    content = bytearray()
    line, length = 1, 0
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe or a device might never end
            raise DataFormatError(f"{path.name} is no file", value=str(path), allowed="a CSV file")
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                if content or not chunk.startswith(_UTF16_MARKS):
                    _refuse_nul(path, chunk, line)
                else:
                    raise DataFormatError(
                        f"{path.name} is UTF-16 text", allowed="UTF-8", do="Save it as UTF-8 again"
                    )
                for number, piece in enumerate(chunk.split(b"\n")):
                    if number:
                        line, length = line + 1, 0
                    length += len(piece)
                    if length > MAX_LINE_BYTES:
                        raise DataFormatError(
                            f"{path.name}, row {line}: the line is longer than "
                            f"{MAX_LINE_BYTES:,} bytes, so this is no table of molecules",
                            value=f"{path.stat().st_size:,} bytes in the file",
                            do="Check the line breaks of the file",
                        )
                content += chunk
    except OSError as error:
        raise DataFormatError(
            f"{path.name} cannot be read: {error.strerror or error}",
            value=str(path),
            do="Check that it is a file and that you may read it",
        ) from error
    if not content.strip():
        raise DataFormatError(f"{path.name} is empty", value=str(path), do="Check the export")
    return bytes(content)


def _refuse_nul(path: Path, chunk: bytes, line: int) -> None:
    at = chunk.find(b"\0")
    if at >= 0:
        row = line + chunk.count(b"\n", 0, at)
        before = chunk[chunk.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")
        raise DataFormatError(
            f"{path.name}, row {row}: a NUL byte, so this is no text file or a damaged one",
            value=before[-40:] + "\0",
            do="Export it again as UTF-8 text",
        )


def _decode(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        begin = content.rfind(b"\n", 0, error.start) + 1
        raise DataFormatError(
            f"{path.name}, row {row}: byte {error.start - begin + 1} of the line is not UTF-8",
            value=content[max(begin, error.start - 20) : error.start + 1],
            allowed="UTF-8",
            do="Save the file as UTF-8 again",
        ) from error


def _check_header(
    path: Path, header: tuple[str, ...], delimiter: str, required: Sequence[str]
) -> None:
    absent = [name for name in required if name not in header]
    if absent:
        found = _other_delimiter(header, delimiter, required)
        if found:
            raise DataFormatError(
                f"{path.name}, row 1: the columns are separated by {_DELIMITER_NAMES[found]}, "
                f"but a {path.suffix} file is separated by {_DELIMITER_NAMES[delimiter]}",
                value=delimiter.join(header),
                do="Save it with the right separator, or give it the suffix that fits",
            )
        raise DataFormatError(
            f"{path.name}, row 1: the column {absent[0]!r} is missing"
            if len(absent) == 1
            else f"{path.name}, row 1: the columns {', '.join(map(repr, absent))} are missing",
            value=", ".join(header),
            allowed=f"a header with {', '.join(required)}",
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataFormatError(f"{path.name}, row 1: a column stands twice", value=twice[0])


def _other_delimiter(
    header: tuple[str, ...], delimiter: str, required: Sequence[str]
) -> str | None:
    whole = delimiter.join(header)
    for other in _DELIMITER_NAMES:
        if other != delimiter:
            names = {name.strip().strip('"') for name in whole.split(other)}
            if len(names) > 1 and names & set(required):
                return other
    return None


def _ragged(
    path: Path, line: int, values: Sequence[str], header: tuple[str, ...]
) -> DataFormatError:
    if len(values) < len(header):
        where = f"column {header[len(values)]!r}"
        what = f"it ends after {len(values)} of {len(header)} values"
    else:
        where = f"after column {header[-1]!r}"
        what = f"it has {len(values)} values for {len(header)} columns"
    return DataFormatError(
        f"{path.name}, row {line}, {where}: {what}",
        value=values[0],
        do="Quote values that hold the separator, and give every row all columns",
    )
