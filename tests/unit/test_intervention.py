"""Which tokens a model uses: statistics on made-up falls, and a model that learned a grammar."""

from __future__ import annotations

import numpy as np
import planted_store
import pytest

from chebimm_core.analysis.intervention import PairSample, pair_effects
from chebimm_core.errors import SettingError
from chebimm_core.services import attribution, intervention, knowledge, map_evidence
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore

Planted = tuple[Settings, str]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return planted_store.build(tmp_path_factory.mktemp("planted"))


def test_without_any_effect_few_pairs_are_called_used() -> None:
    """400 pairs whose token and control fall alike: the false discovery rate holds."""
    rng = np.random.default_rng(0)
    samples = [
        PairSample(f"a{k}", "b", rng.normal(1, 1, 30), rng.normal(1, 1, 30)) for k in range(400)
    ]
    found = pair_effects(samples)
    assert sum(e.use != "not shown" for e in found) <= 4
    assert 0.02 < np.mean([e.p <= 0.05 for e in found]) < 0.09


def test_effects_are_recovered_with_their_sign_and_size() -> None:
    rng = np.random.default_rng(1)
    control = rng.normal(0.2, 0.3, 40)
    used, slight, opposed, none = pair_effects(
        [
            PairSample("used", "b", control + rng.normal(2, 0.5, 40), control),
            PairSample("slight", "b", control + rng.normal(0.03, 0.01, 40), control),
            PairSample("opposed", "b", control - rng.normal(1, 0.3, 40), control),
            PairSample("none", "b", control + rng.normal(0, 0.3, 40), control),
        ]
    )
    assert [e.use for e in (used, slight, opposed, none)] == [
        "used", "slight", "opposed", "not shown",
    ]  # fmt: skip
    assert used.difference_low < 2 < used.difference_high
    assert used.low < used.effect < used.high


def test_the_model_uses_what_decides_and_not_what_goes_along(planted: Planted) -> None:
    settings, run_id = planted
    deciding = list(planted_store.CLASSES.items())
    along = [(planted_store.COMPANIONS[g], word) for g, word in planted_store.CLASSES.items()]
    design = intervention.Design("IUPAC", tuple([*deciding, *along]), molecules=25)
    found = intervention.intervene(settings, run_id, design)
    effects = {(e.source, e.target): e for e in found.effects}
    # Both kinds go together with the class word far more than chance ...
    built = knowledge.build(settings, run_id, source="IUPAC", null="shuffle", size=30)
    table = map_evidence.verdict_table(built).set_index(["source", "target"])
    for pair in [*deciding, *along]:
        assert table.loc[pair, "association"] > 5 and table.loc[pair, "q"] <= 0.05
    # ... but only the one that decides is used.
    # (A class the model falls back on when it sees no group loses little: the median speaks.)
    assert {effects[pair].use for pair in deciding} == {"used"}
    assert np.median([effects[pair].effect for pair in deciding]) > 0.5
    assert all(effects[pair].use != "used" for pair in along)
    assert max(effects[pair].effect for pair in along) < 0.1


def test_replacing_a_token_tells_the_same(planted: Planted) -> None:
    settings, run_id = planted
    pairs = tuple(planted_store.CLASSES.items())
    design = intervention.Design("IUPAC", pairs, masking="replace", molecules=20)
    found = intervention.intervene(settings, run_id, design)
    assert {e.use for e in found.effects} == {"used"}


def test_a_result_is_kept_with_the_run_and_had_at_once(planted: Planted) -> None:
    settings, run_id = planted
    design = intervention.Design("IUPAC", (("onic", "ketone"), ("nowhere", "ketone")), seed=3)
    assert intervention.kept(settings, run_id, design) is None
    told: list[str] = []
    first = intervention.intervene(
        settings, run_id, design, progress=lambda share, what: told.append(what)
    )
    assert told and first.skipped[0][:2] == ("nowhere", "ketone")
    assert intervention.kept(settings, run_id, design) == first
    assert len(intervention.table(first)) == 1


@pytest.mark.parametrize(
    ("design", "why"),
    [
        (intervention.Design("IUPAC", ()), "Pairs to test"),
        (intervention.Design("SMILES", (("c", "ketone"),)), "reads IUPAC"),
        (intervention.Design("IUPAC", (("onic", "ketone"),), molecules=2), "Molecules a pair"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    planted: Planted, design: intervention.Design, why: str
) -> None:
    with pytest.raises(SettingError, match=why):
        intervention.intervene(*planted, design)


def test_gold_data_have_no_model(planted: Planted) -> None:
    assert "no model" in str(intervention.why_not(planted[0], "gold:planted:test", "IUPAC"))


def test_the_token_that_decides_carries_the_word(planted: Planted) -> None:
    """Attribution and intervention agree: of the class word, the group token counts most."""
    settings, run_id = planted
    answered = RunStore(settings.store).predictions(run_id)
    for cid in answered["cid"].head(4):
        found = attribution.attribute(settings, run_id, str(cid), attribution.Wish(cut="words"))
        words = [
            k for k, a in enumerate(found.answers) if a.label in planted_store.CLASSES.values()
        ]
        if not words:  # the small vocabulary may cut the word
            continue
        best = attribution.table(found, words[0]).iloc[0]
        assert best["part"] in planted_store.CLASSES
        assert found.residual < 1e-4
        assert attribution.kept(settings, run_id, str(cid), attribution.Wish(cut="words")) == found
