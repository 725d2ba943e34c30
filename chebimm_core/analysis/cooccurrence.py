"""Which tokens of the input go with which tokens of the output.

Token selection and counts of the token mapping matrix (Liu et al. 2025, Methods). With X the (texts
x source tokens) and Y the (texts x target tokens) counts, the matrix is X^T Y: how often a source
and a target token meet in one molecule, with multiplicity, as in the published notebook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.errors import SettingError

if TYPE_CHECKING:
    from scipy import sparse

Ints = NDArray[np.int64]

_CHUNK = 250_000
"""Texts per partial product; memory stays flat however many there are."""

_MARKERS = "▁Ġ#"
"""Word-boundary and continuation marks of SentencePiece, byte-level BPE and WordPiece."""

STOP_WORDS = frozenset(
    """a about above after all also am an and any are as at be because been before being below
    between both but by can could did do does during each either few for from further had has have
    having he her here hers him his how i if in into is it its itself just may more most must my no
    nor not of off on once one only or other our out over own same she should since so some such
    than that the their them then there these they this those through to too under until up upon
    very was we were what when where whether which while who whom whose why will with within
    without would you your""".split()
)
"""English function words; chemistry has its own meaning for none of them."""

CAPTION_BOILERPLATE = frozenset(
    """arising atom atoms attached bearing bears belonging belongs built carries carrying class
    compound compounds consisting consists contain containing contains corresponding counts derive
    derived derives entity five formally formula four functionally group groups having joined
    linked located major member members moiety molecular molecule molecules obtained one ph
    position positions related replaced resulting respectively role single sits six species
    substituent substituents substituted system three two unit units""".split()
)
"""Words of the sentences captions are built from: "The molecule is a ... It has a role as ... It
derives from ...". They stand in nearly every caption and tell one molecule from another in none."""

_UNKNOWN = frozenset(("[UNK]", "<unk>"))
_PREFIX = "InChI="
"""What every InChI begins with: it says nothing of the molecule."""

_LOCANT_LETTERS = re.compile(r"[a-z][rs]")
"""What plain words leave of a stereo locant: ``ar`` of ``3aR``."""


@dataclass(frozen=True, slots=True)
class TokenTable:
    """Tokenized texts as integer codes: made once, counted many times."""

    vocabulary: tuple[str, ...]
    """(v,) distinct tokens in order of first appearance."""
    codes: Ints
    """(t,) vocabulary index of every token of every text."""
    texts: Ints
    """(t,) index of the text each token stands in."""
    n_texts: int

    @classmethod
    def of(cls, tokenized: Sequence[Sequence[str]]) -> TokenTable:
        """From one list of tokens a text."""
        lengths = np.fromiter((len(t) for t in tokenized), np.int64, len(tokenized))
        flat = np.array(list(chain.from_iterable(tokenized)), dtype=object)
        codes, vocabulary = pd.factorize(flat)
        return cls(
            vocabulary=tuple(str(token) for token in vocabulary),
            codes=codes.astype(np.int64),
            texts=np.repeat(np.arange(len(tokenized)), lengths),
            n_texts=len(tokenized),
        )

    def frequencies(self) -> Ints:
        """(v,) occurrences of each token over all texts."""
        return np.bincount(self.codes, minlength=len(self.vocabulary)).astype(np.int64)

    def tokens_of(self, text: int) -> list[str]:
        """Tokens of one text, in order."""
        start, stop = np.searchsorted(self.texts, (text, text + 1))
        return [self.vocabulary[code] for code in self.codes[start:stop]]


def is_content(token: str) -> bool:
    """Whether a token can carry chemistry: two letters at least, only letters, no stop word."""
    bare = token.strip(_MARKERS).lower()
    return len(bare) > 1 and bare.isalpha() and bare not in STOP_WORDS


