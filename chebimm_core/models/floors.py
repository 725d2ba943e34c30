"""Floors: what an answer scores that knows nothing of its input.

Captions and names share templates, so a constant or random one has a high n-gram overlap with any
reference. No score should be shown without its floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.prediction import input_hash
from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.errors import SettingError
from chebimm_core.models.property_targets import read_targets
from chebimm_core.models.protocols import FitContext, Generated

if TYPE_CHECKING:
    import pandas as pd

_INPUTS = {
    "caption": ("graph", "SMILES", "InChI", "SELFIES", "IUPAC", "image"),
    "IUPAC": ("graph", "SMILES", "InChI", "SELFIES", "caption", "image"),
    "SMILES": ("caption", "IUPAC", "image"),
    "property": ("graph", "SMILES", "InChI", "SELFIES"),
}


_WORLDS = ("graph", "SMILES", "InChI", "SELFIES", "IUPAC", "caption", "image")
_CHANCE_WIDTH = 64


def _abilities(factory: str) -> tuple[Ability, ...]:
    loader = f"chebimm_core.models.floors:{factory}"
    pairs = [Transition((s,), t) for t, sources in _INPUTS.items() for s in sources]
    texts = tuple(t for t in pairs if t.target != "property")
    numbers = tuple(t for t in pairs if t.target == "property")
    return (Ability("generate", texts, loader), Ability("predict", numbers, loader))


_REFERENCE = "Baseline, no learned parameter"

CARDS = (
    ModelCard(
        name="floor-constant",
        title="Floor: one constant answer",
        family="floor",
        abilities=_abilities("ConstantFloor"),
        description="Always gives the most central answer of the training split (for a property, "
        "its mean), whatever the input.",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference=_REFERENCE,
        is_floor=True,
    ),
    ModelCard(
        name="floor-random",
        title="Floor: a random training answer",
        family="floor",
        abilities=(
            *_abilities("RandomFloor"),
            Ability(
                "retrieve",
                tuple(
                    Transition((a,), b)
                    for a, b in permutations(_WORLDS, 2)
                    if {a, b} & {"IUPAC", "caption"} or {a, b} == {"image", "SMILES"}
                ),
                "chebimm_core.models.floors:RandomSpace",
            ),
        ),
        description="Gives the answer of a training molecule drawn at random, whatever the input; "
        "in retrieval it ranks the pool at random.",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference=_REFERENCE,
        is_floor=True,
    ),
)


class ConstantFloor:
    """One answer for every input."""

    def __init__(self) -> None:
        self._answer = ""

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Picks the answer; the seed is not used."""
        targets = _targets(train)
        if transition.target == "property":
            found = read_targets(targets)
            self._answer = found.texts(np.nanmean(found.standard, axis=0)[None])[0]
        else:
            self._answer = _most_central(targets, transition.target)
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        return [Generated(self._answer)] * len(inputs)


class RandomFloor:
    """The answer of a random training molecule, the same for the same input."""

    def __init__(self) -> None:
        self._answers: list[str] = []
        self._seed = 0

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Keeps the training answers."""
        self._answers, self._seed = _targets(train), context.seed
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        return [Generated(self._answers[self._draw(text)]) for text in inputs]

    def _draw(self, text: str) -> int:
        # The input seeds the draw only so that a resumed or reordered run gives the same answers.
        rng = np.random.default_rng([self._seed, int(input_hash(text), 16)])
        return int(rng.integers(len(self._answers)))


class RandomSpace:
    """Every text somewhere: retrieval by chance, 1 / pool for R@1."""

    def __init__(self) -> None:
        self._seed = 0

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Keeps the seed."""
        self._seed = context.seed
        return self

    def embed_sources(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 64) random, the same for the same text."""
        return self._drawn(texts, 0)

    def embed_targets(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 64) as :meth:`embed_sources`, drawn apart from it."""
        return self._drawn(texts, 1)

    def _drawn(self, texts: Sequence[str], side: int) -> NDArray[np.float32]:
        rows = [
            np.random.default_rng([self._seed, side, int(input_hash(t), 16)]).standard_normal(
                _CHANCE_WIDTH, dtype=np.float32
            )
            for t in texts
        ]
        return np.array(rows, dtype=np.float32).reshape(len(texts), _CHANCE_WIDTH)


def _targets(train: pd.DataFrame) -> list[str]:
    targets = [str(t) for t in train["target"]]
    if not targets:
        raise SettingError(
            "A model has no training molecule to learn from",
            do="Import the train split of the data set, or pick another training split",
        )
    return targets


def _most_central(targets: list[str], modality: str) -> str:
    """The target nearest to the mean of all, by cosine of word (or character) counts."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.preprocessing import normalize

    unit = "word" if modality == "caption" else "char"
    counts = CountVectorizer(analyzer=unit, ngram_range=(1, 2), lowercase=False, max_features=4_000)
    try:
        vectors = normalize(counts.fit_transform(targets))
    except ValueError:  # no target holds one word
        return targets[0]
    centrality = vectors @ np.asarray(vectors.mean(axis=0)).ravel()
    return targets[int(np.argmax(centrality))]
