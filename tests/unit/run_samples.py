"""A data set small enough to score in milliseconds, and files of outputs for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from rdkit import Chem

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DATASET = "small"

_MOLECULES = [
    ("702", "test", "CCO", "The molecule is a primary alcohol with two carbons.", "ethanol"),
    ("887", "test", "CO", "The molecule is the smallest alcohol.", "methanol"),
    ("176", "test", "CC(=O)O", "The molecule is the acid of vinegar.", "acetic acid"),
    ("241", "test", "c1ccccc1", "The molecule is an aromatic ring.", "benzene"),
    ("5281168", "test", r"CC/C=C\CCO", "The molecule is a leaf alcohol.", "(Z)-hex-3-en-1-ol"),
    ("6287", "test", "CC(C)[C@@H](C(=O)O)N", "The molecule is an amino acid, L form.", "L-valine"),
    ("71563", "test", "CC(C)[C@H](C(=O)O)N", "The molecule is an amino acid, D form.", "D-valine"),
    ("297", "test", "C", "The molecule is an alkane.", None),
    ("6324", "validation", "CC", "The molecule is an alkane with two carbons.", "ethane"),
    ("6334", "validation", "CCC", "The molecule is an alkane with three carbons.", "propane"),
    ("7843", "train", "CCCC", "The molecule is an alkane with four carbons.", "butane"),
]  # fmt: skip


def molecules() -> pd.DataFrame:
    rows = []
    for cid, split, smiles, caption, name in _MOLECULES:
        mol = Chem.MolFromSmiles(smiles)
        rows.append(
            {
                "cid": cid,
                "split": split,
                "SMILES": smiles,
                "InChI": Chem.MolToInchi(mol),
                "SELFIES": None,
                "IUPAC": name,
                "caption": caption,
                "canonical_smiles": Chem.MolToSmiles(mol),
                "inchikey": Chem.MolToInchiKey(mol),
                "scaffold": "",
                "regenerated": "",
                "problem": None,
                "xlogp": float(mol.GetNumAtoms()),
            }
        )
    return pd.DataFrame(rows)


def settings_with_data(root: Path) -> Settings:
    """Settings whose store holds the data set ``small``."""
    settings = Settings.from_env(
        {"CHEBIMM_STORE": str(root / "store"), "CHEBIMM_CACHE": str(root / "cache")}
    )
    frame = molecules()
    header = DatasetHeader(
        name=DATASET,
        title="Small",
        synthetic=True,
        source="tests",
        license="Apache-2.0",
        citation="none",
        content_hash="0" * 64,
        imported=NOW,
        splits={k: int(v) for k, v in frame["split"].value_counts().items()},
        properties=("xlogp",),
        coverage=(),
        issues=(),
    )
    DatasetStore(settings.store).write(header, frame)
    return settings


def split_rows() -> list[tuple[str, str, str]]:
    """(cid, SMILES, caption) of the test split."""
    return [(c, s, t) for c, split, s, t, _ in _MOLECULES if split == "test"]
