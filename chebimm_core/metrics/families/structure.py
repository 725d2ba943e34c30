"""Generated molecules: text overlap, identity, validity, fingerprint similarity and FCD.

The published protocol (Edwards et al. 2022, doi:10.18653/v1/2022.emnlp-main.26). BLEU, Levenshtein
and exact match count every row; the published similarities count valid pairs only, which rewards a
model for failing on hard molecules. The ``_all`` metrics count an invalid output as 0 instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rdkit import DataStructs

from chebimm_core.domain.specs import CorpusValue, MetricSpec
from chebimm_core.metrics import aggregates, fcd, ngrams
from chebimm_core.metrics.preparation import Context, FamilySpec, as_text
from chebimm_core.metrics.signature import library
from chebimm_core.metrics.structures import FINGERPRINTS, Structure, add_fingerprints, read
from chebimm_core.settings import Settings

_BLEU_ORDERS = 4

Floats = NDArray[np.float64]


@dataclass(slots=True)
class MoleculePairs:
    """Outputs and references as SMILES and, where RDKit accepts them, as structures."""

    outputs: list[str]
    references: list[str]
    predicted: list[Structure | None]
    """None where the output is no valid SMILES."""
    wanted: list[Structure | None]
    """None where the reference is none, which makes the pair invalid."""
    settings: Settings

    @property
    def n(self) -> int:
        return len(self.outputs)

    @property
    def failed(self) -> NDArray[np.bool_]:
        both = zip(self.predicted, self.outputs, strict=True)
        return np.array([structure is None or not text for structure, text in both], dtype=bool)

    @property
    def pairs(self) -> list[tuple[int, Structure, Structure]]:
        """Row, predicted and reference structure of the pairs valid on both sides."""
        both = zip(self.predicted, self.wanted, strict=True)
        return [(i, a, b) for i, (a, b) in enumerate(both) if a is not None and b is not None]

    def signature_parts(self, spec: MetricSpec) -> tuple[str, ...]:
        return _PARTS[spec.name.removesuffix("_all")]()

    def why_absent(self, spec: MetricSpec) -> str | None:
        return fcd.why_absent(int((~self.failed).sum())) if spec.name == "fcd" else None


def prepare(
    context: Context, outputs: Sequence[str | None], references: Sequence[str]
) -> MoleculePairs:
    """Parses both sides and computes the fingerprints asked for; references through the cache.

    Equal texts are parsed once. A text equal to a reference uses the reference's structure, yet its
    similarity is still computed: a molecule with an empty fingerprint is 0 similar even to itself.
    """
    texts = [as_text(output) for output in outputs]
    targets = [as_text(reference) for reference in references]
    known = context.cache.structures
    for text in dict.fromkeys(targets):
        if text not in known:
            structure = read(text)
            if structure is not None:
                known[text] = structure
    fresh = {t: read(t) for t in dict.fromkeys(texts) if t not in known}
    missing = [output is None for output in outputs]
    names = [n for n in FINGERPRINTS if context.wanted & {n, f"{n}_all"}]
    predicted = [
        None if gone else known.get(t) or fresh.get(t)
        for t, gone in zip(texts, missing, strict=True)
    ]
    wanted = [known.get(t) for t in targets]
    used = [s for s in (*predicted, *wanted) if s is not None]
    add_fingerprints(used, names, context.workers, context.cache.fingerprints)
    return MoleculePairs(texts, targets, predicted, wanted, context.settings)


def _bleu(pairs: MoleculePairs) -> Floats:
    mine, theirs = ngrams.characters(pairs.outputs), ngrams.characters(pairs.references)
    lengths = np.column_stack([mine.lengths, theirs.lengths]).astype(np.float64)
    overlap = ngrams.overlap(mine, theirs, _BLEU_ORDERS)
    return aggregates.bleu_statistics(overlap, lengths, _BLEU_ORDERS)


def _levenshtein(pairs: MoleculePairs) -> Floats:
    both = zip(pairs.outputs, pairs.references, strict=True)
    return _over_all(np.array([Levenshtein.distance(a, b) for a, b in both], dtype=float))


def _exact(pairs: MoleculePairs) -> Floats:
    values = np.zeros(pairs.n)
    for row, predicted, wanted in pairs.pairs:
        values[row] = predicted.same_molecule(wanted)
    return _over_all(values)


def _validity(pairs: MoleculePairs) -> Floats:
    return _over_all(np.array([s is not None for s in pairs.predicted], dtype=float))


def _similarity(pairs: MoleculePairs, fingerprint: str, count_all: bool) -> Floats:
    statistics = np.zeros((pairs.n, 2))
    statistics[:, 1] = float(count_all)
    for row, predicted, wanted in pairs.pairs:
        statistics[row] = (
            DataStructs.TanimotoSimilarity(
                predicted.fingerprints[fingerprint], wanted.fingerprints[fingerprint]
            ),
            1.0,
        )
    return statistics


def _over_all(values: Floats) -> Floats:
    return np.column_stack([values, np.ones(len(values))])


def _fcd(pairs: MoleculePairs) -> CorpusValue:
    return fcd.distance(
        [None if s is None else s.canonical or None for s in pairs.predicted],
        [None if s is None else s.canonical or None for s in pairs.wanted],
        pairs.settings.cache,
    )


def _no_statistics(pairs: MoleculePairs) -> Floats:
    return np.zeros((pairs.n, 0))


def _undefined(summed: Floats) -> Floats:
    return np.full(summed.shape[:-1], np.nan)


_PARTS: dict[str, Callable[[], tuple[str, ...]]] = {
    "bleu": lambda: ("tok:char", library("nltk")),
    "levenshtein": lambda: ("tok:char",),
    "exact": lambda: ("inchi:standard", library("rdkit")),
    "validity": lambda: (library("rdkit"),),
    "maccs": lambda: ("fp:maccs166", library("rdkit")),
    "rdk": lambda: ("fp:rdk2048", library("rdkit")),
    "morgan": lambda: ("fp:morgan2count", library("rdkit")),
    "fcd": lambda: (library("fcd_torch"), library("rdkit"), f"ci:jackknife{fcd.GROUPS}"),
}
_TANIMOTO = "Edwards et al. 2022, doi:10.18653/v1/2022.emnlp-main.26"
_structure = partial(MetricSpec, family="molecule", aggregate=aggregates.mean, reference=_TANIMOTO)
_higher = partial(_structure, direction="higher", bounded=True)


def _similarities() -> tuple[MetricSpec, ...]:
    titles = {"maccs": "MACCS", "rdk": "RDKit paths", "morgan": "Morgan"}
    return tuple(
        _higher(
            name=name + ("_all" if count_all else ""),
            title=titles[name] + " FTS" + (" (all)" if count_all else ""),
            statistics=partial(_similarity, fingerprint=name, count_all=count_all),
            denominator="all" if count_all else "valid",
            description=f"Tanimoto similarity of {titles[name]} fingerprints, "
            + ("invalid outputs counted as 0." if count_all else "over valid outputs only."),
        )
        for count_all in (False, True)
        for name in FINGERPRINTS
    )


FAMILIES = (FamilySpec("molecule", prepare),)
SPECS: tuple[MetricSpec, ...] = (
    _higher(
        name="bleu",
        title="BLEU",
        denominator="all",
        statistics=_bleu,
        aggregate=partial(aggregates.bleu, max_n=_BLEU_ORDERS),
        description="Shared runs of up to four characters of SMILES, over the whole set.",
    ),
    _higher(
        name="exact",
        title="Exact match",
        denominator="all",
        statistics=_exact,
        description="Share of outputs with the reference's standard InChI.",
    ),
    _structure(
        name="levenshtein",
        title="Levenshtein",
        direction="lower",
        bounded=False,
        denominator="all",
        statistics=_levenshtein,
        description="Characters to change from output to reference, mean over molecules.",
    ),
    _higher(
        name="validity",
        title="Validity",
        denominator="all",
        statistics=_validity,
        description="Share of outputs that RDKit reads as a molecule.",
    ),
    *_similarities(),
    _structure(
        name="fcd",
        title="FCD",
        direction="lower",
        bounded=False,
        denominator="valid",
        statistics=_no_statistics,
        aggregate=_undefined,
        corpus=_fcd,
        reference="Preuer et al. 2018, doi:10.1021/acs.jcim.8b00234",
        description="Distance between the distributions of valid outputs and their references in "
        "ChemNet; depends on the number of molecules.",
    ),
)
