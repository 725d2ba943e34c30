"""Adding a model, a metric and a task is one file each: the very files CONTRIBUTING shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```python\n# (chebimm_core/\S+\.py)\n(.*?)```", re.DOTALL)

SCRIPT = """
from pathlib import Path
import sys
import chebimm_core
from chebimm_core.cli import app
from chebimm_core.runner.experiment import execute
from chebimm_core.services import dataset_import, grid, planning
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore
from chebimm_core.store.run_work import RunWork
from datetime import UTC, datetime

assert Path(chebimm_core.__file__).is_relative_to(sys.argv[1]), chebimm_core.__file__
settings, now = Settings.from_env(), datetime.now(UTC)
dataset_import.import_table(settings, sys.argv[2], name="few", now=now, workers=1)
spec = planning.plan(
    settings, task="notation", transition="SMILES->InChI", model="inchi-writer", dataset="few"
)
RunWork.create(settings.store, spec, n_total=1, now=now)
ended = execute(settings, spec.run_id)
assert ended.state == "done", ended
header = RunStore(settings.store).header(spec.run_id)
print({s.metric: (s.value, s.n, s.ci_low is not None) for s in header.scores})
"""


def test_three_files_make_a_model_a_metric_and_a_task(tmp_path: Path) -> None:
    blocks = dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    folders = {Path(name).parent.as_posix() for name in blocks}
    assert folders == {"chebimm_core/metrics/families", "chebimm_core/tasks", "chebimm_core/models"}
    shutil.copytree(
        ROOT / "chebimm_core",
        tmp_path / "chebimm_core",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copytree(ROOT / "data" / "published", tmp_path / "data" / "published")
    for name, code in blocks.items():
        assert not (tmp_path / name).exists(), "an addition must not replace anything"
        (tmp_path / name).write_text(code, encoding="utf-8")
    table = tmp_path / "few.csv"
    rows = [f"{'C' * k}O,{'test' if k > 6 else 'train'}" for k in range(1, 11)]
    table.write_text("smiles,split\n" + "\n".join(rows) + "\n")
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "CHEBIMM_STORE": str(tmp_path / "store"),
        "CHEBIMM_CACHE": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(table)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "'exact_text': (1.0, 4, True)" in done.stdout
    assert "'same_length': (1.0, 4, True)" in done.stdout
