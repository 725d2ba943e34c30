"""The published figure from its directly measured cells alone (Liu et al. 2025, Figure 5a)."""

import numpy as np
import pytest

from chebimm_core.analysis.transition import Axes
from chebimm_core.datasets import published
from chebimm_core.modalities import MODALITIES
from chebimm_core.services import matrix, ranking
from chebimm_core.settings import Settings

SETTINGS = Settings.from_env()
FACTS = {(f.source, f.target): f for f in published.transition_matrix(SETTINGS.published)}


def build(completion):
    return matrix.build(SETTINGS, source="published", completion=completion)


def test_axes_are_those_of_the_figure():
    figure = tuple(dict.fromkeys(source for source, _ in FACTS))
    assert Axes.of(list(MODALITIES.values())).modalities == figure


def test_via_smiles_reproduces_every_cell_from_measured_ones():
    found = build("via-smiles")
    for i, a in enumerate(found.modalities):
        for j, b in enumerate(found.modalities):
            assert found.values[i, j] == pytest.approx(FACTS[a, b].value, abs=1e-3), (a, b)
            assert found.kinds[i][j] == FACTS[a, b].kind, (a, b)
    derived = sum(kind == "derived" for row in found.kinds for kind in row)
    assert derived == 14


def test_captions_reach_properties_through_smiles():
    found = build("via-smiles")
    i, j = found.modalities.index("caption"), found.modalities.index("property")
    assert found.values[i, j] == pytest.approx(0.754 * 0.662)
    assert found.routes[i][j] == ("caption", "SMILES", "property")


def test_best_route_finds_the_image_detour_to_names():
    found = build("best-route")
    i, j = found.modalities.index("graph"), found.modalities.index("IUPAC")
    assert found.values[i, j] == pytest.approx(0.799)
    assert FACTS["graph", "IUPAC"].value == 0.667
    assert found.routes[i][j] == ("graph", "image", "IUPAC")
    assert found.kinds[i][j] == "derived"


def test_measured_only_shows_the_nineteen_measured_cells():
    found = build("measured")
    kinds = [kind for row in found.kinds for kind in row]
    assert kinds.count("measured") == 19 and kinds.count("tool") == 16
    assert np.isnan(found.values[found.modalities.index("caption"), 0])


def test_every_fact_has_a_citation_and_panels_read_them():
    everything = (
        *FACTS.values(),
        *published.retrieval(SETTINGS.published),
        *published.encoder_top5(SETTINGS.published),
        *published.specific_pairs(SETTINGS.published),
    )
    assert all("10.1038/s42256-024-00977-6" in fact.citation for fact in everything)
    bars = ranking.retrieval_bars(SETTINGS, source="published")
    assert bars.iloc[0][["pair", "r1"]].tolist() == ["SMILES-IUPAC", 0.71] and len(bars) == 12
    encoders = ranking.encoder_frequency(SETTINGS, source="published")
    assert encoders["times"].sum() == 5 * 9
    assert len(published.specific_pairs(SETTINGS.published)) == 16
