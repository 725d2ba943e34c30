"""What a model learned, missed and invented: its map against another on the same molecules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd

from chebimm_core.analysis.association import verdicts
from chebimm_core.analysis.cooccurrence import carriers as carrier_counts
from chebimm_core.analysis.cooccurrence import cooccurrence
from chebimm_core.analysis.map_comparison import RELATIONS, PairDifference, compare
from chebimm_core.analysis.token_map import Counted, TextCounts, make_map
from chebimm_core.domain.findings import KnowledgeMap, LocalFilterConfig
from chebimm_core.errors import SettingError
from chebimm_core.services.map_evidence import ALPHA
from chebimm_core.services.map_slices import ALL, chosen_molecules
from chebimm_core.services.map_texts import GOLD, TextPairs, text_pairs
from chebimm_core.services.token_counts import Cache, Side, count_side
from chebimm_core.settings import Settings
from chebimm_core.store.run_store import RunStore

MEANING = {
    "learned": "both texts connect the two tokens",
    "missed": "the reference connects them, the model does not",
    "invented": "the model connects them, the reference does not",
}
_HELD = {
    "supported": ("supported",),
    "associated": ("supported", "associated only"),
}
HOLDS = ("associated", "supported")
"""When a map holds a pair: ``associated`` (positively, whatever its neighbors are), or
``supported`` (locally specific too). The local filter alone moves a pair in or out with its
neighbors while both texts agree in every molecule, so it is not the default."""
COLUMNS = (
    "relation", "source", "target", "reference_association", "model_association", "reference_z",
    "model_z", "both", "reference_only", "model_only", "p", "q",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MapDifference:
    """Two maps of the same molecules and tokens."""

    reference: KnowledgeMap
    model: KnowledgeMap
    pairs: pd.DataFrame
    """Columns :data:`COLUMNS`; by relation, strongest association first."""
    n_molecules: int
    signature: str

    def count(self, relation: str) -> int:
        """How many pairs stand in that relation."""
        return int((self.pairs["relation"] == relation).sum())


def gold_of(settings: Settings, run_id: str) -> str:
    """The gold data a run is compared with.

    Raises:
        SettingError: If the run is gold data itself.
        NotFoundError: If there is no such run.
    """
    if run_id.startswith(GOLD):
        raise SettingError("Gold data have no gold data", value=run_id, do="Choose a run")
    spec = RunStore(settings.store).header(run_id).spec
    return f"{GOLD}{spec.dataset}:{spec.split}"


def difference(
    settings: Settings,
    reference_id: str,
    model_id: str,
    *,
    source: str,
    tokenizer: str = "words",
    size: int = 20,
    boilerplate: bool = True,
    threshold: float | None = None,
    holds: str = "associated",
    slice_: str = ALL,
    alpha: float = ALPHA,
    draws: int = 1000,
    seed: int = 0,
    cache: Cache | None = None,
) -> MapDifference:
    """Compares two maps pair by pair.

    The target tokens are the most frequent ones of both outputs together, so that what only the
    model writes is seen. Both maps rest on the molecules that have an input and both outputs, and
    have the tokens of the reference's order.

    Args:
        settings: Where the store is.
        reference_id: A run, or gold data; what is to be learned.
        model_id: A run.
        source: Text modality of the inputs.
        tokenizer: For both sides.
        size: Tokens on each side.
        boilerplate: False leaves out the words of the sentences captions are built from.
        threshold: T of both maps; None: 2.788.
        holds: One of :data:`HOLDS`.
        slice_: One of ``map_slices.SLICES``.
        alpha: False discovery rate of the verdicts.
        draws: Of the shuffle null.
        seed: Of it.
        cache: Keeps tokenized texts between calls.

    Raises:
        SettingError: If the two share no molecule of the slice, write different modalities, or an
            argument is not usable.
        NotFoundError: If a run does not exist.
    """
    if holds not in _HELD:
        raise SettingError("When a map holds a pair", value=holds, allowed=", ".join(HOLDS))
    made = text_pairs(settings, model_id, source=source)
    wanted = made.target_name if reference_id.startswith(GOLD) else None
    gold = text_pairs(settings, reference_id, source=source, target=wanted)
    if gold.target_name != made.target_name:
        raise SettingError(
            "The two write different modalities",
            value=f"{gold.target_name} and {made.target_name}",
            do="Choose two runs of one target",
        )
    cids, inputs, first, second = _joined(settings, gold, made, model_id, slice_)
    read = count_side(
        settings, Side(source, tokenizer, size, boilerplate=boilerplate), inputs, cache
    )
    both = count_side(
        settings,
        Side(made.target_name, tokenizer, size, boilerplate=boilerplate),
        tuple(chain(first, second)),
        cache,
    )
    n = len(cids)
    halves = both.counts[:n], both.counts[n:]
    config = replace(LocalFilterConfig(), shuffle_draws=draws, seed=seed)
    sides = f"{read.signature} | {both.signature} | {len(read.tokens)}x{len(both.tokens)}"
    reference, model = (
        make_map(
            Counted(
                source_tokens=read.tokens,
                target_tokens=both.tokens,
                counts=cooccurrence(read.counts, half).astype(np.float64),
                carriers=carrier_counts(read.counts, half),
                n_molecules=n,
                signature=f"map v1 | {origin} | {slice_} | {sides}",
                texts=TextCounts(read.counts, half, read.lengths),
            ),
            config,
            threshold=threshold,
            null="shuffle",
        )
        for half, origin in zip(halves, (gold.origin, made.origin), strict=True)
    )
    rows = [read.tokens.index(t) for t in reference.source_tokens]
    columns = [both.tokens.index(t) for t in reference.target_tokens]
    model = _reordered(model, reference)
    found = compare(
        read.counts[:, rows],
        halves[0][:, columns],
        halves[1][:, columns],
        _held(reference, holds, alpha),
        _held(model, holds, alpha),
    )
    return MapDifference(
        reference=reference,
        model=model,
        pairs=_table(reference, model, found),
        n_molecules=n,
        signature=f"difference v1 | {gold.origin} against {made.origin} | {slice_} | {sides} | "
        f"T {reference.threshold:.3f}, FDR {alpha:g}, {draws} shuffles, seed {seed}, {holds}",
    )


def _joined(
    settings: Settings, gold: TextPairs, made: TextPairs, model_id: str, slice_: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Molecules with an input and both outputs: cids, inputs, reference and model outputs."""
    reference = dict(zip(gold.cids, gold.target, strict=True))
    allowed = chosen_molecules(settings, model_id, slice_, made)
    kept = [
        (cid, text, reference[cid], output)
        for cid, text, output in zip(made.cids, made.source, made.target, strict=True)
        if cid in reference and (allowed is None or cid in allowed)
    ]
    if len(kept) < 2:  # a map of one molecule says nothing
        raise SettingError(
            "The two share too few molecules with an input and both outputs",
            value=f"{len(kept)} of {len(made.cids)} in slice {slice_!r}",
            do="Choose runs on the same data set and split, or another slice",
        )
    cids, inputs, first, second = zip(*kept, strict=True)
    return cids, inputs, first, second


