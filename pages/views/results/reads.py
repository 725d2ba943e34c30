"""What a run's model reads on average: parts of the input that move its answers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.figures import attribution_charts
from chebimm_core.services import attribution, attribution_average
from pages.ui import cached, definitions_panel, figure_panel, job_panel, panels, run_rows, theme

_UNITS = {"generate": "log p (nats)", "retrieve": "cosine"}


def show(header: RunHeader) -> None:
    """Average attributions of tokens, atoms or fragments; computed on demand, kept with the run."""
    found = cached.read(attribution.explainable, header.run_id, on=f"run:{header.run_id}")
    if found.why_not is not None or run_rows.is_floor(header):
        return
    st.header("What it reads, on average")
    table = attribution_average.kept_average(cached.settings(), header.run_id)
    if table is None:
        job_panel.offer(
            f"average-{header.run_id}", "average-start", "Taking 40 answers apart",
            attribution_average.over_molecules, header.run_id, label="Take 40 answers apart",
            help="Shapley values of the inputs of 40 molecules drawn at random; kept with the run.",
        )  # fmt: skip
        return
    if table.empty:
        st.caption("No part of the inputs stands in three molecules.")
        return
    unit = _UNITS.get(found.protocol, str(header.spec.model_args.get("property", "xlogp")))
    n, failed = int(table["of"].iloc[0]), int(table["failed"].iloc[0])
    figure_panel.show(
        attribution_charts.averages(table, unit=unit, dark=theme.is_dark()),
        key="average-attribution",
        reading=_reading(table, unit),
        table=table,
        alt="Mean contribution of the strongest parts with intervals; the table lists all.",
        file_name=f"reads-{header.run_id}",
        note=f"n = {n} molecules drawn with seed 0"
        + (f", {failed} of them could not be explained" if failed else "")
        + " · Shapley values, 2 permutations a molecule · 95 % intervals by bootstrap over "
        "molecules · an answer of several tokens counts as a whole",
    )
    definitions_panel.explain(("attribution",))


def _reading(table: pd.DataFrame, unit: str) -> str:
    sure = table[(table["low"] > 0) | (table["high"] < 0)]
    if sure.empty:
        return "no part adds or takes away beyond the scatter between molecules."
    best = sure.iloc[0]
    way = "adds" if best["mean"] > 0 else "takes away"
    return (
        f"“{panels.plain(str(best['part']))}” {way} {abs(best['mean']):.3g} {unit} on average "
        f"(95 % interval {best['low']:.3g} to {best['high']:.3g}, in {best['molecules']} "
        "molecules)."
    )
