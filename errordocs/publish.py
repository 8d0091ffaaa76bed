"""Brings the built site to where it is served from, in an order that keeps it whole for every visitor.

One request reads the published manifest. Then: a claim (the manifest, with what is about to change in doubt, written
only if nobody else wrote it meanwhile), what is new, what changes, the manifest, deletions. Each group is complete
before the next begins, so an end at any moment leaves pages whose links and assets are there, and the next run goes on.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from errordocs import ledger
from errordocs import store
from errordocs import write
from errordocs.ledger import Claim
from errordocs.ledger import Encoding
from errordocs.ledger import Item
from errordocs.ledger import Ledger
from errordocs.ledger import Plan
from errordocs.model import Failed
from errordocs.model import Misused
from errordocs.progress import Watch
from errordocs.store import Found
from errordocs.store import Limits
from errordocs.store import Store

LIFE = (
    20 * 60
)  # seconds after which a claim that nobody renewed is dead; clocks that stores accept differ by 15 minutes
RENEWAL = 2 * 60  # seconds after which a claim is renewed
SKEW = 60  # seconds by which this machine's clock may lie behind the target's
BATCH = 1000  # deletions in one request
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}

Subject = TypeVar("Subject")


class Wishes(Struct, frozen=True):
    """What the person asked for; `delete` is None where it was not said: then all but a mass of files goes."""

    endpoint: str | None = None
    dry_run: bool = False
    delete: bool | None = None
    verify: bool = False
    jobs: int = 16
    grace: float = 7
    compress: Encoding | None = None
    overwrite: bool = False
    take_over: bool = False


class Done(Struct, frozen=True):
    """What a publish did: the plan, the bytes that travelled, and what `--verify` found there that is not ours."""

    plan: Plan
    bytes: int
    foreign: tuple[str, ...] = ()


def publish(
    output: str,
    target: str,
    state: str,
    wishes: Wishes,
    watch: Watch,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    now: Callable[[], float] = time.time,
) -> Done:
    """Makes `target` serve the site that lies in `output`; raises Failed, with the target whole, where it cannot.

    `state` is the folder where this machine remembers its claims, so that it may go on after a kill at once.
    """
    sources = _sources(output)
    place = store.opened(target, wishes.endpoint, limits)
    if place.is_folder:
        _apart(target, output)
    sent = ledger.items(sources, wishes.compress, beside=place.is_folder)
    _brotli(wishes.compress)
    found = place.get(ledger.NAME)
    former = Ledger() if found is None else ledger.decoded(found.data, f"{target}/{ledger.NAME}")
    if found is None:
        _bare(place, wishes)
    elif found.modified > now() + SKEW:
        behind = f"{(found.modified - now()) / 60:.0f} minutes behind that of {target}"
        raise Failed(f"this machine's clock is {behind}; set it, or assets would be kept or deleted by a wrong date")
    if ledger.PERHAPS in former.files.values():  # a run was interrupted: what it was adding may be there or not
        former = ledger.settled(former, {listed.key for listed in place.listing()})
    wrong, foreign = _verified(place, former, sent, output, watch) if wishes.verify else ({}, ())
    planned = ledger.plan(
        ledger.doubting(former, wrong), sent, int(now()), wishes.grace, deletes=wishes.delete is not False
    )
    if wishes.delete is None and ledger.is_mass_deletion(planned, former):
        what = f"this would delete {_some(planned.deletions)}, {len(planned.deletions)} of {len(former.files)} files"
        raise Failed(f"{target}: {what}; if that is meant, say --delete, else build the whole site first")
    if wishes.dry_run or not (planned.groups or planned.deletions or planned.final != former):
        return Done(planned, 0, foreign)
    hold = _Hold(place, state, former, found, wishes, now)
    try:
        count = _run(place, planned, output, hold, wishes, watch)
    except store.Unreachable:
        hold.standing = None  # it would take as long again to learn that the claim cannot be given back either
        raise
    finally:
        hold.leave()
    return Done(planned, count, foreign)


def _run(place: Store, planned: Plan, output: str, hold: _Hold, wishes: Wishes, watch: Watch) -> int:
    """Does what is planned, and returns how many bytes of the site travelled."""
    for _, group in planned.groups:  # a file that is not what the build wrote is found before anything travels
        for item in group:
            _read(output, item)
    hold.write(planned.interim)

    def send(item: Item) -> int:
        hold.check()
        data = _encoded(_read(output, item), item.encoding)
        place.put(item.key, data, item.headers)
        return len(data)

    count = 0
    for name, group in planned.groups:
        count += sum(_each(send, group, name, wishes.jobs, watch))
    hold.write(planned.final, is_over=not planned.deletions)
    if planned.deletions:
        batches = [planned.deletions[start : start + BATCH] for start in range(0, len(planned.deletions), BATCH)]
        for _ in _each(place.delete, batches, "deletions", 1, watch):
            hold.check()
        hold.write(ledger.without(planned.final, planned.deletions), is_over=True)
    return count


def _each(
    deed: Callable[[Subject], int | None], subjects: Iterable[Subject], name: str, jobs: int, watch: Watch
) -> list[int]:
    """Does the deed for each, some at once; the first failure ends it, once those under way have ended."""
    waiting = list(subjects)
    watch.begin(name, len(waiting))
    pool = ThreadPoolExecutor(max_workers=max(1, min(jobs, len(waiting))))
    try:
        results = []
        for result in pool.map(deed, waiting):
            results.append(result or 0)
            watch.step()
        return results
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        watch.end()


def stale(done: Done) -> list[str]:
    """The paths of which a cache may hold another version than the target does now."""
    plan = done.plan
    travelled = {item.source for _, group in plan.groups for item in group}
    return sorted(path for path in travelled | set(plan.deletions) if not ledger.is_hashed(path))


# What is here


def _sources(output: str) -> dict[str, str]:
    """Digest by path of a whole build; raises Failed for half of one."""
    digests = write.manifest(Path(output))
    if not digests:
        raise Failed(f"{output}: there is no site to publish; build it first")
    doubtful = [path for path, digest in digests.items() if digest == write.IN_DOUBT]
    lost = [path for path in digests if not os.path.isfile(f"{output}/{path}")]
    if doubtful or lost:
        raise Failed(f"{output}: a build was cut short, {_some(doubtful or lost)} is not whole; build again")
    return digests


def _read(output: str, item: Item) -> bytes:
    """The file's content; raises Failed where it is not what the build wrote."""
    path = f"{output}/{item.source}"
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}; build again, then publish") from None
    if blake2b(data, digest_size=16).hexdigest() != item.digest:
        raise Failed(f"{path} is not as the build wrote it; build again, then publish")
    return data


