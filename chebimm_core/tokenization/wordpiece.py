"""SciBERT uncased WordPiece (Beltagy et al. 2019, doi:10.18653/v1/D19-1371), the published choice.

Read by ``tokenizers`` from ``vocab.txt``: the same normalizer and model as BERT's fast tokenizer,
without ``transformers``. No special tokens are added, and none that a text spells out is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import BertWordPieceTokenizer

from chebimm_core import resources
from chebimm_core.domain.specs import TokenizerSpec
from chebimm_core.errors import DataFormatError, MissingDependencyError
from chebimm_core.resources.files import sha256
from chebimm_core.settings import Settings

_NOT_TEXT = frozenset(("[PAD]", "[CLS]", "[SEP]"))


class WordPieceTokenizer:
    """Lower-cased WordPieces; continuation pieces begin with ``##``.

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
        self.signature = f"scibert-uncased@{sha256(vocab)[:8]}"
        self.vocabulary_size: int | None = self._model.get_vocab_size()

    def tokenize(self, text: str) -> list[str]:
        return self.tokenize_batch([text])[0]

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]:
        encoded = self._model.encode_batch(list(texts), add_special_tokens=False)
        return [[t for t in e.tokens if t not in _NOT_TEXT] for e in encoded]


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
