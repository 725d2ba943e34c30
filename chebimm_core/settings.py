"""Where things live. Read once from the environment at the edge (CLI, page), then passed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
MOLECULENET_BASE = "https://deepchemdata.s3-us-west-1.amazonaws.com/datasets"


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders and addresses the program uses."""

    store: Path
    """Folder of data sets and runs (``CHEBIMM_STORE``)."""
    cache: Path
    """Folder of downloaded or derived resources, safe to delete (``CHEBIMM_CACHE``)."""
    published: Path
    """Folder of published facts, shipped with the project."""
    scibert_vocab: Path | None
    """SciBERT uncased ``vocab.txt``, if the user names one (``CHEBIMM_SCIBERT_VOCAB``)."""
    t5_tokenizer: Path | None
    """A T5 ``tokenizer.json``, if the user names one (``CHEBIMM_T5_TOKENIZER``)."""
    public_runs_base: str
    """Base address of public prediction files (``CHEBIMM_PUBLIC_RUNS_BASE``), e.g. a mirror."""
    moleculenet_base: str = MOLECULENET_BASE
    """Base address of the MoleculeNet files (``CHEBIMM_MOLECULENET_BASE``), e.g. a mirror."""
    device: str = "auto"
    """Where networks run (``CHEBIMM_DEVICE``): ``auto`` takes a GPU if there is one."""
    workers: int = 1
    """Runs at work at the same time (``CHEBIMM_WORKERS``)."""
    executor: str = "local"
    """Who runs them (``CHEBIMM_EXECUTOR``): ``local`` or ``ray``."""
    ray_address: str = ""
    """Address of a Ray cluster (``CHEBIMM_RAY_ADDRESS``); empty: one started for the purpose."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if env is None else env
        data = PROJECT_ROOT / "data"
        return cls(
            store=Path(env.get("CHEBIMM_STORE") or data / "store"),
            cache=Path(env.get("CHEBIMM_CACHE") or data / "cache"),
            published=data / "published",
            scibert_vocab=_optional(env.get("CHEBIMM_SCIBERT_VOCAB")),
            t5_tokenizer=_optional(env.get("CHEBIMM_T5_TOKENIZER")),
            public_runs_base=env.get("CHEBIMM_PUBLIC_RUNS_BASE")
            or "https://raw.githubusercontent.com",
            moleculenet_base=env.get("CHEBIMM_MOLECULENET_BASE") or MOLECULENET_BASE,
            device=env.get("CHEBIMM_DEVICE") or "auto",
            workers=_count(env.get("CHEBIMM_WORKERS")),
            executor=env.get("CHEBIMM_EXECUTOR") or "local",
            ray_address=env.get("CHEBIMM_RAY_ADDRESS") or "",
        )

    def to_env(self) -> dict[str, str]:
        """The environment that gives a worker process these settings."""
        return {
            "CHEBIMM_STORE": str(self.store.resolve()),
            "CHEBIMM_CACHE": str(self.cache.resolve()),
            "CHEBIMM_SCIBERT_VOCAB": str(self.scibert_vocab.resolve())
            if self.scibert_vocab
            else "",
            "CHEBIMM_T5_TOKENIZER": str(self.t5_tokenizer.resolve()) if self.t5_tokenizer else "",
            "CHEBIMM_PUBLIC_RUNS_BASE": self.public_runs_base,
            "CHEBIMM_MOLECULENET_BASE": self.moleculenet_base,
            "CHEBIMM_DEVICE": self.device,
            "CHEBIMM_WORKERS": str(self.workers),
            "CHEBIMM_EXECUTOR": self.executor,
            "CHEBIMM_RAY_ADDRESS": self.ray_address,
        }


def _optional(value: str | None) -> Path | None:
    return Path(value) if value else None


def _count(value: str | None) -> int:
    return max(1, int(value)) if value and value.strip().isdigit() else 1
