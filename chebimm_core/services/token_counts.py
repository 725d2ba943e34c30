"""Texts of a run as token counts: which tokens a map has, and how often each stands where."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chebimm_core.analysis.cooccurrence import (
    TokenTable,
    count_matrix,
    is_boilerplate,
    is_content,
    is_name_word,
    is_notation_content,
    select_tokens,
)
from chebimm_core.domain.specs import Tokenizer
from chebimm_core.errors import SettingError
from chebimm_core.settings import Settings
from chebimm_core.tokenization import TOKENIZERS
from chebimm_core.tokenization.notation import NOTATIONS, NotationTokenizer, PairEncodingTokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

MAX_SIZE = 200
DEFAULT_TOKENIZER = "words"
"""Whole words are what a chemist reads; they need no vocabulary file."""


@dataclass(frozen=True, slots=True)
class TokenizedTexts:
    """Tokens of a list of texts and the signature of what cut them."""

    table: TokenTable
    signature: str


Cache = MutableMapping[str, TokenizedTexts]


@dataclass(frozen=True, slots=True)
class Side:
    """How the tokens of one side of a map are chosen."""

    modality: str
    tokenizer: str
    size: int
    keep: Sequence[str] | None = None
    """Exactly these tokens instead of the most frequent ones."""
    drop: Sequence[str] = ()
    """Never these; the next most frequent ones stand in."""
    boilerplate: bool = True
    """False leaves out the words of the sentences captions are built from."""


@dataclass(frozen=True, slots=True)
class SideCounts:
    """Chosen tokens of one side, counted in every text."""

    tokens: tuple[str, ...]
    counts: sparse.csr_array
    """(texts, tokens)."""
    lengths: NDArray[np.int64]
    """(texts,) tokens of each text, chosen or not."""
    signature: str
    """Modality, tokenizer and how many tokens."""


def count_side(
    settings: Settings, side: Side, texts: tuple[str, ...], cache: Cache | None
) -> SideCounts:
    """Cuts texts, chooses tokens and counts them.

    Raises:
        SettingError: If the size or a token is not usable.
        MissingDependencyError: If the tokenizer needs a file that is absent.
    """
    if not 2 <= side.size <= MAX_SIZE:
        raise SettingError("The size of a map", value=side.size, allowed=f"2 to {MAX_SIZE}")
    cut = tokenized(settings, side.tokenizer, side.modality, texts, cache)
    keep = None if side.keep is None else [token for token in side.keep if token not in side.drop]
    tokens = select_tokens(cut.table, side.size, keep, admits=_admits(side))
    lengths = np.bincount(cut.table.texts, minlength=cut.table.n_texts).astype(np.int64)
    return SideCounts(
        tokens=tuple(tokens),
        counts=count_matrix(cut.table, tokens),
        lengths=lengths,
        signature=f"{side.modality} by {cut.signature}",
    )


def left_out(source: Side, target: Side) -> str:
    """What the user took out, for signatures; empty if nothing."""
    parts = [] if source.boilerplate else ["caption boilerplate"]
    parts += [
        f"{name} {','.join(side.drop)}"
        for name, side in (("source", source), ("target", target))
        if side.drop
    ]
    return f" | without {'; '.join(parts)}" if parts else ""


def tokenized(
    settings: Settings, name: str, modality: str, texts: tuple[str, ...], cache: Cache | None
) -> TokenizedTexts:
    """Cuts texts once; a cache keeps them between calls."""
    digest = hashlib.sha256(f"{name} {modality if modality in NOTATIONS else ''}".encode())
    for text in texts:
        digest.update(b"\x00" + text.encode(errors="surrogatepass"))
    key = digest.hexdigest()
    if cache is not None and key in cache:
        return cache[key]
    tokenizer = loaded(settings, name, modality, texts)
    made = TokenizedTexts(TokenTable.of(tokenizer.tokenize_batch(texts)), tokenizer.signature)
    if cache is not None:
        cache[key] = made
    return made


def loaded(settings: Settings, name: str, modality: str, texts: tuple[str, ...]) -> Tokenizer:
    """The tokenizer of that name for texts of a modality; a notation has its own.

    Raises:
        NotFoundError: If there is none of that name.
        MissingDependencyError: If it needs a file that is absent.
    """
    spec = TOKENIZERS[name]
    if modality in NOTATIONS and name == "words":
        return NotationTokenizer(modality)
    if modality in NOTATIONS and name == "bpe":
        return PairEncodingTokenizer(modality, texts)
    return spec.load(settings, texts)


def _admits(side: Side) -> Callable[[str], bool]:
    content = is_notation_content if side.modality in NOTATIONS else is_content
    if side.modality == "IUPAC" and side.tokenizer in {"words", "bpe"}:
        content = is_name_word
    plain = side.boilerplate or side.modality != "caption"
    drop = frozenset(side.drop)
    return lambda token: (
        token not in drop and content(token) and (plain or not is_boilerplate(token))
    )
