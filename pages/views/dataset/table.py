"""Any table of molecules: look at it, say which column is what, import it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.services import dataset, dataset_import, uploads
from chebimm_core.services.dataset_import import Preview
from chebimm_core.settings import Settings
from pages.ui import cached, job_panel, panels

_JOB = "import-table"
_NONE = "—"
_SPLITTINGS = {
    "auto": "as the file says, else as the layout is usually divided",
    "column": "from the mapped column",
    "files": "from the names of the files",
    "random": "at random, .8/.1/.1",
    "scaffold": "by scaffold, .8/.1/.1",
}


def show(current: DatasetHeader | None = None, split: str | None = None) -> None:
    """The form; what is looked at on the page does not matter."""
    del current, split
    view = job_panel.watch(_JOB)
    if view is not None:
        if view.over and job_panel.outcome(_JOB, view):
            header = view.result
            st.success(
                panels.plain(
                    f"Imported {sum(header.splits.values()):,} molecules as {header.name}; "
                    f"{len(header.issues)} remarks in the quality report."
                )
            )
        return
    st.caption(
        "CSV, TSV, JSON, JSON lines or Parquet. Recognised by their columns: "
        + ", ".join(dataset_import.presets().values())
        + "."
    )
    source = _source()
    if source is None:
        return
    with panels.guard():
        found = cached.read(_preview, str(source), stamp=_stamp(source), spinner="Reading")
        _look(found)
        _form(source, found)


def _source() -> Path | None:
    uploaded = st.file_uploader(
        "Table of molecules", key="table-file",
        help="Read as plain data: nothing in it is run or rendered.",
    )  # fmt: skip
    typed = st.text_input(
        "or a file or folder on this machine", key="table-path", placeholder="/data/molecules.csv"
    )
    if uploaded is not None:
        return uploads.keep(cached.settings(), uploaded.getvalue())
    path = Path((typed or "").strip()).expanduser()
    if not (typed or "").strip():
        return None
    if not path.exists():
        st.warning(panels.plain(f"There is nothing at {path}."), icon=":material/search_off:")
        return None
    return path


def _preview(settings: Settings, source: str, *, stamp: str) -> Preview:
    del settings, stamp  # part of the cache key: a file that changed is read again
    return dataset_import.preview(source)


def _stamp(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_mtime_ns}:{stat.st_size}"


def _look(found: Preview) -> None:
    layout = f"laid out as {found.preset}" if found.preset else "of no published layout"
    panels.reading(panels.plain(f"{found.count:,} rows, {layout}. The first {len(found.rows)}:"))
    st.dataframe(found.rows, key="table-rows", hide_index=True)


def _form(source: Path, found: Preview) -> None:
    st.subheader("Columns")
    mapped: dict[str, str] = {}
    options = [_NONE, *found.names] if not found.preset else [_NONE, *found.columns.values()]
    columns = st.columns(3)
    for k, key in enumerate(dataset_import.KEYS):
        guess = found.columns.get(key, _NONE)
        chosen = columns[k % 3].selectbox(
            key,
            options,
            index=options.index(guess) if guess in options else 0,
            key=f"table-{key}-{_slug(source)}",
            disabled=bool(found.preset),
        )
        if chosen != _NONE:
            mapped[key] = str(chosen)
    free = [c for c in found.names if c not in mapped.values()]
    properties = st.multiselect(
        "Properties (numbers)",
        free if found.properties is None else list(found.properties),
        default=None if found.properties is None else list(found.properties),
        key=f"table-properties-{_slug(source)}",
        placeholder="every other column that holds numbers only",
        disabled=bool(found.preset),
    )
    names = list(_SPLITTINGS)
    splitting = st.selectbox(
        "Splits", names, index=names.index(found.splitting), format_func=_SPLITTINGS.__getitem__,
        key=f"table-divide-{_slug(source)}",
    )  # fmt: skip
    stored = {h.name for h in cached.read(dataset.list_datasets)}
    name = (
        st.text_input(
            "Name in the store", key="table-name", max_chars=64, placeholder="my-molecules",
            help="Lower-case letters, digits, dot, dash, underscore.",
        )
        or ""
    ).strip()  # fmt: skip
    taken = name in stored
    replace = taken and st.checkbox("Replace the data set of this name", key="table-replace")

    def start() -> None:
        cached.jobs().start(
            _JOB,
            f"Importing {name}",
            dataset_import.import_table,
            cached.settings(),
            str(source),
            name=name,
            now=datetime.now(UTC),
            columns=None if found.preset else mapped,
            properties=None if found.preset else (properties or None),
            splitting=splitting,
            overwrite=bool(replace),
        )

    structure = {"SMILES", "InChI", "SELFIES"} & set(mapped)
    if not structure:
        st.caption("Choose a column for SMILES, InChI or SELFIES: one must tell the structure.")
    st.button(
        "Import", key="table-start", type="primary", on_click=start,
        disabled=not name or not structure or (taken and not replace),
    )  # fmt: skip


def _slug(source: Path) -> str:
    """One set of controls a source: another file begins with its own guesses."""
    return str(abs(hash(str(source))) % 10**8)
