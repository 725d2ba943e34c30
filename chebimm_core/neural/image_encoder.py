"""Pretrained vision networks; their states are patches, or cells of a feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chebimm_core.neural.encoder import States
from chebimm_core.neural.images import image_of
from chebimm_core.neural.weights import Source, load_network

_DEFAULT_SIDE = 224
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and spread of ImageNet's channels; what processors without figures of their own use."""


class ImageEncoder(nn.Module):
    """Reads a drawing of the molecule.

    Args:
        where: Weights of a vision model.
    """

    def __init__(self, where: Source) -> None:
        super().__init__()
        network: Any = load_network("AutoModel", where)
        self.network = network
        config = network.config
        side = getattr(config, "image_size", None) or _DEFAULT_SIDE
        self.side = int(side if isinstance(side, int) else side[0])
        sizes = getattr(config, "hidden_sizes", None)
        self.width = int(sizes[-1] if sizes else config.hidden_size)
        mean, spread = _normalization(where)
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("spread", torch.tensor(spread)[:, None, None], persistent=False)

    def prepare(self, texts: Sequence[str]) -> list[NDArray[np.uint8] | None]:
        return [image_of(text, self.side) for text in texts]

    def collate(self, examples: Sequence[NDArray[np.uint8]], device: torch.device) -> Any:
        pixels = torch.from_numpy(np.stack(examples)).to(device).permute(0, 3, 1, 2).contiguous()
        return (pixels.float() / 255 - self.mean.to(device)) / self.spread.to(device)

    def encode(self, batch: Any) -> States:
        values = self.network(pixel_values=batch).last_hidden_state
        if values.dim() == 4:  # (B, D, h, w) of a convolutional network
            values = values.flatten(2).transpose(1, 2)
        mask = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
        return States(values, mask)


def _normalization(where: Source) -> tuple[Sequence[float], Sequence[float]]:
    """Mean and spread of the channels the network was trained with."""
    from transformers import AutoImageProcessor

    try:
        processor = AutoImageProcessor.from_pretrained(where.name, **where.arguments())
    except (OSError, ValueError, KeyError, ImportError, TypeError):
        return _IMAGENET
    mean = getattr(processor, "image_mean", None) or _IMAGENET[0]
    spread = getattr(processor, "image_std", None) or _IMAGENET[1]
    return mean, spread
