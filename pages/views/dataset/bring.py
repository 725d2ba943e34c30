"""Data sets coming in and going: import with progress, replace and delete only when confirmed."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.services import benchmark, dataset, dataset_images, dataset_import
from pages.ui import cached, job_panel, panels, pickers

_JOB = "import-dataset"
_MOLECULENET_JOB = "fetch-moleculenet"
_IMAGES_JOB = "dataset-images"


def show(current: DatasetHeader | None = None, split: str | None = None) -> None:
    """The import panel and, for the data set looked at, its deletion."""
    del split  # data sets come and go whole
    _import()
    if current is not None:
        _images(current)
        _delete(current)


def _import() -> None:
    st.subheader("Import")
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
    names = {h.name for h in cached.read(dataset.list_datasets)}
    source = st.text_input(
        "Folder or file on this machine, or a Hugging Face id",
        key="import-source",
        placeholder=f"/data/chebi20mm or {dataset.HUB_ID}",
        help="A folder with train.csv, validation.csv and test.csv (any subset), one such file, or "
        "OWNER/NAME on the hub. Files are read, never changed.",
    )
    name = st.text_input(
        "Name in the store",
        key="import-name",
        value=dataset.DEFAULT_NAME,
        max_chars=64,
        help="Lower-case letters, digits, dot, dash, underscore.",
    )
    source, name = (source or "").strip(), (name or "").strip()
    replace = False
    if name in names:
        replace = st.checkbox(
            f"Replace the data set {panels.plain(name)} that is here",
            key="import-replace",
            help="Runs scored on the old content stay, and keep its hash in their specification.",
        )

    def start(what: str) -> None:
        cached.jobs().start(
            _JOB,
            f"Importing {name}",
            dataset.import_dataset,
            cached.settings(),
            what,
            name=name,
            now=datetime.now(UTC),
            overwrite=replace,
        )

    def fetch_moleculenet() -> None:
        cached.jobs().start(
            _MOLECULENET_JOB,
            "Fetching MoleculeNet",
            dataset_import.fetch_moleculenet,
            cached.settings(),
            now=datetime.now(UTC),
        )

    fetched = job_panel.watch(_MOLECULENET_JOB)
    if fetched is not None and fetched.over and job_panel.outcome(_MOLECULENET_JOB, fetched):
        st.success(f"MoleculeNet is here as {len(fetched.result)} data sets.")

    blocked = not name or (name in names and not replace)
    with st.container(horizontal=True):
        st.button(
            "Import",
            key="import-start",
            type="primary",
            disabled=blocked or not source,
            on_click=start,
            args=(source,),
        )
        st.button(
            "Fetch ChEBI-20-MM from its hub",
            key="import-hub",
            icon=":material/download:",
            disabled=blocked,
            on_click=start,
            args=(dataset.HUB_ID,),
            help=f"Downloads {dataset.HUB_ID}, and only when this button is pressed.",
        )
        st.button(
            "Fetch MoleculeNet",
            key="import-moleculenet",
            icon=":material/download:",
            on_click=fetch_moleculenet,
            help="Downloads nine property sets from where DeepChem keeps them, each stored with a "
            "scaffold and with a random split; sets that are here already stay.",
        )


def _images(header: DatasetHeader) -> None:
    st.subheader("Images of its own")
    view = job_panel.watch(_IMAGES_JOB)
    if view is not None:
        if view.over and job_panel.outcome(_IMAGES_JOB, view):
            st.success(
                panels.plain(f"{view.result.name} has {view.result.images:,} images; models of "
                             "images read them.")
            )  # fmt: skip
        return
    with st.expander(f"Add image files to {panels.plain(header.title)}"):
        st.caption(
            "Models of images read RDKit drawings unless the data set has pictures of its own. "
            "They make a new data set, so that no run on this one goes stale."
        )
        folder = st.text_input(
            "Folder of PNG or JPEG files named by CID", key="images-folder",
            placeholder="/data/images",
        )  # fmt: skip
        name = st.text_input(
            "Name of the new data set", key="images-name", value=f"{header.name}-images"[:64],
            max_chars=64,
        )  # fmt: skip

        def start() -> None:
            cached.jobs().start(
                _IMAGES_JOB, f"Adding images to {header.name}", dataset_images.with_images,
                cached.settings(), header.name, folder.strip(), name=name.strip(),
                now=datetime.now(UTC),
            )  # fmt: skip

        st.button(
            "Add the images", key="images-start", on_click=start,
            disabled=not (folder.strip() and name.strip()),
        )  # fmt: skip


def _delete(header: DatasetHeader) -> None:
    st.subheader("Delete")
    runs = len(cached.read(benchmark.list_runs, dataset=header.name))
    with st.popover(f"Delete {panels.plain(header.name)}", icon=":material/delete:"):
        st.markdown(
            f"Delete {sum(header.splits.values()):,} molecules? "
            + (
                f"{runs:,} runs made on them stay, but their texts cannot be shown until the data "
                "set is imported again. "
                if runs
                else ""
            )
            + "Type the name to confirm."
        )
        typed = st.text_input("Name", key="delete-name", placeholder=header.name)

        def delete() -> None:
            dataset.delete(cached.settings(), header.name)
            pickers.set_query(dataset=None, split=None, view=None)

        st.button(
            "Delete for good",
            key="delete-dataset",
            type="primary",
            disabled=typed != header.name,
            on_click=delete,
        )
