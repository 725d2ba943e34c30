"""Two inputs read as one: what each encoder says, joined by a rule of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from chebimm_core.neural.encoder import States, pool

Joining = Literal["add", "weighted", "attention"]
_SEPARATOR = "\n"
_HEADS = 4


class FusedEncoder(nn.Module):
    """An ``Encoder`` of two modalities of one molecule (Liu et al. 2025, 'modality fusion').

    ``add`` adds the second input's pooled vector to every state of the first, so that the pooled
    result is the sum of both vectors and a decoder still has a sequence to attend to. ``weighted``
    does so with two learned weights that add up to 1. ``attention`` lets the states of both attend
    to each other in one layer.

    Args:
        first: Encoder of the first input.
        second: Encoder of the second.
        joining: Which rule.
        width: D of the joint states; a multiple of 4.
        pooling: Of the second input's states, where they are added.
    """

    def __init__(
        self, first: Any, second: Any, *, joining: Joining, width: int = 128, pooling: str = "avg"
    ) -> None:
        super().__init__()
        self.parts = nn.ModuleList([first, second])
        self.maps = nn.ModuleList([nn.Linear(part.width, width) for part in (first, second)])
        self.joining, self.pooling, self.width = joining, pooling, width
        self.balance = nn.Parameter(torch.zeros(2))
        if joining == "attention":
            self.kinds = nn.Parameter(torch.randn(2, width) * 0.02)
            self.attend = nn.TransformerEncoderLayer(
                width, _HEADS, 2 * width, dropout=0.0, batch_first=True, norm_first=True
            )

    def prepare(self, texts: Sequence[str]) -> list[Any | None]:
        """Pairs of examples; None where one of the two inputs cannot be read."""
        split = [text.split(_SEPARATOR, 1) for text in texts]
        sides = [
            part.prepare([row[k] if len(row) == 2 else "" for row in split])
            for k, part in enumerate(self.parts)
        ]
        return [None if a is None or b is None else (a, b) for a, b in zip(*sides, strict=True)]

    def collate(self, examples: Sequence[Any], device: torch.device) -> Any:
        return tuple(
            part.collate([pair[k] for pair in examples], device)
            for k, part in enumerate(self.parts)
        )

    def encode(self, batch: Any) -> States:
        read = [part.encode(side) for part, side in zip(self.parts, batch, strict=True)]
        first, second = (
            States(linear(states.values), states.mask)
            for linear, states in zip(self.maps, read, strict=True)
        )
        if self.joining == "attention":
            return self._attended(first, second)
        weights = self._weights()
        added = weights[1] * pool(second, self.pooling)
        return States(weights[0] * first.values + added[:, None], first.mask)

    def _weights(self) -> Tensor:
        if self.joining == "add":
            return torch.ones_like(self.balance)
        return torch.softmax(self.balance, 0)

    def _attended(self, first: States, second: States) -> States:
        values = torch.cat([first.values + self.kinds[0], second.values + self.kinds[1]], dim=1)
        mask = torch.cat([first.mask, second.mask], dim=1)
        return States(self.attend(values, src_key_padding_mask=~mask), mask)
