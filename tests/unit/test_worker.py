"""The driver's decisions, with an executor whose calls end as a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chebimm_core.domain.run import RunState
from chebimm_core.errors import SettingError
from chebimm_core.runner.executor import Outcome
from chebimm_core.runner.experiment import execute
from chebimm_core.runner.worker import drive
from chebimm_core.services import launching
from chebimm_core.settings import Settings
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_work import RunWork
from tests import run_queue_store as runs


@dataclass
class ToldExecutor:
    """Ends each call as ``ends`` says, at the next question."""

    ends: Callable[[str, int], Outcome]
    size: int = 2
    sent: list[str] = field(default_factory=list)
    at_once: int = 0
    cancelled: list[str] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)

    @property
    def capacity(self) -> int:
        return self.size

    def submit(self, key: str, function: Callable[..., Any], *args: Any, gpus: float = 0.0) -> None:
        assert key not in self._waiting
        self.sent.append(key)
        self._waiting.append(key)
        self.at_once = max(self.at_once, len(self._waiting))

    def wait(self, timeout_s: float) -> list[Outcome]:
        ended = [self.ends(key, self.sent.count(key)) for key in self._waiting]
        self._waiting = []
        return ended

    def cancel(self, key: str) -> None:
        self.cancelled.append(key)

    def close(self) -> None:
        raise AssertionError("it is not the driver's to close")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return runs.build(tmp_path)


def _queued(settings: Settings, n: int = 1) -> list[RunWork]:
    works = []
    for seed in range(n):
        spec = runs.scripted(settings, seed=seed)
        works.append(RunWork.create(settings.store, spec, n_total=8, now=runs.NOW))
        RunQueue(settings.store).add(spec.run_id)
    return works


def _done(settings: Settings) -> Callable[[str, int], Outcome]:
    def ends(key: str, _: int) -> Outcome:
        execute(settings, key)
        return Outcome(key)

    return ends


def test_no_more_runs_are_at_work_than_there_is_room_for(settings: Settings) -> None:
    works = _queued(settings, 5)
    executor = ToldExecutor(_done(settings))
    drive(settings, executor)
    assert executor.sent == [w.run_id for w in works]
    assert executor.at_once == 2
    assert {w.status().state for w in works} == {RunState.DONE}


def test_a_lost_run_is_sent_again_until_it_comes_no_further(settings: Settings) -> None:
    (work,) = _queued(settings)
    executor = ToldExecutor(lambda key, _: Outcome(key, lost=True))
    drive(settings, executor)
    assert executor.sent == [work.run_id] * 3
    assert work.status().state is RunState.INTERRUPTED
    assert not RunQueue(settings.store).ids()


def test_what_was_lost_after_its_last_word_stays_complete(settings: Settings) -> None:
    (work,) = _queued(settings)

    def ends(key: str, _: int) -> Outcome:
        execute(settings, key)
        return Outcome(key, lost=True)

    executor = ToldExecutor(ends)
    drive(settings, executor)
    assert executor.sent == [work.run_id]
    assert work.status().state is RunState.DONE and work.status().n_predictions == 8


def test_a_wish_to_cancel_beats_the_loss_it_causes(settings: Settings) -> None:
    (work,) = _queued(settings)

    def ends(key: str, _: int) -> Outcome:
        work.request_cancel()
        return Outcome(key, lost=True)

    executor = ToldExecutor(ends)
    drive(settings, executor)
    assert executor.sent == [work.run_id]
    assert work.status().state is RunState.CANCELLED and not work.cancel_requested()


def test_a_run_resumed_before_its_end_was_heard_of_is_not_forgotten(settings: Settings) -> None:
    (work,) = _queued(settings)

    def ends(key: str, times: int) -> Outcome:
        if times == 1:  # it failed, and its user was faster than the driver
            work.mark(RunState.QUEUED)
        else:
            execute(settings, key)
        return Outcome(key)

    executor = ToldExecutor(ends)
    drive(settings, executor)
    assert executor.sent == [work.run_id] * 2
    assert work.status().state is RunState.DONE


def test_an_executor_that_refuses_a_run_fails_it_and_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, fine = _queued(settings, 2)
    executor = ToldExecutor(_done(settings))
    submit = executor.submit

    def choosy(key: str, *rest: Any, gpus: float = 0.0) -> None:
        if key == refused.run_id:
            raise SettingError("The cluster has too few GPUs")
        submit(key, *rest, gpus=gpus)

    monkeypatch.setattr(executor, "submit", choosy)
    drive(settings, executor)
    assert refused.status().state is RunState.FAILED
    assert "too few GPUs" in refused.status().message
    assert fine.status().state is RunState.DONE


def test_what_a_call_raised_is_the_message_of_its_run(settings: Settings) -> None:
    (work,) = _queued(settings)
    drive(settings, ToldExecutor(lambda key, _: Outcome(key, error="MemoryError: 3 GiB")))
    assert work.status().state is RunState.FAILED
    assert work.status().message == "MemoryError: 3 GiB"


def test_runs_left_in_the_middle_wait_for_their_user(settings: Settings) -> None:
    (work,) = _queued(settings)
    work.mark(RunState.RUNNING)  # by a driver that died
    executor = ToldExecutor(_done(settings))
    drive(settings, executor)
    assert executor.sent == [] and work.status().state is RunState.INTERRUPTED
    assert [h.run_id for h in launching.activity(settings).stopped] == [work.run_id]


def test_a_run_cancelled_on_its_way_to_a_worker_is_not_begun(settings: Settings) -> None:
    (work,) = _queued(settings)
    work.mark(RunState.CANCELLED)
    assert execute(settings, work.run_id).state is RunState.CANCELLED
    assert not (work.folder / "parts").exists()
