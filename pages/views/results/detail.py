"""One run: scores, the spread behind them, its molecules, what it was made from."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.errors import NotFoundError
from chebimm_core.services import benchmark, dataset, launch_form, launching, task_catalog
from pages.ui import cached, navigation, panels, pickers, run_rows, training_panel
from pages.views.results import floor_panel, reads, samples


def show(run_id: str) -> None:
    _back()
    try:
        header = cached.read(benchmark.header, run_id, on=f"run:{run_id}")
    except NotFoundError as error:
        panels.problem(error)
        return
    if header.status.state != "done":
        navigation.go("launch", run=run_id)  # there it can be watched, cancelled and resumed
    _head(header)
    with panels.guard():
        _scores(header)
    with panels.guard():
        _learning(header)
    with panels.guard():
        samples.show(header)
    with panels.guard():
        reads.show(header)
    with panels.guard():
        _made_from(header)


def _back() -> None:
    def leave() -> None:
        pickers.set_query(run=None, order=None, metric=None, page=None, only=None)

    st.button("Back to results", icon=":material/arrow_back:", type="tertiary", on_click=leave)


def _head(header: RunHeader) -> None:
    spec, status = header.spec, header.status
    st.title(panels.plain(f"{pickers.model_label(header)} · {run_rows.described(header)}"))
    with st.container(horizontal=True):
        st.badge(task_catalog.title(spec.task), color="blue")
        st.badge(panels.plain(f"{spec.dataset} {spec.split}"), color="gray")
        known = {h.name: h for h in cached.read(dataset.list_datasets)}
        if spec.dataset in known:
            panels.synthetic_badge(known[spec.dataset])
        if header.run_id in run_rows.outdated():
            st.badge("another version of the data set", icon=":material/history:", color="orange")
        if run_rows.is_floor(header):
            st.badge("floor: knows nothing of its input", color="gray")
        for tag in status.tags:
            st.badge(panels.plain(tag), color="violet")
    origin = {
        "loaded": f"Loaded from {spec.origin.file_name or 'a file'}",
        "fetched": f"Fetched from {spec.origin.url or 'its source'}",
        "launched": "Computed by this project",
    }[spec.origin.kind]
    license_text = (
        ""
        if spec.origin.kind == "launched"
        else (
            f" · license: {spec.origin.license}" if spec.origin.license else " · no license stated"
        )
    )
    st.caption(
        panels.plain(
            f"{origin}{license_text} · {status.n_predictions:,} of {status.n_total:,} molecules, "
            f"{status.n_failed:,} failed"
        )
    )
    _manage(header)


def _manage(header: RunHeader) -> None:
    with st.container(horizontal=True):
        st.button(
            "Compare with another run",
            icon=":material/compare_arrows:",
            on_click=pickers.set_query,
            kwargs={"run": None, "view": "compare", "runs": header.run_id},
        )
        with st.popover("Tags", icon=":material/label:"):
            widget = f"tags-{header.run_id}"

            def write() -> None:
                benchmark.tag(cached.settings(), header.run_id, st.session_state[widget])

            st.multiselect(
                "Tags of this run",
                list(header.status.tags),
                default=list(header.status.tags),
                accept_new_options=True,
                key=widget,
                on_change=write,
                placeholder="type a new tag",
            )
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("Delete this run with all outputs and scores? This cannot be undone.")

            def delete() -> None:
                benchmark.delete(cached.settings(), header.run_id)
                st.session_state["results-said"] = f"Deleted {header.run_id}."
                pickers.set_query(run=None)

            st.button("Delete for good", key="delete-run", type="primary", on_click=delete)


def _scores(header: RunHeader) -> None:
    if not header.scores:
        panels.empty("This run has no scores.", "Its predictions are below.")
        return
    first = run_rows.primary(header)
    others = [s for s in header.scores if first is None or s.metric != first.metric]
    shown = [s for s in (first, *others) if s is not None and not s.metric.endswith("_all")][:4]
    for column, score in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            panels.number(
                task_catalog.metric_title(score.metric),
                score.value,
                ci=(score.ci_low, score.ci_high),
                n=score.n,
                signature=score.signature,
                floor=run_rows.floor_score(header, score),
            )
    records = []
    for score in header.scores:
        floor = run_rows.floor_score(header, score)
        records.append(
            {
                "metric": task_catalog.metric_title(score.metric),
                "value": score.value,
                "95 % from": score.ci_low,
                "to": score.ci_high,
                "better": score.direction,
                "n": score.n,
                "failed": score.n_failed,
                "floor": floor.value if floor is not None else None,
                "denominator": score.denominator,
                "signature": score.signature,
            }
        )
    table = pd.DataFrame.from_records(records)
    if table["floor"].isna().all():
        st.caption(panels.plain(task_catalog.task(header.spec.task).floor))
        table = table.drop(columns="floor")
    floor_panel.offer(header)
    with st.expander("All scores with signatures", icon=":material/table:", expanded=True):
        number = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(
            table,
            hide_index=True,
            key="scores",
            alt="All scores of this run",
            column_config={c: number for c in ("value", "95 % from", "to", "floor")},
        )
        with st.container(horizontal=True):
            for kind, label in (("csv", "CSV"), ("latex", "LaTeX"), ("json", "JSON")):
                st.download_button(
                    label,
                    lambda kind=kind: benchmark.export([header], kind),
                    file_name=f"{header.run_id}.{'tex' if kind == 'latex' else kind}",
                    key=f"scores-{kind}",
                    on_click="ignore",
                )


def _learning(header: RunHeader) -> None:
    if header.spec.origin.kind != "launched":
        return
    points = cached.read(launching.curve, header.run_id, on=f"run:{header.run_id}")
    if points:
        st.subheader("How it learned")
        training_panel.show(points, key="training", file_name=f"{header.run_id}-training")
    with st.container(horizontal=True):
        navigation.link(
            "launch", "Its log and its parameters", icon=":material/article:", run=header.run_id
        )
        navigation.link(
            "launch",
            "Change something and run it again",
            icon=":material/edit:",
            **launch_form.query(cached.settings(), header.spec),
        )


def _made_from(header: RunHeader) -> None:
    with st.expander("What this run was made from", icon=":material/receipt_long:"):
        st.code(header.spec.model_dump_json(indent=1), language="json")
        st.caption("Run id")
        panels.text(header.run_id)
