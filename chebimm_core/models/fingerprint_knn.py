"""The nearest training molecule by Morgan fingerprint answers for the input.

The strongest simple opponent of a captioning model: what it scores, memory of the training set
alone can score. Fingerprints: Rogers and Hahn 2010, doi:10.1021/ci100050t.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.errors import SettingError
from chebimm_core.models.protocols import FitContext, Generated

if TYPE_CHECKING:
    import pandas as pd

RADIUS = 2
N_BITS = 2048
_STRUCTURES = ("graph", "SMILES")
_LOADER = "chebimm_core.models.fingerprint_knn:FingerprintNeighbour"

CARDS = (
    ModelCard(
        name="knn-morgan",
        title="Nearest training molecule (Morgan)",
        family="nearest-neighbour",
        abilities=(
            Ability(
                "generate",
                tuple(Transition((s,), t) for t in ("caption", "IUPAC") for s in _STRUCTURES),
                _LOADER,
            ),
            Ability("predict", tuple(Transition((s,), "property") for s in _STRUCTURES), _LOADER),
        ),
        description="Copies the answer of the training molecule with the highest Tanimoto "
        "similarity (Morgan radius 2, 2,048 bits).",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference="Rogers and Hahn 2010, doi:10.1021/ci100050t",
    ),
)


class FingerprintNeighbour:
    """Copies from the nearest molecule of the training split, never from the test split."""

    def __init__(self) -> None:
        self._fingerprints: list[Any] = []
        self._answers: list[str] = []

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Fingerprints the training molecules; those RDKit rejects are left out."""
        self._fingerprints, self._answers = [], []
        for text, answer in zip(train["input"], train["target"], strict=True):
            fingerprint = _fingerprint(text)
            if fingerprint is not None:
                self._fingerprints.append(fingerprint)
                self._answers.append(str(answer))
        if not self._answers:
            raise SettingError(
                "A model has no training molecule to learn from",
                do="Import the train split of the data set, or pick another training split",
            )
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        return [self._answer(text) for text in inputs]

    def _answer(self, text: str) -> Generated:
        from rdkit import DataStructs

        fingerprint = _fingerprint(text)
        if fingerprint is None:
            return Generated(None, "RDKit rejects the input SMILES")
        similarity = DataStructs.BulkTanimotoSimilarity(fingerprint, self._fingerprints)
        return Generated(self._answers[int(np.argmax(similarity))])


def _fingerprint(smiles: str) -> Any:
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdFingerprintGenerator

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or not smiles.strip():
        return None
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=N_BITS)
    return generator.GetFingerprint(molecule)
