"""What the last build made of each file, and each page from what, for the next one.

Anybody may delete it at any time; what cannot be read is as good as absent, and a failure to keep it is no failure
of the build. Records lie in segments that only grow; an index, put in place as a whole, says where each one is.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from functools import partial
from hashlib import blake2b
from itertools import chain
from operator import attrgetter
from typing import Any
from typing import NamedTuple
from typing import TypeVar
from zlib import crc32

import msgspec
from msgspec import Struct

from errordocs import stamp
from errordocs.model import Article
from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import Lookup
from errordocs.model import Registry
from errordocs.model import Reply
from errordocs.model import Sender
from errordocs.model import SiteFields

FOLDER = "shelf"
INDEX = "readings"
MANY = 24  # segments, above which the small ones are put together and what is not used is deleted
SMALL = 1 << 22  # bytes

Record = Entry | Article | Sender | Registry | Lookup | SiteFields
Kind = TypeVar("Kind")
Place = tuple[str, int, int, int]  # segment, offset, length, checksum


class Row(NamedTuple):
    """A file as it was read: its stat where that can be trusted, digests, and where its record lies.

    The digests: of its bytes; of what others may know of it; of what makes others related to it; of the ids on its
    page. `face` is what the rest of the site may show of an entry, packed.
    """

    stat: tuple[int, ...] | None
    digest: bytes
    outer: bytes
    bones: bytes
    ids: bytes
    face: Place | bytes
    whole: Place | bytes


class Sheet(NamedTuple):
    """A file of the site: what it was made of and what it came to, as digests.

    `inputs` is the digest of what its view was made of; an entry's page has the files of the entries that it shows,
    what is around it, and the digest of that.
    """

    key: bytes
    digest: str
    inputs: bytes = b""
    shown: tuple[str, ...] = ()
    around: Place | bytes = b""
    about: bytes = b""


class Damaged(Exception):
    """What the shelf holds is not what was put there."""


class _Any(Struct, frozen=True, array_like=True):
    """A record on disk: it stands in the field of its kind."""

    entry: Entry | None = None
    article: Article | None = None
    sender: Sender | None = None
    registry: Registry | None = None
    site: SiteFields | None = None
    lookup: Lookup | None = None


KINDS: dict[type[Any], str] = {
    Entry: "entry",
    Article: "article",
    Sender: "sender",
    Registry: "registry",
    SiteFields: "site",
    Lookup: "lookup",
}


class _Shown(Struct, frozen=True, array_like=True):
    """What other pages may show of an entry: its face, and its literal replies."""

    face: Face
    replies: tuple[Reply, ...]


class _Seen(Struct, frozen=True, array_like=True):
    """The same, of which only the face is read."""

    face: Face


class _Replies(Struct, frozen=True, array_like=True):
    """The same, of which only the replies are read."""

    face: msgspec.Raw
    replies: tuple[Reply, ...]


_encode = msgspec.msgpack.Encoder().encode
_seen = msgspec.msgpack.Decoder(_Seen).decode
_replies = msgspec.msgpack.Decoder(_Replies).decode
_decode = msgspec.msgpack.Decoder(_Any).decode


def digest(data: bytes) -> bytes:
    """The digest of what something is made of: BLAKE2b of 128 bits."""
    return blake2b(data, digest_size=16).digest()


def digests(sheets: Mapping[str, Sheet]) -> dict[str, str]:
    """What files of the site came to, by path."""
    return dict(zip(sheets, map(attrgetter("digest"), sheets.values()), strict=True))


def packed(record: Record) -> bytes:
    """A record as bytes."""
    fields: dict[str, Any] = {KINDS[type(record)]: record}
    return _encode(_Any(**fields))


def shown(face: Face, replies: tuple[Reply, ...]) -> bytes:
    """What other pages may show of an entry, as bytes."""
    return _encode(_Shown(face, replies))


def unpacked(data: bytes) -> Record:
    """The record of which these are the bytes; raises Damaged where they are none."""
    kept = _read_by(_decode, data)
    record = kept.entry or kept.article or kept.sender or kept.registry or kept.site or kept.lookup
    if record is None:
        raise Damaged("there is no record")
    return record


def _read_by(decode: Callable[[bytes | memoryview], Kind], data: bytes | memoryview) -> Kind:
    try:
        return decode(data)
    except msgspec.MsgspecError as error:
        raise Damaged(str(error)) from None


def _face(data: bytes | memoryview) -> Face:
    return _read_by(_seen, data).face


def shared(place: Place | bytes) -> Place | bytes:
    """The same place with its segment's name kept once for all: marshal writes it once then."""
    return place if isinstance(place, bytes) else (sys.intern(place[0]), *place[1:])


