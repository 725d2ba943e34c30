"""Files sent through the browser, kept until they are loaded.

A rerun or a refresh of the page finds the file again by its content; what nobody loads goes by age.
"""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

from chebimm_core.settings import Settings
from chebimm_core.store import atomic

KEPT_FOR_S = 24 * 3600.0
"""A file nobody loads is removed after this long."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def keep(settings: Settings, content: bytes, *, kept_for_s: float = KEPT_FOR_S) -> Path:
    """Writes an upload to the cache folder under its SHA-256, and removes old ones.

    Raises:
        StoreError: If the folder cannot be written.
    """
    path = _folder(settings) / hashlib.sha256(content).hexdigest()
    if not path.exists():
        atomic.write_bytes(path, content)
    for other in path.parent.iterdir():
        try:
            if other != path and time.time() - other.lstat().st_mtime > kept_for_s:
                other.unlink()
        except OSError:
            continue  # another session was faster
    return path


def forget(settings: Settings, sha256: str | None) -> None:
    """Removes an upload that has been loaded; does nothing where there is none."""
    if sha256 is not None and _DIGEST.fullmatch(sha256):
        (_folder(settings) / sha256).unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.cache / "uploads"
