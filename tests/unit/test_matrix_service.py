import json

import numpy as np
import pandas as pd
import pytest
from run_samples import DATASET, NOW, settings_with_data, split_rows
from typer.testing import CliRunner

from chebimm_core.cli import app
from chebimm_core.domain.run import RunSpec
from chebimm_core.errors import NotFoundError, SettingError
from chebimm_core.services import benchmark, matrix, ranking
from chebimm_core.services.cell_scores import bounded_scores
from chebimm_core.store.run_store import RunStore

CAPTIONS = {cid: caption for cid, _, caption in split_rows()}
SMILES = {cid: smiles for cid, smiles, _ in split_rows()}


def store(settings, outputs, *, task, transition, model, split="test", **args):
    spec = RunSpec(
        task=task,
        transition=transition,
        model=model,
        model_args=args,
        dataset=DATASET,
        dataset_hash="0" * 64,
        split=split,
    )
    frame = pd.DataFrame({"cid": list(outputs), "output": list(outputs.values())})
    metrics = ["rouge1", "rougeL"] if task == "captioning" else None
    if task == "generation":
        metrics = ["exact", "validity", "levenshtein", "maccs", "maccs_all"]
    if task == "retrieval":
        metrics = ["r1", "mrr"]
    return benchmark.store_run(settings, spec, frame, now=NOW, metrics=metrics, n_bootstrap=50)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    found = settings_with_data(tmp_path_factory.mktemp("matrix"))
    half = {cid: c if i % 2 else "an acid" for i, (cid, c) in enumerate(CAPTIONS.items())}
    one = {cid: "The molecule is an acid." for cid in CAPTIONS}
    chemical = {cid: s if i % 2 else "C1CC(" for i, (cid, s) in enumerate(SMILES.items())}
    caption = {"task": "captioning", "transition": "SMILES->caption"}
    store(found, CAPTIONS, model="oracle", encoder="A", decoder="X", pooling="max", **caption)
    store(found, half, model="half", encoder="B", decoder="X", pooling="mean", **caption)
    store(found, one, model="floor-constant", **caption)
    store(found, chemical, model="half", task="generation", transition="caption->SMILES")
    ranks = {cid: json.dumps({"rank": i + 1, "pool": 8, "top": []}) for i, cid in enumerate(SMILES)}
    store(found, ranks, model="r", task="retrieval", transition="SMILES->caption")
    return found


def cell(found, source, target):
    return found.modalities.index(source), found.modalities.index(target)


def local(settings, **options):
    return matrix.build(settings, source="local", n_bootstrap=80, **options)


def test_a_cell_is_the_best_model_and_the_floor_stands_beside_it(settings):
    found = local(settings)
    i, j = cell(found, "SMILES", "caption")
    assert found.values[i, j] == pytest.approx(1.0)
    assert found.n_runs[i, j] == 2 and found.n_molecules[i, j] == 8
    assert found.run_ids[i][j][0].startswith("oracle")
    assert found.rank_stability[i, j] == 1.0
    assert 0 < found.floors[i, j] < found.values[i, j]
    assert "floor-constant" not in "".join(found.run_ids[i][j])


def test_other_aggregates_include_the_weaker_run(settings):
    best, mean = local(settings), local(settings, aggregate="mean")
    i, j = cell(best, "SMILES", "caption")
    assert mean.values[i, j] < best.values[i, j]
    assert mean.ci_low[i, j] <= mean.values[i, j] <= mean.ci_high[i, j]
    assert mean.ci_low[i, j] < mean.ci_high[i, j]


def test_only_bounded_metrics_enter_and_the_denominator_matters(settings):
    header = benchmark.list_runs(settings, task="generation")[0]
    valid = {s.metric for s in bounded_scores(header, "valid")}
    everything = {s.metric for s in bounded_scores(header, "all")}
    assert valid == {"exact", "validity", "maccs"}
    assert everything == {"exact", "validity", "maccs_all"}
    i, j = cell(local(settings), "caption", "SMILES")
    assert local(settings, denominator="all").values[i, j] < local(settings).values[i, j]
    by_hand = np.mean([header.score(m).value for m in ("exact", "validity", "maccs")])
    assert local(settings).values[i, j] == pytest.approx(by_hand)


def test_completion_works_on_local_cells(settings):
    found = local(settings, completion="via-smiles")
    i, j = cell(found, "caption", "InChI")
    through = found.values[cell(found, "caption", "SMILES")]
    assert found.values[i, j] == pytest.approx(through)
    assert found.routes[i][j] == ("caption", "SMILES", "InChI")


def test_the_runs_of_a_cell_end_with_its_floors(settings):
    found = local(settings)
    rows = matrix.cell_runs(settings, found, *cell(found, "SMILES", "caption"))
    assert rows.columns.tolist() == list(matrix.RUN_COLUMNS)
    assert rows["model"].tolist() == ["oracle", "half", "floor-constant"]
    assert rows["is_floor"].tolist() == [False, False, True]
    assert ((rows["ci_low"] <= rows["value"]) & (rows["value"] <= rows["ci_high"])).all()
    derived = local(settings, completion="via-smiles")
    legs = matrix.cell_runs(settings, derived, *cell(found, "caption", "InChI"))
    assert legs["transition"].tolist() == ["caption->SMILES"]
    tool = matrix.cell_runs(settings, found, *cell(found, "SMILES", "InChI"))
    assert tool.empty and tool.columns.tolist() == list(matrix.RUN_COLUMNS)


