"""Verdicts, stability and differences of maps, by the services the page and the command call."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from run_samples import DATASET, NOW, settings_with_data

from chebimm_core.domain.findings import LocalFilterConfig
from chebimm_core.domain.run import RunSpec, RunState, RunStatus
from chebimm_core.errors import SettingError
from chebimm_core.services import definitions, knowledge, map_difference, map_evidence, map_slices
from chebimm_core.services.map_texts import text_pairs
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore

GOLD = f"gold:{DATASET}:test"
MAP = {"source": "IUPAC", "size": 6}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return settings_with_data(tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="module")
def model(settings):
    return stored(settings, "copycat", lambda texts: texts)


def stored(settings, name, write):
    """A captioning run whose outputs ``write`` makes of the gold captions."""
    gold = text_pairs(settings, GOLD, source="SMILES")
    spec = RunSpec(
        task="captioning", transition="SMILES->caption", model=name, dataset=DATASET,
        dataset_hash=DatasetStore(settings.store).header(DATASET).content_hash, split="test",
    )  # fmt: skip
    outputs = write(list(gold.target))
    frame = pd.DataFrame(
        {"cid": gold.cids, "input_hash": "x", "output": outputs, "error": None, "latency_s": 0.0}
    )
    status = RunStatus(state=RunState.DONE, created=NOW, n_predictions=len(frame))
    cids = frame[["cid"]]
    return RunStore(settings.store).add(
        spec, status, predictions=frame, samples=cids, statistics=cids, scores=(), overwrite=True
    )


def test_every_cell_with_a_verdict_is_listed_with_its_statistics(settings):
    found = knowledge.build(settings, GOLD, null="shuffle", threshold=1.0, **MAP)
    table = map_evidence.verdict_table(found, alpha=0.3)
    assert list(table.columns) == list(map_evidence.VERDICT_COLUMNS)
    assert set(table["verdict"]) <= set(map_evidence.VERDICTS)
    local = {(p.source, p.target) for p in found.pairs}
    listed = set(zip(table["source"], table["target"], strict=True))
    assert local <= listed  # nothing the filter selects is without a verdict
    assert ((table["p"] > 0) & (table["p"] <= 1) & (table["q"] >= table["p"] - 1e-12)).all()


def test_a_map_without_shuffles_has_no_verdicts(settings):
    with pytest.raises(SettingError, match="shuffle"):
        map_evidence.verdict_table(knowledge.build(settings, GOLD, **MAP))
    found = knowledge.build(settings, GOLD, null="shuffle", **MAP)
    with pytest.raises(SettingError, match="false discovery"):
        map_evidence.verdict_table(found, alpha=1.5)


def test_both_nulls_stand_side_by_side_and_a_matrix_alone_cannot_be_shuffled(settings, tmp_path):
    found = knowledge.build(settings, GOLD, null="both", **MAP)
    assert found.association is not None and found.shuffle_scan is not None
    assert len(found.scan.z_max_draws) == found.config.null_draws
    one = knowledge.build(settings, GOLD, null="published", **MAP)
    assert np.array_equal(one.scan.z, found.scan.z, equal_nan=True)
    assert one.association is None
    path = tmp_path / "matrix.csv"
    path.write_text("token,a,b\nx,1,2\ny,3,4\n")
    with pytest.raises(SettingError, match="texts of molecules"):
        knowledge.from_matrix_file(path, null="shuffle")


def test_stability_is_of_the_specific_pairs(settings):
    table = map_evidence.stability_table(
        settings, GOLD, threshold=0.5, resamples=20, orders=20, **MAP
    )
    found = knowledge.build(settings, GOLD, threshold=0.5, **MAP)
    assert len(table) == len(found.pairs) > 0
    assert table["survival"].between(0, 1).all() and table["order_share"].between(0, 1).all()
    low, high = table["association_low"], table["association_high"]
    assert (low.isna() | (low <= high)).all()


def test_every_tokenizer_is_tried_and_one_that_cannot_says_why(settings):
    table = map_evidence.by_tokenizer(settings, GOLD, **MAP).set_index("tokenizer")
    assert table.loc["words", "note"] == ""
    assert (table["note"].ne("") | table["specific"].ge(0)).all()


def test_a_model_that_writes_the_gold_texts_learned_everything(settings, model):
    found = map_difference.difference(settings, GOLD, model, source="IUPAC", size=6, alpha=0.4)
    assert found.count("missed") == found.count("invented") == 0
    assert (found.pairs["reference_only"] == 0).all()
    assert np.array_equal(found.reference.counts, found.model.counts)


def test_a_model_that_shuffles_its_captions_missed_what_it_missed(settings):
    shifted = stored(settings, "shifted", lambda texts: texts[1:] + texts[:1])
    found = map_difference.difference(settings, GOLD, shifted, source="IUPAC", size=6, alpha=0.4)
    assert found.count("learned") < len(found.pairs) or found.pairs.empty
    assert (found.pairs["both"] + found.pairs["reference_only"] <= found.n_molecules).all()


def test_two_models_are_compared_and_other_modalities_refused(settings, model):
    other = stored(settings, "other", lambda texts: texts[::-1])
    found = map_difference.difference(settings, model, other, source="SMILES", size=4)
    assert "copycat" in found.signature and "other" in found.signature
    with pytest.raises(SettingError, match="no gold"):
        map_difference.gold_of(settings, GOLD)
    with pytest.raises(SettingError, match="holds a pair"):
        map_difference.difference(settings, GOLD, model, source="IUPAC", holds="maybe")


@pytest.mark.parametrize(("one", "two"), [("acyclic", "ring"), ("short", "long"), ("seen", "new")])
def test_slices_part_the_molecules(settings, model, one, two):
    texts = text_pairs(settings, model, source="SMILES")
    first, second = (map_slices.chosen_molecules(settings, model, s, texts) for s in (one, two))
    assert first is not None and second is not None and not first & second
    known = {cid for cid in texts.cids if cid in first | second}
    assert len(known) >= len(texts.cids) - 1  # at most the unreadable one is in neither
    with pytest.raises(SettingError, match="slice"):
        map_slices.chosen_molecules(settings, model, "tall", texts)


def test_an_empty_slice_says_so(settings, model):
    with pytest.raises(SettingError, match="too few molecules"):
        map_difference.difference(settings, GOLD, model, source="IUPAC", slice_="seen")


def test_every_statistic_on_the_page_is_defined():
    document = definitions.document().lower()
    for name in definitions.SENTENCES:
        head = name.split(",", maxsplit=1)[0].split(" ")[0].lower()
        assert head in document, name


def test_the_configuration_names_draws_and_strata():
    assert LocalFilterConfig().shuffle_draws == 1000 and LocalFilterConfig().strata == 10


def test_a_report_prints_everything_and_no_token_is_read_as_markup(settings):
    from dataclasses import replace
    from html.parser import HTMLParser

    from chebimm_core.figures import map_report

    found = knowledge.build(settings, GOLD, null="both", threshold=0.5, **MAP)
    evil = "<script>alert(1)</script>&_%"
    hostile = replace(found, source_tokens=(evil, *found.source_tokens[1:]))
    hostile = knowledge.at_threshold(hostile, 0.5)
    table = map_evidence.verdict_table(hostile, alpha=0.9)
    page = map_report.page(hostile, table, title="<b>run</b>")

    seen = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.add(tag)

    Tags().feed(page)
    assert not seen & {"script", "b", "img", "link", "iframe"}
    assert "10.1038/s42256-024-00977-6" in page and "alert(1)" in page
    assert page.count("<rect") == found.counts.size + len(hostile.pairs)
    tex = map_report.latex(table, signature=found.signature)
    assert tex.count("\\\\") == len(table.head(30)) + 1
    assert r"\&\_\%" in tex or evil not in set(table["source"].head(30))
