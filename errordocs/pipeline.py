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
from functools import cached_property
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
from errordocs.cache import Row
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
    from errordocs.link import Maker
    from errordocs.make import Press
    from errordocs.render import Look
    from errordocs.views import Around
    from errordocs.views import Site
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
            if changed is None and self.seen:
                changed = gather.changed(shelf, self.seen)
            gathered = gather.gather(
                self.places.folder, shelf, self.jobs, self.watch, changed, None if before[1] else self._compile
            )
        site = gathered.site
        known = before[0] if gathered.is_inner and before[0] else gather.known(shelf)
        if site is None or gathered.problems:
            return self._refused(shelf, gathered)
        from errordocs import lookup
        from errordocs import render
        from errordocs import write

        with self._timed("templates"):
            look = render.Look(site, self.places.templates, self.places.preview, self._compiled)
            where = repr((os.path.abspath(self.places.output), self.repository))
            script = lookup.script_of(self.places.templates)
            same = cache.digest(b"\0".join((look.digest, where.encode(), script.encode())))
        with write.opened(Path(self.places.output), Path(self.places.state), self.notice) as room:
            bones = before[2] if gathered.is_inner and before[2] else gather.bones(shelf)
            checked = gathered.fresh if before[0] == known else shelf.rows.keys()
            fresh = gathered.fresh if before == (known, same, bones) else None
            press = self._press(shelf, site, checked, look, room, fresh)
            if fresh is not None and gathered.is_inner and room.has_all(cache.digests(shelf.sheets)):
                self._inner(press, gathered.fresh)
            else:
                scene = _Scene(site, shelf, self.repository, fresh is None, gathered.before)
                if not self._whole(press, scene, bones, script):
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

    @property
    def _compiled(self) -> str:
        return os.path.join(self.places.state, "templates")

    def _compile(self) -> None:
        from errordocs import render

        render.compile_into(self._compiled, self.places.templates)

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

    def _whole(self, press: Press, scene: _Scene, bones: bytes, script: str) -> bool:
        """What is to be made in any other case; False where it cannot be, as the rules will tell.

        In a cold build all that the pages have in common is looked up before there are more processes, once for all.
        Where little is to be made, each process looks up what it needs, beside the others.
        """
        from errordocs import feeds
        from errordocs import lookup

        with self._timed("check"):
            seen = scene.content if press.fresh is None else gather.outline(scene.site, scene.shelf, press.fresh)
            others: list[Sender | Article] = [*seen.senders, *seen.topics, *seen.guides, *seen.pages]
            if (
                check.of_faces(seen, press.known, press.checked)
                or any(check.of_each(one, press.known) for one in others if one.source in press.checked)
                or (press.fresh is None and check.of_all(scene.content))
            ):
                return False
        with self._timed("link"):
            if press.fresh is None:
                scene.linker.index  # noqa: B018 - it is made by that
                scene.shelf.order = [entry.source for entry in scene.linker.entries]
        preview, shown = self.places.preview, f"{self.places.templates}/lookup/*.js"
        outers = gather.outers(scene.shelf)
        press.lists("assets", press.look.digest, lambda: press.look.assets)
        press.entries([(name, partial(scene.around, name)) for name in scene.names(press.fresh)], bones, self.jobs)
        press.lists(
            "lookup",
            outers + script.encode(),
            lambda: lookup.lookup(scene.content, script, shown, scene.linker.entries),
            lambda path, text: lookup.patched(text, *scene.changed),
        )
        press.lists(
            "feeds",
            outers + bytes([preview]),
            lambda: feeds.feeds(scene.linker.site_of(), scene.site, preview),
            lambda path, text: feeds.patched(path, text, *scene.sites, scene.site),
        )
        if press.fresh is None:
            press.pages(*scene.pages(), self.jobs)
        else:
            press.all_pages(scene.pages)
        return True

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began


class _Scene:
    """All that pages may show, looked up when it is first asked for."""

    def __init__(
        self, site: SiteFields, shelf: cache.Shelf, repository: str, is_lasting: bool, before: Mapping[str, Row]
    ) -> None:
        self.is_lasting = is_lasting  # whether it is there while every page is made
        self.before = before
        self.site = site
        self.shelf = shelf
        self.repository = repository

    @cached_property
    def content(self) -> Outline:
        return gather.outline(self.site, self.shelf, is_lasting=self.is_lasting)

    @cached_property
    def linker(self) -> Linker:
        from errordocs import link

        ordered = None if self.is_lasting else self.shelf.order
        return link.Linker(self.content, self.repository, lambda entry: self.shelf.replies(entry.source), ordered)

    @cached_property
    def changed(self) -> tuple[Outline, Outline]:
        """The content with only the entries that were read anew, as they were and as they are."""
        return gather.changed_entries(self.site, self.shelf, self.before)

    @cached_property
    def sites(self) -> tuple[Site, Site]:
        """The same, as the site holds them."""
        from errordocs import link

        old, new = (link.link(content, self.repository) for content in self.changed)
        return old, new

    def names(self, fresh: Set[str] | None) -> Iterable[str]:
        """The files of the entries; in the order of the entries where many pages are to be made."""
        if fresh is None:
            return [entry.source for entry in self.linker.entries]
        return [name for name, row in self.shelf.rows.items() if row.face]

    def around(self, name: str, before: Around | None) -> tuple[Around, tuple[str, ...]]:
        """What is around the page of the entry in that file, and the files of whom it shows."""
        number = self.linker.number_of[name]
        around = self.linker.around(number, before)
        return around, self.linker.shown(number, around)

    def pages(self) -> tuple[Iterable[Maker], bytes]:
        """What makes every other page, and the digest of what they may show of files that are no entries."""
        return self.linker.makers(), gather.labels(self.shelf) + self.linker.counts()


def _never(before: Around | None) -> NoReturn:
    raise AssertionError("nothing around an entry has changed")
