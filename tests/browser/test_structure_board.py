"""The drawing board in a browser: it draws, it needs no network, and what is drawn is searched."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_what_is_drawn_is_searched(
    page: Page,
    server: str,
    visit: Callable[[str], None],
    settled: Callable[[], None],
    foreign: list[str],
) -> None:
    pytest.importorskip("streamlit_ketcher")
    visit(f"{server}/molecule?draw=1&how=contains")
    board = page.frame_locator("iframe[title*='ketcher']")
    board.get_by_title("Benzene (T)").click(timeout=60_000)
    box = page.locator("iframe[title*='ketcher']").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    board.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Find what contains it").click(timeout=60_000)
    expect(page.get_by_text(re.compile("contains? (the|this) pattern"))).to_be_visible(
        timeout=60_000
    )
    settled()
    assert "q=c1ccccc1" in page.url and "draw" not in page.url
    assert foreign == []
