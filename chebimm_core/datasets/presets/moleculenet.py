"""The nine MoleculeNet sets of the benchmark, in the columns their publishers use.

Wu et al. 2018, doi:10.1039/C7SC02664A.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from chebimm_core.datasets.column_map import ColumnMap
from chebimm_core.datasets.presets.preset import Preset

_STRUCTURE = ("smiles", "mol")
_LABELS: dict[str, tuple[str, ...]] = {
    "bace": ("Class",),
    "bbbp": ("p_np",),
    "clintox": ("FDA_APPROVED", "CT_TOX"),
    "esol": ("measured log solubility in mols per litre",),
    "freesolv": ("expt",),
    "lipophilicity": ("exp",),
    "tox21": (
        "NR-AR", "NR-AR-LBD", "NR-AhR", "NR-Aromatase", "NR-ER", "NR-ER-LBD", "NR-PPAR-gamma",
        "SR-ARE", "SR-ATAD5", "SR-HSE", "SR-MMP", "SR-p53",
    ),
}  # fmt: skip
"""Set -> its label columns; SIDER and ToxCast have dozens and are known by one of them."""
_MANY = {"sider": "Hepatobiliary disorders", "toxcast": "ACEA_T47D_80hr_Negative"}
_TITLES = {
    "bace": "BACE", "bbbp": "BBBP", "clintox": "ClinTox", "sider": "SIDER", "tox21": "Tox21",
    "toxcast": "ToxCast", "esol": "ESOL", "freesolv": "FreeSolv", "lipophilicity": "Lipophilicity",
}  # fmt: skip
SETS = tuple(_TITLES)


def _structure(columns: Sequence[str]) -> str | None:
    return next((c for c in columns if c.strip().lower() in _STRUCTURE), None)


def _is(name: str, columns: Sequence[str]) -> bool:
    wanted = {_MANY[name]} if name in _MANY else set(_LABELS[name])
    return _structure(columns) is not None and wanted <= set(columns)


def _columns(name: str, columns: Sequence[str]) -> ColumnMap:
    structure = str(_structure(columns))
    found = {"SMILES": structure}
    if "iupac" in columns:
        found["IUPAC"] = "iupac"
    if name in _MANY:
        labels = tuple(c for c in columns if c != structure)
    else:
        labels = _LABELS[name]
    return ColumnMap(found, properties=labels)


PRESETS = tuple(
    Preset(
        name=name,
        title=f"{title} (MoleculeNet)",
        matches=partial(_is, name),
        columns=partial(_columns, name),
        license="MIT",
        citation="Wu et al. 2018, doi:10.1039/C7SC02664A",
        splitting="scaffold",
    )
    for name, title in _TITLES.items()
)
