"""From a folder to its content, on every core: only files whose stat and bytes changed since the last build are read.

Of entries, the content holds their faces alone; the whole records wait on the shelf until a page needs them.
"""

from __future__ import annotations

import marshal
import sys
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from errordocs import cache
from errordocs import check
from errordocs import load
from errordocs import progress
from errordocs import snippets
from errordocs import stamp
from errordocs import workers
from errordocs.cache import Row
from errordocs.cache import Shelf
from errordocs.cache import digest
from errordocs.faces import code_patterns
from errordocs.faces import face
from errordocs.model import Body
from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import Outline
from errordocs.model import Problem
from errordocs.model import SiteFields
from errordocs.paths import folders_of
from errordocs.progress import Watch

SITE = "site.yaml"
KEPT = ("kept",)  # in the place of a row that holds
_encode = msgspec.msgpack.Encoder().encode
_problems = msgspec.msgpack.Decoder(tuple[Problem, ...]).decode


class Gathered(Struct, frozen=True):
    """What is wrong with single files, and which were read just now; `site` is None where site.yaml cannot be read.

    `before` has the rows of those that were read, as they were, if they were there.
    `is_inner`: no file came or went, and what changed is nothing that any page but the file's own shows.
    """

    site: SiteFields | None
    problems: tuple[Problem, ...]
    fresh: frozenset[str]
    is_inner: bool
    before: dict[str, Row]


def changed(shelf: Shelf, seen: Mapping[str, tuple[int, ...]]) -> Set[str] | None:
    """The files that are not as they were when they were read, by what was seen of files and folders.

    None where any came or went, or another folder did.
    """
    folders = {folder for last in {name.rpartition("/")[0] for name in shelf.rows} for folder in folders_of(last)}
    if seen.keys() != shelf.rows.keys() | folders | {SITE}:
        return None
    return {name for name, row in shelf.rows.items() if row.stat != seen[name]}


def gather(
    folder: str,
    shelf: Shelf,
    jobs: int,
    watch: Watch,
    changed: Set[str] | None = None,
    beside: Callable[[], object] | None = None,
) -> Gathered:
    """Reads what changed; afterwards the shelf has a row for each file that gave a record, and for no other.

    Where it is known which files `changed`, and that none came or went, no other is looked at. Where files are read by
    several processes, one does `beside` first. Raises Failed where there is no such folder, or a file cannot be read.
    """
    began = time.time_ns()
    problems: list[Problem] = []
    site = found = None
    is_asked = changed is not None and load.some_files(folder, [SITE]) is not None
    if is_asked:
        site = _site(folder, True, shelf, problems)
    if is_asked and changed is not None and shelf.rows and changed <= shelf.rows.keys():
        found = load.some_files(folder, changed)
    stats = {sys.intern(one.name): one.stat for one in (load.files(folder, problems) if found is None else found)}
    is_there = stats.pop(SITE, None) is not None
    if not is_asked:
        site = _site(folder, is_there, shelf, problems)
    gone = shelf.rows.keys() - stats.keys() if found is None else set()
    for name in gone:
        del shelf.rows[name]
    is_inner = not gone
    asked = [name for name, stat in stats.items() if name not in shelf.rows or shelf.rows[name].stat != stat]
    batches = workers.batches(len(asked), jobs)
    reader = _Reader(folder, shelf, site, [asked[batch.start : batch.stop] for batch in batches])
    acts: list[Callable[[], bytes]] = [partial(reader.read, number) for number in range(len(batches))]
    if beside is not None and jobs > 1 and len(acts) > 1:
        acts.insert(0, partial(_beside, beside))
    fresh: dict[str, Row | None] = {}
    watch = progress.of_many(watch, len(asked))
    watch.begin("reading", len(asked))
    for result in workers.each(len(acts), lambda number: acts[number](), jobs):
        for name, made, told in marshal.loads(result):
            watch.step()
            before = shelf.rows.get(name)
            problems += _problems(told) if told else ()
            row = before if made == KEPT else _row(made) if made else None
            is_inner &= row is before or _is_inner(row, before)
            if row is None:
                shelf.rows.pop(name, None)
                continue
            if row is not before:
                fresh[name] = before
            is_at_rest = not told and max(stats[name][:2]) < began - stamp.GRANULARITY
            shelf.rows[sys.intern(name)] = row._replace(stat=stats[name] if is_at_rest else None)
    watch.end()
    was = {name: row for name, row in fresh.items() if row is not None}
    return Gathered(site, tuple(problems), frozenset(fresh), is_inner, was)


