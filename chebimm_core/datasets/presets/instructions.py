"""Mol-Instructions, molecule-oriented: ``instruction``, ``input``, ``output``, SELFIES in one.

Fang et al. 2024, arXiv:2306.08018. A record is used if exactly one side is a molecule and the other
a text (description generation, molecule design) or a number (property prediction). Records of
reactions, which have molecules on both sides, are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pandas as pd

from chebimm_core.datasets.column_map import ColumnMap
from chebimm_core.datasets.presets.preset import Preset
from chebimm_core.errors import DataFormatError

_SELFIES = re.compile(r"(\[[^\[\]\s]+\]\.?)+")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
_FIELDS = ("instruction", "input", "output")


def _matches(columns: Sequence[str]) -> bool:
    return set(_FIELDS) <= set(columns)


def prepare(records: pd.DataFrame) -> pd.DataFrame:
    """One row a usable record: ``SELFIES`` with ``caption`` or ``value``, and ``split``.

    Raises:
        DataFormatError: If no record can be used.
    """
    rows = []
    for record in records.to_dict("records"):
        given, wanted = str(record["input"] or "").strip(), str(record["output"] or "").strip()
        sides = [bool(_SELFIES.fullmatch(text)) for text in (given, wanted)]
        if sides[0] == sides[1]:
            continue
        molecule, text = (given, wanted) if sides[0] else (wanted, given)
        number = bool(_NUMBER.fullmatch(text))
        rows.append(
            {
                "SELFIES": molecule,
                "caption": None if number or not text else text,
                "value": text if number else None,
                "split": _split(record.get("metadata")),
            }
        )
    if not rows:
        raise DataFormatError(
            "No record has a molecule (SELFIES) on one side and a text or number on the other",
            value=f"{len(records):,} records",
            do="Take the files of description generation, molecule design or property prediction",
        )
    return pd.DataFrame(rows)


def _split(metadata: object) -> str | None:
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata.replace("'", '"'))
        except ValueError:
            return None
    return str(metadata["split"]) if isinstance(metadata, dict) and "split" in metadata else None


def _columns(columns: Sequence[str]) -> ColumnMap:
    return ColumnMap(
        {"SELFIES": "SELFIES", "caption": "caption", "split": "split"}, properties=("value",)
    )


PRESETS = (
    Preset(
        name="mol-instructions",
        title="Mol-Instructions (molecule-oriented)",
        matches=_matches,
        columns=_columns,
        prepare=prepare,
        license="CC BY 4.0",
        citation="Fang et al. 2024, arXiv:2306.08018",
    ),
)
