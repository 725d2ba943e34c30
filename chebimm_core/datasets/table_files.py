"""Tables of text from files nobody vouches for: bounded in memory, exact about what is wrong.

A first pass over the bytes refuses what no reader should be handed (a gigantic line, NUL bytes,
text that is not UTF-8); the second parses. Neither keeps more than one line beyond the result.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from chebimm_core.errors import DataFormatError

RawLayout = Literal["tab-separated", "CSV", "JSON lines", "JSON array", "Parquet"]

MAX_BYTES = 512 * 2**20
MAX_ARRAY_BYTES = 64 * 2**20
"""A JSON array is one value and has to be held whole."""
MAX_LINE_BYTES = 4 * 2**20
MAX_CELL_CHARACTERS = 100_000
MAX_ROWS = 1_000_000

TWO_DIRECTIONS = ("CID", "molecule2caption", "caption2molecule")
"""Header of files with a caption and a structure a row, as released with MolReGPT."""

_SUFFIXES = "tab-separated text, CSV, JSON lines, JSON array, Parquet"


@dataclass(frozen=True, slots=True)
class RawTable:
    """Cells as text under the file's own column names."""

    layout: RawLayout
    records: pd.DataFrame
    """(n, k) str or None."""
    numbers: list[int]
    """(n,) 1-based line (text, JSON lines) or record (array, Parquet) of each row."""


def read_raw(path: Path, name: str) -> RawTable:
    """Reads a table, whatever its layout.

    Raises:
        DataFormatError: If it is empty, too large, binary, torn or ragged.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise DataFormatError(
            f"{name} cannot be read", value=str(path), do=f"{error.strerror or error}; check path"
        ) from error
    if not head.strip():
        raise DataFormatError(f"{name} is empty", do="Check that it was written or copied fully")
    if size > MAX_BYTES:
        raise DataFormatError(
            f"{name} is too large for a file of predictions",
            value=f"{size / 2**20:.0f} MiB",
            allowed=f"at most {MAX_BYTES // 2**20} MiB",
            do="Keep only the columns that name the molecule and hold the output",
        )
    suffix = path.suffix.lower()
    if head.startswith(b"PAR1") or suffix in {".parquet", ".pq"}:
        return _parquet(path, name)
    _check_text(path, name)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"[":
        return _json_array(path, name, size)
    if start == b"{" or suffix in {".jsonl", ".ndjson", ".json"}:
        return _json_lines(path, name)
    return _delimited(path, name)


def _check_text(path: Path, name: str) -> None:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataFormatError(
                    f"{name} is UTF-16 text", allowed="UTF-8", do="Save it as UTF-8"
                )
            if b"\0" in line:
                raise DataFormatError(
                    f"{name} holds a NUL byte in line {number}, so it is no text file",
                    allowed=_SUFFIXES,
                    do="Write it again; a file damaged in transfer has to be copied again",
                )
            if len(line) > MAX_LINE_BYTES and not line.lstrip().startswith(b"["):
                raise DataFormatError(
                    f"{name} has a line {number} of more than {MAX_LINE_BYTES // 2**20} MiB",
                    allowed="one prediction a line",
                    do="Check that line ends were kept when the file was written",
                )
            if len(line) > MAX_LINE_BYTES:
                return  # a JSON array in one line: its own size limit applies
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataFormatError(
                    f"{name} is not UTF-8 text: line {number}, byte {error.start + 1}",
                    value=line[error.start : error.start + 4],
                    allowed="UTF-8",
                    do="Save it as UTF-8; if it is a binary file, give it its own suffix",
                ) from error


def _delimited(path: Path, name: str) -> RawTable:
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        if "\t" in first:
            return _table(name, "tab-separated", _tab_rows(file))
        if "," not in first:
            odd = next((d for d in (";", "|") if d in first), None)
            raise DataFormatError(
                f"{name} is not separated by tabs or commas: its header is one column"
                + (f", and seems separated by {odd!r}" if odd else ""),
                value=first.strip(),
                allowed="tabs without quoting, or commas with quoting",
                do="Write it again with tabs or commas",
            )
        try:
            reader = csv.reader(file, strict=True)
            return _table(name, "CSV", ((reader.line_num, row) for row in reader))
        except csv.Error as error:
            raise DataFormatError(
                f"{name} is not valid CSV near line {reader.line_num}: {error}",
                do="Quote cells that hold commas, quotes or line breaks, and double inner quotes",
            ) from error


def _tab_rows(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n")
        yield number, text.split("\t") if text else []


def _table(name: str, layout: RawLayout, rows: Iterator[tuple[int, list[str]]]) -> RawTable:
    _, header = next(rows, (0, []))
    names = _header(name, header)
    if tuple(names) == TWO_DIRECTIONS:
        rows = _regrouped(rows)
    records: list[list[str]] = []
    numbers: list[int] = []
    for number, row in rows:
        if not row:
            continue  # blank lines separate rows in some published files
        if len(row) != len(names):
            raise DataFormatError(
                f"{name}, line {number} has {len(row)} cells where the header has {len(names)}",
                value="\t".join(row)[:80],
                allowed=f"{len(names)} cells: {', '.join(names[:8])}",
                do="Check the delimiter"
                + (", and quote cells that hold commas" if layout == "CSV" else ""),
            )
        _check_cells(name, number, names, row)
        records.append(row)
        numbers.append(number)
        _check_count(name, len(records))
    frame = pd.DataFrame(records, columns=pd.Index(names), dtype=object)
    return RawTable(layout, frame, numbers)


def _regrouped(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Puts answers together again that hold raw tabs or line breaks.

    The scripts behind :data:`TWO_DIRECTIONS` write what the service answered as it is; each row
    begins with a CID, and a SMILES holds no tab.
    """
    current: tuple[int, list[str]] | None = None
    for number, row in rows:
        if len(row) > 1 and row[0].strip().isdigit():
            if current is not None:
                yield current[0], _three(current[1])
            current = (number, list(row))
        elif row and current is not None:
            current[1][-1] += f"\n{row[0]}"
            current[1].extend(row[1:])
        elif row:
            yield number, row
    if current is not None:
        yield current[0], _three(current[1])


