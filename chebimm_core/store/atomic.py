"""Files and folders that appear whole or not at all.

One torn Parquet file would break every query over the store, so each file is written beside its
place, flushed to disk and renamed onto it; a new folder is filled under a hidden name first.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from chebimm_core.errors import StoreError

M = TypeVar("M", bound=BaseModel)


def write_bytes(path: Path, content: bytes) -> None:
    """Replaces ``path`` with ``content`` in one step."""
    with _beside(path) as temporary:
        temporary.write_bytes(content)


def write_model(path: Path, model: BaseModel) -> None:
    """Writes a pydantic model as indented JSON."""
    write_bytes(path, (model.model_dump_json(indent=1) + "\n").encode())


def read_model(path: Path, kind: type[M]) -> M:
    """Reads a pydantic model.

    Raises:
        StoreError: If the file is missing, torn, invalid or of a newer schema.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StoreError("A file of the store cannot be read", value=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise StoreError(
            f"A file of the store is not valid: {where}: {first['msg']}",
            value=str(path),
            do="Restore the file, or delete the folder that holds it and import again",
        ) from error


def write_parquet(path: Path, frame: pd.DataFrame, row_group_size: int = 100_000) -> None:
    """Writes a frame without its index."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with _beside(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=row_group_size)


def read_parquet(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Reads a Parquet file.

    Raises:
        StoreError: If it is missing or damaged.
    """
    try:
        frame: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
        return frame
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            "A table of the store cannot be read",
            value=str(path),
            do="Delete the folder that holds it and import again",
        ) from error


@contextmanager
def new_folder(final: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yields an empty folder that becomes ``final`` if the block succeeds and vanishes if not.

    Args:
        final: Where the folder is to stand.
        replace: Whether an existing ``final`` gives way, once the new folder is complete.

    Raises:
        StoreError: If ``final`` exists and may not be replaced.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{final.name[:40]}-", dir=final.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        if replace and final.exists():
            remove_folder(final)
        try:
            temporary.rename(final)
        except OSError as error:
            raise StoreError("The folder exists already", value=str(final)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(final: Path) -> None:
    """Moves ``final`` out of sight and deletes it; nothing half-deleted stays under its name."""
    hidden = final.parent / f".{final.name}.deleted-{os.getpid()}"
    final.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
