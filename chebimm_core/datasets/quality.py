"""What a reader of a data set must know before trusting a number made with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from chebimm_core.datasets.standardize import Standardized
from chebimm_core.domain.molecule import ModalityCoverage, QualityIssue
from chebimm_core.domain.specs import ModalitySpec
from chebimm_core.modalities import MODALITIES

_EXAMPLES = 5


def property_columns(molecules: pd.DataFrame) -> tuple[str, ...]:
    """Numeric columns, in the table's order."""
    return tuple(c for c in molecules.columns if pd.api.types.is_numeric_dtype(molecules[c]))


def splits_of(molecules: pd.DataFrame) -> list[str]:
    """Names of the splits there are: train, validation, test, then others by name."""
    usual = ("train", "validation", "test")
    found = set(molecules["split"])
    return [*(s for s in usual if s in found), *sorted(found - set(usual))]


def coverage(molecules: pd.DataFrame) -> tuple[ModalityCoverage, ...]:
    """How many molecules have each modality, split by split.

    Graph and image are there wherever RDKit accepts the structure; ``property`` is there where no
    property of the data set is missing.
    """
    found = []
    for split in splits_of(molecules):
        part = molecules[molecules["split"] == split]
        for spec in MODALITIES.values():
            has = _has(part, spec)
            made = part["regenerated"].fillna("").str.split(",").map(lambda m, s=spec: s.name in m)
            found.append(
                ModalityCoverage(
                    modality=spec.name,
                    split=split,
                    present=int(has.sum()),
                    regenerated=int((has & made).sum()),
                    missing=int((~has).sum()),
                )
            )
    return tuple(found)


def issues(standard: Standardized) -> tuple[QualityIssue, ...]:
    """Everything un-escaped, regenerated, rejected, duplicated or missing, with examples."""
    table = standard.molecules
    made = table["regenerated"].fillna("")
    found = [
        _issue(
            "unescaped",
            "SMILES had doubled backslashes, which were un-escaped",
            standard.unescaped,
            split_of=table,
        ),
        *(
            _issue(
                "regenerated",
                f"{name} was missing and was written by a tool ({tool}); such values are marked",
                table["cid"][made.str.split(",").map(lambda m, n=name: n in m)],
                split_of=table,
            )
            for name, tool in (("SMILES", "RDKit"), ("InChI", "RDKit"), ("SELFIES", "selfies"))
        ),
        _issue(
            "not-regenerated",
            "SELFIES or InChI is missing and the tools cannot express the structure; left missing",
            standard.not_regenerated,
            split_of=table,
        ),
        _issue(
            "rdkit-rejects",
            "RDKit rejects the SMILES; the row is kept and its problem is named",
            table["cid"][table["problem"].notna()],
            split_of=table,
        ),
        _issue(
            "inchi-differs",
            "The InChI of the file is not the standard InChI of the SMILES; both are kept, and the "
            "InChIKey is that of the SMILES",
            standard.inchi_differs,
            split_of=table,
        ),
        *_duplicates(table),
    ]
    for name in ("caption", "IUPAC", *property_columns(table)):
        found.append(
            _issue(
                "missing", f"{name} is missing", table["cid"][table[name].isna()], split_of=table
            )
        )
    return tuple(i for i in found if i is not None)


def _has(part: pd.DataFrame, spec: ModalitySpec) -> pd.Series[bool]:
    if spec.column is not None:
        return part[spec.column].notna()
    if spec.carrier == "vector":
        names = list(property_columns(part))
        return part[names].notna().all(axis=1) & bool(names)
    return part["canonical_smiles"].notna()


def _duplicates(table: pd.DataFrame) -> Iterable[QualityIssue | None]:
    keyed = table[table["inchikey"].notna()]
    sizes = keyed.groupby("inchikey")["cid"].transform("size")
    repeated = keyed[sizes > 1].sort_values("inchikey", kind="stable")
    yield _issue(
        "duplicate-structure",
        "Molecules share their structure (InChIKey) with another CID; all are kept",
        repeated["cid"],
        split_of=table,
    )
    splits = keyed.groupby("inchikey")["split"].transform("nunique")
    yield _issue(
        "structure-across-splits",
        "Molecules share their structure (InChIKey) with a molecule of another split; see leakage",
        keyed[splits > 1].sort_values("inchikey", kind="stable")["cid"],
        split_of=table,
    )


def _issue(
    kind: str, message: str, cids: Sequence[str] | pd.Series[str], *, split_of: pd.DataFrame
) -> QualityIssue | None:
    names = [str(c) for c in cids]
    if not names:
        return None
    chosen = split_of["split"][split_of["cid"].isin(names)].value_counts(sort=False)
    where = ", ".join(f"{split} {count:,}" for split, count in chosen.items())
    return QualityIssue(
        kind=kind,
        message=f"{message} ({where})",
        count=len(names),
        examples=tuple(names[:_EXAMPLES]),
    )
