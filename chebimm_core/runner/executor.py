"""Who runs experiments: processes of this machine, or a cluster. One small protocol for both."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from chebimm_core.errors import MissingDependencyError, SettingError
from chebimm_core.settings import Settings

_NAMES = ("local", "ray")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a submitted call ended."""

    key: str
    lost: bool = False
    """Its process or machine died; nothing is known of the call but what it left on disk."""
    error: str = ""
    """What it raised; empty if it returned."""


class Executor(Protocol):
    """Runs calls that may be lost with their process and are safe to submit again.

    A call is known by its key; two calls of one key are never submitted at the same time.
    """

    @property
    def capacity(self) -> int:
        """Calls that can be at work at once, right now."""
        ...

    def submit(self, key: str, function: Callable[..., Any], *args: Any, gpus: float = 0.0) -> None:
        """Starts ``function(*args)``; picklable, importable by name.

        Raises:
            SettingError: If the resources it wants are not there, and waiting would never end.
        """
        ...

    def wait(self, timeout_s: float) -> list[Outcome]:
        """Calls that ended since the last question; waits for one at most ``timeout_s``."""
        ...

    def cancel(self, key: str) -> None:
        """Ends a call at once, whatever it does; it is reported as lost."""
        ...

    def close(self) -> None:
        """Ends everything that is still at work."""
        ...


def require_executor(settings: Settings) -> None:
    """Refuses settings that name an executor which is not there, before anything is queued.

    Raises:
        SettingError: If there is none of that name.
        MissingDependencyError: If it needs a package that is absent.
    """
    if settings.executor not in _NAMES:
        raise SettingError(
            "No executor has this name",
            value=settings.executor,
            allowed=", ".join(_NAMES),
            do="Set CHEBIMM_EXECUTOR",
        )
    if settings.executor == "ray" and importlib.util.find_spec("ray") is None:
        raise MissingDependencyError(
            "The executor 'ray' needs the package ray",
            do="pip install ray==2.60.0, or unset CHEBIMM_EXECUTOR",
        )


def make_executor(settings: Settings) -> Executor:
    """The executor the settings name; errors as :func:`require_executor`.

    Raises:
        OfflineError: If it is a cluster that cannot be reached.
    """
    require_executor(settings)
    if settings.executor == "ray":
        from chebimm_core.runner.ray_executor import RayExecutor

        return RayExecutor(settings.ray_address, settings.workers)
    from chebimm_core.runner.local_executor import LocalExecutor

    return LocalExecutor(settings.workers)
