"""The whole flow, once: load → check → link → render → write. What it remembers makes the next run quick."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Set
from contextlib import contextmanager
from functools import lru_cache
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from typing import NoReturn

from msgspec import Struct
from msgspec import field

from errordocs import cache
from errordocs import check
from errordocs import gather
from errordocs import load
from errordocs import progress
from errordocs import workers
from errordocs.gather import Gathered
from errordocs.model import Article
from errordocs.model import Content
from errordocs.model import Outline
from errordocs.model import Problem
from errordocs.model import Sender
from errordocs.model import SiteFields
from errordocs.paths import files_of

if TYPE_CHECKING:
    from errordocs.link import Linker
    from errordocs.make import Press
    from errordocs.render import Look
    from errordocs.views import Around
    from errordocs.write import Room


class Places(Struct, frozen=True):
    """The folders of a project, as they were typed."""

    content: str
    templates: str
    output: str
    preview: bool = False  # whether robots are told off

    @property
    def folder(self) -> str:
        """The content's folder as problems name it."""
        return self.content.rstrip("/") or "/"

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
    """What a process that builds again and again keeps, so that it need not be read from the disk."""

    def __init__(self) -> None:
        self.shelf: cache.Shelf | None = None


class Built(Struct, frozen=True):
    """How a build ended: with problems and nothing written, or with these counts; and what took how long.

    `moved` are the files of the output that were put in place, if no others came or went.
    """

    problems: tuple[Problem, ...]
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    bytes: int = 0
    moved: tuple[str, ...] | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def read(places: Places, render: bool = True) -> tuple[Content | None, list[Problem]]:
    """The content and its problems, in the order of files and lines; without `render`, only to be checked."""
    loaded = load.load(places.folder, render)
    problems = list(loaded.problems)
    if loaded.content is not None:
        problems += load.located(places.folder, check.check(loaded.content))
    return loaded.content, sorted(set(problems))


def build(
    places: Places,
    memory: Memory | None = None,
    notice: Callable[[str], None] | None = None,
    jobs: int = 0,
    watch: progress.Watch | None = None,
    changed: Set[str] | None = None,
    seen: Mapping[str, tuple[int, ...]] | None = None,
) -> Built:
    """Builds the site; with problems in the content nothing is written. Raises Failed where the machine fails.

    `jobs` is how many processes may work at once; 0 leaves one for each core. `changed` are the only files of the
    content that changed since the last build with this memory, where that is known; `seen` is what was seen just now
    of all of them, as `stamp.walk` has it, where somebody has looked.
    """
    run = _Run(places, jobs or workers.cores(), watch or progress.watch(is_quiet=True), notice, changed, seen or {})
    gc.disable()  # nearly everything made here lives to the end, so looking for garbage in it is time lost
    try:
        shelf = memory.shelf if memory is not None and memory.shelf is not None else cache.load(places.state)
        try:
            built = run.build(shelf)
        except cache.Damaged:
            shelf.close()
            shelf = cache.Shelf(places.state)
            built = run.build(shelf)
        if memory is not None:
            memory.shelf = shelf
        return built
    finally:
        gc.enable()


