"""What every run gave for the molecule, beside the reference and the difference."""

from __future__ import annotations

import html
import math

import pandas as pd
import streamlit as st

from chebimm_core.domain.report import MoleculeReport, RunOutput
from chebimm_core.figures.structure_diff import StructureDiff, structure_diff
from chebimm_core.figures.word_diff import Span, word_diff
from chebimm_core.services import task_catalog
from chebimm_core.settings import Settings
from pages.ui import cached, figure_panel, navigation, panels, pickers, theme

_TITLES = {
    "captioning": "Captions",
    "iupac": "IUPAC names",
    "property": "Properties",
    "retrieval": "Retrieval",
    "generation": "Molecules from text",
    "image-recognition": "Molecules from images",
}
_COMPARED = 4
_FIRST = 6
"""Outputs shown before the reader asks for all: a structure comparison may take a second."""
_STRUCTURE_TASKS = ("generation", "image-recognition")
_TEXT_TASKS = ("captioning", "iupac")


def show(report: MoleculeReport) -> None:
    """Outputs of one task at a time, best first; the run of the address comes first."""
    if report.n_outdated:
        st.warning(
            f"{report.n_outdated:,} runs were made on another version of this data set: their "
            "outputs are not laid beside its references. Load their files again to score them on "
            "what is here now.",
            icon=":material/history:",
        )
    if not report.outputs:
        panels.empty(
            "No run has answered this molecule yet.",
            f"Runs answer the molecules of a split, mostly test; this one stands in "
            f"{panels.plain(report.record.split)}. Load a prediction file on the Results page.",
        )
        return
    asked = st.query_params.get("run")
    of_run = next((o.task for o in report.outputs if o.run_id == asked), None)
    tasks = tuple(dict.fromkeys(o.task for o in report.outputs))
    counts = {t: sum(o.task == t for o in report.outputs) for t in tasks}
    task = pickers.choice(
        "task",
        "Task",
        tasks,
        default=of_run,
        shown=lambda t: f"{_TITLES.get(t, t)} ({counts[t]})",
        kind="segments",
    )
    chosen = sorted((o for o in report.outputs if o.task == task), key=lambda o: _rank(o, asked))
    _legend(task)
    chosen = _compared(chosen)
    for group in _by_reference(chosen).values():
        _group(group, task)
    table = _table(chosen)
    with st.expander("Table of all outputs", icon=":material/table:"):
        st.dataframe(table, hide_index=True, key="outputs-table")
        figure_panel.downloads(
            table, key="outputs", file_name=f"molecule-{report.record.cid}-{task}"
        )


def _compared(outputs: list[RunOutput]) -> list[RunOutput]:
    """Up to four runs side by side if the reader picks them, else all."""
    if len(outputs) < 2:
        return outputs
    labels = {o.run_id: f"{o.model} · {o.transition.replace('->', ' → ')}" for o in outputs}
    picked = pickers.some_of(
        "side", "Compare up to four runs", tuple(labels), most=_COMPARED, shown=labels.__getitem__
    )
    return [o for o in outputs if o.run_id in picked] or outputs


def _rank(output: RunOutput, asked: str | None) -> tuple[bool, bool, float]:
    value = output.scores.get(output.primary_metric, math.nan)
    worst = math.inf if math.isnan(value) else value
    better_first = -value if output.higher_is_better and not math.isnan(value) else worst
    return (output.run_id != asked, output.is_floor, better_first)


def _by_reference(outputs: list[RunOutput]) -> dict[str | None, list[RunOutput]]:
    groups: dict[str | None, list[RunOutput]] = {}
    for output in outputs:
        groups.setdefault(output.reference, []).append(output)
    return groups


def _group(outputs: list[RunOutput], task: str) -> None:
    reference = outputs[0].reference
    st.caption("Reference")
    panels.text(reference if reference is not None else "none in the data set")
    everything = len(outputs) <= _FIRST or st.toggle(
        f"Show all {len(outputs)} outputs", key=f"all-{task}"
    )
    shown = outputs if everything else outputs[:_FIRST]
    for start in range(0, len(shown), 2):
        for column, output in zip(st.columns(2, gap="medium"), shown[start : start + 2]):  # noqa: B905 - an odd number leaves the last column empty
            with column, st.container(border=True, key=f"output-{output.run_id}"):
                _output(output)


