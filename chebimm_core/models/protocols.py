"""What an adapter does: learn from pairs of texts, then answer inputs or embed both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from chebimm_core.domain.run import TrainingPoint, Usage
from chebimm_core.domain.specs import Transition

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Generated:
    """The answer to one input: an output, or the reason why there is none."""

    output: str | None
    error: str | None = None


def _silent(*_: object) -> None:
    """Says nothing."""


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a model may use while it learns, beside the training pairs."""

    seed: int = 0
    """Of every random choice the model makes, while learning and answering."""
    validation: pd.DataFrame | None = None
    """Pairs held out for early stopping and for choosing between settings, of the same columns as
    the training pairs. Never of the split that is tested. None: there are none; train the full
    plan."""
    checkpoint: Path | None = None
    """Folder in which a long training keeps what it needs to go on after a kill; may hold an
    earlier session's. None: nothing is kept."""
    device: str = "auto"
    """``auto``, ``cpu``, ``cuda``, ``cuda:0``, ..."""
    cache: Path | None = None
    """Folder for downloaded weights; None: the library's own."""
    progress: Callable[[float, str], None] = _silent
    """Told the share of learning done in [0, 1] and what is happening; call it about once a
    second."""
    record: Callable[[TrainingPoint], None] = _silent
    """Told every point of the training curve."""
    spend: Callable[[Usage], None] = _silent
    """Told what a batch of requests to an endpoint took."""


class Generator(Protocol):
    """A model that turns one modality, written as text, into another.

    A molecular graph or an image is written as the SMILES it is read from or drawn from; an image
    may also be the path of a file, written ``file:/path/to/image.png``. A property value is a
    decimal number; several properties are a JSON object of those known. The parts of a fused input
    stand one a line, in the order of the transition's sources.
    """

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Learns from the training split.

        Args:
            train: (n, 3) frame with the text columns ``cid``, ``input`` and ``target``; no missing
                values.
            transition: From which modality to which.
            context: Seed, validation pairs, place for checkpoints, device.

        Raises:
            SettingError: If there is nothing to learn from.
            MissingDependencyError: If a needed package or resource is absent.
        """
        ...

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Answers every input, in order. An input the model cannot handle is a row, not a raise.

        The answer to an input does not depend on the other inputs of the batch.
        """
        ...


class Retriever(Protocol):
    """A model that puts both modalities into one space, where partners are near by cosine."""

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Learns from partners; as :meth:`Generator.fit`."""
        ...

    def embed_sources(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d) a row a text of the source modality; NaN where it cannot be handled."""
        ...

    def embed_targets(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d) as :meth:`embed_sources`, for the target modality."""
        ...


@runtime_checkable
class Scorer(Generator, Protocol):
    """A generator that tells how probable any answer is: it can be explained."""

    def answer_spans(self, answer: str) -> list[tuple[int, int]]:
        """Characters [start, end) of each token of an answer; empty for the end of the text."""
        ...

    def log_probabilities(
        self, inputs: Sequence[str], answers: Sequence[str]
    ) -> list[NDArray[np.float64]]:
        """Log p of each token of an answer, in nats, given the input and the answer before it.

        Args:
            inputs: (n,) of the source modality.
            answers: (n,) one for each input.

        Returns:
            As many arrays, each as long as :meth:`answer_spans` of its answer; of length 0 for an
            input that cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """A fragment of a structure and what it adds to a prediction."""

    label: str
    atoms: tuple[int, ...]
    """Indices in SMILES order; several places of one fragment are several environments."""
    values: tuple[float, ...]
    """One a property, in its unit."""


@runtime_checkable
class Additive(Generator, Protocol):
    """A predictor whose answer is exactly an intercept plus a sum over fragments."""

    def environments(self, smiles: str) -> tuple[tuple[float, ...], list[Environment]]:
        """The intercepts, one a property, and every fragment of the structure.

        Raises:
            SettingError: If RDKit rejects the SMILES.
        """
        ...


Model = Generator | Retriever
ModelFactory = Callable[..., Any]
