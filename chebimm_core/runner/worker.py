"""The driver: a detached process that works the queue of one store off, then ends.

It outlives the page or command that started it. Runs execute in processes of an executor; the
driver starts them, hears of their end, fulfils wishes to cancel, and sends a run whose process died
off again as long as that brings it further.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from chebimm_core.domain.run import RunSpec, RunState
from chebimm_core.errors import ChebiMMError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.runner import catalogue, experiment
from chebimm_core.runner.executor import Executor, Outcome, make_executor
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.store import processes
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_work import AT_WORK, RunWork

_LOOKED_EVERY_S = 0.2
_FRUITLESS = 3
"""Times a run may lose its process without having come further before it is left alone."""

# Not "-m": run as __main__, what executors are given could not be found by other processes.
_START = "from chebimm_core.runner.worker import main; main()"

log = logging.getLogger("chebimm.driver")


def ensure_driver(settings: Settings) -> None:
    """Starts a driver for the store, unless one is at work. Returns at once."""
    queue = RunQueue(settings.store)
    if queue.is_driven():
        return
    paths = [str(PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    with queue.log_path.open("ab") as output:
        driver = subprocess.Popen(
            [sys.executable, "-P", "-c", _START],
            env={**os.environ, **settings.to_env(), "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # not ended with this process, nor by its terminal
        )
    with contextlib.suppress(psutil.Error, ChebiMMError):  # ended already, or a full disk
        queue.announce(processes.identity(driver.pid))
    # Reaps it: a dead child that nobody waits for would still have a pid.
    threading.Thread(target=driver.wait, daemon=True).start()


def drive(settings: Settings, executor: Executor | None = None) -> None:
    """Works the queue off. Returns at once if another driver does.

    Args:
        settings: Where the store is.
        executor: Who runs the experiments; None: the one the settings name.
    """
    queue = RunQueue(settings.store)
    while queue.ids():
        with queue.driving() as free:
            if not free:
                return
            try:
                own = executor or make_executor(settings)
            except ChebiMMError as error:
                _refuse(settings, queue, str(error))
                continue
            try:
                _Driver(settings, queue, own).drain()
            finally:
                if executor is None:
                    own.close()
        # What was queued between the last look and the release is seen by the loop's condition.


def _refuse(settings: Settings, queue: RunQueue, why: str) -> None:
    """Fails what waits, as nobody can execute it: said at each run, and each can be resumed."""
    for run_id in queue.ids():
        work = RunWork(settings.store, run_id)
        if _state(work) is RunState.QUEUED:
            _fail(queue, work, why)
        queue.remove(run_id)


def run_one(settings: Settings, run_id: str) -> None:
    """Executes one run in this process; what an executor is given.

    Whatever the process prints meanwhile, libraries written in C among it, goes to the run's log.
    """
    work = RunWork(settings.store, run_id)
    try:
        spec = work.spec()
    except ChebiMMError:
        experiment.execute(settings, run_id)
        return
    cache = _references(spec.dataset_hash, spec.split, spec.task, spec.target)
    with _printed_to(work.log_path):
        experiment.execute(settings, run_id, cache=cache)


@contextlib.contextmanager
def _printed_to(path: Path) -> Iterator[None]:
    """Sends what this process writes to its standard output and error to the end of a file."""
    try:
        log_file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError:  # the run was deleted, or the disk is full: it is said elsewhere
        yield
        return
    before = [(fd, os.dup(fd)) for fd in (1, 2)]
    try:
        for fd, _ in before:
            os.dup2(log_file, fd)
        faulthandler.enable()  # a crash in C leaves its traceback in the log
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        for fd, kept in before:
            os.dup2(kept, fd)
            os.close(kept)
        os.close(log_file)


@functools.lru_cache(maxsize=2)
def _references(dataset_hash: str, split: str, task: str, target: str) -> ReferenceCache:
    """References of the last runs of this process, made ready for scoring."""
    return ReferenceCache()


@dataclass(slots=True)
class _Driver:
    settings: Settings
    queue: RunQueue
    executor: Executor
    at_work: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Run id -> how far it was when it was sent off."""
    fruitless: dict[str, int] = field(default_factory=dict)

    def drain(self) -> None:
        self._forget_stopped()
        while True:
            waiting = [r for r in self.queue.ids() if r not in self.at_work]
            for run_id in waiting[: max(0, self.executor.capacity - len(self.at_work))]:
                self._send(run_id)
            if not self.at_work:
                if not self.queue.ids():
                    return
                time.sleep(_LOOKED_EVERY_S)  # nothing could be sent off: no capacity
            for outcome in self.executor.wait(_LOOKED_EVERY_S):
                self._ended(outcome)
            for run_id in self.at_work:
                if RunWork(self.settings.store, run_id).cancel_requested():
                    self.executor.cancel(run_id)

    def _forget_stopped(self) -> None:
        """Runs that an earlier driver left in the middle wait for their user's wish to resume."""
        for run_id in self.queue.ids():
            if _state(RunWork(self.settings.store, run_id)) is not RunState.QUEUED:
                self.queue.remove(run_id)

    def _send(self, run_id: str) -> None:
        work = RunWork(self.settings.store, run_id)
        if _state(work) is not RunState.QUEUED:
            self.queue.remove(run_id)
            return
        if work.cancel_requested():
            self._cancelled(work)
            return
        try:
            gpus = self._gpus(work.spec())
            self.executor.submit(run_id, run_one, self.settings, run_id, gpus=gpus)
        except ChebiMMError as error:
            _fail(self.queue, work, str(error))
            return
        self.at_work[run_id] = work.further()

    def _gpus(self, spec: RunSpec) -> float:
        card = catalogue.cards(self.settings).get(spec.model)
        return 0.0 if card is None or self.settings.device == "cpu" else card.gpus

    def _ended(self, outcome: Outcome) -> None:
        """What the run's files say decides; an outcome only says that its process let go of it."""
        run_id = outcome.key
        before = self.at_work.pop(run_id)
        work = RunWork(self.settings.store, run_id)
        state = _state(work)
        if state in (None, RunState.DONE, RunState.FAILED, RunState.CANCELLED):
            self.queue.remove(run_id)
            if _state(work) is RunState.QUEUED:  # resumed a moment ago
                self.queue.add(run_id)
        elif work.cancel_requested():
            self._cancelled(work)
        elif outcome.error:
            _fail(self.queue, work, outcome.error)
        elif outcome.lost or state is RunState.QUEUED:
            self._lost(work, came_further=work.further() != before)
        else:
            self.queue.remove(run_id)
            _mark(work, RunState.INTERRUPTED, work.status().message)

    def _lost(self, work: RunWork, *, came_further: bool) -> None:
        run_id = work.run_id
        self.fruitless[run_id] = 0 if came_further else self.fruitless.get(run_id, 0) + 1
        if self.fruitless[run_id] < _FRUITLESS:
            log.warning("%s lost its process and is sent off again", run_id)
            _mark(work, RunState.QUEUED, "Its process died; it is sent off again")
            return
        self.queue.remove(run_id)
        self.fruitless.pop(run_id)
        _mark(
            work,
            RunState.INTERRUPTED,
            f"Its process died {_FRUITLESS} times without having come further, perhaps for want "
            "of memory; free some and resume it",
        )

    def _cancelled(self, work: RunWork) -> None:
        self.queue.remove(work.run_id)  # first: who sees it cancelled may resume it
        with contextlib.suppress(ChebiMMError):
            cancel_now(work)


