"""Finds the molecule of each row of a prediction file: by what the row says, never by position.

File orders differ between releases of one data set, and a silent shift by one row gives a plausible
and wrong score. So each row is matched by identifier or content, everything that does not match is
counted and shown, and a file that matches badly is refused with the reason.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from chebimm_core.datasets.join_report import JoinFinding, JoinReport
from chebimm_core.datasets.prediction_files import PredictionTable
from chebimm_core.datasets.row_keys import (
    CONTRADICTION,
    RowMatch,
    match_rows,
    same_value,
    texts,
)
from chebimm_core.datasets.standardize import unescape_smiles

NO_PREDICTION = "no prediction in file"
EMPTY_OUTPUT = "empty output"

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Joined:
    """Outputs in the order of the split."""

    predictions: pd.DataFrame
    """(n_expected, 3) ``cid``, ``output`` (None where there is none, empty where the file has an
    empty cell: the published protocol tells them apart) and ``error`` (None if none)."""
    report: JoinReport


@dataclass(frozen=True, slots=True)
class _Assignment:
    """Rows by what became of them."""

    rows_of: dict[int, list[int]]
    """Position of a molecule -> rows that mean it."""
    keys: Counter[str]
    unjoined: list[int]
    ambiguous: list[int]
    elsewhere: list[int]


def join(
    table: PredictionTable, molecules: pd.DataFrame, *, target: str, split: str | None = None
) -> Joined:
    """Matches rows to molecules by CID, SMILES, structure, caption or name.

    Args:
        table: The file's rows.
        molecules: All molecules of the data set: ``cid``, ``split``, text columns,
            ``canonical_smiles``, ``inchikey``.
        target: Column of ``molecules`` that holds the references.
        split: The split the outputs are for; None: the one most rows fit.

    Returns:
        The outputs in split order, and the report; ask it for its ``refusal`` before storing.
    """
    matches = match_rows(table, molecules)
    splits = molecules["split"].tolist()
    chosen = split or _likeliest_split(matches, splits)
    references = [_reference(v) for v in molecules[target].tolist()]
    expected = [i for i, s in enumerate(splits) if s == chosen and references[i] is not None]
    outputs = texts(table.rows, "output")
    assigned = _assign(matches, outputs, frozenset(expected))

    cids = molecules["cid"].tolist()
    numbers = table.rows["row"].tolist()
    repeated: dict[bool, list[str]] = {True: [], False: []}
    for molecule, rows in assigned.rows_of.items():
        if len(rows) > 1:
            where = f"cid {cids[molecule]} (rows {', '.join(str(numbers[i]) for i in rows[:4])})"
            repeated[len({outputs[i] for i in rows}) == 1].append(where)
    truths = texts(table.rows, "ground truth")
    disagreements = [
        f"row {numbers[i]} (cid {cids[molecule]})"
        for molecule, rows in assigned.rows_of.items()
        for i in rows
        if not same_value(
            truths[i] or references[molecule] or "", references[molecule] or "", target
        )
    ]
    answers = {m: outputs[rows[0]] for m, rows in assigned.rows_of.items()}
    n_unescaped = _undo_escapes(answers) if target == "SMILES" and _is_escaped(table) else 0
    collected = [(cids[m], *_answer(answers, m)) for m in expected]
    predictions = pd.DataFrame(collected, columns=["cid", "output", "error"], dtype=object)
    report = JoinReport(
        file_name=table.file_name,
        split=chosen,
        n_rows=len(table.rows),
        n_expected=len(expected),
        n_joined=sum(assigned.keys.values()),
        n_answered=int(predictions["error"].isna().sum()),
        by_key=tuple(assigned.keys.most_common()),
        unjoined=_rows(table, assigned.unjoined),
        ambiguous=_rows(table, assigned.ambiguous),
        other_split=_rows(table, assigned.elsewhere),
        duplicates=JoinFinding.of(repeated[True]),
        conflicts=JoinFinding.of(repeated[False]),
        missing=JoinFinding.of(f"cid {c}" for c, _, e in collected if e == NO_PREDICTION),
        empty=JoinFinding.of(f"cid {c}" for c, _, e in collected if e == EMPTY_OUTPUT),
        disagreements=JoinFinding.of(disagreements),
        n_unescaped=n_unescaped,
        splits_fitted=tuple(_fitted(matches, splits).most_common()),
    )
    return Joined(predictions, report)


def _assign(
    matches: list[RowMatch], outputs: list[str | None], wanted: frozenset[int]
) -> _Assignment:
    result = _Assignment({}, Counter(), [], [], [])
    tied: dict[frozenset[int], list[int]] = {}
    for row, match in enumerate(matches):
        inside = match.molecules & wanted
        if not match.molecules:
            result.unjoined.append(row)
        elif match.key == CONTRADICTION:
            result.ambiguous.append(row)
        elif not inside:
            result.elsewhere.append(row)
        elif len(inside) > 1:
            tied.setdefault(inside, []).append(row)
        else:
            result.keys[match.key] += 1
            result.rows_of.setdefault(next(iter(inside)), []).append(row)
    for inside, rows in tied.items():
        if len({outputs[i] for i in rows}) > 1 or len(rows) > len(inside):
            result.ambiguous.extend(rows)
            continue
        # molecules the keys cannot tell apart got one and the same answer: no choice is needed
        result.keys[matches[rows[0]].key] += len(rows)
        for molecule in inside:
            result.rows_of.setdefault(molecule, []).append(rows[0])
    return result


def _answer(answers: dict[int, str | None], molecule: int) -> tuple[str | None, str | None]:
    """Output and error of one molecule."""
    output = answers.get(molecule)
    if output is not None and output.strip():
        return output, None
    if molecule not in answers:
        return None, NO_PREDICTION
    return output, EMPTY_OUTPUT


def _undo_escapes(answers: dict[int, str | None]) -> int:
    escaped = {m: a for m, a in answers.items() if a is not None and "\\\\" in a}
    answers.update({m: unescape_smiles(a) for m, a in escaped.items()})
    return len(escaped)


def _is_escaped(table: PredictionTable) -> bool:
    """Whether the file's own inputs or ground truths carry doubled backslashes."""
    columns = ("SMILES", "ground truth")
    return any(v is not None and "\\\\" in v for c in columns for v in texts(table.rows, c))


def _reference(value: str | float | None) -> str | None:
    return None if pd.isna(value) or value == "" else str(value)


def _fitted(matches: list[RowMatch], splits: list[str]) -> Counter[str]:
    return Counter(s for match in matches for s in {splits[i] for i in match.molecules})


def _likeliest_split(matches: list[RowMatch], splits: list[str]) -> str:
    counts = _fitted(matches, splits)
    if counts:
        return max(counts, key=lambda name: (counts[name], name == "test"))
    return "test" if "test" in splits or not splits else splits[0]


def _rows(table: PredictionTable, indices: list[int]) -> JoinFinding:
    """Names the first few rows by number and content."""
    shown = JoinFinding.of(_says(table, i) for i in indices[:5])
    return JoinFinding(len(indices), shown.examples)


def _says(table: PredictionTable, index: int) -> str:
    row = table.rows.iloc[index]
    for key in (*table.keys, "ground truth"):
        value = row.get(key)
        if isinstance(value, str) and value:
            shown = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
            return f"row {row['row']}: {key} {shown!r}"
    return f"row {row['row']}: no identifier"
