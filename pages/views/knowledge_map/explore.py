"""A map to look at: threshold, heatmap, pairs, and what speaks for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.figures import evidence_charts, map_charts
from chebimm_core.services import knowledge
from pages.ui import charts_events, figure_panel, pair_panel, panels, pickers, theme

_SHADES = {"log": "count (log)", "values": "count / max (published)", "local_z": "local z"}


def show(
    built: KnowledgeMap,
    *,
    key: str,
    below: Callable[[KnowledgeMap], None] | None = None,
    evidence: Callable[[KnowledgeMap], None] | None = None,
) -> None:
    """Threshold slider and heatmap, what is to stand right below it, then the ways to read it.

    Args:
        built: The map at its default threshold.
        key: Tells two maps of one page apart.
        below: Draws what stands right below the heatmap.
        evidence: Draws the verdicts; None if the map has no molecules.
    """
    highest = float(built.config.threshold_max)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        threshold = pickers.number(
            f"T_{key}",
            "Threshold T on local z",
            low=0.0,
            high=highest,
            default=round(min(built.threshold, highest), 2),
            step=0.01,
            help="A pair is specific if its local z is above T. The paper takes the T with the "
            "largest Z of the scan below.",
        )
    found = knowledge.at_threshold(built, threshold)
    selected = pair_panel.current(found)
    with right:
        shade = pickers.choice(
            f"shade_{key}", "Color", tuple(_SHADES), shown=lambda name: _SHADES[name]
        )
    chart = charts_events.clickable(
        map_charts.heatmap(found, shade=shade, dark=theme.is_dark(), selected=selected),  # type: ignore[arg-type]
        list(range(len(found.target_tokens))),
        list(range(len(found.source_tokens))),
        map_charts.hover_texts(found),
    )
    chart_key = f"map-{key}"
    figure_panel.show(
        chart,
        key=chart_key,
        reading=_reading(found),
        table=map_charts.table(found),
        alt=f"Heatmap of {len(found.source_tokens)} source against {len(found.target_tokens)} "
        f"target tokens; {len(found.pairs)} specific pairs are outlined and listed in the table.",
        file_name="knowledge-map",
        on_select=charts_events.on_click(chart_key, lambda at: _select(found, at)),
        note=panels.plain(
            found.signature + (f" · n = {found.n_molecules:,}" if found.n_molecules else "")
        ),
    )
    if below is not None:
        with panels.guard():
            below(found)
    names = ["Verdicts"] * (evidence is not None) + ["Threshold scan", "Groups", "Flow"]
    tabs = dict(zip(names, st.tabs(names), strict=True))
    if evidence is not None:
        with tabs["Verdicts"], panels.guard():
            evidence(found)
    with tabs["Threshold scan"]:
        _scan(found, key)
    with tabs["Groups"]:
        _groups(found)
    with tabs["Flow"]:
        _flow(found, key)


def _select(found: KnowledgeMap, at: tuple[object, ...]) -> None:
    row, column = int(str(at[0])), int(str(at[1]))
    pair_panel.select(found.source_tokens[row], found.target_tokens[column])


def _reading(found: KnowledgeMap) -> str:
    if not found.pairs:
        return (
            f"no cell stands more than {found.threshold:.2f} standard deviations above its "
            "neighbors. Lower T to see pairs."
        )
    best = found.pairs[0]
    return (
        f"{len(found.pairs)} of {found.values.size:,} token pairs stand out from their neighbors "
        f"(outlined). Strongest: {panels.plain(best.source)} → {panels.plain(best.target)} with "
        f"local z {best.local_z:.1f}. Darker in light, brighter in dark: more co-occurrence."
    )


def _scan(found: KnowledgeMap, key: str) -> None:
    scan = found.scan
    if np.isfinite(scan.z_max_draws).any():
        low, high = np.nanpercentile(scan.z_max_draws, [2.5, 97.5])
        reading = (
            "pairs left as T rises, and how surprising their number is (Z). The band is what "
            f"redrawing the published random null {len(scan.z_max_draws)} times does to Z: its "
            f"maximum alone ranges from {low:.1f} to {high:.1f}, so do not quote one Z."
        )
    else:
        reading = "pairs left as T rises. No null was asked for, so there is no Z."
    figure_panel.show(
        map_charts.threshold_scan(found, dark=theme.is_dark()),
        key=f"scan-{key}",
        reading=reading,
        table=map_charts.scan_table(found),
        alt="Number of specific pairs and Z over the threshold T, with the band of the null.",
        file_name="threshold-scan",
        note=f"published null (one random normal matrix), seed {found.config.seed}",
    )
    if found.shuffle_scan is not None:
        shuffled = found.shuffle_scan
        most = len(found.scan.pairs) and int(found.scan.pairs.max())
        figure_panel.show(
            evidence_charts.shuffle_scan(found, dark=theme.is_dark()),
            key=f"shuffles-{key}",
            reading="pairs of this map (line) against those of maps whose pairing of inputs and "
            f"outputs is broken (band: 95 % of {found.config.shuffle_draws} shuffles). The excess "
            f"over the whole scan has p = {shuffled.p_max:.3g}, the choice of T included."
            if most
            else "no cell of this map has a defined local z.",
            table=evidence_charts.shuffle_table(found),
            alt="Number of specific pairs over the threshold T, with the band of shuffled maps.",
            file_name="shuffle-scan",
            note=f"shuffle null, {found.config.shuffle_draws} permutations within up to "
            f"{found.config.strata} strata of input length, seed {found.config.seed}",
        )
        st.caption(
            "The published null asks: would noise without any tokens have as many outliers? The "
            "shuffle null asks: would these very tokens, if inputs and outputs had nothing to do "
            "with each other?"
        )


def _groups(found: KnowledgeMap) -> None:
    groups = knowledge.groups(found)
    columns = st.columns(2)
    for column, title, side in (
        (columns[0], "One source token, several targets", groups.by_source),
        (columns[1], "One target token, several sources", groups.by_target),
    ):
        with column:
            st.markdown(f"**{title}**")
            st.dataframe(
                pd.DataFrame(
                    [(g.token, ", ".join(g.partners), g.strongest) for g in side],
                    columns=["token", "goes with", "largest local z"],
                ),
                hide_index=True,
                column_config={"largest local z": st.column_config.NumberColumn(format="%.2f")},
            )


def _flow(found: KnowledgeMap, key: str) -> None:
    if not found.pairs:
        st.caption("No pair at this threshold.")
        return
    shown = min(len(found.pairs), 40)
    figure_panel.show(
        map_charts.flow(found.pairs, dark=theme.is_dark()),
        key=f"flow-{key}",
        reading=f"the {shown} strongest pairs from source tokens (left) to target tokens (right); "
        "the wider, the larger the local z.",
        table=map_charts.table(found),
        alt="Flow diagram of the specific pairs; the pairs are listed in the table.",
        file_name="knowledge-map-flow",
    )
