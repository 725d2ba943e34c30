"""What of an input is left out together, and the input without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.token_spans import all_spans
from chebimm_core.domain.attribution import InputPart
from chebimm_core.errors import SettingError
from chebimm_core.tokenization.notation import NotationTokenizer

# An atom of the notation, with the double or triple bond before it if there is one.
_ATOM = re.compile(r"(?:[=#$])?(\[[^\[\]\s]*\]|Br|Cl|[BCNOPSFIbcnops*])")


def notation_parts(text: str, notation: str) -> tuple[InputPart, ...]:
    """Atoms, bonds and brackets of a line notation; a SMILES atom knows its index.

    Args:
        text: Written in it.
        notation: SMILES, SELFIES or InChI.
    """
    tokens = NotationTokenizer(notation).tokenize(text)
    return _placed(text, tokens, atoms=notation == "SMILES")


def token_parts(text: str, tokens: Sequence[str]) -> tuple[InputPart, ...]:
    """Tokens of any tokenizer; what it leaves out (spaces, signs) is never taken away."""
    return _placed(text, tokens, atoms=False)


def atom_parts(smiles: str) -> tuple[InputPart, ...]:
    """One part a heavy atom.

    Raises:
        SettingError: If RDKit rejects the SMILES.
    """
    molecule = _read(smiles)
    return tuple(
        InputPart(label=f"{atom.GetSymbol()}{atom.GetIdx() + 1}", atoms=(atom.GetIdx(),))
        for atom in molecule.GetAtoms()
    )


def without(text: str, spans: Sequence[tuple[int, int]], stand_in: str = "") -> str:
    """A text with stretches taken out, or replaced by ``stand_in``.

    A blank stays in place of nothing at all, as some tokenizers cannot read an empty text.
    """
    pieces, cursor = [], 0
    for start, end in sorted(spans):
        pieces += [text[cursor:start], stand_in]
        cursor = max(cursor, end)
    left = "".join([*pieces, text[cursor:]])
    return left if left.strip() else " "


def without_parts(text: str, parts: Sequence[InputPart], there: NDArray[np.bool_]) -> str:
    """A text without the parts that are not ``there``."""
    gone = [
        (part.start, part.end)
        for part, stays in zip(parts, there, strict=True)
        if not stays and part.start is not None and part.end is not None
    ]
    return without(text, gone)


def without_atoms(smiles: str, there: NDArray[np.bool_]) -> str:
    """A SMILES whose missing atoms are dummies (``*``): bonds and rings stay."""
    from rdkit import Chem

    molecule = Chem.RWMol(_read(smiles))
    for index in np.flatnonzero(~there):
        atom = molecule.GetAtomWithIdx(int(index))
        atom.SetAtomicNum(0)
        atom.SetFormalCharge(0)
        atom.SetIsotope(0)
        atom.SetNumExplicitHs(0)
        atom.SetNoImplicit(True)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    return str(Chem.MolToSmiles(molecule))


def _placed(text: str, tokens: Sequence[str], *, atoms: bool) -> tuple[InputPart, ...]:
    parts, count = [], 0
    for token, span in zip(tokens, all_spans(text, tokens), strict=True):
        named: tuple[int, ...] = ()
        if atoms and _ATOM.fullmatch(token):
            named, count = (count,), count + 1
        if span is not None and text[slice(*span)].strip():
            parts.append(
                InputPart(label=text[slice(*span)], start=span[0], end=span[1], atoms=named)
            )
    return tuple(parts)


@lru_cache(maxsize=4)
def _read(smiles: str) -> Any:
    from chebimm_core.modalities.line_notation import mol_from_smiles, why_rejected

    molecule = mol_from_smiles(smiles)
    if molecule is None:
        raise SettingError(
            "This is not a valid structure", value=smiles, allowed=f"SMILES; {why_rejected(smiles)}"
        )
    return molecule
