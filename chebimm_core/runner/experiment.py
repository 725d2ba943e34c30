"""One run from its folder to its result: learn, answer what is not answered yet, score, finish.

Called again after any kind of end, it goes on where the last call stopped. It runs in a worker
process, on this machine or another, and speaks to the rest only through the run's folder.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pandas as pd

from chebimm_core.domain.run import PhaseTime, RunProgress, RunSpec, RunState, RunStatus
from chebimm_core.domain.specs import ModelCard
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.models import require_ability
from chebimm_core.models.protocols import FitContext
from chebimm_core.runner import catalogue, evaluate
from chebimm_core.runner.answering import Answerer
from chebimm_core.runner.learning import learn
from chebimm_core.runner.scoring import (
    complete,
    expected_molecules,
    score_predictions,
)
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from chebimm_core.tasks import TASKS

Phase = Literal["learning", "answering", "scoring"]

_TOLD_EVERY_S = 0.5
_PART_AFTER_S = (0.5, 10.0)
_PART_SHARE = 0.05
"""Answers are kept after a twentieth of the time they took so far, between those bounds: a kill
costs little of what there was, and a run of hours has no thousands of files."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended; what it made is in the run's folder."""

    run_id: str
    state: RunState
    message: str = ""


def execute(settings: Settings, run_id: str, *, cache: ReferenceCache | None = None) -> Ended:
    """Works on a run until it is complete or fails. Never raises for what a run can do wrong.

    Args:
        settings: Where the store is.
        run_id: A run made by ``RunWork.create``.
        cache: References made ready before; pass one to many runs on one split.
    """
    work = RunWork(settings.store, run_id)
    try:
        with work.working(), _logged(work) as log:
            try:
                if work.state_on_disk() in (RunState.DONE, RunState.CANCELLED):
                    return Ended(run_id, work.state_on_disk())  # since it was handed over
                spec = work.spec()
                card = catalogue.cards(settings)[spec.model]
                _Experiment(settings, work, spec, card, log).run(cache or ReferenceCache())
                return Ended(run_id, RunState.DONE)
            except Exception as error:
                expected = isinstance(error, ChebiMMError)
                message = str(error) if expected else f"{type(error).__name__}: {error}"
                log.error("%s", message if expected else traceback.format_exc())
                work.mark(RunState.FAILED, message, finished=datetime.now(UTC))
                return Ended(run_id, RunState.FAILED, message)
    except (ChebiMMError, OSError) as error:  # not even the failure can be written
        return Ended(run_id, RunState.INTERRUPTED, str(error))


