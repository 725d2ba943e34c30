"""The driver: a detached process that works the queue of one store off, then ends.

It outlives the page or command that started it. Runs execute in processes of an executor; the
driver starts them, hears of their end, fulfils wishes to cancel, and sends a run whose process died
off again as long as that brings it further.
"""

from __future__ import annotations

import functools
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chebimm_core.domain.run import RunSpec, RunState
from chebimm_core.errors import ChebiMMError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.runner import catalogue, experiment
from chebimm_core.runner.executor import Executor, Outcome, make_executor
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_work import RunWork

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
    with queue.log_path.open("ab") as output:
        driver = subprocess.Popen(
            [sys.executable, "-c", _START],
            cwd=PROJECT_ROOT,
            env={**os.environ, **settings.to_env()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # not ended with this process, nor by its terminal
        )
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
            own = executor or make_executor(settings)
            try:
                _Driver(settings, queue, own).drain()
            finally:
                if executor is None:
                    own.close()
        # What was queued between the last look and the release is seen by the loop's condition.


def run_one(settings: Settings, run_id: str) -> str:
    """Executes one run in this process; what an executor is given.

    Returns:
        The state it came to.
    """
    try:
        spec = RunWork(settings.store, run_id).spec()
    except ChebiMMError:
        return experiment.execute(settings, run_id).state
    cache = _references(spec.dataset_hash, spec.split, spec.task, spec.target)
    return experiment.execute(settings, run_id, cache=cache).state


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
            if not self.at_work and not self.queue.ids():
                return
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
        if _state(work) is None:
            self.queue.remove(run_id)
            return
        if work.cancel_requested():
            self._cancelled(work)
            return
        try:
            self.executor.submit(
                run_id, run_one, self.settings, run_id, gpus=self._gpus(work.spec())
            )
        except ChebiMMError as error:
            _mark(work, RunState.FAILED, str(error), finished=datetime.now(UTC))
            self.queue.remove(run_id)
            return
        self.at_work[run_id] = _progress(work)

    def _gpus(self, spec: RunSpec) -> float:
        card = catalogue.cards(self.settings).get(spec.model)
        return 0.0 if card is None else card.gpus

    def _ended(self, outcome: Outcome) -> None:
        run_id = outcome.key
        before = self.at_work.pop(run_id)
        work = RunWork(self.settings.store, run_id)
        if work.cancel_requested() and _state(work) is not RunState.DONE:
            self._cancelled(work)
        elif not outcome.lost:
            if outcome.error:
                log.error("%s: %s", run_id, outcome.error)
                _mark(work, RunState.FAILED, outcome.error, finished=datetime.now(UTC))
            self.queue.remove(run_id)
        else:
            self._lost(run_id, work, came_further=_progress(work) != before)

    def _lost(self, run_id: str, work: RunWork, *, came_further: bool) -> None:
        self.fruitless[run_id] = 0 if came_further else self.fruitless.get(run_id, 0) + 1
        if self.fruitless[run_id] < _FRUITLESS:
            log.warning("%s lost its process and is sent off again", run_id)
            _mark(work, RunState.QUEUED, "Its process died; it is sent off again")
            return
        _mark(
            work,
            RunState.INTERRUPTED,
            f"Its process died {_FRUITLESS} times without having come further, perhaps for want "
            "of memory; free some and resume it",
        )
        self.queue.remove(run_id)

    def _cancelled(self, work: RunWork) -> None:
        cancel_now(work)
        self.queue.remove(work.run_id)


def cancel_now(work: RunWork) -> None:
    """Marks a run that nobody works on as cancelled; what it made stays."""
    _mark(
        work,
        RunState.CANCELLED,
        "Cancelled by the user; what is answered is kept",
        finished=datetime.now(UTC),
    )
    work.clear_cancel()


def _mark(
    work: RunWork, state: RunState, message: str, *, finished: datetime | None = None
) -> None:
    """Writes a state; a run whose files cannot be written or read does not end the driver."""
    try:
        work.mark(state, message, finished=finished)
    except ChebiMMError as error:
        log.error("%s: %s", work.run_id, error)


def _progress(work: RunWork) -> tuple[int, int]:
    """Answers and points of the curve: both only grow."""
    return len(work.parts()), len(work.curve())


def _state(work: RunWork) -> RunState | None:
    try:
        return work.status().state
    except ChebiMMError:
        return None


def main() -> None:
    """What the detached process does."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    drive(Settings.from_env())
