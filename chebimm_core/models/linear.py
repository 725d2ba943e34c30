"""Ridge regression for a numeric property: from Morgan counts, and from the bare notation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.errors import SettingError
from chebimm_core.models.protocols import FitContext, Generated

if TYPE_CHECKING:
    import pandas as pd

_ALPHA_MORGAN = 20.0
_ALPHA_TEXT = 1.0
_RIDGE = "Hoerl and Kennard 1970, doi:10.1080/00401706.1970.10488634"

CARDS = (
    ModelCard(
        name="ridge-morgan",
        title="Ridge on Morgan counts",
        family="linear",
        abilities=(
            Ability(
                "predict",
                (Transition(("graph",), "property"), Transition(("SMILES",), "property")),
                "chebimm_core.models.linear:MorganRidge",
            ),
        ),
        description="Ridge regression on counts of Morgan environments (radius 2, 2,048 slots).",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference=_RIDGE,
    ),
    ModelCard(
        name="ridge-text",
        title="Ridge on character n-grams",
        family="linear",
        abilities=(
            Ability(
                "predict",
                tuple(
                    Transition((source,), "property") for source in ("SMILES", "InChI", "SELFIES")
                ),
                "chebimm_core.models.linear:TextRidge",
            ),
        ),
        description="Ridge regression on TF-IDF weighted character 1- to 4-grams of the notation.",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference=_RIDGE,
    ),
)


class MorganRidge:
    """Property from counted Morgan environments; an input RDKit rejects has no answer."""

    def __init__(self) -> None:
        self._model: Any = None

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Solves the ridge problem; deterministic, the seed is not used."""
        from sklearn.linear_model import Ridge

        features = [_morgan_counts(text) for text in train["input"]]
        readable = [i for i, f in enumerate(features) if f is not None]
        x = np.stack([f for f in features if f is not None]) if readable else np.empty((0, 0))
        y = train["target"].astype(float).to_numpy()[readable]
        _require(len(y))
        self._model = Ridge(alpha=_ALPHA_MORGAN).fit(x, y)
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        found = []
        for text in inputs:
            features = _morgan_counts(text)
            if features is None:
                found.append(Generated(None, "RDKit rejects the input SMILES"))
            else:
                found.append(Generated(f"{self._model.predict(features[None])[0]:.6g}"))
        return found


class TextRidge:
    """Property from the characters of a line notation."""

    def __init__(self) -> None:
        self._model: Any = None

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Solves the ridge problem; deterministic, the seed is not used."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline

        _require(len(train))
        vectorizer = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True
        )
        self._model = make_pipeline(vectorizer, Ridge(alpha=_ALPHA_TEXT, solver="sparse_cg"))
        self._model.fit([str(t) for t in train["input"]], train["target"].astype(float))
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        if not inputs:
            return []
        return [Generated(f"{value:.6g}") for value in self._model.predict(list(inputs))]


def _require(n: int) -> None:
    if n == 0:
        raise SettingError(
            "A model has no training molecule to learn from",
            do="Import the train split of the data set, or pick another training split",
        )


def _morgan_counts(smiles: str) -> np.ndarray[Any, Any] | None:
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdFingerprintGenerator

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or not smiles.strip():
        return None
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    counts: np.ndarray[Any, Any] = generator.GetCountFingerprintAsNumPy(molecule).astype(float)
    return counts
