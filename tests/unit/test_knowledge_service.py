import json
import math

import numpy as np
import pandas as pd
import pytest
from run_samples import DATASET, NOW, settings_with_data
from typer.testing import CliRunner

from chebimm_core.analysis.cooccurrence import is_boilerplate
from chebimm_core.analysis.local_filter import PUBLISHED_THRESHOLD
from chebimm_core.cli import app
from chebimm_core.domain.findings import LocalFilterConfig
from chebimm_core.domain.run import RunSpec, RunState, RunStatus
from chebimm_core.errors import (
    DataFormatError,
    MissingDependencyError,
    NotFoundError,
    SettingError,
)
from chebimm_core.services import knowledge
from chebimm_core.store.run_store import RunStore

GOLD = f"gold:{DATASET}:test"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return settings_with_data(tmp_path_factory.mktemp("knowledge"))


def add_run(settings, outputs, *, task="captioning", transition="SMILES->caption", model="m"):
    spec = RunSpec(
        task=task,
        transition=transition,
        model=model,
        dataset=DATASET,
        dataset_hash="0" * 64,
        split="test",
    )
    frame = pd.DataFrame(
        {
            "cid": [c for c, _ in outputs],
            "input_hash": "x",
            "output": [o for _, o in outputs],
            "error": [None if o else "empty" for _, o in outputs],
            "latency_s": 0.0,
        }
    )
    status = RunStatus(state=RunState.DONE, created=NOW, n_predictions=len(frame))
    cids = frame[["cid"]]
    store = RunStore(settings.store)
    return store.add(
        spec, status, predictions=frame, samples=cids, statistics=cids, scores=(), overwrite=True
    )


def test_gold_captions_are_a_run(settings):
    found = knowledge.build(settings, GOLD, source="IUPAC", size=4, threshold=0.0)
    assert found.n_molecules == 7  # one of eight has no name
    assert found.counts.shape == (len(found.source_tokens), len(found.target_tokens))
    assert found.counts.dtype == np.float64 and found.values.max() == 1.0
    assert all(p.source != p.target for p in found.pairs)
    assert "IUPAC by words-v1" in found.signature and DATASET in found.signature


def test_counts_are_those_of_the_texts(settings):
    found = knowledge.build(
        settings,
        GOLD,
        source="IUPAC",
        keep_source=["valine", "acetic"],
        keep_target=["amino", "acid", "alcohol"],
    )
    cell = found.counts[found.source_tokens.index("valine"), found.target_tokens.index("amino")]
    assert cell == 2.0
    assert found.counts[:, found.target_tokens.index("alcohol")].sum() == 0.0


def test_a_failed_output_is_left_out_of_a_run(settings):
    run = add_run(settings, [("702", "an alcohol acid"), ("887", ""), ("176", "an acid ring")])
    found = knowledge.build(settings, run, source="IUPAC", size=3)
    assert found.n_molecules == 2
    options = {o.modality: o.n_molecules for o in knowledge.maps_for_run(settings, run)}
    assert options["SMILES"] == 2 and "SELFIES" not in options


def test_tokenized_texts_are_kept_in_the_callers_cache(settings):
    cache = {}
    first = knowledge.build(settings, GOLD, source="SMILES", size=3, cache=cache)
    assert len(cache) == 2
    tables = [entry.table for entry in cache.values()]
    second = knowledge.build(settings, GOLD, source="SMILES", size=3, cache=cache)
    assert [entry.table for entry in cache.values()] == tables
    np.testing.assert_array_equal(first.counts, second.counts)


def test_another_threshold_needs_no_new_count(settings):
    found = knowledge.build(settings, GOLD, source="IUPAC", size=4, threshold=0.0)
    higher = knowledge.at_threshold(found, 1.0)
    assert higher.pairs_total <= found.pairs_total
    assert all(p.local_z > 1.0 for p in higher.pairs)
    assert higher.counts is found.counts
    with pytest.raises(SettingError):
        knowledge.at_threshold(found, math.nan)


def test_groups_hold_every_pair_once(settings):
    found = knowledge.build(settings, GOLD, source="IUPAC", size=4, threshold=0.0)
    grouped = knowledge.groups(found)
    for side in (grouped.by_source, grouped.by_target):
        assert sum(len(g.partners) for g in side) == len(found.pairs)


