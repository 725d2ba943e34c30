"""What a preset knows of one published layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from chebimm_core.datasets.column_map import ColumnMap


def unchanged(records: pd.DataFrame) -> pd.DataFrame:
    """A table that is read as it is."""
    return records


@dataclass(frozen=True, slots=True)
class Preset:
    """One layout: how it is recognised, read and credited."""

    name: str
    title: str
    matches: Callable[[Sequence[str]], bool]
    """Column names -> whether the file has this layout."""
    columns: Callable[[Sequence[str]], ColumnMap]
    """Column names after ``prepare`` -> what they are."""
    license: str
    citation: str
    prepare: Callable[[pd.DataFrame], pd.DataFrame] = unchanged
    """(n, k) text cells of the file -> a table of molecules."""
    splitting: str = "random"
    """Where the file names no split."""
