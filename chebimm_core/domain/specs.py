"""What can be registered: modalities, tasks, metrics, tokenizers and models. Types only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

Provenance = Literal["internal", "external"]
Carrier = Literal["text", "graph", "image", "vector"]
Goal = Literal["description", "embedding", "generation"]
TaskProtocol = Literal["generate", "predict", "retrieve"]
Direction = Literal["higher", "lower"]
Denominator = Literal["all", "valid"]
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ModalitySpec:
    """One of the eight forms a molecule takes (Liu et al. 2025, section 'Modalities')."""

    name: str
    """Identifier and column label, e.g. ``SMILES``."""
    title: str
    provenance: Provenance
    """``internal``: a tool converts it exactly to and from the graph. ``external``: it does not."""
    carrier: Carrier
    order: int
    """Position in the 8 x 8 matrix, 0 to 7."""
    description: str
    column: str | None = None
    """Column of ``molecules.parquet`` that holds it; None when it is drawn from the structure."""
    from_mol: Callable[[Mol], str] | None = None
    """The tool that writes it from a structure; None when only a model could."""
    to_mol: Callable[[str], Mol | None] | None = None
    """The tool that reads a structure from it; gives None for text that is not valid."""


@dataclass(frozen=True, slots=True)
class Transition:
    """From one modality (or, for fusion, two) to another."""

    sources: tuple[str, ...]
    target: str

    @property
    def key(self) -> str:
        """``SMILES->caption``; a fused input is written ``SMILES+graph->caption``."""
        return f"{'+'.join(self.sources)}->{self.target}"

    @classmethod
    def parse(cls, key: str) -> Transition:
        """Inverse of :attr:`key`."""
        left, arrow, right = key.partition("->")
        if not arrow or not left or not right:
            raise ValueError(f"A transition is written SOURCE->TARGET. Got {key!r}.")
        return cls(tuple(left.split("+")), right)


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One of the six tasks, with the transitions it covers and the metrics that score it."""

    name: str
    title: str
    goal: Goal
    protocol: TaskProtocol
    order: int
    transitions: tuple[Transition, ...]
    metrics: tuple[str, ...]
    """Names in the metric registry, in display order."""
    primary_metric: str
    floor: str
    """One sentence: what a useless model scores, and on which metric not to rely alone."""
    reference: str


@dataclass(frozen=True, slots=True)
class CorpusValue:
    """Value of a metric that only a whole set has, with its own 95 % interval."""

    value: float
    ci_low: float | None
    ci_high: float | None
    n: int
    """Rows it rests on."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric as additive per-sample statistics and a function of their sum.

    Corpus BLEU is no mean of sentence BLEUs, yet it is a function of summed n-gram counts; so is a
    mean, an R2 or an exact-match rate. With this form one matrix product gives every bootstrap
    resample of every metric, and the corpus value is never approximated.
    """

    name: str
    title: str
    family: str
    """Which preparation it needs: ``text``, ``molecule``, ``property``, ``ranking``."""
    direction: Direction
    bounded: bool
    """True if its values lie in [0, 1]; only such metrics enter a transition probability."""
    denominator: Denominator
    """``all``: failed and invalid rows count (as 0). ``valid``: they are left out."""
    statistics: Callable[[Any], NDArray[np.float64]]
    """Prepared pairs of its family -> (n, k) additive statistics; rows that do not count are 0."""
    aggregate: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    """(..., k) summed statistics -> (...) metric values; NaN where undefined."""
    per_sample: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
    """(n, k) statistics -> (n,) values to show for single molecules; None: use ``aggregate``."""
    weighted: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]] | None = (
        None
    )
    """For a metric that ranks rows against each other (ROC-AUC): (n, k) per-row values and (b, n)
    weights -> (b,) values. It then replaces ``aggregate``, which has no sum to work on."""
    corpus: Callable[[Any], CorpusValue] | None = None
    """For a metric of two distributions (FCD): prepared pairs -> value. Its ``statistics`` have no
    columns, so it takes part in no bootstrap and no paired comparison."""
    reference: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class TokenizerSpec:
    """A way to cut text into tokens; an explicit choice wherever tokens are counted."""

    name: str
    title: str
    description: str
    load: Callable[..., Tokenizer]
    """``load(settings, corpus)`` gives the tokenizer; raises MissingDependencyError if it cannot.
    ``corpus`` (a sequence of texts) is used by tokenizers that are trained, ignored by others."""


