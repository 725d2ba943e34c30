"""One model, many spellings: runs are loaded under the names their authors wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIZE = re.compile(
    r"[-_ ](tiny|mini|small|base|medium|large|xl|xxl|\d+(\.\d+)?[mb])$", re.IGNORECASE
)
_IN_BRACKETS = re.compile(r"\(([^()]+)\)")


def find(given: str, named: Mapping[str, str]) -> str | None:
    """The model a name means; None if it means none.

    Names are compared as written, then without case and punctuation, then without a size at the
    end: ``molt5-large`` is MolT5. A name in brackets counts, too: ``GPT-4 (MolReGPT)``.

    Args:
        given: Any spelling.
        named: Names, casefolded as written and :func:`bare`, -> model.
    """
    for candidate in (given, *_IN_BRACKETS.findall(given)):
        name = candidate.strip()
        while True:
            found = named.get(name.casefold()) or named.get(bare(name))
            shorter = _SIZE.sub("", name)
            if found or shorter == name:
                break
            name = shorter
        if found:
            return found
    return None


def bare(name: str) -> str:
    """Without case, blanks and punctuation; ``+`` counts, for BioT5 is not BioT5+."""
    return re.sub(r"[^a-z0-9+]", "", name.casefold())
