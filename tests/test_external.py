"""`check --external` against a server of this machine that answers well, badly, late and never."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from errordocs import external
from errordocs import load
from errordocs.external import Limits
from errordocs.model import Failed
from tests import records
from tests.conftest import BODY
from tests.conftest import SITE
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

Build = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]

PATIENT = Limits(pause=0, backoff=0.001, longest_wait=0.2, timeout=20)
HASTY = Limits(pause=0, backoff=0.001, longest_wait=0, timeout=0.25)
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = """<h1 id=top-of-it>One</h1><p ID = 'two'>Two<a name="three">Three</a><h2 id="user-content-four">Four</h2>
<h2 id="fünf">Five</h2><i data-x="six">Six</i>"""


class Server:
    """Answers by path; keeps what was asked, and how many requests were under way at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.lock = threading.Lock()
        self.under_way = 0
        self.most_at_once = 0
        self.over = threading.Event()
        self.gate: threading.Barrier | None = None
        self.patience = 20.0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.take(self)

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """Whoever asked has gone."""

        self.http = Quiet(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.over.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.asked.append(request.path)
            self.agents.add(request.headers["User-Agent"])
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            self.answer(request, request.path.partition("?")[0], self.asked.count(request.path))
        finally:
            with self.lock:
                self.under_way -= 1

    def answer(self, request: BaseHTTPRequestHandler, path: str, time_: int) -> None:
        """Answers for the `time_`th time: `/404` with that status, `/301/x` with a redirect to `/x`, and so on."""
        word, _, rest = unquote(path).lstrip("/").partition("/")
        if word in ("301", "302", "307", "308"):
            self.send(request, int(word), {"Location": f"/{rest}"})
        elif word == "to":
            self.send(request, 301, {"Location": rest.replace("|", "/")})
        elif word == "loop":
            self.send(request, 302, {"Location": "/loop"})
        elif word == "busy":
            self.send(request, 200 if time_ > 1 else 429, HTML | {"Retry-After": rest or "0"}, PAGE.encode())
        elif word == "twice":
            self.send(request, 200 if time_ > 2 else 500, HTML, PAGE.encode())
        elif word == "never":
            self.over.wait(20)
        elif word == "slowly":
            self.send(request, 200, HTML | {"Content-Length": "1000"}, b"<")
            while not self.over.wait(0.02):
                request.wfile.write(b" ")
        elif word == "cut":
            request.close_connection = True
        elif word == "half":
            self.send(request, 200, HTML | {"Content-Length": "1000"}, b"<p>")
        elif word == "text":
            self.send(request, 200, {"Content-Type": "application/pdf"}, b"%PDF id=two")
        elif word == "huge":
            self.send(request, 200, HTML, "ä".encode() * external.MOST_BYTES + b"<p id=end>")
        elif word == "coded":
            self.send(request, 200, {"Content-Type": f"text/html; charset={rest}"}, PAGE.encode())
        elif word == "together":
            if self.gate:
                with suppress(threading.BrokenBarrierError):
                    self.gate.wait(self.patience)
            self.send(request, 200, HTML, PAGE.encode())
        else:
            self.send(request, int(word) if word.isdigit() else 200, HTML, PAGE.encode())

    def send(self, request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes = b"") -> None:
        request.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | headers).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.stop()


@pytest.fixture
def told(server: Server, tmp_path: Path) -> Callable[..., list[str]]:
    """What is told of each address, given by its path on the server, with paths in place of the server's name."""

    def ask(*paths: str, limits: Limits = PATIENT, unchecked: tuple[str, ...] = ()) -> list[str]:
        urls = [path if "://" in path else server.url(path) for path in paths]
        cited = records.entry("500", references=tuple(records.reference(url) for url in urls))
        lines = f"unchecked_hosts: [{', '.join(unchecked)}]\n" if unchecked else ""
        content = records.content(cited, site=records.site_of(SITE + lines))
        found = external.findings(content, str(tmp_path / "state"), limits)
        return [f"{one.what}; {one.mend}".replace(server.url(""), "") for one in found]

    return ask


# What is told


