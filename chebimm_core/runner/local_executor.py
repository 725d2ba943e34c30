"""Processes of this machine: one warm worker a slot, so that losing one hurts no other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

import psutil
from loky import ProcessPoolExecutor
from loky.process_executor import ShutdownExecutorError

from chebimm_core.resources.orphans import end_at_once_with_parent
from chebimm_core.runner.executor import Outcome

_IDLE_S = 120
"""A worker that idles longer goes, and its memory with it."""


@dataclass(slots=True)
class _Slot:
    """One worker process and what it does."""

    pool: ProcessPoolExecutor | None = None
    key: str | None = None
    future: Future[Any] | None = None


@dataclass(slots=True)
class LocalExecutor:
    """Up to ``size`` calls at once, each in a process of its own that is used again after it."""

    size: int
    _slots: list[_Slot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._slots = [_Slot() for _ in range(self.size)]

    @property
    def capacity(self) -> int:
        """Slots, busy or free."""
        return self.size

    def submit(self, key: str, function: Callable[..., Any], *args: Any, gpus: float = 0.0) -> None:
        """Starts a call in a free slot; GPUs of this machine are shared, not counted."""
        slot = next(s for s in self._slots if s.key is None)
        if slot.pool is None:
            slot.pool = ProcessPoolExecutor(
                max_workers=1,
                timeout=_IDLE_S,
                initializer=end_at_once_with_parent,
                initargs=(os.getpid(),),
            )
        slot.key, slot.future = key, slot.pool.submit(function, *args)

    def wait(self, timeout_s: float) -> list[Outcome]:
        """Calls that ended; see :class:`~chebimm_core.runner.executor.Executor`."""
        busy = [s.future for s in self._slots if s.future is not None]
        if busy:
            wait(busy, timeout=timeout_s, return_when=FIRST_COMPLETED)
        found = []
        for slot in self._slots:
            if slot.key is not None and slot.future is not None and slot.future.done():
                found.append(_outcome(slot.key, slot.future))
                if found[-1].lost:
                    _end(slot)
                slot.key = slot.future = None
        return found

    def cancel(self, key: str) -> None:
        """Kills the worker of that call; the next call in its slot gets a new one."""
        for slot in self._slots:
            if slot.key == key and slot.pool is not None:
                _kill(slot.pool)

    def close(self) -> None:
        for slot in self._slots:
            _end(slot)


def _outcome(key: str, future: Future[Any]) -> Outcome:
    try:
        error = future.exception()
    except CancelledError:
        return Outcome(key, lost=True)
    if isinstance(error, (BrokenProcessPool, ShutdownExecutorError)):
        return Outcome(key, lost=True)
    return Outcome(key, error="" if error is None else f"{type(error).__name__}: {error}")


def _kill(pool: ProcessPoolExecutor) -> None:
    for pid in list(pool._processes or ()):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            for child in process.children(recursive=True):
                child.kill()
            process.kill()


def _end(slot: _Slot) -> None:
    if slot.pool is not None:
        _kill(slot.pool)
        slot.pool.shutdown(wait=False, kill_workers=True)
        slot.pool = None
