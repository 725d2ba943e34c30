"""Native encoder-decoders, fine-tuned and asked (family 5 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.models import text_encoders
from chebimm_core.models.pretrained import ENCODER_DECODERS, Pretrained
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_writer import WRITING, TextWriter
from chebimm_core.models.training_parameters import training_parameters
from chebimm_core.models.transitions import TEXT_TO_TEXT

if TYPE_CHECKING:
    import pandas as pd

TRAINING = training_parameters(epochs=10, batch_size=16, learning_rate=1e-4)
PARAMETERS = (*TRAINING, *WRITING)


def _card(part: Pretrained) -> ModelCard:
    return ModelCard(
        name=part.name,
        title=part.title,
        family="text-to-text",
        abilities=(
            Ability(
                "generate",
                TEXT_TO_TEXT,
                "chebimm_core.models.hf_seq2seq:Seq2Seq",
                (part.parameter(), *PARAMETERS),
                stops_early=True,
                smallest_batch=16,
            ),
            *text_encoders.abilities(part),
        ),
        description=f"{part.title} is fine-tuned on the pairs of the training split; with 0 epochs "
        "its weights are used as they are, e.g. published fine-tuned ones.",
        trained_on=f"{part.trained_on}; fine-tuned on the training split of the data set",
        license=part.license,
        reference=part.reference,
        paper_family=5,
        encoder=part.title,
        decoder=part.title,
        weights=part.weights("model"),
        parameters_millions=part.millions,
        gpus=1.0,
    )


CARDS = tuple(_card(part) for part in ENCODER_DECODERS)


class Seq2Seq(TextWriter):
    """A published encoder-decoder as it is."""

    def make_network(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Any:
        """With its own encoder."""
        from chebimm_core.neural.seq2seq import load_seq2seq
        from chebimm_core.neural.weights import source

        where = source(str(self.arguments["weights"]), "", None, context.cache)
        return load_seq2seq(where, max_input=self.max_input)
