"""Molecule metrics: what is valid, what is equal, who is in the denominator."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import AllChem, MACCSkeys, rdFingerprintGenerator

from chebimm_core.metrics import fcd, structures
from chebimm_core.metrics.scoring import Scored, score
from chebimm_core.metrics.structures import FINGERPRINTS, Fingerprints, add_fingerprints, read
from chebimm_core.settings import Settings

SETTINGS = Settings.from_env({})
METRICS = (
    "bleu", "exact", "levenshtein", "validity", "maccs", "rdk", "morgan", "maccs_all", "rdk_all",
    "morgan_all",
)  # fmt: skip
REFERENCES = ["CCO", "c1ccccc1C(=O)O", "CC(=O)Oc1ccccc1C(=O)O", "[39Ar]"]


def scored(outputs: list[str | None]) -> Scored:
    return score(METRICS, outputs, REFERENCES[: len(outputs)], settings=SETTINGS, n_bootstrap=50)


def test_invalid_outputs_count_in_one_denominator_and_not_in_the_other() -> None:
    found = scored(["CCO", "c1ccccc", None])
    values, scores = found.as_json(), {s.metric: s for s in found.scores}
    assert values["validity"] == pytest.approx(1 / 3)
    assert values["exact"] == values["exact_all"] == pytest.approx(1 / 3)
    for name in ("maccs", "rdk", "morgan"):
        assert values[name] == pytest.approx(1.0)
        assert values[f"{name}_all"] == pytest.approx(1 / 3)
        assert (scores[name].n, scores[f"{name}_all"].n) == (1, 3)
        assert scores[name].denominator == "valid"
    assert found.samples["maccs"].isna().tolist() == [False, True, True]
    assert found.samples["maccs_all"].tolist() == [1.0, 0.0, 0.0]
    assert scores["levenshtein"].value == pytest.approx((0 + 7 + len(REFERENCES[2])) / 3)
    assert {s.n_failed for s in found.scores} == {2}


def test_all_keys_of_the_json_come_in_both_denominators() -> None:
    values = score((*METRICS, "fcd"), ["(", None], ["CCO", "CC"], settings=SETTINGS).as_json()
    assert values["fcd"] is None and values["fcd_all"] is None
    assert values["maccs"] is None and values["maccs_all"] == 0.0
    assert values["validity"] == values["validity_all"] == 0.0


def test_similarities_are_those_of_the_published_fingerprints() -> None:
    outputs = ["CCN", "c1ccccc1C(=O)N", "CC(=O)Oc1ccccc1"]
    found = scored(outputs)
    for row, (a, b) in enumerate(zip(outputs, REFERENCES, strict=False)):
        mols = Chem.MolFromSmiles(a), Chem.MolFromSmiles(b)
        for name, make in {
            "maccs": MACCSkeys.GenMACCSKeys,
            "rdk": Chem.RDKFingerprint,
            "morgan": lambda mol: AllChem.GetMorganFingerprint(mol, 2),
        }.items():
            expected = DataStructs.TanimotoSimilarity(make(mols[0]), make(mols[1]))
            assert found.samples[name][row] == pytest.approx(expected, abs=1e-12)


def test_fingerprints_are_shared_by_graphs_and_nothing_else() -> None:
    known: dict[str, Fingerprints] = {}
    morgan = rdFingerprintGenerator.GetMorganGenerator(radius=2)
    texts = ["C[C@H](N)O", "O[C@@H](N)C", "CC(N)O", "C[13CH](N)O", "CC(N)O a name"]
    found = {text: read(text) for text in texts}
    add_fingerprints(list(found.values()), FINGERPRINTS, 1, known)
    left, right, flat, isotope, named = (found[text].fingerprints for text in texts)
    assert left is right is flat
    assert isotope is not flat and named is not flat
    for text, structure in found.items():
        mol = Chem.MolFromSmiles(text)
        assert structure.fingerprints["maccs"] == MACCSkeys.GenMACCSKeys(mol)
        assert structure.fingerprints["rdk"] == Chem.RDKFingerprint(mol)
        assert structure.fingerprints["morgan"] == morgan.GetSparseCountFingerprint(mol)


def test_only_the_latest_fingerprints_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structures, "_MOST_GRAPHS", 2)
    known: dict[str, Fingerprints] = {}
    for text in ("C", "CC", "CCC"):
        structure = read(text)
        add_fingerprints([structure], ("maccs",), 1, known)
        assert "maccs" in structure.fingerprints
    assert list(known) == ["CC", "CCC"]


def test_an_empty_fingerprint_is_not_similar_even_to_itself() -> None:
    found = scored(["CCO", "CCO", "CCO", "[39Ar]"])
    assert found.samples["rdk"][3] == 0.0
    assert found.samples["exact"][3] == 1.0


@pytest.mark.parametrize(
    ("output", "reference", "equal"),
    [
        ("OCC", "CCO", True),
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", False),
        ("Oc1ccccn1", "O=c1cccc[nH]1", True),  # InChI's mobile hydrogen
        ("CC(=O)[O-]", "CC(=O)O", False),
        ("CCO", "CCCO", False),
        ("[2H]C", "C", False),
    ],
)
def test_exact_match_is_equality_of_inchi(output: str, reference: str, equal: bool) -> None:
    result = score(("exact",), [output], [reference], settings=SETTINGS, n_bootstrap=0)
    assert result.as_json()["exact"] == float(equal)


@pytest.mark.parametrize("text", ["   ", "C" * 10_001, "C(", "[NULL]", "\x00", "not a molecule"])
def test_what_is_no_molecule(text: str) -> None:
    assert read(text) is None


def test_text_after_a_space_is_a_name() -> None:
    structure = read("CCO ethanol")
    assert structure is not None and structure.canonical == "CCO"


def test_distance_of_gaussians_has_its_closed_form() -> None:
    rng = np.random.default_rng(0)
    mean, scale = rng.normal(size=6), rng.uniform(0.5, 2.0, size=6)
    a = (np.zeros(6), np.eye(6))
    b = (mean, np.diag(scale**2))
    expected = float(mean @ mean + np.square(1 - scale).sum())
    assert fcd._frechet(a, b) == pytest.approx(expected)
    assert fcd._frechet(a, a) == pytest.approx(0.0, abs=1e-9)


def test_chemnet_distance_of_a_set_to_itself_is_nothing_and_is_cached(tmp_path) -> None:
    smiles = ["CCO", "CCN", "CCC", None, "c1ccccc1"]
    first = fcd.distance(smiles, smiles, tmp_path)
    assert first.value == pytest.approx(0.0, abs=1e-4)
    assert (first.n, first.ci_low) == (4, None)
    stored = fcd._read(tmp_path / "chemnet" / "activations.sqlite", ["CCO", "CCC", "O"])
    assert set(stored) == {"CCO", "CCC"}
    (tmp_path / "chemnet" / "activations.sqlite").write_bytes(b"not a database, and long enough")
    again = fcd.distance(smiles, ["CCO", "CCCl", "CBr"] + [None] * 2, tmp_path)
    assert again.value > 0.01


def test_an_empty_output_is_valid_as_published_a_missing_one_is_not() -> None:
    found = scored(["", None])
    assert found.as_json()["validity"] == pytest.approx(0.5)
    assert found.samples["maccs"].tolist()[0] == 0.0 and np.isnan(found.samples["maccs"][1])
    assert {s.n_failed for s in found.scores} == {2}