def _output(output: RunOutput) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"**{panels.plain(output.model)}**")
        st.badge(panels.plain(output.transition.replace("->", " → ")), color="gray")
        if output.is_floor:
            st.badge("floor", color="orange", help="A baseline that knows nothing of the input.")
    if output.error:
        st.warning(panels.plain(output.error), icon=":material/warning:")
    if output.output is None:
        if not output.error:
            st.warning("The run gave no output for this molecule.", icon=":material/warning:")
    elif output.task in _STRUCTURE_TASKS:
        _structure(output, output.output)
    elif output.task in _TEXT_TASKS and output.reference is not None:
        st.html(_marked(word_diff(output.reference, output.output)))
    else:
        panels.text(output.output)
    _scores(output)
    navigation.link("results", "Open this run", run=output.run_id)


def _structure(output: RunOutput, smiles: str) -> None:
    diff = cached.read(
        _diff, output.reference or "", smiles, theme.is_dark(), spinner="Comparing structures"
    )
    left, right = st.columns(2, gap="small")
    for column, label, drawn in (
        (left, "Reference", diff.reference),
        (right, "Output", diff.output),
    ):
        with column:
            st.caption(label)
            if drawn.svg is None:
                st.caption(panels.plain(drawn.problem or "No drawing"))
            else:
                st.image(drawn.svg, width="stretch", alt=f"{label} structure")
    st.markdown(panels.plain(diff.remark + "."))
    # The run's own fingerprint score counts bits another way: two near numbers would confuse.
    if diff.tanimoto is not None and not {"morgan", "morgan_all"} & set(output.scores):
        st.caption(f"Tanimoto similarity (Morgan 2, 2,048 bits) {diff.tanimoto:.2f}")
    panels.text(smiles)


def _diff(settings: Settings, reference: str, output: str, dark: bool) -> StructureDiff:
    """Takes ``settings`` only because everything the pages keep is keyed by them."""
    return structure_diff(reference, output, dark=dark, width=300, height=220)


def _legend(task: str) -> None:
    if task in _TEXT_TASKS:
        panels.reading(
            "Each output against the reference: words only the reference has are struck through, "
            "words only the output has are underlined."
        )
    elif task in _STRUCTURE_TASKS:
        panels.reading(
            "Reference and output laid over their largest common part; what is outside it is "
            "marked in both."
        )


def _marked(spans: list[Span]) -> str:
    colors = theme.colors()
    styles = {
        "missing": f"color:{colors.mark};text-decoration:line-through",
        "added": f"color:{colors.accent};text-decoration:underline;font-weight:600",
    }
    tags = {"missing": "del", "added": "ins"}
    parts = []
    for span in spans:
        words = span.text.rstrip()
        space = span.text[len(words) :]
        if span.status == "equal":
            parts.append(html.escape(span.text))
            continue
        tag = tags[span.status]
        # What is struck through must not run into the word that stands in its place.
        gap = space or (" " if span.status == "missing" else "")
        parts.append(f'<{tag} style="{styles[span.status]}">{html.escape(words)}</{tag}>{gap}')
    body = "".join(parts)
    return f'<p style="margin:0;overflow-wrap:anywhere;white-space:pre-wrap">{body}</p>'


def _scores(output: RunOutput) -> None:
    if not output.scores:
        st.caption("No score for this molecule.")
        return
    scores = output.scores
    # Over all rows a valid answer counts what it counts over valid ones: said once.
    listed = " · ".join(
        f"{task_catalog.metric_title(metric)} {value:.2f}"
        for metric, value in scores.items()
        if not metric.endswith(task_catalog.ALL_ROWS)
        or scores.get(metric.removesuffix(task_catalog.ALL_ROWS)) != value
    )
    st.caption(panels.plain(listed))


def _table(outputs: list[RunOutput]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "model": o.model,
                "transition": o.transition,
                "output": o.output,
                "error": o.error,
                "reference": o.reference,
                **o.scores,
                "run": o.run_id,
            }
            for o in outputs
        ]
    )
