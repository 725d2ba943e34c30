"""What the models that run offline reach on ChEBI-20-MM, trained on validation, tested on test."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chebimm_core.datasets.standardize import unescape_smiles
from chebimm_core.domain.specs import Transition
from chebimm_core.metrics.scoring import score
from chebimm_core.models import MODELS
from chebimm_core.models.protocols import FitContext
from chebimm_core.runner import evaluate
from chebimm_core.runner.scoring import modality_texts
from chebimm_core.settings import Settings

SHARED = Path(os.environ.get("CHEBIMM_SHARED", "../shared")) / "data/chebi20mm"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="CHEBIMM_SHARED names no folder of real data"),
    pytest.mark.xdist_group("offline-gates"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def splits() -> tuple[pd.DataFrame, pd.DataFrame]:
    return read("validation"), read("test")


def read(split: str) -> pd.DataFrame:
    rows = pd.read_csv(SHARED / f"{split}.csv", dtype=str, keep_default_na=False)
    smiles = [unescape_smiles(s) for s in rows["SMILES"]]
    number = {c: pd.to_numeric(rows[c], errors="coerce") for c in ("xlogp", "polararea")}
    return pd.DataFrame(
        {"cid": rows["CID"], "SMILES": smiles, "canonical_smiles": smiles,
         "caption": rows["description"], "IUPAC": rows["iupacname"].replace("", None), **number}
    )  # fmt: skip


def answers(
    splits: tuple[pd.DataFrame, pd.DataFrame],
    model: str,
    protocol: Any,
    transition: str,
    *,
    column: str = "xlogp",
    **arguments: Any,
) -> pd.DataFrame:
    train, test = splits
    moved = Transition.parse(transition)
    held_out = train.sample(frac=0.1, random_state=0)
    fitted = evaluate.fitted(
        MODELS[model], protocol, moved, train.drop(held_out.index) if model == "gin" else train,
        pool=test, context=FitContext(seed=0, device="cpu"), target_property=column,
        validation=held_out if model == "gin" else None, arguments=arguments,
    )  # fmt: skip
    asked = pd.DataFrame({"cid": test["cid"], "input": modality_texts(test, moved.sources)})
    ability = MODELS[model].ability(protocol)
    assert ability is not None
    found = evaluate.answers(fitted, asked, smallest=ability.smallest_batch)
    return pd.concat(list(found), ignore_index=True)


def error(splits: tuple[pd.DataFrame, pd.DataFrame], found: pd.DataFrame, column: str) -> float:
    wanted = splits[1][column].to_numpy()
    known = np.isfinite(wanted)
    given = found["output"].astype(float).to_numpy()
    return float(np.sqrt(np.mean(np.square(given[known] - wanted[known]))))


def test_the_nearest_neighbour_copies_good_captions(splits: Any) -> None:
    from nltk.translate.bleu_score import corpus_bleu

    found = answers(splits, "knn-morgan", "generate", "SMILES->caption")
    references = [[text.split()] for text in splits[1]["caption"]]
    given = [str(text).split() for text in found["output"]]
    assert corpus_bleu(references, given, weights=(0.5, 0.5)) >= 0.41


def test_opsin_reads_the_names(splits: Any) -> None:
    found = answers(splits, "opsin", "generate", "IUPAC->SMILES")
    scored = score(
        ("exact",), found["output"].where(found["output"].notna(), None).tolist(),
        splits[1]["SMILES"].tolist(), settings=Settings.from_env(), n_bootstrap=20,
    )  # fmt: skip
    assert scored.scores[0].value >= 0.96


@pytest.mark.parametrize(("column", "gate"), [("xlogp", 0.85), ("polararea", 8.0)])
def test_ridge_on_morgan_counts(splits: Any, column: str, gate: float) -> None:
    found = answers(splits, "ridge-morgan", "predict", "SMILES->property", column=column)
    assert error(splits, found, column) <= gate


def test_infonce_finds_captions_among_3300(splits: Any) -> None:
    found = answers(splits, "retrieval-infonce", "retrieve", "SMILES->caption")
    read = [json.loads(text) for text in found["output"]]
    assert {r["pool"] for r in read} == {3300} and len(read) == 3300
    ranks = np.array([r["rank"] for r in read])
    assert (ranks <= 1).mean() >= 0.30
    assert (ranks <= 10).mean() >= 0.72


@pytest.mark.parametrize(("column", "gate"), [("xlogp", 1.0), ("polararea", 8.0)])
def test_gin_learns_in_fifteen_processor_seconds(splits: Any, column: str, gate: float) -> None:
    found = answers(splits, "gin", "predict", "graph->property", column=column, cpu_seconds=15.0)
    assert error(splits, found, column) <= gate
