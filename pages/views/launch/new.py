"""A new run: task, modalities, models that fit, their parameters, cost, start."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chebimm_core.domain.specs import Transition
from chebimm_core.services import launch_form, task_catalog
from pages.ui import cached, panels, pickers
from pages.views.launch import choose, parameters, start
from pages.views.launch.wish import Wish

_USUAL = ("SMILES", "caption")


def show() -> None:
    _follow_models()
    with st.container(border=True):
        columns = st.columns([3, 3, 2, 2])
        with columns[0]:
            header = pickers.pick_dataset()
        if header is None:
            return
        task, transition = _task(columns[1:])
        st.caption(panels.plain(task_catalog.task(task).floor))
    st.subheader("Models that fit")
    models = choose.models(task, transition, header.name)
    if not models:
        panels.empty(
            "No model is ticked.", "Tick one above, or several: they are queued one after another."
        )
        return
    st.subheader("How to run it" if len(models) == 1 else "How to run them")
    run_level = parameters.run_level(header, transition)
    arguments = parameters.of_models(task, models)
    st.subheader("Start")
    start.show(
        Wish(
            task=task,
            transition=transition,
            dataset=header.name,
            models=models,
            arguments=arguments,
            run_level=run_level.arguments,
            split=run_level.split,
            limit=run_level.limit,
            seed=run_level.seed,
        )
    )


def _follow_models() -> None:
    """A link that names models alone gets a task and transition that most of them do."""
    asked = st.query_params
    named = tuple(n for n in asked.get("models", "").split(",") if n)
    task = asked.get("task")
    if not named or (task and ("from" in asked or "to" in asked)):
        return
    fit = cached.read(launch_form.best_fit, named, task)
    if fit is not None:
        moved = Transition.parse(fit[1])
        pickers.set_query(task=fit[0], **{"from": "+".join(moved.sources), "to": moved.target})


def _task(columns: Sequence[DeltaGenerator]) -> tuple[str, str]:
    """Task, then source and target among those it has."""
    titles = {t.name: t.title for t in task_catalog.tasks()}
    with columns[0]:
        task = pickers.choice("task", "Task", tuple(titles), shown=titles.__getitem__)
    possible = cached.read(launch_form.transitions, task)
    with columns[2]:
        targets = tuple(dict.fromkeys(t.target for t in possible))
        target = _pick("to", "To", targets, default=_USUAL[1])
    with columns[1]:
        sources = tuple("+".join(t.sources) for t in possible if t.target == target)
        source = _pick("from", "From", sources, default=_USUAL[0])
    return task, f"{source}->{target}"


def _pick(key: str, label: str, options: tuple[str, ...], *, default: str) -> str:
    """As ``pickers.choice``; what another task left in the address gives way in silence."""
    if st.query_params.get(key) not in (None, *options):
        pickers.set_query(**{key: None})
    return pickers.choice(
        key, label, options, default=default, shown=lambda name: name.replace("+", " + ")
    )