@pytest.mark.parametrize(
    "path",
    [
        "/200",
        "/200#top-of-it",
        "/200#two",
        "/200#three",
        "/200#four",
        "/200#f%C3%BCnf",
        "/200#top",
        "/200#:~:text=Five",
        "/200#two:~:text=Five",
        "/200?a=b#two",
        "/302/200",
        "/307/302/200#two",
        "/204",
        "/text",
        "/text#page=3",
        "/huge",
        "/huge#end",
        "/coded/latin-1#two",
        "/coded/hex#two",
        "/coded/nonsense#two",
    ],
)
def test_address_that_answers_is_right(path: str, told: Callable[..., list[str]]) -> None:
    assert told(path) == []


@pytest.mark.parametrize("path", ["/200#six", "/200#Two", "/302/200#gone", "/200#x:~:text=Five"])
def test_missing_place_is_told(path: str, told: Callable[..., list[str]]) -> None:
    assert told(path) == [f"`{path}` has no such place on its page; link the page, or the place's new name"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/301/200", "/200"),
        ("/308/200", "/200"),
        ("/308/301/308/200", "/200"),
        ("/301/302/200", "/302/200"),
        ("/301/200?", "/200"),
        ("/301/200#two", "/200#two"),
        ("/to/|200%23three#two", "/200#three"),
        ("/301/200#gone", "/200#gone"),
    ],
)
def test_address_that_moved_for_good_is_told_with_the_new_one(
    path: str, target: str, told: Callable[..., list[str]]
) -> None:
    assert told(path) == [f"`{path}` has moved; write `{target}`"]


def test_address_that_moved_for_a_while_is_right(told: Callable[..., list[str]]) -> None:
    assert told("/302/301/200") == []


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/404", "status 404"),
        ("/410", "status 410"),
        ("/400", "status 400"),
        ("/301/404", "status 404"),
        ("/loop", "more than 8 redirects"),
        ("/cut", "RemoteProtocolError"),
        ("/half", "RemoteProtocolError"),
        ("/to/ftp:||127.0.0.1|x", "UnsupportedProtocol"),
        ("/to/mailto:a@b.example", "InvalidURL"),
        ("/to/http:||[", "ValueError"),
    ],
)
def test_dead_address_is_told(path: str, why: str, told: Callable[..., list[str]]) -> None:
    assert told(path) == [f"`{path}` is dead ({why}); find where it went, or cite another source"]


def test_port_that_nobody_listens_on_is_told(server: Server, told: Callable[..., list[str]]) -> None:
    server.stop()
    assert told("/200") == ["`/200` is dead (ConnectError); find where it went, or cite another source"]


@pytest.mark.parametrize("path", ["/never", "/slowly"])
def test_address_that_answers_too_late_is_told(path: str, told: Callable[..., list[str]]) -> None:
    began = time.monotonic()
    assert told(path, limits=HASTY) == [
        f"`{path}` is dead (no answer within 0.25 seconds); find where it went, or cite another source"
    ]
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/403", "status 403: it may refuse programs"),
        ("/401", "status 401: it may refuse programs"),
        ("/405", "status 405: it may refuse programs"),
        ("/500", "status 500"),
        ("/503", "status 503"),
        ("/429", "status 429"),
    ],
)
def test_address_that_cannot_be_checked_is_told(path: str, why: str, told: Callable[..., list[str]]) -> None:
    assert told(path) == [
        f"`{path}` could not be checked ({why}); look at it yourself, or add its host to unchecked_hosts in site.yaml "
        "with a comment that says why"
    ]


