"""Structural classes a chemist sorts molecules by, as SMARTS; a molecule may be of several."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from chebimm_core.modalities.line_notation import mol_from_smiles

CLASSES = {
    "carboxylic acid": "[CX3](=O)[OX2H1,OX1-]",
    "ester": "[#6][CX3](=O)[OX2][#6]",
    "amide": "[NX3][CX3](=O)[#6]",
    "amine": "[NX3,NX4+;!$(N[C,S,P]=[O,S,N]);!$(N=*);!$(N#*)][CX4,c]",
    "alcohol": "[OX2H][CX4]",
    "phenol": "[OX2H]c",
    "ketone": "[#6][CX3](=O)[#6]",
    "ether": "[OX2]([#6;!$(C=[O,N,S])])[#6;!$(C=[O,N,S])]",
    "halide": "[F,Cl,Br,I][#6]",
    "phosphate": "[PX4](=O)([OX2,OX1-])[OX2,OX1-]",
    "sulfur compound": "[#16]",
    "aromatic": "a",
    "peptide": "[NX3][CX4][CX3](=O)[NX3][CX4][CX3](=O)",
    "sugar": "[CX4;R]([OX2])[CX4;R]([OX2])[CX4;R]([OX2])",
    "long chain": "[CH2][CH2][CH2][CH2][CH2][CH2][CH2][CH2]",
    "steroid": "[#6]1~[#6]~[#6]~[#6]2~[#6](~[#6]~1)~[#6]~[#6]~[#6]1~[#6]~2~[#6]~[#6]~[#6]2~[#6]~"
    "[#6]~[#6]~[#6]~1~2",
}
"""Class -> SMARTS that every molecule of it matches."""


def members(smiles: Iterable[str | None], name: str) -> list[bool]:
    """Which structures are of a class; False for one RDKit rejects.

    Args:
        smiles: Structures.
        name: A key of :data:`CLASSES`.
    """
    query = pattern(CLASSES[name])
    found = []
    for text in smiles:
        molecule = mol_from_smiles(text) if text else None
        found.append(molecule is not None and molecule.HasSubstructMatch(query))
    return found


@lru_cache(maxsize=256)
def pattern(smarts: str) -> Any:
    """The query of a SMARTS; kept, as one is asked of many molecules."""
    from rdkit import Chem

    return Chem.MolFromSmarts(smarts)
