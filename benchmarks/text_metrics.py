"""CPU time of the text metrics against NLTK and rouge_score called row by row, in one run.

    python benchmarks/text_metrics.py [FILE]

FILE is a table of outputs with columns ``ground truth`` and ``output`` (tab, no quoting); by
default a public caption file below CHEBIMM_SHARED. Both sides score it twice: first with WordNet
to be opened, then with WordNet open; nothing else is kept between the calls, and the libraries are
imported and WordNet's files unpacked before the clock starts. Exits with 1 if values differ or
either ratio is below 5.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

import nltk.data
import numpy as np
import pandas as pd
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.translate.bleu_score import corpus_bleu
from nltk.translate.meteor_score import meteor_score
from rouge_score.rouge_scorer import RougeScorer
from transformers import BertTokenizerFast

from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.metrics.scoring import score
from chebimm_core.resources import wordnet_folder
from chebimm_core.settings import PROJECT_ROOT, Settings

NAMES = ("bleu2", "bleu4", "rouge1", "rouge2", "rougeL", "meteor")
REQUIRED = 5.0
SHARED = Path(os.environ.get("CHEBIMM_SHARED", PROJECT_ROOT.parent / "shared"))
VOCAB = SHARED / "data" / "vocab" / "scibert" / "vocab.txt"


def opened_by_nltk(settings: Settings) -> WordNetCorpusReader:
    """WordNet as the public scripts open it."""
    folder = wordnet_folder(settings)
    assert folder is not None
    nltk.data.path.append(str(folder.parent.parent))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # other languages are absent
        return WordNetCorpusReader(str(folder), None)


def reference(
    outputs: list[str], targets: list[str], settings: Settings, wordnet: WordNetCorpusReader
) -> dict[str, float]:
    """The formulation of the public evaluation scripts."""
    tokenizer = BertTokenizerFast(vocab=str(settings.scibert_vocab))
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    hypotheses, references, meteors, rouges = [], [], [], []
    for output, target in zip(outputs, targets, strict=True):
        mine, theirs = tokenizer.tokenize(output)[:512], tokenizer.tokenize(target)[:512]
        hypotheses.append(mine)
        references.append([theirs])
        meteors.append(meteor_score([theirs], mine, wordnet=wordnet))
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
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"CHEBIMM_SCIBERT_VOCAB": str(VOCAB), "CHEBIMM_CACHE": folder})
        wordnet_folder(settings)
        start = time.process_time()
        cache = ReferenceCache()
        score(NAMES, outputs, targets, settings=settings, cache=cache)
        ours_cold_s = time.process_time() - start
        warm = ReferenceCache(synonyms=cache.synonyms)
        start = time.process_time()
        ours = score(NAMES, outputs, targets, settings=settings, cache=warm).as_json()
        ours_s = time.process_time() - start
        start = time.process_time()
        wordnet = opened_by_nltk(settings)
        reference(outputs, targets, settings, wordnet)
        theirs_cold_s = time.process_time() - start
        start = time.process_time()
        theirs = reference(outputs, targets, settings, wordnet)
        theirs_s = time.process_time() - start
    cold, ratio = theirs_cold_s / ours_cold_s, theirs_s / ours_s
    gap = max(abs(ours[name] - theirs[name]) for name in NAMES)
    print(f"{path.name}: {len(rows)} rows, largest difference {gap:.1e}")
    print("CPU seconds of the reference and of this project, intervals included:")
    print(f"first call, which opens WordNet: {theirs_cold_s:.1f} and {ours_cold_s:.1f}")
    print(f"second call, WordNet open: {theirs_s:.1f} and {ours_s:.1f}")
    print(f"ratio {cold:.1f} first, {ratio:.1f} second (required {REQUIRED})")
    return 0 if min(cold, ratio) >= REQUIRED and gap < 1e-6 else 1


if __name__ == "__main__":
    sys.exit(main())
