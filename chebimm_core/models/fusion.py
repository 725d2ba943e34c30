"""Two modalities of a molecule read together (Liu et al. 2025, 'modality fusion').

Each modality has the encoder that suits it: a graph network for the graph, a vision network for
the image, a text encoder (or TF-IDF, which needs no download) for texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.models.composite import CompositeWriter
from chebimm_core.models.encoder_predictor import EncoderPredictor
from chebimm_core.models.graph_networks import NETWORK, graph_encoder
from chebimm_core.models.image_encoders import image_encoder
from chebimm_core.models.pretrained import IMAGE_ENCODERS, MOLT5
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_encoders import TFIDF, text_encoder
from chebimm_core.models.text_writer import WRITING
from chebimm_core.models.training_parameters import POOLING, training_parameters

_TEXTS = ("SMILES", "InChI", "SELFIES", "IUPAC")
_READ = (*_TEXTS, "graph", "image")


def _pairs(target: str, read: Sequence[str] = _READ) -> tuple[Transition, ...]:
    return tuple(Transition(pair, target) for pair in combinations(read, 2) if target not in pair)


_PARTS = (
    Parameter(
        "joining",
        "Joining",
        "add",
        "add: the sum of both vectors; weighted: with learned weights; attention: the states of "
        "both attend to each other.",
        choices=("add", "weighted", "attention"),
    ),
    Parameter("joint_width", "Joint width", 128, "Features both are mapped to; a multiple of 4.",
              low=4, high=4096, advanced=True),
    Parameter(
        "text_weights",
        "Text encoder",
        TFIDF,
        f"What reads a text: {TFIDF} (nothing to download), or a hub id or folder.",
    ),
    Parameter("graph_network", "Graph network", "gin", "What reads a graph.",
              choices=("gin", "gcn", "gat")),
    *NETWORK,
    Parameter(
        "image_weights",
        "Image encoder",
        IMAGE_ENCODERS[0].hub_id,
        "What reads a drawing: hub id or folder of a vision network.",
    ),
)  # fmt: skip

CARDS = (
    ModelCard(
        name="fusion",
        title="Two modalities fused",
        family="fusion",
        abilities=(
            Ability(
                "predict",
                _pairs("property"),
                "chebimm_core.models.fusion:FusedPredictor",
                (
                    POOLING,
                    *training_parameters(
                        epochs=100, batch_size=32, learning_rate=2e-3, cpu_seconds=30.0
                    ),
                    *_PARTS,
                ),
                stops_early=True,
                fit_seconds=40.0,
                sample_seconds=0.002,
            ),
            Ability(
                "generate",
                (*_pairs("caption"), *_pairs("IUPAC")),
                "chebimm_core.models.fusion:FusedWriter",
                (
                    MOLT5.parameter("decoder"),
                    *training_parameters(epochs=10, batch_size=16, learning_rate=1e-4),
                    *WRITING,
                    *_PARTS,
                ),
                stops_early=True,
                smallest_batch=16,
            ),
        ),
        description="Two modalities of a molecule are read by an encoder each; their states are "
        "joined by addition, weighted addition or self-attention, and all is trained together.",
        trained_on="the training split of the data set; pretrained parts as their publishers say",
        license="Apache-2.0; pretrained parts as their publishers say",
        reference="Liu et al. 2025, doi:10.1038/s42256-024-00977-6",
        weights=MOLT5.weights("decoder"),
        gpus=0.0,
    ),
)


class FusedPredictor(EncoderPredictor):
    """A property from two modalities."""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """Both encoders, joined."""
        return _fused(self.arguments, self.pooling, transition, context, texts)


class FusedWriter(CompositeWriter):
    """Text from two modalities."""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """Both encoders, joined."""
        return _fused(self.arguments, "avg", transition, context, texts)


def _fused(
    arguments: dict[str, Any],
    pooling: str,
    transition: Transition,
    context: FitContext,
    texts: Sequence[str],
) -> Any:
    from chebimm_core.neural.fusion import FusedEncoder

    parts = [text.split("\n", 1) for text in texts]
    encoders = [
        _encoder(modality, arguments, [row[k] for row in parts], context)
        for k, modality in enumerate(transition.sources)
    ]
    return FusedEncoder(
        *encoders,
        joining=arguments["joining"],
        width=int(arguments["joint_width"]),
        pooling="avg" if pooling == "sum" else pooling,
    )


def _encoder(
    modality: str, arguments: dict[str, Any], texts: Sequence[str], context: FitContext
) -> Any:
    if modality == "graph":
        return graph_encoder(str(arguments["graph_network"]), arguments)
    if modality == "image":
        return image_encoder(str(arguments["image_weights"]), context)
    weights = str(arguments["text_weights"])
    if weights.strip().lower() == TFIDF:
        from chebimm_core.neural.text_encoder import SvdTextEncoder

        return SvdTextEncoder(texts, seed=context.seed)
    return text_encoder({"weights": weights}, context)
