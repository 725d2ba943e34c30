"""Property prediction with any encoder: pooled states and a perceptron.

The encoder is trained with the head. Labels are standardized; missing ones of a multi-task data set
carry no loss (Wu et al. 2018, doi:10.1039/C7SC02664A).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chebimm_core.domain.specs import Scalar, Transition
from chebimm_core.models.property_targets import PropertyTargets, read_targets
from chebimm_core.models.protocols import FitContext, Generated
from chebimm_core.models.training_parameters import split_arguments

if TYPE_CHECKING:
    import pandas as pd
    import torch

_BATCH = 128


class EncoderPredictor(ABC):
    """A property from one modality; what encodes it is said by :meth:`make_encoder`.

    Args:
        pooling: ``avg`` or ``max``.
        dropout: Before the last layer, while training.
        arguments: Values of ``training_parameters`` and of the encoder.
    """

    def __init__(self, *, pooling: str, dropout: float = 0.0, **arguments: Scalar) -> None:
        self.pooling = pooling
        self.dropout = dropout
        self.training, self.arguments = split_arguments(arguments)
        self._network: Any = None
        self._encoder: Any = None
        self._targets: PropertyTargets | None = None

    @abstractmethod
    def make_encoder(
        self, transition: Transition, texts: Sequence[str], context: FitContext
    ) -> Any:
        """An ``Encoder`` for the source; ``texts`` are its training inputs."""

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Trains encoder and head; molecules that cannot be read are left out."""
        from chebimm_core.neural.devices import resolve_device
        from chebimm_core.neural.heads import PropertyNetwork, masked_loss
        from chebimm_core.neural.trainer import seed_everything
        from chebimm_core.neural.trainer import train as run_training

        seed_everything(context.seed)
        targets = read_targets([str(t) for t in train["target"]])
        self._targets = targets
        inputs = [str(t) for t in train["input"]]
        encoder = self.make_encoder(transition, inputs, context)
        network = PropertyNetwork(
            encoder, len(targets.mean), pooling=self.pooling, dropout=self.dropout
        )
        context.progress(0.0, "Reading molecules")
        examples = _examples(encoder, inputs, targets.standard)
        held_out = _held_out(encoder, context, targets)
        classes = targets.classes

        def collate(batch: Sequence[Any], device: torch.device) -> Any:
            import torch

            labels = torch.tensor(np.stack([y for _, y in batch]), dtype=torch.float32)
            return encoder.collate([x for x, _ in batch], device), labels.to(device)

        def loss(module: torch.nn.Module, batch: Any) -> torch.Tensor:
            return masked_loss(module(batch[0]), batch[1], classes)

        if self.training.epochs:
            run_training(
                network, examples, collate=collate, loss=loss, plan=self.training.plan(),
                host=context, validation=held_out,
            )  # fmt: skip
        self._network = network.to(resolve_device(context.device)).eval()
        self._encoder = encoder
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Predicts; an input the encoder cannot read is a row with an error."""
        import torch

        assert self._targets is not None
        device = next(self._network.parameters()).device
        examples = self._encoder.prepare([str(t) for t in inputs])
        there = _readable(examples)
        found = [Generated(None, "The input cannot be read")] * len(inputs)
        for start in range(0, len(there), _BATCH):
            chosen = there[start : start + _BATCH]
            with torch.no_grad():
                raw = self._network(self._encoder.collate([examples[k] for k in chosen], device))
            values = raw.float().cpu().numpy().astype(np.float64)
            chances = 1.0 / (1.0 + np.exp(-np.clip(values, -60, 60)))
            texts = self._targets.texts(np.where(self._targets.classes, chances, values))
            for k, text in zip(chosen, texts, strict=True):
                found[k] = Generated(text)
        return found


def _examples(encoder: Any, texts: Any, labels: Any) -> list[tuple[Any, Any]]:
    examples = encoder.prepare([str(t) for t in texts])
    return [(examples[k], labels[k]) for k in _readable(examples)]


def _held_out(
    encoder: Any, context: FitContext, targets: PropertyTargets
) -> list[tuple[Any, Any]] | None:
    if context.validation is None or context.validation.empty:
        return None
    texts = [str(t) for t in context.validation["target"]]
    try:
        values = read_targets(texts, targets.names or None).values
    except Exception:
        return None
    return _examples(encoder, context.validation["input"], (values - targets.mean) / targets.spread)


def _readable(examples: Sequence[Any | None]) -> list[int]:
    return [k for k, example in enumerate(examples) if example is not None]
