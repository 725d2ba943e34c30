"""Which parts of models are found at the top: the panels of Figure 5 for any set of runs.

Liu et al. 2025 (doi:10.1038/s42256-024-00977-6), Figure 5: how often an encoder is among the five
best models of a transition, how the best models split into families, encoders and decoders, and
which pooling wins. All of them count the rows of one table of ranked runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

TOP = 5
"""The paper counts the five best models of each transition."""


def top_of_each_cell(runs: pd.DataFrame, k: int = TOP) -> pd.DataFrame:
    """The k best models of every transition.

    Args:
        runs: Columns ``transition``, ``model``, ``run_id``, ``value`` (higher is better) and any
            others. A model with several runs in a transition enters once, by its best.
        k: How many to keep.

    Returns:
        The kept rows with a column ``rank`` from 1; equal values are ordered by run id.
    """
    ranked = runs.sort_values(
        ["transition", "value", "run_id"], ascending=[True, False, True], kind="stable"
    ).drop_duplicates(["transition", "model"])
    ranked = ranked.assign(rank=ranked.groupby("transition").cumcount() + 1)
    return ranked[ranked["rank"] <= k].reset_index(drop=True)


def frequency(top: pd.DataFrame, part: str) -> pd.DataFrame:
    """How often each value of a column is at the top.

    Args:
        top: From :func:`top_of_each_cell`.
        part: The column counted, such as ``encoder``.

    Returns:
        Columns ``part``, ``times`` and ``transitions`` (how many transitions were ranked), most
        frequent first.
    """
    times = top.groupby(part).size().rename("times").reset_index()
    times.columns = pd.Index([part, "times"])
    times["transitions"] = top["transition"].nunique()
    return times.sort_values(["times", part], ascending=[False, True]).reset_index(drop=True)


def shares(top: pd.DataFrame, parts: Sequence[str]) -> pd.DataFrame:
    """How the top divides over combinations of parts.

    Args:
        top: From :func:`top_of_each_cell`.
        parts: Columns from outer to inner ring, such as family, encoder, decoder.

    Returns:
        Columns ``parts``, ``count`` and ``share`` (of all rows, adding up to 1), largest first.
    """
    counted = top.groupby(list(parts)).size().rename("count").reset_index()
    counted["share"] = counted["count"] / max(1, len(top))
    return counted.sort_values(
        ["count", *parts], ascending=[False, *([True] * len(parts))]
    ).reset_index(drop=True)
