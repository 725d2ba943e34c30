"""Ridge regression for a numeric property: from Morgan counts, and from the bare notation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.errors import SettingError
from chebimm_core.models.property_targets import PropertyTargets, read_targets
from chebimm_core.models.protocols import Environment, FitContext, Generated

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
    """Properties from counted Morgan environments; an input RDKit rejects has no answer."""

    def __init__(self) -> None:
        self._models: _Ridges | None = None

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Solves one ridge problem a property; deterministic, the seed is not used."""
        features = [_morgan_counts(text) for text in train["input"]]
        readable = [k for k, f in enumerate(features) if f is not None]
        targets = read_targets([str(train["target"].iloc[k]) for k in readable])
        x = np.stack([f for f in features if f is not None])
        self._models = _Ridges(x, targets, alpha=_ALPHA_MORGAN, solver="auto")
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Predicts."""
        assert self._models is not None
        features = [_morgan_counts(text) for text in inputs]
        there = [k for k, f in enumerate(features) if f is not None]
        found = [Generated(None, "RDKit rejects the input SMILES")] * len(inputs)
        if there:
            texts = self._models.texts(np.stack([f for f in features if f is not None]))
            for k, text in zip(there, texts, strict=True):
                found[k] = Generated(text)
        return found

    def environments(self, smiles: str) -> tuple[tuple[float, ...], list[Environment]]:
        """Intercepts, and what each Morgan environment adds; see ``protocols.Additive``.

        A slot two environments share gives both its weight. Values are those before chances are cut
        to [0, 1].
        """
        assert self._models is not None
        placed = _morgan_places(smiles)
        if placed is None:
            raise SettingError("RDKit rejects the input SMILES", value=smiles)
        intercepts, weights = self._models.linear()
        found = [
            Environment(label, atoms, tuple(float(v) for v in weights[:, slot]))
            for slot, label, atoms in placed
        ]
        return tuple(float(v) for v in intercepts), found


class TextRidge:
    """Properties from the characters of a line notation."""

    def __init__(self) -> None:
        self._vectorizer: Any = None
        self._models: _Ridges | None = None

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Solves one ridge problem a property; deterministic, the seed is not used."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        targets = read_targets([str(t) for t in train["target"]])
        self._vectorizer = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True
        )
        x = self._vectorizer.fit_transform([str(t) for t in train["input"]])
        self._models = _Ridges(x, targets, alpha=_ALPHA_TEXT, solver="sparse_cg")
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Predicts."""
        assert self._models is not None
        if not inputs:
            return []
        return [Generated(t) for t in self._models.texts(self._vectorizer.transform(list(inputs)))]


class _Ridges:
    """One ridge regression for each property, on the molecules that have a label of it.

    Labels 0 and 1 are regressed like numbers: the answer ranks molecules, which is all that
    ROC-AUC asks, and is clipped to [0, 1].
    """

    def __init__(self, x: Any, targets: PropertyTargets, *, alpha: float, solver: str) -> None:
        from sklearn.linear_model import Ridge

        self._targets = targets
        self._models = []
        for column in targets.values.T:
            known = np.isfinite(column)
            fitted = Ridge(alpha=alpha, solver=solver).fit(x[known], column[known])
            self._models.append(fitted)

    def linear(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """(t,) intercepts and (t, slots) weights."""
        return (
            np.array([float(model.intercept_) for model in self._models]),
            np.stack([np.asarray(model.coef_, dtype=float) for model in self._models]),
        )

    def texts(self, x: Any) -> list[str]:
        """Answers of the rows of ``x``."""
        targets = self._targets
        raw = np.column_stack([model.predict(x) for model in self._models])
        values = np.where(targets.classes, np.clip(raw, 0.0, 1.0), raw)
        return targets.texts((values - targets.mean) / targets.spread)


_RADIUS, _SLOTS = 2, 2048


def _morgan_places(smiles: str) -> list[tuple[int, str, tuple[int, ...]]] | None:
    """Slot, written fragment and atoms of every environment that is counted."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdFingerprintGenerator

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or not smiles.strip():
        return None
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_SLOTS)
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    generator.GetCountFingerprint(molecule, additionalOutput=output)
    found = []
    for slot, places in output.GetBitInfoMap().items():
        for center, radius in places:
            bonds = Chem.FindAtomEnvironmentOfRadiusN(molecule, radius, center) if radius else []
            atoms = {center}
            for bond in bonds:
                atoms |= {
                    molecule.GetBondWithIdx(bond).GetBeginAtomIdx(),
                    molecule.GetBondWithIdx(bond).GetEndAtomIdx(),
                }
            label = Chem.MolFragmentToSmiles(
                molecule, sorted(atoms), list(bonds), rootedAtAtom=center
            )
            found.append((int(slot), label, tuple(sorted(atoms))))
    return found


def _morgan_counts(smiles: str) -> np.ndarray[Any, Any] | None:
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdFingerprintGenerator

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or not smiles.strip():
        return None
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_SLOTS)
    counts: np.ndarray[Any, Any] = generator.GetCountFingerprintAsNumPy(molecule).astype(float)
    return counts
