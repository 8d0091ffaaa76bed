"""The whole flow, once: load → check → link → render → write. What it remembers makes the next run quick."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from errordocs import cache
from errordocs import check
from errordocs import load
from errordocs.model import Content
from errordocs.model import Output
from errordocs.model import Problem

if TYPE_CHECKING:
    from errordocs.feeds import Documents
    from errordocs.link import Kept as LinkKept
    from errordocs.render import Kept


class Places(Struct, frozen=True):
    """The folders of a project, as they were typed."""

    content: str
    templates: str
    output: str
    preview: bool = False  # whether robots are told off

    @property
    def state(self) -> str:
        """Where a build keeps what it may use again: beside the content."""
        return os.path.join(os.path.dirname(os.path.abspath(self.content)), ".errordocs")

    @property
    def repository_path(self) -> str:
        """The content's path in the repository, which is what edit links name; the same from any working folder."""
        path = top = os.path.abspath(self.content)
        while top != (above := os.path.dirname(top)):
            top = above
            if any(os.path.exists(os.path.join(top, mark)) for mark in (".git", "pyproject.toml")):
                return os.path.relpath(path, top).replace(os.sep, "/")
        return os.path.basename(path)


class Memory:
    """What a process that builds again and again keeps: readings by file, pages by what they show."""

    def __init__(self) -> None:
        self.readings: load.Memory = {}
        self.pages: Kept | None = None
        self.documents: Documents = {}
        self.links: LinkKept | None = None


class Built(Struct, frozen=True):
    """How a build ended: with problems and nothing written, or with these counts."""

    problems: tuple[Problem, ...]
    written: int = 0
    unchanged: int = 0
    removed: int = 0


def read(places: Places, memory: Memory | None = None, render: bool = True) -> tuple[Content | None, list[Problem]]:
    """The content and its problems, in the order of files and lines; without `render`, only to be checked."""
    folder = places.content.rstrip("/") or "/"
    memory = memory or Memory()
    memory.readings = memory.readings or cache.load(places.state)
    loaded = load.load(folder, memory.readings, render)
    problems = list(loaded.problems)
    if loaded.content is not None:
        problems += load.located(folder, check.check(loaded.content))
    return loaded.content, sorted(set(problems))


def build(places: Places, memory: Memory | None = None, notice: Callable[[str], None] | None = None) -> Built:
    """Builds the site; with problems in the content nothing is written. Raises Failed where the machine fails."""
    gc.disable()  # nearly everything made here lives to the end, so looking for garbage in it is time lost
    try:
        return _build(places, memory, notice)
    finally:
        gc.enable()


def _build(places: Places, memory: Memory | None, notice: Callable[[str], None] | None) -> Built:
    is_once = memory is None  # a process that goes on keeps its memory itself
    memory = memory or Memory()
    memory.readings = memory.readings or cache.load(places.state)
    before = {name: reading.digest for name, reading in memory.readings.items()}
    content, problems = read(places, memory)
    if content is None or any(problem.severity == "error" for problem in problems):
        return Built(tuple(problems))
    from errordocs import write

    output, state = Path(places.output), Path(places.state)
    try:
        done = write.site(output, state, _outputs(content, places, memory), notice)
    except write.Stale:
        memory.pages, memory.documents = None, {}
        done = write.site(output, state, _outputs(content, places, memory), notice)
    if is_once and before != {name: reading.digest for name, reading in memory.readings.items()}:
        cache.save(places.state, memory.readings)
    return Built(tuple(problems), done.written, done.unchanged, done.removed)


def _outputs(content: Content, places: Places, memory: Memory) -> Iterator[Output]:
    from errordocs import feeds
    from errordocs import link
    from errordocs import lookup
    from errordocs import render

    memory.links = memory.links or link.Kept()
    site = link.link(content, places.repository_path, memory.links)
    kept = memory.pages or render.Kept()
    memory.pages = kept
    yield from render.render(site, content.site, places.templates, kept, places.preview)
    yield from feeds.feeds(site, content.site, memory.documents, places.preview)
    yield from lookup.lookup(content, places.templates)
