"""What a model learned, missed and invented, against the gold data or against another model."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.figures import evidence_charts
from chebimm_core.services import benchmark, knowledge, map_difference, map_slices
from chebimm_core.settings import Settings
from pages.ui import (
    cached,
    charts_events,
    definitions_panel,
    figure_panel,
    pair_panel,
    panels,
    pickers,
    theme,
)
from pages.views.knowledge_map import pick

_GOLD = "gold"
_HOLDS = {
    "associated": "associated more than chance",
    "supported": "associated and locally specific",
}


def show() -> None:
    """Two runs, a slice, the difference and its pairs."""
    headers = pick.written()
    if not headers:
        panels.empty("No run here writes text.", "Launch one, or load outputs on the Results page.")
        return
    top = st.columns(2)
    with top[0]:
        model = pickers.pick_run("model", "Model", headers=headers)
    if model is None:
        return
    mine = next(h for h in headers if h.run_id == model)
    with top[1]:
        reference = _reference(mine, headers)
    sources = {o.modality: o.n_molecules for o in cached.read(knowledge.maps_for_run, model)}
    slices = cached.read(map_slices.slices, model, on=f"run:{model}")
    second = st.columns([3, 4, 3, 4, 4])
    with second[0]:
        source = pickers.choice("source", "Input modality", tuple(sources), default="IUPAC")
    with second[1]:
        tokenizer = pick.tokenizer()
    with second[2]:
        size = pick.size()
    with second[3]:
        slice_ = pickers.choice("slice", "Molecules", tuple(slices), shown=lambda n: slices[n])
    with second[4]:
        holds = pickers.choice(
            "holds", "A map connects two tokens if", map_difference.HOLDS,
            shown=lambda n: _HOLDS[n],
            help="The local filter moves a pair in or out with its neighbors, even where both "
            "texts agree in every molecule. The association alone does not.",
        )  # fmt: skip
    chosen = {
        "source": source, "tokenizer": tokenizer, "size": size, "boilerplate": pick.boilerplate(),
        "slice_": slice_, "holds": holds,
    }  # fmt: skip
    found = cached.read(
        _difference, reference, model, spinner="Building both maps, with shuffles", **chosen
    )
    _draw(found)
    _pair(found, reference, model, chosen)


def _reference(mine: RunHeader, headers: list[RunHeader]) -> str:
    gold = cached.read(map_difference.gold_of, mine.run_id)
    alike = [
        h
        for h in headers
        if h.run_id != mine.run_id
        and (h.spec.dataset, h.spec.split, h.spec.target)
        == (mine.spec.dataset, mine.spec.split, mine.spec.target)
    ]
    names = {_GOLD: f"the gold {mine.spec.target} texts"} | {
        h.run_id: pickers.run_label(h) for h in alike
    }
    found = pickers.choice("against", "Against", tuple(names), shown=lambda n: names[n])
    return gold if found == _GOLD else found


def _difference(
    settings: Settings, reference: str, model: str, **chosen: Any
) -> map_difference.MapDifference:
    return map_difference.difference(settings, reference, model, cache=cached.tokenized(), **chosen)


def _draw(found: map_difference.MapDifference) -> None:
    for column, (relation, meaning) in zip(
        st.columns(len(map_difference.MEANING)), map_difference.MEANING.items(), strict=True
    ):
        column.metric(relation, found.count(relation), help=meaning)
    figure_panel.show(
        evidence_charts.difference_plane(found.pairs, dark=theme.is_dark()),
        key="difference",
        reading=_reading(found),
        table=found.pairs,
        alt="Association in the model over that in the reference, one mark a pair.",
        file_name="map-difference",
        note=panels.plain(f"n = {found.n_molecules:,} molecules · {found.signature}"),
    )
    definitions_panel.explain(("association", "learned, missed, invented", "McNemar p", "q"))


def _reading(found: map_difference.MapDifference) -> str:
    pairs = found.pairs
    if pairs.empty:
        return "neither text connects any two of these tokens more than chance."
    sure = int((pairs["q"] <= 0.05).sum())
    differ = (
        f"In {sure} pairs the two texts differ over single molecules by more than chance (McNemar, "
        "q at most .05): read those first."
        if sure
        else "In no pair do the two texts differ over single molecules by more than chance "
        "(McNemar, q at most .05)."
    )
    return (
        f"of {len(pairs)} connected pairs {found.count('learned')} stand in both texts, "
        f"{found.count('missed')} only in the reference, {found.count('invented')} only in the "
        f"model. {differ}"
    )


def _pair(
    found: map_difference.MapDifference, reference: str, model: str, chosen: dict[str, Any]
) -> None:
    table = found.pairs
    if table.empty:
        return
    st.subheader("Pairs and their molecules")
    only = pickers.choice("relation", "Show", ("all", *map_difference.MEANING), kind="segments")
    if only != "all":
        table = table[table["relation"] == only].reset_index(drop=True)
    key = "difference-table"

    def select() -> None:
        at = charts_events.row(st.session_state.get(key))
        if at is not None and at < len(table):
            pair_panel.select(table["source"].iloc[at], table["target"].iloc[at])

    st.dataframe(
        table, key=key, hide_index=True, height=min(38 + 35 * len(table), 420), on_select=select,
        selection_mode="single-row", column_config=_columns(table),
    )  # fmt: skip
    if table.empty:
        return
    pair = pair_panel.selected()
    known = set(zip(table["source"], table["target"], strict=True))
    if pair not in known:
        pair = (table["source"].iloc[0], table["target"].iloc[0])
    written = cached.read(benchmark.header, model, on=f"run:{model}").spec.target
    rule = pair_panel.examples()
    for title, run_id, map_ in (
        ("In the reference", reference, found.reference),
        ("In the model's text", model, found.model),
    ):
        target = written if run_id.startswith("gold:") else None
        st.markdown(f"**{title}**")
        with panels.guard():
            pair_panel.molecules(
                map_, pair, run_id, source=chosen["source"], tokenizer=chosen["tokenizer"],
                dataset=pick.dataset_of(model), target=target, slice_=chosen["slice_"], rule=rule,
            )  # fmt: skip


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    numbers = {
        "reference_association": "%.1f", "model_association": "%.1f", "reference_z": "%.2f",
        "model_z": "%.2f", "p": "%.3g", "q": "%.3g",
    }  # fmt: skip
    return {
        name: st.column_config.NumberColumn(name.replace("_", " "), format=form)
        for name, form in numbers.items()
        if name in table
    }
