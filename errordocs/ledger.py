"""What a target holds of us and what a publish shall change there: the published manifest, and plans made of it.

The manifest lies with the site. While a publish runs, it says of each file that may be old or new that it is in
doubt, so that whoever comes after an interrupted run sends those again, whatever they are by then.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Mapping
from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec import Struct

from errordocs.model import Failed
from errordocs.paths import TYPES
from errordocs.paths import type_of

NAME = ".errordocs-publish.json"
VERSION = 1
OLD_OR_NEW = "?"  # the tag of a file that a publish was about to replace
PERHAPS = ""  # the tag of one that it was about to add or to delete: it may be there or not
DAY = 24 * 3600
HASHED = re.compile(r"assets/.+\.[0-9a-f]{10}\.\w+")  # the hash is the content's: such a file never changes
FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "public, max-age=0, must-revalidate"
ENDINGS = {"gzip": ".gz", "br": ".br"}
MANY = 256  # more deletions than this are asked about
FEW = 16  # fewer are never

Encoding = Literal["gzip", "br"]


class Claim(Struct, frozen=True, forbid_unknown_fields=True):
    """Who publishes just now: a number of chance, and when that began in seconds since 1970."""

    id: str
    at: int


class Ledger(Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest of a target: tag by path; what goes, with its tag and since when nothing uses it."""

    files: dict[str, str] = {}
    leaving: dict[str, tuple[str, int]] = {}
    claim: Claim | None = None
    version: int = VERSION


class Item(Struct, frozen=True):
    """A file as it travels; `key` is its path in the target, `tag` stands for content and headers together."""

    key: str
    source: str
    digest: str
    encoding: Encoding | None
    headers: dict[str, str]
    tag: str


