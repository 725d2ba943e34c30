"""MoleculeNet files as DeepChem keeps them: downloaded once, unpacked, checked by their columns."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from chebimm_core.datasets.presets import PRESETS
from chebimm_core.errors import DataFormatError, OfflineError

_FILES = {
    "bace": "bace.csv",
    "bbbp": "BBBP.csv",
    "clintox": "clintox.csv.gz",
    "sider": "sider.csv.gz",
    "tox21": "tox21.csv.gz",
    "toxcast": "toxcast_data.csv.gz",
    "esol": "delaney-processed.csv",
    "freesolv": "SAMPL.csv",
    "lipophilicity": "Lipophilicity.csv",
}
_MAX_BYTES = 64 * 2**20
_TIMEOUT_S = 30.0


class _AgainError(Exception):
    """A failure that may not happen again."""


def fetch(name: str, folder: Path, *, base: str) -> Path:
    """The file of one set; downloaded unless it is there.

    Args:
        name: One of the nine.
        folder: Where files are kept.
        base: Address of the folder on the host.

    Raises:
        OfflineError: If the host cannot be reached.
        DataFormatError: If what comes is no file of that set.
    """
    final = folder / f"{name}.csv"
    if final.is_file():
        return final
    url = f"{base.rstrip('/')}/{_FILES[name]}"
    try:
        for attempt in Retrying(
            stop=stop_after_attempt(3),
            wait=wait_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception_type(_AgainError),
            reraise=True,
        ):
            with attempt:
                content = _content(url)
    except _AgainError as error:
        raise OfflineError(
            f"The MoleculeNet set {name} cannot be fetched: {error}",
            value=url,
            do="Check the connection, set CHEBIMM_MOLECULENET_BASE to a mirror, or import a file "
            "you have with: python -m chebimm_core data moleculenet PATH",
        ) from error
    header = content.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip()
    if not PRESETS[name].matches([c.strip('"') for c in header.split(",")]):
        raise DataFormatError(
            f"What came is no {name} file", value=header[:120], do=f"Look at {url}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{name}.{os.getpid()}"
    temporary.write_bytes(content)
    temporary.replace(final)
    return final


def _content(url: str) -> bytes:
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=True) as response:
            if response.status_code != httpx.codes.OK:
                raise _AgainError(f"status {response.status_code}")
            packed = b""
            for chunk in response.iter_raw():
                packed += chunk
                if len(packed) > _MAX_BYTES:
                    raise DataFormatError("The file is larger than any of these", value=url)
            expected = response.headers.get("content-length")
    except httpx.TransportError as error:
        raise _AgainError(type(error).__name__) from error
    if expected is not None and int(expected) != len(packed):
        raise _AgainError("the connection broke")
    if not packed.startswith(b"\x1f\x8b"):
        return packed
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise _AgainError("the file is torn") from error
    if len(content) > _MAX_BYTES:
        raise DataFormatError("The file is larger than any of these", value=url)
    return content
