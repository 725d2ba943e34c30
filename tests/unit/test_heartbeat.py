"""A run at work on another machine is told by its heart: it is not interrupted while it beats."""

from __future__ import annotations

import os
import platform
import threading
import time
from pathlib import Path

import pytest

from chebimm_core.domain.run import RunState
from chebimm_core.errors import StoreError
from chebimm_core.services import launching
from chebimm_core.settings import Settings
from chebimm_core.store import atomic, processes
from chebimm_core.store.processes import beating, is_running, own_identity
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_work import RunWork
from tests import run_queue_store as runs

SILENT_S = 10 * 60


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return runs.build(tmp_path)


def _at_work_elsewhere(settings: Settings, *, heard_s_ago: float) -> RunWork:
    """As a process of another machine leaves it: another start, and a pid that is nobody's here."""
    work = RunWork.create(settings.store, runs.scripted(settings), n_total=8, now=runs.NOW)
    work.mark(RunState.RUNNING)
    elsewhere = own_identity().model_copy(
        update={"host": f"not-{platform.node()}", "boot_id": "another", "pid": 2**22 + 1}
    )
    heart = work.folder / "worker.json"
    atomic.write_model(heart, elsewhere)
    heard = time.time() - heard_s_ago
    os.utime(heart, (heard, heard))
    return work


@pytest.mark.parametrize("heard_s_ago", [0, 60, -60], ids=["now", "cached time", "other clock"])
def test_a_run_on_another_machine_runs_while_it_is_heard_of(
    settings: Settings, heard_s_ago: float
) -> None:
    work = _at_work_elsewhere(settings, heard_s_ago=heard_s_ago)
    assert work.status().state is RunState.RUNNING
    with pytest.raises(StoreError, match="at work already"):
        launching.resume(settings, [work.run_id])
    with pytest.raises(StoreError, match="cannot be deleted"):
        launching.delete(settings, work.run_id)


def test_a_run_whose_machine_went_silent_can_be_resumed(settings: Settings) -> None:
    work = _at_work_elsewhere(settings, heard_s_ago=SILENT_S)
    assert work.status().state is RunState.INTERRUPTED
    assert f"not-{platform.node()}" in work.status().message
    try:
        launching.resume(settings, [work.run_id])
        runs.until_state(work, RunState.DONE)
    finally:
        runs.end_all(settings)
    runs.assert_whole(settings, work.spec(), 8)


def test_a_silent_machine_that_holds_the_run_all_the_same_keeps_it(settings: Settings) -> None:
    work = _at_work_elsewhere(settings, heard_s_ago=SILENT_S)
    with work.locked(), pytest.raises(StoreError, match="Another process works"):
        launching.resume(settings, [work.run_id])
    assert RunQueue(settings.store).ids() == []


def test_on_this_machine_the_process_is_asked_and_no_heart(settings: Settings) -> None:
    work = RunWork.create(settings.store, runs.scripted(settings), n_total=8, now=runs.NOW)
    with work.working():
        work.mark(RunState.RUNNING)
        heard = time.time() - SILENT_S
        os.utime(work.folder / "worker.json", (heard, heard))
        assert work.status().state is RunState.RUNNING
    assert work.status().state is RunState.INTERRUPTED


def test_a_heart_beats_while_it_is_worked_and_not_after(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    heart = settings.store / "heart"
    heart.write_text("")
    elsewhere = own_identity().model_copy(update={"host": f"not-{platform.node()}"})
    monkeypatch.setattr(processes, "_SILENT_AFTER_S", 0.3)
    before = threading.active_count()
    with beating(heart, every_s=0.05):
        time.sleep(0.6)
        assert is_running(elsewhere, heart)
    assert threading.active_count() == before
    time.sleep(0.4)
    assert not is_running(elsewhere, heart)


def test_a_heart_that_is_taken_away_ends_nobody(tmp_path: Path) -> None:
    heart = tmp_path / "heart"
    heart.write_text("")
    with beating(heart, every_s=0.01):
        heart.unlink()
        time.sleep(0.05)
    assert not heart.exists()
