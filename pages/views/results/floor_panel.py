"""Floors where there are none yet: one click computes them."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.services import floors
from pages.ui import cached, job_panel, run_rows


def offer(header: RunHeader) -> None:
    """Offers to compute floors where none stands beside this run; shows the work while it runs."""
    spec = header.spec
    key = f"floors-{spec.dataset}-{spec.task}-{spec.transition}-{spec.split}"
    view = job_panel.watch(key)
    if view is not None:
        if view.over and job_panel.outcome(key, view):
            st.success("The floors are here.")
        return
    if run_rows.is_floor(header) or run_rows.floors(header):
        return

    def start() -> None:
        cached.jobs().start(
            key,
            f"Computing floors for {run_rows.arrow(spec.transition)}",
            floors.compute,
            cached.settings(),
            spec.dataset,
            spec.task,
            spec.transition,
            split=spec.split,
            now=datetime.now(UTC),
        )

    with st.container(border=True):
        st.markdown(
            "**No floor stands beside these scores.** A floor is what a model reaches that never "
            "looks at its input: one constant answer, or a random one of the training split."
        )
        st.button(
            "Compute the floors",
            key=f"start-{key}",
            on_click=start,
            help="Takes from half a minute to some minutes, depending on the metrics.",
        )
