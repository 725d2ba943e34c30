"""What is about to be queued: molecules, time, floor; then the button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import RunHeader, RunSpec
from chebimm_core.domain.specs import Scalar
from chebimm_core.errors import ChebiMMError
from chebimm_core.services import floors, launch_form, launching, task_catalog
from pages.ui import cached, navigation, panels, pickers, run_progress
from pages.views.launch.wish import Wish


@dataclass(frozen=True, slots=True)
class _Planned:
    spec: RunSpec
    estimate: launching.Estimate
    before: RunHeader | None


def show(wish: Wish) -> None:
    """Plans every ticked model and offers to start what can be started."""
    planned, refused = _planned(wish)
    for model, error in refused:
        st.markdown(f"**{panels.plain(model)} cannot be launched like this**")
        panels.problem(error)
    if not planned:
        return
    with_floors = _floors(wish, planned[0].spec)
    new = [p.spec for p in planned if p.before is None]
    fresh_floors = [f for f in with_floors if launch_form.existing(cached.settings(), f) is None]
    _summary(planned)
    _exist_already([p for p in planned if p.before is not None])
    specs = [*new, *(f for f in fresh_floors if f.run_id not in {s.run_id for s in new})]
    st.button(
        _label(len(new), len(specs) - len(new)),
        key="launch-start",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=not new,
        on_click=_start,
        args=(specs,),
        help="They are worked on by a process of their own: this page may be closed.",
    )
    with st.expander("The same from a terminal", icon=":material/terminal:"):
        st.code(
            "\n".join(
                launch_form.command(cached.settings(), s) for s in specs or [planned[0].spec]
            ),
            language="bash",
            wrap_lines=True,
        )


def _planned(wish: Wish) -> tuple[list[_Planned], list[tuple[str, ChebiMMError]]]:
    planned, refused = [], []
    for model in wish.models:
        try:
            spec = _plan(wish, model, wish.arguments.get(model, {}))
            launch_form.require_weights(cached.settings(), spec)
            planned.append(
                _Planned(
                    spec,
                    cached.read(launching.estimate, spec),
                    launch_form.existing(cached.settings(), spec),
                )
            )
        except ChebiMMError as error:
            refused.append((model, error))
    return planned, refused


def _plan(wish: Wish, model: str, arguments: Mapping[str, Scalar]) -> RunSpec:
    return launching.plan(
        cached.settings(),
        task=wish.task,
        transition=wish.transition,
        model=model,
        dataset=wish.dataset,
        split=wish.split,
        arguments={**arguments, **wish.run_level},
        limit=wish.limit,
        seed=wish.seed,
    )


def _summary(planned: Sequence[_Planned]) -> None:
    rows = [
        {
            "model": p.spec.model,
            "molecules": p.estimate.molecules,
            "learns from": str(p.spec.model_args.get("fitted_on", "nothing")),
            "time": run_progress.duration(p.estimate.seconds),
            "how that is known": p.estimate.basis,
        }
        for p in planned
    ]
    st.dataframe(
        pd.DataFrame(rows),
        key="launch-summary",
        hide_index=True,
        alt="Runs that will be queued, with molecules and time",
        column_config={"molecules": st.column_config.NumberColumn(format="localized")},
    )
    known = [p.estimate.seconds for p in planned if p.estimate.seconds is not None]
    if len(planned) > 1 and known:
        missing = len(planned) - len(known)
        st.caption(
            f"All of them, one after another: about {run_progress.duration(sum(known))}"
            + (f", and {missing} of unknown time" if missing else "")
            + "."
        )


def _floors(wish: Wish, spec: RunSpec) -> list[RunSpec]:
    """The floors that will stand beside the runs; those to be queued with them."""
    names = launch_form.floor_models(wish.task, wish.transition)
    standing = [
        f
        for f in cached.read(floors.standing, wish.dataset, wish.task, spec.target)
        if f.spec.split == wish.split
        and f.spec.model_args.get("property") == spec.model_args.get("property")
        and f.spec.limit == wish.limit
    ]
    if standing:
        scores = ", ".join(
            f"{f.spec.model} {panels.figure(s.value)}"
            for f in standing
            if (s := _primary(f)) is not None
        )
        st.caption(panels.plain(f"Floors that will stand beside it: {scores or 'without scores'}."))
        return []
    if not names or set(names) & set(wish.models):
        return []
    wanted = pickers.switch(
        "floors",
        "Queue the floors too: none stands beside these runs yet",
        "yes",
        help="A floor is what a model reaches that never looks at its input: without one, a score "
        "cannot be read.",
    )
    if not wanted:
        return []
    found = []
    for name in names:
        try:
            found.append(_plan(wish, name, {}))
        except ChebiMMError:  # e.g. no other split to learn a floor from: the runs stand alone
            continue
    return found


def _primary(header: RunHeader) -> Score | None:
    return header.score(task_catalog.task(header.spec.task).primary_metric)


def _exist_already(planned: Sequence[_Planned]) -> None:
    for p in planned:
        assert p.before is not None
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            state = p.before.status.state
            st.markdown(f"**{panels.plain(p.spec.model)}**: this very run exists")
            run_progress.badge(state)
            navigation.link(
                "results" if state == "done" else "launch",
                "Open its result" if state == "done" else "Watch or resume it",
                icon=":material/east:",
                run=p.spec.run_id,
            )


def _label(runs: int, floor_runs: int) -> str:
    if not runs:
        return "Nothing new to start"
    label = "Start the run" if runs == 1 else f"Start {runs} runs"
    return label + (f" and {floor_runs} floors" if floor_runs else "")


def _start(specs: Sequence[RunSpec]) -> None:
    try:
        made = launching.launch(cached.settings(), specs, now=datetime.now(UTC))
    except ChebiMMError as error:
        run_progress.failed(error)
        return
    run_progress.say(f"Queued {len(made)} run{'s' if len(made) != 1 else ''}.")
    if len(made) == 1:
        st.query_params.from_dict({"run": made[0].run_id})
    else:
        st.query_params.from_dict({"view": "work"})
