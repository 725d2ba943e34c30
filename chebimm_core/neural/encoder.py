"""What reads: the contract of every encoder, and how its states become one vector.

A text model, a graph network and an image model all turn an input into a row of state vectors (a
token, an atom, a patch each). What is built on them (a property head, a shared space, a decoder)
knows nothing else, so each is written once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch


@dataclass(frozen=True, slots=True)
class States:
    """What an encoder says of a batch."""

    values: torch.Tensor
    """(B, L, D) states."""
    mask: torch.Tensor
    """(B, L) bool, False at padding."""


class Encoder(Protocol):
    """A ``torch.nn.Module`` that reads one modality."""

    width: int
    """D of its states."""

    def prepare(self, texts: Sequence[str]) -> list[Any | None]:
        """Examples for :meth:`collate`, made once; None for a text that cannot be read."""
        ...

    def collate(self, examples: Sequence[Any], device: torch.device) -> Any:
        """A batch of readable examples."""
        ...

    def encode(self, batch: Any) -> States:
        """States of a batch."""
        ...


def pool(states: States, how: str) -> torch.Tensor:
    """(B, D) ``avg`` or ``max`` of the states that are no padding (Liu et al. 2025, 'pooling')."""
    mask = states.mask.unsqueeze(-1)
    if how == "max":
        lowest = torch.finfo(states.values.dtype).min
        return states.values.masked_fill(~mask, lowest).amax(dim=1)
    return (states.values * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
