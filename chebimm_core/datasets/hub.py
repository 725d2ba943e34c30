"""Download of a data set from the Hugging Face hub."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tqdm.auto import tqdm

from chebimm_core.errors import DataFormatError, MissingDependencyError, NotFoundError, OfflineError

Progress = Callable[[float, str], None]

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


def download(
    repo_id: str,
    cache: Path,
    *,
    revision: str | None = None,
    progress: Progress | None = None,
) -> HubSnapshot:
    """Fetches the CSV files of a hub data set; files already in ``cache`` are not fetched again.

    Args:
        repo_id: ``owner/name``.
        cache: Folder for downloads.
        revision: Commit, tag or branch; None takes the default branch.
        progress: Told the share of the bytes in [0, 1] and what is happening.

    Raises:
        OfflineError: If the hub cannot be reached, refuses, or the download breaks off.
        NotFoundError: If there is no such public data set.
        DataFormatError: If it holds no CSV file.
    """
    try:
        import httpx2  # what huggingface_hub lets through when a connection breaks
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
                tqdm_class=_reporting(progress or (lambda share, text: None)),
            )
        )
    except errors.RepositoryNotFoundError as error:
        raise NotFoundError(
            "The hub has no public data set of this name", value=repo_id, do="Check its spelling"
        ) from error
    except (httpx2.HTTPError, errors.EntryNotFoundError, OSError) as why:
        raise _unreachable(repo_id, why) from why
    files = sorted(snapshot.rglob("*.csv"))
    if not files:
        raise DataFormatError("The hub data set holds no CSV file", value=repo_id)
    return HubSnapshot(_folder_of_splits(files), repo_id, snapshot.name)


def _unreachable(repo_id: str, why: Exception) -> OfflineError:
    """What kept the files away, as far as the hub's client says."""
    status = getattr(getattr(why, "response", None), "status_code", None)
    if status is None:
        status = getattr(getattr(why.__cause__, "response", None), "status_code", None)
    if status is not None:
        what = f"The Hugging Face hub answers {status}, so the data set cannot be fetched"
    elif type(why).__module__.startswith("httpx2") and "peer closed" in str(why):
        what = "The download from the Hugging Face hub broke off, and nothing was imported"
    else:
        what = "The Hugging Face hub cannot be reached, and there is no folder of this name either"
    return OfflineError(
        what,
        value=repo_id,
        do="Connect to the internet and try again (complete files are kept), or download the CSV "
        "files elsewhere and give the path of their folder",
    )


def _reporting(progress: Progress) -> type[tqdm]:
    """A progress bar that draws nothing and tells the bytes that have come."""

    class Bar(tqdm):  # type: ignore[misc]  # tqdm has no types
        def __init__(self, *args: object, **kwargs: object) -> None:
            kwargs.pop("name", None)  # of huggingface_hub, not of tqdm
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "mininterval": 0.5})

        def update(self, n: float | None = 1) -> bool | None:
            drawn: bool | None = super().update(n)
            if drawn and self.unit == "B" and self.total:
                done = min(self.n / self.total, 1.0)
                progress(done, f"Fetching {self.n / 1e6:.1f} of {self.total / 1e6:.1f} MB")
            return drawn

    return Bar


def _folder_of_splits(files: list[Path]) -> Path:
    """The folder with most split files; of equals, the one nearest the top."""
    splits = Counter(p.parent for p in files if p.stem.startswith(("train", "valid", "test")))
    folders = splits or Counter(p.parent for p in files)
    return min(folders, key=lambda f: (-folders[f], len(f.parts), str(f)))
