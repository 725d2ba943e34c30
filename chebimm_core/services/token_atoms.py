"""The atoms a token names: of a SMILES directly, of a name by what its word means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chebimm_core.errors import ChebiMMError
from chebimm_core.modalities import opsin
from chebimm_core.modalities.line_notation import mol_from_smiles
from chebimm_core.runner.parts import notation_parts
from chebimm_core.services.structure_classes import pattern
from chebimm_core.settings import Settings

GROUPS = {
    "fluoro": "[F]", "chloro": "[Cl]", "bromo": "[Br]", "iodo": "[I]", "hydroxy": "[OX2H]",
    "oxo": "[OX1]=[#6]", "amino": "[NX3;H2,H1][#6]", "amine": "[NX3,NX4+]", "nitro": "[N+](=O)[O-]",
    "cyano": "C#N", "nitrile": "C#N", "carbonitrile": "C#N", "azido": "[N]=[N+]=[N-]",
    "methyl": "[CH3]", "ethyl": "[CH3][CH2]", "propyl": "[CH3][CH2][CH2]",
    "methoxy": "[CH3][OX2]", "ethoxy": "[CH3][CH2][OX2]", "phenyl": "c1ccccc1",
    "benzyl": "[CH2]c1ccccc1", "acetyl": "[CH3]C(=O)", "acetate": "[CH3]C(=O)[O]",
    "acetamido": "[CH3]C(=O)[NX3]", "acetamide": "CC(=O)[NX3]", "formyl": "[CX3H1](=O)",
    "carbaldehyde": "[CX3H1](=O)", "carboxy": "C(=O)[OX2H1,OX1-]",
    "carboxylic": "C(=O)[OX2H1,OX1-]", "carboxylate": "C(=O)[OX2,OX1-]", "oate": "C(=O)[OX2,OX1-]",
    "oic": "C(=O)[OX2H1,OX1-]", "carboxamide": "C(=O)[NX3]", "carbamoyl": "C(=O)[NX3]",
    "amide": "C(=O)[NX3]", "thiol": "[SX2H]", "sulfanyl": "[SX2]", "sulfonyl": "S(=O)(=O)",
    "sulfonamide": "S(=O)(=O)[NX3]", "sulfonic": "S(=O)(=O)[OX2H,OX1-]",
    "sulfooxy": "OS(=O)(=O)[OX2H,OX1-]", "sulfate": "OS(=O)(=O)[O]",
    "phosphate": "P(=O)([O])[O]", "phospho": "P(=O)([O])[O]", "phosphono": "P(=O)([O])[O]",
    "phosphonooxy": "OP(=O)([O])[O]", "phosphoryl": "P(=O)",
    "hydroxyphosphoryl": "P(=O)[OX2H,OX1-]",
    "trifluoromethyl": "C(F)(F)F", "one": "[#6]=[OX1]", "ol": "[OX2H]", "olate": "[OX1-]",
    "imidazol": "c1cnc[nH,n]1",
}  # fmt: skip
"""Words of names -> the group they name, as SMARTS."""

_SMALLEST_RING_NAME = 4
"""Letters; shorter words name too much."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where a token stands in a structure."""

    atoms: tuple[int, ...]
    """Indices in SMILES order; empty where it cannot be said."""
    how: str
    """How they were found, or why they were not, in one clause."""


def locate(
    settings: Settings,
    smiles: str,
    modality: str,
    token: str,
    spans: Sequence[tuple[int, int]] = (),
) -> Located:
    """The atoms of a structure that a token of its input names.

    A SMILES token is its atoms. A word of a name is looked up among groups, else read by OPSIN as a
    parent ring; every place it matches is marked, as a name does not say which. Words of captions
    and symbols of other notations name no atoms.

    Args:
        settings: Where OPSIN is.
        smiles: The structure that is drawn; for SMILES tokens the input itself.
        modality: Of the input.
        token: As the tokenizer writes it.
        spans: Where it stands in the input; for SMILES.
    """
    if modality == "SMILES":
        atoms = [
            a
            for part in notation_parts(smiles, "SMILES")
            if part.start is not None and any(s <= part.start < e for s, e in spans)
            for a in part.atoms
        ]
        return Located(tuple(atoms), "its own atoms" if atoms else "the token is no atom")
    if modality != "IUPAC":
        return Located((), f"a token of {modality} names no atoms")
    molecule = mol_from_smiles(smiles)
    if molecule is None:
        return Located((), "RDKit rejects the structure")
    word = token.lower().strip("#▁Ġ-")
    if word in GROUPS:
        return _matched(molecule, pattern(GROUPS[word]), "all groups of that name")
    ring = _ring(settings, word)
    if ring is None:
        return Located((), "neither a known group nor a ring OPSIN can read")
    return _matched(molecule, ring, "the ring system OPSIN reads from the word")


def _matched(molecule: Any, query: Any, how: str) -> Located:
    atoms = sorted({a for match in molecule.GetSubstructMatches(query) for a in match})
    return Located(tuple(atoms), how if atoms else "what the word names is not in the structure")


@lru_cache(maxsize=512)
def _ring(settings: Settings, word: str) -> Any:
    """Ring system of a parent name (``quinolin`` as ``quinoline``), of any saturation."""
    if len(word) < _SMALLEST_RING_NAME or not word.isalpha():
        return None
    from rdkit.Chem import AdjustQueryParameters, AdjustQueryProperties

    try:
        read = opsin.smiles_from_names([word, f"{word}e", f"{word}ane"])
    except ChebiMMError:
        return None
    for found in read:
        molecule = mol_from_smiles(found) if found else None
        if molecule is not None and molecule.GetRingInfo().NumRings():
            loose = AdjustQueryParameters.NoAdjustments()
            loose.makeBondsGeneric = True
            return AdjustQueryProperties(molecule, loose)
    return None