class Plan(Struct, frozen=True):
    """What a publish does, in this order; each group ends before the next begins.

    `interim` is the manifest while it runs, `final` the one after the last upload, in which `deletions` still stand.
    """

    groups: tuple[tuple[str, tuple[Item, ...]], ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    deletions: tuple[str, ...]
    kept: tuple[str, ...]
    unchanged: int
    interim: Ledger
    final: Ledger


def items(digests: Mapping[str, str], encoding: Encoding | None, beside: bool) -> dict[str, Item]:
    """Each file of a build as it travels, by key; compressed ones replace the plain ones, or stand `beside` them."""
    made = {}
    for path, digest in sorted(digests.items()):
        fits = encoding if path.endswith(tuple(TYPES)) and not path.endswith((".png", ".ico")) else None
        for key, how in ((path, None), (path + ENDINGS[fits], fits)) if fits and beside else ((path, fits),):
            headers = headers_of(path) | ({"Content-Encoding": how} if how else {})
            told = "\n".join((digest, *(f"{name}: {value}" for name, value in headers.items())))
            tag = blake2b(told.encode(), digest_size=12).hexdigest()
            made[key] = Item(key, path, digest, how, headers, tag)
    return made


def headers_of(path: str) -> dict[str, str]:
    """The headers that a file is served with, from its path alone."""
    return {"Content-Type": type_of(path), "Cache-Control": FOREVER if is_hashed(path) else REVALIDATE}


def is_hashed(key: str) -> bool:
    """Whether a file's name holds the hash of its content."""
    return HASHED.fullmatch(key) is not None


def plan(former: Ledger, sent: Mapping[str, Item], now: int, grace: float, deletes: bool) -> Plan:
    """What makes the target of `former` hold `sent`; a hashed asset goes when it was unused for `grace` days.

    What is new goes first, since only what changes leads to it; each time assets, pages, then what lists them.
    """
    known = {**former.files, **{path: tag for path, (tag, _) in former.leaving.items()}}
    added = sorted(path for path in sent if known.get(path, PERHAPS) == PERHAPS)
    changed = sorted(path for path, item in sent.items() if known.get(path, PERHAPS) not in (PERHAPS, item.tag))
    groups = []
    for news, paths in (("new", added), ("changed", changed)):
        for role, kind in enumerate(("assets", "pages", "indexes", "home page", "sitemap")):
            if group := tuple(sent[path] for path in paths if _role(path) == role):
                groups.append((f"{news} {kind}", group))
    gone = {path: (tag, now) for path, tag in former.files.items()} | former.leaving
    leaving = {path: gone[path] for path in sorted(gone.keys() - sent.keys())}
    due = [path for path, (_, since) in leaving.items() if not is_hashed(path) or now - since >= grace * DAY]
    deletions = tuple(due) if deletes else ()
    tags = {path: item.tag for path, item in sorted(sent.items())}
    doubtful = dict.fromkeys(added, PERHAPS) | dict.fromkeys(changed, OLD_OR_NEW)
    was = {path: since for path, since in former.leaving.items() if path not in sent}
    return Plan(
        groups=tuple(groups),
        added=tuple(added),
        changed=tuple(changed),
        deletions=deletions,
        kept=tuple(path for path in leaving if path not in deletions),
        unchanged=len(sent) - len(added) - len(changed),
        interim=Ledger(former.files | tags | doubtful, was),
        final=Ledger(tags, leaving | {path: (PERHAPS, leaving[path][1]) for path in deletions}),
    )


def is_mass_deletion(planned: Plan, former: Ledger) -> bool:
    """Whether so much would go that it may be a mistake: hundreds of files, or half of what is published."""
    count = sum(path in former.files for path in planned.deletions)
    return count > MANY or (count > FEW and 2 * count > len(former.files))


def without(ledger: Ledger, gone: tuple[str, ...]) -> Ledger:
    """The manifest after these files were deleted."""
    left = {path: since for path, since in ledger.leaving.items() if path not in set(gone)}
    return msgspec.structs.replace(ledger, leaving=left)


def doubting(ledger: Ledger, wrong: Mapping[str, str]) -> Ledger:
    """The manifest with these files in doubt, each with the mark of its own."""
    leaving = {path: (wrong.get(path, tag), since) for path, (tag, since) in ledger.leaving.items()}
    files = {path: wrong.get(path, tag) for path, tag in ledger.files.items()}
    return msgspec.structs.replace(ledger, files=files, leaving=leaving)


def settled(ledger: Ledger, there: Collection[str]) -> Ledger:
    """The manifest of an interrupted run, now that a listing tells which of the files that it was adding are there."""
    files = {path: tag or OLD_OR_NEW for path, tag in ledger.files.items() if tag != PERHAPS or path in there}
    return msgspec.structs.replace(ledger, files=files)


def encoded(ledger: Ledger) -> bytes:
    """The bytes of a manifest, the same for the same manifest."""
    return msgspec.json.encode(ledger, order="sorted") + b"\n"


def decoded(data: bytes, shown: str) -> Ledger:
    """The manifest that lies at `shown`; raises Failed for one that is damaged, or of a newer generator."""
    mend = "put its last version back, or delete it and publish with --overwrite"
    try:
        version = msgspec.json.decode(data, type=_Version).version
        if version > VERSION:
            what = f"{shown} was written by a newer generator (version {version} of the manifest)"
            raise Failed(f"{what}; publish with that one")
        ledger = msgspec.json.decode(data, type=Ledger)
    except (msgspec.DecodeError, ValueError) as error:
        raise Failed(f"{shown} is damaged ({error}); {mend}") from None
    for path in (*ledger.files, *ledger.leaving):
        if not {"", ".", ".."}.isdisjoint(path.split("/")) or "\\" in path or path == NAME:
            raise Failed(f"{shown} is damaged (it names {path!r}); {mend}")
    return ledger


class _Version(Struct, frozen=True):
    version: int


def _role(key: str) -> int:
    """When a file goes: assets, pages, what lists them, then the home page, from which all of it is reached."""
    if key.startswith("assets/"):
        return 0
    path = key.removesuffix(".gz").removesuffix(".br")
    if path in ("index.html", "sitemap.xml", "llms.txt"):
        return 3 if path == "index.html" else 4
    is_index = path.endswith("/index.html")
    return 1 if path.startswith("api/errors/") or (path.endswith(".html") and not is_index) else 2
