"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import os
import threading
import time

_LOOKED_EVERY_S = 1.0


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