def _encoded(data: bytes, encoding: Encoding | None) -> bytes:
    """The content as it travels: the same bytes for the same content, so no time of day in them."""
    if encoding == "gzip":
        return gzip.compress(data, mtime=0)
    if encoding == "br":
        import brotli

        return bytes(brotli.compress(data, quality=11))
    return data


def _brotli(encoding: Encoding | None) -> None:
    if encoding == "br":
        try:
            import brotli  # noqa: F401 - whether it is there
        except ModuleNotFoundError:
            raise Failed(f"brotli: {store.MISSING}, or use --compress gzip") from None


def _apart(target: str, output: str) -> None:
    here, there = (os.path.join(os.path.realpath(path), "") for path in (output, target))
    if here.startswith(there) or there.startswith(here):
        raise Misused(f"{target}: this holds {output}, or lies in it; publish to a folder beside it")


# What is there


def _bare(place: Store, wishes: Wishes) -> None:
    """Raises Failed where a target without a manifest holds files: no publish of ours put them there."""
    if wishes.overwrite:
        return
    keys = [listed.key for listed in islice(place.listing(), 3)]
    if keys:
        what = f"{place.shown}: it holds files that no publish put there ({', '.join(keys)}, ...)"
        raise Failed(f"{what}; choose another prefix, or say --overwrite: files of our names are replaced, others stay")


