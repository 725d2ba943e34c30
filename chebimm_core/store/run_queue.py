"""Which runs wait for a worker, in order: one empty file each under ``<root>/queue/``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from chebimm_core.domain.run import WorkerIdentity
from chebimm_core.errors import StoreError
from chebimm_core.store import atomic
from chebimm_core.store.processes import beating, is_running, own_identity

_DRIVER = "driver.json"
_STARTING = "starting.json"
_LOCK_WAIT_S = 1.0
"""A driver that is about to end holds the lock for moments only."""


class RunQueue:
    """The queue of one store, and the lock of the driver that works it off."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "queue"

    def add(self, run_id: str) -> None:
        """Puts a run at the end, unless it waits already."""
        if run_id not in self.ids():
            atomic.write_bytes(self._folder / f"{time.time_ns():020d}~{run_id}", b"")

    def remove(self, run_id: str) -> None:
        """Takes a run out; no error if it is not in."""
        for path in self._folder.glob(f"*~{run_id}"):
            path.unlink(missing_ok=True)

    def ids(self) -> list[str]:
        """Runs in the queue or at work, oldest first."""
        return [p.name.split("~", 1)[1] for p in sorted(self._folder.glob("[0-9]*~*"))]

    @contextmanager
    def driving(self) -> Iterator[bool]:
        """Holds the right to work the queue off; yields False if another process has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / ".driver.lock")
        try:
            lock.acquire(timeout=_LOCK_WAIT_S)
        except Timeout:
            yield False
            return
        try:
            with suppress(StoreError):  # a full disk: it works all the same, only unnamed
                atomic.write_model(self._folder / _DRIVER, own_identity())
            with beating(self._folder / _DRIVER):
                yield True
        finally:
            # Unnamed first: who then finds nobody driving starts another, and none is missed.
            for name in (_STARTING, _DRIVER):
                (self._folder / name).unlink(missing_ok=True)
            lock.release()

    def announce(self, driver: WorkerIdentity) -> None:
        """Names a driver that was started and does not hold the queue yet."""
        atomic.write_model(self._folder / _STARTING, driver)

    def is_driven(self) -> bool:
        """Whether a driver is at work, or about to be.

        Asks files and processes, not the lock: a question that held it for a moment would send
        away a driver that begins just then.
        """
        for name in (_DRIVER, _STARTING):
            heart = self._folder / name
            try:
                if is_running(atomic.read_model(heart, WorkerIdentity), heart):
                    return True
            except StoreError:
                continue
        return False

    @property
    def log_path(self) -> Path:
        """Where the driver writes what belongs to no run."""
        return self._folder / "driver.log"
