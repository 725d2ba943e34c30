"""Uploads: found again by content, gone once loaded or old."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from chebimm_core.services import uploads
from chebimm_core.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"CHEBIMM_CACHE": str(tmp_path / "cache")})


def test_one_content_is_one_file_and_goes_once_loaded(settings: Settings) -> None:
    first = uploads.keep(settings, b"cid,output\n1,x\n")
    assert uploads.keep(settings, b"cid,output\n1,x\n") == first
    assert first.read_bytes() == b"cid,output\n1,x\n"
    uploads.forget(settings, first.name)
    uploads.forget(settings, first.name)
    assert list(first.parent.iterdir()) == []


def test_what_nobody_loads_goes_by_age(settings: Settings) -> None:
    old, young = uploads.keep(settings, b"old"), uploads.keep(settings, b"young")
    then = time.time() - uploads.KEPT_FOR_S - 60
    os.utime(old, (then, then))
    kept = uploads.keep(settings, b"new")
    assert sorted(kept.parent.iterdir()) == sorted([kept, young])


@pytest.mark.parametrize("name", [None, "", "../../store", "/etc/passwd", "A" * 64])
def test_only_uploads_are_removed(settings: Settings, name: str | None) -> None:
    kept = uploads.keep(settings, b"x")
    outside = settings.cache.parent / "store"
    outside.write_text("mine")
    uploads.forget(settings, name)
    assert kept.exists() and outside.exists()
