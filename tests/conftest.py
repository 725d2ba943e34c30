"""Fixtures every suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    return Path(os.environ.get("CHEBIMM_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real test data; tests that need it say in one line when it is absent."""
    folder = shared_folder()
    if not (folder / "data" / "chebi20mm" / "test.csv").is_file():
        pytest.skip("real test data absent: set CHEBIMM_SHARED to the folder that holds data/")
    return folder
