"""From content to the files of the site, on every core: what is made of the same as the last time is not made again.

A file is a function of what goes into it: an entry's page of its own record, of what it shows of others (`Around`), of
its templates and of site.yaml; any other page of its view and its templates. The digest of all that is its key.
"""

from __future__ import annotations

import marshal
import sys
import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any
from typing import NamedTuple

import msgspec
from msgspec import Struct

from errordocs import cache
from errordocs import check
from errordocs import feeds
from errordocs import progress
from errordocs import workers
from errordocs.cache import Sheet
from errordocs.cache import Shelf
from errordocs.cache import digest
from errordocs.check import Known
from errordocs.frame import Frame
from errordocs.link import Maker
from errordocs.model import Finding
from errordocs.model import Output
from errordocs.paths import files_of
from errordocs.progress import Watch
from errordocs.render import Look
from errordocs.render import output
from errordocs.views import Around
from errordocs.views import EntryView
from errordocs.write import Room

File = tuple[Output, Sheet]
# What is around an entry's page, and the files of whom it shows; it is given what was around it, where that helps.
Looking = Callable[[Around | None], tuple[Around, tuple[str, ...]]]
Patched = Callable[[str, str], str | None]  # of a file by its path, what it was and is; None where that cannot be told
# A task that looks at more entries than this is done before there are other processes: in one that was forked, all
# that it looks at would be there a second time.
HEAVY = 50_000
FEW = 16  # fresh files, up to which lists are brought up to date: each is looked for in all of them
SOURCE = attrgetter("source")
_encode = msgspec.msgpack.Encoder().encode
_around = msgspec.msgpack.Decoder(Around).decode
_findings = msgspec.msgpack.Decoder(list[Finding]).decode


class Task(NamedTuple):
    """Something to do: so many steps of the bar, with so many entries that are all looked at."""

    act: Callable[[], Iterable[File]]
    steps: int = 1
    weight: int = 0


class Made(Struct, frozen=True):
    """The files that were looked at, and those that were not, as they stand; what each was made of; what is wrong."""

    outputs: list[Output]
    standing: dict[str, str]
    sheets: dict[str, Sheet]
    findings: list[Finding]


