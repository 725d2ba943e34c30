"""Tab-separated text without quoting and comma-separated text with it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from chebimm_core.datasets.raw_table import (
    RawLayout,
    RawTable,
    check_cells,
    check_count,
    checked_names,
)
from chebimm_core.errors import DataFormatError

TWO_DIRECTIONS = ("CID", "molecule2caption", "caption2molecule")
"""Header of files with a caption and a structure a row, as released with MolReGPT."""


def read_delimited(path: Path, name: str) -> RawTable:
    """Reads a text table; the header tells tabs from commas."""
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
        reader, ends = csv.reader(file, strict=True), [0]

        def rows() -> Iterator[tuple[int, list[str]]]:
            for row in reader:
                ends[0] = reader.line_num
                yield reader.line_num, row

        try:
            return _table(name, "CSV", rows())
        except csv.Error as error:
            raise DataFormatError(
                f"{name}: the row that begins in line {ends[0] + 1} is not valid CSV: {error}",
                do="Quote cells that hold commas, quotes or line breaks, and double inner quotes",
            ) from error


def _tab_rows(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n")
        yield number, text.split("\t") if text else []


def _table(name: str, layout: RawLayout, rows: Iterator[tuple[int, list[str]]]) -> RawTable:
    _, header = next(rows, (0, []))
    names = checked_names(name, header)
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
        check_cells(name, number, names, row)
        records.append(row)
        numbers.append(number)
        check_count(name, len(records))
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