class Tokenizer(Protocol):
    """Text in, tokens out. Equal tokens are equal strings."""

    signature: str
    """Identifies name and vocabulary, e.g. ``scibert-uncased@f0a65034``."""
    vocabulary_size: int | None
    """Distinct tokens it can give; None if there is no fixed vocabulary."""

    def tokenize(self, text: str) -> list[str]: ...

    def tokenize_batch(self, texts: Sequence[str]) -> list[list[str]]: ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """A choice a user has when running a model; the launch form and the checks are made of it."""

    name: str
    """Key in ``RunSpec.model_args`` and keyword of the adapter's factory."""
    title: str
    default: Scalar
    """Its type is the type of every value."""
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    """Allowed values of a text; empty: any text."""
    advanced: bool = False
    """True for what most users leave alone."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One way a model can be used, with the adapter that does it."""

    protocol: TaskProtocol
    transitions: tuple[Transition, ...]
    loader: str
    """``module:attribute`` of the adapter's factory, imported only when the model runs. The factory
    takes the values of ``parameters`` as keywords."""
    parameters: tuple[Parameter, ...] = ()
    stops_early: bool = False
    """True if it wants molecules held out of its training split where no other split can serve."""
    smallest_batch: int = 1
    """Inputs worth asking at once, for models that answer several in parallel."""
    fit_seconds: float | None = None
    """Typical time to learn from 3,000 molecules on two CPU cores; None: unknown."""
    sample_seconds: float | None = None
    """Typical time for one answer there; None: unknown."""


@dataclass(frozen=True, slots=True)
class HubWeights:
    """Pretrained weights on the Hugging Face hub."""

    role: str
    """``model``, ``encoder`` or ``decoder``; the parameter that replaces them by another hub id or
    a local folder is ``weights``, ``encoder_weights`` or ``decoder_weights``."""
    hub_id: str
    revision: str | None = None
    """Pinned commit; None where it is not known."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model that can be run: what it maps to what, where it comes from, what it needs."""

    name: str
    title: str
    family: str
    """``floor``, ``nearest-neighbour``, ``tool``, ``linear``, ... or a family of the paper."""
    abilities: tuple[Ability, ...]
    """At most one a protocol."""
    description: str
    trained_on: str
    license: str
    reference: str
    revision: str | None = None
    extras: tuple[str, ...] = field(default=())
    """Optional requirements, by the name ``doctor`` knows them."""
    is_floor: bool = False
    """True for a baseline that knows nothing of the input; shown beside every result."""
    paper_family: int | None = None
    """1 to 8 for one of the paper's 50 models (Liu et al. 2025, Figure 4); None for others."""
    encoder: str | None = None
    """Name of the part that reads, for the encoder ranking; None: the model itself."""
    decoder: str | None = None
    weights: tuple[HubWeights, ...] = ()
    """Empty: nothing is downloaded."""
    parameters_millions: float | None = None
    gpus: float = 0.0
    """GPUs one run wants on a cluster; it still runs on a CPU, slowly."""
    scripted: bool = False
    """True for a stand-in that drives tests; pickers, grids and rankings leave it out."""

    def ability(self, protocol: TaskProtocol) -> Ability | None:
        """How the model does tasks of that protocol; None if it does not."""
        return next((a for a in self.abilities if a.protocol == protocol), None)

    def covers(self, protocol: TaskProtocol, transition: Transition) -> bool:
        """Whether the model can do this transition in tasks of that protocol."""
        ability = self.ability(protocol)
        return ability is not None and transition in ability.transitions

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """Of all abilities, each once."""
        return tuple(dict.fromkeys(t for a in self.abilities for t in a.transitions))
