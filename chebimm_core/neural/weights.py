"""Pretrained weights by hub id or local folder: safetensors only, no code from outside.

What a user types is untrusted: it is a folder that exists, or a hub id of the usual form, and
nothing else. A repository or folder that holds pickled weights only is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chebimm_core.errors import DataFormatError, OfflineError, SettingError

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
_CONVERT = (
    "Load it once elsewhere and save it with model.save_pretrained(FOLDER, "
    "safe_serialization=True), then give that folder"
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights come from."""

    name: str
    """Hub id, or path of a folder."""
    revision: str | None
    cache: Path | None

    @property
    def local(self) -> bool:
        return Path(self.name).is_dir()

    def arguments(self) -> dict[str, Any]:
        """What every loader of transformers is given."""
        found: dict[str, Any] = {"trust_remote_code": False}
        if not self.local:
            # The hub converts repositories of pickled weights to safetensors; transformers looks
            # for the conversion beside the branch "main", not beside None.
            found["revision"] = self.revision or "main"
            found["cache_dir"] = None if self.cache is None else str(self.cache / "hub")
        return found


def source(given: str, default: str, revision: str | None, cache: Path | None) -> Source:
    """What to load.

    Args:
        given: What the user set; empty takes ``default``.
        default: Hub id of the model's card.
        revision: Pinned commit of the default.
        cache: Folder for downloads; None: the library's own.

    Raises:
        SettingError: If it is neither a folder nor a hub id.
    """
    name = given.strip() or default
    if not name:
        raise SettingError(
            "The model has no weights of its own",
            do="Set the parameter weights to a hub id or a local folder",
        )
    if Path(name).is_dir():
        return Source(str(Path(name).resolve()), None, cache)
    if not _HUB_ID.fullmatch(name) or ".." in name:
        raise SettingError(
            "These are no weights",
            value=name,
            allowed="an existing folder, or OWNER/NAME on the Hugging Face hub",
        )
    return Source(name, revision if name == default else None, cache)


def load_tokenizer(where: Source) -> Any:
    """The tokenizer beside the weights.

    Raises:
        OfflineError: If the hub cannot be reached and nothing is cached.
        DataFormatError: If there is none, or it would need code of its own.
    """
    from transformers import AutoTokenizer

    return _loaded(AutoTokenizer, where, "tokenizer")


def load_config(where: Source) -> Any:
    """The configuration; errors as :func:`load_tokenizer`."""
    from transformers import AutoConfig

    return _loaded(AutoConfig, where, "configuration")


def load_network(factory: str, where: Source) -> torch.nn.Module:
    """A network with its weights, in float32 on the CPU.

    Args:
        factory: Auto class of transformers, e.g. ``AutoModelForSeq2SeqLM``.
        where: From :func:`source`.

    Raises:
        OfflineError, DataFormatError: As :func:`load_tokenizer`; also if the weights are not
            safetensors.
    """
    import transformers

    network: torch.nn.Module = _loaded(
        getattr(transformers, factory), where, "weights", use_safetensors=True, dtype=torch.float32
    )
    return network


def _loaded(factory: Any, where: Source, what: str, **options: Any) -> Any:
    from transformers.utils import logging

    logging.disable_progress_bar()  # it would fill the run's log
    try:
        return factory.from_pretrained(where.name, **where.arguments(), **options)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        raise _explained(error, where, what) from error


def _explained(error: Exception, where: Source, what: str) -> Exception:
    text = str(error)
    lowered = text.lower()
    if "remote code" in lowered or "trust_remote_code" in lowered:
        return DataFormatError(
            f"The {what} would run code of their own, which is never done here",
            value=where.name,
            allowed="architectures that are part of transformers",
        )
    if where.local:
        pickled = not list(Path(where.name).glob("*.safetensors"))
        if what == "weights" and pickled:
            return DataFormatError(
                "The folder holds no safetensors weights", value=where.name, do=_CONVERT
            )
        return DataFormatError(
            f"The {what} cannot be loaded: {text.splitlines()[0][:200]}", value=where.name
        )
    if "safetensors" in lowered and "connect" not in lowered:
        return DataFormatError(
            "The repository holds no safetensors weights", value=where.name, do=_CONVERT
        )
    if any(sign in lowered for sign in ("connect", "offline", "resolve", "locate the file")):
        return OfflineError(
            f"The {what} cannot be fetched from the hub",
            value=where.name,
            do="Connect to huggingface.co (or set HF_ENDPOINT to a mirror), or set the parameter "
            "weights to a local folder",
        )
    return DataFormatError(
        f"The {what} cannot be loaded: {text.splitlines()[0][:200]}",
        value=where.name,
        do="Check the id: it must be public, or you must be logged in to the hub",
    )
