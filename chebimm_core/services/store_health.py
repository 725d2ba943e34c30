"""What in the store cannot be read, or no longer belongs together."""

from __future__ import annotations

from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore


def damaged_runs(settings: Settings) -> dict[str, str]:
    """Run id -> why its header cannot be read."""
    return RunStore(settings.store).damaged()


def damaged_datasets(settings: Settings) -> dict[str, str]:
    """Name -> why a data set cannot be opened."""
    return DatasetStore(settings.store).damaged()


def outdated_runs(settings: Settings) -> dict[str, str]:
    """Run id -> why, for runs made on other content than their data set has now."""
    return versions.outdated(settings.store, RunStore(settings.store).headers())
