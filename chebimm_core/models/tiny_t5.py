"""A language model small enough to watch: a T5 of a million weights, trained here from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.text_writer import WRITING, TextWriter
from chebimm_core.models.training_parameters import training_parameters
from chebimm_core.models.transitions import TEXT_TO_TEXT

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = Parameter(
    "width", "Width", 128, "Features of a token; a multiple of 4.", low=16, high=1024, advanced=True
)
_LAYERS = Parameter("layers", "Layers", 2, "Of encoder and decoder.", low=1, high=12, advanced=True)
_WORDS = Parameter(
    "vocabulary", "Vocabulary", 600, "Tokens learned from the training texts.", low=64, high=32_000,
    advanced=True,
)  # fmt: skip

CARDS = (
    ModelCard(
        name="t5-tiny",
        title="Small T5, trained here",
        family="trained here",
        abilities=(
            Ability(
                "generate",
                TEXT_TO_TEXT,
                "chebimm_core.models.tiny_t5:TinyT5",
                (
                    *training_parameters(
                        epochs=200, batch_size=32, learning_rate=2e-3, cpu_seconds=80.0
                    ),
                    *WRITING,
                    _WIDTH,
                    _LAYERS,
                    _WORDS,
                ),
                stops_early=True,
                smallest_batch=32,
                fit_seconds=90.0,
                sample_seconds=0.05,
            ),
        ),
        description="The architecture of T5 with about a million weights and a vocabulary of its "
        "own, trained from nothing in a stated processor time. It learns templated captions; on "
        "real ones it stays below a constant answer, so read it beside the floor.",
        trained_on="the training split of the data set",
        license="Apache-2.0",
        reference="Raffel et al. 2020, arXiv:1910.10683",
        parameters_millions=1.0,
    ),
)


class TinyT5(TextWriter):
    """A T5 with random weights and a tokenizer made from the training texts."""

    def make_network(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Any:
        """Tokenizer first, then the network."""
        from chebimm_core.neural.seq2seq import Seq2SeqNetwork
        from chebimm_core.neural.small_t5 import corpus_tokenizer, random_t5

        texts = [*(str(t) for t in train["input"]), *(str(t) for t in train["target"])]
        tokenizer = corpus_tokenizer(texts, int(self.arguments["vocabulary"]))
        model = random_t5(
            len(tokenizer), int(self.arguments["width"]), int(self.arguments["layers"])
        )
        return Seq2SeqNetwork(model, tokenizer, max_input=self.max_input)
