"""JSON lines, or one JSON array, of flat objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pandas as pd

from chebimm_core.datasets.raw_table import (
    RawTable,
    cell_text,
    check_cells,
    check_count,
)
from chebimm_core.errors import DataFormatError

_PIECE = 1 << 20
"""Characters read at once."""
_MAX_RECORD = 16 << 20
"""Characters of one object; a longer one is taken for torn."""


def read_json_lines(path: Path, name: str) -> RawTable:
    """Reads one object a line; blank lines are skipped."""
    records: list[dict[str, str | None]] = []
    numbers: list[int] = []
    nested: dict[str, str] = {}
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            value = _parse(name, f"line {number}", line)
            records.append(_record(name, f"line {number}", value, nested))
            numbers.append(number)
            check_count(name, len(records))
    return RawTable("JSON lines", _frame(records), numbers, nested)


def read_json_array(path: Path, name: str) -> RawTable:
    """Reads an array of objects piece by piece: memory holds the cells, never the file."""
    nested: dict[str, str] = {}
    records: list[dict[str, str | None]] = []
    for value in _elements(path, name):
        where = f"record {len(records) + 1}"
        records.append(_record(name, where, value, nested))
        check_count(name, len(records))
    return RawTable("JSON array", _frame(records), list(range(1, len(records) + 1)), nested)


def _elements(path: Path, name: str) -> Iterator[object]:
    """The objects of an array, one after another.

    Raises:
        DataFormatError: If it is no array of objects; the record is named.
    """
    decoder = json.JSONDecoder(object_pairs_hook=_unrepeated)
    with path.open(encoding="utf-8-sig") as file:
        window = _Window(name, file)
        if window.next() != "[":
            raise DataFormatError(f"{name} is not a JSON array of objects", value=window.head())
        window.skip(1)
        count = 0
        while (sign := window.next()) != "]":
            if count:
                if sign != ",":
                    raise _torn(name, count, "a comma or the end of the array is wanted", window)
                window.skip(1)
                sign = window.next()
            count += 1
            if sign != "{":
                raise _torn(name, count, "not a JSON object", window)
            yield window.decode(decoder, count)
        window.skip(1)
        if window.next():
            raise _torn(name, count, "something stands after the array", window)


class _Window:
    """A moving part of a text file."""

    def __init__(self, name: str, file: TextIO) -> None:
        self._name, self._file = name, file
        self._text, self._at = "", 0

    def next(self) -> str:
        """The next character that is no white space, not taken; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self, count: int) -> None:
        self._at += count

    def head(self) -> str:
        """What comes next, for messages."""
        return self._text[self._at : self._at + 60]

    def decode(self, decoder: json.JSONDecoder, count: int) -> object:
        """The value that begins here; the window grows until it is whole."""
        while True:
            try:
                value, self._at = decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                torn = isinstance(error, json.JSONDecodeError)
                if torn and len(self._text) - self._at < _MAX_RECORD and self._more():
                    continue
                raise _torn(self._name, count, f"not valid JSON: {error}", self) from error
            return value

    def _more(self) -> bool:
        # Twice as much each time a record is still torn: no record is read again and again.
        kept = self._text[self._at :]
        try:
            read = self._file.read(max(_PIECE, len(kept)))
        except UnicodeDecodeError as error:
            raise DataFormatError(
                f"{self._name} is not UTF-8 text near byte {error.start + 1} of its part",
                do="Save it as UTF-8",
            ) from error
        self._text, self._at = kept + read, 0
        return bool(read)


def _torn(name: str, count: int, what: str, window: _Window) -> DataFormatError:
    return DataFormatError(
        f"{name}, record {count} is {what}"
        if what.startswith("not ")
        else f"{name}, after record {count}: {what}",
        value=window.head(),
        allowed='an array of objects such as [{"cid": "243", "output": "..."}]',
        do="Write the array anew; a torn end means the writer was stopped",
    )


def _parse(name: str, where: str, text: str) -> object:
    try:
        value: object = json.loads(text, object_pairs_hook=_unrepeated)
    except (ValueError, RecursionError) as error:
        raise DataFormatError(
            f"{name}, {where} is not valid JSON: {error}",
            value=text[:60],
            do="Write one JSON object a line; a torn last line means the writer was stopped",
        ) from error
    return value


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose names are all different; JSON itself would let the last one win."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"the name {twice[:60]!r} stands twice in one object")
    return found


def _record(name: str, where: str, value: object, nested: dict[str, str]) -> dict[str, str | None]:
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
            nested.setdefault(key, where)
        else:
            record[key] = cell_text(cell)
    check_cells(name, where, list(record), list(record.values()))
    return record


def _frame(records: list[dict[str, str | None]]) -> pd.DataFrame:
    columns = list(dict.fromkeys(key for record in records for key in record))
    data = {c: [record.get(c) for record in records] for c in columns}
    return pd.DataFrame(data, columns=pd.Index(columns), dtype=object)
