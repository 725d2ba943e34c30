"""Whether an evaluated split knows molecules of a split a model may have been trained on."""

from __future__ import annotations

import streamlit as st

from chebimm_core.domain.dataset_profile import LeakageReport
from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.figures import dataset_charts
from chebimm_core.services import dataset
from pages.ui import cached, figure_panel, molecule_table, panels, pickers, theme

_LISTED = 200


def show(header: DatasetHeader, split: str) -> None:
    report = cached.read(
        dataset.leakage,
        header.name,
        on=f"dataset:{header.name}",
        spinner="Comparing all splits (up to a minute the first time, then kept)",
    )
    if report.summary.empty:
        panels.empty(
            "There are no two splits to compare.",
            "Import train, validation and test to check whether they share molecules.",
        )
        return
    st.subheader("What the splits share")
    _summary(header, report)
    _nearest(header, report)
    _molecules(header, report, split)


def _summary(header: DatasetHeader, report: LeakageReport) -> None:
    table = report.summary.copy()
    for column in ("same_structure", "same_connectivity", "above_threshold"):
        table[f"{column} share"] = table[column] / table["n"].clip(lower=1)
    table["same_scaffold share"] = table["same_scaffold"] / table["n_cyclic"].clip(lower=1)
    worst = table.sort_values("same_connectivity share", ascending=False).iloc[0]
    panels.reading(
        f"{worst['same_connectivity']:,} of {worst['n']:,} {panels.plain(worst['split'])} "
        f"molecules ({worst['same_connectivity share']:.1%}) have their connectivity in "
        f"{panels.plain(worst['against'])} too, {worst['same_structure']:,} of them the very "
        "structure: a model may have seen these."
    )
    st.dataframe(
        table,
        hide_index=True,
        key="leakage-summary",
        alt="Molecules shared by pairs of splits",
        column_order=[
            "split",
            "against",
            "n",
            "same_structure",
            "same_connectivity",
            "same_connectivity share",
            "above_threshold",
            "above_threshold share",
            "same_scaffold",
            "same_scaffold share",
            "median_nearest",
        ],
        column_config={
            "same_structure": st.column_config.NumberColumn("same structure"),
            "same_connectivity": st.column_config.NumberColumn("same connectivity"),
            "same_connectivity share": st.column_config.NumberColumn("share", format="percent"),
            "above_threshold": st.column_config.NumberColumn(
                f"neighbor above {report.threshold:g}"
            ),
            "above_threshold share": st.column_config.NumberColumn("share ", format="percent"),
            "same_scaffold": st.column_config.NumberColumn("same scaffold"),
            "same_scaffold share": st.column_config.NumberColumn(
                "share of ringed", format="percent"
            ),
            "median_nearest": st.column_config.NumberColumn("median similarity", format="%.3f"),
        },
    )
    figure_panel.downloads(table, key="leakage-summary", file_name=f"{header.name}-leakage")


def _nearest(header: DatasetHeader, report: LeakageReport) -> None:
    frame = report.nearest.assign(pair=report.nearest["split"] + " in " + report.nearest["against"])
    above = "; ".join(
        f"{r.above_threshold / max(r.n, 1):.1%} of {panels.plain(r.split)} in "
        f"{panels.plain(r.against)}"
        for r in report.summary.itertuples()
    )
    figure_panel.show(
        dataset_charts.nearest(frame, threshold=report.threshold, dark=theme.is_dark()),
        key="nearest",
        reading=f"Molecules with a neighbor more similar than {report.threshold:g}: {above}.",
        table=report.summary,
        alt="Share of molecules by similarity of their nearest neighbor in the other split",
        file_name=f"{header.name}-nearest",
        note="Tanimoto similarity, Morgan radius 2, 2,048 bits, every molecule of the split "
        "against all of the other.",
    )


def _molecules(header: DatasetHeader, report: LeakageReport, split: str) -> None:
    st.subheader("The molecules behind it")
    pairs = [f"{r.split} in {r.against}" for r in report.summary.itertuples()]
    preferred = next((p for p in pairs if p.startswith(f"{split} in ")), pairs[0])
    pair = pickers.choice("pair", "Splits", pairs, default=preferred)
    chosen = report.nearest[
        (report.nearest["split"] + " in " + report.nearest["against"]) == pair
    ].sort_values("similarity", ascending=False, kind="stable")
    table = chosen.drop(columns=["split", "against"]).head(_LISTED).reset_index(drop=True)
    molecule_table.show(
        table,
        key="leak-molecules",
        dataset=header.name,
        alt="Molecules with the most similar neighbor in the other split",
        columns={
            "nearest_cid": st.column_config.TextColumn("nearest"),
            "similarity": st.column_config.NumberColumn(format="%.3f"),
            "same_structure": st.column_config.CheckboxColumn("same structure"),
            "same_connectivity": st.column_config.CheckboxColumn("same connectivity"),
            "same_scaffold": st.column_config.CheckboxColumn("same scaffold"),
        },
    )
    st.caption(f"The {len(table):,} nearest of {len(chosen):,}; the download holds all.")
    figure_panel.downloads(chosen, key="leak-molecules", file_name=f"{header.name}-nearest")
