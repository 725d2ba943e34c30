"""One run while it is made: progress, training curve, log, what it was asked, what can be done."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.run import RunHeader, RunState
from chebimm_core.services import benchmark, launch_form, launching, task_catalog
from pages.ui import cached, navigation, panels, pickers, run_progress, run_rows, training_panel

_LOG_LINES = 200
_LOG_HEIGHT = 260


def show(run_id: str) -> None:
    """Draws a run in whatever state; what is at work is looked at every second."""
    st.button(
        "Back to what is at work",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=pickers.set_query,
        kwargs={"run": None, "view": "work", "log": None},
    )
    header = benchmark.header(cached.settings(), run_id)
    _head(header)
    run_progress.said()
    # Not in the fragment: while one makes way for a new drawing of the page, clicks can be lost.
    _actions(header)
    state = header.status.state
    live = state in run_progress.AT_WORK
    # Only what is at work is looked at again and again.
    st.fragment(_watch, run_every=1.0 if live else None)(run_id, state.value)
    with panels.guard():
        _asked(header)


def _head(header: RunHeader) -> None:
    spec = header.spec
    st.title(panels.plain(f"{pickers.model_label(header)} · {run_rows.described(header)}"))
    with st.container(horizontal=True):
        st.badge(task_catalog.title(spec.task), color="blue")
        st.badge(panels.plain(f"{spec.dataset} {spec.split}"), color="gray")
        if spec.limit is not None:
            st.badge(f"first {spec.limit:,} molecules", color="gray")


def _actions(header: RunHeader) -> None:
    state, run_id = header.status.state, header.run_id
    with st.container(horizontal=True, vertical_alignment="center"):
        run_progress.badge(state)
        if state in run_progress.AT_WORK:
            run_progress.cancel_button(run_id, key="run")
        elif state in run_progress.STOPPED:
            run_progress.resume_button(run_id, key="run")
            run_progress.delete_button(run_id, key="run")


def _watch(run_id: str, seen: str) -> None:
    with panels.guard():
        header = benchmark.header(cached.settings(), run_id)
        state = header.status.state
        if state.value != seen:
            st.rerun()  # buttons, and how often to look, depend on it
        _state(header)
        points = launching.curve(cached.settings(), run_id)
        training_panel.show(points, key=f"curve-{run_id}", file_name=f"{run_id}-training")
        _log(run_id, state)


def _state(header: RunHeader) -> None:
    state, run_id = header.status.state, header.run_id
    progress = launching.progress(cached.settings(), run_id)
    with st.container(border=True):
        if state is RunState.RUNNING:
            run_progress.bar(progress)
        elif state is RunState.QUEUED:
            _waiting(run_id)
        elif state is RunState.DONE:
            _result(header)
        else:
            st.caption(run_progress.kept(header, progress))
            if header.status.message:
                panels.text(header.status.message)


def _waiting(run_id: str) -> None:
    now = launching.activity(cached.settings())
    ids = [h.run_id for h in now.queued]
    ahead = ids.index(run_id) if run_id in ids else 0
    before = ahead + len(now.running)
    st.caption(
        "It begins next." if not before else f"{before} run{'s' if before > 1 else ''} before it."
    )
    run_progress.wake_panel(stuck=now.stuck, key="run")


def _result(header: RunHeader) -> None:
    st.markdown(f"**{panels.plain(run_rows.headline(header))}**")
    first = run_rows.primary(header)
    if first is not None:
        floor = run_rows.floor_score(header, first)
        st.caption(
            panels.plain(panels.details(ci=(first.ci_low, first.ci_high), n=first.n, floor=floor))
        )
    navigation.link(
        "results", "Scores, molecules and comparison", icon=":material/east:", run=header.run_id
    )


def _log(run_id: str, state: RunState) -> None:
    tail = launching.log_tail(cached.settings(), run_id, _LOG_LINES)
    with st.expander("Log", icon=":material/article:", expanded=state is RunState.FAILED):
        if not tail:
            st.caption("Nothing is written yet.")
            return
        st.caption(f"The last {min(_LOG_LINES, tail.count(chr(10)) + 1)} lines")
        st.code(tail, language=None, wrap_lines=True, height=_LOG_HEIGHT)


def _asked(header: RunHeader) -> None:
    spec = header.spec
    settings = cached.settings()
    with st.expander("What was asked", icon=":material/receipt_long:", expanded=True):
        facts = {
            "run id": header.run_id,
            "task": spec.task,
            "transition": spec.transition,
            "model": spec.model,
            "revision": spec.revision or "not pinned",
            "data set": f"{spec.dataset} ({spec.dataset_hash[:12]})",
            "split": spec.split,
            "molecules": f"{header.status.n_total:,}",
            "seed": str(spec.seed),
            **{k: str(v) if v != "" else "as on its card" for k, v in spec.model_args.items()},
        }
        st.dataframe(
            pd.DataFrame({"what": list(facts), "value": list(facts.values())}),
            key="run-spec",
            hide_index=True,
            alt="The specification of the run",
        )
        if spec.origin.kind != "launched":
            return
        st.caption("The same from a terminal")
        st.code(launch_form.command(settings, spec), language="bash", wrap_lines=True)
        navigation.link(
            "launch",
            "Change something and run it again",
            icon=":material/edit:",
            **launch_form.query(settings, spec),
        )
