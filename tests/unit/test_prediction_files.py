"""Readers of prediction files: every layout, and every way a file can be broken."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chebimm_core.datasets.prediction_files import read_predictions
from chebimm_core.datasets.table_files import read_raw
from chebimm_core.errors import DataFormatError

ROWS = [
    {
        "CID": "702",
        "SMILES": "CCO",
        "ground truth": "An alcohol, small.",
        "output": 'An "acid", no.',
    },
    {"CID": "241", "SMILES": "c1ccccc1", "ground truth": "A ring.", "output": ""},
]


def write(path: Path, kind: str) -> Path:
    if kind == "tsv":
        lines = ["\t".join(ROWS[0]), *("\t".join(r.values()) for r in ROWS)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(ROWS[0]))
            writer.writeheader()
            writer.writerows(ROWS)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(r) for r in ROWS), encoding="utf-8")
    elif kind == "json":
        path.write_text(json.dumps(ROWS), encoding="utf-8")
    else:
        pd.DataFrame(ROWS).astype({"CID": int}).to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl", "json", "parquet"])
def test_every_layout_gives_the_same_cells(tmp_path: Path, kind: str) -> None:
    table = read_predictions(write(tmp_path / f"a.{kind}", kind), target="caption")
    assert table.rows["output"].tolist() == [r["output"] for r in ROWS]
    assert table.rows["cid"].tolist() == ["702", "241"]
    assert table.rows["SMILES"].tolist() == ["CCO", "c1ccccc1"]
    assert table.keys == ("cid", "SMILES")


def test_layout_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    table = read_predictions(write(tmp_path / "a.txt", "jsonl"), target="caption")
    assert table.layout == "JSON lines"


def test_tab_separated_text_has_no_quoting(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text('SMILES\tground truth\toutput\nCCO\t"A\t"B" C\n', encoding="utf-8")
    table = read_predictions(path, target="caption")
    assert table.rows.loc[0, ["ground truth", "output"]].tolist() == ['"A', '"B" C']


@pytest.mark.parametrize("name", ["Prediction", "pred", "generated", "OUTPUT"])
def test_synonyms_of_output(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"cid,{name}\n1,x\n", encoding="utf-8")
    assert read_predictions(path, target="caption").rows["output"].tolist() == ["x"]


def test_two_directions_pick_the_column_of_the_task(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = "CID\tmolecule2caption\tcaption2molecule\n1\tA ring.\tN/A\n\n2\tN/A\tCCO\n"
    path.write_text(text, encoding="utf-8")
    captions = read_predictions(path, target="caption")
    assert captions.layout == "two directions"
    assert captions.rows["output"].tolist() == ["A ring.", None]
    assert read_predictions(path, target="SMILES").rows["output"].tolist() == [None, "CCO"]


def test_raw_tabs_and_line_breaks_in_answers_stay_with_their_row(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = (
        "CID\tmolecule2caption\tcaption2molecule\n1\tA\tring.\tCCO\n2\tTwo\n\nlines.\tC\n3\tx\tN\n"
    )
    path.write_text(text, encoding="utf-8")
    assert read_predictions(path, target="caption").rows["output"].tolist() == [
        "A\tring.",
        "Two\nlines.",
        "x",
    ]
    structures = read_predictions(path, target="SMILES").rows
    assert structures["output"].tolist() == ["CCO", "C", "N"]
    assert structures["row"].tolist() == [2, 3, 6]


def test_direction_that_was_not_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("CID\tmolecule2caption\tcaption2molecule\n1\tA\tN/A\n", encoding="utf-8")
    with pytest.raises(DataFormatError, match="was not run"):
        read_predictions(path, target="SMILES")


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"\xef\xbb\xbfSMILES\tground truth\toutput\r\nCCO\tA\tB\r\n")
    assert read_predictions(path, target="caption").rows["output"].tolist() == ["B"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.tsv", b"", "empty"),
        ("a.tsv", b"\n\n", "empty"),
        ("a.tsv", b"SMILES\toutput\n", "no rows"),
        ("a.csv", b"SMILES,caption\nCCO,x\n", "no column of model outputs"),
        ("a.csv", b"output,foo\nCCO,x\n", "which molecule"),
        ("a.csv", b"cid;output\n1;x\n", "';'"),
        ("a.csv", b"cid,output\n1,The molecule is a, b\n", "line 2 has 3 cells"),
        ("a.tsv", b"cid\toutput\n1\tx\n2\n", "line 3 has 1 cells"),
        ("a.csv", b'cid,output\n1,"torn\n', "not valid CSV"),
        ("a.tsv", b"cid\toutput\n1\tx\0y\n", "NUL byte in line 2"),
        ("a.tsv", b"cid\toutput\n1\tcaf\xe9\n", "not UTF-8 text: line 2, byte 6"),
        ("a.tsv", "cid\toutput\n1\tx\n".encode("utf-16"), "UTF-16"),
        ("a.jsonl", b'{"cid": "1", "output": "x"}\n{"cid": "2", "out', "line 2 is not valid JSON"),
        ("a.jsonl", b'{"cid": "1", "output": "x"}\n[1]\n', "line 2 is not a JSON object"),
        ("a.jsonl", b"[" * 100_000, "record 1 is not a JSON object"),
        ("a.jsonl", b'{"cid": "1", "output": "\\u0000"}', "NUL character"),
        ("a.jsonl", b'{"cid": "1", "output": "\\ud800"}', "surrogate"),
        ("a.jsonl", bytes(range(256)) * 20, "NUL byte"),
        ("a.parquet", b"\x89PNG" + bytes(range(256)) * 20, "not a readable Parquet"),
        ("a.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "not a readable Parquet"),
        ("a.tsv", b"cid\toutput\n1\t" + b"x" * 200_000 + b"\n", "column 'output' holds 200,000"),
        ("a.csv", b"cid,output,pred\n1,x,y\n", "two columns that mean 'output'"),
        ("a.csv", b"cid,output,output\n1,x,y\n", "names column 3 as another"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_file_place_and_reason(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataFormatError) as caught:
        read_predictions(path, target="caption")
    assert says in str(caught.value)
    assert name in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="cannot be read"):
        read_predictions(tmp_path / "absent.tsv", target="caption")


@pytest.mark.parametrize("start", [b"cid\toutput\n1\t", b"", b"["])
def test_200_mb_of_one_line_is_refused_in_little_memory(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "huge.tsv"
    with path.open("wb") as file:
        file.write(start + b"x")
        file.truncate(200 * 2**20)
        file.seek(len(start))
        for _ in range(20):
            file.write(b"x" * 2**19)  # more than any line may have; the rest is a hole
    tracemalloc.start()
    try:
        with pytest.raises(DataFormatError, match=r"huge\.tsv"):
            read_predictions(path, target="caption")
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"),
    max_size=30,
)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), kind=st.sampled_from(["csv", "jsonl", "parquet"]))  # fmt: skip  # noqa: E501
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], kind: str
) -> None:
    path = tmp_path_factory.mktemp("round") / f"a.{kind}"
    frame = pd.DataFrame([("7", *r) for r in rows], columns=["cid", "ground truth", "output"])
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_parquet(path, index=False)
    read = read_raw(path, path.name).records
    assert read["output"].tolist() == [b for _, b in rows]
    assert read["ground truth"].tolist() == [a for a, _ in rows]


@given(junk=st.binary(max_size=300), suffix=st.sampled_from(["tsv", "csv", "jsonl", "parquet"]))
def test_junk_gives_a_table_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("junk") / f"a.{suffix}"
    path.write_bytes(junk)
    try:
        read_predictions(path, target="caption")
    except DataFormatError as error:
        assert path.name in str(error)
