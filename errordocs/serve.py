"""The preview: builds, serves what a CDN would serve, rebuilds what changed, tells the browser.

Only on the loopback, only files that the build's manifest lists. A broken file is told on the page and in the
terminal; the last good build stays.
"""

from __future__ import annotations

import json
import os
import queue
import re
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote
from urllib.parse import urlsplit

from errordocs import pipeline
from errordocs import write
from errordocs.model import Failed
from errordocs.pipeline import Places

HOST = "127.0.0.1"
SCRIPT = "_preview.js"
EVENTS = "_preview/events"
DEBOUNCE = 50  # milliseconds in which several saves are one change
HEARTBEAT = 15.0  # seconds after which a silent browser is written to, to learn whether it is still there
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}

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
  var events = document.currentScript.src.replace(/_preview\\.js$/, "_preview/events");
  new EventSource(events).onmessage = function (event) {
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
        self.listeners: set[queue.SimpleQueue[bool]] = set()
        self.lock = threading.Lock()

    def build(self) -> bool:
        """Builds what changed and tells the browsers; whether the site is now that of the content."""
        started = time.perf_counter()
        try:
            built = pipeline.build(self.places, self.memory)
            problems = tuple(str(problem) for problem in built.problems if problem.severity == "error")
        except Failed as failed:
            problems = (str(failed),)
        took = (time.perf_counter() - started) * 1000
        if problems:
            self.say("".join(f"{line}\n" for line in problems) + f"{len(problems)} to mend; the last good build stays")
        else:
            self.say(f"built in {took:.0f} ms: {built.written} written, {built.removed} removed")
        with self.lock:
            self.problems = problems
            for listener in self.listeners:
                listener.put(not problems)
        return not problems

    def events(self) -> Iterator[str]:
        """What a browser hears: at once if there are problems, then after each build; blanks in between."""
        listener: queue.SimpleQueue[bool] = queue.SimpleQueue()
        with self.lock:
            self.listeners.add(listener)
            problems = self.problems
        try:
            if problems:
                yield _event(problems, False)
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
        path = unquote(urlsplit(self.path).path).lstrip("/")
        if not _is_local(self.headers.get("Host", "")):
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"only for this machine\n")
        elif path == SCRIPT:
            self._answer(HTTPStatus.OK, TYPES[".js"], PREVIEW.encode())
        elif path == EVENTS:
            self._stream()
        else:
            self._file(path or "index.html")

    def _file(self, path: str) -> None:
        output = self.preview.places.output
        known = write.manifest(Path(output))
        if path.endswith("/"):
            path += "index.html"
        status = HTTPStatus.OK
        if path not in known:
            status = HTTPStatus.NOT_FOUND
            nearest = f"{path.rpartition('/')[0]}/404.html".lstrip("/")
            path = nearest if nearest in known else "404.html"
        try:
            data = Path(output, path).read_bytes()
        except OSError:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"not built yet\n")
            return
        kind = TYPES.get(os.path.splitext(path)[1], "text/plain; charset=utf-8")
        self._answer(status, kind, _with_script(data, path) if path.endswith(".html") else data, self._headers(path))

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
            elif applies and not line.strip().startswith("!"):
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
        self.wfile.write(data)

    def _stream(self) -> None:
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
            for event in self.preview.events():
                self.wfile.write(event.encode())
        except OSError:
            return  # the browser has gone

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line."""


def _is_local(host: str) -> bool:
    """Whether a request names this machine: a page elsewhere must not read the preview by a name of its own."""
    return host.rpartition(":")[0] in (HOST, "localhost") or host in (HOST, "localhost")


def _with_script(page: bytes, path: str) -> bytes:
    """The page with the preview's script, and with leave in its own policy for the script's channel."""
    root = "../" * path.count("/")
    page = page.replace(b"form-action 'self'\"", b"form-action 'self'; connect-src 'self'\"", 1)
    return page.replace(b"</head>", f'<script src="{root}{SCRIPT}" defer></script>\n</head>'.encode(), 1)


def serve(places: Places, port: int, say: Callable[[str], None], stop: threading.Event | None = None) -> None:
    """Builds, serves on the loopback, and rebuilds until `stop` or an interrupt.

    Raises Failed where it cannot begin.
    """
    import watchfiles

    preview = Preview(places, say)
    try:
        server = ThreadingHTTPServer((HOST, port), partial(_Handler, preview))
    except OSError as error:
        raise Failed(f"port {port}: {error.strerror}; name another with --port") from None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
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
        preview.build()
        say(f"http://{HOST}:{server.server_port}/ (stop with Ctrl-C)")
        watching = False
        for changed in changes:
            if changed or not watching:  # what changed before the watch began is built in its first turn
                preview.build()
            watching = True
    except FileNotFoundError as error:
        raise Failed(f"{error}; name the folders with --content and --templates") from None
    finally:
        server.shutdown()
        server.server_close()
