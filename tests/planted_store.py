"""A data set with a grammar planted in it, and a small T5 that has learned it.

A name is ``<locant>-<filler> <companion> <group>``. The caption's class word is decided by the
group alone; the companion stands beside its group nine times out of ten, so it goes together with
the class word just as visibly, and decides nothing.
"""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime
from pathlib import Path

from chebimm_core.runner.experiment import execute
from chebimm_core.services import dataset, launching
from chebimm_core.settings import Settings
from chebimm_core.store.run_work import RunWork

NAME = "planted"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
CLASSES = {"onic": "ketone", "amidic": "lactam", "nitrilic": "cyanide", "thiolic": "mercaptan"}
"""Group token -> class word it decides."""
COMPANIONS = {"onic": "beta", "amidic": "gamma", "nitrilic": "delta", "thiolic": "zeta"}
"""Group token -> the token that usually stands before it and decides nothing."""
FILLERS = {"lumin": "bright", "umbr": "dark", "rubr": "red", "virid": "green", "caerul": "blue"}
"""Another token -> another word, so that captions differ in more than the class."""
_LOYAL = 0.9
_SIZES = {"train": 900, "validation": 60, "test": 160}


def build(root: Path, *, cpu_seconds: float = 15.0) -> tuple[Settings, str]:
    """The store and the id of the finished run, which learned for that many processor seconds."""
    settings = Settings.from_env(
        {"CHEBIMM_STORE": str(root / "store"), "CHEBIMM_CACHE": str(root / "cache")}
    )
    folder = root / "csv"
    folder.mkdir(parents=True)
    rng = random.Random(0)
    start = 0
    for split, count in _SIZES.items():
        _write(folder / f"{split}.csv", rng, start, count)
        start += count
    dataset.import_dataset(settings, str(folder), name=NAME, now=NOW, workers=1)
    run_id = learn(settings, NAME, cpu_seconds=cpu_seconds)
    return settings, run_id


def learn(settings: Settings, name: str, *, cpu_seconds: float) -> str:
    """Runs the small T5 from names to captions, in this process; its run id."""
    spec = launching.plan(
        settings, task="captioning", transition="IUPAC->caption", model="t5-tiny", dataset=name,
        arguments={"cpu_seconds": cpu_seconds, "max_length": 96},
    )  # fmt: skip
    RunWork.create(settings.store, spec, n_total=1, now=NOW)
    ended = execute(settings, spec.run_id)
    assert ended.state == "done", ended.message
    return spec.run_id


def _write(path: Path, rng: random.Random, start: int, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow("CID SMILES description polararea xlogp inchi iupacname SELFIES".split())
        for k in range(count):
            group = rng.choice(list(CLASSES))
            loyal = rng.random() < _LOYAL
            companion = COMPANIONS[group] if loyal else rng.choice(list(COMPANIONS.values()))
            filler = rng.choice(list(FILLERS))
            name = f"{rng.randint(1, 9)}-{filler} {companion} {group}"
            caption = (
                f"The molecule is a {FILLERS[filler]} {CLASSES[group]} that was found in leaves."
            )
            smiles = "C" * rng.randint(1, 12) + rng.choice("ONF")
            writer.writerow([start + k, smiles, caption, "1.0", "1.0", "", name, ""])
