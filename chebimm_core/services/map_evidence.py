"""How far the pairs of a knowledge map can be trusted: verdicts, resamples, tokenizers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chebimm_core.analysis.association import length_strata, verdicts
from chebimm_core.analysis.stability import stability
from chebimm_core.domain.findings import KnowledgeMap
from chebimm_core.errors import ChebiMMError, SettingError
from chebimm_core.services import knowledge
from chebimm_core.services.map_texts import text_pairs
from chebimm_core.services.token_counts import Cache, Side, count_side
from chebimm_core.settings import Settings
from chebimm_core.tokenization import TOKENIZERS

ALPHA = 0.05
"""False discovery rate of the verdicts."""
VERDICTS = {
    "supported": "stands out from its neighbors and goes together more than chance",
    "local only": "stands out from its neighbors, but not from chance: likely an artefact of the "
    "order of rows and columns",
    "associated only": "goes together more than chance, but the local filter misses it",
    "avoided": "goes together less than chance, whatever the local filter says",
}
"""Every verdict in one clause (docs/statistics.md)."""
VERDICT_COLUMNS = (
    "source", "target", "verdict", "association", "p", "q", "local_z", "local_p", "local_p_max",
    "count", "expected", "molecules",
)  # fmt: skip


def verdict_table(found: KnowledgeMap, alpha: float = ALPHA) -> pd.DataFrame:
    """Every cell that has a verdict, at the map's threshold.

    Args:
        found: A map with an association.
        alpha: False discovery rate.

    Returns:
        Columns :data:`VERDICT_COLUMNS`, by verdict, strongest association first. Equal tokens are
        left out if the map's configuration says so.

    Raises:
        SettingError: If the map has no association, or ``alpha`` is not between 0 and 1.
    """
    if found.association is None:
        raise SettingError("The map was built without the shuffle null", do="Build it with it")
    if not 0 < alpha < 1:
        raise SettingError("The false discovery rate", value=alpha, allowed="above 0, below 1")
    tested = found.association
    verdict = verdicts(found.local_z, found.threshold, tested, alpha)
    rows, columns = np.nonzero(verdict != "none")
    frame = pd.DataFrame(
        {
            "source": np.array(found.source_tokens, dtype=object)[rows],
            "target": np.array(found.target_tokens, dtype=object)[columns],
            "verdict": verdict[rows, columns],
            "association": tested.value[rows, columns],
            "p": tested.p[rows, columns],
            "q": tested.q[rows, columns],
            "local_z": found.local_z[rows, columns],
            "local_p": tested.local_p[rows, columns],
            "local_p_max": tested.local_p_max[rows, columns],
            "count": found.counts[rows, columns],
            "expected": tested.expected[rows, columns],
            "molecules": pd.NA if found.carriers is None else found.carriers[rows, columns],
        },
        columns=list(VERDICT_COLUMNS),
    )
    if found.config.drop_equal_tokens:
        frame = frame[frame["source"] != frame["target"]]
    order = list(VERDICTS)
    frame["rank"] = frame["verdict"].map(order.index)
    frame["strength"] = frame["association"].abs()
    frame = frame.sort_values(["rank", "strength"], ascending=[True, False], kind="stable")
    return frame.drop(columns=["rank", "strength"]).reset_index(drop=True)


def stability_table(
    settings: Settings,
    run_id: str,
    *,
    threshold: float,
    source: str,
    target: str | None = None,
    tokenizer: str = knowledge.DEFAULT_TOKENIZER,
    resamples: int = 100,
    orders: int = 100,
    draw_seed: int = 0,
    cache: Cache | None = None,
    **chosen: Any,
) -> pd.DataFrame:
    """How often the specific pairs of a map survive other molecules and other orders.

    Args:
        settings: Where the store is.
        run_id: A stored run, or gold data.
        threshold: T.
        source: As for :func:`knowledge.build`.
        target: As there.
        tokenizer: As there, for both sides.
        resamples: Bootstrap resamples of molecules.
        orders: Random orders of rows and columns.
        draw_seed: Of both.
        cache: Keeps tokenized texts between calls.
        chosen: Further arguments of :func:`knowledge.build`.

    Returns:
        One row a specific pair: source, target, local_z, survival, order_share, order_free_z,
        association_low, association_high.
    """
    found = knowledge.build(
        settings, run_id, source=source, target=target, tokenizer=tokenizer, threshold=threshold,
        cache=cache, **chosen,
    )  # fmt: skip
    texts = text_pairs(settings, run_id, source=source, target=target)
    left, right = (
        count_side(settings, Side(modality, tokenizer, len(tokens), tokens), cut, cache)
        for modality, tokens, cut in (
            (source, found.source_tokens, texts.source),
            (texts.target_name, found.target_tokens, texts.target),
        )
    )
    drawn = stability(
        left.counts,
        right.counts,
        length_strata(left.lengths, found.config.strata),
        found.threshold,
        resamples=resamples,
        orders=orders,
        seed=draw_seed,
        ddof=found.config.ddof,
        reorder=found.config.ordering == "totals",
    )
    row = {token: i for i, token in enumerate(found.source_tokens)}
    column = {token: j for j, token in enumerate(found.target_tokens)}
    at = [(row[p.source], column[p.target]) for p in found.pairs]
    return pd.DataFrame(
        [
            (
                p.source, p.target, p.local_z, drawn.survival[c], drawn.order_share[c],
                drawn.order_free_z[c], drawn.association_low[c], drawn.association_high[c],
            )
            for p, c in zip(found.pairs, at, strict=True)
        ],
        columns=[
            "source", "target", "local_z", "survival", "order_share", "order_free_z",
            "association_low", "association_high",
        ],
    )  # fmt: skip


def by_tokenizer(
    settings: Settings,
    run_id: str,
    *,
    alpha: float = ALPHA,
    cache: Cache | None = None,
    **chosen: Any,
) -> pd.DataFrame:
    """The same map by every tokenizer: how its pairs depend on how texts are cut.

    Args:
        settings: Where the store is.
        run_id: A stored run, or gold data.
        alpha: False discovery rate of the verdicts.
        cache: Keeps tokenized texts between calls.
        chosen: Arguments of :func:`knowledge.build` except the tokenizer and token lists.

    Returns:
        One row a tokenizer: tokenizer, specific, one column a verdict, strongest (the supported
        pair of the largest association), note (why there is no map).
    """
    rows: list[dict[str, object]] = []
    for name in TOKENIZERS:
        try:
            found = knowledge.build(
                settings, run_id, tokenizer=name, null="shuffle", cache=cache, **chosen
            )
        except ChebiMMError as error:
            rows.append({"tokenizer": name, "note": error.what})
            continue
        table = verdict_table(found, alpha)
        counts = table["verdict"].value_counts()
        best = table[table["verdict"] == "supported"].head(1)
        rows.append(
            {
                "tokenizer": name,
                "specific": len(found.pairs),
                **{v: int(counts.get(v, 0)) for v in VERDICTS},
                "strongest": ""
                if best.empty
                else f"{best['source'].iloc[0]} → {best['target'].iloc[0]}",
                "note": "",
            }
        )
    return pd.DataFrame(rows)
