"""What a search by structure gives. In memory only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ReadAs = Literal["SMILES", "SMARTS"]


@dataclass(frozen=True, slots=True)
class StructureHit:
    """One molecule of the data set searched."""

    cid: str
    split: str
    name: str | None
    """IUPAC name, None if the data set has none."""
    canonical_smiles: str
    similarity: float | None = None
    """Tanimoto coefficient in [0, 1]; None in a substructure search."""
    atoms: tuple[int, ...] = ()
    """Matched atoms, in the order of ``canonical_smiles``; empty in a similarity search."""


@dataclass(frozen=True, slots=True)
class SimilarMolecules:
    """The molecules most similar to a query, nearest first."""

    query: str
    """Canonical SMILES."""
    hits: tuple[StructureHit, ...]
    n_above: int
    """Molecules at or above the cut-off, shown or not."""
    n_compared: int


@dataclass(frozen=True, slots=True)
class SubstructureMatches:
    """The molecules that contain a pattern, smallest first."""

    read_as: ReadAs
    hits: tuple[StructureHit, ...]
    n_found: int
    """Molecules found to contain it; the exact number if ``exact``, else at least that many."""
    exact: bool
    """True if every molecule was decided."""
    stopped: bool
    """True if one molecule took so long that the search was ended by force."""
    n_searched: int
    """Molecules the data set offers."""
    seconds: float
    """Wall time, starting the matching process not counted."""
