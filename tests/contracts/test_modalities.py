"""Every modality keeps what its registration promises; a new one is tested the moment it exists."""

from __future__ import annotations

import dataclasses

import pytest
from rdkit import Chem

from chebimm_core.domain.molecule import TEXT_COLUMNS
from chebimm_core.errors import DataFormatError
from chebimm_core.modalities import MODALITIES

STRUCTURES = (
    "CCO",
    "c1ccccc1C(=O)O",
    "C/C=C/[C@H](O)c1ccccc1",
    "[NH3+][C@@H](C)C(=O)[O-]",
    "C[n+]1ccccc1.[Cl-]",
    "[2H]C([2H])([2H])O",
    "O=c1[nH]cnc2c1ncn2[C@@H]1O[C@H](CO)[C@@H](O)[C@H]1O",
    "C1CC2(C1)CCC2",
    "N#Cc1ccncc1",
    "CS(=O)(=O)Nc1ccccc1",
)
WRITERS = [m for m in MODALITIES.values() if m.from_mol]
READERS = [m for m in MODALITIES.values() if m.to_mol]


def test_the_eight_of_the_paper_in_matrix_order():
    assert list(MODALITIES) == [
        "graph", "SMILES", "InChI", "SELFIES", "caption", "IUPAC", "property", "image",
    ]  # fmt: skip
    assert [m.order for m in MODALITIES.values()] == list(range(8))


@pytest.mark.parametrize("spec", MODALITIES.values(), ids=lambda s: s.name)
def test_registration_is_complete(spec):
    assert spec.title and spec.description
    assert spec.column is None or spec.column in TEXT_COLUMNS
    assert (spec.carrier == "text") == (spec.column is not None)
    # Internal: a tool converts it both ways. External: no tool reads a structure from it.
    assert (spec.provenance == "internal") == (spec.to_mol is not None)
    if spec.to_mol:
        assert spec.from_mol
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "other"


@pytest.mark.parametrize("smiles", STRUCTURES)
@pytest.mark.parametrize("spec", READERS, ids=lambda s: s.name)
def test_a_tool_returns_the_structure_it_was_given(spec, smiles):
    mol = Chem.MolFromSmiles(smiles)
    back = spec.to_mol(spec.from_mol(mol))
    assert Chem.MolToInchi(back) == Chem.MolToInchi(mol)


@pytest.mark.parametrize("spec", WRITERS, ids=lambda s: s.name)
def test_writing_is_repeatable_and_leaves_the_molecule_alone(spec):
    mol = Chem.MolFromSmiles(STRUCTURES[2])
    before = Chem.MolToSmiles(mol)
    assert spec.from_mol(mol) == spec.from_mol(mol) != ""
    assert Chem.MolToSmiles(mol) == before
    assert mol.GetNumConformers() == 0


@pytest.mark.parametrize("text", ["", " ", "no molecule", "\0", "C1CC", "{}", "[unknown]", "C C"])
@pytest.mark.parametrize("spec", READERS, ids=lambda s: s.name)
def test_invalid_text_is_no_molecule_and_no_exception(spec, text):
    assert spec.to_mol(text) is None


def test_selfies_that_cannot_be_written_say_so():
    with pytest.raises(DataFormatError, match="SELFIES"):
        MODALITIES["SELFIES"].from_mol(Chem.MolFromSmiles("FI(F)(F)(F)F"))
