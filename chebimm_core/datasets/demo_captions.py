"""Captions for the demo corpus: what RDKit finds in a structure, said in this project's own words.

They are templates, so they are far more regular than curated text; whatever is scored on them is
labelled synthetic.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rdkit import Chem
from rdkit.Chem import Mol, rdMolDescriptors

from chebimm_core.datasets.demo_groups import FoundGroup, groups_of

_NUMBERS = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_ELEMENTS = {"N": "nitrogen", "O": "oxygen", "S": "sulfur", "B": "boron"}
_DISTANCES = (
    "on the ring {}",
    "next to the ring {}",
    "two bonds from the ring {}",
    "three bonds from the ring {}",
)
_SIDES = {
    Chem.BondStereo.STEREOE: "trans",
    Chem.BondStereo.STEREOTRANS: "trans",
    Chem.BondStereo.STEREOZ: "cis",
    Chem.BondStereo.STEREOCIS: "cis",
}
_BENZENE_PLACES = {1: "ortho", 2: "meta", 3: "para"}
_ATTACHED = {
    "F": "A fluoro substituent",
    "Cl": "A chloro substituent",
    "Br": "A bromo substituent",
    "I": "An iodo substituent",
    "O": "An oxygen substituent",
    "N": "A nitrogen substituent",
    "S": "A sulfur substituent",
    "B": "A boron substituent",
    "C": "A carbon substituent",
}


@dataclass(frozen=True, slots=True)
class RingNames:
    """What ring systems are called."""

    exact: Mapping[str, str]
    """Ring system as it is -> name."""
    skeleton: Mapping[str, str]
    """Ring system with every bond single -> name."""


def ring_names(parents: Mapping[str, Mol]) -> RingNames:
    """Learns the names of ring systems from parent compounds.

    Args:
        parents: What a ring system is called -> a compound that has it and no other.
    """
    exact: dict[str, str] = {}
    skeleton: dict[str, str] = {}
    for spoken, mol in parents.items():
        system = ring_systems(mol)[0]
        exact.setdefault(_as_it_is(mol, system), spoken)
        skeleton.setdefault(_single_bonds(mol, system), spoken)
    return RingNames(exact, skeleton)


def ring_systems(mol: Mol) -> list[frozenset[int]]:
    """Atoms of each ring system: rings that share an atom belong together."""
    systems: list[frozenset[int]] = []
    for ring in mol.GetRingInfo().AtomRings():
        merged = frozenset(ring)
        apart = []
        for system in systems:
            if system & merged:
                merged |= system
            else:
                apart.append(system)
        systems = [*apart, merged]
    return sorted(systems, key=lambda s: (-len(s), min(s)))


def caption(mol: Mol, names: RingNames) -> str:
    """Three to five sentences on one molecule; equal structures give equal text.

    Args:
        mol: The molecule.
        names: What ring systems are called.
    """
    chosen = int(hashlib.sha256(Chem.MolToSmiles(mol).encode()).hexdigest()[:8], 16)
    groups = groups_of(mol)
    rings = [_spoken_ring(mol, system, names) for system in ring_systems(mol)]
    plain = "hydrocarbon" if _only_carbon(mol) else "heterocyclic compound"
    kind = groups[0].kind if groups else plain
    sentences = [
        _opening(mol, kind, rings, chosen),
        *_group_sentence(groups, chosen // 7),
        *_places(mol),
        *_chain(mol, chosen // 3),
        *_stereo(mol),
    ]
    return " ".join(sentences)


def _opening(mol: Mol, kind: str, rings: list[str], chosen: int) -> str:
    if not rings:
        frame = (
            "The molecule is {a} {kind} without any ring.",
            "The molecule is an open-chain {kind}.",
            "The molecule is an acyclic compound of the {kind} class.",
        )[chosen % 3]
        return frame.format(a=_article(kind), kind=kind)
    counted = Counter(rings)
    spoken = _and([_count(n, ring) for ring, n in counted.items()])
    frame = (
        "The molecule is {a} {kind} built on {rings}.",
        "The molecule is {a} {kind} that contains {rings}.",
        "The molecule is a member of the {kind} class having {rings}.",
    )[chosen % 3]
    return frame.format(a=_article(kind), kind=kind, rings=spoken)


def _group_sentence(groups: list[FoundGroup], chosen: int) -> list[str]:
    if not groups:
        return []
    spoken = _and([_count(group.count, group.name) for group in groups])
    frames = ("It bears {}.", "It carries {}.", "Its functional groups are {}.")
    frame = frames[chosen % (3 if len(groups) > 1 else 2)]
    return [frame.format(spoken)]


def _places(mol: Mol) -> list[str]:
    """Where substituents sit: to each other on benzene, to the hetero atom on other rings."""
    said = []
    distance = Chem.GetDistanceMatrix(mol)
    info = mol.GetRingInfo()
    for ring in info.AtomRings():
        attached = [
            (i, n.GetSymbol())
            for i in ring
            for n in mol.GetAtomWithIdx(i).GetNeighbors()
            if n.GetIdx() not in ring and not info.AreAtomsInSameRing(i, n.GetIdx())
        ]
        hetero = [i for i in ring if mol.GetAtomWithIdx(i).GetSymbol() in _ELEMENTS]
        carbocycle = not hetero and len(ring) == 6 and mol.GetAtomWithIdx(ring[0]).GetIsAromatic()
        fused = any(info.NumAtomRings(i) > 1 for i in ring)
        if carbocycle and not fused and len(attached) == 2:
            place = _BENZENE_PLACES[int(distance[attached[0][0], attached[1][0]])]
            said.append(f"Two substituents of a benzene ring are {place} to each other.")
        elif hetero:
            for i, symbol in attached[:2]:
                steps, nearest = min((int(distance[i, h]), h) for h in hetero)
                element = _ELEMENTS[mol.GetAtomWithIdx(nearest).GetSymbol()]
                where = _DISTANCES[min(steps, 3)].format(element)
                said.append(f"{_ATTACHED.get(symbol, 'A substituent')} sits {where}.")
    return list(dict.fromkeys(said))[:3]


def _chain(mol: Mol, chosen: int) -> list[str]:
    """Size, and the longest run of open-chain carbons."""
    carbons = sum(a.GetSymbol() == "C" for a in mol.GetAtoms())
    formula = str(rdMolDescriptors.CalcMolFormula(mol))
    longest = _longest_chain(mol)
    frame = (
        "Its formula is {f} with {n} carbon atoms in all",
        "It counts {n} carbon atoms (formula {f})",
    )[chosen % 2]
    text = frame.format(f=formula, n=_number(carbons))
    if longest >= 3:
        text += f", {_number(longest)} of them in its longest open chain"
    return [text + "."]


def _stereo(mol: Mol) -> list[str]:
    centers = Chem.FindMolChiralCenters(mol, useLegacyImplementation=False)
    found = [label for _, label in centers if label in {"R", "S"}]
    said = []
    if len(found) == 1:
        said.append(f"It has one stereocenter of {found[0]} configuration.")
    elif found:
        counted = Counter(found)
        parts = _and([f"{_number(n)} {label}" for label, n in sorted(counted.items())])
        said.append(f"It has {_number(len(found))} stereocenters, {parts}.")
    sides = Counter(_SIDES[b.GetStereo()] for b in mol.GetBonds() if b.GetStereo() in _SIDES)
    if sides:
        spoken = _and([_count(n, f"{side} double bond") for side, n in sorted(sides.items())])
        said.append(f"It has {spoken}.")
    return said


def _spoken_ring(mol: Mol, system: frozenset[int], names: RingNames) -> str:
    exact = names.exact.get(_as_it_is(mol, system))
    if exact:
        return f"{exact} ring" if len(system) <= 6 else f"{exact} ring system"
    skeleton = names.skeleton.get(_single_bonds(mol, system))
    if skeleton:
        return f"modified {skeleton} skeleton"
    hetero = Counter(
        _ELEMENTS.get(mol.GetAtomWithIdx(i).GetSymbol(), "hetero")
        for i in system
        if mol.GetAtomWithIdx(i).GetSymbol() != "C"
    )
    size = f"ring system of {_number(len(system))} atoms"
    if not hetero:
        return f"carbon {size}"
    parts = _and([f"{_number(n)} {element}" for element, n in sorted(hetero.items())])
    return f"{size} with {parts}"


def _as_it_is(mol: Mol, system: frozenset[int]) -> str:
    symbols = [
        a.GetSymbol().lower() if a.GetIsAromatic() else a.GetSymbol() for a in mol.GetAtoms()
    ]
    return str(
        Chem.MolFragmentToSmiles(mol, sorted(system), atomSymbols=symbols, isomericSmiles=False)
    )


def _single_bonds(mol: Mol, system: frozenset[int]) -> str:
    bare = Chem.RWMol()
    at = {i: bare.AddAtom(Chem.Atom(mol.GetAtomWithIdx(i).GetAtomicNum())) for i in sorted(system)}
    for bond in mol.GetBonds():
        begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if begin in at and end in at:
            bare.AddBond(at[begin], at[end], Chem.BondType.SINGLE)
    symbols = [a.GetSymbol() for a in bare.GetAtoms()]
    return str(Chem.MolFragmentToSmiles(bare, list(at.values()), atomSymbols=symbols))


def _longest_chain(mol: Mol) -> int:
    """Carbons on the longest path of acyclic carbon atoms."""
    free = [a.GetIdx() for a in mol.GetAtoms() if a.GetSymbol() == "C" and not a.IsInRing()]
    linked = {
        i: [n.GetIdx() for n in mol.GetAtomWithIdx(i).GetNeighbors() if n.GetIdx() in set(free)]
        for i in free
    }

    def walk(at: int, came: int) -> int:
        return 1 + max((walk(n, at) for n in linked[at] if n != came), default=0)

    return max((walk(i, -1) for i in free), default=0)


def _only_carbon(mol: Mol) -> bool:
    return all(a.GetSymbol() == "C" for a in mol.GetAtoms())


def _count(n: int, thing: str) -> str:
    if n == 1:
        return f"{_article(thing)} {thing}"
    head, _, rest = thing.partition(" on ")
    return f"{_number(n)} {head}s" + (f" on {rest}" if rest else "")


def _article(word: str) -> str:
    vowel = word[0] in "aeio" or (word[0] == "u" and not word.startswith("ure"))
    return "an" if vowel else "a"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _number(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)
