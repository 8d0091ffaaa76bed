"""A real Chromium: the system's own, started once a worker, and a host that serves a site below a sub-path."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import BrowserContext
from playwright.sync_api import Page
from playwright.sync_api import sync_playwright

from tests.built import Built
from tests.conftest import REPOSITORY
from tests.conftest import lacking

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Each new window would start processes for its address bar, which nobody sees: a fifth of a tab's cost. Chromium
    # heeds the last such list alone, so what Playwright turns off stands here too.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AimEnabled,AvoidCorsURLLoaderRestartOnRedirect,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay,MediaRouter,"
    "NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,ThirdPartyStoragePartitioning",
]
AXE = REPOSITORY / "tests" / "node_modules" / "axe-core" / "axe.min.js"
BELOW = "/sub/path/"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        lacking(f"no browser is installed ({', '.join(CHROMIUM)}): the browser tests need one")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    if not AXE.exists():
        lacking("axe-core is not installed (make .venv/test with npm): the accessibility tests need it")
    return AXE.read_text()


class Watched:
    """A tab, and everything that it complained of or asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"console {message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on(
            "response",
            lambda answer: answer.status >= 400 and self.said.append(f"{answer.status}: {answer.url}"),
        )

    def _failed(self, url: str, failure: str | None) -> None:
        if failure != "net::ERR_ABORTED":  # the tab left while the icon was on its way
            self.said.append(f"failed: {url} {failure}")


Open = Callable[..., Watched]


@pytest.fixture
def tab(browser: Browser) -> Iterator[Open]:
    """Opens watched tabs, each in a context of its own with the given settings; closes them at the end."""
    contexts: list[BrowserContext] = []

    def make(**settings: Any) -> Watched:
        contexts.append(browser.new_context(**settings))
        contexts[-1].set_default_timeout(10_000)
        return Watched(contexts[-1])

    yield make
    for context in contexts:
        context.close()


# A host as a CDN is one


@pytest.fixture
def host(site: Built) -> Iterator[str]:
    """The address below which the site is served, with the headers that `_headers` asks for."""
    with serving(site.output) as address:
        yield address


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Host, folder))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{BELOW}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Host(BaseHTTPRequestHandler):
    """Answers for files as Cloudflare Pages does: their headers, and the nearest 404.html where there is none."""

    def __init__(self, folder: Path, *rest: Any) -> None:
        self.folder = folder
        super().__init__(*rest)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        name = path.removeprefix(BELOW)
        file, status = self.folder / name, 200
        if not path.startswith(BELOW) or not file.resolve().is_relative_to(self.folder) or not file.is_file():
            above = (one / "404.html" for one in file.parents)
            file, status = next(one for one in above if one.is_file()), 404
        data = file.read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", TYPES.get(file.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(data)))
        for header, value in headers_of(self.folder, f"/{name}").items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def headers_of(folder: Path, path: str) -> dict[str, str]:
    """The headers of a path by the rules in `_headers`: every rule that fits adds its own, `!` takes one away."""
    headers: dict[str, str] = {}
    is_meant = False
    for line in (folder / "_headers").read_text().splitlines():
        if not line.startswith(" "):
            is_meant = path == line or (line.endswith("*") and path.startswith(line[:-1]))
        elif is_meant and line.strip().startswith("! "):
            headers.pop(line.strip()[2:], None)
        elif is_meant:
            name, _, value = line.strip().partition(": ")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
