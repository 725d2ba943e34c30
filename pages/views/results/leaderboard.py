"""Rankings of runs that may be compared: one task, one split, one metric, one signature."""

from __future__ import annotations

import math
from collections import Counter

import pandas as pd
import streamlit as st

from chebimm_core.domain.prediction import Score
from chebimm_core.domain.run import RunHeader
from chebimm_core.figures import run_charts
from chebimm_core.services import task_catalog
from pages.ui import figure_panel, molecule_table, panels, pickers, run_rows, theme
from pages.views.results import floor_panel
from pages.views.results.runs import no_runs

_EVERY = "every"
_DENOMINATORS = {
    "valid": "valid outputs only (published)",
    "all": "all molecules, invalid = 0",
}


def show() -> None:
    headers = [h for h in run_rows.current_runs() if h.scores]
    if not headers:
        no_runs()
        return
    task, runs = _runs(headers)
    left_out = len(run_rows.outdated())
    if left_out:
        st.caption(
            f"{left_out:,} run{'s' if left_out != 1 else ''} made on another version of "
            f"{'their' if left_out != 1 else 'its'} data set {'are' if left_out != 1 else 'is'} "
            "left out: load the file again to score it on what is here now."
        )
    run_rows.badge(h.spec.dataset for h in runs)
    metric = _metric(task, runs)
    beside = {f.run_id: f for h in runs for f in run_rows.floors(h)} | {h.run_id: h for h in runs}
    scored = [(h, s) for h in beside.values() if (s := h.score(metric)) is not None]
    st.caption(panels.plain(task_catalog.task(task).floor))
    if not scored:
        panels.empty("No run has this metric.", "Choose another metric or data set.")
        return
    frame = _frame(_one_signature(scored))
    if frame.empty:
        panels.empty("No run is left.", "Choose another signature.")
        return
    _draw(frame, task, metric, scored[0][1])
    floor_panel.offer(runs[0])


def _runs(headers: list[RunHeader]) -> tuple[str, list[RunHeader]]:
    known = [t.name for t in task_catalog.tasks()]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = pickers.choice("dataset", "Data set", sorted({h.spec.dataset for h in headers}))
        headers = [h for h in headers if h.spec.dataset == dataset]
        splits = sorted({h.spec.split for h in headers})
        split = pickers.choice("split", "Split", splits, default="test")
        headers = [h for h in headers if h.spec.split == split]
        tasks = [name for name in known if any(h.spec.task == name for h in headers)]
        task = pickers.choice("task", "Task", tasks or known[:1], shown=task_catalog.title)
        headers = [h for h in headers if h.spec.task == task]
        transitions = sorted({h.spec.transition for h in headers})
        transition = pickers.choice(
            "transition",
            "Transition",
            [_EVERY, *transitions],
            default=transitions[0] if len(transitions) == 1 else _EVERY,
            shown=lambda t: "every input" if t == _EVERY else run_rows.arrow(t),
        )
    if transition != _EVERY:
        headers = [h for h in headers if h.spec.transition == transition]
    return task, headers


def _metric(task: str, headers: list[RunHeader]) -> str:
    present = {s.metric for h in headers for s in h.scores}
    metrics = [m for m in task_catalog.base_metrics(task) if m in present]
    if not metrics:
        return task_catalog.task(task).primary_metric
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = pickers.choice(
            "metric",
            "Metric",
            metrics,
            default=task_catalog.task(task).primary_metric,
            shown=task_catalog.metric_title,
        )
        if not task_catalog.has_both_denominators(task, metric):
            return metric
        denominator = pickers.choice(
            "denominator",
            "Denominator",
            tuple(_DENOMINATORS),
            shown=_DENOMINATORS.__getitem__,
            kind="segments",
            help="The order of models can change with it: a model that seldom answers validly "
            "looks better over its valid answers.",
        )
    return metric if denominator == "valid" else metric + task_catalog.ALL_ROWS


def _one_signature(scored: list[tuple[RunHeader, Score]]) -> list[tuple[RunHeader, Score]]:
    counts = Counter(s.signature for _, s in scored)
    if len(counts) == 1:
        return scored
    signatures = [signature for signature, _ in counts.most_common()]
    letters = {signature: chr(ord("A") + i % 26) for i, signature in enumerate(signatures)}
    chosen = pickers.choice(
        "signature",
        "Signature",
        [*letters.values(), _EVERY],
        shown=lambda v: (
            "show all together (not comparable)"
            if v == _EVERY
            else f"{v}: {_of(letters, v)} ({counts[_of(letters, v)]} runs)"
        ),
    )
    left_out = sum(n for s, n in counts.items() if letters[s] != chosen)
    if chosen == _EVERY:
        st.warning(
            f"These runs were scored in {len(counts)} different ways. Their order means nothing "
            "across signatures; the column signature says which belong together.",
            icon=":material/warning:",
        )
        return scored
    st.warning(
        f"{left_out} run{'s' if left_out != 1 else ''} scored in another way "
        f"{'are' if left_out != 1 else 'is'} left out: scores with different signatures do not "
        "compare.",
        icon=":material/warning:",
    )
    return [(h, s) for h, s in scored if letters[s.signature] == chosen]


