"""The strict reader: what is a table comes back whole, what is none is refused in words."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chebimm_core.datasets.csv_table import read_table
from chebimm_core.errors import DataFormatError

_ANY = st.text(
    alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=30
)
_ROWS = st.lists(st.tuples(_ANY, _ANY, _ANY), min_size=1, max_size=8)
quickly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quickly
@given(rows=_ROWS, suffix=st.sampled_from([".csv", ".tsv"]))
def test_any_text_comes_back_as_it_was_written(tmp_path: Path, rows, suffix):
    path = tmp_path / f"t{suffix}"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t" if suffix == ".tsv" else ",", quoting=csv.QUOTE_ALL)
        writer.writerows([("CID", "SMILES", "note"), *rows])
    table = read_table(path, required=("CID", "SMILES"))
    assert table.rows == tuple(rows)
    assert table.columns == ("CID", "SMILES", "note")
    # A row begins on the line after all lines of the rows before it.
    begin = 2
    for line, row in zip(table.lines, rows, strict=True):
        assert line == begin
        begin += 1 + sum(value.count("\n") for value in row)


@quickly
@given(content=st.binary(max_size=200) | st.text(alphabet='CID,"\n;\t1 ', max_size=80))
def test_any_bytes_are_a_table_or_a_clear_refusal(tmp_path: Path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        table = read_table(path, required=("CID",))
    except DataFormatError as error:
        assert "t.csv" in str(error)
    else:
        assert all(len(row) == len(table.columns) for row in table.rows)


@quickly
@given(
    rows=st.lists(st.tuples(st.just("1"), st.just("C")), min_size=1, max_size=9),
    data=st.data(),
)
def test_one_row_too_short_or_too_long_is_found_wherever_it_stands(tmp_path: Path, rows, data):
    at = data.draw(st.integers(0, len(rows) - 1))
    rows[at] = data.draw(st.sampled_from([("1",), ("1", "C", "x")]))
    path = tmp_path / "t.csv"
    path.write_text("CID,SMILES\n" + "\n".join(",".join(row) for row in rows) + "\n")
    with pytest.raises(DataFormatError, match=rf"t\.csv, row {at + 2}, "):
        read_table(path, required=("CID", "SMILES"))
