"""Catalogue of public prediction files, and their download at a pinned commit.

A file counts only if its size and SHA-256 are those of the catalogue, so that a score made here is
a score of exactly the file the catalogue names. Files whose repository states no license are
fetched by the user and never redistributed.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from chebimm_core.domain.run import RunOrigin
from chebimm_core.errors import ChebiMMError, DataFormatError, NotFoundError, OfflineError

Progress = Callable[[float, str], None]

NO_LICENSE = "none stated"
COLUMNS = (
    "model", "task", "repository", "commit", "path", "bytes", "sha256", "license", "note",
)  # fmt: skip


class FetchCancelledError(ChebiMMError):
    """The user cancelled a download; what is complete is kept."""


class HostUnreachableError(OfflineError):
    """No connection to the host, so that no other file will come from there either."""


class _TransientError(Exception):
    """A failure that may not happen again: server error, timeout, cut connection."""


class _UnreachableError(_TransientError):
    """No connection at all."""


@dataclass(frozen=True, slots=True)
class PublicRun:
    """One public file of model outputs, in one direction."""

    model: str
    task: str
    repository: str
    """``owner/name`` on GitHub."""
    commit: str
    path: str
    bytes: int
    sha256: str
    license: str | None
    """None where the repository states none."""
    note: str

    @property
    def name(self) -> str:
        """What the command line calls it, e.g. ``molt5-base-captioning``."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.model} {self.task}".lower()).strip("-")

    @property
    def file_name(self) -> str:
        """Name under which the file is kept: unique, as the catalogue has many ``test.txt``."""
        return f"{self.sha256[:12]}-{Path(self.path).name}"

    @property
    def terms(self) -> str:
        """What a user may expect to do with it."""
        return self.license or "no license stated: fetched by you, not redistributed"

    def url(self, base: str) -> str:
        """Address under ``base``."""
        return f"{base.rstrip('/')}/{self.repository}/{self.commit}/{self.path}"

    def origin(self, base: str) -> RunOrigin:
        """What a stored run says of where it comes from."""
        return RunOrigin(
            kind="fetched",
            file_name=Path(self.path).name,
            sha256=self.sha256,
            url=self.url(base),
            license=self.license,
        )


@dataclass(frozen=True, slots=True)
class DownloadPolicy:
    """How patient a download is."""

    attempts: int = 4
    backoff_s: float = 0.5
    """First wait; doubles with each attempt."""
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    """Longest silence."""
    file_timeout_s: float = 300.0
    """Longest time for one attempt, so that a trickling server cannot hold a fetch for ever."""


