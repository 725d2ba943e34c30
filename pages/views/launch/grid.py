"""The paper's grid of experiments: what is done, what is missing, and launching a part of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.figures import grid_charts
from chebimm_core.services import grid as service
from chebimm_core.settings import Settings
from pages.ui import (
    cached,
    charts_events,
    figure_panel,
    navigation,
    panels,
    pickers,
    theme,
)
from pages.views.launch import batch

_SHOWN = 24
_MOST = 2**31


def show() -> None:
    header = pickers.pick_dataset()
    if header is None:
        return
    coverage = cached.read(service.coverage, dataset=header.name, spinner="Counting runs")
    _numbers(coverage, header.name)
    titles = {b.name: b.title for b in service.blocks()}
    _bar(coverage, titles)
    block = pickers.choice(
        "block", "Block of the grid", tuple(titles), shown=titles.__getitem__, kind="segments"
    )
    _map(coverage, block, titles[block])
    left, right = st.columns(2, gap="large")
    with left, panels.guard():
        _cell(coverage, block)
    with right, panels.guard():
        _launch(coverage, block, header.name, titles[block])


def _numbers(coverage: pd.DataFrame, dataset: str) -> None:
    st.markdown(
        f"{len(coverage):,} experiments over {coverage['model'].nunique()} models, as in Liu et "
        f"al. 2025. {panels.plain(dataset)} stands for ChEBI-20-MM. A run counts whatever its "
        "seed and settings."
    )
    counts = coverage["state"].value_counts()
    with st.container(horizontal=True):
        for state in service.STATES:
            label = f"{grid_charts.SIGNS[state]} {grid_charts.WORDS[state]}"
            st.metric(label, f"{int(counts.get(state, 0)):,}", border=True, width=165)


def _bar(coverage: pd.DataFrame, titles: dict[str, str]) -> None:
    table = coverage.groupby("block", sort=False)["state"].value_counts().unstack(fill_value=0)
    have = int((coverage["state"] != "missing").sum())
    figure_panel.show(
        grid_charts.coverage_bar(coverage, titles, dark=theme.is_dark()),
        key="grid-blocks",
        reading=f"{have:,} of {len(coverage):,} experiments have a run, "
        f"{have / len(coverage):.1%} of the grid.",
        table=table.reset_index(),
        alt="One bar a block, divided by state; the same in the table.",
        file_name="grid-blocks",
    )


def _map(coverage: pd.DataFrame, block: str, title: str) -> None:
    found = grid_charts.cells(coverage, block)
    models, columns = grid_charts.axes(found)
    have = int((found["total"] - found["missing"]).sum())

    def clicked(at: tuple[object, ...]) -> None:
        pickers.set_query(model=models[int(str(at[0]))], column=columns[int(str(at[1]))])

    figure = grid_charts.coverage_map(coverage, block, dark=theme.is_dark())
    # Slanted names would lie over each other on a narrow screen.
    figure.update_xaxes(tickangle=-90)
    chosen = (st.query_params.get("model"), st.query_params.get("column"))
    if chosen[0] in models and chosen[1] in columns:
        x, y = columns.index(chosen[1]), models[::-1].index(chosen[0])
        figure.add_shape(
            type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5,
            line={"color": theme.colors().mark, "width": 2},
        )  # fmt: skip
    figure_panel.show(
        charts_events.clickable(
            figure,
            columns,
            models,
            grid_charts.hover(found),
        ),
        key=f"grid-map-{block}",
        reading=f"{have:,} of the {int(found['total'].sum()):,} experiments of “{title}” have a "
        "run; marks say how: "
        + ", ".join(f"{grid_charts.SIGNS[s]} {grid_charts.WORDS[s]}" for s in service.STATES)
        + ". Click a cell.",
        table=found,
        alt="Models in rows, what they do in columns; the same in the table, and in the two lists "
        "below.",
        file_name=f"grid-{block}",
        on_select=charts_events.on_click(f"grid-map-{block}", clicked),
    )


def _cell(coverage: pd.DataFrame, block: str) -> None:
    """Experiments of one cell: their run, or the form that would launch them."""
    st.subheader("One cell")
    part = coverage[coverage["block"] == block]
    columns = st.columns(2)
    with columns[0]:
        model = _pick("model", "Model", part["model"])
    with columns[1]:
        column = _pick("column", "What it does", part.loc[part["model"] == model, "column"])
    rows = part[(part["model"] == model) & (part["column"] == column)]
    for row in rows.head(_SHOWN).to_dict("records"):
        what = f"{row['transition'].replace('->', ' → ')} {row['pooling']}".strip()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{grid_charts.SIGNS[row['state']]} {grid_charts.WORDS[row['state']]}")
            if row["run_id"]:
                page = "launch" if row["state"] == "running" else "results"
                navigation.link(
                    page, panels.plain(f"Open {what}"), icon=":material/east:", run=row["run_id"]
                )
            else:
                navigation.link(
                    "launch",
                    panels.plain(f"Launch {what}"),
                    icon=":material/rocket_launch:",
                    **_form(row),
                )


def _pick(key: str, label: str, values: pd.Series) -> str:
    """As ``pickers.choice``; what another block left in the address gives way in silence."""
    options = tuple(dict.fromkeys(values))
    if st.query_params.get(key) not in (None, *options):
        pickers.set_query(**{key: None})
    return pickers.choice(key, label, options)


def _form(row: dict[str, str]) -> dict[str, str]:
    source, target = row["transition"].split("->")
    asked = {
        "view": "new", "task": row["task"], "from": source, "to": target,
        "models": row["model"], "dataset": row["dataset"],
    }  # fmt: skip
    if row["pooling"]:
        asked[f"{row['model']}.pooling"] = row["pooling"]
    if target == "property":
        asked["property"] = "all"
    return asked


def _launch(coverage: pd.DataFrame, block: str, dataset: str, title: str) -> None:
    """Everything of the block that is missing, or only some models of it."""
    st.subheader("Launch what is missing")
    part = coverage[coverage["block"] == block]
    models = pickers.several(
        "only", "Only these models", tuple(dict.fromkeys(part["model"])), help="Empty: all of them."
    )
    known = [m for m in models if m in set(part["model"])]
    limit = st.number_input(
        "Only the first molecules of each split",
        min_value=1,
        max_value=_MOST,
        value=None,
        step=1,
        key="grid-limit",
        placeholder="all molecules",
    )
    wanted = {"block": block} | ({"model": "|".join(known)} if known else {})
    asked = pickers.switch("plan", "See what can start, and what it takes", "yes")
    if not asked:
        return
    plan = cached.read(
        _plan, wanted, dataset=dataset, limit=limit, spinner="Checking every experiment"
    )
    batch.offer(
        plan.specs,
        plan.obstacles,
        plan.seconds,
        key="grid",
        what=f"“{title}” on {panels.plain(dataset)}",
        note="Pretrained weights are fetched from the Hugging Face hub where they are not here.",
    )
    if plan.obstacles and block == "property":
        navigation.link("dataset", "Import MoleculeNet sets", view="bring")


def _plan(
    settings: Settings, wanted: dict[str, str], *, dataset: str, limit: int | None
) -> service.Plan:
    return service.plan(settings, service.filtered(wanted), dataset=dataset, limit=limit)
