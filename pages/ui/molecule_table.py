"""Tables and charts of molecules whose rows and points open the Molecule page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.ui import charts_events, navigation

OPEN = "open"
"""Column of the buttons."""
BUTTON = ":material/arrow_forward: Open"


def show(
    table: pd.DataFrame,
    *,
    key: str,
    dataset: str,
    alt: str,
    columns: Mapping[str, Any],
    run: str | None = None,
    selectable: bool = False,
) -> int | None:
    """Draws a table with a button in each row that opens its molecule.

    Args:
        table: Has a column ``cid``; its texts are shown as they are.
        key: Unique on the page.
        dataset: Data set the molecules are in.
        alt: What a screen reader says of it.
        columns: Column -> configuration.
        run: Run to show on the Molecule page.
        selectable: Whether a row can be ticked.

    Returns:
        Position of the ticked row; None if there is none.
    """
    shown = table.reset_index(drop=True)
    cids = shown["cid"].astype(str).tolist()
    shown.insert(0, OPEN, BUTTON)
    button = f"{key}-open"

    def opened() -> None:
        click = st.session_state.get(button)
        if click is not None:
            st.session_state[f"{key}-go"] = cids[click["row"]]

    state = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        on_select="rerun" if selectable else "ignore",
        selection_mode="single-row",
        alt=alt,
        column_config={
            OPEN: st.column_config.ButtonColumn(
                "", type="tertiary", on_click=opened, key=button, width="small"
            ),
            **columns,
        },
    )
    leave(key, dataset=dataset, run=run)
    if not selectable:
        return None
    position = charts_events.row(state)
    return position if position is not None and position < len(shown) else None


def on_point(key: str) -> Callable[[], None]:
    """Callback of a chart whose points carry a cid first; call :func:`leave` after the chart."""

    def clicked(data: tuple[Any, ...]) -> None:
        st.session_state[f"{key}-go"] = str(data[0])

    return charts_events.on_click(key, clicked)


def leave(key: str, *, dataset: str, run: str | None = None) -> None:
    """Opens the molecule that was clicked in the table or chart of that key, if one was."""
    cid = st.session_state.pop(f"{key}-go", None)
    if cid is not None:
        navigation.go("molecule", dataset=dataset, cid=cid, run=run)
