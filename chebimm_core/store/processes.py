"""Processes told apart for good: a pid is given again, a start of the machine is not."""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from chebimm_core.domain.run import WorkerIdentity

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BEATS_EVERY_S = 5.0
_SILENT_AFTER_S = 180.0
"""Longer than a network file system keeps an old time (60 s) and clocks differ (a minute)."""


def identity(pid: int) -> WorkerIdentity:
    """Of a living process of this machine.

    Raises:
        psutil.Error: If there is no such process.
    """
    return WorkerIdentity(
        host=platform.node(),
        boot_id=boot_id(),
        pid=pid,
        process_started=psutil.Process(pid).create_time(),
    )


def own_identity() -> WorkerIdentity:
    """Of this process."""
    return identity(os.getpid())


def boot_id() -> str:
    """Of this start of the machine; the time of the start where the kernel gives no id."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def is_running(worker: WorkerIdentity, heart: Path | None = None) -> bool:
    """Whether that very process lives.

    Args:
        worker: The process.
        heart: The file it beats, see :func:`beating`. A process of another machine cannot be asked:
            it is told by its heart, and without one believed to live.
    """
    if worker.host != platform.node():
        return heart is None or _beats(heart)
    if worker.boot_id != boot_id():
        return False
    try:
        process = psutil.Process(worker.pid)
        same = abs(process.create_time() - worker.process_started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@contextlib.contextmanager
def beating(heart: Path, every_s: float = _BEATS_EVERY_S) -> Iterator[None]:
    """Renews the time of a file every few seconds, so that other machines see this one live.

    Args:
        heart: An existing file; it may go meanwhile.
        every_s: Seconds between two beats.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every_s):
            with contextlib.suppress(OSError):  # deleted, or the file server is away for a moment
                os.utime(heart)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beats(heart: Path) -> bool:
    try:
        return time.time() - heart.stat().st_mtime < _SILENT_AFTER_S
    except OSError:
        return False


def kill(worker: WorkerIdentity) -> None:
    """Ends that very process and its children at once; nothing happens if it is gone or elsewhere.

    A process of another machine can only be ended there.
    """
    if worker.host != platform.node() or not is_running(worker):
        return
    try:
        process = psutil.Process(worker.pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return
    for member in family:
        try:
            member.kill()
        except psutil.Error:
            continue
