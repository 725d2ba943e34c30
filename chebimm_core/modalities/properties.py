"""Numbers that belong to a molecule. RDKit's calculators stand in where a data set has none."""

from __future__ import annotations

from rdkit.Chem import Crippen, Mol, rdMolDescriptors

from chebimm_core.domain.specs import ModalitySpec


def crippen_logp(mol: Mol) -> float:
    """Octanol-water partition coefficient by atom contributions (Wildman & Crippen 1999).

    Returns:
        log10 of the coefficient, no unit. Stands in for ``xlogp``, which is XLogP3 in PubChem.
    """
    return round(float(Crippen.MolLogP(mol)), 2)


def polar_area(mol: Mol) -> float:
    """Topological polar surface area in square angstrom (Ertl et al. 2000, N and O only)."""
    return round(float(rdMolDescriptors.CalcTPSA(mol)), 1)


SPECS = (
    ModalitySpec(
        name="property",
        title="Property",
        provenance="external",
        carrier="vector",
        order=6,
        description="Numbers such as xlogp and the polar surface area. A molecule has this "
        "modality if it has every property of its data set.",
    ),
)
