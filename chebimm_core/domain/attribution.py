"""What an answer hangs on: parts of the input and what each adds. Stored with the run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chebimm_core.domain.run import Stored

Side = Literal["source", "target"]
Method = Literal["shapley-exact", "shapley-permutations", "additive"]


class InputPart(Stored):
    """What is left out together: a token, an atom, or a fragment of a structure."""

    label: str
    start: int | None = None
    """Characters [start, end) of the input; None for a part that is no stretch of the text."""
    end: int | None = None
    atoms: tuple[int, ...] = ()
    """Indices of the atoms it names, in SMILES order; empty where it names none."""


class AnswerPart(Stored):
    """What is explained: a token of an answer, a property, or a similarity."""

    label: str
    start: int | None = None
    """Characters [start, end) of the answer; None for a number."""
    end: int | None = None


class Attribution(Stored):
    """How much each part of an input adds to each part of an answer.

    Of a sampled method the parts of a column add up to ``full - base`` up to rounding, as
    ``residual`` shows; each single value has a standard error.
    """

    run_id: str
    cid: str | None
    """None for a text that is no molecule of the data set."""
    modality: str
    """Of the text whose parts are left out."""
    side: Side
    """Whether that text is the model's input or, in retrieval, the text to be found."""
    text: str
    answer: str
    """What is explained; for a property its name."""
    unit: str
    method: Method
    masking: str
    """How a part is left out, in one clause."""
    parts: tuple[InputPart, ...]
    answers: tuple[AnswerPart, ...]
    values: tuple[tuple[float, ...], ...]
    """(parts, answers) contributions in ``unit``."""
    errors: tuple[tuple[float, ...], ...]
    """(parts, answers) standard errors over permutations; 0 where the method is exact."""
    base: tuple[float, ...]
    """(answers,) with every part left out."""
    full: tuple[float, ...]
    """(answers,) with the whole input."""
    residual: Annotated[float, Field(ge=0)]
    """Largest difference between ``full`` and ``base`` plus all values."""
    evaluations: int
    """How often the model was asked."""
    draws: int
    """Permutations, each walked forth and back; 0 where the method is exact."""
    seed: int
    note: str = ""
    """What a reader must be told."""

    @property
    def signature(self) -> str:
        """Every choice that makes the numbers, in one line."""
        drawn = f"|{self.draws} permutations|seed {self.seed}" if self.draws else ""
        return f"{self.method}|{self.side} {self.modality}|{self.masking}|{self.unit}{drawn}"
