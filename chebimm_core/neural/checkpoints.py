"""Training states on disk: written whole, read without unpickling code."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import torch

_STATE = "state.pt"
_BEST = "best.safetensors"


class Checkpoint:
    """The state of one training in one folder.

    Args:
        folder: Where; None keeps the best weights in memory and nothing else.
        fingerprint: Of plan, data and network; a state of another is not continued.
    """

    def __init__(self, folder: Path | None, *, fingerprint: str) -> None:
        self._folder = folder
        self._fingerprint = hashlib.sha256(fingerprint.encode()).hexdigest()
        self._best: dict[str, torch.Tensor] | None = None

    def save(self, state: dict[str, Any]) -> None:
        """Replaces the state."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f".{_STATE}.{os.getpid()}"
        torch.save({**state, "fingerprint": self._fingerprint}, temporary)
        _put(temporary, self._folder / _STATE)

    def finish(self, state: dict[str, Any], weights: dict[str, torch.Tensor] | None) -> None:
        """Keeps of a training that is over what answers need, and no more.

        Args:
            state: Counters.
            weights: The last ones; None: the best ones are kept already.
        """
        self.save({"state": state} if weights is None else {"state": state, "module": weights})

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The state kept before; None if there is none, or it is torn or of another training."""
        if self._folder is None or not (self._folder / _STATE).is_file():
            return None
        try:
            state: dict[str, Any] = torch.load(
                self._folder / _STATE, map_location=device, weights_only=True
            )
        except Exception:  # a torn file ends torch's reader in many ways; all mean: begin anew
            return None
        return state if state.get("fingerprint") == self._fingerprint else None

    def keep_best(self, weights: dict[str, torch.Tensor]) -> None:
        """Keeps weights as the best so far."""
        from safetensors.torch import save_file

        # Tied weights share storage, which safetensors refuses: each name gets its own copy.
        copied = {name: w.detach().cpu().clone().contiguous() for name, w in weights.items()}
        if self._folder is None:
            self._best = copied
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f".{_BEST}.{os.getpid()}"
        save_file(copied, temporary, metadata={"fingerprint": self._fingerprint})
        _put(temporary, self._folder / _BEST)

    def best(self, device: torch.device) -> dict[str, torch.Tensor] | None:
        """The best weights; None if none were kept."""
        from safetensors import SafetensorError, safe_open

        if self._folder is None:
            return self._best
        try:
            with safe_open(self._folder / _BEST, framework="pt", device=str(device)) as weights:
                if (weights.metadata() or {}).get("fingerprint") != self._fingerprint:
                    return None
                return {name: weights.get_tensor(name) for name in weights.keys()}
        except (OSError, SafetensorError):
            return None


def _put(temporary: Path, final: Path) -> None:
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    temporary.replace(final)
