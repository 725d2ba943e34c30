"""The pages, their addresses, and links between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import streamlit as st
from streamlit.navigation.page import Page

from pages.ui import panels


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One line of the menu."""

    name: str
    """Module of ``pages/views`` and address of the page."""
    title: str
    icon: str
    group: str


ENTRIES = (
    PageEntry("overview", "Overview", ":material/home:", "Explore"),
    PageEntry("atlas", "Model atlas", ":material/timeline:", "Explore"),
    PageEntry("transition_matrix", "Transition matrix", ":material/grid_on:", "Explore"),
    PageEntry("knowledge_map", "Knowledge map", ":material/hub:", "Explore"),
    PageEntry("molecule", "Molecule", ":material/science:", "Explore"),
    PageEntry("launch", "Launch", ":material/rocket_launch:", "Runs"),
    PageEntry("results", "Results", ":material/leaderboard:", "Runs"),
    PageEntry("dataset", "Dataset", ":material/database:", "Data"),
)


def menu() -> dict[str, list[Page]]:
    """Group -> pages, in the order of the menu."""
    groups: dict[str, list[Page]] = {}
    for entry in ENTRIES:
        groups.setdefault(entry.group, []).append(_page(entry))
    return groups


def link(name: str, label: str, *, icon: str | None = None, **query: str | None) -> None:
    """A link to another page, with the query that makes it show the thing named in ``label``.

    Args:
        name: Name of the page, e.g. ``molecule``.
        label: Trusted text; a molecule name or a model output does not belong here.
        icon: A bundled Material icon; None takes the page's own.
        query: Query parameters; those that are None are left out.
    """
    given = {key: value for key, value in query.items() if value is not None}
    st.page_link(_page(_entry(name)), label=label, icon=icon, query_params=given or None)


def go(name: str, **query: str | None) -> None:
    """Opens another page at once, e.g. after a click in a chart."""
    given = {key: value for key, value in query.items() if value is not None}
    st.switch_page(_page(_entry(name)), query_params=given or None)


def address(name: str, **query: str | None) -> str:
    """A relative address for link columns of tables."""
    from urllib.parse import urlencode

    given = {key: value for key, value in query.items() if value is not None}
    return f"/{name}" + (f"?{urlencode(given)}" if given else "")


def _entry(name: str) -> PageEntry:
    return next(entry for entry in ENTRIES if entry.name == name)


def _page(entry: PageEntry) -> Page:
    return st.Page(
        _renderer(entry.name),
        title=entry.title,
        icon=entry.icon,
        url_path=entry.name,
        default=entry is ENTRIES[0],
    )


def _renderer(name: str) -> Callable[[], None]:
    def render() -> None:
        # Imported on use: a view that cannot even be imported is one error panel, not no dashboard.
        with panels.guard():
            import_module(f"pages.views.{name}").render()

    render.__name__ = name
    return render
