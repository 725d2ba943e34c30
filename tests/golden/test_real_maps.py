"""Knowledge maps of real captions and real model outputs (data named by CHEBIMM_SHARED)."""

import csv
import time
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from chebimm_core.datasets import published
from chebimm_core.domain.findings import LocalFilterConfig
from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.domain.run import RunSpec, RunState, RunStatus
from chebimm_core.services import knowledge, map_difference, map_evidence
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOLD = "gold:real:test"

# Token lists of the paper's public notebook for T5 (AI-HPC-Research-Team/SLM4Mol).
SOURCE = (
    "hydroxy methyl oxy min prop tri phen ▁acid phospho ate he car cycl box hydr ace ryl lan "
    "pyr ent"
)
TARGET = (
    "▁acid ate hydroxy ▁group metabol ▁conjug oxy ives methyl ine phosphat cycl lic box ▁carb acy "
    "one pyr ▁amino ▁mono"
)


@pytest.fixture(scope="module")
def real(shared, tmp_path_factory):
    root = tmp_path_factory.mktemp("real")
    settings = Settings.from_env(
        {
            "CHEBIMM_STORE": str(root / "store"),
            "CHEBIMM_CACHE": str(root / "cache"),
            "CHEBIMM_T5_TOKENIZER": str(shared / "data" / "vocab" / "t5" / "tokenizer.json"),
        }
    )
    table = pd.read_csv(shared / "data" / "chebi20mm" / "test.csv", dtype=str)
    absent = dict.fromkeys(("canonical_smiles", "inchikey", "scaffold", "problem"))
    molecules = pd.DataFrame(
        {
            "cid": table["CID"],
            "split": "test",
            "SMILES": table["SMILES"].str.replace("\\\\", "\\"),
            "InChI": table["inchi"],
            "SELFIES": table["SELFIES"],
            "IUPAC": table["iupacname"],
            "caption": table["description"],
            **absent,
            "regenerated": "",
        }
    )
    header = DatasetHeader(
        name="real",
        title="Test split",
        synthetic=False,
        source="CHEBIMM_SHARED",
        license="MIT",
        citation="Liu et al. 2025",
        content_hash="0" * 64,
        imported=NOW,
        splits={"test": len(molecules)},
        properties=(),
        coverage=(),
        issues=(),
    )
    DatasetStore(settings.store).write(header, molecules)
    file = shared / "data" / "predictions" / "molt5-base-smiles2caption.txt"
    outputs = pd.read_csv(file, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False, dtype=str)
    joined = molecules[["cid", "SMILES"]].merge(outputs, on="SMILES")
    assert len(joined) == 3300
    frame = pd.DataFrame(
        {
            "cid": joined["cid"],
            "input_hash": "",
            "output": joined["output"],
            "error": None,
            "latency_s": np.nan,
        }
    )
    spec = RunSpec(
        task="captioning",
        transition="SMILES->caption",
        model="MolT5-base",
        dataset="real",
        dataset_hash="0" * 64,
        split="test",
    )
    cids = frame[["cid"]]
    run = RunStore(settings.store).add(
        spec,
        RunStatus(state=RunState.DONE, created=NOW, n_predictions=len(frame)),
        predictions=frame,
        samples=cids,
        statistics=cids,
        scores=(),
    )
    return settings, run


def test_gold_captions_show_most_of_the_published_pairs(real):
    settings, _ = real
    found = knowledge.build(
        settings,
        GOLD,
        source="IUPAC",
        tokenizer="t5",
        keep_source=SOURCE.split(),
        keep_target=TARGET.split(),
        threshold=2.788,
    )
    # The paper mapped the outputs of T5, this is the gold text: related, not identical. By chance,
    # 16 published pairs of 400 would hold less than half a pair of ours.
    ours = {(p.source.strip("▁"), p.target.strip("▁")) for p in found.pairs}
    theirs = {(p.source, p.target) for p in published.specific_pairs(settings.published)}
    assert len(ours & theirs) >= 5
    assert {("lan", "phosphat"), ("min", "ine"), ("ace", "amino")} <= ours


def test_a_run_of_3300_molecules_is_mapped_in_seconds_and_then_at_once(real):
    settings, run = real
    cache = {}
    start = time.process_time()
    found = knowledge.build(settings, run, source="IUPAC", cache=cache)
    first = time.process_time() - start
    start = time.process_time()
    again = knowledge.build(settings, run, source="IUPAC", cache=cache, size=200)
    second = time.process_time() - start
    assert first < 3.0 and second < 1.5
    assert found.n_molecules == 3292 and again.counts.shape == (200, 200)
    assert found.counts.sum() > 0 and (found.carriers <= found.n_molecules).all()


def test_a_cell_counts_what_a_reader_would_count(real):
    settings, run = real
    found = knowledge.build(
        settings,
        run,
        source="IUPAC",
        keep_source=["phosphate", "acid"],
        keep_target=["conjugate", "ester"],
    )
    rows = knowledge.pair_molecules(
        settings,
        run,
        source="IUPAC",
        source_token="phosphate",
        target_token="conjugate",
        limit=5000,
    )
    i, j = found.source_tokens.index("phosphate"), found.target_tokens.index("conjugate")
    assert rows.attrs["total"] == len(rows) == found.carriers[i, j]
    meetings = (rows["source_spans"].str.len() * rows["target_spans"].str.len()).sum()
    assert meetings == found.counts[i, j]


def test_the_association_tells_artefacts_from_textbook_facts(real):
    """Figures of the gold captions with word tokens, permuted over all molecules."""
    settings, _ = real
    found = knowledge.build(
        settings, GOLD, source="IUPAC", size=60, null="shuffle",
        config=LocalFilterConfig(strata=1, shuffle_draws=300),
    )  # fmt: skip
    assert found.association is not None
    at = found.source_tokens.index("aminopurin"), found.target_tokens.index("coa")
    assert found.association.value[at] == pytest.approx(43.9, abs=0.5)
    at = found.source_tokens.index("ium"), found.target_tokens.index("acid")
    assert found.association.value[at] == pytest.approx(-2.2, abs=0.1)
    verdicts = map_evidence.verdict_table(found)
    facts = set(
        verdicts.loc[verdicts["verdict"] == "supported", ["source", "target"]]
        .itertuples(index=False, name=None)
    )  # fmt: skip
    assert {("ol", "alcohol"), ("aminopurin", "coa"), ("phenanthren", "steroid")} <= facts


def test_a_model_of_real_captions_learned_most_and_the_rest_is_named(real):
    settings, run_id = real
    found = map_difference.difference(
        settings, map_difference.gold_of(settings, run_id), run_id, source="IUPAC", size=60,
        boilerplate=False,
    )  # fmt: skip
    learned, missed = found.count("learned"), found.count("missed")
    assert learned / (learned + missed) > 0.7
    pairs = found.pairs.set_index(["source", "target"])
    assert pairs.loc[("aminopurin", "coa"), "relation"] == "learned"
    # Every pair is traced to molecules: the three counts are those of the texts themselves.
    both, gold_only, _ = pairs.loc[("ol", "alcohol"), ["both", "reference_only", "model_only"]]
    carriers = knowledge.pair_molecules(
        settings, GOLD, source="IUPAC", source_token="ol", target_token="alcohol", limit=4000
    )
    assert len(carriers) >= both + gold_only > 0
