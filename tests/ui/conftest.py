"""A small store of real molecules, built once through the services, and a way to open a page."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from chebimm_core.services import benchmark, dataset
from chebimm_core.settings import PROJECT_ROOT, Settings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> ![x](http://example.org/x.png)"

_STEMS = ("meth", "eth", "prop", "but", "pent", "hex", "hept", "oct")
_CLASSES = (
    ("{c}O", "{stem}an-1-ol", "The molecule is a primary alcohol with a hydroxy group."),
    ("{c}N", "{stem}an-1-amine", "The molecule is a primary amine with an amino group."),
    ("{c}C(=O)O", "{stem}ylformic acid", "The molecule is a carboxylic acid with a carboxy group."),
    ("{c}Cl", "1-chloro{stem}ane", "The molecule is a chloroalkane with a chloro group."),
)


def molecules() -> list[dict[str, str]]:
    """32 simple molecules with names and captions; one caption is hostile."""
    rows = []
    for k, stem in enumerate(_STEMS, start=1):
        for smiles, name, caption in _CLASSES:
            rows.append(
                {
                    "CID": str(1000 + len(rows)),
                    "SMILES": smiles.format(c="C" * k),
                    "description": f"{caption} Its chain is {stem}yl.",
                    "polararea": "20.2",
                    "xlogp": str(0.5 * k),
                    "inchi": "",
                    "iupacname": name.format(stem=stem),
                    "SELFIES": "",
                }
            )
    rows[3]["description"] += f" {HOSTILE}"
    return rows


def build_store(folder: Path) -> Settings:
    """Data set ``small`` and three runs: two captioners that disagree, one generator."""
    settings = Settings.from_env(
        {"CHEBIMM_STORE": str(folder / "store"), "CHEBIMM_CACHE": str(folder / "cache")}
    )
    source = folder / "csv"
    source.mkdir(parents=True)
    rows = molecules()
    for split, part in (("test", rows[:24]), ("validation", rows[24:28]), ("train", rows[28:])):
        with (source / f"{split}.csv").open("w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(part)
    dataset.import_dataset(settings, str(source), name="small", now=NOW, workers=1)
    outputs = {
        ("good", "captioning"): [r["description"] for r in rows[:24]],
        ("poor", "captioning"): [
            r["description"] if k % 3 else "The molecule is an amine." for k, r in enumerate(rows[:24])
        ],
        ("writer", "generation"): [
            r["SMILES"] if k % 4 else "CC(" for k, r in enumerate(rows[:24])
        ],
    }
    for (model, task), texts in outputs.items():
        path = folder / f"{model}.csv"
        with path.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.writer(lines)
            writer.writerow(["cid", "output"])
            writer.writerows(zip((r["CID"] for r in rows[:24]), texts, strict=True))
        metrics = ("bleu2", "rouge1") if task == "captioning" else ("exact", "validity", "maccs")
        benchmark.load_file(
            settings, path, dataset="small", task=task, model=model, now=NOW, metrics=metrics
        )
    return settings


@pytest.fixture(scope="session")
def small_store(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_store(tmp_path_factory.mktemp("small"))


Open = Callable[..., AppTest]


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    """``open_page(settings, "molecule", cid="1000")``: the page after one run of the real app."""

    def opened(settings: Settings, page: str, **query: str) -> AppTest:
        monkeypatch.setenv("CHEBIMM_STORE", str(settings.store))
        monkeypatch.setenv("CHEBIMM_CACHE", str(settings.cache))
        at = AppTest.from_file(str(PROJECT_ROOT / "app.py"), default_timeout=60)
        for key, value in query.items():
            at.query_params[key.rstrip("_")] = value
        if page != "overview":
            # What the browser sends for an address: st.Page hashes its url path.
            from streamlit.util import calc_md5

            at._page_hash = calc_md5(page)
        at.run()
        return at

    return opened


def texts(at: AppTest) -> str:
    """Every sentence a reader sees, in order."""
    parts = []
    for kind in ("title", "header", "subheader", "markdown", "caption", "error", "warning", "code"):
        parts += [str(element.value) for element in getattr(at, kind)]
    return "\n".join(parts)
