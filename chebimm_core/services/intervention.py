"""Which mapped pairs a model really uses: take the source token away, and see what happens.

A knowledge map shows what goes together. Here the source token of a pair is deleted from (or
replaced in) the inputs that hold it, and the fall of the target token's log-probability in the
model's own answer is measured, beside the fall when other text of that input is taken instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np
import pandas as pd

from chebimm_core.analysis.intervention import MIN_MOLECULES, pair_effects
from chebimm_core.analysis.token_spans import all_spans
from chebimm_core.domain.intervention import Intervention, Masking, PairEffect
from chebimm_core.errors import SettingError
from chebimm_core.models.protocols import Scorer
from chebimm_core.runner import learning
from chebimm_core.runner.intervening import CONTROLS, Case, falls
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
    others = sorted({a for a, _ in design.pairs}) if design.masking == "replace" else None
    measured = falls(
        cast("Scorer", learned.model), cases, stand_ins=others, seed=design.seed,
        progress=lambda share: tell(_FITTING + (1 - _FITTING) * share, "Taking tokens away"),
    )  # fmt: skip
    samples = [sample for sample in measured if len(sample.falls) >= MIN_MOLECULES]
    skipped += [
        (m.source, m.target, "the model cannot read most inputs without the token")
        for m in measured
        if len(m.falls) < MIN_MOLECULES
    ]
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
            f"<= {design.molecules} molecules a pair", f"{CONTROLS} controls",
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
) -> tuple[list[Case], list[tuple[str, str, str]]]:
    """The molecules of every pair, and the pairs that have too few."""
    rng = np.random.default_rng(design.seed)
    source = _spans_of(settings, design.tokenizer, design.source, texts.source)
    target = _spans_of(settings, design.tokenizer, texts.target_name, texts.target)
    spans: dict[int, list[Span]] = {}
    cases: list[Case] = []
    skipped: list[tuple[str, str, str]] = []
    for a, b in design.pairs:
        places = [k for k in range(len(texts.cids)) if a in source[k] and b in target[k]]
        found: list[Case] = []
        for k in rng.permutation(np.array(places, dtype=int)).tolist():
            if len(found) == design.molecules:
                break
            if k not in spans:
                spans[k] = model.answer_spans(texts.target[k])
            tokens = _overlapping(spans[k], target[k][b][0])
            if tokens:
                text, answer = texts.source[k], texts.target[k]
                found.append(Case(a, b, text, answer, tuple(source[k][a]), tokens))
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
