"""Asking the model of a run about any input, also one no data set holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from chebimm_core.domain.run import RunHeader
from chebimm_core.errors import SettingError
from chebimm_core.models.protocols import Generator, Retriever
from chebimm_core.runner import catalogue, learning
from chebimm_core.runner.scoring import DRAWN, modality_texts, target_property
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

_TOP = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """One text of the pool, by similarity to the input."""

    cid: str
    similarity: float
    """Cosine."""
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A model's answer to an input."""

    run_id: str
    model: str
    transition: str
    input: str
    output: str | None
    """Text or number; None for retrieval, or if there is none."""
    error: str | None
    what: str
    """What the output is: a modality, or the name of a property."""
    candidates: tuple[Candidate, ...] = ()
    """Of retrieval, best first."""
    pool: int = 0
    """Texts the candidates were picked from."""


def able(settings: Settings, texts: Mapping[str, str]) -> list[RunHeader]:
    """Runs whose model can be asked about what is given: launched here, current, input there.

    Args:
        settings: Where the store is.
        texts: Modality -> text of the molecule; graphs and images are read from its SMILES.
    """
    given = {*texts, *(DRAWN if "SMILES" in texts else ())}
    cards = catalogue.cards(settings)
    return [
        h
        for h in versions.current(settings.store, RunStore(settings.store).headers())
        if h.spec.origin.kind == "launched"
        and h.status.state == "done"
        and h.spec.model in cards
        and not cards[h.spec.model].scripted
        and not cards[h.spec.model].is_floor
        and set(h.spec.sources) <= given
    ]


def ask(
    settings: Settings,
    run_id: str,
    texts: Mapping[str, str],
    *,
    progress: Callable[[float, str], None] | None = None,
) -> Trial:
    """The answer of a run's model; the model is had again as for an explanation.

    Args:
        settings: Where the store is.
        run_id: One of :func:`able`.
        texts: Modality -> text.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        NotFoundError: If there is no such run.
        SettingError: If an input is missing, or the run has no model here.
    """
    tell = progress or (lambda share, what: None)
    spec = RunStore(settings.store).header(run_id).spec
    lines = [texts.get("SMILES" if s in DRAWN else s) for s in spec.sources]
    absent = [s for s, line in zip(spec.sources, lines, strict=True) if not line]
    if absent:
        raise SettingError("The model needs an input that is not here", value=", ".join(absent))
    text = "\n".join(str(line) for line in lines)
    learned = learning.learned_again(
        settings, run_id, progress=lambda share, what: tell(0.9 * share, what)
    )
    tell(0.9, "Asking the model")
    what = target_property(spec) if spec.target == "property" else spec.target
    if TASKS[spec.task].protocol == "retrieve":
        found, pool = _nearest(learned, text)
        error = None if found else "The model cannot read this input"
        return Trial(run_id, spec.model, spec.transition, text, None, error, what, found, pool)
    answer = cast("Generator", learned.model).generate([text])[0]
    return Trial(run_id, spec.model, spec.transition, text, answer.output, answer.error, what)


def _nearest(learned: learning.LearnedRun, text: str) -> tuple[tuple[Candidate, ...], int]:
    model = cast("Retriever", learned.model)
    texts = modality_texts(learned.pool, (learned.transition.target,))
    there = texts.notna().to_numpy()
    cids, pool = learned.pool["cid"].astype(str).to_numpy()[there], texts[there].tolist()
    query = model.embed_sources([text])[0]
    if not np.isfinite(query).all():
        return (), len(pool)
    vectors = np.nan_to_num(model.embed_targets(pool))
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    similarity = vectors @ query / np.where(lengths > 0, lengths, 1.0)
    order = np.argsort(-similarity, kind="stable")[:_TOP]
    return tuple(Candidate(str(cids[k]), float(similarity[k]), str(pool[k])) for k in order), len(
        pool
    )
