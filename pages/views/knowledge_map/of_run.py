"""The map of one run, or of the gold data."""

from __future__ import annotations

from typing import Any

import streamlit as st

from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.services import knowledge
from chebimm_core.settings import Settings
from pages.ui import cached, pair_panel, panels, pickers
from pages.views.knowledge_map import evidence, explore, pick, use


def show() -> None:
    chosen = st.columns([5, 3, 4, 3])
    with chosen[0]:
        run_id = pick.run()
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
        tokenizer = pick.tokenizer()
    with chosen[3]:
        size = pick.size()
    if tokenizer != "words":
        st.caption(
            "This tokenizer cuts by frequency, not by chemistry: a pair of fragments (“##ate”, "
            "“phosphat”) may make no chemical sense. Whole words are the chemist's choice."
        )
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        boilerplate = pick.boilerplate()
    chosen_map: dict[str, Any] = {
        "source": source,
        "tokenizer": tokenizer,
        "size": size,
        "boilerplate": boilerplate,
    }
    frequent = cached.read(
        _build, run_id, **chosen_map, spinner="Counting tokens; the first map takes a few seconds"
    )
    with row, st.popover("Keep or drop tokens, seed of the null", icon=":material/tune:"):
        tokens = _token_lists(frequent)
        seed = pickers.number(
            "seed",
            "Seed of both nulls",
            low=0,
            high=99,
            default=0,
            step=1,
            help="The published null is one random matrix, the shuffles are random permutations.",
        )
    built = cached.read(
        _build, run_id, **chosen_map, **tokens, null="both", seed=int(seed),
        spinner="Building the map",
    )  # fmt: skip
    name = pick.dataset_of(run_id)
    explore.show(
        built,
        key="run",
        below=lambda found: _below(
            found, run_id=run_id, source=source, tokenizer=tokenizer, dataset=name
        ),
        evidence=lambda found: evidence.show(found, run_id=run_id, chosen={**chosen_map, **tokens}),
    )


def _below(found: KnowledgeMap, *, run_id: str, source: str, tokenizer: str, dataset: str) -> None:
    pair_panel.show(found, run_id=run_id, source=source, tokenizer=tokenizer, dataset=dataset)
    with panels.guard():
        use.show(found, run_id=run_id, source=source, tokenizer=tokenizer)


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