def _verified(
    place: Store, former: Ledger, sent: dict[str, Item], output: str, watch: Watch
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What is not as the manifest says, each with its mark of doubt; and what is not ours.

    A file is compared with what we would send: by the listing's MD5 where that fits, by its content where it does not.
    """
    there = {listed.key: listed for listed in place.listing()}
    ours = {**former.files, **{key: tag for key, (tag, _) in former.leaving.items()}}
    foreign = tuple(sorted(there.keys() - ours.keys() - {ledger.NAME}))
    wrong = dict.fromkeys(ours.keys() - there.keys(), ledger.PERHAPS)
    same = [key for key, item in sent.items() if ours.get(key) == item.tag and key in there]

    def compare(key: str) -> None:
        data = _encoded(_read(output, sent[key]), sent[key].encoding)
        listed = there[key]
        if listed.size == len(data) and listed.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest():
            return
        found = place.get(key) if listed.size == len(data) else None
        if found is None or found.data != data:
            wrong[key] = ledger.OLD_OR_NEW

    _each(compare, same, "comparisons", 8, watch)
    return wrong, foreign


# Whose turn it is


class _Hold:
    """Our claim on the target: a file here that the kernel unlocks when we are killed, and the manifest there."""

    def __init__(
        self, place: Store, state: str, former: Ledger, found: Found | None, wishes: Wishes, now: Callable[[], float]
    ) -> None:
        self.place, self.now = place, now
        self.version = None if found is None else found.version
        self.claim = Claim(secrets.token_hex(8), int(now()))
        self.lock = threading.Lock()
        self.standing: Ledger | None = None  # what the target's manifest says, while the claim is ours
        self.renewed = 0.0
        self.descriptor = self._take(state)
        try:
            self._judge(former, found, wishes)
            self._remember()
        except BaseException:
            os.close(self.descriptor)
            raise

    def _take(self, state: str) -> int:
        key = blake2b(self.place.shown.rstrip("/").encode(), digest_size=8).hexdigest()
        path = os.path.join(state, f"publish-{key}")
        try:
            os.makedirs(state, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise Failed(
                    f"{self.place.shown}: another publish of this machine is at it; wait for its end"
                ) from None
        except OSError as error:
            raise Failed(f"{path}: {error.strerror}; make it yours to write") from None
        return descriptor

    def _judge(self, former: Ledger, found: Found | None, wishes: Wishes) -> None:
        """Raises Failed for a claim that may be alive: one of elsewhere, and younger than its life."""
        if former.claim is None or found is None or wishes.take_over:
            return
        mine = os.pread(self.descriptor, 1 << 20, 0).decode("ascii", "replace").split()
        if former.claim.id not in mine and self.now() - found.modified < LIFE:
            since = time.strftime("%H:%M UTC", time.gmtime(former.claim.at))
            what = f"{self.place.shown}: another publish is at it since {since}"
            raise Failed(f"{what}; wait for its end, or, where you know that it is dead, say --take-over")

    def _remember(self) -> None:
        """Adds the claim to those that this machine made and has not given back."""
        try:
            os.pwrite(self.descriptor, f"{self.claim.id}\n".encode(), os.fstat(self.descriptor).st_size)
        except OSError as error:
            raise Failed(f"the folder .errordocs: {error.strerror}; free some space and publish again") from None

    def write(self, state: Ledger, is_over: bool = False) -> None:
        """Puts a manifest there, if nobody else did; with our claim until it is over."""
        claimed = msgspec.structs.replace(state, claim=None if is_over else self.claim)
        if not is_over:  # a renewal must differ from what it renews, to be known as ours
            claimed = msgspec.structs.replace(claimed, claim=Claim(self.claim.id, int(self.now())))
        try:
            self.version = self.place.put_if(ledger.NAME, ledger.encoded(claimed), HEADERS, self.version)
        except store.Changed:
            self.standing = None
            what = f"{self.place.shown}: another publish took over"
            raise Failed(f"{what}; nothing more was sent, run it again when that one is done") from None
        self.standing, self.renewed = None if is_over else state, self.now()
        if is_over:
            os.ftruncate(self.descriptor, 0)

    def check(self) -> None:
        """Renews the claim in time; raises Failed where somebody else has the target now."""
        with self.lock:
            if self.standing is not None and self.now() - self.renewed > RENEWAL:
                self.write(self.standing)

    def leave(self) -> None:
        """Gives the claim back after a failure, where the target can be reached; whoever is next need not wait."""
        try:
            if self.standing is not None:
                with suppress(Failed):
                    self.write(self.standing, is_over=True)
        finally:
            tidy = getattr(self.place, "tidy", None)
            if tidy is not None:
                tidy()
            os.close(self.descriptor)


def _some(paths: Iterable[str]) -> str:
    """Up to three of the paths, and how many more there are."""
    every = sorted(paths)
    more = f" and {len(every) - 3} more" if len(every) > 3 else ""
    return ", ".join(every[:3]) + more
