"""Many runs at once: what cannot start and why, what can and how long it takes, one question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from chebimm_core.domain.run import RunSpec
from chebimm_core.errors import ChebiMMError
from chebimm_core.services import launching
from pages.ui import cached, panels, run_progress


def offer(
    specs: Sequence[RunSpec],
    obstacles: Mapping[str, int],
    seconds: float | None,
    *,
    key: str,
    what: str,
    note: str = "",
) -> None:
    """Says what would be launched, and launches it once the question is answered.

    Args:
        specs: Runs that can start.
        obstacles: Why others cannot, and how many.
        seconds: Estimated for all of them in one process; None if unknown for some.
        key: Unique on the page.
        what: What they are, e.g. ``“Text to text” on chebi-20-mm`` (trusted text).
        note: A further sentence of the question (trusted text).
    """
    _obstacles(obstacles, key)
    if not specs:
        panels.empty(
            "Nothing of this can start.",
            "Either all of it has a run already, or see above what it lacks.",
        )
        return
    n = len(specs)
    runs = f"{n:,} run{'s' if n > 1 else ''}"
    time = (
        f"In one process that takes about {run_progress.duration(seconds)}."
        if seconds is not None
        else "How long that takes is not known for some of them."
    )
    st.markdown(f"**{runs} can start.** {time}")
    with st.popover(f"Launch {n:,}", icon=":material/rocket_launch:"):
        st.markdown(f"Queue {runs}: {what}? {time} Each can be cancelled. {note}")
        st.button(f"Queue {runs}", key=f"{key}-launch", type="primary", on_click=_start,
                  args=(specs,))  # fmt: skip


def _obstacles(obstacles: Mapping[str, int], key: str) -> None:
    if not obstacles:
        return
    rows = sorted(obstacles.items(), key=lambda item: -item[1])
    with st.expander(f"{sum(obstacles.values()):,} cannot start: see why", icon=":material/block:"):
        st.dataframe(
            pd.DataFrame(rows, columns=["why", "experiments"]),
            key=f"{key}-obstacles",
            hide_index=True,
            alt="Why experiments cannot start, and how many",
            column_config={"why": st.column_config.TextColumn(width="large")},
        )


def _start(specs: Sequence[RunSpec]) -> None:
    try:
        made = launching.launch(cached.settings(), specs, now=datetime.now(UTC))
    except ChebiMMError as error:
        run_progress.failed(error)
        return
    run_progress.say(f"Queued {len(made):,} runs.")
    st.query_params.from_dict({"view": "work"})
