"""The form of a run: choices for all models, and what each model lets be set."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.domain.specs import Parameter, Scalar
from chebimm_core.services import launch_form
from pages.ui import cached, panels, pickers
from pages.views.launch.wish import RunLevel

_MOST = 2**31


def run_level(header: DatasetHeader, transition: str) -> RunLevel:
    """Split, property, what it learns from, limit and seed."""
    arguments: dict[str, Scalar] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = pickers.pick_split(header)
        if transition.endswith("->property") and header.properties:
            names = tuple(header.properties)
            options = (*names, launch_form.ALL) if len(names) > 1 else names
            default = "xlogp" if "xlogp" in names else names[0]
            arguments["property"] = pickers.choice(
                "property",
                "Property",
                options,
                default=default,
                shown=lambda n: "all of them at once" if n == launch_form.ALL else n,
            )
        learned = pickers.maybe(
            "fitted_on",
            "Learns from",
            [s for s in header.splits if s != split],
            placeholder="train, else another",
        )
        if learned is not None:
            arguments["fitted_on"] = learned
        limit = whole(
            "limit", "Only the first", low=1, high=header.splits[split], placeholder="all molecules"
        )
        seed = whole("seed", "Seed", low=0, high=_MOST, default=0)
    return RunLevel(split=split, limit=limit, seed=seed or 0, arguments=arguments)


def of_models(task: str, models: Sequence[str]) -> dict[str, dict[str, Scalar]]:
    """Draws the parameters of each model; returns those that are not at their default."""
    found: dict[str, dict[str, Scalar]] = {}
    for model in models:
        offered = cached.read(launch_form.parameters, task, model)
        with st.container(border=True):
            st.markdown(f"**{panels.plain(model)}**")
            if not offered:
                st.caption("Nothing to set: it has one way to work.")
            values = _fields(model, [p for p in offered if not p.advanced])
            advanced = [p for p in offered if p.advanced]
            if advanced:
                with st.expander(f"{len(advanced)} more, for those who know"):
                    values |= _fields(model, advanced)
        found[model] = {p.name: values[p.name] for p in offered if values[p.name] != p.default}
    return found


def _fields(model: str, offered: Sequence[Parameter]) -> dict[str, Scalar]:
    values: dict[str, Scalar] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for parameter in offered:
            values[parameter.name] = _field(model, parameter)
    return values


def _field(model: str, p: Parameter) -> Scalar:
    """One control, made of what the card says; its value stands in the address if not default."""
    address, widget = f"{model}.{p.name}", f"arg-{model}-{p.name}"
    st.session_state[widget] = _from_address(p, st.query_params.get(address))
    changed = {"on_change": _write, "args": (address, widget, p.default)}
    help_text = panels.plain(p.help)
    if isinstance(p.default, bool):
        st.toggle(p.title, key=widget, help=help_text, **changed)
    elif isinstance(p.default, int):
        st.number_input(
            p.title,
            min_value=None if p.low is None else int(p.low),
            max_value=None if p.high is None else int(p.high),
            step=1,
            key=widget,
            help=help_text,
            width=150,
            **changed,
        )
    elif isinstance(p.default, float):
        st.number_input(
            p.title,
            min_value=p.low,
            max_value=p.high,
            step=_step(p.default),
            format="%g",
            key=widget,
            help=help_text,
            width=150,
            **changed,
        )
    elif p.choices:
        st.selectbox(p.title, p.choices, key=widget, help=help_text, width=150, **changed)
    else:
        st.text_input(
            p.title,
            key=widget,
            help=help_text,
            placeholder="hub id or local folder" if p.name.endswith("weights") else None,
            width=300,
            **changed,
        )
    value = st.session_state[widget]
    return p.default if value is None else value


def _step(default: float) -> float:
    """The default's power of ten, so that buttons move small rates by little."""
    if not default:
        return 0.1
    return float(10 ** math.floor(math.log10(abs(default))))


def _from_address(p: Parameter, asked: str | None) -> Scalar:
    """The value a link asks for; the default where it asks for none, or one not allowed."""
    if asked is None:
        return p.default
    if isinstance(p.default, bool):
        return asked == "true"
    if isinstance(p.default, str):
        return asked if not p.choices or asked in p.choices else p.default
    try:
        value = type(p.default)(asked)
    except ValueError:
        return p.default
    low = -math.inf if p.low is None else p.low
    high = math.inf if p.high is None else p.high
    return value if math.isfinite(value) and low <= value <= high else p.default


def _write(address: str, widget: str, default: Scalar) -> None:
    value = st.session_state[widget]
    if value is None or value == default:
        pickers.set_query(**{address: None})
    else:
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        pickers.set_query(**{address: shown})


def whole(
    key: str,
    label: str,
    *,
    low: int,
    high: int,
    default: int | None = None,
    placeholder: str | None = None,
) -> int | None:
    """A whole number bound to the address; None where the field is empty and may be."""
    widget = f"pick-{key}"
    asked = st.query_params.get(key, "")
    value = int(asked) if asked.isdecimal() and len(asked) < 12 else default
    st.session_state[widget] = None if value is None else min(max(value, low), high)
    st.number_input(
        label,
        min_value=low,
        max_value=high,
        step=1,
        key=widget,
        placeholder=placeholder,
        width=170,
        on_change=_write,
        args=(key, widget, default),
    )
    found = st.session_state[widget]
    return default if found is None else int(found)
