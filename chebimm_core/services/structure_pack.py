"""The searchable form of a data set's molecules: made once a version, kept in the store's index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

from chebimm_core.analysis.substructure import PackedStructures, joined, pack
from chebimm_core.resources.orphans import end_with_parent
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.structure_index import StructureIndex, load

_CHUNK = 500
_WORTH_A_POOL = 3_000
"""Molecules above which starting processes pays."""
_NAMES = tuple(f.name for f in fields(PackedStructures))


def build(
    settings: Settings,
    dataset: str,
    *,
    workers: int = 2,
    progress: Callable[[float, str], None] | None = None,
) -> int:
    """Makes the index of a data set and keeps it.

    Args:
        settings: Where the store is.
        dataset: Name of the data set.
        workers: Processes; two take about 8 s for 33,000 molecules.
        progress: Told the share done and what is done.

    Returns:
        Molecules in the index.

    Raises:
        NotFoundError: If there is no data set of that name.
    """
    say = progress or (lambda share, text: None)
    molecules = DatasetStore(settings.store).molecules(dataset, ["canonical_smiles"])
    smiles = molecules["canonical_smiles"].dropna().tolist()
    say(0.0, f"Reading {len(smiles):,} structures")
    parts = []
    done = 0
    for part in _packed(smiles, workers):
        parts.append(part)
        done += len(part.sizes)
        say(done / len(smiles), f"Read {done:,} of {len(smiles):,} structures")
    structures = joined(parts or [pack([])])
    StructureIndex(settings.store).write(
        dataset, {name: getattr(structures, name) for name in _NAMES}
    )
    return len(smiles)


def load_structures(path: Path) -> PackedStructures | None:
    """What :func:`build` kept; None if it is absent or damaged."""
    arrays = load(path, _NAMES)
    if arrays is None:
        return None
    found = PackedStructures(**arrays)
    n = len(found.sizes)
    whole = (
        len(found.offsets) == n + 1
        and len(found.fingerprints) == len(found.patterns) == n
        and found.offsets[-1] == len(found.binaries)
        and bool((np.diff(found.offsets) >= 0).all())
    )
    return found if whole else None


def _packed(smiles: list[str], workers: int) -> Iterator[PackedStructures]:
    chunks: Iterable[list[str]] = [smiles[i : i + _CHUNK] for i in range(0, len(smiles), _CHUNK)]
    if workers < 2 or len(smiles) < _WORTH_A_POOL:
        yield from map(pack, chunks)
        return
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=workers, initializer=end_with_parent)
    try:
        yield from pool.map(pack, chunks)
    finally:
        # Nothing is left to do, or the user cancelled: then what is queued is not waited for.
        pool.shutdown(wait=True, kill_workers=True)
