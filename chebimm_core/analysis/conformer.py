"""Coordinates in space: distance geometry, then a force field.

ETKDGv3: Riniker and Landrum 2015, doi:10.1021/acs.jcim.5b00654; Wang et al. 2020,
doi:10.1021/acs.jcim.0c00025. MMFF94s: Halgren 1999.
"""

from __future__ import annotations

import numpy as np

from chebimm_core.domain.report import Conformer
from chebimm_core.errors import ChebiMMError
from chebimm_core.modalities.line_notation import mol_from_smiles

MAX_ATOMS = 120
"""Heavy atoms; beyond, an embedding takes longer than a reader waits."""
_MMFF_STEPS = 400


def embed(smiles: str, *, seed: int = 0, timeout_s: int = 8) -> Conformer:
    """One seeded conformer with hydrogens.

    Args:
        smiles: The molecule.
        seed: Of the embedding.
        timeout_s: Seconds for each connected part; the force field is bounded by steps.

    Raises:
        ChebiMMError: If the text is no molecule, the molecule is too large, or no arrangement
            was found in time.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

    molecule = mol_from_smiles(smiles)
    if molecule is None:
        raise ChebiMMError("There is no valid structure to arrange in space", value=smiles)
    n_heavy = molecule.GetNumHeavyAtoms()
    if n_heavy > MAX_ATOMS:
        raise ChebiMMError(
            f"The molecule has {n_heavy} heavy atoms; no 3D arrangement is computed",
            allowed=f"at most {MAX_ATOMS} heavy atoms",
        )
    with rdBase.BlockLogs():
        full = Chem.AddHs(molecule)
        options = rdDistGeom.ETKDGv3()
        options.randomSeed = seed
        options.timeout = timeout_s
        options.useRandomCoords = n_heavy > 40
        if rdDistGeom.EmbedMolecule(full, options) != 0:
            options.useRandomCoords = True
            options.useBasicKnowledge = False
            if rdDistGeom.EmbedMolecule(full, options) != 0:
                raise ChebiMMError(
                    "No 3D arrangement was found",
                    value=smiles,
                    do="Look at the 2D drawing; dummy atoms and strained cages often have none",
                )
        method = f"ETKDGv3, seed {seed}"
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(full):
            rdForceFieldHelpers.MMFFOptimizeMolecule(
                full, mmffVariant="MMFF94s", maxIters=_MMFF_STEPS
            )
            method += ", then MMFF94s"
    return Conformer(
        elements=tuple(atom.GetSymbol() for atom in full.GetAtoms()),
        positions=np.asarray(full.GetConformer().GetPositions(), dtype=np.float64),
        bonds=tuple((b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in full.GetBonds()),
        method=method,
    )
