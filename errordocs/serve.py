"""The preview: builds, serves what a CDN would serve, rebuilds what changed, tells the browser.

Only on the loopback, only files that the build's manifest lists. A broken file is told on the page and in the
terminal; the last good build stays.
"""

from __future__ import annotations

import json
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Set
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from errordocs import pipeline
from errordocs import write
from errordocs.model import Failed
from errordocs.paths import TYPES
from errordocs.paths import type_of
from errordocs.pipeline import Places

HOST = "127.0.0.1"
SCRIPT = "_preview.js"
EVENTS = "_preview/events"
DEBOUNCE = 50  # milliseconds in which several saves are one change
HEARTBEAT = 15.0  # seconds after which a silent browser is written to, to learn whether it is still there

WAITING = b"""<!doctype html>
<html lang="en">
<head><title>Not built yet</title></head>
<body><p>Not built yet.</p></body>
</html>
"""

# Shown over the page; made of text nodes only, styled by the script through the CSSOM, which the policy allows.
PREVIEW = """\
(function () {
  "use strict";
  var box;
  function show(lines) {
    if (!box) {
      box = document.createElement("pre");
      box.id = "preview-problems";
      box.setAttribute("role", "alert");
      var look = { position: "fixed", inset: "auto 0 0 0", maxHeight: "60vh", overflow: "auto", margin: "0",
        zIndex: "9", padding: "1rem", background: "#7a1712", color: "#fff", font: "14px/1.5 monospace",
        whiteSpace: "pre-wrap" };
      Object.keys(look).forEach(function (name) { box.style[name] = look[name]; });
      document.body.appendChild(box);
    }
    box.textContent = lines.join("\\n");
  }
  new EventSource("/_preview/events?" + document.currentScript.src.split("?")[1]).onmessage = function (event) {
    var told = JSON.parse(event.data);
    if (told.problems.length) show(told.problems);
    else if (told.reload) location.reload();
  };
})();
"""


class Preview:
    """The state that builder and browsers share: the last build's problems, its number, and who listens."""

    def __init__(self, places: Places, say: Callable[[str], None]) -> None:
        self.places = places
        self.say = say
        self.memory = pipeline.Memory()
        self.problems: tuple[str, ...] = ()
        self.number = 0  # of the last build that changed the site; a page that was sent before has a smaller one
        self.listeners: set[queue.SimpleQueue[bool]] = set()
        self.lock = threading.Lock()

    def build(self, changed: Set[str] | None = None) -> None:
        """Builds what changed, which may be known; says so and tells the browsers where that made a difference."""
        started = time.perf_counter()
        try:
            built = pipeline.build(self.places, self.memory, changed=changed)
            problems = tuple(str(problem) for problem in built.problems if problem.severity == "error")
        except Failed as failed:
            built, problems = pipeline.Built(()), (str(failed),)
        took = (time.perf_counter() - started) * 1000
        if self.number and not (problems or self.problems or built.written or built.removed):
            return
        if problems:
            self.say("".join(f"{line}\n" for line in problems) + f"{len(problems)} to mend; the last good build stays")
        else:
            self.say(f"built in {took:.0f} ms: {built.written} written, {built.removed} removed")
        with self.lock:
            self.problems = problems
            self.number = self.number if problems else time.time_ns()
            for listener in self.listeners:
                listener.put(not problems)

    def events(self, number: str) -> Iterator[str]:
        """What a browser hears that shows the build of this number: what happened since, then after each build."""
        listener: queue.SimpleQueue[bool] = queue.SimpleQueue()
        with self.lock:
            self.listeners.add(listener)
            problems, is_old = self.problems, number != str(self.number)
        try:
            if problems or is_old:
                yield _event(problems, is_old)
            while True:
                try:
                    reload = listener.get(timeout=HEARTBEAT)
                except queue.Empty:
                    yield ":\n\n"
                    continue
                yield _event(self.problems, reload)
        finally:
            with self.lock:
                self.listeners.discard(listener)


def _event(problems: tuple[str, ...], reload: bool) -> str:
    return f"data: {json.dumps({'problems': problems, 'reload': reload})}\n\n"


