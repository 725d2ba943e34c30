"""Which models: those that fit can be ticked, the others are greyed with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from chebimm_core.domain.specs import ModelCard
from chebimm_core.services import launch_form, task_catalog
from chebimm_core.services.launch_form import Choice
from pages.ui import cached, panels, pickers, run_progress

_COLUMNS = 3
_MOLECULES = 3_000
"""What the times on the cards are for."""


def models(task: str, transition: str, dataset: str) -> tuple[str, ...]:
    """Draws the models; returns the names of those that are ticked and fit."""
    asked = _asked()
    found = cached.read(
        launch_form.choices, task, transition, dataset, named=asked, spinner="Looking who can"
    )
    fitting = [c for c in found if c.fits]
    others = [c for c in found if not c.fits]
    _unknown(asked, found, others)
    if not fitting:
        panels.empty(
            "No model here does this on this data set.",
            "Choose another transition, or see below what each of them lacks.",
        )
    protocol = task_catalog.task(task).protocol
    for family, members in _families(fitting).items():
        st.markdown(f"**{panels.plain(family[:1].upper() + family[1:])}**")
        for begin in range(0, len(members), _COLUMNS):
            row = members[begin : begin + _COLUMNS]
            for column, choice in zip(st.columns(_COLUMNS), row, strict=False):
                with column:
                    _offer(choice.card, protocol, ticked=choice.card.name in asked)
    if others:
        _greyed(others)
    return tuple(c.card.name for c in fitting if c.card.name in asked)


def _asked() -> tuple[str, ...]:
    words = st.query_params.get("models", "").split(",")
    return tuple(dict.fromkeys(w for w in words if w))


def _families(fitting: Sequence[Choice]) -> dict[str, list[Choice]]:
    """Families in the order of the catalogue; floors last, as they are no contenders."""
    families: dict[str, list[Choice]] = {}
    for choice in sorted(fitting, key=lambda c: c.card.is_floor):
        families.setdefault(choice.card.family, []).append(choice)
    return families


def _offer(card: ModelCard, protocol: str, *, ticked: bool) -> None:
    key = f"tick-{card.name}"
    st.session_state[key] = ticked
    st.checkbox(
        panels.plain(card.title),
        key=key,
        on_change=_ticked,
        args=(card.name, key),
        help=panels.plain(f"{card.description} Trained on: {card.trained_on}. {card.reference}."),
    )
    st.caption(panels.plain(_facts(card, protocol)))


def _facts(card: ModelCard, protocol: str) -> str:
    facts = []
    if card.is_floor:
        facts.append("floor: knows nothing of its input")
    if card.parameters_millions is not None:
        facts.append(f"{card.parameters_millions:,.0f} M parameters")
    if card.weights:
        facts.append("pretrained weights: " + ", ".join(w.hub_id for w in card.weights))
    ability = next((a for a in card.abilities if a.protocol == protocol), None)
    if ability is not None and ability.fit_seconds:
        facts.append(
            f"learns from {_MOLECULES:,} molecules in about "
            f"{run_progress.duration(ability.fit_seconds)}"
        )
    if card.gpus:
        facts.append("made for a GPU, slow without")
    if card.paper_family is not None:
        facts.append("in the paper")
    return " · ".join(facts) or card.license


def _greyed(others: Sequence[Choice]) -> None:
    by_reason: dict[str, list[ModelCard]] = {}
    for choice in others:
        by_reason.setdefault(" ".join(choice.reasons), []).append(choice.card)
    n = len(others)
    with st.expander(
        f"{n} model{'s' if n > 1 else ''} cannot do this: see why", icon=":material/block:"
    ):
        for reason, cards in by_reason.items():
            st.markdown(f"**{panels.plain(reason)}**")
            with st.container(horizontal=True):
                for card in cards:
                    st.checkbox(
                        panels.plain(card.title),
                        key=f"greyed-{card.name}",
                        value=False,
                        disabled=True,
                        width="content",
                    )


def _unknown(asked: Sequence[str], found: Sequence[Choice], others: Sequence[Choice]) -> None:
    """Says so where a link asks for models that are not here, or do not fit."""
    known = {c.card.name for c in found}
    for name in asked:
        if name not in known:
            st.caption(panels.plain(f"The link asks for model “{name[:60]}”, which is not here."))
    for choice in others:
        if choice.card.name in asked:
            st.warning(
                panels.plain(f"{choice.card.title} is left out. {' '.join(choice.reasons)}"),
                icon=":material/block:",
            )


def _ticked(name: str, key: str) -> None:
    names = [n for n in _asked() if n != name]
    if st.session_state[key]:
        names.append(name)
    pickers.set_query(models=",".join(names) or None)
