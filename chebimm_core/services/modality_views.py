"""The eight forms of one molecule, and why one of them may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chebimm_core.domain.molecule import MoleculeRecord
from chebimm_core.domain.report import ModalityView
from chebimm_core.domain.specs import ModalitySpec
from chebimm_core.errors import ChebiMMError
from chebimm_core.modalities.line_notation import mol_from_smiles, why_rejected

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_BOND_SIGNS = {"SINGLE": "-", "DOUBLE": "=", "TRIPLE": "#", "AROMATIC": ":"}
_MAX_EDGES = 400


def view(spec: ModalitySpec, record: MoleculeRecord) -> ModalityView:
    """One modality of a molecule: its value, the tool that wrote it, or why it is missing."""
    value, made_by, missing = _value(spec, record)
    return ModalityView(
        name=spec.name,
        title=spec.title,
        provenance=spec.provenance,
        value=value,
        made_by=made_by,
        missing=missing,
    )


def _value(spec: ModalitySpec, record: MoleculeRecord) -> tuple[str | None, str | None, str | None]:
    """(value, the tool that wrote it, why it is missing) of one modality."""
    if spec.carrier == "vector":
        numbers = ", ".join(f"{name} {value:g}" for name, value in record.properties.items())
        return numbers or None, None, None if numbers else "The data set has no property for it"
    if spec.carrier == "text":
        return _text(spec, record)
    smiles = record.canonical_smiles or record.texts.get("SMILES", "")
    molecule = mol_from_smiles(smiles)
    if molecule is None:
        return None, None, f"The structure cannot be read: {why_rejected(smiles)}"
    return _edges(molecule) if spec.carrier == "graph" else None, "RDKit, from the SMILES", None


def _text(spec: ModalitySpec, record: MoleculeRecord) -> tuple[str | None, str | None, str | None]:
    if spec.name in record.texts:
        made_by = "a tool, because the file had none" if spec.name in record.regenerated else None
        return record.texts[spec.name], made_by, None
    if spec.provenance == "external" or spec.from_mol is None:
        return None, None, f"The data set has no {spec.title} for it, and no tool can write one"
    molecule = mol_from_smiles(record.canonical_smiles or "")
    if molecule is None:
        return None, None, f"The data set has no {spec.title} for it, and no readable structure"
    try:
        return spec.from_mol(molecule), "a tool, just now: the data set has none", None
    except ChebiMMError as error:
        return None, None, error.what


def _edges(molecule: Mol) -> str:
    """Counts, then every edge as ``C0-C1``."""
    bonds = list(molecule.GetBonds())
    edges = [
        f"{b.GetBeginAtom().GetSymbol()}{b.GetBeginAtomIdx()}"
        f"{_BOND_SIGNS.get(str(b.GetBondType()), '~')}"
        f"{b.GetEndAtom().GetSymbol()}{b.GetEndAtomIdx()}"
        for b in bonds[:_MAX_EDGES]
    ]
    more = " …" if len(bonds) > _MAX_EDGES else ""
    return f"{molecule.GetNumAtoms()} nodes, {len(bonds)} edges\n{' '.join(edges)}{more}".strip()
