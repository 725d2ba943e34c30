"""Download of a data set from the Hugging Face hub."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from chebimm_core.errors import DataFormatError, MissingDependencyError, NotFoundError, OfflineError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


@dataclass(frozen=True, slots=True)
class HubSnapshot:
    """CSV files of one commit of a hub data set."""

    folder: Path
    """The folder that holds the CSV files."""
    repo_id: str
    commit: str


def is_hub_id(text: str) -> bool:
    """Whether ``text`` has the form ``owner/name``."""
    return _HUB_ID.fullmatch(text) is not None


def download(repo_id: str, cache: Path, *, revision: str | None = None) -> HubSnapshot:
    """Fetches the CSV files of a hub data set; files already in ``cache`` are not fetched again.

    Args:
        repo_id: ``owner/name``.
        cache: Folder for downloads.
        revision: Commit, tag or branch; None takes the default branch.

    Raises:
        OfflineError: If the hub cannot be reached.
        NotFoundError: If there is no such public data set.
        DataFormatError: If it holds no CSV file.
    """
    try:
        import httpx
        from huggingface_hub import errors, snapshot_download
    except ImportError as error:
        raise MissingDependencyError(
            "The package huggingface_hub is absent, so nothing can be fetched from the hub",
            do="Install requirements.txt, or import a folder of CSV files",
        ) from error
    try:
        snapshot = Path(
            snapshot_download(
                repo_id,
                repo_type="dataset",
                revision=revision,
                cache_dir=cache / "hub",
                allow_patterns=["*.csv"],
            )
        )
    except errors.RepositoryNotFoundError as error:
        raise NotFoundError(
            "The hub has no public data set of this name", value=repo_id, do="Check its spelling"
        ) from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, httpx.HTTPError, OSError) as why:
        raise OfflineError(
            "The Hugging Face hub cannot be reached, and there is no folder of this name either",
            value=repo_id,
            do="Connect to the internet and try again, or download the CSV files elsewhere and "
            "give the path of their folder",
        ) from why
    files = sorted(snapshot.rglob("*.csv"))
    if not files:
        raise DataFormatError("The hub data set holds no CSV file", value=repo_id)
    return HubSnapshot(_folder_of_splits(files), repo_id, snapshot.name)


def _folder_of_splits(files: list[Path]) -> Path:
    """The folder with most split files; of equals, the one nearest the top."""
    splits = Counter(p.parent for p in files if p.stem.startswith(("train", "valid", "test")))
    folders = splits or Counter(p.parent for p in files)
    return min(folders, key=lambda f: (-folders[f], len(f.parts), str(f)))
