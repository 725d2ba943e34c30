"""Diversity of the chemical space: map, scaffolds, elements, numbers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.dataset_profile import ChemicalSpace
from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.figures import dataset_charts
from chebimm_core.services import dataset
from pages.ui import cached, figure_panel, molecule_table, panels, pickers, theme

_SCAFFOLDS_NAMED = 5
_METHODS = {"svd": "principal components", "tsne": "t-SNE (neighborhoods)"}


def show(header: DatasetHeader, split: str) -> None:
    with panels.guard():
        _map(header, split)
    space = cached.read(
        dataset.chemical_space,
        header.name,
        split,
        on=f"dataset:{header.name}",
        spinner="Describing the molecules (some seconds the first time, then kept)",
    )
    _numbers(space)
    left, right = st.columns(2, gap="large")
    with left, panels.guard():
        _scaffolds(header, split, space)
    with right, panels.guard():
        _elements(header, split, space)
    with panels.guard():
        _spread(header, split, space)


def _map(header: DatasetHeader, split: str) -> None:
    st.subheader("Map of the molecules")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = pickers.choice(
            "method", "Projection", tuple(_METHODS), shown=_METHODS.__getitem__, kind="segments"
        )
        whole = pickers.choice(
            "show",
            "Molecules",
            ("split", "all"),
            shown={"split": f"{split} only", "all": "all splits"}.__getitem__,
            kind="segments",
        )
        colors = (*(("split",) if whole == "all" else ()), "scaffold", *header.properties)
        color = pickers.choice("color", "Color", colors)
    points = cached.read(
        dataset.projection,
        header.name,
        None if whole == "all" else split,
        method=method,
        on=f"dataset:{header.name}",
        spinner="Placing the molecules (t-SNE takes about half a minute the first time)"
        if method == "tsne"
        else "Placing the molecules",
    )
    if points.empty:
        panels.empty("No molecule has a readable structure.", "See the quality report.")
        return
    frame = points
    if color == "scaffold":
        frame = points.assign(scaffold=_named(points["scaffold"]))
    key = "space-map"

    explained = points[["explained_x", "explained_y"]].iloc[0]
    axes = (
        "t-SNE: only neighborhoods mean something, distances do not"
        if method == "tsne"
        else f"principal components, {explained['explained_x']:.1%} and "
        f"{explained['explained_y']:.1%} of the variance"
    )
    figure_panel.show(
        dataset_charts.projection(frame, color=color, caption=axes, dark=theme.is_dark()),
        key=key,
        reading=f"{len(points):,} molecules by Morgan fingerprint; like ones lie together. Click a "
        "point to open the molecule.",
        table=frame.drop(columns=["explained_x", "explained_y"]),
        alt=f"Scatter plot of molecules, colored by {color}",
        file_name=f"{header.name}-{split}-map",
        on_select=molecule_table.on_point(key),
        note=f"Axes: {axes}. Morgan radius 2, 2,048 bits; a seeded sample where there are more.",
    )
    molecule_table.leave(key, dataset=header.name)


def _named(scaffolds: pd.Series) -> pd.Series:
    """The commonest scaffolds by name; the many others together."""
    filled = scaffolds.fillna("").replace("", "no ring")
    common = filled.value_counts().head(_SCAFFOLDS_NAMED).index
    return filled.where(filled.isin(common), "another scaffold")


def _numbers(space: ChemicalSpace) -> None:
    diversity = space.diversity
    cyclic = space.n - space.n_acyclic
    with st.container(horizontal=True):
        with st.container(width=195):
            panels.number(
                "Internal diversity",
                diversity.mean_distance,
                ci=(diversity.ci_low, diversity.ci_high),
                n=diversity.n_sampled,
                signature="mean Tanimoto distance over pairs, Morgan radius 2, 2,048 bits, "
                f"{diversity.n_pairs:,} pairs, seed {diversity.seed}",
            )
        with st.container(width=195):
            panels.number("Scaffolds", space.n_scaffolds, n=cyclic, digits=0)
        with st.container(width=195):
            panels.number("Scaffolds of one molecule", space.n_singletons, n=cyclic, digits=0)
        with st.container(width=195):
            panels.number("Molecules without a ring", space.n_acyclic, n=space.n, digits=0)


def _scaffolds(header: DatasetHeader, split: str, space: ChemicalSpace) -> None:
    st.subheader("Scaffolds")
    if space.scaffolds.empty:
        panels.empty("No molecule has a ring.", "There is no scaffold to count.")
        return
    first = space.scaffolds.iloc[0]
    half = int((space.scaffolds["covered"] < 0.5).sum()) + 1
    figure_panel.show(
        dataset_charts.scaffolds(space.scaffolds, dark=theme.is_dark()),
        key="scaffolds",
        reading=f"{half:,} of {space.n_scaffolds:,} scaffolds cover half of the molecules with a "
        f"ring; the commonest has {first['molecules']:,}.",
        table=space.scaffolds,
        alt="Share of molecules covered by the commonest scaffolds",
        file_name=f"{header.name}-{split}-scaffolds",
        note=f"Bemis-Murcko scaffolds, n = {space.n - space.n_acyclic:,} molecules with a ring.",
    )


def _elements(header: DatasetHeader, split: str, space: ChemicalSpace) -> None:
    st.subheader("Elements")
    shown = space.elements.head(20)
    if shown.empty:
        panels.empty("There is no molecule to count.", "See the quality report.")
        return
    rare = len(space.elements) - len(shown)
    first = shown.iloc[0]
    figure_panel.show(
        dataset_charts.elements(shown, dark=theme.is_dark()),
        key="elements",
        reading=f"{len(space.elements)} elements occur; {panels.plain(str(first['element']))} is "
        f"in {first['share']:.1%} of the molecules"
        + (f". The {rare} rarest are in the table only." if rare > 0 else "."),
        table=space.elements,
        alt="Share of molecules that contain each element",
        file_name=f"{header.name}-{split}-elements",
        note=f"n = {space.n:,} molecules.",
    )


def _spread(header: DatasetHeader, split: str, space: ChemicalSpace) -> None:
    st.subheader("Spread of numbers")
    known = space.properties[space.properties["n"] > 0]
    if known.empty:
        panels.empty("No molecule of this split has a number.", "Choose another split.")
        return
    name = pickers.choice("number", "Number", known["property"].tolist())
    row = known[known["property"] == name].iloc[0]
    unit = f" {row['unit']}" if row["unit"] else ""
    figure_panel.show(
        dataset_charts.spread(
            space.values[name].to_numpy(dtype=float),
            title=name,
            unit=str(row["unit"]),
            dark=theme.is_dark(),
        ),
        key="spread",
        reading=f"Half of the molecules lie between {row['q25']:.3g} and {row['q75']:.3g}{unit}; "
        f"the median is {row['q50']:.3g}{unit}.",
        table=space.properties,
        alt=f"Histogram of {name}",
        file_name=f"{header.name}-{split}-{name}",
        note=f"n = {int(row['n']):,}, {int(row['missing']):,} missing; "
        + ("computed by RDKit" if row["source"] == "RDKit" else "as given by the data set")
        + ". The outermost 0.5 % at each end are left out of the picture, not of the table.",
    )
