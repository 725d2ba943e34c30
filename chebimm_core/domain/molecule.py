"""Data sets and molecules as they are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from chebimm_core.domain.run import Stored

TEXT_COLUMNS = ("SMILES", "InChI", "SELFIES", "IUPAC", "caption")
"""Modalities kept as text columns of ``molecules.parquet``; an absent value is null."""

STRUCTURE_COLUMNS = ("canonical_smiles", "inchikey", "scaffold")
"""Derived once at import: RDKit canonical isomeric SMILES, standard InChIKey, Bemis-Murcko scaffold
SMILES (empty for an acyclic molecule). Null where RDKit rejects the SMILES."""

MOLECULE_COLUMNS = ("cid", "split", *TEXT_COLUMNS, *STRUCTURE_COLUMNS, "regenerated", "problem")
"""Columns every ``molecules.parquet`` begins with. ``cid`` is a string and unique. ``regenerated``
lists, comma-separated, the modalities written by a tool because the file had none. ``problem`` says
why RDKit rejects the SMILES, null if it does not. Numeric properties (``xlogp``, ...) follow."""


IMAGE_COLUMN = "image"
"""Added on reading where a data set has image files: ``file:`` and the path, null without one."""

MAX_IMAGE_PIXELS = 16_000_000
"""Of one image file; a larger one is refused before it is decoded."""


class ModalityCoverage(Stored):
    """How many molecules of a split have one modality."""

    modality: str
    split: str
    present: int
    regenerated: int
    missing: int


class QualityIssue(Stored):
    """Something a reader of the import report should know. Never silently repaired."""

    kind: str
    """Short machine name: ``unescaped``, ``regenerated``, ``rdkit-rejects``, ..."""
    message: str
    count: int
    examples: tuple[str, ...] = ()
    """Up to five cids (or row numbers, where the row has no cid)."""


class DatasetHeader(Stored):
    """``dataset.json``."""

    schema_version: Literal[1] = 1
    name: str
    """Identifier: lower-case letters, digits, dot, dash and underscore."""
    title: str
    synthetic: bool
    """True if any value was made by this project, not measured or curated; shown everywhere."""
    source: str
    license: str
    citation: str
    content_hash: str
    """SHA-256 over cids, splits and text columns in canonical order: equal content, equal hash."""
    imported: datetime
    splits: dict[str, int]
    properties: tuple[str, ...]
    coverage: tuple[ModalityCoverage, ...]
    issues: tuple[QualityIssue, ...]
    images: int = 0
    """Molecules with an image file of the data set's own; 0: images are drawn."""


class MoleculeRecord(Stored):
    """One molecule with what the data set holds of it. Missing stays missing."""

    cid: str
    split: str
    dataset: str
    texts: dict[str, str]
    """Text modality -> value; a missing modality has no key."""
    properties: dict[str, float]
    regenerated: tuple[str, ...]
    canonical_smiles: str | None
    inchikey: str | None
    scaffold: str | None
    problem: str | None
    image: str | None = None
    """Path of the data set's own picture; None: it is drawn."""
