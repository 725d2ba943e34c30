"""Find a molecule by CID, structure or words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from chebimm_core.domain.report import Match, MoleculeHit
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.modalities.line_notation import (
    inchi_from_mol,
    inchikey,
    mol_from_inchi,
    mol_from_selfies,
    mol_from_smiles,
    smiles_from_mol,
    why_rejected,
)
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_LENGTH = 4_000
"""Characters of a query."""
CAPTION_HEAD = 200
"""Characters at the head of a caption: it says what the molecule is, the rest what it does."""
MAX_NAME_LENGTH = 500
"""Characters of a name that is read by rule."""
NAME_TIMEOUT_S = 20.0

_COLUMNS = ["split", "IUPAC", "caption", "canonical_smiles", "inchikey"]
_INCHIKEY = re.compile(r"[A-Z]{14}(-[A-Z]{10}(-[A-Z])?)?")
_SELFIES = re.compile(r"(\[[^\[\]\s]+\]){2,}")
_LIKE_SMILES = re.compile(r"(?=.*[\[\]()=#@]|.*[A-Za-z]\d)[A-Za-z0-9@+\-\[\]()=#$%/\\.*:~]+")
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
        query: A CID, an InChIKey (whole or its first block), an InChI, a SMILES, a SELFIES, or
            words of an IUPAC name or of a caption.
        dataset: Only this data set; None searches all.
        limit: At most this many hits.

    Returns:
        Hits in the order CID, structure, same connectivity, exact name, part of the name, caption;
        by words, molecules of the test split come first, and of captions those that say the words
        at their head.
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
    molecule = _molecule(text)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    try:
        key = inchikey(inchi_from_mol(molecule))
    except ChebiMMError:
        key = None
    return _Structure(smiles_from_mol(molecule), key)


def _molecule(text: str) -> Mol | None:
    if text.startswith("InChI="):
        return mol_from_inchi(text)
    # ``[C][C][O]`` is ethanol in SELFIES, and three bare atoms in SMILES, which nobody means.
    selfies = mol_from_selfies(text) if _SELFIES.fullmatch(text) else None
    return selfies or mol_from_smiles(text)


def why_no_structure(query: str) -> str | None:
    """Why a query that looks like a SMILES is none, in RDKit's words; None if it looks like words.

    It looks like one if it has no space and holds a bracket, a double bond or a digit behind a
    letter.
    """
    text = query.strip()
    if not _LIKE_SMILES.fullmatch(text) or len(text) > MAX_LENGTH or _structure(text):
        return None
    return why_rejected(text)


def may_be_name(query: str) -> bool:
    """Whether a query could be a systematic name: letters, no markup, not a structure itself."""
    text = query.strip()
    return bool(
        _MIN_WORD <= len(text) <= MAX_NAME_LENGTH
        and re.search(r"[A-Za-z]{3}", text)
        and not text.startswith("InChI=")
        and text.isprintable()
        and not set(text) & set('<>\\"=')
        and not _INCHIKEY.fullmatch(text)
        and not _structure(text)
    )


def read_name(settings: Settings, name: str) -> str | None:
    """SMILES of a systematic name by the rules of nomenclature (OPSIN), in a process of its own.

    Args:
        settings: Unused; every service takes it.
        name: E.g. ``2-acetyloxybenzoic acid``. Trade names are mostly not systematic.

    Returns:
        Canonical SMILES, None if OPSIN cannot read the name.

    Raises:
        MissingDependencyError: If OPSIN or a Java runtime is absent.
        ChebiMMError: If OPSIN does not answer in time.
        SettingError: If the text cannot be a name.
    """
    from chebimm_core.modalities.opsin import smiles_from_names

    if not may_be_name(name):
        raise SettingError(
            "This cannot be a systematic name",
            value=name[:80],
            allowed=f"{_MIN_WORD} to {MAX_NAME_LENGTH} characters, letters among them",
        )
    found = smiles_from_names([name.strip()], timeout_s=NAME_TIMEOUT_S)[0]
    molecule = mol_from_smiles(found) if found else None
    return None if molecule is None else smiles_from_mol(molecule)


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
        later = np.zeros(len(chosen), dtype=bool)
        if match == "caption":
            heads = chosen["caption"].str.slice(0, CAPTION_HEAD).str.lower()
            later = (~heads.str.contains(text.lower(), regex=False)).to_numpy(dtype=bool)
        chosen = chosen.iloc[np.lexsort((length, elsewhere, later))]
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
        return table["caption"].fillna("").str.lower().str.contains(text.lower(), regex=False)
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
