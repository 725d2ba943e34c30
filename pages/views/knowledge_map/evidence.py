"""Verdicts of the pairs, how stable they are, and what the tokenizer does to them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.figures import evidence_charts, map_report
from chebimm_core.services import map_evidence
from chebimm_core.settings import Settings
from pages.ui import (
    cached,
    charts_events,
    definitions_panel,
    figure_panel,
    pair_panel,
    panels,
    pickers,
    theme,
)

_FORMATS = {
    "association": "%.1f", "local_z": "%.2f", "p": "%.3g", "q": "%.3g", "local_p": "%.3g",
    "local_p_max": "%.3g", "count": "%.0f", "expected": "%.1f", "survival": "percent",
    "order_share": "percent", "order_free_z": "%.2f", "association_low": "%.1f",
    "association_high": "%.1f",
}  # fmt: skip


def show(found: KnowledgeMap, *, run_id: str, chosen: dict[str, Any]) -> None:
    """Verdicts at the map's threshold, then resamples and tokenizers on demand."""
    table = map_evidence.verdict_table(found)
    counts = table["verdict"].value_counts()
    for column, (verdict, meaning) in zip(
        st.columns(len(map_evidence.VERDICTS)), map_evidence.VERDICTS.items(), strict=True
    ):
        column.metric(verdict, int(counts.get(verdict, 0)), help=meaning)
    figure_panel.show(
        evidence_charts.verdict_plane(table, found.threshold, dark=theme.is_dark()),
        key="verdicts",
        reading=_reading(table, found),
        table=table,
        alt="Local z over association of every pair with a verdict; the table lists them.",
        file_name="verdicts",
        note=f"n = {found.n_molecules:,} molecules · {found.config.shuffle_draws} shuffles within "
        f"up to {found.config.strata} strata of input length · false discovery rate "
        f"{map_evidence.ALPHA:.0%} (Benjamini-Hochberg over {found.counts.size:,} cells) · seed "
        f"{found.config.seed}",
    )
    _table(table)
    _exports(found, table, run_id)
    definitions_panel.explain(("association", "p", "q", "local z", "local p", "verdict"))
    if pickers.switch(
        "stable", "Resample molecules and orders", "on",
        help="100 bootstrap resamples of molecules and 100 random orders of rows and columns.",
    ):  # fmt: skip
        _stability(found, run_id, chosen)
    if pickers.switch(
        "cuts", "Try every tokenizer", "on",
        help="Builds the same map by every tokenizer and counts verdicts.",
    ):  # fmt: skip
        _tokenizers(run_id, chosen)


def _exports(found: KnowledgeMap, table: pd.DataFrame, run_id: str) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "One-page report (HTML)",
            lambda: map_report.page(found, table, title=f"Knowledge map of {run_id}"),
            file_name="knowledge-map-report.html", mime="text/html", key="map-report",
            on_click="ignore", icon=":material/description:",
            help="Figure, settings, signature and citation; print it to PDF.",
        )  # fmt: skip
        st.download_button(
            "LaTeX table", lambda: map_report.latex(table, signature=found.signature),
            file_name="knowledge-map.tex", key="map-latex", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "JSON", lambda: table.to_json(orient="records", indent=1),
            file_name="knowledge-map.json", mime="application/json", key="map-json",
            on_click="ignore",
        )  # fmt: skip


def _reading(table: pd.DataFrame, found: KnowledgeMap) -> str:
    supported = table[table["verdict"] == "supported"]
    local = int((table["verdict"] == "local only").sum())
    away = table[(table["verdict"] == "avoided") & (table["local_z"] > found.threshold)]
    tested = found.association
    if tested is not None and tested.q.min() > map_evidence.ALPHA:
        hits = int((tested.p <= 1.5 / (tested.draws + 1)).sum())
        first = (
            f"no association is sure among {tested.q.size:,} cells: {tested.draws:,} shuffles give "
            f"no p below {1 / (tested.draws + 1):.2g}, and {hits} cells reach it. Fewer tokens "
            "leave fewer chances to be wrong."
        )
    elif supported.empty:
        first = "no pair is both locally specific and associated."
    else:
        best = supported.iloc[0]
        first = (
            f"{len(supported)} pairs are locally specific and go together more than chance, "
            f"{panels.plain(best['source'])} → {panels.plain(best['target'])} most "
            f"({best['association']:.1f} standard deviations)."
        )
    return (
        f"{first} {local + len(away)} of the {len(found.pairs)} the local filter selects are not "
        f"borne out by the association, {len(away)} of them are even avoided."
    )


def _table(table: pd.DataFrame) -> None:
    key = "verdict-table"

    def pick() -> None:
        at = charts_events.row(st.session_state.get(key))
        if at is not None and at < len(table):
            pair_panel.select(table["source"].iloc[at], table["target"].iloc[at])

    st.dataframe(
        table, key=key, hide_index=True, height=min(38 + 35 * len(table), 360), on_select=pick,
        selection_mode="single-row", column_config=columns(table),
    )  # fmt: skip


def columns(table: pd.DataFrame) -> dict[str, Any]:
    """Formats of the statistics a table holds."""
    return {
        name: st.column_config.NumberColumn(name.replace("_", " "), format=_FORMATS[name])
        for name in table.columns
        if name in _FORMATS
    }


def _stability(found: KnowledgeMap, run_id: str, chosen: dict[str, Any]) -> None:
    table = cached.read(
        _stable, run_id, threshold=found.threshold, spinner="Drawing molecules and orders again",
        **chosen,
    )  # fmt: skip
    if table.empty:
        st.caption("No pair at this threshold.")
        return
    sure = int((table["survival"] >= 0.95).sum())
    panels.reading(
        f"{sure} of {len(table)} specific pairs stay specific in at least 95 % of 100 resamples of "
        "the molecules. A low order share means that the pair owes its place to who its neighbors "
        "are."
    )
    st.dataframe(table, hide_index=True, column_config=columns(table))
    figure_panel.downloads(table, key="stability", file_name="stability")
    definitions_panel.explain(("survival", "order share", "order-free z", "association interval"))


def _stable(settings: Settings, run_id: str, **chosen: Any) -> pd.DataFrame:
    return map_evidence.stability_table(settings, run_id, cache=cached.tokenized(), **chosen)


def _tokenizers(run_id: str, chosen: dict[str, Any]) -> None:
    # Token lists belong to the tokenizer they were taken from.
    kept = {k: chosen[k] for k in ("source", "size", "boilerplate")}
    table = cached.read(
        _by_tokenizer, run_id, spinner="Building the map by every tokenizer", **kept
    )
    panels.reading("the same texts, cut in other ways: the number of pairs of each verdict.")
    st.dataframe(table, hide_index=True)


def _by_tokenizer(settings: Settings, run_id: str, **chosen: Any) -> pd.DataFrame:
    return map_evidence.by_tokenizer(settings, run_id, cache=cached.tokenized(), **chosen)
