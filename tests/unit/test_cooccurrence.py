from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chebimm_core.analysis import cooccurrence as co
from chebimm_core.analysis.token_spans import token_spans
from chebimm_core.errors import SettingError

TEXTS = st.lists(st.lists(st.sampled_from(["acid", "amine", "the", "12", "-", "ol"]), max_size=8))


@given(TEXTS, TEXTS)
def test_counts_equal_the_loop_over_all_token_pairs(left, right):
    n = min(len(left), len(right))
    left, right = left[:n], right[:n]
    rows, columns = ["acid", "ol"], ["amine", "acid", "12"]
    expected = np.zeros((2, 3), dtype=np.int64)
    for a, b in zip(left, right, strict=True):
        for s in a:
            for t in b:
                if s in rows and t in columns:
                    expected[rows.index(s), columns.index(t)] += 1
    x = co.count_matrix(co.TokenTable.of(left), rows)
    y = co.count_matrix(co.TokenTable.of(right), columns)
    found = co.cooccurrence(x, y)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, expected)
    assert (co.carriers(x, y) <= found).all()
    assert ((co.carriers(x, y) > 0) == (found > 0)).all()


def test_chunks_add_up_to_the_whole(monkeypatch):
    rng = np.random.default_rng(0)
    texts = [list(rng.choice(["a1", "bb", "cc"], size=5)) for _ in range(53)]
    x = co.count_matrix(co.TokenTable.of(texts), ["bb", "cc"])
    whole = co.cooccurrence(x, x)
    monkeypatch.setattr(co, "_CHUNK", 7)
    np.testing.assert_array_equal(co.cooccurrence(x, x), whole)


def test_counts_beyond_32_bits_stay_exact():
    table = co.TokenTable.of([["acid"] * 70_000])
    x = co.count_matrix(table, ["acid"])
    assert co.cooccurrence(x, x)[0, 0] == 70_000**2


@given(TEXTS)
def test_selection_takes_the_most_frequent_content(texts):
    chosen = co.select_tokens(co.TokenTable.of(texts), 2)
    counts = Counter(t for text in texts for t in text if t in ("acid", "amine", "ol"))
    assert (
        sorted((counts[t] for t in chosen), reverse=True)
        == sorted(counts.values(), reverse=True)[:2]
    )


@pytest.mark.parametrize("token", ["the", "▁the", "12", "2,3", "-", "##a", "N", "[UNK]", "", "▁"])
def test_digits_punctuation_and_stop_words_are_dropped(token):
    assert not co.is_content(token)


@pytest.mark.parametrize("token", ["acid", "##yl", "▁acid", "Ġring", "oxo"])
def test_chemistry_is_kept(token):
    assert co.is_content(token)


def test_the_users_list_is_taken_as_it_is_or_refused_by_name():
    table = co.TokenTable.of([["acid", "12", "12"], ["amine"]])
    assert co.select_tokens(table, 2, ["12", "acid", "12"]) == ["12", "acid"]
    with pytest.raises(SettingError, match="benzene"):
        co.select_tokens(table, 2, ["benzene", "acid"])


def test_spans_point_at_the_characters_of_each_occurrence():
    text = "2-Hydroxy-3-hydroxyÉthyl acid"
    tokens = ["2", "-", "hydroxy", "-", "3", "-", "hydroxy", "##ethyl", "acid"]
    assert [text[a:b] for a, b in token_spans(text, tokens, "hydroxy")] == ["Hydroxy", "hydroxy"]
    assert [text[a:b] for a, b in token_spans(text, tokens, "##ethyl")] == ["Éthyl"]
    assert token_spans(text, tokens, "ester") == []


@given(st.text(max_size=60))
def test_spans_are_ordered_inside_the_text_and_never_overlap(text):
    tokens = text.lower().split()
    for wanted in set(tokens):
        spans = token_spans(text, tokens, wanted)
        assert all(0 <= a < b <= len(text) for a, b in spans)
        assert all(left[1] <= right[0] for left, right in pairwise(spans))


@given(TEXTS)
def test_a_table_gives_each_text_back(texts):
    table = co.TokenTable.of(texts)
    assert [table.tokens_of(i) for i in range(len(texts))] == texts


@pytest.mark.parametrize(
    "token", ["C", "c", "Cl", "[N+]", "=O", "C(=O)", "[Branch1]", "[=C]", "C6", "/t", "##cc"]
)
def test_atoms_and_symbols_are_content_of_a_notation(token):
    assert co.is_notation_content(token)


@pytest.mark.parametrize("token", ["1", "%12", "(", ")", "=", "#", ".", "[UNK]", "InChI=1S", ""])
def test_ring_digits_and_brackets_alone_are_not(token):
    assert not co.is_notation_content(token)


@pytest.mark.parametrize(("token", "kept"), [("ar", False), ("bs", False), ("yl", True)])
def test_letters_of_locants_are_no_words_of_a_name(token, kept):
    assert co.is_name_word(token) == kept


@pytest.mark.parametrize(
    ("token", "template"), [("Molecule", True), ("▁role", True), ("acid", False), ("ester", False)]
)
def test_boilerplate_is_the_sentence_not_the_chemistry(token, template):
    assert co.is_boilerplate(token) == template


def test_refused_tokens_are_replaced_by_the_next_most_frequent():
    table = co.TokenTable.of([["acid"] * 3 + ["amine"] * 2 + ["ol"]])
    assert co.select_tokens(table, 2) == ["acid", "amine"]
    found = co.select_tokens(table, 2, admits=lambda t: t != "acid" and co.is_content(t))
    assert found == ["amine", "ol"]
