"""The only cache of the pages. What services return is shared by all sessions: never change it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from chebimm_core.services import knowledge, store_state
from chebimm_core.services.jobs import JobBoard
from chebimm_core.settings import Settings

T = TypeVar("T")

_TOKENIZED_KEPT = 12
"""Columns of tokenized texts; 3,300 captions take about 10 MB."""


def settings() -> Settings:
    """Read from the environment on each call; cheap, and tests may change it."""
    return Settings.from_env()


def read(
    function: Callable[..., T],
    *args: Any,
    on: str = "store",
    spinner: str | None = None,
    **kwargs: Any,
) -> T:
    """Calls ``function(settings, *args, **kwargs)``, or returns what it gave before.

    The value is handed out uncopied (a copy of a 40 MB table costs 65 ms a rerun): treat tables and
    arrays as read-only, ``.copy()`` before changing one. Errors are not kept.

    Args:
        function: A service function that takes ``Settings`` first.
        args: Further arguments; plain values only (they become the key by their ``repr``).
        on: What makes the kept value stale: ``store`` (any change), ``dataset:<name>`` or
            ``run:<run id>``.
        spinner: What to say while it works, if it may take longer than a second.
        kwargs: As ``args``.
    """
    here = settings()
    key = (
        f"{function.__module__}.{function.__qualname__}|{here}|{args!r}|{sorted(kwargs.items())!r}"
    )
    token = _token(here, on)
    if spinner is None:
        value: T = _kept(key, token, function, here, args, kwargs)
        return value
    with st.spinner(spinner):
        value = _kept(key, token, function, here, args, kwargs)
    return value


def jobs() -> JobBoard:
    """Long work of this dashboard: one board for all sessions, so that a refresh loses nothing."""
    return _board(str(settings().store))


@st.cache_resource(show_spinner=False)
def _board(store: str) -> JobBoard:
    return JobBoard()


@st.cache_resource(show_spinner=False)
def tokenized() -> knowledge.Cache:
    """Tokenized texts of the last maps, so that only the first map of a run has to wait."""
    return _Recent()


class _Recent(OrderedDict[str, knowledge.TokenizedTexts]):
    """A dictionary that forgets its oldest entries."""

    def __setitem__(self, key: str, value: knowledge.TokenizedTexts) -> None:
        super().__setitem__(key, value)
        while len(self) > _TOKENIZED_KEPT:
            self.popitem(last=False)


@st.cache_resource(max_entries=96, show_spinner=False)
def _kept(
    key: str,
    token: str,
    _function: Callable[..., Any],
    _settings: Settings,
    _args: tuple[Any, ...],
    _kwargs: dict[str, Any],
) -> Any:
    return _function(_settings, *_args, **_kwargs)


def _token(here: Settings, on: str) -> str:
    kind, _, name = on.partition(":")
    if kind == "dataset":
        return store_state.dataset_token(here, name)
    if kind == "run":
        return store_state.run_token(here, name)
    return store_state.token(here)
