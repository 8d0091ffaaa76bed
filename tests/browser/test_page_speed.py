"""What a page costs a reader before it can be read: one sheet; and nothing on it moves afterwards.

Scripts and images are held back until the page has been painted, as on a slow line: no test waits for a time.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from playwright.sync_api import Route

from tests.browser.conftest import Open
from tests.browser.conftest import Watched
from tests.built import Built

TALL = 4000  # so that what a reader scrolls to counts too
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push(
  `${entry.value}: ${entry.sources.map(({node}) => (node && (node.outerHTML || node.data) || "?").split("\\n")[0])}`
))).observe({type: "layout-shift", buffered: true});"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length"
FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter((one) => one.renderBlockingStatus === "blocking").map((one) => one.name)"""
READY = "form.lookup:not([hidden]), form.find:not([hidden])"


def painted_without_the_rest(page: Page, address: str) -> list[Route]:
    """What the page waits for once it has been painted; all but itself and its sheet."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if Path(urlsplit(route.request.url).path).suffix in (".html", ".css"):
            route.continue_()
        else:
            held.append(route)

    page.route("**/*", hold)
    page.goto(address, wait_until="commit")
    page.wait_for_function(PAINTED)
    page.evaluate(FRAMES)
    return held


def let_go(page: Page, held: list[Route]) -> None:
    """The rest comes, and the script does its work."""
    for route in held:
        route.continue_()
    page.wait_for_load_state("load")
    page.wait_for_selector(READY, state="attached")
    if page.query_selector("form.filter"):
        page.wait_for_selector("form.filter [role=status]:not(:empty)")
    page.evaluate(FRAMES)
    page.unroute("**/*")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_when_the_rest_comes(site: Built, host: str, tab: Open, width: int) -> None:
    page = tab(viewport={"width": width, "height": TALL}).page
    page.add_init_script(SHIFTS)
    flaws: list[str] = []
    for kind, path in site.kinds().items():
        held = painted_without_the_rest(page, host + path)
        assert {posixpath.splitext(route.request.url)[1] for route in held} == {".js", ".svg"}, kind
        assert page.query_selector(READY) is None, kind
        let_go(page, held)
        flaws += [f"{kind}, {path}: {shift}" for shift in page.evaluate("window.shifts")]
        if kind == "entry":
            place = page.locator(".clip > button.copy").first.bounding_box()
            assert place is not None, "no copy button came"
            assert place["y"] < TALL, "no copy button in view, so that none can move a thing"
    assert not flaws, "\n".join(flaws)


def test_only_the_sheet_blocks_rendering(site: Built, host: str, tab: Open) -> None:
    page = tab().page
    (sheet,) = (path for path in site.files() if path.endswith(".css"))
    for kind, path in site.kinds().items():
        page.goto(host + path)
        assert page.evaluate(BLOCKING) == [host + sheet], kind


def test_lookup_waits_until_it_is_asked_for(site: Built, host: str, tab: Open) -> None:
    for kind, path in site.kinds().items():
        watched = tab()
        watched.page.goto(host + path)
        watched.page.wait_for_selector(READY)
        watched.page.evaluate(FRAMES)
        assert lookups(watched) == [], kind
        with watched.page.expect_request("**/lookup.js"):
            watched.page.focus("form.lookup textarea, form.find input")
        watched.page.close()


def lookups(watched: Watched) -> list[str]:
    return [url for url in watched.asked if posixpath.basename(urlsplit(url).path) == "lookup.js"]
