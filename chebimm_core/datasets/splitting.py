"""Splits for data that came without: random, or by scaffold as MoleculeNet does it.

Scaffold split: molecules with one Bemis-Murcko scaffold stay together; the largest groups fill the
training split first, so that the test split holds rare scaffolds (Wu et al. 2018,
doi:10.1039/C7SC02664A). The result is the same on every machine and needs no seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from chebimm_core.datasets.standardize import scaffold_of
from chebimm_core.errors import SettingError
from chebimm_core.modalities.line_notation import mol_from_smiles

Splitting = Literal["random", "scaffold"]
NAMES = ("train", "validation", "test")
_SPELLINGS = {
    "train": "train", "training": "train", "tr": "train", "validation": "validation",
    "valid": "validation", "val": "validation", "dev": "validation", "development": "validation",
    "test": "test", "testing": "test", "te": "test",
}  # fmt: skip


def split_name(text: str) -> str | None:
    """The split a word means; None if it means none."""
    return _SPELLINGS.get(text.strip().lower())


def assign(
    smiles: Sequence[str | None],
    how: Splitting,
    *,
    seed: int = 0,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
) -> list[str]:
    """The split of each molecule.

    Args:
        smiles: (n,) None where there is none; equal ones never fall into two splits.
        how: ``random`` or ``scaffold``.
        seed: Of the random split.
        fractions: Of train, validation and test; they add up to 1.

    Raises:
        SettingError: If the fractions do not add up to 1.
    """
    if abs(sum(fractions) - 1) > 1e-6 or min(fractions) < 0:
        raise SettingError("Fractions must add up to 1", value=fractions, allowed="e.g. .8 .1 .1")
    groups: dict[str, list[int]] = {}
    for k, text in enumerate(smiles):
        groups.setdefault(_scaffold(text) if how == "scaffold" else str(text), []).append(k)
    members = list(groups.values())
    if how == "scaffold":
        members.sort(key=lambda rows: (-len(rows), rows[0]))
    else:
        order = np.random.default_rng(seed).permutation(len(members))
        members = [members[int(i)] for i in order]
    return _filled(members, len(smiles), fractions)


def _filled(
    members: Sequence[Sequence[int]], n: int, fractions: tuple[float, float, float]
) -> list[str]:
    found = [""] * n
    room = {"train": fractions[0] * n, "validation": (fractions[0] + fractions[1]) * n}
    counts = {"train": 0, "validation": 0}
    for rows in members:
        if counts["train"] + len(rows) <= room["train"] + 1e-9:
            split = "train"
        elif counts["train"] + counts["validation"] + len(rows) <= room["validation"] + 1e-9:
            split = "validation"
        else:
            split = "test"
        if split in counts:
            counts[split] += len(rows)
        for row in rows:
            found[row] = split
    return found


def _scaffold(smiles: str | None) -> str:
    molecule = mol_from_smiles(smiles or "")
    return f"unreadable {smiles}" if molecule is None else scaffold_of(molecule)
