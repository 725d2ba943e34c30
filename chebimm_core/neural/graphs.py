"""Molecules as tensors: whole-number features of atoms and bonds, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from chebimm_core.modalities.line_notation import mol_from_smiles

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Bond

_ELEMENTS = (1, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 19, 20, 26, 30, 33, 34, 35, 53)
ATOM_SIZES = (len(_ELEMENTS) + 1, 8, 9, 6, 9, 2, 2, 4)
"""Values of: element (rare ones together), degree, charge, hydrogens, hybridization, aromatic, in a
ring, chirality."""
BOND_SIZES = (5, 7, 2, 2)
"""Values of: type, stereo, conjugated, in a ring."""


@dataclass(frozen=True, slots=True)
class Graph:
    """One molecule."""

    atoms: NDArray[np.float32]
    """(n, a) one 1 for each feature, in the order of RDKit's atoms."""
    edges: NDArray[np.int64]
    """(2, 2 b) from and to, each bond in both directions."""
    bonds: NDArray[np.float32]
    """(2 b, b') one 1 for each feature of the edges."""


@dataclass(frozen=True, slots=True)
class GraphBatch:
    """Molecules side by side as one graph without edges between them."""

    atoms: torch.Tensor
    """(N, a)."""
    edges: torch.Tensor
    """(2, E)."""
    bonds: torch.Tensor
    """(E, b)."""
    sizes: torch.Tensor
    """(B,) atoms of each molecule."""


def graph_from_smiles(smiles: str) -> Graph | None:
    """The graph of a SMILES; None if RDKit rejects it or it has no atom."""
    molecule = mol_from_smiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    atoms = [_atom(a) for a in molecule.GetAtoms()]
    ends, bonds = [], []
    for bond in molecule.GetBonds():
        i, j, features = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _bond(bond)
        ends += [(i, j), (j, i)]
        bonds += [features, features]
    return Graph(
        _marked(atoms, ATOM_SIZES),
        np.array(ends, dtype=np.int64).reshape(-1, 2).T,
        _marked(bonds, BOND_SIZES),
    )


def batch_graphs(graphs: Sequence[Graph], device: torch.device) -> GraphBatch:
    """Puts molecules side by side."""
    sizes = np.array([len(g.atoms) for g in graphs], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    edges = np.concatenate([g.edges + o for g, o in zip(graphs, offsets, strict=True)], axis=1)

    def tensor(array: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    return GraphBatch(
        atoms=tensor(np.concatenate([g.atoms for g in graphs])),
        edges=tensor(edges),
        bonds=tensor(np.concatenate([g.bonds for g in graphs])),
        sizes=tensor(sizes),
    )


def _atom(atom: Atom) -> tuple[int, ...]:
    number = atom.GetAtomicNum()
    element = _ELEMENTS.index(number) + 1 if number in _ELEMENTS else 0
    found = (
        element,
        atom.GetDegree(),
        atom.GetFormalCharge() + 4,
        atom.GetTotalNumHs(),
        int(atom.GetHybridization()),
        int(atom.GetIsAromatic()),
        int(atom.IsInRing()),
        int(atom.GetChiralTag()),
    )
    return _clipped(found, ATOM_SIZES)


def _bond(bond: Bond) -> tuple[int, ...]:
    kinds = {1.0: 1, 2.0: 2, 3.0: 3, 1.5: 4}
    found = (
        kinds.get(bond.GetBondTypeAsDouble(), 0),
        int(bond.GetStereo()),
        int(bond.GetIsConjugated()),
        int(bond.IsInRing()),
    )
    return _clipped(found, BOND_SIZES)


def _marked(rows: list[tuple[int, ...]], sizes: tuple[int, ...]) -> NDArray[np.float32]:
    """(n, f) values -> (n, sum of sizes) with a 1 for each; a product is faster than look-ups."""
    marks = np.zeros((len(rows), sum(sizes)), dtype=np.float32)
    if rows:
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        np.put_along_axis(marks, np.array(rows) + starts, 1.0, axis=1)
    return marks


def _clipped(values: tuple[int, ...], sizes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(min(max(v, 0), s - 1) for v, s in zip(values, sizes, strict=True))


def owners(sizes: torch.Tensor) -> torch.Tensor:
    """(N,) which molecule each atom belongs to."""
    return torch.repeat_interleave(torch.arange(len(sizes), device=sizes.device), sizes)