def is_notation_content(token: str) -> bool:
    """The same for line notations, where one letter is an atom: any token that holds a letter.

    ``Cl``, ``[N+]``, ``=O`` and ``[Branch1]`` count; ring digits, brackets and bonds alone do not.
    """
    return (
        token not in _UNKNOWN
        and not token.startswith(_PREFIX)
        and any(character.isalpha() for character in token)
    )


def is_name_word(token: str) -> bool:
    """Content of a systematic name cut into words: no remains of locants such as ``3aR``."""
    return is_content(token) and not _LOCANT_LETTERS.fullmatch(token)


def is_boilerplate(token: str) -> bool:
    """Whether a token is a word of :data:`CAPTION_BOILERPLATE`, whatever its case and marks."""
    return token.strip(_MARKERS).lower() in CAPTION_BOILERPLATE


def select_tokens(
    table: TokenTable,
    size: int,
    keep: Iterable[str] | None = None,
    *,
    admits: Callable[[str], bool] = is_content,
) -> list[str]:
    """The most frequent content tokens, or the user's own list.

    Args:
        table: Tokenized texts.
        size: How many tokens; fewer are returned if the texts hold fewer.
        keep: If given, exactly these tokens (once each), whatever their frequency.
        admits: Which tokens may be taken; those refused are replaced by the next most frequent.

    Returns:
        Tokens by descending frequency, ties in order of first appearance; or ``keep``.

    Raises:
        SettingError: If ``size`` is below 2 or a token of ``keep`` occurs in no text.
    """
    if keep is not None:
        wanted = list(dict.fromkeys(keep))
        absent = sorted(set(wanted) - set(table.vocabulary))
        if absent:
            raise SettingError(
                "Some chosen tokens occur in none of the texts",
                value=absent[:10],
                do="Remove them, or choose the tokenizer they were taken from",
            )
        return wanted
    if size < 2:
        raise SettingError("A map needs at least two tokens a side", value=size, allowed="2 to 200")
    frequencies = table.frequencies()
    order = np.argsort(-frequencies, kind="stable")
    content = (table.vocabulary[i] for i in order if admits(table.vocabulary[i]))
    return [token for token, _ in zip(content, range(size), strict=False)]


def count_matrix(table: TokenTable, tokens: Sequence[str]) -> sparse.csr_array:
    """(n_texts, len(tokens)) int64: how often each token stands in each text."""
    from scipy import sparse

    position = {token: i for i, token in enumerate(tokens)}
    column = np.array([position.get(token, -1) for token in table.vocabulary], dtype=np.int64)
    where = column[table.codes] if len(table.codes) else table.codes
    kept = where >= 0
    ones = np.ones(int(kept.sum()), dtype=np.int64)
    matrix = sparse.coo_array(
        (ones, (table.texts[kept], where[kept])), shape=(table.n_texts, len(tokens))
    ).tocsr()
    matrix.sum_duplicates()
    return matrix


def cooccurrence(source: sparse.csr_array, target: sparse.csr_array) -> Ints:
    """(n, m) X^T Y, accumulated in int64 over chunks of texts.

    Args:
        source: (texts, n) counts.
        target: (texts, m) counts, rows aligned with ``source``.
    """
    if source.shape[0] != target.shape[0]:
        raise SettingError(
            "Source and target must hold the same texts",
            value=f"{source.shape[0]} and {target.shape[0]} rows",
        )
    total = np.zeros((source.shape[1], target.shape[1]), dtype=np.int64)
    for start in range(0, source.shape[0], _CHUNK):
        rows = slice(start, start + _CHUNK)
        total += (source[rows].T @ target[rows]).toarray().astype(np.int64)
    return total


def carriers(source: sparse.csr_array, target: sparse.csr_array) -> Ints:
    """(n, m) number of texts that hold both tokens, whatever the multiplicity."""
    return cooccurrence(_presence(source), _presence(target))


def _presence(counts: sparse.csr_array) -> sparse.csr_array:
    return (counts > 0).astype(np.int64)
