"""What the store says in words: best runs, distance to the floor, the clearest token pair.

Every sentence is computed from stored scores and names its n, interval, floor and signature.
Nothing is ranked across signatures, splits or data sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chebimm_core.domain.findings import KnowledgeMap, TokenPair
from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import RunHeader
from chebimm_core.errors import ChebiMMError
from chebimm_core.metrics import METRICS
from chebimm_core.modalities import MODALITIES
from chebimm_core.models import MODELS
from chebimm_core.services import benchmark, floors, knowledge
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.tasks import TASKS

_MIN_CARRIERS = 20
"""Molecules a pair of tokens needs to be told as a finding."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence a reader can check by following its link."""

    kind: Literal["best", "gap", "pair"]
    headline: str
    """The finding in plain words."""
    evidence: str
    """Value, interval, n and floor."""
    signature: str
    """How the number was made."""
    dataset: str
    """Data set it holds for."""
    page: str
    """Page that shows it, by its path."""
    query: tuple[tuple[str, str], ...] = field(default=())
    """Query parameters of that page."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    header: RunHeader
    score: Score
    floor: Score | None
    floor_name: str
    rivals: int

    @property
    def gap(self) -> float:
        """Distance to the floor, positive if better than it; NaN without a floor."""
        if self.floor is None:
            return float("nan")
        sign = 1.0 if self.score.direction == "higher" else -1.0
        return sign * (self.score.value - self.floor.value)


def best_runs(settings: Settings, *, dataset: str | None = None) -> list[Finding]:
    """The best run of every task, each with its floor; tasks with most runs first."""
    ranked = sorted(_candidates(settings, dataset), key=lambda c: -c.rivals)
    seen: set[str] = set()
    found = []
    for candidate in ranked:
        spec = candidate.header.spec
        if spec.task in seen:
            continue
        seen.add(spec.task)
        found.append(
            Finding(
                kind="best",
                headline=f"{TASKS[spec.task].title}: {spec.model} ({_arrow(spec.transition)}) "
                f"is the best of {candidate.rivals} comparable "
                f"run{'s' if candidate.rivals != 1 else ''}.",
                evidence=_evidence(candidate),
                signature=candidate.score.signature,
                dataset=spec.dataset,
                page="results",
                query=(("run", candidate.header.run_id),),
            )
        )
    return found


def largest_gap(settings: Settings, *, dataset: str | None = None) -> Finding | None:
    """The run that is furthest above its own floor on its task's primary metric.

    Only bounded metrics compete, because distances on different unbounded scales do not compare.
    """
    with_floor = [
        c for c in _candidates(settings, dataset) if c.score.bounded and np.isfinite(c.gap)
    ]
    if not with_floor:
        return None
    best = max(with_floor, key=lambda c: c.gap)
    spec = best.header.spec
    return Finding(
        kind="gap",
        headline=f"The widest distance to a floor: {spec.model}, {_arrow(spec.transition)}, "
        f"{best.gap:+.3f} {METRICS[best.score.metric].title} over {best.floor_name}.",
        evidence=_evidence(best),
        signature=best.score.signature,
        dataset=spec.dataset,
        page="results",
        query=(("run", best.header.run_id),),
    )


def clearest_pair(settings: Settings, dataset: str, split: str) -> Finding | None:
    """The most specific token pair of the data set's own names and captions.

    The local filter also selects cells that merely stand out from low neighbours, so a pair is only
    told here if its count exceeds what the totals of its two tokens predict: the one that exceeds
    it most, of those that at least 20 molecules carry. The words captions are built from are left
    out.
    """
    run_id = f"gold:{dataset}:{split}"
    try:
        mapped = knowledge.build(
            settings, run_id, source="IUPAC", tokenizer="words", boilerplate=False
        )
    except ChebiMMError:
        return None
    lifts = [(_lift(mapped, p), p) for p in mapped.pairs if (p.molecules or 0) >= _MIN_CARRIERS]
    lift, pair = max(lifts, key=lambda found: found[0], default=(0.0, None))
    if pair is None or lift <= 1:
        return None
    shared = "" if pair.molecules is None else f", together in {pair.molecules:,} molecules"
    return Finding(
        kind="pair",
        headline=f"In names and captions, “{pair.source}” points to “{pair.target}”.",
        evidence=f"local z {pair.local_z:.2f}{shared}, {lift:.1f} times what the totals of both "
        f"tokens predict; gold captions, n = {mapped.n_molecules:,}",
        signature=mapped.signature,
        dataset=dataset,
        page="knowledge_map",
        query=(
            ("run", run_id),
            ("dataset", dataset),
            ("source", "IUPAC"),
            ("boilerplate", "out"),
            ("from_token", pair.source),
            ("to_token", pair.target),
        ),
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the transition matrix has been measured here."""

    modalities: tuple[str, ...]
    """(k,) in matrix order."""
    n_runs: NDArray[np.int64]
    """(k, k) runs per transition; axis 0 is from, axis 1 is to. Fused inputs are left out."""