def test_every_use_of_a_dead_address_is_told_where_it_stands(server: Server, content: Make) -> None:
    dead = server.url("/404")
    folder = content(
        {
            "errors/500.md": entry(
                f'number: "500"\nreferences: [{{title: It, url: "{dead}", says: So.}}]\n'
                f'responses: [{{text: no, source: "{dead}", basis: observed, checked: 2026-01-02}}]',
                BODY.replace("this.", f"[this]({dead}) and <{dead}>."),
            ),
            "guides/a.md": article(body=f"## One\n\nSee\n[it]({dead}).\n"),
            "pages/a.md": article(body=f"## One\n\nSee [it]({dead.replace('http:', 'HTTP:')}).\n"),
            "senders/a.yaml": sender(
                more=f'links: [{{title: It, url: "{dead}", purpose: support}}]\nabout: |\n  See [it]({dead}).\n'
            ),
        }
    )
    loaded = load.load(str(folder))
    assert loaded.content is not None
    assert loaded.problems == ()
    found = load.located(str(folder), external.findings(loaded.content, str(folder.parent / "state"), PATIENT))
    assert sorted(f"{one.path[len(str(folder)) + 1 :]}:{one.line}:{one.column} {one.rule}" for one in found) == [
        "errors/500.md:13:17 external-link",
        f"errors/500.md:13:{24 + len(dead)} external-link",
        "errors/500.md:3:31 external-link",
        "errors/500.md:4:32 external-link",
        "guides/a.md:10:6 external-link",
        "pages/a.md:9:10 external-link",
        "senders/a.yaml:5:26 external-link",
        "senders/a.yaml:7:12 external-link",
    ]
    assert {one.severity for one in found} == {"warning"}


def test_registries_are_asked_for_too(server: Server, tmp_path: Path) -> None:
    made = records.registry("numbers", "500")
    row = replace(made.fields.codes[0], url=server.url("/410"))
    changed = replace(made, fields=replace(made.fields, source=server.url("/404"), codes=(row,)))
    found = external.findings(records.content(changed), str(tmp_path), PATIENT)
    assert [one.where for one in found] == [("source",), ("codes", 0, "url")]


# How it asks


def test_each_address_is_asked_for_once(server: Server, told: Callable[..., list[str]]) -> None:
    told("/200", "/200", "/404", "/404", "/200")
    assert Counter(server.asked) == {"/200": 1, "/404": 1}


def test_fragments_of_a_page_are_one_request(server: Server, told: Callable[..., list[str]]) -> None:
    assert len(told("/200#two", "/200#gone", "/200", "/200#lost", "/200?a#two")) == 2
    assert Counter(server.asked) == {"/200": 1, "/200?a": 1}


def test_it_says_who_asks(server: Server, told: Callable[..., list[str]]) -> None:
    told("/200")
    assert server.agents == {external.AGENT}


@pytest.mark.parametrize(("path", "times"), [("/busy", 2), ("/busy/0.05", 2), ("/twice", 3)])
def test_server_that_is_busy_is_asked_again(
    path: str, times: int, server: Server, told: Callable[..., list[str]]
) -> None:
    assert told(f"{path}#two", f"{path}#gone") == [
        f"`{path}#gone` has no such place on its page; link the page, or the place's new name"
    ]
    assert server.asked == [path] * times


def test_server_is_left_alone_as_long_as_it_asks(told: Callable[..., list[str]]) -> None:
    began = time.monotonic()
    assert told("/busy/0.15") == []
    assert time.monotonic() - began >= 0.15


@pytest.mark.parametrize("wish", ["3600", "Fri, 31 Dec 9999 23:59:59 GMT", "inf", "0.2"])
def test_server_is_not_waited_for_longer_than_the_limit(wish: str) -> None:
    assert external._asked_to_wait(wish, Limits(longest_wait=0.2)) == 0.2


@pytest.mark.parametrize("wish", ["-1", "nan", "soon", "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 99 Dec 1999", ""])
def test_wish_that_is_none_is_no_wait(wish: str) -> None:
    assert external._asked_to_wait(wish, Limits()) == 0


@pytest.mark.parametrize("path", ["/500", "/429", "/cut", "/half"])
def test_server_is_asked_three_times_at_most(path: str, server: Server, told: Callable[..., list[str]]) -> None:
    told(path)
    assert server.asked == [path] * 3


@pytest.mark.parametrize("path", ["/404", "/410", "/403"])
def test_plain_answer_is_not_asked_for_again(path: str, server: Server, told: Callable[..., list[str]]) -> None:
    told(path)
    assert server.asked == [path]


def test_loop_is_followed_no_longer_than_redirects_may_be(server: Server, told: Callable[..., list[str]]) -> None:
    told("/loop")
    assert server.asked == ["/loop"] * (external.MOST_REDIRECTS + 1)


