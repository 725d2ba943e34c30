"""JSON lines, or one JSON array, of flat objects."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from chebimm_core.datasets.raw_table import (
    MAX_ARRAY_BYTES,
    RawTable,
    cell_text,
    check_cells,
    check_count,
)
from chebimm_core.errors import DataFormatError


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


def read_json_array(path: Path, name: str, size: int) -> RawTable:
    """Reads an array of objects; ``size`` is that of the file in bytes."""
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
    check_count(name, len(values))
    nested: dict[str, str] = {}
    records = [_record(name, f"record {i}", v, nested) for i, v in enumerate(values, start=1)]
    return RawTable("JSON array", _frame(records), list(range(1, len(records) + 1)), nested)


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
