"""A small store with everything the molecule page shows, made by the real services."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from chebimm_core.domain.run import RunSpec
from chebimm_core.services import benchmark, dataset
from chebimm_core.settings import Settings

NAME = "small"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script> ![x](http://evil.example/x.png) is an acid"
_METRICS = {"generation": ("exact", "morgan_all"), "captioning": ("bleu2", "rougeL")}
"""Enough to show; METEOR would read all of WordNet first."""
ROWS = {
    "train": [
        ("1", "CCO", "The molecule is an alcohol.", "ethanol"),
        ("2", "C[C@H](N)C(=O)O", "The molecule is the L-alanine <b>acid</b>.", "L-alanine"),
        ("3", "c1ccccc1C(=O)O", "The molecule is a benzoic acid.", "benzoic acid"),
        ("4", "CCCCCCCC", "The molecule is an alkane.", "octane"),
    ],
    "test": [
        ("11", "C[C@@H](N)C(=O)O", "The molecule is the D-alanine acid.", "D-alanine"),
        ("12", "OC(=O)c1ccccc1O", "The molecule is a salicylic acid.", "2-hydroxybenzoic acid"),
        ("13", "CC(C)O", "The molecule is an alcohol.", ""),
    ],
}


def import_rows(root: Path, name: str) -> Settings:
    """A store with the rows above as one data set, and no run."""
    settings = Settings.from_env({"CHEBIMM_STORE": str(root / "store")})
    folder = root / "csv"
    folder.mkdir(parents=True)
    for split, rows in ROWS.items():
        _write(folder / f"{split}.csv", rows)
    dataset.import_dataset(settings, str(folder), name=name, now=NOW, workers=1)
    return settings


def build(root: Path) -> Settings:
    """Imports the data set and stores four runs on its test split."""
    settings = import_rows(root, NAME)
    header = dataset.header(settings, NAME)
    outputs = {
        ("captioner", "captioning", "SMILES->caption"): [
            "The molecule is the L-alanine acid.",
            HOSTILE,
            None,
        ],
        ("floor-constant", "captioning", "SMILES->caption"): ["The molecule is an acid."] * 3,
        ("writer", "generation", "caption->SMILES"): [
            "C[C@H](N)C(=O)O",
            "OC(=O)c1ccccc1",
            "C1CC(",
        ],
        ("regressor", "property", "SMILES->property"): ["0.5", "1.5", None],
    }
    for (model, task, transition), texts in outputs.items():
        spec = RunSpec(
            task=task,
            transition=transition,
            model=model,
            model_args={"property": "xlogp"} if task == "property" else {},
            dataset=NAME,
            dataset_hash=header.content_hash,
            split="test",
        )
        predictions = pd.DataFrame(
            {
                "cid": [row[0] for row in ROWS["test"]],
                "output": texts,
                "error": [None if t else "the model gave up" for t in texts],
            }
        )
        metrics = _METRICS.get(task)
        benchmark.store_run(settings, spec, predictions, now=NOW, metrics=metrics, n_bootstrap=0)
    return settings


def _write(path: Path, rows: list[tuple[str, str, str, str]]) -> None:
    from rdkit import Chem

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow("CID SMILES description polararea xlogp inchi iupacname SELFIES".split())
        for cid, smiles, caption, name in rows:
            inchi = Chem.MolToInchi(Chem.MolFromSmiles(smiles))
            writer.writerow([cid, smiles, caption, 20.0, int(cid) / 10, inchi, name, ""])
