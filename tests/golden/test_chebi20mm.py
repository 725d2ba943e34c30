"""Measured facts about ChEBI-20-MM as published, on the real files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rdkit import Chem

from chebimm_core.datasets import chebi20mm
from chebimm_core.services import dataset
from chebimm_core.settings import Settings

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def raw(shared):
    return chebi20mm.read_folder(shared / "data" / "chebi20mm")


@pytest.fixture(scope="module")
def imported(shared, tmp_path_factory):
    settings = Settings.from_env({"CHEBIMM_STORE": str(tmp_path_factory.mktemp("store"))})
    header = dataset.import_dataset(
        settings,
        str(shared / "data" / "chebi20mm" / "test.csv"),
        name="chebi-20-mm",
        now=datetime(2026, 1, 2, tzinfo=UTC),
    )
    return header, dataset.molecules(settings, "chebi-20-mm")


def test_all_files_merge_by_cid(raw):
    table = raw.molecules
    assert table["split"].value_counts().to_dict() == {
        "train": 26_409, "validation": 3_300, "test": 3_300,
    }  # fmt: skip
    assert table["cid"].is_unique
    captioned = table[table["caption"].notna()]["split"].value_counts()
    assert captioned.to_dict() == {"validation": 3_300, "test": 3_300, "train": 2_899}
    # No CID stands in two splits, and the two train files agree on every structure.
    assert not {"split-overlap", "conflict"} & {i.kind for i in raw.issues}


def test_what_is_missing_from_the_test_split(raw):
    test = raw.molecules[raw.molecules["split"] == "test"]
    missing = test.isna().sum()
    assert missing[["SELFIES", "IUPAC", "xlogp"]].to_dict() == {
        "SELFIES": 487, "IUPAC": 8, "xlogp": 199,
    }  # fmt: skip
    assert missing[["SMILES", "InChI", "caption", "polararea"]].sum() == 0
    assert test["SMILES"].str.contains("\\\\", regex=False).sum() == 484


def test_the_import_repairs_and_reports_it(imported):
    header, table = imported
    assert header.splits == {"test": 3_300}
    by_kind = {i.kind: i.count for i in header.issues if i.kind != "missing"}
    assert by_kind["unescaped"] == 484
    assert by_kind["regenerated"] == 482
    assert by_kind["not-regenerated"] == 5
    assert by_kind["inchi-differs"] == 1
    assert "rdkit-rejects" not in by_kind
    cover = {c.modality: c for c in header.coverage}
    assert (cover["SELFIES"].present, cover["SELFIES"].regenerated) == (3_295, 482)
    assert cover["IUPAC"].missing == 8
    assert cover["property"].missing == 199
    assert not table["SMILES"].str.contains("\\\\", regex=False).any()


def test_regenerated_selfies_give_back_the_structure(imported):
    import selfies

    made = imported[1][imported[1]["regenerated"] == "SELFIES"]
    assert len(made) == 482
    for smiles, text in zip(made["SMILES"], made["SELFIES"], strict=True):
        back = Chem.MolFromSmiles(selfies.decoder(text))
        assert Chem.MolToSmiles(back) == Chem.MolToSmiles(Chem.MolFromSmiles(smiles))


def test_selfies_of_the_file_are_those_the_tool_would_write(imported):
    from chebimm_core.modalities.line_notation import selfies_from_smiles

    original = imported[1][imported[1]["regenerated"] == ""].dropna(subset=["SELFIES"]).head(400)
    assert [selfies_from_smiles(s) for s in original["SMILES"]] == original["SELFIES"].tolist()
