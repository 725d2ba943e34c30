"""Runs as they are stored: the specification, the state and the header. All cross disk."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chebimm_core.domain.prediction import Score
from chebimm_core.domain.specs import Scalar, Transition

OriginKind = Literal["launched", "loaded", "fetched"]


class Stored(BaseModel):
    """Base of everything written to disk: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True)


class RunOrigin(Stored):
    """Where predictions come from: computed here, read from a user's file, or fetched."""

    kind: OriginKind
    file_name: str | None = None
    sha256: str | None = None
    url: str | None = None
    license: str | None = None
    """None: none stated by the source."""


class RunSpec(Stored):
    """Everything that defines a run. Equal specs have equal ids."""

    schema_version: Literal[1] = 1
    task: str
    transition: str
    """Key of a :class:`~chebimm_core.domain.specs.Transition`, e.g. ``SMILES->caption``."""
    model: str
    revision: str | None = None
    model_args: dict[str, Scalar] = Field(default_factory=dict)
    dataset: str
    dataset_hash: str
    split: str
    limit: Annotated[int, Field(ge=1)] | None = None
    """Only the first ``limit`` molecules of the split; None: all."""
    seed: int = 0
    origin: RunOrigin = RunOrigin(kind="launched")

    @property
    def run_id(self) -> str:
        """Readable slug and ten hex digits of the canonical JSON's SHA-256."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(canonical.encode()).hexdigest()[:10]
        words = f"{self.model}-{self.transition.replace('->', '-to-')}-{self.dataset}-{self.split}"
        return f"{_slug(words)}-{digest}"

    @property
    def sources(self) -> tuple[str, ...]:
        return Transition.parse(self.transition).sources

    @property
    def target(self) -> str:
        return Transition.parse(self.transition).target


class RunState(StrEnum):
    """Read from files, never trusted from memory."""

    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"


class RunStatus(Stored):
    """``status.json``: rewritten whole, last of all files when a run ends."""

    schema_version: Literal[1] = 1
    state: RunState
    created: datetime
    finished: datetime | None = None
    n_predictions: int = 0
    n_failed: int = 0
    n_total: int = 0
    """Molecules the run should cover: the split (or its first ``limit``)."""
    message: str = ""
    tags: tuple[str, ...] = ()


class WorkerIdentity(Stored):
    """``worker.json``: who works on a run, told apart from a process that got its pid later."""

    schema_version: Literal[1] = 1
    host: str
    boot_id: str
    """Changes with every start of the machine."""
    pid: int
    process_started: float
    """Start of the process, seconds since the epoch."""


class RunProgress(Stored):
    """``progress.json``: how far a run is; rewritten about once a second while it runs."""

    schema_version: Literal[1] = 1
    phase: Literal["starting", "learning", "answering", "scoring"]
    share: float
    """0 to 1 within the phase."""
    message: str
    answered: int = 0
    total: int = 0
    rate: float | None = None
    """Answers a second in this session of work; None before the first."""
    seconds_left: float | None = None
    """Of answering; None where it cannot be told."""
    updated: datetime


class TrainingPoint(Stored):
    """One line of ``artifacts/curve.jsonl``."""

    step: int
    """Optimizer steps so far."""
    epoch: float
    seconds: float
    """Since learning began, pauses left out."""
    loss: float | None = None
    """Training loss, mean since the point before."""
    validation: float | None = None
    """Value of ``metric`` on the validation molecules; lower is better unless it says so."""
    metric: str = "loss"


class PhaseTime(Stored):
    """One line of ``artifacts/times.jsonl``: what a phase of a run took in one session of work."""

    phase: Literal["learning", "answering", "scoring"]
    seconds: float
    molecules: int
    """Learned from, answered or scored."""


class Usage(Stored):
    """One line of ``artifacts/usage.jsonl``: what a batch of requests to an endpoint took."""

    requests: int = 0
    from_cache: int = 0
    """Answers kept from before, which cost nothing."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """US$, by the prices the user gave."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            requests=self.requests + other.requests,
            from_cache=self.from_cache + other.from_cache,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=self.cost + other.cost,
        )


class ScoreSheet(Stored):
    """``scores.json``: the scores of one run, made by one version of the metrics."""

    schema_version: Literal[1] = 1
    scores: tuple[Score, ...]


class RunHeader(Stored):
    """What a list of runs shows, without reading one prediction."""

    run_id: str
    spec: RunSpec
    status: RunStatus
    scores: tuple[Score, ...] = ()

    def score(self, metric: str) -> Score | None:
        """The score of that metric, or None if the run has none."""
        return next((s for s in self.scores if s.metric == metric), None)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80]
