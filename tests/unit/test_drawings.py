"""Drawings and differences: what is drawn, what is refused, what is marked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chebimm_core.analysis.conformer import embed
from chebimm_core.errors import ChebiMMError
from chebimm_core.figures import theme
from chebimm_core.figures.conformer import conformer_figure
from chebimm_core.figures.depict import depict
from chebimm_core.figures.structure_diff import structure_diff
from chebimm_core.figures.word_diff import word_diff

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
SALICYLIC = "OC(=O)c1ccccc1O"
SMILES = (ASPIRIN, SALICYLIC, "O", "[Na+].[Cl-]", "*C", "C[C@H](N)C(=O)O", "[39Ar]", "F/C=C/F")
WORDS = st.text(alphabet="ab .,;-<>&\n", max_size=60)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("smiles", SMILES)
def test_a_molecule_is_drawn_without_background(smiles: str, dark: bool) -> None:
    drawn = depict(smiles, dark=dark)
    assert drawn.problem is None
    assert drawn.svg is not None and "<svg" in drawn.svg
    assert "<rect" not in drawn.svg
    assert "<script" not in drawn.svg


def test_bonds_change_color_with_the_theme() -> None:
    light, dark = depict("CCC").svg, depict("CCC", dark=True).svg
    assert light and dark
    assert "#000000" not in dark
    assert light != dark


def test_marked_atoms_show() -> None:
    assert depict(ASPIRIN).svg != depict(ASPIRIN, atoms=[0, 1], bonds=[0]).svg


@pytest.mark.parametrize("text", [None, "", "   ", "C1CC", "not a molecule", "C" * 5000, "C" * 500])
def test_what_is_no_molecule_has_a_reason_and_no_drawing(text: str | None) -> None:
    drawn = depict(text)
    assert drawn.svg is None
    assert drawn.problem


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="CNOcno()[]=#1234+-@/\\Hl <>&\n", max_size=25))
def test_any_text_gives_a_drawing_or_a_reason(text: str) -> None:
    drawn = depict(text)
    assert (drawn.svg is None) != (drawn.problem is None)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(SMILES), st.sampled_from(SMILES))
def test_structure_diff_is_symmetric_in_what_is_shared(a: str, b: str) -> None:
    one, other = structure_diff(a, b), structure_diff(b, a)
    assert one.common_atoms == other.common_atoms
    assert one.tanimoto == pytest.approx(other.tanimoto)
    assert one.common_atoms <= min(one.reference_atoms, one.output_atoms)
    assert one.identical == (a == b)
    assert one.reference.svg and one.output.svg


def test_the_difference_is_marked_in_both_drawings() -> None:
    diff = structure_diff(ASPIRIN, SALICYLIC)
    assert (diff.common_atoms, diff.reference_atoms, diff.output_atoms) == (10, 13, 10)
    assert not diff.identical and not diff.same_connectivity
    assert diff.tanimoto is not None and 0 < diff.tanimoto < 1


def test_stereo_alone_is_said_in_words() -> None:
    diff = structure_diff("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O")
    assert diff.same_connectivity and not diff.identical
    assert "stereo" in diff.remark


def test_another_way_to_write_the_same_molecule_is_the_same() -> None:
    assert structure_diff("OCC", "CCO").identical


@pytest.mark.parametrize(("reference", "output"), [("C1CC", "CC"), ("CC", "C1CC"), ("CC", None)])
def test_invalid_structures_are_explained(reference: str, output: str | None) -> None:
    diff = structure_diff(reference, output)
    assert diff.tanimoto is None and diff.common_atoms == 0
    assert diff.reference.problem or diff.output.problem
    assert "not a molecule" in diff.remark


@given(WORDS, WORDS)
def test_word_diff_keeps_every_word_of_both_texts(reference: str, output: str) -> None:
    spans = word_diff(reference, output)
    kept = "".join(s.text for s in spans if s.status in {"equal", "missing"})
    given_back = "".join(s.text for s in spans if s.status in {"equal", "added"})
    assert "".join(kept.split()) == "".join(reference.split())
    assert "".join(given_back.split()) == "".join(output.split())


@given(WORDS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert {s.status for s in word_diff(text, text)} <= {"equal"}


def test_word_diff_sees_a_word_apart_from_its_full_stop() -> None:
    spans = word_diff("It is an ester.", "It is an ester of water.")
    assert [s.text.strip() for s in spans if s.status == "added"] == ["of water"]
    assert not [s for s in spans if s.status == "missing"]


def test_a_conformer_has_all_atoms_and_sensible_distances() -> None:
    found = embed("CCO", seed=1)
    assert sorted(found.elements) == sorted("CCOHHHHHH")
    lengths = [np.linalg.norm(found.positions[a] - found.positions[b]) for a, b in found.bonds]
    assert 0.9 < min(lengths) and max(lengths) < 1.6
    np.testing.assert_array_equal(found.positions, embed("CCO", seed=1).positions)


@pytest.mark.parametrize("smiles", ["C1CC", "C" * 200])
def test_no_conformer_is_a_clear_error(smiles: str) -> None:
    with pytest.raises(ChebiMMError):
        embed(smiles)


def test_conformer_figure_has_one_trace_an_element_and_can_hide_hydrogen() -> None:
    found = embed("CCO")
    assert [t.name for t in conformer_figure(found).data[1:]] == ["C", "O", "H"]
    assert [t.name for t in conformer_figure(found, hydrogens=False).data[1:]] == ["C", "O"]


def test_words_after_the_end_of_the_reference_do_not_run_into_it() -> None:
    shown = "".join(span.text for span in word_diff("It is an acid.", "It is an acid. It melts."))
    assert shown == "It is an acid. It melts."


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_on_every_color_of_the_scale_can_be_read(dark: bool) -> None:
    for share in np.linspace(0, 1, 101):
        ground = theme._luminance(theme._at(theme.palette(dark).sequential, float(share)))
        ink = theme._luminance(theme._channels(theme.ink_on(float(share), dark)))
        assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) >= 4.5
