"""What a fitted model says of an input with parts of it left out: the games attribution plays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from chebimm_core.analysis.attribution import Game, Shapley, shapley
from chebimm_core.domain.attribution import AnswerPart, InputPart, Side
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.models.property_targets import read_label
from chebimm_core.models.protocols import Additive, Generator, Model, Retriever, Scorer
from chebimm_core.runner.answering import unit_rows
from chebimm_core.runner.learning import LearnedRun
from chebimm_core.runner.parts import (
    atom_parts,
    notation_parts,
    token_parts,
    without_atoms,
    without_parts,
)
from chebimm_core.runner.scoring import DRAWN, target_property
from chebimm_core.tokenization.notation import NOTATIONS
from chebimm_core.tokenization.words import WordTokenizer

Floats = NDArray[np.float64]
Say = Callable[[Sequence[str]], Floats]
"""(n,) versions of the explained text -> (n, answers) values; NaN where one cannot be read."""

DELETED = "the token's characters are deleted from the text"
DUMMIES = "the atom becomes a dummy atom (*), its bonds stay"
ADDED = "nothing is left out: the model is a sum over Morgan environments"
END = "end of text"

_PROBES = 12
_WORDED = ("IUPAC", "caption")


@dataclass(frozen=True, slots=True)
class Request:
    """What to explain."""

    text: str
    """The model's input; of several inputs the lines of all."""
    answer: str
    """For text and retrieval: the answer to explain. For properties its name; not used."""
    modality: str
    """Which of the model's inputs is taken apart; of the target side the target modality."""
    side: Side = "source"
    tokens: tuple[str, ...] | None = None
    """Cut of a name or caption; None: notations by their own symbols, else the words."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Shapley values with what was played."""

    text: str
    """The text taken apart."""
    parts: tuple[InputPart, ...]
    answers: tuple[AnswerPart, ...]
    found: Shapley
    masking: str
    unit: str
    additive: bool = False


def why_not(model: Model, protocol: str) -> str | None:
    """Why answers of a model cannot be explained; None if they can."""
    if protocol == "generate" and not isinstance(model, Scorer):
        return "This model copies or looks up its answers: it gives no probability to explain"
    return None


