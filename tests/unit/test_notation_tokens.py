"""Line notations cut into atoms, symbols and layers, and merged into fragments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chebimm_core.errors import SettingError
from chebimm_core.tokenization.notation import (
    NOTATIONS,
    NotationTokenizer,
    PairEncodingTokenizer,
)

SMILES = ["CC(=O)Oc1ccccc1C(=O)O", "CC(=O)NC1=CC=C(C=C1)O", "C[N+](C)(C)CC(=O)[O-]"] * 3


@pytest.mark.parametrize(
    ("notation", "text", "tokens"),
    [
        ("SMILES", "CC(=O)[O-].[Na+]", ["C", "C", "(", "=O", ")", "[O-]", ".", "[Na+]"]),
        (
            "SMILES",
            "Clc1ccc(Br)nc1",
            ["Cl", "c", "1", "c", "c", "c", "(", "Br", ")", "n", "c", "1"],
        ),
        ("SMILES", "C/C=C/C#N", ["C", "/", "C", "=C", "/", "C", "#N"]),
        ("SMILES", "C=1C%12", ["C", "=", "1", "C", "%12"]),
        ("SELFIES", "[C][=Branch1][C].[O]", ["[C]", "[=Branch1]", "[C]", ".", "[O]"]),
        (
            "InChI",
            "InChI=1S/C2H6O/c1-2-3/h3H",
            ["InChI=1S", "/", "C2", "H6", "O", "/c", "1", "-", "2", "-", "3", "/h", "3", "H"],
        ),
    ],
)
def test_tokens_are_what_a_chemist_reads(notation, text, tokens):
    assert NotationTokenizer(notation).tokenize(text) == tokens


@given(st.sampled_from(NOTATIONS), st.text(max_size=60))
def test_nothing_but_white_space_is_lost(notation, text):
    found = NotationTokenizer(notation).tokenize(text)
    assert "".join(found) == "".join(text.split())
    assert all(found)


def test_fragments_are_merged_from_whole_atoms():
    first, again = (PairEncodingTokenizer("SMILES", SMILES, merges=20) for _ in range(2))
    assert first.signature == again.signature
    for text in SMILES:
        pieces = first.tokenize(text)
        assert "".join(pieces) == text and pieces == again.tokenize(text)
        cut = NotationTokenizer("SMILES").tokenize
        assert [atom for piece in pieces for atom in cut(piece)] == cut(text)
    assert any("(=O)" in piece for piece in first.tokenize(SMILES[0]))


def test_atoms_never_seen_are_left_out_of_fragments():
    assert "".join(PairEncodingTokenizer("SMILES", ["CCO"]).tokenize("C[Fe]CO")) == "CCO"


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(SettingError, match="SMILES, SELFIES, InChI"):
        NotationTokenizer("caption")
    with pytest.raises(SettingError, match="none"):
        PairEncodingTokenizer("SMILES", ["", " "])
