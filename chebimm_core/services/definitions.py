"""Every statistic of the dashboard in one sentence; the document in docs/ defines them."""

from __future__ import annotations

from chebimm_core.settings import PROJECT_ROOT

SENTENCES = {
    "association": "how many standard deviations the count of a pair lies above (or below) what "
    "broken pairing of inputs and outputs would give.",
    "p": "the share of shuffles whose count is at least as far from that expectation, two-sided.",
    "q": "the false discovery rate at which the pair would just be reported (Benjamini-Hochberg "
    "over all cells).",
    "local z": "how many standard deviations the count lies above its up to eight neighbors in the "
    "ordered matrix (the published filter).",
    "local p": "the share of shuffled maps in which the same pair has as large a local z; local p "
    "max compares with the largest local z of each shuffled map.",
    "verdict": "supported: both; local only: an outlier among its neighbors that chance explains; "
    "associated only: the local filter misses it; avoided: less often than chance.",
    "survival": "the share of bootstrap resamples of the molecules in which the pair is specific.",
    "order share": "the share of random orders of rows and columns in which the pair is specific.",
    "order-free z": "the local z against the eight cells of the nearest expected counts, so that "
    "no order enters.",
    "association interval": "the central 95 % of the association over the same resamples.",
    "learned, missed, invented": "connected by both texts, by the reference only, by the model "
    "only.",
    "attribution": "the Shapley value of a part of the input: what it adds to the answer on "
    "average over all orders in which the parts may come in.",
    "standard error": "of a Shapley value, over independent permutations; exact ones have none.",
    "residual": "what is missing when the parts are added up; only rounding should be.",
    "effect": "the fall of the target token's log-probability when the source token is taken from "
    "the input, mean over molecules; 0.69 nats halve the probability.",
    "control": "the same fall when other text of the same input and length is taken.",
    "used": "the effect exceeds its control in the same molecules, at a false discovery rate of "
    "5 % over the pairs tested (sign flips), by 0.1 nats or more (slight: by less). Words that the "
    "answer's earlier words fix need the input no more.",
    "McNemar p": "whether one of the two texts has the target token more often than the other, in "
    "molecules whose input has the source token.",
}
"""Statistic -> its meaning; each has a section of docs/statistics.md."""


def document() -> str:
    """The definitions with formulas and sources, as Markdown of our own."""
    return (PROJECT_ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
