"""A killed parent takes its workers along."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil

from chebimm_core.settings import PROJECT_ROOT

PARENT = """
import os, time
from loky import ProcessPoolExecutor
from chebimm_core.resources.orphans import end_with_parent
pool = ProcessPoolExecutor(max_workers=1, initializer=end_with_parent)
print(pool.submit(os.getpid).result(), flush=True)
pool.submit(time.sleep, 60).result()
"""


def test_a_worker_ends_soon_after_its_parent_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert psutil.pid_exists(worker) and worker != os.getpid()
    finally:
        parent.kill()
        parent.communicate()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and _alive(worker):
        time.sleep(0.1)
    assert not _alive(worker)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
