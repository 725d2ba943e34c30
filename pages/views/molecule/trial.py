"""Try a model on this molecule: also on one that no data set holds."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.figures import depict
from chebimm_core.services import task_catalog
from chebimm_core.services import trial as service
from pages.ui import cached, job_panel, molecule_cards, navigation, panels, pickers, theme


def show(texts: Mapping[str, str], *, dataset: str | None) -> None:
    """Picks a run whose model can read what there is of the molecule, and asks it.

    Args:
        texts: Modality -> text.
        dataset: Whose runs come first; None: all alike.
    """
    runs = {h.run_id: h for h in cached.read(service.able, dict(texts))}
    if not runs:
        panels.empty(
            "No run here has a model that can read this molecule.",
            "Launch a model on the Launch page; its run then answers any molecule.",
        )
        navigation.link("launch", "Launch a model")
        return
    order = sorted(runs, key=lambda r: (runs[r].spec.dataset != dataset, runs[r].spec.task, r))
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left:
        run_id = pickers.choice("try", "Model", order, shown=lambda r: _label(runs[r]))
    key = f"trial-{run_id}-{sorted(texts.items())!r}"
    view = job_panel.watch(key)

    def start() -> None:
        cached.jobs().start(
            key, f"Asking {runs[run_id].spec.model}", service.ask, cached.settings(), run_id,
            dict(texts),
        )  # fmt: skip

    if view is None:
        with right:
            st.button("Ask it", key="trial-start", on_click=start, type="primary")
        st.caption(
            "The model of the run is loaded (or fitted again) and asked about this molecule."
        )
    elif view.over and job_panel.outcome(key, view):
        _answer(view.result, runs[run_id])


def _label(header: RunHeader) -> str:
    spec = header.spec
    return (
        f"{spec.model} · {spec.transition.replace('->', ' → ')} · "
        f"{task_catalog.title(spec.task)} · {spec.dataset}"
    )


def _answer(found: service.Trial, header: RunHeader) -> None:
    with st.container(border=True, key="trial-answer"):
        st.markdown(f"**{panels.plain(found.model)}** gives as {panels.plain(found.what)}:")
        if found.error:
            st.warning(panels.plain(found.error), icon=":material/warning:")
        if found.output is not None:
            if found.what in {"SMILES", "graph"}:
                drawn = depict.depict(found.output, dark=theme.is_dark())
                if drawn.svg is not None:
                    st.image(drawn.svg, alt="The structure the model wrote")
                else:
                    st.caption(panels.plain(drawn.problem or "No drawing"))
            panels.text(found.output)
        for candidate in found.candidates:
            with st.container(horizontal=True, gap="small"):
                molecule_cards.link(candidate.cid, dataset_name=header.spec.dataset)
                st.caption(panels.plain(f"cosine {candidate.similarity:.2f} · {candidate.text}"))
        if found.candidates:
            st.caption(f"The nearest of {found.pool:,} texts of the {header.spec.split} split.")
        scores = [s for s in header.scores if s.value is not None][:2]
        known = ", ".join(f"{task_catalog.metric_title(s.metric)} {s.value:.2f}" for s in scores)
        if known:
            st.caption(
                panels.plain(f"How far to trust it: {known} over n = {scores[0].n:,} molecules.")
            )
