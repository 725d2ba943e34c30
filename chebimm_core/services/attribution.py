"""What an answer hangs on: attribution of one answer to the parts of its input.

The model of the run is had again from its checkpoint or fitted as it was, asked about the input
with parts left out, and what comes out is kept with the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from chebimm_core.domain.attribution import Attribution, Side
from chebimm_core.domain.run import RunSpec
from chebimm_core.errors import ChebiMMError, NotFoundError, SettingError
from chebimm_core.models import load
from chebimm_core.models.protocols import Additive
from chebimm_core.runner import explaining, learning
from chebimm_core.runner.scoring import modality_texts, target_property
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_explanations import RunExplanations
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS
from chebimm_core.tokenization import TOKENIZERS

Progress = Callable[[float, str], None]
Which = Literal["output", "reference"]

DRAWS = 8
"""Permutations by default, each walked forth and back."""
_FITTING = 0.4
"""Of the progress bar."""
_TEXTS = ("IUPAC", "caption")


@dataclass(frozen=True, slots=True)
class Choice:
    """One side of a run that can be taken apart."""

    side: Side
    modality: str


@dataclass(frozen=True, slots=True)
class Explainable:
    """What can be asked of a run."""

    run_id: str
    protocol: str
    choices: tuple[Choice, ...]
    exact: bool
    """The model is a sum over fragments of the structure."""
    why_not: str | None
    """Why nothing can be explained; None if something can."""


def explainable(settings: Settings, run_id: str) -> Explainable:
    """What of a run can be explained; looks at its card only, no model learns.

    Raises:
        NotFoundError: If there is no such run.
    """
    spec = RunStore(settings.store).header(run_id).spec
    protocol = TASKS[spec.task].protocol
    reason, exact = None, False
    try:
        _, card = learning.model_of(settings, run_id)
        model = load(card, protocol, learning.parameters_of(spec))
        reason = explaining.why_not(model, protocol)
        exact = protocol == "predict" and isinstance(model, Additive)
    except ChebiMMError as error:
        reason = error.what
    choices = [Choice("source", source) for source in spec.sources]
    if protocol == "retrieve":
        choices.append(Choice("target", spec.target))
    return Explainable(run_id, protocol, tuple(choices), exact, reason)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to explain of a run's answer, and how carefully."""

    which: Which = "output"
    """Of written answers: the model's own output, or the reference it should have given."""
    side: Side = "source"
    """For retrieval: the query, or the text to be found."""
    modality: str | None = None
    """Which of several inputs is taken apart; None: the first."""
    cut: str | None = None
    """Tokenizer of a name or caption; None: ``bpe`` for names, ``words`` for captions."""
    draws: int = DRAWS
    """Permutations."""
    seed: int = 0
    """Of the permutations."""


def attribute(
    settings: Settings,
    run_id: str,
    cid: str,
    wish: Wish = Wish(),
    *,
    progress: Progress | None = None,
) -> Attribution:
    """Attribution of a run's answer for one molecule; kept, and had from there the next time.

    Args:
        settings: Where the store is.
        run_id: A run launched here.
        cid: A molecule of its data set.
        wish: What to explain.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        NotFoundError: If there is no such run or molecule.
        SettingError: If this answer cannot be explained, saying why.
    """
    tell = progress or (lambda share, what: None)
    found = kept(settings, run_id, cid, wish)
    if found is not None:
        return found
    request = _request(settings, run_id, cid, wish)
    tell(0.0, "Preparing the model")
    learned = learning.learned_again(
        settings, run_id, progress=lambda share, what: tell(_FITTING * share, what)
    )
    doing = "Asking the model with parts of the input left out"
    tell(_FITTING, doing)
    made = explaining.explain(
        learned, request, draws=wish.draws, seed=wish.seed,
        progress=lambda share: tell(_FITTING + (1 - _FITTING) * share, doing),
    )  # fmt: skip
    result = _attribution(run_id, cid, request, made, wish)
    RunExplanations(settings.store, run_id).keep_attribution(_key(cid, wish), result)
    return result


def kept(settings: Settings, run_id: str, cid: str, wish: Wish = Wish()) -> Attribution | None:
    """What :func:`attribute` kept for the same arguments; None if it was never asked."""
    return RunExplanations(settings.store, run_id).attribution(_key(cid, wish))