def _of(letters: dict[str, str], letter: str) -> str:
    return next(signature for signature, own in letters.items() if own == letter)


def _frame(scored: list[tuple[RunHeader, Score]]) -> pd.DataFrame:
    groups = list(dict.fromkeys(s.signature for _, s in scored))
    one_input = len({h.spec.transition for h, _ in scored}) == 1
    frame = pd.DataFrame.from_records(
        [
            {
                "label": h.spec.model
                if one_input
                else f"{h.spec.model} · {run_rows.arrow(h.spec.transition)}",
                "model": h.spec.model,
                "transition": run_rows.arrow(h.spec.transition),
                "value": s.value,
                "ci_low": s.ci_low,
                "ci_high": s.ci_high,
                "n": s.n,
                "n_failed": s.n_failed,
                "is_floor": run_rows.is_floor(h),
                "signature_group": chr(ord("A") + groups.index(s.signature) % 26),
                "signature": s.signature,
                "run_id": h.run_id,
            }
            for h, s in scored
            if math.isfinite(s.value)
        ]
    )
    if frame.empty:
        return frame
    repeated = frame.groupby("label").cumcount()
    frame["label"] += [f" ({k + 1})" if k else "" for k in repeated]
    frame[["ci_low", "ci_high"]] = frame[["ci_low", "ci_high"]].astype(float)
    higher = scored[0][1].direction == "higher"
    frame = frame.sort_values("value", ascending=not higher, kind="stable", ignore_index=True)
    ranked = frame.groupby("signature_group").cumcount() + 1
    frame.insert(0, "rank", ranked if frame["signature_group"].nunique() == 1 else None)
    return frame


def _draw(frame: pd.DataFrame, task: str, metric: str, sample: Score) -> None:
    title = task_catalog.metric_title(metric)
    signatures = frame["signature"].unique()
    figure_panel.show(
        run_charts.leaderboard(
            frame, metric_title=title, direction=sample.direction, dark=theme.is_dark()
        ),
        key="leaderboard",
        reading=_reading(frame, title),
        table=frame.drop(columns=["label"]),
        alt=f"Runs ordered by {title} with 95 % intervals; floors are hollow diamonds.",
        file_name=f"leaderboard-{task}-{metric}",
        note="Signature: " + panels.plain("; ".join(signatures)),
    )

    def opened() -> None:
        click = st.session_state.get("leaderboard-open")
        if click is not None:
            pickers.set_query(run=str(frame["run_id"].iloc[click["row"]]))

    shown = frame.drop(columns=["label", "signature_group"])
    shown.insert(0, molecule_table.OPEN, molecule_table.BUTTON)
    st.dataframe(
        shown,
        key="leaderboard-runs",
        hide_index=True,
        alt="The ranking as a table",
        column_config={
            molecule_table.OPEN: st.column_config.ButtonColumn(
                "", type="tertiary", on_click=opened, key="leaderboard-open", width="small"
            ),
            "value": st.column_config.NumberColumn(title, format="%.4f"),
            "ci_low": st.column_config.NumberColumn("95 % from", format="%.4f"),
            "ci_high": st.column_config.NumberColumn("to", format="%.4f"),
            "n": st.column_config.NumberColumn(format="localized"),
            "n_failed": st.column_config.NumberColumn("failed", format="localized"),
            "is_floor": st.column_config.CheckboxColumn("floor"),
        },
    )


def _reading(frame: pd.DataFrame, title: str) -> str:
    runs = frame[~frame["is_floor"]]
    floors = frame[frame["is_floor"]]
    if frame["signature_group"].nunique() > 1:
        return "Runs scored in different ways, side by side; no order is implied across signatures."
    if runs.empty:
        return "Only floors are loaded here: what a model reaches that knows nothing of its input."
    best = runs.iloc[0]
    sentence = f"{panels.plain(best['label'])} is best with {title} {best['value']:.3f}"
    if math.isfinite(best["ci_low"]):
        sentence += f" ({best['ci_low']:.3f} to {best['ci_high']:.3f})"
    sentence += f" over {best['n']:,} molecules"
    if len(runs) > 1:
        second = runs.iloc[1]
        overlap = not (best["ci_low"] > second["ci_high"] or best["ci_high"] < second["ci_low"])
        sentence += (
            "; its interval overlaps the next one's, so compare the two on the same molecules"
            if overlap
            else "; its interval is clear of the next one's"
        )
    if floors.empty:
        return sentence + ". No floor run is loaded to stand beside it."
    return sentence + f". The best floor has {floors.iloc[0]['value']:.3f}."
