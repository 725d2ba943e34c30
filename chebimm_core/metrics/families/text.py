"""Captions and names: BLEU, ROUGE, METEOR and exact match.

The published protocol (Edwards et al. 2022, doi:10.18653/v1/2022.emnlp-main.26): SciBERT WordPieces
for BLEU and METEOR, at most 512 of them; ROUGE on its own words, unstemmed; every row counts, and
an empty output scores 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq

from chebimm_core.domain.specs import MetricSpec, Tokenizer
from chebimm_core.errors import MissingDependencyError
from chebimm_core.metrics import aggregates, ngrams
from chebimm_core.metrics.meteor import Synonyms, meteor
from chebimm_core.metrics.preparation import Context, FamilySpec, as_text
from chebimm_core.metrics.signature import library
from chebimm_core.resources import wordnet_folder
from chebimm_core.tokenization import TOKENIZERS

_MAX_TOKENS = 512
_ROUGE_WORD = re.compile(r"[a-z0-9]+")
_CLS = "[CLS] "
_BLEU_ORDERS = 4

Floats = NDArray[np.float64]


@dataclass(slots=True)
class TextPairs:
    """Outputs and references as text and as tokens; n-gram counts are made once, when asked for."""

    outputs: list[str]
    references: list[str]
    output_tokens: list[list[str]]
    """Tokens for BLEU and METEOR; empty lists if neither was asked for."""
    reference_tokens: list[list[str]]
    tokenizer: str
    """Signature of the tokenizer."""
    synonyms: Synonyms
    _counts: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.outputs)

    @property
    def failed(self) -> NDArray[np.bool_]:
        return np.array([not text.strip() for text in self.outputs], dtype=bool)

    def signature_parts(self, spec: MetricSpec) -> tuple[str, ...]:
        if spec.name.startswith("rouge"):
            return ("tok:rouge-words", "stem:no", "rouge_score:0.1.2")
        if spec.name == "exact_text":
            return ("strip:yes",)
        parts = (f"tok:{self.tokenizer}", library("nltk"))
        if spec.name != "meteor":
            return parts
        return (*parts, f"wordnet:{'3.0' if self.synonyms.wordnet else 'none'}")

    def why_absent(self, spec: MetricSpec) -> str | None:
        return None

    def bleu_counts(self) -> tuple[Floats, Floats]:
        """(n, 4, 3) n-gram overlap and (n, 2) lengths of the tokens."""
        if "bleu" not in self._counts:
            vocabulary = ngrams.Vocabulary()
            self._counts["bleu"] = _count(
                ngrams.number(self.output_tokens, vocabulary),
                ngrams.number(self.reference_tokens, vocabulary),
                _BLEU_ORDERS,
            )
        return self._counts["bleu"]

    def rouge_counts(self) -> tuple[Floats, Floats]:
        """(n, 2, 3) n-gram overlap of ROUGE's words; (n, 3) longest common subsequence, lengths."""
        if "rouge" not in self._counts:
            vocabulary = ngrams.Vocabulary()
            mine = ngrams.number([rouge_words(t) for t in self.outputs], vocabulary)
            theirs = ngrams.number([rouge_words(t) for t in self.references], vocabulary)
            overlap, lengths = _count(mine, theirs, 2)
            # rapidfuzz compares strings fastest: one private character a word.
            common = [
                LCSseq.similarity(a, b)
                for a, b in zip(_as_characters(mine), _as_characters(theirs), strict=True)
            ]
            self._counts["rouge"] = (overlap, np.column_stack([np.array(common, float), lengths]))
        return self._counts["rouge"]


def rouge_words(text: str) -> list[str]:
    """ROUGE's words: runs of ASCII letters and digits, lower-cased (rouge_score 0.1.2)."""
    return _ROUGE_WORD.findall(text.lower())


def _as_characters(rows: ngrams.Rows) -> list[str]:
    return ["".join(map(chr, ids)) for ids in rows.split()]


def _count(mine: ngrams.Rows, theirs: ngrams.Rows, orders: int) -> tuple[Floats, Floats]:
    lengths = np.column_stack([mine.lengths, theirs.lengths]).astype(np.float64)
    return ngrams.overlap(mine, theirs, orders), lengths


def prepare(
    context: Context, outputs: Sequence[str | None], references: Sequence[str]
) -> TextPairs:
    """Tokenizes both sides; references through the cache."""
    texts = [as_text(output).removeprefix(_CLS) for output in outputs]
    targets = [as_text(reference) for reference in references]
    tokenizer = load_tokenizer(context)
    needed = bool(context.wanted & {"bleu2", "bleu4", "meteor"})
    if context.cache.synonyms is None and "meteor" in context.wanted:
        context.cache.synonyms = Synonyms(wordnet_folder(context.settings))
    return TextPairs(
        outputs=texts,
        references=targets,
        output_tokens=_tokens(tokenizer, texts) if needed else [[]] * len(texts),
        reference_tokens=_cached_tokens(context, tokenizer, targets)
        if needed
        else [[]] * len(targets),
        tokenizer=tokenizer.signature,
        synonyms=context.cache.synonyms or Synonyms(None),
    )


