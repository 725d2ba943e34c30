"""Public prediction files in one click: fetched at a pinned commit, verified, loaded, scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from chebimm_core import resources
from chebimm_core.datasets.prediction_files import NoAnswersError
from chebimm_core.datasets.public_runs import (
    DownloadPolicy,
    FetchCancelledError,
    HostUnreachableError,
    PublicRun,
    download,
    read_catalogue,
    select,
)
from chebimm_core.errors import ChebiMMError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.services import benchmark
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.tasks import TASKS

Progress = Callable[[float, str], None]
OutcomeState = Literal["loaded", "already loaded", "no outputs", "failed", "cancelled"]
"""``no outputs``: the file is sound, but its authors did not run this direction."""

TAG = "public"
_DOWNLOAD_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """What became of one file."""

    name: str
    state: OutcomeState
    message: str
    """How it joined and under which terms, or why it failed."""
    run_id: str | None = None


def catalogue(settings: Settings) -> list[PublicRun]:
    """All public runs the project knows, in catalogue order.

    Raises:
        DataFormatError: If the catalogue is missing or damaged.
    """
    return read_catalogue(settings.published / "public_runs.csv")


def loaded(settings: Settings, dataset: str) -> dict[str, str]:
    """Name of a public run -> id of the stored run made from it on that data set."""
    current = DatasetStore(settings.store).header(dataset).content_hash
    stored = {
        (h.spec.origin.sha256, h.spec.task, h.spec.model): h.run_id
        for h in benchmark.list_runs(settings, dataset=dataset)
        if h.spec.dataset_hash == current
    }
    entries = ((r.name, stored.get((r.sha256, r.task, r.model))) for r in catalogue(settings))
    return {name: run_id for name, run_id in entries if run_id is not None}


def fetch(
    settings: Settings,
    names: Sequence[str] | None,
    *,
    dataset: str,
    now: datetime,
    overwrite: bool = False,
    metrics: Sequence[str] | None = None,
    policy: DownloadPolicy | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[FetchOutcome]:
    """Downloads, verifies, loads and scores public runs, one after the other.

    Args:
        settings: Where store, cache and host are.
        names: Names or models; None: the whole catalogue.
        dataset: Stored data set to score against.
        now: Time of loading.
        overwrite: Whether runs that are loaded already are loaded again.
        metrics: Only these; None: all of each task.
        policy: Attempts and timeouts of downloads; None: the usual ones.
        progress: Told the share done in [0, 1] and what is happening.
        cancelled: Asked between files, chunks and steps of scoring; what was loaded before stays.

    Returns:
        One outcome a run. A file that fails does not stop the others.

    Raises:
        OfflineError: If the host cannot be reached and nothing was loaded.
        NotFoundError: If a name or the data set does not exist.
    """
    known = loaded(settings, dataset)
    entries = catalogue(settings)
    chosen = entries if names is None else select(entries, names)
    say = progress or (lambda share, text: None)
    stop = cancelled or (lambda: False)
    one = _Fetch(
        settings,
        dataset,
        now,
        overwrite,
        metrics,
        policy or DownloadPolicy(),
        stop,
        _Vocabulary(settings, wanted=metrics is None),
    )
    outcomes: list[FetchOutcome] = []
    gone = ""
    for position, run in enumerate(chosen):
        share = _Share(say, position, len(chosen))
        if stop():
            outcomes.append(FetchOutcome(run.name, "cancelled", "Cancelled before it began"))
        elif run.name in known and not overwrite:
            outcomes.append(FetchOutcome(run.name, "already loaded", run.terms, known[run.name]))
        elif gone:
            outcomes.append(FetchOutcome(run.name, "failed", gone))
        else:
            try:
                outcomes.append(one(run, share))
            except HostUnreachableError as error:
                if not outcomes:
                    raise
                gone = str(error)  # no use in asking an absent host for every other file
                outcomes.append(FetchOutcome(run.name, "failed", gone))
    say(1.0, "Done")
    return outcomes


@dataclass(frozen=True, slots=True)
class _Share:
    """Progress of one file as a part of all."""

    say: Progress
    position: int
    total: int

    def __call__(self, part: float, text: str) -> None:
        self.say((self.position + part) / self.total, text)


@dataclass(slots=True)
class _Vocabulary:
    """SciBERT's tokens, which the published protocol counts: asked for before the first text."""

    settings: Settings
    wanted: bool
    missing: str | None = None
    """Why it cannot be had; None until asked for."""

    def warning(self, run: PublicRun, share: Progress) -> str:
        """What a reader of the run's scores must know; empty if published tokens made them."""
        if not self.wanted or "meteor" not in TASKS[run.task].metrics:
            return ""
        if self.missing is None:
            share(_DOWNLOAD_SHARE, "Fetching the SciBERT vocabulary")
            self.missing = resources.provide(self.settings, (resources.SCIBERT,))
        return self.missing and (
            "Scored by plain words, unlike published values: the SciBERT vocabulary is absent."
        )


@dataclass(frozen=True, slots=True)
class _Fetch:
    settings: Settings
    dataset: str
    now: datetime
    overwrite: bool
    metrics: Sequence[str] | None
    policy: DownloadPolicy
    cancelled: Callable[[], bool]
    vocabulary: _Vocabulary
    cache: ReferenceCache = field(default_factory=ReferenceCache)

    def __call__(self, run: PublicRun, share: Progress) -> FetchOutcome:
        def scoring(part: float, text: str) -> None:
            if self.cancelled():
                raise FetchCancelledError(
                    "Cancelled while it was scored; its file is kept", value=run.name
                )
            share(_DOWNLOAD_SHARE + (1 - _DOWNLOAD_SHARE) * part, f"{run.model}: {text}")

        try:
            path = download(
                run,
                base=self.settings.public_runs_base,
                folder=self.settings.cache / "public_runs",
                policy=self.policy,
                progress=lambda part, text: share(_DOWNLOAD_SHARE * part, text),
                cancelled=self.cancelled,
            )
            warning = self.vocabulary.warning(run, share)
            header = benchmark.load_file(
                self.settings,
                path,
                dataset=self.dataset,
                task=run.task,
                model=run.model,
                now=self.now,
                overwrite=self.overwrite,
                origin=run.origin(self.settings.public_runs_base),
                name=f"{run.model} {Path(run.path).name}",
                tags=(TAG,),
                metrics=self.metrics,
                cache=self.cache,
                progress=scoring,
            )
        except FetchCancelledError as error:
            return FetchOutcome(run.name, "cancelled", str(error))
        except HostUnreachableError:
            raise
        except NoAnswersError as error:
            return FetchOutcome(run.name, "no outputs", str(error))
        except ChebiMMError as error:
            return FetchOutcome(run.name, "failed", str(error))
        said = " ".join(part for part in (header.status.message, run.terms, warning) if part)
        return FetchOutcome(run.name, "loaded", said, header.run_id)
