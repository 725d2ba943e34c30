"""Runs that are not complete: their state in words, their progress, what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from chebimm_core.domain.run import RunHeader, RunProgress, RunState
from chebimm_core.errors import ChebiMMError
from chebimm_core.services import launching
from chebimm_core.settings import Settings
from pages.ui import cached, panels

WORDS = {
    RunState.QUEUED: ("waiting in the queue", ":material/schedule:", "blue"),
    RunState.RUNNING: ("at work", ":material/play_circle:", "green"),
    RunState.INTERRUPTED: ("interrupted", ":material/power_off:", "orange"),
    RunState.FAILED: ("failed", ":material/error:", "red"),
    RunState.CANCELLED: ("cancelled", ":material/block:", "gray"),
    RunState.DONE: ("done", ":material/check_circle:", "green"),
}
"""State -> words, icon, color: never told by color alone."""
STOPPED = (RunState.INTERRUPTED, RunState.FAILED, RunState.CANCELLED)
AT_WORK = (RunState.QUEUED, RunState.RUNNING)

_SAID = "launch-said"


def badge(state: RunState) -> None:
    """The state as icon and words."""
    words, icon, color = WORDS[state]
    st.badge(words, icon=icon, color=color)  # type: ignore[arg-type]


def duration(seconds: float | None) -> str:
    """``8 s``, ``3 min``, ``2.5 h``; a word where it is not known."""
    if seconds is None or seconds != seconds:  # noqa: PLR0124 - NaN
        return "unknown"
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def bar(progress: RunProgress | None) -> None:
    """Progress of a run at work: phase, share, answered of total, rate, time left."""
    if progress is None:
        st.progress(0.0, text="starting: its process loads what it needs")
        return
    parts = [f"**{progress.phase}** {progress.share:.0%}"]
    if progress.message and progress.message.lower() != progress.phase:
        parts.append(panels.plain(progress.message))
    if progress.total and progress.phase != "learning":
        parts.append(f"{progress.answered:,} of {progress.total:,} answered")
    if progress.phase == "answering":
        if progress.rate is not None:
            parts.append(f"{progress.rate:,.1f} a second")
        if progress.seconds_left is not None:
            parts.append(f"about {duration(progress.seconds_left)} left")
    st.progress(min(max(progress.share, 0.0), 1.0), text=" · ".join(parts))


def kept(header: RunHeader, progress: RunProgress | None) -> str:
    """What a stopped run has made so far."""
    total = header.status.n_total
    made = header.status.n_predictions + header.status.n_failed
    if progress is not None:
        made = max(made, min(progress.answered, total))
    if not made:
        return f"no answer yet of {total:,}"
    return f"{made:,} of {total:,} answered, kept for when it goes on"


def cancel_button(run_id: str, *, key: str) -> None:
    """Ends a queued or running run within two seconds."""
    st.button(
        "Cancel",
        key=f"{key}-cancel-{run_id}",
        icon=":material/stop_circle:",
        on_click=_try,
        args=(launching.cancel, run_id, "Cancelled; what it answered is kept."),
        help="Ends it within two seconds. Finished answers are kept, and it can be resumed.",
    )


def resume_button(run_id: str, *, key: str) -> None:
    """Queues a stopped run again."""
    st.button(
        "Resume",
        key=f"{key}-resume-{run_id}",
        icon=":material/play_arrow:",
        type="primary",
        on_click=_try,
        args=(_resume, run_id, "Queued again; it goes on where it stopped."),
        help="It goes on where it stopped: no answer is made twice.",
    )


def delete_button(run_id: str, *, key: str) -> None:
    """Removes a stopped run, after a question."""
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown("Delete this run with what it has answered so far? This cannot be undone.")
        st.button(
            "Delete for good",
            key=f"{key}-delete-{run_id}",
            type="primary",
            on_click=_try,
            args=(launching.delete, run_id, "Deleted."),
        )


def wake_panel(*, stuck: bool, key: str) -> None:
    """Where runs wait and nobody works on them: says so, and offers to begin."""
    if not stuck:
        return
    with st.container(border=True):
        st.warning(
            "Runs wait, and no process works on them: it was ended, or the machine was restarted.",
            icon=":material/pause_circle:",
        )
        st.button(
            "Work on the queue",
            key=f"{key}-wake",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_try,
            args=(_wake, "", "A process works on the queue now."),
        )


def say(message: str) -> None:
    """Leaves a sentence for the next drawing of the page."""
    st.session_state[_SAID] = message


def failed(error: ChebiMMError) -> None:
    """Leaves what went wrong for the next drawing of the page."""
    st.session_state[_SAID] = error


def resume_all(run_ids: Sequence[str]) -> None:
    """Queues stopped runs again, as callback of a button."""
    try:
        launching.resume(cached.settings(), run_ids)
    except ChebiMMError as error:
        failed(error)
    else:
        say(f"Queued {len(run_ids)} runs again.")


def all_of(action: Callable[[Settings, str], None], run_ids: Sequence[str], done: str) -> None:
    """Does something to many runs, as callback of a button; one that refuses leaves the others."""
    refused: ChebiMMError | None = None
    for run_id in run_ids:
        try:
            action(cached.settings(), run_id)
        except ChebiMMError as error:  # e.g. it has begun, or ended, a moment ago
            refused = error
    if refused is not None:
        failed(refused)
    else:
        say(f"{done} {len(run_ids)} runs.")


def said() -> None:
    """Shows what the last action did, or why it could not."""
    message = st.session_state.pop(_SAID, None)
    if isinstance(message, ChebiMMError):
        panels.problem(message)
    elif message:
        st.toast(panels.plain(str(message)), icon=":material/info:")


def _try(action: Callable[[Settings, str], None], run_id: str, done: str) -> None:
    try:
        action(cached.settings(), run_id)
    except ChebiMMError as error:
        failed(error)
    else:
        say(done)


def _resume(settings: Settings, run_id: str) -> None:
    launching.resume(settings, [run_id])


def _wake(settings: Settings, _: str) -> None:
    launching.wake(settings)
