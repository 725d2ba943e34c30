"""CPU time of the text metrics against NLTK and rouge_score called row by row, in one run.

    python benchmarks/text_metrics.py [FILE]

FILE is a table of outputs with columns ``ground truth`` and ``output`` (tab, no quoting); by
default a public caption file below CHEBIMM_SHARED. The ratio is that of a machine that scored
captions before, so that the words' synonyms are in the cache folder; nothing else is kept between
the calls.
Exits with 1 if values differ or the ratio is below 5.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from nltk.translate.bleu_score import corpus_bleu
from nltk.translate.meteor_score import meteor_score
from rouge_score.rouge_scorer import RougeScorer

from chebimm_core.metrics.meteor import Synonyms
from chebimm_core.metrics.scoring import score
from chebimm_core.resources import wordnet_folder
from chebimm_core.settings import PROJECT_ROOT, Settings
from chebimm_core.tokenization import TOKENIZERS

NAMES = ("bleu2", "bleu4", "rouge1", "rouge2", "rougeL", "meteor")
REQUIRED = 5.0
SHARED = Path(os.environ.get("CHEBIMM_SHARED", PROJECT_ROOT.parent / "shared"))
VOCAB = SHARED / "data" / "vocab" / "scibert" / "vocab.txt"


def reference(outputs: list[str], targets: list[str], settings: Settings) -> dict[str, float]:
    """The formulation of the public evaluation scripts."""
    tokenizer = TOKENIZERS["scibert"].load(settings, ())
    opened = Synonyms(wordnet_folder(settings))
    opened.of("open")
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    hypotheses, references, meteors, rouges = [], [], [], []
    for output, target in zip(outputs, targets, strict=True):
        mine, theirs = tokenizer.tokenize(output)[:512], tokenizer.tokenize(target)[:512]
        hypotheses.append(mine)
        references.append([theirs])
        meteors.append(meteor_score([theirs], mine, wordnet=opened._reader))
        rouges.append(scorer.score(target, output))
    found = {f"bleu{n}": corpus_bleu(references, hypotheses, (1 / n,) * n) for n in (2, 4)}
    for name in ("rouge1", "rouge2", "rougeL"):
        found[name] = float(np.mean([r[name].fmeasure for r in rouges]))
    return found | {"meteor": float(np.mean(meteors))}


def main() -> int:
    default = SHARED / "data" / "predictions" / "molt5-base-smiles2caption.txt"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    rows = pd.read_csv(path, sep="\t", quoting=3, keep_default_na=False, dtype=str)
    outputs, targets = rows["output"].tolist(), rows["ground truth"].tolist()
    with tempfile.TemporaryDirectory() as cache:
        settings = Settings.from_env({"CHEBIMM_SCIBERT_VOCAB": str(VOCAB), "CHEBIMM_CACHE": cache})
        start = time.process_time()
        score(NAMES, outputs, targets, settings=settings)
        cold_s = time.process_time() - start
        start = time.process_time()
        ours = score(NAMES, outputs, targets, settings=settings).as_json()
        ours_s = time.process_time() - start
        start = time.process_time()
        theirs = reference(outputs, targets, settings)
        theirs_s = time.process_time() - start
    ratio = theirs_s / ours_s
    gap = max(abs(ours[name] - theirs[name]) for name in NAMES)
    print(f"{path.name}: {len(rows)} rows, largest difference {gap:.1e}")
    print(f"reference {theirs_s:.1f} s CPU; this project, intervals included, {ours_s:.1f} s CPU")
    print(f"(first call on this machine, which opens WordNet: {cold_s:.1f} s CPU)")
    print(f"ratio {ratio:.1f} (required {REQUIRED})")
    return 0 if ratio >= REQUIRED and gap < 1e-6 else 1


if __name__ == "__main__":
    sys.exit(main())
