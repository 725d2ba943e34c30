"""The molecules of one run: spread of their scores, best and worst, all of them by page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.run import RunHeader
from chebimm_core.figures import run_charts
from chebimm_core.services import benchmark, task_catalog
from pages.ui import (
    cached,
    figure_panel,
    molecule_cards,
    molecule_table,
    navigation,
    panels,
    pickers,
    run_rows,
    theme,
)

_PAGE = 25
_CARDS = 3
_ORDERS = {"best": "best first", "worst": "worst first", "file": "file order"}


def show(header: RunHeader) -> None:
    samples = cached.read(benchmark.samples, header.run_id, on=f"run:{header.run_id}")
    metrics = [
        s.metric
        for s in header.scores
        if s.metric in samples.columns and not s.metric.endswith("_all")
    ]
    st.subheader("Molecules")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = None
        if metrics:
            first = run_rows.primary(header)
            metric = pickers.choice(
                "metric",
                "Metric",
                metrics,
                default=first.metric if first is not None else None,
                shown=task_catalog.metric_title,
            )
        order = pickers.choice(
            "order", "Order", tuple(_ORDERS), shown=_ORDERS.__getitem__, kind="segments"
        )
        only = pickers.choice(
            "only",
            "Show",
            ("every", "failed"),
            shown={"every": "every molecule", "failed": "failed only"}.__getitem__,
            kind="segments",
        )
    if metric is not None:
        _spread(header, samples, metric)
        _extremes(header, samples, metric)
    ordered = _ordered(header, samples, metric, order, only)
    if ordered.empty:
        panels.empty("No molecule fits.", "Show every molecule again.")
        return
    _page(header, ordered, metric)


def _spread(header: RunHeader, samples: pd.DataFrame, metric: str) -> None:
    score = header.score(metric)
    values = samples[metric].to_numpy(dtype=float)
    counted = samples[metric].dropna()
    if counted.empty:
        return
    title = task_catalog.metric_title(metric)
    figure_panel.show(
        run_charts.sample_spread(
            values,
            metric_title=title,
            corpus_value=score.value if score is not None else None,
            dark=theme.is_dark(),
        ),
        key="spread",
        reading=f"Half of the molecules lie between {counted.quantile(0.25):.3f} and "
        f"{counted.quantile(0.75):.3f}, the median is {counted.median():.3f} "
        f"(n = {len(counted):,}).",
        table=counted.describe().rename_axis("statistic").reset_index(),
        alt=f"Histogram of {title} over molecules",
        file_name=f"{header.run_id}-{metric}-spread",
        note=panels.plain(score.signature) if score is not None else "",
    )


def _extremes(header: RunHeader, samples: pd.DataFrame, metric: str) -> None:
    best = _ordered(header, samples, metric, "best", "every").dropna(subset=[metric])
    for title, part in (("Best", best.head(_CARDS)), ("Worst", best.iloc[::-1].head(_CARDS))):
        st.caption(f"{title} by {task_catalog.metric_title(metric)}")
        cards = [
            molecule_cards.Card(
                cid=str(row["cid"]),
                headline=f"**{row[metric]:.3f}**",
                problem=row["error"] if isinstance(row["error"], str) else "",
            )
            for _, row in part.iterrows()
        ]
        molecule_cards.row(
            cards, dataset_name=header.spec.dataset, key=title.lower(), run=header.run_id
        )


def _ordered(
    header: RunHeader, samples: pd.DataFrame, metric: str | None, order: str, only: str
) -> pd.DataFrame:
    chosen = samples
    if only == "failed":
        empty = samples["output"].isna() | (samples["output"] == "")
        chosen = samples[samples["error"].notna() | empty]
    if metric is None or order == "file":
        return chosen
    score = header.score(metric)
    higher = score is None or score.direction == "higher"
    return chosen.sort_values(
        metric, ascending=(order == "best") != higher, kind="stable", na_position="last"
    )


def _page(header: RunHeader, ordered: pd.DataFrame, metric: str | None) -> None:
    pages = -(-len(ordered) // _PAGE)
    page = 1
    if pages > 1:
        page = min(st.pagination(pages, key="page", bind="query-params"), pages)
    part = ordered.iloc[(page - 1) * _PAGE : page * _PAGE].reset_index(drop=True)
    texts = [c for c in ("input", "reference", "output", "error") if c in part.columns]
    if "error" in texts and part["error"].isna().all():
        texts.remove("error")
    scores = [s.metric for s in header.scores if s.metric in part.columns]
    if metric is not None:
        scores = [metric, *(m for m in scores if m != metric)]
    table = part[["cid", *scores[:1], *texts, *scores[1:]]].copy()
    st.caption(
        f"{(page - 1) * _PAGE + 1:,} to {(page - 1) * _PAGE + len(part):,} of "
        f"{len(ordered):,} molecules. Open shows the molecule with the outputs of every run; "
        "tick a row to read its texts in full."
    )

    ticked = molecule_table.show(
        table,
        key="molecules",
        dataset=header.spec.dataset,
        run=header.run_id,
        selectable=True,
        alt="Molecules of this run with texts and scores",
        columns={
            **{c: st.column_config.TextColumn(width="medium") for c in texts},
            **{
                m: st.column_config.NumberColumn(task_catalog.metric_title(m), format="%.3f")
                for m in scores
            },
        },
    )
    if ticked is not None:
        _in_full(header, part.iloc[ticked], texts)


def _in_full(header: RunHeader, row: pd.Series, texts: list[str]) -> None:
    with st.container(border=True):
        for name in texts:
            value = row[name]
            st.caption(name)
            if isinstance(value, str) and value:
                panels.text(value)
            else:
                st.caption("nothing")
        navigation.link(
            "molecule",
            "Open this molecule",
            dataset=header.spec.dataset,
            cid=str(row["cid"]),
            run=header.run_id,
        )
