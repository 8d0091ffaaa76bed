"""The preview as a contributor uses it: `build.py serve` as a child process, a browser that nobody touches."""

from __future__ import annotations

import http.client
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from errordocs import serve
from errordocs.pipeline import Places
from tests.browser.conftest import Open
from tests.browser.conftest import headers_of
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import entry

PATIENCE = 20.0  # seconds after which a test gives up waiting
OVERLAY = "#preview-problems"
expect.set_options(timeout=PATIENCE * 1000)
BROKEN = entry(retry="perhaps")
BROKEN_LINE = "content/errors/500.md:6:8: error[bad-value]: `perhaps` is no value of `retry`"


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


class Child:
    """`build.py serve` in a project's folder, and every line that it has said."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "build.py"), "serve", *(words or ("--port", "0"))],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = 0
        self.url = ""

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put("")

    def heard(self, pattern: str) -> str:
        """The next line in which the pattern is found; what was said before it is passed over."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.said.append(self.lines.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                pytest.fail(f"nothing said {pattern!r}, but {self.said}")
            if re.search(pattern, self.said[-1]):
                return self.said[-1]
            assert self.process.poll() is None or not self.lines.empty(), self.said

    def started(self) -> Child:
        self.url = self.heard(r"^http://127\.0\.0\.1:\d+/ ").split(" ")[0]
        self.port = int(self.url.rstrip("/").rpartition(":")[2])
        return self

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Exit status and standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.reader.join(PATIENCE)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with self.process.stdout, self.process.stderr:
            return status, self.process.stderr.read()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def ask(self, path: str, host: str | None = "", method: str = "GET") -> Answer:
        """The answer to a request whose path goes out as it stands; no Host header where `host` is None."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.putrequest(method, path, skip_host=True)
            if host is not None:
                connection.putheader("Host", host or f"127.0.0.1:{self.port}")
            connection.endheaders()
            with connection.getresponse() as answer:
                return Answer(answer.status, answer.headers, answer.read())


Serve = Callable[..., Child]


def project(folder: Path, files: dict[str, str] | None = None) -> Path:
    shutil.copytree(REPOSITORY / "templates", folder / "templates")
    usual = {"content/site.yaml": SITE, "content/errors/500.md": entry()}
    for name, text in (usual | (files or {})).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serve]:
    """Starts the preview of a small project; stops it at the end, and no traceback may have been printed."""
    children: list[Child] = []

    def start(files: dict[str, str] | None = None) -> Child:
        children.append(Child(project(tmp_path, files)))
        return children[-1].started()

    yield start
    for child in children:
        assert child.stop() == (0, "")


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """A preview that nobody edits."""
    child = Child(project(tmp_path_factory.mktemp("standing"))).started()
    yield child
    assert child.stop() == (0, "")


# Edit, break, mend


def test_edit_shows_in_a_browser_that_nobody_touches(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(f"{child.url}errors/500.html")
    expect(seen.page.locator("main")).to_contain_text("It broke")
    child.write("content/errors/500.md", entry(title="It snapped"))
    expect(seen.page.locator("main")).to_contain_text("It snapped")
    child.write("content/errors/500.md", entry(title="It tore"))
    expect(seen.page.locator("main")).to_contain_text("It tore")
    assert seen.said == []


def test_problem_lies_over_the_last_good_page(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(f"{child.url}errors/500.html")
    child.write("content/errors/500.md", BROKEN)
    expect(seen.page.locator(OVERLAY)).to_contain_text(BROKEN_LINE)
    expect(seen.page.locator(OVERLAY)).to_be_visible()
    expect(seen.page.locator("main")).to_contain_text("It broke")
    assert child.heard(r"error\[").startswith(BROKEN_LINE)
    assert child.heard("to mend") == "1 to mend; the last good build stays"
    assert seen.said == []


def test_mended_file_shows_its_page_again(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(f"{child.url}errors/500.html")
    child.write("content/errors/500.md", BROKEN)
    expect(seen.page.locator(OVERLAY)).to_be_visible()
    child.write("content/errors/500.md", entry(title="It was mended"))
    expect(seen.page.locator("main")).to_contain_text("It was mended")
    expect(seen.page.locator(OVERLAY)).to_have_count(0)


def test_file_that_is_as_it_was_takes_the_problem_away(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(f"{child.url}errors/500.html")
    child.write("content/errors/500.md", BROKEN)
    expect(seen.page.locator(OVERLAY)).to_be_visible()
    child.write("content/errors/500.md", entry())
    expect(seen.page.locator(OVERLAY)).to_have_count(0)


def test_second_mistake_is_told_with_the_first(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(child.url)
    child.write("content/errors/500.md", BROKEN)
    expect(seen.page.locator(OVERLAY)).to_contain_text("500.md")
    child.write("content/errors/501.md", "<b>broken</b>")
    expect(seen.page.locator(OVERLAY)).to_contain_text("501.md:1:1: error[front-matter]")
    expect(seen.page.locator(OVERLAY)).to_contain_text(BROKEN_LINE)


def test_page_that_is_opened_while_something_is_broken_says_so(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    child.write("content/errors/500.md", BROKEN)
    child.heard("to mend")
    seen.page.goto(f"{child.url}errors/500.html")
    expect(seen.page.locator(OVERLAY)).to_contain_text(BROKEN_LINE)
    expect(seen.page.locator("main")).to_contain_text("It broke")


def test_project_that_was_never_sound_says_so_and_recovers(serving: Serve, tab: Open) -> None:
    child, seen = serving({"content/errors/500.md": BROKEN}), tab()
    answer = seen.page.goto(f"{child.url}errors/500.html")
    assert answer is not None
    assert answer.status == 503
    expect(seen.page.locator(OVERLAY)).to_contain_text(BROKEN_LINE)
    child.write("content/errors/500.md", entry())
    expect(seen.page.locator("main")).to_contain_text("It broke")


# What else changes


def test_new_entry_shows_and_a_deleted_one_goes(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(f"{child.url}errors/index.html")
    link = seen.page.locator("main a[href$='/501.html']")
    child.write("content/errors/501.md", entry('number: "501"', title="It bent"))
    expect(link.first).to_be_visible()
    (child.folder / "content/errors/501.md").unlink()
    expect(link).to_have_count(0)
    assert child.ask("/errors/501.html").status == 404


def test_page_whose_entry_is_deleted_becomes_the_404_page_and_comes_back(serving: Serve, tab: Open) -> None:
    child, seen = serving({"content/errors/501.md": entry('number: "501"', title="It bent")}), tab()
    seen.page.goto(f"{child.url}errors/501.html")
    (child.folder / "content/errors/501.md").unlink()
    expect(seen.page.locator("main")).not_to_contain_text("It bent")
    child.write("content/errors/501.md", entry('number: "501"', title="It bent again"))
    expect(seen.page.locator("main")).to_contain_text("It bent again")


def test_edit_of_a_template_shows(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(child.url)
    child.change("templates/base.html", "</main>", "<p>All of it is new.</p></main>")
    expect(seen.page.locator("main")).to_contain_text("All of it is new.")


def test_broken_template_is_told_with_its_line_and_recovers(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(child.url)
    child.change("templates/base.html", "</main>", "{% if %}</main>")
    expect(seen.page.locator(OVERLAY)).to_contain_text(re.compile(r"base\.html:\d+: the template cannot be read"))
    child.change("templates/base.html", "{% if %}</main>", "</main>")
    expect(seen.page.locator(OVERLAY)).to_have_count(0)


def test_edit_of_the_style_shows(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(child.url)
    with (child.folder / "templates/assets/site.css").open("a") as style:
        style.write("\nh1 { color: rgb(1, 2, 3); }\n")
    expect(seen.page.locator("h1").first).to_have_css("color", "rgb(1, 2, 3)")


def test_every_tab_is_told(serving: Serve, tab: Open) -> None:
    child, first, second = serving(), tab(), tab()
    first.page.goto(f"{child.url}errors/500.html")
    second.page.goto(child.url)
    child.write("content/errors/500.md", entry(title="It snapped"))
    expect(first.page.locator("main")).to_contain_text("It snapped")
    expect(second.page.locator("main")).to_contain_text("It snapped")


def test_save_that_changes_nothing_reloads_nothing(serving: Serve, tab: Open) -> None:
    child, seen = serving(), tab()
    seen.page.goto(f"{child.url}errors/500.html")
    seen.page.evaluate("window.untouched = true")
    child.write("content/errors/500.md", entry())
    child.write("content/errors/501.md", "broken")
    expect(seen.page.locator(OVERLAY)).to_contain_text("501.md")
    assert seen.page.evaluate("window.untouched")
    assert [line for line in child.said if line.startswith("built")] == child.said[:1]


# Nothing is missed


def test_save_between_the_first_build_and_the_watch_is_not_lost(tmp_path: Path) -> None:
    project(tmp_path)
    said: list[str] = []
    stop = threading.Event()
    over = threading.Timer(PATIENCE, stop.set)
    over.start()

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("http://"):  # the watch has not begun yet
            (tmp_path / "content/errors/500.md").write_text(entry(title="It was saved in between"))
        elif len(said) > 2:
            stop.set()

    places = Places(*(str(tmp_path / name) for name in ("content", "templates", "output")))
    serve.serve(places, 0, say, stop)
    over.cancel()
    assert [line.split(" ")[0] for line in said[::2]] == ["built", "built"]
    assert "It was saved in between" in (tmp_path / "output/errors/500.html").read_text()


def test_page_that_was_sent_before_a_build_is_reloaded_when_it_listens(serving: Serve) -> None:
    child = serving()
    (script,) = re.findall(rb'src="(/_preview\.js\?\d+)"', child.ask("/index.html").body)
    number = script.partition(b"?")[2]
    child.write("content/errors/500.md", entry(title="It snapped"))
    child.heard("^built .* [1-9]")
    with socket.create_connection(("127.0.0.1", child.port), PATIENCE) as listener, listener.makefile("rb") as stream:
        listener.sendall(b"GET /_preview/events?%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % number)
        told = next(line for line in stream if line.startswith(b"data: "))
    assert told == b'data: {"problems": [], "reload": true}\n'


# What is served, and to whom


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/errors/", "text/html; charset=utf-8"),
        ("/errors/500.html", "text/html; charset=utf-8"),
        ("/errors/500.html?a=b", "text/html; charset=utf-8"),
        ("/errors/%350%30.html", "text/html; charset=utf-8"),
        ("/api/errors.json", "application/json; charset=utf-8"),
        ("/feed.xml", "application/xml; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
    ],
)
def test_file_of_the_site_is_served_with_its_type(path: str, kind: str, standing: Child) -> None:
    answer = standing.ask(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)


def test_asset_is_served_as_it_lies_there(standing: Child) -> None:
    (name,) = (path.name for path in (standing.folder / "output/assets").glob("site*.css"))
    answer = standing.ask(f"/assets/{name}")
    assert answer.body == (standing.folder / "output/assets" / name).read_bytes()
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def test_headers_are_those_of_the_headers_file_but_for_the_preview(standing: Child) -> None:
    style = next(path.name for path in (standing.folder / "output/assets").glob("site*.css"))
    for path in ("/index.html", "/errors/500.html", f"/assets/{style}"):
        wanted = headers_of(standing.folder / "output", path)
        del wanted["Strict-Transport-Security"]
        wanted["Content-Security-Policy"] += "; connect-src 'self'"
        wanted["Cache-Control"] = "no-store"
        answer = standing.ask(path)
        assert {name: answer.headers[name] for name in wanted} == wanted
        assert answer.headers["Strict-Transport-Security"] is None


def test_page_differs_from_the_built_one_by_the_preview_alone(standing: Child) -> None:
    served = standing.ask("/errors/500.html").body.decode()
    plain = re.sub(r'<script src="/_preview\.js\?\d+" defer></script>\n', "", served)
    plain = plain.replace("; connect-src 'self'\"", '"', 1)
    assert plain == (standing.folder / "output/errors/500.html").read_text()
    assert plain != served


@pytest.mark.parametrize("path", ["/gone.html", "/errors/gone.html", "/a/b/c", "/errors/500", "/errors/500.html/"])
def test_address_that_is_none_is_the_404_page(path: str, standing: Child) -> None:
    answer = standing.ask(path)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"<h1" in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/../content/site.yaml",
        "/%2e%2e/content/site.yaml",
        "/..%2fcontent%2fsite.yaml",
        "/..%5ccontent%5csite.yaml",
        "/errors/../../content/site.yaml",
        "/errors/../index.html",
        "//content/site.yaml",
        "/{folder}/content/site.yaml",
        "//{folder}/output/index.html",
        "file://{folder}/content/site.yaml",
        "/etc/passwd",
        "//etc/passwd",
        "/manifest.json",
        "/.errordocs/readings",
        "/errors",
        "/errors/500.html%00",
        "/errors/500.html%0d%0aX-Bad:%20yes",
        "//[",
        "http://[",
        "/%ff",
        "*",
    ],
)
def test_what_the_site_does_not_list_is_not_served(path: str, standing: Child) -> None:
    secret = standing.folder / "output/errors/secret.html"
    secret.write_text("secret")
    answer = standing.ask(path.replace("{folder}", str(standing.folder)))
    body = answer.body
    assert answer.status == 404
    assert answer.headers["X-Bad"] is None
    assert b"title: Widget errors" not in body
    assert standing.ask("/errors/secret.html").status == 404


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "127.0.0.1", "localhost"])
def test_this_machine_may_look(host: str, standing: Child) -> None:
    assert standing.ask("/", host.format(standing.port)).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{}", "127.0.0.1.evil.example:{}", "localhost.evil.example", "a@localhost:{}", None],
)
@pytest.mark.parametrize("path", ["/", "/_preview.js", "/_preview/events", "/gone.html"])
def test_a_page_elsewhere_may_not_look(path: str, host: str | None, standing: Child) -> None:
    answer = standing.ask(path, host.format(standing.port) if host else None)
    assert (answer.status, answer.body) == (403, b"only for this machine\n")


def test_only_the_loopback_is_listened_on(standing: Child) -> None:
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", standing.port))  # which an open server answers too


@pytest.mark.parametrize("path", ["/", "/gone.html", "/_preview/events"])
def test_head_is_an_answer_without_a_body(path: str, standing: Child) -> None:
    answer = standing.ask(path, method="HEAD")
    assert answer.status == (200 if path == "/" else 404)
    assert int(answer.headers["Content-Length"]) > 0
    assert answer.body == b""


def test_post_is_not_understood(standing: Child) -> None:
    assert standing.ask("/", method="POST").status == 501


def test_damaged_manifest_is_no_traceback(serving: Serve) -> None:
    child = serving()
    (child.folder / "output/manifest.json").write_text("{")
    assert child.ask("/").status == 503


# Beginning and end


def test_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        child = Child(project(tmp_path), "--port", str(port))
        child.process.wait(PATIENCE)
    assert child.stop() == (3, f"build.py: port {port}: Address already in use; name another with --port\n")


@pytest.mark.parametrize("port", ["65536", "-1", "x", ""])
def test_port_that_is_none_is_wrong_usage(port: str, tmp_path: Path) -> None:
    child = Child(project(tmp_path), f"--port={port}")
    child.process.wait(PATIENCE)
    status, told = child.stop()
    assert status == 2
    assert told.splitlines()[-1].endswith(f"`{port}` is no port; name one from 0 to 65535")


@pytest.mark.parametrize("missing", ["content", "templates"])
def test_folder_that_is_missing_is_told(missing: str, tmp_path: Path) -> None:
    shutil.rmtree(project(tmp_path) / missing)
    child = Child(tmp_path)
    child.process.wait(PATIENCE)
    status, told = child.stop()
    assert status == 3
    assert told == f"build.py: {missing}: there is no such folder; name it with --{missing}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_stopping_is_quiet_and_done_while_a_browser_listens(number: signal.Signals, tmp_path: Path, tab: Open) -> None:
    child, seen = Child(project(tmp_path)).started(), tab()
    with seen.page.expect_response(lambda answer: "/_preview/events" in answer.url):
        seen.page.goto(child.url)
    assert child.stop(number) == (0, "")


def test_stopping_before_it_serves_is_quiet(tmp_path: Path) -> None:
    child = Child(project(tmp_path))
    child.heard("^built")
    assert child.stop()[0] in (0, 3)


def test_visitor_who_leaves_early_is_no_error(tmp_path: Path) -> None:
    child = Child(project(tmp_path)).started()
    lines = (b"GET /_preview/events HTTP/1.1", b"GET / HTTP/1.1", b"GET")
    for request in (line + b"\r\nHost: localhost\r\n\r\n" for line in lines):
        with socket.create_connection(("127.0.0.1", child.port)) as visitor:
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # leaves with a reset
            visitor.sendall(request)
    child.write("content/errors/500.md", entry(title="It snapped"))
    child.heard("^built .* [1-9]")
    assert child.ask("/").status == 200
    assert child.stop() == (0, "")
