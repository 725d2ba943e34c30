"""What an answer hangs on: a run's answer for this molecule, taken apart."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.attribution import Attribution
from chebimm_core.domain.report import MoleculeReport, RunOutput
from chebimm_core.figures import attribution_charts, depict
from chebimm_core.services import attribution as service
from chebimm_core.settings import Settings
from pages.ui import cached, definitions_panel, figure_panel, job_panel, panels, pickers, theme

_WHOLE = "whole"
_ALIKE = 1e-3
"""Residual, relative to the values, below which rounding explains it."""
_EXPLANATIONS = ("attribution", "standard error", "residual")


def show(report: MoleculeReport) -> None:
    """Picks a run whose model is here, and shows or computes what its answer hangs on."""
    outputs = {o.run_id: o for o in report.outputs if o.output is not None and not o.is_floor}
    kinds = {r: cached.read(service.explainable, r, on=f"run:{r}") for r in outputs}
    # What is exact, and drawn on atoms, comes first.
    order = sorted(kinds, key=lambda r: not kinds[r].exact)
    able = {r: kinds[r] for r in order if kinds[r].why_not is None}
    st.caption(
        "Parts of the input are left out, and the model is asked again: what a part adds is its "
        "Shapley value. A co-occurrence in a map is no such proof."
    )
    if not able:
        reasons = sorted({k.why_not for k in kinds.values() if k.why_not})
        panels.empty(
            "No run here has an answer for this molecule that can be taken apart.",
            "Launch a property, retrieval or text model on the Launch page"
            + (f" ({'; '.join(panels.plain(r) for r in reasons[:2])})." if reasons else "."),
        )
        return
    columns = st.columns([3, 2])
    with columns[0]:
        run_id = pickers.choice(
            "explain", "Answer of", tuple(able), default=st.query_params.get("run"),
            shown=lambda r: _label(outputs[r]),
        )  # fmt: skip
    asked = able[run_id]
    with columns[1]:
        wish = _wish(asked)
    cid = report.record.cid
    found = service.kept(cached.settings(), run_id, cid, wish)
    if found is None:
        job_panel.offer(
            f"explain-{run_id}-{cid}-{wish}", "explain-start",
            f"Taking the answer for {cid} apart", service.attribute, run_id, cid, wish,
            label="Take this answer apart",
            help="Exact; takes about as long as fitting the model."
            if asked.exact
            else "Loads the run's model (or fits it again) and asks it some hundred times; kept "
            "with the run.",
        )  # fmt: skip
    else:
        _found(found)


def _label(output: RunOutput) -> str:
    return f"{output.model} · {output.transition.replace('->', ' → ')}"


def _wish(asked: service.Explainable) -> service.Wish:
    """What to explain; the choices a run leaves."""
    if asked.protocol == "generate":
        which = pickers.choice(
            "which", "Which answer", ("output", "reference"),
            shown={"output": "the model's own", "reference": "the reference"}.get,  # type: ignore[arg-type]
            kind="segments",
            help="Log-probability of the model's own answer, or of the one it should have given.",
        )  # fmt: skip
        return service.Wish(which="output" if which == "output" else "reference")
    if len(asked.choices) > 1:
        names = {f"{c.side}:{c.modality}": c for c in asked.choices}
        chosen = names[
            pickers.choice(
                "part_of", "Take apart", tuple(names), kind="segments",
                shown=lambda name: f"the {names[name].modality}",
            )
        ]  # fmt: skip
        return service.Wish(side=chosen.side, modality=chosen.modality)
    return service.Wish()


def _found(found: Attribution) -> None:
    answer = _answer_part(found)
    table = service.table(found, answer)
    values = {(r.part, r.start): r.value for r in table.itertuples()}
    label = _named(found, answer)
    panels.reading(_reading(found, table, panels.plain(label)))
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _text(found, values)
        _atoms(found, answer)
    with right:
        st.plotly_chart(
            attribution_charts.bars(table, unit=found.unit, dark=theme.is_dark()),
            key="attribution-bars", theme=None, config={"displaylogo": False},
            alt="What the strongest parts add; the table lists all.",
        )  # fmt: skip
    chosen = slice(None) if answer is None else slice(answer, answer + 1)
    base, full = sum(found.base[chosen]), sum(found.full[chosen])
    st.caption(
        f"With nothing left {base:.3g}, parts together {table['value'].sum():+.3g}, with all "
        f"{full:.3g} {found.unit} (residual {found.residual:.1g}) · "
        f"{found.evaluations:,} questions · {panels.plain(found.signature)}"
    )
    if found.residual > _ALIKE * max(1.0, *map(abs, found.full)):
        st.warning(
            "The parts do not add up to the answer: it was cut to its allowed range, or the model "
            "does not answer alike twice.",
            icon=":material/warning:",
        )
    with st.expander("Table and downloads", icon=":material/table:"):
        st.dataframe(table, hide_index=True, key="attribution-table")
        figure_panel.downloads(table, key="attribution", file_name=f"attribution-{found.cid}")
    definitions_panel.explain(_EXPLANATIONS)


def _answer_part(found: Attribution) -> int | None:
    """Which part of the answer; None: all of it."""
    if len(found.answers) < 2:
        return None
    options = [_WHOLE, *(str(k) for k in range(len(found.answers)))]
    chosen = pickers.choice(
        "of", "What of the answer", options,
        shown=lambda k: "the whole answer" if k == _WHOLE else _spot(found, int(k)),
        help="One token of it: what makes the model write this word here.",
    )  # fmt: skip
    return None if chosen == _WHOLE else int(chosen)


def _named(found: Attribution, answer: int | None) -> str:
    if answer is not None:
        return f"“{found.answers[answer].label}”"
    return "the whole answer" if len(found.answers) > 1 else found.answers[0].label


def _spot(found: Attribution, k: int) -> str:
    part = found.answers[k]
    if part.start is None or part.end is None:
        return part.label
    before = found.answer[max(0, part.start - 18) : part.start]
    return f"{k + 1}. {part.label}   (… {before}[{part.label}])"


def _reading(found: Attribution, table: pd.DataFrame, label: str) -> str:
    if table.empty or not table["value"].abs().max():
        return f"no part of the input changes {label}."
    best = table.iloc[0]
    name = panels.plain(str(best["part"]))
    way = "adds" if best["value"] >= 0 else "takes away"
    sure = abs(best["value"]) > 2 * best["error"]
    return (
        f"for {label}, “{name}” counts most: it {way} {abs(best['value']):.3g} "
        f"± {best['error']:.2g} {found.unit}"
        + ("." if sure else ", which the sampling error does not tell from nothing.")
    )


def _text(found: Attribution, values: dict[tuple[str, int], float]) -> None:
    placed = [p for p in found.parts if p.start is not None and p.end is not None]
    if not placed:
        return
    st.caption(f"{found.modality}: blue adds, orange with a dotted line takes away")
    st.html(
        attribution_charts.strip(
            found.text,
            [(p.start or 0, p.end or 0) for p in placed],
            [float(values[p.label, p.start or 0]) for p in placed],
            dark=theme.is_dark(),
        )
    )


def _atoms(found: Attribution, answer: int | None) -> None:
    atoms = service.atom_values(found, answer)
    if not atoms:
        return
    drawn = cached.read(_drawn, found.text, tuple(sorted(atoms.items())), theme.is_dark())
    if drawn.svg is None:
        st.caption(panels.plain(drawn.problem or "No drawing"))
        return
    st.image(drawn.svg, width="stretch", alt="Structure with atoms shaded by what they add")
    st.caption(
        "Atoms shaded by what they add. Ring digits and brackets of the SMILES stand in the list "
        "alone."
        if found.parts[0].start is not None
        else "Atoms shaded by what they add."
    )


def _drawn(
    settings: Settings, smiles: str, values: tuple[tuple[int, float], ...], dark: bool
) -> depict.Depiction:
    """Takes ``settings`` only because everything the pages keep is keyed by them."""
    return depict.shaded(smiles, dict(values), dark=dark)
