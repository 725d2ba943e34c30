"""How near a molecule is to what a model was trained on.

Tanimoto coefficients of Morgan fingerprints (Rogers and Hahn 2010, doi:10.1021/ci100050t), radius
2, folded to 2,048 bits and packed into 32 words of 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from chebimm_core.modalities.line_notation import mol_from_smiles

N_WORDS = 32
"""2,048 bits as 64-bit words."""
_REPORT_EVERY = 500


def packed_fingerprints(
    smiles: Sequence[str | None], *, progress: Callable[[float, str], None] | None = None
) -> NDArray[np.uint64]:
    """(n, 32) packed fingerprints; a row of zeros where RDKit rejects the SMILES."""
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=N_WORDS * 64)
    packed = np.zeros((len(smiles), N_WORDS), dtype=np.uint64)
    for row, text in enumerate(smiles):
        molecule = mol_from_smiles(text) if text else None
        if molecule is not None:
            bits = generator.GetFingerprintAsNumPy(molecule)
            packed[row] = np.packbits(bits).view(np.uint64)
        if progress is not None and row % _REPORT_EVERY == 0:
            progress(row / len(smiles), "Fingerprints of the training molecules")
    return packed


def tanimoto(query: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.float64]:
    """(n,) similarity in [0, 1] of one (32,) fingerprint to (n, 32) others; 0 if both are empty."""
    both = np.bitwise_count(others & query).sum(axis=1, dtype=np.int64)
    either = np.bitwise_count(others | query).sum(axis=1, dtype=np.int64)
    similarity: NDArray[np.float64] = np.zeros(len(others))
    np.divide(both, either, out=similarity, where=either > 0)
    return similarity