@dataclass(frozen=True, slots=True)
class _Experiment:
    """What the steps of one run share."""

    settings: Settings
    work: RunWork
    spec: RunSpec
    card: ModelCard
    log: logging.Logger

    def run(self, cache: ReferenceCache) -> None:
        spec, work, log = self.spec, self.work, self.log
        versions.require_current(self.settings.store, spec)
        for name in work.set_aside_damaged_parts():
            log.warning("%s cannot be read; its molecules are answered again", name)
        work.mark(RunState.RUNNING)
        log.info("%s %s on %s %s", spec.model, spec.transition, spec.dataset, spec.split)
        molecules = DatasetStore(self.settings.store).molecules(spec.dataset)
        expected = expected_molecules(molecules, spec)
        if expected.empty:
            raise SettingError(
                "There is no molecule to answer for: none of the split has a reference",
                value=f"{spec.transition} on {spec.dataset} {spec.split}",
            )
        answered = work.parts()
        left = expected[~expected["cid"].isin(answered["cid"])]
        if len(answered):
            log.info("%d of %d molecules are answered already", len(answered), len(expected))
        if len(left):
            self._answer(self._learned(molecules, len(expected), len(left)), left, len(expected))
        self._finish(expected, cache)

    def _learned(self, molecules: pd.DataFrame, total: int, left: int) -> Answerer:
        """A model that has learned, or went on learning from its checkpoint."""
        spec = self.spec
        teller = _Teller(self.work, total, total - left)
        teller.tell("learning", 0.0, f"{self.card.title} learns {spec.transition}", force=True)
        checkpoint = self.work.artifacts / "checkpoint"
        checkpoint.mkdir(exist_ok=True)
        context = FitContext(
            seed=spec.seed,
            checkpoint=checkpoint,
            device=self.settings.device,
            cache=self.settings.cache,
            progress=lambda share, text: teller.tell("learning", share, text),
            record=self.work.record,
            spend=self.work.spend,
        )
        began = time.monotonic()
        learned, molecules_seen = learn(self.settings, spec, self.card, molecules, context)
        model = learned.answerer()
        self.log.info("learned from %d molecules", molecules_seen)
        self._took("learning", began, molecules_seen)
        return model

    def _took(self, phase: Phase, began: float, molecules: int) -> None:
        seconds = time.monotonic() - began
        self.work.took(PhaseTime(phase=phase, seconds=seconds, molecules=molecules))
        self.log.info("%s took %.2f s", phase, seconds)

    def _answer(self, model: Answerer, left: pd.DataFrame, total: int) -> None:
        teller = _Teller(self.work, total, total - len(left))
        self.log.info("answers %d molecules", len(left))
        waiting: list[pd.DataFrame] = []
        began = saved = time.monotonic()
        for frame in evaluate.answers(model, left, smallest=self._smallest_batch()):
            waiting.append(frame)
            teller.answered(len(frame))
            now = time.monotonic()
            low, high = _PART_AFTER_S
            if now - saved > min(high, max(low, _PART_SHARE * (now - began))):
                self.work.add_part(pd.concat(waiting, ignore_index=True))
                waiting, saved = [], time.monotonic()
        if waiting:
            self.work.add_part(pd.concat(waiting, ignore_index=True))
        self._took("answering", began, len(left))

    def _smallest_batch(self) -> int:
        return require_ability(self.card, TASKS[self.spec.task].protocol).smallest_batch

    def _finish(self, expected: pd.DataFrame, cache: ReferenceCache) -> None:
        spec, work = self.spec, self.work
        teller = _Teller(work, len(expected), len(expected))
        completed = complete(work.parts(), expected)
        teller.tell("scoring", 0.0, "Scoring", force=True)
        began = time.monotonic()
        scored = score_predictions(
            self.settings, spec.task, completed, expected, seed=spec.seed, cache=cache,
            progress=lambda share, text: teller.tell("scoring", share, text),
        )  # fmt: skip
        self._took("scoring", began, len(expected))
        failed = int(completed["error"].notna().sum())
        before = work.status()
        RunStore(self.settings.store).finish(
            spec.run_id,
            RunStatus(
                state=RunState.DONE,
                created=before.created,
                finished=datetime.now(UTC),
                n_predictions=len(completed) - failed,
                n_failed=failed,
                n_total=len(completed),
                message=" ".join(f"No {metric}: {why}." for metric, why in scored.absent.items()),
                tags=before.tags,
            ),
            completed,
            samples=scored.samples,
            statistics=scored.statistics,
            scores=scored.scores,
        )
        self.log.info("done: %d answered, %d failed", len(completed) - failed, failed)


class _Teller:
    """Writes progress about twice a second."""

    def __init__(self, work: RunWork, total: int, done: int) -> None:
        self._work, self._total, self._done = work, total, done
        self._begun: float | None = None
        self._answered = 0
        self._told = 0.0

    def tell(self, phase: str, share: float, message: str, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._told < _TOLD_EVERY_S:
            return
        self._told = now
        spent = None if self._begun is None else now - self._begun
        rate = self._answered / spent if spent and self._answered else None
        left = self._total - self._done
        self._work.tell(
            RunProgress.model_validate(
                {
                    "phase": phase,
                    "share": min(1.0, max(0.0, share)),
                    "message": message,
                    "answered": self._done,
                    "total": self._total,
                    "rate": rate,
                    "seconds_left": left / rate if rate else None,
                    "updated": datetime.now(UTC),
                }
            )
        )

    def answered(self, count: int) -> None:
        if self._begun is None:
            self._begun = time.monotonic()  # the first batch pays for warming up
        else:
            self._answered += count
        self._done += count
        self.tell("answering", self._done / self._total, "Answering")


@contextmanager
def _logged(work: RunWork) -> Iterator[logging.Logger]:
    log = logging.getLogger(f"chebimm.run.{work.run_id}")
    log.setLevel(logging.INFO)
    log.propagate = False
    handler = logging.FileHandler(work.log_path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield log
    finally:
        log.removeHandler(handler)
        handler.close()
