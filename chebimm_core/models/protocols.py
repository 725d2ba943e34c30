"""What an adapter does: learn from pairs of texts, then answer inputs one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from chebimm_core.domain.specs import Transition

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Generated:
    """The answer to one input: an output, or the reason why there is none."""

    output: str | None
    error: str | None = None


class Generator(Protocol):
    """A model that turns one modality, written as text, into another.

    A molecular graph is written as the SMILES it is read from; a property value as a decimal
    number.
    """

    def fit(self, train: pd.DataFrame, transition: Transition, seed: int) -> Self:
        """Learns from the training split.

        Args:
            train: (n, 3) frame with the text columns ``cid``, ``input`` and ``target``; no missing
                values.
            transition: From which modality to which.
            seed: Of every random choice the model makes, here and in :meth:`generate`.

        Raises:
            SettingError: If there is nothing to learn from.
            MissingDependencyError: If a needed package or resource is absent.
        """
        ...

    def generate(self, inputs: Sequence[str]) -> list[Generated]:
        """Answers every input, in order. An input the model cannot handle is a row, not a raise.

        The answer to an input does not depend on the other inputs of the batch.
        """
        ...
