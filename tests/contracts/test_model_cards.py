"""Every registered model keeps the promises of its card."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from chebimm_core.domain.specs import ModelCard
from chebimm_core.modalities import MODALITIES
from chebimm_core.models import MODELS
from chebimm_core.models.arguments import check_arguments
from chebimm_core.tasks import TASKS

CARDS = pytest.mark.parametrize("card", MODELS.values(), ids=list(MODELS))


@CARDS
def test_every_adapter_exists_and_speaks_its_protocol(card: ModelCard) -> None:
    for ability in card.abilities:
        module, _, attribute = ability.loader.partition(":")
        adapter = getattr(importlib.import_module(module), attribute)
        speaks = (
            ("embed_sources", "embed_targets") if ability.protocol == "retrieve" else ("generate",)
        )
        for method in ("fit", *speaks):
            assert callable(getattr(adapter, method))


@CARDS
def test_transitions_are_those_of_a_task(card: ModelCard) -> None:
    assert len({a.protocol for a in card.abilities}) == len(card.abilities) > 0
    for ability in card.abilities:
        known = {
            t
            for task in TASKS.values()
            if task.protocol == ability.protocol
            for t in task.transitions
        }
        assert len(set(ability.transitions)) == len(ability.transitions) > 0
        for transition in ability.transitions:
            assert len(transition.sources) > 1 or transition in known
            assert {*transition.sources, transition.target} <= set(MODALITIES)


@CARDS
def test_every_parameter_accepts_its_own_default(card: ModelCard) -> None:
    for ability in card.abilities:
        found = check_arguments(card.name, ability.parameters, {})
        assert found == {p.name: p.default for p in ability.parameters}
        assert all(p.title.strip() and p.help.strip() for p in ability.parameters)


@CARDS
def test_the_card_says_what_a_reader_needs(card: ModelCard) -> None:
    for said in (card.title, card.description, card.trained_on, card.license, card.reference):
        assert said.strip()


@CARDS
def test_floors_and_only_floors_are_marked(card: ModelCard) -> None:
    assert card.is_floor == (card.family == "floor")


def test_every_kind_of_answer_has_a_floor() -> None:
    floors = {t.target for c in MODELS.values() if c.is_floor for t in c.transitions}
    assert {t.target for c in MODELS.values() for t in c.transitions} <= floors


def test_reading_the_cards_imports_no_chemistry_and_no_learning_library() -> None:
    heavy = ("torch", "transformers", "sklearn", "rdkit")
    code = (
        "import sys, chebimm_core.models as m; list(m.MODELS.values()); "
        f"print([h for h in {heavy!r} if h in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
