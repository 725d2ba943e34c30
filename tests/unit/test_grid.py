"""Coverage of the grid: what counts as done, and launching what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from chebimm_core.cli import app
from chebimm_core.domain.run import RunSpec, RunState
from chebimm_core.errors import SettingError
from chebimm_core.figures import grid_charts
from chebimm_core.runner.experiment import execute
from chebimm_core.services import benchmark, grid
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_work import RunWork
from tests import small_store

NOW = small_store.NOW


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return small_store.build_store(tmp_path_factory.mktemp("grid"))


def states(settings: Settings) -> pd.DataFrame:
    return grid.coverage(settings, dataset=small_store.SMALL).set_index("key")


def stored(settings: Settings, model: str, task: str, transition: str, **args: str) -> RunSpec:
    header = DatasetStore(settings.store).header(small_store.SMALL)
    spec = RunSpec(
        task=task, transition=transition, model=model, dataset=header.name,
        dataset_hash=header.content_hash, split="test", model_args=dict(args),
    )  # fmt: skip
    frame = pd.DataFrame({"cid": ["1000"], "output": ["{}"]})
    metrics = ("r1",) if task == "retrieval" else ("rouge1",)
    benchmark.store_run(settings, spec, frame, now=NOW, metrics=metrics)
    return spec


def test_a_new_store_has_everything_missing(tmp_path: Path) -> None:
    found = grid.coverage(small_store.settings_in(tmp_path))
    assert len(found) == 1263 and set(found["state"]) == {"missing"}


def test_a_run_counts_for_its_experiment_and_no_other(settings: Settings) -> None:
    stored(settings, "T5 base", "captioning", "SMILES->caption")
    stored(settings, "bert", "retrieval", "caption->SMILES", pooling="max")
    found = states(settings)
    assert found.loc["text-to-text/t5/SMILES->caption", "state"] == "done"
    assert found.loc["text-to-text/molt5/SMILES->caption", "state"] == "missing"
    # the paper counts a pair once, whichever direction was run
    assert found.loc["retrieval-text/bert/SMILES->caption/max", "state"] == "done"
    assert found.loc["retrieval-text/bert/SMILES->caption/avg", "state"] == "missing"
    assert (found["state"] != "missing").sum() == 2


def test_filters_select_and_refuse(settings: Settings) -> None:
    assert len(grid.filtered({"block": "property", "model": "gin|gat"})) == 2 * 18 * 2
    assert len(grid.filtered({"pooling": "avg", "block": "retrieval-text"})) == 56
    with pytest.raises(SettingError, match="model"):
        grid.filtered({"model": "no-such"})
    with pytest.raises(SettingError, match="filter"):
        grid.filtered({"color": "red"})


def test_a_plan_leaves_out_what_is_there_and_says_what_cannot_run(settings: Settings) -> None:
    wanted = grid.filtered({"model": "gin"})
    found = grid.plan(settings, wanted, dataset=small_store.SMALL)
    assert {s.transition for s in found.specs} == {"graph->IUPAC", "graph->caption"}
    assert {s.model_args["pooling"] for s in found.specs} == {"avg", "max"}
    assert sum(found.obstacles.values()) == 36  # no MoleculeNet set is imported
    assert all("No data set has this name" in why for why in found.obstacles)


def test_an_experiment_runs_and_then_counts(settings: Settings) -> None:
    one = grid.filtered({"model": "gcn", "block": "retrieval-graph", "pooling": "max"})[1]
    spec = grid.spec_of(settings, one, dataset=small_store.SMALL)
    quick = spec.model_copy(update={"model_args": {**spec.model_args, "epochs": 1}})
    RunWork.create(settings.store, quick, n_total=8, now=NOW)
    assert states(settings).loc[one.key, "state"] == "running"
    assert execute(settings, quick.run_id).state is RunState.DONE
    row = states(settings).loc[one.key]
    assert (row["state"], row["run_id"]) == ("done", quick.run_id)


def test_the_command_lists_every_experiment_with_a_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.to_env().items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["grid", "--json", "--dataset", small_store.SMALL])
    found = json.loads(done.stdout)
    assert (found["count"], found["models"]) == (1263, 50)
    assert len({e["run_id"] for e in found["experiments"]}) == 1263
    for one in found["experiments"]:
        spec = RunSpec.model_validate(one["spec"])
        assert bool(spec.dataset_hash) != ("No data set" in one["obstacle"])
    some = CliRunner().invoke(app, ["grid", "--filter", "block=graph-to-text,model=gin-t5"])
    assert "2 in all, 1 models" in some.stdout


@pytest.mark.parametrize("block", [b.name for b in grid.blocks()])
def test_a_block_is_drawn_with_a_mark_in_every_cell(settings: Settings, block: str) -> None:
    coverage = grid.coverage(settings, dataset=small_store.SMALL)
    found = grid_charts.cells(coverage, block)
    assert found["total"].sum() == (coverage["block"] == block).sum()
    figure = grid_charts.coverage_map(coverage, block, dark=True)
    assert all(text for text in figure.data[1].text)
    models, columns = grid_charts.axes(found)
    hover = grid_charts.hover(found)
    assert (len(hover), len(hover[0])) == (len(models), len(columns))
