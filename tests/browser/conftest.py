"""A real server on a free port and a real headless browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route
from small_store import build_store, settings_in

from chebimm_core.settings import PROJECT_ROOT, Settings

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
)
READY = "[data-testid=stApp][data-test-script-state=notRunning]"


def _chromium() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = _chromium()
    if path is None and os.environ.get("CHEBIMM_REQUIRE_BROWSER"):
        pytest.fail("CHEBIMM_REQUIRE_BROWSER is set, but no Chromium was found")
    if path is None:
        pytest.skip("no Chromium found: install the system package 'chromium' to run browser tests")
    return {**browser_type_launch_args, "executable_path": path, "args": _FLAGS.split()}


def _wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail("the server ended before it answered")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the server did not answer within a minute")


def _serve(settings: Settings) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "CHEBIMM_STORE": str(settings.store),
        "CHEBIMM_CACHE": str(settings.cache),
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    settings.store.parent.mkdir(parents=True, exist_ok=True)
    with (settings.store.parent / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_up(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def small_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_store(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def server(small_settings: Settings) -> Iterator[str]:
    """Address of a server on the small store, shared by the tests."""
    yield from _serve(small_settings)


@pytest.fixture
def fresh_server(small_settings: Settings) -> Iterator[str]:
    """Address of a server nobody has visited."""
    yield from _serve(small_settings)


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[str]:
    """Address of a server without any data."""
    yield from _serve(settings_in(tmp_path))


@pytest.fixture
def foreign(page: Page) -> list[str]:
    """Requests of the page to anything but this machine: blocked and recorded."""
    seen: list[str] = []

    def guard(route: Route) -> None:
        address = route.request.url
        if address.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            seen.append(address)
            route.abort()

    page.route("**/*", guard)
    return seen


Visit = Callable[[str], None]


@pytest.fixture
def visit(page: Page, foreign: list[str]) -> Visit:
    """Opens an address and waits until the script has run and charts are drawn."""

    def go(address: str) -> None:
        page.goto(address)
        settle(page)

    return go


def settle(page: Page) -> None:
    """Waits until the script is idle and stays so."""
    page.wait_for_selector(READY, timeout=60_000)
    page.wait_for_timeout(400)
    page.wait_for_selector(READY, timeout=60_000)


@pytest.fixture
def settled(page: Page) -> Callable[[], None]:
    return lambda: settle(page)