class _Handler(BaseHTTPRequestHandler):
    """Answers as the CDN does: types and headers from `_headers`, the nearest 404 page with status 404."""

    protocol_version = "HTTP/1.1"

    def __init__(self, preview: Preview, *rest: object) -> None:
        self.preview = preview
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        address, _, query = self.path.partition("?")
        path = unquote(address).lstrip("/")
        if not _is_local(self.headers.get("Host", "")):
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"only for this machine\n")
        elif path == SCRIPT:
            self._answer(HTTPStatus.OK, TYPES[".js"], PREVIEW.encode())
        elif path == EVENTS and self.command == "GET":
            self._stream(query)
        else:
            self._file(path or "index.html")

    do_HEAD = do_GET  # noqa: N815 - http.server looks for this name

    def _file(self, path: str) -> None:
        output, number = self.preview.places.output, self.preview.number
        if path.endswith("/"):
            path += "index.html"
        status = HTTPStatus.OK
        try:
            known = write.manifest(Path(output))
            if path not in known:
                status = HTTPStatus.NOT_FOUND
                nearest = f"{path.rpartition('/')[0]}/404.html".lstrip("/")
                path = nearest if nearest in known else "404.html"
            data = Path(output, path).read_bytes()
        except (OSError, Failed):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, TYPES[".html"], _with_script(WAITING, number))
            return
        kind = type_of(path)
        page = _with_script(data, number) if path.endswith(".html") else data
        self._answer(status, kind, page, self._headers(path))

    def _headers(self, path: str) -> dict[str, str]:
        """What `_headers` says of a path, its policy widened for the preview's own channel."""
        try:
            rules = Path(self.preview.places.output, "_headers").read_text(encoding="utf-8")
        except OSError:
            return {}
        found: dict[str, str] = {}
        applies = False
        for line in rules.splitlines():
            if not line.startswith(" "):
                applies = re.fullmatch(re.escape(line).replace(r"\*", ".*"), f"/{path}") is not None
            elif applies and line.strip().startswith("! "):
                found.pop(line.strip()[2:], None)
            elif applies:
                name, _, value = line.strip().partition(": ")
                found[name] = value
        found.pop("Strict-Transport-Security", None)
        if policy := found.get("Content-Security-Policy"):
            found["Content-Security-Policy"] = f"{policy}; connect-src 'self'"
        return found | {"Cache-Control": "no-store"}

    def _answer(self, status: HTTPStatus, kind: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, number: str) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in (
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(b":\n\n")
            for event in self.preview.events(number):
                self.wfile.write(event.encode())
        except OSError:
            return  # the browser has gone

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line."""


def _is_local(host: str) -> bool:
    """Whether a request names this machine: a page elsewhere must not read the preview by a name of its own."""
    return host.rpartition(":")[0] in (HOST, "localhost") or host in (HOST, "localhost")


def _with_script(page: bytes, number: int) -> bytes:
    """The page with the preview's script, and with leave in its own policy for the script's channel."""
    page = page.replace(b"form-action 'self'\"", b"form-action 'self'; connect-src 'self'\"", 1)
    return page.replace(b"</head>", f'<script src="/{SCRIPT}?{number}" defer></script>\n</head>'.encode(), 1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that left before it had everything is no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _changed_only(changes: Iterable[tuple[object, str]], folder: str) -> Set[str] | None:
    """The files of the content that were written, where nothing else changed, or None."""
    names = set()
    top = os.path.realpath(folder)
    for _, path in changes:
        name = os.path.relpath(os.path.realpath(path), top)
        if name.startswith("..") or not os.path.isfile(path):
            return None
        names.add(name.replace(os.sep, "/"))
    return names


def serve(places: Places, port: int, say: Callable[[str], None], stop: threading.Event | None = None) -> None:
    """Builds, serves on the loopback, and rebuilds until `stop` or an interrupt.

    Raises Failed where it cannot begin.
    """
    import watchfiles

    for option, folder in (("content", places.content), ("templates", places.templates)):
        if not os.path.isdir(folder):
            raise Failed(f"{folder}: there is no such folder; name it with --{option}")
    preview = Preview(places, say)
    try:
        server = _Server((HOST, port), partial(_Handler, preview))
    except OSError as error:
        raise Failed(f"port {port}: {error.strerror}; name another with --port") from None
    is_served = False
    try:
        stop = stop or threading.Event()
        changes = watchfiles.watch(
            places.content,
            places.templates,
            debounce=DEBOUNCE * 4,
            step=DEBOUNCE,
            stop_event=stop,
            rust_timeout=500,
            yield_on_timeout=True,
            raise_interrupt=True,
        )
        preview.build()  # before there is a thread: only a process without threads works on every core
        threading.Thread(target=server.serve_forever, daemon=True).start()
        is_served = True
        say(f"http://{HOST}:{server.server_port}/ (stop with Ctrl-C)")
        watching = False
        for changed in changes:
            if changed or not watching:  # what changed before the watch began is built in its first turn
                preview.build(_changed_only(changed, places.folder) if watching else None)
            watching = True
    except KeyboardInterrupt:
        say("stopped")
    finally:
        if is_served:
            server.shutdown()
        server.server_close()
