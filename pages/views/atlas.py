"""The models of the field: when they came, what they read and write, which are known here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from chebimm_core.domain.atlas import ARCHITECTURES, FIRST_YEAR, PAIRINGS, AtlasEntry
from chebimm_core.figures import atlas_charts
from chebimm_core.services import atlas as service
from chebimm_core.services import benchmark, task_catalog
from pages.ui import cached, charts_events, figure_panel, navigation, panels, pickers, theme

_BY = {"architecture": "by architecture", "pairing": "by input and output"}
_WEIGHTS = {"open": "can be downloaded"}
_PAPER = {"yes": "those of Liu et al. 2025"}
_FILTERS = (
    "architecture", "pairing", "input", "output", "task", "weights", "paper", "first", "last",
)  # fmt: skip
_SHOWN_RUNS = 4
_LAUNCH = ":material/rocket_launch:"


def render() -> None:
    st.title("Model atlas")
    with panels.guard():
        models = cached.read(service.entries)
        st.markdown(
            f"{len(models)} models that read or write molecules, and the general ones they are "
            "built on, classified as in Figures 1 and 2 of Liu et al. 2025. Each has a reference; "
            "what could not be verified is left empty. **Click a mark or a row** for the model, a "
            "**cell** for its kind."
        )
        wanted = _filters(models)
        chosen = service.select(models, wanted)
        if not chosen:
            panels.empty("No model fits all of this.", "Take a filter away.")
            return
        here = cached.read(service.presence, models)
        name = _name(models, chosen)
        _timeline(chosen, len(models), name)
        left, right = st.columns([3, 2], gap="large")
        with left:
            _grid(models, wanted)
        with right:
            _card(next(m for m in models if m.name == name), here)
        _table(chosen, here)


def _filters(models: Sequence[AtlasEntry]) -> service.AtlasFilter:
    years = [str(y) for y in sorted({m.year for m in models})]
    tasks = [t.name for t in task_catalog.tasks()]
    with st.container(horizontal=True):
        architecture = pickers.maybe(
            "architecture", "Architecture", ARCHITECTURES, placeholder="any"
        )
        pairing = pickers.maybe("pairing", "Input and output", PAIRINGS, placeholder="any")
        reads = pickers.maybe(
            "input", "Reads", service.modality_names(models, "in"), placeholder="anything"
        )
        writes = pickers.maybe(
            "output", "Gives", service.modality_names(models, "out"), placeholder="anything"
        )
        task = pickers.maybe(
            "task", "Task", [*tasks, service.OTHER], shown=_task_title, placeholder="any"
        )
    with st.container(horizontal=True):
        weights = pickers.maybe(
            "weights", "Weights", tuple(_WEIGHTS), shown=_WEIGHTS.__getitem__, placeholder="any"
        )
        paper = pickers.maybe(
            "paper", "Models", tuple(_PAPER), shown=_PAPER.__getitem__, placeholder="all"
        )
        first = pickers.maybe("first", "From year", years, placeholder="first")
        last = pickers.maybe("last", "To year", years, placeholder="last")
    wanted = service.AtlasFilter(
        architecture=architecture,
        pairing=pairing,
        modality_in=reads,
        modality_out=writes,
        task=task,
        open_weights=weights is not None,
        in_paper=paper is not None,
        first=int(first) if first else None,
        last=int(last) if last else None,
    )
    if wanted != service.AtlasFilter():
        _clear()
    return wanted


def _clear() -> None:
    st.button(
        "Clear all filters",
        key="atlas-clear",
        icon=":material/filter_alt_off:",
        on_click=pickers.set_query,
        kwargs=dict.fromkeys(_FILTERS),
    )


def _name(models: Sequence[AtlasEntry], chosen: Sequence[AtlasEntry]) -> str:
    """The model of the address, or else the first shown that is known to the paper."""
    asked = st.query_params.get("model")
    if any(m.name == asked for m in models):
        return str(asked)
    return next((m for m in chosen if m.name == "MolT5"), chosen[0]).name


def _timeline(chosen: Sequence[AtlasEntry], total: int, name: str) -> None:
    frame = service.table(chosen)
    years = frame["year"].value_counts()
    # Of two years with as many models the earlier is named, so that the sentence never flickers.
    busiest = int(years[years == years.max()].index.min())
    since = f" ({FIRST_YEAR - 1} and before: general backbones only)"
    figure_panel.show(
        atlas_charts.timeline(frame, dark=theme.is_dark(), selected=name),
        key="atlas-timeline",
        reading=f"{_models(len(chosen))} of {total}, from {frame['year'].min()} to "
        f"{frame['year'].max()}; most in {busiest} ({years.max()}).",
        table=frame.drop(columns=["runs_here", "local_runs"]),
        alt="Timeline: year against architecture, one mark a model; every model is a row of the "
        "table below.",
        file_name="model-atlas",
        on_select=charts_events.on_click(
            "atlas-timeline", lambda at: pickers.set_query(model=str(at[0]))
        ),
        note="Filled: weights can be downloaded, whatever the terms. Hollow: they cannot, or that "
        "is not verified. Year of the first preprint, else of the publication cited"
        + (since if frame["year"].min() < FIRST_YEAR else "")
        + ". A selection of the field, not a census.",
    )


def _grid(models: Sequence[AtlasEntry], wanted: service.AtlasFilter) -> None:
    st.subheader("Who does which task")
    by = pickers.choice("by", "Columns", tuple(_BY), shown=_BY.__getitem__, kind="segments")
    # The grid's own two filters are left out, so that its other cells stay in sight.
    free = service.AtlasFilter(
        architecture=None if by == "architecture" else wanted.architecture,
        pairing=None if by == "pairing" else wanted.pairing,
        modality_in=wanted.modality_in,
        modality_out=wanted.modality_out,
        open_weights=wanted.open_weights,
        in_paper=wanted.in_paper,
        first=wanted.first,
        last=wanted.last,
    )
    frame = service.counts(service.select(models, free), by=by)
    kinds = atlas_charts.kinds_of(frame)
    tasks = frame["task"].tolist()
    kind = wanted.architecture if by == "architecture" else wanted.pairing
    framed = (
        (tasks.index(wanted.task), kinds.index(kind)) if wanted.task and kind in kinds else None
    )
    top = frame.set_index("title")[kinds].stack()
    figure_panel.show(
        charts_events.clickable(
            atlas_charts.grid(frame, dark=theme.is_dark(), selected=framed),
            list(range(len(kinds))),
            list(range(len(frame))),
            atlas_charts.grid_hover(frame),
        ),
        key="atlas-grid",
        reading=f"most models, {int(top.max())}, are {top.idxmax()[1]} ones for "
        f"{str(top.idxmax()[0]).lower()}; {int((top == 0).sum())} of {len(top)} kinds have none."
        if top.max()
        else "no model fits the other filters.",
        table=frame,
        alt="Grid of tasks and kinds of model with the number of models; the same in the table.",
        file_name="model-atlas-grid",
        on_select=charts_events.on_click(
            "atlas-grid",
            lambda at: _pick(by, tasks[int(at[0])], kinds[int(at[1])], already=framed is not None),
        ),
        note="A model of several tasks counts in each. Click a cell to see only its models.",
    )


def _pick(by: str, task: str, kind: str, *, already: bool) -> None:
    """Filters by a cell of the grid; the cell that is on is switched off."""
    asked = st.query_params
    if already and asked.get("task") == task and asked.get(by) == kind:
        pickers.set_query(**{"task": None, by: None})
    else:
        pickers.set_query(**{"task": task, by: kind})


def _card(model: AtlasEntry, here: dict[str, service.Presence]) -> None:
    st.subheader("The model")
    pickers.choice("model", "Model", sorted(here, key=str.casefold), default=model.name)
    with st.container(border=True):
        st.markdown(f"**{panels.plain(model.name)}**, {model.year}")
        st.markdown(f"[{panels.plain(model.title)}]({model.link})")
        facts = {
            "Architecture": f"{model.architecture}, {model.pairing}",
            "Backbone": model.backbone,
            "Reads": ", ".join(model.modalities_in) or "nothing: it generates freely",
            "Gives": ", ".join(model.modalities_out),
            "Tasks": ", ".join(_task_title(t) for t in model.tasks or (service.OTHER,)),
            "Parameters": _size(model),
            "Weights": {"open": "can be downloaded", "closed": "not published"}.get(
                model.weights or "", ""
            ),
            "License": model.license,
            "In Liu et al. 2025": "yes, part of its experiments" if model.in_paper else "",
        }
        st.markdown(
            "\n".join(f"- {name}: {panels.plain(fact)}" for name, fact in facts.items() if fact)
        )
        unknown = [n for n in ("Parameters", "Weights", "License") if not facts[n]]
        if unknown:
            st.caption(f"Not verified: {', '.join(unknown).lower()}.")
        if model.note:
            st.caption(panels.plain(model.note))
        _here(model.name, here[model.name])


def _here(name: str, known: service.Presence) -> None:
    if known.cards:
        with st.container(horizontal=True):
            for card in known.cards:
                navigation.link("launch", panels.plain(f"Launch {card}"), icon=_LAUNCH, models=card)
    else:
        st.caption("It cannot be run by this installation.")
    if not known.run_ids:
        st.caption("No run of it is stored here.")
        return
    n = len(known.run_ids)
    st.markdown(f"**{n} run{'s' if n > 1 else ''} of it stored here**")
    headers = {h.run_id: h for h in cached.read(benchmark.list_runs)}
    for run_id in known.run_ids[:_SHOWN_RUNS]:
        label = pickers.run_label(headers[run_id]) if run_id in headers else run_id
        navigation.link("results", panels.plain(label), run=run_id)
    if n > _SHOWN_RUNS:
        navigation.link("results", f"Find all {n} in the list of runs", view="runs", q=name)


def _table(chosen: Sequence[AtlasEntry], here: dict[str, service.Presence]) -> None:
    frame = service.table(chosen, here)
    st.subheader(f"{_models(len(chosen))}")
    able = [card for model in chosen for card in here[model.name].cards]
    if able:
        asked = st.query_params.get("task")
        navigation.link(
            "launch",
            f"Launch those that can run here ({len(able)})",
            icon=_LAUNCH,
            models=",".join(able),
            task=asked if asked != service.OTHER else None,
        )
    shown = frame.drop(columns=["doi", "arxiv", "role", "in_paper"])
    names = shown["name"].tolist()

    def ticked() -> None:
        row = charts_events.row(st.session_state.get("atlas-table"))
        if row is not None and row < len(names):
            pickers.set_query(model=names[row])

    st.dataframe(
        shown,
        key="atlas-table",
        hide_index=True,
        on_select=ticked,
        selection_mode="single-row",
        alt="The models shown, one row each, with a link to the reference.",
        column_config=_columns(shown),
    )
    figure_panel.downloads(frame, key="atlas-all", file_name="model-atlas-selection")


def _columns(shown: pd.DataFrame) -> dict[str, Any]:
    config: dict[str, Any] = {
        "name": st.column_config.TextColumn("Model", pinned=True),
        "year": st.column_config.NumberColumn("Year", format="%d", width="small"),
        "architecture": "Architecture",
        "pairing": "Input and output",
        "backbone": "Backbone",
        "modalities_in": "Reads",
        "modalities_out": st.column_config.TextColumn(
            "Gives", help="What it writes, predicts or, where it only embeds, retrieves."
        ),
        "tasks": "Tasks",
        "parameters_millions": st.column_config.NumberColumn(
            "Parameters, millions", format="%.0f", help="Empty: not verified."
        ),
        "variant": st.column_config.TextColumn("Size", help="Of which size the parameters are."),
        "weights": "Weights",
        "license": st.column_config.TextColumn("License", width="medium"),
        "title": st.column_config.TextColumn("Title", width="medium"),
        "link": st.column_config.LinkColumn(
            "Reference", display_text=r"^https://(?:doi\.org/|arxiv\.org/abs/)?(.*)$"
        ),
        "note": st.column_config.TextColumn("Note", width="medium"),
        "runs_here": st.column_config.TextColumn(
            "Runs here", help="Models of this installation. Empty: it cannot be run here."
        ),
        "local_runs": st.column_config.NumberColumn("Stored runs", width="small"),
    }
    return {name: config[name] for name in shown.columns}


def _size(model: AtlasEntry) -> str:
    if model.parameters_millions is None:
        return ""
    size = atlas_charts.parameters(model.parameters_millions)
    return f"{size} ({model.variant})" if model.variant else size


def _task_title(name: str) -> str:
    return "None of the six" if name == service.OTHER else task_catalog.title(name)


def _models(n: int) -> str:
    return "1 model" if n == 1 else f"{n} models"
