"""Tokenizers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import BertWordPieceTokenizer

from chebimm_core.errors import DataFormatError, MissingDependencyError, SettingError
from chebimm_core.settings import Settings
from chebimm_core.tokenization import TOKENIZERS

NAMES = ["2-hydroxybenzoic acid", "3-hydroxybenzoate", "4-hydroxyphenol", "benzoic acid"] * 5


def bare(tmp_path: Path, **env: str) -> Settings:
    return Settings.from_env({"CHEBIMM_CACHE": str(tmp_path), **env})


@given(st.text(max_size=60))
def test_words_lose_only_space_and_case(text: str) -> None:
    found = TOKENIZERS["words"].load(Settings.from_env({}), ()).tokenize(text)
    assert "".join(found) == "".join(text.lower().split())
    assert all(found)


def test_words_part_a_name() -> None:
    found = TOKENIZERS["words"].load(Settings.from_env({}), ()).tokenize("2-Hydroxy[1]_benzoate")
    assert found == ["2", "-", "hydroxy", "[", "1", "]", "_", "benzoate"]


def test_bpe_learns_the_morphemes_of_its_corpus(tmp_path: Path) -> None:
    first, again = (TOKENIZERS["bpe"].load(bare(tmp_path), NAMES) for _ in range(2))
    assert first.tokenize("5-Hydroxybenzoate") == ["5", "-", "hydroxybenzoate"]
    assert first.tokenize("xyz é") == ["x", "y", "z", "[UNK]"]
    assert first.tokenize_batch(NAMES) == again.tokenize_batch(NAMES)
    assert first.signature == again.signature
    assert TOKENIZERS["bpe"].load(bare(tmp_path), NAMES[:1]).signature != first.signature


def test_bpe_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no text"):
        TOKENIZERS["bpe"].load(bare(tmp_path), ["", " "])


@pytest.mark.parametrize("name", ["scibert", "t5"])
def test_absent_vocabularies_say_how_to_get_them(name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="doctor --fetch"):
        TOKENIZERS[name].load(bare(tmp_path), ())
    with pytest.raises(SettingError, match="does not exist"):
        absent = str(tmp_path / "none")
        named = {"CHEBIMM_SCIBERT_VOCAB": absent, "CHEBIMM_T5_TOKENIZER": absent}
        TOKENIZERS[name].load(bare(tmp_path, **named), ())


def test_damaged_vocabularies_are_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "tokenizer.json"
    wrong.write_text("{}")
    named = {"CHEBIMM_SCIBERT_VOCAB": str(wrong), "CHEBIMM_T5_TOKENIZER": str(wrong)}
    for name in ("scibert", "t5"):
        with pytest.raises(DataFormatError):
            TOKENIZERS[name].load(bare(tmp_path, **named), ())


@pytest.mark.shared_data
def test_scibert_pieces(shared: Path, tmp_path: Path) -> None:
    vocab = shared / "data" / "vocab" / "scibert" / "vocab.txt"
    tokenizer = TOKENIZERS["scibert"].load(bare(tmp_path, CHEBIMM_SCIBERT_VOCAB=str(vocab)), ())
    assert tokenizer.signature == "scibert-uncased@f0a65034"
    found = tokenizer.tokenize("A Quinolinemonocarboxylate. [SEP]")
    assert found == ["a", "quin", "##oline", "##mon", "##ocar", "##box", "##ylate", "."]


@pytest.mark.shared_data
def test_t5_pieces_agree_between_both_file_kinds(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "vocab" / "t5"
    text = "The molecule is a quinolinemonocarboxylate, with 2 rings."
    found = [
        TOKENIZERS["t5"]
        .load(bare(tmp_path, CHEBIMM_T5_TOKENIZER=str(folder / name)), ())
        .tokenize(text)
        for name in ("tokenizer.json", "spiece.model")
    ]
    assert found[0] == found[1]
    assert found[0][0] == "▁The"


PIECES = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "acid",
    "##s",
    "benz",
    "##oic",
    "-",
    "(",
    "2",
]


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*PIECES, "Acids", "benzoic", " ", "_", "[unk]", "\t", "é", "x" * 101]),
            st.text(max_size=6),
        ),
        max_size=12,
    ).map("".join)
)
def test_wordpieces_are_those_of_the_library(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vocab = Path(folder) / "vocab.txt"
        vocab.write_text("\n".join(PIECES) + "\n")
        ours = TOKENIZERS["scibert"].load(bare(Path(folder), CHEBIMM_SCIBERT_VOCAB=str(vocab)), ())
        library = BertWordPieceTokenizer(str(vocab), lowercase=True)
        expected = library.encode(text, add_special_tokens=False).tokens
    assert ours.tokenize(text) == [t for t in expected if t not in {"[PAD]", "[CLS]", "[SEP]"}]
