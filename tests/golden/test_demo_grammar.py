"""The small T5 of the demo, trained live, against the grammar its captions were made by.

The captions of the demo corpus are templates over what RDKit finds, so what decides a word is
known: an ester is called so for its carboxylate, a ketone for its methanone, a primary carboxamide
for its carboxamide. The ring is named whatever the ending of a name is.
"""

from __future__ import annotations

from datetime import UTC, datetime

import planted_store
import pytest

from chebimm_core.services import dataset, intervention
from chebimm_core.settings import Settings

DECIDING = (("carboxylate", "ester"), ("carboxamide", "primary"), ("methanone", "ketone"))
IDLE = (("carboxylic", "ring"), ("carboxamide", "ring"))


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    root = tmp_path_factory.mktemp("grammar")
    settings = Settings.from_env({"CHEBIMM_STORE": str(root), "CHEBIMM_CACHE": str(root / "cache")})
    dataset.build_demo(settings, now=datetime(2026, 1, 2, tzinfo=UTC))
    return settings, planted_store.learn(settings, "demo", cpu_seconds=45.0)


def test_the_model_uses_the_groups_its_captions_are_made_by(learned: tuple[Settings, str]) -> None:
    settings, run_id = learned
    design = intervention.Design("IUPAC", (*DECIDING, *IDLE), molecules=30)
    found = intervention.intervene(settings, run_id, design)
    effects = {(e.source, e.target): e for e in found.effects}
    tested = [pair for pair in DECIDING if pair in effects]
    assert len(tested) >= 2, found.skipped
    for pair in tested:
        assert effects[pair].use == "used" and effects[pair].low > 0.5, effects[pair]
    for pair in IDLE:
        if pair in effects:
            assert effects[pair].use != "used" and abs(effects[pair].effect) < 0.2
