"""Overview: what is loaded, what it says, what to do next."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.domain.run import RunHeader
from chebimm_core.figures import grid_charts, run_charts
from chebimm_core.services import benchmark, dataset, demo, findings, grid
from pages.ui import at_work, cached, figure_panel, job_panel, navigation, panels, theme

_FETCH = "fetch-dataset"
_DEMO = "build-demo"
_SHOWN_FINDINGS = 3


def render() -> None:
    st.title("ChEBI-MM")
    st.markdown(
        "Which form of a molecule, and which model, suits which task, and what a model has learned "
        "about it: measured on real predictions, molecule by molecule."
    )
    headers = cached.read(dataset.list_datasets)
    runs = cached.read(benchmark.list_runs)
    _jobs()
    at_work.show()
    if not headers and not runs:
        _first_steps()
        return
    _numbers(headers, runs)
    left, right = st.columns([3, 2], gap="large")
    with left:
        with panels.guard():
            _findings(headers, runs)
        with panels.guard():
            _next(headers, runs)
    with right:
        with panels.guard():
            _coverage(runs)
        with panels.guard():
            _grid(headers)
    with panels.guard():
        _loaded(headers, runs)


def _first_steps() -> None:
    panels.empty(
        "Nothing is loaded yet.",
        "Build the demo corpus (synthetic, under two minutes, no network), or fetch ChEBI-20-MM.",
        command="make app",
    )
    with st.container(horizontal=True):
        st.button("Build the demo corpus", type="primary", on_click=_build_demo)
        st.button("Fetch ChEBI-20-MM", on_click=_fetch)
    navigation.link("transition_matrix", "Look at the published transition matrix meanwhile")


def _numbers(headers: list[DatasetHeader], runs: list[RunHeader]) -> None:
    covered = cached.read(findings.coverage)
    size = len(covered.modalities)
    cells = (
        ("Data sets", f"{len(headers)}"),
        ("Molecules", f"{sum(sum(h.splits.values()) for h in headers):,}"),
        ("Runs", f"{len(runs):,}"),
        ("Transitions measured", f"{int((covered.n_runs > 0).sum())} of {size * size}"),
    )
    with st.container(horizontal=True):
        for label, value in cells:
            st.metric(label, value, border=True, width=170)


def _findings(headers: list[DatasetHeader], runs: list[RunHeader]) -> None:
    st.subheader("What the runs say")
    synthetic = {h.name for h in headers if h.synthetic}
    found = _found(headers, runs)
    if not found:
        panels.empty(
            "No finding yet: no run has a score.",
            "Load a prediction file, or fetch public runs, on the Results page.",
        )
        return
    for number, finding in enumerate(found):
        with st.container(border=True, key=f"finding-{number}"):
            st.markdown(f"**{panels.plain(finding.headline)}**")
            st.caption(panels.plain(finding.evidence), help=f"`{finding.signature}`")
            with st.container(horizontal=True, vertical_alignment="center"):
                navigation.link(finding.page, "See it", **dict(finding.query))
                if finding.dataset in synthetic:
                    st.badge(
                        "synthetic data", icon=":material/precision_manufacturing:", color="orange"
                    )


def _found(headers: list[DatasetHeader], runs: list[RunHeader]) -> list[findings.Finding]:
    """At most three, real data before synthetic, each of another kind where there is one."""
    scored = {r.spec.dataset for r in runs}
    real = [h.name for h in headers if not h.synthetic and h.name in scored]
    name = real[0] if real else next((h.name for h in headers if h.name in scored), None)
    best = cached.read(findings.best_runs, dataset=name)
    gap = cached.read(findings.largest_gap, dataset=name)
    found = [*best[:1], *([gap] if gap is not None else best[1:2])]
    described = next((h for h in headers if h.name == name), headers[0] if headers else None)
    if described is not None and described.splits:
        split = "test" if "test" in described.splits else next(iter(described.splits))
        pair = cached.read(
            findings.clearest_pair,
            described.name,
            split,
            on=f"dataset:{described.name}",
            spinner="Reading names against captions",
        )
        found += [pair] if pair is not None else []
    spare = [f for f in best if f not in found]
    return (found + spare)[:_SHOWN_FINDINGS]


def _coverage(runs: list[RunHeader]) -> None:
    st.subheader("Transitions measured")
    covered = cached.read(findings.coverage)
    measured = int((covered.n_runs > 0).sum())
    table = pd.DataFrame(covered.n_runs, columns=list(covered.modalities))
    table.insert(0, "from", list(covered.modalities))
    figure_panel.show(
        run_charts.coverage(covered.modalities, covered.n_runs, dark=theme.is_dark()),
        key="coverage",
        reading=f"{measured} transitions between modalities have at least one run here "
        f"({len(runs):,} runs in all); the rest are empty, not zero.",
        table=table,
        alt="Grid of runs per transition, from modality in rows to modality in columns",
        file_name="coverage",
    )
    navigation.link("transition_matrix", "Open the transition matrix")


def _grid(headers: list[DatasetHeader]) -> None:
    """How much of the paper's experiments there is, on the first real data set."""
    if not headers:
        return
    name = next((h.name for h in headers if not h.synthetic), headers[0].name)
    coverage = cached.read(grid.coverage, dataset=name)
    have = int((coverage["state"] != "missing").sum())
    st.subheader("The paper's experiments")
    figure_panel.show(
        grid_charts.coverage_bar(
            coverage, {b.name: b.title for b in grid.blocks()}, dark=theme.is_dark()
        ),
        key="grid-coverage",
        reading=f"{have:,} of the {len(coverage):,} experiments of the paper have a run here.",
        table=coverage.groupby("block", sort=False)["state"]
        .value_counts()
        .unstack(fill_value=0)
        .reset_index(),
        alt="One bar a block of experiments, divided by state; the same in the table.",
        file_name="grid-blocks",
    )
    navigation.link("launch", "Open the grid", view="grid", dataset=name)


