"""What the import found and did, with counts and examples."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.services import dataset
from pages.ui import cached, figure_panel, navigation, panels


def show(header: DatasetHeader, split: str) -> None:
    del split  # the report is of the whole import
    st.subheader("What the import found")
    if not header.issues:
        st.markdown("Nothing to remark: every value was read as it stands in the file.")
        return
    st.markdown(
        f"{len(header.issues)} remarks. Nothing was repaired in silence: what was changed or left "
        "out is listed here."
    )
    ordered = sorted(header.issues, key=lambda i: -i.count)
    table = pd.DataFrame.from_records(
        [
            {
                "count": issue.count,
                "what": issue.message,
                "kind": issue.kind,
                "examples": ", ".join(issue.examples),
            }
            for issue in ordered
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        key="issues",
        alt="Remarks of the import with counts and examples",
        column_config={
            "count": st.column_config.NumberColumn(format="localized"),
            "what": st.column_config.TextColumn(width="large"),
        },
    )
    figure_panel.downloads(table, key="issues", file_name=f"{header.name}-quality")
    known = set(
        cached.read(dataset.molecules, header.name, ["cid"], on=f"dataset:{header.name}")["cid"]
    )
    for issue in ordered:
        with st.expander(panels.plain(f"{issue.count:,} × {issue.message}")):
            for example in issue.examples:
                if example in known:
                    navigation.link(
                        "molecule", panels.plain(example), dataset=header.name, cid=example
                    )
                else:
                    panels.text(example)