class Press:
    """What the processes that make files share.

    `checked` are the files whose records have to be looked at again. `fresh` are the only ones that were read anew, if
    all else is as it was when the files on the shelf's sheets were made: what makes entries related, what pages show
    of files that are no entries, site.yaml and the templates.
    """

    def __init__(
        self,
        shelf: Shelf,
        known: Known,
        checked: Collection[str],
        frame: Frame,
        look: Look,
        room: Room,
        fresh: Set[str] | None = None,
    ) -> None:
        self.fresh = fresh
        self.shelf = shelf
        self.known = known
        self.checked = checked
        self.frame = frame
        self.look = look
        self.room = room
        self.base = shelf.site + frame.repository.encode()
        self.tasks: list[Task] = []
        self.standing: dict[str, Sheet] = {}
        self.findings: list[Finding] = []
        self.seconds: dict[str, float] = {}
        self.since = 0.0

    # What there is to do

    def stay(self, sheets: Mapping[str, Sheet]) -> None:
        """Files that are sure to be what they would be made again."""
        self.standing.update(sheets)

    def entries(self, listed: Iterable[tuple[str, Looking]], bones: bytes, jobs: int) -> None:
        """Pages and documents of entries: the name of the file of each, and what looks around it where that is needed.

        `bones` is the digest of all that makes entries related; empty where nothing around them changed.
        """
        asked = [one for one in listed if not self._stays(*files_of(one[0]))]
        for batch in workers.batches(len(asked), jobs):
            run = asked[batch.start : batch.stop]
            self.tasks.append(Task(partial(self._entries, run, bones), len(run)))

    def _stays(self, page: str, api: str) -> bool:
        """Whether nothing that an entry's page shows is fresh, and its two files are there."""
        if self.fresh is None:
            return False
        one, other, has = self.shelf.sheets.get(page), self.shelf.sheets.get(api), self.room.has
        if one is None or other is None or not self.fresh.isdisjoint(one.shown):
            return False
        if not (has(page, one.digest) and has(api, other.digest)):
            return False
        self.standing[page], self.standing[api] = one, other
        return True

    def pages(self, makers: Iterable[Maker], labels: bytes, jobs: int) -> None:
        """Any other pages; `labels` is the digest of what they may show of files that are no entries."""
        listed = list(makers)
        for batch in workers.batches(len(listed), jobs, least=1, most=16):
            run = listed[batch.start : batch.stop]
            weight = max(len(maker.shown) for maker in run)
            self.tasks.append(Task(partial(self._pages, run, labels), len(run), weight))

    def all_pages(self, look: Callable[[], tuple[Iterable[Maker], bytes]]) -> None:
        """The same in one task, which finds out what pages there are: most of them will stay."""
        self.tasks.append(Task(lambda: self._pages(*look())))

    def lists(
        self, name: str, inputs: bytes, outputs: Callable[[], Iterable[Output]], patched: Patched | None = None
    ) -> None:
        """Files that are made together, under that name, of what has this digest.

        `patched` brings one of them up to date where little changed, or can't.
        """
        act = partial(self._lists, name.encode(), inputs, outputs, patched)
        self.tasks.append(Task(act, weight=len(self.shelf.rows)))

    def run(self, jobs: int, watch: Watch, seconds: dict[str, float]) -> Made:
        """Does all of it; `seconds` of work are added by stage."""
        made = Made([], cache.digests(self.standing), self.standing, [])
        if jobs > 1 and len(self.tasks) > 1:
            self.tasks.reverse()  # what takes longest comes first, so that no process waits for it at the end
            self.room.open_for_all()
            if self.fresh is None:
                self.look.compile()
        self.tasks.sort(key=lambda task: task.weight <= HEAVY)
        heavy = sum(task.weight > HEAVY for task in self.tasks) if self.fresh is None else 0
        count = sum(task.steps for task in self.tasks)
        watch = progress.of_many(watch, count)
        watch.begin("making", count)
        others = workers.each(len(self.tasks) - heavy, lambda number: self._act(number + heavy), jobs)
        for result in chain(map(self._act, range(heavy)), others):
            if not result:
                raise cache.Damaged("what a process asked for")
            number, files, findings, took = marshal.loads(result)
            for (path, role, content, size), sheet in files:
                made.outputs.append(Output(path, role, None, content, size))
                made.sheets[path] = _shared(Sheet(*sheet))
            made.findings.extend(_findings(findings) if findings else ())
            for stage, spent in took.items():
                seconds[stage] = seconds.get(stage, 0.0) + spent
            for _ in range(self.tasks[number].steps):
                watch.step()
        watch.end()
        self.tasks.clear()  # with all that they were to be made of, before what is next needs memory
        return made

    def _act(self, number: int) -> bytes:
        """What a task made, or no bytes where the shelf is damaged: an error does not get from process to process."""
        self.findings, self.seconds, self.since = [], {}, time.process_time()
        try:
            made = list(self.tasks[number].act())
        except cache.Damaged:
            return b""
        fresh = [sheet.around for _, sheet in made if sheet.around and isinstance(sheet.around, bytes)]
        placed: dict[Any, Any] = dict(zip(fresh, self.shelf.put(fresh) if fresh else (), strict=True))
        files = [
            (
                (item.path, item.role, item.digest, item.size),
                tuple(sheet._replace(around=placed.get(sheet.around, sheet.around))),
            )
            for item, sheet in made
        ]
        self._spent("remember")
        return marshal.dumps((number, files, _encode(self.findings) if self.findings else b"", self.seconds))

    def _spent(self, stage: str) -> None:
        now = time.process_time()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self.since
        self.since = now

    # How it is done

    def _entries(self, items: Sequence[tuple[str, Looking]], bones: bytes) -> Iterator[File]:
        for name, looking in items:
            sheet, around = self._around(name, looking, bones)
            self._spent("link")
            yield from self._entry(name, sheet, around)

    def _around(self, name: str, looking: Looking, bones: bytes) -> tuple[Sheet, Around | None]:
        """A sheet with what is around an entry: that of the last time, where nothing of it can have changed."""
        known = self.shelf.sheets.get(files_of(name)[0])
        if known is not None and (not bones or known.inputs == self._inputs(known.shown, bones)):
            return known, None
        is_settled = known is not None and self.fresh is not None
        around, shown = looking(_around(self.shelf.read(known.around)) if known is not None and is_settled else None)
        packed = _encode(around)
        about = digest(packed)
        place = known.around if known is not None and known.about == about else packed
        return Sheet(b"", "", self._inputs(shown, bones), shown, place, about), around

    def _inputs(self, shown: Iterable[str], bones: bytes) -> bytes:
        rows = self.shelf.rows
        return digest(bones + b"".join([rows[name].outer if name in rows else b"-" for name in shown]))

    def _entry(self, name: str, sheet: Sheet, around: Around | None) -> Iterator[File]:
        own = digest(name.encode() + self.shelf.rows[name].digest + self.base + sheet.about)
        page, api = files_of(name)
        sheets = {page: sheet._replace(key=own + self.look.key(EntryView)), api: Sheet(own, "")}
        stale = [path for path, one in sheets.items() if not self._stands(path, one.key)]
        entry = self.shelf.entry(name) if name in self.checked or stale else None
        self._spent("read again")
        if entry is not None and name in self.checked:
            self.findings += check.of_each(entry, self.known)
            self._spent("check")
        if self.findings:
            return
        view = None
        if entry is not None and stale:
            view = self.frame.entry(entry, around or _around(self.shelf.read(sheet.around)))
            self._spent("link")
        for path, one in sheets.items():
            if view is not None and path in stale:
                yield self._put(self.look.page(view) if path == page else feeds.document(view, self.frame.site), one)
            else:
                yield self._stay(path, one)

    def _pages(self, makers: Iterable[Maker], labels: bytes) -> Iterator[File]:
        rows = self.shelf.rows
        for maker in makers:
            known = self.shelf.sheets.get(maker.path)
            if known is not None and self._shows_nothing_fresh(maker) and self.room.has(maker.path, known.digest):
                yield self._stay(maker.path, known)
                continue
            own = rows[maker.source].digest if maker.source else b""
            outers = (rows[entry.source].outer for entry in maker.shown)
            inputs = digest(b"".join((self.look.digest, self.base, labels, own, *outers)))
            if known is not None and known.inputs == inputs and self._stands(maker.path, known.key):
                yield self._stay(maker.path, known)
                continue
            view = maker.make()
            key = digest(self.look.key(type(view)) + _encode(view))
            self._spent("link")
            sheet = Sheet(key, "", inputs)
            stands = self._stands(maker.path, key)
            yield self._stay(maker.path, sheet) if stands else self._put(self.look.page(view), sheet)

    def _shows_nothing_fresh(self, maker: Maker) -> bool:
        shown = chain([maker.source], map(SOURCE, maker.shown))
        return self.fresh is not None and self.fresh.isdisjoint(shown)

    def _lists(
        self, name: bytes, inputs: bytes, outputs: Callable[[], Iterable[Output]], patched: Patched | None
    ) -> Iterator[File]:
        known = {path: sheet for path, sheet in self.shelf.sheets.items() if sheet.about == name}
        if known and all(one.inputs == inputs and self._stands(path, one.key) for path, one in known.items()):
            yield from (self._stay(path, one) for path, one in known.items())
            return
        is_little = self.fresh is not None and len(self.fresh) <= FEW
        made = self._patched(known, patched) if patched is not None and is_little else []
        for item in made or outputs():
            self._spent("lists")
            yield self._put(item, Sheet(b"", "", inputs, about=name))

    def _patched(self, known: Mapping[str, Sheet], patched: Patched) -> list[Output]:
        """The files of the last time, brought up to date; none where one cannot be."""
        made = []
        for path, sheet in known.items():
            data = self.room.read(path, sheet.digest)
            now = None if data is None else patched(path, data.decode())
            if now is None:
                return []
            made.append(output(path, "index", now.encode()))
        return made

    def _put(self, item: Output, sheet: Sheet) -> File:
        self._spent("render")
        put = self.room.put(item)
        self._spent("write")
        return put, sheet._replace(digest=item.digest)

    def _stay(self, path: str, sheet: Sheet) -> File:
        content = self.shelf.sheets[path].digest
        return Output(path, "page", None, content), sheet._replace(digest=content)

    def _stands(self, path: str, key: bytes) -> bool:
        """Whether the file was made of the same, and is there as it was made."""
        sheet = self.shelf.sheets.get(path)
        return sheet is not None and sheet.key == key and self.room.has(path, sheet.digest)


def _shared(sheet: Sheet) -> Sheet:
    """The same with names that are kept once for all."""
    return sheet._replace(shown=tuple(map(sys.intern, sheet.shown)), around=cache.shared(sheet.around))
