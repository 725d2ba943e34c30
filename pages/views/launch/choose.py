"""Which models: those that fit can be ticked, the others are greyed with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from chebimm_core.domain.specs import ModelCard
from chebimm_core.services import launch_form, task_catalog
from chebimm_core.services.launch_form import Choice
from pages.ui import cached, panels, pickers, run_progress

_COLUMNS = 4
_BY_HUB_ID = "by hub id"
"""Family of the cards that run any model a user names."""


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
    any_model = [c.card for c in fitting if c.card.family == _BY_HUB_ID]
    ready = [c.card for c in fitting if not c.card.weights and c.card not in any_model]
    # Floors last: they are no contenders.
    _tiles("Ready here", sorted(ready, key=lambda c: c.is_floor), protocol, asked)
    _tiles(
        "With pretrained weights, from the Hugging Face hub on first use or a local folder; made "
        "for a GPU",
        [c.card for c in fitting if c.card.weights],
        protocol,
        asked,
    )
    _tiles(
        "Any other model of the Hugging Face hub, or of a local folder", any_model, protocol, asked
    )
    if others:
        _greyed(others, opened=any(c.card.name in asked for c in others))
    return tuple(c.card.name for c in fitting if c.card.name in asked)


def _asked() -> tuple[str, ...]:
    words = st.query_params.get("models", "").split(",")
    return tuple(dict.fromkeys(w for w in words if w))


def _tiles(title: str, cards: Sequence[ModelCard], protocol: str, asked: Sequence[str]) -> None:
    if not cards:
        return
    st.markdown(f"**{title}**")
    for begin in range(0, len(cards), _COLUMNS):
        row = cards[begin : begin + _COLUMNS]
        for column, card in zip(st.columns(_COLUMNS), row, strict=False):
            with column, st.container(gap=None):
                _offer(card, protocol, ticked=card.name in asked)


def _offer(card: ModelCard, protocol: str, *, ticked: bool) -> None:
    key = f"tick-{card.name}"
    st.session_state[key] = ticked
    st.checkbox(
        panels.plain(card.title),
        key=key,
        on_change=_ticked,
        args=(card.name, key),
        help=panels.plain(_about(card)),
    )
    st.caption(panels.plain(_facts(card, protocol)))


def _facts(card: ModelCard, protocol: str) -> str:
    """One line: family, size, time."""
    facts = ["knows nothing of its input" if card.is_floor else card.family]
    if card.parameters_millions is not None:
        size = card.parameters_millions
        facts.append(
            f"{size:,.0f} M parameters" if size >= 1 else f"{size * 1000:,.0f} k parameters"
        )
    ability = next((a for a in card.abilities if a.protocol == protocol), None)
    if ability is not None and ability.fit_seconds:
        learning = run_progress.duration(ability.fit_seconds)
        facts.append(f"learns 3,000 molecules in about {learning}")
    return " · ".join(facts)


def _about(card: ModelCard) -> str:
    weights = ", ".join(w.hub_id for w in card.weights)
    return " ".join(
        [
            card.description,
            f"Weights: {weights}." if weights else "",
            f"Trained on: {card.trained_on}. License: {card.license}. {card.reference}.",
        ]
    )


def _greyed(others: Sequence[Choice], *, opened: bool) -> None:
    by_reason: dict[str, list[ModelCard]] = {}
    for choice in others:
        by_reason.setdefault(" ".join(choice.reasons), []).append(choice.card)
    n = len(others)
    with st.expander(
        f"{n} model{'s' if n > 1 else ''} cannot do this: see why",
        icon=":material/block:",
        expanded=opened,
    ):
        for reason, cards in by_reason.items():
            st.markdown(f"**{panels.plain(reason)}**")
            with st.container(horizontal=True, gap="medium"):
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
    left_out = [c.card.title for c in others if c.card.name in asked]
    if left_out:
        n = len(left_out)
        st.warning(
            panels.plain(
                f"{', '.join(left_out)} {'is' if n == 1 else 'are'} left out: "
                f"{'it cannot' if n == 1 else 'they cannot'} do this. Why stands below."
            ),
            icon=":material/block:",
        )


def _ticked(name: str, key: str) -> None:
    names = [n for n in _asked() if n != name]
    if st.session_state[key]:
        names.append(name)
    pickers.set_query(models=",".join(names) or None)
