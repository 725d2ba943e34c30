"""Text written by a network: fine-tune on pairs, then generate. One adapter for all families."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.specs import Parameter, Scalar, Transition
from chebimm_core.models.protocols import FitContext, Generated
from chebimm_core.models.training_parameters import require_pairs, split_arguments

if TYPE_CHECKING:
    import pandas as pd

WRITING = (
    Parameter("num_beams", "Beams", 1, "Width of the beam search; 1 is greedy.", low=1, high=64),
    Parameter("max_length", "Longest answer", 256, "In tokens; longer answers are cut.", low=1,
              high=4096),
    Parameter("max_input", "Longest input", 512, "In tokens; longer inputs are cut.", low=8,
              high=8192, advanced=True),
    Parameter("write_batch", "Answers at once", 16, "Inputs generated for together.", low=1,
              high=1024, advanced=True),
)  # fmt: skip


class TextWriter(ABC):
    """Writes one modality from another; what network does it is said by :meth:`make_network`.

    Args:
        num_beams: Width of the beam search.
        max_length: Longest answer in tokens.
        max_input: Longest input in tokens.
        write_batch: Inputs generated for together.
        arguments: Values of ``training_parameters`` and of the network.
    """

    def __init__(
        self,
        *,
        num_beams: int,
        max_length: int,
        max_input: int,
        write_batch: int,
        **arguments: Scalar,
    ) -> None:
        self.num_beams, self.max_length = num_beams, max_length
        self.max_input, self.write_batch = max_input, write_batch
        self.training, self.arguments = split_arguments(arguments)
        self._network: Any = None

    @abstractmethod
    def make_network(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Any:
        """A network with ``prepare``, ``targets``, ``collate``, loss and ``write``."""

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Fine-tunes; with zero epochs the weights are used as they are."""
        from chebimm_core.neural.devices import resolve_device
        from chebimm_core.neural.trainer import seed_everything
        from chebimm_core.neural.trainer import train as run_training

        require_pairs(len(train))
        seed_everything(context.seed)
        network = self.make_network(train, transition, context)
        if self.training.epochs:
            held_out = context.validation
            run_training(
                network,
                self._examples(network, train),
                collate=network.collate,
                loss=lambda module, batch: module(batch),
                plan=self.training.plan(),
                host=context,
                validation=None if held_out is None else self._examples(network, held_out),
            )
        self._network = network.to(resolve_device(context.device)).eval()
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Writes; an input the encoder cannot read is a row with an error."""
        from chebimm_core.neural.seq2seq import Writing

        how = Writing(self.num_beams, self.max_length)
        examples = self._network.prepare([str(t) for t in inputs])
        there = [k for k, example in enumerate(examples) if example is not None]
        found = [Generated(None, "The input cannot be read")] * len(inputs)
        for start in range(0, len(there), self.write_batch):
            chosen = there[start : start + self.write_batch]
            texts = self._network.write([examples[k] for k in chosen], how)
            for k, text in zip(chosen, texts, strict=True):
                found[k] = Generated(text) if text else Generated(None, "The model wrote nothing")
        return found

    def answer_spans(self, answer: str) -> list[tuple[int, int]]:
        """Characters [start, end) of each token of an answer; empty for the end of the text."""
        spans: list[tuple[int, int]] = self._network.answer_spans(answer, self.max_length)
        return spans

    def log_probabilities(
        self, inputs: Sequence[str], answers: Sequence[str]
    ) -> list[NDArray[np.float64]]:
        """Log p of each token of each answer; see ``protocols.Scorer``."""
        network = self._network
        device = next(network.parameters()).device
        examples = network.prepare([str(t) for t in inputs])
        targets = network.targets([str(t) for t in answers], self.max_length)
        there = [k for k, example in enumerate(examples) if example is not None]
        found = [np.empty(0)] * len(inputs)
        for start in range(0, len(there), self.write_batch):
            chosen = there[start : start + self.write_batch]
            batch = network.collate([(examples[k], targets[k]) for k in chosen], device)
            rows = network.token_log_probs(batch).cpu().numpy().astype(np.float64)
            for k, row in zip(chosen, rows, strict=True):
                found[k] = row[~np.isnan(row)]
        return found

    def _examples(self, network: Any, pairs: pd.DataFrame) -> list[tuple[Any, list[int]]]:
        examples = network.prepare([str(t) for t in pairs["input"]])
        targets = network.targets([str(t) for t in pairs["target"]], self.max_length)
        return [(a, b) for a, b in zip(examples, targets, strict=True) if a is not None and b]
