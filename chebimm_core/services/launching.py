"""Runs from the wish to the result: launch, watch, cancel, resume."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psutil

from chebimm_core.domain.run import (
    RunHeader,
    RunProgress,
    RunSpec,
    RunState,
    TrainingPoint,
    Usage,
)
from chebimm_core.errors import NotFoundError, SettingError, StoreError
from chebimm_core.runner import worker
from chebimm_core.runner.scoring import expected_molecules
from chebimm_core.services.planning import Estimate, estimate, obstacles, plan
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import AT_WORK, RESUMABLE, RunWork, is_running

__all__ = [
    "Activity", "Estimate", "activity", "cancel", "curve", "delete", "estimate", "launch",
    "log_tail", "obstacles", "plan", "progress", "resume", "usage", "wake",
]  # fmt: skip

_CANCEL_PATIENCE_S = 1.2
_LOG_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Activity:
    """What goes on in a store."""

    driven: bool
    """Whether a driver works the queue off."""
    queued: tuple[RunHeader, ...]
    running: tuple[RunHeader, ...]
    stopped: tuple[RunHeader, ...]
    """Interrupted, failed and cancelled runs, the last one first."""

    @property
    def stuck(self) -> bool:
        """Runs wait and nobody works: a driver was ended; :func:`wake` starts one."""
        return bool(self.queued) and not self.driven


def launch(settings: Settings, specs: Sequence[RunSpec], *, now: datetime) -> list[RunHeader]:
    """Queues runs and sees to it that somebody works on them. Returns at once.

    Args:
        settings: Where the store is.
        specs: From :func:`plan`. A run of several that exists already is left as it is.
        now: Time of queueing.

    Returns:
        The runs that are new.

    Raises:
        StoreError: If none is new.
    """
    store, queue = RunStore(settings.store), RunQueue(settings.store)
    datasets = DatasetStore(settings.store)
    made: list[RunHeader] = []
    refused: StoreError | None = None
    for spec in specs:
        total = len(expected_molecules(datasets.molecules(spec.dataset, split=spec.split), spec))
        try:
            work = RunWork.create(settings.store, spec, n_total=total, now=now)
        except StoreError as error:
            refused = error
            continue
        queue.add(work.run_id)
        made.append(store.header(work.run_id))
    if not made and refused is not None:
        raise refused
    wake(settings)
    return made


def resume(settings: Settings, run_ids: Sequence[str]) -> None:
    """Queues runs again that were interrupted, failed or cancelled; they go on where they stopped.

    Raises:
        NotFoundError: If a run does not exist.
        StoreError: If one is complete, or at work.
    """
    queue = RunQueue(settings.store)
    for run_id in run_ids:
        work = _existing(settings, run_id)
        state = work.status().state
        waiting_for_nobody = state is RunState.QUEUED and run_id not in queue.ids()
        if state not in RESUMABLE and not waiting_for_nobody:
            raise StoreError(
                "Only a run that was interrupted, failed or cancelled can be resumed",
                value=f"{run_id} is {state}",
            )
        work.clear_cancel()
        work.mark(RunState.QUEUED)
        queue.add(run_id)
    wake(settings)


def cancel(settings: Settings, run_id: str) -> None:
    """Ends a run within two seconds, whatever its worker does; finished answers are kept.

    Raises:
        NotFoundError: If the run does not exist.
        StoreError: If it is neither queued nor running.
    """
    work, queue = _existing(settings, run_id), RunQueue(settings.store)
    state = work.status().state
    if state not in AT_WORK:
        raise StoreError(
            "Only a queued or running run can be cancelled", value=f"{run_id} is {state}"
        )
    work.request_cancel()
    until = time.monotonic() + _CANCEL_PATIENCE_S
    while queue.is_driven() and time.monotonic() < until:
        if work.status().state not in AT_WORK:
            return
        time.sleep(0.05)
    state = work.status().state
    if state not in (*AT_WORK, RunState.INTERRUPTED):
        return
    _kill_worker(work)  # no driver heard the wish, or it is too slow
    worker.cancel_now(work)
    queue.remove(run_id)


def delete(settings: Settings, run_id: str) -> None:
    """Removes a run that is not at work.

    Raises:
        NotFoundError: If it does not exist.
        StoreError: If it is running.
    """
    if RunStore(settings.store).exists(run_id):
        work = RunWork(settings.store, run_id)
        with contextlib.suppress(StoreError):  # a damaged run may go, too
            if work.status().state is RunState.RUNNING:
                raise SettingError(
                    "A running run cannot be deleted", value=run_id, do="Cancel it first"
                )
    RunQueue(settings.store).remove(run_id)
    RunStore(settings.store).delete(run_id)


def wake(settings: Settings) -> None:
    """Starts a driver if runs wait and none is at work."""
    if RunQueue(settings.store).ids():
        worker.ensure_driver(settings)


def activity(settings: Settings) -> Activity:
    """What waits, what runs, what has stopped."""
    queue = RunQueue(settings.store)
    place = {run_id: k for k, run_id in enumerate(queue.ids())}
    headers = [
        h for h in RunStore(settings.store).all_headers() if h.status.state is not RunState.DONE
    ]
    by_state: dict[RunState, list[RunHeader]] = {}
    for header in headers:
        by_state.setdefault(header.status.state, []).append(header)
    stopped = [h for state in RESUMABLE for h in by_state.get(state, [])]
    return Activity(
        driven=queue.is_driven(),
        queued=tuple(
            sorted(by_state.get(RunState.QUEUED, []), key=lambda h: place.get(h.run_id, len(place)))
        ),
        running=tuple(by_state.get(RunState.RUNNING, [])),
        stopped=tuple(
            sorted(stopped, key=lambda h: h.status.finished or h.status.created, reverse=True)
        ),
    )


def progress(settings: Settings, run_id: str) -> RunProgress | None:
    """How far a run is; None before its first word."""
    return _existing(settings, run_id).progress()


def curve(settings: Settings, run_id: str) -> list[TrainingPoint]:
    """The training curve of a run; empty if it does not train."""
    return _existing(settings, run_id).curve()


def usage(settings: Settings, run_id: str) -> Usage | None:
    """What a run asked of an endpoint; None if it asked none."""
    return _existing(settings, run_id).usage()


def log_tail(settings: Settings, run_id: str, lines: int = 200) -> str:
    """The end of a run's log."""
    try:
        with _existing(settings, run_id).log_path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LOG_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _existing(settings: Settings, run_id: str) -> RunWork:
    if not RunStore(settings.store).exists(run_id):
        raise NotFoundError(
            "No run has this id",
            value=run_id,
            do="List runs with: python -m chebimm_core runs list",
        )
    return RunWork(settings.store, run_id)


def _kill_worker(work: RunWork) -> None:
    identity = work.worker()
    if identity is not None and work.alive() and is_running(identity):
        with contextlib.suppress(psutil.Error):
            psutil.Process(identity.pid).kill()
