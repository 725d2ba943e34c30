"""Long calls of services in a process of their own: the page stays quick, progress stays visible.

Scoring holds the interpreter for seconds and may import heavy libraries, so it never runs in the
process that serves the page. Progress and the wish to cancel travel through two small files.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from loky import ProcessPoolExecutor

from chebimm_core.errors import ChebiMMError
from chebimm_core.resources.orphans import end_with_parent

State = Literal["waiting", "running", "done", "failed", "cancelled"]
_PROGRESS = "progress.json"
_CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class JobView:
    """What a page shows of a job."""

    title: str
    state: State
    fraction: float
    """0 to 1, as the work itself reports it."""
    message: str
    result: Any = None
    """What the call returned; None until ``done``."""
    error: BaseException | None = None
    """Why it failed; None unless ``failed``."""

    @property
    def over(self) -> bool:
        return self.state in {"done", "failed", "cancelled"}


class Job:
    """One call, waiting or at work or over."""

    def __init__(self, title: str, folder: Path, future: Future[Any]) -> None:
        self._title = title
        self._folder = folder
        self._future = future

    def view(self) -> JobView:
        """The state right now; never blocks."""
        fraction, message = _read_progress(self._folder)
        if not self._future.done():
            state: State = "running" if message else "waiting"
            return JobView(self._title, state, fraction, message or "Starting")
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._future.cancelled():
            return JobView(self._title, "cancelled", fraction, "Cancelled before it began")
        error = self._future.exception()
        if isinstance(error, JobCancelledError):
            return JobView(self._title, "cancelled", fraction, "Cancelled; nothing was stored")
        if error is not None:
            return JobView(self._title, "failed", fraction, str(error), error=error)
        return JobView(self._title, "done", 1.0, "Done", result=self._future.result())

    def cancel(self) -> None:
        """Asks the work to stop at its next report; what it finished before stays."""
        if not self._future.cancel() and self._folder.is_dir():
            (self._folder / _CANCEL).touch()

    @property
    def cancelling(self) -> bool:
        """True between the wish and its fulfilment."""
        return (self._folder / _CANCEL).exists()


class JobCancelledError(ChebiMMError):
    """Raised inside the work when the user asked it to stop."""


class JobBoard:
    """Jobs of one dashboard, by key; one at work at a time, the others wait their turn."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._jobs: dict[str, Job] = {}

    def start(
        self,
        key: str,
        title: str,
        function: Callable[..., Any],
        *args: Any,
        takes_cancelled: bool = False,
        **kwargs: Any,
    ) -> Job:
        """Starts ``function(*args, progress=..., **kwargs)``.

        Args:
            key: Place on the board; an unfinished job of this key is returned, not doubled.
            title: What a reader is told.
            function: A service function with a ``progress`` argument, importable by name.
            args: Its arguments; picklable.
            takes_cancelled: Whether it also has a ``cancelled`` argument. If not, cancelling
                interrupts it at its next progress report.
            kwargs: As ``args``.
        """
        running = self._jobs.get(key)
        if running is not None and not running.view().over:
            return running
        if self._pool is None:
            # A worker that idles for a minute goes, and its memory with it.
            self._pool = ProcessPoolExecutor(max_workers=1, timeout=60, initializer=end_with_parent)
        folder = Path(tempfile.mkdtemp(prefix="chebimm-job-"))
        future = self._pool.submit(_work, folder, takes_cancelled, function, args, kwargs)
        self._jobs[key] = Job(title, folder, future)
        return self._jobs[key]

    def get(self, key: str) -> Job | None:
        return self._jobs.get(key)

    def clear(self, key: str) -> None:
        """Forgets a job that is over."""
        job = self._jobs.get(key)
        if job is not None and job.view().over:
            del self._jobs[key]


def _work(
    folder: Path,
    takes_cancelled: bool,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    flag = folder / _CANCEL

    def progress(fraction: float, message: str) -> None:
        _write_progress(folder, fraction, message)
        if flag.exists() and not takes_cancelled:
            raise JobCancelledError("Cancelled by the user")

    progress(0.0, "Starting")
    if takes_cancelled:
        kwargs = {**kwargs, "cancelled": flag.exists}
    return function(*args, progress=progress, **kwargs)


def _write_progress(folder: Path, fraction: float, message: str) -> None:
    if not folder.is_dir():
        return
    temporary = folder / f"{_PROGRESS}.{os.getpid()}"
    temporary.write_text(json.dumps([min(max(float(fraction), 0.0), 1.0), message]))
    temporary.replace(folder / _PROGRESS)


def _read_progress(folder: Path) -> tuple[float, str]:
    try:
        fraction, message = json.loads((folder / _PROGRESS).read_text())
    except (OSError, ValueError):
        return 0.0, ""
    return float(fraction), str(message)
