"""Parquet files of flat columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from chebimm_core.datasets.raw_table import (
    MAX_BYTES,
    RawTable,
    cell_text,
    check_cells,
    check_count,
    checked_names,
)
from chebimm_core.errors import DataFormatError


def read_parquet(path: Path, name: str) -> RawTable:
    """Reads all columns as text, within the same limits once unpacked."""
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
            check_count(name, meta.num_rows)
            table = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataFormatError(
            f"{name} is not a readable Parquet file: {str(error).splitlines()[0]}",
            do="Write it again, or give it the suffix of what it really holds",
        ) from error
    names = checked_names(name, list(table.column_names))
    data: dict[str, list[str | None]] = {}
    nested: dict[str, str] = {}
    for column, chunks in zip(names, table.columns, strict=True):
        try:
            cells = [cell_text(v) for v in chunks.to_pylist()]
        except UnicodeDecodeError as error:
            raise DataFormatError(
                f"{name}, column {column!r} holds bytes that are no UTF-8 text",
                value=error.object[:20],
                do="Write the column as strings",
            ) from error
        if pa.types.is_nested(chunks.type):
            nested[column] = "record 1"
        for number, cell in enumerate(cells, start=1):
            check_cells(name, f"record {number}", [column], [cell])
        data[column] = cells
    frame = pd.DataFrame(data, columns=pd.Index(names), dtype=object)
    return RawTable("Parquet", frame, list(range(1, table.num_rows + 1)), nested)
