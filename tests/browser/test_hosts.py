"""The examples of docs/examples in real servers: types, caching, the page for what is missing, and no complaint of the
browser's."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errordocs import feeds
from errordocs import ledger
from errordocs import publish
from errordocs.publish import Wishes
from tests import stores
from tests.browser.conftest import Open
from tests.built import Built
from tests.conftest import REPOSITORY
from tests.conftest import lacking
from tests.stores import QUIET

EXAMPLES = REPOSITORY / "docs/examples"
OURS = ("_headers", "_redirects", ".nojekyll", ledger.NAME)  # not for visitors


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The example with only what a test must change; each change has its place."""
    for expression, new in changes:
        text, count = re.subn(expression, lambda _, new=new: new, text, flags=re.MULTILINE)
        assert count, expression
    return text


def nginx(folder: Path, port: int, www: Path) -> list[str]:
    site = changed(
        (EXAMPLES / "nginx.conf").read_text(),
        (r"listen 80;", f"listen 127.0.0.1:{stores.free_port()};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        (r"^ *ssl_certificate.*$", ""),
        (r"root /srv/errors;", f"root {www};"),
        (r"errors\.example\.com;", "127.0.0.1;"),
    )
    rooms = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root; " if os.geteuid() == 0 else ""  # or its workers cannot read the tests' folder
    (folder / "nginx.conf").write_text(
        f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {rooms}\n{site}\n}}\n"
    )
    return ["nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]


def caddy(folder: Path, port: int, www: Path) -> list[str]:
    site = changed(
        (EXAMPLES / "Caddyfile").read_text(),
        (r"^errors\.example\.com \{", f"http://127.0.0.1:{port} {{"),
        (r"root \* /srv/errors", f"root * {www}"),
    )
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{site}")
    return ["caddy", "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"]


SERVERS: dict[str, Callable[[Path, int, Path], list[str]]] = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module")
def www(awkward: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The awkward site, as publish puts it into a folder."""
    folder = tmp_path_factory.mktemp("published")
    wishes = Wishes(compress="gzip")
    publish.publish(str(awkward.output), str(folder / "www"), str(folder), wishes, QUIET)
    return folder / "www"


@pytest.fixture(scope="module", params=list(SERVERS))
def address(request: pytest.FixtureRequest, www: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the server serves it."""
    if shutil.which(request.param) is None:
        lacking(f"{request.param} is not installed (apt: {request.param}): its example configuration is not tested")
    folder, port = tmp_path_factory.mktemp(request.param), stores.free_port()
    command = SERVERS[request.param](folder, port, www)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "out").open("wb") as out:
        child = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        waiting = threading.Event()
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert child.poll() is None, (folder / "out").read_text()
            waiting.wait(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait()


def get(address: str, path: str, **headers: str) -> Any:
    return stores.ask(address, "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_every_file_is_served_with_its_type_and_cache_rule(address: str, awkward: Built) -> None:
    wrong = []
    for path in awkward.files():
        if path in OURS:
            continue
        response = get(address, f"/{path}")
        told = {name: response.getheader(name) for name in ("Content-Type", "Cache-Control")}
        if (
            response.status != 200
            or told != ledger.headers_of(path)
            or response.data != (awkward.output / path).read_bytes()
        ):
            wrong.append(f"{path}: {response.status} {told}")
    assert wrong == []


def test_every_answer_has_the_headers_that_other_hosts_get_from_us(address: str) -> None:
    rule = feeds._headers().partition("\n/assets/*")[0].splitlines()[1:]
    wanted = dict(line.strip().split(": ", 1) for line in rule)
    del wanted["Cache-Control"]
    for path in ("/", "/errors/500.html", "/assets/nothing.js", "/nothing"):
        response = get(address, path)
        assert {name: response.getheader(name) for name in wanted} == wanted, path


@pytest.mark.parametrize(
    ("path", "page"),
    [("/nothing.html", "404.html"), ("/topics/nobody.html", "topics/404.html"), ("/nowhere/nothing", "404.html")],
)
def test_missing_address_gets_the_nearest_page_with_status_404(
    address: str, awkward: Built, path: str, page: str
) -> None:
    response = get(address, path)
    assert response.status == 404
    assert response.data == (awkward.output / page).read_bytes()
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/assets/site.0123456789.css", "/topics/assets/site.0123456789.css"])
def test_missing_asset_is_not_kept_for_ever(address: str, path: str) -> None:
    response = get(address, path)
    assert response.status == 404
    assert "immutable" not in (response.getheader("Cache-Control") or "")


@pytest.mark.parametrize("name", OURS)
def test_what_is_not_for_visitors_is_not_served(address: str, name: str) -> None:
    assert get(address, f"/{name}").status == 404


@pytest.mark.parametrize("path", ["/", "/errors/", "/topics/"])
def test_folder_is_its_index(address: str, awkward: Built, path: str) -> None:
    response = get(address, path)
    assert (response.status, response.getheader("Content-Type")) == (200, "text/html; charset=utf-8")
    assert response.data == (awkward.output / f"{path[1:]}index.html").read_bytes()


def test_compressed_file_is_the_one_that_publish_made(address: str, www: Path) -> None:
    response = get(address, "/errors/500.html", Accept_Encoding="gzip")
    assert response.getheader("Content-Encoding") == "gzip"
    assert "Accept-Encoding" in response.getheader("Vary")
    assert response.data == (www / "errors/500.html.gz").read_bytes()
    assert gzip.decompress(response.data) == (www / "errors/500.html").read_bytes()


def test_page_that_a_browser_has_costs_a_304(address: str) -> None:
    tag = get(address, "/errors/500.html").getheader("ETag")
    assert get(address, "/errors/500.html", If_None_Match=tag).status == 304


def test_browser_complains_of_nothing_on_any_kind_of_page(address: str, awkward: Built, tab: Open) -> None:
    watched = tab()
    kinds = awkward.kinds()
    for page in kinds.values():
        watched.page.goto(f"{address}/{page}", wait_until="networkidle")
        assert watched.page.evaluate("getComputedStyle(document.querySelector('.skip')).position") != "static", page
    said = [line for line in watched.said if "404" not in line or "404.html" not in line]
    assert said == []
    assert len(kinds) > 10
    outside = [url for url in watched.asked if not url.startswith(address)]
    assert outside == []
