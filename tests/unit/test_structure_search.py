"""Similarity and substructure search, against RDKit asked one molecule at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import molecule_store
import numpy as np
import pytest
from molecule_store import NAME, ROWS
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from chebimm_core.analysis.substructure import Searcher, joined, pack, read_pattern
from chebimm_core.errors import NotFoundError, SettingError, StoreError
from chebimm_core.services import structure_search
from chebimm_core.services.structure_matcher import MatchingProcess
from chebimm_core.settings import Settings
from chebimm_core.store.structure_index import StructureIndex

SMILES = {row[0]: row[1] for rows in ROWS.values() for row in rows}
BENZENE, PHENOL = "c1ccccc1", "[OX2H]c1ccccc1"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = molecule_store.import_rows(tmp_path_factory.mktemp("structures"), NAME)
    structure_search.build(made, NAME, workers=1)
    return made


@pytest.fixture(scope="module")
def process(settings: Settings) -> Iterator[MatchingProcess]:
    started = structure_search.matcher(settings, NAME)
    yield started
    started.close()


def cids(found: object) -> set[str]:
    return {hit.cid for hit in found.hits}  # type: ignore[attr-defined]


def test_similarity_is_that_of_rdkit_over_all_splits(settings: Settings) -> None:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    query = "OC(=O)c1ccccc1O"
    found = structure_search.similar(settings, NAME, query)
    assert cids(found) == set(SMILES)
    assert found.n_compared == found.n_above == len(SMILES)
    bits = generator.GetFingerprint(Chem.MolFromSmiles(query))
    for hit in found.hits:
        other = generator.GetFingerprint(Chem.MolFromSmiles(SMILES[hit.cid]))
        assert hit.similarity == pytest.approx(DataStructs.TanimotoSimilarity(bits, other))
    values = [hit.similarity for hit in found.hits]
    assert values == sorted(values, reverse=True) and found.hits[0].cid == "12"


def test_the_molecule_itself_comes_before_its_stereoisomer(settings: Settings) -> None:
    for cid in ("2", "11"):
        assert structure_search.similar(settings, NAME, SMILES[cid]).hits[0].cid == cid


def test_cutoff_and_limit(settings: Settings) -> None:
    found = structure_search.similar(settings, NAME, "CCO", cutoff=0.1, limit=1)
    assert len(found.hits) == 1 < found.n_above < len(SMILES)
    assert structure_search.similar(settings, NAME, "[U]", cutoff=0.5).hits == ()


@pytest.mark.parametrize("bad", ["", "C1CC", "C C", "C" * 5_000, "caption"])
def test_what_is_no_structure_is_refused_with_the_reason(settings: Settings, bad: str) -> None:
    with pytest.raises(SettingError, match="not a valid structure"):
        structure_search.similar(settings, NAME, bad)


def test_settings_out_of_range_are_refused(settings: Settings, process: MatchingProcess) -> None:
    with pytest.raises(SettingError, match="cut-off"):
        structure_search.similar(settings, NAME, "C", cutoff=1.5)
    with pytest.raises(SettingError, match="positive"):
        structure_search.substructure(settings, NAME, "C", process=process, limit=0)
    with pytest.raises(NotFoundError):
        structure_search.similar(settings, "absent", "C")


@pytest.mark.parametrize("pattern", [BENZENE, PHENOL, "C(=O)[OH]", "*", "[#6]", "[N,O]", "C.C"])
def test_matches_are_those_of_rdkit_and_marked(
    settings: Settings, process: MatchingProcess, pattern: str
) -> None:
    found = structure_search.substructure(settings, NAME, pattern, process=process)
    query = read_pattern(pattern).molecule
    expected = {c for c, s in SMILES.items() if Chem.MolFromSmiles(s).HasSubstructMatch(query)}
    assert cids(found) == expected and found.exact and found.n_found == len(expected)
    for hit in found.hits:
        molecule = Chem.MolFromSmiles(hit.canonical_smiles)
        assert tuple(molecule.GetSubstructMatch(query)) == hit.atoms
        assert len(hit.atoms) == query.GetNumAtoms()
    sizes = [Chem.MolFromSmiles(h.canonical_smiles).GetNumAtoms() for h in found.hits]
    assert sizes == sorted(sizes)


def test_more_hits_than_shown_are_counted(settings: Settings, process: MatchingProcess) -> None:
    found = structure_search.substructure(settings, NAME, "*", process=process, limit=2)
    assert len(found.hits) == 2 and found.n_found == len(SMILES) and found.exact


@pytest.mark.parametrize(
    ("text", "smarts", "read_as"),
    [
        ("C1=CC=CC=C1", False, "SMILES"),
        ("C1=CC=CC=C1", True, "SMARTS"),
        ("C[C@H](N)C(=O)O", False, "SMILES"),
        ("[NH4+]", False, "SMARTS"),
        ("[OH]", False, "SMARTS"),
        ("[nH]1cccc1", False, "SMARTS"),
        ("[#6]", False, "SMARTS"),
        ("*", False, "SMARTS"),
        ("C~C", False, "SMARTS"),
        ("[13C]", False, "SMILES"),
    ],
)
def test_how_a_pattern_is_read(text: str, smarts: bool, read_as: str) -> None:
    assert read_pattern(text, smarts=smarts).read_as == read_as


def test_a_kekule_form_finds_the_aromatic_ring(
    settings: Settings, process: MatchingProcess
) -> None:
    found = structure_search.substructure(settings, NAME, "C1=CC=CC=C1", process=process)
    assert cids(found) == {"3", "12"}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("C(C", "open parentheses at character 2"),
        ("[#6", "syntax error at character 3"),
        ("c1ccc", "unclosed ring"),
        ("benzoic acid", "white space"),
        ("", "no pattern"),
        ("C" * 1_001, "no pattern"),
    ],
)
def test_a_pattern_that_is_none_is_refused_with_the_reason(
    settings: Settings, process: MatchingProcess, bad: str, why: str
) -> None:
    with pytest.raises(SettingError, match=why):
        structure_search.substructure(settings, NAME, bad, process=process)
    assert structure_search.substructure(settings, NAME, "C", process=process).exact


def test_without_time_the_number_is_a_lower_bound() -> None:
    searcher = Searcher(pack(["C" * n for n in range(1, 200)]))
    *found, end = searcher.search(read_pattern("C"), limit=3, budget_s=0.0)
    assert [f.row for f in found] == [0, 1, 2]
    assert end.row is None and not end.exact and 0 < end.n_found < 199
    *_, end = searcher.search(read_pattern("C"), limit=3, budget_s=60)
    assert end.exact and end.n_found == 199


def test_packs_join_in_order() -> None:
    smiles = ["CCO", "not one", "c1ccccc1", "CC"]
    whole, parts = pack(smiles), joined([pack(smiles[:2]), pack(smiles[2:])])
    for name in ("fingerprints", "patterns", "binaries", "offsets", "sizes"):
        assert (getattr(whole, name) == getattr(parts, name)).all()
    found = Searcher(parts).search(read_pattern("C"), limit=9, budget_s=60)
    assert [f.row for f in found] == [3, 0, 2, None]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "absent", "pickle"])
def test_a_damaged_index_is_noticed_and_made_again(
    tmp_path: Path, settings: Settings, damage: str
) -> None:
    own = molecule_store.import_rows(tmp_path, NAME)
    structure_search.build(own, NAME)
    path = StructureIndex(own.store).path(NAME)
    whole = path.read_bytes()
    assert structure_search.is_built(own, NAME)
    middle = len(whole) // 2
    if damage == "absent":
        path.unlink()
    else:
        path.write_bytes(
            {
                "cut": whole[:middle],
                "flip": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
                "empty": b"",
                "pickle": b"\x80\x04N.",
            }[damage]
        )
    assert not structure_search.is_built(own, NAME)
    with pytest.raises(StoreError):
        structure_search.matcher(own, NAME)
    structure_search.build(own, NAME)
    assert structure_search.is_built(own, NAME)


def test_an_earlier_version_of_the_data_set_leaves_nothing(tmp_path: Path) -> None:
    own = molecule_store.import_rows(tmp_path, NAME)
    folder = StructureIndex(own.store).path(NAME).parent
    folder.mkdir(parents=True)
    (folder / f"{NAME}-0000000000000000-1999.1.npz").write_bytes(b"old")
    (folder / f"{NAME}-2-0000000000000000-1999.1.npz").write_bytes(b"of another data set")
    structure_search.build(own, NAME)
    names = {p.name for p in folder.iterdir()}
    assert names == {
        StructureIndex(own.store).path(NAME).name,
        f"{NAME}-2-0000000000000000-1999.1.npz",
    }


def test_a_process_that_was_killed_is_started_again(settings: Settings) -> None:
    process = structure_search.matcher(settings, NAME)
    try:
        process._processes[0].kill()
        process._processes[0].wait()
        assert structure_search.substructure(settings, NAME, "C", process=process).exact
    finally:
        process.close()


def test_it_ends_with_its_owner(settings: Settings) -> None:
    process = structure_search.matcher(settings, NAME)
    child = process._processes[0]
    del process
    assert child.poll() is not None


def test_a_pattern_that_never_ends_is_cut(tmp_path: Path) -> None:
    """All paths over a sheet of carbons are tried; what was found before stays."""
    path = tmp_path / "index.npz"
    chain = "C" * 36
    packed = pack([f"F{chain}F", sheet(8), "CF"])
    np.savez(path, **{field.name: getattr(packed, field.name) for field in fields(packed)})
    process = MatchingProcess(path)
    try:
        process.start()
        pattern = "F~" + "~".join(chain) + "~F"
        began = time.monotonic()
        matches = process.ask(pattern, smarts=False, limit=5, budget_s=0.2, timeout_s=0.5)
        assert time.monotonic() - began < 3
        assert matches.stopped and not matches.exact
        assert matches.rows == [0] and matches.n_found == 1
        again = process.ask("F", smarts=False, limit=5, budget_s=5, timeout_s=9)
        assert again.exact and again.n_found == 3
    finally:
        process.close()


def sheet(n: int) -> str:
    """A square lattice of n x n carbons with one fluorine at a corner."""
    lattice = Chem.RWMol()
    for _ in range(n * n):
        lattice.AddAtom(Chem.Atom(6))
    for i in range(n * n):
        if (i + 1) % n:
            lattice.AddBond(i, i + 1, Chem.BondType.SINGLE)
        if i + n < n * n:
            lattice.AddBond(i, i + n, Chem.BondType.SINGLE)
    lattice.AddBond(lattice.AddAtom(Chem.Atom(9)), 0, Chem.BondType.SINGLE)
    return Chem.MolToSmiles(lattice)
