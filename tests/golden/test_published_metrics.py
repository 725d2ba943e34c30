"""The eight public MolT5 and T5 files score what the unmodified public reference code scores."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.metrics.scoring import Scored, score
from chebimm_core.settings import Settings

pytestmark = pytest.mark.shared_data

MODELS = ("molt5-base", "molt5-small", "t5-v1_1-base", "t5-v1_1-small")
TEXT = ("bleu2", "bleu4", "rouge1", "rouge2", "rougeL", "meteor")
MOLECULES = (
    "bleu", "exact", "levenshtein", "validity", "maccs", "rdk", "morgan", "fcd",
    "maccs_all", "rdk_all", "morgan_all",
)  # fmt: skip


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, dict[str, float]]:
    return json.loads((shared / "golden" / "metrics.json").read_text())


@pytest.fixture(scope="module")
def settings(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.from_env(
        {
            "CHEBIMM_SCIBERT_VOCAB": str(shared / "data" / "vocab" / "scibert" / "vocab.txt"),
            "CHEBIMM_CACHE": str(tmp_path_factory.mktemp("cache")),
        }
    )


@pytest.fixture(scope="module")
def cache() -> ReferenceCache:
    return ReferenceCache()


def scored(
    metrics: tuple[str, ...], path: Path, settings: Settings, cache: ReferenceCache
) -> Scored:
    rows = pd.read_csv(path, sep="\t", quoting=3, keep_default_na=False, dtype=str)
    return score(
        metrics,
        rows["output"].tolist(),
        rows["ground truth"].tolist(),
        settings=settings,
        cache=cache,
        n_bootstrap=100,
    )


@pytest.mark.parametrize("model", MODELS)
def test_captions(
    model: str,
    golden: dict[str, dict[str, float]],
    shared: Path,
    settings: Settings,
    cache: ReferenceCache,
) -> None:
    name = f"{model}-smiles2caption.txt"
    result = scored(TEXT, shared / "data" / "predictions" / name, settings, cache)
    assert result.as_json() == pytest.approx(golden[name], abs=1e-6, rel=0)
    assert not result.absent
    for one in result.scores:
        assert one.n == 3300
        assert one.ci_low is not None and one.ci_low < one.value < one.ci_high
    assert "tok:scibert-uncased@f0a65034" in result.scores[0].signature


@pytest.mark.parametrize("model", MODELS)
def test_molecules(
    model: str,
    golden: dict[str, dict[str, float]],
    shared: Path,
    settings: Settings,
    cache: ReferenceCache,
) -> None:
    name = f"{model}-caption2smiles.txt"
    result = scored(MOLECULES, shared / "data" / "predictions" / name, settings, cache)
    found = result.as_json()
    for metric, expected in golden[name].items():
        if metric != "validity_fp":
            tolerance = 1e-3 if metric == "fcd" else 1e-6
            assert found[metric] == pytest.approx(expected, abs=tolerance, rel=0), metric
    for fingerprint in ("maccs", "rdk", "morgan"):
        # Invalid outputs as 0: the published mean times the share of valid outputs.
        assert found[f"{fingerprint}_all"] == pytest.approx(
            golden[name][fingerprint] * golden[name]["validity"], abs=1e-9
        )
    by_name = {s.metric: s for s in result.scores}
    assert by_name["maccs"].n == round(golden[name]["validity"] * 3300)
    assert by_name["maccs_all"].n == 3300
    # An empty output is a failure, yet the published protocol counts it as a valid molecule.
    assert by_name["maccs"].n_failed - (3300 - by_name["maccs"].n) in (0, 1)
    assert by_name["fcd"].ci_low < by_name["fcd"].value < by_name["fcd"].ci_high
