"""Files and folders that appear whole or not at all.

One torn Parquet file would break every query over the store, so each file is written beside its
place, flushed to disk and renamed onto it; a new folder is filled under a hidden name first.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
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

_ABANDONED_AFTER_S = 3600.0
"""A hidden name is filled within seconds; one this old was left behind by a killed process."""
_REPLACED = ".replaced-"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


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
    with _reported(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        clear_abandoned(final.parent)
        temporary = Path(tempfile.mkdtemp(prefix=f".{final.name[:40]}-", dir=final.parent))
    try:
        yield temporary
        with _reported(final):
            temporary.chmod(0o755)
            _put(temporary, final, replace=replace)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(final: Path) -> None:
    """Moves ``final`` out of sight and deletes it; nothing half-deleted stays under its name.

    Raises:
        StoreError: If the folder may not be changed.
    """
    with _reported(final):
        hidden = Path(tempfile.mkdtemp(prefix=f".{final.name[:40]}.deleted-", dir=final.parent))
        final.rename(hidden)  # onto an empty folder, which gives way
    shutil.rmtree(hidden, ignore_errors=True)


def clear_abandoned(folder: Path, *, older_than_s: float = _ABANDONED_AFTER_S) -> None:
    """Removes what killed processes left under hidden names in ``folder``.

    A folder that was moved aside for a newer one, which then never took its place, is put back.

    Args:
        folder: A folder of this store.
        older_than_s: Younger ones may belong to a process at work and stay.
    """
    for path in folder.glob(".*"):
        final, replaced, _ = path.name[1:].rpartition(_REPLACED)
        try:
            if time.time() - path.lstat().st_mtime < older_than_s:
                continue
            if replaced and not (folder / final).exists():
                path.rename(folder / final)
            elif path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        except OSError:
            continue  # another process was faster, or it is not ours to remove


def _put(temporary: Path, final: Path, *, replace: bool) -> None:
    """Renames a complete folder to its place; the one it replaces is gone only after that."""
    aside = None
    if replace and final.exists():
        aside = Path(tempfile.mkdtemp(prefix=f".{final.name}{_REPLACED}", dir=final.parent))
        os.utime(final)  # a young name: nobody takes it for abandoned
        final.rename(aside)
    try:
        temporary.rename(final)
    except OSError as error:
        if aside is not None and not final.exists():
            aside.rename(final)
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            raise StoreError("The folder exists already", value=str(final)) from error
        raise
    if aside is not None:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turns what the file system refuses into an error that says what to do."""
    try:
        yield
    except OSError as error:
        what, do = "The store cannot be written", "Check the folder and try again"
        if error.errno in _FULL:
            what, do = "There is no room left to write the store", "Free some space and try again"
        elif error.errno in _FORBIDDEN:
            what = "The store may not be written here"
            do = "Give yourself the right to write, or set CHEBIMM_STORE to another folder"
        reason = error.strerror or str(error)
        raise StoreError(
            f"{what}: {reason}", value=str(path), do=f"Nothing was changed. {do}"
        ) from error


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    with _reported(path):
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