def test_huge_page_is_not_read_to_its_end(server: Server, told: Callable[..., list[str]]) -> None:
    told("/huge#gone")
    assert server.asked == ["/huge"]


def test_a_host_gets_two_requests_at_once_and_not_three(server: Server, told: Callable[..., list[str]]) -> None:
    server.gate, server.patience = threading.Barrier(3), 0.3  # the first two wait for a third, which never comes
    assert told(*(f"/together/{number}" for number in range(8))) == []
    assert server.most_at_once == 2


def test_hosts_do_not_wait_for_each_other(server: Server, told: Callable[..., list[str]]) -> None:
    server.gate = threading.Barrier(4)
    paths = [server.url(f"/together/{number}", host) for number in range(2) for host in ("127.0.0.1", "localhost")]
    assert told(*paths) == []
    assert server.most_at_once == 4


def test_hosts_pause_between_requests(server: Server, told: Callable[..., list[str]]) -> None:
    began = time.monotonic()
    told("/200?1", "/200?2", "/200?3", "/200?4", limits=Limits(pause=0.1))
    assert time.monotonic() - began >= 0.2


# What it remembers


def test_second_run_asks_for_nothing(server: Server, told: Callable[..., list[str]]) -> None:
    first = told("/200", "/200#two", "/301/200", "/302/200")
    asked = len(server.asked)
    assert told("/200", "/200#two", "/301/200", "/302/200") == first == ["`/301/200` has moved; write `/200`"]
    assert len(server.asked) == asked


def test_what_failed_is_asked_for_again(server: Server, told: Callable[..., list[str]]) -> None:
    paths = ("/404", "/403", "/200#gone")
    assert told(*paths) == told(*paths)
    assert Counter(server.asked) == {"/404": 2, "/403": 2, "/200": 2}


def test_new_address_alone_is_asked_for(server: Server, told: Callable[..., list[str]]) -> None:
    told("/200")
    told("/200", "/200?new")
    assert server.asked == ["/200", "/200?new"]


def test_answer_ages(server: Server, told: Callable[..., list[str]], tmp_path: Path) -> None:
    told("/200?old", "/200?new")
    cache = tmp_path / "state/external.json"
    kept = json.loads(cache.read_text())
    kept[server.url("/200?old")][0] -= external.AGE + 1
    kept[server.url("/200?new")][0] -= external.AGE - 60
    cache.write_text(json.dumps(kept))
    told("/200?old", "/200?new")
    assert Counter(server.asked) == {"/200?old": 2, "/200?new": 1}


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"a": 1}', '{"a": ["b", "c"]}', '{"a": [1, 2, 3]}', "\0", '{"a": [null, null]}'],
)
def test_damaged_memory_is_none(damage: str, server: Server, told: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/external.json").write_text(damage)
    assert told("/200") == []
    assert server.asked == ["/200"]


def test_memory_that_cannot_be_kept_is_one_line(told: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(Failed, match=r"\A[^\n]+external.json: [^\n]+; [^\n]+\Z"):
        told("/200")


# Hosts that are left alone


def test_unchecked_host_is_left_alone(server: Server, told: Callable[..., list[str]]) -> None:
    assert told(server.url("/404"), server.url("/404", "localhost"), unchecked=("localhost",)) == [
        "`/404` is dead (status 404); find where it went, or cite another source"
    ]
    assert server.asked == ["/404"]


def test_unchecked_host_that_nothing_links_is_told(told: Callable[..., list[str]]) -> None:
    assert told("/200", unchecked=("127.0.0.1", "gone.example")) == ["nothing links to `gone.example`; delete it"]


# The command


def test_check_asks_only_when_told_to(server: Server, content: Make, build: Build) -> None:
    content({"errors/500.md": entry(body=BODY.replace("this.", f"[this]({server.url('/404')})."))})
    assert build("check").stdout == ""
    assert server.asked == []
    run = build("check", "--external")
    assert (run.returncode, server.asked) == (0, ["/404"])
    assert run.stdout == (
        f"content/errors/500.md:11:17: warning[external-link]: `{server.url('/404')}` is dead (status 404); "
        "find where it went, or cite another source\n"
    )
    assert build("check", "--external", "--strict").returncode == 1
    assert server.asked == ["/404"] * 2
