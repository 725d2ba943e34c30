"""What the molecule page is told about one molecule. In memory only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chebimm_core.domain.molecule import DatasetHeader, MoleculeRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Match = Literal[
    "CID",
    "InChIKey",
    "structure",
    "same connectivity",
    "name",
    "part of the name",
    "caption",
    "not in a data set",
]


@dataclass(frozen=True, slots=True)
class MoleculeHit:
    """One answer to a search."""

    match: Match
    """What of the molecule the query agreed with."""
    dataset: str | None
    """None for a valid structure that no data set holds."""
    cid: str | None
    split: str | None
    name: str | None
    """IUPAC name, None if the data set has none."""
    canonical_smiles: str | None
    inchikey: str | None


@dataclass(frozen=True, slots=True)
class ModalityView:
    """One of the eight forms of a molecule, or why it is missing."""

    name: str
    title: str
    provenance: Literal["internal", "external"]
    value: str | None
    """As text; None for the image, which is drawn, and where the form is missing."""
    made_by: str | None
    """The tool that wrote the value; None if it came with the data set."""
    missing: str | None
    """Why there is no value; None if there is one or it can be drawn."""


@dataclass(frozen=True, slots=True)
class RunOutput:
    """What one run gave for the molecule."""

    run_id: str
    model: str
    task: str
    transition: str
    source: str
    target: str
    input: str | None
    """What the model was shown, as the data set holds it now."""
    reference: str | None
    output: str | None
    error: str | None
    scores: dict[str, float]
    """Metric name -> value for this molecule alone."""
    primary_metric: str
    """The metric of the task to rank by."""
    higher_is_better: bool
    """Of the primary metric."""
    is_floor: bool
    """True for a baseline that knows nothing of the input."""


@dataclass(frozen=True, slots=True)
class NearestTraining:
    """The most similar molecule a model could have memorised."""

    cid: str
    similarity: float
    """Tanimoto coefficient in [0, 1] of Morgan fingerprints, radius 2, 2,048 bits."""
    same_connectivity: bool
    """True if only stereo, isotopes or protonation can differ (first InChIKey block equal)."""
    name: str | None
    canonical_smiles: str
    caption: str | None
    n_training: int
    """Training molecules compared."""


@dataclass(frozen=True, slots=True)
class TrainingNeighbor:
    """One training molecule like the one asked for."""

    cid: str
    similarity: float
    """Tanimoto coefficient in [0, 1] of Morgan fingerprints, radius 2, 2,048 bits."""
    same_connectivity: bool
    """True if only stereo, isotopes or protonation can differ (first InChIKey block equal)."""
    same_scaffold: bool
    """True if the Bemis-Murcko scaffolds are equal; False without a ring."""
    canonical_smiles: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """What of the training split is like a molecule; the molecule itself left out."""

    neighbors: tuple[TrainingNeighbor, ...]
    """The most similar ones, nearest first."""
    same_connectivity: tuple[str, ...]
    """Cids of the first few."""
    n_same_connectivity: int
    scaffold: str | None
    """Bemis-Murcko scaffold SMILES; None for an acyclic molecule."""
    same_scaffold: tuple[str, ...]
    """Cids of the first few."""
    n_same_scaffold: int
    n_training: int
    """Training molecules compared."""


@dataclass(frozen=True, slots=True)
class Conformer:
    """One low-energy arrangement of the atoms in space."""

    elements: tuple[str, ...]
    """(n,) element symbols, hydrogens last."""
    positions: NDArray[np.float64]
    """(n, 3) in angstrom."""
    bonds: tuple[tuple[int, int], ...]
    """Pairs of atom indices."""
    method: str
    """How it was made, with the seed."""


@dataclass(frozen=True, slots=True)
class StructureReport:
    """What can be said of a structure no data set holds."""

    canonical_smiles: str
    inchikey: str | None
    modalities: tuple[ModalityView, ...]
    """All eight, in matrix order; what only a person or a model could write is missing."""
    nearest: NearestTraining | None
    no_nearest: str | None
    """Why there is no nearest training molecule."""


@dataclass(frozen=True, slots=True)
class MoleculeReport:
    """Everything the store knows of one molecule."""

    header: DatasetHeader
    record: MoleculeRecord
    modalities: tuple[ModalityView, ...]
    """All eight, in matrix order."""
    outputs: tuple[RunOutput, ...]
    """Every run that answered this molecule: by task, floors last."""
    nearest: NearestTraining | None
    no_nearest: str | None
    """Why there is no nearest training molecule."""
    n_outdated: int = 0
    """Runs left out because they were made on another version of the data set."""
