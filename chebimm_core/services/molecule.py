"""Search for a molecule, and everything the store knows of one."""

from __future__ import annotations

import json

import pandas as pd

from chebimm_core.analysis import conformer as space
from chebimm_core.domain.molecule import IMAGE_COLUMN, TEXT_COLUMNS, MoleculeRecord
from chebimm_core.domain.report import (
    Conformer,
    MoleculeReport,
    NearestTraining,
    RunOutput,
    StructureReport,
)
from chebimm_core.domain.run import RunHeader
from chebimm_core.errors import DataFormatError, NotFoundError, SettingError
from chebimm_core.modalities import MODALITIES
from chebimm_core.modalities.line_notation import (
    inchi_from_mol,
    inchikey,
    mol_from_smiles,
    smiles_from_mol,
    why_rejected,
)
from chebimm_core.models import MODELS
from chebimm_core.services import exposure
from chebimm_core.services.modality_views import view
from chebimm_core.services.molecule_search import (
    find,
    may_be_name,
    read_name,
    why_no_structure,
)
from chebimm_core.settings import Settings
from chebimm_core.store import versions
from chebimm_core.store.dataset_store import DatasetStore
from chebimm_core.store.index import MoleculeIndex
from chebimm_core.store.run_store import RunStore
from chebimm_core.tasks import TASKS

__all__ = [
    "as_json",
    "conformer",
    "find",
    "inspect",
    "inspect_structure",
    "may_be_name",
    "nearest_training",
    "read_name",
    "why_no_structure",
]

_PER_MOLECULE = {"property": "mae", "generation": "morgan_all", "image-recognition": "morgan_all"}
"""What orders answers to one molecule where the task's primary metric cannot: R2 needs many
molecules, exact match has two values only."""
_LOWER_IS_BETTER = frozenset({"mae"})
_NOT_OF_ONE = frozenset({"r2", "roc_auc", "fcd", "rmse"})
"""Metrics that say nothing of a single molecule, or (RMSE) the same as another."""


def inspect(settings: Settings, dataset: str, cid: str) -> MoleculeReport:
    """All modalities of a molecule, every run's output for it, and its nearest training molecule.

    Raises:
        NotFoundError: If the data set or the molecule does not exist.
        StoreError: If a table of the store is damaged.
    """
    store = DatasetStore(settings.store)
    header = store.header(dataset)
    molecules = store.molecules(dataset)
    rows = molecules[molecules["cid"] == cid]
    if rows.empty:
        raise NotFoundError(
            f"Data set {dataset} has no molecule with this CID",
            value=cid,
            do="Search by name or structure; the molecule may stand in another data set",
        )
    record = _record(rows.iloc[0], dataset, header.properties)
    headers = RunStore(settings.store).headers()
    outdated = versions.outdated(settings.store, headers)
    nearest, reason = _nearest_or_why(settings, record)
    return MoleculeReport(
        header=header,
        record=record,
        modalities=tuple(view(spec, record) for spec in MODALITIES.values()),
        outputs=_outputs(settings, record),
        nearest=nearest,
        no_nearest=reason,
        n_outdated=sum(h.run_id in outdated and h.spec.dataset == dataset for h in headers),
    )


def inspect_structure(settings: Settings, smiles: str, dataset: str | None) -> StructureReport:
    """What can be said of any valid SMILES without a data set that holds it.

    Args:
        settings: Where the store is.
        smiles: The structure.
        dataset: Whose training molecules it is compared with; None compares with none.

    Raises:
        SettingError: If RDKit rejects the SMILES.
    """
    molecule = mol_from_smiles(smiles)
    if molecule is None:
        raise SettingError(
            "This is not a valid structure", value=smiles, allowed=f"SMILES; {why_rejected(smiles)}"
        )
    canonical = smiles_from_mol(molecule)
    try:
        key = inchikey(inchi_from_mol(molecule))
    except DataFormatError:
        key = None
    record = MoleculeRecord(
        cid="",
        split="",
        dataset=dataset or "",
        texts={"SMILES": canonical},
        properties={},
        regenerated=(),
        canonical_smiles=canonical,
        inchikey=key,
        scaffold=None,
        problem=None,
    )
    nearest, reason = (
        _nearest_or_why(settings, record) if dataset else (None, "There is no data set yet")
    )
    return StructureReport(
        canonical_smiles=canonical,
        inchikey=key,
        modalities=tuple(view(spec, record) for spec in MODALITIES.values()),
        nearest=nearest,
        no_nearest=reason,
    )


def nearest_training(settings: Settings, record: MoleculeRecord) -> NearestTraining:
    """The training molecule with the highest Tanimoto similarity, the molecule itself left out.

    Fingerprints of the training split are made on the first call (seconds for 26,000 molecules)
    and kept in the store's index.

    Raises:
        NotFoundError: If there is none, saying why.
    """
    if record.canonical_smiles is None:
        raise NotFoundError("RDKit cannot read this structure, so nothing is similar to it")
    found = exposure.of_structure(
        settings, record.dataset, record.canonical_smiles, cid=record.cid, neighbors=1
    )
    best = found.neighbors[0]
    row = _row_of(settings, record.dataset, best.cid)
    return NearestTraining(
        cid=best.cid,
        similarity=best.similarity,
        same_connectivity=best.same_connectivity,
        name=_text(row["IUPAC"]),
        canonical_smiles=best.canonical_smiles,
        caption=_text(row["caption"]),
        n_training=found.n_training,
    )


