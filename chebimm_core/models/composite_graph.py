"""Graph networks before the decoder of an encoder-decoder (family 7 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chebimm_core.domain.specs import Parameter, Transition
from chebimm_core.models.composite import CompositeWriter, composite_card
from chebimm_core.models.graph_networks import GRAPH_ENCODERS, NETWORK, graph_encoder
from chebimm_core.models.pretrained import ENCODER_DECODERS
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.transitions import between

CARDS = tuple(
    composite_card(
        encoder=part,
        decoder=decoder,
        family="graph encoder + decoder",
        paper_family=7,
        loader="chebimm_core.models.composite_graph:GraphComposite",
        transitions=(*between(("graph",), "caption"), *between(("graph",), "IUPAC")),
        parameters=(
            Parameter(
                "graph_network", "Graph network", part.name, "Rule that passes messages between "
                "atoms.", choices=(part.name,), advanced=True,
            ),
            *NETWORK,
        ),
    )
    for part in GRAPH_ENCODERS
    for decoder in ENCODER_DECODERS
)  # fmt: skip


class GraphComposite(CompositeWriter):
    """Writes what a graph network reads; the decoder attends to atoms."""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """A graph network with random weights."""
        return graph_encoder(str(self.arguments["graph_network"]), self.arguments)
