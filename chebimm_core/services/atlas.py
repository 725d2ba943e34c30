"""The model atlas: which models there are, what they do, and which of them are known here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from chebimm_core.datasets import model_atlas
from chebimm_core.domain.atlas import ARCHITECTURES, PAIRINGS, AtlasEntry
from chebimm_core.modalities import MODALITIES
from chebimm_core.models import MODELS
from chebimm_core.services import model_names
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

OTHER = "other"
"""Row of models that do none of the six tasks."""

COLUMNS = (
    "name", "year", "architecture", "pairing", "backbone", "modalities_in", "modalities_out",
    "tasks", "parameters_millions", "variant", "weights", "license", "title", "link", "doi",
    "arxiv", "role", "in_paper", "note", "runs_here", "local_runs",
)  # fmt: skip
"""Columns of :func:`table`."""


@dataclass(frozen=True, slots=True)
class AtlasFilter:
    """What a reader wants to see; None and False ask for nothing."""

    architecture: str | None = None
    pairing: str | None = None
    modality_in: str | None = None
    modality_out: str | None = None
    task: str | None = None
    """A task's name, or :data:`OTHER`."""
    open_weights: bool = False
    in_paper: bool = False
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """What this installation has of one model."""

    cards: tuple[str, ...] = ()
    """Names of models that can be run here."""
    run_ids: tuple[str, ...] = ()
    """Stored runs of it."""


def entries(settings: Settings) -> tuple[AtlasEntry, ...]:
    """All models, oldest first.

    Raises:
        DataFormatError: If the atlas file is not as it was shipped.
    """
    return model_atlas.read(settings.published, modalities=tuple(MODALITIES), tasks=tuple(TASKS))


def select(models: Iterable[AtlasEntry], wanted: AtlasFilter) -> tuple[AtlasEntry, ...]:
    """The models that meet every part of the filter, in the given order."""
    return tuple(m for m in models if _fits(m, wanted))


def presence(settings: Settings, models: Sequence[AtlasEntry]) -> dict[str, Presence]:
    """Name of each model -> what is here of it.

    Names are compared without case and punctuation, and without a size at the end: a run of
    ``molt5-large`` is one of MolT5. A name in brackets counts too: ``GPT-4 (MolReGPT)``.
    """
    named = _index(models)
    cards: dict[str, list[str]] = defaultdict(list)
    for card in MODELS.values():
        if card.is_floor or card.scripted:
            continue
        if name := model_names.find(card.name, named) or model_names.find(card.title, named):
            cards[name].append(card.name)
    runs: dict[str, list[str]] = defaultdict(list)
    for header in RunStore(settings.store).headers():
        if name := model_names.find(header.spec.model, named):
            runs[name].append(header.run_id)
    return {m.name: Presence(tuple(cards[m.name]), tuple(runs[m.name])) for m in models}


def counts(models: Iterable[AtlasEntry], *, by: str = "architecture") -> pd.DataFrame:
    """Number of models per task and architecture (or ``by="pairing"``).

    A model of several tasks counts in each of them.

    Returns:
        One row a task and, last, :data:`OTHER`: ``task``, ``title``, ``goal`` and
        one column a kind.
    """
    kinds: tuple[str, ...] = ARCHITECTURES if by == "architecture" else PAIRINGS
    number = {(task, kind): 0 for task in (*TASKS, OTHER) for kind in kinds}
    for model in models:
        for task in model.tasks or (OTHER,):
            number[task, getattr(model, by)] += 1
    heads: list[tuple[str, str, str]] = [(t.name, t.title, t.goal) for t in TASKS.values()]
    heads.append((OTHER, "None of the six", ""))
    rows = [
        {"task": name, "title": title, "goal": goal, **{k: number[name, k] for k in kinds}}
        for name, title, goal in heads
    ]
    return pd.DataFrame(rows, columns=["task", "title", "goal", *kinds])


def table(models: Sequence[AtlasEntry], here: dict[str, Presence] | None = None) -> pd.DataFrame:
    """One row a model, columns :data:`COLUMNS`; lists are joined with ``, ``.

    ``runs_here`` names the models of this installation, ``local_runs`` counts stored runs; unknown
    facts are None or empty.
    """
    known = here or {}
    rows = [_row(model, known.get(model.name, Presence())) for model in models]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def modality_names(models: Iterable[AtlasEntry], side: str) -> tuple[str, ...]:
    """Modalities that some model reads (``in``) or writes (``out``), in matrix order."""
    met = {name for m in models for name in getattr(m, f"modalities_{side}")}
    return tuple(name for name in MODALITIES if name in met)


def _row(model: AtlasEntry, here: Presence) -> dict[str, object]:
    facts = {c: getattr(model, c) for c in COLUMNS if c not in {"runs_here", "local_runs"}}
    joined = {c: ", ".join(v) if isinstance(v, tuple) else v for c, v in facts.items()}
    return {**joined, "runs_here": ", ".join(here.cards), "local_runs": len(here.run_ids)}


def _fits(model: AtlasEntry, wanted: AtlasFilter) -> bool:
    tests: tuple[tuple[object, Callable[[], bool]], ...] = (
        (wanted.architecture, lambda: model.architecture == wanted.architecture),
        (wanted.pairing, lambda: model.pairing == wanted.pairing),
        (wanted.modality_in, lambda: wanted.modality_in in model.modalities_in),
        (wanted.modality_out, lambda: wanted.modality_out in model.modalities_out),
        (wanted.task, lambda: wanted.task in (model.tasks or (OTHER,))),
        (wanted.open_weights, lambda: model.weights == "open"),
        (wanted.in_paper, lambda: model.in_paper),
        (wanted.first, lambda: model.year >= (wanted.first or 0)),
        (wanted.last, lambda: model.year <= (wanted.last or model.year)),
    )
    return all(holds() for asked, holds in tests if asked)


def _index(models: Iterable[AtlasEntry]) -> dict[str, str]:
    """Name or alias, as written and bare -> name of the model; what two share bare is left out."""
    exact: dict[str, str] = {}
    bare: dict[str, set[str]] = defaultdict(set)
    for model in models:
        for name in (model.name, *model.aliases):
            exact[name.casefold()] = model.name
            bare[model_names.bare(name)].add(model.name)
    return {**{b: names.pop() for b, names in bare.items() if len(names) == 1}, **exact}
