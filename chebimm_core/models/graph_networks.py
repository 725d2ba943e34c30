"""Graph networks trained here: GIN, GCN and GAT (the paper's graph encoders).

They start from random weights: no download, and a result in seconds on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Scalar, Transition
from chebimm_core.models.encoder_predictor import EncoderPredictor
from chebimm_core.models.encoder_retriever import EncoderRetriever
from chebimm_core.models.pretrained import SCIBERT, Pretrained
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_encoders import TFIDF, text_tower
from chebimm_core.models.training_parameters import POOLING, training_parameters
from chebimm_core.models.transitions import between

GRAPH_ENCODERS = tuple(
    Pretrained(name, title, "", 0.1, "Apache-2.0", reference, "nothing: random weights")
    for name, title, reference in (
        ("gin", "GIN", "Xu et al. 2019, arXiv:1810.00826"),
        ("gcn", "GCN", "Kipf and Welling 2017, arXiv:1609.02907"),
        ("gat", "GAT", "Velickovic et al. 2018, arXiv:1710.10903"),
    )
)
NETWORK = (
    Parameter("width", "Width", 64, "Features of an atom; for GAT a multiple of 4.", low=4,
              high=2048, advanced=True),
    Parameter("layers", "Layers", 4, "Rounds of messages between neighbouring atoms.", low=1,
              high=32, advanced=True),
)  # fmt: skip
_PREDICT = (
    replace(
        POOLING,
        default="sum",
        choices=("avg", "max", "sum"),
        help=f"{POOLING.help} The paper compares avg and max; a sum suits properties that grow "
        "with the molecule.",
    ),
    # In 15 seconds many small steps through three rounds come further than few through four.
    *training_parameters(epochs=300, batch_size=16, learning_rate=3e-3, cpu_seconds=15.0),
    *(replace(p, default=3) if p.name == "layers" else p for p in NETWORK),
)


_RETRIEVE = (
    POOLING,
    Parameter(
        "text_weights",
        "Text tower",
        TFIDF,
        f"What reads the text: {TFIDF} (weighted words and n-grams, nothing to download), or a hub "
        f"id or folder of a text encoder; the paper takes {SCIBERT.hub_id}.",
    ),
    *training_parameters(epochs=60, batch_size=128, learning_rate=2e-3, cpu_seconds=12.0),
    *NETWORK,
)


def _card(part: Pretrained) -> ModelCard:
    module = "chebimm_core.models.graph_networks"
    return ModelCard(
        name=part.name,
        title=part.title,
        family="graph encoder",
        abilities=(
            Ability(
                "predict",
                between(("graph",), "property"),
                f"{module}:{part.name.capitalize()}Predictor",
                _PREDICT,
                stops_early=True,
                fit_seconds=20.0,
                sample_seconds=0.001,
            ),
            Ability(
                "retrieve",
                tuple(
                    Transition((a,), b)
                    for pair in (("graph", "IUPAC"), ("graph", "caption"))
                    for a, b in permutations(pair)
                ),
                f"{module}:{part.name.capitalize()}Retriever",
                _RETRIEVE,
                stops_early=True,
                fit_seconds=20.0,
                sample_seconds=0.002,
            ),
        ),
        description=f"{part.title} over atoms and bonds, trained from random weights on the "
        "training split, by default for a stated processor time.",
        trained_on="the training split of the data set",
        license=part.license,
        reference=part.reference,
        paper_family=2,
        encoder=part.title,
        parameters_millions=part.millions,
    )


CARDS = tuple(_card(part) for part in GRAPH_ENCODERS)


class _GraphPredictor(EncoderPredictor):
    """A property from the molecular graph."""

    kind = ""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """A network of the class's kind."""
        return graph_encoder(self.kind, self.arguments)


class GinPredictor(_GraphPredictor):
    """With GIN."""

    kind = "gin"


class GcnPredictor(_GraphPredictor):
    """With GCN."""

    kind = "gcn"


class GatPredictor(_GraphPredictor):
    """With GAT."""

    kind = "gat"


class _GraphRetriever(EncoderRetriever):
    """Graphs and their texts."""

    kind = ""

    def make_encoder(self, modality: str, texts: Sequence[str], context: FitContext) -> Any:
        """A graph network for graphs, the text tower for texts."""
        if modality == "graph":
            return graph_encoder(self.kind, self.arguments)
        return text_tower(str(self.arguments["text_weights"]), texts, context)


class GinRetriever(_GraphRetriever):
    """With GIN."""

    kind = "gin"


class GcnRetriever(_GraphRetriever):
    """With GCN."""

    kind = "gcn"


class GatRetriever(_GraphRetriever):
    """With GAT."""

    kind = "gat"


def graph_encoder(kind: str, arguments: dict[str, Scalar]) -> Any:
    """A graph network of the width and depth in ``arguments``.

    Raises:
        SettingError: If GAT's width does not divide by its heads.
    """
    from chebimm_core.errors import SettingError
    from chebimm_core.neural.graph_encoder import GAT_HEADS, GraphEncoder

    width, layers = int(arguments["width"]), int(arguments["layers"])
    if kind == "gat" and width % GAT_HEADS:
        raise SettingError("GAT has four heads", value=width, allowed="a width that 4 divides")
    return GraphEncoder(kind, width=width, layers=layers)  # type: ignore[arg-type]
