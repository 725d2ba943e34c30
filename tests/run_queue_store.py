"""A store with the small data set, and what tests of running runs do again and again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import psutil

from chebimm_core.domain.molecule import MOLECULE_COLUMNS, DatasetHeader
from chebimm_core.domain.run import RunSpec, RunState
from chebimm_core.domain.specs import Scalar
from chebimm_core.services import launching
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATIENCE_S = 60.0
NAME = "chains"


def build(folder: Path, *, molecules: int = 8, workers: int = 1) -> Settings:
    """A store of carbon chains: nothing is parsed, so thousands cost nothing."""
    settings = Settings.from_env(
        {
            "CHEBIMM_STORE": str(folder / "store"),
            "CHEBIMM_CACHE": str(folder / "cache"),
            "CHEBIMM_WORKERS": str(workers),
        }
    )
    n = 2 * molecules
    table = pd.DataFrame(dict.fromkeys(MOLECULE_COLUMNS), index=range(n), dtype=object)
    table["cid"] = [f"{k}" for k in range(n)]
    table["split"] = ["test"] * molecules + ["train"] * molecules
    table["SMILES"] = ["C" * (1 + k % 40) for k in range(n)]
    table["xlogp"] = [0.4 * (1 + k % 40) for k in range(n)]
    header = DatasetHeader(
        name=NAME, title="Carbon chains", synthetic=True, source="test", license="none",
        citation="none", content_hash=f"{molecules:064x}", imported=NOW,
        splits={"test": molecules, "train": molecules}, properties=("xlogp",), coverage=(),
        issues=(),
    )  # fmt: skip
    DatasetStore(settings.store).write(header, table)
    return settings


def scripted(
    settings: Settings,
    arguments: Mapping[str, Scalar] | None = None,
    *,
    seed: int = 0,
    limit: int | None = None,
) -> RunSpec:
    """A run of the scripted model on the test molecules."""
    return launching.plan(
        settings, task="property", transition="SMILES->property", model="scripted", dataset=NAME,
        arguments=arguments, seed=seed, limit=limit,
    )  # fmt: skip


def launched(settings: Settings, *specs: RunSpec) -> list[RunWork]:
    """Queued, with a driver of their own."""
    launching.launch(settings, specs, now=NOW)
    return [RunWork(settings.store, spec.run_id) for spec in specs]


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_S) -> float:
    """Waits; how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - began


def until_state(work: RunWork, *states: RunState, seconds: float = PATIENCE_S) -> RunState:
    until(lambda: work.status().state in states, seconds=seconds)
    return work.status().state


def driver_pid(settings: Settings) -> int:
    """Of the driver at work; waits for one."""
    path = settings.store / "queue" / "driver.json"
    until(path.exists)
    return int(json.loads(path.read_text())["pid"])


def end_all(settings: Settings) -> None:
    """Ends what a test left: every wish to run is withdrawn, then the driver goes by itself."""
    for header in launching.unfinished(settings):
        if header.status.state in (RunState.QUEUED, RunState.RUNNING):
            launching.cancel(settings, header.run_id)
    until(lambda: not RunQueue(settings.store).is_driven(), seconds=20)


def assert_whole(settings: Settings, spec: RunSpec, n: int) -> None:
    """Every molecule once, in order, and no part left."""
    header = RunStore(settings.store).header(spec.run_id)
    predictions = RunStore(settings.store).predictions(spec.run_id)
    assert header.status.state is RunState.DONE
    assert len(predictions) == predictions["cid"].nunique() == header.status.n_total == n
    assert header.status.n_predictions + header.status.n_failed == n
    # The state is written first and the parts go then: a kill between the two costs nothing.
    until(lambda: not (settings.store / "runs" / spec.run_id / "parts").exists())


def children_of(pid: int) -> list[psutil.Process]:
    """Processes below one."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
