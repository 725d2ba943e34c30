"""One way to ask models of every protocol: cids and inputs in, outputs as text out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chebimm_core.domain.specs import TaskProtocol, Transition
from chebimm_core.models.protocols import Generated, Generator, Model, Retriever
from chebimm_core.runner.scoring import modality_texts

_TOP = 10
"""Candidates named in a retrieval answer."""


class Answerer(Protocol):
    """A fitted model that can be asked."""

    missing: Generated
    """The answer for a molecule that lacks the input."""

    def __call__(self, cids: Sequence[str], inputs: Sequence[str]) -> list[Generated]:
        """The answer to each input, in order."""
        ...


def answerer(
    model: Model, protocol: TaskProtocol, transition: Transition, pool: pd.DataFrame
) -> Answerer:
    """How a fitted model of that protocol is asked.

    Args:
        model: The model.
        protocol: Of the task.
        transition: What it does.
        pool: Molecules among which a retriever has to find.
    """
    if protocol == "retrieve":
        return _Ranks(cast("Retriever", model), transition, pool)
    return _Texts(cast("Generator", model), transition)


class _Texts:
    """Asks a model that writes text or numbers."""

    def __init__(self, model: Generator, transition: Transition) -> None:
        self.missing = _lacking(transition)
        self._model = model

    def __call__(self, cids: Sequence[str], inputs: Sequence[str]) -> list[Generated]:
        return self._model.generate(inputs)


class _Ranks:
    """Ranks a pool by cosine; the answer is a JSON object ``{"rank", "pool", "top"}``.

    The pool is every molecule of the tested split that has the target modality. The rank of a
    molecule is one more than the number of different texts scored at least as high as its own: ties
    count against the model, so that a constant embedding gains nothing.
    """

    def __init__(self, model: Retriever, transition: Transition, pool: pd.DataFrame) -> None:
        self.missing = _lacking(transition)
        self._model = model
        texts = modality_texts(pool, (transition.target,))
        there = texts.notna().to_numpy()
        self._cids = pool["cid"].astype(str).to_numpy()[there]
        self._texts = texts[there].to_numpy(dtype=str)
        self._vectors = unit_rows(model.embed_targets(self._texts.tolist()))
        self._place = {cid: k for k, cid in enumerate(self._cids)}

    def __call__(self, cids: Sequence[str], inputs: Sequence[str]) -> list[Generated]:
        queries = self._model.embed_sources(inputs)
        similarity = np.nan_to_num(unit_rows(queries) @ self._vectors.T, nan=-2.0)  # (n, pool)
        return [
            self._answer(cid, row, bool(np.isfinite(query).all()))
            for cid, row, query in zip(cids, similarity, queries, strict=True)
        ]

    def _answer(self, cid: str, similarity: NDArray[Any], readable: bool) -> Generated:
        place = self._place.get(cid)
        if place is None:
            return Generated(None, "The molecule is not in the pool")
        if not readable:
            return Generated(None, "The model cannot embed the input")
        different = self._texts != self._texts[place]
        rank = 1 + int(((similarity >= similarity[place]) & different).sum())
        top = np.argsort(-similarity, kind="stable")[:_TOP]
        found = {"rank": rank, "pool": len(self._cids), "top": self._cids[top].tolist()}
        return Generated(json.dumps(found))


def _lacking(transition: Transition) -> Generated:
    return Generated(
        None, f"The molecule has no {' and '.join(transition.sources)} in the data set"
    )


def unit_rows(vectors: NDArray[Any], dtype: Any = np.float32) -> NDArray[Any]:
    """(n, d) rows of length 1; a row of zeros stays one."""
    array = np.asarray(vectors, dtype=dtype)
    length = np.linalg.norm(array, axis=1, keepdims=True)
    return np.asarray(array / np.where(length > 0, length, 1.0), dtype=dtype)
