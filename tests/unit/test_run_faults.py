"""Whatever dies, fills up or is edited: no sample is lost or doubled, and the state is told."""

from __future__ import annotations

import errno
import json
import os
import platform
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from chebimm_core.domain.run import RunState
from chebimm_core.errors import StoreError
from chebimm_core.runner.experiment import execute
from chebimm_core.runner.worker import drive
from chebimm_core.services import launching
from chebimm_core.settings import Settings
from chebimm_core.store import atomic
from chebimm_core.store.processes import own_identity
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from tests import run_queue_store as runs

KILLS = 50
RUNS = 6
MOLECULES = 300


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = runs.build(tmp_path, molecules=120)
    yield made
    runs.end_all(made)


def _created(settings: Settings, seed: int = 0, **arguments: float) -> RunWork:
    """A queued run without a driver."""
    spec = runs.scripted(settings, arguments, seed=seed)
    return RunWork.create(settings.store, spec, n_total=120, now=runs.NOW)


def _assert_answered_once(work: RunWork) -> None:
    """Among the parts as they lie on disk, before anything could hide a double."""
    cids: list[str] = []
    for path in work.folder.glob("parts/part-*.parquet"):
        try:
            cids += pq.read_table(path, columns=["cid"])["cid"].to_pylist()
        except FileNotFoundError:
            return  # the run has just been completed
    assert len(cids) == len(set(cids))


