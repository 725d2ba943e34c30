"""Which column of a foreign table is which modality."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chebimm_core.domain.molecule import TEXT_COLUMNS
from chebimm_core.errors import SettingError

_NAMES = {
    "SMILES": ("smiles", "canonical_smiles", "isomeric_smiles", "canonicalsmiles", "mol",
               "molecule", "smi"),
    "InChI": ("inchi", "standard_inchi"),
    "SELFIES": ("selfies",),
    "IUPAC": ("iupac", "iupacname", "iupac_name", "name_iupac"),
    "caption": ("caption", "description", "text", "captions"),
    "cid": ("cid", "pubchem_cid", "id", "mol_id", "compound id", "cmpd_chemblid"),
    "split": ("split", "set", "fold", "subset"),
}  # fmt: skip
KEYS = (*TEXT_COLUMNS, "cid", "split")
"""What a column can be besides a property."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Column of the file for each modality; what is not named is not read."""

    columns: dict[str, str] = field(default_factory=dict)
    """Key of :data:`KEYS` -> column of the file."""
    properties: tuple[str, ...] | None = None
    """Columns of numbers; None: every other column that holds numbers only."""

    def checked(self, present: Sequence[str]) -> ColumnMap:
        """Itself, if the file has its columns.

        Raises:
            SettingError: If a key or column is unknown, two keys share a column, or nothing tells
                the molecule.
        """
        for key, column in self.columns.items():
            if key not in KEYS:
                raise SettingError("No such modality", value=key, allowed=", ".join(KEYS))
            if column not in present:
                raise SettingError(
                    f"The file has no column for {key}", value=column, allowed=", ".join(present)
                )
        chosen = list(self.columns.values())
        twice = sorted({c for c in chosen if chosen.count(c) > 1})
        if twice:
            raise SettingError("One column cannot be two modalities", value=twice[0])
        for column in self.properties or ():
            if column not in present:
                raise SettingError(
                    "The file has no such property", value=column, allowed=", ".join(present)
                )
        if not {"SMILES", "InChI", "SELFIES"} & set(self.columns):
            raise SettingError(
                "No column tells the structure",
                value=", ".join(f"{k}={v}" for k, v in self.columns.items()) or "no column",
                allowed="a column of SMILES, InChI or SELFIES",
                do="Name it, e.g. --map SMILES=smiles",
            )
        return self


def parse(text: str) -> dict[str, str]:
    """``SMILES=smiles,caption=text`` as a dictionary.

    Raises:
        SettingError: If a part is not ``MODALITY=column``, or a modality stands twice.
    """
    found: dict[str, str] = {}
    for part in filter(str.strip, text.split(",")):
        key, equals, column = part.partition("=")
        key = next((k for k in KEYS if k.lower() == key.strip().lower()), key.strip())
        if not equals or not column.strip():
            raise SettingError(
                "A column is mapped as MODALITY=column", value=part, allowed=", ".join(KEYS)
            )
        if key in found:
            raise SettingError("A modality is mapped twice", value=key)
        found[key] = column.strip()
    return found


def guess(columns: Iterable[str]) -> dict[str, str]:
    """What the names of columns suggest; each column once, the most usual names first."""
    present = {re.sub(r"\s+", " ", c).strip().lower(): c for c in columns}
    found: dict[str, str] = {}
    for key, names in _NAMES.items():
        column = next((present[n] for n in names if n in present), None)
        if column is not None and column not in found.values():
            found[key] = column
    return found
