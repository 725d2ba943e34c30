"""Fingerprints of a data set's training molecules: derived, safe to delete, made again if stale."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.store import atomic
from chebimm_core.store.dataset_store import DatasetStore

_COLUMNS = ["canonical_smiles", "inchikey"]


class FingerprintIndex:
    """``index/fingerprints/<dataset>-<content hash>.npy``, rows in the order of the train split."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "index" / "fingerprints"
        self._datasets = DatasetStore(root)

    def train(
        self, dataset: str, make: Callable[[list[str | None]], NDArray[np.uint64]]
    ) -> tuple[pd.DataFrame, NDArray[np.uint64]]:
        """The readable molecules of the train split and their fingerprints.

        Args:
            dataset: Name of the data set.
            make: Gives (n, w) packed fingerprints of n SMILES; called if none are kept.

        Returns:
            (n, 3) ``cid``, ``canonical_smiles``, ``inchikey``, and (n, w) fingerprints, in the
            same order.
        """
        molecules = self._datasets.molecules(dataset, _COLUMNS, split="train")
        molecules = molecules[molecules["canonical_smiles"].notna()].reset_index(drop=True)
        digest = self._datasets.header(dataset).content_hash[:16]
        path = self._folder / f"{dataset}-{digest}.npy"
        kept = _load(path)
        if kept is not None and len(kept) == len(molecules):
            return molecules, kept
        made = make(molecules["canonical_smiles"].tolist())
        buffer = io.BytesIO()
        np.save(buffer, made, allow_pickle=False)
        for stale in self._folder.glob(f"{dataset}-*.npy"):
            if stale.stem.rpartition("-")[0] == dataset:
                stale.unlink(missing_ok=True)
        atomic.write_bytes(path, buffer.getvalue())
        return molecules, made


def _load(path: Path) -> NDArray[np.uint64] | None:
    try:
        kept: NDArray[np.uint64] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return kept if kept.dtype == np.uint64 and kept.ndim == 2 else None
