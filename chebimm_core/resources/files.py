"""Tokenizer files: found where the user says, else in the cache; fetched only when asked to."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chebimm_core.errors import (
    ChebiMMError,
    DataFormatError,
    MissingDependencyError,
    OfflineError,
    SettingError,
)
from chebimm_core.settings import Settings


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of one hub repository, known by its content."""

    name: str
    repository: str
    path: str
    sha256: str
    cached_as: str
    """Path below ``settings.cache``."""
    license: str


SCIBERT = HubFile(
    name="scibert",
    repository="allenai/scibert_scivocab_uncased",
    path="vocab.txt",
    sha256="f0a650346e51ede8996710f79ba65d83fdb8da05b159f17037b74ba4e3a36c6f",
    cached_as="scibert/vocab.txt",
    license="Apache-2.0",
)
T5 = HubFile(
    name="t5",
    repository="google-t5/t5-base",
    path="spiece.model",
    sha256="d60acb128cf7b7f2536e8f38a5b18a05535c9e14c7a355904270e15b0945ea86",
    cached_as="t5/spiece.model",
    license="Apache-2.0",
)
HUB_FILES = (SCIBERT, T5)


def scibert_vocab(settings: Settings) -> Path | None:
    """The SciBERT uncased ``vocab.txt``, or None if it is neither named nor cached.

    Raises:
        SettingError: If the user names a file that does not exist.
    """
    return _locate(settings.scibert_vocab, "CHEBIMM_SCIBERT_VOCAB", settings.cache, SCIBERT)


def t5_tokenizer(settings: Settings) -> Path | None:
    """A T5 ``tokenizer.json`` or SentencePiece ``.model``; None and errors as above."""
    return _locate(settings.t5_tokenizer, "CHEBIMM_T5_TOKENIZER", settings.cache, T5)


def fetch(settings: Settings, file: HubFile) -> Path:
    """Downloads a file from the Hugging Face hub into the cache and verifies its content.

    Returns:
        Where it is now. A verified file that is there already is not fetched again.

    Raises:
        OfflineError: If the hub cannot be reached or refuses.
        DataFormatError: If the content is not the pinned one; nothing is kept then.
        MissingDependencyError: If ``huggingface_hub`` is not installed.
    """
    final = settings.cache / file.cached_as
    if final.is_file() and sha256(final) == file.sha256:
        return final
    try:
        from httpx2 import HTTPError  # what huggingface_hub lets through
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError
    except ImportError as error:
        raise MissingDependencyError(
            "The hub client is not installed", do="pip install -r requirements.txt"
        ) from error
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=final.parent) as folder:
        try:
            fetched = Path(hf_hub_download(file.repository, file.path, local_dir=folder))
        except (HTTPError, EntryNotFoundError, OSError) as error:
            raise OfflineError(
                f"{file.repository}/{file.path} cannot be fetched from the Hugging Face hub",
                value=type(error).__name__,
                do=f"Try again with a connection, or put the file at {final}",
            ) from error
        found = sha256(fetched)
        if found != file.sha256:
            raise DataFormatError(
                f"{file.repository}/{file.path} is not the file its fingerprint promises",
                value=found,
                allowed=f"SHA-256 {file.sha256}",
                do="Nothing was kept; try again or report it",
            )
        shutil.move(fetched, final)
    return final


def provide(settings: Settings, files: Iterable[HubFile]) -> str:
    """Fetches the files that are neither named nor cached, as a by-product of another fetch.

    Returns:
        Why the first of them cannot be had, in words; empty if all are here now.
    """
    named = {SCIBERT: settings.scibert_vocab, T5: settings.t5_tokenizer}
    for file in files:
        if named.get(file) is None and not (settings.cache / file.cached_as).is_file():
            try:
                fetch(settings, file)
            except ChebiMMError as error:
                return str(error)
    return ""


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _locate(named: Path | None, variable: str, cache: Path, file: HubFile) -> Path | None:
    if named is not None:
        if not named.is_file():
            raise SettingError(
                f"{variable} names a file that does not exist",
                value=str(named),
                do=f"Correct or unset {variable}",
            )
        return named
    cached = cache / file.cached_as
    return cached if cached.is_file() else None
