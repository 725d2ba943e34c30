"""Published prediction files: choose, fetch, score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from chebimm_core.services import dataset, public_runs, task_catalog
from chebimm_core.services.public_runs import FetchOutcome
from pages.ui import cached, job_panel, molecule_table, navigation, panels, pickers

_JOB = "fetch-public"


def show() -> None:
    catalogue = cached.read(public_runs.catalogue)
    names = [h.name for h in cached.read(dataset.list_datasets) if not h.synthetic]
    systems = len({run.model for run in catalogue})
    st.markdown(
        f"{len(catalogue)} published prediction files of {systems} systems on the ChEBI-20 test "
        "split. Each is downloaded from its own repository at a pinned commit, checked against "
        "its SHA-256, joined and scored here. Files without a stated license are fetched by you "
        "and never passed on."
    )
    data = None
    if names:
        data = pickers.choice("dataset", "Scored against", names, default=dataset.DEFAULT_NAME)
    _progress(data)
    stored = cached.read(public_runs.loaded, data) if data is not None else {}
    table = pd.DataFrame.from_records(
        [
            {
                molecule_table.OPEN: molecule_table.BUTTON if run.name in stored else None,
                "system": run.model,
                "task": task_catalog.title(run.task),
                "status": "loaded" if run.name in stored else "not fetched",
                "size": run.bytes / 1e6,
                "license": run.terms,
                "repository": run.repository,
                "commit": run.commit[:10],
                "note": run.note,
            }
            for run in catalogue
        ]
    )

    if not stored:
        table = table.drop(columns=molecule_table.OPEN)

    def opened() -> None:
        click = st.session_state.get("public-open")
        if click is not None:
            pickers.set_query(run=stored.get(catalogue[click["row"]].name))

    state = st.dataframe(
        table,
        key="public-table",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        height=430,
        alt="Catalogue of public prediction files",
        column_config={
            molecule_table.OPEN: st.column_config.ButtonColumn(
                "", type="tertiary", on_click=opened, key="public-open", width="small"
            ),
            "size": st.column_config.NumberColumn(format="%.1f MB"),
        },
    )
    ticked = [catalogue[i].name for i in state["selection"]["rows"] if i < len(catalogue)]
    missing = [run.name for run in catalogue if run.name not in stored]
    if data is None:
        panels.empty(
            "Public runs need ChEBI-20-MM, the data set they were made on.",
            "Fetch or import it on the Dataset page first.",
        )
        navigation.link("dataset", "Go to Dataset", view="bring")
        return
    _fetch(data, ticked, missing, {run.name: run.bytes for run in catalogue})


def _fetch(data: str, ticked: Sequence[str], missing: Sequence[str], sizes: dict[str, int]) -> None:
    def start(chosen: Sequence[str]) -> None:
        cached.jobs().start(
            _JOB,
            f"Fetching {len(chosen)} public runs",
            public_runs.fetch,
            cached.settings(),
            list(chosen),
            dataset=data,
            now=datetime.now(UTC),
            takes_cancelled=True,
        )

    running = (job := cached.jobs().get(_JOB)) is not None and not job.view().over
    with st.container(horizontal=True):
        st.button(
            f"Fetch {len(ticked)} ticked ({_megabytes(ticked, sizes)})",
            key="fetch-ticked",
            type="primary",
            disabled=running or not ticked,
            on_click=start,
            args=(ticked,),
        )
        st.button(
            f"Fetch all {len(missing)} that are not here ({_megabytes(missing, sizes)})",
            key="fetch-all",
            disabled=running or not missing,
            on_click=start,
            args=(missing,),
        )


def _megabytes(names: Sequence[str], sizes: dict[str, int]) -> str:
    return f"{sum(sizes[name] for name in names) / 1e6:.0f} MB"


def _progress(data: str | None) -> None:
    view = job_panel.watch(_JOB)
    if view is None or not view.over:
        return
    if not job_panel.outcome(_JOB, view):
        return
    outcomes: list[FetchOutcome] = view.result
    good = sum(o.run_id is not None for o in outcomes)
    tone = st.success if good == len(outcomes) else st.warning
    tone(f"{good} of {len(outcomes)} public runs are here.")
    if good:
        navigation.link("results", "See them ranked", view="leaderboard", dataset=data)
    st.dataframe(
        pd.DataFrame.from_records(
            [{"run": o.name, "state": o.state, "what happened": o.message} for o in outcomes]
        ),
        hide_index=True,
        key="fetch-outcomes",
        alt="What became of each file",
        column_config={"what happened": st.column_config.TextColumn(width="large")},
    )
