"""The real public files load whole: 3,300 of 3,300 rows, in both directions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from run_samples import NOW

from chebimm_core.datasets.joining import Joined, join
from chebimm_core.datasets.prediction_files import read_predictions
from chebimm_core.services import benchmark, dataset
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

pytestmark = pytest.mark.shared_data

NAME = "chebi-20-mm"
CAPTIONS = [f"{m}-{s}-smiles2caption.txt" for m in ("molt5", "t5-v1_1") for s in ("small", "base")]
SMILES = [name.replace("smiles2caption", "caption2smiles") for name in CAPTIONS]
BOTH = "molregpt-gpt35-ten-shot-bm25.txt"
FILES = [
    *((name, "caption") for name in (*CAPTIONS, BOTH)),
    *((name, "SMILES") for name in (*SMILES, BOTH)),
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Settings:
    root = tmp_path_factory.mktemp("real")
    made = Settings.from_env(
        {"CHEBIMM_STORE": str(root / "store"), "CHEBIMM_CACHE": str(root / "cache")}
    )
    source = shared / "data" / "chebi20mm" / "test.csv"
    dataset.import_dataset(made, str(source), name=NAME, now=NOW)
    return made


def joined(settings: Settings, shared: Path, name: str, target: str) -> Joined:
    table = read_predictions(shared / "data" / "predictions" / name, target=target)
    return join(table, DatasetStore(settings.store).molecules(NAME), target=target)


@pytest.mark.parametrize(("name", "target"), FILES)
def test_every_row_finds_its_molecule(
    settings: Settings, shared: Path, name: str, target: str
) -> None:
    report = joined(settings, shared, name, target).report
    assert (report.n_joined, report.n_rows, report.n_expected) == (3300, 3300, 3300)
    assert report.refusal(split_named=False) == ""
    assert report.missing.count == report.unjoined.count == report.disagreements.count == 0


def test_the_empty_prediction_is_a_row(settings: Settings, shared: Path) -> None:
    result = joined(settings, shared, "t5-v1_1-small-caption2smiles.txt", "SMILES")
    assert result.report.empty.count == 1
    assert result.predictions["error"].notna().sum() == 1


@pytest.mark.parametrize(
    ("name", "task", "metrics"),
    [
        (CAPTIONS[0], "captioning", ("rouge1",)),
        (SMILES[0], "generation", ("levenshtein",)),
        (BOTH, "captioning", ("rouge1",)),
        (BOTH, "generation", ("levenshtein",)),
    ],
)
def test_real_files_load_as_runs(
    settings: Settings, shared: Path, name: str, task: str, metrics: tuple[str, ...]
) -> None:
    header = benchmark.load_file(
        settings,
        shared / "data" / "predictions" / name,
        dataset=NAME,
        task=task,
        model=name.removesuffix(".txt"),
        now=NOW,
        metrics=metrics,
    )
    assert header.status.n_total == 3300
    assert header.score(metrics[0]).n == 3300


@pytest.mark.parametrize(
    ("name", "task", "metrics"),
    [
        (CAPTIONS[1], "captioning", ("rouge2", "rougeL")),
        (SMILES[1], "generation", ("bleu", "levenshtein")),
        (SMILES[2], "generation", ("bleu", "levenshtein")),
    ],
)
def test_the_data_set_s_references_score_as_the_file_s_own(
    settings: Settings, shared: Path, name: str, task: str, metrics: tuple[str, ...]
) -> None:
    golden = json.loads((shared / "golden" / "metrics.json").read_text("utf-8"))[name]
    path = shared / "data" / "predictions" / name
    result = benchmark.score_file(
        settings, path, dataset=NAME, task=task, metrics=metrics, n_bootstrap=0
    )
    for metric in metrics:
        assert result.values[metric] == pytest.approx(golden[metric], abs=1e-6, rel=0)
    assert result.n == 3300


def test_a_file_one_row_short_keeps_the_denominator(
    settings: Settings, shared: Path, tmp_path: Path
) -> None:
    lines = (shared / "data" / "predictions" / CAPTIONS[0]).read_text("utf-8").splitlines()
    path = tmp_path / "short.txt"
    path.write_text("\n".join(lines[:3300]) + "\n", encoding="utf-8")
    header = benchmark.load_file(
        settings, path, dataset=NAME, task="captioning", model="short", now=NOW, metrics=("rouge1",)
    )
    assert header.score("rouge1").n == header.status.n_total == 3300
    assert header.status.n_failed == 1
    assert "1 molecules of test have no row" in header.status.message


def test_a_file_for_another_task_is_refused_with_the_way_out(
    settings: Settings, shared: Path
) -> None:
    preview = benchmark.preview_file(
        settings, shared / "data" / "predictions" / SMILES[1], dataset=NAME
    )
    assert preview.task == "generation"
    assert preview.tasks == ("generation",)
