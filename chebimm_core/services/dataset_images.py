"""A data set with pictures of its own: a new data set, so that no run on the old one is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd

from chebimm_core.datasets import image_files
from chebimm_core.domain.molecule import DatasetHeader, ModalityCoverage, QualityIssue
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore


def with_images(
    settings: Settings,
    dataset: str,
    folder: str,
    *,
    name: str,
    now: datetime,
    overwrite: bool = False,
    progress: Callable[[float, str], None] | None = None,
) -> DatasetHeader:
    """Stores a data set anew with image files; models of images then read these, not drawings.

    A molecule without a file has no image: it is a failed row of a run from images, not a drawing.

    Args:
        settings: Where the store is.
        dataset: A stored data set; it stays as it is.
        folder: With files named by cid, PNG or JPEG.
        name: Of the new data set.
        now: Time of import.
        overwrite: Whether a data set of that name is replaced.
        progress: Told the share done in [0, 1] and what is happening.

    Raises:
        DataFormatError: If there is no such folder, or no image in it belongs to a molecule.
        StoreError: If the name is taken and ``overwrite`` is False.
    """
    say = progress or (lambda share, text: None)
    store = DatasetStore(settings.store)
    store.check_new(name, overwrite=overwrite)
    header = store.header(dataset)
    molecules = store.molecules(dataset)
    found = image_files.read_folder(
        Path(folder).expanduser(), molecules["cid"].astype(str),
        progress=lambda share, text: say(0.8 * share, text),
    )  # fmt: skip
    hashed = hashlib.sha256(f"{header.content_hash}|{found.digest}".encode()).hexdigest()
    changed = header.model_copy(
        update={
            "name": name,
            "title": f"{header.title}, with its images",
            "content_hash": hashed,
            "imported": now,
            "images": len(found.paths),
            "coverage": tuple(_covered(c, molecules, found) for c in header.coverage),
            "issues": (*header.issues, *_issues(found, len(molecules))),
        }
    )
    say(0.8, f"Storing {len(found.paths):,} images")
    store.write(changed, molecules, overwrite=overwrite, images=found.paths)
    say(1.0, f"{name} has {len(found.paths):,} images")
    return changed


def _covered(
    known: ModalityCoverage, molecules: pd.DataFrame, found: image_files.ImageFiles
) -> ModalityCoverage:
    """Images are those of the files now; the other modalities are as they were."""
    if known.modality != "image":
        return known
    cids = molecules.loc[molecules["split"] == known.split, "cid"].astype(str)
    present = int(cids.isin(list(found.paths)).sum())
    return known.model_copy(
        update={"present": present, "regenerated": 0, "missing": len(cids) - present}
    )


def _issues(found: image_files.ImageFiles, molecules: int) -> list[QualityIssue]:
    rows = [
        (
            "no-image", "molecules have no image file", molecules - len(found.paths), (),
        ),
        ("unreadable-image", "image files cannot be opened", len(found.unreadable),
         found.unreadable[:5]),
        ("foreign-image", "image files are named by no CID", found.n_strangers, found.strangers),
    ]  # fmt: skip
    return [
        QualityIssue(kind=kind, message=f"{count:,} {message}", count=count, examples=examples)
        for kind, message, count, examples in rows
        if count
    ]
