"""What is left out of an input: atoms are atoms, and the rest of the text stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from chebimm_core.datasets.demo_names import candidates
from chebimm_core.errors import SettingError
from chebimm_core.runner.parts import (
    atom_parts,
    notation_parts,
    token_parts,
    without,
    without_atoms,
    without_parts,
)

SMILES = (
    "C[C@H](N)C(=O)Oc1ccc[nH]1", "[Na+].[O-]C(=O)/C=C/C#N", "BrC1=CC=C(Cl)C=C1", "*CC%10CC%10",
    "[2H]C([2H])([2H])S(=O)(=O)c1ccc2[nH]cnc2c1", "O=C1NC(=O)c2ccccc12",
)  # fmt: skip


@pytest.mark.parametrize("smiles", SMILES)
def test_the_atoms_of_a_smiles_are_those_of_rdkit_in_order(smiles: str) -> None:
    molecule = Chem.MolFromSmiles(smiles)
    parts = [p for p in notation_parts(smiles, "SMILES") if p.atoms]
    assert [a for p in parts for a in p.atoms] == list(range(molecule.GetNumAtoms()))
    for part in parts:
        symbol = molecule.GetAtomWithIdx(part.atoms[0]).GetSymbol()
        assert symbol.lower() in part.label.lower()


@pytest.mark.parametrize("smiles", SMILES)
def test_dimmed_structures_are_readable_and_keep_their_bonds(smiles: str) -> None:
    molecule = Chem.MolFromSmiles(smiles)
    rng = np.random.default_rng(0)
    n = molecule.GetNumAtoms()
    for there in [np.zeros(n, bool), np.ones(n, bool), *(rng.random((8, n)) < 0.5)]:
        dimmed = Chem.MolFromSmiles(without_atoms(smiles, there))
        assert dimmed is not None
        assert dimmed.GetNumAtoms() == n and dimmed.GetNumBonds() == molecule.GetNumBonds()
        gone = sum(a.GetAtomicNum() == 0 for a in dimmed.GetAtoms())
        assert gone == int((~there).sum()) + (smiles.count("*") if there[0] else 0)


def test_nothing_left_out_is_the_text_itself() -> None:
    for kind, text in (
        ("SMILES", SMILES[0]),
        ("SELFIES", "[C][=O]"),
        ("InChI", "InChI=1S/CH4/h1H4"),
    ):
        parts = notation_parts(text, kind)
        assert without_parts(text, parts, np.ones(len(parts), bool)) == text
        assert not without_parts(text, parts, np.zeros(len(parts), bool)).strip()


@given(st.data())
def test_any_name_loses_exactly_what_is_left_out(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    parts = token_parts(name, name.replace("-", " ").split())
    there = np.array(data.draw(st.lists(st.booleans(), min_size=len(parts), max_size=len(parts))))
    left = without_parts(name, parts, there) if len(parts) else name
    lost = sum(len(p.label) for p, stays in zip(parts, there, strict=True) if not stays)
    assert len(left) == len(name) - lost or left == " "


def test_a_stretch_is_replaced_where_it_stood() -> None:
    assert without("4-chlorobenzoic acid", [(2, 8)], "bromo") == "4-bromobenzoic acid"
    assert without("abc", [(0, 3)]) == " "


def test_a_broken_smiles_is_refused_with_the_reason() -> None:
    with pytest.raises(SettingError, match="not a valid structure"):
        atom_parts("C1CC(")


NAMES = [name for names in candidates(0).values() for name in names[:40]]