def _fail(queue: RunQueue, work: RunWork, why: str) -> None:
    log.error("%s: %s", work.run_id, why)
    queue.remove(work.run_id)
    _mark(work, RunState.FAILED, why, finished=datetime.now(UTC))


def cancel_now(work: RunWork, *, wait_s: float = 2.0) -> bool:
    """Marks a run as cancelled, once nobody works on it; what it made stays.

    Args:
        work: The run.
        wait_s: How long to wait for whoever works on it.

    Returns:
        False if it had ended by itself.

    Raises:
        StoreError: If somebody works on it, or the mark cannot be written.
    """
    with work.locked(wait_s):
        ended = work.state_on_disk() not in (*AT_WORK, RunState.INTERRUPTED)
        if not ended:
            work.mark(
                RunState.CANCELLED,
                "Cancelled by the user; what is answered is kept",
                finished=datetime.now(UTC),
            )
        work.clear_cancel()
    return not ended


def _mark(
    work: RunWork, state: RunState, message: str, *, finished: datetime | None = None
) -> None:
    """Writes a state; a run whose files cannot be written or read does not end the driver."""
    try:
        work.mark(state, message, finished=finished)
    except ChebiMMError as error:
        log.error("%s: %s", work.run_id, error)


def _state(work: RunWork) -> RunState | None:
    try:
        return work.status().state
    except ChebiMMError:
        return None


def main() -> None:
    """What the detached process does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    drive(Settings.from_env())
