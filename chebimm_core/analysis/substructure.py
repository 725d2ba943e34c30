"""Which molecules contain a pattern: a screen by bits, then a match atom by atom, within a budget.

Pattern fingerprints (RDKit, 2,048 bits) of a substructure are a subset of those of every molecule
that contains it, so most molecules are ruled out by one comparison of words.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.exposure import N_WORDS, packed_fingerprints
from chebimm_core.domain.structure_hits import ReadAs
from chebimm_core.errors import SettingError
from chebimm_core.modalities.line_notation import mol_from_smiles

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_LENGTH = 1_000
"""Characters of a pattern."""
KEPT_ATOMS = 450_000
"""Heavy atoms of the molecules kept unpacked, about 1 kB each; larger molecules are unpacked when
they are looked at."""
_LOOK_EVERY = 64
"""Molecules between two looks at the clock; one takes about 10 microseconds."""
_BRACKET = r"\[\d*(?:[A-Z][a-z]?|[bcnops]|se|as|te)(?:@@?H?\d*)?(?:[+-]+\d*)?(?::\d+)?\]"
_PLAIN_SMILES = re.compile(rf"(?:{_BRACKET}|Cl|Br|[BCNOPSFIbcnops]|[-=#:/\\().%0-9])+")
"""A SMILES that writes no hydrogen but at a stereo center: ``[OH]`` in a pattern demands one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What to look for."""

    molecule: Mol
    read_as: ReadAs


@dataclass(frozen=True, slots=True)
class PackedStructures:
    """n molecules, ready to be compared and searched."""

    fingerprints: NDArray[np.uint64]
    """(n, 32) Morgan fingerprints, radius 2, 2,048 bits."""
    patterns: NDArray[np.uint64]
    """(n, 32) pattern fingerprints, 2,048 bits."""
    binaries: NDArray[np.uint8]
    """RDKit's binary form of the molecules, one behind the other."""
    offsets: NDArray[np.int64]
    """(n + 1,) where each begins and the last ends."""
    sizes: NDArray[np.int64]
    """(n,) heavy atoms."""


@dataclass(frozen=True, slots=True)
class Found:
    """A molecule that contains the pattern, or the end of the search."""

    row: int | None
    """None at the end."""
    atoms: tuple[int, ...]
    """Matched atoms."""
    n_found: int
    """Molecules found so far, named or not."""
    exact: bool = False
    """True if every molecule was decided; known at the end."""


def read_pattern(text: str, *, smarts: bool = False) -> Pattern:
    """Reads a pattern.

    Args:
        text: A SMILES, whose hydrogens and stereo are free and whose aromatic and Kekulé forms
            agree, or a SMARTS. What is valid as both is read as a SMILES, unless it writes
            hydrogens: ``[OH]`` demands one.
        smarts: Reads it as a SMARTS in any case.

    Raises:
        SettingError: If it is neither, saying why.
    """
    from rdkit import Chem

    text = text.strip()
    if not text or len(text) > MAX_LENGTH or "\x00" in text:
        raise SettingError(
            "This is no pattern to search for",
            value=f"{len(text):,} characters",
            allowed=f"a SMARTS or SMILES of 1 to {MAX_LENGTH:,} characters",
        )
    if not smarts and _PLAIN_SMILES.fullmatch(text):
        molecule = mol_from_smiles(text)
        if molecule is not None and molecule.GetNumAtoms():
            return Pattern(molecule, "SMILES")
    if any(c.isspace() for c in text):
        raise SettingError("The pattern holds white space", value=text, allowed=_ALLOWED)
    with _Complaints() as complaints:
        molecule = Chem.MolFromSmarts(text)
    if molecule is None or not molecule.GetNumAtoms():
        raise SettingError(
            f"The pattern cannot be read: {complaints.sentence()}",
            value=text,
            allowed=_ALLOWED,
            do="Check brackets, parentheses and ring digits near that place",
        )
    return Pattern(molecule, "SMARTS")


_ALLOWED = "a SMARTS such as [OX2H]c1ccccc1, or a SMILES such as c1ccccc1"


def pack(smiles: Sequence[str]) -> PackedStructures:
    """Makes molecules ready to be searched; one RDKit rejects has no atom and is never found."""
    from rdkit import Chem

    patterns = np.zeros((len(smiles), N_WORDS), dtype=np.uint64)
    sizes = np.zeros(len(smiles), dtype=np.int64)
    binaries = []
    for row, text in enumerate(smiles):
        molecule = mol_from_smiles(text) or Chem.Mol()
        binaries.append(molecule.ToBinary())
        sizes[row] = molecule.GetNumAtoms()
        if sizes[row]:
            patterns[row] = pattern_fingerprint(molecule)
    return PackedStructures(
        fingerprints=packed_fingerprints(smiles),
        patterns=patterns,
        binaries=np.frombuffer(b"".join(binaries), dtype=np.uint8),
        offsets=np.cumsum([0, *map(len, binaries)], dtype=np.int64),
        sizes=sizes,
    )


