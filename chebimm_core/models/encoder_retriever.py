"""Retrieval with any two encoders: partners near, strangers far, in one learned space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.specs import Scalar, Transition
from chebimm_core.models.protocols import FitContext
from chebimm_core.models.training_parameters import require_pairs, split_arguments

if TYPE_CHECKING:
    import pandas as pd
    import torch

_BATCH = 64


class EncoderRetriever(ABC):
    """Partners of two modalities; what encodes each is said by :meth:`make_encoder`.

    Args:
        pooling: ``avg`` or ``max``.
        arguments: Values of ``training_parameters`` and of the encoders.
    """

    def __init__(self, *, pooling: str, **arguments: Scalar) -> None:
        self.pooling = pooling
        self.training, self.arguments = split_arguments(arguments)
        self._network: Any = None

    @abstractmethod
    def make_encoder(self, modality: str, texts: Sequence[str], context: FitContext) -> Any:
        """An ``Encoder`` for one modality; ``texts`` are its training texts."""

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Trains both encoders; a pair of which one side cannot be read is left out."""
        from chebimm_core.neural.devices import resolve_device
        from chebimm_core.neural.trainer import seed_everything
        from chebimm_core.neural.trainer import train as run_training
        from chebimm_core.neural.two_towers import TwoTowers

        require_pairs(len(train))
        seed_everything(context.seed)
        inputs, targets = _texts(train, "input"), _texts(train, "target")
        source = self.make_encoder(transition.sources[0], inputs, context)
        target = self.make_encoder(transition.target, targets, context)
        network = TwoTowers(source, target, pooling=self.pooling)
        context.progress(0.0, "Reading molecules")
        examples = _pairs(source, target, inputs, targets)
        held_out = None
        if context.validation is not None and len(context.validation):
            sides = _texts(context.validation, "input"), _texts(context.validation, "target")
            held_out = _pairs(source, target, *sides)

        def collate(batch: Sequence[Any], device: torch.device) -> Any:
            return (
                source.collate([a for a, _ in batch], device),
                target.collate([b for _, b in batch], device),
            )

        if self.training.epochs:
            run_training(
                network, examples, collate=collate, loss=lambda module, b: module(*b),
                plan=self.training.plan(), host=context, validation=held_out,
            )  # fmt: skip
        self._network = network.to(resolve_device(context.device)).eval()
        return self

    def embed_sources(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d); NaN for texts that cannot be read."""
        return self._embedded(self._network.source, self._network.embed_source, texts)

    def embed_targets(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, d); NaN for texts that cannot be read."""
        return self._embedded(self._network.target, self._network.embed_target, texts)

    def _embedded(self, encoder: Any, embed: Any, texts: Sequence[str]) -> NDArray[np.float32]:
        import torch

        device = next(self._network.parameters()).device
        width = self._network.from_source.out_features
        found = np.full((len(texts), width), np.nan, dtype=np.float32)
        examples = encoder.prepare([str(t) for t in texts])
        there = [k for k, example in enumerate(examples) if example is not None]
        for start in range(0, len(there), _BATCH):
            chosen = there[start : start + _BATCH]
            with torch.no_grad():
                vectors = embed(encoder.collate([examples[k] for k in chosen], device))
            found[chosen] = vectors.float().cpu().numpy()
        return found


def _texts(pairs: pd.DataFrame, column: str) -> list[str]:
    return [str(t) for t in pairs[column]]


def _pairs(
    source: Any, target: Any, inputs: Sequence[str], targets: Sequence[str]
) -> list[tuple[Any, Any]]:
    both = zip(source.prepare(inputs), target.prepare(targets), strict=True)
    return [(a, b) for a, b in both if a is not None and b is not None]