def explain(
    learned: LearnedRun,
    request: Request,
    *,
    draws: int,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> Explained:
    """What each part of an input adds to an answer.

    A model that is a sum over fragments is read off exactly. Else tokens are deleted; where the
    model needs a whole structure, atoms become dummies.

    Args:
        learned: The fitted model.
        request: What to explain.
        draws: Permutations.
        seed: Of the permutations.
        progress: Told the share done.

    Raises:
        SettingError: If the model gives nothing to explain, or cannot read the input with parts of
            it left out.
    """
    reason = why_not(learned.model, learned.protocol)
    if reason:
        raise SettingError(reason, value=learned.spec.model, do="Choose a model trained here")
    if learned.protocol == "predict" and isinstance(learned.model, Additive):
        return _additive(learned.model, learned, request)
    say, answers, unit, text = _saying(learned, request)
    if not np.isfinite(say([text])).all():
        raise SettingError("The model cannot read this input", value=text)
    parts, game, masking = _players(say, text, request)
    found = shapley(game, len(parts), draws=draws, seed=seed, progress=progress)
    return Explained(text, parts, answers, found, masking, unit)


def _players(say: Say, text: str, request: Request) -> tuple[tuple[InputPart, ...], Game, str]:
    if request.modality not in DRAWN:
        parts = _token_parts(text, request)

        def deleting(there: NDArray[np.bool_]) -> Floats:
            return say([without_parts(text, parts, row) for row in there])

        if parts and _reads(deleting, len(parts)):
            return parts, deleting, DELETED
    if request.modality not in (*DRAWN, "SMILES"):
        raise SettingError(
            f"The model reads the structure behind the {request.modality}, which breaks when a "
            "symbol is left out",
            value=text,
            do="Explain a run that reads SMILES or graphs, or the other side of a retrieval",
        )
    if text.startswith("file:"):
        raise SettingError(
            "A picture of the data set's own has no parts to leave out", value=text,
            do="Explain a run that reads SMILES or graphs",
        )  # fmt: skip
    atoms = atom_parts(text)

    def dimming(there: NDArray[np.bool_]) -> Floats:
        return say([without_atoms(text, row) for row in there])

    if not _reads(dimming, len(atoms)):
        raise SettingError(
            "The model cannot read this structure with atoms left out", value=text,
            do="Explain another molecule",
        )  # fmt: skip
    return atoms, dimming, DUMMIES


def _token_parts(text: str, request: Request) -> tuple[InputPart, ...]:
    if request.modality in NOTATIONS:
        return notation_parts(text, request.modality)
    if request.tokens is None:
        return token_parts(text, WordTokenizer().tokenize(text))
    return token_parts(text, request.tokens)


def _reads(game: Game, parts: int) -> bool:
    """Whether the model reads the input without single parts, and without all of them."""
    chosen = np.unique(np.linspace(0, parts - 1, min(parts, _PROBES)).astype(int))
    probes = np.ones((len(chosen) + 1, parts), dtype=bool)
    probes[np.arange(len(chosen)), chosen] = False
    probes[-1] = False
    try:
        return bool(np.isfinite(game(probes)).all())
    except ChebiMMError:
        return False


def _saying(learned: LearnedRun, request: Request) -> tuple[Say, tuple[AnswerPart, ...], str, str]:
    """What the model says of versions of a text, of what, in which unit, and the whole text."""
    if learned.protocol == "retrieve":
        return _similarity(cast("Retriever", learned.model), request)
    compose, text = _one_input(learned, request)
    if learned.protocol == "predict":
        return _values(cast("Generator", learned.model), learned, compose, text)
    return _probabilities(cast("Scorer", learned.model), request, compose, text)


def _one_input(learned: LearnedRun, request: Request) -> tuple[Callable[[str], str], str]:
    """How a version of one input becomes the whole input, and that input as it is."""
    sources = learned.transition.sources
    if len(sources) == 1:
        return (lambda text: text), request.text
    lines = request.text.split("\n")
    if request.modality not in sources or len(lines) != len(sources):
        raise SettingError(
            "Which input shall be taken apart", value=request.modality, allowed=", ".join(sources)
        )
    place = sources.index(request.modality)
    return (lambda text: "\n".join([*lines[:place], text, *lines[place + 1 :]])), lines[place]


def _probabilities(
    model: Scorer, request: Request, compose: Callable[[str], str], text: str
) -> tuple[Say, tuple[AnswerPart, ...], str, str]:
    spans = model.answer_spans(request.answer)
    answers = tuple(
        AnswerPart(label=request.answer[a:b] if b > a else END, start=a, end=b) for a, b in spans
    )

    def say(texts: Sequence[str]) -> Floats:
        rows = model.log_probabilities([compose(t) for t in texts], [request.answer] * len(texts))
        return np.stack([r if len(r) else np.full(len(spans), math.nan) for r in rows])

    return say, answers, "log p (nats)", text


def _values(
    model: Generator, learned: LearnedRun, compose: Callable[[str], str], text: str
) -> tuple[Say, tuple[AnswerPart, ...], str, str]:
    first = read_label(model.generate([compose(text)])[0].output or "")
    names = tuple(first) if isinstance(first, dict) else (target_property(learned.spec),)

    def say(texts: Sequence[str]) -> Floats:
        found = [read_label(a.output or "") for a in model.generate([compose(t) for t in texts])]
        return np.array(
            [[f.get(n, math.nan) for n in names] if isinstance(f, dict) else [f] for f in found],
            dtype=np.float64,
        )

    return say, tuple(AnswerPart(label=name) for name in names), _unit_of(names), text


def _unit_of(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else "unit of each property"


def _similarity(model: Retriever, request: Request) -> tuple[Say, tuple[AnswerPart, ...], str, str]:
    ours = request.side == "source"
    fixed_texts = [request.answer] if ours else [request.text]
    fixed = unit_rows(
        model.embed_targets(fixed_texts) if ours else model.embed_sources(fixed_texts), np.float64
    )

    def say(texts: Sequence[str]) -> Floats:
        moving = unit_rows(
            model.embed_sources(texts) if ours else model.embed_targets(texts), np.float64
        )
        found = np.asarray(moving @ fixed.T, dtype=np.float64)
        # A name or caption with no word left is near to nothing; a broken structure is unreadable.
        return np.nan_to_num(found) if request.modality in _WORDED else found

    answers = (AnswerPart(label="similarity of the partners"),)
    return say, answers, "cosine", request.text if ours else request.answer


def _additive(model: Additive, learned: LearnedRun, request: Request) -> Explained:
    base, found = model.environments(request.text)
    values = np.array([e.values for e in found], dtype=np.float64).reshape(len(found), len(base))
    said = read_label(cast("Generator", model).generate([request.text])[0].output or "")
    names = tuple(said) if isinstance(said, dict) else (target_property(learned.spec),)
    full = np.array([said[n] for n in names] if isinstance(said, dict) else [said])
    total = np.array(base) + values.sum(axis=0)
    played = Shapley(
        values=values,
        errors=np.zeros_like(values),
        base=np.array(base),
        full=full,
        residual=float(np.abs(total - full).max()),
        evaluations=1,
        exact=True,
    )
    parts = tuple(InputPart(label=e.label, atoms=e.atoms) for e in found)
    answers = tuple(AnswerPart(label=name) for name in names)
    return Explained(request.text, parts, answers, played, ADDED, _unit_of(names), additive=True)
