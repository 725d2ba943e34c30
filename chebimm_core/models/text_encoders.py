"""Pretrained text encoders for properties and retrieval (family 1 of the paper).

The encoder halves of family 5 are used in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.models.encoder_predictor import EncoderPredictor
from chebimm_core.models.encoder_retriever import EncoderRetriever
from chebimm_core.models.pretrained import TEXT_ENCODERS, Pretrained
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.training_parameters import POOLING, training_parameters
from chebimm_core.models.transitions import NOTATION_TO_PROPERTY, TEXT_PAIRS

READING = (
    Parameter("max_length", "Longest input", 256, "In tokens; longer inputs are cut.", low=8,
              high=4096, advanced=True),
    Parameter("frozen", "Frozen", False, "Keep the pretrained weights as they are and train only "
              "what is built on them.", advanced=True),
)  # fmt: skip
TFIDF = "tfidf"
"""Text tower that needs no download."""

TRAINING = training_parameters(epochs=10, batch_size=32, learning_rate=5e-5)


def abilities(part: Pretrained) -> tuple[Ability, ...]:
    """Property prediction and retrieval with the encoder of a pretrained model."""
    parameters = (part.parameter(), POOLING, *TRAINING, *READING)
    module = "chebimm_core.models.text_encoders"
    return (
        Ability(
            "predict",
            NOTATION_TO_PROPERTY,
            f"{module}:TextEncoderPredictor",
            parameters,
            stops_early=True,
        ),
        Ability(
            "retrieve",
            TEXT_PAIRS,
            f"{module}:TextEncoderRetriever",
            parameters,
            stops_early=True,
        ),
    )


CARDS = tuple(
    ModelCard(
        name=part.name,
        title=part.title,
        family="text encoder",
        abilities=abilities(part),
        description=f"{part.title} reads the text; its states are pooled and fine-tuned.",
        trained_on=f"{part.trained_on}; fine-tuned on the training split of the data set",
        license=part.license,
        reference=part.reference,
        paper_family=1,
        encoder=part.title,
        weights=part.weights("model"),
        parameters_millions=part.millions,
        gpus=1.0,
    )
    for part in TEXT_ENCODERS
)


class TextEncoderPredictor(EncoderPredictor):
    """A property from a text."""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """The pretrained encoder."""
        return text_encoder(self.arguments, context)


class TextEncoderRetriever(EncoderRetriever):
    """Partners of two texts, each with an encoder of its own."""

    def make_encoder(self, modality: str, texts: Sequence[str], context: FitContext) -> Any:
        """The pretrained encoder, once for each side."""
        return text_encoder(self.arguments, context)


def text_encoder(arguments: dict[str, Any], context: FitContext, name: str = "weights") -> Any:
    """A pretrained text encoder by the arguments of a run.

    Args:
        arguments: Values of :data:`READING` and of the weights parameter.
        context: Where downloads are kept.
        name: Of the weights parameter.
    """
    from chebimm_core.neural.text_encoder import TextEncoder
    from chebimm_core.neural.weights import source

    where = source(str(arguments[name]), "", None, context.cache)
    return TextEncoder(
        where,
        max_length=int(arguments.get("max_length", 256)),
        frozen=bool(arguments.get("frozen", False)),
    )


def text_tower(weights: str, texts: Sequence[str], context: FitContext) -> Any:
    """What reads the text beside a graph or an image: TF-IDF, or a pretrained encoder.

    Args:
        weights: :data:`TFIDF`, a hub id or a folder.
        texts: Training texts.
        context: Where downloads are kept.
    """
    if weights.strip().lower() == TFIDF:
        from chebimm_core.neural.text_encoder import TfidfEncoder

        return TfidfEncoder(texts)
    return text_encoder({"weights": weights}, context)
