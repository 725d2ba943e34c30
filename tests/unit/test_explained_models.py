"""What models say of answers: log-probabilities, environments, and games on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny_networks

from chebimm_core.domain.specs import Transition
from chebimm_core.errors import SettingError
from chebimm_core.models import MODELS, load
from chebimm_core.models.protocols import Additive, FitContext, Scorer

PAIRS = pd.DataFrame(
    {
        "cid": ["1", "2", "3"],
        "input": ["CCO", "CCN", "c1ccccc1"],
        "target": ["The molecule is an alcohol.", "The molecule is an amine.", "benzene"],
    }
)
TO_TEXT = Transition(("SMILES",), "caption")
FAMILIES = [("molt5", "t5"), ("hub-seq2seq", "bart"), ("hub-causal", "gpt2")]


def fitted(model: str, kind: str, folder: Path) -> Any:
    weights = tiny_networks.text(kind, folder)
    made = load(MODELS[model], "generate", {"weights": weights, "epochs": 0, "max_length": 40})
    return made.fit(PAIRS, TO_TEXT, FitContext(device="cpu"))


@pytest.mark.parametrize(("model", "kind"), FAMILIES)
def test_log_probabilities_are_those_of_the_loss(model: str, kind: str, tmp_path: Path) -> None:
    """The mean over an answer's tokens is what training minimizes."""
    import torch

    adapter = fitted(model, kind, tmp_path)
    assert isinstance(adapter, Scorer)
    inputs, answers = list(PAIRS["input"]), list(PAIRS["target"])
    rows = adapter.log_probabilities(inputs, answers)
    network = adapter._network
    for text, answer, row in zip(inputs, answers, rows, strict=True):
        example, target = network.prepare([text])[0], network.targets([answer], 40)[0]
        with torch.no_grad():
            loss = float(network(network.collate([(example, target)], torch.device("cpu"))))
        assert len(row) == len(target) and (row <= 0).all()
        assert -row.mean() == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(("model", "kind"), FAMILIES)
def test_answer_spans_are_the_answer(model: str, kind: str, tmp_path: Path) -> None:
    adapter = fitted(model, kind, tmp_path)
    for answer in PAIRS["target"]:
        spans = adapter.answer_spans(answer)
        assert len(spans) == len(adapter.log_probabilities(["CCO"], [answer])[0])
        written = "".join(answer[a:b] for a, b in spans)
        assert written == answer.replace(" ", "")
        assert spans[-1][0] == spans[-1][1]  # the end of the text


def test_an_answer_does_not_depend_on_its_batch(tmp_path: Path) -> None:
    adapter = fitted("molt5", "t5", tmp_path)
    together = adapter.log_probabilities(list(PAIRS["input"]), list(PAIRS["target"]))
    for text, answer, row in zip(PAIRS["input"], PAIRS["target"], together, strict=True):
        alone = adapter.log_probabilities([text], [answer])[0]
        np.testing.assert_allclose(alone, row, atol=1e-4)


SMILES = ("CCO", "CC(=O)Oc1ccccc1C(=O)O", "c1ccncc1", "CC(C)(C)O", "OCC(O)CO", "CCCCN", "CC#N",
          "O=C1CCCN1", "CSCC", "Clc1ccccc1")  # fmt: skip


@pytest.fixture(scope="module")
def ridge() -> Any:
    frame = pd.DataFrame({"cid": SMILES, "input": SMILES, "target": [str(len(s)) for s in SMILES]})
    return load(MODELS["ridge-morgan"], "predict", {}).fit(
        frame, Transition(("SMILES",), "property"), FitContext()
    )


@pytest.mark.parametrize("smiles", [*SMILES, "CCOC(=O)c1ccc2[nH]ccc2c1"])
def test_environments_add_up_to_the_prediction(ridge: Any, smiles: str) -> None:
    assert isinstance(ridge, Additive)
    base, found = ridge.environments(smiles)
    said = float(ridge.generate([smiles])[0].output)
    assert base[0] + sum(e.values[0] for e in found) == pytest.approx(said, rel=1e-5, abs=1e-5)
    assert all(e.atoms for e in found)


def test_environments_of_no_structure_are_refused(ridge: Any) -> None:
    with pytest.raises(SettingError, match="rejects"):
        ridge.environments("C1CC(")
