"""Where tokens stand in the text they were cut from, for any tokenizer.

A tokenizer gives tokens without positions, and may lower-case, strip accents or add marks. Tokens
come in text order, so each is looked for from the end of the one before.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_MARKERS = "▁Ġ"


def token_spans(text: str, tokens: Sequence[str], wanted: str) -> list[tuple[int, int]]:
    """Character ranges [start, end) of each occurrence of one token.

    Args:
        text: The original text.
        tokens: All its tokens, in order.
        wanted: The token to locate, as the tokenizer writes it.

    Returns:
        Non-overlapping ascending ranges into ``text``. A token whose characters cannot be found
        (one that the tokenizer replaced) has none.
    """
    found = all_spans(text, tokens)
    return [span for token, span in zip(tokens, found, strict=True) if token == wanted and span]


def all_spans(text: str, tokens: Sequence[str]) -> list[tuple[int, int] | None]:
    """Where each token stands, ascending and without overlap; None for one that is not found."""
    folded, origin = _fold(text)
    spans: list[tuple[int, int] | None] = []
    cursor = 0
    for token in tokens:
        needle, _ = _fold(_bare(token))
        start = folded.find(needle, cursor) if needle else -1
        if start < 0:
            spans.append(None)
            continue
        cursor = start + len(needle)
        spans.append((origin[start], origin[cursor - 1] + 1))
    return spans


def _bare(token: str) -> str:
    token = token.strip(_MARKERS)
    return token[2:] if token.startswith("##") and len(token) > 2 else token


def _fold(text: str) -> tuple[str, list[int]]:
    """Lower-case text without accents, and for each of its characters the index it comes from."""
    characters: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for piece in unicodedata.normalize("NFKD", character.lower()):
            if not unicodedata.combining(piece):
                characters.append(piece)
                origin.append(index)
    return "".join(characters), origin
