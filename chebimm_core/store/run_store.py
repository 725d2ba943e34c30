"""Sole writer of ``runs/`` in the store folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from chebimm_core.domain.prediction import PREDICTION_COLUMNS, Score
from chebimm_core.domain.run import RunHeader, RunSpec, RunState, RunStatus, ScoreSheet
from chebimm_core.errors import NotFoundError, StoreError
from chebimm_core.store import atomic
from chebimm_core.store.run_work import RunWork


class RunStore:
    """Runs under ``<root>/runs/<run_id>/``.

    ``spec.json`` and ``predictions.parquet`` never change once a run is complete;
    ``samples.parquet`` (per-molecule scores), ``statistics.parquet`` and ``scores.json`` are
    derived from them and may be made again; ``status.json`` is written last, so that a folder
    without it is not a run.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / "runs"

    def ids(self) -> list[str]:
        """Ids of runs, sorted."""
        if not self._root.is_dir():
            return []
        return sorted(p.parent.name for p in self._root.glob("[!.]*/status.json"))

    def exists(self, run_id: str) -> bool:
        """Whether :meth:`ids` would list it, without listing: headers ask this once a run."""
        if not run_id or run_id.startswith(".") or Path(run_id).name != run_id:
            return False  # an address may hold anything, a path out of the store among it
        try:
            return (self._root / run_id / "status.json").is_file()
        except OSError:  # no name the file system takes
            return False

    def headers(self) -> list[RunHeader]:
        """Headers of the complete runs that can be read, in order of id."""
        return [h for h in self.all_headers() if h.status.state is RunState.DONE]

    def all_headers(self) -> list[RunHeader]:
        """As :meth:`headers`, with the runs that are not complete: waiting, at work or stopped."""
        return [h for h, _ in self._scan() if h is not None]

    def unfinished(self) -> list[RunHeader]:
        """Headers of the runs that are not complete; of the others only the status is read."""
        found = []
        for run_id in self.ids():
            try:
                if RunWork(self._root.parent, run_id).state_on_disk() is not RunState.DONE:
                    found.append(self.header(run_id))
            except (StoreError, NotFoundError):
                continue  # damaged() names it
        return found

    def damaged(self) -> dict[str, str]:
        """Run id -> why its header cannot be read, so that a broken run is shown and not hidden."""
        return {run_id: why for (_, (run_id, why)) in self._scan() if why}

    def header(self, run_id: str) -> RunHeader:
        """Reads spec, status and scores of a run.

        Raises:
            NotFoundError: If there is no such run.
            StoreError: If one of its files is damaged.
        """
        folder = self._folder(run_id)
        scores = folder / "scores.json"
        work = RunWork(self._root.parent, run_id)
        return RunHeader(
            run_id=run_id,
            spec=work.spec(),
            status=work.status(),
            scores=atomic.read_model(scores, ScoreSheet).scores if scores.exists() else (),
        )

    def predictions(self, run_id: str) -> pd.DataFrame:
        """(n, 5) frame of :data:`~chebimm_core.domain.prediction.PREDICTION_COLUMNS`."""
        return self._table(run_id, "predictions.parquet")

    def samples(self, run_id: str) -> pd.DataFrame:
        """``cid`` and the per-molecule value of each metric, NaN where it does not count."""
        return self._table(run_id, "samples.parquet")

    def statistics(self, run_id: str) -> pd.DataFrame:
        """``cid`` and the additive statistics of each metric, columns ``<metric>:<k>``.

        They make intervals, paired tests and rank stability a matrix product.
        """
        return self._table(run_id, "statistics.parquet")

    def add(
        self,
        spec: RunSpec,
        status: RunStatus,
        predictions: pd.DataFrame,
        *,
        samples: pd.DataFrame,
        statistics: pd.DataFrame,
        scores: Sequence[Score],
        overwrite: bool = False,
    ) -> str:
        """Stores a complete run at once and returns its id.

        Raises:
            StoreError: If the run exists and ``overwrite`` is False, or columns are missing.
        """
        absent = [c for c in PREDICTION_COLUMNS if c not in predictions.columns]
        if absent:
            raise StoreError("The predictions lack columns", value=absent)
        run_id = spec.run_id
        final = self._root / run_id
        if final.exists() and not overwrite:
            raise StoreError(
                "This very run is loaded already",
                value=run_id,
                do="Open it in Results, or load the file under another --model name",
            )
        typed = predictions[list(PREDICTION_COLUMNS)].astype(PREDICTION_COLUMNS)
        with atomic.new_folder(final, replace=overwrite) as folder:
            atomic.write_model(folder / "spec.json", spec)
            atomic.write_parquet(folder / "predictions.parquet", typed)
            atomic.write_parquet(folder / "samples.parquet", samples)
            atomic.write_parquet(folder / "statistics.parquet", statistics)
            atomic.write_model(folder / "scores.json", ScoreSheet(scores=tuple(scores)))
            atomic.write_model(folder / "status.json", status)
        return run_id

    def finish(
        self,
        run_id: str,
        status: RunStatus,
        predictions: pd.DataFrame,
        *,
        samples: pd.DataFrame,
        statistics: pd.DataFrame,
        scores: Sequence[Score],
    ) -> None:
        """Completes a run that was worked on in its place; ``status`` is written last."""
        folder = self._folder(run_id)
        typed = predictions[list(PREDICTION_COLUMNS)].astype(PREDICTION_COLUMNS)
        atomic.write_parquet(folder / "predictions.parquet", typed)
        atomic.write_parquet(folder / "samples.parquet", samples)
        atomic.write_parquet(folder / "statistics.parquet", statistics)
        atomic.write_model(folder / "scores.json", ScoreSheet(scores=tuple(scores)))
        atomic.write_model(folder / "status.json", status)
        shutil.rmtree(folder / "parts", ignore_errors=True)

    def rescore(
        self,
        run_id: str,
        *,
        samples: pd.DataFrame,
        statistics: pd.DataFrame,
        scores: Sequence[Score],
    ) -> None:
        """Replaces what is derived from the predictions; the predictions stay."""
        folder = self._folder(run_id)
        atomic.write_parquet(folder / "samples.parquet", samples)
        atomic.write_parquet(folder / "statistics.parquet", statistics)
        atomic.write_model(folder / "scores.json", ScoreSheet(scores=tuple(scores)))

    def tag(self, run_id: str, tags: Sequence[str]) -> None:
        """Replaces the tags of a run."""
        folder = self._folder(run_id)
        status = atomic.read_model(folder / "status.json", RunStatus)
        cleaned = tuple(dict.fromkeys(t.strip() for t in tags if t.strip()))
        atomic.write_model(folder / "status.json", status.model_copy(update={"tags": cleaned}))

    def delete(self, run_id: str) -> None:
        """Removes a run that nobody works on, a damaged one too.

        Raises:
            StoreError: If it is at work, or may not be changed.
        """
        folder, work = self._folder(run_id), RunWork(self._root.parent, run_id)
        if work.alive():
            raise StoreError("A run at work cannot be deleted", value=run_id, do="Cancel it first")
        with work.locked():  # nobody begins to work on it while it goes
            atomic.remove_folder(folder)

    def token(self) -> str:
        """Changes whenever any run appears, changes or goes; a cache key."""
        stamps = "".join(f"{run_id}={self.stamp(run_id)};" for run_id in self.ids())
        return hashlib.sha256(stamps.encode()).hexdigest()[:16]

    def stamp(self, run_id: str) -> str:
        """Changes whenever a file of this run changes; a cache key."""
        parts = []
        for name in ("spec.json", "status.json", "scores.json"):
            path = self._root / run_id / name
            if path.exists():
                stat = path.stat()
                parts.append(f"{stat.st_mtime_ns}.{stat.st_ino}")
        return "-".join(parts)

    def _table(self, run_id: str, name: str) -> pd.DataFrame:
        path = self._folder(run_id) / name
        if not path.exists():
            state = RunWork(self._root.parent, run_id).status().state
            if state is not RunState.DONE:
                raise StoreError(
                    f"This run is {state}: it has no result yet",
                    value=run_id,
                    do="Wait until it is done, or resume it if it has stopped",
                )
        return atomic.read_parquet(path)

    def _scan(self) -> list[tuple[RunHeader | None, tuple[str, str]]]:
        found: list[tuple[RunHeader | None, tuple[str, str]]] = []
        for run_id in self.ids():
            try:
                found.append((self.header(run_id), (run_id, "")))
            except (StoreError, NotFoundError) as error:
                found.append((None, (run_id, str(error))))
        return found

    def _folder(self, run_id: str) -> Path:
        if not self.exists(run_id):
            raise NotFoundError(
                "No run has this id",
                value=run_id,
                do="List runs with: python -m chebimm_core runs list",
            )
        return self._root / run_id