class _Run:
    """One build on its way."""

    def __init__(
        self,
        places: Places,
        jobs: int,
        watch: progress.Watch,
        notice: Callable[[str], None] | None,
        changed: Set[str] | None,
        seen: Mapping[str, tuple[int, ...]],
    ) -> None:
        self.places = places
        self.seen = seen
        self.repository = places.repository_path
        self.jobs = jobs
        self.watch = watch
        self.notice = notice
        self.changed = changed
        self.seconds: dict[str, float] = {}

    def build(self, shelf: cache.Shelf) -> Built:
        before = shelf.known, shelf.look, shelf.bones
        shelf.known = shelf.look = shelf.bones = b""  # until this run has come to its end, nothing is known to be sound
        with self._timed("read"):
            changed = self.changed if before[1] else None  # after a mistake, it may be in any file
            if changed is None:
                changed = gather.changed(shelf, self.seen)
            gathered = gather.gather(self.places.folder, shelf, self.jobs, self.watch, changed)
        site = gathered.site
        known = before[0] if gathered.is_inner and before[0] else gather.known(shelf)
        if site is None or gathered.problems:
            return self._refused(shelf, gathered)
        from errordocs import lookup
        from errordocs import render
        from errordocs import write

        with self._timed("templates"):
            kept = os.path.join(self.places.state, "templates")
            look = render.Look(site, self.places.templates, self.places.preview, kept)
            where = repr((os.path.abspath(self.places.output), self.repository))
            script = lookup.script_of(self.places.templates)
            same = cache.digest(b"\0".join((look.digest, where.encode(), script.encode())))
        with write.opened(Path(self.places.output), Path(self.places.state), self.notice) as room:
            bones = before[2] if gathered.is_inner and before[2] else gather.bones(shelf)
            checked = gathered.fresh if before[0] == known else shelf.rows.keys()
            fresh = gathered.fresh if before == (known, same, bones) else None
            press = self._press(shelf, site, checked, look, room, fresh)
            is_there = (room.has(path, sheet.digest) for path, sheet in shelf.sheets.items())
            if fresh is not None and gathered.is_inner and all(is_there):
                self._inner(press, gathered.fresh)
            elif not self._whole(press, gather.outline(site, shelf), bones, script):
                return self._refused(shelf, gathered)
            made = press.run(self.jobs, self.watch, self.seconds)
            if made.findings:
                return self._refused(shelf, gathered)
            with self._timed("put in place"):
                done = room.finish(made.outputs, made.standing)
        with self._timed("remember"):
            shelf.known, shelf.look, shelf.bones, shelf.sheets = known, same, bones, made.sheets
            cache.save(self.places.state, shelf)
        return Built((), done.written, done.unchanged, done.removed, done.bytes, done.moved, self.seconds)

    def _refused(self, shelf: cache.Shelf, gathered: Gathered) -> Built:
        """Everything that is wrong, whatever was found first."""
        problems = set(gathered.problems)
        if gathered.site is not None:
            whole = load.content_of(Content, gathered.site, {name: shelf.whole(name) for name in shelf.rows})
            problems.update(load.located(self.places.folder, check.check(whole)))
        return Built(tuple(sorted(problems)))

    def _press(
        self,
        shelf: cache.Shelf,
        site: SiteFields,
        checked: Collection[str],
        look: Look,
        room: Room,
        fresh: Set[str] | None,
    ) -> Press:
        from errordocs import frame
        from errordocs import make

        ids = lru_cache(maxsize=4096)(lambda source: check.ids_of(shelf.whole(source)))
        return make.Press(
            shelf, gather.names(site, shelf, ids), checked, frame.Frame(site, self.repository), look, room, fresh
        )

    def _inner(self, press: Press, fresh: Iterable[str]) -> None:
        """What is to be made where entries changed in nothing that other pages show: their own pages."""
        sheets = dict(press.shelf.sheets)
        for name in fresh:
            for path in files_of(name):
                del sheets[path]
        press.stay(sheets)
        press.entries([(name, _never) for name in sorted(fresh)], b"", self.jobs)

    def _whole(self, press: Press, content: Outline, bones: bytes, script: str) -> bool:
        """What is to be made in any other case; False where it cannot be, as the rules will tell."""
        from errordocs import feeds
        from errordocs import link
        from errordocs import lookup

        with self._timed("check"):
            if check.of_all(content) or check.of_faces(content, press.known, press.checked):
                return False
            others: list[Sender | Article] = [*content.senders, *content.topics, *content.guides, *content.pages]
            if any(check.of_each(one, press.known) for one in others if one.source in press.checked):
                return False
        with self._timed("link"):
            linker = link.Linker(content, self.repository, lambda entry: press.shelf.replies(entry.source))
            if press.fresh is None:
                linker.index  # noqa: B018 - made before there are more processes, so that it is made once
        shelf, site = press.shelf, content.site
        preview, shown = self.places.preview, f"{self.places.templates}/lookup/*.js"
        outers = gather.outers(shelf)
        items = [(entry.source, partial(_around, linker, number)) for number, entry in enumerate(linker.entries)]
        press.entries(items, bones, self.jobs)
        press.pages(linker.makers(), gather.labels(shelf) + linker.counts(), self.jobs)
        press.lists("feeds", outers + bytes([preview]), lambda: feeds.feeds(linker.site_of(), site, preview))
        index = partial(lookup.lookup, content, script, shown, linker.entries)
        press.lists("lookup", outers + script.encode(), index)
        press.lists("assets", press.look.digest, lambda: press.look.assets)
        return True

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began


def _around(linker: Linker, number: int, before: Around | None) -> tuple[Around, tuple[str, ...]]:
    around = linker.around(number, before)
    return around, linker.shown(number, around)


def _never(before: Around | None) -> NoReturn:
    raise AssertionError("nothing around an entry has changed")
