"""Tables of SMILES and descriptions: ChEBI-20 as MolT5 publishes it, and ChemLLMBench's."""

from __future__ import annotations

from collections.abc import Sequence

from chebimm_core.datasets.column_map import ColumnMap
from chebimm_core.datasets.presets.preset import Preset


def _molt5(columns: Sequence[str]) -> bool:
    return {c.strip() for c in columns} == {"CID", "SMILES", "description"}


def _chemllmbench(columns: Sequence[str]) -> bool:
    names = {c.strip() for c in columns}
    return {"SMILES", "description"} <= names and not _molt5(columns)


def _described(columns: Sequence[str]) -> ColumnMap:
    found = {"SMILES": "SMILES", "caption": "description"}
    if "CID" in columns:
        found["cid"] = "CID"
    return ColumnMap(found, properties=())


PRESETS = (
    Preset(
        name="chebi-20",
        title="ChEBI-20 (MolT5's TSV)",
        matches=_molt5,
        columns=_described,
        license="CC BY 4.0 (ChEBI)",
        citation="Edwards et al. 2021, doi:10.18653/v1/2021.emnlp-main.47",
    ),
    Preset(
        name="chemllmbench",
        title="ChemLLMBench captioning and design",
        matches=_chemllmbench,
        columns=_described,
        license="MIT",
        citation="Guo et al. 2023, arXiv:2305.18365",
    ),
)
