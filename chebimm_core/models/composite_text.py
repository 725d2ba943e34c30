"""Text encoders before the MolT5 decoder (family 6 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chebimm_core.domain.specs import Transition
from chebimm_core.models.composite import CompositeWriter, composite_card
from chebimm_core.models.pretrained import MOLT5, TEXT_ENCODERS
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_encoders import text_encoder
from chebimm_core.models.transitions import TEXT_TO_TEXT

CARDS = tuple(
    composite_card(
        encoder=part,
        decoder=MOLT5,
        family="text encoder + decoder",
        paper_family=6,
        loader="chebimm_core.models.composite_text:TextComposite",
        transitions=TEXT_TO_TEXT,
        parameters=(part.parameter("encoder"),),
    )
    for part in TEXT_ENCODERS
)


class TextComposite(CompositeWriter):
    """Writes what a text encoder reads."""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """The pretrained text encoder."""
        given = {**self.arguments, "max_length": self.max_input}
        return text_encoder(given, context, "encoder_weights")
