"""Search and report of one molecule on a small real store."""

from __future__ import annotations

from pathlib import Path

import molecule_store
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from molecule_store import HOSTILE, NAME

from chebimm_core.analysis.exposure import packed_fingerprints, tanimoto
from chebimm_core.domain.report import ModalityView, RunOutput
from chebimm_core.errors import ChebiMMError, NotFoundError, SettingError
from chebimm_core.services import molecule
from chebimm_core.settings import Settings


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return molecule_store.build(tmp_path_factory.mktemp("molecule"))


@pytest.mark.parametrize(
    ("query", "cid", "match"),
    [
        ("12", "12", "CID"),
        ("CID: 12", "12", "CID"),
        ("OCC", "1", "structure"),
        ("[C][C][O]", "1", "structure"),
        ("InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "1", "structure"),
        ("LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "1", "InChIKey"),
        ("LFQSCWFLJHTTHZ", "1", "InChIKey"),
        ("Ethanol", "1", "name"),
        ("hydroxybenzoic", "12", "part of the name"),
        ("an alkane", "4", "caption"),
    ],
)
def test_a_molecule_is_found_by(store: Settings, query: str, cid: str, match: str) -> None:
    hits = molecule.find(store, query)
    assert (hits[0].cid, hits[0].match, hits[0].dataset) == (cid, match, NAME)


def test_the_other_stereoisomer_is_found_and_called_so(store: Settings) -> None:
    hits = molecule.find(store, "C[C@H](N)C(=O)O")
    assert [(h.cid, h.match) for h in hits] == [("2", "structure"), ("11", "same connectivity")]


def test_a_valid_structure_no_data_set_holds_is_said_to_be_one(store: Settings) -> None:
    hits = molecule.find(store, "N1CC1Br")
    assert [(h.match, h.dataset, h.cid) for h in hits] == [("not in a data set", None, None)]
    assert hits[0].canonical_smiles


def test_a_stereoisomer_of_a_known_molecule_is_outside_but_shown_beside_it(
    store: Settings,
) -> None:
    hits = molecule.find(store, "CC(N)C(=O)O")
    assert hits[0].match == "not in a data set"
    assert {h.cid for h in hits[1:]} == {"2", "11"}


def test_words_find_test_molecules_first(store: Settings) -> None:
    hits = molecule.find(store, "acid")
    assert hits[0].split == "test"
    assert len({(h.dataset, h.cid) for h in hits}) == len(hits)


@pytest.mark.parametrize("query", ["", "   ", "C1CC", "nothing like it", "\x00", "(", "[", "*+?"])
def test_what_fits_nothing_gives_nothing(store: Settings, query: str) -> None:
    assert molecule.find(store, query) == []


def test_unreasonable_searches_are_refused(store: Settings) -> None:
    with pytest.raises(SettingError, match="too long"):
        molecule.find(store, "C" * 5000)
    with pytest.raises(SettingError):
        molecule.find(store, "C", limit=0)
    with pytest.raises(NotFoundError):
        molecule.find(store, "C", dataset="absent")


@pytest.mark.parametrize(
    ("query", "explained"),
    [
        ("C1CC", True),
        ("CC(=O", True),
        ("CC(C)(C)(C)C", True),
        ("CCO", False),
        ("aspirin", False),
        ("acetic acid", False),
    ],
)
def test_what_looks_like_a_broken_smiles_is_explained(query: str, explained: bool) -> None:
    assert (molecule.why_no_structure(query) is not None) == explained


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("2-acetyloxybenzoic acid", True),
        ("aspirin", True),
        ("CCO", False),
        ("702", False),
        ("<b>ethanol</b>", False),
        ("ethanol\nmethanol", False),
        ("a" * 600, False),
        ("LFQSCWFLJHTTHZ-UHFFFAOYSA-N", False),
    ],
)
def test_only_what_could_be_a_name_is_read_by_rule(query: str, name: bool) -> None:
    assert molecule.may_be_name(query) == name


def test_a_systematic_name_is_read_by_rule(store: Settings) -> None:
    pytest.importorskip("py2opsin")
    assert molecule.read_name(store, "2-acetyloxybenzoic acid") == "CC(=O)Oc1ccccc1C(=O)O"
    assert molecule.read_name(store, "nothing of the kind") is None
    with pytest.raises(SettingError, match="cannot be a systematic name"):
        molecule.read_name(store, "<b>")


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=40), st.integers(1, 3))
def test_any_text_may_be_searched_for(store: Settings, query: str, limit: int) -> None:
    assert len(molecule.find(store, query, limit=limit)) <= limit