def _site(folder: str, is_there: bool, shelf: Shelf, problems: list[Problem]) -> SiteFields | None:
    """What site.yaml says; where it says something else than before, nothing on the shelf holds any more."""
    if not is_there:
        problems += load.missing_site(folder, problems)
        return None
    data = load.raw(folder, SITE)
    if (now := digest(data)) != shelf.site:
        shelf.site, shelf.fields = now, b""
        shelf.rows.clear()
    if shelf.fields and isinstance(kept := cache.unpacked(shelf.fields), SiteFields):
        return kept
    reading = load.read(folder, SITE, data, None)
    problems += reading.problems
    if not isinstance(reading.record, SiteFields):
        return None
    shelf.fields = b"" if reading.problems else cache.packed(reading.record)
    return reading.record


def _is_inner(row: Row | None, before: Row | None) -> bool:
    """Whether a file is an entry's, as it was, and nothing changed in it that another page shows."""
    if row is None or before is None or not row.face:
        return False
    return (row.outer, row.ids) == (before.outer, before.ids)


def _beside(act: Callable[[], object]) -> bytes:
    act()
    return marshal.dumps([])


class _Reader:
    """What the processes that read share: where files lie, and which of them make a batch."""

    def __init__(self, folder: str, shelf: Shelf, site: SiteFields | None, batches: Sequence[Sequence[str]]) -> None:
        self.folder = folder
        self.shelf = shelf
        self.site = site
        self.batches = batches
        self.codes = code_patterns(site.parts) if site else ()

    def read(self, number: int) -> bytes:
        """A batch, as (name, row, problems) for each file; the row is empty where it stays, or there is none."""
        made: list[tuple[str, tuple[object, ...], bytes]] = []
        faces: list[bytes] = []  # side by side, since they are asked for together
        wholes: list[bytes] = []
        for name in self.batches[number]:
            data = load.raw(self.folder, name)
            now = digest(data)
            known = self.shelf.rows.get(name)
            if known is not None and known.digest == now:
                made.append((name, KEPT, b""))
                continue
            if known is not None and len(self.batches) == 1:  # of many files, looking for old code takes too long
                snippets.learn(_html(self.shelf.whole(name)))
            reading = load.read(self.folder, name, data, self.site)
            told = _encode(reading.problems) if reading.problems else b""
            record = reading.record
            if record is None or isinstance(record, SiteFields):  # of site.yaml, which is never asked for here
                made.append((name, (), told))
                continue
            *digests, seen = self._told_of(record)
            made.append((name, (None, b"" if told else now, *digests, bool(seen)), told))
            faces += [seen] * bool(seen)
            wholes.append(cache.packed(record))
        places = self.shelf.put(faces + wholes)
        of_face, of_whole = iter(places[: len(faces)]), iter(places[len(faces) :])
        for at, (name, row, told) in enumerate(made):
            if row and row != KEPT:
                made[at] = (name, (*row[:-1], next(of_face) if row[-1] else b"", next(of_whole)), told)
        return marshal.dumps(made)

    def _told_of(self, record: load.Record) -> tuple[bytes, bytes, bytes, bytes]:
        """What a row says of a record, between the digest of its bytes and its place."""
        ids = digest(" ".join(sorted(check.ids_of(record))).encode())
        if not isinstance(record, Entry):
            return digest(_encode(record.fields)), b"", ids, b""
        seen = face(record, self.codes)
        packed, fields = cache.shown(seen, record.fields.responses), seen.fields
        lists = (fields.sender, fields.seen_from, fields.senders, fields.topics, fields.guides, fields.aliases)
        known = (fields.phrases, fields.status, fields.replaced_by)  # what else the rules for all entries look at
        bones = _encode((seen.slug, seen.codes, lists, fields.picks, known))
        return digest(packed), digest(bones), ids, packed