def test_workers_killed_fifty_times_lose_and_double_nothing(tmp_path: Path) -> None:
    settings = runs.build(tmp_path, molecules=MOLECULES, workers=2)
    specs = [runs.scripted(settings, {"delay_ms": 15}, seed=k) for k in range(RUNS)]
    works = runs.launched(settings, *specs)
    dice = random.Random(0)
    killed = 0
    began = time.monotonic()
    while killed < KILLS and time.monotonic() - began < 150:
        time.sleep(dice.uniform(0.1, 0.9))
        worker = next((w.worker() for w in works if w.status().state is RunState.RUNNING), None)
        if worker is not None:
            try:
                os.kill(worker.pid, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        stopped = [w.run_id for w in works if w.status().state is RunState.INTERRUPTED]
        waiting = RunQueue(settings.store).ids()
        if stopped_for_good := [r for r in stopped if r not in waiting]:
            launching.resume(settings, stopped_for_good)
        if all(w.status().state is RunState.DONE for w in works):
            specs.append(runs.scripted(settings, {"delay_ms": 15}, seed=len(specs)))
            works += runs.launched(settings, specs[-1])
        for work in works:
            _assert_answered_once(work)
    assert killed == KILLS
    runs.until(lambda: RunQueue(settings.store).ids() == [], seconds=90)
    for work, spec in zip(works, specs, strict=True):
        if work.status().state is not RunState.DONE:
            launching.resume(settings, [work.run_id])
            runs.until_state(work, RunState.DONE)
        runs.assert_whole(settings, spec, MOLECULES)


def test_a_run_that_only_kills_its_process_is_left_alone(settings: Settings) -> None:
    deadly, fine = runs.scripted(settings, {"end": "kill"}), runs.scripted(settings)
    work, other = runs.launched(settings, deadly, fine)
    runs.until_state(other, RunState.DONE)
    assert work.status().state is RunState.INTERRUPTED
    assert "died 3 times" in work.status().message and "memory" in work.status().message


def test_a_killed_driver_takes_its_worker_along_and_the_run_can_go_on(settings: Settings) -> None:
    first, second = runs.scripted(settings, {"delay_ms": 25}), runs.scripted(settings, seed=1)
    work, waiting = runs.launched(settings, first, second)
    runs.until(lambda: len(work.parts()) > 0)
    driver = runs.driver_pid(settings)
    workers = runs.children_of(driver)
    assert workers
    os.kill(driver, signal.SIGKILL)
    _, alive = psutil.wait_procs(workers, timeout=3)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
    assert runs.until_state(work, RunState.INTERRUPTED) is RunState.INTERRUPTED
    assert "without a word" in work.status().message
    found = launching.activity(settings)
    assert found.stuck and [h.run_id for h in found.queued] == [second.run_id]
    launching.resume(settings, [work.run_id])
    runs.until_state(work, RunState.DONE)
    runs.until_state(waiting, RunState.DONE)
    runs.assert_whole(settings, first, 120)


def test_a_worker_in_c_code_ends_with_its_driver(settings: Settings) -> None:
    (work,) = runs.launched(settings, runs.scripted(settings, {"end": "hang"}))
    runs.until_state(work, RunState.RUNNING)
    time.sleep(0.3)
    os.kill(runs.driver_pid(settings), signal.SIGKILL)
    runs.until_state(work, RunState.INTERRUPTED, seconds=3)
    with pytest.raises(StoreError, match="interrupted"):
        launching.cancel(settings, work.run_id)


def test_without_a_driver_a_run_is_cancelled_all_the_same(settings: Settings) -> None:
    spec = runs.scripted(settings, {"end": "hang"})
    (work,) = runs.launched(settings, spec)
    runs.until_state(work, RunState.RUNNING)
    driver = psutil.Process(runs.driver_pid(settings))
    driver.suspend()  # it lives and listens to nobody
    began = time.monotonic()
    launching.cancel(settings, spec.run_id)
    assert time.monotonic() - began < 2.0
    assert work.status().state is RunState.CANCELLED
    driver.resume()
    runs.until(lambda: not RunQueue(settings.store).is_driven())
    assert work.status().state is RunState.CANCELLED


def test_a_restart_of_the_machine_is_told(settings: Settings) -> None:
    work = _created(settings)
    with work.working():
        work.mark(RunState.RUNNING)
        assert work.status().state is RunState.RUNNING
    before = own_identity().model_copy(update={"boot_id": "another"})
    atomic.write_model(work.folder / "worker.json", before)
    assert work.status().state is RunState.INTERRUPTED
    assert "restarted" in work.status().message


def test_a_worker_on_another_machine_is_believed(settings: Settings) -> None:
    work = _created(settings)
    work.mark(RunState.RUNNING)
    elsewhere = own_identity().model_copy(update={"host": f"not-{platform.node()}"})
    atomic.write_model(work.folder / "worker.json", elsewhere)
    assert work.status().state is RunState.RUNNING


def test_a_pid_given_to_another_process_is_not_taken_for_the_worker(settings: Settings) -> None:
    work = _created(settings)
    work.mark(RunState.RUNNING)
    earlier = own_identity()
    atomic.write_model(
        work.folder / "worker.json",
        earlier.model_copy(update={"process_started": earlier.process_started - 100}),
    )
    assert work.status().state is RunState.INTERRUPTED


@pytest.mark.parametrize("where", ["part", "result", "everything"])
def test_a_full_disk_is_told_and_costs_no_sample(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    work = _created(settings, delay_ms=8)
    real = pq.write_table
    written: list[Path] = []

    def write(table: object, path: Path, **kwargs: object) -> None:
        name = Path(path).name
        full = {
            "part": len(written) >= 1 and ".part-" in name,
            "result": ".samples" in name,
            "everything": len(written) >= 1,
        }[where]
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(path)
        real(table, path, **kwargs)

    with monkeypatch.context() as disk:
        disk.setattr(pq, "write_table", write)
        if where == "everything":
            real_bytes = atomic.write_bytes

            def write_bytes(path: Path, content: bytes) -> None:
                if written:
                    raise StoreError("There is no room left to write the store")
                real_bytes(path, content)

            disk.setattr(atomic, "write_bytes", write_bytes)
        ended = execute(settings, work.run_id)
    assert "no room" in ended.message
    state, message = work.status().state, work.status().message
    if where == "everything":
        assert state is RunState.INTERRUPTED and "is the disk full?" in message
    else:
        assert state is RunState.FAILED and "no room" in message
    kept = len(work.parts())
    assert kept > 0
    work.mark(RunState.QUEUED)
    assert execute(settings, work.run_id).state is RunState.DONE
    runs.assert_whole(settings, work.spec(), 120)


def test_a_damaged_part_is_set_aside_and_its_molecules_answered_again(settings: Settings) -> None:
    work = _created(settings, delay_ms=25)
    launching.resume(settings, [work.run_id])
    runs.until(lambda: len(list(work.folder.glob("parts/*.parquet"))) >= 2)
    launching.cancel(settings, work.run_id)
    part = min(work.folder.glob("parts/*.parquet"))
    part.write_bytes(part.read_bytes()[:40])
    assert work.status().state is RunState.CANCELLED
    launching.resume(settings, [work.run_id])
    runs.until_state(work, RunState.DONE)
    runs.assert_whole(settings, work.spec(), 120)
    assert f"{part.name} cannot be read" in work.log_path.read_text()


@pytest.mark.parametrize("edit", ["seed", "torn", "unknown"])
def test_a_specification_edited_by_hand_is_told_and_loses_nothing(
    settings: Settings, edit: str
) -> None:
    work = _created(settings)
    path = work.folder / "spec.json"
    intact = path.read_bytes()
    spec = json.loads(intact)
    edited = {
        "seed": json.dumps({**spec, "seed": 9}),
        "torn": intact.decode()[:30],
        "unknown": json.dumps({**spec, "speed": 1}),
    }
    path.write_text(edited[edit])
    RunQueue(settings.store).add(work.run_id)
    drive(settings)
    assert work.status().state is RunState.FAILED
    assert RunQueue(settings.store).ids() == []
    why = RunStore(settings.store).damaged()[work.run_id]
    assert ("changed by hand" if edit == "seed" else "not valid") in why
    path.write_bytes(intact)
    launching.resume(settings, [work.run_id])
    runs.until_state(work, RunState.DONE)
    runs.assert_whole(settings, work.spec(), 120)


def test_a_run_deleted_while_it_waits_leaves_nothing(settings: Settings) -> None:
    hanging, waiting = runs.scripted(settings, {"end": "hang"}), runs.scripted(settings, seed=1)
    work, other = runs.launched(settings, hanging, waiting)
    runs.until_state(work, RunState.RUNNING)
    launching.delete(settings, other.run_id)
    launching.cancel(settings, work.run_id)
    runs.until(lambda: not RunQueue(settings.store).is_driven())
    assert not other.folder.exists() and RunQueue(settings.store).ids() == []
