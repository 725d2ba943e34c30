"""One-click fetches against a local server that speaks the hub's protocol."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import hub_server
import pytest
from hub_server import COMMIT, Hub
from huggingface_hub import constants

from chebimm_core import resources
from chebimm_core.datasets import hub as hub_files
from chebimm_core.errors import (
    ChebiMMError,
    DataFormatError,
    NotFoundError,
    OfflineError,
    StoreError,
)
from chebimm_core.resources import files
from chebimm_core.services import dataset
from chebimm_core.settings import PROJECT_ROOT, Settings

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HEADER = "CID,SMILES,description\n"
FILES = {
    "README.md": b"not fetched",
    "ChEBI-20-MM/test.csv": f"{HEADER}1,CCO,An alcohol.\n2,CCN,An amine.\n".encode(),
    "ChEBI-20-MM/train.csv": f"{HEADER}3,CCC,An alkane.\n".encode(),
}
NAME = f"datasets/{dataset.HUB_ID}"
SHARED = Path(os.environ.get("CHEBIMM_SHARED") or PROJECT_ROOT.parent / "shared")
VOCABULARY = SHARED / "data" / "vocab" / "scibert" / "vocab.txt"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_server.running() as served:
        served.repositories[NAME] = FILES
        template = f"{served.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "ENDPOINT", served.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield served


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env(
        {"CHEBIMM_STORE": str(tmp_path / "store"), "CHEBIMM_CACHE": str(tmp_path / "cache")}
    )


def fetch(settings: Settings, progress: list[float] | None = None) -> dict[str, int]:
    return dataset.import_dataset(
        settings,
        dataset.HUB_ID,
        name="fetched",
        now=NOW,
        workers=1,
        progress=lambda share, text: (progress if progress is not None else []).append(share),
    ).splits


def test_a_data_set_is_downloaded_checked_and_stored(hub: Hub, settings: Settings) -> None:
    told: list[float] = []
    assert fetch(settings, told) == {"train": 1, "test": 2}
    header = dataset.header(settings, "fetched")
    assert COMMIT in header.source and dataset.HUB_ID in header.source
    assert told == sorted(told) and told[-1] == 1.0
    assert not any("README" in request for request in hub.asked)


def test_files_that_are_here_are_not_fetched_again_even_offline(
    hub: Hub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hub_files.download(dataset.HUB_ID, settings.cache)
    asked = len([a for a in hub.asked if a.startswith("GET datasets")])
    hub_files.download(dataset.HUB_ID, settings.cache)
    assert len([a for a in hub.asked if a.startswith("GET datasets")]) == asked == 2
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert hub_files.download(dataset.HUB_ID, settings.cache) == first


@pytest.mark.parametrize(
    ("fault", "said"),
    [("500", "answers 500"), ("api 500", "answers 500"), ("truncated", "broke off")],
)
def test_a_failing_hub_is_named_and_nothing_is_imported(
    hub: Hub, settings: Settings, fault: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client waits between attempts
    hub.fault = fault
    with pytest.raises(OfflineError, match=said):
        fetch(settings)
    assert not settings.store.exists()
    hub.fault = ""
    assert fetch(settings) == {"train": 1, "test": 2}


def test_no_connection_and_no_such_repository_are_told_apart(
    hub: Hub, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFoundError, match="no public data set"):
        dataset.import_dataset(settings, "nobody/nothing", name="x", now=NOW)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(OfflineError, match="cannot be reached"):
        fetch(settings)
    assert not settings.store.exists()


def test_a_repository_without_csv_or_with_a_bad_one_is_refused(
    hub: Hub, settings: Settings
) -> None:
    hub.repositories["datasets/someone/empty"] = {"README.md": b"nothing"}
    hub.repositories["datasets/someone/bad"] = {"test.csv": b"CID;SMILES;description\n1;C;x\n"}
    with pytest.raises(DataFormatError, match="no CSV"):
        dataset.import_dataset(settings, "someone/empty", name="x", now=NOW)
    with pytest.raises(DataFormatError, match="semicolons"):
        dataset.import_dataset(settings, "someone/bad", name="x", now=NOW)
    assert not settings.store.exists()


def test_cancelling_stops_a_download(hub: Hub, settings: Settings) -> None:
    class StopError(ChebiMMError):
        pass

    def stop(share: float, text: str) -> None:
        raise StopError("Stop")

    with pytest.raises(StopError):
        dataset.import_dataset(settings, dataset.HUB_ID, name="x", now=NOW, progress=stop)
    assert not settings.store.exists()


def test_the_command_fetches_and_a_taken_name_costs_no_download(
    hub: Hub, settings: Settings
) -> None:
    def command() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "chebimm_core", "data", "fetch"],
            cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "CHEBIMM_STORE": str(settings.store), "HF_ENDPOINT": hub.address,
                 "CHEBIMM_CACHE": str(settings.cache), "HF_HUB_OFFLINE": "0"},
        )  # fmt: skip

    done = command()
    assert done.returncode == 0, done.stderr
    assert "ChEBI-20-MM" in done.stdout and COMMIT in done.stdout
    hub.asked.clear()
    again = command()
    assert again.returncode == 2 and "--overwrite" in again.stderr
    assert "Traceback" not in again.stderr and hub.asked == []
    with pytest.raises(StoreError):
        dataset.import_dataset(settings, dataset.HUB_ID, name=dataset.DEFAULT_NAME, now=NOW)


def test_a_vocabulary_of_other_content_is_refused(hub: Hub, settings: Settings) -> None:
    hub.repositories[files.SCIBERT.repository] = {"vocab.txt": b"[PAD]\nforged\n"}
    with pytest.raises(DataFormatError, match="fingerprint"):
        resources.fetch(settings, files.SCIBERT)
    assert resources.scibert_vocab(settings) is None
    right = hash_of(settings, b"[PAD]\nforged\n")
    kept = resources.fetch(settings, replace(files.SCIBERT, sha256=right))
    assert kept.read_bytes() == b"[PAD]\nforged\n"


def hash_of(settings: Settings, content: bytes) -> str:
    settings.cache.mkdir(parents=True, exist_ok=True)
    path = settings.cache / "content"
    path.write_bytes(content)
    return files.sha256(path)


@pytest.mark.parametrize("fault", ["api 500", "500"])
def test_a_vocabulary_that_cannot_be_had_is_one_clear_error(
    hub: Hub, settings: Settings, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.repositories[files.SCIBERT.repository] = {"vocab.txt": b"[PAD]\n"}
    hub.fault = fault
    with pytest.raises(OfflineError, match="cannot be fetched"):
        resources.fetch(settings, files.SCIBERT)
    hub.fault = ""
    with pytest.raises(OfflineError, match="cannot be fetched"):
        resources.fetch(settings, replace(files.SCIBERT, path="absent.txt"))
    assert resources.scibert_vocab(settings) is None


@pytest.mark.shared_data
def test_the_real_vocabulary_is_accepted_by_its_pinned_hash(hub: Hub, settings: Settings) -> None:
    if not VOCABULARY.is_file():
        pytest.skip(f"no shared data: {VOCABULARY} is missing")
    hub.repositories[files.SCIBERT.repository] = {"vocab.txt": VOCABULARY.read_bytes()}
    kept = resources.fetch(settings, files.SCIBERT)
    assert resources.scibert_vocab(settings) == kept
    assert kept.stat().st_size == VOCABULARY.stat().st_size
    shutil.rmtree(settings.cache)


@pytest.mark.shared_data
def test_the_data_set_brings_the_vocabulary_its_scores_need(hub: Hub, settings: Settings) -> None:
    if not VOCABULARY.is_file():
        pytest.skip(f"no shared data: {VOCABULARY} is missing")
    hub.repositories[files.SCIBERT.repository] = {"vocab.txt": VOCABULARY.read_bytes()}
    assert fetch(settings) == {"train": 1, "test": 2}
    assert resources.scibert_vocab(settings) == settings.cache / files.SCIBERT.cached_as
    assert files.T5.repository in resources.provide(settings, resources.HUB_FILES)


def test_a_vocabulary_that_is_named_or_here_is_not_asked_for(hub: Hub, tmp_path: Path) -> None:
    named = tmp_path / "vocab.txt"
    named.write_text("[PAD]\n")
    settings = Settings.from_env(
        {"CHEBIMM_CACHE": str(tmp_path / "cache"), "CHEBIMM_SCIBERT_VOCAB": str(named)}
    )
    assert resources.provide(settings, (files.SCIBERT,)) == ""
    assert hub.asked == []
