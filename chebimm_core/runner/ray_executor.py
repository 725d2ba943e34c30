"""A Ray cluster: the same calls, on as many machines as it has.

The machines share the store folder (a network file system with locks) and hold this program at the
same path. Ray is an optional extra; it takes seconds and 400 MB to start, so it is never the
default.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chebimm_core.errors import MissingDependencyError, OfflineError, SettingError
from chebimm_core.runner.executor import Outcome
from chebimm_core.settings import PROJECT_ROOT

_KNOCK_S = 3.0
"""A machine that does not answer within this is not there; Ray itself asks for minutes."""
_OBJECTS_BYTES = 100 * 2**20
"""Calls are given an id and return nothing: a cluster of our own needs no memory to share."""


@dataclass(slots=True)
class RayExecutor:
    """Calls as Ray tasks, each on one CPU and the GPUs its model's card wants.

    Ray's own retries are off: the driver sends a lost call off again and knows why.

    Args:
        address: Of a running cluster; empty starts one on this machine, ended by :meth:`close`.
        size: CPUs of a cluster started here, that is calls at work at once.

    Raises:
        MissingDependencyError: If ray is not installed.
        OfflineError: If there is no cluster at the address.
    """

    address: str
    size: int = 1
    _connected: bool = False
    _calls: dict[str, Any] = field(default_factory=dict)
    _gpus: dict[str, float] = field(default_factory=dict)
    _tasks: dict[Callable[..., Any], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when ray starts: tell nobody
        try:
            import ray
        except ImportError as error:
            raise MissingDependencyError(
                "The executor 'ray' needs the package ray",
                do="pip install ray==2.60.0, or unset CHEBIMM_EXECUTOR",
            ) from error
        if ray.is_initialized():  # by who uses us, who ends it too
            return
        paths = [str(PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        own = {
            "num_cpus": self.size,
            "include_dashboard": False,
            "object_store_memory": _OBJECTS_BYTES,
        }
        try:
            _knock(self.address)
            ray.init(
                address=self.address or "local",
                log_to_driver=False,
                runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}},
                **({} if self.address else own),
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise OfflineError(
                "There is no Ray cluster at this address",
                value=self.address or "this machine",
                allowed="host:port, or auto for the one this machine belongs to",
                do="Start one with: ray start --head, or correct CHEBIMM_RAY_ADDRESS",
            ) from error
        self._connected = True

    @property
    def capacity(self) -> int:
        """CPUs of all machines that are up; 0 while there is none."""
        return int(sum(node.get("CPU", 0.0) for node in _machines()))

    def submit(self, key: str, function: Callable[..., Any], *args: Any, gpus: float = 0.0) -> None:
        """Starts a call; see :class:`~chebimm_core.runner.executor.Executor`."""
        import ray

        there = _most_gpus()
        if gpus > there:
            raise SettingError(
                "No machine of the cluster has the GPUs this model wants; it would wait forever",
                value=f"{gpus:g} wanted",
                allowed=f"{there:g} there",
                do="Add a machine with a GPU, or set CHEBIMM_DEVICE=cpu to run it without; resume",
            )
        if function not in self._tasks:  # made once: every new one is sent to all machines
            self._tasks[function] = ray.remote(max_retries=0, num_cpus=1)(function)
        task = self._tasks[function].options(num_gpus=gpus) if gpus else self._tasks[function]
        self._calls[key], self._gpus[key] = task.remote(*args), gpus

    def wait(self, timeout_s: float) -> list[Outcome]:
        """Calls that ended; see :class:`~chebimm_core.runner.executor.Executor`."""
        import ray

        if not self._calls:
            return []
        self._give_up_hopeless()
        references = list(self._calls.values())
        done, _ = ray.wait(references, num_returns=1, timeout=timeout_s)
        if done:  # and whatever else has ended meanwhile
            done, _ = ray.wait(references, num_returns=len(references), timeout=0)
        ended = set(done)
        found = [
            _outcome(key, reference) for key, reference in self._calls.items() if reference in ended
        ]
        for outcome in found:
            del self._calls[outcome.key], self._gpus[outcome.key]
        return found

    def cancel(self, key: str) -> None:
        """Kills the process of a call."""
        import ray

        if key in self._calls:
            ray.cancel(self._calls[key], force=True)

    def close(self) -> None:
        """Ends what is at work, and the cluster if it was started here."""
        import ray

        for key in list(self._calls):
            self.cancel(key)
        self._calls.clear()
        self._gpus.clear()
        if self._connected:
            ray.shutdown()

    def _give_up_hopeless(self) -> None:
        """Lets go of calls whose GPUs went with their machine; sent again, they are refused."""
        if any(self._gpus.values()):
            there = _most_gpus()
            for key, gpus in self._gpus.items():
                if gpus > there:
                    self.cancel(key)


def _knock(address: str) -> None:
    """Raises OSError if nobody listens at ``host:port``; other addresses are Ray's to judge."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        host = host.removeprefix("ray://").strip("[]")
        socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()


def _machines() -> list[dict[str, float]]:
    """What each machine that is up has in all, busy or free."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _most_gpus() -> float:
    """GPUs of the machine that has most: a call cannot be spread over two."""
    return max((float(node.get("GPU", 0.0)) for node in _machines()), default=0.0)


def _outcome(key: str, reference: Any) -> Outcome:
    import ray

    try:
        ray.get(reference)
    except ray.exceptions.RayTaskError as error:  # what the call itself raised
        cause = error.cause
        return Outcome(key, error=f"{type(cause).__name__}: {cause}")
    except ray.exceptions.RayError:  # its process or machine is gone
        return Outcome(key, lost=True)
    return Outcome(key)
