"""Import of ChEBI-20-MM files: good ones whole, bad ones not at all and by name."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chebimm_core.cli import app
from chebimm_core.datasets import chebi20mm
from chebimm_core.datasets.csv_table import read_table
from chebimm_core.errors import DataFormatError, SettingError, StoreError
from chebimm_core.services import dataset
from chebimm_core.settings import Settings

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HEADER = ["CID", "SMILES", "description", "polararea", "xlogp", "inchi", "iupacname", "SELFIES"]
ROWS = [
    ["1", "C/C=C\\\\C", 'A butene, "cis".', "0.0", "2.1", "", "(2Z)-but-2-ene", ""],
    ["2", "CCO", "An alcohol.", "20.2", "-0.1", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "ethanol", ""],
    ["3", "c1ccccc1", "A hydrocarbon.", "0.0", "", "", "", ""],
]


def text(rows: list[list[str]] = ROWS, header: list[str] = HEADER, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env(
        {"CHEBIMM_STORE": str(tmp_path / "store"), "CHEBIMM_CACHE": str(tmp_path / "cache")}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    (made / "test.csv").write_text(text())
    return made


def load(settings: Settings, folder: Path, **options):
    return dataset.import_dataset(
        settings, str(folder), name="small", now=NOW, workers=1, **options
    )


def refused(settings: Settings, folder: Path) -> str:
    """The message of the refusal; nothing may have been stored, not even in hidden folders."""
    with pytest.raises(DataFormatError) as caught:
        load(settings, folder)
    assert dataset.list_datasets(settings) == []
    assert not list(settings.store.rglob("*.parquet"))
    return str(caught.value)


def test_a_folder_is_imported_with_what_was_done_to_it(settings, folder):
    header = load(settings, folder)
    table = dataset.molecules(settings, "small").set_index("cid")
    assert table.loc["1", "SMILES"] == "C/C=C\\C"
    assert table.loc["1", "caption"] == 'A butene, "cis".'
    assert table.loc["2", "regenerated"] == "SELFIES"
    assert table.loc["3", "IUPAC"] is None or table.isna().loc["3", "IUPAC"]
    assert table["polararea"].tolist() == [0.0, 20.2, 0.0]
    assert header.splits == {"test": 3}
    assert {"unescaped", "regenerated", "missing", "split-size"} <= {i.kind for i in header.issues}
    assert not header.synthetic
    # Three rows of somebody are not ChEBI-20-MM, and do not carry its license.
    assert (header.title, header.license) == ("small", "not stated")


def test_a_second_import_needs_overwrite_and_then_replaces(settings, folder):
    first = load(settings, folder)
    with pytest.raises(StoreError, match="--overwrite"):
        load(settings, folder)
    (folder / "test.csv").write_text(text(ROWS[:2]))
    second = load(settings, folder, overwrite=True)
    assert second.splits == {"test": 2}
    assert second.content_hash != first.content_hash


def test_a_failed_overwrite_leaves_what_was_there(settings, folder):
    first = load(settings, folder)
    (folder / "test.csv").write_text("CID\n1\n")
    with pytest.raises(DataFormatError):
        load(settings, folder, overwrite=True)
    assert dataset.header(settings, "small") == first


@pytest.mark.parametrize("name", ["Upper", "../out", "", ".hidden", "a b", "x" * 65])
def test_a_name_that_is_no_identifier_is_refused_before_reading(settings, folder, name):
    with pytest.raises(SettingError):
        dataset.import_dataset(settings, str(folder), name=name, now=NOW)


@pytest.mark.parametrize("column", HEADER)
def test_each_missing_column_is_named(settings, folder, column):
    at = HEADER.index(column)
    rows = [r[:at] + r[at + 1 :] for r in ROWS]
    (folder / "test.csv").write_text(text(rows, [h for h in HEADER if h != column]))
    message = refused(settings, folder)
    assert "test.csv" in message and "row 1" in message and repr(column) in message


@pytest.mark.parametrize(
    ("delimiter", "word"), [("\t", "tabs"), (";", "semicolons"), ("|", "bars")]
)
def test_a_wrong_delimiter_is_named(settings, folder, delimiter, word):
    (folder / "test.csv").write_text(text(delimiter=delimiter))
    message = refused(settings, folder)
    assert word in message and "test.csv" in message


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (["9", "CC", "short"], "column 'polararea'"),
        (["9", "CC", "long", "1", "1", "", "", "", "extra"], "after column 'SELFIES'"),
    ],
)
def test_a_ragged_row_is_named_with_its_column(settings, folder, row, where):
    (folder / "test.csv").write_text(text([*ROWS, row]))
    message = refused(settings, folder)
    assert "test.csv, row 5" in message and where in message


def test_rows_are_counted_in_lines_even_after_a_quoted_line_break(settings, folder):
    broken = ["4", "C", "two\nlines", "", "", "", "", ""]
    (folder / "test.csv").write_text(text([broken, ["9", "CC"]]))
    assert "row 4" in refused(settings, folder)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b" \n\n", ["empty"]),
        (text([]).encode(), ["no rows"]),
        (text().encode() + b"4,C\0C,x,,,,,\n", ["row 5", "NUL"]),
        (text().encode("utf-16"), ["UTF-16"]),
        (text().encode() + "4,C,Å,,,,,\n".encode("latin-1"), ["row 5", "UTF-8"]),
        (text().encode() + b'4,C,"never closed,,,,,\n', ["row 5", "quot"]),
        (text([["1", "C", "a", "wide", "", "", "", ""]]).encode(), ["row 2", "'polararea'"]),
        (text([["1", "C", "a", "", "nan", "", "", ""]]).encode(), ["row 2", "'xlogp'"]),
        (text([["", "C", "a", "", "", "", "", ""]]).encode(), ["row 2", "'CID'"]),
        (text([*ROWS, ROWS[1]]).encode(), ["row 5", "'CID'", "row 3", "'2'"]),
        (text(header=[*HEADER[:-1], "inchi"]).encode(), ["row 1", "twice", "inchi"]),
    ],
)
def test_damaged_files_are_refused_by_row_and_column(settings, folder, content, words):
    (folder / "test.csv").write_bytes(content)
    message = refused(settings, folder)
    assert all(word in message for word in ["test.csv", *words]), message


def test_one_bad_file_among_good_ones_imports_nothing(settings, folder):
    (folder / "validation.csv").write_text(text([["7", "C"]]))
    assert "validation.csv" in refused(settings, folder)


def test_a_200_mb_line_is_refused_at_once_in_little_memory(settings, folder):
    with (folder / "test.csv").open("wb") as out:
        out.write(text().encode() + b"4,")
        for _ in range(200):
            out.write(b"C" * 1_000_000)
    tracemalloc.start()
    begin = time.perf_counter()
    message = refused(settings, folder)
    seconds, (_, peak) = time.perf_counter() - begin, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "row 5" in message and "200,000" in message
    assert peak < 20_000_000
    assert seconds < 5


def test_folders_without_a_split_file_say_what_is_wanted(settings, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "test*.csv" in refused(settings, empty)
    (empty / "notes.csv").write_text(text())
    assert "notes.csv" in refused(settings, empty)


@pytest.mark.parametrize("source", ["no-such-folder", "./no/such", "/no/such/folder"])
def test_a_path_that_is_not_there_is_named(settings, source):
    with pytest.raises(DataFormatError, match="no such folder") as caught:
        dataset.import_dataset(settings, source, name="x", now=NOW)
    assert source in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(settings, folder):
    (folder / "validation.csv").symlink_to(folder / "gone.csv")
    assert "validation.csv" in refused(settings, folder)


def test_hub_out_of_reach_is_one_clear_line(settings):
    # A closed port of this machine stands for the missing network.
    done = subprocess.run(
        [sys.executable, "-m", "chebimm_core", "data", "fetch", "--name", "x"],
        env={
            **os.environ,
            "HF_ENDPOINT": "http://127.0.0.1:9",
            "CHEBIMM_STORE": str(settings.store),
            "CHEBIMM_CACHE": str(settings.cache),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "error: The Hugging Face hub cannot be reached" in done.stderr
    assert "give the path of their folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert dataset.list_datasets(settings) == []


def test_any_subset_of_splits_and_the_caption_only_layout(settings, folder):
    three = [r[:3] for r in ROWS]
    (folder / "train_partial.csv").write_text(text([["8", *three[1][1:]]], HEADER[:3]))
    header = load(settings, folder)
    assert header.splits == {"train": 1, "test": 3}


def test_exposure_rows_merge_by_cid_and_evaluated_splits_win(tmp_path):
    (tmp_path / "test.csv").write_text(text())
    (tmp_path / "train_partial.csv").write_text(text([["5", "CC", "ethane"]], HEADER[:3]))
    (tmp_path / "train_cid_smiles.tsv").write_text("CID\tSMILES\n5\tCC\n6\tCCC\n2\tCCO\n")
    raw = chebi20mm.read_folder(tmp_path)
    found = raw.molecules.set_index("cid")
    assert found["split"].to_dict() == {
        "5": "train", "6": "train", "1": "test", "2": "test", "3": "test",
    }  # fmt: skip
    assert found.loc["5", "caption"] == "ethane"
    assert found.loc["6", "caption"] is None
    overlap = next(i for i in raw.issues if i.kind == "split-overlap")
    assert (overlap.count, overlap.examples) == (1, ("2",))


def test_files_that_disagree_on_a_structure_say_so(tmp_path):
    (tmp_path / "train.csv").write_text(text([["5", "C/C=C\\\\C", "x"]], HEADER[:3]))
    (tmp_path / "train_cid_smiles.tsv").write_text("CID\tSMILES\n5\tCCCC\n")
    raw = chebi20mm.read_folder(tmp_path)
    assert [i.kind for i in raw.issues] == ["conflict"]
    assert raw.molecules["SMILES"].tolist() == ["C/C=C\\\\C"]


def test_columns_and_files_not_read_are_reported(tmp_path):
    (tmp_path / "test.csv").write_text(text([[*r, "x"] for r in ROWS], [*HEADER, "note"]))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    kinds = {i.kind: i.examples for i in chebi20mm.read_folder(tmp_path).issues}
    assert kinds["ignored-column"] == ("test.csv: note",)
    assert kinds["ignored-file"] == ("other.csv",)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    (tmp_path / "test.csv").write_bytes(b"\xef\xbb\xbf" + text().replace("\n", "\r\n").encode())
    assert len(read_table(tmp_path / "test.csv", required=HEADER).rows) == 3


def test_hostile_captions_are_data_and_nothing_else(settings, folder):
    hostile = "<script>alert(1)</script> ![x](http://example.org/x.png) '; DROP TABLE--"
    (folder / "test.csv").write_text(text([["1", "C", hostile, "", "", "", "", ""]]))
    load(settings, folder)
    assert dataset.molecules(settings, "small")["caption"].tolist() == [hostile]


def test_command_line(settings, folder, monkeypatch):
    monkeypatch.setenv("CHEBIMM_STORE", str(settings.store))
    runner = CliRunner()
    done = runner.invoke(app, ["data", "import", str(folder), "--name", "small", "--json"])
    assert done.exit_code == 0, done.output
    assert '"test": 3' in done.stdout
    assert "small" in runner.invoke(app, ["data", "list"]).stdout
    assert "un-escaped" in runner.invoke(app, ["data", "show", "small"]).stdout
    assert runner.invoke(app, ["data", "delete", "small"], input="n\n").exit_code == 1
    assert runner.invoke(app, ["data", "delete", "small", "--yes"]).exit_code == 0
    assert dataset.list_datasets(settings) == []


def test_cancelling_stops_an_import_and_stores_nothing(settings, folder):
    class CancelledError(Exception):
        pass

    rows = [[str(i), "CCO", "x", "", "", "", "", ""] for i in range(4_500)]
    (folder / "test.csv").write_text(text(rows))

    def cancel(share: float, what: str) -> None:
        if share > 0.2:
            raise CancelledError

    with pytest.raises(CancelledError):
        dataset.import_dataset(
            settings, str(folder), name="small", now=NOW, workers=2, progress=cancel
        )
    assert dataset.list_datasets(settings) == []


def test_the_hub_folder_with_the_splits_is_taken(tmp_path):
    from chebimm_core.datasets.hub import _folder_of_splits

    paths = [tmp_path / p for p in ("a/extra.csv", "data/test.csv", "data/train.csv", "test.csv")]
    assert _folder_of_splits(paths) == tmp_path / "data"
    assert _folder_of_splits(paths[:1]) == tmp_path / "a"
