"""A model that does what it is told: to drive the whole program without weights and without luck.

It copies its input, as slowly as asked, and fails, hangs or dies where asked. It is no opponent of
any model: pickers, grids and rankings leave out what ``ModelCard.scripted`` marks.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from chebimm_core.domain.run import TrainingPoint
from chebimm_core.domain.specs import Ability, ModelCard, Parameter, Transition
from chebimm_core.models.protocols import FitContext, Generated

if TYPE_CHECKING:
    import pandas as pd

_LOADER = "chebimm_core.models.scripted:Scripted"
_STRUCTURES = ("graph", "SMILES", "InChI", "SELFIES")

_PARAMETERS = (
    Parameter("delay_ms", "Delay", 0.0, "Milliseconds for each answer.", low=0.0, high=60_000.0),
    Parameter("fit_ms", "Learning", 0.0, "Milliseconds of learning.", low=0.0, high=600_000.0),
    Parameter("fail_every", "Failures", 0, "Every n-th answer of a batch fails; 0: none.", low=0,
              high=1_000_000),
    Parameter("end", "End", "none", "hang: the first answer never comes, and the process listens "
              "to nobody; kill: the process is killed at the first answer; raise: an error.",
              choices=("none", "hang", "kill", "raise")),
    Parameter("say", "Message", "", "Written to standard output when it learns."),
)  # fmt: skip

CARDS = (
    ModelCard(
        name="scripted",
        title="Scripted (for tests)",
        family="scripted",
        abilities=(
            Ability(
                "generate",
                tuple(
                    Transition((source,), target)
                    for target in ("caption", "IUPAC")
                    for source in (*_STRUCTURES, "image")
                ),
                _LOADER,
                _PARAMETERS,
            ),
            Ability(
                "predict",
                tuple(Transition((source,), "property") for source in _STRUCTURES),
                _LOADER,
                _PARAMETERS,
            ),
        ),
        description="Copies its input (for a property: its length) as slowly as asked, and fails "
        "where asked.",
        trained_on="nothing",
        license="Apache-2.0",
        reference="Scripted, no model",
        scripted=True,
    ),
)


class Scripted:
    """Arguments are the parameters of the card."""

    def __init__(
        self, *, delay_ms: float, fit_ms: float, fail_every: int, end: str, say: str
    ) -> None:
        self._delay_s, self._fit_s = delay_ms / 1000, fit_ms / 1000
        self._fail_every, self._end, self._say = fail_every, end, say
        self._number = False

    def fit(self, train: pd.DataFrame, transition: Transition, context: FitContext) -> Self:
        """Waits, and tells about it like a model that learns."""
        self._number = transition.target == "property"
        if self._say:
            os.write(1, f"{self._say}\n".encode())
        began = time.monotonic()
        step = 0
        while (spent := time.monotonic() - began) < self._fit_s:
            step += 1
            point = TrainingPoint(step=step, epoch=step / 10, seconds=spent, loss=1 / step)
            context.record(point)
            context.progress(spent / self._fit_s, f"Step {step}")
            time.sleep(min(0.1, self._fit_s))
        return self

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Copies, after the delay."""
        if self._end == "raise":
            raise ValueError("raised as asked")
        if self._end == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._end == "hang":
            _hang()
        time.sleep(self._delay_s * len(inputs))
        return [self._answer(k, text) for k, text in enumerate(inputs, start=1)]

    def _answer(self, place: int, text: str) -> Generated:
        if self._fail_every and place % self._fail_every == 0:
            return Generated(None, "failed as asked")
        return Generated(str(len(text)) if self._number else text)


def _hang() -> None:
    """Ten minutes in C code that keeps the interpreter's lock: no thread of Python runs."""
    import ctypes

    for _ in range(600):
        ctypes.PyDLL(None).usleep(1_000_000)
