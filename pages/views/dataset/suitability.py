"""Suitability of each modality as model input: presence, lengths in tokens, vocabulary use."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.dataset_profile import TOKEN_LIMIT
from chebimm_core.domain.molecule import TEXT_COLUMNS, DatasetHeader
from chebimm_core.figures import dataset_charts
from chebimm_core.services import dataset
from pages.ui import cached, figure_panel, panels, theme


def show(header: DatasetHeader, split: str) -> None:
    _coverage(header, split)
    with panels.guard():
        _tokens(header, split)
    with panels.guard():
        _properties(header, split)


def _coverage(header: DatasetHeader, split: str) -> None:
    st.subheader("What is there")
    frame = pd.DataFrame.from_records(
        [c.model_dump() for c in header.coverage if c.split == split],
        columns=["modality", "split", "present", "regenerated", "missing"],
    )
    n = header.splits[split]
    gaps = frame[frame["missing"] > 0].sort_values("missing", ascending=False)
    made = frame[frame["regenerated"] > 0]
    sentence = (
        f"Every modality is there for all {n:,} molecules"
        if gaps.empty
        else f"{len(frame) - len(gaps)} of {len(frame)} modalities are complete for all {n:,} "
        f"molecules; most is missing of {gaps.iloc[0]['modality']} ({gaps.iloc[0]['missing']:,})"
    )
    if not made.empty:
        parts = ", ".join(f"{r.modality} {r.regenerated:,}" for r in made.itertuples())
        sentence += f". Written by a tool and marked as such: {parts}"
    figure_panel.show(
        dataset_charts.coverage(frame, dark=theme.is_dark()),
        key="coverage",
        reading=sentence + ".",
        table=frame,
        alt="Share of molecules that have each modality",
        file_name=f"{header.name}-{split}-coverage",
        note=f"{header.name} {split}, n = {n:,}. Graph and image are drawn from the structure.",
    )


def _tokens(header: DatasetHeader, split: str) -> None:
    found = cached.read(
        dataset.model_input,
        header.name,
        split,
        on=f"dataset:{header.name}",
        spinner="Counting tokens (some seconds the first time, then kept)",
    )
    st.subheader("Lengths in tokens")
    lengths = found.token_lengths.dropna(subset=["q50"])
    for name, why in found.unavailable:
        st.caption(panels.plain(f"{name} is left out: {why}"))
    if lengths.empty:
        panels.empty("No tokenizer is at hand.", "The doctor command says how to get one.")
        return
    shortest = lengths.sort_values("q50", kind="stable").iloc[0]
    figure_panel.show(
        dataset_charts.token_lengths(lengths, dark=theme.is_dark()),
        key="lengths",
        reading=_cut_sentence(lengths)
        + f" The shortest input is {shortest['modality']} under {shortest['tokenizer']}, "
        f"median {shortest['q50']:.0f} tokens.",
        table=lengths,
        alt="Quartiles of the number of tokens per modality and tokenizer, with the limit",
        file_name=f"{header.name}-{split}-tokens",
        note=panels.plain(
            f"n = {int(lengths['n'].min()):,} to {int(lengths['n'].max()):,} texts a modality; "
            f"longest {int(lengths['longest'].max()):,} tokens; tokenizers: "
            + ", ".join(dict.fromkeys(lengths["signature"]))
        ),
    )
    _vocabulary(header, split, found.vocabulary)


def _cut_sentence(lengths: pd.DataFrame) -> str:
    over = lengths[lengths["share_cut"] > 0].sort_values("share_cut", ascending=False)
    if over.empty:
        return f"No text is longer than {TOKEN_LIMIT} tokens under any tokenizer here."
    worst = over.iloc[0]
    return (
        f"{worst['modality']} loses most at {TOKEN_LIMIT} tokens: {worst['share_cut']:.1%} of its "
        f"texts are longer under {worst['tokenizer']}."
    )


def _vocabulary(header: DatasetHeader, split: str, frame: pd.DataFrame) -> None:
    st.subheader("Vocabulary use")
    if frame.empty:
        panels.empty("No tokenizer here has a vocabulary of its own.", "Nothing to show.")
        return
    shares = frame["used"] / frame["size"]
    most, least = frame.loc[shares.idxmax()], frame.loc[shares.idxmin()]
    figure_panel.show(
        dataset_charts.vocabulary(frame, dark=theme.is_dark()),
        key="vocabulary",
        reading=f"{most['modality']} uses most of a vocabulary ({shares.max():.1%} of "
        f"{most['tokenizer']}), {least['modality']} least ({shares.min():.1%} of "
        f"{least['tokenizer']}): what a model's other tokens learned is of no use for it.",
        table=frame.assign(share=shares),
        alt="Share of each tokenizer's vocabulary that each modality uses",
        file_name=f"{header.name}-{split}-vocabulary",
        note=panels.plain(
            f"n = {int(frame['n'].min()):,} to {int(frame['n'].max()):,} texts; "
            + ", ".join(dict.fromkeys(frame["signature"]))
        ),
    )


def _properties(header: DatasetHeader, split: str) -> None:
    if not header.properties:
        return
    st.subheader("Missing values")
    n = header.splits[split]
    table = cached.read(
        dataset.molecules,
        header.name,
        [*TEXT_COLUMNS, *header.properties],
        split,
        on=f"dataset:{header.name}",
    )
    gaps = pd.DataFrame(
        {
            "column": [*TEXT_COLUMNS, *header.properties],
            "missing": [int(table[c].isna().sum()) for c in (*TEXT_COLUMNS, *header.properties)],
        }
    )
    gaps["share"] = gaps["missing"] / max(n, 1)
    st.dataframe(
        gaps.sort_values("missing", ascending=False, kind="stable"),
        hide_index=True,
        key="gaps",
        alt="Missing values per column",
        column_config={
            "missing": st.column_config.NumberColumn(format="localized"),
            "share": st.column_config.NumberColumn(format="percent"),
        },
    )
    figure_panel.downloads(gaps, key="gaps", file_name=f"{header.name}-{split}-missing")
    st.caption(f"n = {n:,} molecules. Missing stays missing: no value is guessed.")
