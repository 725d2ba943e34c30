"""Files become runs: loaded, scored, compared, exported, refused whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from run_samples import DATASET, NOW, settings_with_data, split_rows
from typer.testing import CliRunner

from chebimm_core.cli import app
from chebimm_core.domain.run import RunSpec
from chebimm_core.errors import DataFormatError, JoinError, SettingError, StoreError
from chebimm_core.services import benchmark
from chebimm_core.settings import Settings

ROWS = split_rows()
CAPTION = ("bleu2", "rouge1")
SMILES = ("exact", "validity", "levenshtein")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_with_data(tmp_path)


def captions(path: Path, answers: list[str] | None = None) -> Path:
    given = answers or [c for _, _, c in ROWS]
    lines = ["SMILES\tground truth\toutput"]
    lines += [f"{s}\t{c}\t{a}" for (_, s, c), a in zip(ROWS, given, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def load(settings: Settings, path: Path, model: str = "m", task: str = "captioning", **more: object):  # fmt: skip  # noqa: E501
    more.setdefault("metrics", CAPTION)
    return benchmark.load_file(
        settings, path, dataset=DATASET, task=task, model=model, now=NOW, **more
    )


def test_a_perfect_file_scores_one(settings: Settings, tmp_path: Path) -> None:
    header = load(settings, captions(tmp_path / "a.tsv"))
    assert header.score("rouge1").value == pytest.approx(1.0)
    assert header.spec.transition == "SMILES->caption"
    assert header.spec.origin.file_name == "a.tsv"
    assert header.status.n_total == len(ROWS)
    assert f"{len(ROWS)} of {len(ROWS)} rows joined" in header.status.message


def test_samples_hold_input_reference_output_and_scores(settings: Settings, tmp_path: Path) -> None:
    header = load(settings, captions(tmp_path / "a.tsv"))
    frame = benchmark.samples(settings, header.run_id)
    assert list(frame.columns) == ["cid", "input", "reference", "output", "error", *CAPTION]
    assert frame["input"].tolist() == [s for _, s, _ in ROWS]
    assert frame["reference"].tolist() == frame["output"].tolist()


def test_a_missing_row_stays_in_the_denominator(settings: Settings, tmp_path: Path) -> None:
    path = captions(tmp_path / "a.tsv")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    header = load(settings, path)
    assert header.score("rouge1").n == len(ROWS)
    assert header.score("rouge1").value == pytest.approx(1 - 1 / len(ROWS))
    assert header.status.n_failed == 1
    assert "cid 297" in header.status.message


def test_markup_is_plain_data(settings: Settings, tmp_path: Path) -> None:
    evil = ["<script>alert(1)</script> ![](http://127.0.0.1/x.png) =1+1"] * len(ROWS)
    header = load(settings, captions(tmp_path / "a.tsv", evil))
    assert set(benchmark.samples(settings, header.run_id)["output"]) == {evil[0]}


def test_smiles_that_rdkit_rejects_count_as_invalid(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    outputs = ["C1CC", *(s for _, s, _ in ROWS[1:])]
    lines = [f"{c}\t{s}\t{o}" for (_, s, c), o in zip(ROWS, outputs, strict=True)]
    path.write_text("description\tground truth\toutput\n" + "\n".join(lines), encoding="utf-8")
    header = load(settings, path, task="generation", metrics=SMILES)
    assert header.score("validity").value == pytest.approx(1 - 1 / len(ROWS))
    assert header.score("exact").n == len(ROWS)
    assert header.spec.transition == "caption->SMILES"


def test_source_overrides_the_file(settings: Settings, tmp_path: Path) -> None:
    path = captions(tmp_path / "a.tsv")
    assert load(settings, path, source="IUPAC").spec.transition == "IUPAC->caption"
    with pytest.raises(SettingError, match="no transition from this modality"):
        load(settings, path, source="caption")


def test_names_and_properties_load_too(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("cid,pred\n702,ethanol\n887,methanol\n", encoding="utf-8")
    header = load(settings, path, task="iupac", metrics=("exact_text",))
    assert header.spec.transition == "SMILES->IUPAC"
    assert header.score("exact_text").value == pytest.approx(2 / 7)
    path.write_text("cid,pred\n702,3\n887,2\n176,4\n241,6\n5281168,7\n6287,8\n71563,8\n297,1\n")
    header = load(settings, path, task="property", metrics=("rmse",), property_name="xlogp")
    assert header.score("rmse").value == pytest.approx(0.0)
    assert header.spec.model_args == {"property": "xlogp"}


def test_a_refused_file_leaves_no_trace(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("cid,output\n1,x\n2,y\n", encoding="utf-8")
    with pytest.raises(JoinError, match=r"a\.csv cannot be loaded against small: only 0 of 2"):
        load(settings, path)
    with pytest.raises(DataFormatError, match="has SMILES as its input"):
        load(settings, captions(tmp_path / "b.tsv"), task="generation")
    assert benchmark.list_runs(settings) == []
    assert not (settings.store / "runs").exists()


def test_the_same_run_is_not_loaded_twice(settings: Settings, tmp_path: Path) -> None:
    path = captions(tmp_path / "a.tsv")
    first = load(settings, path)
    with pytest.raises(StoreError, match="loaded already"):
        load(settings, path)
    assert load(settings, path, overwrite=True).run_id == first.run_id
    assert len(benchmark.list_runs(settings)) == 1


@pytest.mark.parametrize("model", ["", "   ", "x" * 81, "a\x00b"])
def test_a_model_needs_a_name(settings: Settings, tmp_path: Path, model: str) -> None:
    with pytest.raises(SettingError, match="needs a name"):
        load(settings, captions(tmp_path / "a.tsv"), model=model)


def test_preview_guesses_the_task_and_stores_nothing(settings: Settings, tmp_path: Path) -> None:
    preview = benchmark.preview_file(settings, captions(tmp_path / "a.tsv"), dataset=DATASET)
    assert (preview.task, preview.transition, preview.refusal) == (
        "captioning",
        "SMILES->caption",
        "",
    )
    assert preview.rows["output"].tolist() == [c for _, _, c in ROWS]
    path = tmp_path / "b.tsv"
    lines = [f"{c}\t{s}\t{s}" for _, s, c in ROWS]
    path.write_text("description\tground truth\toutput\n" + "\n".join(lines), encoding="utf-8")
    assert benchmark.preview_file(settings, path, dataset=DATASET).task == "generation"
    foreign = tmp_path / "c.csv"
    foreign.write_text("cid,output\n1,x\n", encoding="utf-8")
    refused = benchmark.preview_file(settings, foreign, dataset=DATASET, name="upload.csv")
    assert refused.refusal
    assert refused.file_name == "upload.csv"
    assert benchmark.list_runs(settings) == []


def test_runs_compare_on_common_molecules(settings: Settings, tmp_path: Path) -> None:
    good = load(settings, captions(tmp_path / "a.tsv"), model="good")
    bad = load(settings, captions(tmp_path / "b.tsv", ["An alkane."] * len(ROWS)), model="bad")
    compared = benchmark.compare(settings, good.run_id, bad.run_id)
    rows = {r.paired.metric: r.paired for r in compared}
    assert set(rows) == set(CAPTION)
    rouge = rows["rouge1"]
    assert rouge.difference == pytest.approx(rouge.value_a - rouge.value_b)
    assert rouge.ci_low > 0
    assert rouge.n == len(ROWS)
    same = benchmark.compare(settings, good.run_id, good.run_id)
    assert all(r.paired.difference == 0 for r in same)
    worst = benchmark.disputed(settings, [good.run_id, bad.run_id], "rouge1", k=3)
    assert len(worst) == 3
    assert worst["spread"].is_monotonic_decreasing
    ranked = benchmark.leaderboard(benchmark.list_runs(settings), "captioning")
    assert ranked["model"].tolist() == ["good", "bad"]
    assert ranked["comparable"].all()


def test_runs_of_two_tasks_do_not_compare(settings: Settings, tmp_path: Path) -> None:
    a = load(settings, captions(tmp_path / "a.tsv"))
    path = tmp_path / "b.csv"
    path.write_text("cid,pred\n702,ethanol\n", encoding="utf-8")
    b = load(settings, path, task="iupac", metrics=("exact_text",))
    with pytest.raises(SettingError, match="one task on one data set"):
        benchmark.compare(settings, a.run_id, b.run_id)


def test_export_carries_signatures_and_is_inert(settings: Settings, tmp_path: Path) -> None:
    load(settings, captions(tmp_path / "a.tsv"), model="=cmd_50%")
    headers = benchmark.list_runs(settings)
    table = benchmark.export(headers, "csv")
    assert "'=cmd_50%" in table
    assert headers[0].scores[0].signature in table
    latex = benchmark.export(headers, "latex")
    assert r"=cmd\_50\% & SMILES$\to$caption" in latex
    assert json.loads(benchmark.export(headers, "json"))[0]["run_id"] == headers[0].run_id
    with pytest.raises(SettingError):
        benchmark.export(headers, "xlsx")


def test_tag_filter_rescore_and_delete(settings: Settings, tmp_path: Path) -> None:
    header = load(settings, captions(tmp_path / "a.tsv"))
    benchmark.tag(settings, header.run_id, ["keep"])
    assert [h.run_id for h in benchmark.list_runs(settings, tag="keep")] == [header.run_id]
    assert benchmark.list_runs(settings, tag="other") == []
    again = benchmark.rescore(settings, header.run_id, metrics=CAPTION)
    assert again.scores == header.scores
    benchmark.delete(settings, header.run_id)
    assert benchmark.list_runs(settings) == []


def test_a_computed_run_keeps_its_errors(settings: Settings) -> None:
    spec = RunSpec(
        task="captioning", transition="SMILES->caption", model="random-caption", dataset=DATASET,
        dataset_hash="0" * 64, split="test", limit=3,
    )  # fmt: skip
    rows = pd.DataFrame(
        {"cid": ["702", "887"], "output": ["An alcohol.", None], "error": [None, "too long"]}
    )
    header = benchmark.store_run(settings, spec, rows, now=NOW, metrics=CAPTION)
    errors = benchmark.samples(settings, header.run_id)["error"].tolist()
    assert errors[1:] == ["too long", "no prediction"]
    assert header.status.n_total == 3


def test_floors_are_runs_of_floor_models(settings: Settings, tmp_path: Path) -> None:
    from chebimm_core.models import MODELS

    floor = next(m for m in MODELS.values() if m.is_floor)
    header = load(settings, captions(tmp_path / "a.tsv"), model=floor.name)
    load(settings, captions(tmp_path / "a.tsv"), model="no floor")
    found = benchmark.floors(settings, DATASET, "captioning", "SMILES->caption")
    assert [f.run_id for f in found] == [header.run_id]


def test_command_line_from_load_to_delete(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHEBIMM_STORE", str(settings.store))
    monkeypatch.setenv("CHEBIMM_CACHE", str(settings.cache))
    run = CliRunner()
    path = tmp_path / "a.csv"
    path.write_text("cid,pred\n" + "\n".join(f"{c},x" for c, _, _ in ROWS if c != "297"))
    common = ["--dataset", DATASET, "--task", "iupac"]
    loaded = run.invoke(app, ["runs", "load", str(path), *common, "--model", "m"])
    assert loaded.exit_code == 0, loaded.output
    run_id = benchmark.list_runs(settings)[0].run_id
    assert run_id in run.invoke(app, ["runs", "list"]).output
    assert "7 of 7 rows joined" in run.invoke(app, ["runs", "show", run_id]).output
    shown = json.loads(run.invoke(app, ["runs", "show", run_id, "--json"]).output)
    assert shown["spec"]["model"] == "m"
    assert run.invoke(app, ["runs", "tag", run_id, "a", "b"]).exit_code == 0
    assert benchmark.header(settings, run_id).status.tags == ("a", "b")
    assert "signature" in run.invoke(app, ["runs", "export", run_id]).output
    assert run.invoke(app, ["runs", "delete", run_id, "--yes"]).exit_code == 0
    assert benchmark.list_runs(settings) == []


def test_score_prints_the_promised_json(settings: Settings, tmp_path: Path) -> None:
    path = captions(tmp_path / "a.tsv")
    done = command(settings, "score", str(path), "--dataset", DATASET, "--task", "captioning", "--json")  # fmt: skip  # noqa: E501
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert list(printed) == ["metrics", "n", "signature"]
    names = {"bleu2", "bleu4", "rouge1", "rouge2", "rougeL", "meteor"}
    assert set(printed["metrics"]) == names
    assert printed["n"] == len(ROWS)
    assert "bleu2|" in printed["signature"]


def test_an_error_is_one_line_and_status_two(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("cid,output\n1,x\n")
    done = command(settings, "runs", "load", str(path), "--dataset", DATASET, "--task", "captioning", "--model", "m")  # fmt: skip  # noqa: E501
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "a.csv cannot be loaded against small" in done.stderr
    assert done.stdout == ""


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "CHEBIMM_STORE": str(settings.store), "CHEBIMM_CACHE": str(settings.cache)}
    return subprocess.run(
        [sys.executable, "-m", "chebimm_core", *arguments],
        capture_output=True, text=True, env=env, timeout=120, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