def read_catalogue(path: Path) -> list[PublicRun]:
    """Reads the catalogue that ships with the project.

    Raises:
        DataFormatError: If it is missing or a row is not what it should be.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise DataFormatError(
                    f"{path.name} has other columns than a catalogue of runs",
                    value=reader.fieldnames,
                    allowed=", ".join(COLUMNS),
                )
            return [_entry(path, number, row) for number, row in enumerate(reader, start=2)]
    except OSError as error:
        raise DataFormatError("The catalogue of public runs is missing", value=path.name) from error


def select(runs: Sequence[PublicRun], names: Sequence[str]) -> list[PublicRun]:
    """Entries by name, or by model (both directions), in catalogue order without repeats.

    Raises:
        NotFoundError: If a name is neither.
    """
    wanted: set[str] = set()
    for name in names:
        folded = name.strip().lower()
        hits = [r.name for r in runs if folded in {r.name, r.model.lower()}]
        if not hits:
            near = [r.name for r in runs if folded in r.name][:5]
            raise NotFoundError(
                "No public run has this name",
                value=name,
                allowed=", ".join(near) or ", ".join(sorted({r.model for r in runs})),
                do="List them with: python -m chebimm_core runs fetch --list",
            )
        wanted.update(hits)
    return [r for r in runs if r.name in wanted]


def download(
    run: PublicRun,
    *,
    base: str,
    folder: Path,
    policy: DownloadPolicy,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Path:
    """Puts the verified file into ``folder``, or leaves it there if it verifies already.

    Args:
        run: What to fetch.
        base: Address of the host or of a mirror with the same layout.
        folder: Where files are kept.
        policy: Attempts and timeouts.
        progress: Told the share of this file in [0, 1] and what is happening.
        cancelled: Asked before each chunk.

    Raises:
        HostUnreachableError: If the server cannot be reached.
        OfflineError: If it keeps failing or has no such file.
        DataFormatError: If the file is complete but not the one of the catalogue.
        FetchCancelledError: If cancelled.
    """
    final = folder / run.file_name
    if final.exists() and _digest(final) == run.sha256:
        progress(1.0, f"{run.model}: kept from an earlier fetch")
        return final
    folder.mkdir(parents=True, exist_ok=True)
    url = run.url(base)
    retrying = Retrying(
        stop=stop_after_attempt(policy.attempts),
        wait=wait_exponential(multiplier=policy.backoff_s, max=20),
        retry=retry_if_exception_type(_TransientError),
        reraise=True,
    )
    try:
        for attempt in retrying:
            with attempt, _temporary(folder) as temporary:
                _stream(run, url, temporary, policy=policy, progress=progress, cancelled=cancelled)
                temporary.replace(final)
    except _UnreachableError as error:
        raise HostUnreachableError(
            f"{httpx.URL(url).host} cannot be reached: {error}",
            value=url,
            do="Check the connection, or set CHEBIMM_PUBLIC_RUNS_BASE to a mirror; files you "
            "already have load with: python -m chebimm_core runs load FILE",
        ) from error
    except _TransientError as error:
        raise OfflineError(
            f"{run.model} could not be downloaded in {policy.attempts} attempts: {error}",
            value=url,
            do="Try again later; complete files are kept and not fetched twice",
        ) from error
    return final


def _stream(
    run: PublicRun,
    url: str,
    temporary: Path,
    *,
    policy: DownloadPolicy,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    digest, received = hashlib.sha256(), 0
    deadline = time.monotonic() + policy.file_timeout_s
    timeout = httpx.Timeout(policy.read_timeout_s, connect=policy.connect_timeout_s)
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=True) as client,
            client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response,
            temporary.open("wb") as file,
        ):
            _check_status(run, response, url)
            for chunk in response.iter_bytes():  # as it arrives: a buffer would hide a trickle
                if cancelled():
                    raise FetchCancelledError("The fetch was cancelled", value=run.name)
                if time.monotonic() > deadline:
                    raise _TransientError(f"slower than {policy.file_timeout_s:.0f} s")
                received += len(chunk)
                if received > run.bytes:
                    raise _other_file(run, f"more than {run.bytes:,} bytes")
                digest.update(chunk)
                file.write(chunk)
                progress(received / run.bytes, f"{run.model}: {received:,} of {run.bytes:,} bytes")
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise _UnreachableError(str(error) or type(error).__name__) from error
    except httpx.TimeoutException as error:
        raise _TransientError(f"no data for {policy.read_timeout_s:g} s") from error
    except httpx.TransportError as error:
        raise _TransientError(f"connection cut after {received:,} bytes ({error})") from error
    except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
        raise OfflineError(f"The address cannot be used: {error}", value=url) from error
    if received < run.bytes:
        raise _TransientError(f"truncated: {received:,} of {run.bytes:,} bytes")
    if digest.hexdigest() != run.sha256:
        raise _other_file(run, f"sha256 {digest.hexdigest()[:16]}…")


def _check_status(run: PublicRun, response: httpx.Response, url: str) -> None:
    if response.is_success:
        return
    code = response.status_code
    if code in {408, 429} or code >= 500:
        raise _TransientError(f"the server answers {code}")
    raise OfflineError(
        f"{run.model} is not at its pinned address: the server answers {code}",
        value=url,
        do="The repository may have moved or been removed; check CHEBIMM_PUBLIC_RUNS_BASE",
    )


def _other_file(run: PublicRun, got: str) -> DataFormatError:
    return DataFormatError(
        f"{run.path} of {run.repository} is not the file of the catalogue",
        value=got,
        allowed=f"{run.bytes:,} bytes, sha256 {run.sha256[:16]}…",
        do="Nothing was loaded; check CHEBIMM_PUBLIC_RUNS_BASE if you use a mirror",
    )


def _entry(path: Path, number: int, row: dict[str, str]) -> PublicRun:
    try:
        return PublicRun(
            model=row["model"],
            task=row["task"],
            repository=row["repository"],
            commit=row["commit"],
            path=row["path"],
            bytes=int(row["bytes"]),
            sha256=row["sha256"],
            license=None if row["license"] == NO_LICENSE else row["license"],
            note=row["note"],
        )
    except (KeyError, ValueError, TypeError) as error:
        raise DataFormatError(
            f"{path.name}, line {number} is no catalogue entry: {error}", value=row
        ) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=".fetch-", dir=folder)
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
