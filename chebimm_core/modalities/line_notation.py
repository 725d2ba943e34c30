"""Line notations of a structure: SMILES, InChI and SELFIES, converted by RDKit and ``selfies``."""

from __future__ import annotations

import selfies
from rdkit import Chem, rdBase
from rdkit.Chem import Mol

from chebimm_core.domain.specs import ModalitySpec
from chebimm_core.errors import DataFormatError


def mol_from_smiles(smiles: str) -> Mol | None:
    """Reads a SMILES; None if it is empty, holds white space or RDKit rejects it.

    RDKit takes text after a space as a name and so accepts ``CCO nonsense``; here it does not.
    """
    if not smiles or any(c.isspace() for c in smiles):
        return None
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(smiles)


def smiles_from_mol(mol: Mol) -> str:
    """Canonical isomeric SMILES of RDKit."""
    return str(Chem.MolToSmiles(mol))


def why_rejected(smiles: str) -> str:
    """One line saying why :func:`mol_from_smiles` gives None, for reports."""
    if not smiles:
        return "the SMILES is empty"
    if any(c.isspace() for c in smiles):
        return "the SMILES holds white space"
    with rdBase.BlockLogs():
        unchecked = Chem.MolFromSmiles(smiles, sanitize=False)
        if unchecked is None:
            return "not readable as SMILES"
        problems = Chem.DetectChemistryProblems(unchecked)
    return str(problems[0].Message()) if problems else "rejected by RDKit"


def inchi_from_mol(mol: Mol) -> str:
    """Standard InChI (version 1S).

    Raises:
        DataFormatError: If InChI has no form for this structure (such as a dummy atom).
    """
    with rdBase.BlockLogs():
        inchi = str(Chem.MolToInchi(mol))
    if not inchi:
        raise DataFormatError("InChI cannot express this structure", value=smiles_from_mol(mol))
    return inchi


def mol_from_inchi(inchi: str) -> Mol | None:
    """Reads an InChI; None if it is not one."""
    if not inchi.startswith("InChI="):
        return None
    with rdBase.BlockLogs():
        return Chem.MolFromInchi(inchi)


def inchikey(inchi: str) -> str | None:
    """27-character InChIKey of an InChI; None for text that is none."""
    with rdBase.BlockLogs():
        return Chem.InchiToInchiKey(inchi) or None


def selfies_from_smiles(smiles: str) -> str | None:
    """SELFIES in the atom order of ``smiles``; None where SELFIES cannot express it.

    The default valence table of ``selfies`` refuses, for example, perchlorate and periodate.
    """
    try:
        return str(selfies.encoder(smiles))
    except (selfies.EncoderError, KeyError, IndexError):
        return None


def selfies_from_mol(mol: Mol) -> str:
    """SELFIES of the canonical SMILES.

    Raises:
        DataFormatError: If SELFIES cannot express the structure.
    """
    smiles = smiles_from_mol(mol)
    text = selfies_from_smiles(smiles)
    if not text:
        raise DataFormatError("SELFIES cannot express this structure", value=smiles)
    return text


def mol_from_selfies(text: str) -> Mol | None:
    """Reads a SELFIES; None if it is empty or holds an unknown symbol."""
    try:
        smiles = selfies.decoder(text)
    except (selfies.DecoderError, ValueError, KeyError, IndexError):
        return None
    return mol_from_smiles(smiles)


SPECS = (
    ModalitySpec(
        name="SMILES",
        title="SMILES",
        provenance="internal",
        carrier="text",
        order=1,
        column="SMILES",
        from_mol=smiles_from_mol,
        to_mol=mol_from_smiles,
        description="Atoms and bonds written as one line of text (Weininger 1988, "
        "doi:10.1021/ci00057a005).",
    ),
    ModalitySpec(
        name="InChI",
        title="InChI",
        provenance="internal",
        carrier="text",
        order=2,
        column="InChI",
        from_mol=inchi_from_mol,
        to_mol=mol_from_inchi,
        description="The IUPAC identifier: layers of formula, connections, hydrogens and stereo "
        "(Heller et al. 2015, doi:10.1186/s13321-015-0068-4).",
    ),
    ModalitySpec(
        name="SELFIES",
        title="SELFIES",
        provenance="internal",
        carrier="text",
        order=3,
        column="SELFIES",
        from_mol=selfies_from_mol,
        to_mol=mol_from_selfies,
        description="Tokens any sequence of which is a valid molecule (Krenn et al. 2020, "
        "doi:10.1088/2632-2153/aba947).",
    ),
)
