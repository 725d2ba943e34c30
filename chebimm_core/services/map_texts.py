"""The texts a knowledge map is made of: inputs of molecules and outputs of a run, or gold texts."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from chebimm_core.domain.molecule import TEXT_COLUMNS
from chebimm_core.errors import NotFoundError, SettingError
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

GOLD = "gold:"
"""Prefix of the pseudo-run ``gold:<dataset>:<split>``: the data themselves as outputs."""

GOLD_TARGETS = ("caption", "IUPAC")


@dataclass(frozen=True, slots=True)
class TextPairs:
    """Source and target texts of the molecules that have both."""

    cids: tuple[str, ...]
    source: tuple[str, ...]
    target: tuple[str, ...]
    target_name: str
    origin: str
    """Data set with its content hash, split and run, for signatures."""


@dataclass(frozen=True, slots=True)
class SourceOption:
    """A text modality a map of a run can start from."""

    modality: str
    n_molecules: int
    """Molecules with this text and a target text."""


@dataclass(frozen=True, slots=True)
class _Outputs:
    dataset: str
    split: str
    target: str
    texts: pd.DataFrame
    """Columns ``cid`` and ``output``, without failed rows."""


def text_pairs(
    settings: Settings, run_id: str, *, source: str, target: str | None = None
) -> TextPairs:
    """Texts of a run or of gold data, joined by cid; molecules that lack one are left out.

    Args:
        settings: Where the store is.
        run_id: A stored run, or ``gold:<dataset>:<split>``.
        source: Text modality of the inputs.
        target: For gold data, ``caption`` (default) or ``IUPAC``; a run has its own.

    Raises:
        NotFoundError: If the run, data set or split does not exist.
        SettingError: If a modality is no text, source and gold target are one, or no molecule has
            both texts.
    """
    _allow_source(source)
    outputs = _outputs(settings, run_id, target)
    if run_id.startswith(GOLD) and source == outputs.target:
        raise SettingError(
            "Source and target are the same texts", value=source, do="Choose another source"
        )
    store = DatasetStore(settings.store)
    molecules = store.molecules(outputs.dataset, columns=[source], split=outputs.split)
    joined = molecules[["cid", source]].merge(outputs.texts, on="cid", how="inner")
    joined = joined[_present(joined[source]) & _present(joined["output"])]
    if joined.empty:
        raise SettingError(
            f"No molecule of this run has both a {source} text and an output",
            value=run_id,
            do="Choose another source modality",
        )
    header = store.header(outputs.dataset)
    return TextPairs(
        cids=tuple(joined["cid"].astype(str)),
        source=tuple(joined[source].astype(str)),
        target=tuple(joined["output"].astype(str)),
        target_name=outputs.target,
        origin=f"{header.name}@{header.content_hash[:8]}/{outputs.split} {run_id}",
    )


def source_options(
    settings: Settings, run_id: str, *, target: str | None = None
) -> tuple[SourceOption, ...]:
    """Text modalities the molecules of a run have, with their coverage; empty ones are left out."""
    outputs = _outputs(settings, run_id, target)
    columns = [c for c in TEXT_COLUMNS if not (run_id.startswith(GOLD) and c == outputs.target)]
    molecules = DatasetStore(settings.store).molecules(
        outputs.dataset, columns=columns, split=outputs.split
    )
    answered = outputs.texts.loc[_present(outputs.texts["output"]), "cid"]
    molecules = molecules[molecules["cid"].isin(answered)]
    counted = (SourceOption(c, int(_present(molecules[c]).sum())) for c in columns)
    return tuple(option for option in counted if option.n_molecules)


def _outputs(settings: Settings, run_id: str, target: str | None) -> _Outputs:
    if run_id.startswith(GOLD):
        return _gold(settings, run_id, target)
    store = RunStore(settings.store)
    spec = store.header(run_id).spec
    if spec.target not in TEXT_COLUMNS or TASKS[spec.task].protocol != "generate":
        raise SettingError(
            "A knowledge map needs a run that writes text",
            value=f"{spec.task}, {spec.transition}",
            allowed="captioning, iupac, generation or image-recognition runs",
        )
    if target not in (None, spec.target):
        raise SettingError(
            "A run has its own target", value=target, allowed=spec.target, do="Leave it out"
        )
    versions.require_current(settings.store, spec)
    rows = store.predictions(run_id)
    return _Outputs(spec.dataset, spec.split, spec.target, rows[["cid", "output"]])


def _gold(settings: Settings, run_id: str, target: str | None) -> _Outputs:
    name, _, split = run_id.removeprefix(GOLD).partition(":")
    target = target or GOLD_TARGETS[0]
    if target not in GOLD_TARGETS:
        raise SettingError(
            "Gold texts exist for two targets", value=target, allowed=", ".join(GOLD_TARGETS)
        )
    store = DatasetStore(settings.store)
    splits = store.header(name).splits
    if split not in splits:
        raise NotFoundError(
            f"Data set {name} has no such split",
            value=split,
            allowed=", ".join(splits),
            do="Write gold:<dataset>:<split>",
        )
    molecules = store.molecules(name, columns=[target], split=split)
    return _Outputs(name, split, target, molecules.rename(columns={target: "output"}))


def _present(texts: pd.Series) -> pd.Series:
    return texts.notna() & (texts.fillna("").astype(str).str.strip() != "")


def _allow_source(source: str) -> None:
    if source not in TEXT_COLUMNS:
        raise SettingError(
            "A map starts from a text modality", value=source, allowed=", ".join(TEXT_COLUMNS)
        )
