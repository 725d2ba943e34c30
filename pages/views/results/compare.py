"""Two or more runs side by side, on the same molecules."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from chebimm_core.domain.run import RunHeader, RunSpec
from chebimm_core.figures import run_charts
from chebimm_core.services import benchmark, task_catalog
from chebimm_core.services.benchmark import MetricComparison
from pages.ui import (
    cached,
    figure_panel,
    molecule_table,
    panels,
    pickers,
    run_rows,
    theme,
)
from pages.views.results.runs import no_runs

_WIDGET = "compare-runs"


def show() -> None:
    headers = {h.run_id: h for h in run_rows.all_runs()}
    if not headers:
        no_runs()
        return
    chosen = _chosen(headers)
    if len(chosen) < 2:
        panels.empty(
            "Choose at least two runs.",
            "The first is compared with each of the others on the molecules they share.",
        )
        return
    run_rows.badge(h.spec.dataset for h in chosen)
    first, others = chosen[0], chosen[1:]
    differences = spec_differences([h.spec for h in chosen])
    st.subheader("What differs in their specifications")
    if differences.empty:
        st.markdown("Nothing but the predictions themselves.")
    else:
        shown = differences.copy()
        shown.columns = ["field", *_names(chosen)]
        st.dataframe(shown, hide_index=True, key="compare-specs", alt="Fields that differ")
    comparable = [
        h
        for h in others
        if (h.spec.task, h.spec.dataset, h.spec.dataset_hash)
        == (first.spec.task, first.spec.dataset, first.spec.dataset_hash)
    ]
    if len(comparable) < len(others):
        st.warning(
            "Runs of another task, data set or version of one share no molecules or metrics with "
            "the first; they are left out below.",
            icon=":material/warning:",
        )
    for other in comparable:
        with panels.guard():
            _pair(first, other)
    if comparable:
        with panels.guard():
            _disputed([first, *comparable])


def spec_differences(specs: list[RunSpec]) -> pd.DataFrame:
    """Fields in which the specifications differ: one row a field, one column a specification."""
    flat = [_flat(spec.model_dump(mode="json")) for spec in specs]
    fields = list(dict.fromkeys(key for one in flat for key in one))
    records = [
        {"field": key, **{str(i): one.get(key, "") for i, one in enumerate(flat)}}
        for key in fields
        if len({one.get(key, "") for one in flat}) > 1
    ]
    return pd.DataFrame.from_records(records, columns=["field", *map(str, range(len(specs)))])


def _flat(value: object, prefix: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= _flat(inner, f"{prefix}.{key}" if prefix else str(key))
        return found
    return {prefix: value if isinstance(value, str) else json.dumps(value)}


def _names(headers: list[RunHeader]) -> list[str]:
    """The shortest names that tell the runs apart."""
    models = [h.spec.model for h in headers]
    if len(set(models)) == len(models):
        return models
    labels = [f"{h.spec.model} · {run_rows.arrow(h.spec.transition)}" for h in headers]
    return [
        label if labels.count(label) == 1 else f"{label} ({h.run_id[-4:]})"
        for label, h in zip(labels, headers, strict=True)
    ]


def _chosen(headers: dict[str, RunHeader]) -> list[RunHeader]:
    asked = [r for r in st.query_params.get("runs", "").split(",") if r in headers]
    st.session_state[_WIDGET] = asked

    def write() -> None:
        picked = st.session_state[_WIDGET]
        pickers.set_query(runs=",".join(picked) or None)

    st.multiselect(
        "Runs, the first against each of the others",
        list(headers),
        key=_WIDGET,
        format_func=lambda r: pickers.run_label(headers[r]),
        max_selections=6,
        placeholder="choose two or more",
        on_change=write,
    )
    return [headers[r] for r in asked]


def _pair(first: RunHeader, other: RunHeader) -> None:
    a, b = _names([first, other])
    rows_found = cached.read(
        benchmark.compare, first.run_id, other.run_id, spinner="Comparing on the same molecules"
    )
    st.subheader(f"{panels.plain(a)} against {panels.plain(b)}")
    frame = pd.DataFrame.from_records([_row(r) for r in rows_found])
    if frame.empty:
        panels.empty(
            "These two runs share no metric with equal signature.",
            "Score them in the same way first.",
        )
        return
    bounded = frame[frame["bounded"]]
    n = int(frame["n"].max())
    figure_panel.show(
        run_charts.paired_differences(bounded, name_a=a, name_b=b, dark=theme.is_dark()),
        key=f"pair-{other.run_id}",
        reading=_reading(bounded, a, b, n),
        table=_readable(frame),
        alt=f"Paired differences per metric over {n} molecules",
        file_name="paired-differences",
        note="Paired bootstrap over molecules both runs answered for, 95 % intervals; exact match "
        "also by McNemar's test. p values are not corrected for the number of metrics.",
    )


def _row(found: MetricComparison) -> dict[str, object]:
    paired = found.paired
    sign = 1.0 if found.direction == "higher" else -1.0
    ends = sorted((sign * paired.ci_low, sign * paired.ci_high))
    row: dict[str, object] = {
        "metric": task_catalog.metric_title(paired.metric),
        "first": paired.value_a,
        "second": paired.value_b,
        "difference": paired.difference,
        "95 % from": paired.ci_low,
        "to": paired.ci_high,
        "p": paired.p_value,
        "n": paired.n,
        "better": found.direction,
        "only first right": paired.only_a,
        "only second right": paired.only_b,
        "signature": found.signature,
        "bounded": found.bounded,
        "gain": sign * paired.difference,
        "gain_low": ends[0],
        "gain_high": ends[1],
        "p_value": paired.p_value,
    }
    return row


def _reading(frame: pd.DataFrame, a: str, b: str, n: int) -> str:
    wins = int((frame["gain_low"] > 0).sum())
    losses = int((frame["gain_high"] < 0).sum())
    open_ones = len(frame) - wins - losses
    return (
        f"On the same {n:,} molecules {panels.plain(a)} is better in {wins} of {len(frame)} "
        f"bounded metrics, {panels.plain(b)} in {losses}, and {open_ones} cannot be told apart."
    )


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    hidden = ["bounded", "gain", "gain_low", "gain_high", "p_value"]
    return frame.drop(columns=hidden).dropna(axis="columns", how="all")


def _disputed(chosen: list[RunHeader]) -> None:
    st.subheader("Molecules they dispute most")
    shared = [
        s.metric
        for s in chosen[0].scores
        if not s.metric.endswith(task_catalog.ALL_ROWS)
        and all((o := h.score(s.metric)) and o.signature == s.signature for h in chosen)
        and all(
            s.metric in cached.read(benchmark.samples, h.run_id, on=f"run:{h.run_id}").columns
            for h in chosen
        )
    ]
    if not shared:
        panels.empty("They share no metric with values for single molecules.", "Nothing to show.")
        return
    metric = pickers.choice("metric", "Metric", shared, shown=task_catalog.metric_title)
    found = cached.read(benchmark.disputed, [h.run_id for h in chosen], metric, 20)
    names = dict(zip((h.run_id for h in chosen), _names(chosen), strict=True))
    table = found.rename(
        columns={
            column: f"{names[column.split(':', 1)[1]]}: "
            + ("score" if column.startswith("value:") else "output")
            for column in found.columns
            if ":" in column
        }
    )
    if len(chosen) == 2:
        _scatter(chosen, metric)
    molecule_table.show(
        table,
        key="disputed",
        dataset=chosen[0].spec.dataset,
        alt="Molecules with the largest difference between the runs",
        columns={
            "spread": st.column_config.NumberColumn("difference", format="%.3f"),
            **{
                c: st.column_config.NumberColumn(format="%.3f")
                for c in table.columns
                if c.endswith(": score")
            },
        },
    )
    figure_panel.downloads(table, key="disputed", file_name="disputed")


def _scatter(chosen: list[RunHeader], metric: str) -> None:
    first, second = (
        cached.read(benchmark.samples, h.run_id, on=f"run:{h.run_id}").set_index("cid")[metric]
        for h in chosen
    )
    both = pd.DataFrame({"a": first, "b": second}).dropna().rename_axis("cid").reset_index()
    if both.empty:
        return
    names = _names(chosen)
    key = "paired-molecules"

    tied = ""
    if both["a"].nunique() > 1 and both["b"].nunique() > 1:
        tied = f" Rank correlation {both['a'].corr(both['b'], method='spearman'):.2f}."
    figure_panel.show(
        run_charts.paired_molecules(
            both,
            metric_title=task_catalog.metric_title(metric),
            names=(names[0], names[1]),
            dark=theme.is_dark(),
        ),
        key=key,
        reading=f"Each point is one of {len(both):,} molecules; far from the diagonal the two runs "
        f"disagree.{tied} Click a point to open the molecule.",
        table=both,
        alt="Score of every molecule under both runs",
        file_name="paired-molecules",
        on_select=molecule_table.on_point(key),
    )
    molecule_table.leave(key, dataset=chosen[0].spec.dataset)
