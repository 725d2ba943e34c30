"""The eight families on tiny networks saved locally: the very path a user's weights take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from chebimm_core.domain.run import TrainingPoint
from chebimm_core.domain.specs import Transition
from chebimm_core.errors import DataFormatError, OfflineError, SettingError
from chebimm_core.models import MODELS, load
from chebimm_core.models.protocols import FitContext
from tests import tiny_networks

SMILES = ["CCO", "CCN", "c1ccccc1", "CC(=O)O", "CCCO", "CCCN", "Cc1ccccc1", "CCC(=O)O"]
CAPTIONS = [f"The molecule is {'an alcohol' if s.endswith('O') else 'no alcohol'}." for s in SMILES]
QUICK: dict[str, Any] = {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3}
WRITE: dict[str, Any] = {**QUICK, "max_length": 12, "max_input": 64}

WRITERS = {
    "molt5": ("t5", "SMILES->caption"),
    "bart": ("bart", "caption->SMILES"),
    "gpt2": ("gpt2", "SMILES->caption"),
    "gpt-neo": ("gpt_neo", "IUPAC->SMILES"),
    "biogpt": ("biogpt", "SMILES->IUPAC"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def text(folder: Path, kind: str) -> str:
    place = folder / kind
    return str(place) if place.exists() else tiny_networks.text(kind, place)


def image(folder: Path, kind: str) -> str:
    place = folder / kind
    return str(place) if place.exists() else tiny_networks.image(kind, place)


def pairs(inputs: list[str], targets: list[str]) -> pd.DataFrame:
    cids = [str(k) for k in range(len(inputs))]
    return pd.DataFrame({"cid": cids, "input": inputs, "target": targets})


def fitted(
    name: str,
    protocol: Any,
    transition: str,
    train: pd.DataFrame,
    context: FitContext | None = None,
    **arguments: Any,
) -> Any:
    model: Any = load(MODELS[name], protocol, arguments)
    context = context or FitContext(seed=1, device="cpu")
    return model.fit(train, Transition.parse(transition), context)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_native_writer_learns_and_answers_every_input(folder: Path, name: str) -> None:
    kind, transition = WRITERS[name]
    points: list[TrainingPoint] = []
    train = pairs(SMILES, CAPTIONS)
    context = FitContext(seed=1, device="cpu", validation=train.head(2), record=points.append)
    weights = text(folder, kind)
    model = fitted(name, "generate", transition, train, context, weights=weights, **WRITE)
    found = model.generate([*SMILES[:3], "x" * 500])
    assert len(found) == 4
    assert all((g.output is None) != (g.error is None) for g in found)
    assert any(p.validation is not None for p in points)


@pytest.mark.parametrize("beams", [1, 3])
def test_answers_do_not_depend_on_the_batch_and_keep_to_their_length(
    folder: Path, beams: int
) -> None:
    model = fitted(
        "t5", "generate", "SMILES->caption", pairs(SMILES, CAPTIONS),
        weights=text(folder, "t5"), **{**WRITE, "epochs": 3}, num_beams=beams,
    )  # fmt: skip
    together = [g.output for g in model.generate(SMILES)]
    alone = [model.generate([s])[0].output for s in SMILES]
    assert together == alone
    longest = max(map(len, model._network.tokenizer.get_vocab()))
    assert all(len(o or "") <= WRITE["max_length"] * longest for o in together)


def test_a_writer_can_be_asked_untrained(folder: Path) -> None:
    model = fitted(
        "t5", "generate", "SMILES->caption", pairs(SMILES[:1], CAPTIONS[:1]),
        weights=text(folder, "t5"), **{**WRITE, "epochs": 0},
    )  # fmt: skip
    assert len(model.generate(["CCO"])) == 1


COMPOSITES = (
    ("bert-molt5", {"encoder_weights": "bert"}, "SMILES->caption"),
    ("gin-t5", {}, "graph->caption"),
    ("gat-bart", {"decoder": "bart"}, "graph->IUPAC"),
    ("vit-molt5", {"image": "vit"}, "image->SMILES"),
    ("resnet-bart", {"image": "resnet", "decoder": "bart"}, "image->IUPAC"),
    ("swin-t5", {"image": "swin"}, "image->SMILES"),
)


@pytest.mark.parametrize(
    ("name", "parts", "transition"), COMPOSITES, ids=[c[0] for c in COMPOSITES]
)
def test_an_encoder_writes_through_the_decoder_of_another(
    folder: Path, name: str, parts: dict[str, str], transition: str
) -> None:
    arguments: dict[str, Any] = {"decoder_weights": text(folder, parts.get("decoder", "t5"))}
    if "encoder_weights" in parts:
        arguments["encoder_weights"] = text(folder, parts["encoder_weights"])
    if "image" in parts:
        arguments["encoder_weights"] = image(folder, parts["image"])
    points: list[TrainingPoint] = []
    context = FitContext(
        seed=1, device="cpu", validation=pairs(SMILES, CAPTIONS), record=points.append
    )
    model = fitted(
        name, "generate", transition, pairs(SMILES * 4, CAPTIONS * 4), context,
        **arguments, **{**WRITE, "epochs": 4, "learning_rate": 1e-2},
    )  # fmt: skip
    values = [p.validation for p in points if p.validation is not None]
    assert min(values) < values[0]  # the joint network learns
    found = model.generate(["CCO", "no molecule"])
    if not name.startswith("bert"):
        assert found[1].output is None and found[1].error
    assert found[0].output or found[0].error


@pytest.mark.parametrize(
    ("name", "kind"),
    [("scibert", "bert"), ("chemberta", "roberta"), ("t5", "t5"), ("bart", "bart")],
)
@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_a_text_encoder_predicts_and_retrieves(
    folder: Path, name: str, kind: str, pooling: str
) -> None:
    arguments = {"weights": text(folder, kind), "pooling": pooling, **QUICK}
    values = [str(0.5 * len(s)) for s in SMILES]
    model = fitted(name, "predict", "SMILES->property", pairs(SMILES, values), **arguments)
    assert all(np.isfinite(float(g.output)) for g in model.generate(SMILES))
    model = fitted(name, "retrieve", "SMILES->caption", pairs(SMILES, CAPTIONS), **arguments)
    sources, targets = model.embed_sources(SMILES), model.embed_targets(CAPTIONS)
    assert sources.shape == targets.shape == (8, 256)
    assert np.allclose(np.linalg.norm(sources, axis=1), 1, atol=1e-4)


def test_several_properties_with_gaps_are_learned_at_once(folder: Path) -> None:
    labels = [json.dumps({"a": k % 2} | ({"b": 0.5 * k} if k % 3 else {})) for k in range(8)]
    model = fitted(
        "gin", "predict", "graph->property", pairs(SMILES, labels), **{**QUICK, "epochs": 60},
        cpu_seconds=5.0,
    )  # fmt: skip
    found = [json.loads(str(g.output)) for g in model.generate(SMILES)]
    assert all(set(row) == {"a", "b"} and 0 <= row["a"] <= 1 for row in found)
    assert model.generate(["no molecule"])[0].error


@pytest.mark.parametrize("kind", ["vit", "resnet", "swin"])
def test_an_image_encoder_retrieves_both_ways(folder: Path, kind: str) -> None:
    arguments = {"weights": image(folder, kind), "text_weights": text(folder, "bert"), **QUICK}
    for transition, sides in (
        ("image->caption", (SMILES, CAPTIONS)),
        ("SMILES->image", (SMILES,) * 2),
    ):
        model = fitted(kind, "retrieve", transition, pairs(*sides), **arguments)
        vectors = model.embed_sources([*sides[0], "no molecule"])
        assert np.isfinite(vectors[:-1]).all()
        assert np.isnan(vectors[-1]).all() == transition.startswith("image")


def test_a_graph_network_finds_its_captions(folder: Path) -> None:
    train = pairs(SMILES * 20, [f"{c} {s}" for c, s in zip(CAPTIONS, SMILES, strict=True)] * 20)
    model = fitted(
        "gin", "retrieve", "graph->caption", train, epochs=30, batch_size=8, cpu_seconds=10.0
    )
    near = model.embed_sources(SMILES) @ model.embed_targets(train["target"][:8].tolist()).T
    assert (near.argmax(axis=1) == np.arange(8)).mean() >= 0.75


def test_pickled_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    import shutil

    import torch
    from safetensors.torch import load_file

    place = tmp_path / "pickled"
    shutil.copytree(text(folder, "bert"), place)
    torch.save(load_file(place / "model.safetensors"), place / "pytorch_model.bin")
    (place / "model.safetensors").unlink()
    with pytest.raises(DataFormatError, match="safetensors"):
        fitted("bert", "predict", "SMILES->property", pairs(["C"], ["1"]), weights=str(place))


def test_code_from_a_folder_is_never_run(folder: Path, tmp_path: Path) -> None:
    import shutil

    place = tmp_path / "coded"
    shutil.copytree(text(folder, "bert"), place)
    config = json.loads((place / "config.json").read_text())
    config["model_type"] = "homemade"
    config["auto_map"] = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    (place / "config.json").write_text(json.dumps(config))
    marker = tmp_path / "ran"
    (place / "evil.py").write_text(f"open({str(marker)!r}, 'w')")
    with pytest.raises(DataFormatError):
        fitted("bert", "predict", "SMILES->property", pairs(["C"], ["1"]), weights=str(place))
    assert not marker.exists()


@pytest.mark.parametrize(
    "given", ["../../etc", "a b", "/nowhere/at/all", "a/b/c", "http://x/y", "."]
)
def test_what_is_no_hub_id_and_no_folder_is_refused(given: str) -> None:
    with pytest.raises((SettingError, DataFormatError)):
        fitted("bert", "predict", "SMILES->property", pairs(["C"], ["1"]), weights=given)


def test_without_the_hub_the_error_says_what_to_do() -> None:
    with pytest.raises(OfflineError, match="local folder"):
        fitted("bert", "predict", "SMILES->property", pairs(["C"], ["1"]))


@pytest.mark.parametrize("joining", ["add", "weighted", "attention"])
def test_two_modalities_are_read_together(folder: Path, joining: str) -> None:
    both = [f"{s}\n{s}" for s in SMILES]
    values = [str(float(s.count("O"))) for s in SMILES]
    model = fitted(
        "fusion", "predict", "SMILES+graph->property", pairs(both * 8, values * 8),
        joining=joining, joint_width=16, epochs=60, batch_size=8, learning_rate=5e-3,
        cpu_seconds=8.0,
    )  # fmt: skip
    found = [float(g.output) for g in model.generate(both)]
    assert np.allclose(found, [float(v) for v in values], atol=0.5)
    assert model.generate(["CCO\nno molecule"])[0].error
    assert model.generate(["CCO"])[0].error  # one input of two

    points: list[TrainingPoint] = []
    context = FitContext(
        seed=1, device="cpu", validation=pairs(both, CAPTIONS), record=points.append
    )
    writer = fitted(
        "fusion", "generate", "SMILES+graph->caption", pairs(both * 4, CAPTIONS * 4), context,
        joining=joining, joint_width=16, text_weights=text(folder, "bert"),
        decoder_weights=text(folder, "t5"), **{**WRITE, "epochs": 4, "learning_rate": 1e-2},
    )  # fmt: skip
    losses = [p.validation for p in points if p.validation is not None]
    assert min(losses) < losses[0]
    assert len(writer.generate(both)) == len(both)
