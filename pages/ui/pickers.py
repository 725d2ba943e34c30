"""Controls whose state is the address: a link reproduces the view.

The query parameter is the only truth. Before each control is drawn its state is set from the
address, and a change writes the address; a label may thus be for people and the address for links.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.domain.run import RunHeader
from chebimm_core.services import benchmark, dataset
from pages.ui import cached, panels


def choice(
    key: str,
    label: str,
    options: Sequence[str],
    *,
    default: str | None = None,
    shown: Callable[[str], str] = str,
    help: str | None = None,
    kind: str = "select",
) -> str:
    """One of several; ``kind`` is ``select`` (a list) or ``segments`` (a row of buttons).

    Args:
        key: Query parameter.
        label: What is chosen.
        options: Values as they stand in the address; at least one.
        default: Taken if the address names none, or one that does not exist; None: the first.
        shown: Value -> what the reader sees.
        help: Tooltip.
        kind: Look of the control.
    """
    fallback = default if default in options else options[0]
    widget = _bound(key, options, fallback)
    if kind == "segments":
        st.segmented_control(
            label,
            options,
            key=widget,
            format_func=shown,
            help=help,
            required=True,
            on_change=_write,
            args=(key, widget),
        )
    else:
        st.selectbox(
            label,
            options,
            key=widget,
            format_func=shown,
            help=help,
            on_change=_write,
            args=(key, widget),
        )
    return str(st.session_state[widget] or fallback)


def maybe(
    key: str,
    label: str,
    options: Sequence[str],
    *,
    shown: Callable[[str], str] = str,
    placeholder: str = "none",
) -> str | None:
    """One of several, or none; ``placeholder`` is what the empty control says."""
    widget = f"pick-{key}"
    asked = st.query_params.get(key)
    st.session_state[widget] = asked if asked in options else None
    st.selectbox(
        label,
        options,
        index=None,
        key=widget,
        format_func=shown,
        placeholder=placeholder,
        on_change=_write,
        args=(key, widget),
    )
    chosen = st.session_state[widget]
    return None if chosen is None else str(chosen)


def several(
    key: str, label: str, options: Sequence[str], *, help: str | None = None
) -> tuple[str, ...]:
    """Any number of words; new ones may be typed. Comma-separated in the address."""
    widget = f"pick-{key}"
    asked = [word for word in st.query_params.get(key, "").split(",") if word]
    st.session_state[widget] = asked
    st.multiselect(
        label,
        list(dict.fromkeys([*options, *asked])),
        key=widget,
        accept_new_options=True,
        help=help,
        on_change=_write,
        args=(key, widget),
    )
    return tuple(str(word).strip() for word in st.session_state[widget])


def some_of(
    key: str,
    label: str,
    options: Sequence[str],
    *,
    most: int,
    shown: Callable[[str], str] = str,
) -> tuple[str, ...]:
    """Up to ``most`` of several, none at first; comma-separated in the address."""
    widget = f"pick-{key}"
    asked = st.query_params.get(key, "").split(",")
    st.session_state[widget] = [name for name in asked if name in options][:most]
    st.multiselect(
        label,
        options,
        key=widget,
        format_func=shown,
        max_selections=most,
        placeholder="all",
        on_change=_write,
        args=(key, widget),
    )
    return tuple(str(name) for name in st.session_state[widget])


def switch(key: str, label: str, value: str, *, help: str | None = None) -> bool:
    """On or off; on is ``key=value`` in the address, off is its absence."""
    widget = f"pick-{key}"
    st.session_state[widget] = st.query_params.get(key) == value
    st.toggle(label, key=widget, help=help, on_change=_write_switch, args=(key, widget, value))
    return bool(st.session_state[widget])


def number(
    key: str,
    label: str,
    *,
    low: float,
    high: float,
    default: float,
    step: float,
    help: str | None = None,
) -> float:
    """A number on a slider; whole if ``step`` is."""
    widget = f"pick-{key}"
    kind = int if isinstance(step, int) else float
    try:
        asked = kind(float(st.query_params.get(key, default)))
    except (ValueError, OverflowError):
        asked = kind(default)
    if not math.isfinite(asked):
        asked = kind(default)
    st.session_state[widget] = min(max(asked, kind(low)), kind(high))
    st.slider(
        label,
        min_value=kind(low),
        max_value=kind(high),
        step=step,
        key=widget,
        help=help,
        on_change=_write,
        args=(key, widget),
    )
    return float(st.session_state[widget])


def set_query(**query: str | None) -> None:
    """Writes query parameters, e.g. in the callback of a chart; None removes one."""
    for key, value in query.items():
        if value is None:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = value


def pick_dataset(key: str = "dataset") -> DatasetHeader | None:
    """A data set, with its badge if it is synthetic; an empty state and None if there is none."""
    headers = {h.name: h for h in cached.read(dataset.list_datasets)}
    if not headers:
        panels.empty(
            "There is no data set yet.",
            "Build the demo corpus, or import ChEBI-20-MM on the Dataset page.",
            command="python -m chebimm_core demo build",
        )
        return None
    chosen = choice(key, "Data set", tuple(headers), shown=lambda n: headers[n].title)
    panels.synthetic_badge(headers[chosen])
    return headers[chosen]


def pick_split(header: DatasetHeader, key: str = "split") -> str:
    """A split of the data set, ``test`` unless the address says otherwise."""
    return choice(
        key,
        "Split",
        tuple(header.splits),
        default="test",
        shown=lambda s: f"{s} ({header.splits[s]:,})",
    )


def pick_run(
    key: str = "run",
    label: str = "Run",
    *,
    headers: Sequence[RunHeader] | None = None,
    extra: Sequence[str] = (),
) -> str | None:
    """A run by id; None (and an empty state) if there is none.

    Args:
        key: Query parameter.
        label: What is chosen.
        headers: Runs to choose from; None: all of the store.
        extra: Further ids listed first, e.g. ``gold:demo:test``.
    """
    runs = cached.read(benchmark.list_runs) if headers is None else headers
    names = {h.run_id: run_label(h) for h in runs}
    options = (*extra, *names)
    if not options:
        panels.empty(
            "There is no run yet.",
            "Load a prediction file on the Results page, or fetch public runs there.",
            command="python -m chebimm_core runs load FILE --dataset NAME --task TASK --model NAME",
        )
        return None
    return choice(key, label, options, shown=lambda r: names.get(r) or gold_label(r))


def run_label(header: RunHeader) -> str:
    """``molt5-base · SMILES → caption · chebi-20-mm test``; a property by its column."""
    spec = header.spec
    arrow = spec.transition.replace("->", " → ")
    if spec.target == "property" and "property" in spec.model_args:
        arrow += f" {spec.model_args['property']}"
    return f"{model_label(header)} · {arrow} · {spec.dataset} {spec.split}"


def model_label(header: RunHeader) -> str:
    """Name of the model; with its weights where those say which model it is."""
    spec = header.spec
    weights = str(spec.model_args.get("weights", ""))
    if spec.model.startswith("hub-") and weights:
        return f"{spec.model} ({weights.rstrip('/').rpartition('/')[2]})"
    return spec.model


def gold_label(run_id: str) -> str:
    """Name of the gold data where a run id is expected; other ids stay as they are."""
    kind, _, rest = run_id.partition(":")
    return f"Gold data · {rest.replace(':', ' ')}" if kind == "gold" else run_id


def _bound(key: str, options: Sequence[str], fallback: str) -> str:
    widget = f"pick-{key}"
    asked = st.query_params.get(key)
    if asked == "":
        asked = None
    if asked is not None and asked not in options:
        st.caption(panels.plain(f"The link asks for {key} “{asked[:60]}”, which is not here."))
        asked = None
    st.session_state[widget] = asked if asked is not None else fallback
    return widget


def _write_switch(key: str, widget: str, value: str) -> None:
    set_query(**{key: value if st.session_state[widget] else None})


def _write(key: str, widget: str) -> None:
    value = st.session_state[widget]
    if value is None or value == []:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = ",".join(value) if isinstance(value, list) else str(value)
