"""Filters, counts and what is here of the models of the atlas; and their two figures."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_store import NOW, SMALL, build_store

from chebimm_core.domain.atlas import ARCHITECTURES, PAIRINGS
from chebimm_core.figures import atlas_charts
from chebimm_core.models import MODELS as CARDS
from chebimm_core.services import atlas as service
from chebimm_core.services import benchmark
from chebimm_core.settings import Settings
from chebimm_core.tasks import TASKS

SETTINGS = Settings.from_env()
MODELS = service.entries(SETTINGS)
_YEARS = st.none() | st.integers(2014, 2028)
FILTERS = st.builds(
    service.AtlasFilter,
    architecture=st.none() | st.sampled_from(ARCHITECTURES),
    pairing=st.none() | st.sampled_from(PAIRINGS),
    modality_in=st.none() | st.sampled_from(service.modality_names(MODELS, "in")),
    modality_out=st.none() | st.sampled_from(service.modality_names(MODELS, "out")),
    task=st.none() | st.sampled_from((*TASKS, service.OTHER)),
    open_weights=st.booleans(),
    in_paper=st.booleans(),
    first=_YEARS,
    last=_YEARS,
)


def test_no_filter_leaves_every_model():
    assert service.select(MODELS, service.AtlasFilter()) == MODELS


@settings(deadline=None)
@given(FILTERS)
def test_a_filter_keeps_what_fits_and_nothing_else(wanted):
    kept = service.select(MODELS, wanted)
    assert service.select(kept, wanted) == kept
    for model in MODELS:
        fits = (
            wanted.architecture in (None, model.architecture)
            and wanted.pairing in (None, model.pairing)
            and (wanted.modality_in is None or wanted.modality_in in model.modalities_in)
            and (wanted.modality_out is None or wanted.modality_out in model.modalities_out)
            and (wanted.task is None or wanted.task in (model.tasks or ("other",)))
            and (not wanted.open_weights or model.weights == "open")
            and (not wanted.in_paper or model.in_paper)
            and (wanted.first is None or model.year >= wanted.first)
            and (wanted.last is None or model.year <= wanted.last)
        )
        assert (model in kept) == fits


@settings(deadline=None)
@given(FILTERS, st.sampled_from(["architecture", "pairing"]))
def test_each_cell_of_the_grid_is_the_number_its_filter_gives(wanted, by):
    kept = service.select(MODELS, wanted)
    frame = service.counts(kept, by=by)
    assert frame["task"].tolist() == [*TASKS, service.OTHER]
    for row in frame.to_dict("records"):
        for kind in atlas_charts.kinds_of(frame):
            cell = service.AtlasFilter(**{"task": row["task"], by: kind})
            assert row[kind] == len(service.select(kept, cell))


def test_the_table_holds_every_fact_and_a_link():
    table = service.table(MODELS)
    assert tuple(table.columns) == service.COLUMNS
    assert len(table) == len(MODELS)
    bert = table.set_index("name").loc["BERT"]
    assert bert["link"] == "https://arxiv.org/abs/1810.04805"
    assert bert["parameters_millions"] == 110
    assert table["link"].str.startswith("https://").all()
    assert table["local_runs"].sum() == 0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small store with runs under names as people write them."""
    folder = tmp_path_factory.mktemp("atlas-store")
    settings = build_store(folder)
    with (folder / "good.csv").open(newline="") as lines:
        rows = list(csv.reader(lines))
    names = (
        "molt5-large", "MOLT5 base", "GPT-4-0314 (MolReGPT)", "T5-v1.1-small", "t5_base",
        "BioT5", "BioT5+", "MolBERT", "mol-bert", "scibert-molt5", "my own model",
    )  # fmt: skip
    for k, name in enumerate(names):
        path = folder / f"run-{k}.csv"
        with path.open("w", newline="") as lines:
            csv.writer(lines).writerows(rows)
        benchmark.load_file(
            settings,
            path,
            dataset=SMALL,
            task="captioning",
            model=name,
            now=NOW,
            metrics=("bleu2",),
        )  # fmt: skip
    return settings