def as_json(report: MoleculeReport) -> str:
    """A molecule with its modalities and every run's output, as JSON."""
    record = report.record
    nearest = report.nearest
    return json.dumps(
        {
            "data_set": record.dataset,
            "content_hash": report.header.content_hash,
            "cid": record.cid,
            "split": record.split,
            "inchikey": record.inchikey,
            "canonical_smiles": record.canonical_smiles,
            "scaffold": record.scaffold,
            "properties": record.properties,
            "modalities": {
                v.name: {"value": v.value, "made_by": v.made_by, "missing": v.missing}
                for v in report.modalities
            },
            "nearest_training": None
            if nearest is None
            else {"cid": nearest.cid, "tanimoto": nearest.similarity},
            "outputs": [
                {
                    "run": o.run_id, "model": o.model, "task": o.task, "transition": o.transition,
                    "input": o.input, "reference": o.reference, "output": o.output,
                    "error": o.error, "scores": o.scores,
                }
                for o in report.outputs
            ],
        },
        indent=1,
        ensure_ascii=False,
    )  # fmt: skip


def conformer(settings: Settings, smiles: str, *, seed: int = 0, timeout_s: int = 8) -> Conformer:
    """One 3D arrangement of a molecule; see :func:`chebimm_core.analysis.conformer.embed`.

    ``settings`` is not used; it comes first as in every service, so that pages can cache the call.

    Raises:
        ChebiMMError: If none can be computed, saying why.
    """
    return space.embed(smiles, seed=seed, timeout_s=timeout_s)


def _nearest_or_why(
    settings: Settings, record: MoleculeRecord
) -> tuple[NearestTraining | None, str | None]:
    try:
        return nearest_training(settings, record), None
    except NotFoundError as error:
        return None, error.what


def _row_of(settings: Settings, dataset: str, cid: str) -> pd.Series:
    molecules = DatasetStore(settings.store).molecules(dataset, ["IUPAC", "caption"], split="train")
    return molecules[molecules["cid"] == cid].iloc[0]


def _record(row: pd.Series, dataset: str, properties: tuple[str, ...]) -> MoleculeRecord:
    regenerated = _text(row["regenerated"]) or ""
    return MoleculeRecord(
        cid=str(row["cid"]),
        split=str(row["split"]),
        dataset=dataset,
        texts={c: t for c in TEXT_COLUMNS if (t := _text(row[c])) is not None},
        properties={
            name: float(row[name]) for name in properties if name in row and pd.notna(row[name])
        },
        regenerated=tuple(part.strip() for part in regenerated.split(",") if part.strip()),
        canonical_smiles=_text(row["canonical_smiles"]),
        inchikey=_text(row["inchikey"]),
        scaffold=_text(row["scaffold"]),
        problem=_text(row["problem"]),
        image=(_text(row.get(IMAGE_COLUMN)) or "").removeprefix("file:") or None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _outputs(settings: Settings, record: MoleculeRecord) -> tuple[RunOutput, ...]:
    stored = versions.current(settings.store, RunStore(settings.store).headers())
    headers = [h for h in stored if h.spec.dataset == record.dataset]
    found = MoleculeIndex(settings.store).outputs(record.cid, headers)
    by_id = {h.run_id: h for h in headers}
    outputs = [
        _output(by_id[str(row.run_id)], row, record) for row in found.itertuples(index=False)
    ]
    tasks = list(TASKS)
    return tuple(
        sorted(
            outputs,
            key=lambda o: (
                tasks.index(o.task) if o.task in TASKS else len(tasks),
                o.is_floor,
                o.transition,
                o.model,
                o.run_id,
            ),
        )
    )


def _output(header: RunHeader, row: object, record: MoleculeRecord) -> RunOutput:
    spec = header.spec
    card = MODELS.get(spec.model)
    primary = _PER_MOLECULE.get(spec.task) or TASKS[spec.task].primary_metric
    return RunOutput(
        run_id=header.run_id,
        model=spec.model,
        task=spec.task,
        transition=spec.transition,
        source="+".join(spec.sources),
        target=spec.target,
        input=_shown(spec.sources[0], header, record),
        reference=_shown(spec.target, header, record),
        output=_text(getattr(row, "output", None)),
        error=_text(getattr(row, "error", None)),
        scores=_scores(getattr(row, "scores", None)),
        primary_metric=primary,
        higher_is_better=primary not in _LOWER_IS_BETTER,
        is_floor=card is not None and card.is_floor,
    )


def _shown(modality: str, header: RunHeader, record: MoleculeRecord) -> str | None:
    if modality == "property":
        name = str(header.spec.model_args.get("property", "xlogp"))
        value = record.properties.get(name)
        return None if value is None else f"{value:g}"
    if modality in {"graph", "image"}:
        return record.canonical_smiles
    return record.texts.get(modality)


def _scores(text: object) -> dict[str, float]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        str(k): float(v)
        for k, v in found.items()
        if isinstance(v, int | float) and k not in _NOT_OF_ONE
    }