def test_all_eight_modalities_have_a_value_or_a_reason(store: Settings) -> None:
    report = molecule.inspect(store, NAME, "13")
    views = {v.name: v for v in report.modalities}
    assert len(views) == 8
    assert all(v.value or v.missing or v.name == "image" for v in views.values())
    assert "no tool" in (views["IUPAC"].missing or "")
    assert views["SELFIES"].made_by and views["SELFIES"].value
    assert views["SMILES"].made_by is None
    assert (views["graph"].value or "").startswith("4 nodes, 3 edges")


def _by_model(outputs: tuple[RunOutput, ...]) -> dict[str, RunOutput]:
    return {o.model: o for o in outputs}


def test_every_run_stands_beside_its_reference_and_scores(store: Settings) -> None:
    outputs = molecule.inspect(store, NAME, "12").outputs
    found = _by_model(outputs)
    assert set(found) == {"captioner", "floor-constant", "writer", "regressor"}
    assert found["captioner"].output == HOSTILE
    assert found["captioner"].reference == "The molecule is a salicylic acid."
    assert 0 < found["floor-constant"].scores["bleu2"] < 1
    assert found["floor-constant"].is_floor and not found["captioner"].is_floor
    assert found["writer"].scores["exact"] == 0
    assert found["regressor"].reference == "1.2"
    assert found["regressor"].scores == pytest.approx({"mae": 0.3})
    assert [o.task for o in outputs] == ["captioning", "captioning", "property", "generation"]


def test_a_failed_sample_keeps_its_error(store: Settings) -> None:
    failed = _by_model(molecule.inspect(store, NAME, "13").outputs)["captioner"]
    assert failed.output is None
    assert failed.error == "the model gave up"


def test_a_training_molecule_has_no_output_and_is_not_its_own_neighbour(store: Settings) -> None:
    report = molecule.inspect(store, NAME, "1")
    assert report.outputs == ()
    assert report.nearest is not None and report.nearest.cid != "1"
    assert report.nearest.n_training == 3


def test_the_nearest_training_molecule_knows_equal_connections(store: Settings) -> None:
    nearest = molecule.inspect(store, NAME, "11").nearest
    assert nearest is not None
    assert (nearest.cid, nearest.same_connectivity, nearest.similarity) == ("2", True, 1.0)


def test_fingerprints_are_kept_and_made_again_when_damaged(store: Settings) -> None:
    molecule.inspect(store, NAME, "12")
    kept = list((Path(store.store) / "index" / "fingerprints").glob("*.npy"))
    assert len(kept) == 1
    before = molecule.inspect(store, NAME, "12").nearest
    kept[0].write_bytes(b"torn")
    assert molecule.inspect(store, NAME, "12").nearest == before


def test_unknown_molecules_are_an_error_that_says_what_to_do(store: Settings) -> None:
    with pytest.raises(NotFoundError, match="CID"):
        molecule.inspect(store, NAME, "999")
    with pytest.raises(NotFoundError, match="data set"):
        molecule.inspect(store, "absent", "1")


def test_a_foreign_structure_is_described_by_tools_alone(store: Settings) -> None:
    report = molecule.inspect_structure(store, "OCCC", NAME)
    views: dict[str, ModalityView] = {v.name: v for v in report.modalities}
    assert (views["InChI"].value or "").startswith("InChI=1S/C3H8O")
    assert views["caption"].missing and views["IUPAC"].missing
    assert report.nearest is not None and report.nearest.cid == "1"
    assert molecule.inspect_structure(store, "OCCC", None).nearest is None
    with pytest.raises(SettingError):
        molecule.inspect_structure(store, "C1CC", NAME)


def test_coordinates_come_or_say_why_not(store: Settings) -> None:
    assert molecule.conformer(store, "CCO").positions.shape == (9, 3)
    with pytest.raises(ChebiMMError):
        molecule.conformer(store, "C1CC")


@given(st.lists(st.sampled_from(["CCO", "CCCO", "c1ccccc1", "CC(=O)O", "N", "O"]), min_size=1))
def test_tanimoto_agrees_with_rdkit(smiles: list[str]) -> None:
    from rdkit import Chem, DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    bits = [generator.GetFingerprint(Chem.MolFromSmiles(s)) for s in smiles]
    packed = packed_fingerprints([*smiles, None, "C1CC"])
    expected = [*DataStructs.BulkTanimotoSimilarity(bits[0], bits), 0.0, 0.0]
    np.testing.assert_allclose(tanimoto(packed[0], packed), expected)