class Shelf:
    """Rows by file name, and the records that they tell the places of."""

    def __init__(self, state: str) -> None:
        self.folder = os.path.join(state, FOLDER)
        self.site = b""  # the digest of the site.yaml with which the files were read
        self.fields = b""  # what it says, packed, where that is sound
        self.rows: dict[str, Row] = {}
        self.known = b""  # the digest of all names and ids against which links were checked
        self.look = b""  # the digest of the output's path, and of all that pages have in common
        self.bones = b""  # the digest of what makes entries related
        self.order: list[str] = []  # the files of the entries, as a reader counts, where the bones are known
        self.sheets: dict[str, Sheet] = {}
        self._files: dict[str, int] = {}
        self._own: tuple[int, str, int] = (0, "", 0)  # the process, its segment, and its end
        self._builder = os.getpid()

    def whole(self, name: str) -> Record:
        """The record of a file that was read; raises Damaged."""
        return unpacked(self.read(self.rows[name].whole))

    def entry(self, name: str) -> Entry:
        """The same, of an entry."""
        record = self.whole(name)
        if not isinstance(record, Entry):
            raise Damaged(f"{name} is no entry")
        return record

    def faces(self, places: Iterable[Place | bytes]) -> Iterator[Face]:
        """What the rest of the site may know of the entries of which rows say these, in any order; raises Damaged.

        Those that lie side by side are read at once.
        """
        places = list(places)
        yield from map(_face, (place for place in places if isinstance(place, bytes)))
        run: list[Place] = []
        for place in sorted(place for place in places if not isinstance(place, bytes)):
            if run and place[:2] != (run[-1][0], run[-1][1] + run[-1][2]):
                yield from map(_face, self._read_run(run))
                run.clear()
            run.append(place)
        yield from map(_face, self._read_run(run))

    def replies(self, name: str) -> tuple[Reply, ...]:
        """The literal replies of an entry; raises Damaged."""
        return _read_by(_replies, self.read(self.rows[name].face)).replies

    def put(self, datas: list[bytes]) -> list[Place] | list[bytes]:
        """Where these lie from now on, in a segment of this process's own; the same bytes where that cannot be."""
        process, name, end = self._own
        try:
            if process != os.getpid():
                process, name, end = os.getpid(), f"{self._builder}-{os.urandom(8).hex()}", 0
                os.makedirs(self.folder, exist_ok=True)
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
                self._files[name] = os.open(os.path.join(self.folder, name), flags, 0o644)
            places = []
            for data in datas:
                places.append((name, end, len(data), crc32(data)))
                end += len(data)
            rest = memoryview(b"".join(datas))
            while rest:
                rest = rest[os.write(self._files[name], rest) :]
        except OSError:
            self._own = (0, "", 0)
            return datas
        self._own = (process, name, end)
        return places

    def read(self, place: Place | bytes) -> bytes:
        """What was put there; raises Damaged where it is not there any more."""
        return place if isinstance(place, bytes) else bytes(*self._read_run([place]))

    def _read_run(self, run: Sequence[Place]) -> Iterator[memoryview]:
        """The same of places that lie side by side, which are read at once."""
        if not run:
            return
        name, start, _, _ = run[0]
        try:
            if name not in self._files:
                self._files[name] = os.open(os.path.join(self.folder, name), os.O_RDONLY)
            data = memoryview(os.pread(self._files[name], sum([length for _, _, length, _ in run]), start))
        except OSError as error:
            raise Damaged(str(error)) from None
        for _, offset, length, checksum in run:
            one = data[offset - start : offset - start + length]
            if crc32(one) != checksum:
                raise Damaged(name)
            yield one

    def close(self) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()
        self._own = (0, "", 0)

    def is_full(self) -> bool:
        """Whether there are so many segments that they should be looked through."""
        try:
            return len(os.listdir(self.folder)) > MANY
        except OSError:
            return False

    def tidy(self) -> None:
        """Puts what lies in small segments together."""
        sizes: dict[str, int] = {}
        for place in self._places():
            sizes[place[0]] = sizes.get(place[0], 0) + place[2]
        small = {name for name, size in sizes.items() if size < SMALL}
        moved = [place for place in self._places() if place[0] in small]
        self._own = (0, "", 0)
        now: dict[object, Place | bytes] = dict(
            zip(moved, self.put([self.read(place) for place in moved]), strict=True)
        )
        for name, row in self.rows.items():
            self.rows[name] = row._replace(face=now.get(row.face, row.face), whole=now.get(row.whole, row.whole))
        for path, sheet in self.sheets.items():
            self.sheets[path] = sheet._replace(around=now.get(sheet.around, sheet.around))

    def _places(self) -> Iterator[Place]:
        """Every place, those of faces side by side."""
        rows, sheets = self.rows.values(), self.sheets.values()
        everything = chain((row.face for row in rows), (row.whole for row in rows), (sheet.around for sheet in sheets))
        return (place for place in everything if not isinstance(place, bytes))

    def forget(self) -> None:
        """Deletes segments that no place is in, but not those of a build that goes on beside this one."""
        used = {place[0] for place in self._places()}
        with suppress(OSError):
            for name in os.listdir(self.folder):
                builder = name.partition("-")[0]
                if name not in used and (builder == str(self._builder) or not _runs(builder)):
                    with suppress(OSError):
                        os.unlink(os.path.join(self.folder, name))
                    if name in self._files:
                        os.close(self._files.pop(name))


