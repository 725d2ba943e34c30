"""What the analyses of a data set find. In memory only; tables are tidy frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

TOKEN_LIMIT = 512
"""Tokens most models of Liu et al. 2025 read at most; what lies beyond is lost."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """Suitability of each text modality as model input (Liu et al. 2025, Figure 3)."""

    token_lengths: pd.DataFrame
    """One row a modality and tokenizer: ``modality``, ``tokenizer``, ``signature``, ``n`` (texts
    counted), ``q05``, ``q25``, ``q50``, ``q75``, ``q95``, ``mean``, ``longest`` (tokens) and
    ``share_cut`` (share of texts with more than :data:`TOKEN_LIMIT` tokens)."""
    vocabulary: pd.DataFrame
    """One row a modality and tokenizer with a vocabulary of its own: ``modality``, ``tokenizer``,
    ``signature``, ``n``, ``used`` (distinct tokens seen), ``size`` (of the vocabulary)."""
    unavailable: tuple[tuple[str, str], ...]
    """Tokenizers that are not on this machine, and why."""


@dataclass(frozen=True, slots=True)
class Diversity:
    """How unlike each other the molecules of a split are."""

    mean_distance: float
    """Mean Tanimoto distance over pairs, Morgan radius 2, 2,048 bits; NaN below two molecules."""
    ci_low: float
    """Lower end of the 95 % bootstrap interval over molecules."""
    ci_high: float
    n_sampled: int
    """Molecules compared, all with all."""
    n_pairs: int
    seed: int


@dataclass(frozen=True, slots=True)
class ChemicalSpace:
    """Diversity of the chemical space of a split (Liu et al. 2025, Figure 3)."""

    n: int
    """Molecules RDKit accepts; every count below is over these."""
    n_scaffolds: int
    """Distinct Bemis-Murcko scaffolds, the empty one of acyclic molecules not counted."""
    n_acyclic: int
    n_singletons: int
    """Scaffolds that one molecule alone has."""
    diversity: Diversity
    scaffolds: pd.DataFrame
    """Commonest first: ``rank`` (from 1), ``scaffold`` (SMILES), ``molecules``, ``share`` and
    ``covered`` (share of cyclic molecules that have this scaffold or a commoner one)."""
    elements: pd.DataFrame
    """Commonest first: ``element``, ``molecules`` (that contain it), ``share``."""
    properties: pd.DataFrame
    """One row a number: ``property``, ``unit``, ``source`` (``data set`` or ``RDKit``), ``n``,
    ``missing``, ``mean``, ``sd``, ``smallest``, ``q05``, ``q25``, ``q50``, ``q75``, ``q95``,
    ``largest``."""
    values: pd.DataFrame
    """One row a molecule: ``cid`` and every number named in ``properties``."""


@dataclass(frozen=True, slots=True)
class DatasetProfile:
    """The panels of the paper's Figure 3 for one split."""

    dataset: str
    split: str
    n: int
    """Molecules of the split."""
    missing: pd.DataFrame
    """One row a modality or property: ``name``, ``present``, ``missing``, ``share_missing``."""
    model_input: ModelInput
    space: ChemicalSpace


@dataclass(frozen=True, slots=True)
class LeakageReport:
    """What evaluated splits share with the splits a model may be trained on."""

    summary: pd.DataFrame
    """One row a pair of splits: ``split`` (evaluated), ``against``, ``n`` (molecules of ``split``
    RDKit accepts), ``n_against``, and how many of the ``n`` have in ``against`` a molecule with the
    ``same_structure`` (InChIKey), ``same_connectivity`` (its first block: stereo, charge and
    isotopes left out), ``same_scaffold`` (cyclic molecules only; ``n_cyclic`` have one) or a
    nearest neighbor ``above_threshold``; and ``median_nearest``."""
    nearest: pd.DataFrame
    """One row a molecule and pair of splits: ``cid``, ``split``, ``against``, ``nearest_cid``,
    ``similarity`` (Tanimoto, Morgan radius 2, 2,048 bits), ``same_structure``,
    ``same_connectivity``, ``same_scaffold``."""
    threshold: float
    """Similarity above which a nearest neighbor counts as leaked."""