def _loaded(headers: list[DatasetHeader], runs: list[RunHeader]) -> None:
    st.subheader("What is loaded")
    for header in headers:
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{panels.plain(header.title)}**")
                panels.synthetic_badge(header)
            own = sum(r.spec.dataset == header.name for r in runs)
            splits = ", ".join(f"{split} {n:,}" for split, n in header.splits.items())
            st.caption(
                panels.plain(
                    f"{splits} molecules · {own:,} runs · {header.source} · license: "
                    f"{header.license}"
                )
            )
            with st.container(horizontal=True):
                navigation.link("dataset", "Look at the data", dataset=header.name)
                if own:
                    navigation.link("results", "See its runs", dataset=header.name)


def _next(headers: list[DatasetHeader], runs: list[RunHeader]) -> None:
    st.subheader("What to do next")
    real = [h for h in headers if not h.synthetic]
    with st.container(horizontal=True):
        if not real:
            st.button(
                "Fetch ChEBI-20-MM",
                type="primary",
                icon=":material/download:",
                on_click=_fetch,
                help=f"Downloads {dataset.HUB_ID} from the Hugging Face hub and checks every "
                "molecule.",
            )
        elif not any(r.spec.origin.kind == "fetched" for r in runs):
            navigation.link("results", "Fetch published runs of 23 systems", view="public")
        if headers:
            navigation.link("launch", "Run a model", dataset=(real or headers)[0].name)
        navigation.link("results", "Load a prediction file", view="load")
        if not headers:  # runs stay where their data set was deleted
            return
        example = headers[0] if not real else real[0]
        navigation.link("molecule", "Open one molecule", dataset=example.name)
        navigation.link("knowledge_map", "See what a model learned", dataset=example.name)


def _fetch() -> None:
    cached.jobs().start(
        _FETCH,
        "Fetching ChEBI-20-MM",
        dataset.import_dataset,
        cached.settings(),
        dataset.HUB_ID,
        name=dataset.DEFAULT_NAME,
        now=datetime.now(UTC),
    )


def _build_demo() -> None:
    cached.jobs().start(
        _DEMO,
        "Building the demo corpus",
        demo.build_demo_store,
        cached.settings(),
        now=datetime.now(UTC),
    )


def _jobs() -> None:
    for key, done in ((_FETCH, "ChEBI-20-MM is here."), (_DEMO, "The demo corpus is here.")):
        view = job_panel.watch(key)
        if view is not None and view.over and job_panel.outcome(key, view):
            st.success(done)
