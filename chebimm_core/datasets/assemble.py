"""A data set as it is stored: the checked table and the header that describes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from chebimm_core.datasets import quality
from chebimm_core.datasets.standardize import Progress, standardize
from chebimm_core.domain.molecule import TEXT_COLUMNS, DatasetHeader, QualityIssue


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a data set comes from and what may be done with it."""

    title: str
    source: str
    license: str
    citation: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Assembled:
    """Ready for the store."""

    header: DatasetHeader
    molecules: pd.DataFrame


def assemble(
    name: str,
    raw: pd.DataFrame,
    provenance: Provenance,
    *,
    now: datetime,
    known_issues: Sequence[QualityIssue] = (),
    workers: int = 2,
    progress: Progress | None = None,
) -> Assembled:
    """Standardizes a raw table and describes it.

    Args:
        name: Identifier of the data set.
        raw: As for :func:`~chebimm_core.datasets.standardize.standardize`.
        provenance: Title, source, license, citation.
        now: When it was imported.
        known_issues: What reading the files has shown already.
        workers: Processes.
        progress: Told how far it is.
    """
    standard = standardize(raw, workers=workers, progress=progress)
    table = standard.molecules
    header = DatasetHeader(
        name=name,
        title=provenance.title,
        synthetic=provenance.synthetic,
        source=provenance.source,
        license=provenance.license,
        citation=provenance.citation,
        content_hash=content_hash(table),
        imported=now,
        splits={s: int((table["split"] == s).sum()) for s in quality.splits_of(table)},
        properties=quality.property_columns(table),
        coverage=quality.coverage(table),
        issues=(*known_issues, *quality.issues(standard)),
    )
    return Assembled(header, table)


def content_hash(molecules: pd.DataFrame) -> str:
    """SHA-256 over cid, split and text columns, in order of cid, as JSON lines."""
    columns = ["cid", "split", *TEXT_COLUMNS]
    digest = hashlib.sha256()
    for row in sorted(molecules[columns].itertuples(index=False, name=None)):
        line = json.dumps([None if pd.isna(v) else v for v in row], ensure_ascii=False)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
