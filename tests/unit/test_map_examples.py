"""Slices, examples picked by rule, and atoms that tokens name."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_store
from rdkit import Chem

from chebimm_core.errors import SettingError
from chebimm_core.services import knowledge, map_slices, token_atoms
from chebimm_core.services.map_texts import text_pairs
from chebimm_core.services.structure_classes import CLASSES, members
from chebimm_core.settings import Settings

RUN = "gold:small:test"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small_store.build_store(tmp_path_factory.mktemp("examples"))


OF_CLASS = {
    "carboxylic acid": "CC(=O)O", "ester": "CC(=O)OC", "amide": "CC(=O)NC", "amine": "CCN",
    "alcohol": "CCO", "phenol": "Oc1ccccc1", "ketone": "CC(=O)C", "ether": "COC", "halide": "CCl",
    "phosphate": "COP(=O)(O)O", "sulfur compound": "CS", "aromatic": "c1ccccc1",
    "peptide": "NCC(=O)NCC(=O)O", "sugar": "OCC1OC(O)C(O)C(O)C1O", "long chain": "C" * 12,
    "steroid": "C1CCC2C(C1)CCC1C2CCC2CCCC12",
}  # fmt: skip


def test_every_class_has_its_example_and_methane_is_of_none() -> None:
    assert set(OF_CLASS) == set(CLASSES)
    for name, smiles in OF_CLASS.items():
        assert members([smiles, "C", None, "C1CC("], name) == [True, False, False, False], name


@pytest.mark.parametrize(
    ("name", "smiles"),
    [("amine", "CC(=O)N"), ("alcohol", "CC(=O)O"), ("ketone", "CC(=O)O"), ("ether", "CC(=O)OC")],
)
def test_classes_keep_apart_what_chemists_keep_apart(name: str, smiles: str) -> None:
    assert members([smiles], name) == [False]


def test_a_class_slice_holds_its_members_only(settings: Settings) -> None:
    texts = text_pairs(settings, RUN, source="IUPAC")
    chosen = map_slices.chosen_molecules(settings, RUN, "class:alcohol", texts)
    assert chosen == {"1000", "1004"}
    none = map_slices.chosen_molecules(settings, RUN, "scaffold:c1ccccc1", texts)
    assert none == frozenset()
    with pytest.raises(SettingError):
        map_slices.chosen_molecules(settings, RUN, "class", texts)


def test_slices_are_those_of_every_data_set_and_its_scaffolds(settings: Settings) -> None:
    assert set(map_slices.SLICES) <= set(map_slices.slices(settings, RUN))


def pair(settings: Settings, **chosen: str) -> list[str]:
    found = knowledge.pair_molecules(
        settings, RUN, source="IUPAC", source_token="ol", target_token="alcohol", **chosen
    )
    return found["cid"].tolist()


def test_examples_follow_their_rule(settings: Settings) -> None:
    assert set(pair(settings)) == {"1000", "1004"}
    assert pair(settings, rule="shortest")[0] == "1004"  # ethanol has the shorter name
    assert set(pair(settings, rule="typical")) == set(pair(settings, rule="strongest"))
    assert pair(settings, rule="counter") == []
    assert pair(settings, slice_="class:amine") == []
    with pytest.raises(SettingError, match="No rule"):
        pair(settings, rule="best")


def test_a_counter_example_has_the_source_token_alone(settings: Settings) -> None:
    found = knowledge.pair_molecules(
        settings, RUN, source="IUPAC", source_token="methan", target_token="alcohol", rule="counter"
    )
    assert len(found) and not any(found["target_spans"].map(len))
    assert all(found["source_spans"].map(len))


def named(smiles: str, token: str, modality: str = "IUPAC", **more: object) -> set[str]:
    found = token_atoms.locate(Settings.from_env(), smiles, modality, token, **more)  # type: ignore[arg-type]
    molecule = Chem.MolFromSmiles(smiles)
    return {molecule.GetAtomWithIdx(a).GetSymbol() for a in found.atoms}


def test_words_of_names_name_their_atoms() -> None:
    assert named("Clc1ccccc1O", "chloro") == {"Cl"}
    assert named("CC(=O)OC", "acetate") == {"C", "O"}
    assert named("COc1ccc2ncccc2c1", "quinolin") == {"C", "N"}
    ring = token_atoms.locate(Settings.from_env(), "COc1ccc2ncccc2c1", "IUPAC", "quinolin")
    assert len(ring.atoms) == 10


def test_a_token_of_smiles_is_its_own_atoms() -> None:
    assert named("CC(=O)Cl", "=O", "SMILES", spans=((3, 5),)) == {"O"}


@pytest.mark.parametrize(
    ("smiles", "modality", "token", "why"),
    [
        ("CCO", "IUPAC", "an", "neither"),
        ("CCO", "IUPAC", "chloro", "not in the structure"),
        ("CCO", "caption", "alcohol", "names no atoms"),
        ("C1CC(", "IUPAC", "ol", "rejects"),
        ("C(C)C", "SMILES", "(", "no atom"),
    ],
)
def test_where_no_atom_can_be_named_it_is_said(
    smiles: str, modality: str, token: str, why: str
) -> None:
    found = token_atoms.locate(Settings.from_env(), smiles, modality, token, ((1, 2),))
    assert not found.atoms and why in found.how


def test_every_group_is_a_pattern() -> None:
    assert all(Chem.MolFromSmarts(s) is not None for s in token_atoms.GROUPS.values())


def test_paths_are_not_asked_for(tmp_path: Path) -> None:
    """Reading a word needs OPSIN's own files only, no store."""
    settings = Settings.from_env({"CHEBIMM_STORE": str(tmp_path / "none")})
    assert token_atoms.locate(settings, "c1ccncc1", "IUPAC", "pyridin").atoms
