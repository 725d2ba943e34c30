"""Transitions the paper's text models cover (Liu et al. 2025, Figure 4; science of the grid)."""

from __future__ import annotations

from itertools import permutations

from chebimm_core.domain.specs import Transition


def between(sources: tuple[str, ...], target: str) -> tuple[Transition, ...]:
    """From each source to the target."""
    return tuple(Transition((source,), target) for source in sources)


TEXT_TO_TEXT = (
    *between(("IUPAC", "caption"), "SMILES"),
    *between(("SMILES", "InChI", "SELFIES"), "IUPAC"),
    *between(("IUPAC", "SMILES", "InChI", "SELFIES"), "caption"),
)
"""The nine of the text-to-text experiments."""

TEXT_PAIRS = tuple(
    Transition((a,), b)
    for pair in (
        ("SMILES", "IUPAC"),
        ("SELFIES", "IUPAC"),
        ("InChI", "IUPAC"),
        ("IUPAC", "caption"),
        ("SMILES", "caption"),
        ("SELFIES", "caption"),
        ("InChI", "caption"),
    )
    for a, b in permutations(pair)
)
"""The seven pairs of text retrieval, both directions."""

NOTATION_TO_PROPERTY = between(("SMILES", "InChI", "SELFIES"), "property")
