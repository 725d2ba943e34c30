"""Published facts that ship with the project, each row with its citation.

Read from ``data/published``. Values are facts read off the figures of Liu et al. 2025
(doi:10.1038/s42256-024-00977-6); they are shown beside local measurements and never mixed in.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chebimm_core.domain.findings import CellKind
from chebimm_core.errors import DataFormatError

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1)]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    citation: Name


class TransitionFact(_Fact):
    """One cell of the published 8 x 8 matrix (Figure 5a)."""

    source: Name
    target: Name
    value: Share
    kind: CellKind


class RetrievalFact(_Fact):
    """Published R@1 of one pair of modalities (Figure 5c)."""

    first: Name
    second: Name
    r1: Share


class EncoderFact(_Fact):
    """How often an encoder is among the five best (Figure 5b)."""

    encoder: Name
    times_in_top5: Annotated[int, Field(ge=0)]
    transitions: Annotated[int, Field(ge=1)]
    """Number of transitions over which it was counted."""


class PairFact(_Fact):
    """A specific token pair the paper reports."""

    source: Name
    target: Name


F = TypeVar("F", bound=_Fact)


def transition_matrix(folder: Path) -> tuple[TransitionFact, ...]:
    """Cells of the published matrix, row by row.

    Raises:
        DataFormatError: If a row is invalid, a cell is given twice, or the matrix is not square.
    """
    path = folder / "modal_transition_matrix.csv"
    cells = _read(path, TransitionFact)
    keys = {(cell.source, cell.target) for cell in cells}
    names = {cell.source for cell in cells}
    wanted = {(a, b) for a in names for b in names}
    if len(keys) != len(cells) or keys != wanted:
        raise DataFormatError(
            "The published matrix must give every pair of its modalities exactly once",
            value=sorted(keys ^ wanted) or f"{len(cells)} rows for {len(keys)} cells",
            do=f"Restore {path.name} from the project",
        )
    return cells


def retrieval(folder: Path) -> tuple[RetrievalFact, ...]:
    """Published R@1, best pair first."""
    return _read(folder / "retrieval_r1.csv", RetrievalFact)


def encoder_top5(folder: Path) -> tuple[EncoderFact, ...]:
    """Published frequency of encoders among the five best, most frequent first."""
    return _read(folder / "encoder_top5.csv", EncoderFact)


def specific_pairs(folder: Path) -> tuple[PairFact, ...]:
    """Published specific pairs of T5, IUPAC to caption, at T = 2.788."""
    return _read(folder / "specific_pairs.csv", PairFact)


def _read(path: Path, kind: type[F]) -> tuple[F, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise DataFormatError(
            "A file of published facts cannot be read",
            value=str(path),
            do="Restore it from the project",
        ) from error
    facts = []
    for number, row in enumerate(rows, start=2):
        try:
            facts.append(kind.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            column = ".".join(str(part) for part in first["loc"])
            raise DataFormatError(
                f"{path.name}, line {number}, column {column}: {first['msg']}",
                value=first["input"],
                do="Restore the file from the project",
            ) from error
    if not facts:
        raise DataFormatError("A file of published facts has no rows", value=str(path))
    return tuple(facts)
