"""Rows find their molecules by content: order never matters, and nothing vanishes silently."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem
from run_samples import molecules, split_rows

from chebimm_core.datasets.join_report import JoinReport
from chebimm_core.datasets.joining import Joined, join
from chebimm_core.datasets.prediction_files import PredictionTable

MOLECULES = molecules()
ROWS = split_rows()


def table(rows: list[dict[str, str | None]]) -> PredictionTable:
    frame = pd.DataFrame(rows, dtype=object)
    frame.insert(0, "row", range(2, len(rows) + 2))
    return PredictionTable("f.tsv", "0" * 64, "tab-separated", frame, (), ())


def joined(rows: list[dict[str, str | None]], target: str = "caption", split: str | None = None) -> Joined:  # fmt: skip  # noqa: E501
    return join(table(rows), MOLECULES, target=target, split=split)


def refusal(report: JoinReport) -> str:
    return report.refusal(split_named=False)


def by(key: str) -> list[dict[str, str | None]]:
    values = {"cid": 0, "SMILES": 1, "caption": 2}
    return [{key: row[values[key]], "output": f"answer to {row[0]}"} for row in ROWS]


@pytest.mark.parametrize("key", ["cid", "SMILES", "caption"])
def test_every_key_joins_everything(key: str) -> None:
    result = joined(by(key))
    assert result.report.n_joined == result.report.n_answered == len(ROWS)
    assert result.report.split == "test"
    assert refusal(result.report) == ""
    assert result.predictions["output"].tolist() == [f"answer to {c}" for c, _, _ in ROWS]


@given(order=st.permutations(range(len(ROWS))), key=st.sampled_from(["cid", "SMILES", "caption"]))
def test_order_of_rows_never_matters(order: list[int], key: str) -> None:
    rows = by(key)
    shuffled = joined([rows[i] for i in order])
    pd.testing.assert_frame_equal(shuffled.predictions, joined(rows).predictions)


@given(kept=st.sets(st.integers(0, len(ROWS) - 1), min_size=1))
def test_each_molecule_of_the_split_is_a_row_and_each_absent_one_failed(kept: set[int]) -> None:
    rows = by("cid")
    result = joined([rows[i] for i in sorted(kept)])
    assert result.predictions["cid"].tolist() == [c for c, _, _ in ROWS]
    failed = result.predictions[result.predictions["error"].notna()]
    assert set(failed["error"]) <= {"no prediction in file"}
    assert len(failed) == len(ROWS) - len(kept) == result.report.missing.count


@given(seed=st.integers(0, 10_000), index=st.integers(0, len(ROWS) - 1))
def test_another_writing_of_the_structure_joins(seed: int, index: int) -> None:
    cid, smiles, _ = ROWS[index]
    mol = Chem.MolFromSmiles(smiles)
    written = Chem.MolToRandomSmilesVect(mol, 1, randomSeed=seed + 1)[0]
    rows = by("SMILES")
    rows[index]["SMILES"] = written
    result = joined(rows)
    assert result.report.n_joined == len(ROWS)
    answers = dict(zip(result.predictions["cid"], result.predictions["output"], strict=True))
    assert answers[cid] == f"answer to {cid}"


def test_inchikey_joins_what_canonical_smiles_does_not() -> None:
    rows = by("SMILES")
    rows[2]["SMILES"] = "CC(O)=[OH+].[CH3-]"  # nonsense: fits nothing
    rows[0]["SMILES"] = "[CH3][CH2][OH]"
    result = joined(rows)
    assert result.report.unjoined.count == 1
    assert "row 4" in result.report.unjoined.examples[0]


def test_doubled_backslashes_are_undone_in_keys_and_only_then_in_outputs() -> None:
    rows = [
        {"caption": c, "ground truth": s.replace("\\", "\\\\"), "output": r"C/C=C\\C"}
        for _, s, c in ROWS
    ]
    result = joined(rows, target="SMILES")
    assert result.report.disagreements.count == 0
    assert set(result.predictions["output"]) == {r"C/C=C\C"}
    assert result.report.n_unescaped == len(ROWS)
    plain = [{**row, "ground truth": s} for row, (_, s, _) in zip(rows, ROWS, strict=True)]
    assert set(joined(plain, target="SMILES").predictions["output"]) == {r"C/C=C\\C"}


def test_equal_duplicates_collapse_and_are_reported() -> None:
    rows = by("cid")
    report = joined([*rows, rows[3]]).report
    assert report.duplicates.count == 1
    assert "241" in report.duplicates.examples[0]
    assert refusal(report) == ""


def test_conflicting_duplicates_are_refused_with_the_cid() -> None:
    rows = by("cid")
    report = joined([*rows, {"cid": "241", "output": "something else"}]).report
    assert "cid 241 (rows 5, 10)" in refusal(report)


def test_a_foreign_file_is_refused_with_an_example() -> None:
    rows = [{"cid": str(9_000_000 + i), "output": "x"} for i in range(10)]
    assert "cid '9000000' fits none" in refusal(joined(rows).report)


def test_contradicting_keys_are_refused() -> None:
    rows: list[dict[str, str | None]] = [
        {"cid": a[0], "SMILES": b[1], "output": "x"}
        for a, b in zip(ROWS, ROWS[1:] + ROWS[:1], strict=True)
    ]
    assert "several molecules" in refusal(joined(rows).report)


def test_ground_truth_of_something_else_is_refused() -> None:
    rows = [{**row, "ground truth": "Another text."} for row in by("cid")]
    assert "ground truth differs" in refusal(joined(rows).report)


def test_rows_of_several_splits_need_a_named_split() -> None:
    rows: list[dict[str, str | None]] = [{"cid": c, "output": "x"} for c in MOLECULES["cid"]]
    assert "name one with --split" in refusal(joined(rows).report)
    named = joined(rows, split="validation")
    assert named.report.refusal(split_named=True) == ""
    assert named.report.n_expected == 2
    assert named.report.other_split.count == len(rows) - 2


def test_molecules_without_a_reference_are_not_expected() -> None:
    result = joined(by("cid"), target="IUPAC")
    assert result.report.n_expected == len(ROWS) - 1
    assert "297" not in set(result.predictions["cid"])


def test_an_empty_cell_is_a_failed_row_of_its_own_kind() -> None:
    rows = by("cid")
    rows[0]["output"] = ""
    rows[1]["output"] = None
    result = joined(rows)
    assert result.predictions["error"].tolist()[:3] == ["empty output", "empty output", None]
    assert result.report.empty.count == 2


def test_molecules_that_share_a_key_take_one_answer_or_are_ambiguous() -> None:
    twins = pd.concat([MOLECULES, MOLECULES.iloc[[0]].assign(cid="999")], ignore_index=True)
    same = join(table([{"SMILES": "CCO", "output": "x"}]), twins, target="caption").report
    assert same.n_answered == 2
    rows: list[dict[str, str | None]] = [
        {"SMILES": "CCO", "output": "x"},
        {"SMILES": "CCO", "output": "y"},
    ]
    differing = join(table(rows), twins, target="caption").report
    assert "fit several molecules" in refusal(differing)


def test_a_number_agrees_as_a_number() -> None:
    rows = [
        {"cid": c, "ground truth": f"{Chem.MolFromSmiles(s).GetNumAtoms()}.000", "output": "1"}
        for c, s, _ in ROWS
    ]
    assert joined(rows, target="xlogp").report.disagreements.count == 0


def test_the_message_tells_everything_that_did_not_join() -> None:
    rows = [*by("cid")[1:], {"cid": "123456789", "output": "x"}]
    message = joined(rows).report.message()
    assert "7 of 8 rows joined (7 by CID)" in message
    assert "row 9: cid '123456789'" in message
    assert "cid 702" in message
