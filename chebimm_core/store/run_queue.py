"""Which runs wait for a worker, in order: one empty file each under ``<root>/queue/``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from chebimm_core.store import atomic


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
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def is_driven(self) -> bool:
        """Whether a driver is at work."""
        with self.driving() as free:
            return not free

    @property
    def log_path(self) -> Path:
        """Where the driver writes what belongs to no run."""
        return self._folder / "driver.log"
