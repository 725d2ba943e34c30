"""From the wish for a run to its result: plan, launch, watch, cancel, resume, delete."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from chebimm_core.cli import app
from chebimm_core.domain.run import RunState
from chebimm_core.errors import NotFoundError, SettingError, StoreError
from chebimm_core.runner import catalogue
from chebimm_core.runner.worker import drive
from chebimm_core.services import benchmark, launching
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.store.run_queue import RunQueue
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from tests import run_queue_store as runs


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = runs.build(tmp_path)
    yield made
    runs.end_all(made)


def test_a_plan_writes_out_every_default(settings: Settings) -> None:
    spec = runs.scripted(settings, {"delay_ms": 2})
    assert spec.model_args == {
        "delay_ms": 2.0, "fit_ms": 0.0, "fail_every": 0, "end": "none", "say": "",
        "property": "xlogp", "fitted_on": "train",
    }  # fmt: skip
    assert spec == runs.scripted(settings, {"delay_ms": 2.0, "property": "xlogp"})
    assert launching.obstacles(
        settings, catalogue.cards(settings)["scripted"], "property", "SMILES->property", runs.NAME
    ) == ()  # fmt: skip


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"task": "nonsense"}, NotFoundError, "task"),
        ({"model": "scriptet"}, NotFoundError, "scripted"),
        ({"dataset": "absent"}, NotFoundError, "chains"),
        ({"transition": "SMILES"}, SettingError, "SOURCE->TARGET"),
        ({"transition": "caption->property"}, SettingError, "transition"),
        ({"split": "dev"}, SettingError, "train"),
        ({"arguments": {"speed": 1}}, SettingError, "delay_ms"),
        ({"arguments": {"property": "mass"}}, SettingError, "xlogp"),
        ({"arguments": {"fitted_on": "test"}}, SettingError, "train"),
    ],
    ids=["task", "model", "dataset", "key", "transition", "split", "name", "property", "leak"],
)
def test_a_plan_that_cannot_run_is_refused(
    settings: Settings, change: dict[str, object], error: type[Exception], says: str
) -> None:
    wanted = {
        "task": "property", "transition": "SMILES->property", "model": "scripted",
        "dataset": runs.NAME, **change,
    }  # fmt: skip
    with pytest.raises(error, match=says):
        launching.plan(settings, **wanted)  # type: ignore[arg-type]


def test_a_launched_run_is_worked_off_by_a_process_that_nobody_waits_for(
    settings: Settings,
) -> None:
    spec = runs.scripted(settings, {"delay_ms": 20, "fit_ms": 300, "fail_every": 4, "say": "heard"})
    assert launching.estimate(settings, spec).seconds is None
    (work,) = runs.launched(settings, spec)
    assert [h.run_id for h in launching.activity(settings).queued] == [spec.run_id]
    assert launching.activity(settings).driven and not launching.activity(settings).stuck
    driver = psutil.Process(runs.driver_pid(settings))
    assert psutil.Process().pid != driver.pid
    runs.until(lambda: launching.progress(settings, spec.run_id) is not None)
    runs.until_state(work, RunState.DONE)
    runs.assert_whole(settings, spec, 8)
    header = benchmark.header(settings, spec.run_id)
    assert header.status.n_failed == 2 and header.score("mae") is not None
    assert launching.curve(settings, spec.run_id)[0].step == 1
    log = launching.log_tail(settings, spec.run_id)
    assert "heard" in log.splitlines() and "done: 6 answered, 2 failed" in log
    assert launching.unfinished(settings) == []
    known = launching.estimate(settings, runs.scripted(settings, {"fit_ms": 300}, seed=1))
    assert known.seconds is not None and spec.run_id in known.basis and known.molecules == 8
    runs.until(lambda: not RunQueue(settings.store).is_driven())
    runs.until(lambda: not driver.is_running())  # reaped, no zombie


def test_a_run_at_work_is_told_from_a_complete_one(settings: Settings) -> None:
    spec = runs.scripted(settings, {"end": "hang"})
    (work,) = runs.launched(settings, spec)
    runs.until_state(work, RunState.RUNNING)
    token = RunStore(settings.store).token()
    assert benchmark.list_runs(settings) == []
    assert benchmark.header(settings, spec.run_id).status.state is RunState.RUNNING
    for ask in (benchmark.samples, benchmark.rescore):
        with pytest.raises(StoreError, match="This run is running"):
            ask(settings, spec.run_id)
    with pytest.raises(StoreError, match="Cancel it first"):
        benchmark.delete(settings, spec.run_id)
    with pytest.raises(StoreError, match="exists and is running"):
        launching.launch(settings, [spec], now=runs.NOW)
    with pytest.raises(StoreError, match="at work already"):
        launching.resume(settings, [spec.run_id])
    assert RunStore(settings.store).token() == token
    launching.cancel(settings, spec.run_id)
    launching.delete(settings, spec.run_id)
    assert launching.unfinished(settings) == []


@pytest.mark.parametrize("how", ["hang", "sleep"])
def test_a_running_run_is_cancelled_within_two_seconds(settings: Settings, how: str) -> None:
    arguments = {"end": "hang"} if how == "hang" else {"delay_ms": 60_000}
    spec, after = runs.scripted(settings, arguments), runs.scripted(settings, seed=5)
    work, next_work = runs.launched(settings, spec, after)
    runs.until_state(work, RunState.RUNNING)
    time.sleep(0.3)  # well inside the model
    began = time.monotonic()
    launching.cancel(settings, spec.run_id)
    assert time.monotonic() - began < 2.0
    assert work.status().state is RunState.CANCELLED
    runs.until_state(next_work, RunState.DONE)  # the queue goes on
    assert work.status().state is RunState.CANCELLED
    assert not work.cancel_requested()
    with pytest.raises(StoreError, match="cancelled"):
        launching.cancel(settings, spec.run_id)


def test_a_queued_run_is_cancelled_at_once(settings: Settings) -> None:
    first, second = runs.scripted(settings, {"end": "hang"}), runs.scripted(settings, seed=1)
    work, waiting = runs.launched(settings, first, second)
    runs.until_state(work, RunState.RUNNING)
    began = time.monotonic()
    launching.cancel(settings, second.run_id)
    assert time.monotonic() - began < 0.5
    assert waiting.status().state is RunState.CANCELLED
    launching.resume(settings, [second.run_id])
    assert waiting.status().state is RunState.QUEUED
    launching.cancel(settings, first.run_id)
    runs.until_state(waiting, RunState.DONE)
    assert work.status().state is RunState.CANCELLED


def test_a_cancelled_run_keeps_its_answers_and_goes_on(tmp_path: Path) -> None:
    settings = runs.build(tmp_path, molecules=120)
    spec = runs.scripted(settings, {"delay_ms": 25})
    (work,) = runs.launched(settings, spec)
    runs.until(lambda: len(work.parts()) > 0)
    launching.cancel(settings, spec.run_id)
    kept = work.parts()
    assert 0 < len(kept) < 120
    launching.resume(settings, [spec.run_id])
    runs.until_state(work, RunState.DONE)
    runs.assert_whole(settings, spec, 120)
    assert f"{len(kept)} of 120 molecules are answered already" in work.log_path.read_text()
    with pytest.raises(StoreError, match="complete"):
        launching.resume(settings, [spec.run_id])
    runs.end_all(settings)


def test_a_failed_run_says_why_and_can_be_resumed(settings: Settings) -> None:
    spec = runs.scripted(settings, {"end": "raise"})
    (work,) = runs.launched(settings, spec)
    assert runs.until_state(work, RunState.FAILED) is RunState.FAILED
    assert work.status().message == "ValueError: raised as asked"
    assert "Traceback" in launching.log_tail(settings, spec.run_id)
    launching.resume(settings, [spec.run_id])
    runs.until(lambda: work.log_path.read_text().count("Traceback") == 2)


def test_two_that_launch_the_same_run_at_once_make_it_once(settings: Settings) -> None:
    spec = runs.scripted(settings)
    code = (
        "import sys; from chebimm_core.services import launching; from tests import "
        "run_queue_store as r; from chebimm_core.settings import Settings; s=Settings.from_env();"
        "p=r.scripted(s); print('ready', flush=True); sys.stdin.readline();"
        "launching.launch(s, [p], now=r.NOW)"
    )
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=PROJECT_ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **settings.to_env()},
        )
        for _ in range(2)
    ]  # fmt: skip
    for rival in rivals:
        assert rival.stdout is not None and rival.stdout.readline().strip() == "ready"
    with ThreadPoolExecutor(2) as both:
        said = list(both.map(lambda rival: rival.communicate("go\n", timeout=60)[1], rivals))
    assert sorted(rival.returncode for rival in rivals) == [0, 1]
    assert sum("This very run exists" in text for text in said) == 1
    runs.until_state(RunWork(settings.store, spec.run_id), RunState.DONE)
    runs.assert_whole(settings, spec, 8)


def test_an_unknown_executor_is_refused_before_anything_is_queued(settings: Settings) -> None:
    other = replace(settings, executor="abacus")
    with pytest.raises(SettingError, match="local, ray"):
        launching.launch(other, [runs.scripted(settings)], now=runs.NOW)
    assert launching.unfinished(settings) == []


def test_a_queue_is_worked_off_in_order_by_one_driver(settings: Settings) -> None:
    specs = [runs.scripted(settings, seed=k) for k in range(6)]
    queue = RunQueue(settings.store)
    with queue.driving() as free:  # nobody else may work
        assert free
        launching.launch(settings, specs, now=runs.NOW)
        assert queue.ids() == [s.run_id for s in specs]
        drive(settings)  # a second driver goes at once
        assert len(queue.ids()) == 6
    drive(settings)
    finished = [RunStore(settings.store).header(s.run_id).status.finished for s in specs]
    assert finished == sorted(finished, key=str) and queue.ids() == []


def test_the_command_line_does_what_the_page_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.to_env().items():
        monkeypatch.setenv(name, value)
    terminal = CliRunner()

    def said(*words: str) -> str:
        done = terminal.invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return done.output

    wanted = (
        "launch", "--task", "property", "--transition", "SMILES->property", "--model", "scripted",
        "--dataset", runs.NAME,
    )  # fmt: skip
    assert "8 molecules" in said(*wanted, "--set", "end=hang", "--seed", "3")
    run_id = runs.scripted(settings, {"end": "hang"}, seed=3).run_id
    work = RunWork(settings.store, run_id)
    runs.until_state(work, RunState.RUNNING)
    runs.until(lambda: "learning" in said("runs", "list", "--state", "running"))
    assert "0 of 8 answered" in said("runs", "list")
    assert said("runs", "list", "--state", "done") == ""
    assert "learned from 8 molecules" in said("runs", "show", run_id)
    refused = terminal.invoke(app, ["runs", "delete", run_id, "--yes"])
    assert isinstance(refused.exception, StoreError)
    assert said("cancel", run_id) == f"cancelled {run_id}\n"
    assert "Cancelled by the user" in said("runs", "list", "--state", "cancelled")
    said("runs", "delete", run_id, "--yes")
    assert said("runs", "list") == ""

    work = RunWork(settings.store, runs.scripted(settings).run_id)
    assert "done" in said(*wanted, "--wait")
    with work.locked():  # as if cancelled before the end
        work.mark(RunState.CANCELLED)
    assert "done" in said("resume", work.run_id, "--wait")
    assert "r2" in said("runs", "list")
