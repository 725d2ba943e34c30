"""From the text of a file to checked structures: un-escape, parse, derive, regenerate, mark."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from rdkit.Chem import Mol
from rdkit.Chem.Scaffolds import MurckoScaffold

from chebimm_core.domain.molecule import MOLECULE_COLUMNS
from chebimm_core.errors import DataFormatError
from chebimm_core.modalities.line_notation import (
    inchi_from_mol,
    inchikey,
    mol_from_inchi,
    mol_from_selfies,
    mol_from_smiles,
    selfies_from_smiles,
    smiles_from_mol,
    why_rejected,
)
from chebimm_core.resources.orphans import end_with_parent

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""

_RUN_OF_BACKSLASHES = re.compile(r"\\{2,}")
_CHUNK = 500
_WORTH_A_POOL = 4_000
"""Molecules below which starting processes costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Standardized:
    """Molecules in the store's columns, and which of them were touched."""

    molecules: pd.DataFrame
    """:data:`~chebimm_core.domain.molecule.MOLECULE_COLUMNS`, then numeric properties."""
    unescaped: tuple[str, ...]
    """cids whose SMILES had doubled backslashes."""
    not_regenerated: tuple[str, ...]
    """cids whose missing SELFIES or InChI no tool could write."""
    inchi_differs: tuple[str, ...]
    """cids whose InChI in the file is not the standard InChI of their SMILES."""


@dataclass(frozen=True, slots=True)
class _Texts:
    """The three line notations of one row as a file gives them."""

    smiles: str | None
    inchi: str | None
    selfies: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    smiles: str | None
    inchi: str | None
    selfies: str | None
    canonical_smiles: str | None
    inchikey: str | None
    scaffold: str | None
    regenerated: str
    problem: str | None
    unescaped: bool
    not_regenerated: bool
    inchi_differs: bool


def unescape_smiles(smiles: str) -> str:
    r"""Undoes escaping: each run of backslashes becomes one.

    No SMILES holds two backslashes in a row, so text that was not escaped stays as it is.
    """
    return _RUN_OF_BACKSLASHES.sub(r"\\", smiles)


def scaffold_of(mol: Mol) -> str:
    """Bemis-Murcko scaffold as SMILES without stereo; empty for an acyclic molecule.

    Bemis & Murcko 1996, doi:10.1021/jm9602928.
    """
    return str(MurckoScaffold.MurckoScaffoldSmiles(mol=mol))


def standardize(
    raw: pd.DataFrame, *, workers: int = 2, progress: Progress | None = None
) -> Standardized:
    """Checks and completes molecules; a row RDKit rejects is kept, with its ``problem``.

    SMILES are un-escaped but not rewritten: models are scored on the text of the data set, and
    the canonical form has its own column. A missing SMILES is derived from the InChI, a missing
    InChI or SELFIES from the SMILES; each is named in ``regenerated``.

    Args:
        raw: Columns ``cid, split, SMILES, InChI, SELFIES, IUPAC, caption`` and numeric properties.
        workers: Processes for large data sets; the result does not depend on it.
        progress: Told how far it is.
    """
    texts = [
        _Texts(*(None if pd.isna(v) else str(v) for v in values))
        for values in zip(raw["SMILES"], raw["InChI"], raw["SELFIES"], strict=True)
    ]
    rows = _map(texts, workers, progress or (lambda share, text: None))
    made = pd.DataFrame(
        {
            "cid": raw["cid"].to_numpy(),
            "split": raw["split"].to_numpy(),
            "SMILES": [r.smiles for r in rows],
            "InChI": [r.inchi for r in rows],
            "SELFIES": [r.selfies for r in rows],
            "IUPAC": raw["IUPAC"].to_numpy(),
            "caption": raw["caption"].to_numpy(),
            "canonical_smiles": [r.canonical_smiles for r in rows],
            "inchikey": [r.inchikey for r in rows],
            "scaffold": [r.scaffold for r in rows],
            "regenerated": [r.regenerated for r in rows],
            "problem": [r.problem for r in rows],
        }
    )[list(MOLECULE_COLUMNS)].astype("string")
    for name in raw.columns:
        if pd.api.types.is_numeric_dtype(raw[name]):
            made[name] = raw[name].to_numpy(dtype="float64")
    cids = [str(c) for c in raw["cid"]]
    return Standardized(
        molecules=made,
        unescaped=tuple(c for c, r in zip(cids, rows, strict=True) if r.unescaped),
        not_regenerated=tuple(c for c, r in zip(cids, rows, strict=True) if r.not_regenerated),
        inchi_differs=tuple(c for c, r in zip(cids, rows, strict=True) if r.inchi_differs),
    )


def _map(texts: Sequence[_Texts], workers: int, progress: Progress) -> list[_Row]:
    chunks = [texts[i : i + _CHUNK] for i in range(0, len(texts), _CHUNK)]
    rows: list[_Row] = []
    if workers < 2 or len(texts) < _WORTH_A_POOL:
        for chunk in chunks:
            rows += _chunk(chunk)
            progress(len(rows) / len(texts), f"Checking {len(rows):,} of {len(texts):,} molecules")
        return rows
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=workers, initializer=end_with_parent)
    try:
        for done in pool.map(_chunk, chunks):
            rows += done
            progress(len(rows) / len(texts), f"Checking {len(rows):,} of {len(texts):,} molecules")
    finally:
        # Nothing is left to do, or the user cancelled: then what is queued is not waited for.
        pool.shutdown(wait=True, kill_workers=True)
    return rows


def _chunk(texts: Sequence[_Texts]) -> list[_Row]:
    return [_standardize_one(t) for t in texts]


def _standardize_one(texts: _Texts) -> _Row:
    smiles = None if texts.smiles is None else unescape_smiles(texts.smiles)
    regenerated = []
    mol = mol_from_smiles(smiles or "")
    if smiles is None and texts.inchi is not None:
        mol = mol_from_inchi(texts.inchi)
        if mol is not None:
            smiles = smiles_from_mol(mol)
            regenerated.append("SMILES")
    if smiles is None and texts.selfies is not None:
        mol = mol_from_selfies(texts.selfies)
        if mol is not None:
            smiles = smiles_from_mol(mol)
            regenerated.append("SMILES")
    unescaped = smiles != texts.smiles and not regenerated
    if mol is None or smiles is None:
        problem = why_rejected(smiles or "")
        lacking = texts.inchi is None or texts.selfies is None
        return _Row(
            smiles, texts.inchi, texts.selfies, None, None, None, "", problem,
            unescaped, lacking, False,
        )  # fmt: skip
    try:
        derived = inchi_from_mol(mol)
    except DataFormatError:
        derived = None
    inchi, selfies = texts.inchi, texts.selfies
    if inchi is None and derived is not None:
        inchi = derived
        regenerated.append("InChI")
    if selfies is None:
        selfies = selfies_from_smiles(smiles)
        if selfies is not None:
            regenerated.append("SELFIES")
    key_source = derived or inchi
    return _Row(
        smiles=smiles,
        inchi=inchi,
        selfies=selfies,
        canonical_smiles=smiles_from_mol(mol),
        inchikey=None if key_source is None else inchikey(key_source),
        scaffold=scaffold_of(mol),
        regenerated=",".join(regenerated),
        problem=None,
        unescaped=unescaped,
        not_regenerated=inchi is None or selfies is None,
        inchi_differs=derived is not None and inchi != derived,
    )
