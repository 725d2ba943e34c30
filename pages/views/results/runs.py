"""All runs: filter, sort, choose, export."""

from __future__ import annotations

import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.services import benchmark, store_health, task_catalog
from pages.ui import cached, molecule_table, panels, pickers, run_rows
from pages.views.results import unfinished

_EXPORTS = {
    "csv": ("CSV", "text/csv"),
    "latex": ("LaTeX", "text/plain"),
    "json": ("JSON", "application/json"),
}

_BROKEN_SHOWN = 5


def show() -> None:
    headers = run_rows.all_runs()
    _said()
    _broken()
    unfinished.show()
    if not headers:
        no_runs()
        return
    chosen = _filtered(headers)
    if not chosen:
        panels.empty("No run fits these filters.", "Clear one of them to see runs again.")
        return
    table = run_rows.table(chosen)
    comparable = len({r.spec.dataset for r in chosen})
    st.caption(
        f"{len(chosen):,} of {len(headers):,} runs"
        + (f" on {comparable} data sets" if comparable > 1 else "")
        + ". Tick two or more to compare them; press Open for scores and molecules. The value is "
        "the task's primary metric; rankings that compare like with like are under Leaderboard."
    )

    def opened() -> None:
        click = st.session_state.get("runs-open")
        if click is not None:
            pickers.set_query(run=chosen[click["row"]].run_id)

    state = st.dataframe(
        table,
        key="runs-table",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        alt="Table of runs with their primary score",
        column_config={
            molecule_table.OPEN: st.column_config.ButtonColumn(
                "", type="tertiary", on_click=opened, key="runs-open", width="small"
            ),
            "model": st.column_config.TextColumn(pinned=False),
            "value": st.column_config.NumberColumn(format="%.3f"),
            "n": st.column_config.NumberColumn(format="localized"),
            "finished": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "tags": st.column_config.ListColumn(),
            "signature": st.column_config.TextColumn(
                width="medium", help="Scores compare only if these are equal."
            ),
        },
    )
    ticked = [chosen[i] for i in state["selection"]["rows"] if i < len(chosen)]
    _actions(ticked, chosen)


def no_runs() -> None:
    """What to do where the store has no run."""
    panels.empty(
        "There is no run yet.",
        "Launch one, load a file of model outputs, or fetch published ones under Public runs.",
        command="python -m chebimm_core runs load FILE --dataset NAME --task TASK --model NAME",
    )


def _filtered(headers: list[RunHeader]) -> list[RunHeader]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = pickers.maybe(
            "dataset", "Data set", sorted({h.spec.dataset for h in headers}), placeholder="any"
        )
        task = pickers.maybe(
            "task",
            "Task",
            [t.name for t in task_catalog.tasks() if any(h.spec.task == t.name for h in headers)],
            shown=task_catalog.title,
            placeholder="any",
        )
        tags = sorted({t for h in headers for t in h.status.tags})
        tag = pickers.maybe("tag", "Tag", tags, placeholder="any") if tags else None
        words = st.text_input(
            "Search", key="q", bind="query-params", placeholder="model, transition, tag or run id"
        )
    terms = (words or "").lower().split()

    def fits(header: RunHeader) -> bool:
        spec = header.spec
        text = f"{spec.model} {spec.transition} {header.run_id} {' '.join(header.status.tags)}"
        return (
            (dataset is None or spec.dataset == dataset)
            and (task is None or spec.task == task)
            and (tag is None or tag in header.status.tags)
            and all(term in text.lower() for term in terms)
        )

    return [h for h in headers if fits(h)]


def _actions(ticked: list[RunHeader], shown: list[RunHeader]) -> None:
    with st.container(horizontal=True):
        st.button(
            f"Compare {len(ticked)} runs" if len(ticked) > 1 else "Compare runs",
            disabled=len(ticked) < 2,
            type="primary",
            icon=":material/compare_arrows:",
            on_click=pickers.set_query,
            kwargs={"view": "compare", "runs": ",".join(h.run_id for h in ticked)},
        )
        exported = ticked or shown
        for kind, (label, mime) in _EXPORTS.items():
            st.download_button(
                f"{label} of {len(exported)}",
                lambda kind=kind: benchmark.export(exported, kind),
                file_name=f"chebimm-runs.{'tex' if kind == 'latex' else kind}",
                mime=mime,
                key=f"export-{kind}",
                on_click="ignore",
                help="All scores with intervals, n and signatures.",
            )
        if ticked:
            _tagging(ticked)
            _deleting(ticked)


def _tagging(ticked: list[RunHeader]) -> None:
    with st.popover("Tag", icon=":material/label:"):
        word = st.text_input("Add this tag to the ticked runs", key="new-tag", max_chars=40)

        def add() -> None:
            for header in ticked:
                benchmark.tag(cached.settings(), header.run_id, [*header.status.tags, word])

        st.button("Add", key="add-tag", on_click=add, disabled=not (word or "").strip())


def _deleting(ticked: list[RunHeader]) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(
            f"Delete {len(ticked)} run{'s' if len(ticked) != 1 else ''} with all outputs and "
            "scores? This cannot be undone; the prediction file itself is not touched."
        )

        def delete() -> None:
            for header in ticked:
                benchmark.delete(cached.settings(), header.run_id)
            st.session_state["results-said"] = f"Deleted {len(ticked)} run(s)."

        st.button("Delete for good", key="delete-runs", type="primary", on_click=delete)


def _broken() -> None:
    """Names what cannot be read: a broken run is neither hidden nor in the way of others."""
    broken = cached.read(store_health.damaged_runs)
    if not broken:
        return
    with st.container(border=True):
        st.error(
            f"{len(broken)} run{'s' if len(broken) != 1 else ''} of the store cannot be read. "
            "All others are below.",
            icon=":material/broken_image:",
        )
        for run_id, why in list(broken.items())[:_BROKEN_SHOWN]:
            panels.text(f"{run_id}\n{why}")


def _said() -> None:
    message = st.session_state.pop("results-said", None)
    if message:
        st.success(panels.plain(message))