def load(state: str) -> Shelf:
    """What the last build with this very generator kept; nothing where there is nothing."""
    shelf = Shelf(state)
    if (data := stamp.read(os.path.join(state, INDEX))) is None:
        return shelf
    with suppress(ValueError, EOFError, TypeError):
        made_by, site, fields, known, look, bones, order, names, rows, paths, sheets = marshal.loads(data)
        if made_by == generator():
            shelf.site, shelf.fields = site, fields
            shelf.known, shelf.look, shelf.bones, shelf.order = known, look, bones, order
            shelf.rows = dict(zip(names, map(partial(tuple.__new__, Row), rows), strict=True))
            shelf.sheets = dict(zip(paths, map(partial(tuple.__new__, Sheet), sheets), strict=True))
    return shelf


def save(state: str, shelf: Shelf) -> None:
    """Keeps what the shelf says; where there are many segments, those of which it says nothing are deleted."""
    with suppress(Damaged):
        is_full = shelf.is_full()
        if is_full:
            shelf.tidy()
        rows = [*shelf.rows], [*map(tuple, shelf.rows.values())]
        sheets = [*shelf.sheets], [*map(tuple, shelf.sheets.values())]
        whole = shelf.site, shelf.fields, shelf.known, shelf.look, shelf.bones, shelf.order
        data = marshal.dumps((generator(), *whole, *rows, *sheets))
        if stamp.put(os.path.join(state, INDEX), data) and is_full:
            shelf.forget()


def _runs(process: str) -> bool:
    """Whether a process of that number runs."""
    try:
        os.kill(int(process), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except OSError:
        return True
    return True


@cache
def generator() -> str:
    """What tells one version of the generator from another: its files, and its libraries', as they lie there."""
    walk = stamp.walk(stamp.makers())
    return digest(repr([sorted(below.items()) for below in walk.values()]).encode()).hex()
