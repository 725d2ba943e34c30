"""Decoder-only language models, fine-tuned to continue an input with its answer (family 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chebimm_core.domain.specs import Ability, ModelCard, Transition
from chebimm_core.models.pretrained import DECODERS, Pretrained
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_writer import WRITING, TextWriter
from chebimm_core.models.training_parameters import training_parameters
from chebimm_core.models.transitions import TEXT_TO_TEXT

if TYPE_CHECKING:
    import pandas as pd

TRAINING = training_parameters(epochs=10, batch_size=16, learning_rate=5e-5)
PARAMETERS = (*TRAINING, *WRITING)


def _card(part: Pretrained) -> ModelCard:
    return ModelCard(
        name=part.name,
        title=part.title,
        family="text decoder",
        abilities=(
            Ability(
                "generate",
                TEXT_TO_TEXT,
                "chebimm_core.models.hf_causal:Causal",
                (part.parameter(), *PARAMETERS),
                stops_early=True,
                smallest_batch=16,
            ),
        ),
        description=f"{part.title} is fine-tuned to continue an input with its answer; only the "
        "answer's tokens carry a loss.",
        trained_on=f"{part.trained_on}; fine-tuned on the training split of the data set",
        license=part.license,
        reference=part.reference,
        paper_family=4,
        encoder=part.title,
        decoder=part.title,
        weights=part.weights("model"),
        parameters_millions=part.millions,
        gpus=1.0,
    )


CARDS = tuple(_card(part) for part in DECODERS)


class Causal(TextWriter):
    """A published decoder."""

    def make_network(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Any:
        """With a prompt that names both modalities."""
        from chebimm_core.neural.causal import load_causal
        from chebimm_core.neural.weights import source

        return load_causal(
            source(str(self.arguments["weights"]), "", None, context.cache),
            source=transition.sources[0],
            target=transition.target,
            max_input=self.max_input,
        )
