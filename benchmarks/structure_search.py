"""Search by structure in a data set of 33,000 molecules, against RDKit asked molecule by molecule.

The plain way reads each SMILES and matches it, or compares RDKit's bit vectors one by one; both
ways must find the same molecules. Molecules are those of ChEBI-20-MM's splits where the folder
named by CHEBIMM_SHARED has them, else chains and rings put together by chance.

Run: python benchmarks/structure_search.py [--n 33000] [--json]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sys
import time
from pathlib import Path

from rdkit import Chem, DataStructs, RDLogger
from rdkit.Chem import rdFingerprintGenerator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chebimm_core.analysis.exposure import packed_fingerprints, tanimoto
from chebimm_core.analysis.substructure import Searcher, pack, read_pattern
from chebimm_core.settings import PROJECT_ROOT

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
PATTERNS = {
    "benzene": "c1ccccc1",
    "aspirin": ASPIRIN,
    "steroid": "[#6]1~[#6]~[#6]~[#6]2~[#6](~[#6]~1)~[#6]~[#6]~[#6]1~[#6]~2~[#6]~[#6]~[#6]2~[#6]~1"
    "~[#6]~[#6]~[#6]~2",
    "C": "C",
}
SHARED = Path(os.environ.get("CHEBIMM_SHARED", PROJECT_ROOT.parent / "shared"))
LIMIT_S = 0.3
BUDGET_S = 0.2


def real():
    folder = SHARED / "data" / "chebi20mm"
    found = []
    for name, delimiter in (
        ("test.csv", ","),
        ("validation.csv", ","),
        ("train_cid_smiles.tsv", "\t"),
    ):
        if (folder / name).is_file():
            with (folder / name).open(newline="", encoding="utf-8") as file:
                rows = csv.DictReader(file, delimiter=delimiter)
                found += [row.get("SMILES") or row.get("smiles") or "" for row in rows]
    return found


def made(n):
    rng = random.Random(0)
    parts = ["C", "CC", "O", "N", "C(=O)", "c1ccc(cc1)", "C1CCC(CC1)", "C(C)", "S", "C(O)"]
    ends = ["C", "O", "N", "Cl", "c1ccccc1", "C(=O)O", "c1ccccc1C(=O)O"]
    return ["C" + "".join(rng.choices(parts, k=rng.randint(1, 9))) + rng.choice(ends)
            for _ in range(n)]  # fmt: skip


def timed(function, repeats=3):
    best, value = float("inf"), None
    for _ in range(repeats):
        start = time.perf_counter()
        value = function()
        best = min(best, time.perf_counter() - start)
    return best, value


def plain_matches(smiles, pattern):
    return {i for i, text in enumerate(smiles) if has(text, pattern)}


def has(text, pattern):
    return Chem.MolFromSmiles(text).HasSubstructMatch(pattern)


def searched(searcher, pattern, n, budget_s):
    *found, end = searcher.search(pattern, limit=n, budget_s=budget_s)
    return {f.row for f in found}, end


def measure_pattern(name, smiles, searcher):
    pattern = read_pattern(PATTERNS[name])
    slow_s, expected = timed(lambda: plain_matches(smiles, pattern.molecule), repeats=1)
    whole_s, (rows, _) = timed(lambda: searched(searcher, pattern, len(smiles), 1e9))
    fast_s, (_, end) = timed(lambda: searched(searcher, pattern, 24, BUDGET_S))
    return {
        "what": f"{name}, substructure",
        "plain_s": round(slow_s, 3),
        "whole_s": round(whole_s, 3),
        "answer_s": round(fast_s, 3),
        "ratio": round(slow_s / fast_s, 1),
        "found": len(expected),
        "told": end.n_found if end.exact else f"at least {end.n_found}",
        "equal": rows == expected,
    }


def measure_similarity(smiles, fingerprints):
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    query = generator.GetFingerprint(Chem.MolFromSmiles(ASPIRIN))
    bits = [generator.GetFingerprint(Chem.MolFromSmiles(text)) for text in smiles]
    slow_s, expected = timed(lambda: [DataStructs.TanimotoSimilarity(query, b) for b in bits])
    packed = packed_fingerprints([ASPIRIN])[0]
    fast_s, values = timed(lambda: tanimoto(packed, fingerprints))
    return {
        "what": "aspirin, similarity",
        "plain_s": round(slow_s, 3),
        "whole_s": round(fast_s, 3),
        "answer_s": round(fast_s, 3),
        "ratio": round(slow_s / fast_s, 1),
        "found": len(values),
        "told": len(values),
        "equal": abs(values - expected).max() < 1e-12,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=33_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    origin = "ChEBI-20-MM"
    smiles = [text for text in real() if text and Chem.MolFromSmiles(text) is not None]
    if not smiles:
        origin, smiles = "made by chance", made(arguments.n)
    smiles = smiles[: arguments.n]
    start = time.perf_counter()
    structures = pack(smiles)
    pack_s = time.perf_counter() - start
    start = time.perf_counter()
    searcher = Searcher(structures)
    unpack_s = time.perf_counter() - start
    rows = [
        measure_similarity(smiles, structures.fingerprints),
        *(measure_pattern(name, smiles, searcher) for name in PATTERNS),
    ]
    if arguments.json:
        print(json.dumps(rows))
    else:
        print(
            f"{len(smiles):,} molecules ({origin}); packed once in {pack_s:.1f} s by one process, "
            f"into memory in {unpack_s:.1f} s"
        )
        for row in rows:
            print(
                f"{row['what']}: plain {row['plain_s']} s, answered in {row['answer_s']} s "
                f"({row['told']} of {row['found']:,}), all in {row['whole_s']} s, "
                f"{row['ratio']:.0f} times faster, equal: {row['equal']}"
            )
    sys.exit(0 if all(r["equal"] and r["answer_s"] < LIMIT_S for r in rows) else 1)


if __name__ == "__main__":
    main()
