"""Long work seen from a page: progress, cancel, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from chebimm_core.errors import ChebiMMError
from chebimm_core.services.jobs import JobView
from pages.ui import cached, panels


def watch(key: str) -> JobView | None:
    """Shows the job of that key while it works.

    Args:
        key: Its place on the job board.

    Returns:
        Its state; None if there is none. A job that is over is returned and not drawn: say what
        came of it, then :func:`dismiss` it. A refresh or a second tab sees the same job.
    """
    job = cached.jobs().get(key)
    if job is None:
        return None
    view = job.view()
    if not view.over:
        _live(key)
    return view


def outcome(key: str, view: JobView) -> bool:
    """Says how a job that is over ended, with a button to put it away; True if it succeeded."""
    if view.state == "failed":
        if isinstance(view.error, ChebiMMError):
            panels.problem(view.error)
        elif isinstance(view.error, Exception):
            panels.unexpected(view.error)
    elif view.state == "cancelled":
        st.info(panels.plain(f"{view.title}: {view.message}"), icon=":material/block:")
    st.button("Dismiss", key=f"dismiss-{key}", on_click=dismiss, args=(key,))
    return view.state == "done"


def offer(
    key: str,
    button: str,
    title: str,
    function: Callable[..., Any],
    *args: Any,
    label: str,
    help: str,
) -> None:
    """A button that starts work whose result is kept; its progress; then the page again.

    Args:
        key: Its place on the job board.
        button: Key of the button.
        title: What is done, for progress and errors.
        function: A service function with a ``progress`` argument.
        args: Its arguments after the settings.
        label: Of the button (trusted text).
        help: Tooltip.
    """
    view = watch(key)
    if view is not None:
        if view.over and outcome(key, view):
            st.rerun()
        return

    def start() -> None:
        cached.jobs().start(key, title, function, cached.settings(), *args)

    st.button(label, key=button, on_click=start, type="primary", icon=":material/labs:", help=help)


def dismiss(key: str) -> None:
    """Forgets a job that is over."""
    cached.jobs().clear(key)


@st.fragment(run_every=1.0)
def _live(key: str) -> None:
    job = cached.jobs().get(key)
    view = job.view() if job is not None else None
    if job is None or view is None or view.over:
        st.rerun()
    st.progress(view.fraction, text=panels.plain(f"{view.title}: {view.message}"))
    if job.cancelling:
        st.caption("Stopping at the next safe point.")
    else:
        st.button("Cancel", key=f"cancel-{key}", on_click=job.cancel)
