"""What a newcomer does in the first minute, in a real browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect
from small_store import SMALL

pytestmark = pytest.mark.browser

PAGES = (
    "overview", "atlas", "transition_matrix", "knowledge_map", "molecule", "results", "dataset",
)  # fmt: skip


def query(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlparse(page.url).query).items()}


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()


def cell_center(page: Page, row: int, column: int) -> tuple[float, float]:
    """Where a cell of the 8 x 8 heatmap is on the screen."""
    area = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert area is not None
    return (
        area["x"] + (column + 0.5) * area["width"] / 8,
        area["y"] + (row + 0.5) * area["height"] / 8,
    )


def no_problem(page: Page) -> None:
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


def test_a_deep_link_on_a_fresh_server_opens_its_page(page, fresh_server, visit, foreign):
    visit(f"{fresh_server}/transition_matrix?source=published&from=SMILES&to=IUPAC")
    heading(page, "Transition matrix")
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("0.767")
    expect(page.get_by_role("link", name="Knowledge map")).to_be_visible()
    assert foreign == []


def test_cell_to_run_to_molecule_by_mouse_only(page, server, visit, settled, foreign):
    page.set_viewport_size({"width": 1280, "height": 1400})
    visit(server)
    page.get_by_role("link", name="Transition matrix").first.click()
    settled()
    heading(page, "Transition matrix")
    page.wait_for_selector(".js-plotly-plot .nsewdrag")
    page.mouse.click(*cell_center(page, row=1, column=4))
    settled()
    page.mouse.click(*cell_center(page, row=4, column=1))
    expect(page).to_have_url(re.compile("from=caption"), timeout=20_000)
    settled()
    assert query(page)["to"] == "SMILES"
    expect(page.get_by_role("heading", name="Molecules of writer")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Open ")).first.click()
    settled()
    assert urlparse(page.url).path == "/molecule"
    assert query(page)["dataset"] == SMALL
    no_problem(page)
    assert foreign == []


def test_the_threshold_of_the_knowledge_map_filters(page, server, visit, settled):
    visit(f"{server}/knowledge_map?T_run=0.5")
    heading(page, "Knowledge map")
    reading = page.get_by_text(re.compile("token pairs stand out|no cell stands")).first
    before = reading.inner_text()
    slider = page.get_by_role("slider", name="Threshold T on local z").first
    slider.focus()
    slider.press("End")
    expect(page).to_have_url(re.compile("T_run=3"), timeout=20_000)
    settled()
    assert reading.inner_text() != before
    no_problem(page)


def test_a_click_in_the_map_shows_molecules_right_below_it(page, server, visit, settled):
    page.set_viewport_size({"width": 1280, "height": 1400})
    visit(f"{server}/knowledge_map")
    page.wait_for_selector(".js-plotly-plot .nsewdrag")
    # The page grows downwards while later parts arrive; the heatmap must have found its place.
    expect(page.get_by_role("tab", name="Threshold scan")).to_be_visible()
    settled()
    area = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert area is not None
    page.mouse.click(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    expect(page).to_have_url(re.compile("from_token="), timeout=20_000)
    settled()
    shown = page.get_by_role("heading", name="Pairs and their molecules")
    scan = page.get_by_role("tab", name="Threshold scan")
    assert shown.bounding_box()["y"] < scan.bounding_box()["y"]
    page.get_by_text("Leave out caption boilerplate").click()
    expect(page).to_have_url(re.compile("boilerplate=out"), timeout=20_000)
    settled()
    no_problem(page)


def test_a_matrix_of_ones_own_is_mapped_and_a_foreign_file_refused(
    page, server, visit, settled, tmp_path
):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(",acid,ring,<b>x</b>\nmeth,1,5,2\noxo,4,40,2\nyl,3,3,80\n")
    bad.write_text("a;b\n1;2\n")
    visit(f"{server}/knowledge_map")
    page.get_by_text("From a matrix file", exact=True).click()
    settled()
    page.locator("input[type=file]").set_input_files(str(bad))
    expect(page.get_by_text("too small for neighbors")).to_be_visible(timeout=20_000)
    page.locator("input[type=file]").set_input_files(str(good))
    expect(page.get_by_text("of 9 token pairs stand out")).to_be_visible(timeout=20_000)
    assert page.locator(".js-plotly-plot b").count() == 0
    no_problem(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_draw_charts_on_their_own_background(page, server, visit, scheme):
    page.emulate_media(color_scheme=scheme)
    visit(f"{server}/transition_matrix")
    page.wait_for_selector(".js-plotly-plot .nsewdrag")
    paper = page.locator(".js-plotly-plot .main-svg").first.evaluate("e => e.style.background")
    app = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert paper == app
    dark = max(int(v) for v in re.findall(r"\d+", app)[:3]) < 64
    assert dark == (scheme == "dark")


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_every_page_without_sideways_scrolling(page, server, visit, foreign, name):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(f"{server}/{'' if name == 'overview' else name}")
    page.wait_for_timeout(600)
    width = page.evaluate(
        "Math.max(document.documentElement.scrollWidth,"
        "document.querySelector('[data-testid=stMain]').scrollWidth)"
    )
    assert width <= 390
    no_problem(page)
    assert foreign == []


def test_the_first_start_is_not_empty(page, empty_server, visit, foreign):
    visit(empty_server)
    no_problem(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert len(page.get_by_test_id("stMain").inner_text()) > 200
    assert foreign == []


def test_a_foreign_host_name_is_refused(server):
    import http.client

    port = urlparse(server).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {
        "Host": "rebound.example.org",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    connection.request("GET", "/_stcore/stream", headers=headers)
    assert connection.getresponse().status == 403
    connection.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_model_is_compared_with_the_gold_texts_by_mouse(page, server, visit, settled, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit(f"{server}/knowledge_map")
    page.get_by_text("Compare two maps", exact=True).click()
    expect(page).to_have_url(re.compile("view=compare"), timeout=20_000)
    settled()
    no_problem(page)
    expect(page.get_by_text("What these numbers mean").first).to_be_visible(timeout=20_000)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width + 1
