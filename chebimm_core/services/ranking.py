"""Panels of the paper's Figure 5, published or from stored runs: encoders, shares, retrieval."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from chebimm_core.analysis.ranking import TOP, frequency, shares, top_of_each_cell
from chebimm_core.datasets import published
from chebimm_core.domain.findings import MatrixSource
from chebimm_core.domain.run import RunHeader, RunState
from chebimm_core.models import MODELS
from chebimm_core.services.cell_scores import RETRIEVAL, Similarity, finished_runs, is_floor
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.run_store import RunStore

NO_PART = "none"
"""Shown where a run states no such part, e.g. the pooling of a text-to-text model."""

RANK_COLUMNS = ("run_id", "transition", "model", "family", "encoder", "decoder", "pooling", "value")
RETRIEVAL_COLUMNS = ("pair", "first", "second", "r1", "ci_low", "ci_high", "n", "model", "run_id")


def ranked_runs(
    settings: Settings,
    *,
    dataset: str | None = None,
    split: str | None = None,
    run_ids: Sequence[str] | None = None,
    denominator: Similarity = "valid",
) -> pd.DataFrame:
    """Runs of the transition matrix with the parts of their models; floors are left out.

    Encoder, decoder and pooling are read from the run's model arguments of these names; a model
    that states none is its own encoder and decoder, as native text-to-text models are.

    Returns:
        Columns :data:`RANK_COLUMNS`.
    """
    runs = finished_runs(
        settings, dataset=dataset, split=split, run_ids=run_ids, denominator=denominator
    )
    rows = [_parts(run.header, run.value) for run in runs if not run.is_floor]
    return pd.DataFrame(rows, columns=list(RANK_COLUMNS))


def encoder_frequency(
    settings: Settings,
    *,
    source: MatrixSource,
    dataset: str | None = None,
    split: str | None = None,
    run_ids: Sequence[str] | None = None,
    k: int = TOP,
) -> pd.DataFrame:
    """How often each encoder is among the k best models of a transition (Figure 5b).

    Returns:
        Columns ``encoder``, ``times``, ``transitions`` and ``citation`` (empty for stored runs).
    """
    if source == "published":
        facts = published.encoder_top5(settings.published)
        rows = [(f.encoder, f.times_in_top5, f.transitions, f.citation) for f in facts]
        return pd.DataFrame(rows, columns=["encoder", "times", "transitions", "citation"])
    runs = ranked_runs(settings, dataset=dataset, split=split, run_ids=run_ids)
    return frequency(top_of_each_cell(runs, k), "encoder").assign(citation="")


def encoder_decoder_shares(
    settings: Settings,
    *,
    dataset: str | None = None,
    split: str | None = None,
    run_ids: Sequence[str] | None = None,
    k: int = TOP,
) -> pd.DataFrame:
    """How the k best models of all transitions divide over family, encoder and decoder.

    Returns:
        Columns ``family``, ``encoder``, ``decoder``, ``count``, ``share``.
    """
    runs = ranked_runs(settings, dataset=dataset, split=split, run_ids=run_ids)
    return shares(top_of_each_cell(runs, k), ["family", "encoder", "decoder"])


def pooling_shares(
    settings: Settings,
    *,
    dataset: str | None = None,
    split: str | None = None,
    run_ids: Sequence[str] | None = None,
    k: int = TOP,
) -> pd.DataFrame:
    """How the k best of those runs that state a pooling divide over it.

    Returns:
        Columns ``pooling``, ``count``, ``share``.
    """
    runs = ranked_runs(settings, dataset=dataset, split=split, run_ids=run_ids)
    return shares(top_of_each_cell(runs[runs["pooling"] != NO_PART], k), ["pooling"])


def retrieval_bars(
    settings: Settings,
    *,
    source: MatrixSource,
    dataset: str | None = None,
    split: str | None = None,
) -> pd.DataFrame:
    """The best R@1 of every pair of modalities (Figure 5c), best pair first.

    A published pair is undirected, its model is not named and it has no interval; a local pair is
    the better of its two directions.

    Returns:
        Columns :data:`RETRIEVAL_COLUMNS`; ``attrs["citation"]`` for published values.
    """
    if source == "published":
        facts = published.retrieval(settings.published)
        frame = pd.DataFrame(
            [(f"{f.first}-{f.second}", f.first, f.second, f.r1) for f in facts],
            columns=list(RETRIEVAL_COLUMNS[:4]),
        ).reindex(columns=list(RETRIEVAL_COLUMNS))
        frame.attrs["citation"] = facts[0].citation
        return frame
    rows = []
    for header in versions.current(settings.store, RunStore(settings.store).headers()):
        spec, score = header.spec, header.score("r1")
        wanted = spec.task == RETRIEVAL and header.status.state is RunState.DONE
        if not wanted or score is None or len(spec.sources) != 1 or is_floor(spec.model):
            continue
        if dataset not in (None, spec.dataset) or split not in (None, spec.split):
            continue
        first, second = spec.sources[0], spec.target
        rows.append(
            (
                f"{first}-{second}",
                first,
                second,
                score.value,
                score.ci_low,
                score.ci_high,
                score.n,
                spec.model,
                header.run_id,
            )
        )
    frame = pd.DataFrame(rows, columns=list(RETRIEVAL_COLUMNS))
    frame = frame.sort_values(["r1", "run_id"], ascending=[False, True])
    undirected = [frozenset(pair) for pair in zip(frame["first"], frame["second"], strict=True)]
    first_of_pair = ~pd.Series(undirected, index=frame.index, dtype=object).duplicated()
    return frame[first_of_pair].reset_index(drop=True)


def _parts(header: RunHeader, value: float) -> tuple[object, ...]:
    spec = header.spec
    family = MODELS[spec.model].family if spec.model in MODELS else "loaded"
    arguments = spec.model_args
    return (
        header.run_id,
        spec.transition,
        spec.model,
        str(arguments.get("family", family)),
        str(arguments.get("encoder", spec.model)),
        str(arguments.get("decoder", spec.model)),
        str(arguments.get("pooling", NO_PART)),
        value,
    )
