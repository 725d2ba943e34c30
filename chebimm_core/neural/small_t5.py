"""A T5 from a configuration, and a tokenizer from a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_PAD, _END, _UNKNOWN = "<pad>", "</s>", "<unk>"


def corpus_tokenizer(texts: Sequence[str], size: int) -> Any:
    """Byte-pair encoding of a corpus; every byte has a token, so nothing is unknown.

    Sennrich et al. 2016, doi:10.18653/v1/P16-1162.

    Args:
        texts: What it is made from.
        size: Tokens, at least the 256 bytes.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE(unk_token=_UNKNOWN))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(size, 260),
        special_tokens=[_PAD, _END, _UNKNOWN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    raw.post_processor = processors.TemplateProcessing(
        single=f"$A {_END}", special_tokens=[(_END, raw.token_to_id(_END))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token=_PAD, eos_token=_END, unk_token=_UNKNOWN
    )


def random_t5(vocabulary: int, width: int, layers: int) -> Any:
    """A T5 v1.1 with random weights.

    Args:
        vocabulary: Tokens.
        width: Features of a token.
        layers: Of encoder and decoder.
    """
    from transformers import T5Config, T5ForConditionalGeneration

    heads = 4
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=vocabulary,
            d_model=width,
            d_kv=max(4, width // heads),
            d_ff=2 * width,
            num_layers=layers,
            num_heads=heads,
            dropout_rate=0.0,
            feed_forward_proj="gated-gelu",
            pad_token_id=0,
            eos_token_id=1,
            decoder_start_token_id=0,
        )
    )
