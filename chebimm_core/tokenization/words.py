"""Plain words: runs of letters, runs of digits, single other signs. Needs nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chebimm_core.domain.specs import TokenizerSpec
from chebimm_core.settings import Settings

_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")


class WordTokenizer:
    """Lower-cased words; locants and punctuation of a chemical name stand alone."""

    signature = "words-v1"
    vocabulary_size: int | None = None

    def tokenize(self, text: str) -> list[str]:
        return _WORD.findall(text.lower())

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]:
        return [self.tokenize(text) for text in texts]


def _load(settings: Settings, corpus: Sequence[str] = ()) -> WordTokenizer:
    return WordTokenizer()


SPECS = (
    TokenizerSpec(
        name="words",
        title="Words",
        description="Lower-cased words, numbers and signs; no vocabulary, no download.",
        load=_load,
    ),
)
