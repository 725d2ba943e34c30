"""A small store of real molecules, built through the services, and what a page says."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from streamlit.testing.v1 import AppTest

from chebimm_core.services import benchmark, dataset
from chebimm_core.settings import Settings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SMALL = "small"
HOSTILE = "<script>alert(1)</script> ![x](http://example.org/x.png)"

_STEMS = ("meth", "eth", "prop", "but")
_CLASSES = (
    ("{c}O", "{stem}an-1-ol", "The molecule is a primary alcohol with a hydroxy group."),
    ("{c}N", "{stem}an-1-amine", "The molecule is a primary amine with an amino group."),
    ("{c}C(=O)O", "{stem}ylformic acid", "The molecule is a carboxylic acid with a carboxy group."),
    ("{c}Cl", "1-chloro{stem}ane", "The molecule is a chloroalkane with a chloro group."),
)


def molecules() -> list[dict[str, str]]:
    """16 simple molecules with names and captions; one caption is hostile."""
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
    """8 test molecules; two captioners that disagree, two floors, one generator."""
    settings = settings_in(folder)
    source = folder / "csv"
    source.mkdir(parents=True)
    rows = molecules()
    test = rows[:8]
    for split, part in (("test", test), ("validation", rows[8:12]), ("train", rows[12:])):
        with (source / f"{split}.csv").open("w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(part)
    dataset.import_dataset(settings, str(source), name=SMALL, now=NOW, workers=1)
    captions = [row["description"] for row in test]
    poor = "The molecule is an amine."
    outputs = {
        ("good", "captioning"): captions,
        ("poor", "captioning"): [text if k % 3 else poor for k, text in enumerate(captions)],
        ("floor-constant", "captioning"): [captions[0]] * len(test),
        ("floor-random", "captioning"): captions[::-1],
        ("writer", "generation"): [row["SMILES"] if k % 4 else "CC(" for k, row in enumerate(test)],
    }
    for (model, task), texts in outputs.items():
        path = folder / f"{model}.csv"
        with path.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.writer(lines)
            writer.writerow(["cid", "output"])
            writer.writerows(zip((row["CID"] for row in test), texts, strict=True))
        metrics = ("bleu2", "rouge1") if task == "captioning" else ("exact", "validity", "maccs")
        benchmark.load_file(
            settings, path, dataset=SMALL, task=task, model=model, now=NOW, metrics=metrics
        )
    return settings


def settings_in(folder: Path) -> Settings:
    return Settings.from_env(
        {"CHEBIMM_STORE": str(folder / "store"), "CHEBIMM_CACHE": str(folder / "cache")}
    )


def said(app: AppTest) -> str:
    """Every sentence a reader sees outside widgets."""
    kinds = (
        app.title, app.header, app.subheader, app.markdown, app.caption, app.code, app.info,
        app.warning, app.error,
    )  # fmt: skip
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def in_address(app: AppTest, key: str) -> str:
    """Value of a query parameter after the run."""
    value = app.query_params[key]
    return value if isinstance(value, str) else value[0]


def assert_healthy(app: AppTest) -> None:
    """No exception, no error panel."""
    assert not app.exception
    assert not app.error, said(app)
