"""The models of the field, from ``data/published/model_atlas.csv``: strict, one line a model."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from chebimm_core.domain.atlas import AtlasEntry
from chebimm_core.errors import DataFormatError

FILE_NAME = "model_atlas.csv"
_LISTS = ("aliases", "modalities_in", "modalities_out", "tasks")
_OPTIONAL = ("parameters_millions", "weights", "doi", "arxiv", "url")
_FLAGS = {"yes": True, "": False}
_COLUMNS = tuple(AtlasEntry.model_fields)


def read(
    folder: Path, *, modalities: Collection[str], tasks: Collection[str]
) -> tuple[AtlasEntry, ...]:
    """Reads the atlas in the order of the file.

    Args:
        folder: Folder of published facts.
        modalities: Names a modality may have.
        tasks: Names a task may have.

    Raises:
        DataFormatError: If the file cannot be read, has other columns, or a row is invalid, names
            an unknown modality or task, or repeats a name.
    """
    path = folder / FILE_NAME
    entries: list[AtlasEntry] = []
    taken: dict[str, int] = {}
    for number, row in enumerate(_rows(path), start=2):
        entry = _entry(row, number)
        _check_names(entry.modalities_in, modalities, "modalities_in", number)
        _check_names(entry.modalities_out, modalities, "modalities_out", number)
        _check_names(entry.tasks, tasks, "tasks", number)
        for name in {n.casefold() for n in (entry.name, *entry.aliases)}:
            if name in taken:
                raise _bad(number, "name", f"also stands in line {taken[name]}", entry.name)
            taken[name] = number
        entries.append(entry)
    if not entries:
        raise DataFormatError("The model atlas has no rows", value=str(path))
    return tuple(entries)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            columns = tuple(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataFormatError(
            "The model atlas cannot be read", value=str(path), do="Restore it from the project"
        ) from error
    if columns != _COLUMNS:
        raise DataFormatError(
            f"The columns of {path.name} are not those of a model",
            value=columns,
            allowed=", ".join(_COLUMNS),
        )
    return rows


def _entry(row: dict[str, str], number: int) -> AtlasEntry:
    values: dict[str, object] = dict(row)
    if None in row or None in row.values():
        raise _bad(number, "(all)", f"has not {len(_COLUMNS)} cells", row.get("name"))
    for column in _LISTS:
        values[column] = tuple(word.strip() for word in row[column].split(";") if word.strip())
    for column in _OPTIONAL:
        values[column] = row[column] or None
    if row["in_paper"] not in _FLAGS:
        raise _bad(number, "in_paper", "is yes or empty", row["in_paper"])
    values["in_paper"] = _FLAGS[row["in_paper"]]
    try:
        return AtlasEntry.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(str(part) for part in first["loc"]) or row["name"]
        raise _bad(number, column, first["msg"], first["input"]) from error


def _check_names(given: tuple[str, ...], known: Collection[str], column: str, number: int) -> None:
    for name in given:
        if name not in known:
            raise DataFormatError(
                f"{FILE_NAME}, line {number}, column {column}: unknown name",
                value=name,
                allowed=", ".join(known),
            )
    if len(set(given)) != len(given):
        raise _bad(number, column, "names something twice", given)


def _bad(number: int, column: str, why: str, value: object) -> DataFormatError:
    return DataFormatError(
        f"{FILE_NAME}, line {number}, column {column}: {why}",
        value=value,
        do="Restore the file from the project",
    )
