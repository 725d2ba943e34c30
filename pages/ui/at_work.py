"""What runs now, in a few lines for pages about something else."""

from __future__ import annotations

import streamlit as st

from chebimm_core.services import launching
from pages.ui import cached, navigation, panels, pickers, run_progress

_SHOWN = 3


def show() -> None:
    """Draws runs at work with their progress; nothing if there is none."""
    now = launching.activity(cached.settings())
    if not (now.running or now.queued):
        return
    st.fragment(_live, run_every=1.0)()


def follow() -> None:
    """Draws the page anew when a run at work ends: its result belongs to what the page shows."""
    before = _at_work()
    if before:
        st.fragment(_wait, run_every=2.0)(before)


def _wait(before: frozenset[str]) -> None:
    if not before <= _at_work():
        st.rerun()


def _at_work() -> frozenset[str]:
    with panels.guard():
        return frozenset(
            h.run_id
            for h in launching.unfinished(cached.settings())
            if h.status.state in run_progress.AT_WORK
        )
    return frozenset()


def _live() -> None:
    with panels.guard():
        now = launching.activity(cached.settings())
        if not (now.running or now.queued):
            st.rerun()  # what it found belongs to the numbers of the page
        with st.container(border=True):
            waiting = f", {len(now.queued)} waiting" if now.queued else ""
            st.markdown(f"**{len(now.running)} running{waiting}**")
            for header in now.running[:_SHOWN]:
                navigation.link(
                    "launch",
                    panels.plain(pickers.run_label(header)),
                    icon=":material/monitoring:",
                    run=header.run_id,
                )
                run_progress.bar(launching.progress(cached.settings(), header.run_id))
            run_progress.wake_panel(stuck=now.stuck, key="overview")
            navigation.link("launch", "See the queue", icon=":material/east:", view="work")
