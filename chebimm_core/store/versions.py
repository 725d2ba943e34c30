"""Which runs were made on what a data set holds now.

A data set may be imported again with other content under its old name. Runs made before keep
their scores, but their molecules must not be laid beside the new references.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chebimm_core.domain.run import RunHeader, RunSpec
from chebimm_core.errors import StoreError
from chebimm_core.store.dataset_store import DatasetStore


def outdated(root: Path, headers: Iterable[RunHeader]) -> dict[str, str]:
    """Run id -> why it is left out, for runs whose data set has other content now.

    Runs whose data set is not stored at all are not among them: nothing can be confused there.

    Args:
        root: The store folder.
        headers: Runs to ask about.
    """
    stored = {h.name: h.content_hash for h in DatasetStore(root).headers()}
    return {
        h.run_id: _why(h.spec, stored[h.spec.dataset])
        for h in headers
        if stored.get(h.spec.dataset, h.spec.dataset_hash) != h.spec.dataset_hash
    }


def current(root: Path, headers: Iterable[RunHeader]) -> list[RunHeader]:
    """The runs that are not :func:`outdated`, in their order."""
    given = list(headers)
    left_out = outdated(root, given)
    return [h for h in given if h.run_id not in left_out]


def require_current(root: Path, spec: RunSpec) -> None:
    """Refuses to lay a run beside references it was not made for.

    Raises:
        StoreError: If the data set has other content now.
        NotFoundError: If it is not stored.
    """
    stored = DatasetStore(root).header(spec.dataset).content_hash
    if stored != spec.dataset_hash:
        raise StoreError(
            _why(spec, stored),
            do="Import that version under another name and load the file against it, or load the "
            "file again to score it on what is stored now",
        )


def _why(spec: RunSpec, stored: str) -> str:
    return (
        f"This run was made on another version of {spec.dataset} (content "
        f"{spec.dataset_hash[:12]}; stored now: {stored[:12]}), so its outputs are not laid beside "
        "other references"
    )
