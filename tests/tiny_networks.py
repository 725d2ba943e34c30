"""Networks of the published architectures, tiny and random, saved as their publishers save them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

WORDS = [
    "CCO", "CCN", "c1ccccc1", "CC(=O)O", "ethanol", "ethanamine", "benzene", "acetic acid",
    "The molecule is an alcohol.", "The molecule is an amine.", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
    "[C][C][O]", "SMILES: caption: IUPAC:\n",
]  # fmt: skip
_SIDE = 32


def text(kind: str, folder: Path) -> str:
    """``bert``, ``roberta``, ``gpt2``, ``gpt_neo``, ``biogpt``, ``t5`` or ``bart`` in a folder."""
    import transformers as t

    torch.manual_seed(0)
    size = _tokenizer(folder)
    common: dict[str, Any] = {"vocab_size": size, "pad_token_id": 0, "eos_token_id": 1}
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    wide = {**small, "intermediate_size": 32, "max_position_embeddings": 128}
    networks = {
        "bert": lambda: t.BertModel(t.BertConfig(**common, **wide)),
        "roberta": lambda: t.RobertaModel(t.RobertaConfig(**common, **wide)),
        "gpt2": lambda: t.GPT2LMHeadModel(
            t.GPT2Config(**common, bos_token_id=1, n_embd=16, n_layer=1, n_head=2, n_positions=128)
        ),
        "gpt_neo": lambda: t.GPTNeoForCausalLM(
            t.GPTNeoConfig(
                **common, bos_token_id=1, hidden_size=16, num_layers=1, num_heads=2,
                attention_types=[[["global"], 1]], max_position_embeddings=128,
            )
        ),
        "biogpt": lambda: t.BioGptForCausalLM(t.BioGptConfig(**common, bos_token_id=1, **wide)),
        "t5": lambda: t.T5ForConditionalGeneration(
            t.T5Config(
                **common, decoder_start_token_id=0, d_model=16, d_kv=8, d_ff=32, num_layers=1,
                num_heads=2,
            )
        ),
        "bart": lambda: t.BartForConditionalGeneration(
            t.BartConfig(
                **common, bos_token_id=1, decoder_start_token_id=1, forced_eos_token_id=1,
                d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
                decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
                max_position_embeddings=128,
            )
        ),
    }  # fmt: skip
    networks[kind]().save_pretrained(folder)
    return str(folder)


def image(kind: str, folder: Path) -> str:
    """``vit``, ``resnet`` or ``swin`` in a folder."""
    import transformers as t

    torch.manual_seed(0)
    networks = {
        "vit": lambda: t.ViTModel(
            t.ViTConfig(
                image_size=_SIDE, patch_size=16, hidden_size=16, num_hidden_layers=1,
                num_attention_heads=2, intermediate_size=32,
            )
        ),
        "resnet": lambda: t.ResNetModel(
            t.ResNetConfig(
                embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"
            )
        ),
        "swin": lambda: t.SwinModel(
            t.SwinConfig(
                image_size=_SIDE, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2],
                window_size=4,
            )
        ),
    }  # fmt: skip
    networks[kind]().save_pretrained(folder)
    return str(folder)


def _tokenizer(folder: Path) -> int:
    """A character-level tokenizer in the fast format; its number of tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(WORDS, trainer)
    raw.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    fast.save_pretrained(folder)
    return int(raw.get_vocab_size())
