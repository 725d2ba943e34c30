"""Image encoders before the decoder of an encoder-decoder (family 8 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chebimm_core.domain.specs import Transition
from chebimm_core.models.composite import CompositeWriter, composite_card
from chebimm_core.models.image_encoders import image_encoder
from chebimm_core.models.pretrained import ENCODER_DECODERS, IMAGE_ENCODERS
from chebimm_core.models.protocols import FitContext

CARDS = tuple(
    composite_card(
        encoder=part,
        decoder=decoder,
        family="image encoder + decoder",
        paper_family=8,
        loader="chebimm_core.models.composite_image:ImageComposite",
        transitions=tuple(
            Transition(("image",), target) for target in ("SMILES", "IUPAC", "caption")
        ),
        parameters=(part.parameter("encoder"),),
    )
    for part in IMAGE_ENCODERS
    for decoder in ENCODER_DECODERS
)


class ImageComposite(CompositeWriter):
    """Writes what an image encoder reads; the decoder attends to patches."""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """The pretrained vision network."""
        return image_encoder(str(self.arguments["encoder_weights"]), context)