def joined(parts: Sequence[PackedStructures]) -> PackedStructures:
    """Molecules of several packs as one, in order; at least one pack."""
    ends = np.cumsum([0, *(p.offsets[-1] for p in parts)])
    begins = [p.offsets[:-1] + end for p, end in zip(parts, ends[:-1], strict=True)]
    return PackedStructures(
        fingerprints=np.concatenate([p.fingerprints for p in parts]),
        patterns=np.concatenate([p.patterns for p in parts]),
        binaries=np.concatenate([p.binaries for p in parts]),
        offsets=np.concatenate([*begins, ends[-1:]]).astype(np.int64),
        sizes=np.concatenate([p.sizes for p in parts]),
    )


def pattern_fingerprint(molecule: Mol) -> NDArray[np.uint64]:
    """(32,) bits that every molecule containing this one has too."""
    from rdkit import Chem, DataStructs

    bits = Chem.PatternFingerprint(molecule, N_WORDS * 64)
    return np.frombuffer(DataStructs.BitVectToBinaryText(bits), dtype=np.uint64)


class Searcher:
    """Molecules in memory, the small ones unpacked."""

    def __init__(self, structures: PackedStructures) -> None:
        self._structures = structures
        by_size = np.argsort(structures.sizes, kind="stable")
        self._by_size = by_size[structures.sizes[by_size] > 0]
        unpacked = self._by_size[np.cumsum(structures.sizes[self._by_size]) <= KEPT_ATOMS]
        self._kept = {int(row): self._unpack(int(row)) for row in unpacked}

    def search(self, pattern: Pattern, *, limit: int, budget_s: float) -> Iterator[Found]:
        """Molecules that contain the pattern, smallest first, each told when it is found.

        Args:
            pattern: What to look for.
            limit: Molecules to name; the rest are counted.
            budget_s: No molecule is begun after this time.

        Yields:
            The molecules, then the end. Each comes at once: the next molecule may never end.
        """
        began = time.monotonic()
        n_found = 0
        for position, row in enumerate(self._candidates(pattern)):
            if position % _LOOK_EVERY == _LOOK_EVERY - 1 and time.monotonic() - began > budget_s:
                yield Found(None, (), n_found)
                return
            molecule = self._kept.get(row) or self._unpack(row)
            match = molecule.GetSubstructMatch(pattern.molecule)
            if match:
                n_found += 1
                if n_found <= limit:
                    yield Found(row, tuple(match), n_found)
        yield Found(None, (), n_found, exact=True)

    def _candidates(self, pattern: Pattern) -> list[int]:
        query = pattern_fingerprint(pattern.molecule)
        words = query != 0
        bits = query[words]
        holds = ((self._structures.patterns[:, words] & bits) == bits).all(axis=1)
        holds &= self._structures.sizes >= pattern.molecule.GetNumAtoms()
        chosen: list[int] = self._by_size[holds[self._by_size]].tolist()
        return chosen

    def _unpack(self, row: int) -> Mol:
        from rdkit import Chem

        begin, end = self._structures.offsets[row : row + 2]
        return Chem.Mol(self._structures.binaries[begin:end].tobytes())


class _Complaints(logging.Handler):
    """What RDKit's parser logs while the block runs."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def __enter__(self) -> _Complaints:
        from rdkit import rdBase

        self._log = logging.getLogger("rdkit")
        self._before = (self._log.handlers[:], self._log.propagate)
        self._log.handlers, self._log.propagate = [self], False
        rdBase.LogToPythonLogger()
        return self

    def __exit__(self, *_: object) -> None:
        from rdkit import rdBase

        rdBase.LogToCppStreams()
        self._log.handlers, self._log.propagate = self._before

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def sentence(self) -> str:
        """The reason, and the place if the parser names one."""
        said = "\n".join(self._lines)
        reason = re.search(r"Parse Error: (.+?)(?: while parsing| for input|$)", said, re.MULTILINE)
        place = re.search(r"around position (\d+)", said)
        words = reason.group(1) if reason else "RDKit rejects it"
        return f"{words} at character {place.group(1)}" if place else words
