"""Two encoders into one space, by symmetric InfoNCE (van den Oord et al. 2018, arXiv:1807.03748).

Partners of a batch attract, all other pairs repel; the temperature is learned, as in Radford et al.
2021, arXiv:2103.00020.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from chebimm_core.neural.encoder import pool

_COLDEST = math.log(100.0)


class TwoTowers(nn.Module):
    """A source and a target encoder with a linear map each.

    Args:
        source: An ``Encoder``.
        target: An ``Encoder``.
        pooling: ``avg`` or ``max``.
        width: Dimensions of the shared space.
    """

    def __init__(self, source: Any, target: Any, *, pooling: str, width: int = 256) -> None:
        super().__init__()
        self.source, self.target, self.pooling = source, target, pooling
        self.from_source = nn.Linear(source.width, width)
        self.from_target = nn.Linear(target.width, width)
        self.warmth = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def embed_source(self, batch: Any) -> Tensor:
        """(B, width) of unit length."""
        return _unit(self.from_source(pool(self.source.encode(batch), self.pooling)))

    def embed_target(self, batch: Any) -> Tensor:
        """(B, width) of unit length."""
        return _unit(self.from_target(pool(self.target.encode(batch), self.pooling)))

    def forward(self, sources: Any, targets: Any) -> Tensor:
        """The loss of a batch of partners."""
        similarity = self.embed_source(sources) @ self.embed_target(targets).T
        logits = similarity * self.warmth.clamp(max=_COLDEST).exp()
        right = torch.arange(len(logits), device=logits.device)
        return (
            functional.cross_entropy(logits, right) + functional.cross_entropy(logits.T, right)
        ) / 2


def _unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors, dim=-1)
