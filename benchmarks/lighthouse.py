"""What Lighthouse says of a page of every kind, under its own mobile throttling.

    npm install --prefix FOLDER lighthouse
    python benchmarks/lighthouse.py FOLDER/node_modules/.bin/lighthouse [--site output] [--runs 3] [--page lookup.html]
        [--others]

It needs Node, the system's Chromium, and a built site, which it serves on this machine, gzipped as a host sends it and
with the headers of `_headers`. A page's figures are the medians of its runs; `power` is Lighthouse's own measure of the
machine, which its fourfold slowing of the processor comes on top of. `--others` looks at accessibility, best practices
and SEO too, in a run of their own, and tells below the table what lowers a score of theirs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import mimetypes
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
METRICS = {
    "FCP, s": ("first-contentful-paint", 0.001),
    "LCP, s": ("largest-contentful-paint", 0.001),
    "TBT, ms": ("total-blocking-time", 1),
    "CLS": ("cumulative-layout-shift", 1),
}


class Host(BaseHTTPRequestHandler):
    """Sends what a CDN would: gzipped, with the headers that the site asks for; its own page for what is missing."""

    protocol_version = "HTTP/1.1"

    def __init__(self, site: Path, *rest: Any) -> None:
        self.site = site
        super().__init__(*rest)

    def do_GET(self) -> None:
        path = self.path.split("?")[0].lstrip("/") or "index.html"
        file, status = self.site / path, 200
        if not file.is_file():
            file, status = self.site / "404.html", 404
        data = gzip.compress(file.read_bytes(), 6)
        self.send_response(status)
        self.send_header("Content-Type", f"{mimetypes.guess_type(file)[0]}; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers(self.site, f"/{path}").items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def headers(site: Path, path: str) -> dict[str, str]:
    """The headers of a path by the rules in `_headers`: later rules replace what earlier ones said."""
    found: dict[str, str] = {}
    is_meant = False
    for line in (site / "_headers").read_text().splitlines():
        if not line.startswith(" "):
            is_meant = path.startswith(line.rstrip("*")) if line.endswith("*") else path == line
        elif is_meant and ": " in line:
            name, _, value = line.strip().partition(": ")
            found[name] = value
    return found


def kinds(site: Path) -> dict[str, str]:
    """A page of every kind by its name; of entries and senders the middle one by size, and the largest."""
    found = {"home": "index.html", "all errors": "errors/index.html"}
    moved = {
        page.relative_to(site).as_posix()
        for page in site.rglob("*.html")
        if b'http-equiv="refresh"' in page.read_bytes()
    }

    def by_size(folder: str) -> list[str]:
        pages = {page.relative_to(site).as_posix() for page in (site / folder).rglob("*.html")}
        pages -= {*moved, f"{folder}/index.html", f"{folder}/404.html"}
        return sorted(pages, key=lambda page: (weight(site, page), page))

    for folder, one in (("errors", "entry"), ("senders", "sender"), ("topics", "topic"), ("guides", "guide")):
        pages = by_size(folder)
        found |= {one: pages[len(pages) // 2], f"largest {one}": pages[-1]}
    found |= {folder: f"{folder}/index.html" for folder in ("senders", "topics", "guides")}
    found |= {page.removesuffix(".html"): page for page in by_size("codes")}
    found |= {"lookup": "lookup.html", "about": "about.html", "missing": "404.html"}
    return found | dict(zip(("moved",), sorted(moved), strict=False))


def weight(site: Path, page: str) -> int:
    return len(gzip.compress((site / page).read_bytes(), 6))


def seen(lighthouse: str, address: str, categories: str) -> dict[str, Any]:
    """Lighthouse's report of one visit."""
    command = [lighthouse, address, "--output=json", "--quiet", f"--only-categories={categories}"]
    environment = {"CHROME_PATH": shutil.which("chromium") or shutil.which("google-chrome") or "", **os.environ}
    run = subprocess.run(
        [*command, f"--chrome-flags={FLAGS}"], env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        sys.exit(run.stderr)
    report: dict[str, Any] = json.loads(run.stdout)
    if trouble := report.get("runtimeError"):
        sys.exit(f"{address}: {trouble['message']}")
    return report


def flaws(report: dict[str, Any]) -> list[str]:
    """What lowers a score of the report."""
    audits = report["audits"]
    return [
        f"{category['title']} {category['score'] * 100:.0f}: {audits[ref['id']]['title']}"
        for category in report["categories"].values()
        for ref in category["auditRefs"]
        if ref["weight"] and (audits[ref["id"]]["score"] or 0) < 1 and audits[ref["id"]]["score"] is not None
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("lighthouse", help="the command that npm installed")
    options.add_argument("--site", default="output")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--page", help="this one alone")
    options.add_argument("--others", action="store_true", help="the other categories too")
    told = options.parse_args()
    site = Path(told.site).resolve()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"| page | gzipped, KB | performance | {' | '.join(METRICS)} | power |")
    print("|---" * (4 + len(METRICS)) + "|")
    others: dict[str, list[str]] = {}
    for kind, page in ({told.page: told.page} if told.page else kinds(site)).items():
        address = f"http://127.0.0.1:{server.server_address[1]}/{page}"
        reports = [seen(told.lighthouse, address, "performance") for _ in range(told.runs)]
        score = statistics.median(one["categories"]["performance"]["score"] * 100 for one in reports)
        figures = [
            statistics.median(one["audits"][audit]["numericValue"] for one in reports) * unit
            for audit, unit in METRICS.values()
        ]
        power = statistics.median(one["environment"]["benchmarkIndex"] for one in reports)
        cells = [f"{weight(site, page) / 1000:.1f}", f"{score:.0f}", *(f"{one:.3g}" for one in figures), f"{power:.0f}"]
        print(f"| {kind}, `{page}` | {' | '.join(cells)} |", flush=True)
        if told.others:
            for flaw in flaws(seen(told.lighthouse, address, "accessibility,best-practices,seo")):
                others.setdefault(flaw, []).append(page)
    browser = reports[-1]["environment"]["hostUserAgent"].split("Chrome/")[1].split()[0]
    print(f"\n{platform.machine()}, Lighthouse {reports[-1]['lighthouseVersion']}, Chromium {browser}")
    for flaw, pages in others.items():
        print(f"- {flaw}: {', '.join(pages)}")


if __name__ == "__main__":
    main()
