"""The demo corpus: real molecules, systematic names verified by OPSIN, captions made here.

Everything is computed on the spot from enumerated names, so that the dashboard has something to
show before any data set is imported, and it is labelled synthetic wherever it is shown.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from rdkit import Chem
from rdkit.Chem import Mol

from chebimm_core.datasets.assemble import Provenance
from chebimm_core.datasets.demo_captions import caption, ring_names
from chebimm_core.datasets.demo_names import candidates
from chebimm_core.datasets.demo_rings import spoken_rings
from chebimm_core.datasets.standardize import Progress, scaffold_of
from chebimm_core.modalities.line_notation import (
    inchi_from_mol,
    inchikey,
    mol_from_smiles,
    selfies_from_smiles,
)
from chebimm_core.modalities.opsin import smiles_from_names
from chebimm_core.modalities.properties import crippen_logp, polar_area

NAME = "demo"
PROVENANCE = Provenance(
    title="Demo corpus (synthetic)",
    source="made by this project: systematic names enumerated over classes of compounds and "
    "verified by OPSIN; captions from functional groups and ring systems found by RDKit; "
    "xlogp is RDKit's Crippen logP, polararea RDKit's TPSA (N and O)",
    license="Apache-2.0",
    citation="Lowe et al. 2011, doi:10.1021/ci100384d (OPSIN); RDKit, doi:10.5281/zenodo.591637",
    synthetic=True,
)

_QUOTAS = {
    "acyclic": 600,
    "benzene": 500,
    "ring": 1_150,
    "linked rings": 1_000,
    "amino acid": 120,
    "steroid": 80,
    "nucleobase and lactam": 150,
}
"""Molecules of each class; 3,600 in all."""

_UNSTABLE = Chem.MolFromSmarts("[F,Cl,Br,I][!#6]")
_EVALUATED_SHARE = 0.1
_LARGEST_EVALUATED_SCAFFOLD = 0.02
"""Share of the corpus above which a scaffold goes to train, so that no evaluated split is one."""


@dataclass(frozen=True, slots=True)
class _Molecule:
    name: str
    smiles: str
    mol: Mol
    inchi: str
    selfies: str
    scaffold: str


def build(*, seed: int = 0, progress: Progress | None = None) -> pd.DataFrame:
    """Makes the raw table of the demo corpus; the same seed gives the same table.

    Args:
        seed: Of the choice of molecules, their order and their split.
        progress: Told how far it is.

    Returns:
        About 3,600 rows as for :func:`~chebimm_core.datasets.standardize.standardize`, with the
        properties ``xlogp`` and ``polararea``.

    Raises:
        MissingDependencyError: If there is no Java runtime: names could not be verified.
    """
    say = progress or (lambda share, text: None)
    by_class = candidates(seed)
    # Not every candidate is a name or new: ask for a quarter more than are wanted.
    wanted = {kind: names[: _QUOTAS[kind] * 5 // 4] for kind, names in by_class.items()}
    asked = [name for names in wanted.values() for name in names]
    parents = spoken_rings()
    say(0.0, f"OPSIN reads {len(asked):,} candidate names")
    read = smiles_from_names([*asked, *parents])
    structures = dict(zip([*asked, *parents], read, strict=True))
    say(0.3, "RDKit checks the structures")
    chosen = _choose(wanted, structures)
    random.Random(seed + 1).shuffle(chosen)
    splits = _split_by_scaffold([m.scaffold for m in chosen], seed)
    say(0.5, f"Writing captions of {len(chosen):,} molecules")
    names = ring_names(
        {
            spoken: mol
            for parent, spoken in parents.items()
            if (mol := mol_from_smiles(structures[parent] or "")) is not None
        }
    )
    rows = [
        {
            "cid": f"demo-{number:04d}",
            "split": split,
            "SMILES": m.smiles,
            "InChI": m.inchi,
            "SELFIES": m.selfies,
            "IUPAC": m.name,
            "caption": caption(m.mol, names),
            "xlogp": crippen_logp(m.mol),
            "polararea": polar_area(m.mol),
        }
        for number, (m, split) in enumerate(zip(chosen, splits, strict=True), start=1)
    ]
    say(1.0, f"Made {len(rows):,} molecules")
    return pd.DataFrame(rows)


def _choose(
    wanted: Mapping[str, Sequence[str]], structures: Mapping[str, str | None]
) -> list[_Molecule]:
    """The first verified names of each class, each structure once over all classes."""
    seen: set[str] = set()
    chosen: list[_Molecule] = []
    for kind, names in wanted.items():
        left = _QUOTAS[kind]
        for name in names:
            if left == 0:
                break
            molecule = _molecule(name, structures[name])
            if molecule is None or (key := inchikey(molecule.inchi)) is None or key in seen:
                continue
            seen.add(key)
            chosen.append(molecule)
            left -= 1
    return chosen


def _molecule(name: str, smiles: str | None) -> _Molecule | None:
    mol = mol_from_smiles(smiles or "")
    if mol is None or mol.HasSubstructMatch(_UNSTABLE):
        return None
    # Canonical text, so that the corpus does not depend on the version of OPSIN.
    text = str(Chem.MolToSmiles(mol))
    mol = mol_from_smiles(text)
    selfies = selfies_from_smiles(text)
    if mol is None or selfies is None:
        return None
    return _Molecule(name, text, mol, inchi_from_mol(mol), selfies, scaffold_of(mol))


def _split_by_scaffold(scaffolds: Sequence[str], seed: int) -> list[str]:
    """About 80 / 10 / 10; no scaffold stands in two splits."""
    sizes = Counter(scaffolds)
    small = sorted(
        s for s, n in sizes.items() if s and n <= _LARGEST_EVALUATED_SCAFFOLD * len(scaffolds)
    )
    random.Random(seed + 2).shuffle(small)
    of_scaffold = dict.fromkeys(sizes, "train")
    order = iter(small)
    for split in ("test", "validation"):
        filled = 0
        while filled < _EVALUATED_SHARE * len(scaffolds) and (scaffold := next(order, None)):
            of_scaffold[scaffold] = split
            filled += sizes[scaffold]
    return [of_scaffold[s] for s in scaffolds]
