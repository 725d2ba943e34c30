"""Explanations of a run, kept beside its results: they go with the run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from chebimm_core.domain.attribution import Attribution
from chebimm_core.errors import StoreError
from chebimm_core.store import atomic


class RunExplanations:
    """``runs/<id>/artifacts/explanations/<kind>-<hash of the request>.*``; safe to delete.

    Args:
        root: Of the store.
        run_id: The run.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self._folder = root / "runs" / run_id / "artifacts" / "explanations"

    def attribution(self, request: Mapping[str, object]) -> Attribution | None:
        """What was kept for a request; None if nothing, or it cannot be read."""
        try:
            return atomic.read_model(self._path("attribution", request, "json"), Attribution)
        except StoreError:
            return None

    def keep_attribution(self, request: Mapping[str, object], found: Attribution) -> None:
        """Keeps an attribution."""
        atomic.write_model(self._path("attribution", request, "json"), found)

    def table(self, kind: str, request: Mapping[str, object]) -> pd.DataFrame | None:
        """A table kept for a request; None as above."""
        path = self._path(kind, request, "parquet")
        try:
            return atomic.read_parquet(path) if path.exists() else None
        except StoreError:
            return None

    def keep_table(self, kind: str, request: Mapping[str, object], found: pd.DataFrame) -> None:
        """Keeps a table."""
        atomic.write_parquet(self._path(kind, request, "parquet"), found)

    def _path(self, kind: str, request: Mapping[str, object], suffix: str) -> Path:
        text = "|".join(f"{k}={request[k]!r}" for k in sorted(request))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self._folder / f"{kind}-{digest}.{suffix}"
