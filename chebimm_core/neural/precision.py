"""Mixed precision as a device allows it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from chebimm_core.errors import SettingError
from chebimm_core.neural.plan import Precision


def mixed_precision(
    asked: Precision, device: torch.device
) -> tuple[Callable[[], AbstractContextManager[Any]], bool]:
    """How to enter mixed precision, and whether gradients must be scaled for it.

    Raises:
        SettingError: If the device cannot.
    """
    chosen: str = asked
    if asked == "auto":
        chosen = "fp32"
        if device.type == "cuda":
            chosen = "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    if chosen == "fp32":
        return nullcontext, False
    if chosen == "fp16" and device.type != "cuda":
        raise SettingError("float16 training needs a GPU", value=str(device), allowed="fp32, bf16")
    kind = torch.bfloat16 if chosen == "bf16" else torch.float16
    return (lambda: torch.autocast(device.type, dtype=kind)), chosen == "fp16"
