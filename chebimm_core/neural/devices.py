"""Which processor a network runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from chebimm_core.errors import SettingError


def resolve_device(name: str) -> torch.device:
    """``auto`` is a GPU if there is one, else the CPU; other names are torch's own.

    Raises:
        SettingError: If there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise SettingError(
            "There is no such device here",
            value=name,
            allowed=", ".join(["auto", "cpu", *_gpus()]),
            do="Set CHEBIMM_DEVICE",
        ) from error
    return device


def _gpus() -> list[str]:
    return [f"cuda:{k}" for k in range(torch.cuda.device_count())]


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch works on one thread inside, and on as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
