"""What every page shows in one way: problems, empty states, badges, numbers, untrusted text."""

from __future__ import annotations

import html
import re
import secrets
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from chebimm_core.domain.molecule import DatasetHeader
from chebimm_core.domain.prediction import Score
from chebimm_core.errors import ChebiMMError
from chebimm_core.settings import Settings

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&^=])")

_BOXED = 700
"""Characters beyond which a text scrolls instead of pushing the page down."""
_BOX_HEIGHT = 200

_MARK = (
    "background:rgba(240,150,40,.28);color:inherit;border-radius:2px;"
    "box-shadow:inset 0 -2px 0 rgba(240,150,40,.9)"
)


@contextmanager
def guard() -> Iterator[None]:
    """Turns any exception of the block into a panel; nobody meets a stack trace."""
    try:
        yield
    except ChebiMMError as error:
        problem(error)
    except Exception as error:
        unexpected(error)


def problem(error: ChebiMMError) -> None:
    """A known error: what is wrong, which value, what is allowed, what to do."""
    with st.container(border=True):
        st.error(plain(error.what.rstrip(".") + "."), icon=":material/error:")
        if error.value is not None:
            st.caption("Got")
            text(str(error.value))
        if error.allowed:
            st.caption("Allowed")
            text(error.allowed)
        if error.do:
            st.caption("What to do")
            st.markdown(plain(error.do))


def unexpected(error: Exception) -> None:
    """A bug: an id that finds it in the log, and the way on."""
    error_id = secrets.token_hex(4)
    entry = "".join(traceback.format_exception(error))
    log = _log(error_id, entry)
    with st.container(border=True):
        st.error(
            f"Something went wrong in this part of the page (error {error_id}). Nothing was lost: "
            "your data sets and runs are untouched.",
            icon=":material/error:",
        )
        st.markdown("Reload the page, or choose another one from the menu.")
        if log is not None:
            st.caption("Details are in the log")
            text(str(log))
        st.download_button(
            "Download the log entry",
            f"error {error_id}\n{entry}",
            file_name=f"chebimm-error-{error_id}.txt",
            key=f"log-{error_id}",
            on_click="ignore",
        )


def empty(what: str, do: str, *, command: str | None = None) -> None:
    """Nothing to show yet, and what brings something.

    Args:
        what: What is missing, one sentence (trusted text).
        do: What to do about it (trusted text).
        command: A command line that does it.
    """
    with st.container(border=True):
        st.markdown(f"**{what}**")
        st.markdown(do)
        if command:
            st.code(command, language="bash")


def synthetic_badge(header: DatasetHeader) -> None:
    """Says so wherever values were made by this project and not measured or curated."""
    if header.synthetic:
        st.badge("synthetic data", icon=":material/precision_manufacturing:", color="orange")


def reading(sentence: str) -> None:
    """The one-line reading of a figure: what you see."""
    st.markdown(f"**What you see.** {sentence}")


def number(
    label: str,
    value: float | None,
    *,
    ci: tuple[float | None, float | None] = (None, None),
    n: int | None = None,
    signature: str = "",
    floor: Score | None = None,
    digits: int = 3,
) -> None:
    """A number with its interval, n, signature and floor in reach.

    Args:
        label: Trusted text.
        value: None or NaN is shown as a dash, never as 0.
        ci: 95 % interval, Nones where none is defined.
        n: Molecules it rests on.
        signature: How it was computed; shown in the tooltip.
        floor: The same metric of a model that knows nothing of the input.
        digits: Decimals.
    """
    st.metric(label, figure(value, digits), help=f"`{signature}`" if signature else None)
    st.caption(plain(details(ci=ci, n=n, floor=floor, digits=digits)))


def details(
    *,
    ci: tuple[float | None, float | None] = (None, None),
    n: int | None = None,
    floor: Score | None = None,
    digits: int = 3,
) -> str:
    """``95 % interval .41 to .44 · n = 3,300 · floor .22``; unknown parts are left out."""
    parts = []
    low, high = ci
    if low is not None and high is not None and low == low and high == high:  # noqa: PLR0124 - NaN
        parts.append(f"95 % interval {figure(low, digits)} to {figure(high, digits)}")
    if n:
        parts.append(f"n = {n:,}")
    if floor is not None:
        parts.append(f"floor {figure(floor.value, digits)}")
    return " · ".join(parts)


def figure(value: float | None, digits: int = 3) -> str:
    """A number with fixed decimals; a dash where there is none."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "–"
    return f"{value:,.{digits}f}"


def text(untrusted: str) -> None:
    """Text of a file or a model, shown as it is: no HTML, no Markdown, no remote image.

    A very long one scrolls in a box of its own.
    """
    height = _BOX_HEIGHT if len(untrusted) > _BOXED else "content"
    st.code(untrusted, language=None, wrap_lines=True, height=height)


def plain(untrusted: str) -> str:
    """The same text for a place that renders Markdown (labels, captions), made inert."""
    escaped = _MARKDOWN.sub(r"\\\1", untrusted.replace("\n", " "))
    # A colon could open an icon, a color or an emoji; a word joiner behind it prevents that.
    return escaped.replace(":", ":\u2060")


def marked(
    untrusted: str,
    spans: Sequence[tuple[int, int]],
    *,
    label: str = "",
    clip: int | None = None,
) -> None:
    """Untrusted text with some stretches highlighted; everything is escaped.

    Args:
        untrusted: The text.
        spans: (start, end) character offsets.
        label: A short heading above it (trusted).
        clip: Longer texts show about this many characters around the first highlight; the whole
            text opens on a click.
    """
    if label:
        st.caption(label)
    paragraph = '<p style="margin:0;overflow-wrap:anywhere">{}</p>'
    whole = paragraph.format(marked_html(untrusted, spans))
    if clip is None or len(untrusted) <= clip * 1.25:
        st.html(whole)
        return
    excerpt = paragraph.format(_excerpt(untrusted, spans, clip))
    summary = f"Show all {len(untrusted):,} characters"
    st.html(
        f'{excerpt}<details style="margin:0"><summary style="cursor:pointer;font-size:.85em">'
        f"{summary}</summary>{whole}</details>"
    )


def _excerpt(untrusted: str, spans: Sequence[tuple[int, int]], clip: int) -> str:
    first = min((start for start, _ in spans), default=0)
    start = 0 if first < clip * 0.75 else first - clip // 4
    end = min(start + clip, len(untrusted))
    moved = [(a - start, min(b, end) - start) for a, b in spans if a >= start and a < end]
    before, after = "… " if start else "", " …" if end < len(untrusted) else ""
    return before + marked_html(untrusted[start:end], moved) + after


def marked_html(untrusted: str, spans: Sequence[tuple[int, int]]) -> str:
    """Escaped text with ``<mark>`` around the spans; overlapping or foreign ones are cut."""
    parts = []
    at = 0
    for start, end in sorted(spans):
        begin, stop = max(at, start), min(end, len(untrusted))
        if begin >= stop:
            continue
        parts.append(html.escape(untrusted[at:begin]))
        parts.append(f"<mark style='{_MARK}'>{html.escape(untrusted[begin:stop])}</mark>")
        at = stop
    parts.append(html.escape(untrusted[at:]))
    return "".join(parts)


def _log(error_id: str, entry: str) -> Path | None:
    path = Settings.from_env().cache / "logs" / "dashboard.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat()} error {error_id}\n{entry}\n")
    except OSError:
        return None
    return path
