"""Resources: located, fetched, reported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chebimm_core import resources
from chebimm_core.cli import app
from chebimm_core.errors import DataFormatError, OfflineError
from chebimm_core.resources import files
from chebimm_core.settings import Settings


def at(tmp_path: Path, **env: str) -> Settings:
    return Settings.from_env({"CHEBIMM_CACHE": str(tmp_path), **env})


def test_a_cached_vocabulary_is_found_and_a_named_one_comes_first(tmp_path: Path) -> None:
    assert resources.scibert_vocab(at(tmp_path)) is None
    cached, named = tmp_path / "scibert" / "vocab.txt", tmp_path / "mine.txt"
    cached.parent.mkdir()
    cached.write_text("[UNK]\n")
    named.write_text("[UNK]\n")
    assert resources.scibert_vocab(at(tmp_path)) == cached
    assert resources.scibert_vocab(at(tmp_path, CHEBIMM_SCIBERT_VOCAB=str(named))) == named


def test_wordnet_is_laid_out_once_without_carriage_returns(tmp_path: Path) -> None:
    folder = resources.wordnet_folder(at(tmp_path))
    assert folder == tmp_path / "nltk" / "corpora" / "wordnet"
    assert b"\r" not in (folder / "lexnames").read_bytes()
    before = (folder / "lexnames").stat().st_mtime_ns
    assert resources.wordnet_folder(at(tmp_path)) == folder
    assert (folder / "lexnames").stat().st_mtime_ns == before
    assert [p.name for p in folder.parent.iterdir()] == ["wordnet"]


def test_the_survey_names_cost_and_remedy_of_everything(tmp_path: Path) -> None:
    found = {s.name: s for s in resources.survey(at(tmp_path), network=False)}
    assert set(found) == {"scibert", "t5", "wordnet", "java", "osra", "fcd", "gpu"}
    assert all(s.cost and s.remedy for s in found.values())
    assert not found["scibert"].present and found["wordnet"].present
    assert Path(found["wordnet"].where).is_dir()


def test_a_wrong_setting_is_reported_not_raised(tmp_path: Path) -> None:
    settings = at(tmp_path, CHEBIMM_SCIBERT_VOCAB=str(tmp_path / "none"))
    found = {s.name: s for s in resources.survey(settings, network=False)}
    assert not found["scibert"].present
    assert "does not exist" in found["scibert"].remedy


def test_doctor_prints_what_is_absent(tmp_path: Path) -> None:
    env = {"CHEBIMM_CACHE": str(tmp_path), "CHEBIMM_SCIBERT_VOCAB": "", "CHEBIMM_T5_TOKENIZER": ""}
    shown = CliRunner().invoke(app, ["doctor", "--offline"], env=env)
    assert shown.exit_code == 0
    assert "absent  SciBERT vocabulary" in shown.output
    assert "Without it:" in shown.output and "doctor --fetch" in shown.output
    as_json = CliRunner().invoke(app, ["doctor", "--offline", "--json"], env=env)
    assert {s["name"] for s in json.loads(as_json.output)} >= {"scibert", "wordnet", "java"}


def test_fetching_without_a_hub_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OfflineError, match="scibert_scivocab_uncased"):
        resources.fetch(at(tmp_path), files.SCIBERT)
    assert not (tmp_path / "scibert" / "vocab.txt").exists()


def test_a_verified_file_is_not_fetched_again_and_a_wrong_one_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = tmp_path / "given"
    content.write_bytes(b"[UNK]\n")
    file = replace(files.SCIBERT, sha256=files.sha256(content), cached_as="v/vocab.txt")
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "vocab.txt").write_bytes(b"[UNK]\n")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert resources.fetch(at(tmp_path), file) == tmp_path / "v" / "vocab.txt"

    def download(repository: str, path: str, local_dir: str) -> str:
        (Path(local_dir) / path).write_bytes(b"something else")
        return str(Path(local_dir) / path)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    other = replace(file, cached_as="w/vocab.txt")
    with pytest.raises(DataFormatError, match="fingerprint"):
        resources.fetch(at(tmp_path), other)
    assert list((tmp_path / "w").iterdir()) == []
