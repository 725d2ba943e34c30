"""Two hundred runs on either executor while processes or machines die; Ray's refusals and ends."""

from __future__ import annotations

import contextlib
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from chebimm_core.domain.run import RunState
from chebimm_core.errors import MissingDependencyError, OfflineError, SettingError
from chebimm_core.models import MODELS
from chebimm_core.runner.executor import Executor, Outcome, make_executor, require_executor
from chebimm_core.runner.local_executor import LocalExecutor
from chebimm_core.runner.ray_executor import RayExecutor
from chebimm_core.runner.worker import drive
from chebimm_core.settings import Settings
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_work import RunWork
from tests import run_queue_store as runs

pytestmark = pytest.mark.xdist_group("ray")  # one cluster, and one Ray connection a process

RUNS = 200
DONE_BEFORE_THE_KILL = 60
OBJECTS_BYTES = 80 * 2**20
QUICK = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
"""A dead machine is noticed in about 2 s instead of 15."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without CPUs and a machine of two; tests add the machines that they kill."""
    pytest.importorskip("ray", reason="ray is not installed: pip install ray==2.60.0")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as env, tempfile.TemporaryDirectory(prefix="ray") as folder:
        env.setenv("RAY_USAGE_STATS_ENABLED", "0")
        made = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 0,
                "include_dashboard": False,
                "object_store_memory": OBJECTS_BYTES,
                "temp_dir": folder,
                "_system_config": QUICK,
            },
        )
        try:
            made.add_node(num_cpus=2, object_store_memory=OBJECTS_BYTES)
            yield made
        finally:
            made.shutdown()
            runs.until(lambda: not _processes_that_name(folder), seconds=20)


@pytest.fixture(scope="module")
def ray_executor(cluster: Any) -> Iterator[RayExecutor]:
    executor = RayExecutor(cluster.address)
    yield executor
    executor.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return runs.build(tmp_path)


@dataclass
class Watched:
    """An executor, and what passed through it."""

    executor: Executor
    sent: list[str] = field(default_factory=list)
    ended: list[Outcome] = field(default_factory=list)

    @property
    def capacity(self) -> int:
        return self.executor.capacity

    def submit(self, key: str, function: Callable[..., Any], *args: Any, gpus: float = 0.0) -> None:
        self.executor.submit(key, function, *args, gpus=gpus)
        self.sent.append(key)

    def wait(self, timeout_s: float) -> list[Outcome]:
        found = self.executor.wait(timeout_s)
        self.ended += found
        return found

    def cancel(self, key: str) -> None:
        self.executor.cancel(key)

    def close(self) -> None:
        raise AssertionError("it is not the driver's to close")


def _frozen_at_work(works: list[RunWork], wanted: Callable[[int], bool]) -> int:
    """Stops a wanted process in the middle of a run, so that it cannot end before it is killed."""
    found: list[int] = []

    def runs_in(work: RunWork) -> int | None:
        worker = work.worker()
        return worker.pid if worker and work.status().state is RunState.RUNNING else None

    def look() -> bool:
        for work in works:
            pid = runs_in(work)
            if pid is None or not wanted(pid):
                continue
            process = psutil.Process(pid)
            process.suspend()
            if runs_in(work) == pid:
                found.append(pid)
                return True
            process.resume()
        return False

    runs.until(look)
    return found[0]


def _parents_of(pid: int) -> list[int]:
    try:
        return [parent.pid for parent in psutil.Process(pid).parents()]
    except psutil.Error:
        return []


def _power_off(cluster: Any, machine: Any) -> None:
    """All at once, as with a machine: left to themselves, its workers would end what they do."""
    (raylet,) = machine.all_processes["raylet"]
    workers = runs.children_of(raylet.process.pid)
    assert workers
    raylet.process.kill()
    for worker in workers:
        with contextlib.suppress(psutil.Error):
            worker.kill()
    cluster.remove_node(machine, allow_graceful=False)


def _processes_that_name(folder: str) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(folder in part for part in process.info["cmdline"] or ()):
            found.append(process.pid)
    return found


def _queued(settings: Settings, n: int = 1, **arguments: float | str) -> list[RunWork]:
    works = []
    for seed in range(n):
        spec = runs.scripted(settings, arguments, seed=seed)
        works.append(RunWork.create(settings.store, spec, n_total=8, now=runs.NOW))
        RunQueue(settings.store).add(spec.run_id)
    return works


def _drive_while_something_dies(
    settings: Settings, executor: Executor, kill: Callable[[list[RunWork]], None]
) -> None:
    """200 runs; none lost, none doubled, and what died with its process was sent off again."""
    works = _queued(settings, RUNS, delay_ms=10)
    watched = Watched(executor)

    def kill_in_the_middle() -> None:
        runs.until(lambda: len(watched.ended) >= DONE_BEFORE_THE_KILL, seconds=120)
        kill(works)

    with ThreadPoolExecutor(1) as beside:
        killer = beside.submit(kill_in_the_middle)
        drive(settings, watched)
        killer.result()  # raises what it raised: a kill that did not happen proves nothing
    lost = [outcome.key for outcome in watched.ended if outcome.lost]
    assert lost, "the run that was killed was not heard of"
    assert {work.status().state for work in works} == {RunState.DONE}
    assert set(watched.sent) == {work.run_id for work in works}
    assert len(watched.sent) <= RUNS + len(lost)
    for work in works:
        runs.assert_whole(settings, work.spec(), 8)
        assert work.log_path.read_text().count("done: 8 answered") == 1
    assert RunQueue(settings.store).ids() == []