def test_runs_are_found_whatever_the_case_size_and_punctuation(built):
    here = service.presence(built, MODELS)
    models = {h.run_id: h.spec.model for h in benchmark.list_runs(built)}
    found = {n: sorted(models[r] for r in p.run_ids) for n, p in here.items() if p.run_ids}
    assert found == {
        "MolT5": ["MOLT5 base", "molt5-large"],
        "MolReGPT": ["GPT-4-0314 (MolReGPT)"],
        "T5-v1.1": ["T5-v1.1-small"],
        "T5": ["t5_base"],
        "BioT5": ["BioT5"],
        "BioT5+": ["BioT5+"],
        "MolBERT": ["MolBERT"],
        "Mol-BERT": ["mol-bert"],
    }
    assert set(service.table(MODELS, here).query("local_runs > 0")["name"]) == set(found)


def test_only_models_of_this_installation_run_here():
    here = service.presence(SETTINGS, MODELS)
    assert set(here) == {m.name for m in MODELS}
    runnable = {card for known in here.values() for card in known.cards}
    assert runnable <= {name for name, card in CARDS.items() if not card.is_floor}


def test_an_empty_store_has_no_runs(tmp_path: Path):
    empty = Settings.from_env({"CHEBIMM_STORE": str(tmp_path / "nothing")})
    assert all(not known.run_ids for known in service.presence(empty, MODELS).values())


def test_a_run_that_cannot_be_read_hides_no_other(built, tmp_path):
    shutil.copytree(built.store, tmp_path / "store")
    settings = Settings.from_env({"CHEBIMM_STORE": str(tmp_path / "store")})
    before = service.presence(settings, MODELS)["MolT5"].run_ids
    (tmp_path / "store" / "runs" / before[0] / "spec.json").write_text("{")
    assert service.presence(settings, MODELS)["MolT5"].run_ids == before[1:]


@pytest.mark.parametrize("dark", [False, True])
def test_the_timeline_has_one_mark_a_model_and_none_upon_another(dark):
    frame = service.table(MODELS)
    figure = atlas_charts.timeline(frame, dark=dark, selected="MolT5")
    traces = [t for t in figure.data if t.customdata is not None]
    names = [point[0] for t in traces for point in t.customdata]
    assert sorted(names) == sorted(frame["name"])
    places = [(round(x, 6), round(y, 6)) for t in traces for x, y in zip(t.x, t.y, strict=True)]
    assert len(set(places)) == len(places)
    year = dict(zip(frame["name"], frame["year"], strict=True))
    for trace in traces:
        for (name,), x in zip(trace.customdata, trace.x, strict=True):
            assert abs(x - year[name]) < 0.5


def test_shape_and_color_tell_the_same_and_fill_tells_the_weights():
    frame = service.table(MODELS)
    figure = atlas_charts.timeline(frame)
    traces = [t for t in figure.data if t.customdata is not None]
    shapes = [{s.removesuffix("-open") for s in t.marker.symbol} for t in traces]
    assert all(len(shape) == 1 for shape in shapes)
    assert len(set.union(*shapes)) == len(traces) == len({t.marker.color for t in traces})
    weights = dict(zip(frame["name"], frame["weights"], strict=True))
    for trace in traces:
        for (name,), symbol in zip(trace.customdata, trace.marker.symbol, strict=True):
            assert symbol.endswith("-open") == (weights[name] != "open")


@settings(deadline=None, max_examples=30)
@given(FILTERS)
def test_any_selection_draws(wanted):
    kept = service.select(MODELS, wanted)
    frame = service.counts(kept)
    assert len(atlas_charts.grid(frame, selected=(0, 0)).data[0].z) == len(frame)
    if kept:
        table = service.table(kept)
        assert atlas_charts.timeline(table, selected="no such model").data


def test_hover_texts_hold_no_markup_of_a_name():
    frame = pd.DataFrame(service.table(MODELS[:1]))
    frame["name"] = "<a href='http://example.org'>x</a>"
    figure = atlas_charts.timeline(frame)
    assert "<a" not in figure.data[0].text[0]