def coverage(settings: Settings, *, dataset: str | None = None) -> Coverage:
    """Counts the runs of every transition."""
    names = tuple(MODALITIES)
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for header in benchmark.list_runs(settings, dataset=dataset, current=True):
        sources, target = header.spec.sources, header.spec.target
        if len(sources) == 1 and sources[0] in place and target in place:
            counts[place[sources[0]], place[target]] += 1
    return Coverage(names, counts)


def _candidates(settings: Settings, dataset: str | None) -> list[_Candidate]:
    """The best run of each group of comparable runs: same task, split and signature.

    Tools are left out on synthetic data: the demo's names were checked by the very tool that reads
    them, so that its perfect score is no finding.
    """
    synthetic = {h.name for h in DatasetStore(settings.store).headers() if h.synthetic}
    groups: dict[tuple[str, str, str, str], list[RunHeader]] = {}
    floor_ids: dict[tuple[str, str, str], list[RunHeader]] = {}
    for header in benchmark.list_runs(settings, dataset=dataset, current=True):
        spec = header.spec
        score = header.score(TASKS[spec.task].primary_metric) if spec.task in TASKS else None
        if score is None or not np.isfinite(score.value):
            continue
        key = (spec.dataset, spec.task, spec.target)
        if key not in floor_ids:
            floor_ids[key] = floors.standing(settings, *key)
        if header.run_id in {f.run_id for f in floor_ids[key]}:
            continue
        if spec.dataset in synthetic and _is_tool(spec.model):
            continue
        group = (spec.dataset, spec.task, spec.split, score.signature)
        groups.setdefault(group, []).append(header)
    return [_best_of(members, floor_ids) for members in groups.values()]


def _is_tool(model: str) -> bool:
    return model in MODELS and MODELS[model].family == "tool"


def _best_of(
    members: Sequence[RunHeader], standing: dict[tuple[str, str, str], list[RunHeader]]
) -> _Candidate:
    metric = TASKS[members[0].spec.task].primary_metric
    scored = [(h, s) for h in members if (s := h.score(metric)) is not None]
    header, score = max(
        scored, key=lambda hs: hs[1].value if hs[1].direction == "higher" else -hs[1].value
    )
    spec = header.spec
    comparable = [
        (f, s)
        for f in standing[(spec.dataset, spec.task, spec.target)]
        if f.spec.split == spec.split
        and (s := f.score(metric)) is not None
        and s.signature == score.signature
    ]
    sign = 1 if score.direction == "higher" else -1
    floor = max(comparable, key=lambda fs: sign * fs[1].value, default=None)
    return _Candidate(
        header=header,
        score=score,
        floor=floor[1] if floor else None,
        floor_name=floor[0].spec.model if floor else "",
        rivals=len(members),
    )


def _evidence(candidate: _Candidate) -> str:
    score, spec = candidate.score, candidate.header.spec
    interval = (
        ""
        if score.ci_low is None or score.ci_high is None
        else f" [{score.ci_low:.3f}, {score.ci_high:.3f}]"
    )
    floor = (
        f"floor {candidate.floor.value:.3f} ({candidate.floor_name})"
        if candidate.floor is not None
        else "no floor run to compare with"
    )
    failed = f" ({score.n_failed:,} failed)" if score.n_failed else ""
    return (
        f"{METRICS[score.metric].title} {score.value:.3f}{interval}, n = {score.n:,}{failed}, "
        f"{spec.dataset} {spec.split}; {floor}"
    )


def _lift(mapped: KnowledgeMap, pair: TokenPair) -> float:
    row = mapped.source_tokens.index(pair.source)
    column = mapped.target_tokens.index(pair.target)
    counts = mapped.counts
    expected = counts[row].sum() * counts[:, column].sum() / max(counts.sum(), 1.0)
    return float(counts[row, column] / expected) if expected > 0 else 0.0


def _arrow(transition: str) -> str:
    return transition.replace("->", " → ")
