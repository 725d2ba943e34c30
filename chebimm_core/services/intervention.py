"""Which mapped pairs a model really uses: take the source token away, and see what happens.

A knowledge map shows what goes together. Here the source token of a pair is deleted from (or
replaced in) the inputs that hold it, and the fall of the target token's log-probability in the
model's own answer is measured, beside the fall when other text of that input is taken instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.analysis.intervention import MIN_MOLECULES, PairSample, pair_effects
from chebimm_core.analysis.token_spans import all_spans
from chebimm_core.domain.intervention import Intervention, Masking, PairEffect
from chebimm_core.errors import SettingError
from chebimm_core.models.protocols import Scorer
from chebimm_core.runner import learning
from chebimm_core.runner.parts import without
from chebimm_core.services.attribution import explainable
from chebimm_core.services.map_texts import TextPairs, text_pairs
from chebimm_core.services.token_counts import DEFAULT_TOKENIZER, loaded
from chebimm_core.settings import Settings
from chebimm_core.store.run_explanations import RunExplanations
from chebimm_core.store.run_store import RunStore

Progress = Callable[[float, str], None]
Span = tuple[int, int]

MASKINGS: dict[Masking, str] = {
    "delete": "the token's characters are deleted",
    "replace": "the token is replaced by another source token of the pairs, drawn at random",
}
MAX_PAIRS = 60
_FITTING = 0.3
_BATCH = 64
_CONTROLS = 2
"""Other stretches taken from the same input, averaged."""
_COLUMNS = tuple(PairEffect.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Design:
    """How pairs are tested."""

    source: str
    """Modality of the inputs; one the model reads."""
    pairs: tuple[tuple[str, str], ...]
    """Source and target tokens."""
    tokenizer: str = DEFAULT_TOKENIZER
    """Of both sides, as in the map."""
    masking: Masking = "delete"
    molecules: int = 40
    """At most, a pair."""
    seed: int = 0
    """Of molecules, controls, replacements, bootstrap and sign flips."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One molecule in which a pair is tested."""

    place: int
    """Among the texts."""
    source: str
    target: str
    spans: tuple[Span, ...]
    """Of the source token in the input."""
    tokens: tuple[int, ...]
    """Of the answer: those of the target token's first occurrence."""


def why_not(settings: Settings, run_id: str, source: str) -> str | None:
    """Why pairs of a run cannot be tested by taking tokens away; None if they can.

    Args:
        settings: Where the store is.
        run_id: A run; gold data have no model.
        source: Modality of the map's inputs.
    """
    if run_id.startswith("gold:"):
        return "Gold data have no model to ask."
    spec = RunStore(settings.store).header(run_id).spec
    if source not in spec.sources:
        return f"The model reads {' and '.join(spec.sources)}: taking {source} away shows nothing."
    if len(spec.sources) > 1:
        return "The model reads two inputs; only models of one are tested."
    found = explainable(settings, run_id)
    return found.why_not and f"{found.why_not}."


def kept(settings: Settings, run_id: str, design: Design) -> Intervention | None:
    """What :func:`intervene` kept for the same design; None if it was never asked."""
    store = RunExplanations(settings.store, run_id)
    table = store.table("intervention", {"design": design})
    return None if table is None else _read(run_id, design, table)


def intervene(
    settings: Settings,
    run_id: str,
    design: Design,
    *,
    progress: Progress | None = None,
) -> Intervention:
    """Tests pairs of a map on the model behind it.

    Of each pair up to ``design.molecules`` are drawn that hold both tokens. All occurrences of the
    source token are taken away; the effect is the fall of the log-probability of the target token,
    where it first stands in the model's own answer, given the answer before it. The control takes
    stretches of the same number and length from elsewhere in the same input.

    Args:
        settings: Where the store is.
        run_id: A run launched here, of a model that gives probabilities.
        design: What to test, and how.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        NotFoundError: If there is no such run.
        SettingError: If the model cannot be tested, or there are no or too many pairs.
    """
    if not 1 <= len(design.pairs) <= MAX_PAIRS:
        raise SettingError("Pairs to test", value=len(design.pairs), allowed=f"1 to {MAX_PAIRS}")
    if design.masking not in MASKINGS:
        raise SettingError(
            "How a token is taken away", value=design.masking, allowed=", ".join(MASKINGS)
        )
    if design.molecules < MIN_MOLECULES:
        raise SettingError(
            "Molecules a pair", value=design.molecules, allowed=f"{MIN_MOLECULES} or more"
        )
    known = kept(settings, run_id, design)
    if known is not None:
        return known
    reason = why_not(settings, run_id, design.source)
    if reason:
        raise SettingError(reason.rstrip("."), value=run_id)
    tell = progress or (lambda share, what: None)
    tell(0.0, "Preparing the model")
    learned = learning.learned_again(
        settings, run_id, progress=lambda share, what: tell(_FITTING * share, what)
    )
    texts = text_pairs(settings, run_id, source=design.source)
    cases, skipped = _cases(settings, texts, design, cast("Scorer", learned.model))
    samples = _measured(
        cast("Scorer", learned.model), texts, cases, design,
        lambda share: tell(_FITTING + (1 - _FITTING) * share, "Taking tokens away"),
    )  # fmt: skip
    effects = pair_effects(samples, seed=design.seed)
    table = pd.DataFrame([asdict(e) for e in effects], columns=list(_COLUMNS))
    gone = pd.DataFrame(
        [{"source": a, "target": b, "use": why, "n": 0} for a, b, why in skipped],
        columns=list(_COLUMNS),
    )
    whole = pd.concat([t for t in (table, gone) if len(t)] or [table], ignore_index=True)
    store = RunExplanations(settings.store, run_id)
    store.keep_table("intervention", {"design": design}, whole.astype({"n": "int64"}))
    return _read(run_id, design, whole)


