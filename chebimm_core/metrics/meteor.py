"""METEOR as NLTK 3 computes it (Lavie and Agarwal 2007), with stems and synonyms looked up once.

Three stages match what the one before left over: equal words, equal Porter stems, WordNet synonyms
of the stems. Each goes through the hypothesis from right to left and takes the highest free
position of the reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from chebimm_core.metrics.synsets import Synsets

if TYPE_CHECKING:
    from nltk.stem.porter import PorterStemmer

_ALPHA, _BETA, _GAMMA = 0.9, 3.0, 0.5


class Synonyms:
    """Stems of words and single-word synonyms of stems, each looked up once.

    Args:
        wordnet: Folder of WordNet files; None: a word's only synonym is itself.
    """

    def __init__(self, wordnet: Path | None) -> None:
        self.wordnet = wordnet
        self._synsets: Synsets | None = None
        self._stemmer: PorterStemmer | None = None
        self._stems: dict[str, str] = {}
        self._synonyms: dict[str, frozenset[str]] = {}

    def stem(self, word: str) -> str:
        found = self._stems.get(word)
        if found is None:
            if self._stemmer is None:
                # Importing NLTK takes more than a second: not before it is needed.
                from nltk.stem.porter import PorterStemmer

                self._stemmer = PorterStemmer()
            found = self._stems[word] = self._stemmer.stem(word)
        return found

    def of(self, stem: str) -> frozenset[str]:
        """Synonyms of ``stem``, itself included; names of several words never match and are out."""
        found = self._synonyms.get(stem)
        if found is None:
            found = self._synonyms[stem] = self._look_up(stem)
        return found

    def _look_up(self, stem: str) -> frozenset[str]:
        if self.wordnet is None:
            return frozenset((stem,))
        if self._synsets is None:
            self._synsets = Synsets(self.wordnet)
        return frozenset((stem, *self._synsets.names(stem)))


def meteor(hypothesis: Sequence[str], reference: Sequence[str], synonyms: Synonyms) -> float:
    """METEOR of one pair.

    Args:
        hypothesis: Lower-cased tokens of the output.
        reference: Lower-cased tokens of the reference.
        synonyms: Stems and synonyms.

    Returns:
        A value in [0, 1]; 0 if nothing matches.
    """
    matches = _align(hypothesis, reference, synonyms)
    if not matches:
        return 0.0
    precision = len(matches) / len(hypothesis)
    recall = len(matches) / len(reference)
    mean = precision * recall / (_ALPHA * precision + (1.0 - _ALPHA) * recall)
    penalty: float = _GAMMA * (_chunks(matches) / len(matches)) ** _BETA
    return (1.0 - penalty) * mean


def _align(
    hypothesis: Sequence[str], reference: Sequence[str], synonyms: Synonyms
) -> list[tuple[int, int]]:
    matches, left, right = _match(list(enumerate(hypothesis)), list(enumerate(reference)))
    if left and right:
        stem = synonyms.stem
        stemmed, left, right = _match(
            [(i, stem(word)) for i, word in left], [(j, stem(word)) for j, word in right]
        )
        matches += stemmed
    if left and right:
        matches += _match_synonyms(left, right, synonyms)
    matches.sort()
    return matches


Words = list[tuple[int, str]]


def _match(left: Words, right: Words) -> tuple[list[tuple[int, int]], Words, Words]:
    """Pairs of positions with equal words, and what is left of both sides in order."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for j, word in right:
        places[word].append(j)
    matches: list[tuple[int, int]] = []
    unmatched: Words = []
    for i, word in reversed(left):
        free = places.get(word)
        if free:
            matches.append((i, free.pop()))
        else:
            unmatched.append((i, word))
    unmatched.reverse()
    taken = {j for _, j in matches}
    return matches, unmatched, [pair for pair in right if pair[0] not in taken]


def _match_synonyms(left: Words, right: Words, synonyms: Synonyms) -> list[tuple[int, int]]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for j, word in right:
        places[word].append(j)
    matches: list[tuple[int, int]] = []
    for i, word in reversed(left):
        candidates = synonyms.of(word) & places.keys()
        if candidates:
            best = max(candidates, key=lambda name: places[name][-1])
            matches.append((i, places[best].pop()))
            if not places[best]:
                del places[best]
    return matches


def _chunks(matches: list[tuple[int, int]]) -> int:
    """Runs of matches that are adjacent on both sides."""
    breaks = sum(
        after[0] != before[0] + 1 or after[1] != before[1] + 1
        for before, after in pairwise(matches)
    )
    return breaks + 1
