"""The paper's 1,263 experiments: what is done, loaded, missing, and launching the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from chebimm_core.figures import grid_charts
from chebimm_core.services import grid
from pages.ui import cached, charts_events, figure_panel, navigation, panels, pickers, theme

_MOST = 200
"""Runs queued by one press: more are started from a terminal."""


def show() -> None:
    header = pickers.pick_dataset()
    if header is None:
        return
    coverage = cached.read(grid.coverage, dataset=header.name)
    titles = {b.name: b.title for b in grid.blocks()}
    _summary(coverage, titles)
    block = pickers.choice("block", "Block", tuple(titles), shown=titles.__getitem__)
    _map(coverage, block, titles[block])
    _launch(coverage, block, header.name)


def _summary(coverage: pd.DataFrame, titles: dict[str, str]) -> None:
    states = coverage["state"].value_counts()
    said = ", ".join(f"{states.get(s, 0):,} {grid_charts.WORDS[s]}" for s in grid_charts.SIGNS)
    figure_panel.show(
        grid_charts.coverage_bar(coverage, titles, dark=theme.is_dark()),
        key="grid-bar",
        reading=f"Of {len(coverage):,} experiments with {coverage['model'].nunique()} models: "
        f"{said}.",
        table=coverage.groupby("block", sort=False)["state"].value_counts().unstack(fill_value=0)
        .reset_index(),
        alt="Share of experiments done, loaded, running and missing in each block",
        file_name="grid-coverage",
        note=grid.NOTE,
    )  # fmt: skip


def _map(coverage: pd.DataFrame, block: str, title: str) -> None:
    found = grid_charts.cells(coverage, block)
    models, columns = grid_charts.axes(found)

    def opened(point: tuple[Any, ...]) -> None:
        row, column = int(point[0]), int(point[1])
        pickers.set_query(cell=f"{models[row]}~{columns[column]}")

    figure = charts_events.clickable(
        grid_charts.coverage_map(coverage, block, dark=theme.is_dark()),
        columns,
        models,
        grid_charts.hover(found),
    )
    part = coverage[coverage["block"] == block]
    have = int((part["state"] != "missing").sum())
    figure_panel.show(
        figure,
        key=f"grid-{block}",
        reading=f"{title}: {have:,} of {len(part):,} experiments have a run. Click a cell for its "
        "experiments.",
        table=part.drop(columns=["key", "block", "column"]),
        alt=f"Models of the block {title} against what they do, by state",
        file_name=f"grid-{block}",
        on_select=charts_events.on_click(f"grid-{block}", opened),
        note="● run here, ◆ loaded from a file, ↻ queued or running, · missing; a count where a "
        "cell stands for several experiments.",
    )
    _cell(part)


def _cell(part: pd.DataFrame) -> None:
    model, _, column = st.query_params.get("cell", "").partition("~")
    chosen = part[(part["model"] == model) & (part["column"] == column)]
    if chosen.empty:
        return
    st.subheader(panels.plain(f"{model}: {column}"))
    for row in chosen.to_dict("records"):
        with st.container(horizontal=True, vertical_alignment="center"):
            words = grid_charts.WORDS[row["state"]]
            pooling = f", {row['pooling']} pooling" if row["pooling"] else ""
            panels.text(f"{row['transition']} on {row['dataset']}{pooling}: {words}")
            if row["run_id"]:
                page = "launch" if row["state"] == "running" else "results"
                navigation.link(page, "Open the run", run=row["run_id"])
            else:
                navigation.link(
                    "launch",
                    "Launch it",
                    view="new",
                    task=row["task"],
                    transition=row["transition"],
                    models=row["model"],
                    dataset=row["dataset"],
                )


def _launch(coverage: pd.DataFrame, block: str, dataset: str) -> None:
    st.subheader("Launch what is missing")
    part = coverage[(coverage["block"] == block) & (coverage["state"] == "missing")]
    models = list(dict.fromkeys(part["model"]))
    if not models:
        st.caption("Nothing of this block is missing.")
        return
    chosen = st.multiselect("Models", models, key=f"grid-models-{block}",
                            placeholder="Choose models of the block")  # fmt: skip
    limit = st.number_input(
        "Only the first molecules (0: all)", min_value=0, step=50, key=f"grid-limit-{block}"
    )
    if not chosen:
        st.caption("Choose one or more models to see what would run, and how long it takes.")
        return
    wanted = grid.filtered({"block": block, "model": "|".join(chosen)})
    found = cached.read(
        grid.plan, wanted, dataset=dataset, limit=int(limit) or None,
        spinner="Looking at what can run",
    )  # fmt: skip
    for why, count in found.obstacles.items():
        st.warning(panels.plain(f"{count} cannot run: {why}"), icon=":material/block:")
    about = (
        "for a time nobody has measured yet"
        if found.seconds is None
        else f"for about {max(1, round(found.seconds / 60)):,} minutes of one worker"
    )
    runs = found.specs[:_MOST]
    more = len(found.specs) - len(runs)
    st.markdown(f"**{len(runs):,} runs** would be queued, {about}.")
    if more:
        st.caption(
            f"{more:,} more are left for a second press, or for a terminal: "
            f"`python -m chebimm_core grid --filter block={block} --launch`"
        )

    def start() -> None:
        with panels.guard():
            grid.launch(
                cached.settings(), grid.Plan(runs, {}, found.seconds), now=datetime.now(UTC)
            )

    st.button(
        f"Queue {len(runs):,} runs", key=f"grid-start-{block}", type="primary",
        disabled=not runs, on_click=start,
    )  # fmt: skip
