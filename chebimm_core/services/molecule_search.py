"""Find a molecule by CID, structure or words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from chebimm_core.domain.report import Match, MoleculeHit
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.modalities.line_notation import (
    inchi_from_mol,
    inchikey,
    mol_from_inchi,
    mol_from_smiles,
    smiles_from_mol,
)
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

MAX_LENGTH = 4_000
"""Characters of a query."""
CAPTION_HEAD = 200
"""Characters of a caption that are searched: its head says what the molecule is."""

_COLUMNS = ["split", "IUPAC", "caption", "canonical_smiles", "inchikey"]
_INCHIKEY = re.compile(r"[A-Z]{14}(-[A-Z]{10}(-[A-Z])?)?")
_MIN_WORD = 3


@dataclass(frozen=True, slots=True)
class _Structure:
    canonical_smiles: str
    inchikey: str | None


def find(
    settings: Settings, query: str, *, dataset: str | None = None, limit: int = 20
) -> list[MoleculeHit]:
    """Molecules that fit a query, best first.

    Args:
        settings: Where the store is.
        query: A CID, an InChIKey (whole or its first block), an InChI, a SMILES, or words of an
            IUPAC name or of the head of a caption.
        dataset: Only this data set; None searches all.
        limit: At most this many hits.

    Returns:
        Hits in the order CID, structure, same connectivity, exact name, part of the name, caption;
        by words, molecules of the test split come first.
        A valid structure that no data set holds is a hit too, with ``dataset`` None: it can be
        drawn, and nobody need wonder whether it was understood.

    Raises:
        SettingError: If the query is too long or ``limit`` is not positive.
        NotFoundError: If there is no data set of that name.
    """
    text = query.strip()
    if len(text) > MAX_LENGTH:
        raise SettingError(
            "The query is too long",
            value=f"{len(text):,} characters",
            allowed=f"at most {MAX_LENGTH:,} characters",
        )
    if limit < 1:
        raise SettingError("The number of hits must be positive", value=limit)
    if not text or "\x00" in text:
        return []
    store = DatasetStore(settings.store)
    names = store.names() if dataset is None else [dataset]
    tables = [(name, store.molecules(name, _COLUMNS)) for name in names]
    structure = _structure(text)
    hits: dict[tuple[str, str], MoleculeHit] = {}
    for match in _matches(text, structure):
        for name, table in tables:
            for hit in islice(_select(name, table, match, text, structure), limit):
                hits.setdefault((name, str(hit.cid)), hit)
        if len(hits) >= limit:
            break
    found = list(hits.values())
    if structure and not any(h.match in {"structure", "InChIKey"} for h in found):
        found.insert(0, _outside(structure))
    return found[:limit]


def _structure(text: str) -> _Structure | None:
    molecule = mol_from_inchi(text) if text.startswith("InChI=") else mol_from_smiles(text)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    try:
        key = inchikey(inchi_from_mol(molecule))
    except ChebiMMError:
        key = None
    return _Structure(smiles_from_mol(molecule), key)


def _matches(text: str, structure: _Structure | None) -> Iterator[Match]:
    yield "CID"
    if _INCHIKEY.fullmatch(text):
        yield "InChIKey"
    if structure:
        yield "structure"
        yield "same connectivity"
    yield "name"
    # The letters of a SMILES stand in many words by chance: "CCO" in "tobacco".
    if len(text) >= _MIN_WORD and not structure and not text.startswith("InChI="):
        yield "part of the name"
        yield "caption"


def _select(
    name: str, table: pd.DataFrame, match: Match, text: str, structure: _Structure | None
) -> Iterator[MoleculeHit]:
    chosen = table[_mask(table, match, text, structure)]
    if match in {"part of the name", "caption"}:
        # Most runs answer test molecules; the shortest name is the least decorated molecule.
        elsewhere = (chosen["split"] != "test").to_numpy()
        length = chosen["IUPAC"].str.len().fillna(0).to_numpy()
        chosen = chosen.iloc[np.lexsort((length, elsewhere))]
    for row in chosen.itertuples(index=False):
        yield MoleculeHit(
            match=match,
            dataset=name,
            cid=str(row.cid),
            split=str(row.split),
            name=_text(row.IUPAC),
            canonical_smiles=_text(row.canonical_smiles),
            inchikey=_text(row.inchikey),
        )


def _mask(
    table: pd.DataFrame, match: Match, text: str, structure: _Structure | None
) -> pd.Series[bool]:
    if structure and match in {"structure", "same connectivity"}:
        return _same_structure(table, structure, whole=match == "structure")
    if match == "CID":
        digits = re.sub(r"^cid\s*:?\s*", "", text, flags=re.IGNORECASE)
        return table["cid"].isin({text, digits})
    if match == "InChIKey":
        return table["inchikey"].fillna("").str.startswith(text)
    if match == "caption":
        heads = table["caption"].fillna("").str.slice(0, CAPTION_HEAD).str.lower()
        return heads.str.contains(text.lower(), regex=False)
    names = table["IUPAC"].fillna("").str.lower()
    whole = match == "name"
    return names == text.lower() if whole else names.str.contains(text.lower(), regex=False)


def _same_structure(table: pd.DataFrame, structure: _Structure, *, whole: bool) -> pd.Series[bool]:
    keys = table["inchikey"].fillna("")
    if structure.inchikey is None:
        return (table["canonical_smiles"] == structure.canonical_smiles) & whole
    if whole:
        same = table["canonical_smiles"] == structure.canonical_smiles
        return same | (keys == structure.inchikey)
    return keys.str.startswith(structure.inchikey[:14])


def _outside(structure: _Structure) -> MoleculeHit:
    return MoleculeHit(
        match="not in a data set",
        dataset=None,
        cid=None,
        split=None,
        name=None,
        canonical_smiles=structure.canonical_smiles,
        inchikey=structure.inchikey,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
