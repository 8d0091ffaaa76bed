"""Real servers for the tests of publish: moto as a child process, a proxy that misbehaves on demand, a crawler."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from errordocs import ledger
from errordocs import progress
from errordocs.model import Failed
from tests.conftest import REPOSITORY

KEYS = {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "very-secret-words", "AWS_REGION": "us-east-1"}
SIGNED = {"Authorization": "AWS tester:signature"}  # moto asks for one as a private bucket does, and believes any
QUIET = progress.watch(is_quiet=True)
SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
# moto's own command, which would look through all of its folder again with each request: a third of its time.
MOTO = """
import sys
from moto import backends, server

modules = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: modules
sys.exit(server.main(sys.argv[1:]))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def moto() -> Iterator[str]:
    """The address of moto's server, which runs as a child process until the end."""
    port = free_port()
    command = [sys.executable, "-c", MOTO, "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        try:
            lines = iter(child.stderr.readline, b"")
            assert any(b"Running on" in line for line in lines), "moto did not start"
            threading.Thread(target=child.stderr.read, daemon=True).start()  # or its pipe fills
            yield f"http://127.0.0.1:{port}"
        finally:
            child.kill()


def ask(address: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    """A response with its whole body as `data`, over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response: Any = connection.getresponse()
        response.data = response.read()
        return response
    finally:
        connection.close()


Rule = Callable[[int, str, str], str | None]


class Proxy:
    """Stands before a server, counts requests from 1, and does with each what the rule says.

    None lets it pass. `cut` closes the connection, `lose` does so after the server did what was asked, a number is the
    status that is answered instead; any other word is the code of a refusal with status 403.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.rule: Rule = lambda *_: None
        self.judge: Callable[[Any], bool] = lambda _: False  # of a request's headers: whether a precondition fails
        self.seen: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def reset(self, rule: Rule = lambda *_: None) -> None:
        with self.lock:
            self.seen, self.rule = [], rule

    def count(self, method: str) -> int:
        return sum(seen[0] == method for seen in self.seen)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with proxy.lock:
                    proxy.seen.append((self.command, self.path))
                    number, rule = len(proxy.seen), proxy.rule
                fate = rule(number, self.command, self.path) or ("412" if proxy.judge(self.headers) else None)
                if fate == "cut":
                    self.close_connection = True
                    return
                if fate not in (None, "lose"):
                    is_status = str(fate).isdigit()
                    text = SLOW_DOWN if is_status else SLOW_DOWN.replace(b"SlowDown", str(fate).encode())
                    self.answer(int(str(fate)) if is_status else 403, [("Content-Type", "application/xml")], text)
                    return
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                if "If-Match" in headers:  # moto compares as it stands
                    headers["If-Match"] = '"' + headers["If-Match"].strip('"') + '"'
                try:
                    response = ask(f"http://{proxy.upstream}", self.command, self.path, body, headers)
                except OSError:
                    self.close_connection = True
                    return
                if fate == "lose":
                    self.close_connection = True
                    return
                self.answer(response.status, response.getheaders(), response.data)

            do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815 - http.server looks for these names

            def answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
                dropped = ("connection", "transfer-encoding", "content-length", "date", "server")
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in dropped:
                        self.send_header(name, value)
                length = {name.lower(): value for name, value in headers}.get("content-length")
                self.send_header("Content-Length", length if self.command == "HEAD" and length else str(len(data)))
                with suppress(OSError):
                    self.end_headers()
                    self.wfile.write(data)
                    self.wfile.flush()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def crawl(root: str, home: str = "index.html", headers: dict[str, str] = SIGNED) -> tuple[dict[str, bytes], list[str]]:
    """What a visitor of the home page reaches below `root`, by address, and what leads nowhere."""
    at = urlsplit(root)
    connection = http.client.HTTPConnection(at.netloc, timeout=30)
    found: dict[str, bytes] = {}
    broken: list[str] = []
    ahead, met = [urljoin(root, home)], {urljoin(root, home)}
    try:
        while ahead:
            url = ahead.pop()
            connection.request("GET", urlsplit(url).path, headers=headers)
            response = connection.getresponse()
            data = response.read()
            if response.status != 200:
                broken.append(url)
                continue
            found[url.removeprefix(root)] = data
            for link in links(url, data) if url.endswith(".html") else ():
                if link.startswith(root) and link not in met:
                    met.add(link)
                    ahead.append(link)
    finally:
        connection.close()
    return found, broken


def links(url: str, data: bytes) -> Iterator[str]:
    tree = LexborHTMLParser(data)
    for node in tree.css("[href], [src], [data-lookup]"):
        for name in ("href", "src", "data-lookup"):
            if target := node.attributes.get(name):
                yield urljoin(url, target).partition("#")[0]


# Three generations of a small site, which differ in pages, in links between them, and in assets


def generations(folder: Path) -> list[Path]:
    """Folders that hold `output/`, each of them built by the command unless it is there already."""
    from tests.conftest import SITE
    from tests.conftest import article
    from tests.conftest import entry

    body = (
        "## What it means\n\nIt means {words}; see {links}.\n\n## How to fix it\n\n### Turn it off\n\nThen on.\n\n"
        "## FAQ\n\n### Why me?\n\nBecause.\n"
    )
    made = []
    for number, words in enumerate(("this", "that", "something else")):
        project = folder / f"generation-{number}"
        made.append(project)
        if (project / "output").exists():
            continue
        codes = [500 + 10 * step for step in range(4)] + [400 + 10 * step + number for step in range(8)]
        files = {"site.yaml": SITE, f"topics/turn{number}.md": article(f"Turning {words}")}
        for place, code in enumerate(codes):
            others = [codes[(place + step) % len(codes)] for step in (1, 5)]
            named = ", ".join(f"[{other}]({other}.md)" for other in others)
            text = body.format(words=words if place % 2 else "the same", links=named)
            files[f"errors/{code}.md"] = entry(f'number: "{code}"\ntopics: [turn{number}]', text)
        for name, text in files.items():
            path = project / "content" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copytree(REPOSITORY / "templates", project / "templates")
        with (project / "templates/assets/site.css").open("a") as style:
            style.write(f"\nmain {{ --generation: {number} }}\n")
        command = [sys.executable, str(REPOSITORY / "build.py"), "--quiet"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return made


def race(proxy: Proxy, begin: Callable[[int], object], numbers: tuple[int, int], last: int) -> dict[int, str]:
    """What each of two publishers ended with, by number: "", or what `Failed` said.

    Both wait for each other when they claim the manifest: a `PUT` of it among the first `last` requests.
    """
    gate = threading.Barrier(2, timeout=60)

    def hold(count: int, method: str, path: str) -> str | None:
        if method == "PUT" and path.partition("?")[0].endswith(ledger.NAME) and count <= last:
            gate.wait()
        return None

    ends: dict[int, str] = {}

    def run(number: int) -> None:
        try:
            begin(number)
            ends[number] = ""
        except Failed as failed:
            ends[number] = str(failed)

    proxy.reset(hold)
    threads = [threading.Thread(target=run, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