def _reordered(found: KnowledgeMap, like: KnowledgeMap) -> KnowledgeMap:
    """The map in another's order of tokens; its local z stays that of its own order."""
    rows = [found.source_tokens.index(t) for t in like.source_tokens]
    columns = [found.target_tokens.index(t) for t in like.target_tokens]
    here = np.ix_(rows, columns)
    assert found.association is not None
    tested = found.association
    return replace(
        found,
        source_tokens=like.source_tokens,
        target_tokens=like.target_tokens,
        counts=found.counts[here],
        values=found.values[here],
        local_z=found.local_z[here],
        carriers=None if found.carriers is None else found.carriers[here],
        association=replace(
            tested,
            value=tested.value[here],
            expected=tested.expected[here],
            p=tested.p[here],
            q=tested.q[here],
            local_p=tested.local_p[here],
            local_p_max=tested.local_p_max[here],
        ),
    )


def _held(found: KnowledgeMap, holds: str, alpha: float) -> np.ndarray:
    assert found.association is not None
    return np.isin(
        verdicts(found.local_z, found.threshold, found.association, alpha).astype(str),
        _HELD[holds],
    )


def _table(reference: KnowledgeMap, model: KnowledgeMap, found: PairDifference) -> pd.DataFrame:
    assert reference.association is not None and model.association is not None
    rows, columns = np.nonzero(found.relation != "")
    frame = pd.DataFrame(
        {
            "relation": found.relation[rows, columns],
            "source": np.array(reference.source_tokens, dtype=object)[rows],
            "target": np.array(reference.target_tokens, dtype=object)[columns],
            "reference_association": reference.association.value[rows, columns],
            "model_association": model.association.value[rows, columns],
            "reference_z": reference.local_z[rows, columns],
            "model_z": model.local_z[rows, columns],
            "both": found.both[rows, columns],
            "reference_only": found.reference_only[rows, columns],
            "model_only": found.model_only[rows, columns],
            "p": found.p[rows, columns],
            "q": found.q[rows, columns],
        },
        columns=list(COLUMNS),
    )
    frame = frame[frame["source"] != frame["target"]]
    strongest = frame[["reference_association", "model_association"]].max(axis=1)
    order = frame["relation"].map(list(RELATIONS).index)
    frame = frame.assign(order=order, strongest=strongest)
    frame = frame.sort_values(["order", "strongest"], ascending=[True, False], kind="stable")
    return frame.drop(columns=["order", "strongest"]).reset_index(drop=True)
