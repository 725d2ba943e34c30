"""Systematic names for the demo corpus, enumerated class by class.

Names are candidates only: OPSIN decides which of them are names of a molecule. Trivial names that
IUPAC retains (benzoic acid, aniline, glycine, ...) stand beside the systematic ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations

from chebimm_core.datasets.demo_rings import AROMATIC_RINGS, RINGS, SATURATED_RINGS, STEROIDS, Ring

_CHAINS = (
    "meth eth prop but pent hex hept oct non dec undec dodec tridec tetradec pentadec hexadec "
    "heptadec octadec nonadec icos"
).split()
_ALKYLS = ("methyl", "ethyl", "propyl", "propan-2-yl", "butyl", "2-methylpropyl", "benzyl")
_PREFIXES = ("fluoro", "chloro", "bromo", "iodo", "methyl", "methoxy", "nitro", "amino", "hydroxy")
_SUFFIXES = (
    "carboxylic acid",
    "carboxamide",
    "carbonitrile",
    "carbaldehyde",
    "ol",
    "amine",
    "thiol",
    "sulfonamide",
    "sulfonic acid",
)
_BENZENES = (
    "benzoic acid",
    "benzamide",
    "benzonitrile",
    "benzaldehyde",
    "phenol",
    "aniline",
    "benzenethiol",
    "benzenesulfonamide",
    "benzene-1-sulfonic acid",
    "methyl benzoate",
    "ethyl benzoate",
)


def candidates(seed: int) -> dict[str, list[str]]:
    """Class of compound -> names, each class in a seeded random order."""
    rng = random.Random(seed)
    classes = {
        "acyclic": _acyclic(),
        "benzene": _benzenes(),
        "ring": _on_rings(),
        "linked rings": _linked(rng),
        "amino acid": _amino_acids(),
        "steroid": _steroids(),
        "nucleobase and lactam": _ring_ketones(),
    }
    found = {}
    for kind, names in classes.items():
        unique = list(dict.fromkeys(names))
        rng.shuffle(unique)
        found[kind] = unique
    return found


def _put(prefix: str, parent: str) -> str:
    """A prefix before a parent; a locant at the parent's beginning is set off by a hyphen."""
    return f"{prefix}-{parent}" if parent[0].isdigit() else f"{prefix}{parent}"


def _yl(ring: Ring, at: str) -> str:
    """The ring as a substituent, e.g. ``pyridin-2-yl``."""
    if ring.name.startswith("cyclo"):
        return ring.name.removesuffix("ane") + "yl"
    stem = ring.name.removesuffix("e") if ring.name.endswith("e") else ring.name
    return f"{stem}-{at}-yl"


def _suffixed(ring: Ring, at: str, suffix: str) -> str:
    """A ring with a principal group, e.g. ``pyridin-2-ol``, ``pyridine-2-carboxamide``."""
    name = ring.name
    if suffix in {"ol", "amine"} and name.endswith("e"):
        name = name.removesuffix("e")
    if ring.name.startswith("cyclo"):
        return f"{name}{suffix}"
    return f"{name}-{at}-{suffix}"


