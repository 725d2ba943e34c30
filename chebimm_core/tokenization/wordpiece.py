"""SciBERT uncased WordPiece (Beltagy et al. 2019, doi:10.18653/v1/D19-1371), the published choice.

Read by ``tokenizers`` from ``vocab.txt``: the same normalizer and model as BERT's fast tokenizer,
without ``transformers``. No special tokens are added, and none that a text spells out is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from tokenizers import BertWordPieceTokenizer

from chebimm_core import resources
from chebimm_core.domain.specs import TokenizerSpec
from chebimm_core.errors import DataFormatError, MissingDependencyError
from chebimm_core.resources.files import sha256
from chebimm_core.settings import Settings

_NOT_TEXT = frozenset(("[PAD]", "[CLS]", "[SEP]"))
_SPELLED_OUT = re.compile(r"\[(?:PAD|UNK|CLS|SEP|MASK)\]")
_ASCII_WORD = re.compile(r"[a-z0-9]+|[^ a-z0-9]")
"""What BERT's pre-tokenizer makes of lower-case printable ASCII: runs of letters and digits, and
every other character by itself."""
_MOST_WORDS_KEPT = 200_000


class _Pieces(dict[str, list[str]]):
    """Word -> its pieces; a new word is cut by the model, once."""

    def __init__(self, model: BertWordPieceTokenizer) -> None:
        super().__init__()
        self._model = model

    def __missing__(self, word: str) -> list[str]:
        if len(self) >= _MOST_WORDS_KEPT:
            self.clear()
        found: list[str] = self._model.encode(word, add_special_tokens=False).tokens
        self[word] = found
        return found


class WordPieceTokenizer:
    """Lower-cased WordPieces; continuation pieces begin with ``##``.

    Captions repeat a few thousand words, so each word is cut once. Texts with anything but
    printable ASCII, or with a special token spelled out, go through the library whole.

    Raises:
        DataFormatError: If the file is not a WordPiece vocabulary.
    """

    def __init__(self, vocab: Path) -> None:
        try:
            self._model = BertWordPieceTokenizer(str(vocab), lowercase=True)
        except Exception as error:  # the library raises bare exceptions for unreadable files
            raise DataFormatError(
                "The vocabulary file is not a BERT vocabulary: one piece a line, [SEP] and [CLS] "
                "among them",
                value=str(vocab),
                do="Name SciBERT's vocab.txt in CHEBIMM_SCIBERT_VOCAB",
            ) from error
        self._pieces = _Pieces(self._model)
        self.signature = f"scibert-uncased@{sha256(vocab)[:8]}"
        self.vocabulary_size: int | None = self._model.get_vocab_size()

    def tokenize(self, text: str) -> list[str]:
        return self.tokenize_batch([text])[0]

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]:
        return [self._words(text) if _is_plain(text) else self._whole(text) for text in texts]

    def _words(self, text: str) -> list[str]:
        words = _ASCII_WORD.findall(text.lower())
        return list(chain.from_iterable(map(self._pieces.__getitem__, words)))

    def _whole(self, text: str) -> list[str]:
        encoded = self._model.encode(text, add_special_tokens=False)
        return [token for token in encoded.tokens if token not in _NOT_TEXT]


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and _SPELLED_OUT.search(text) is None


def _load(settings: Settings, corpus: Sequence[str] = ()) -> WordPieceTokenizer:
    vocab = resources.scibert_vocab(settings)
    if vocab is None:
        raise MissingDependencyError(
            "The SciBERT vocabulary is not on this machine",
            do="Fetch it with: python -m chebimm_core doctor --fetch, or name vocab.txt in "
            "CHEBIMM_SCIBERT_VOCAB, or choose the tokenizer 'words' or 'bpe'",
        )
    return WordPieceTokenizer(vocab)


SPECS = (
    TokenizerSpec(
        name="scibert",
        title="SciBERT WordPiece",
        description="31,090 pieces learned on scientific papers; the published choice.",
        load=_load,
    ),
)
