"""How near a molecule is to what models were trained on: neighbors, skeletons, scaffolds."""

from __future__ import annotations

from typing import Any

import numpy as np

from chebimm_core.analysis.exposure import packed_fingerprints, tanimoto
from chebimm_core.domain.report import Exposure, TrainingNeighbor
from chebimm_core.errors import ChebiMMError, NotFoundError, SettingError
from chebimm_core.modalities.line_notation import (
    inchi_from_mol,
    inchikey,
    mol_from_smiles,
    why_rejected,
)
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.fingerprint_index import FingerprintIndex

NEIGHBORS = 10
_SHOWN = 5
_SKELETON = 14
"""Characters of an InChIKey that tell the connectivity."""


def of_structure(
    settings: Settings,
    dataset: str,
    smiles: str,
    *,
    cid: str | None = None,
    neighbors: int = NEIGHBORS,
) -> Exposure:
    """What of the training split is like a structure.

    Args:
        settings: Where the store is.
        dataset: Whose training molecules.
        smiles: The structure.
        cid: Of the molecule itself, which is left out; None if it is no molecule of the data set.
        neighbors: How many of the most similar ones.

    Raises:
        NotFoundError: If the data set does not exist, or has no other training molecule.
        SettingError: If RDKit rejects the SMILES.
    """
    molecule = mol_from_smiles(smiles)
    if molecule is None:
        raise SettingError(
            "This is not a valid structure", value=smiles, allowed=f"SMILES; {why_rejected(smiles)}"
        )
    from rdkit.Chem.Scaffolds import MurckoScaffold

    train, fingerprints = FingerprintIndex(settings.store).train(dataset, packed_fingerprints)
    scaffolds = DatasetStore(settings.store).molecules(dataset, ["scaffold"], split="train")
    kept = train[["cid", "canonical_smiles", "inchikey"]].merge(scaffolds, on="cid", how="left")
    others = kept["cid"].astype(str).to_numpy(dtype=str) != (cid or "")
    if not others.any():
        raise NotFoundError("The data set has no other molecule in its train split")
    similarity = np.where(others, tanimoto(packed_fingerprints([smiles])[0], fingerprints), -1.0)
    skeletons = kept["inchikey"].fillna("").astype(str).str[:_SKELETON].to_numpy(dtype=str)
    same = (skeletons == _skeleton(molecule)) & others
    scaffold = str(MurckoScaffold.MurckoScaffoldSmiles(mol=molecule))
    scaffolds_of = kept["scaffold"].fillna("").astype(str).to_numpy(dtype=str)
    family = (scaffolds_of == scaffold) & others & bool(scaffold)
    # Among equals, one with the same connections is the nearer one.
    order = np.lexsort((~same, -similarity))[: min(neighbors, int(others.sum()))]
    return Exposure(
        neighbors=tuple(
            TrainingNeighbor(
                cid=str(kept["cid"].iloc[k]),
                similarity=float(similarity[k]),
                same_connectivity=bool(same[k]),
                same_scaffold=bool(family[k]),
                canonical_smiles=str(kept["canonical_smiles"].iloc[k]),
            )
            for k in order
        ),
        same_connectivity=tuple(kept["cid"][same].astype(str)[:_SHOWN]),
        n_same_connectivity=int(same.sum()),
        scaffold=scaffold or None,
        same_scaffold=tuple(kept["cid"][family].astype(str)[:_SHOWN]),
        n_same_scaffold=int(family.sum()),
        n_training=int(others.sum()),
    )


def _skeleton(molecule: Any) -> str:
    """First block of the InChIKey; a word no molecule has where InChI cannot write it."""
    try:
        key = inchikey(inchi_from_mol(molecule))
    except ChebiMMError:
        key = None
    return key[:_SKELETON] if key else "none"
