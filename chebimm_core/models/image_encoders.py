"""Pretrained image encoders for retrieval (family 3 of the paper).

Images are RDKit's drawings of the structure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.models.encoder_retriever import EncoderRetriever
from chebimm_core.models.pretrained import IMAGE_ENCODERS, SCIBERT, Pretrained
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_encoders import TFIDF, text_tower
from chebimm_core.models.training_parameters import POOLING, training_parameters

TRAINING = training_parameters(epochs=10, batch_size=32, learning_rate=5e-5)


def _card(part: Pretrained) -> ModelCard:
    return ModelCard(
        name=part.name,
        title=part.title,
        family="image encoder",
        abilities=(
            Ability(
                "retrieve",
                tuple(
                    Transition((a,), b)
                    for other in ("IUPAC", "SMILES", "caption")
                    for a, b in permutations(("image", other))
                ),
                "chebimm_core.models.image_encoders:ImageRetriever",
                (
                    part.parameter(),
                    POOLING,
                    Parameter(
                        "text_weights",
                        "Text tower",
                        SCIBERT.hub_id,
                        f"What reads the text: hub id or folder of a text encoder, or {TFIDF} "
                        "(nothing to download).",
                    ),
                    *TRAINING,
                ),
                stops_early=True,
            ),
        ),
        description=f"{part.title} reads a drawing of the molecule; beside a text encoder it is "
        "fine-tuned so that partners come near.",
        trained_on=f"{part.trained_on}; fine-tuned on the training split of the data set",
        license=part.license,
        reference=part.reference,
        paper_family=3,
        encoder=part.title,
        weights=part.weights("model"),
        parameters_millions=part.millions,
        gpus=1.0,
    )


CARDS = tuple(_card(part) for part in IMAGE_ENCODERS)


class ImageRetriever(EncoderRetriever):
    """Images and their texts."""

    def make_encoder(self, modality: str, texts: Sequence[str], context: FitContext) -> Any:
        """The image encoder for images, the text tower for texts."""
        if modality == "image":
            return image_encoder(str(self.arguments["weights"]), context)
        return text_tower(str(self.arguments["text_weights"]), texts, context)


def image_encoder(weights: str, context: FitContext) -> Any:
    """A pretrained vision network by hub id or folder."""
    from chebimm_core.neural.image_encoder import ImageEncoder
    from chebimm_core.neural.weights import source

    return ImageEncoder(source(weights, "", None, context.cache))
