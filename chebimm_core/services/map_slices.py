"""Parts of a run's molecules that a map can be made of, and compared with the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chebimm_core.errors import SettingError
from chebimm_core.services.map_texts import GOLD, TextPairs
from chebimm_core.services.structure_classes import CLASSES, members
from chebimm_core.settings import Settings
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore

ALL = "all"
SLICES = {
    ALL: "all molecules",
    "short": "inputs up to the median length",
    "long": "inputs above the median length",
    "acyclic": "molecules without a ring scaffold",
    "ring": "molecules with a ring scaffold",
    "seen": "same connectivity as a training molecule",
    "new": "no training molecule of the same connectivity",
    **{f"class:{name}": f"class: {name}" for name in CLASSES},
}
"""Slices every data set has, and what each holds."""

_SCAFFOLD = "scaffold:"
_FAMILIES = 6
_FEWEST = 10
"""Molecules of a scaffold family that is offered."""

_SKELETON = 14
"""Characters of an InChIKey that tell the connectivity."""


def slices(settings: Settings, run_id: str) -> dict[str, str]:
    """All slices of a run's molecules: those above, and its most frequent scaffold families.

    Args:
        settings: Where the store is.
        run_id: A stored run, or gold data.
    """
    dataset, split = _place(settings, run_id)
    table = DatasetStore(settings.store).molecules(dataset, columns=["scaffold"], split=split)
    counts = table["scaffold"].dropna().value_counts()
    families = counts[(counts.index != "") & (counts >= _FEWEST)].head(_FAMILIES)
    return SLICES | {
        f"{_SCAFFOLD}{smiles}": f"scaffold {smiles} (n = {n:,})" for smiles, n in families.items()
    }


def chosen_molecules(
    settings: Settings, run_id: str, slice_: str, texts: TextPairs
) -> frozenset[str] | None:
    """Cids of a slice; None for all.

    Args:
        settings: Where the store is.
        run_id: A stored run, or gold data: names data set and split.
        slice_: A key of :func:`slices`; any scaffold may be named.
        texts: The molecules of the run with their inputs.

    Raises:
        SettingError: If there is no such slice.
    """
    if slice_ not in SLICES and not slice_.startswith(_SCAFFOLD):
        raise SettingError("No slice has this name", value=slice_, allowed=", ".join(SLICES))
    if slice_ == ALL:
        return None
    if slice_ in {"short", "long"}:
        lengths = np.array([len(text) for text in texts.source])
        short = lengths <= np.median(lengths)
        chosen = short if slice_ == "short" else ~short
        return frozenset(cid for cid, there in zip(texts.cids, chosen, strict=True) if there)
    dataset, split = _place(settings, run_id)
    store = DatasetStore(settings.store)
    kind, _, value = slice_.partition(":")
    if kind == "class":
        table = store.molecules(dataset, columns=["canonical_smiles"], split=split)
        return _cids(table[members(table["canonical_smiles"], value)])
    molecules = store.molecules(dataset, columns=["cid", "split", "scaffold", "inchikey"])
    asked = molecules[molecules["split"] == split]
    if kind == "scaffold":
        return _cids(asked[asked["scaffold"] == value])
    if slice_ in {"acyclic", "ring"}:
        ring = asked["scaffold"].fillna("").astype(str) != ""
        # A molecule RDKit cannot read has no scaffold either: it is in neither slice.
        known = asked["inchikey"].notna()
        return _cids(asked[known & (ring if slice_ == "ring" else ~ring)])
    train = molecules.loc[molecules["split"] == "train", "inchikey"].dropna().str[:_SKELETON]
    keys = asked["inchikey"].str[:_SKELETON]
    seen = keys.isin(set(train))
    return _cids(asked[keys.notna() & (seen if slice_ == "seen" else ~seen)])


def _cids(molecules: pd.DataFrame) -> frozenset[str]:
    return frozenset(molecules["cid"].astype(str))


def _place(settings: Settings, run_id: str) -> tuple[str, str]:
    if run_id.startswith(GOLD):
        dataset, _, split = run_id.removeprefix(GOLD).partition(":")
        return dataset, split
    spec = RunStore(settings.store).header(run_id).spec
    return spec.dataset, spec.split
