"""Reference and output text, word by word: what is shared, missing and added."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal

SpanStatus = Literal["equal", "missing", "added"]

_WORD = re.compile(r"\S+?(?=[.,;:]*(?:\s|$))\s*|\s+")
"""A word without the punctuation that ends it, the white space after it included."""
_MAX_WORDS = 3_000
"""Matching is quadratic in the worst case; a longer text is compared as a whole."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text. Plain text: whoever renders it must escape it."""

    text: str
    status: SpanStatus
    """``missing``: only the reference has it; ``added``: only the output has it."""


def word_diff(reference: str, output: str) -> list[Span]:
    """Aligns two texts on words.

    Returns:
        Spans in reading order. The texts of ``equal`` and ``missing`` spans joined are the words
        of the reference, those of ``equal`` and ``added`` spans those of the output, up to white
        space.
    """
    left, right = _WORD.findall(reference), _WORD.findall(output)
    if len(left) > _MAX_WORDS or len(right) > _MAX_WORDS:
        whole = [Span(reference, "missing"), Span(output, "added")]
        return [Span(reference, "equal")] if reference == output else [s for s in whole if s.text]
    matcher = difflib.SequenceMatcher(
        None, [w.strip() for w in left], [w.strip() for w in right], autojunk=False
    )
    spans: list[Span] = []
    for operation, a, b, c, d in matcher.get_opcodes():
        if operation == "equal":
            shared, shown = "".join(left[a:b]), "".join(right[c:d])
            # The reference's last word has no space behind it, though more may follow here.
            ends = shared[-1:].isspace() or not shown[-1:].isspace()
            spans.append(Span(shared if ends else shown, "equal"))
            continue
        if b > a:
            spans.append(Span("".join(left[a:b]), "missing"))
        if d > c:
            spans.append(Span("".join(right[c:d]), "added"))
    return spans
