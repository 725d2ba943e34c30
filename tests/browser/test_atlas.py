"""The model atlas under a real mouse: cells filter, marks choose, nothing leaves the machine."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def query(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}


def plot(page: Page, number: int):
    return page.locator(".js-plotly-plot").nth(number)


def test_a_click_on_a_cell_shows_its_models_and_a_second_frees_them(
    page, server, visit, settled, foreign
):
    visit(f"{server}/atlas")
    area = plot(page, 1).locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    # First row (captioning), second of three columns (encoder-decoder).
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 14)
    page.wait_for_url("**task=captioning**", timeout=15_000)
    settled()
    assert query(page)["architecture"] == "encoder-decoder"
    expect(page.get_by_role("button", name="Clear all filters")).to_be_visible()
    box = plot(page, 1).locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 14)
    page.wait_for_function("!location.search.includes('architecture')", timeout=15_000)
    assert foreign == []


def test_a_click_on_a_mark_opens_its_model(page, server, visit, foreign):
    visit(f"{server}/atlas?architecture=decoder-only&last=2019&model=BERT")
    # One decoder is as old as that, and its mark stands alone.
    mark = plot(page, 0).locator(".scatterlayer .points path").first.bounding_box()
    assert mark is not None
    page.mouse.click(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    page.wait_for_url("**model=GPT-2**", timeout=15_000)
    link = page.get_by_role("link", name="Language Models are Unsupervised Multitask Learners")
    expect(link).to_be_visible()
    assert str(link.get_attribute("href")).startswith("https://cdn.openai.com/")
    assert foreign == []


@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_is_never_wider_than_the_screen(page, server, visit, width):
    page.set_viewport_size({"width": width, "height": 844})
    visit(f"{server}/atlas?by=pairing")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
