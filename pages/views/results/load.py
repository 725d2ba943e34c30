"""Prediction files coming in: how they join is shown before anything is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.services import benchmark, dataset, task_catalog, uploads
from chebimm_core.services.benchmark import LoadPreview
from chebimm_core.settings import Settings
from pages.ui import cached, job_panel, navigation, panels, pickers

_JOB = "load-file"
_GUESS = "guess"


def show() -> None:
    view = job_panel.watch(_JOB)
    if view is not None:
        if view.over and job_panel.outcome(_JOB, view):
            uploads.forget(cached.settings(), view.result.spec.origin.sha256)
            st.success(
                panels.plain(f"Loaded {pickers.run_label(view.result)} and scored it."),
                icon=":material/check:",
            )
            navigation.link("results", "See its scores", run=view.result.run_id)
        return
    if not cached.read(dataset.list_datasets):
        panels.empty(
            "Predictions need the data set they were made on.",
            "Import one on the Dataset page first.",
        )
        navigation.link("dataset", "Go to Dataset")
        return
    st.markdown(
        "Tab-separated files as released with MolT5 or MolReGPT, CSV, JSON lines, JSON or Parquet "
        "with named columns. Rows find their molecule by CID, structure or exact text, never by "
        "position. Nothing is stored before you have seen how the file joins."
    )
    chosen = _file()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        header = pickers.pick_dataset()
        if header is None:
            return
        task, split = _kind(header)
    if chosen is None:
        return
    path, name = chosen
    preview = cached.read(
        _preview,
        path,
        stamp=_stamp(path),
        name=name,
        data=header.name,
        task=task,
        split=split,
        spinner="Reading and joining the file",
    )
    _show_preview(preview)
    if not preview.refusal:
        _load(path, name, header.name, preview, None if split == _GUESS else split)


def _kind(header: DatasetHeader) -> tuple[str, str]:
    task = pickers.choice(
        "task",
        "Task of the outputs",
        [_GUESS, *(t.name for t in task_catalog.tasks())],
        shown=lambda t: "find out from the file" if t == _GUESS else task_catalog.title(t),
    )
    split = pickers.choice(
        "split",
        "Split",
        [_GUESS, *header.splits],
        default=_GUESS,
        shown=lambda s: "the one most rows fit" if s == _GUESS else s,
    )
    return task, split


def _preview(
    settings: Settings, path: Path, *, stamp: str, name: str, data: str, task: str, split: str
) -> LoadPreview:
    del stamp  # part of the cache key only: a file that changed is read again
    return benchmark.preview_file(
        settings,
        path,
        dataset=data,
        task=None if task == _GUESS else task,
        split=None if split == _GUESS else split,
        name=name,
    )


def _stamp(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_mtime_ns}:{stat.st_size}"


def _file() -> tuple[Path, str] | None:
    uploaded = st.file_uploader(
        "Prediction file",
        key="prediction-file",
        help="Read as plain data: nothing in it is run or rendered.",
    )
    typed = st.text_input(
        "or its path on this machine",
        key="prediction-path",
        placeholder="/data/predictions/model-smiles2caption.txt",
    )
    if uploaded is not None:
        return uploads.keep(cached.settings(), uploaded.getvalue()), uploaded.name
    if typed and typed.strip():
        path = _named(typed.strip())
        if path is None:
            panels.empty("There is no such file on this machine.", "Check the path.")
            panels.text(typed.strip())
            return None
        return path, path.name
    return None


def _named(typed: str) -> Path | None:
    """The file of that path; None where there is none or the text can be no path."""
    try:
        path = Path(typed).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # too long, no such home folder, a NUL
        return None


def _show_preview(preview: LoadPreview) -> None:
    report = preview.report
    st.subheader("How it joins")
    columns = ", ".join(f"{read} from “{own}”" for read, own in preview.columns)
    st.caption(
        panels.plain(
            f"{preview.layout}: {columns}. Read as {task_catalog.title(preview.task)}, "
            f"{preview.transition.replace('->', ' → ')}, split {report.split}."
            + (f" Ignored columns: {', '.join(preview.ignored)}." if preview.ignored else "")
        )
    )
    if len(preview.tasks) > 1:
        others = ", ".join(task_catalog.title(t) for t in preview.tasks if t != preview.task)
        st.info(f"The file also fits {others}: choose the task above to load that.")
    cells = (
        ("Rows joined", report.n_joined, report.n_rows),
        ("Molecules answered", report.n_answered, report.n_expected),
    )
    with st.container(horizontal=True):
        for label, value, total in cells:
            st.metric(label, f"{value:,} of {total:,}", border=True, width=230)
    findings = (
        ("fit no molecule", report.unjoined),
        ("fit several molecules", report.ambiguous),
        ("are outside the split or have no reference", report.other_split),
        ("molecules repeated with one output, collapsed", report.duplicates),
        ("molecules repeated with different outputs", report.conflicts),
        ("molecules without a row, counted as failed", report.missing),
        ("outputs empty, counted as failed", report.empty),
        ("give another ground truth than the data set", report.disagreements),
    )
    met = [(what, f) for what, f in findings if f.count]
    if met:
        table = pd.DataFrame.from_records(
            [{"count": f.count, "what": w, "examples": "; ".join(f.examples)} for w, f in met]
        )
        _join_table(table)
    else:
        st.markdown(
            "Every row found exactly one molecule and every molecule has an answer: nothing is "
            "unjoined, ambiguous, repeated, missing or empty, and no ground truth disagrees."
        )
    if report.n_unescaped:
        st.caption(f"Doubled backslashes are undone in {report.n_unescaped:,} outputs.")
    if preview.refusal:
        st.error("This file cannot be loaded:", icon=":material/error:")
        panels.text(preview.refusal)
        return
    with st.expander(f"First {len(preview.rows)} joined molecules", expanded=True):
        st.dataframe(preview.rows, hide_index=True, key="preview-rows", alt="First joined rows")


def _join_table(table: pd.DataFrame) -> None:
    st.dataframe(
        table,
        hide_index=True,
        key="join-report",
        alt="How the rows of the file join",
        column_config={"examples": st.column_config.TextColumn(width="large")},
    )


def _load(path: Path, name: str, data: str, preview: LoadPreview, split: str | None) -> None:
    model = st.text_input(
        "Name of the model that wrote it",
        key="model-name",
        max_chars=80,
        placeholder="for example MolT5-base",
    )
    replace = st.checkbox(
        "Replace the same run if it is loaded already", key="replace-run", value=False
    )

    def start() -> None:
        cached.jobs().start(
            _JOB,
            f"Loading {name}",
            benchmark.load_file,
            cached.settings(),
            path,
            dataset=data,
            task=preview.task,
            model=model,
            now=datetime.now(UTC),
            split=split,
            overwrite=replace,
            name=name,
        )

    st.button(
        f"Load and score {preview.report.n_joined:,} rows",
        key="load-start",
        type="primary",
        disabled=not (model or "").strip(),
        on_click=start,
        help="Scoring takes from some seconds to a minute; the page stays usable.",
    )
