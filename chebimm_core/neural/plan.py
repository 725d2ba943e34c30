"""How long and how fast a network trains. Imports no torch, so that model cards may use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Schedule = Literal["linear", "cosine", "constant"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast."""

    epochs: int
    batch_size: int
    learning_rate: float
    accumulate: int = 1
    """Batches whose gradients are added before one optimizer step."""
    weight_decay: float = 0.0
    warmup: float = 0.0
    """Share of the training in which the learning rate rises."""
    schedule: Schedule = "linear"
    """How it falls after that: to zero, or not at all."""
    patience: int | None = None
    """Evaluations without a better validation value after which training ends; None: never."""
    cpu_seconds: float | None = None
    """Processor time after which training ends, over all sessions; None: no limit."""
    precision: Precision = "auto"
    """``auto``: bfloat16 on a GPU that has it, float16 on other GPUs, float32 on a CPU."""
    max_norm: float = 1.0
    """Gradients are clipped to this norm."""
