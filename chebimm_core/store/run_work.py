"""What a run leaves in its folder while it is worked on: state, parts, progress, curve, log.

Everything a worker has finished is on disk the moment it is finished, so any process may end at any
time: what is lost is the batch in hand. Who works is told by a lock that the kernel drops with the
process, and by an identity that no later process of the same pid can have.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pandas as pd
import psutil
from filelock import FileLock, Timeout

from chebimm_core.domain.prediction import PREDICTION_COLUMNS
from chebimm_core.domain.run import (
    RunProgress,
    RunSpec,
    RunState,
    RunStatus,
    TrainingPoint,
    Usage,
    WorkerIdentity,
)
from chebimm_core.errors import StoreError
from chebimm_core.store import atomic

_LOCK_WAIT_S = 5.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

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
        if work.folder.exists():
            raise StoreError(
                "This very run exists",
                value=spec.run_id,
                do="Open it, resume it if it is not finished, or launch it with another seed",
            )
        status = RunStatus(state=RunState.QUEUED, created=now, n_total=n_total)
        with atomic.new_folder(work.folder) as folder:
            atomic.write_model(folder / "spec.json", spec)
            atomic.write_model(folder / "status.json", status)
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
        status = atomic.read_model(self.folder / "status.json", RunStatus)
        if status.state is RunState.RUNNING and not self.alive():
            return status.model_copy(
                update={
                    "state": RunState.INTERRUPTED,
                    "message": status.message or self._why_interrupted(),
                }
            )
        return status

    def mark(self, state: RunState, message: str = "", *, finished: datetime | None = None) -> None:
        """Writes a change of state; what else the status says stays."""
        path = self.folder / "status.json"
        before = atomic.read_model(path, RunStatus)
        parts = self.parts()
        failed = int(parts["error"].notna().sum())
        atomic.write_model(
            path,
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
    def locked(self) -> Iterator[None]:
        """Holds the run for this process.

        Raises:
            StoreError: If another process holds it.
        """
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=_LOCK_WAIT_S)
        except Timeout:
            raise StoreError(
                "Another process works on this run",
                value=self.run_id,
                do="Wait until it is done, or cancel it",
            ) from None
        try:
            atomic.write_model(self.folder / "worker.json", own_identity())
            yield
        finally:
            lock.release()

    def alive(self) -> bool:
        """Whether a process works on it right now."""
        worker = self.worker()
        if worker is None or not is_running(worker):
            return False
        if worker.host != platform.node():
            return True  # nothing more can be told from here
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        lock.release()
        return False

    def worker(self) -> WorkerIdentity | None:
        """Who works or last worked on it; None if nobody did."""
        try:
            return atomic.read_model(self.folder / "worker.json", WorkerIdentity)
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
        with (self.artifacts / "curve.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(point.model_dump_json() + "\n")

    def spend(self, usage: Usage) -> None:
        """Adds what requests took."""
        with (self.artifacts / "usage.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(usage.model_dump_json() + "\n")

    def usage(self) -> Usage | None:
        """What all requests of the run took; None if it made none."""
        try:
            lines = (self.folder / "artifacts" / "usage.jsonl").read_text(encoding="utf-8")
        except OSError:
            return None
        total = Usage()
        for line in lines.splitlines():
            try:
                total += Usage.model_validate_json(line)
            except ValueError:
                continue
        return total

    def curve(self) -> list[TrainingPoint]:
        """The training curve in order of steps; of a step learned twice, the later word counts."""
        try:
            lines = (self.folder / "artifacts" / "curve.jsonl").read_text(encoding="utf-8")
        except OSError:
            return []
        found: dict[tuple[int, bool], TrainingPoint] = {}
        for line in lines.splitlines():
            try:
                point = TrainingPoint.model_validate_json(line)
            except ValueError:
                continue  # the last line of a killed worker
            found[point.step, point.validation is not None] = point
        return [found[key] for key in sorted(found)]

    def _why_interrupted(self) -> str:
        worker = self.worker()
        if worker is not None and worker.host == platform.node() and worker.boot_id != boot_id():
            return "The machine was restarted while it ran; resume it"
        return "Its process ended without a word; resume it"


def own_identity() -> WorkerIdentity:
    """Of this process."""
    return WorkerIdentity(
        host=platform.node(),
        boot_id=boot_id(),
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
    )


def boot_id() -> str:
    """Of this start of the machine; the time of the start where the kernel gives no id."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def is_running(worker: WorkerIdentity) -> bool:
    """Whether that very process lives; assumed of other machines, which cannot be asked."""
    if worker.host != platform.node():
        return True
    if worker.boot_id != boot_id():
        return False
    try:
        process = psutil.Process(worker.pid)
        same = abs(process.create_time() - worker.process_started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
