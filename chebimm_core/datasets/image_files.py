"""A data set's own pictures of its molecules: files named by cid."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from chebimm_core.domain.molecule import MAX_IMAGE_PIXELS
from chebimm_core.errors import DataFormatError

SUFFIXES = (".png", ".jpg", ".jpeg")
_EXAMPLES = 5
_REPORT_EVERY = 200


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """What a folder holds for the molecules of a data set."""

    paths: dict[str, Path]
    """Cid -> file that can be opened."""
    unreadable: tuple[str, ...]
    """Names of files that are no picture, or too large a one."""
    strangers: tuple[str, ...]
    """Names of picture files whose stem is no cid; up to five."""
    n_strangers: int
    digest: str
    """SHA-256 over cids and contents."""


def read_folder(
    folder: Path, cids: Iterable[str], *, progress: Callable[[float, str], None] | None = None
) -> ImageFiles:
    """Finds ``<cid>.png`` (or ``.jpg``, ``.jpeg``) for each molecule, and opens each file once.

    Args:
        folder: Its files are read, never changed; folders in it are not.
        cids: Of the data set.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        DataFormatError: If there is no such folder, or none of its files belongs to a molecule.
    """
    if not folder.is_dir():
        raise DataFormatError("There is no such folder of images", value=str(folder))
    known = set(cids)
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    mine = [p for p in files if p.stem in known]
    strangers = [p.name for p in files if p.stem not in known]
    if not mine:
        raise DataFormatError(
            "No image belongs to a molecule of the data set",
            value=f"{folder}: {', '.join(p.name for p in files[:_EXAMPLES]) or 'no image file'}",
            allowed="files named by CID, e.g. 702.png",
        )
    paths: dict[str, Path] = {}
    unreadable: list[str] = []
    digest = hashlib.sha256()
    for k, path in enumerate(mine):
        if progress is not None and k % _REPORT_EVERY == 0:
            progress(k / len(mine), f"Opening image {k + 1:,} of {len(mine):,}")
        if path.stem in paths or not _opens(path):
            unreadable.append(path.name)
            continue
        paths[path.stem] = path
        digest.update(path.stem.encode() + hashlib.sha256(path.read_bytes()).digest())
    if not paths:
        raise DataFormatError(
            "None of the images can be opened", value=", ".join(unreadable[:_EXAMPLES]),
            allowed="PNG or JPEG of at most 16 million pixels",
        )  # fmt: skip
    return ImageFiles(
        paths, tuple(unreadable), tuple(strangers[:_EXAMPLES]), len(strangers), digest.hexdigest()
    )


def _opens(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_IMAGE_PIXELS:
                return False
            image.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True
