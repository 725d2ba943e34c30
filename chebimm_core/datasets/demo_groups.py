"""Functional groups that captions of the demo corpus speak of."""

from __future__ import annotations

from dataclasses import dataclass

from rdkit import Chem
from rdkit.Chem import Mol


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A functional group of a molecule."""

    kind: str
    """The class of compounds it makes, e.g. ``ester``."""
    name: str
    """What the group is called, e.g. ``ester group``."""
    count: int


GROUPS = tuple(
    (kind, group, Chem.MolFromSmarts(smarts))
    for kind, group, smarts in (
        ("peptide", "peptide bond", "[NX3][CX4][CX3](=O)[NX3;!H2][CX4][CX3](=O)[O,N]"),
        (
            "alpha-amino acid",
            "alpha-amino acid unit",
            "[NX3;H2,$([NX3;H1][CX4])][CX4][CX3](=O)[OH]",
        ),
        ("carboxylic acid", "carboxy group", "[CX3](=O)[OX2H1]"),
        ("sulfonic acid", "sulfo group", "[SX4](=O)(=O)[OX2H1]"),
        ("boronic acid", "borono group", "[BX3]([OH])[OH]"),
        ("carbamate", "carbamate group", "[NX3][CX3](=O)[OX2][#6]"),
        ("urea", "ureido group", "[NX3;!R][CX3;!R](=O)[NX3;!R]"),
        ("sulfonamide", "sulfonamide group", "[SX4](=O)(=O)[NX3]"),
        ("imide", "imide group", "[CX3](=O)[NX3][CX3](=O)"),
        ("lactone", "lactone unit", "[#6X3;R](=O)[#8X2;R][#6]"),
        ("ester", "ester group", "[#6][CX3;!R](=O)[OX2][#6]"),
        ("lactam", "lactam unit", "[$([#6X3;R](=O)[#7X3;R])]"),
        ("primary amide", "primary carboxamide group", "[#6][CX3](=O)[NX3H2]"),
        ("secondary amide", "secondary carboxamide group", "[#6][CX3](=O)[NX3H1;!R][#6]"),
        ("nitrile", "cyano group", "[CX2]#[NX1]"),
        ("aldehyde", "formyl group", "[CX3H1](=O)[#6]"),
        ("ketone", "oxo group", "[#6][#6X3](=O)[#6]"),
        ("phenol", "phenolic hydroxy group", "c[OX2H1]"),
        ("primary alcohol", "primary hydroxy group", "[CX4H2,CX4H3][OX2H1]"),
        ("secondary alcohol", "secondary hydroxy group", "[CX4H1][OX2H1]"),
        ("tertiary alcohol", "tertiary hydroxy group", "[CX4H0][OX2H1]"),
        ("thiol", "sulfanyl group", "[#6][SX2H1]"),
        ("primary amine", "primary amino group", "[NX3H2;!$(N[C,S]=O)][CX4]"),
        ("aromatic amine", "amino group on an aromatic ring", "[NX3+0;!R;!$(N[C,S]=O)]c"),
        ("secondary amine", "secondary amino group", "[CX4][NX3H1;!R][CX4]"),
        ("tertiary amine", "tertiary amino group", "[CX4][NX3H0;!R]([CX4])[CX4]"),
        ("sulfide", "sulfanediyl bridge", "[#6][SX2;!R][#6]"),
        ("ether", "ether bridge", "[#6;!$(C=O)][OX2;!R][#6;!$(C=O)]"),
        ("nitro compound", "nitro group", "[$([NX3](=O)=O),$([NX3+](=O)[O-])]"),
        ("organofluorine compound", "trifluoromethyl group", "[CX4](F)(F)F"),
        ("organofluorine compound", "fluoro substituent", "[#6;!$(C(F)(F)F)]F"),
        ("organochlorine compound", "chloro substituent", "[#6]Cl"),
        ("organobromine compound", "bromo substituent", "[#6]Br"),
        ("organoiodine compound", "iodo substituent", "[#6]I"),
        ("olefin", "carbon-carbon double bond", "[CX3;!$(C=O)]=[CX3]"),
        ("acetylenic compound", "carbon-carbon triple bond", "[CX2]#[CX2]"),
        ("ring compound", "methyl group on a ring", "[CH3][R]"),
    )
)
"""Class of compound, what the group is called, SMARTS; the first that matches names the class."""


_IMPLIED = {
    "peptide bond": {"secondary carboxamide group"},
    "alpha-amino acid unit": {"primary amino group"},
    "imide group": {"lactam unit", "secondary carboxamide group"},
}
"""What is not said again where the group on the left is named."""


def groups_of(mol: Mol) -> list[FoundGroup]:
    """The functional groups of a molecule, the one that names its class first."""
    found = [
        FoundGroup(kind, name, count)
        for kind, name, pattern in GROUPS
        if (count := len(mol.GetSubstructMatches(pattern, uniquify=True)))
    ]
    silent = {name for f in found for name in _IMPLIED.get(f.name, ())}
    return [f for f in found if f.name not in silent]
