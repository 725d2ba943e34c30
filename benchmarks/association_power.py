"""Which planted pairs the verdicts find, how often nothing is taken for something, and how fast.

Molecules hold tokens by chance; in some, a target token is added where a source token stands, with
a known probability. Power is the share of planted pairs with q <= 0.05 and a positive association;
the false discovery rate is counted on the pairs that were not planted.

Run: python benchmarks/association_power.py [--sets 20] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy import sparse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chebimm_core.analysis.association import shuffle_null
from chebimm_core.analysis.local_filter import thresholds
from chebimm_core.domain.findings import LocalFilterConfig

STRENGTHS = (0.0, 0.05, 0.1, 0.2, 0.4)
TOKENS, PLANTED, LEVEL = 20, 20, 0.1
LEVELS = thresholds(LocalFilterConfig())


def one_set(molecules: int, strength: float, seed: int) -> tuple[float, float]:
    """(power, false discovery proportion) of one data set."""
    rng = np.random.default_rng(seed)
    x = rng.poisson(LEVEL, (molecules, TOKENS)).astype(float)
    y = rng.poisson(LEVEL, (molecules, TOKENS)).astype(float)
    partner = rng.permutation(TOKENS)[:PLANTED]
    for i, j in enumerate(partner):
        y[:, j] += rng.binomial(1, strength, molecules) * (x[:, i] > 0)
    found = shuffle_null(
        sparse.csr_array(x), sparse.csr_array(y), np.zeros(molecules, dtype=np.int64), LEVELS,
        draws=400, seed=seed,
    ).cells  # fmt: skip
    hit = (found.q <= 0.05) & (found.value > 0)
    planted = np.zeros_like(hit)
    planted[np.arange(PLANTED), partner] = strength > 0
    power = float(hit[planted].mean()) if planted.any() else float("nan")
    every = (found.q <= 0.05).sum()
    return power, float(((found.q <= 0.05) & ~planted).sum() / every) if every else 0.0


def speed(draws: int = 1000) -> float:
    """Seconds for ``draws`` shuffles of a 100 x 100 map over 3,300 molecules."""
    rng = np.random.default_rng(0)
    x = sparse.csr_array(rng.poisson(0.15, (3300, 100)).astype(float))
    y = sparse.csr_array(rng.poisson(0.2, (3300, 100)).astype(float))
    started = time.perf_counter()
    shuffle_null(x, y, np.arange(3300) % 10, LEVELS, draws=draws)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = []
    for molecules in (300, 1000, 3300):
        for strength in STRENGTHS:
            both = np.array([one_set(molecules, strength, s) for s in range(given.sets)])
            rows.append(
                {
                    "molecules": molecules,
                    "strength": strength,
                    "power": float(both[:, 0].mean()),
                    "false_discovery_rate": float(both[:, 1].mean()),
                }
            )
    seconds = speed()
    if given.json:
        print(json.dumps({"rows": rows, "seconds_1000_shuffles": seconds}))
        return
    print(f"{'molecules':>9} {'strength':>8} {'power':>6} {'FDR':>6}")
    for r in rows:
        print(
            f"{r['molecules']:>9} {r['strength']:>8} {r['power']:>6.2f} "
            f"{r['false_discovery_rate']:>6.3f}"
        )
    print(f"1,000 shuffles of 100 x 100 over 3,300 molecules: {seconds:.2f} s")


if __name__ == "__main__":
    main()
