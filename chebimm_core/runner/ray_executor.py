"""A Ray cluster: the same calls, on as many machines as it has.

The machines share the store folder (a network file system), as workers speak through it only. Ray
is an optional extra; it takes 7 to 9 s and 400 MB to start, so it is never the default.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chebimm_core.errors import MissingDependencyError, OfflineError, SettingError
from chebimm_core.runner.executor import Outcome
from chebimm_core.settings import PROJECT_ROOT


@dataclass(slots=True)
class RayExecutor:
    """Calls as Ray tasks, each on one CPU and the GPUs its model's card wants.

    Ray's own retries are off: the driver sends a lost call off again and knows why.

    Args:
        address: Of a running cluster; empty starts one on this machine, ended by :meth:`close`.

    Raises:
        MissingDependencyError: If ray is not installed.
        OfflineError: If there is no cluster at the address.
    """

    address: str
    _calls: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            import ray
        except ImportError as error:
            raise MissingDependencyError(
                "The executor 'ray' needs the package ray",
                do="pip install ray==2.60.0, or unset CHEBIMM_EXECUTOR",
            ) from error
        if ray.is_initialized():
            return
        paths = [str(PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            ray.init(
                address=self.address or None,
                include_dashboard=None if self.address else False,
                log_to_driver=False,
                runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}},
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise OfflineError(
                "There is no Ray cluster at this address",
                value=self.address,
                do="Start one with: ray start --head, or correct CHEBIMM_RAY_ADDRESS",
            ) from error

    @property
    def capacity(self) -> int:
        """CPUs of all machines that are up."""
        return max(1, int(self._resource("CPU")))

    def submit(self, key: str, function: Callable[..., Any], *args: Any, gpus: float = 0.0) -> None:
        """Starts a call; see :class:`~chebimm_core.runner.executor.Executor`."""
        import ray

        there = self._resource("GPU")
        if gpus > there:
            raise SettingError(
                "The cluster has too few GPUs for this model, and would wait forever",
                value=f"{gpus:g} wanted",
                allowed=f"{there:g} there",
                do="Add a machine with a GPU, or run it with CHEBIMM_EXECUTOR=local on a CPU",
            )
        task = ray.remote(max_retries=0, num_cpus=1, num_gpus=gpus)(function)
        self._calls[key] = task.remote(*args)

    def wait(self, timeout_s: float) -> list[Outcome]:
        """Calls that ended; see :class:`~chebimm_core.runner.executor.Executor`."""
        import ray

        if not self._calls:
            return []
        references = list(self._calls.values())
        done, _ = ray.wait(references, num_returns=1, timeout=timeout_s)
        if done:  # and whatever else has ended meanwhile
            done, _ = ray.wait(references, num_returns=len(references), timeout=0)
        ended = set(done)
        found = [
            _outcome(key, reference) for key, reference in self._calls.items() if reference in ended
        ]
        for outcome in found:
            del self._calls[outcome.key]
        return found

    def cancel(self, key: str) -> None:
        """Kills the process of a call."""
        import ray

        if key in self._calls:
            ray.cancel(self._calls[key], force=True)

    def close(self) -> None:
        import ray

        for key in list(self._calls):
            self.cancel(key)
        self._calls.clear()
        ray.shutdown()

    def _resource(self, name: str) -> float:
        import ray

        return float(ray.cluster_resources().get(name, 0.0))


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
