"""What an evaluated split shares with a split a model may have been trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.analysis.chemical_space import unpack

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

THRESHOLD = 0.9
_ROWS = 128
_BLOCK = 4_096


def compare(
    evaluated: pd.DataFrame,
    evaluated_packed: NDArray[np.uint64],
    other: pd.DataFrame,
    other_packed: NDArray[np.uint64],
    *,
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """For each molecule of one set, what the other set has of it.

    Args:
        evaluated: Columns ``cid``, ``inchikey``, ``scaffold``.
        evaluated_packed: (n, 32) fingerprints, in the same order.
        other: As ``evaluated``; must not be empty.
        other_packed: (m, 32) fingerprints.
        progress: Told the share done.

    Returns:
        The columns of ``LeakageReport.nearest``, without the names of the splits.
    """
    at, best = _nearest(evaluated_packed, other_packed, progress or (lambda share: None))
    keys = evaluated["inchikey"].fillna("")
    other_keys = other["inchikey"].dropna()
    scaffold = evaluated["scaffold"].fillna("")
    return pd.DataFrame(
        {
            "cid": evaluated["cid"].to_numpy(),
            "nearest_cid": other["cid"].to_numpy()[at],
            "similarity": best,
            "same_structure": keys.isin(set(other_keys)).to_numpy(dtype=bool),
            "same_connectivity": keys.str[:14].isin(set(other_keys.str[:14])).to_numpy(dtype=bool),
            "same_scaffold": (
                scaffold.isin(set(other["scaffold"].dropna())) & (scaffold != "")
            ).to_numpy(dtype=bool),
        }
    )


def summarize(
    nearest: pd.DataFrame,
    *,
    split: str,
    against: str,
    n_cyclic: int,
    n_against: int,
    threshold: float = THRESHOLD,
) -> dict[str, object]:
    """One row of ``LeakageReport.summary``."""
    return {
        "split": split,
        "against": against,
        "n": len(nearest),
        "n_against": n_against,
        "same_structure": int(nearest["same_structure"].sum()),
        "same_connectivity": int(nearest["same_connectivity"].sum()),
        "same_scaffold": int(nearest["same_scaffold"].sum()),
        "n_cyclic": n_cyclic,
        "above_threshold": int((nearest["similarity"] > threshold).sum()),
        "median_nearest": float(nearest["similarity"].median()),
    }


def _nearest(
    packed: NDArray[np.uint64], others: NDArray[np.uint64], progress: Callable[[float], None]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Index and similarity of each row's nearest neighbor; the first of equals.

    A fingerprint sets some 45 of 2,048 bits, so the product of the sparse side with a dense block
    of rows takes a tenth of the dense product.
    """
    sparse = _sparse(others)  # (m, 2048)
    bits_of_others = np.asarray(sparse.sum(axis=1), dtype=np.float32).ravel()  # (m,)
    at = np.zeros(len(packed), dtype=np.int64)
    best = np.zeros(len(packed))
    for row in range(0, len(packed), _ROWS):
        part = slice(row, row + _ROWS)
        block = unpack(packed[part])  # (r, 2048)
        both = sparse @ np.ascontiguousarray(block.T)  # (m, r)
        either = bits_of_others[:, None] + block.sum(axis=1)[None, :] - both
        found = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
        nearest = found.argmax(axis=0)
        at[part] = nearest
        best[part] = found[nearest, np.arange(found.shape[1])]
        progress(min(1.0, (row + _ROWS) / len(packed)))
    return at, best


def _sparse(packed: NDArray[np.uint64]) -> csr_matrix:
    from scipy.sparse import csr_matrix, vstack

    blocks = [csr_matrix(unpack(packed[i : i + _BLOCK])) for i in range(0, len(packed), _BLOCK)]
    return vstack(blocks, format="csr")
