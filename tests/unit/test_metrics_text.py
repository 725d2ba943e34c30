"""Text metrics against the libraries that define them, row by row."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import nltk.data
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.stem.porter import PorterStemmer
from nltk.translate.bleu_score import corpus_bleu
from nltk.translate.meteor_score import single_meteor_score
from rouge_score.rouge_scorer import RougeScorer

from chebimm_core.metrics import aggregates, ngrams
from chebimm_core.metrics.cache import ReferenceCache
from chebimm_core.metrics.meteor import Synonyms, meteor
from chebimm_core.metrics.scoring import score
from chebimm_core.resources import wordnet_folder
from chebimm_core.settings import Settings

words = st.sampled_from(["the", "acid", "acids", "role", "function", "is", "of", "car", "auto"])
sentence = st.lists(words, max_size=9)
pairs = st.lists(st.tuples(sentence, sentence), min_size=1, max_size=6)


def our_bleu(rows: Sequence[tuple[list[str], list[str]]], order: int) -> float:
    vocabulary = ngrams.Vocabulary()
    mine = ngrams.number([a for a, _ in rows], vocabulary)
    theirs = ngrams.number([b for _, b in rows], vocabulary)
    lengths = np.column_stack([mine.lengths, theirs.lengths]).astype(float)
    statistics = aggregates.bleu_statistics(ngrams.overlap(mine, theirs, 4), lengths, order)
    return float(aggregates.bleu(statistics.sum(axis=0), order))


@given(pairs)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_corpus_bleu_is_nltks(rows: list[tuple[list[str], list[str]]]) -> None:
    references, hypotheses = [[b] for _, b in rows], [a for a, _ in rows]
    for order in (2, 4):
        expected = corpus_bleu(references, hypotheses, weights=(1 / order,) * order)
        assert our_bleu(rows, order) == pytest.approx(expected, abs=1e-12)


def test_ngram_keys_stay_exact_beyond_63_bits() -> None:
    # 9,000 distinct tokens in one row: four of them do not fit one integer side by side.
    tokens = [str(i) for i in range(90_000)]
    vocabulary = ngrams.Vocabulary()
    mine = ngrams.number([tokens, tokens[:50]], vocabulary)
    theirs = ngrams.number([tokens[:45_000] + tokens[45_001:], tokens[:50]], vocabulary)
    found = ngrams.overlap(mine, theirs, 4)
    assert found[0, :, 0].tolist() == [89_999, 89_997, 89_995, 89_993]
    assert found[1, :, 0].tolist() == [50, 49, 48, 47]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.from_env({"CHEBIMM_CACHE": str(tmp_path_factory.mktemp("cache"))})


@pytest.fixture(scope="module")
def synonyms(local: Settings) -> Synonyms:
    found = Synonyms(wordnet_folder(local))
    assert "car" in found.of("auto"), "WordNet is not read"
    return found


@pytest.fixture(scope="module")
def nltk_wordnet(local: Settings) -> Iterator[WordNetCorpusReader]:
    folder = wordnet_folder(local)
    assert folder is not None
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setattr(nltk.data, "path", [str(folder.parent.parent)])
        warnings.simplefilter("ignore", UserWarning)  # other languages are absent
        yield WordNetCorpusReader(str(folder), None)


@settings(max_examples=60, deadline=None)
@given(row=st.tuples(sentence, sentence))
def test_meteor_is_nltks(
    row: tuple[list[str], list[str]], synonyms: Synonyms, nltk_wordnet: WordNetCorpusReader
) -> None:
    expected = single_meteor_score(row[1], row[0], wordnet=nltk_wordnet)
    assert meteor(row[0], row[1], synonyms) == pytest.approx(expected, abs=1e-12)


def test_synonyms_are_nltks(synonyms: Synonyms, nltk_wordnet: WordNetCorpusReader) -> None:
    # Every irregular form, and lemmas from both ends of the files to the middle: as they are,
    # stemmed as METEOR asks for them, and with each kind of ending.
    lemmas = sorted(nltk_wordnet._lemma_pos_offset_map)
    sample = [lemmas[0], lemmas[-1], *lemmas[::101]]
    stem = PorterStemmer().stem
    words = {word for exceptions in nltk_wordnet._exception_map.values() for word in exceptions}
    words |= {*sample, *map(stem, sample)}
    words |= {word + end for word in sample[::5] for end in ("s", "ies", "ed", "ing", "er", "est")}
    words |= {"", " ", "Car", "##acid", "no such word", "\u03a9mega", "\ud800"}
    for word in words:
        names = {name for found in nltk_wordnet.synsets(word) for name in found.lemma_names()}
        assert synonyms.of(word) == {word} | {name for name in names if "_" not in name}, word


def test_meteor_without_wordnet_knows_no_synonyms() -> None:
    bare = Synonyms(None)
    assert meteor(["auto"], ["car"], bare) == 0.0
    assert meteor(["acids"], ["acid"], bare) == pytest.approx(0.5)


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), min_size=1, max_size=4))
def test_rouge_is_rouge_scores(rows: list[tuple[str, str]]) -> None:
    names = ("rouge1", "rouge2", "rougeL")
    scorer = RougeScorer(list(names))
    expected = [scorer.score(b, a) for a, b in rows]
    found = score(
        names,
        [a.removeprefix("[CLS] ") for a, _ in rows],
        [b for _, b in rows],
        settings=Settings.from_env({}),
        tokenizer="words",
        n_bootstrap=0,
    )
    for name in names:
        by_row = [e[name].fmeasure for e in expected]
        assert found.samples[name].tolist() == pytest.approx(by_row, abs=1e-12)
        assert found.as_json()[name] == pytest.approx(np.mean(by_row), abs=1e-12)


def test_missing_vocabulary_changes_the_signature_not_the_program(local: Settings) -> None:
    result = score(("bleu2", "meteor"), ["an acid"], ["an acid"], settings=local, n_bootstrap=0)
    assert all("tok:words" in s.signature for s in result.scores)
    assert result.as_json()["bleu2"] == pytest.approx(1.0)


def test_a_failed_row_counts_and_scores_nothing() -> None:
    result = score(
        ("rouge1", "exact_text"), [None, "", "an acid"], ["an acid"] * 3,
        settings=Settings.from_env({}), tokenizer="words", n_bootstrap=0,
    )  # fmt: skip
    assert result.as_json() == {"rouge1": pytest.approx(1 / 3), "exact_text": pytest.approx(1 / 3)}
    assert {s.n for s in result.scores} == {3}
    assert {s.n_failed for s in result.scores} == {2}


def test_the_cache_changes_no_value() -> None:
    cache = ReferenceCache()
    settings_ = Settings.from_env({})
    outputs, references = ["the acid is an acid", "a role"], ["the acid", "a function of a role"]
    runs = [
        score(("bleu2", "rougeL"), outputs, references, settings=settings_, tokenizer="words",
              cache=c, n_bootstrap=20)
        for c in (None, cache, cache)
    ]  # fmt: skip
    assert runs[0].scores == runs[1].scores == runs[2].scores
