"""Processes told apart for good: a pid is given again, a start of the machine is not."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import psutil

from chebimm_core.domain.run import WorkerIdentity

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


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


def is_running(worker: WorkerIdentity) -> bool:
    """Whether that very process lives; assumed of other machines, which cannot be asked."""
    if worker.host != platform.node():
        return True
    if worker.boot_id != boot_id():
        return False
    try:
        process = psutil.Process(worker.pid)
        same = abs(process.create_time() - worker.process_started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
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
