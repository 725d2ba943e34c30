"""Which mapped pairs the model uses: source tokens are taken away, and its answer asked again."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.domain.intervention import Intervention
from chebimm_core.figures import attribution_charts
from chebimm_core.services import intervention as service
from chebimm_core.services import map_evidence
from pages.ui import (
    cached,
    charts_events,
    definitions_panel,
    figure_panel,
    job_panel,
    navigation,
    pair_panel,
    panels,
    pickers,
    theme,
)

_COUNTS = ("10", "20", "40")
_FORMATS = {
    "association": "%.1f", "local_z": "%.2f", "effect": "%.2f", "low": "%.2f", "high": "%.2f",
    "control": "%.2f", "difference": "%.2f", "difference_low": "%.2f", "difference_high": "%.2f",
    "p": "%.3g", "q": "%.3g",
}  # fmt: skip


def show(found: KnowledgeMap, *, run_id: str, source: str, tokenizer: str) -> None:
    """Offers the test of the map's strongest pairs; shows its result beside the association."""
    st.subheader("Which pairs the model uses")
    reason = cached.read(service.why_not, run_id, source, on=f"run:{run_id}")
    if reason:
        st.caption(panels.plain(f"Going together is not being used. Not testable here: {reason}"))
        navigation.link("launch", "Launch a model that learns", task="captioning")
        return
    verdicts = map_evidence.verdict_table(found)
    left, middle, right = st.columns(3)
    with left:
        kinds = ("supported", "associated only", "local only", "avoided")
        there = [k for k in kinds if (verdicts["verdict"] == k).any()]
        if not there:
            st.caption("No pair of this map has a verdict to test.")
            return
        kind = pickers.choice("test_of", "Pairs", (*there, "all"), help="By their verdict.")
    with middle:
        count = pickers.choice("test_n", "How many, strongest first", _COUNTS, default="20")
    with right:
        masking = pickers.choice(
            "masking", "The source token is", tuple(service.MASKINGS),
            shown={"delete": "deleted", "replace": "replaced"}.get,  # type: ignore[arg-type]
            kind="segments",
        )  # fmt: skip
    chosen = verdicts if kind == "all" else verdicts[verdicts["verdict"] == kind]
    chosen = chosen.head(int(count))
    design = service.Design(
        source=source,
        pairs=tuple(zip(chosen["source"], chosen["target"], strict=True)),
        tokenizer=tokenizer,
        masking="replace" if masking == "replace" else "delete",
    )
    result = service.kept(cached.settings(), run_id, design)
    if result is None:
        job_panel.offer(
            f"intervene-{run_id}-{design!r}", "intervene-start",
            f"Testing {len(design.pairs)} pairs", service.intervene, run_id, design,
            label=f"Test {len(design.pairs)} pairs",
            help="Loads the model of the run and asks it four times for each pair and molecule; "
            "kept with the run.",
        )  # fmt: skip
    else:
        _result(result, verdicts)


def _result(found: Intervention, verdicts: pd.DataFrame) -> None:
    table = service.table(found).merge(
        verdicts[["source", "target", "verdict", "association", "local_z"]],
        on=["source", "target"], how="left",
    )  # fmt: skip
    if not table.empty:
        figure_panel.show(
            attribution_charts.effects(table, dark=theme.is_dark()),
            key="effects",
            reading=_reading(table),
            table=table,
            alt="Fall of the target token's log-probability for every pair, beside its control.",
            file_name="interventions",
            note=panels.plain(found.signature),
        )
        _table(table)
    for source, target, why in found.skipped:
        st.caption(panels.plain(f"Not tested: {source} → {target}: {why}."))
    definitions_panel.explain(("effect", "control", "used"))


def _table(table: pd.DataFrame) -> None:
    key = "use-table"

    def pick() -> None:
        at = charts_events.row(st.session_state.get(key))
        if at is not None and at < len(table):
            pair_panel.select(table["source"].iloc[at], table["target"].iloc[at])

    first = ["source", "target", "use", "effect", "control", "difference", "q", "n", "verdict",
             "association"]  # fmt: skip
    st.dataframe(
        table[[*first, *(c for c in table.columns if c not in first)]], key=key, hide_index=True,
        height=min(38 + 35 * len(table), 360), on_select=pick, selection_mode="single-row",
        column_config={
            name: st.column_config.NumberColumn(name.replace("_", " "), format=form)
            for name, form in _FORMATS.items()
        },
    )  # fmt: skip


def _reading(table: pd.DataFrame) -> str:
    used = table[table["use"] == "used"]
    if used.empty:
        return (
            f"of none of the {len(table)} pairs does the model's answer hang on the source token "
            "more than on other text of the input."
        )
    best = used.iloc[0]
    return (
        f"the model uses {len(used)} of {len(table)} pairs; without "
        f"“{panels.plain(best['source'])}” its “{panels.plain(best['target'])}” loses "
        f"{best['effect']:.1f} nats (95 % interval {best['low']:.1f} to {best['high']:.1f}, "
        f"control {best['control']:.1f}, n = {best['n']})."
    )
