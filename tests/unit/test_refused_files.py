"""Things sent by mistake: each refused by name, at once, whatever it is."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from pathlib import Path

import pandas as pd
import pytest
from run_samples import NOW

from chebimm_core.datasets.csv_table import read_table
from chebimm_core.datasets.prediction_files import read_predictions
from chebimm_core.errors import ChebiMMError, DataFormatError
from chebimm_core.services import dataset
from chebimm_core.settings import Settings

TEXT = b"cid,output\n702,an alcohol\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(TEXT), "gzip"),
        (bz2.compress(TEXT), "bzip2"),
        (lzma.compress(TEXT), "xz"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
    ],
    ids=["gzip", "bzip2", "xz", "xlsx", "xls"],
)
def test_a_packed_file_is_named_as_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(DataFormatError, match=said):
        read_predictions(path, target="caption")


def test_a_folder_a_pipe_and_a_device_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / "test.csv"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, Path("/dev/zero")):
        with pytest.raises(DataFormatError, match="no file"):
            read_predictions(path, target="caption")
    with pytest.raises(DataFormatError, match="no file"):
        read_table(pipe, required=("CID",))


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    with pytest.raises(DataFormatError, match="cannot be read"):
        read_predictions(loop, target="caption")


@pytest.mark.parametrize("column", ["cid", "output"])
@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_nested_values_are_refused_where_a_text_is_needed(
    tmp_path: Path, column: str, form: str
) -> None:
    rows = [{"cid": "1", "output": "x"}, {"cid": "2", "output": "y", column: ["a", "b"]}]
    path = tmp_path / f"file.{form}"
    path.write_text("\n".join(map(json.dumps, rows)) if form == "jsonl" else json.dumps(rows))
    with pytest.raises(DataFormatError, match=rf"2, column '{column}' holds a list"):
        read_predictions(path, target="caption")


def test_nested_values_nobody_reads_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(json.dumps({"cid": "1", "output": "x", "usage": {"tokens": [1, 2]}}))
    assert read_predictions(path, target="caption").ignored == ("usage",)


def test_parquet_of_lists_or_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pd.DataFrame({"cid": ["1"], "output": [["a", "b"]]}).to_parquet(path)
    with pytest.raises(DataFormatError, match="holds a list"):
        read_predictions(path, target="caption")
    pd.DataFrame({"cid": ["1"], "output": [b"\xff\xfe"]}).to_parquet(path)
    with pytest.raises(DataFormatError, match="no UTF-8"):
        read_predictions(path, target="caption")


def test_a_name_given_twice_in_an_object_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text('{"cid": "1", "output": "x", "output": "y"}\n')
    with pytest.raises(DataFormatError, match="'output' stands twice"):
        read_predictions(path, target="caption")


def test_an_open_quotation_mark_is_found_where_it_opens(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text('cid,output\n1,"x"\n2,"y\n' + "3,z\n" * 50)
    with pytest.raises(DataFormatError, match="begins in line 3"):
        read_predictions(path, target="caption")


@pytest.mark.parametrize("source", ["~nobody-of-that-name/x", "x" * 5000, "a\0b", "", "no such"])
def test_a_source_that_can_be_no_path_is_refused(tmp_path: Path, source: str) -> None:
    settings = Settings.from_env({"CHEBIMM_STORE": str(tmp_path / "store")})
    with pytest.raises(ChebiMMError):
        dataset.import_dataset(settings, source, name="x", now=NOW)
    assert not (tmp_path / "store").exists()
