"""Sole writer of ``datasets/`` in the store folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds

from chebimm_core.domain.molecule import IMAGE_COLUMN, MOLECULE_COLUMNS, DatasetHeader
from chebimm_core.errors import NotFoundError, SettingError, StoreError
from chebimm_core.store import atomic

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class DatasetStore:
    """Data sets under ``<root>/datasets/<name>/``: a header and one table of molecules."""

    def __init__(self, root: Path) -> None:
        self._root = root / "datasets"

    def names(self) -> list[str]:
        """Names of complete data sets, sorted."""
        if not self._root.is_dir():
            return []
        return sorted(p.parent.name for p in self._root.glob("[!.]*/dataset.json"))

    def headers(self) -> list[DatasetHeader]:
        """Headers that can be read; :meth:`damaged` names the others."""
        return [h for h, _ in self._scan().values() if h is not None]

    def damaged(self) -> dict[str, str]:
        """Name -> why a data set cannot be opened."""
        return {name: why for name, (_, why) in self._scan().items() if why}

    def header(self, name: str) -> DatasetHeader:
        return atomic.read_model(self._folder(name) / "dataset.json", DatasetHeader)

    def molecules(
        self, name: str, columns: Sequence[str] | None = None, split: str | None = None
    ) -> pd.DataFrame:
        """Molecules in file order.

        Args:
            name: The data set.
            columns: Columns to read; None reads all. ``cid`` is always the first. Where the data
                set has image files, ``image`` is the last.
            split: Only this split; None reads all.

        Raises:
            NotFoundError: If the data set does not exist.
            StoreError: If its table is damaged.
        """
        path = self._folder(name) / "molecules.parquet"
        wanted = None
        if columns is not None:
            wanted = [c for c in dict.fromkeys(["cid", *columns]) if c != IMAGE_COLUMN]
        try:
            table = ds.dataset(path, format="parquet").to_table(
                columns=wanted, filter=None if split is None else ds.field("split") == split
            )
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(
                "The molecule table of a data set cannot be read",
                value=str(path),
                do="Import the data set again",
            ) from error
        molecules: pd.DataFrame = table.to_pandas()
        if columns is None or IMAGE_COLUMN in columns:
            files = {p.stem: f"file:{p}" for p in (path.parent / "images").glob("*")}
            if files:
                molecules[IMAGE_COLUMN] = molecules["cid"].astype(str).map(files).astype(object)
        return molecules

    def check_new(self, name: str, *, overwrite: bool = False) -> None:
        """Refuses a name that cannot be written, before any work is done for it.

        Raises:
            SettingError: If the name is not a plain identifier.
            StoreError: If the data set exists and ``overwrite`` is False.
        """
        if not _NAME.fullmatch(name):
            raise SettingError(
                "A data set name must be a plain identifier",
                value=name,
                allowed="lower-case letters, digits, dot, dash, underscore; at most 64",
            )
        if (self._root / name).exists() and not overwrite:
            raise StoreError(
                "A data set of this name exists",
                value=name,
                do="Choose another name with --name, or replace it with --overwrite",
            )

    def write(
        self,
        header: DatasetHeader,
        molecules: pd.DataFrame,
        *,
        overwrite: bool = False,
        images: Mapping[str, Path] | None = None,
    ) -> None:
        """Stores a data set whole; image files, by cid, are copied into it.

        Raises:
            SettingError: If the name is not a plain identifier.
            StoreError: If the data set exists and ``overwrite`` is False, or a column is missing.
        """
        self.check_new(header.name, overwrite=overwrite)
        absent = [c for c in MOLECULE_COLUMNS if c not in molecules.columns]
        if absent:
            raise StoreError("The molecule table lacks columns", value=absent)
        final = self._root / header.name
        with atomic.new_folder(final, replace=overwrite) as folder:
            kept = molecules.drop(columns=IMAGE_COLUMN, errors="ignore")
            atomic.write_parquet(folder / "molecules.parquet", kept)
            for cid, path in (images or {}).items():
                (folder / "images").mkdir(exist_ok=True)
                shutil.copyfile(path, folder / "images" / f"{cid}{path.suffix.lower()}")
            atomic.write_model(folder / "dataset.json", header)

    def delete(self, name: str) -> None:
        atomic.remove_folder(self._folder(name))

    def token(self, name: str) -> str:
        """Changes whenever the data set changes; a cache key."""
        stat = (self._folder(name) / "dataset.json").stat()
        return f"{name}:{stat.st_mtime_ns}:{stat.st_ino}"

    def _scan(self) -> dict[str, tuple[DatasetHeader | None, str]]:
        found: dict[str, tuple[DatasetHeader | None, str]] = {}
        for name in self.names():
            try:
                found[name] = (self.header(name), "")
            except (StoreError, NotFoundError) as error:
                found[name] = (None, str(error))
        return found

    def _folder(self, name: str) -> Path:
        if name not in self.names():
            raise NotFoundError(
                "No data set has this name",
                value=name,
                allowed=", ".join(self.names()) or "none is imported yet",
                do="Import one with: python -m chebimm_core data import PATH --name NAME",
            )
        return self._root / name
