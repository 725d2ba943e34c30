"""Models that run here: what they learn, what they refuse, what they never do."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chebimm_core.domain.prediction import PREDICTION_COLUMNS
from chebimm_core.domain.specs import ModelCard, Transition
from chebimm_core.errors import SettingError
from chebimm_core.modalities.opsin import smiles_from_names
from chebimm_core.models import MODELS
from chebimm_core.models import load as load_adapter
from chebimm_core.models.protocols import FitContext
from chebimm_core.runner.evaluate import predict

CAPTION = Transition(("SMILES",), "caption")
PROPERTY = Transition(("SMILES",), "property")
ALCOHOLS = ["CO", "CCO", "CCCO", "CCCCO", "CCCCCO", "CCCCCCO"]
NAMES = ["methanol", "ethanol", "propan-1-ol", "butan-1-ol", "pentan-1-ol", "hexan-1-ol"]


def load(card: ModelCard) -> Any:
    return load_adapter(card, card.abilities[0].protocol)


def pairs(inputs: list[str], targets: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"cid": [str(k) for k in range(len(inputs))], "input": inputs, "target": targets}
    )


def molecules(smiles: list[str], names: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cid": [str(k) for k in range(len(smiles))],
            "SMILES": smiles,
            "canonical_smiles": smiles,
            "IUPAC": names,
            "caption": [None if n is None else f"The molecule is {n}." for n in names],
            "xlogp": [-0.5 + 0.5 * len(s) for s in smiles],
        }
    )


def test_the_constant_floor_gives_the_most_central_answer() -> None:
    answers = ["an acid and an ester", "an acid", "an acid and a salt", "quite different words"]
    model = load(MODELS["floor-constant"]).fit(
        pairs(["C"] * 4, answers), CAPTION, FitContext(seed=0)
    )
    given_back = {g.output for g in model.generate(["C", "CC", "O"])}
    assert len(given_back) == 1
    assert given_back < set(answers) - {"quite different words"}


def test_the_constant_floor_of_a_property_is_its_mean() -> None:
    model = load(MODELS["floor-constant"]).fit(
        pairs(["C", "CC"], ["1", "4"]), PROPERTY, FitContext(seed=0)
    )
    assert [g.output for g in model.generate(["CCC"])] == ["2.5"]


def test_the_random_floor_depends_on_seed_and_input_but_not_on_the_batch() -> None:
    train = pairs(ALCOHOLS * 5, [f"answer {k}" for k in range(30)])
    one, same, other = (
        load(MODELS["floor-random"]).fit(train, CAPTION, FitContext(seed=seed))
        for seed in (1, 1, 2)
    )
    inputs = [f"C{'C' * k}" for k in range(20)]
    drawn = [g.output for g in one.generate(inputs)]
    assert drawn == [g.output for g in same.generate(inputs)]
    assert drawn == [one.generate([text])[0].output for text in inputs]
    assert drawn != [g.output for g in other.generate(inputs)]
    assert {d for d in drawn if d} <= set(train["target"])


def test_the_fingerprint_neighbour_copies_the_most_similar_molecule() -> None:
    train = pairs(["CCCCCCCC", "c1ccccc1", "CC(=O)O"], ["octane", "benzene", "acid"])
    model = load(MODELS["knn-morgan"]).fit(train, CAPTION, FitContext(seed=0))
    answers = model.generate(["CCCCCCC", "Cc1ccccc1", "CCC(=O)O", "C1CC"])
    assert [a.output for a in answers] == ["octane", "benzene", "acid", None]
    assert answers[3].error


def test_the_fingerprint_neighbour_leaves_unreadable_training_molecules_out() -> None:
    model = load(MODELS["knn-morgan"]).fit(
        pairs(["C1CC", "CCO"], ["bad", "good"]), CAPTION, FitContext(seed=0)
    )
    assert model.generate(["CCO"])[0].output == "good"


def test_the_text_neighbour_answers_by_surface_and_says_when_nothing_is_shared() -> None:
    train = pairs(NAMES, ALCOHOLS)
    model = load(MODELS["knn-text"]).fit(train, Transition(("IUPAC",), "SMILES"), 0)
    answers = model.generate(["pentan-2-ol", "ΩΩΩΩ"])
    assert answers[0].output == "CCCCCO"
    assert answers[1].output is None and answers[1].error


@pytest.mark.parametrize("name", ["ridge-morgan", "ridge-text"])
def test_ridge_learns_a_trend_and_gives_numbers(name: str) -> None:
    chains = ["C" * k + "O" for k in range(1, 30)]
    train = pairs(chains, [str(0.5 * k) for k in range(1, 30)])
    model = load(MODELS[name]).fit(train, PROPERTY, FitContext(seed=0))
    values = [float(g.output or "nan") for g in model.generate(["CCCO", "C" * 20 + "O"])]
    assert values[0] < values[1]


_LEARNERS = [
    name
    for name, card in MODELS.items()
    if not card.weights
    and card.paper_family in {None, 2}
    and card.family not in {"tool", "endpoint", "scripted"}
]


@pytest.mark.parametrize("name", _LEARNERS)
def test_nothing_to_learn_from_is_a_clear_error(name: str) -> None:
    card = MODELS[name]
    with pytest.raises(SettingError, match="train"):
        load(card).fit(pairs([], []), card.transitions[0], FitContext(seed=0))


def test_opsin_reads_names_and_salts_and_gives_none_for_the_rest() -> None:
    found = smiles_from_names(
        ["ethanol", "sodium;acetate", "magnesium;dichloride;hexahydrate", "no\nname", "", "sodium"]
    )
    assert found[0] == "C(C)O"
    assert found[1] == "[Na+].C(C)(=O)[O-]"
    assert found[2] == "[Mg+2].[Cl-].[Cl-].O.O.O.O.O.O"
    assert found[3:5] == [None, None]
    assert found[5] == "[Na]"


def test_a_failed_sample_is_a_row_with_its_reason() -> None:
    train = molecules(ALCOHOLS, list(NAMES))
    test = molecules(["CCO", "C1CC", "CCC"], ["ethanol", "broken", None])
    test.loc[2, "SMILES"] = None
    found = predict(MODELS["knn-morgan"], CAPTION, train, test, 0, protocol="generate")
    assert list(found.columns) == list(PREDICTION_COLUMNS)
    assert found["cid"].tolist() == ["0", "1", "2"]
    assert found["output"].tolist()[0] == "The molecule is ethanol."
    assert found["error"].isna().tolist() == [True, False, False]
    assert "no SMILES" in found["error"].iloc[2]


def test_a_property_is_learned_from_its_column() -> None:
    train = molecules(ALCOHOLS * 3, NAMES * 3)
    found = predict(
        MODELS["ridge-morgan"],
        PROPERTY,
        train,
        train.head(3),
        0,
        protocol="predict",
        target_property="xlogp",
    )
    assert found["output"].astype(float).is_monotonic_increasing
    with pytest.raises(SettingError, match="column"):
        predict(
            MODELS["ridge-morgan"],
            PROPERTY,
            train,
            train,
            0,
            protocol="predict",
            target_property="absent",
        )


def test_a_transition_the_card_does_not_cover_is_refused() -> None:
    frame = molecules(ALCOHOLS, list(NAMES))
    with pytest.raises(SettingError, match="does not cover"):
        predict(MODELS["opsin"], CAPTION, frame, frame, 0, protocol="generate")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_every_input_gets_one_answer_or_one_reason(inputs: list[str]) -> None:
    train = pairs(ALCOHOLS, NAMES)
    for name in ("floor-constant", "floor-random", "knn-morgan", "knn-text"):
        answers = load(MODELS[name]).fit(train, CAPTION, FitContext(seed=0)).generate(inputs)
        assert len(answers) == len(inputs)
        assert all((a.output is None) == (a.error is not None) for a in answers)
