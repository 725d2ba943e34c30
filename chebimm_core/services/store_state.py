"""Tokens that change when the store changes: what a cache above the services is keyed by."""

from __future__ import annotations

from chebimm_core.errors import ChebiMMError
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore


def token(settings: Settings) -> str:
    """Changes whenever any data set or run appears, changes or goes."""
    store = DatasetStore(settings.store)
    datasets = "|".join(dataset_token(settings, name) for name in store.names())
    return f"{datasets}#{RunStore(settings.store).token()}"


def dataset_token(settings: Settings, name: str) -> str:
    """Changes whenever that data set changes; ``absent`` if there is none of this name."""
    try:
        return DatasetStore(settings.store).token(name)
    except (ChebiMMError, OSError):
        return "absent"


def run_token(settings: Settings, run_id: str) -> str:
    """Changes whenever that run is scored or loaded again; ``absent`` if there is none."""
    folder = settings.store / "runs" / run_id
    try:
        stamps = [(folder / name).stat() for name in ("spec.json", "status.json", "scores.json")]
    except (OSError, ValueError):
        return "absent"
    return f"{run_id}:" + ":".join(f"{s.st_mtime_ns}.{s.st_ino}" for s in stamps)
