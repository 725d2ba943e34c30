"""From file text to checked structures."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from chebimm_core.datasets import assemble, quality
from chebimm_core.datasets.standardize import standardize, unescape_smiles

SMILES_TEXT = st.text(alphabet="CNO=#()[]@/\\123.", max_size=60)


@given(SMILES_TEXT.filter(lambda s: "\\\\" not in s))
def test_unescaping_undoes_any_number_of_escapings_and_nothing_else(smiles):
    assert unescape_smiles(smiles) == smiles
    once = smiles.replace("\\", "\\\\")
    assert unescape_smiles(once) == smiles
    assert unescape_smiles(once.replace("\\", "\\\\")) == smiles


@given(SMILES_TEXT)
def test_unescaping_twice_changes_nothing_more(smiles):
    once = unescape_smiles(smiles)
    assert unescape_smiles(once) == once
    assert once.replace("\\", "") == smiles.replace("\\", "")


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    empty = dict.fromkeys(("SMILES", "InChI", "SELFIES", "IUPAC", "caption"))
    return pd.DataFrame(
        [{"cid": str(i), "split": "test", **empty, **r} for i, r in enumerate(rows)]
    )


def test_missing_notations_are_written_and_marked():
    row = standardize(frame({"SMILES": "CC(O)c1ccccc1"})).molecules.iloc[0]
    assert row["regenerated"] == "InChI,SELFIES"
    assert row["InChI"].startswith("InChI=1S/C8H10O/")
    assert Chem.MolToInchiKey(Chem.MolFromSmiles("CC(O)c1ccccc1")) == row["inchikey"]
    assert row["scaffold"] == "c1ccccc1"
    assert row["SMILES"] == "CC(O)c1ccccc1"


def test_given_values_stay_as_they_are():
    given_row = {"SMILES": "OCC", "InChI": "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "SELFIES": "[O][C]"}
    row = standardize(frame(given_row)).molecules.iloc[0]
    assert {k: row[k] for k in given_row} == given_row
    assert row["regenerated"] == ""
    assert row["canonical_smiles"] == "CCO"
    assert row["scaffold"] == ""


def test_a_smiles_missing_beside_an_inchi_is_derived_from_it():
    row = standardize(frame({"InChI": "InChI=1S/CH4/h1H4"})).molecules.iloc[0]
    assert (row["SMILES"], row["regenerated"]) == ("C", "SMILES,SELFIES")


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("C(C)(C)(C)(C)C", "valence"),
        ("c1ccc1c", "kekul|ring|not readable"),
        ("nonsense", "not readable"),
        ("CCO water", "white space"),
        (None, "empty"),
        ("<script>alert(1)</script>", "not readable"),
    ],
)
def test_a_structure_rdkit_rejects_is_kept_with_the_reason(smiles, reason):
    made = standardize(frame({"SMILES": smiles, "caption": "kept"}, {"SMILES": "C"})).molecules
    assert len(made) == 2
    row = made.iloc[0]
    assert row["caption"] == "kept"
    assert pd.isna(row["inchikey"]) and pd.isna(row["canonical_smiles"])
    assert any(word in row["problem"].lower() for word in reason.split("|"))
    assert pd.isna(made.iloc[1]["problem"])


def test_processes_do_not_change_the_result(monkeypatch):
    monkeypatch.setattr("chebimm_core.datasets.standardize._WORTH_A_POOL", 1)
    rows = frame(*({"SMILES": "C" * (1 + i % 40) + "O"} for i in range(1_100)))
    alone, pooled = (standardize(rows, workers=w).molecules for w in (1, 2))
    pd.testing.assert_frame_equal(alone, pooled)


def test_progress_grows_to_one():
    shares: list[float] = []
    standardize(
        frame(*({"SMILES": "CO"} for _ in range(1_200))),
        workers=1,
        progress=lambda share, text: shares.append(share),
    )
    assert shares == sorted(shares) and shares[-1] == 1


def test_issues_count_and_name_what_was_found():
    standard = standardize(
        frame(
            {"SMILES": "C/C=C\\\\C", "IUPAC": "cis"},
            {"SMILES": "CCO", "xlogp": 1.0},
            {"SMILES": "OCC", "split": "train"},
            {"SMILES": "X", "split": "train"},
            {"SMILES": "[O-]Cl(=O)(=O)=O"},
        )
    )
    issues = {(i.kind, i.message.split(" ")[0]): i for i in quality.issues(standard)}
    by_kind = {kind: issue for (kind, _), issue in issues.items()}
    assert by_kind["unescaped"].examples == ("0",)
    assert by_kind["rdkit-rejects"].examples == ("3",)
    assert by_kind["duplicate-structure"].examples == ("1", "2")
    assert by_kind["structure-across-splits"].count == 2
    assert by_kind["not-regenerated"].examples == ("3", "4")
    assert issues["missing", "xlogp"].count == 4
    assert issues["regenerated", "SELFIES"].count == 3


def test_coverage_adds_up_in_every_split():
    table = standardize(
        frame({"SMILES": "CCO", "xlogp": 1.0}, {"SMILES": "X"}, {"SMILES": "C", "split": "train"})
    ).molecules
    for cell in quality.coverage(table):
        assert cell.present + cell.missing == {"test": 2, "train": 1}[cell.split]
        assert cell.regenerated <= cell.present
    found = {(c.split, c.modality): c for c in quality.coverage(table)}
    assert found["test", "graph"].present == found["test", "image"].present == 1
    assert found["test", "property"].present == 1
    assert found["test", "SELFIES"].regenerated == 1


@given(st.permutations(range(4)))
def test_equal_content_has_an_equal_hash_in_any_order(order):
    table = standardize(frame(*({"SMILES": "C" * n} for n in range(1, 5)))).molecules
    assert assemble.content_hash(table.iloc[list(order)]) == assemble.content_hash(table)


@pytest.mark.parametrize("column", ["cid", "split", "SMILES", "caption"])
def test_any_changed_text_changes_the_hash(column):
    table = standardize(frame({"SMILES": "C"}, {"SMILES": "CC"})).molecules
    other = table.copy()
    other.loc[1, column] = "changed"
    assert assemble.content_hash(other) != assemble.content_hash(table)
