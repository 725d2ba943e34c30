"""T5's SentencePiece (Raffel et al. 2020, JMLR 21:140). ``▁`` marks the start of a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from chebimm_core import resources
from chebimm_core.domain.specs import TokenizerSpec
from chebimm_core.errors import DataFormatError, MissingDependencyError
from chebimm_core.resources.files import sha256
from chebimm_core.settings import Settings


class T5Tokenizer:
    """Pieces from a ``tokenizer.json`` or from a SentencePiece ``.model``; no end-of-text token.

    Raises:
        DataFormatError: If the file is neither.
    """

    def __init__(self, path: Path) -> None:
        try:
            read = _from_json if path.suffix == ".json" else _from_model
            self._encode, size = read(path)
        except Exception as error:
            raise DataFormatError(
                "The T5 tokenizer file cannot be read",
                value=str(path),
                allowed="tokenizer.json or a SentencePiece .model",
                do="Name another file in CHEBIMM_T5_TOKENIZER",
            ) from error
        self.signature = f"t5@{sha256(path)[:8]}"
        self.vocabulary_size: int | None = size

    def tokenize(self, text: str) -> list[str]:
        return self.tokenize_batch([text])[0]

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]:
        return self._encode(list(texts))


_Encode = Callable[[list[str]], list[list[str]]]


def _from_json(path: Path) -> tuple[_Encode, int]:
    from tokenizers import Tokenizer

    model = Tokenizer.from_file(str(path))
    model.no_truncation()
    model.no_padding()

    def encode(texts: list[str]) -> list[list[str]]:
        return [e.tokens for e in model.encode_batch(texts, add_special_tokens=False)]

    return encode, int(model.get_vocab_size())


def _from_model(path: Path) -> tuple[_Encode, int]:
    from sentencepiece import SentencePieceProcessor

    model = SentencePieceProcessor(model_file=str(path))

    def encode(texts: list[str]) -> list[list[str]]:
        pieces: list[list[str]] = model.encode(texts, out_type=str)
        return pieces

    return encode, int(model.get_piece_size())


def _load(settings: Settings, corpus: Sequence[str] = ()) -> T5Tokenizer:
    path = resources.t5_tokenizer(settings)
    if path is None:
        raise MissingDependencyError(
            "The T5 tokenizer is not on this machine",
            do="Fetch it with: python -m chebimm_core doctor --fetch, or name a tokenizer.json in "
            "CHEBIMM_T5_TOKENIZER, or choose the tokenizer 'words' or 'bpe'",
        )
    return T5Tokenizer(path)


SPECS = (
    TokenizerSpec(
        name="t5",
        title="T5 SentencePiece",
        description="32,100 pieces of general English, the vocabulary of T5 and MolT5.",
        load=_load,
    ),
)
