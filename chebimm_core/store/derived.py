"""Results that take seconds to compute, kept as tables until their data set changes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from chebimm_core.errors import SettingError, StoreError
from chebimm_core.store import atomic
from chebimm_core.store.dataset_store import DatasetStore

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,119}")


class DerivedTables:
    """``index/derived/<dataset>/<content hash>/<key>/*.parquet``; safe to delete."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "index" / "derived"
        self._datasets = DatasetStore(root)

    def get(
        self, dataset: str, key: str, make: Callable[[], Mapping[str, pd.DataFrame]]
    ) -> dict[str, pd.DataFrame]:
        """The tables kept under ``key``, or what ``make`` gives, which is then kept.

        Args:
            dataset: Name of the data set; results of its earlier contents are removed.
            key: Names the result with all its parameters: lower-case letters, digits, dot, dash and
                underscore.
            make: Computes the tables, by name.
        """
        if not _KEY.fullmatch(key):
            raise SettingError("A derived result needs a plain key", value=key)
        digest = self._datasets.header(dataset).content_hash[:16]
        final = self._folder / dataset / digest / key
        try:
            kept = {p.stem: atomic.read_parquet(p) for p in sorted(final.glob("*.parquet"))}
        except StoreError:
            kept = {}
        if kept:
            return kept
        tables = dict(make())
        for stale in (self._folder / dataset).glob("*"):
            if stale.name != digest:
                shutil.rmtree(stale, ignore_errors=True)
        with atomic.new_folder(final, replace=True) as folder:
            for name, table in tables.items():
                atomic.write_parquet(folder / f"{name}.parquet", table)
        return tables
