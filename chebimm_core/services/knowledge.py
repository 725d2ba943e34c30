"""Knowledge maps: which input tokens go with which output tokens, of a run or of gold data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from chebimm_core.analysis.cooccurrence import carriers, cooccurrence, count_matrix
from chebimm_core.analysis.token_map import (
    Counted,
    Groups,
    TextCounts,
    TokenGroup,
    at_threshold,
    groups,
    make_map,
)
from chebimm_core.analysis.token_spans import token_spans
from chebimm_core.datasets.matrix_file import read_matrix
from chebimm_core.domain.findings import KnowledgeMap, LocalFilterConfig, NullKind
from chebimm_core.errors import SettingError
from chebimm_core.services.map_slices import ALL, chosen_molecules
from chebimm_core.services.map_texts import SourceOption, source_options, text_pairs
from chebimm_core.services.token_counts import (
    DEFAULT_TOKENIZER,
    MAX_SIZE,
    Cache,
    Side,
    TokenizedTexts,
    count_side,
    left_out,
    tokenized,
)
from chebimm_core.settings import Settings

__all__ = [
    "DEFAULT_TOKENIZER",
    "MAX_SIZE",
    "Cache",
    "Groups",
    "SourceOption",
    "TokenGroup",
    "TokenizedTexts",
    "at_threshold",
    "build",
    "from_matrix_file",
    "groups",
    "maps_for_run",
    "pair_molecules",
]

EXAMPLES = {
    "shortest": "both tokens, shortest texts first",
    "strongest": "both tokens, most often together",
    "typical": "both tokens, texts of middling length",
    "counter": "counter-examples: the source token without the target token",
}
"""Rules that pick the molecules of a pair."""

PAIR_COLUMNS = (
    "cid",
    "source_text",
    "target_text",
    "source_spans",
    "target_spans",
)
"""Columns of :func:`pair_molecules`; spans are lists of character ranges [start, end)."""


def build(
    settings: Settings,
    run_id: str,
    *,
    source: str,
    target: str | None = None,
    tokenizer: str = DEFAULT_TOKENIZER,
    target_tokenizer: str | None = None,
    size: int = 20,
    target_size: int | None = None,
    threshold: float | None = None,
    null: NullKind | None = None,
    seed: int = 0,
    config: LocalFilterConfig | None = None,
    keep_source: Sequence[str] | None = None,
    keep_target: Sequence[str] | None = None,
    drop_source: Sequence[str] = (),
    drop_target: Sequence[str] = (),
    boilerplate: bool = True,
    cache: Cache | None = None,
) -> KnowledgeMap:
    """The token mapping matrix of a run with its specific pairs.

    Args:
        settings: Where the store and tokenizer files are.
        run_id: A stored run, or ``gold:<dataset>:<split>``.
        source: Text modality of the inputs: SMILES, InChI, SELFIES, IUPAC or caption.
        target: For gold data, ``caption`` (default) or ``IUPAC``.
        tokenizer: Name in the tokenizer registry, for the source. For line notations ``words`` are
            atoms, symbols or layers, and ``bpe`` merges those.
        target_tokenizer: The same for the target; None takes ``tokenizer``.
        size: Number of source tokens, 2 to 200.
        target_size: Number of target tokens; None takes ``size``.
        threshold: T; None takes that of the largest Z if a null is asked for, else 2.788.
        null: ``published`` adds Z and its band over redraws to the scan, ``shuffle`` the
            association of every cell, ``both`` both.
        seed: Of the null.
        config: Choices of the filter; its seed is replaced by ``seed``.
        keep_source: Exactly these source tokens instead of the most frequent ones.
        keep_target: Exactly these target tokens.
        drop_source: Never these source tokens; the next most frequent ones stand in.
        drop_target: The same for the target.
        boilerplate: False leaves out the words of the sentences captions are built from, on
            whichever side is a caption.
        cache: Keeps tokenized texts between calls.

    Raises:
        NotFoundError: If the run, data set, split or tokenizer does not exist.
        SettingError: If a size, modality or token list is not usable.
        MissingDependencyError: If the tokenizer needs a file that is absent.
    """
    texts = text_pairs(settings, run_id, source=source, target=target)
    read = Side(source, tokenizer, size, keep_source, drop_source, boilerplate)
    written = Side(
        texts.target_name, target_tokenizer or tokenizer,
        size if target_size is None else target_size, keep_target, drop_target, boilerplate,
    )  # fmt: skip
    left = count_side(settings, read, texts.source, cache)
    right = count_side(settings, written, texts.target, cache)
    counted = Counted(
        source_tokens=left.tokens,
        target_tokens=right.tokens,
        counts=cooccurrence(left.counts, right.counts).astype(np.float64),
        carriers=carriers(left.counts, right.counts),
        n_molecules=len(texts.cids),
        signature=f"map v1 | {texts.origin} | {left.signature} | {right.signature} | "
        f"{len(left.tokens)}x{len(right.tokens)}{left_out(read, written)}",
        texts=TextCounts(left.counts, right.counts, left.lengths),
    )
    chosen = replace(config or LocalFilterConfig(), seed=seed)
    return make_map(counted, chosen, threshold=threshold, null=null)


def from_matrix_file(
    path: Path,
    *,
    threshold: float | None = None,
    null: NullKind | None = None,
    seed: int = 0,
    config: LocalFilterConfig | None = None,
) -> KnowledgeMap:
    """The specific pairs of any labelled matrix; its order is kept, because it defines neighbors.

    Raises:
        DataFormatError: If the file is not a labelled matrix; line and column are named.
    """
    given = read_matrix(path)
    counted = Counted(
        source_tokens=given.source_tokens,
        target_tokens=given.target_tokens,
        counts=given.values,
        carriers=None,
        n_molecules=0,
        signature=f"map v1 | file {path.name} sha256 "
        f"{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}",
    )
    chosen = replace(config or LocalFilterConfig(ordering="given"), seed=seed)
    return make_map(counted, chosen, threshold=threshold, null=null)


def maps_for_run(
    settings: Settings, run_id: str, *, target: str | None = None
) -> tuple[SourceOption, ...]:
    """Source modalities a map of this run can start from, with the molecules each rests on."""
    return source_options(settings, run_id, target=target)


def pair_molecules(
    settings: Settings,
    run_id: str,
    *,
    source: str,
    source_token: str,
    target_token: str,
    target: str | None = None,
    tokenizer: str = DEFAULT_TOKENIZER,
    target_tokenizer: str | None = None,
    rule: str = "shortest",
    slice_: str = ALL,
    limit: int = 20,
    cache: Cache | None = None,
) -> pd.DataFrame:
    """Molecules of a pair of tokens, picked by a rule.

    A short name beside a short caption shows why two tokens meet; where they meet most often,
    in oligosaccharides and the like, there is more to search through.

    Args:
        settings: Where the store and tokenizer files are.
        run_id: As for :func:`build`.
        source: As for :func:`build`.
        source_token: As the tokenizer writes it.
        target_token: As the tokenizer writes it.
        target: As for :func:`build`.
        tokenizer: As for :func:`build`.
        target_tokenizer: As for :func:`build`.
        rule: A key of :data:`EXAMPLES`.
        slice_: Only these molecules; see ``map_slices``.
        limit: Molecules at most.
        cache: As for :func:`build`.

    Raises:
        SettingError: If there is no such rule or slice.

    Returns:
        Columns :data:`PAIR_COLUMNS`; ``attrs["total"]`` counts the molecules before the limit,
        ``attrs["target"]`` names the modality of the target texts.
    """
    if rule not in EXAMPLES:
        raise SettingError("No rule picks such examples", value=rule, allowed=", ".join(EXAMPLES))
    texts = text_pairs(settings, run_id, source=source, target=target)
    inputs = tokenized(settings, tokenizer, source, texts.source, cache).table
    outputs = tokenized(
        settings, target_tokenizer or tokenizer, texts.target_name, texts.target, cache
    ).table
    left = count_matrix(inputs, [source_token]).toarray()[:, 0]
    right = count_matrix(outputs, [target_token]).toarray()[:, 0]
    fitting = (left > 0) & ((right == 0) if rule == "counter" else (right > 0))
    within = chosen_molecules(settings, run_id, slice_, texts)
    if within is not None:
        fitting &= np.array([cid in within for cid in texts.cids])
    both = np.flatnonzero(fitting)
    lengths = np.array([len(texts.source[i]) + len(texts.target[i]) for i in both], dtype=np.int64)
    if rule == "strongest":
        order = np.lexsort((lengths, -(left * right)[both]))
    elif rule == "typical":
        order = np.argsort(np.abs(lengths - np.median(lengths)) if len(both) else lengths)
    else:
        order = np.argsort(lengths, kind="stable")
    chosen = both[order][:limit]
    rows = [
        (
            texts.cids[i],
            texts.source[i],
            texts.target[i],
            token_spans(texts.source[i], inputs.tokens_of(int(i)), source_token),
            token_spans(texts.target[i], outputs.tokens_of(int(i)), target_token),
        )
        for i in chosen
    ]
    frame = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
    frame.attrs["total"] = len(both)
    frame.attrs["target"] = texts.target_name
    return frame
