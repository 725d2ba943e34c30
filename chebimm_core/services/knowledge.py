"""Knowledge maps: which input tokens go with which output tokens, of a run or of gold data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from chebimm_core.analysis.cooccurrence import (
    TokenTable,
    carriers,
    cooccurrence,
    count_matrix,
    is_boilerplate,
    is_content,
    is_name_word,
    is_notation_content,
    select_tokens,
)
from chebimm_core.analysis.token_map import (
    Counted,
    Groups,
    TokenGroup,
    at_threshold,
    groups,
    make_map,
)
from chebimm_core.analysis.token_spans import token_spans
from chebimm_core.datasets.matrix_file import read_matrix
from chebimm_core.domain.findings import KnowledgeMap, LocalFilterConfig, NullKind
from chebimm_core.domain.specs import Tokenizer
from chebimm_core.errors import SettingError
from chebimm_core.services.map_texts import SourceOption, source_options, text_pairs
from chebimm_core.settings import Settings
from chebimm_core.tokenization import TOKENIZERS
from chebimm_core.tokenization.notation import NOTATIONS, NotationTokenizer, PairEncodingTokenizer

__all__ = [
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

MAX_SIZE = 200
DEFAULT_TOKENIZER = "words"
"""Whole words are what a chemist reads; they need no vocabulary file."""

PAIR_COLUMNS = (
    "cid",
    "source_text",
    "target_text",
    "source_spans",
    "target_spans",
)
"""Columns of :func:`pair_molecules`; spans are lists of character ranges [start, end)."""


@dataclass(frozen=True, slots=True)
class TokenizedTexts:
    """Tokens of a list of texts and the signature of what cut them."""

    table: TokenTable
    signature: str


Cache = MutableMapping[str, TokenizedTexts]
"""Tokenized texts by a hash of tokenizer and texts; owned by the caller, who bounds its size."""


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
        null: ``published`` adds Z and its band over redraws to the scan.
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
    target_size = size if target_size is None else target_size
    for side, value in (("size", size), ("target size", target_size)):
        if not 2 <= value <= MAX_SIZE:
            raise SettingError(f"The {side} of a map", value=value, allowed=f"2 to {MAX_SIZE}")
    texts = text_pairs(settings, run_id, source=source, target=target)
    other = target_tokenizer or tokenizer
    inputs = _tokenized(settings, tokenizer, source, texts.source, cache)
    outputs = _tokenized(settings, other, texts.target_name, texts.target, cache)
    sides = (
        (inputs, (source, tokenizer), size, keep_source, drop_source),
        (outputs, (texts.target_name, other), target_size, keep_target, drop_target),
    )
    rows, columns = (
        select_tokens(
            cut.table,
            wanted,
            None if keep is None else [token for token in keep if token not in drop],
            admits=_admits(*kind, frozenset(drop), boilerplate),
        )
        for cut, kind, wanted, keep, drop in sides
    )
    left, right = count_matrix(inputs.table, rows), count_matrix(outputs.table, columns)
    counted = Counted(
        source_tokens=rows,
        target_tokens=columns,
        counts=cooccurrence(left, right).astype(np.float64),
        carriers=carriers(left, right),
        n_molecules=len(texts.cids),
        signature=f"map v1 | {texts.origin} | {source} by {inputs.signature} | "
        f"{texts.target_name} by {outputs.signature} | {len(rows)}x{len(columns)}"
        + _left_out(drop_source, drop_target, boilerplate),
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
    limit: int = 20,
    cache: Cache | None = None,
) -> pd.DataFrame:
    """Molecules whose texts hold both tokens of a pair, the shortest texts first.

    A short name beside a short caption shows why two tokens meet; in the molecules where they meet
    most often, oligosaccharides and the like, a reader finds nothing.

    Args:
        settings: Where the store and tokenizer files are.
        run_id: As for :func:`build`.
        source: As for :func:`build`.
        source_token: As the tokenizer writes it.
        target_token: As the tokenizer writes it.
        target: As for :func:`build`.
        tokenizer: As for :func:`build`.
        target_tokenizer: As for :func:`build`.
        limit: Molecules at most.
        cache: As for :func:`build`.

    Returns:
        Columns :data:`PAIR_COLUMNS`; ``attrs["total"]`` counts the molecules before the limit,
        ``attrs["target"]`` names the modality of the target texts.
    """
    texts = text_pairs(settings, run_id, source=source, target=target)
    inputs = _tokenized(settings, tokenizer, source, texts.source, cache).table
    outputs = _tokenized(
        settings, target_tokenizer or tokenizer, texts.target_name, texts.target, cache
    ).table
    left = count_matrix(inputs, [source_token]).toarray()[:, 0]
    right = count_matrix(outputs, [target_token]).toarray()[:, 0]
    both = np.flatnonzero(left * right)
    lengths = np.array([len(texts.source[i]) + len(texts.target[i]) for i in both], dtype=np.int64)
    chosen = both[np.argsort(lengths, kind="stable")][:limit]
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


def _admits(
    modality: str, tokenizer: str, drop: frozenset[str], boilerplate: bool
) -> Callable[[str], bool]:
    content = is_notation_content if modality in NOTATIONS else is_content
    if modality == "IUPAC" and tokenizer in {"words", "bpe"}:
        content = is_name_word
    plain = boilerplate or modality != "caption"
    return lambda token: (
        token not in drop and content(token) and (plain or not is_boilerplate(token))
    )


def _left_out(drop_source: Sequence[str], drop_target: Sequence[str], boilerplate: bool) -> str:
    parts = [] if boilerplate else ["caption boilerplate"]
    parts += [
        f"{side} {','.join(drop)}"
        for side, drop in (("source", drop_source), ("target", drop_target))
        if drop
    ]
    return f" | without {'; '.join(parts)}" if parts else ""


def _tokenized(
    settings: Settings, name: str, modality: str, texts: tuple[str, ...], cache: Cache | None
) -> TokenizedTexts:
    spec = TOKENIZERS[name]
    digest = hashlib.sha256(f"{name} {modality if modality in NOTATIONS else ''}".encode())
    for text in texts:
        digest.update(b"\x00" + text.encode(errors="surrogatepass"))
    key = digest.hexdigest()
    if cache is not None and key in cache:
        return cache[key]
    tokenizer: Tokenizer
    if modality in NOTATIONS and name == "words":
        tokenizer = NotationTokenizer(modality)
    elif modality in NOTATIONS and name == "bpe":
        tokenizer = PairEncodingTokenizer(modality, texts)
    else:
        tokenizer = spec.load(settings, texts)
    made = TokenizedTexts(TokenTable.of(tokenizer.tokenize_batch(texts)), tokenizer.signature)
    if cache is not None:
        cache[key] = made
    return made
