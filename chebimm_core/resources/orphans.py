"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

_LOOKED_EVERY_S = 1.0
_PR_SET_PDEATHSIG = 1
"""prctl(2)."""


def end_at_once_with_parent(parent: int) -> None:
    """As :func:`end_with_parent`, and on Linux by the kernel: C code that never lets go ends too.

    The parent's thread that starts this process must live as long as the parent, as the kernel
    takes the end of that thread for the end of the parent.

    Args:
        parent: Its pid, told by itself: it may be gone before this process can ask.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    end_with_parent()


def end_with_parent() -> None:
    """Ends this process within seconds once its parent is gone; the initializer of worker pools.

    A parent that is killed cannot tell its workers, which would then stay and hold their memory.
    What a worker was about to store is not stored: files appear whole or not at all.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOKED_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
