"""Retrieval that learns here: molecule and text features into one space by InfoNCE."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.models.encoder_retriever import EncoderRetriever
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.training_parameters import training_parameters

_STRUCTURES = ("graph", "SMILES", "InChI", "SELFIES")
_TEXTS = ("IUPAC", "caption")
_PAIRS = (*((s, t) for t in _TEXTS for s in _STRUCTURES), ("IUPAC", "caption"))

CARDS = (
    ModelCard(
        name="retrieval-infonce",
        title="InfoNCE on fragments and words",
        family="contrastive",
        abilities=(
            Ability(
                "retrieve",
                tuple(Transition((a,), b) for pair in _PAIRS for a, b in permutations(pair)),
                "chebimm_core.models.contrastive:FeatureRetriever",
                training_parameters(
                    epochs=30, batch_size=256, learning_rate=1e-3, cpu_seconds=10.0
                ),
                fit_seconds=30.0,
                sample_seconds=0.003,
            ),
        ),
        description="Counted fragments (Morgan, MACCS) of the structure and weighted words and "
        "n-grams of the text, each through a small network into one space. InChI and SELFIES are "
        "read into the structure by their tools.",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference="van den Oord et al. 2018, arXiv:1807.03748",
    ),
)


class FeatureRetriever(EncoderRetriever):
    """Structures by fragments, texts by words."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(pooling="avg", **arguments)

    def make_encoder(self, modality: str, texts: Sequence[str], context: FitContext) -> Any:
        """Fragments for structures, TF-IDF for texts."""
        if modality in _STRUCTURES:
            from chebimm_core.neural.fingerprint_encoder import FingerprintEncoder

            return FingerprintEncoder(modality)
        from chebimm_core.neural.text_encoder import SvdTextEncoder

        return SvdTextEncoder(texts, seed=context.seed)