def _three(cells: list[str]) -> list[str]:
    return cells if len(cells) <= 3 else [cells[0], "\t".join(cells[1:-1]), cells[-1]]


def _header(name: str, header: list[str]) -> list[str]:
    names = [cell.strip() for cell in header]
    for index, cell in enumerate(names):
        if cell in names[:index]:
            raise DataFormatError(
                f"{name} names column {index + 1} as another", value=cell, do="Rename one of them"
            )
    return names


def _json_lines(path: Path, name: str) -> RawTable:
    records: list[dict[str, str | None]] = []
    numbers: list[int] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            value = _parse(name, f"line {number}", line)
            records.append(_record(name, f"line {number}", value))
            numbers.append(number)
            _check_count(name, len(records))
    return RawTable("JSON lines", _frame(records), numbers)


def _json_array(path: Path, name: str, size: int) -> RawTable:
    if size > MAX_ARRAY_BYTES:
        raise DataFormatError(
            f"{name} is a JSON array too large to hold at once",
            value=f"{size / 2**20:.0f} MiB",
            allowed=f"at most {MAX_ARRAY_BYTES // 2**20} MiB",
            do="Write one JSON object a line instead",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{name} is not UTF-8 text at byte {error.start + 1}", do="Save it as UTF-8"
        ) from error
    values = _parse(name, "the array", text)
    if not isinstance(values, list):
        raise DataFormatError(f"{name} is not a JSON array of objects", value=values)
    _check_count(name, len(values))
    records = [_record(name, f"record {i}", v) for i, v in enumerate(values, start=1)]
    return RawTable("JSON array", _frame(records), list(range(1, len(records) + 1)))


def _parse(name: str, where: str, text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataFormatError(
            f"{name}, {where} is not valid JSON: {error}",
            value=text[:60],
            do="Write one JSON object a line; a torn last line means the writer was stopped",
        ) from error
    return value


def _record(name: str, where: str, value: object) -> dict[str, str | None]:
    if not isinstance(value, dict):
        raise DataFormatError(
            f"{name}, {where} is not a JSON object",
            value=value,
            allowed='an object such as {"cid": "243", "output": "..."}',
        )
    record: dict[str, str | None] = {}
    for key, cell in value.items():
        if isinstance(cell, dict | list):
            record[key] = json.dumps(cell, ensure_ascii=False)
        else:
            record[key] = _cell(cell)
    _check_cells(name, where, list(record), list(record.values()))
    return record


def _frame(records: list[dict[str, str | None]]) -> pd.DataFrame:
    columns = list(dict.fromkeys(key for record in records for key in record))
    data = {c: [record.get(c) for record in records] for c in columns}
    return pd.DataFrame(data, columns=pd.Index(columns), dtype=object)


def _parquet(path: Path, name: str) -> RawTable:
    try:
        with pq.ParquetFile(path) as file:
            meta = file.metadata
            unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
            if unpacked > MAX_BYTES:
                raise DataFormatError(
                    f"{name} unpacks to more than {MAX_BYTES // 2**20} MiB",
                    value=f"{unpacked / 2**20:.0f} MiB",
                    do="Keep only the columns that name the molecule and hold the output",
                )
            _check_count(name, meta.num_rows)
            table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataFormatError(
            f"{name} is not a readable Parquet file: {str(error).splitlines()[0]}",
            do="Write it again, or give it the suffix of what it really holds",
        ) from error
    names = _header(name, list(table.column_names))
    data: dict[str, list[str | None]] = {}
    for column, chunks in zip(names, table.columns, strict=True):
        cells = [_cell(v) for v in chunks.to_pylist()]
        for number, cell in enumerate(cells, start=1):
            _check_cells(name, f"record {number}", [column], [cell])
        data[column] = cells
    frame = pd.DataFrame(data, columns=pd.Index(names), dtype=object)
    return RawTable("Parquet", frame, list(range(1, table.num_rows + 1)))


def _cell(value: object) -> str | None:
    """Text of a scalar; a whole number loses the ``.0`` that tables with gaps give it."""
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN test
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value)


def _check_cells(
    name: str, where: int | str, names: list[str], cells: list[str] | list[str | None]
) -> None:
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


def _check_count(name: str, count: int) -> None:
    if count > MAX_ROWS:
        raise DataFormatError(f"{name} has too many rows", allowed=f"at most {MAX_ROWS:,}")
