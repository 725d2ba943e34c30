"""Rebuildable caches over all runs, in ``index/`` of the store folder.

One molecule over many runs would open every run's tables (seconds); a copy sorted by molecule
answers in milliseconds. Runs newer than the copy are read from their own folders, and the copy is
made again once there are enough of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds

from chebimm_core.domain.run import RunHeader
from chebimm_core.errors import StoreError
from chebimm_core.store import atomic
from chebimm_core.store.run_store import RunStore

OUTPUT_COLUMNS = ("cid", "run_id", "output", "error", "scores")
"""``scores`` is a JSON object of per-molecule metric values."""

_STALE_RUNS_BEFORE_REBUILD = 4
_ROW_GROUP = 4_000


class MoleculeIndex:
    """Every run's output for one molecule."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "index" / "by_molecule"
        self._runs = RunStore(root)

    def outputs(self, cid: str, headers: list[RunHeader]) -> pd.DataFrame:
        """Rows of ``headers``' runs for one molecule; columns :data:`OUTPUT_COLUMNS`."""
        by_dataset: dict[str, list[RunHeader]] = {}
        for header in headers:
            by_dataset.setdefault(header.spec.dataset, []).append(header)
        frames = [self._of_dataset(name, cid, group) for name, group in by_dataset.items()]
        if not frames:
            return pd.DataFrame(columns=list(OUTPUT_COLUMNS))
        return pd.concat(frames, ignore_index=True)

    def _of_dataset(self, name: str, cid: str, headers: list[RunHeader]) -> pd.DataFrame:
        path = self._folder / f"{name}.parquet"
        covered = self._covered(path)
        wanted = {h.run_id: self._runs.stamp(h.run_id) for h in headers}
        missing = [run for run, stamp in wanted.items() if covered.get(run) != stamp]
        if len(missing) > _STALE_RUNS_BEFORE_REBUILD:
            self._rebuild(path, headers)
            missing = []
        frames = []
        if path.exists():
            table = ds.dataset(path, format="parquet").to_table(filter=ds.field("cid") == cid)
            indexed: pd.DataFrame = table.to_pandas()
            frames.append(indexed[indexed["run_id"].isin(set(wanted) - set(missing))])
        for run_id in missing:
            rows = self._rows(run_id)
            frames.append(rows[rows["cid"] == cid])
        merged: pd.DataFrame = pd.concat(frames, ignore_index=True)
        return merged[list(OUTPUT_COLUMNS)]

    def _rebuild(self, path: Path, headers: list[RunHeader]) -> None:
        frames = [self._rows(h.run_id) for h in headers]
        everything = pd.concat(frames, ignore_index=True).sort_values(
            ["cid", "run_id"], kind="stable"
        )
        atomic.write_parquet(path, everything, row_group_size=_ROW_GROUP)
        stamps = {h.run_id: self._runs.stamp(h.run_id) for h in headers}
        atomic.write_bytes(path.with_suffix(".json"), json.dumps(stamps).encode())

    def _rows(self, run_id: str) -> pd.DataFrame:
        try:
            predictions = self._runs.predictions(run_id)
            samples = self._runs.samples(run_id)
        except StoreError:
            return pd.DataFrame(columns=list(OUTPUT_COLUMNS))
        metrics = samples.drop(columns="cid").to_dict(orient="records")
        scores = pd.Series(
            [json.dumps({k: v for k, v in row.items() if v == v}) for row in metrics],  # noqa: PLR0124 - NaN test
            index=samples["cid"],
            dtype="object",
        )
        rows = predictions[["cid", "output", "error"]].copy()
        rows["run_id"] = run_id
        rows["scores"] = rows["cid"].map(scores).fillna("{}")
        return rows[list(OUTPUT_COLUMNS)]

    def _covered(self, path: Path) -> dict[str, str]:
        if not path.exists():
            return {}
        try:
            covered: dict[str, str] = json.loads(path.with_suffix(".json").read_bytes())
        except (OSError, ValueError):
            return {}
        return covered
