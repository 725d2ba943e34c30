"""An encoder of one model before the decoder of another (families 6, 7 and 8 of the paper).

The paper does not say which decoders families 7 and 8 use. We take the four native
encoder-decoders, whose decoders read encoder states by pretrained cross-attention; with family 6's
MolT5 decoder this gives the published numbers of models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.models.pretrained import Pretrained
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_writer import WRITING, TextWriter
from chebimm_core.models.training_parameters import training_parameters

if TYPE_CHECKING:
    import pandas as pd

TRAINING = training_parameters(epochs=10, batch_size=16, learning_rate=1e-4)


class CompositeWriter(TextWriter):
    """Writes with a published decoder what another encoder reads."""

    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """An ``Encoder`` for the source; ``texts`` are its training inputs."""
        raise NotImplementedError

    def make_network(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Any:
        """The encoder, a linear map, and the decoder."""
        from chebimm_core.neural.seq2seq import load_seq2seq
        from chebimm_core.neural.weights import source

        where = source(str(self.arguments["decoder_weights"]), "", None, context.cache)
        inputs = [str(t) for t in train["input"]]
        encoder = self.make_encoder(transition, inputs, context)
        return load_seq2seq(where, encoder=encoder, max_input=self.max_input)


def composite_card(
    *,
    encoder: Pretrained,
    decoder: Pretrained,
    family: str,
    paper_family: int,
    loader: str,
    transitions: tuple[Transition, ...],
    parameters: tuple[Parameter, ...],
) -> ModelCard:
    """The card of one encoder with one decoder.

    Args:
        encoder: What reads.
        decoder: What writes.
        family: Name of the family.
        paper_family: 6, 7 or 8.
        loader: Of the adapter.
        transitions: What it does.
        parameters: Of the encoder; those of decoder, training and writing are added.
    """
    return ModelCard(
        name=f"{encoder.name}-{decoder.name}",
        title=f"{encoder.title} + {decoder.title} decoder",
        family=family,
        abilities=(
            Ability(
                "generate",
                transitions,
                loader,
                (*parameters, decoder.parameter("decoder"), *TRAINING, *WRITING),
                stops_early=True,
                smallest_batch=16,
            ),
        ),
        description=f"{encoder.title} reads, the decoder of {decoder.title} writes; a linear map "
        "joins them, and all are fine-tuned together.",
        trained_on=f"encoder: {encoder.trained_on}; decoder: {decoder.trained_on}; fine-tuned on "
        "the training split of the data set",
        license=f"encoder {encoder.license}, decoder {decoder.license}",
        reference=f"{encoder.reference}; {decoder.reference}",
        paper_family=paper_family,
        encoder=encoder.title,
        decoder=decoder.title,
        weights=(*encoder.weights("encoder"), *decoder.weights("decoder")),
        parameters_millions=round(encoder.millions + decoder.millions),
        gpus=1.0,
    )
