"""Any model of transformers by its hub id or folder: three cards without weights of their own."""

from __future__ import annotations

from chebimm_core.domain.specs import Ability, ModelCard, Parameter
from chebimm_core.models import hf_causal, hf_seq2seq, text_encoders
from chebimm_core.models.pretrained import Pretrained
from chebimm_core.models.transitions import TEXT_TO_TEXT

_LICENSE = "that of the weights"
_REFERENCE = "Wolf et al. 2020, doi:10.18653/v1/2020.emnlp-demos.6"
_TRAINED = "unknown: see the model's own page; fine-tuned on the training split of the data set"
_WEIGHTS = Parameter(
    "weights",
    "Weights",
    "",
    "Hub id OWNER/NAME, or a local folder with config, tokenizer and safetensors weights. Nothing "
    "of it is run as code.",
)


def _card(name: str, title: str, what: str, abilities: tuple[Ability, ...]) -> ModelCard:
    return ModelCard(
        name=name,
        title=title,
        family="by hub id",
        abilities=abilities,
        description=f"{what} of transformers, by hub id or local folder. Give runs of different "
        "weights apart by them: they stand in the run's specification.",
        trained_on=_TRAINED,
        license=_LICENSE,
        reference=_REFERENCE,
        gpus=1.0,
    )


CARDS = (
    _card(
        "hub-seq2seq",
        "Encoder-decoder by hub id",
        "Any sequence-to-sequence model",
        (
            Ability(
                "generate",
                TEXT_TO_TEXT,
                "chebimm_core.models.hf_seq2seq:Seq2Seq",
                (_WEIGHTS, *hf_seq2seq.PARAMETERS),
                stops_early=True,
                smallest_batch=16,
            ),
        ),
    ),
    _card(
        "hub-causal",
        "Decoder by hub id",
        "Any causal language model",
        (
            Ability(
                "generate",
                TEXT_TO_TEXT,
                "chebimm_core.models.hf_causal:Causal",
                (_WEIGHTS, *hf_causal.PARAMETERS),
                stops_early=True,
                smallest_batch=16,
            ),
        ),
    ),
    _card(
        "hub-encoder",
        "Text encoder by hub id",
        "Any text encoder",
        text_encoders.abilities(
            Pretrained("hub-encoder", "", "", 0.0, _LICENSE, _REFERENCE, _TRAINED)
        ),
    ),
)
