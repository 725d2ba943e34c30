"""The paper's 50 models and 1,263 experiments, counted from what the cards say."""

from __future__ import annotations

from collections import Counter

import pytest

from chebimm_core import grid
from chebimm_core.domain.specs import ModelCard
from chebimm_core.models import MODELS
from chebimm_core.tasks import TASKS

PAPER = [card for card in MODELS.values() if card.paper_family is not None]
COUNTS = {
    "text-to-text": 99, "graph-to-text": 24, "image-to-text": 32, "retrieval-text": 112,
    "retrieval-graph": 12, "retrieval-image": 12, "property": 972,
}  # fmt: skip


def test_there_are_fifty_models_in_eight_families() -> None:
    families = Counter(card.paper_family for card in PAPER)
    assert families == {1: 4, 2: 3, 3: 4, 4: 3, 5: 4, 6: 4, 7: 12, 8: 16}
    assert len(PAPER) == 50


@pytest.mark.parametrize("card", PAPER, ids=lambda c: c.name)
def test_a_paper_model_says_where_it_comes_from(card: ModelCard) -> None:
    assert card.parameters_millions is not None and card.parameters_millions > 0
    assert "doi:" in card.reference or "arXiv:" in card.reference or "Radford" in card.reference
    assert card.license and card.encoder
    pretrained = {w.role for w in card.weights}
    if card.paper_family in {2}:
        assert not pretrained
    elif card.encoder == "SwinOCSR":
        assert "not published" in card.trained_on
    elif card.paper_family == 7:
        assert pretrained == {"decoder"}
    elif card.paper_family in {6, 8}:
        assert pretrained == {"encoder", "decoder"}
    else:
        assert pretrained == {"model"}
    for weights in card.weights:
        assert weights.hub_id.count("/") == 1


def test_the_grid_has_the_published_number_of_experiments() -> None:
    found = grid.experiments()
    assert len(found) == 1263 == sum(COUNTS.values())
    assert Counter(e.block for e in found) == COUNTS
    assert {e.model for e in found} == {card.name for card in PAPER}
    assert len({e.key for e in found}) == 1263


def test_every_experiment_is_one_its_model_and_task_do() -> None:
    for one in grid.experiments():
        task = TASKS[one.task]
        transition = next(t for t in task.transitions if t.key == one.transition)
        ability = MODELS[one.model].ability(task.protocol)
        assert ability is not None and transition in ability.transitions
        names = {p.name for p in ability.parameters}
        assert set(one.arguments) - {"property"} <= names
