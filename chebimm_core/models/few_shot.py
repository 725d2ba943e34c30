"""The most similar solved molecules for an input, to show a model how it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_STRUCTURES = ("graph", "SMILES", "InChI", "SELFIES")


class Neighbours:
    """Training inputs by similarity: Morgan Tanimoto for structures, TF-IDF cosine for texts.

    Args:
        texts: Training inputs.
        modality: What they are.
    """

    def __init__(self, texts: Sequence[str], modality: str) -> None:
        self._structures = modality in _STRUCTURES
        self._modality = "SMILES" if modality == "graph" else modality
        self._known: Any
        if self._structures:
            self._known = [self._fingerprint(t) for t in texts]
            self._readable = np.array([f is not None for f in self._known], dtype=bool)
        else:
            from sklearn.feature_extraction.text import TfidfVectorizer

            self._vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\w+")
            self._known = self._vectorizer.fit_transform([*texts, "molecule"])[:-1]

    def nearest(self, text: str, k: int) -> list[int]:
        """Positions of the k most similar training inputs, the most similar first."""
        similarity = self._similarity(text)
        if similarity is None or k == 0:
            return []
        return [int(i) for i in np.argsort(-similarity, kind="stable")[:k]]

    def _similarity(self, text: str) -> np.ndarray[Any, Any] | None:
        if not self._structures:
            return np.asarray(
                (self._known @ self._vectorizer.transform([text]).T).todense()
            ).ravel()
        from rdkit import DataStructs

        wanted = self._fingerprint(text)
        if wanted is None:
            return None
        found = np.full(len(self._known), -1.0)
        readable = [f for f in self._known if f is not None]
        found[self._readable] = DataStructs.BulkTanimotoSimilarity(wanted, readable)
        return found

    def _fingerprint(self, text: str) -> Any:
        from rdkit.Chem import rdFingerprintGenerator

        from chebimm_core.modalities import MODALITIES

        read = MODALITIES[self._modality].to_mol
        molecule = None if read is None else read(text)
        if molecule is None:
            return None
        return rdFingerprintGenerator.GetMorganGenerator(radius=2).GetFingerprint(molecule)
