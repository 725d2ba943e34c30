"""Molecules as counted fragments through a small perceptron: learns fast, downloads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import rdBase
from rdkit.Chem import Descriptors, MACCSkeys, Mol, rdFingerprintGenerator
from torch import nn

from chebimm_core.modalities import MODALITIES
from chebimm_core.neural.encoder import States

_MORGAN = 2048
_DESCRIPTORS = (
    "MolWt", "HeavyAtomCount", "NumHAcceptors", "NumHDonors", "NumRotatableBonds", "RingCount",
    "NumAromaticRings", "FractionCSP3", "MolLogP", "TPSA", "NHOHCount", "NOCount",
)  # fmt: skip
_SIZE = 2 * _MORGAN + 167 + len(_DESCRIPTORS)


class FingerprintEncoder(nn.Module):
    """Morgan counts (radius 2 and features of atoms), MACCS keys and a few descriptors.

    Morgan: Rogers and Hahn 2010, doi:10.1021/ci100050t. MACCS: Durant et al. 2002,
    doi:10.1021/ci010132r.

    Args:
        modality: How the molecule is written; any notation that a tool reads.
        width: D.
        dropout: Share of input features dropped while training.
    """

    def __init__(self, modality: str, *, width: int = 512, dropout: float = 0.2) -> None:
        super().__init__()
        self._read = MODALITIES["SMILES" if modality == "graph" else modality].to_mol
        self.width = width
        self.map = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(_SIZE, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def prepare(self, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
        return [self._features(text) for text in texts]

    def collate(self, examples: Sequence[NDArray[np.float32]], device: torch.device) -> Any:
        return torch.from_numpy(np.stack(examples)).to(device)

    def encode(self, batch: Any) -> States:
        values = self.map(batch)[:, None]
        return States(values, torch.ones(values.shape[:2], dtype=torch.bool, device=values.device))

    def _features(self, text: str) -> NDArray[np.float32] | None:
        molecule = None if self._read is None else self._read(text)
        if molecule is None:
            return None
        with rdBase.BlockLogs():
            return molecule_features(molecule)


def molecule_features(molecule: Mol) -> NDArray[np.float32]:
    """(4,275,) logarithms of counts, keys and descriptors."""
    atoms = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=_MORGAN)
    kinds = rdFingerprintGenerator.GetMorganGenerator(
        radius=2, fpSize=_MORGAN, atomInvariantsGenerator=_feature_invariants()
    )
    counts = np.concatenate(
        [g.GetCountFingerprintAsNumPy(molecule) for g in (atoms, kinds)]
    ).astype(np.float32)
    keys = np.array(list(MACCSkeys.GenMACCSKeys(molecule)), dtype=np.float32)
    described = np.array([getattr(Descriptors, n)(molecule) for n in _DESCRIPTORS])
    scaled = np.log1p(np.abs(np.nan_to_num(described, posinf=0, neginf=0))).astype(np.float32)
    return np.concatenate([np.log1p(counts), keys, scaled])


def _feature_invariants() -> Any:
    return rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
