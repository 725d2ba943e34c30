"""One pair of tokens, and the molecules that carry it with both texts highlighted."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.figures import map_charts
from chebimm_core.services import benchmark, knowledge, token_atoms
from chebimm_core.settings import Settings
from pages.ui import cached, charts_events, molecule_cards, panels, pickers

_SHOWN = 3
_CLIP = 240
"""Characters of a text that a card shows before the reader asks for all."""


def selected() -> tuple[str, str] | None:
    """The pair the address names."""
    source, target = st.query_params.get("from_token"), st.query_params.get("to_token")
    return (source, target) if source and target else None


def select(source: str, target: str) -> None:
    """Writes a pair into the address."""
    pickers.set_query(from_token=source, to_token=target)


def current(found: KnowledgeMap) -> tuple[str, str] | None:
    """The pair the address names, else the strongest one."""
    pair = selected()
    if pair is None and found.pairs:
        pair = (found.pairs[0].source, found.pairs[0].target)
    return pair


def show(found: KnowledgeMap, *, run_id: str, source: str, tokenizer: str, dataset: str) -> None:
    """Table of the specific pairs, and the molecules of the chosen one."""
    st.subheader("Pairs and their molecules")
    table = map_charts.table(found)
    pair = current(found)
    left, right = st.columns([5, 6], gap="medium")
    with left:
        if table.empty:
            panels.empty("No pair is above this threshold.", "Lower T, or ask for more tokens.")
        else:
            st.caption("Click a row here, or any cell of the heatmap.")
            _table(table)
    with right, panels.guard():
        if pair is not None:
            molecules(found, pair, run_id, source=source, tokenizer=tokenizer, dataset=dataset)


def _table(table: pd.DataFrame) -> None:
    key = "pairs"

    def pick() -> None:
        at = charts_events.row(st.session_state.get(key))
        if at is not None and at < len(table):
            select(table["source"].iloc[at], table["target"].iloc[at])

    st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=min(38 + 35 * len(table), 460),
        on_select=pick,
        selection_mode="single-row",
        column_config={
            "source": st.column_config.TextColumn("source token"),
            "target": st.column_config.TextColumn("target token"),
            "count": st.column_config.NumberColumn("count", format="%d", help="Co-occurrences"),
            "local_z": st.column_config.NumberColumn(
                "local z",
                format="%.2f",
                help="Distance from the neighbors' mean, in their sd",
            ),
            "molecules": st.column_config.NumberColumn(
                "molecules", help="Molecules whose two texts hold both tokens"
            ),
        },
    )


def molecules(
    found: KnowledgeMap,
    pair: tuple[str, str],
    run_id: str,
    *,
    source: str,
    tokenizer: str,
    dataset: str,
    target: str | None = None,
    slice_: str = "all",
    rule: str | None = None,
) -> None:
    """Where a pair stands in a map, and the molecules that carry it.

    Args:
        found: The map.
        pair: Source and target token.
        run_id: A run, or gold data.
        source: Modality of the inputs.
        tokenizer: Of both sides.
        dataset: Whose structures are drawn.
        target: For gold data: the modality of the outputs; None: captions.
        slice_: Only molecules of this slice.
        rule: Which examples; None: the reader chooses.
    """
    from_token, to_token = pair
    st.markdown(f"**{panels.plain(from_token)} → {panels.plain(to_token)}**")
    st.caption(panels.plain(_standing(found, pair)))
    rule = rule or examples()
    carriers = cached.read(
        _carriers,
        run_id,
        source=source,
        tokenizer=tokenizer,
        source_token=from_token,
        target_token=to_token,
        target=target,
        slice_=slice_,
        rule=rule,
        limit=_SHOWN,
        spinner="Finding the molecules that carry both tokens",
    )
    if carriers.empty:
        st.caption(
            "No counter-example: wherever the source token stands, the target token does too."
            if rule == "counter"
            else "No molecule carries both tokens."
        )
        return
    smiles = molecule_cards.structures(dataset)
    where: dict[str, bool] = {}
    written = _written_by(run_id, str(carriers.attrs["target"]))
    for _, carrier in carriers.iterrows():
        with st.container(border=True, horizontal=True, gap="small"):
            with st.container(width=136):
                drawn = carrier["source_text"] if source == "SMILES" else smiles.get(carrier["cid"])
                located = cached.read(
                    token_atoms.locate, drawn or "", source, from_token,
                    tuple(map(tuple, carrier["source_spans"])),
                )  # fmt: skip
                molecule_cards.drawing(drawn, width=130, height=96, atoms=located.atoms)
                where.setdefault(located.how, bool(located.atoms))
                molecule_cards.link(
                    carrier["cid"],
                    dataset_name=dataset,
                    run=None if run_id.startswith("gold:") else run_id,
                )
            with st.container(width="stretch", gap="xsmall"):
                panels.marked(
                    carrier["source_text"], carrier["source_spans"], label=source, clip=_CLIP
                )
                panels.marked(
                    carrier["target_text"], carrier["target_spans"], label=written, clip=_CLIP
                )
    total = carriers.attrs["total"]
    if total > len(carriers):
        st.caption(f"{len(carriers)} of {total:,} molecules: {knowledge.EXAMPLES[rule]}.")
    for how, found_atoms in where.items():
        token = panels.plain(from_token)
        st.caption(
            f"Marked in the drawing: “{token}”, {how}."
            if found_atoms
            else f"“{token}” is not marked in a drawing: {how}."
        )


def examples() -> str:
    """Which molecules of a pair are shown; the rule stands in the address."""
    return pickers.choice(
        "examples",
        "Examples",
        tuple(knowledge.EXAMPLES),
        shown=lambda name: knowledge.EXAMPLES[name].split(":")[0],
    )


def _written_by(run_id: str, target: str) -> str:
    """What the second text is, and whose."""
    if run_id.startswith("gold:"):
        return f"{target} (gold)"
    model = cached.read(benchmark.header, run_id, on=f"run:{run_id}").spec.model
    return f"{target}, written by {panels.plain(model)}"


def _carriers(settings: Settings, run_id: str, **chosen: Any) -> pd.DataFrame:
    return knowledge.pair_molecules(settings, run_id, cache=cached.tokenized(), **chosen)


def _standing(found: KnowledgeMap, pair: tuple[str, str]) -> str:
    try:
        row, column = found.source_tokens.index(pair[0]), found.target_tokens.index(pair[1])
    except ValueError:
        return "Not among the tokens of this map."
    z = found.local_z[row, column]
    parts = [f"count {found.counts[row, column]:,.0f}"]
    parts.append(f"local z {z:.2f}" if z == z else "local z undefined: equal neighbors")  # noqa: PLR0124 - NaN
    if found.association is not None:
        value, q = found.association.value[row, column], found.association.q[row, column]
        parts.append(
            f"association {value:+.1f} (q {q:.2g})" if value == value else "association undefined"  # noqa: PLR0124 - NaN
        )
    if found.carriers is not None:
        parts.append(f"{found.carriers[row, column]:,} of {found.n_molecules:,} molecules")
    if z == z:  # noqa: PLR0124 - NaN
        parts.append("specific at this T" if z > found.threshold else "not specific at this T")
    return " · ".join(parts)
