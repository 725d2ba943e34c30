"""Which tokens of the input go with which tokens of the output, and how specifically."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.figures import map_charts
from chebimm_core.services import benchmark, dataset, knowledge
from chebimm_core.settings import Settings
from pages.ui import cached, charts_events, figure_panel, pair_panel, panels, pickers, theme

_TEXT_TASKS = ("captioning", "iupac", "generation")
_TOKENIZERS = {
    "words": "whole words, whole atoms",
    "scibert": "SciBERT WordPiece (published)",
    "t5": "T5 SentencePiece",
    "bpe": "BPE trained on these texts",
}
_SHADES = {"log": "count (log)", "values": "count / max (published)", "local_z": "local z"}


def render() -> None:
    st.title("Knowledge map")
    st.markdown(
        "Tokens of the input against tokens of the output, counted over molecules. A **specific "
        "pair** stands out from its neighbors by more than T standard deviations: a hint at what a "
        "model (or the gold data) connects. It is co-occurrence, not yet mechanism."
    )
    of_run, of_file = st.tabs(["From a run or the gold data", "From a matrix file"])
    with of_run, panels.guard():
        _of_run()
    with of_file, panels.guard():
        _of_file()


def _of_run() -> None:
    chosen = st.columns([5, 3, 4, 3])
    with chosen[0]:
        run_id = _pick_run()
    if run_id is None:
        return
    sources = {o.modality: o.n_molecules for o in cached.read(knowledge.maps_for_run, run_id)}
    if not sources:
        panels.empty("This run has no text on both sides.", "Choose a run that writes text.")
        return
    with chosen[1]:
        source = pickers.choice(
            "source",
            "Input modality",
            tuple(sources),
            default="IUPAC",
            shown=lambda name: f"{name} (n = {sources[name]:,})",
        )
    with chosen[2]:
        tokenizer = pickers.choice(
            "tokenizer",
            "Tokenizer",
            tuple(_TOKENIZERS),
            shown=lambda name: _TOKENIZERS[name],
            help="Both sides are cut by the same tokenizer. Pairs depend on it: try another. In "
            "line notations a word is an atom (SMILES), a symbol (SELFIES) or a layer (InChI).",
        )
    with chosen[3]:
        size = pickers.number(
            "size",
            "Tokens on each side",
            low=20,
            high=200,
            default=20,
            step=10,
            help="The most frequent ones, without digits, punctuation and stop words. Paper: 20.",
        )
    if tokenizer != "words":
        st.caption(
            "This tokenizer cuts by frequency, not by chemistry: a pair of fragments (“##ate”, "
            "“phosphat”) may make no chemical sense. Whole words are the chemist's choice."
        )
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        boilerplate = not pickers.switch(
            "boilerplate",
            "Leave out caption boilerplate",
            "out",
            help="Words of the sentences captions are built from (molecule, compound, role, "
            "member, derives, group, ...). The next most frequent words stand in. Off: as "
            "published.",
        )
    chosen_map: dict[str, Any] = {
        "source": source,
        "tokenizer": tokenizer,
        "size": int(size),
        "boilerplate": boilerplate,
    }
    frequent = cached.read(
        _build, run_id, **chosen_map, spinner="Counting tokens; the first map takes a few seconds"
    )
    with row, st.popover("Keep or drop tokens, seed of the null", icon=":material/tune:"):
        tokens = _token_lists(frequent)
        seed = pickers.number(
            "seed",
            "Seed of the published null",
            low=0,
            high=99,
            default=0,
            step=1,
            help="The published null is one random matrix. Its redraws move Z: see the band.",
        )
    built = cached.read(
        _build, run_id, **chosen_map, **tokens, null="published", seed=int(seed),
        spinner="Building the map",
    )  # fmt: skip
    name = _dataset_of(run_id)
    _explore(
        built,
        key="run",
        below=lambda found: pair_panel.show(
            found, run_id=run_id, source=source, tokenizer=tokenizer, dataset=name
        ),
    )


def _token_lists(frequent: KnowledgeMap) -> dict[str, Any]:
    sides: dict[str, Any] = {}
    for side, options in (("source", frequent.source_tokens), ("target", frequent.target_tokens)):
        columns = st.columns(2)
        with columns[0]:
            keep = pickers.several(
                f"keep_{side}",
                f"Only these {side} tokens",
                options,
                help="Empty: the most frequent ones. Further tokens may be typed.",
            )
        with columns[1]:
            drop = pickers.several(
                f"drop_{side}",
                f"Without these {side} tokens",
                options,
                help="The next most frequent tokens take their places.",
            )
        sides[f"keep_{side}"] = keep or None
        sides[f"drop_{side}"] = drop
    return sides


def _build(settings: Settings, run_id: str, **chosen: Any) -> KnowledgeMap:
    return knowledge.build(settings, run_id, cache=cached.tokenized(), **chosen)


def _of_file() -> None:
    st.markdown(
        "A labelled matrix as CSV: first column source tokens, header target tokens, cells counts. "
        "The given order is kept, because it defines who is whose neighbor."
    )
    uploaded = st.file_uploader("Matrix file", type=["csv"], key="matrix-file")
    if uploaded is None:
        panels.empty(
            "No file yet.",
            "Drop a CSV here, or download the table of a map from the other tab to start from.",
            command="python -m chebimm_core map --matrix FILE.csv --threshold 2.788 --json",
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(uploaded.name).name or "matrix.csv")
        path.write_bytes(uploaded.getvalue())
        built = knowledge.from_matrix_file(path, null="published")
    _explore(built, key="file")


def _explore(
    built: KnowledgeMap, *, key: str, below: Callable[[KnowledgeMap], None] | None = None
) -> None:
    """Threshold slider, heatmap, what is to stand right below it, scan, groups and flow."""
    highest = float(built.config.threshold_max)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        threshold = pickers.number(
            f"T_{key}",
            "Threshold T on local z",
            low=0.0,
            high=highest,
            default=round(min(built.threshold, highest), 2),
            step=0.01,
            help="A pair is specific if its local z is above T. The paper takes the T with the "
            "largest Z of the scan below.",
        )
    found = knowledge.at_threshold(built, threshold)
    selected = pair_panel.current(found)
    with right:
        shade = pickers.choice(
            f"shade_{key}", "Color", tuple(_SHADES), shown=lambda name: _SHADES[name]
        )
    chart = charts_events.clickable(
        map_charts.heatmap(found, shade=shade, dark=theme.is_dark(), selected=selected),  # type: ignore[arg-type]
        list(range(len(found.target_tokens))),
        list(range(len(found.source_tokens))),
        map_charts.hover_texts(found),
    )
    chart_key = f"map-{key}"
    figure_panel.show(
        chart,
        key=chart_key,
        reading=_reading(found),
        table=map_charts.table(found),
        alt=f"Heatmap of {len(found.source_tokens)} source against {len(found.target_tokens)} "
        f"target tokens; {len(found.pairs)} specific pairs are outlined and listed in the table.",
        file_name="knowledge-map",
        on_select=charts_events.on_click(chart_key, lambda at: _select(found, at)),
        note=panels.plain(
            found.signature + (f" · n = {found.n_molecules:,}" if found.n_molecules else "")
        ),
    )
    if below is not None:
        with panels.guard():
            below(found)
    scan, groups, flow = st.tabs(["Threshold scan", "Groups", "Flow"])
    with scan:
        _scan(found, key)
    with groups:
        _groups(found)
    with flow:
        _flow(found, key)


def _select(found: KnowledgeMap, at: tuple[object, ...]) -> None:
    row, column = int(str(at[0])), int(str(at[1]))
    pair_panel.select(found.source_tokens[row], found.target_tokens[column])


def _pick_run() -> str | None:
    headers = [h for h in cached.read(benchmark.list_runs) if h.spec.task in _TEXT_TASKS]
    gold = [
        f"gold:{h.name}:{split}"
        for h in cached.read(dataset.list_datasets)
        for split in sorted(h.splits, key=lambda name: name != "test")
    ]
    run_id = pickers.pick_run("run", "Run, or the gold data", headers=headers, extra=gold)
    if run_id is not None:
        name = _dataset_of(run_id)
        for header in cached.read(dataset.list_datasets):
            if header.name == name:
                panels.synthetic_badge(header)
    return run_id


def _dataset_of(run_id: str) -> str:
    if run_id.startswith("gold:"):
        return run_id.split(":")[1]
    return cached.read(benchmark.header, run_id, on=f"run:{run_id}").spec.dataset


def _reading(found: KnowledgeMap) -> str:
    if not found.pairs:
        return (
            f"no cell stands more than {found.threshold:.2f} standard deviations above its "
            "neighbors. Lower T to see pairs."
        )
    best = found.pairs[0]
    return (
        f"{len(found.pairs)} of {found.values.size:,} token pairs stand out from their neighbors "
        f"(outlined). Strongest: {panels.plain(best.source)} → {panels.plain(best.target)} with "
        f"local z {best.local_z:.1f}. Darker in light, brighter in dark: more co-occurrence."
    )


def _scan(found: KnowledgeMap, key: str) -> None:
    scan = found.scan
    if np.isfinite(scan.z_max_draws).any():
        low, high = np.nanpercentile(scan.z_max_draws, [2.5, 97.5])
        reading = (
            "pairs left as T rises, and how surprising their number is (Z). The band is what "
            f"redrawing the published random null {len(scan.z_max_draws)} times does to Z: its "
            f"maximum alone ranges from {low:.1f} to {high:.1f}, so do not quote one Z."
        )
    else:
        reading = "pairs left as T rises. No null was asked for, so there is no Z."
    figure_panel.show(
        map_charts.threshold_scan(found, dark=theme.is_dark()),
        key=f"scan-{key}",
        reading=reading,
        table=map_charts.scan_table(found),
        alt="Number of specific pairs and Z over the threshold T, with the band of the null.",
        file_name="threshold-scan",
        note=f"published null (one random normal matrix), seed {found.config.seed}",
    )


def _groups(found: KnowledgeMap) -> None:
    groups = knowledge.groups(found)
    columns = st.columns(2)
    for column, title, side in (
        (columns[0], "One source token, several targets", groups.by_source),
        (columns[1], "One target token, several sources", groups.by_target),
    ):
        with column:
            st.markdown(f"**{title}**")
            st.dataframe(
                pd.DataFrame(
                    [(g.token, ", ".join(g.partners), g.strongest) for g in side],
                    columns=["token", "goes with", "largest local z"],
                ),
                hide_index=True,
                column_config={"largest local z": st.column_config.NumberColumn(format="%.2f")},
            )


def _flow(found: KnowledgeMap, key: str) -> None:
    if not found.pairs:
        st.caption("No pair at this threshold.")
        return
    shown = min(len(found.pairs), 40)
    figure_panel.show(
        map_charts.flow(found.pairs, dark=theme.is_dark()),
        key=f"flow-{key}",
        reading=f"the {shown} strongest pairs from source tokens (left) to target tokens (right); "
        "the wider, the larger the local z.",
        table=map_charts.table(found),
        alt="Flow diagram of the specific pairs; the pairs are listed in the table.",
        file_name="knowledge-map-flow",
    )
