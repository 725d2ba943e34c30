"""Taking tokens from inputs, and hearing what the model then says of its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.intervention import PairSample
from chebimm_core.models.protocols import Scorer
from chebimm_core.runner.parts import without

Span = tuple[int, int]

CONTROLS = 2
"""Other stretches taken from the same input, averaged."""
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Case:
    """One molecule in which a pair is tested."""

    source: str
    target: str
    text: str
    """The input."""
    answer: str
    spans: tuple[Span, ...]
    """Of the source token in the input."""
    tokens: tuple[int, ...]
    """Of the answer: those of the target token's first occurrence."""


def falls(
    model: Scorer,
    cases: Sequence[Case],
    *,
    stand_ins: Sequence[str] | None,
    seed: int,
    progress: Callable[[float], None],
) -> list[PairSample]:
    """How far log p of target tokens falls without the source token, and without other text.

    Args:
        model: The fitted model.
        cases: Molecules of all pairs.
        stand_ins: Tokens put in place of what is taken, drawn at random; None: nothing is.
        seed: Of stand-ins and controls.
        progress: Told the share done.

    Returns:
        One sample a pair, in order of first appearance; molecules whose input the model cannot
        read without the token are left out.
    """
    rng = np.random.default_rng([seed, 1])
    asked: list[tuple[str, str]] = []
    for case in cases:
        text, answer = case.text, case.answer
        stand_in = ""
        if stand_ins is not None:
            free = [t for t in stand_ins if t != case.source] or [""]
            stand_in = str(rng.choice(free))
        asked.append((text, answer))
        asked.append((without(text, case.spans, stand_in), answer))
        asked += [
            (without(text, _elsewhere(text, case.spans, rng), stand_in), answer)
            for _ in range(CONTROLS)
        ]
    said = _log_probabilities(model, asked, progress)
    each = 2 + CONTROLS
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for k, case in enumerate(cases):
        measured = found.setdefault((case.source, case.target), [])
        rows = said[each * k : each * (k + 1)]
        if any(len(row) == 0 for row in rows):
            continue
        values = [float(row[list(case.tokens)].sum()) for row in rows]
        fall, control = values[0] - values[1], values[0] - float(np.mean(values[2:]))
        measured.append((fall, control))
    return [
        PairSample(a, b, np.array([f for f, _ in rows]), np.array([c for _, c in rows]))
        for (a, b), rows in found.items()
    ]


def _elsewhere(text: str, spans: Sequence[Span], rng: np.random.Generator) -> list[Span]:
    """As many stretches of the same lengths, drawn at random, apart from ``spans``.

    They begin where a word begins if possible; where the text has no room, they are shorter.
    """
    taken = list(spans)
    found: list[Span] = []
    starts = [m.start() for m in re.finditer(r"(?<![^\W\d_])[^\W\d_]|\d+|\[", text)]
    for start, end in spans:
        length = end - start
        fitting = [
            (s, min(s + length, len(text)))
            for s in starts
            if all(min(s + length, len(text)) <= a or b <= s for a, b in [*taken, *found])
        ]
        if not fitting:
            fitting = _gaps(text, [*taken, *found], length)
        if fitting:
            found.append(fitting[int(rng.integers(len(fitting)))])
    return found


def _gaps(text: str, taken: Sequence[Span], length: int) -> list[Span]:
    """The longest stretches of at most that length that touch none of ``taken``."""
    free = np.ones(len(text), dtype=bool)
    for a, b in taken:
        free[a:b] = False
    for wanted in range(length, 0, -1):
        fitting = [
            (s, s + wanted) for s in range(len(text) - wanted + 1) if free[s : s + wanted].all()
        ]
        if fitting:
            return fitting
    return []


def _log_probabilities(
    model: Scorer, asked: Sequence[tuple[str, str]], tell: Callable[[float], None]
) -> list[NDArray[np.float64]]:
    """Every distinct question once, alike lengths together."""
    distinct = sorted(set(asked), key=lambda pair: len(pair[0]) + len(pair[1]))
    said: dict[tuple[str, str], NDArray[np.float64]] = {}
    for start in range(0, len(distinct), _BATCH):
        chosen = distinct[start : start + _BATCH]
        rows = model.log_probabilities([a for a, _ in chosen], [b for _, b in chosen])
        said.update(zip(chosen, rows, strict=True))
        tell((start + len(chosen)) / len(distinct))
    return [said[pair] for pair in asked]
