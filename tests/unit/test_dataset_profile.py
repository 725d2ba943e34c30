"""Profile, projection and leakage: invariants, and equality with the plain formulation."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from chebimm_core.analysis import chemical_space, split_leakage
from chebimm_core.analysis.exposure import packed_fingerprints
from chebimm_core.datasets.assemble import Provenance, assemble
from chebimm_core.errors import NotFoundError
from chebimm_core.services import dataset
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.derived import DerivedTables

TRAIN = ["CCO", "CCCO", "c1ccccc1O", "c1ccccc1N", "C[C@H](N)C(=O)O", "c1ccncc1", "CCCCCC", "CO"]
TEST = ["CCO", "C[C@@H](N)C(=O)O", "c1ccccc1C", "C1CCCCC1", "CC#N", "c1ccc2ccccc2c1", "C", "bad"]


def store(settings: Settings, train: list[str], test: list[str]) -> None:
    import pandas as pd

    rows = [
        {
            "cid": f"{split}-{i}", "split": split, "SMILES": s, "InChI": None, "SELFIES": None,
            "IUPAC": None, "caption": f"A molecule of length {len(s)}.", "xlogp": float(len(s)),
        }
        for split, smiles in (("train", train), ("test", test))
        for i, s in enumerate(smiles)
    ]  # fmt: skip
    made = assemble(
        "small",
        pd.DataFrame(rows),
        Provenance("Small", "made in a test", "none", "none", synthetic=True),
        now=datetime(2026, 1, 2, tzinfo=UTC),
        workers=1,
    )
    DatasetStore(settings.store).write(made.header, made.molecules, overwrite=True)


@pytest.fixture
def settings(tmp_path):
    made = Settings.from_env({"CHEBIMM_STORE": str(tmp_path / "s"), "CHEBIMM_CACHE": str(tmp_path)})
    store(made, TRAIN, TEST)
    return made


def test_profile_counts_every_molecule_once(settings):
    found = dataset.profile(settings, "small", "test")
    assert found.n == 8
    assert found.space.n == 7  # one is rejected by RDKit
    gaps = found.missing.set_index("name")
    assert (gaps["present"] + gaps["missing"] == 8).all()
    assert gaps.loc["IUPAC", "share_missing"] == 1
    assert gaps.loc["SELFIES", "missing"] == 1
    space = found.space
    assert space.n_scaffolds == 3 and space.n_acyclic == 4 and space.n_singletons == 3
    assert space.scaffolds["covered"].iloc[-1] == pytest.approx(1)
    assert space.scaffolds["molecules"].sum() + space.n_acyclic == space.n
    carbon = space.elements.set_index("element").loc["C"]
    assert (carbon["molecules"], carbon["share"]) == (7, 1.0)
    spread = space.properties.set_index("property")
    assert spread.loc["heavy atoms", "smallest"] == 1
    assert spread.loc["xlogp", "source"] == "data set"
    assert spread.loc["molecular weight", "unit"] == "g/mol"
    assert set(space.values.columns) >= {"cid", "xlogp", "rings"}


def test_token_lengths_state_tokenizer_and_n(settings):
    found = dataset.model_input(settings, "small", "test")
    words = found.token_lengths.set_index(["modality", "tokenizer"]).xs("words", level=1)
    assert words.loc["caption", "n"] == 8 and words.loc["SELFIES", "n"] == 7
    assert "IUPAC" not in words.index  # nothing to count
    assert words.loc["caption", "q50"] == 6  # "a molecule of length 3 ."
    assert (words["q05"] <= words["q95"]).all() and words["share_cut"].eq(0).all()
    sized = found.vocabulary
    assert (sized["used"] <= sized["size"]).all() and "words" not in set(sized["tokenizer"])
    for name, why in found.unavailable:
        assert name and why


def test_text_beyond_the_limit_is_counted_as_cut(settings):
    store(settings, TRAIN, ["C" * 5, "C" * 200])
    from chebimm_core.analysis.token_lengths import token_use
    from chebimm_core.tokenization import TOKENIZERS

    words = TOKENIZERS["words"].load(settings, [])
    use = token_use("caption", ["one two", "x " * 513], "words", words).iloc[0]
    assert (use["share_cut"], use["longest"], use["n"], use["used"]) == (0.5, 513, 2, 3)


def test_diversity_is_the_mean_over_pairs():
    smiles = [*TRAIN, *TEST[:7]]
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetFingerprint(Chem.MolFromSmiles(s)) for s in smiles]
    plain = np.mean([1 - DataStructs.TanimotoSimilarity(a, b) for a, b in combinations(prints, 2)])
    found = chemical_space.diversity(packed_fingerprints(smiles))
    assert found.mean_distance == pytest.approx(plain, abs=1e-6)
    assert found.ci_low <= found.mean_distance <= found.ci_high
    assert (found.n_sampled, found.n_pairs) == (15, 105)


def test_diversity_of_copies_is_zero_and_of_one_molecule_undefined():
    assert chemical_space.diversity(packed_fingerprints(["CCO"] * 5)).mean_distance == 0
    assert np.isnan(chemical_space.diversity(packed_fingerprints(["CCO"])).mean_distance)


def test_leakage_finds_structure_connectivity_and_scaffold(settings):
    report = dataset.leakage(settings, "small")
    row = report.summary.iloc[0]
    assert (row["split"], row["against"], row["n"], row["n_against"]) == ("test", "train", 7, 8)
    assert row["same_structure"] == 1  # ethanol
    assert row["same_connectivity"] == 2  # and alanine of the other hand
    assert (row["same_scaffold"], row["n_cyclic"]) == (1, 3)
    nearest = report.nearest.set_index("cid")
    assert nearest.loc["test-0", "nearest_cid"] == "train-0"
    assert nearest.loc["test-0", "similarity"] == 1
    assert row["above_threshold"] == (nearest["similarity"] > report.threshold).sum()


def test_nearest_neighbors_equal_the_plain_formulation():
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    mine, theirs = TEST[:7], TRAIN
    prints = {s: generator.GetFingerprint(Chem.MolFromSmiles(s)) for s in {*mine, *theirs}}
    plain = [
        max(DataStructs.BulkTanimotoSimilarity(prints[s], [prints[t] for t in theirs]))
        for s in mine
    ]
    _, best = split_leakage._nearest(
        packed_fingerprints(mine), packed_fingerprints(theirs), lambda share: None
    )
    assert best == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize("method", ["svd", "tsne"])
def test_projection_is_seeded_and_names_its_molecules(settings, method):
    first = dataset.projection(settings, "small", "test", method=method)
    assert len(first) == 7 and first["cid"].is_unique
    assert np.isfinite(first[["x", "y"]].to_numpy()).all()
    assert first["explained_x"].isna().all() == (method == "tsne")
    again = chemical_space.project(
        packed_fingerprints([s for s in TEST if s != "bad"]), method=method
    )[0]
    np.testing.assert_allclose(again, first[["x", "y"]], atol=1e-5)
    assert len(dataset.projection(settings, "small", method=method)) == 15


def test_unknown_splits_are_named(settings):
    for call in (dataset.profile, dataset.projection, dataset.model_input, dataset.chemical_space):
        with pytest.raises(NotFoundError, match="train, test"):
            call(settings, "small", "dev")


def test_derived_tables_are_kept_until_the_content_changes(settings):
    import pandas as pd

    calls = []

    def make():
        calls.append(1)
        return {"t": pd.DataFrame({"a": [len(calls)]})}

    tables = DerivedTables(settings.store)
    assert tables.get("small", "key", make)["t"]["a"].tolist() == [1]
    assert tables.get("small", "key", make)["t"]["a"].tolist() == [1]
    store(settings, TRAIN, TEST[:3])
    assert tables.get("small", "key", make)["t"]["a"].tolist() == [2]
    assert len(list((settings.store / "index" / "derived" / "small").iterdir())) == 1


def test_a_torn_derived_table_is_made_again(settings):
    import pandas as pd

    tables = DerivedTables(settings.store)
    tables.get("small", "key", lambda: {"t": pd.DataFrame({"a": [1]})})
    path = next(settings.store.glob("index/derived/**/t.parquet"))
    path.write_bytes(path.read_bytes()[:20])
    assert tables.get("small", "key", lambda: {"t": pd.DataFrame({"a": [2]})})["t"]["a"][0] == 2
