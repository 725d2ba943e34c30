"""What is built on pooled states: a perceptron that predicts properties, and its loss."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from chebimm_core.neural.encoder import pool

_USUAL_SIZE = 10.0
"""Of the order of the atoms of a molecule: keeps sums near 1 when training begins."""


class PropertyNetwork(nn.Module):
    """An encoder, pooling, and one hidden layer.

    Args:
        encoder: An ``Encoder``.
        outputs: Properties.
        pooling: ``avg`` or ``max`` of the states before the layer, or ``sum`` of its results.
        dropout: Before the last layer, while training.
    """

    def __init__(self, encoder: Any, outputs: int, *, pooling: str, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = pooling
        self.head = nn.Sequential(
            nn.Linear(encoder.width, encoder.width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(encoder.width, outputs),
        )
        self.offset = nn.Parameter(torch.zeros(outputs))

    def forward(self, batch: Any) -> Tensor:
        states = self.encoder.encode(batch)
        if self.pooling == "sum":
            # Each state contributes for itself: a sum of vectors would leave the head to undo it.
            parts = self.head(states.values) * states.mask.unsqueeze(-1)
            return cast("Tensor", parts.sum(dim=1) / _USUAL_SIZE + self.offset)
        return cast("Tensor", self.head(pool(states, self.pooling)))


def masked_loss(found: Tensor, wanted: Tensor, classes: NDArray[np.bool_]) -> Tensor:
    """Mean over known labels: squared error, or cross-entropy for classes.

    Args:
        found: (B, t) outputs; logits for classes.
        wanted: (B, t) labels, NaN where missing.
        classes: (t,) which properties are labels 0 and 1.
    """
    known = torch.isfinite(wanted)
    labels = torch.nan_to_num(wanted)
    is_class = torch.as_tensor(classes, device=found.device).expand_as(found)
    entropy = functional.binary_cross_entropy_with_logits(
        found, labels.clamp(0, 1), reduction="none"
    )
    error = torch.where(is_class, entropy, (found - labels).square())
    return (error * known).sum() / known.sum().clamp(min=1)
