"""The threshold scan of localized feature filtering, against its published loop formulation.

The published notebook walks over every threshold and every cell, collects the neighbors in a list
and takes their mean and standard deviation again each time. That formulation is written here anew
from its description; both must select the same cells at every threshold.

Run: python benchmarks/threshold_scan.py [--sizes 20 100] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chebimm_core.analysis.local_filter import exceedances, local_z, specific, thresholds
from chebimm_core.domain.findings import LocalFilterConfig


def loops(matrix, levels):
    """Pairs above each threshold: for T, for row, for column, for neighbor."""
    n, m = matrix.shape
    found = []
    for level in levels:
        pairs = []
        for i in range(n):
            for j in range(m):
                neighbors = []
                for di in (-1, 0, 1):
                    for dj in (-1, 0, 1):
                        ni, nj = i + di, j + dj
                        if (di, dj) != (0, 0) and 0 <= ni < n and 0 <= nj < m:
                            neighbors.append(matrix[ni, nj])
                if max(neighbors) == min(neighbors):
                    continue  # no spread: the local z is undefined
                spread = np.std(neighbors, ddof=1)
                if (matrix[i, j] - np.mean(neighbors)) / spread > level:
                    pairs.append((i, j))
        found.append(pairs)
    return found


def one_pass(matrix, levels):
    z = local_z(matrix)
    return z, exceedances(z, levels)


def measure(size, levels, rng):
    tokens = rng.gamma(1.0, 2.0, size)
    matrix = rng.poisson(np.outer(tokens, rng.gamma(1.0, 2.0, size)) * 20).astype(float)
    matrix = matrix[np.ix_(np.argsort(matrix.sum(1)), np.argsort(-matrix.sum(0)))]
    # Left as counts: a local z has no unit, and only whole numbers tie exactly at T = 0.
    start = time.process_time()
    slow = loops(matrix, levels)
    slow_s = time.process_time() - start
    one_pass(matrix, levels)
    repeats = 50
    start = time.process_time()
    for _ in range(repeats):
        z, counts = one_pass(matrix, levels)
    fast_s = (time.process_time() - start) / repeats
    equal = all(
        count == len(pairs) and {tuple(cell) for cell in specific(z, level)} == set(pairs)
        for level, pairs, count in zip(levels, slow, counts, strict=True)
    )
    return {
        "size": size,
        "thresholds": len(levels),
        "loops_cpu_s": round(slow_s, 4),
        "one_pass_cpu_s": round(fast_s, 6),
        "ratio": round(slow_s / fast_s, 1),
        "equal_pairs": equal,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    levels = thresholds(LocalFilterConfig())
    rng = np.random.default_rng(0)
    rows = [measure(size, levels, rng) for size in arguments.sizes]
    if arguments.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(
                f"{row['size']} x {row['size']}, {row['thresholds']} thresholds: loops "
                f"{row['loops_cpu_s']} s, one pass {row['one_pass_cpu_s'] * 1e3:.3f} ms, "
                f"{row['ratio']:.0f} times faster, equal pairs: {row['equal_pairs']}"
            )
    sys.exit(0 if all(row["equal_pairs"] and row["ratio"] >= 1000 for row in rows) else 1)


if __name__ == "__main__":
    main()
