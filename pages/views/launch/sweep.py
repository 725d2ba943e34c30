"""Every model that needs no download, on everything it does: a matrix of one's own data."""

from __future__ import annotations

import streamlit as st

from chebimm_core.services import sweep as service
from chebimm_core.services import task_catalog
from pages.ui import cached, navigation, panels, pickers
from pages.views.launch import batch, parameters


def show() -> None:
    st.markdown(
        "All models that need neither pretrained weights nor an endpoint, floors included, on "
        "every transition they do: enough to fill a transition matrix measured here."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        header = pickers.pick_dataset()
        if header is None:
            return
        split = pickers.pick_split(header)
        learned = pickers.maybe(
            "fitted_on",
            "Learns from",
            [s for s in header.splits if s != split],
            placeholder="train, else another",
        )
        limit = parameters.whole(
            "limit", "Only the first", low=1, high=header.splits[split], placeholder="all molecules"
        )
    known = {t.name for t in task_catalog.tasks()}
    tasks = pickers.several(
        "tasks",
        "Only these tasks",
        [t.name for t in task_catalog.tasks()],
        help="Empty: all six.",
    )
    plan = cached.read(
        service.plan,
        dataset=header.name,
        split=split,
        fitted_on=learned,
        tasks=tuple(t for t in tasks if t in known),
        limit=limit,
        spinner="Checking every model",
    )
    if plan.stored:
        st.caption(f"{plan.stored:,} runs of it are stored or under way already.")
    batch.offer(
        plan.specs,
        plan.skipped,
        plan.seconds,
        key="sweep",
        what=f"all that needs no download, on {panels.plain(header.name)} {panels.plain(split)}",
    )
    navigation.link(
        "transition_matrix",
        "The matrix they fill",
        icon=":material/grid_on:",
        source="local",
        dataset=header.name,
    )
