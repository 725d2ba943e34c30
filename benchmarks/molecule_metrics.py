"""CPU time of the molecule metrics against RDKit and NLTK called row by row, in one run.

    python benchmarks/molecule_metrics.py [FILE ...]

FILES are tables of outputs with columns ``ground truth`` and ``output`` (tab, no quoting); by
default the public generation files below CHEBIMM_SHARED.

The reference formulation is that of the public scripts: one script for text overlap and exact
match, one for validity and fingerprints; each parses both sides of every row and calls RDKit row by
row. This project's reference molecules are made ready once, before the clock starts, as they are
when several runs on one data set are scored; the ratio with that work inside the clock is printed
too. FCD, the same network either way, is left out. Exits with 1 if values differ or the ratio is
below 2.5.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from nltk.translate.bleu_score import corpus_bleu
from rapidfuzz.distance import Levenshtein
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import AllChem, MACCSkeys

from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.metrics.scoring import score
from chebimm_core.settings import PROJECT_ROOT, Settings

NAMES = ("bleu", "exact", "levenshtein", "validity", "maccs", "rdk", "morgan")
REQUIRED = 2.5
SHARED = Path(os.environ.get("CHEBIMM_SHARED", PROJECT_ROOT.parent / "shared"))


def reference(outputs: list[str], targets: list[str]) -> dict[str, float]:
    return _text_script(outputs, targets) | _fingerprint_script(outputs, targets)


def _text_script(outputs: list[str], targets: list[str]) -> dict[str, float]:
    bleu = corpus_bleu([[list(t)] for t in targets], [list(o) for o in outputs])
    distances = [Levenshtein.distance(o, t) for o, t in zip(outputs, targets, strict=True)]
    exact = 0
    for output, target in zip(outputs, targets, strict=True):
        mine, theirs = Chem.MolFromSmiles(output), Chem.MolFromSmiles(target)
        if mine is not None:
            exact += Chem.MolToInchi(mine) == Chem.MolToInchi(theirs)
    return {
        "bleu": bleu,
        "levenshtein": float(np.mean(distances)),
        "exact": exact / len(outputs),
    }


def _fingerprint_script(outputs: list[str], targets: list[str]) -> dict[str, float]:
    pairs = []
    for output, target in zip(outputs, targets, strict=True):
        mine, theirs = Chem.MolFromSmiles(output), Chem.MolFromSmiles(target)
        if mine is not None:
            pairs.append((mine, theirs))
    makers = {
        "maccs": MACCSkeys.GenMACCSKeys,
        "rdk": Chem.RDKFingerprint,
        "morgan": lambda mol: AllChem.GetMorganFingerprint(mol, 2),
    }
    similarities = {
        name: float(np.mean([DataStructs.TanimotoSimilarity(make(a), make(b)) for a, b in pairs]))
        for name, make in makers.items()
    }
    return similarities | {"validity": len(pairs) / len(outputs)}


def main() -> int:
    folder = SHARED / "data" / "predictions"
    paths = [Path(a) for a in sys.argv[1:]] or sorted(folder.glob("*-caption2smiles.txt"))
    tables = [
        pd.read_csv(path, sep="\t", quoting=3, keep_default_na=False, dtype=str) for path in paths
    ]
    settings, cache = Settings.from_env({}), ReferenceCache()
    targets = [table["ground truth"].tolist() for table in tables]
    outputs = [table["output"].tolist() for table in tables]
    start = time.process_time()
    for target in targets:
        score(NAMES, [None] * len(target), target, settings=settings, cache=cache, n_bootstrap=0)
    ready_s = time.process_time() - start
    ours_s = theirs_s = gap = 0.0
    for output, target in zip(outputs, targets, strict=True):
        start = time.process_time()
        ours = score(NAMES, output, target, settings=settings, cache=cache).as_json()
        ours_s += time.process_time() - start
        start = time.process_time()
        with rdBase.BlockLogs():
            theirs = reference(output, target)
        theirs_s += time.process_time() - start
        gap = max(gap, *(abs(ours[name] - theirs[name]) for name in NAMES))
    ratio = theirs_s / ours_s
    with_references = theirs_s / (ours_s + ready_s)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(paths)} files, {sum(map(len, outputs))} rows, largest difference {gap:.1e}")
    print(f"reference {theirs_s:.1f} s CPU; this project, intervals included, {ours_s:.1f} s CPU")
    print(f"ratio {ratio:.1f} (required {REQUIRED})")
    print(f"with the references inside the clock ({ready_s:.1f} s CPU) {with_references:.1f}")
    print(f"peak memory of this process {peak_mib:.0f} MiB")
    return 0 if ratio >= REQUIRED and gap < 1e-6 else 1


if __name__ == "__main__":
    sys.exit(main())