def _row(made: tuple[Any, ...]) -> Row:
    *told, face, whole = made
    return Row(*told, *(cache.shared(place) for place in (face, whole)))


def outline(site: SiteFields, shelf: Shelf, names: Iterable[str] | None = None, is_lasting: bool = False) -> Outline:
    """The content by what is on the shelf, or so much of it as lies in these files; raises Damaged.

    In one that lasts long, what many faces have alike is there once.
    """
    listed = list(shelf.rows if names is None else names)
    found: dict[str, Face | cache.Record | SiteFields] = {
        name: shelf.whole(name) for name in listed if not shelf.rows[name].face
    }
    faces = shelf.faces(place for name in listed if (place := shelf.rows[name].face))
    found.update((face.source, face) for face in (_alike(faces) if is_lasting else faces))
    return load.content_of(Outline, site, found)


def changed_entries(site: SiteFields, shelf: Shelf, before: Mapping[str, Row]) -> tuple[Outline, Outline]:
    """The content with only those entries of which there are such rows, by these and by the shelf's; raises Damaged."""
    names = [name for name, row in shelf.rows.items() if not row.face or name in before]
    now = outline(site, shelf, names)
    old = sorted(shelf.faces(row.face for row in before.values() if row.face), key=lambda face: face.slug)
    return msgspec.structs.replace(now, entries=tuple(old)), now


def _alike(faces: Iterable[Face]) -> Iterator[Face]:
    """The same; what many faces have alike is there once."""
    shared: dict[object, Any] = {}
    keep, put = shared.setdefault, msgspec.structs.force_setattr
    for made in faces:
        fields, codes, facts = made.fields, made.codes, made.facts
        put(fields, "topics", keep(fields.topics, fields.topics))
        put(fields, "guides", keep(fields.guides, fields.guides))
        put(fields, "seen_from", keep(fields.seen_from, fields.seen_from))
        put(made, "codes", keep((dict, *codes.items()), codes))
        put(made, "facts", keep((dict, *facts.items()), facts))
        put(made, "source", sys.intern(made.source))
        yield made


def known(shelf: Shelf) -> bytes:
    """The digest of all that records may name: files, and the ids on their pages."""
    return digest(shelf.site + b"".join(name.encode() + row.ids for name, row in sorted(shelf.rows.items())))


def labels(shelf: Shelf) -> bytes:
    """The digest of what pages may show of any file that is no entry."""
    rows = sorted((name, row.outer) for name, row in shelf.rows.items() if not row.face)
    return digest(shelf.site + b"".join(name.encode() + outer for name, outer in rows))


def outers(shelf: Shelf) -> bytes:
    """The digest of all that any page may show of any file but its own."""
    return digest(labels(shelf) + b"".join(name.encode() + row.outer for name, row in sorted(shelf.rows.items())))


def bones(shelf: Shelf) -> bytes:
    """The digest of what makes entries related, tells their order, and says on which other pages they stand."""
    return digest(labels(shelf) + b"".join(name.encode() + row.bones for name, row in sorted(shelf.rows.items())))


def names(site: SiteFields, shelf: Shelf, ids: check.Anchors) -> check.Known:
    """What records may name, by the names of the files on the shelf."""
    slugs: dict[str, dict[str, str]] = {kind: {} for kind in load.FOLDERS}
    for name in shelf.rows:
        kind, slash, rest = name.partition("/")
        if slash:
            slugs[kind][rest.rpartition("/")[2].rpartition(".")[0]] = name
    senders, topics, guides = (frozenset(slugs[kind]) for kind in ("senders", "topics", "guides"))
    return check.Known(site, slugs["errors"], senders, topics, guides, {}, frozenset(shelf.rows), ids)


def _html(record: object) -> str:
    """All of a body's HTML."""
    body = getattr(record, "body", None)
    if not isinstance(body, Body):
        return ""
    sections = (piece for section in body.sections for piece in (section.html, *(item.html for item in section.items)))
    return "\n".join((body.intro, *sections))
