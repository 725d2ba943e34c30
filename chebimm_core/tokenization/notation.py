"""Line notations cut into what a chemist reads: atoms, symbols, layers.

Lower-cased words would make ``C`` and ``c`` one token and cut ``[N+]`` in three, so a map of a
notation takes these in place of plain words, and merges whole atoms instead of characters in place
of the corpus BPE (SMILES pair encoding, Li and Fourches 2021, doi:10.1021/acs.jcim.0c01127).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from chebimm_core.errors import SettingError

NOTATIONS: Final = ("SMILES", "SELFIES", "InChI")

_ATOM = r"\[[^\[\]\s]*\]|Br|Cl|[BCNOPSFIbcnops*]"
_PATTERNS: Final = {
    # A double or triple bond belongs to the atom behind it: =O is a carbonyl's oxygen.
    "SMILES": re.compile(rf"[=#$](?:{_ATOM})|{_ATOM}|%\d\d|\S"),
    "SELFIES": re.compile(r"\[[^\[\]\s]*\]|\S"),
    # The formula by elements, each layer by its letter, the rest by numbers and signs.
    "InChI": re.compile(r"InChI=\d+S?|/[a-z]|[A-Z][a-z]?\d*|[a-z]|\d+|\S"),
}
_TITLES: Final = {"SMILES": "atoms", "SELFIES": "symbols", "InChI": "layers"}

_BREAK: Final = re.compile(r"/|\.$")
"""Where an InChI's layer or another molecule begins. A SMILES bond ``/`` breaks a fragment too."""

_MERGES = 300
_FIRST_SIGN = 0xF0000
"""Start of a private range of Unicode: each atom stands for one sign while pairs are merged."""
_SIGNS = 60_000


class NotationTokenizer:
    """Atoms of SMILES (``=O``, ``[N+]``, ``Cl``), symbols of SELFIES, layers of InChI.

    Nothing but white space is lost: the tokens of a text, joined, are the text.

    Raises:
        SettingError: If the notation is none of :data:`NOTATIONS`.
    """

    vocabulary_size: int | None = None

    def __init__(self, notation: str) -> None:
        if notation not in _PATTERNS:
            raise SettingError("No such notation", value=notation, allowed=", ".join(NOTATIONS))
        self._pattern = _PATTERNS[notation]
        self.signature = f"{notation.lower()}-{_TITLES[notation]}-v1"

    def tokenize(self, text: str) -> list[str]:
        return self._pattern.findall(text)

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]:
        return [self.tokenize(text) for text in texts]


class PairEncodingTokenizer:
    """Frequent fragments of the texts at hand, merged from whole atoms: ``C(=O)``, ``c1ccccc1``.

    Args:
        notation: One of :data:`NOTATIONS`.
        corpus: Texts to learn merges from.
        merges: Fragments to learn at most.

    Raises:
        SettingError: If the corpus has no text.
    """

    def __init__(self, notation: str, corpus: Sequence[str], merges: int = _MERGES) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        self._atoms = NotationTokenizer(notation)
        cut = self._atoms.tokenize_batch(corpus)
        found = Counter(token for tokens in cut for token in tokens)
        if not found:
            raise SettingError(
                "Fragments are learned on the texts, and they hold none",
                value=len(corpus),
                do="Choose the tokenizer 'words'",
            )
        ranked = sorted(found, key=lambda token: (-found[token], token))[:_SIGNS]
        self._sign = {token: chr(_FIRST_SIGN + k) for k, token in enumerate(ranked)}
        self._token = {sign: token for token, sign in self._sign.items()}
        self._model = Tokenizer(models.BPE())
        self._model.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        trainer = trainers.BpeTrainer(
            vocab_size=len(ranked) + merges,
            initial_alphabet=list(self._token),
            show_progress=False,
        )
        self._model.train_from_iterator((self._encode(tokens) for tokens in cut), trainer)
        pieces = "\n".join(sorted(self._read(piece) for piece in self._model.get_vocab()))
        self.vocabulary_size: int | None = self._model.get_vocab_size()
        self.signature = (
            f"{notation.lower()}-pairs{merges}@{hashlib.sha256(pieces.encode()).hexdigest()[:8]}"
        )

    def tokenize(self, text: str) -> list[str]:
        return self.tokenize_batch([text])[0]

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]:
        signs = [self._encode(self._atoms.tokenize(text)) for text in texts]
        encoded = self._model.encode_batch(signs, add_special_tokens=False)
        return [[self._read(token) for token in e.tokens] for e in encoded]

    def _encode(self, tokens: Sequence[str]) -> str:
        """One sign an atom; no fragment crosses a space, put between layers and components."""
        return "".join(
            f" {self._sign[token]}" if _BREAK.match(token) else self._sign[token]
            for token in tokens
            if token in self._sign
        )

    def _read(self, piece: str) -> str:
        return "".join(self._token.get(sign, sign) for sign in piece)
