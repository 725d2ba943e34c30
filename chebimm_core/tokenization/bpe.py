"""Byte-pair encoding trained on the texts at hand (Sennrich et al. 2016, doi:10.18653/v1/P16-1162).

It needs no download, and its merges are the frequent morphemes of the corpus: ``hydroxy``.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from chebimm_core.domain.specs import TokenizerSpec
from chebimm_core.errors import SettingError
from chebimm_core.settings import Settings

_VOCAB_SIZE = 2_000
_UNKNOWN = "[UNK]"


class CorpusBPETokenizer:
    """Lower-cased pieces; merges never cross digits, punctuation or spaces.

    Args:
        corpus: Texts to learn merges from.
        vocab_size: Pieces to learn at most, single characters included.

    Raises:
        SettingError: If the corpus has no text.
    """

    def __init__(self, corpus: Sequence[str], vocab_size: int = _VOCAB_SIZE) -> None:
        texts = [text for text in corpus if text and not text.isspace()]
        if not texts:
            raise SettingError(
                "The tokenizer 'bpe' is trained on the corpus, and the corpus has no text",
                value=len(corpus),
                do="Give it texts, or choose the tokenizer 'words'",
            )
        self._model = Tokenizer(models.BPE(unk_token=_UNKNOWN))
        self._model.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        self._model.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.WhitespaceSplit(),
                pre_tokenizers.Split(Regex(r"[^\p{L}\p{M}]"), behavior="isolated"),
            ]
        )
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=[_UNKNOWN],
            initial_alphabet=list(string.ascii_lowercase + string.digits + string.punctuation),
            show_progress=False,
        )
        self._model.train_from_iterator(texts, trainer)
        pieces = "\n".join(sorted(self._model.get_vocab()))
        self.vocabulary_size: int | None = self._model.get_vocab_size()
        self.signature = f"bpe{vocab_size}@{hashlib.sha256(pieces.encode()).hexdigest()[:8]}"

    def tokenize(self, text: str) -> list[str]:
        return self.tokenize_batch([text])[0]

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]:
        encoded = self._model.encode_batch(list(texts), add_special_tokens=False)
        return [e.tokens for e in encoded]


def _load(
    settings: Settings, corpus: Sequence[str] = (), vocab_size: int = _VOCAB_SIZE
) -> CorpusBPETokenizer:
    return CorpusBPETokenizer(corpus, vocab_size)


SPECS = (
    TokenizerSpec(
        name="bpe",
        title="Corpus BPE",
        description="Up to 2,000 pieces learned on the very texts shown; needs no download.",
        load=_load,
    ),
)
