"""What the last build made of each file, for the next one: readings that hold while file and generator are the same.

Anybody may delete it at any time; what cannot be read is as good as absent.
"""

from __future__ import annotations

import os
from hashlib import blake2b

import msgspec
from msgspec import Struct

from errordocs import stamp
from errordocs.load import Memory
from errordocs.load import Reading
from errordocs.load import Record
from errordocs.model import Article
from errordocs.model import Entry
from errordocs.model import Lookup
from errordocs.model import Registry
from errordocs.model import Sender
from errordocs.model import SiteFields

NAME = "readings"


class _Kept(Struct, frozen=True, array_like=True):
    """A reading on disk: its record stands in the field of its kind."""

    digest: bytes
    entry: Entry | None = None
    article: Article | None = None
    sender: Sender | None = None
    registry: Registry | None = None
    site: SiteFields | None = None
    lookup: Lookup | None = None


class _File(Struct, frozen=True, array_like=True):
    generator: str
    readings: dict[str, _Kept]


def load(state: str) -> Memory:
    """The readings of the last build with this very generator; none where there are none."""
    try:
        with open(os.path.join(state, NAME), "rb") as file:
            kept = msgspec.msgpack.decode(file.read(), type=_File)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError, ValueError):
        return {}
    if kept.generator != _generator():
        return {}
    return {name: Reading(one.digest, _record(one), ()) for name, one in kept.readings.items()}


def save(state: str, memory: Memory) -> None:
    """Keeps the readings; a failure to keep them is no failure of the build."""
    kept = {
        name: _kept(reading.digest, reading.record)
        for name, reading in memory.items()
        if reading.record is not None and not reading.problems
    }
    path = os.path.join(state, NAME)
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(state, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(msgspec.msgpack.encode(_File(_generator(), kept)))
        os.replace(temporary, path)
    except OSError:
        return


def _kept(digest: bytes, record: Record | SiteFields) -> _Kept:
    match record:
        case Entry():
            return _Kept(digest, entry=record)
        case Article():
            return _Kept(digest, article=record)
        case Sender():
            return _Kept(digest, sender=record)
        case Registry():
            return _Kept(digest, registry=record)
        case Lookup():
            return _Kept(digest, lookup=record)
        case SiteFields():
            return _Kept(digest, site=record)


def _record(kept: _Kept) -> Record | SiteFields | None:
    return kept.entry or kept.article or kept.sender or kept.registry or kept.site or kept.lookup


def _generator() -> str:
    """What tells one version of the generator from another: its files, and its libraries', as they lie there."""
    walk = stamp.walk(stamp.makers())
    return blake2b(repr(sorted(walk.items())).encode(), digest_size=16).hexdigest()
