"""Parent rings of the demo corpus: where names put groups on them, and what captions call them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ring:
    """A parent ring with the positions at which names put groups."""

    name: str
    positions: tuple[str, ...]
    aromatic: bool = True


def _rings(text: str, *, aromatic: bool) -> tuple[Ring, ...]:
    entries = (line.split() for line in text.strip().splitlines())
    return tuple(Ring(name, tuple(at.split(",")), aromatic) for name, at in entries)


AROMATIC_RINGS = _rings(
    """
    pyridine 2,3,4
    pyrimidine 2,4,5
    pyrazine 2
    pyridazine 3,4
    furan 2,3
    thiophene 2,3
    1H-pyrrole 2,3
    1H-imidazole 2,4
    1H-pyrazole 3,4
    1,3-thiazole 2,4,5
    1,3-oxazole 2,4,5
    1,2-oxazole 3,4,5
    1,2-thiazole 3,5
    1H-1,2,4-triazole 3
    1,3,4-oxadiazole 2
    1,3,4-thiadiazole 2
    naphthalene 1,2
    quinoline 2,3,4,6,8
    isoquinoline 1,3,5
    quinoxaline 2,6
    quinazoline 2,4,6
    cinnoline 4
    phthalazine 1
    1,8-naphthyridine 2
    1H-indole 2,3,5
    1H-indazole 3,5
    1H-benzimidazole 2,5
    1-benzofuran 2,3,5
    1-benzothiophene 2,3,5
    1,3-benzothiazole 2,6
    1,3-benzoxazole 2,5
    imidazo[1,2-a]pyridine 2,3
    pyrazolo[1,5-a]pyrimidine 3
    7H-purine 2,6,8
    9H-carbazole 2,3
    9H-fluorene 2,9
    anthracene 1,9
    phenanthrene 2,9
    pyrene 1
    azulene 1
    acridine 9
    dibenzo[b,d]furan 2,4
    dibenzo[b,d]thiophene 2,4
    10H-phenothiazine 2
    10H-phenoxazine 2
    indolizine 2
    pteridine 4
    1,3-benzodioxole 5
    1,1'-biphenyl 2,3,4
    """,
    aromatic=True,
)

SATURATED_RINGS = _rings(
    """
    cyclopropane 1
    cyclobutane 1
    cyclopentane 1
    cyclohexane 1
    cycloheptane 1
    cyclooctane 1
    azetidine 3
    pyrrolidine 2,3
    piperidine 2,3,4
    azepane 3,4
    piperazine 2
    morpholine 2,3
    thiomorpholine 3
    oxolane 2,3
    oxane 2,3,4
    thiolane 2,3
    thiane 3,4
    1,4-dioxane 2
    1,3-dioxolane 2
    adamantane 1,2
    bicyclo[2.2.1]heptane 2
    bicyclo[2.2.2]octane 1
    1-azabicyclo[2.2.2]octane 3
    spiro[4.5]decane 8
    decahydronaphthalene 2
    1,2,3,4-tetrahydronaphthalene 1,2,6
    2,3-dihydro-1H-indene 1,2,5
    1,2,3,4-tetrahydroquinoline 2,6
    """,
    aromatic=False,
)

RINGS = (*AROMATIC_RINGS, *SATURATED_RINGS)

STEROIDS = ("estrane", "androstane", "pregnane", "cholane", "cholestane")

_KNOWN_BY_A_KETONE = {
    "2H-chromen-2-one": "chromene",
    "9H-xanthen-9-one": "xanthene",
    "naphthalene-1,4-dione": "naphthoquinone",
    "anthracene-9,10-dione": "anthraquinone",
}
"""Ketones whose ring system has another form than the hydrocarbon, and what it is called."""


def spoken_rings() -> dict[str, str]:
    """Systematic name of a parent compound -> what captions call its ring system."""
    spoken = {ring.name: _without_hydrogen(ring.name) for ring in RINGS}
    extra = {"benzene": "benzene", "1H-isoindole": "isoindole", "estrane": "steroid"}
    return extra | spoken | _KNOWN_BY_A_KETONE


def _without_hydrogen(name: str) -> str:
    """``1H-indole`` -> ``indole``; locants of hetero atoms stay."""
    head, _, tail = name.partition("-")
    return tail if head.endswith("H") else name