def test_filters_and_empty_selections(settings):
    nothing = local(settings, dataset="other")
    i, j = cell(nothing, "SMILES", "caption")
    assert np.isnan(nothing.values[i, j]) and nothing.kinds[i][j] == "empty"
    assert "No finished run" in nothing.warnings[0]
    half = [
        h.run_id for h in benchmark.list_runs(settings, task="captioning") if h.spec.model == "half"
    ]
    assert local(settings, run_ids=half).values[i, j] < 1.0
    with pytest.raises(NotFoundError):
        local(settings, run_ids=["no-such-run"])


def test_runs_on_different_molecules_are_named(settings, tmp_path):
    mixed = settings_with_data(tmp_path)
    store(mixed, CAPTIONS, model="a", task="captioning", transition="SMILES->caption")
    other = {"6324": "an alkane", "6334": "an alkane"}
    store(
        mixed, other, model="b", task="captioning", transition="SMILES->caption", split="validation"
    )
    warnings = " ".join(local(mixed).warnings)
    assert f"{DATASET}/test" in warnings and f"{DATASET}/validation" in warnings


def test_different_signatures_are_named(settings, tmp_path):
    mixed = settings_with_data(tmp_path)
    options = {"task": "captioning", "transition": "SMILES->caption"}
    store(mixed, CAPTIONS, model="a", **options)
    header = store(mixed, CAPTIONS, model="b", **options)
    runs = RunStore(mixed.store)
    changed = [s.model_copy(update={"signature": "rouge1|tok:other"}) for s in header.scores[:1]]
    runs.rescore(
        header.run_id,
        samples=runs.samples(header.run_id),
        statistics=runs.statistics(header.run_id),
        scores=[*changed, *header.scores[1:]],
    )
    warnings = " ".join(local(mixed).warnings)
    assert "tok:other" in warnings and "different ways" in warnings


def test_an_unknown_option_is_refused(settings):
    for wrong in ({"aggregate": "worst"}, {"completion": "guess"}):
        with pytest.raises(SettingError):
            local(settings, **wrong)
    with pytest.raises(SettingError):
        matrix.build(settings, source="rumour")


def test_parts_are_counted_over_the_best_models(settings):
    top = ranking.encoder_frequency(settings, source="local")
    assert top.set_index("encoder")["times"].to_dict() == {"half": 1, "A": 1, "B": 1}
    rings = ranking.encoder_decoder_shares(settings)
    assert rings["share"].sum() == pytest.approx(1.0)
    assert sorted(zip(rings["encoder"], rings["decoder"], strict=True)) == [
        ("A", "X"),
        ("B", "X"),
        ("half", "half"),
    ]
    pooling = ranking.pooling_shares(settings)
    assert pooling.set_index("pooling")["share"].to_dict() == {"max": 0.5, "mean": 0.5}


def test_retrieval_has_its_own_panel_and_no_cell(settings):
    bars = ranking.retrieval_bars(settings, source="local")
    assert bars["pair"].tolist() == ["SMILES-caption"]
    assert bars["r1"].tolist() == [pytest.approx(1 / 8)]
    rows = matrix.cell_runs(settings, local(settings), *cell(local(settings), "SMILES", "caption"))
    assert "r" not in rows["model"].tolist()


def test_the_command_prints_json_only(settings, monkeypatch):
    monkeypatch.setenv("CHEBIMM_STORE", str(settings.store))
    for source in ("published", "local"):
        arguments = [
            "matrix",
            "--source",
            source,
            "--aggregate",
            "best",
            "--complete",
            "best-route",
        ]
        printed = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
        assert len(printed["modalities"]) == 8
        for key in ("values", "kinds", "routes", "n_runs"):
            assert [len(row) for row in printed[key]] == [8] * 8
        assert printed["values"][printed["modalities"].index("property")][0] is None
        assert "SMILES" in CliRunner().invoke(app, arguments).stdout


def test_a_run_without_statistics_has_a_value_but_no_interval(tmp_path):
    found = settings_with_data(tmp_path)
    header = store(found, CAPTIONS, model="a", task="captioning", transition="SMILES->caption")
    runs = RunStore(found.store)
    runs.rescore(
        header.run_id,
        samples=runs.samples(header.run_id),
        statistics=runs.statistics(header.run_id)[["cid"]],
        scores=header.scores,
    )
    bare = local(found)
    i, j = cell(bare, "SMILES", "caption")
    assert bare.values[i, j] == pytest.approx(1.0) and np.isnan(bare.ci_low[i, j])
    assert any("no interval" in warning for warning in bare.warnings)
