"""JSON arrays are read piece by piece: large ones in little memory, torn ones with the record."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chebimm_core.datasets import json_records
from chebimm_core.datasets.json_records import read_json_array
from chebimm_core.errors import DataFormatError

CELLS = st.one_of(st.text(max_size=20), st.integers(), st.none(), st.booleans())
RECORDS = st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=3), CELLS, max_size=4))


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.integers(1, 40), st.sampled_from([None, 1]))
def test_any_size_of_piece_reads_the_same_records(tmp_path_factory, records, piece, indent):
    path = tmp_path_factory.mktemp("arrays") / "a.json"
    path.write_text(json.dumps(records, indent=indent), encoding="utf-8")
    before = json_records._PIECE
    json_records._PIECE = piece
    try:
        small = read_json_array(path, "a.json")
    finally:
        json_records._PIECE = before
    assert small.records.equals(read_json_array(path, "a.json").records)
    assert small.numbers == list(range(1, len(records) + 1))


def test_an_array_of_a_hundred_megabytes_needs_no_second_copy(tmp_path):
    path = tmp_path / "large.json"
    with path.open("w") as file:
        file.write("[")
        for k in range(100_000):
            record = {"instruction": "x" * 900, "n": k, "metadata": {"split": "train"}}
            file.write((",\n" if k else "") + json.dumps(record))
        file.write("]")
    assert path.stat().st_size > 90 * 2**20
    tracemalloc.start()
    table = read_json_array(path, "large.json")
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table.records) == 100_000
    assert held < 2.5 * path.stat().st_size  # the cells themselves, and the table's pointers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"a": 1}, {"a": 2', "record 2"),
        ('[{"a": 1} {"a": 2}]', "comma"),
        ('[{"a": 1}, 7]', "record 2 is not a JSON object"),
        ('[{"a": 1}] trailing', "after the array"),
        ('[{"a": 1, "a": 2}]', "twice"),
        ("[", "record 1"),
        ("{}", "not a JSON array"),
    ],
)
def test_what_is_wrong_is_said_with_the_record(tmp_path, text, said):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(DataFormatError, match=said):
        read_json_array(path, "bad.json")


def test_an_empty_array_is_an_empty_table(tmp_path):
    path = tmp_path / "empty.json"
    path.write_text(" [ ] ")
    assert read_json_array(path, "empty.json").records.empty
