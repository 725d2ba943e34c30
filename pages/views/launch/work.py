"""What waits, what runs, what has stopped, what has just ended. Looks again every second."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.services import benchmark, launching
from pages.ui import cached, navigation, panels, pickers, run_progress, run_rows

_SHOWN_DONE = 6
_SHOWN_STOPPED = 20
_SHOWN_QUEUED = 30


def show() -> None:
    _live()


@st.fragment(run_every=1.0)
def _live() -> None:
    with panels.guard():
        run_progress.said()
        now = launching.activity(cached.settings())
        done = _done()
        run_progress.wake_panel(stuck=now.stuck, key="work")
        if not (now.running or now.queued or now.stopped or done):
            panels.empty(
                "Nothing is at work, and nothing waits.",
                "Choose a task and a model under *New run*.",
            )
        _running(now.running)
        _queued(now.queued)
        _stopped(now.stopped)
        _finished(done)


def _running(headers: Sequence[RunHeader]) -> None:
    if headers:
        st.subheader(f"Running ({len(headers)})")
    for header in headers:
        with st.container(border=True):
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                _name(header)
                run_progress.cancel_button(header.run_id, key="work")
            run_progress.bar(launching.progress(cached.settings(), header.run_id))


def _queued(headers: Sequence[RunHeader]) -> None:
    if not headers:
        return
    st.subheader(f"Waiting ({len(headers)})")
    if len(headers) > 1:
        with st.popover(f"Cancel all {len(headers)} that wait", icon=":material/stop_circle:"):
            st.markdown("They can be resumed later, from the list of what has stopped.")
            st.button(
                "Cancel them",
                key="work-cancel-all",
                type="primary",
                on_click=run_progress.all_of,
                args=(launching.cancel, [h.run_id for h in headers], "Cancelled"),
            )
    for place, header in enumerate(headers[:_SHOWN_QUEUED], start=1):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            navigation.link(
                "launch",
                panels.plain(f"{place}. {pickers.run_label(header)}"),
                icon=":material/schedule:",
                run=header.run_id,
            )
            run_progress.cancel_button(header.run_id, key="work")
    if len(headers) > _SHOWN_QUEUED:
        st.caption(f"and {len(headers) - _SHOWN_QUEUED} more behind them")


def _stopped(headers: Sequence[RunHeader]) -> None:
    if not headers:
        return
    st.subheader(f"Stopped ({len(headers)})")
    if len(headers) > 1:
        ids = [h.run_id for h in headers]
        with st.container(horizontal=True):
            st.button(
                f"Resume all {len(headers)}",
                key="work-resume-all",
                icon=":material/play_arrow:",
                on_click=run_progress.resume_all,
                args=(ids,),
            )
            with st.popover(f"Delete all {len(headers)}", icon=":material/delete:"):
                st.markdown("Delete them with what they have answered? This cannot be undone.")
                st.button(
                    "Delete them for good",
                    key="work-delete-all",
                    type="primary",
                    on_click=run_progress.all_of,
                    args=(launching.delete, ids, "Deleted"),
                )
    for header in headers[:_SHOWN_STOPPED]:
        with st.container(border=True):
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                _name(header)
                with st.container(horizontal=True, width="content"):
                    run_progress.resume_button(header.run_id, key="work")
                    run_progress.delete_button(header.run_id, key="work")
            progress = launching.progress(cached.settings(), header.run_id)
            st.caption(run_progress.kept(header, progress))
            if header.status.message:
                panels.text(header.status.message)
    if len(headers) > _SHOWN_STOPPED:
        st.caption(f"and {len(headers) - _SHOWN_STOPPED} more")


def _finished(headers: Sequence[RunHeader]) -> None:
    if not headers:
        return
    st.subheader("Finished lately")
    for header in headers:
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                run_progress.badge(header.status.state)
                st.markdown(panels.plain(pickers.run_label(header)))
                st.caption(panels.plain(run_rows.headline(header)))
            navigation.link("results", "Open", icon=":material/east:", run=header.run_id)


def _name(header: RunHeader) -> None:
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        run_progress.badge(header.status.state)
        navigation.link(
            "launch",
            panels.plain(pickers.run_label(header)),
            icon=":material/monitoring:",
            run=header.run_id,
        )


def _done() -> list[RunHeader]:
    """Runs launched here that are complete, the last one first."""
    launched = [
        h
        for h in cached.read(benchmark.list_runs)
        if h.spec.origin.kind == "launched" and h.status.finished is not None
    ]
    launched.sort(key=lambda h: h.status.finished or h.status.created, reverse=True)
    return launched[:_SHOWN_DONE]
