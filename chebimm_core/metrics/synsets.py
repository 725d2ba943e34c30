"""Single-word synonyms from WordNet's own files, as NLTK's reader finds them.

NLTK's reader takes seconds of CPU to open, most of them for maps between languages and releases
that METEOR never asks for. The files are sorted (wndb(5WN)), so a word is found by bisection.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PARTS = ("noun", "verb", "adj", "adv")
_NOUN_ENDINGS = (
    ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"),
    ("shes", "sh"), ("men", "man"), ("ies", "y"),
)  # fmt: skip
_VERB_ENDINGS = (
    ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"),
    ("ing", ""),
)  # fmt: skip
_ADJECTIVE_ENDINGS = (("er", ""), ("est", ""), ("er", "e"), ("est", "e"))
_ENDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "noun": _NOUN_ENDINGS,
    "verb": _VERB_ENDINGS,
    "adj": _ADJECTIVE_ENDINGS,
    "adv": (),
}
"""Endings and what a base form may have in their place (morphy(7WN), as NLTK 3 has them)."""


class Synsets:
    """WordNet read into memory (about 30 MB), nothing of it parsed before it is asked for.

    Args:
        folder: ``index.*``, ``data.*`` and ``*.exc`` of WordNet 3, lines ending with LF.

    Raises:
        OSError: If a file is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._index = {part: (folder / f"index.{part}").read_bytes() for part in _PARTS}
        self._data = {part: (folder / f"data.{part}").read_bytes() for part in _PARTS}
        self._exceptions = {part: _exceptions(folder / f"{part}.exc") for part in _PARTS}

    def names(self, word: str) -> Iterator[str]:
        """Every name in every synset of a word's base forms; names of several words left out.

        Satellite adjectives need no search of their own: they are a part of the adjectives.
        """
        word = word.lower()
        for part in _PARTS:
            for form in {word, *self._base_forms(word, part)}:
                line = _line_of(self._index[part], form.encode("utf-8", "replace"))
                for offset in _offsets(line):
                    yield from _names(self._data[part], offset)

    def _base_forms(self, word: str, part: str) -> list[str]:
        irregular = self._exceptions[part].get(word)
        if irregular is not None:
            return irregular
        return [word[: -len(old)] + new for old, new in _ENDINGS[part] if word.endswith(old)]


def _exceptions(path: Path) -> dict[str, list[str]]:
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {terms[0]: terms[1:] for terms in lines if terms}


def _line_of(content: bytes, lemma: bytes) -> bytes:
    """The line that begins with a lemma; empty if there is none."""
    if not lemma:
        return b""  # the license above the first word begins with spaces
    low, high = 0, len(content)
    while low < high:
        start = content.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        line = content[start:end]
        found = line.partition(b" ")[0]
        if found == lemma:
            return line
        if found < lemma:
            low = end + 1
        else:
            high = start
    return b""


def _offsets(line: bytes) -> list[int]:
    """Byte offsets at the end of an index line: lemma, part, their number, and so on."""
    fields = line.split()
    return [int(field) for field in fields[-int(fields[2]) :]] if fields else []


def _names(content: bytes, offset: int) -> list[str]:
    """Names in a data line: offset, file, type, their number (hex), then name and sense in turn."""
    fields = content[offset : content.index(b"\n", offset)].partition(b"|")[0].split()
    last = 4 + 2 * int(fields[3], 16)
    names = (name.decode("utf-8").partition("(")[0] for name in fields[4:last:2])
    return [name for name in names if "_" not in name]
