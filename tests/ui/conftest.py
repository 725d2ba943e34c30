"""The small store, and a way to open a page of the real app without a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_store import SMALL, assert_healthy, build_store, said, settings_in
from streamlit.navigation.page import calc_hash
from streamlit.testing.v1 import AppTest

from chebimm_core.settings import PROJECT_ROOT, Settings

__all__ = ["SMALL", "assert_healthy", "said"]


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    build_store(folder)
    return folder


@pytest.fixture
def small_store(built_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A copy of the small store, free to change; the app of this test reads it."""
    shutil.copytree(built_once / "store", tmp_path / "store")
    return _use(settings_in(tmp_path), monkeypatch)


@pytest.fixture
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A store with nothing in it."""
    return _use(settings_in(tmp_path), monkeypatch)


Render = Callable[..., AppTest]


@pytest.fixture
def render() -> Render:
    """``render("molecule", cid="1000")``: that page after one run of the real app.

    A trailing underscore is dropped, so that ``from_`` names the parameter ``from``.
    """

    def opened(page: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(PROJECT_ROOT / "app.py"), default_timeout=60)
        for key, value in query.items():
            app.query_params[key.rstrip("_")] = value
        if page != "overview":
            # What the browser sends for an address.
            app._page_hash = calc_hash(page)
        return app.run()

    return opened


def _use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CHEBIMM_STORE", str(settings.store))
    monkeypatch.setenv("CHEBIMM_CACHE", str(settings.cache))
    return settings