def test_two_hundred_runs_survive_a_killed_process(settings: Settings) -> None:
    def kill(works: list[RunWork]) -> None:
        psutil.Process(_frozen_at_work(works, lambda pid: True)).kill()

    executor = LocalExecutor(3)
    try:
        _drive_while_something_dies(settings, executor, kill)
    finally:
        executor.close()


def test_two_hundred_runs_survive_a_killed_machine(
    settings: Settings, cluster: Any, ray_executor: RayExecutor
) -> None:
    doomed = cluster.add_node(num_cpus=2, object_store_memory=OBJECTS_BYTES)
    runs.until(lambda: ray_executor.capacity == 4)
    (raylet,) = doomed.all_processes["raylet"]

    def kill(works: list[RunWork]) -> None:
        _frozen_at_work(works, lambda pid: raylet.process.pid in _parents_of(pid))
        _power_off(cluster, doomed)

    _drive_while_something_dies(settings, ray_executor, kill)
    runs.until(lambda: ray_executor.capacity == 2)


def test_a_wish_to_cancel_ends_a_call_that_listens_to_nobody(
    settings: Settings, ray_executor: RayExecutor
) -> None:
    (work,) = _queued(settings, end="hang")
    driver = threading.Thread(target=drive, args=(settings, ray_executor))
    driver.start()
    runs.until_state(work, RunState.RUNNING)
    time.sleep(0.3)
    work.request_cancel()
    runs.until_state(work, RunState.CANCELLED, seconds=2.0)
    driver.join(timeout=5)
    assert not driver.is_alive() and RunQueue(settings.store).ids() == []


def test_what_a_call_raises_comes_back_as_its_message(ray_executor: RayExecutor) -> None:
    def stumble() -> None:
        int("seven")

    ray_executor.submit("bad", stumble)
    assert _outcomes(ray_executor) == [
        Outcome("bad", error="ValueError: invalid literal for int() with base 10: 'seven'")
    ]


def test_progress_of_a_call_elsewhere_is_told(tmp_path: Path, ray_executor: RayExecutor) -> None:
    settings = runs.build(tmp_path, molecules=64)
    (work,) = _queued(settings, delay_ms=25)
    driver = threading.Thread(target=drive, args=(settings, ray_executor))
    driver.start()
    seen: set[int] = set()

    def ended() -> bool:
        told = work.progress()
        seen.update([told.answered] if told else [])
        return work.status().state is RunState.DONE

    runs.until(ended)
    driver.join(timeout=5)
    assert seen - {0, 64}


def test_a_model_that_wants_a_gpu_is_refused_where_there_is_none(
    settings: Settings, ray_executor: RayExecutor
) -> None:
    work = _wanting_a_gpu(settings)
    (fine,) = _queued(settings)
    drive(settings, ray_executor)
    assert work.status().state is RunState.FAILED
    assert "GPUs this model wants" in work.status().message
    assert "CHEBIMM_DEVICE=cpu" in work.status().message
    assert fine.status().state is RunState.DONE


def test_on_the_cpu_by_wish_no_gpu_is_asked_for(
    settings: Settings, ray_executor: RayExecutor
) -> None:
    work = _wanting_a_gpu(settings)
    (settings.store / "datasets").rename(settings.store / "away")  # it ends before it loads a model
    drive(replace(settings, device="cpu"), ray_executor)
    assert work.status().state is RunState.FAILED
    assert "GPU" not in work.status().message


def test_gpus_that_go_with_their_machine_are_not_waited_for(
    cluster: Any, ray_executor: RayExecutor
) -> None:
    def sleep() -> None:
        time.sleep(60)

    machine = cluster.add_node(num_cpus=2, num_gpus=1, object_store_memory=OBJECTS_BYTES)
    runs.until(lambda: ray_executor.capacity == 4)
    with pytest.raises(SettingError, match="1 there"):
        ray_executor.submit("two", sleep, gpus=2)
    ray_executor.submit("works", sleep, gpus=1)
    ray_executor.submit("waits", sleep, gpus=1)
    assert ray_executor.wait(0.5) == []
    _power_off(cluster, machine)
    ended: list[Outcome] = []
    runs.until(lambda: len(ended.extend(ray_executor.wait(0.1)) or ended) == 2, seconds=20)
    assert {outcome.key for outcome in ended if outcome.lost} == {"works", "waits"}


def test_without_ray_the_setting_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match="pip install ray"):
        require_executor(replace(settings, executor="ray"))
    with pytest.raises(MissingDependencyError, match="pip install ray"):
        RayExecutor("")


@pytest.mark.parametrize("address", ["127.0.0.1:{free}", "[::1]:{free}", "nonsense", "auto"])
def test_an_address_without_a_cluster_is_told_at_once(
    settings: Settings, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="ray is not installed: pip install ray==2.60.0")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        free = listener.getsockname()[1]
    elsewhere = replace(settings, executor="ray", ray_address=address.format(free=free))
    began = time.monotonic()
    with pytest.raises(OfflineError, match="no Ray cluster"):
        make_executor(elsewhere)
    (work,) = _queued(settings)
    drive(elsewhere)  # said at the run, and the driver ends
    assert work.status().state is RunState.FAILED
    assert "no Ray cluster" in work.status().message
    assert RunQueue(settings.store).ids() == []
    assert time.monotonic() - began < 10


def _wanting_a_gpu(settings: Settings) -> RunWork:
    model = next(card.name for card in MODELS.values() if card.gpus)
    spec = runs.scripted(settings).model_copy(update={"model": model, "model_args": {}})
    work = RunWork.create(settings.store, spec, n_total=8, now=runs.NOW)
    RunQueue(settings.store).add(spec.run_id)
    return work


def _outcomes(executor: Executor) -> list[Outcome]:
    ended: list[Outcome] = []
    runs.until(lambda: bool(ended.extend(executor.wait(0.1)) or ended))
    return ended