def load_tokenizer(context: Context) -> Tokenizer:
    """The tokenizer asked for; ``auto`` falls back to plain words, under another signature."""
    name = context.tokenizer
    if name not in context.cache.tokenizers:
        if name == "auto":
            try:
                tokenizer = TOKENIZERS["scibert"].load(context.settings, ())
            except MissingDependencyError:
                tokenizer = TOKENIZERS["words"].load(context.settings, ())
        else:
            tokenizer = TOKENIZERS[name].load(context.settings, ())
        context.cache.tokenizers[name] = tokenizer
    return context.cache.tokenizers[name]


def _tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[str]]:
    return [tokens[:_MAX_TOKENS] for tokens in tokenizer.tokenize_batch(texts)]


def _cached_tokens(context: Context, tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[str]]:
    known = context.cache.tokens
    new = [t for t in dict.fromkeys(texts) if (tokenizer.signature, t) not in known]
    for text, tokens in zip(new, _tokens(tokenizer, new), strict=True):
        known[tokenizer.signature, text] = tuple(tokens)
    return [list(known[tokenizer.signature, text]) for text in texts]


def _bleu(pairs: TextPairs, orders: int) -> Floats:
    return aggregates.bleu_statistics(*pairs.bleu_counts(), orders)


def _rouge_n(pairs: TextPairs, order: int) -> Floats:
    overlap = pairs.rouge_counts()[0][:, order - 1]
    return _counted(aggregates.f1(overlap[:, 0], overlap[:, 1], overlap[:, 2]))


def _rouge_l(pairs: TextPairs) -> Floats:
    common = pairs.rouge_counts()[1]
    return _counted(aggregates.f1(common[:, 0], common[:, 1], common[:, 2]))


def _meteor(pairs: TextPairs) -> Floats:
    lower = _lower_cased(pairs.output_tokens), _lower_cased(pairs.reference_tokens)
    values = [meteor(a, b, pairs.synonyms) for a, b in zip(*lower, strict=True)]
    return _counted(np.array(values, dtype=float))


def _lower_cased(rows: list[list[str]]) -> list[list[str]]:
    # SciBERT's tokens are lower-case already: one comparison a text instead of a call a token.
    return [
        row if (text := " ".join(row)) == text.lower() else [token.lower() for token in row]
        for row in rows
    ]


def _exact(pairs: TextPairs) -> Floats:
    equal = [
        bool(a.strip()) and a.strip() == b.strip()
        for a, b in zip(pairs.outputs, pairs.references, strict=True)
    ]
    return _counted(np.array(equal, dtype=float))


def _counted(values: Floats) -> Floats:
    return np.column_stack([values, np.ones(len(values))])


_PAPINENI = "Papineni et al. 2002, doi:10.3115/1073083.1073135"
_LIN = "Lin 2004, aclanthology.org/W04-1013"


_text_metric = partial(
    MetricSpec, family="text", direction="higher", bounded=True, denominator="all"
)
_text_mean = partial(_text_metric, aggregate=aggregates.mean)

FAMILIES = (FamilySpec("text", prepare),)
SPECS: tuple[MetricSpec, ...] = (
    _text_metric(
        name="bleu2",
        title="BLEU-2",
        statistics=partial(_bleu, orders=2),
        aggregate=partial(aggregates.bleu, max_n=2),
        reference=_PAPINENI,
        description="Shared words and word pairs, over the whole set.",
    ),
    _text_metric(
        name="bleu4",
        title="BLEU-4",
        statistics=partial(_bleu, orders=4),
        aggregate=partial(aggregates.bleu, max_n=4),
        reference=_PAPINENI,
        description="Shared runs of up to four words, over the whole set.",
    ),
    _text_mean(
        name="rouge1",
        title="ROUGE-1",
        statistics=partial(_rouge_n, order=1),
        reference=_LIN,
        description="F1 of shared words, mean over molecules.",
    ),
    _text_mean(
        name="rouge2",
        title="ROUGE-2",
        statistics=partial(_rouge_n, order=2),
        reference=_LIN,
        description="F1 of shared word pairs, mean over molecules.",
    ),
    _text_mean(
        name="rougeL",
        title="ROUGE-L",
        statistics=_rouge_l,
        reference=_LIN,
        description="F1 of the longest common subsequence of words, mean over molecules.",
    ),
    _text_mean(
        name="meteor",
        title="METEOR",
        statistics=_meteor,
        reference="Lavie and Agarwal 2007, aclanthology.org/W07-0734",
        description="Words, stems and synonyms in common, in order; mean over molecules.",
    ),
    _text_mean(
        name="exact_text",
        title="Exact text",
        statistics=_exact,
        description="Share of outputs equal to the reference letter by letter.",
    ),
)
