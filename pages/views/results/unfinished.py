"""Runs that wait, are at work or have stopped, above the complete ones."""

from __future__ import annotations

import streamlit as st

from chebimm_core.services import launching
from pages.ui import cached, navigation, panels, pickers, run_progress

_SHOWN = 6


def show() -> None:
    """Looks every two seconds; the page is drawn anew when a run has ended."""
    before = _states()
    st.fragment(_live, run_every=2.0)(before)


def _states() -> dict[str, str]:
    return {h.run_id: h.status.state.value for h in launching.unfinished(cached.settings())}


def _live(before: dict[str, str]) -> None:
    with panels.guard():
        headers = launching.unfinished(cached.settings())
        if {h.run_id for h in headers} != set(before):
            st.rerun()  # one ended, came or went: the table below changes
        if not headers:
            return
        headers.sort(key=lambda h: (h.status.state not in run_progress.AT_WORK, h.run_id))
        with st.container(border=True):
            n = len(headers)
            st.markdown(f"**{n} run{'s are' if n > 1 else ' is'} not finished**")
            for header in headers[:_SHOWN]:
                with st.container(horizontal=True, vertical_alignment="center"):
                    run_progress.badge(header.status.state)
                    navigation.link(
                        "launch",
                        panels.plain(pickers.run_label(header)),
                        icon=":material/monitoring:",
                        run=header.run_id,
                    )
                    told = launching.progress(cached.settings(), header.run_id)
                    if header.status.state in run_progress.STOPPED:
                        st.caption(run_progress.kept(header, told))
                    elif told is not None and header.status.state == "running":
                        st.caption(f"{told.phase} {told.share:.0%}")
            label = "All of them" if n > _SHOWN else "Watch, cancel or resume them"
            navigation.link("launch", label, icon=":material/east:", view="work")
