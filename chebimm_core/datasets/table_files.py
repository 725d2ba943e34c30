"""Tables of text from files nobody vouches for: bounded in memory, exact about what is wrong.

A first pass over the bytes refuses what no reader should be handed (a gigantic line, NUL bytes,
text that is not UTF-8); the second parses. Neither keeps more than one line beyond the result.
"""

from __future__ import annotations

import stat
from pathlib import Path

from chebimm_core.datasets.delimited_text import read_delimited
from chebimm_core.datasets.json_records import read_json_array, read_json_lines
from chebimm_core.datasets.parquet_records import read_parquet
from chebimm_core.datasets.raw_table import MAX_BYTES, MAX_LINE_BYTES, RawTable
from chebimm_core.errors import DataFormatError

_PACKED = {
    b"\x1f\x8b": "compressed (gzip)",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "compressed (bzip2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"\x28\xb5\x2f\xfd": "compressed (zstd)",
    b"7z\xbc\xaf": "a 7z archive",
}
"""First bytes of what people send by mistake -> what it is."""

_LAYOUTS = "tab-separated text, CSV, JSON lines, JSON array, Parquet"


def read_raw(path: Path, name: str) -> RawTable:
    """Reads a table, whatever its layout.

    Raises:
        DataFormatError: If it is empty, too large, binary, torn or ragged.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device might never end
            raise DataFormatError(
                f"{name} is no file" + (" but a folder" if stat.S_ISDIR(status.st_mode) else ""),
                value=str(path),
                allowed=f"a file: {_LAYOUTS}",
                do="Name one file of model outputs",
            )
        size = status.st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise DataFormatError(
            f"{name} cannot be read", value=str(path), do=f"{error.strerror or error}; check path"
        ) from error
    if not head.strip():
        raise DataFormatError(f"{name} is empty", do="Check that it was written or copied fully")
    if size > MAX_BYTES:
        raise DataFormatError(
            f"{name} is too large for a file of predictions",
            value=f"{size / 2**20:.0f} MiB",
            allowed=f"at most {MAX_BYTES // 2**20} MiB",
            do="Keep only the columns that name the molecule and hold the output",
        )
    packed = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), None)
    if packed is not None:
        raise DataFormatError(
            f"{name} is {packed}, not a table of text",
            allowed=_LAYOUTS,
            do="Unpack it first; from a spreadsheet, save the sheet as CSV (UTF-8)",
        )
    suffix = path.suffix.lower()
    if head.startswith(b"PAR1") or suffix in {".parquet", ".pq"}:
        return read_parquet(path, name)
    _check_text(path, name)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"[":
        return read_json_array(path, name)
    if start == b"{" or suffix in {".jsonl", ".ndjson", ".json"}:
        return read_json_lines(path, name)
    return read_delimited(path, name)


def _check_text(path: Path, name: str) -> None:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataFormatError(
                    f"{name} is UTF-16 text", allowed="UTF-8", do="Save it as UTF-8"
                )
            if b"\0" in line:
                raise DataFormatError(
                    f"{name} holds a NUL byte in line {number}, so it is no text file",
                    allowed=_LAYOUTS,
                    do="Write it again; a file damaged in transfer has to be copied again",
                )
            if len(line) > MAX_LINE_BYTES and not line.lstrip().startswith(b"["):
                raise DataFormatError(
                    f"{name} has a line {number} of more than {MAX_LINE_BYTES // 2**20} MiB",
                    allowed="one prediction a line",
                    do="Check that line ends were kept when the file was written",
                )
            if len(line) > MAX_LINE_BYTES:
                return  # a JSON array in one line: its own size limit applies
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataFormatError(
                    f"{name} is not UTF-8 text: line {number}, byte {error.start + 1}",
                    value=line[error.start : error.start + 4],
                    allowed="UTF-8",
                    do="Save it as UTF-8; if it is a binary file, give it its own suffix",
                ) from error