def _acyclic() -> Iterator[str]:
    for n, chain in enumerate(_CHAINS, start=1):
        yield f"{chain}ane"
        yield f"{chain}anoic acid"
        yield f"{chain}anal"
        yield f"{chain}anamide"
        yield f"{chain}anenitrile"
        for alkyl in _ALKYLS[:6]:
            yield f"{alkyl} {chain}anoate"
        if n >= 2:
            yield f"1-bromo{chain}ane"
            yield f"{chain}anedioic acid"
        for at in range(1, min(n // 2 + n % 2, 4) + 1):
            yield f"{chain}an-{at}-ol"
            yield f"{chain}an-{at}-amine"
            yield f"{chain}ane-{at}-thiol"
            if at > 1:
                yield f"{chain}an-{at}-one"
                yield f"{at}-methyl{chain}anoic acid"
                yield f"{at}-hydroxy{chain}anoic acid"
                yield f"(2R)-2-hydroxy{chain}anoic acid"
                yield f"{at}-chloro{chain}ane"
                yield f"({at}E)-{chain}-{at}-enoic acid"
                yield f"({at}Z)-{chain}-{at}-enoic acid"
                yield f"{chain}-{at}-ynoic acid"
                yield f"{at}-oxo{chain}anoic acid"
        if n <= 8:
            for other in _CHAINS[: n + 1]:
                yield f"1-({other}oxy){chain}ane"
                yield f"N-{other}yl{chain}an-1-amine"
                yield f"N-{other}yl{chain}anamide"
                yield f"{other}yl {chain}ylcarbamate"
                yield f"1-{chain}yl-3-{other}ylurea"
                yield f"1-({other}ylsulfanyl){chain}ane"
            yield f"N,N-dimethyl{chain}an-1-amine"
            yield f"{chain}anediamide"
            yield f"dimethyl {chain}anedioate"
            yield f"{chain}ane-1-sulfonamide"
            yield f"{chain}ane-1,2-diol"


def _benzenes() -> Iterator[str]:
    for parent in _BENZENES:
        head, _, tail = parent.rpartition(" ")
        front = f"{head} " if head in {"methyl", "ethyl"} else ""
        core = tail if front else parent
        yield parent
        for prefix in (*_PREFIXES, "ethyl", "ethoxy", "(trifluoromethyl)", "cyano", "phenyl"):
            for at in ("2", "3", "4"):
                yield f"{front}{at}-{prefix}{core}"
        for (a, b), first in zip(
            combinations(("2", "3", "4", "5"), 2), ("chloro", "fluoro") * 3, strict=True
        ):
            yield f"{front}{a},{b}-di{first}{core}"
            yield f"{front}{a}-{first}-{b}-methyl{core}"
            yield f"{front}{b}-{first}-{a}-methoxy{core}"
            yield f"{front}{a},{b}-dimethoxy{core}"


def _on_rings() -> Iterator[str]:
    for ring in RINGS:
        for at in ring.positions:
            yl = _yl(ring, at)
            for suffix in _SUFFIXES:
                if ring.aromatic or suffix != "sulfonic acid":
                    yield _suffixed(ring, at, suffix)
            for prefix in ("methyl", "ethyl", "chloro", "bromo", "methoxy", "phenyl"):
                bare = ring.name.startswith("cyclo")
                yield f"{prefix}{ring.name}" if bare else _put(f"{at}-{prefix}", ring.name)
            carboxylate = _suffixed(ring, at, "carboxylate")
            for alkyl in _ALKYLS[:4]:
                yield f"{alkyl} {carboxylate}"
            for alkyl in ("methyl", "ethyl"):
                yield _put(f"N-{alkyl}", _suffixed(ring, at, "carboxamide"))
            yield f"({yl})methanol"
            yield f"1-({yl})methanamine"
            yield f"1-({yl})ethan-1-one"
            yield f"({yl})acetic acid"
            yield f"3-({yl})propanoic acid"
            yield f"(2E)-3-({yl})prop-2-enoic acid"
            yield f"N-({yl})acetamide"
            yield f"methyl ({yl})carbamate"
            yield f"({yl})boronic acid"
        for a, b in combinations(ring.positions, 2):
            for prefix in _PREFIXES[:7]:
                for suffix in _SUFFIXES[:3]:
                    yield _put(f"{b}-{prefix}", _suffixed(ring, a, suffix))


def _linked(rng: random.Random) -> Iterator[str]:
    """Two rings and what joins them: many scaffolds made of few rings."""
    benzene = Ring("benzene", ("1",))
    pool = [benzene, benzene, benzene, *AROMATIC_RINGS[:36], *SATURATED_RINGS[:18]]
    for _ in range(2600):
        first, second = rng.choice(pool), rng.choice(pool)
        a, b = rng.choice(first.positions), rng.choice(second.positions)
        one = "phenyl" if first is benzene else _yl(first, a)
        two = "phenyl" if second is benzene else _yl(second, b)
        acyl = "benzamide" if first is benzene else _suffixed(first, a, "carboxamide")
        ester = "benzoate" if first is benzene else _suffixed(first, a, "carboxylate")
        yield rng.choice(
            (
                _put(f"N-({two})", acyl),
                _put(f"N-[({two})methyl]", acyl),
                f"({two})methyl {ester}",
                f"({one})({two})methanone",
                f"N-({one})({two})methanesulfonamide",
                f"1-({one})-3-({two})urea",
                f"N-({one})-2-({two})acetamide",
                f"2-[({one})oxy]-1-({two})ethan-1-one",
                f"({one})methyl ({two})carbamate",
                f"N-[({one})methyl]-1-({two})methanamine",
                f"({two}) ({one}) sulfide",
            )
        )


def _amino_acids() -> Iterator[str]:
    names = (
        "glycine alanine valine leucine isoleucine serine threonine cysteine methionine proline "
        "phenylalanine tyrosine tryptophan histidine lysine arginine asparagine glutamine norvaline"
        " norleucine ornithine homoserine"
    ).split()
    acids = ["aspartic acid", "glutamic acid"]
    for name in [*names, *acids]:
        for mark in ("L-", "D-") if name != "glycine" else ("",):
            yield f"{mark}{name}"
            if name in names:
                yield f"N-acetyl-{mark}{name}"
                yield f"{mark}{name}amide".replace("eamide", "amide")
                if name.endswith("ine"):
                    yield f"methyl {mark}{name.removesuffix('e')}ate"
    stems = [n.removesuffix("ine") + "yl" for n in names if n.endswith("ine")]
    for stem in [s for s in stems if s not in {"cysteyl", "glutamyl"}]:
        for name in names[:10]:
            left = stem if stem == "glycyl" else f"L-{stem}"
            right = name if name == "glycine" else f"L-{name}"
            yield f"{left}-{right}"


def _steroids() -> Iterator[str]:
    for parent in STEROIDS[1:]:
        for h in ("5alpha", "5beta"):
            stem = f"{h}-{parent}"
            yield stem
            for at in ("3alpha", "3beta", "11beta", "12alpha", "6alpha", "7beta"):
                yield f"{stem.removesuffix('e')}-{at}-ol"
            for at in ("3", "6", "7", "11", "12"):
                yield f"{stem.removesuffix('e')}-{at}-one"
            for a, b in combinations(("3alpha", "3beta", "6alpha", "7alpha", "12alpha"), 2):
                if a[:2] != b[:2]:
                    yield f"{stem}-{a},{b}-diol"
            for a, b in (("3alpha", "6"), ("3beta", "7"), ("3alpha", "11"), ("7alpha", "3")):
                yield f"{a}-hydroxy-{stem.removesuffix('e')}-{b}-one"


def _ring_ketones() -> Iterator[str]:
    parents = (
        "pyrimidine-2,4(1H,3H)-dione",
        "pyridin-2(1H)-one",
        "quinolin-2(1H)-one",
        "quinolin-4(1H)-one",
        "2H-chromen-2-one",
        "4H-chromen-4-one",
        "1H-isoindole-1,3(2H)-dione",
        "quinazolin-4(3H)-one",
        "naphthalene-1,4-dione",
        "anthracene-9,10-dione",
        "1,3-dihydro-2H-indol-2-one",
        "9H-xanthen-9-one",
        "pyrrolidin-2-one",
        "piperidin-2-one",
        "oxolan-2-one",
        "oxan-2-one",
        "1,3-oxazolidin-2-one",
        "imidazolidine-2,4-dione",
        "pyrrolidine-2,5-dione",
        "cyclohex-2-en-1-one",
    )
    for parent in parents:
        yield parent
        for at in "1345678":
            for prefix in ("methyl", "ethyl", "chloro", "fluoro", "bromo", "hydroxy", "methoxy"):
                yield _put(f"{at}-{prefix}", parent)
            yield _put(f"{at}-phenyl", parent)
    yield from ("adenine", "guanine", "cytosine", "uracil", "thymine", "xanthine", "caffeine")
    for nucleoside in ("adenosine", "guanosine", "cytidine", "uridine", "thymidine", "inosine"):
        yield nucleoside
        yield f"5'-O-methyl{nucleoside}"