def test_the_molecules_of_a_pair_are_shown_where_the_tokens_stand(settings):
    rows = knowledge.pair_molecules(
        settings, GOLD, source="IUPAC", source_token="valine", target_token="amino", limit=1
    )
    assert rows.attrs["total"] == 2 and len(rows) == 1
    row = rows.iloc[0]
    assert [row.source_text[a:b] for a, b in row.source_spans] == ["valine"]
    assert [row.target_text[a:b] for a, b in row.target_spans] == ["amino"]


def test_the_shortest_carriers_come_first(settings):
    rows = knowledge.pair_molecules(
        settings, GOLD, source="IUPAC", source_token="valine", target_token="amino"
    )
    lengths = rows["source_text"].str.len() + rows["target_text"].str.len()
    assert len(rows) > 1 and lengths.is_monotonic_increasing
    assert rows.attrs["target"] == "caption"


def test_dropped_tokens_are_replaced_not_missed(settings):
    whole = knowledge.build(settings, GOLD, source="IUPAC", size=3)
    gone = whole.source_tokens[0]
    found = knowledge.build(settings, GOLD, source="IUPAC", size=3, drop_source=[gone])
    assert gone not in found.source_tokens and len(found.source_tokens) == 3
    assert f"without source {gone}" in found.signature


def test_boilerplate_is_left_out_of_captions_only_if_asked(settings):
    published = knowledge.build(settings, GOLD, source="IUPAC", size=20)
    found = knowledge.build(settings, GOLD, source="IUPAC", size=20, boilerplate=False)
    template = {t for t in published.target_tokens if is_boilerplate(t)}
    assert template and not template & set(found.target_tokens)
    assert found.source_tokens and set(found.source_tokens) == set(published.source_tokens)
    assert "without caption boilerplate" in found.signature
    assert "without" not in published.signature


@pytest.mark.parametrize("tokenizer", ["words", "bpe"])
@pytest.mark.parametrize("source", ["SMILES", "InChI"])
def test_notations_are_cut_into_atoms(settings, source, tokenizer):
    found = knowledge.build(settings, GOLD, source=source, size=8, tokenizer=tokenizer)
    assert len(found.source_tokens) == 8
    assert all(any(c.isalpha() for c in token) for token in found.source_tokens)
    token = found.source_tokens[0]
    rows = knowledge.pair_molecules(
        settings,
        GOLD,
        source=source,
        tokenizer=tokenizer,
        source_token=token,
        target_token=found.target_tokens[0],
    )
    for row in rows.itertuples():
        assert {row.source_text[a:b] for a, b in row.source_spans} == {token}


def test_the_null_chooses_t_and_the_published_value_stands_in(settings):
    plain = knowledge.build(settings, GOLD, source="IUPAC", size=4)
    assert plain.threshold == PUBLISHED_THRESHOLD and np.isnan(plain.scan.z).all()
    tested = knowledge.build(settings, GOLD, source="IUPAC", size=4, null="published", seed=3)
    best = int(np.nanargmax(tested.scan.z))
    assert tested.threshold == tested.scan.thresholds[best]
    assert len(tested.scan.z_max_draws) == 200 and tested.config.seed == 3


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"source": "graph"}, SettingError),
        ({"source": "caption"}, SettingError),
        ({"source": "IUPAC", "size": 1}, SettingError),
        ({"source": "IUPAC", "size": 201}, SettingError),
        ({"source": "IUPAC", "target": "SMILES"}, SettingError),
        ({"source": "IUPAC", "tokenizer": "wordz"}, NotFoundError),
        ({"source": "SELFIES"}, SettingError),
        ({"source": "IUPAC", "keep_source": ["plutonium", "acid"]}, SettingError),
    ],
)
def test_what_cannot_be_mapped_is_refused(settings, arguments, error):
    with pytest.raises(error):
        knowledge.build(settings, GOLD, **arguments)


@pytest.mark.parametrize("run", ["gold:nothing:test", f"gold:{DATASET}:tset", "gold:", "no-run"])
def test_an_unknown_run_is_named(settings, run):
    with pytest.raises(NotFoundError):
        knowledge.build(settings, run, source="IUPAC")


def test_a_run_that_writes_numbers_has_no_map(settings):
    run = add_run(settings, [("702", "1.5")], task="property", transition="SMILES->property")
    with pytest.raises(SettingError, match="writes text"):
        knowledge.build(settings, run, source="SMILES")


