"""Runs from the browser: launched, watched, cancelled, resumed; they outlive the server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import _wait_until_up
from playwright.sync_api import Page, expect
from small_store import SMALL, build_store

from chebimm_core.domain.run import RunState
from chebimm_core.services import benchmark, launching
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.store.run_store import RunStore

pytestmark = pytest.mark.browser

LONG_MS = 15_000


class Server:
    """The dashboard on a store of its own; it can be killed and started again."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.settings = settings
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [
            sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port),
        ]  # fmt: skip
        with (self.settings.store.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=PROJECT_ROOT,
                env={**os.environ, **self.settings.to_env(), "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _wait_until_up(self.port, self.process)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=20)


def _end_workers(store: Path) -> None:
    """Ends drivers and workers of this store, and no others."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("CHEBIMM_STORE") == str(store):
                process.kill()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(build_store(tmp_path_factory.mktemp("launch")))
    try:
        yield server
    finally:
        server.kill()
        _end_workers(server.settings.store)


def until(server: Server, run_id: str, wanted: RunState, seconds: float) -> float:
    """Seconds until a run is in that state; if it does not get there, everything known of it."""
    began = time.monotonic()
    while (found := benchmark.header(server.settings, run_id).status).state is not wanted:
        if time.monotonic() - began > seconds:
            now = launching.activity(server.settings)
            queue = sorted(p.name for p in (server.settings.store / "queue").iterdir())
            driver = (server.settings.store / "queue" / "driver.log").read_text()
            log = launching.log_tail(server.settings, run_id)
            pytest.fail(f"{found}\n{now.driven=}\n{queue}\n{driver}\n{log}")
        time.sleep(0.05)
    return time.monotonic() - began


def state(server: Server, run_id: str) -> RunState:
    return benchmark.header(server.settings, run_id).status.state


def run_in_address(page: Page) -> str:
    page.wait_for_url("**run=**", timeout=LONG_MS)
    return page.url.partition("run=")[2].partition("&")[0]


def launch(page: Page, server: Server, visit: Callable[[str], None], query: str) -> str:
    visit(f"{server.address}/launch?dataset={SMALL}&{query}")
    page.get_by_role("button", name="Start the run").click()
    return run_in_address(page)


def slowly(model: str, milliseconds: int, source: str) -> str:
    return (
        f"task=captioning&from={source}&to=caption&models={model}&{model}.delay_ms={milliseconds}"
    )


def test_a_run_from_the_form_to_results_over_a_refresh(page, own_server, visit, settled, foreign):
    visit(f"{own_server.address}/launch?dataset={SMALL}&task=property&from=SMILES&to=property")
    page.get_by_text("Ridge on Morgan counts").click()
    settled()
    page.get_by_role("button", name="Start the run").click()
    run_id = run_in_address(page)
    page.reload()
    # No further reload: the page follows the run to its end.
    expect(page.get_by_role("link", name="Scores, molecules and comparison")).to_be_visible(
        timeout=40_000
    )
    assert state(own_server, run_id) is RunState.DONE
    page.get_by_role("link", name="Scores, molecules and comparison").click()
    expect(
        page.get_by_role("heading", name="ridge-morgan · SMILES → property xlogp")
    ).to_be_visible(timeout=LONG_MS)
    assert foreign == []


def test_a_run_outlives_the_server(page, own_server, visit):
    run_id = launch(page, own_server, visit, slowly("scripted", 700, "SMILES"))
    until(own_server, run_id, RunState.RUNNING, 30)
    own_server.kill()
    assert state(own_server, run_id) is RunState.RUNNING
    own_server.start()
    visit(f"{own_server.address}/results")
    expect(page.get_by_text("not finished")).to_be_visible(timeout=LONG_MS)
    # The list above the table goes when the run is done, by itself.
    expect(page.get_by_text("not finished")).to_have_count(0, timeout=30_000)
    header = RunStore(own_server.settings.store).header(run_id)
    assert header.status.state is RunState.DONE
    assert header.status.n_predictions == 8


def test_a_result_lands_in_an_open_matrix_by_itself(page, own_server, visit):
    launch(page, own_server, visit, slowly("scripted", 1_000, "image"))
    visit(
        f"{own_server.address}/transition_matrix?source=local&dataset={SMALL}&from=image&to=caption"
    )
    expect(page.get_by_text("No run measures this cell yet")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("95 % intervals")).to_be_visible(timeout=30_000)


def test_cancel_within_two_seconds_and_resume(page, own_server, visit):
    run_id = launch(page, own_server, visit, slowly("scripted", 60_000, "graph"))
    until(own_server, run_id, RunState.RUNNING, 30)
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Cancel", exact=True).click()
    until(own_server, run_id, RunState.CANCELLED, 2.0)
    resume = page.get_by_role("button", name="Resume", exact=True)
    expect(resume).to_be_visible(timeout=LONG_MS)
    resume.click()
    until(own_server, run_id, RunState.RUNNING, 30)
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=LONG_MS)
    launching.cancel(own_server.settings, run_id)


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("view", ["new", "work"])
def test_no_section_is_wider_than_the_screen(page, own_server, visit, view, width):
    page.set_viewport_size({"width": width, "height": 844})
    visit(f"{own_server.address}/launch?view={view}&models=knn-morgan&task=captioning")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
