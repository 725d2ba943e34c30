"""The nearest training text, by TF-IDF of character n-grams, answers for the input.

Reads any line notation, name or caption without knowing chemistry, so it shows how far surface
resemblance of texts carries.
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

_INPUTS = {
    "caption": ("SMILES", "InChI", "SELFIES", "IUPAC"),
    "IUPAC": ("SMILES", "InChI", "SELFIES", "caption"),
    "SMILES": ("caption", "IUPAC"),
}
_BATCH = 512

CARDS = (
    ModelCard(
        name="knn-text",
        title="Nearest training text (TF-IDF)",
        family="nearest-neighbour",
        abilities=(
            Ability(
                "generate",
                tuple(Transition((s,), t) for t, sources in _INPUTS.items() for s in sources),
                "chebimm_core.models.text_knn:TextNeighbour",
            ),
        ),
        description="Copies the answer of the training molecule whose text is nearest by cosine of "
        "TF-IDF weighted character 2- to 4-grams.",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference="Salton and Buckley 1988, doi:10.1016/0306-4573(88)90021-0",
    ),
)


class TextNeighbour:
    """Copies from the nearest text of the training split, never from the test split."""

    def __init__(self) -> None:
        self._vectorizer: Any = None
        self._vectors: Any = None
        self._answers: list[str] = []

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Weighs the n-grams of the training texts; the seed is not used."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        if train.empty:
            raise SettingError(
                "A model has no training molecule to learn from",
                do="Import the train split of the data set, or pick another training split",
            )
        self._vectorizer = TfidfVectorizer(
            analyzer="char",
            ngram_range=(2, 4),
            lowercase=False,
            sublinear_tf=True,
            dtype=np.float32,
        )
        self._vectors = self._vectorizer.fit_transform([str(t) for t in train["input"]]).tocsr()
        self._answers = [str(t) for t in train["target"]]
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        found: list[Generated] = []
        for start in range(0, len(inputs), _BATCH):
            vectors = self._vectorizer.transform(list(inputs[start : start + _BATCH]))
            similarity = (vectors @ self._vectors.T).toarray()  # (batch, n_train)
            found.extend(self._answer(row) for row in similarity)
        return found

    def _answer(self, similarity: np.ndarray[Any, Any]) -> Generated:
        best = int(np.argmax(similarity))
        if similarity[best] <= 0:
            return Generated(None, "The input shares no character n-gram with a training text")
        return Generated(self._answers[best])
