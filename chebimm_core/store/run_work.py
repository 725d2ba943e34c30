"""What a run leaves in its folder while it is worked on: state, parts, progress, curve, log.

Everything a worker has finished is on disk the moment it is finished, so any process may end at any
time: what is lost is the batch in hand. Who works is told by a lock that the kernel drops with the
process, and by an identity that no later process of the same pid can have; on another machine, by
the age of the file that holds the identity, which its process renews while it works.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pandas as pd
from filelock import FileLock, Timeout

from chebimm_core.domain.prediction import PREDICTION_COLUMNS
from chebimm_core.domain.run import (
    PhaseTime,
    RunProgress,
    RunSpec,
    RunState,
    RunStatus,
    Stored,
    TrainingPoint,
    Usage,
    WorkerIdentity,
)
from chebimm_core.errors import NotFoundError, StoreError
from chebimm_core.store import atomic
from chebimm_core.store.processes import beating, boot_id, is_running, own_identity

S = TypeVar("S", bound=Stored)

_LOCK_WAIT_S = 5.0

RESUMABLE = (RunState.INTERRUPTED, RunState.FAILED, RunState.CANCELLED)
AT_WORK = (RunState.QUEUED, RunState.RUNNING)


class RunWork:
    """One run folder, ``<root>/runs/<run_id>/``, before its result is complete."""

    def __init__(self, root: Path, run_id: str) -> None:
        self.run_id = run_id
        self.folder = root / "runs" / run_id

    @classmethod
    def create(cls, root: Path, spec: RunSpec, *, n_total: int, now: datetime) -> RunWork:
        """Makes the folder of a queued run.

        Raises:
            StoreError: If a run of this very specification is there, in whatever state.
        """
        work = cls(root, spec.run_id)
        status = RunStatus(state=RunState.QUEUED, created=now, n_total=n_total)
        try:
            with atomic.new_folder(work.folder) as folder:
                atomic.write_model(folder / "spec.json", spec)
                atomic.write_model(folder / "status.json", status)
        except StoreError as error:
            if work.folder.exists():  # before, or another process was faster by a moment
                raise work._exists_already() from error
            raise
        return work

    def spec(self) -> RunSpec:
        """The specification.

        Raises:
            StoreError: If it is damaged, or was edited: then it is not the run of this folder.
        """
        spec = atomic.read_model(self.folder / "spec.json", RunSpec)
        if spec.run_id != self.run_id:
            raise StoreError(
                "The specification of a run was changed by hand",
                value=self.run_id,
                do=f"Restore spec.json, or delete the run and launch it anew as {spec.run_id}",
            )
        return spec

    def status(self) -> RunStatus:
        """The state as it is now: a run that nobody works on any more is interrupted."""
        status = self._written()
        if status.state is RunState.RUNNING and not self.alive():
            return status.model_copy(
                update={
                    "state": RunState.INTERRUPTED,
                    "message": status.message or self._why_interrupted(),
                }
            )
        return status

    def state_on_disk(self) -> RunState:
        """The state last written, for who holds the run."""
        return self._written().state

    def mark(self, state: RunState, message: str = "", *, finished: datetime | None = None) -> None:
        """Writes a change of state; what else the status says stays."""
        before = self._written()
        parts = self.parts()
        failed = int(parts["error"].notna().sum())
        atomic.write_model(
            self.folder / "status.json",
            before.model_copy(
                update={
                    "state": state,
                    "message": message,
                    "finished": finished,
                    "n_predictions": len(parts) - failed,
                    "n_failed": failed,
                }
            ),
        )

    # who works on it

    @contextmanager
    def locked(self, wait_s: float = _LOCK_WAIT_S) -> Iterator[None]:
        """Holds the run, so that nobody begins to work on it meanwhile.

        Raises:
            NotFoundError: If the run is not there any more.
            StoreError: If another process holds it for longer than ``wait_s`` seconds.
        """
        if not self.folder.is_dir():
            raise NotFoundError("The run was deleted", value=self.run_id)
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=wait_s, poll_interval=0.02)
        except Timeout:
            raise StoreError(
                "Another process works on this run",
                value=self.run_id,
                do="Wait until it is done, or cancel it",
            ) from None
        except OSError as error:
            raise StoreError("A run cannot be held", value=self.run_id) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def working(self) -> Iterator[None]:
        """As :meth:`locked`, and this process is named as the one that works on it."""
        with self.locked():
            atomic.write_model(self._worker_path, own_identity())
            with beating(self._worker_path):
                yield

    def alive(self) -> bool:
        """Whether a process works on it right now."""
        worker = self.worker()
        if worker is None or not is_running(worker, heart=self._worker_path):
            return False
        if worker.host != platform.node():
            return True  # locks of other machines are not asked: not every file server tells
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(blocking=False)
        except (Timeout, OSError):
            return True
        lock.release()
        return False

    def worker(self) -> WorkerIdentity | None:
        """Who works or last worked on it; None if nobody did."""
        try:
            return atomic.read_model(self._worker_path, WorkerIdentity)
        except StoreError:
            return None

    def request_cancel(self) -> None:
        """Leaves the wish that work ends."""
        atomic.write_bytes(self.folder / "cancel", b"")

    def cancel_requested(self) -> bool:
        return (self.folder / "cancel").exists()

    def clear_cancel(self) -> None:
        (self.folder / "cancel").unlink(missing_ok=True)

    # what it has made so far

    def add_part(self, predictions: pd.DataFrame) -> None:
        """Keeps finished predictions, columns as ``PREDICTION_COLUMNS``."""
        folder = self.folder / "parts"
        folder.mkdir(exist_ok=True)
        numbers = [int(p.name[5:11]) for p in folder.glob("part-*") if p.name[5:11].isdigit()]
        name = f"part-{max(numbers, default=0) + 1:06d}.parquet"
        atomic.write_parquet(folder / name, predictions.astype(PREDICTION_COLUMNS))

    def parts(self) -> pd.DataFrame:
        """Predictions finished so far, one row a molecule; unreadable parts count as not made."""
        frames = []
        for path in sorted((self.folder / "parts").glob("part-*.parquet")):
            try:
                frames.append(atomic.read_parquet(path, list(PREDICTION_COLUMNS)))
            except (StoreError, KeyError):
                continue
        if not frames:
            return pd.DataFrame(columns=list(PREDICTION_COLUMNS)).astype(PREDICTION_COLUMNS)
        return pd.concat(frames, ignore_index=True).drop_duplicates("cid", ignore_index=True)

    def set_aside_damaged_parts(self) -> list[str]:
        """Renames parts that cannot be read; their names. Their molecules are answered again."""
        moved = []
        for path in sorted((self.folder / "parts").glob("part-*.parquet")):
            try:
                atomic.read_parquet(path, list(PREDICTION_COLUMNS))
            except (StoreError, KeyError):
                path.rename(path.with_suffix(".damaged"))
                moved.append(path.name)
        return moved

    # what it tells

    @property
    def artifacts(self) -> Path:
        """Folder of what a run makes beside predictions: checkpoints, curves."""
        path = self.folder / "artifacts"
        path.mkdir(exist_ok=True)
        return path

    @property
    def log_path(self) -> Path:
        return self.folder / "log.txt"

    def tell(self, progress: RunProgress) -> None:
        """Replaces the progress; not flushed to disk, as a lost one is written again."""
        path = self.folder / "progress.json"
        temporary = path.with_name(f".progress-{os.getpid()}")
        temporary.write_text(progress.model_dump_json())
        temporary.replace(path)

    def progress(self) -> RunProgress | None:
        """How far it is; None before the first word."""
        try:
            return atomic.read_model(self.folder / "progress.json", RunProgress)
        except StoreError:
            return None

    def record(self, point: TrainingPoint) -> None:
        """Adds a point to the training curve."""
        self._append("curve", point)

    def spend(self, usage: Usage) -> None:
        """Adds what requests took."""
        self._append("usage", usage)

    def took(self, time: PhaseTime) -> None:
        """Adds what a phase took."""
        self._append("times", time)

    def times(self) -> list[PhaseTime]:
        """What the phases took, session by session."""
        return self._lines("times", PhaseTime)

    def usage(self) -> Usage | None:
        """What all requests of the run took; None if it made none."""
        found = self._lines("usage", Usage)
        return sum(found, Usage()) if found else None

    def curve(self) -> list[TrainingPoint]:
        """The training curve in order of steps; of a step learned twice, the later word counts."""
        points = self._lines("curve", TrainingPoint)
        found = {(point.step, point.validation is not None): point for point in points}
        return [found[key] for key in sorted(found)]

    def _append(self, name: str, line: Stored) -> None:
        with (self.artifacts / f"{name}.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(line.model_dump_json() + "\n")

    def _lines(self, name: str, kind: type[S]) -> list[S]:
        try:
            text = (self.folder / "artifacts" / f"{name}.jsonl").read_text(encoding="utf-8")
        except OSError:
            return []
        found = []
        for line in text.splitlines():
            try:
                found.append(kind.model_validate_json(line))
            except ValueError:
                continue  # cut off with a killed worker
        return found

    def further(self) -> tuple[int, int]:
        """Answers and training steps so far: both only grow, so a change is work done."""
        return len(self.parts()), max((point.step for point in self.curve()), default=0)

    @property
    def _worker_path(self) -> Path:
        return self.folder / "worker.json"

    def _written(self) -> RunStatus:
        return atomic.read_model(self.folder / "status.json", RunStatus)

    def _exists_already(self) -> StoreError:
        try:
            state = self.status().state
        except StoreError:
            return StoreError(
                "This very run exists and is damaged",
                value=self.run_id,
                do="Delete it, or launch it with another seed",
            )
        advice = {
            RunState.QUEUED: "It begins when the runs before it have ended",
            RunState.RUNNING: "Watch it; it need not be launched twice",
            RunState.DONE: "Open it in Results, or launch it with another seed",
        }.get(state, "Resume it: it goes on where it stopped; or delete it")
        return StoreError(f"This very run exists and is {state}", value=self.run_id, do=advice)

    def _why_interrupted(self) -> str:
        worker = self.worker()
        if worker is not None and worker.host != platform.node():
            return f"Nothing was heard of {worker.host} for minutes; resume it if it is gone"
        if worker is None:
            return "Its process ended without a word; resume it"
        if worker.boot_id != boot_id():
            return "The machine was restarted while it ran; resume it"
        if is_running(worker):  # its process went on to other runs
            return "It stopped and could not write why; is the disk full? Resume it"
        return "Its process ended without a word; resume it"
