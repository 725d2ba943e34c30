"""A data set's molecules ready for search: derived, safe to delete, made again if stale."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chebimm_core.store import atomic
from chebimm_core.store.dataset_store import DatasetStore

Array = NDArray[Any]


class StructureIndex:
    """``index/structures/<dataset>-<content hash>-<RDKit version>.npz``.

    Arrays by name, nothing pickled; the archive carries a checksum of each, so that a damaged one
    is noticed. RDKit's binary form and fingerprints may change with its version.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / "index" / "structures"
        self._datasets = DatasetStore(root)

    def path(self, dataset: str) -> Path:
        """Where the arrays of this version of the data set stand, or will."""
        import rdkit

        digest = self._datasets.header(dataset).content_hash[:16]
        return self._folder / f"{dataset}-{digest}-{rdkit.__version__}.npz"

    def write(self, dataset: str, arrays: Mapping[str, Array]) -> None:
        """Keeps the arrays, in place of those of earlier versions."""
        path = self.path(dataset)
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        for stale in self._folder.glob(f"{dataset}-*.npz"):
            if stale.stem.rsplit("-", 2)[0] == dataset:
                stale.unlink(missing_ok=True)
        atomic.write_bytes(path, buffer.getvalue())


def load(path: Path, names: tuple[str, ...]) -> dict[str, Array] | None:
    """Arrays of that file by name; None if it is absent, damaged or lacks one."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