def table(found: Attribution, answer: int | None = None) -> pd.DataFrame:
    """The parts of an attribution with what they add.

    Args:
        found: The attribution.
        answer: Which part of the answer; None: the whole answer.

    Returns:
        Columns part, start, atoms, value, error, strongest first. The error of a whole answer
        takes its parts as independent.
    """
    values, errors = np.array(found.values), np.array(found.errors)
    chosen = slice(None) if answer is None else slice(answer, answer + 1)
    frame = pd.DataFrame(
        {
            "part": [p.label for p in found.parts],
            "start": [p.start for p in found.parts],
            "atoms": [" ".join(str(a + 1) for a in p.atoms) for p in found.parts],
            "value": values[:, chosen].sum(axis=1),
            "error": np.sqrt(np.square(errors[:, chosen]).sum(axis=1)),
        }
    ).astype({"start": "Int64"})
    order = frame["value"].abs().sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def atom_values(found: Attribution, answer: int | None = None) -> dict[int, float]:
    """What each atom adds: a part's value is shared equally by the atoms it names."""
    values = np.array(found.values)
    chosen = values.sum(axis=1) if answer is None else values[:, answer]
    atoms: dict[int, float] = {}
    for part, value in zip(found.parts, chosen, strict=True):
        for atom in part.atoms:
            atoms[atom] = atoms.get(atom, 0.0) + float(value) / len(part.atoms)
    return atoms


def _request(settings: Settings, run_id: str, cid: str, wish: Wish) -> explaining.Request:
    spec = RunStore(settings.store).header(run_id).spec
    protocol = TASKS[spec.task].protocol
    versions.require_current(settings.store, spec)
    if wish.side == "target" and protocol != "retrieve":
        raise SettingError("Only retrieval has a second text", value=spec.task, allowed="source")
    molecules = DatasetStore(settings.store).molecules(spec.dataset, split=spec.split)
    row = molecules[molecules["cid"] == cid]
    if row.empty:
        raise NotFoundError(
            f"The {spec.split} split of {spec.dataset} has no molecule with this CID", value=cid
        )
    text = modality_texts(row, spec.sources).iloc[0]
    if text is None:
        raise SettingError(f"The molecule has no {' and '.join(spec.sources)}", value=cid)
    if protocol == "predict":
        answer = target_property(spec)
    elif protocol == "retrieve" or wish.which == "reference":
        answer = _reference(row, spec, cid)
    else:
        answer = _output(settings, run_id, cid)
    modality = spec.target if wish.side == "target" else wish.modality or spec.sources[0]
    taken = answer if wish.side == "target" else _line(text, spec.sources, modality)
    tokens = None
    if modality in _TEXTS:
        name = wish.cut or ("bpe" if modality == "IUPAC" else "words")
        corpus = tuple(molecules[modality].dropna().astype(str))
        tokens = tuple(TOKENIZERS[name].load(settings, corpus).tokenize(taken))
    return explaining.Request(text, answer, modality, wish.side, tokens)


def _key(cid: str, wish: Wish) -> dict[str, object]:
    """Names the request: a run's id fixes its data set's content, and thus text and answer."""
    return {"cid": cid, "wish": wish}


def _line(text: str, sources: tuple[str, ...], modality: str) -> str:
    if modality not in sources:
        raise SettingError("The run has no such input", value=modality, allowed=", ".join(sources))
    return text if len(sources) == 1 else text.split("\n")[sources.index(modality)]


def _reference(row: pd.DataFrame, spec: RunSpec, cid: str) -> str:
    reference = modality_texts(row, (spec.target,)).iloc[0]
    if reference is None:
        raise SettingError(f"The molecule has no {spec.target} in the data set", value=cid)
    return str(reference)


def _output(settings: Settings, run_id: str, cid: str) -> str:
    answered = RunStore(settings.store).predictions(run_id)
    output = answered.loc[answered["cid"] == cid, "output"]
    if output.empty or not isinstance(output.iloc[0], str):
        raise SettingError(
            "The run gave no answer for this molecule", value=cid, do="Explain the reference"
        )
    return str(output.iloc[0])


def _attribution(
    run_id: str,
    cid: str,
    request: explaining.Request,
    made: explaining.Explained,
    wish: Wish,
) -> Attribution:
    found = made.found
    method: Literal["additive", "shapley-exact", "shapley-permutations"] = (
        "additive" if made.additive else "shapley-exact" if found.exact else "shapley-permutations"
    )
    return Attribution(
        run_id=run_id,
        cid=cid,
        modality=request.modality,
        side=request.side,
        text=made.text,
        answer=request.answer,
        unit=made.unit,
        method=method,
        masking=made.masking,
        parts=made.parts,
        answers=made.answers,
        values=tuple(tuple(float(v) for v in row) for row in found.values),
        errors=tuple(tuple(float(v) for v in row) for row in found.errors),
        base=tuple(float(v) for v in found.base),
        full=tuple(float(v) for v in found.full),
        residual=found.residual,
        evaluations=found.evaluations,
        draws=0 if found.exact else wish.draws,
        seed=wish.seed,
    )