def write(tmp_path, text):
    path = tmp_path / "matrix.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


GOOD = ",acid,ester,ring\nacid,9,1,0\nmethyl,1,30,2\nring,0,2,3\n"


def test_a_labelled_matrix_keeps_its_order_and_drops_equal_tokens(tmp_path):
    found = knowledge.from_matrix_file(write(tmp_path, GOOD), threshold=1.0)
    assert found.source_tokens == ("acid", "methyl", "ring")
    assert found.target_tokens == ("acid", "ester", "ring")
    assert [(p.source, p.target, p.count) for p in found.pairs] == [("methyl", "ester", 30.0)]
    kept = knowledge.from_matrix_file(
        write(tmp_path, GOOD),
        threshold=0.0,
        config=LocalFilterConfig(ordering="given", drop_equal_tokens=False),
    )
    assert kept.pairs_total == len(kept.pairs)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no matrix"),
        ("\n\n", "no matrix"),
        (",acid,ester\n", "no matrix"),
        (",acid,ester\nacid,1,2\nring,1\n", "line 3 has 2 fields"),
        (",acid,ester\nacid,1,2\nring,1,x\n", "row 'ring', column 'ester'"),
        (",acid,ester\nacid,1,\nring,1,2\n", "row 'acid', column 'ester'"),
        (",acid,ester\nacid,1,-2\nring,1,2\n", "row 'acid', column 'ester'"),
        (",acid,ester\nacid,1,nan\nring,1,2\n", "row 'acid', column 'ester'"),
        (",acid,ester\nacid,1,inf\nring,1,2\n", "row 'acid', column 'ester'"),
        (",acid,ester\nacid,1,2\nacid,1,2\n", "source token stands in line 2 and in line 3"),
        (",acid,acid\nacid,1,2\nring,1,2\n", "target token stands in column 2 and in column 3"),
        (",acid,\nacid,1,2\nring,1,2\n", "target token is empty"),
        (",acid,ester\nacid,1,2\n", "too small"),
        (";acid;ester\nacid;1;2\nring;1;2\n", "too small"),
        (b",acid,ester\nac\x00id,1,2\nring,1,2\n", "line 2 holds a NUL byte"),
        (b",acid,ester\nac\xffid,1,2\nring,1,2\n", "not UTF-8"),
        (',acid,ester\n"acid,1,2\nring,1,2\n', "matrix.csv"),
    ],
)
def test_a_bad_matrix_file_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(DataFormatError) as caught:
        knowledge.from_matrix_file(write(tmp_path, text))
    assert said in str(caught.value)


def test_a_missing_matrix_file_is_an_error_not_a_crash(tmp_path):
    with pytest.raises(DataFormatError):
        knowledge.from_matrix_file(tmp_path / "none.csv")


def test_a_tokenizer_without_its_files_says_what_to_do(settings):
    try:
        knowledge.build(settings, GOLD, source="IUPAC", tokenizer="scibert", size=3)
    except MissingDependencyError as error:
        assert "words" in str(error)


def test_the_command_prints_json_only(tmp_path, settings, monkeypatch):
    monkeypatch.setenv("CHEBIMM_STORE", str(settings.store))
    path = write(tmp_path, GOOD)
    result = CliRunner().invoke(
        app, ["map", "--matrix", str(path), "--threshold", "0", "--json", "--null", "published"]
    )
    printed = json.loads(result.stdout)
    assert result.exit_code == 0 and len(printed["scan"]) == 100
    assert printed["pairs_total"] >= len(printed["pairs"])
    assert all(source != target for source, target, *_ in printed["pairs"])
    assert len(printed["z_max_draws"]) == 200
    result = CliRunner().invoke(app, ["map", GOLD, "--source", "IUPAC", "--json", "--size", "4"])
    assert json.loads(result.stdout)["n_molecules"] == 7
    kept = json.loads(result.stdout)["target_tokens"]
    less = ["map", GOLD, "--json", "--size", "4", "--no-boilerplate", "--drop-target", kept[0]]
    assert kept[0] not in json.loads(CliRunner().invoke(app, less).stdout)["target_tokens"]
    assert "specific pairs" in CliRunner().invoke(app, ["map", GOLD, "--size", "4"]).stdout
    assert isinstance(CliRunner().invoke(app, ["map"]).exception, SettingError)
