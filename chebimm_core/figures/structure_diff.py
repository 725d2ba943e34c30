"""Two molecules side by side: what they share, and what each has alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chebimm_core.figures import depict

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_TIMEOUT_S = 2
_MAX_ATOMS = 150
"""Heavy atoms of the larger molecule; the search for a common part grows exponentially."""


@dataclass(frozen=True, slots=True)
class StructureDiff:
    """Drawings of reference and output, aligned on their common part; the rest is marked."""

    reference: depict.Depiction
    output: depict.Depiction
    common_atoms: int
    """Heavy atoms of the largest common connected part; 0 if it was not searched."""
    reference_atoms: int
    output_atoms: int
    tanimoto: float | None
    """Morgan fingerprints, radius 2, 2,048 bits; None if one of the two is no molecule."""
    identical: bool
    """Equal standard InChI (canonical SMILES where InChI has no form for the structure)."""
    same_connectivity: bool
    """Equal first block of the InChIKey: only stereo, isotopes or protonation can differ."""
    remark: str
    """One sentence in words, for readers who do not see the drawings."""


def structure_diff(
    reference: str | None,
    output: str | None,
    *,
    dark: bool = False,
    width: int = 360,
    height: int = 260,
    timeout_s: int = _TIMEOUT_S,
) -> StructureDiff:
    """Compares two SMILES.

    Args:
        reference: What is right.
        output: What a model gave.
        dark: Colors for a dark page.
        width: Of each drawing, in pixels.
        height: Of each drawing, in pixels.
        timeout_s: Seconds for the search of the common part; after that the best part so far
            stands.
    """
    right, right_problem = depict.read(reference)
    given, given_problem = depict.read(output)
    if right is None or given is None:
        remark = (
            "The output is not a molecule"
            if given is None
            else "The reference is not a molecule RDKit can read"
        )
        return StructureDiff(
            reference=_one(right, right_problem, [], dark=dark, width=width, height=height),
            output=_one(given, given_problem, [], dark=dark, width=width, height=height),
            common_atoms=0,
            reference_atoms=right.GetNumAtoms() if right else 0,
            output_atoms=given.GetNumAtoms() if given else 0,
            tanimoto=None,
            identical=False,
            same_connectivity=False,
            remark=remark,
        )
    pairs, searched = _common(right, given, timeout_s)
    _align(right, given, pairs)
    right_rest = sorted(set(range(right.GetNumAtoms())) - {a for a, _ in pairs})
    given_rest = sorted(set(range(given.GetNumAtoms())) - {b for _, b in pairs})
    if not searched:
        right_rest, given_rest = [], []
    identical, connected = _same(right, given)
    return StructureDiff(
        reference=_one(right, None, right_rest, dark=dark, width=width, height=height),
        output=_one(given, None, given_rest, dark=dark, width=width, height=height),
        common_atoms=len(pairs),
        reference_atoms=right.GetNumAtoms(),
        output_atoms=given.GetNumAtoms(),
        tanimoto=_tanimoto(right, given),
        identical=identical,
        same_connectivity=connected,
        remark=_remark(
            right, given, searched=searched, common=len(pairs), same=(identical, connected)
        ),
    )


def _one(
    molecule: Mol | None,
    problem: str | None,
    atoms: list[int],
    *,
    dark: bool,
    width: int,
    height: int,
) -> depict.Depiction:
    if molecule is None:
        return depict.Depiction(None, problem)
    svg = depict.draw(
        molecule,
        dark=dark,
        width=width,
        height=height,
        atoms=atoms,
        bonds=depict.bonds_within(molecule, atoms),
    )
    return depict.Depiction(svg, None)


def _common(right: Mol, given: Mol, timeout_s: int) -> tuple[list[tuple[int, int]], bool]:
    """Pairs (atom of ``right``, atom of ``given``), and whether the search was made at all."""
    from rdkit import Chem
    from rdkit.Chem import rdFMCS

    if max(right.GetNumAtoms(), given.GetNumAtoms()) > _MAX_ATOMS:
        return [], False
    if right.GetNumAtoms() == given.GetNumAtoms():
        whole = given.GetSubstructMatch(right)
        if whole:
            return list(enumerate(whole)), True
    found = rdFMCS.FindMCS(
        [right, given],
        timeout=max(1, timeout_s),
        ringMatchesRingOnly=True,
        completeRingsOnly=True,
        atomCompare=rdFMCS.AtomCompare.CompareElements,
        bondCompare=rdFMCS.BondCompare.CompareOrder,
    )
    pattern = Chem.MolFromSmarts(found.smartsString) if found.smartsString else None
    if pattern is None:
        return [], True
    a, b = right.GetSubstructMatch(pattern), given.GetSubstructMatch(pattern)
    return (list(zip(a, b, strict=True)), True) if len(a) == len(b) else ([], True)


def _align(right: Mol, given: Mol, pairs: list[tuple[int, int]]) -> None:
    """Gives both molecules coordinates, the common part in the same place."""
    from rdkit.Chem import rdDepictor

    rdDepictor.Compute2DCoords(right)
    if len(pairs) < 3:
        rdDepictor.Compute2DCoords(given)
        return
    try:
        rdDepictor.GenerateDepictionMatching2DStructure(given, right, atomMap=pairs)
    except (ValueError, RuntimeError):  # a drawing turned differently still shows the difference
        rdDepictor.Compute2DCoords(given)


def _same(right: Mol, given: Mol) -> tuple[bool, bool]:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        inchis = [Chem.MolToInchi(m) for m in (right, given)]
        keys = [Chem.InchiToInchiKey(i) if i else "" for i in inchis]
    if not all(inchis):  # InChI has no form for dummy atoms; canonical SMILES decide
        equal = Chem.MolToSmiles(right) == Chem.MolToSmiles(given)
        return equal, equal
    return inchis[0] == inchis[1], keys[0][:14] == keys[1][:14]


def _tanimoto(right: Mol, given: Mol) -> float:
    from rdkit import DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    a, b = (generator.GetFingerprint(m) for m in (right, given))
    return float(DataStructs.TanimotoSimilarity(a, b))


def _remark(right: Mol, given: Mol, *, searched: bool, common: int, same: tuple[bool, bool]) -> str:
    identical, connected = same
    if identical:
        return "The same molecule (equal InChI)"
    if connected:
        return "Same atoms and connections; stereochemistry, isotopes or protonation differ"
    if not searched:
        return f"Above {_MAX_ATOMS} heavy atoms the common part is not searched for"
    n_right, n_given = right.GetNumAtoms(), given.GetNumAtoms()
    return (
        f"The largest common part has {common} of {n_right} reference atoms "
        f"and of {n_given} output atoms"
    )
