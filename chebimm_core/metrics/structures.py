"""Structures behind SMILES: parsed once, with fingerprints, InChI and canonical SMILES.

Fingerprints of the published protocol: MACCS keys (166), RDKit path fingerprint (2,048 bits,
default parameters) and the Morgan COUNT fingerprint of radius 2, unfolded. None of them sees
stereochemistry, so molecules with one graph share them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import Mol, rdFingerprintGenerator, rdMolDescriptors

FINGERPRINTS = ("maccs", "rdk", "morgan")

_LONGEST_SMILES = 10_000
_HYDROGEN_OR_CHARGE = re.compile(r"H(?![a-z])\d*|[+-]\d*$")
_ISOTOPE_OR_EXTENSION = re.compile(r"\[\d|\s")
"""What a SMILES may hold that its plain graph does not and a fingerprint may see."""

_BLOCK = 500
_MOST_GRAPHS = 20_000
"""Graphs whose fingerprints are remembered, some 4 KB each."""

Fingerprints = dict[str, Any]


@dataclass(slots=True)
class Structure:
    """A molecule that RDKit accepts. Derived forms are made when first asked for."""

    mol: Mol
    plain: bool
    """Whether the SMILES names no isotope and carries no extension after a space."""
    fingerprints: Fingerprints = field(default_factory=dict)
    """By name of :data:`FINGERPRINTS`; one object for all structures with the same graph."""
    _formula: str | None = None
    _inchi: str | None = None
    _canonical: str | None = None
    _graph: str | None = None

    @property
    def heavy_formula(self) -> str:
        """Molecular formula without hydrogen and charge."""
        if self._formula is None:
            formula = rdMolDescriptors.CalcMolFormula(self.mol)
            self._formula = _HYDROGEN_OR_CHARGE.sub("", formula)
        return self._formula

    @property
    def inchi(self) -> str:
        """Standard InChI; empty where InChI has no name for the structure."""
        if self._inchi is None:
            with rdBase.BlockLogs():
                self._inchi = Chem.MolToInchi(self.mol)
        return self._inchi

    @property
    def canonical(self) -> str:
        """RDKit canonical isomeric SMILES."""
        if self._canonical is None:
            self._canonical = Chem.MolToSmiles(self.mol)
        return self._canonical

    @property
    def graph(self) -> str:
        """Canonical SMILES without stereochemistry; empty where it would leave out isotopes."""
        if self._graph is None:
            self._graph = Chem.MolToSmiles(self.mol, isomericSmiles=False) if self.plain else ""
        return self._graph

    def same_molecule(self, other: Structure) -> bool:
        """Whether the standard InChIs are equal; they are made only for equal heavy atoms."""
        if self.heavy_formula != other.heavy_formula:
            return False
        return bool(self.inchi) and self.inchi == other.inchi


def read(smiles: str) -> Structure | None:
    """Parses a SMILES as RDKit does (text after a space is a name); None if it is not one.

    The empty text is a molecule without atoms, as in the published protocol: valid, similar to
    nothing. More than 10,000 characters count as not valid.
    """
    if (smiles and not smiles.strip()) or len(smiles) > _LONGEST_SMILES:
        return None
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or (smiles and not mol.GetNumAtoms()):
        return None
    return Structure(mol, plain=_ISOTOPE_OR_EXTENSION.search(smiles) is None)


def add_fingerprints(
    structures: Sequence[Structure],
    names: Sequence[str],
    workers: int,
    known: dict[str, Fingerprints],
) -> None:
    """Computes the fingerprints that are not there yet, once for each graph.

    Args:
        structures: Changed in place.
        names: Of :data:`FINGERPRINTS`.
        workers: Threads, for the kinds that RDKit computes outside the interpreter.
        known: Graph -> its fingerprints so far; extended, and the oldest dropped beyond 20,000.
    """
    if not names:
        return
    for structure in structures:
        if structure.graph:
            structure.fingerprints = known.setdefault(structure.graph, structure.fingerprints)
    distinct = list({id(s.fingerprints): s for s in structures}.values())
    for graph in list(known)[: max(0, len(known) - _MOST_GRAPHS)]:
        del known[graph]
    for name in names:
        todo = [s for s in distinct if name not in s.fingerprints]
        for start in range(0, len(todo), _BLOCK):
            part = todo[start : start + _BLOCK]
            made = _MAKERS[name]([s.mol for s in part], workers)
            for structure, fingerprint in zip(part, made, strict=True):
                structure.fingerprints[name] = fingerprint


def _maccs(mols: list[Mol], workers: int) -> Sequence[Any]:
    return [rdMolDescriptors.GetMACCSKeysFingerprint(mol) for mol in mols]


def _rdk(mols: list[Mol], workers: int) -> Sequence[Any]:
    generator = rdFingerprintGenerator.GetRDKitFPGenerator()
    found: Sequence[Any] = generator.GetFingerprints(mols, numThreads=workers)
    return found


def _morgan(mols: list[Mol], workers: int) -> Sequence[Any]:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2)
    found: Sequence[Any] = generator.GetSparseCountFingerprints(mols, numThreads=workers)
    return found


_MAKERS: dict[str, Callable[[list[Mol], int], Sequence[Any]]] = {
    "maccs": _maccs,
    "rdk": _rdk,
    "morgan": _morgan,
}
