"""Which molecules a row of a prediction file may mean, by what the row itself says."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from rdkit import Chem, rdBase

from chebimm_core.datasets.prediction_files import PredictionTable
from chebimm_core.datasets.standardize import unescape_smiles

CONTRADICTION = "contradiction"
"""Key of a row whose identifiers name different molecules."""

_TEXT_KEYS = ("SMILES", "caption", "IUPAC", "InChI", "SELFIES")
_STRUCTURE_KEYS = ("canonical SMILES", "InChIKey")


@dataclass(frozen=True, slots=True)
class RowMatch:
    """The molecules one row fits."""

    key: str
    """What settled it: ``CID``, a modality, ``canonical SMILES``, ``InChIKey``,
    ``ground truth SMILES``, two of them joined by ``and``; empty if nothing fits."""
    molecules: frozenset[int]
    """Positions in the table of molecules."""


@dataclass(frozen=True, slots=True)
class _Test:
    key: str
    values: list[str | None]
    index: dict[str, list[int]]
    decisive: bool
    """Whether a disagreement with an earlier key is a contradiction (not for ground truths)."""

    def hits(self, row: int) -> frozenset[int]:
        value = self.values[row]
        return frozenset(self.index.get(fold(value, self.key), ())) if value else frozenset()


def match_rows(table: PredictionTable, molecules: pd.DataFrame) -> list[RowMatch]:
    """Matches each row by the first key that fits; later keys single out or contradict.

    Exact identifiers and texts come first, then the structure of a SMILES (canonical SMILES,
    then InChIKey, both by RDKit).
    """
    tests = _tests(table, molecules)
    smiles = next((t.values for t in tests if t.key == "SMILES"), None)
    structures = _Structures(molecules)
    matches = []
    for row in range(len(table.rows)):
        match = _match(tests, row)
        if not match.molecules and smiles is not None:
            match = structures.find(smiles[row])
        matches.append(match)
    return matches


def texts(rows: pd.DataFrame, column: str) -> list[str | None]:
    """(n,) cells of a column; None where there is none."""
    if column not in rows.columns:
        return [None] * len(rows)
    return [v if isinstance(v, str) else None for v in rows[column].tolist()]


def fold(text: str, key: str) -> str:
    """What two writings of one value share: blanks, and for a SMILES its escapes."""
    if key == "cid":
        return text.strip().removesuffix(".0")
    return unescape_smiles(text.strip()) if key.endswith("SMILES") else " ".join(text.split())


def same_value(truth: str, reference: str, target: str) -> bool:
    """Whether a file's ground truth is the data set's reference: same text, structure, number."""
    if fold(truth, target) == fold(reference, target):
        return True
    if target == "SMILES":
        pair = (_molecule(truth), _molecule(reference))
        return None not in pair and Chem.MolToSmiles(pair[0]) == Chem.MolToSmiles(pair[1])
    if target in _TEXT_KEYS:
        return False
    try:
        return math.isclose(float(truth), float(reference), rel_tol=1e-6, abs_tol=1e-9)
    except ValueError:
        return False


def _match(tests: Sequence[_Test], row: int) -> RowMatch:
    settled = ""
    fits: frozenset[int] = frozenset()
    for test in tests:
        hits = test.hits(row)
        if not hits:
            continue
        if not fits:
            settled, fits = ("CID" if test.key == "cid" else test.key), hits
        elif not fits & hits:
            if test.decisive:
                return RowMatch(CONTRADICTION, fits | hits)
        elif len(fits) > 1:
            settled, fits = f"{settled} and {test.key}", fits & hits
    return RowMatch(settled, fits)


def _tests(table: PredictionTable, molecules: pd.DataFrame) -> list[_Test]:
    columns = {key: texts(table.rows, key) for key in table.keys}
    if "input" in columns:
        values = columns.pop("input")
        meaning = _meaning(values, molecules, taken=columns)
        if meaning is not None:
            columns[meaning] = values
    tests = [
        _Test(key, columns[key], _index(molecules[key], key), decisive=True)
        for key in ("cid", *_TEXT_KEYS)
        if key in columns and key in molecules
    ]
    truth = texts(table.rows, "ground truth")
    if "cid" not in columns and any(truth):
        tests += [
            _Test(f"ground truth {key}", truth, _index(molecules[key], key), decisive=False)
            for key in ("SMILES", "caption", "IUPAC")
            if key not in columns and key in molecules
        ]
    return tests


def _meaning(
    values: list[str | None], molecules: pd.DataFrame, taken: dict[str, list[str | None]]
) -> str | None:
    """The text modality in which most cells of an unnamed input column are found."""
    best, most = None, 0
    for key in _TEXT_KEYS:
        if key not in taken and key in molecules:
            index = _index(molecules[key], key)
            hits = sum(1 for v in values if v and fold(v, key) in index)
            if hits > most:
                best, most = key, hits
    return best


class _Structures:
    """Looks molecules up by canonical SMILES, then by InChIKey; indexed only when first asked."""

    def __init__(self, molecules: pd.DataFrame) -> None:
        self._molecules = molecules
        self._indices: list[dict[str, list[int]]] | None = None

    def find(self, smiles: str | None) -> RowMatch:
        mol = _molecule(smiles) if smiles else None
        if mol is None:
            return RowMatch("", frozenset())
        if self._indices is None:
            columns = ("canonical_smiles", "inchikey")
            self._indices = [_index(self._molecules[c], c) for c in columns]
        tools: tuple[Callable[[Chem.Mol], str], ...] = (Chem.MolToSmiles, Chem.MolToInchiKey)
        for key, tool, index in zip(_STRUCTURE_KEYS, tools, self._indices, strict=True):
            with rdBase.BlockLogs():
                hits = index.get(tool(mol))
            if hits:
                return RowMatch(key, frozenset(hits))
        return RowMatch("", frozenset())


def _molecule(smiles: str) -> Chem.Mol | None:
    if len(smiles.split()) != 1:
        return None  # RDKit would take text after a blank for the molecule's name
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(unescape_smiles(smiles.strip()))


def _index(column: pd.Series, key: str) -> dict[str, list[int]]:
    index: dict[str, list[int]] = {}
    for position, value in enumerate(column.tolist()):
        if isinstance(value, str) and value:
            index.setdefault(fold(value, key), []).append(position)
    return index
