"""Runs from the wish to the result: launch, watch, cancel, resume."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chebimm_core.domain.run import (
    RunHeader,
    RunProgress,
    RunSpec,
    RunState,
    TrainingPoint,
    Usage,
)
from chebimm_core.errors import NotFoundError, StoreError
from chebimm_core.runner import worker
from chebimm_core.runner.executor import require_executor
from chebimm_core.services import planning
from chebimm_core.services.planning import Estimate, estimate, obstacles, plan
from chebimm_core.settings import Settings
from chebimm_core.store import processes
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import AT_WORK, RESUMABLE, RunWork

__all__ = [
    "Activity", "Estimate", "activity", "cancel", "curve", "delete", "estimate", "launch",
    "log_tail", "obstacles", "plan", "progress", "resume", "unfinished", "usage", "wake",
]  # fmt: skip

_CANCEL_PATIENCE_S = 1.2
_HELD_BRIEFLY_S = 0.3
_LOOKED_EVERY_S = 0.05
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
        StoreError: If none is new; names the state of the last one and what to do.
        SettingError: If the settings name no executor there is.
        MissingDependencyError: If the executor they name is not installed.
    """
    require_executor(settings)
    store, queue = RunStore(settings.store), RunQueue(settings.store)
    made: list[RunHeader] = []
    refused: StoreError | None = None
    for spec in specs:
        total = planning.molecules_of(settings, spec)
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
        StoreError: If one is complete, or at work; the runs named before it are queued.
    """
    require_executor(settings)
    queue = RunQueue(settings.store)
    try:
        for run_id in run_ids:
            work = _existing(settings, run_id)
            if run_id in queue.ids() and work.status().state is RunState.QUEUED:
                continue  # it waits already; what it may lack is a driver
            _require_stopped(run_id, work.status().state)
            with work.locked(_HELD_BRIEFLY_S):
                if work.state_on_disk() is RunState.DONE:  # a moment ago
                    continue
                work.clear_cancel()
                work.mark(RunState.QUEUED)
            queue.add(run_id)
    finally:
        wake(settings)


def cancel(settings: Settings, run_id: str) -> None:
    """Ends a run within two seconds, whatever its worker does; finished answers are kept.

    Raises:
        NotFoundError: If the run does not exist.
        StoreError: If it is neither queued nor running, or did not end.
    """
    work, queue = _existing(settings, run_id), RunQueue(settings.store)
    state = work.status().state
    if state not in AT_WORK:
        raise StoreError(
            "Only a queued or running run can be cancelled", value=f"{run_id} is {state}"
        )
    work.request_cancel()
    if state is RunState.QUEUED:
        with contextlib.suppress(StoreError):  # somebody has just begun to work on it
            worker.cancel_now(work, wait_s=_HELD_BRIEFLY_S)
            queue.remove(run_id)
            return
    until = time.monotonic() + _CANCEL_PATIENCE_S
    while queue.is_driven() and time.monotonic() < until:
        if work.state_on_disk() not in AT_WORK:
            return
        time.sleep(_LOOKED_EVERY_S)
    identity = work.worker()  # no driver heard the wish, or it is too slow
    if identity is not None and work.alive():
        processes.kill(identity)
    queue.remove(run_id)
    worker.cancel_now(work)


def delete(settings: Settings, run_id: str) -> None:
    """Removes a run that is not at work.

    Raises:
        NotFoundError: If it does not exist.
        StoreError: If it is running, or may not be changed.
    """
    _existing(settings, run_id)
    RunStore(settings.store).delete(run_id)
    RunQueue(settings.store).remove(run_id)


def wake(settings: Settings) -> None:
    """Starts a driver if runs wait and none is at work."""
    if RunQueue(settings.store).ids():
        worker.ensure_driver(settings)


def unfinished(settings: Settings) -> list[RunHeader]:
    """Runs that wait, are at work or have stopped, those that can be read."""
    return RunStore(settings.store).unfinished()


def activity(settings: Settings) -> Activity:
    """What waits, what runs, what has stopped."""
    queue = RunQueue(settings.store)
    place = {run_id: k for k, run_id in enumerate(queue.ids())}
    by_state: dict[RunState, list[RunHeader]] = {}
    for header in unfinished(settings):
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
    # A progress bar redraws its line: what stands after the last return is what one sees.
    shown = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(shown[-lines - 1 :]).strip("\n")


def _existing(settings: Settings, run_id: str) -> RunWork:
    if not RunStore(settings.store).exists(run_id):
        raise NotFoundError(
            "No run has this id",
            value=run_id,
            do="List runs with: python -m chebimm_core runs list",
        )
    return RunWork(settings.store, run_id)


def _require_stopped(run_id: str, state: RunState) -> None:
    """Refuses to resume what is complete or at work.

    A queued run that waits in no queue may go on: its launch was cut short.
    """
    if state is RunState.DONE:
        raise StoreError(
            "This run is complete: there is nothing to resume",
            value=run_id,
            do="Open it in Results, or launch it with another seed",
        )
    if state is RunState.RUNNING:
        raise StoreError(
            "This run is at work already", value=run_id, do="Watch it, or cancel it first"
        )