def table(found: Intervention) -> pd.DataFrame:
    """(pairs, 12) one row a tested pair, largest difference to the control first."""
    frame = pd.DataFrame([asdict(e) for e in found.effects], columns=list(_COLUMNS))
    return frame.sort_values("difference", ascending=False, kind="stable").reset_index(drop=True)


def _read(run_id: str, design: Design, whole: pd.DataFrame) -> Intervention:
    tested = whole[whole["n"] > 0]
    gone = whole[whole["n"] == 0]
    task = "|".join(
        (
            "intervention", f"{design.source} by {design.tokenizer}", MASKINGS[design.masking],
            f"<= {design.molecules} molecules a pair", f"{_CONTROLS} controls",
            "log p of the first occurrence in the model's own answer", f"seed {design.seed}",
        )
    )  # fmt: skip
    return Intervention(
        run_id=run_id,
        effects=tuple(PairEffect(**row) for row in tested.to_dict("records")),  # type: ignore[arg-type]
        skipped=tuple(
            (str(a), str(b), str(why))
            for a, b, why in gone[["source", "target", "use"]].itertuples(index=False)
        ),
        signature=task,
    )


def _cases(
    settings: Settings, texts: TextPairs, design: Design, model: Scorer
) -> tuple[list[_Case], list[tuple[str, str, str]]]:
    """The molecules of every pair, and the pairs that have too few."""
    rng = np.random.default_rng(design.seed)
    source = _spans_of(settings, design.tokenizer, design.source, texts.source)
    target = _spans_of(settings, design.tokenizer, texts.target_name, texts.target)
    spans: dict[int, list[Span]] = {}
    cases: list[_Case] = []
    skipped: list[tuple[str, str, str]] = []
    for a, b in design.pairs:
        places = [k for k in range(len(texts.cids)) if a in source[k] and b in target[k]]
        found: list[_Case] = []
        for k in rng.permutation(np.array(places, dtype=int)).tolist():
            if len(found) == design.molecules:
                break
            if k not in spans:
                spans[k] = model.answer_spans(texts.target[k])
            tokens = _overlapping(spans[k], target[k][b][0])
            if tokens:
                found.append(_Case(k, a, b, tuple(source[k][a]), tokens))
        if len(found) < MIN_MOLECULES:
            skipped.append((a, b, f"only {len(found)} molecules hold both tokens"))
        else:
            cases += found
    return cases, skipped


def _spans_of(
    settings: Settings, tokenizer: str, modality: str, texts: Sequence[str]
) -> list[dict[str, list[Span]]]:
    """For each text: token -> where it stands."""
    cut = loaded(settings, tokenizer, modality, tuple(texts)).tokenize_batch(list(texts))
    found = []
    for text, tokens in zip(texts, cut, strict=True):
        places: dict[str, list[Span]] = {}
        for token, span in zip(tokens, all_spans(text, tokens), strict=True):
            if span is not None:
                places.setdefault(token, []).append(span)
        found.append(places)
    return found


def _overlapping(spans: Sequence[Span], wanted: Span) -> tuple[int, ...]:
    return tuple(k for k, (a, b) in enumerate(spans) if a < wanted[1] and wanted[0] < b)


def _measured(
    model: Scorer,
    texts: TextPairs,
    cases: Sequence[_Case],
    design: Design,
    tell: Callable[[float], None],
) -> list[PairSample]:
    rng = np.random.default_rng([design.seed, 1])
    others = sorted({a for a, _ in design.pairs})
    asked: list[tuple[str, str]] = []
    for case in cases:
        text, answer = texts.source[case.place], texts.target[case.place]
        stand_in = ""
        if design.masking == "replace":
            free = [t for t in others if t != case.source] or [""]
            stand_in = str(rng.choice(free))
        asked.append((text, answer))
        asked.append((without(text, case.spans, stand_in), answer))
        asked += [
            (without(text, _elsewhere(text, case.spans, rng), stand_in), answer)
            for _ in range(_CONTROLS)
        ]
    said = _log_probabilities(model, asked, tell)
    each = 2 + _CONTROLS
    falls: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for k, case in enumerate(cases):
        rows = said[each * k : each * (k + 1)]
        if any(len(row) == 0 for row in rows):
            continue
        values = [float(row[list(case.tokens)].sum()) for row in rows]
        fall, control = values[0] - values[1], values[0] - float(np.mean(values[2:]))
        falls.setdefault((case.source, case.target), []).append((fall, control))
    return [
        PairSample(a, b, np.array([f for f, _ in rows]), np.array([c for _, c in rows]))
        for (a, b), rows in falls.items()
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
