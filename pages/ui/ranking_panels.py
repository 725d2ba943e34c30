"""The panels of the paper's Figure 5 beside the matrix: encoders, shares, pooling, retrieval."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from chebimm_core.domain.findings import MatrixSource
from chebimm_core.figures import ranking_charts
from chebimm_core.services import ranking
from pages.ui import cached, figure_panel, panels, theme

_CITATION = "Liu et al. 2025, doi:10.1038/s42256-024-00977-6, Figure 5"


def show(source: MatrixSource, dataset: str | None, split: str | None) -> None:
    """Draws the four panels for published facts or for the runs of a data set and split."""
    st.subheader("Which encoders, decoders and pairs of modalities do best")
    where: dict[str, Any] = {} if source == "published" else {"dataset": dataset, "split": split}
    part = _part(source, where)
    encoders, shares, pooling, retrieval = st.tabs(
        [f"{part.capitalize()}s in the top 5", "Encoder and decoder", "Pooling", "Retrieval R@1"]
    )
    with encoders, panels.guard():
        _encoders(source, where, part)
    with shares, panels.guard():
        _shares(source, where)
    with pooling, panels.guard():
        _pooling(source, where)
    with retrieval, panels.guard():
        _retrieval(source, where)


def _part(source: MatrixSource, where: dict[str, Any]) -> str:
    """``encoder`` where parts are named; whole systems that name none are ``model``s."""
    if source == "published":
        return "encoder"
    runs = cached.read(ranking.ranked_runs, **where)
    return "encoder" if (runs["encoder"] != runs["model"]).any() else "model"


def _encoders(source: MatrixSource, where: dict[str, Any], part: str) -> None:
    table = cached.read(ranking.encoder_frequency, source=source, **where)
    if table.empty:
        _nothing("No run that enters the matrix")
        return
    total = int(table["transitions"].max())
    figure_panel.show(
        ranking_charts.bars(
            table,
            label="encoder",
            value="times",
            unit=f"transitions (of {total}) with the {part} among the five best",
            digits=0,
            dark=theme.is_dark(),
        ),
        key="encoders",
        reading=_most_often(table, total),
        table=table.rename(columns={"encoder": part}),
        alt=f"Bars: how often each {part} is among the five best; the same in the table.",
        file_name="encoders-top5",
        note=_origin(source, "b"),
    )


def _most_often(table: pd.DataFrame, total: int) -> str:
    times = int(table["times"].max())
    first = table.loc[table["times"] == times, "encoder"]
    if len(first) == 1:
        who = f"{panels.plain(str(first.iloc[0]))} is"
    elif len(first) == len(table):
        return (
            f"no model stands out: each of the {len(table)} is among the five best in {times} of "
            f"{total} transitions."
        )
    else:
        who = " and ".join(panels.plain(str(name)) for name in first[:3]) + " are"
        who = who.replace(" and ", ", ", max(len(first[:3]) - 2, 0))
    return f"{who} most often among the five best: in {times} of {total} transitions."


def _shares(source: MatrixSource, where: dict[str, Any]) -> None:
    if source == "published":
        _not_published("shares of encoders and decoders")
        return
    table = cached.read(ranking.encoder_decoder_shares, **where)
    if table.empty:
        _nothing("No run that enters the matrix")
        return
    top = table.sort_values("count", ascending=False).iloc[0]
    figure_panel.show(
        ranking_charts.shares(
            table, inner="encoder", outer="decoder", value="count", dark=theme.is_dark()
        ),
        key="shares",
        reading=f"of the places among the five best of all transitions, the largest part "
        f"({top['share']:.0%}) goes to encoder {panels.plain(str(top['encoder']))} with decoder "
        f"{panels.plain(str(top['decoder']))}. A model that names no parts is both.",
        table=table,
        alt="Sunburst of encoder (inner ring) and decoder (outer ring); the same in the table.",
        file_name="encoder-decoder-shares",
        note=_origin(source, ""),
    )


def _pooling(source: MatrixSource, where: dict[str, Any]) -> None:
    if source == "published":
        _not_published("shares of poolings")
        return
    table = cached.read(ranking.pooling_shares, **where)
    if table.empty:
        _nothing("No run that names its pooling")
        return
    top = table.iloc[0]
    figure_panel.show(
        ranking_charts.bars(
            table,
            label="pooling",
            value="share",
            unit="share of the best runs",
            dark=theme.is_dark(),
        ),
        key="pooling",
        reading=f"{panels.plain(str(top['pooling']))} pooling holds {top['share']:.0%} of the "
        "places among the best runs that name a pooling.",
        table=table,
        alt="Bars: share of each pooling; the same in the table.",
        file_name="pooling-shares",
        note=_origin(source, ""),
    )


def _retrieval(source: MatrixSource, where: dict[str, Any]) -> None:
    table = cached.read(ranking.retrieval_bars, source=source, **where)
    if table.empty:
        _nothing("No retrieval run")
        return
    top = table.iloc[0]
    measured = source == "local"
    figure_panel.show(
        ranking_charts.bars(
            table,
            label="pair",
            value="r1",
            unit="R@1",
            low="ci_low" if measured else None,
            high="ci_high" if measured else None,
            dark=theme.is_dark(),
        ),
        key="retrieval",
        reading=f"{top['pair']} is found best: the right partner comes first in {top['r1']:.0%} of "
        "queries. R@1 depends on the size of the pool it is searched in.",
        table=table.dropna(axis=1, how="all"),
        alt="Bars: R@1 of each pair of modalities; the same in the table.",
        file_name="retrieval-r1",
        note=_origin(source, "c"),
    )


def _nothing(what: str) -> None:
    panels.empty(
        f"{what} on this data set and split yet.",
        "Load a prediction file, or fetch public runs, on the Results page.",
    )


def _not_published(what: str) -> None:
    panels.empty(
        f"The {what} are not among the published numbers this project ships.",
        "Choose *Measured here* above to compute them from the runs of this store.",
    )


def _origin(source: MatrixSource, part: str) -> str:
    return (
        f"{_CITATION}{part}." if source == "published" else "Runs of this store, floors left out."
    )
