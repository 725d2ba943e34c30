"""A data set replaced under its name: older runs are told apart, never laid beside its texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from run_samples import DATASET, NOW, molecules, settings_with_data, split_rows

from chebimm_core.errors import NotFoundError, SettingError, StoreError
from chebimm_core.services import (
    benchmark,
    dataset,
    findings,
    knowledge,
    matrix,
    molecule,
    store_health,
)
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore

METRICS = ("rouge1", "bleu2")


@dataclass(frozen=True)
class Replaced:
    settings: Settings
    old: str
    new: str


def load(settings: Settings, folder: Path, model: str) -> str:
    path = folder / f"{model}.csv"
    rows = [(c, f"{t} {model}") for c, _, t in split_rows()]
    pd.DataFrame(rows, columns=["cid", "output"]).to_csv(path, index=False)
    return benchmark.load_file(
        settings, path, dataset=DATASET, task="captioning", model=model, now=NOW, metrics=METRICS
    ).run_id


@pytest.fixture
def replaced(tmp_path: Path) -> Replaced:
    """One run made before the data set got other captions, one after."""
    settings = settings_with_data(tmp_path)
    old = load(settings, tmp_path, "before")
    store = DatasetStore(settings.store)
    changed = molecules()
    changed["caption"] = "Another text of " + changed["caption"]
    header = store.header(DATASET).model_copy(update={"content_hash": "1" * 64})
    store.write(header, changed, overwrite=True)
    return Replaced(settings, old, load(settings, tmp_path, "after"))


def test_the_older_run_stays_and_is_told_apart(replaced: Replaced) -> None:
    settings = replaced.settings
    assert {h.run_id for h in benchmark.list_runs(settings)} == {replaced.old, replaced.new}
    assert [h.run_id for h in benchmark.list_runs(settings, current=True)] == [replaced.new]
    (why,) = store_health.outdated_runs(settings).values()
    assert "another version of small" in why and "0" * 12 in why and "1" * 12 in why
    assert benchmark.header(settings, replaced.old).scores


def test_its_outputs_are_not_laid_beside_other_references(replaced: Replaced) -> None:
    with pytest.raises(StoreError, match="another version"):
        benchmark.samples(replaced.settings, replaced.old)
    with pytest.raises(StoreError, match="another version"):
        benchmark.rescore(replaced.settings, replaced.old)
    with pytest.raises(StoreError, match="another version"):
        knowledge.build(replaced.settings, replaced.old, source="SMILES", tokenizer="words")
    assert len(benchmark.samples(replaced.settings, replaced.new)) == len(split_rows())


def test_it_does_not_compare_nor_rank(replaced: Replaced) -> None:
    with pytest.raises(SettingError, match="different versions"):
        benchmark.compare(replaced.settings, replaced.old, replaced.new)
    board = benchmark.leaderboard(benchmark.list_runs(replaced.settings), "captioning")
    assert sorted(board["comparable"]) == [False, True]


def test_the_matrix_leaves_it_out_and_says_so(replaced: Replaced) -> None:
    built = matrix.build(replaced.settings, source="local", n_bootstrap=0)
    used = {run for row in built.run_ids for ids in row for run in ids}
    assert used == {replaced.new}
    assert any("another version" in w and replaced.old in w for w in built.warnings)
    assert int(findings.coverage(replaced.settings).n_runs.sum()) == 1


def test_the_molecule_page_counts_it_and_shows_the_other(replaced: Replaced) -> None:
    report = molecule.inspect(replaced.settings, DATASET, split_rows()[0][0])
    assert [o.run_id for o in report.outputs] == [replaced.new]
    assert report.n_outdated == 1


def test_runs_of_a_deleted_data_set_keep_their_scores(replaced: Replaced) -> None:
    dataset.delete(replaced.settings, DATASET)
    assert store_health.outdated_runs(replaced.settings) == {}
    assert len(benchmark.list_runs(replaced.settings)) == 2
    with pytest.raises(NotFoundError):
        benchmark.samples(replaced.settings, replaced.old)
