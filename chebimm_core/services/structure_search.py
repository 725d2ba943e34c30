"""Molecules of a data set that resemble a structure, or contain it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chebimm_core.analysis.exposure import N_WORDS, packed_fingerprints, tanimoto
from chebimm_core.domain.structure_hits import SimilarMolecules, StructureHit, SubstructureMatches
from chebimm_core.errors import SettingError, StoreError
from chebimm_core.modalities.line_notation import mol_from_smiles, smiles_from_mol, why_rejected
from chebimm_core.services.structure_matcher import MatchingProcess
from chebimm_core.services.structure_pack import build, load_structures
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.structure_index import StructureIndex, load

__all__ = [
    "MatchingProcess",
    "build",
    "canonical",
    "is_built",
    "matcher",
    "similar",
    "substructure",
]

MAX_LENGTH = 4_000
"""Characters of a SMILES."""
BUDGET_S = 0.2
"""Time a search may count on; with drawing begun it is answered within 0.3 s."""
TIMEOUT_S = 2.0
"""A single molecule that takes longer ends the search."""


def is_built(settings: Settings, dataset: str) -> bool:
    """Whether a whole index of this version of the data set is kept.

    Raises:
        NotFoundError: If there is no data set of that name.
    """
    structures = load_structures(StructureIndex(settings.store).path(dataset))
    return structures is not None and len(structures.sizes) == len(_readable(settings, dataset))


def canonical(smiles: str) -> str:
    """Canonical SMILES.

    Raises:
        SettingError: If RDKit rejects it, saying why.
    """
    text = smiles.strip()
    molecule = mol_from_smiles(text) if len(text) <= MAX_LENGTH else None
    if molecule is None or not molecule.GetNumAtoms():
        why = why_rejected(text) if len(text) <= MAX_LENGTH else "it is too long"
        raise SettingError(
            "This is not a valid structure",
            value=text[:200],
            allowed=f"a SMILES of at most {MAX_LENGTH:,} characters; {why}",
        )
    return smiles_from_mol(molecule)


def similar(
    settings: Settings, dataset: str, smiles: str, *, cutoff: float = 0.0, limit: int = 24
) -> SimilarMolecules:
    """Molecules of all splits by Tanimoto similarity (Morgan, radius 2, 2,048 bits).

    Args:
        settings: Where the store is.
        dataset: Data set to search; :func:`build` its index first.
        smiles: The query.
        cutoff: In [0, 1]; less similar molecules are left out.
        limit: At most this many hits.

    Raises:
        SettingError: If RDKit rejects the SMILES, or ``cutoff`` or ``limit`` is out of range.
        StoreError: If there is no index.
    """
    _check(limit)
    if not 0 <= cutoff <= 1:
        raise SettingError("The cut-off is a similarity", value=cutoff, allowed="0 to 1")
    query = canonical(smiles)
    arrays = load(StructureIndex(settings.store).path(dataset), ("fingerprints",))
    fingerprints = None if arrays is None else arrays["fingerprints"]
    molecules = _readable(settings, dataset)
    if fingerprints is None or fingerprints.shape != (len(molecules), N_WORDS):
        raise _no_index(dataset)
    similarity = tanimoto(packed_fingerprints([query])[0], fingerprints)
    above = np.flatnonzero(similarity >= cutoff)
    # A stable order: among equals the query itself, then the order of the file.
    itself = (molecules["canonical_smiles"] == query).to_numpy()
    order = above[np.lexsort((above, ~itself[above], -similarity[above]))][:limit]
    hits = _hits(molecules, order.tolist(), similarity=similarity[order].tolist())
    return SimilarMolecules(query, hits, n_above=len(above), n_compared=len(molecules))


def matcher(settings: Settings, dataset: str) -> MatchingProcess:
    """A process that holds the molecules in memory; start-up takes seconds, so keep it.

    Raises:
        NotFoundError: If there is no data set of that name.
        StoreError: If there is no index.
    """
    process = MatchingProcess(StructureIndex(settings.store).path(dataset))
    process.start()
    return process


def substructure(
    settings: Settings,
    dataset: str,
    pattern: str,
    *,
    process: MatchingProcess,
    smarts: bool = False,
    limit: int = 24,
    budget_s: float = BUDGET_S,
    timeout_s: float = TIMEOUT_S,
) -> SubstructureMatches:
    """Molecules of all splits that contain a pattern, smallest first.

    Args:
        settings: Where the store is.
        dataset: Data set to search.
        pattern: A SMARTS, or a SMILES (hydrogens and stereo free).
        process: Of :func:`matcher`, for the same data set.
        smarts: Reads what is valid as both as a SMARTS.
        limit: At most this many hits; the others are counted as long as time is left.
        budget_s: Time to search.
        timeout_s: After so long the search is ended by force, with what was found until then.

    Raises:
        SettingError: If the pattern cannot be read, saying why.
        StoreError: If there is no index.
    """
    _check(limit)
    raw = process.ask(
        pattern,
        smarts=smarts,
        limit=limit,
        budget_s=budget_s,
        timeout_s=max(timeout_s, budget_s + 1.0),
    )
    molecules = _readable(settings, dataset)
    if raw.rows and max(raw.rows) >= len(molecules):
        raise _no_index(dataset)
    return SubstructureMatches(
        read_as=raw.read_as,
        hits=_hits(molecules, raw.rows, atoms=raw.atoms),
        n_found=raw.n_found,
        exact=raw.exact,
        stopped=raw.stopped,
        n_searched=len(molecules),
        seconds=raw.seconds,
    )


def _check(limit: int) -> None:
    if limit < 1:
        raise SettingError("The number of hits must be positive", value=limit)


def _no_index(dataset: str) -> StoreError:
    return StoreError(
        "There is no search index of this data set, or an outdated one",
        value=dataset,
        do="Make it: the Molecule page does so on the first search",
    )


def _readable(settings: Settings, dataset: str) -> pd.DataFrame:
    """Molecules the index holds, in its order."""
    columns = ["split", "IUPAC", "canonical_smiles"]
    molecules = DatasetStore(settings.store).molecules(dataset, columns)
    return molecules[molecules["canonical_smiles"].notna()]


def _hits(
    molecules: pd.DataFrame,
    rows: Sequence[int],
    *,
    similarity: Sequence[float] = (),
    atoms: Sequence[tuple[int, ...]] = (),
) -> tuple[StructureHit, ...]:
    found = molecules.iloc[list(rows)]
    return tuple(
        StructureHit(
            cid=str(row.cid),
            split=str(row.split),
            name=row.IUPAC if isinstance(row.IUPAC, str) and row.IUPAC.strip() else None,
            canonical_smiles=str(row.canonical_smiles),
            similarity=float(similarity[k]) if similarity else None,
            atoms=atoms[k] if atoms else (),
        )
        for k, row in enumerate(found.itertuples(index=False))
    )
