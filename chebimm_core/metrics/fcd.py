"""Frechet ChemNet distance (Preuer et al. 2018, doi:10.1021/acs.jcim.8b00234).

ChemNet comes with the package ``fcd_torch``; torch is imported only when a distance is asked for.
Activations are kept per canonical SMILES in the cache folder, because the references of every run
and many outputs are the same molecules. FCD is no sum over molecules, so its interval is a
delete-one-group jackknife over rows.
"""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from chebimm_core.domain.specs import CorpusValue

GROUPS = 10

_FEATURES = 512
_PADDING = 350
_BATCH = 128
_CONFIDENCE_Z = 1.959964
_QUERY_CHUNK = 500
_CACHE_ERRORS = (sqlite3.Error, OSError, ValueError)

Floats = NDArray[np.float64]


def why_absent(n_valid: int) -> str | None:
    """Why no FCD can be computed, or None."""
    for package in ("torch", "fcd_torch"):
        if importlib.util.find_spec(package) is None:
            return f"the package {package} is not installed (pip install -r requirements.txt)"
    if n_valid < 2:
        return "fewer than two outputs are valid molecules"
    return None


def distance(
    predicted: Sequence[str | None], wanted: Sequence[str | None], cache: Path
) -> CorpusValue:
    """FCD of the valid outputs against all references, as published.

    Args:
        predicted: (n,) canonical SMILES of the outputs, None where not valid; at least two valid.
        wanted: (n,) canonical SMILES of the references, likewise.
        cache: Folder to keep activations in.

    Returns:
        The distance (0 for equal distributions, unbounded above), and its jackknife interval over
        groups of rows; no interval below two valid outputs a group.
    """
    unique = list(dict.fromkeys(s for s in (*predicted, *wanted) if s is not None))
    vectors = dict(zip(unique, _activations(unique, cache), strict=True))
    sides = []
    for side in (predicted, wanted):
        rows = [(i % GROUPS, vectors[s]) for i, s in enumerate(side) if s is not None]
        sides.append((np.array([g for g, _ in rows]), np.array([v for _, v in rows], dtype=float)))
    n = len(sides[0][0])
    # Eigenvalues of a 512 x 512 matrix take one thread 50 ms; more threads mostly wait.
    with threadpool_limits(1):
        value = _frechet(*(_moments(rows) for _, rows in sides))
        if min(n, len(sides[1][0])) < 2 * GROUPS:
            return CorpusValue(value, None, None, n)
        left_out = np.array(
            [_frechet(*(_moments(rows[of != g]) for of, rows in sides)) for g in range(GROUPS)]
        )
    spread = np.sqrt((GROUPS - 1) / GROUPS * np.square(left_out - left_out.mean()).sum())
    half = float(_CONFIDENCE_Z * spread)
    return CorpusValue(value, max(0.0, value - half), value + half, n)


def _moments(rows: Floats) -> tuple[Floats, Floats]:
    """(512,) mean and (512, 512) covariance with n - 1 degrees of freedom."""
    mean = rows.mean(axis=0)
    centered = rows - mean
    return mean, centered.T @ centered / (len(rows) - 1)


def _frechet(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> float:
    """Squared Frechet distance of two Gaussians.

    The trace of the root of the product of two covariances is the sum of the singular values of the
    product of their roots; it needs no complex matrix root and no offset for singular ones.
    """
    (mean_a, cov_a), (mean_b, cov_b) = a, b
    root_a = _root(cov_a)
    values = np.linalg.eigvalsh(root_a @ cov_b @ root_a)
    cross = np.sqrt(np.clip(values, 0.0, None)).sum()
    gap = mean_a - mean_b
    squared = float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2.0 * cross)
    return max(0.0, squared)  # rounding may leave a hair below


def _root(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = vectors * np.sqrt(np.clip(values, 0.0, None)) @ vectors.T
    return root


def _activations(smiles: Sequence[str], cache: Path) -> NDArray[np.float32]:
    """(n, 512) ChemNet activations, from the cache where they are known.

    A cache that cannot be read or written costs time, never a result.
    """
    path = cache / "chemnet" / "activations.sqlite"
    known: dict[str, NDArray[np.float32]] = {}
    with suppress(*_CACHE_ERRORS):
        known = _read(path, smiles)
    new = [s for s in smiles if s not in known]
    if new:
        made = dict(zip(new, _chemnet(new), strict=True))
        known |= made
        with suppress(*_CACHE_ERRORS):
            _write(path, made)
    return np.array([known[s] for s in smiles], dtype=np.float32)


def _read(path: Path, smiles: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    if not path.exists():
        return found
    with closing(sqlite3.connect(path)) as database:
        for start in range(0, len(smiles), _QUERY_CHUNK):
            part = list(smiles[start : start + _QUERY_CHUNK])
            marks = ",".join("?" * len(part))
            rows = database.execute(
                f"SELECT smiles, vector FROM activation WHERE smiles IN ({marks})",
                part,
            )
            for text, blob in rows:
                found[text] = np.frombuffer(blob, dtype="<f4").reshape(_FEATURES)
    return found


def _write(path: Path, made: dict[str, NDArray[np.float32]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=30.0)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS activation (smiles TEXT PRIMARY KEY, vector BLOB NOT NULL)"
        )
        database.executemany(
            "INSERT OR IGNORE INTO activation VALUES (?, ?)",
            ((text, vector.astype("<f4").tobytes()) for text, vector in made.items()),
        )


def _chemnet(smiles: Sequence[str]) -> NDArray[np.float32]:
    """(n, 512) activations of ChemNet's last hidden layer; SMILES padded or cut to 350 signs."""
    import torch
    from fcd_torch import FCD
    from fcd_torch.utils import get_one_hot

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = FCD(device=device, canonize=False).model.to(device)
    made = []
    # Threads of a recurrent net wait for each other at every step: on a busy machine two take many
    # times as long as one, on an idle one they save little.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            for start in range(0, len(smiles), _BATCH):
                part = smiles[start : start + _BATCH]
                one_hot = np.stack([get_one_hot(text, _PADDING) for text in part])
                scaled = torch.from_numpy(one_hot / one_hot.shape[2]).float()
                made.append(model(scaled.transpose(1, 2).to(device)).cpu().numpy())
    finally:
        torch.set_num_threads(threads)
    return np.concatenate(made)
