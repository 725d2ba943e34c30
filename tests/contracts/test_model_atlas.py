"""The file of models as it is shipped, and a reader that lets nothing wrong through."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chebimm_core.datasets import model_atlas
from chebimm_core.domain.atlas import ARCHITECTURES, FIRST_YEAR, PAIRINGS, AtlasEntry
from chebimm_core.errors import DataFormatError
from chebimm_core.modalities import MODALITIES
from chebimm_core.settings import Settings
from chebimm_core.tasks import TASKS

FOLDER = Settings.from_env().published
BACKBONES = {
    "BERT", "SciBERT", "RoBERTa", "ChemBERTa", "GIN", "GCN", "GAT", "ViT", "ResNet", "Swin",
    "SwinOCSR", "GPT-2", "GPT-Neo", "BioGPT", "BART", "T5", "T5-v1.1", "MolT5",
}  # fmt: skip
WITHOUT_ID = {"GPT-2"}
"""A report that has neither DOI nor arXiv id."""


def read(folder: Path = FOLDER) -> tuple[AtlasEntry, ...]:
    return model_atlas.read(folder, modalities=tuple(MODALITIES), tasks=tuple(TASKS))


MODELS = read()


def test_at_least_sixty_models_of_molecules_since_2017():
    assert sum(m.year >= FIRST_YEAR for m in MODELS) >= 60
    assert sum(m.role == "model" for m in MODELS) >= 60
    assert {m.year for m in MODELS} >= set(range(2017, 2027))
    assert all(2015 <= m.year <= 2026 for m in MODELS)
    assert {m.name for m in MODELS if m.year < FIRST_YEAR} <= BACKBONES


def test_the_backbones_of_the_paper_are_there_and_no_other_is_called_one_of_its():
    assert {m.name for m in MODELS if m.in_paper} == BACKBONES


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_every_model_has_a_wellformed_reference(model):
    assert len(model.title.split()) >= 3
    if model.name in WITHOUT_ID:
        assert model.url
    else:
        assert model.doi or model.arxiv
        assert not model.url
    if model.arxiv:
        month = int(model.arxiv[2:4])
        assert 1 <= month <= 12
        # Four digits behind the dot until 2014, five since.
        assert re.fullmatch(r"\d{4}\.\d{5}", model.arxiv)
    assert re.fullmatch(
        r"https://(doi\.org/10\.|arxiv\.org/abs/\d|cdn\.openai\.com/)\S+", model.link
    )


@pytest.mark.parametrize("field", ["name", "doi", "arxiv", "title"])
def test_nothing_stands_twice(field):
    values = [str(v).casefold() for m in MODELS if (v := getattr(m, field))]
    assert [v for v, n in Counter(values).items() if n > 1] == []


def test_every_task_architecture_and_pairing_is_met():
    assert {t for m in MODELS for t in m.tasks} == set(TASKS)
    assert {m.architecture for m in MODELS} == set(ARCHITECTURES)
    assert {m.pairing for m in MODELS} == set(PAIRINGS)
    assert {x for m in MODELS for x in (*m.modalities_in, *m.modalities_out)} == set(MODALITIES)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_tasks_agree_with_what_goes_in_and_out(model):
    reads, gives = set(model.modalities_in), set(model.modalities_out)
    needed = {
        "captioning": (reads - {"caption"}, "caption" in gives),
        "iupac": (reads - {"IUPAC"}, "IUPAC" in gives),
        "property": (reads, "property" in gives),
        "retrieval": (reads, bool(gives - {"property"})),
        "generation": (reads & {"caption", "IUPAC"}, bool(gives & {"SMILES", "SELFIES", "graph"})),
        "image-recognition": (reads & {"image"}, "SMILES" in gives),
    }
    for task in model.tasks:
        source, target = needed[task]
        assert source, task
        assert target, task


def test_sizes_and_terms_are_those_of_models_that_have_them():
    for model in MODELS:
        if model.parameters_millions is not None:
            assert 1 <= model.parameters_millions <= 1_000_000
            assert model.variant, model.name
        if "weights" in model.license:
            assert model.weights == "open", model.name


def test_reading_is_the_same_each_time():
    assert read() == MODELS


def _write(folder: Path, rows: list[dict[str, str]], columns: list[str] | None = None) -> Path:
    names = columns or list(AtlasEntry.model_fields)
    with (folder / model_atlas.FILE_NAME).open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, names, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def _row(**changed: str) -> dict[str, str]:
    row = {
        "name": "A",
        "role": "model",
        "architecture": "encoder-only",
        "modalities_in": "SMILES",
        "modalities_out": "property",
        "tasks": "property",
        "year": "2020",
        "title": "A model of molecules",
        "arxiv": "2001.00001",
    }
    return {**row, **changed}


def test_a_row_of_facts_is_read(tmp_path):
    (model,) = read(_write(tmp_path, [_row()]))
    assert (model.link, model.pairing) == ("https://arxiv.org/abs/2001.00001", "text-only")
    assert model.parameters_millions is None
    assert model.weights is None
    (model,) = read(_write(tmp_path, [_row(doi="10.1000/x.1", modalities_in="SMILES; graph")]))
    assert (model.link, model.pairing) == ("https://doi.org/10.1000/x.1", "graph-text")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"arxiv": ""}, "DOI"),
        ({"arxiv": "2001.1"}, "arxiv"),
        ({"arxiv": "2101.00001"}, "year"),
        ({"doi": "doi.org/10.1/x"}, "doi"),
        ({"doi": "10.1000/x y"}, "doi"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"architecture": "encoder"}, "architecture"),
        ({"role": ""}, "role"),
        ({"weights": "maybe"}, "weights"),
        ({"in_paper": "no"}, "in_paper"),
        ({"modalities_in": "smiles"}, "modalities_in"),
        ({"modalities_out": ""}, "modalities_out"),
        ({"modalities_out": "property;property"}, "twice"),
        ({"tasks": "docking"}, "tasks"),
        ({"year": "1999"}, "year"),
        ({"year": "soon"}, "year"),
        ({"arxiv": "1601.00001", "year": "2016"}, "backbone"),
        ({"parameters_millions": "-1"}, "parameters_millions"),
        ({"parameters_millions": "many"}, "parameters_millions"),
        ({"variant": "base"}, "variant"),
        ({"title": ""}, "title"),
        ({"name": ""}, "name"),
    ],
)
def test_what_is_wrong_is_refused_by_line_and_column(tmp_path, changed, named):
    with pytest.raises(DataFormatError, match="line 2") as caught:
        read(_write(tmp_path, [_row(**changed)]))
    assert named in str(caught.value)


def test_a_name_or_alias_stands_once(tmp_path):
    again = _row(name="B", aliases="x;a", arxiv="2001.00002")
    with pytest.raises(DataFormatError, match="also stands in line 2"):
        read(_write(tmp_path, [_row(), again]))


def test_a_file_of_another_form_is_refused(tmp_path):
    with pytest.raises(DataFormatError, match="cannot be read"):
        read(tmp_path)
    with pytest.raises(DataFormatError, match="no rows"):
        read(_write(tmp_path, []))
    with pytest.raises(DataFormatError, match="columns"):
        read(_write(tmp_path, [_row()], columns=["name", "title"]))
    path = _write(tmp_path, [_row()]) / model_atlas.FILE_NAME
    path.write_text(path.read_text() + "B,,model\n")
    with pytest.raises(DataFormatError, match="line 3"):
        read(tmp_path)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("atlas")
    (folder / model_atlas.FILE_NAME).write_bytes(content)
    with pytest.raises(DataFormatError):
        read(folder)
