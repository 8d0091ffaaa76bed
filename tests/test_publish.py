"""Publishing to a real server: what travels, in which order, and what visitors get while it is cut short."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import json
import multiprocessing
import os
import pty
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import brotli
import msgspec
import pytest

from errordocs import ledger
from errordocs import publish
from errordocs import store
from errordocs import write
from errordocs.model import Failed
from errordocs.model import Misused
from errordocs.publish import Done
from errordocs.publish import Wishes
from errordocs.store import Limits
from tests import stores
from tests.conftest import REPOSITORY
from tests.stores import KEYS
from tests.stores import QUIET
from tests.stores import SIGNED
from tests.stores import Proxy

QUICK = Limits(retries=1, first_wait=0.001, longest_wait=0.002, patience=20.0, timeout=20.0)
PATIENT = msgspec.structs.replace(QUICK, retries=15, patience=60.0, timeout=30.0)  # chance may fail a request often
BUCKET = "site"
BELOW = "sub/path"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with stores.moto() as address:
        assert stores.ask(address, "PUT", f"/{BUCKET}").status == 200
        yield address


@pytest.fixture
def proxy(moto: str) -> Iterator[Proxy]:
    """Stands before moto, whose bucket is emptied first."""
    before = Proxy(moto)
    place = store.opened(f"s3://{BUCKET}", moto, QUICK) if "AWS_REGION" in os.environ else None
    assert place is not None
    if everything := [listed.key for listed in place.listing()]:
        place.delete(everything)
    yield before
    before.close()


class Site:
    """A target behind the proxy, and what it serves."""

    def __init__(self, proxy: Proxy, moto: str, state: Path, below: str = BELOW) -> None:
        self.proxy, self.moto, self.state, self.below = proxy, moto, state, below
        self.target = f"s3://{BUCKET}/{below}"
        self.root = f"{moto}/{BUCKET}/{below}/"

    def publish(self, project: Path, limits: Limits = QUICK, now: float | None = None, **wishes: Any) -> Done:
        wished = Wishes(endpoint=self.proxy.address, **wishes)
        clock = {} if now is None else {"now": lambda: now}
        return publish.publish(
            str(project / "output"),
            self.target,
            str(self.state),
            wished,
            QUIET,
            limits,
            **clock,
        )

    def get(self, key: str) -> Any:
        return stores.ask(self.moto, "GET", f"/{BUCKET}/{self.below}/{quote(key)}", headers=SIGNED)

    def put(self, key: str, data: bytes) -> None:
        assert stores.ask(self.moto, "PUT", f"/{BUCKET}/{self.below}/{key}", data, SIGNED).status == 200

    def stored(self) -> dict[str, str | None]:
        """MD5 by key of what is there."""
        return {listed.key: listed.md5 for listed in store.opened(self.target, self.moto, QUICK).listing()}

    def manifest(self) -> ledger.Ledger:
        return ledger.decoded(self.get(ledger.NAME).data, "m")


@pytest.fixture
def site(proxy: Proxy, moto: str, tmp_path: Path) -> Site:
    return Site(proxy, moto, tmp_path / "state")


def files(project: Path) -> set[str]:
    return set(write.manifest(project / "output"))


def sums(project: Path) -> dict[str, str]:
    return {path: hashlib.md5((project / "output" / path).read_bytes()).hexdigest() for path in files(project)}


def puts(proxy: Proxy) -> list[str]:
    """The keys that were written, in order, but the manifest."""
    keys = [path.removeprefix(f"/{BUCKET}/{BELOW}/") for method, path in proxy.seen if method == "PUT"]
    return [key for key in keys if key != ledger.NAME]


# What travels


def test_site_is_served_as_it_was_built(site: Site, generations: list[Path]) -> None:
    site.publish(generations[0])
    assert set(site.stored()) == files(generations[0]) | {ledger.NAME}
    found, broken = stores.crawl(site.root)
    assert broken == []
    assert len(found) > 25
    for key, data in found.items():
        assert data == (generations[0] / "output" / key).read_bytes()


@pytest.mark.parametrize(
    ("pattern", "kind", "cache"),
    [
        ("index.html", "text/html; charset=utf-8", "public, max-age=0, must-revalidate"),
        ("assets/site.*.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("assets/icon.*.svg", "image/svg+xml; charset=utf-8", "public, max-age=31536000, immutable"),
        ("api/errors.json", "application/json; charset=utf-8", "public, max-age=0, must-revalidate"),
        (ledger.NAME, "application/json; charset=utf-8", "no-store"),
    ],
)
def test_files_are_served_with_their_headers(
    site: Site, generations: list[Path], pattern: str, kind: str, cache: str
) -> None:
    site.publish(generations[0])
    (key,) = [key for key in site.stored() if Path(key).match(pattern) and key.count("/") == pattern.count("/")]
    response = site.get(key)
    assert (response.status, response.getheader("Content-Type")) == (200, kind)
    assert response.getheader("Cache-Control") == cache
    assert response.getheader("Content-Encoding") is None


@pytest.mark.parametrize(("how", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_compressed_files_say_so_and_hold_the_same(
    site: Site, generations: list[Path], how: Any, unpack: Callable[[bytes], bytes]
) -> None:
    site.publish(generations[0], compress=how)
    response = site.get("index.html")
    assert response.getheader("Content-Encoding") == how
    assert unpack(response.data) == (generations[0] / "output/index.html").read_bytes()
    site.proxy.reset()
    site.publish(generations[0], compress=how)
    assert len(site.proxy.seen) == 1


def test_nothing_to_do_is_one_request(site: Site, generations: list[Path]) -> None:
    site.publish(generations[0])
    site.proxy.reset()
    done = site.publish(generations[0])
    assert [method for method, _ in site.proxy.seen] == ["GET"]
    assert done.plan.unchanged == len(files(generations[0]))


def test_only_what_changed_travels_and_old_files_go(site: Site, generations: list[Path]) -> None:
    one, other = (write.manifest(project / "output") for project in generations[:2])
    site.publish(generations[0])
    site.proxy.reset()
    site.publish(generations[1])
    assert sorted(puts(site.proxy)) == sorted(path for path in other if one.get(path) != other[path])
    old_style = next(path for path in one if path.endswith(".css"))
    assert set(site.stored()) == files(generations[1]) | {ledger.NAME, old_style}
    assert site.proxy.count("GET") == 1


def test_assets_travel_before_pages_before_indexes_and_the_manifest_is_last(
    site: Site, generations: list[Path]
) -> None:
    site.publish(generations[0])
    keys = puts(site.proxy)
    first_index = min(keys.index(key) for key in keys if key.endswith("/index.html"))
    assert all(key.startswith("assets/") for key in keys[:3])
    assert keys.index("errors/500.html") < first_index < keys.index("index.html") < keys.index("sitemap.xml")
    written = [path for method, path in site.proxy.seen if method == "PUT"]
    assert written[0].endswith(ledger.NAME)
    assert written[-1].endswith(ledger.NAME)


def test_unused_assets_go_after_their_grace(site: Site, generations: list[Path]) -> None:
    now = 2_000_000_000.0
    site.publish(generations[0], now=now)
    site.publish(generations[1], now=now + 10)
    old_style = next(path for path in files(generations[0]) if path.endswith(".css"))
    site.publish(generations[1], now=now + 6 * ledger.DAY)
    assert old_style in site.stored()
    site.proxy.reset()
    site.publish(generations[1], now=now + 8 * ledger.DAY)
    assert set(site.stored()) == files(generations[1]) | {ledger.NAME}
    assert puts(site.proxy) == []


def test_thousand_changed_of_ten_thousand_pages_travel_and_nothing_else(site: Site, tmp_path: Path) -> None:
    output, pages = tmp_path / "large" / "output", [f"errors/{number}.html" for number in range(10_000)]
    (output / "errors").mkdir(parents=True)
    digests = {}
    for path in [*pages, "index.html", "errors/index.html", "sitemap.xml"]:
        data = f"<p>{path}".encode()
        (output / path).write_bytes(data)
        digests[path] = write._digest(data)
    published = {key: item.tag for key, item in ledger.items(digests, None, beside=False).items()}
    site.put(ledger.NAME, ledger.encoded(ledger.Ledger(published)))  # as if the others were there: nobody asks for them
    changed = [*pages[::10], "index.html", "errors/index.html", "sitemap.xml"]
    for path in changed:
        data = (output / path).read_bytes() + b" anew"
        (output / path).write_bytes(data)
        digests[path] = write._digest(data)
    (output / write.MANIFEST).write_bytes(write._encoded(digests))
    done = site.publish(output.parent)
    assert sorted(puts(site.proxy)) == sorted(changed)
    assert len(site.proxy.seen) == len(changed) + 3  # the manifest: read, claimed, written
    assert done.bytes == sum((output / path).stat().st_size for path in changed)


# Interruptions


def attempt(arguments: tuple[Any, ...]) -> None:
    """A publish in a process of its own."""
    os.environ.update(KEYS)
    publish.publish(*arguments)


def interrupted(site: Site, project: Path, fate: str, number: int) -> bool:
    """Publishes while the server fails from a request on, or we are killed at it; whether that cut it short."""
    wishes = Wishes(endpoint=site.proxy.address, jobs=4)
    arguments = (str(project / "output"), site.target, str(site.state), wishes, QUIET, QUICK)
    if fate != "kill":
        site.proxy.reset(lambda count, *_: fate if count >= number else None)
        try:
            publish.publish(*arguments)
        except Failed:
            return True
        return False
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.test_publish", "obstore", "boto3"])
    child = server.Process(target=attempt, args=(arguments,))

    def kill(count: int, *_: str) -> str | None:
        if count == number and child.pid:
            os.kill(child.pid, signal.SIGKILL)
        return "cut" if count >= number else None

    site.proxy.reset(kill)
    child.start()
    child.join()
    return child.exitcode == -signal.SIGKILL


@pytest.mark.torture
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("fate", ["cut", "500", "503", "kill"])
def test_site_is_whole_after_each_interruption(
    fate: str, seed: int, proxy: Proxy, moto: str, generations: list[Path], tmp_path: Path
) -> None:
    """25 interruptions a case, 200 in all; some hit a first publish, some the mending of another one."""
    chance = random.Random(f"{fate}{seed}")
    pages = {
        (path.relative_to(project / "output").as_posix(), path.read_bytes())
        for project in generations
        for path in (project / "output").rglob("*.*")
        if path.name != write.MANIFEST
    }
    count, chain, site, is_published = 0, 0, None, False
    while count < 25:
        if site is None or chance.random() < 0.15:
            chain, is_published = chain + 1, False
            site = Site(proxy, moto, tmp_path / "state", f"chain-{chain}")
        project = chance.choice(generations)
        was_cut = interrupted(site, project, fate, chance.randint(1, 47))
        count += was_cut
        found, broken = stores.crawl(site.root)
        home = f"{site.root}index.html"
        assert broken == ([] if is_published or found else [home])
        assert set(found.items()) <= pages, "a page is neither old nor new"
        is_published = is_published or "index.html" in found
        if not was_cut or chance.random() < 0.7:
            proxy.reset()
            site.publish(project)
            there = {key: md5 for key, md5 in site.stored().items() if not ledger.is_hashed(key) and key != ledger.NAME}
            assert there == {key: md5 for key, md5 in sums(project).items() if not ledger.is_hashed(key)}
            assert site.manifest().claim is None
            is_published = True
            proxy.reset()
            site.publish(project)
            assert len(proxy.seen) == 1


@pytest.mark.parametrize("fate", ["cut", "lose", "500", "503", "429"])
@pytest.mark.parametrize("every", [3, 4])
def test_passing_faults_are_tried_again(site: Site, generations: list[Path], fate: str, every: int) -> None:
    site.publish(generations[0])
    site.proxy.reset(lambda count, *_: fate if count % every == 0 else None)
    site.publish(generations[1], PATIENT)
    assert stores.crawl(site.root)[1] == []
    assert site.manifest() == msgspec.structs.replace(site.manifest(), claim=None)
    assert site.manifest().files.keys() == files(generations[1])


@pytest.mark.parametrize("number", [2, -1], ids=["claim", "last manifest"])
def test_manifest_whose_answer_was_lost_is_known_as_ours(site: Site, generations: list[Path], number: int) -> None:
    site.publish(generations[0])
    site.proxy.reset()
    total = len(files(generations[1])) + 100
    seen: list[int] = []

    def lose(count: int, method: str, path: str) -> str | None:
        if method == "PUT" and path.endswith(ledger.NAME):
            seen.append(count)
            return "lose" if len(seen) == (1 if number == 2 else 3) else None
        return None

    site.proxy.reset(lose)
    site.publish(generations[1], PATIENT)
    assert site.manifest().claim is None
    assert len(site.proxy.seen) < total


# Two at once


def refused_meanwhile(site: Site, other_publish: Callable[[], object]) -> list[str]:
    """What the other publish, which begins once when a page is sent, is told; filled while the next one runs."""
    told: list[str] = []
    once = threading.Event()

    def meanwhile(count: int, method: str, path: str) -> str | None:
        if method == "PUT" and path.endswith("/errors/500.html") and not once.is_set():
            once.set()
            with pytest.raises(Failed) as failed:
                other_publish()
            told.append(str(failed.value))
        return None

    site.proxy.reset(meanwhile)
    return told


def test_second_publisher_is_told_and_sends_nothing(site: Site, generations: list[Path], tmp_path: Path) -> None:
    site.publish(generations[0])
    other = Site(site.proxy, site.moto, tmp_path / "elsewhere")

    def other_publish() -> None:
        publish.publish(
            str(generations[2] / "output"),
            other.target,
            str(other.state),
            Wishes(endpoint=other.moto),
            QUIET,
        )

    told = refused_meanwhile(site, other_publish)
    site.publish(generations[1], PATIENT)
    assert re.fullmatch(
        r"s3://site/sub/path: another publish is at it since \d\d:\d\d UTC; wait for .*--take-over", told[0]
    )
    assert stores.crawl(site.root)[1] == []
    assert site.manifest().files.keys() == files(generations[1])


def test_of_two_that_begin_at_the_same_moment_one_wins(site: Site, generations: list[Path], tmp_path: Path) -> None:
    """Both have read the same manifest before either claims it."""
    site.publish(generations[0])

    def begin(number: int) -> None:
        Site(site.proxy, site.moto, tmp_path / f"machine-{number}").publish(generations[number], PATIENT)

    ends = stores.race(site.proxy, begin, (1, 2), last=4)
    (loser,) = [number for number, end in ends.items() if end]
    assert "another publish took over; nothing more was sent" in ends[loser]
    assert site.manifest().files.keys() == files(generations[3 - loser])
    found, broken = stores.crawl(site.root)
    assert broken == []
    for key, data in found.items():
        assert data == (generations[3 - loser] / "output" / key).read_bytes()


def test_second_publish_of_one_machine_is_told(site: Site, generations: list[Path]) -> None:
    def other_publish() -> None:
        site.publish(generations[1])

    told = refused_meanwhile(site, other_publish)
    site.publish(generations[0], PATIENT)
    assert told == ["s3://site/sub/path: another publish of this machine is at it; wait for its end"]
    assert site.manifest().files.keys() == files(generations[0])


def test_publisher_whose_claim_was_taken_over_stops(site: Site, generations: list[Path], tmp_path: Path) -> None:
    site.publish(generations[0])
    other = Site(site.proxy, site.moto, tmp_path / "elsewhere")
    clock = [2_000_000_000.0]
    once = threading.Event()

    def meanwhile(count: int, method: str, path: str) -> str | None:
        if method == "PUT" and path.endswith("/errors/500.html") and not once.is_set():
            once.set()
            wishes = Wishes(endpoint=other.moto, take_over=True)
            publish.publish(str(generations[2] / "output"), other.target, str(other.state), wishes, QUIET)
            clock[0] += publish.RENEWAL + 1  # the first one wakes up after a long sleep
        return None

    site.proxy.reset(meanwhile)
    wishes = Wishes(endpoint=site.proxy.address, jobs=1)
    with pytest.raises(Failed, match="another publish took over"):
        publish.publish(
            str(generations[1] / "output"),
            site.target,
            str(site.state),
            wishes,
            QUIET,
            QUICK,
            lambda: clock[0],
        )
    assert site.manifest().files.keys() == files(generations[2])
    assert site.manifest().claim is None


def test_claim_that_nobody_renews_is_dead_after_its_life(site: Site, generations: list[Path], tmp_path: Path) -> None:
    assert interrupted(site, generations[0], "kill", 20)
    site.proxy.reset()
    elsewhere = Site(site.proxy, site.moto, tmp_path / "elsewhere")
    with pytest.raises(Failed, match="another publish is at it"):
        elsewhere.publish(generations[1])
    modified = store.opened(site.target, site.moto, QUICK).get(ledger.NAME)
    assert modified is not None
    elsewhere.publish(generations[1], now=modified.modified + publish.LIFE + 1)
    assert stores.crawl(site.root)[1] == []


def test_claim_is_renewed_while_a_long_publish_runs(site: Site, generations: list[Path]) -> None:
    ticks = iter(range(2_000_000_000, 3_000_000_000, publish.RENEWAL // 2))
    wishes = Wishes(endpoint=site.proxy.address, jobs=4)
    publish.publish(
        str(generations[0] / "output"),
        site.target,
        str(site.state),
        wishes,
        QUIET,
        QUICK,
        lambda: float(next(ticks)),
    )
    manifests = [path for method, path in site.proxy.seen if method == "PUT" and path.endswith(ledger.NAME)]
    assert len(manifests) > 10
    assert site.manifest().claim is None


# What is there


def test_files_that_are_not_ours_stop_a_first_publish(site: Site, generations: list[Path]) -> None:
    site.put("theirs.txt", b"theirs")
    with pytest.raises(Failed, match=r"it holds files that no publish put there \(theirs.txt, ...\); choose another"):
        site.publish(generations[0])
    assert set(site.stored()) == {"theirs.txt"}


def test_files_that_are_not_ours_are_never_deleted(site: Site, generations: list[Path]) -> None:
    site.put("errors/theirs.html", b"theirs")
    for project in generations:
        site.publish(project, overwrite=True, grace=0)
    assert site.get("errors/theirs.html").data == b"theirs"


def test_verify_finds_and_mends_what_others_changed(site: Site, generations: list[Path]) -> None:
    site.publish(generations[0])
    site.put("errors/500.html", b"changed by hand")
    site.put("strange.txt", b"strange")
    store.opened(site.target, site.moto, QUICK).delete(["errors/510.html"])
    site.proxy.reset()
    done = site.publish(generations[0], verify=True)
    assert sorted(puts(site.proxy)) == ["errors/500.html", "errors/510.html"]
    assert done.foreign == ("strange.txt",)
    site.proxy.reset()
    site.publish(generations[0], verify=True)
    assert puts(site.proxy) == []


def test_dry_run_writes_nothing(site: Site, generations: list[Path]) -> None:
    site.publish(generations[0])
    site.proxy.reset()
    done = site.publish(generations[1], dry_run=True)
    assert [method for method, _ in site.proxy.seen] == ["GET"]
    assert done.plan.changed
    assert site.manifest().files.keys() == files(generations[0])


def test_mass_deletion_asks_first(site: Site, generations: list[Path], tmp_path: Path) -> None:
    site.publish(generations[0])
    small = tmp_path / "small"
    shutil.copytree(generations[0] / "output", small / "output")
    kept = {path: digest for path, digest in write.manifest(small / "output").items() if not path.startswith("e")}
    kept = {path: digest for path, digest in kept.items() if not path.startswith("api")}
    (small / "output" / write.MANIFEST).write_bytes(write._encoded(kept))
    with pytest.raises(Failed, match=r"this would delete .*, \d+ of \d+ files; if that is meant, say --delete"):
        site.publish(small)
    assert "errors/500.html" in site.stored()
    site.publish(small, delete=True)
    assert "errors/500.html" not in site.stored()


# A folder


def test_folder_holds_what_was_built_and_what_others_put_there(generations: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "www"
    for number in (0, 1, 1):
        publish.publish(
            str(generations[number] / "output"),
            str(target),
            str(tmp_path),
            Wishes(grace=0),
            QUIET,
        )
        (target / "theirs.txt").write_text("theirs")
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert found == files(generations[1]) | {ledger.NAME, "theirs.txt"}
    assert {path.stat().st_mode & 0o777 for path in target.rglob("*.html")} == {0o644}


def test_folder_gets_compressed_files_beside_the_plain_ones(generations: list[Path], tmp_path: Path) -> None:
    target, output = tmp_path / "www", generations[0] / "output"
    publish.publish(str(output), str(target), str(tmp_path), Wishes(compress="gzip"), QUIET)
    packed = (target / "index.html.gz").read_bytes()
    assert packed[4:8] == bytes(4), "a time of day is in it"
    assert gzip.decompress(packed) == (target / "index.html").read_bytes()
    assert not (target / "_headers.gz").exists()


@pytest.mark.parametrize("below", ["", "sub"])
def test_folder_lies_beside_the_output(generations: list[Path], tmp_path: Path, below: str) -> None:
    output = generations[0] / "output"
    with pytest.raises(Misused, match="publish to a folder beside it"):
        publish.publish(str(output), str(output / below), str(tmp_path), Wishes(), QUIET)


# Faults, as the person sees them


@pytest.fixture
def project(generations: list[Path], tmp_path: Path) -> Path:
    shutil.copytree(generations[0], tmp_path / "project")
    return tmp_path / "project"


def only(fate: str, deed: str) -> Callable[[int, str, str], str | None]:
    return lambda _, method, __: fate if method == deed else None


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (only("AccessDenied", "GET"), "no permission to read (403 AccessDenied); grant that, or use other credentials"),
        (
            only("AccessDenied", "PUT"),
            "no permission to write (403 AccessDenied); grant that, or use other credentials",
        ),
        (only("InvalidAccessKeyId", "GET"), "the credentials are refused (403 InvalidAccessKeyId); set AWS_PROFILE,"),
        (only("SignatureDoesNotMatch", "GET"), "the credentials are refused (403 SignatureDoesNotMatch); set"),
        (only("ExpiredToken", "PUT"), "the credentials are refused (403 ExpiredToken); set AWS_PROFILE,"),
        (only("RequestTimeTooSkewed", "GET"), "this machine's clock is wrong, so signatures are refused; set it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusal_is_one_line_with_the_mend(rule: Any, line: str, project: Path, site: Site, build: Run) -> None:
    site.proxy.reset(rule)
    done = build("publish", site.target, "--endpoint-url", site.proxy.address, cwd=project)
    assert (done.returncode, done.stdout) == (3, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"build.py: {site.target}: {line}")
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in done.stderr


def test_server_without_conditional_writes_is_refused(site: Site, generations: list[Path]) -> None:
    site.proxy.reset(only("501", "PUT"))
    with pytest.raises(Failed, match="this server cannot write conditionally, so two publishes at once could mix"):
        site.publish(generations[0])


def test_server_that_knows_tags_without_quotes_is_understood(site: Site, generations: list[Path]) -> None:
    """Ceph's gateway 16 is one: it answers 412 to a tag with its quotes."""
    wrong = site.proxy.judge = lambda headers: '"' in headers.get("If-Match", "")
    site.publish(generations[0])
    site.publish(generations[1])
    assert wrong({"If-Match": '"a"'})
    assert site.manifest().files.keys() == files(generations[1])
    assert site.manifest().claim is None


def test_refused_deletion_leaves_a_whole_site_and_says_how_to_go_on(site: Site, generations: list[Path]) -> None:
    site.publish(generations[0])
    site.proxy.reset(only("AccessDenied", "POST"))
    with pytest.raises(Failed, match=r"no permission to delete .* with --no-delete, old files stay"):
        site.publish(generations[1])
    assert stores.crawl(site.root)[1] == []
    site.proxy.reset(only("AccessDenied", "POST"))
    site.publish(generations[1], delete=False)
    assert puts(site.proxy) == []
    site.proxy.reset()
    site.publish(generations[1])
    assert {key for key in site.stored() if key.endswith(".html")} == {
        k for k in files(generations[1]) if k.endswith(".html")
    }


def test_wrong_bucket_is_told(project: Path, moto: str, build: Run) -> None:
    done = build("publish", "s3://no-such-bucket/a", "--endpoint-url", moto, cwd=project)
    assert done.returncode == 3
    assert done.stderr == (
        "build.py: s3://no-such-bucket/a: there is no bucket `no-such-bucket`; correct the name, or create it first\n"
    )


def test_missing_credentials_are_told(
    project: Path, moto: str, build: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    done = build("publish", "s3://site/a", "--endpoint-url", moto, cwd=project, HOME=str(tmp_path / "nobody"))
    assert done.returncode == 3
    assert done.stderr.startswith(
        "build.py: s3://site/a: there are no credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID"
    )
    assert done.stderr.count("\n") == 1


def test_unknown_profile_is_told(project: Path, moto: str, build: Run) -> None:
    done = build("publish", "s3://site/a", "--endpoint-url", moto, cwd=project, AWS_PROFILE="nobody")
    assert done.returncode == 3
    assert "The config profile (nobody) could not be found; set AWS_PROFILE" in done.stderr


def test_server_that_is_not_there_is_told(generations: list[Path], tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{stores.free_port()}"
    with pytest.raises(
        store.Unreachable, match=r"could not read \(no answer, or a connection that was cut\); run it again"
    ):
        publish.publish(
            str(generations[0] / "output"),
            "s3://site/a",
            str(tmp_path),
            Wishes(endpoint=nobody),
            QUIET,
            QUICK,
        )


def test_damaged_manifest_stops_everything(site: Site, generations: list[Path]) -> None:
    site.put(ledger.NAME, b'{"version": 1, "files"')
    with pytest.raises(Failed, match=r"s3://site/sub/path/.errordocs-publish.json is damaged"):
        site.publish(generations[0])
    assert set(site.stored()) == {ledger.NAME}


def test_clock_that_is_behind_stops_everything(site: Site, generations: list[Path]) -> None:
    site.publish(generations[0])
    with pytest.raises(Failed, match=r"clock is \d+ minutes behind that of s3://site/sub/path; set it"):
        site.publish(generations[1], now=1_000_000_000.0)


def test_missing_site_is_told(tmp_path: Path, build: Run) -> None:
    done = build("publish", "www", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "build.py: output: there is no site to publish; build it first\n")


def test_half_a_build_is_not_published(project: Path, build: Run) -> None:
    (project / "output/errors/500.html").unlink()
    done = build("publish", "www", cwd=project)
    assert done.returncode == 3
    assert done.stderr == "build.py: output: a build was cut short, errors/500.html is not whole; build again\n"
    assert not (project / "www").exists()


def test_build_that_was_killed_is_not_published(project: Path, build: Run) -> None:
    path = project / "output" / write.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "files": {"index.html": ""}}))
    assert "a build was cut short, index.html is not whole" in build("publish", "www", cwd=project).stderr


def test_file_that_somebody_edited_is_not_published(project: Path, build: Run) -> None:
    (project / "output/index.html").write_text("edited")
    done = build("publish", "www", cwd=project)
    assert done.returncode == 3
    assert done.stderr == "build.py: output/index.html is not as the build wrote it; build again, then publish\n"
    assert not (project / "www").exists()


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("http://example.com/", "`http://example.com/` is no target; write s3://bucket/prefix, gs://..."),
        ("s3://", "`s3://` is no target; write"),
        ("s3://bucket/../other", "`s3://bucket/../other`: a prefix has no empty part, `.` or `..`"),
        ("output/sub", "output/sub: this holds output, or lies in it; publish to a folder beside it"),
    ],
)
def test_wrong_target_is_wrong_usage(target: str, line: str, project: Path, build: Run) -> None:
    done = build("publish", target, cwd=project)
    assert done.returncode == 2
    assert done.stderr.startswith(f"build.py: {line}")


@pytest.mark.parametrize("words", [("--grace", "-1"), ("--grace", "x"), ("--jobs", "0"), ("--compress", "zip"), ()])
def test_wrong_options_are_wrong_usage(words: tuple[str, ...], project: Path, build: Run) -> None:
    assert build("publish", *(["www"] if words else []), *words, cwd=project).returncode == 2


def test_folder_that_cannot_be_written_is_told(project: Path, build: Run) -> None:
    (project / "www").write_text("a file")
    done = build("publish", "www", cwd=project)
    assert done.returncode == 3
    assert re.fullmatch(r"build.py: www\S*: \w[^;]+; choose another folder\n", done.stderr)


def test_client_that_is_not_installed_is_told(project: Path, build: Run, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/obstore.py").write_text("raise ModuleNotFoundError('obstore', name='obstore')")
    done = build("publish", "s3://site/a", cwd=project, PYTHONPATH=str(tmp_path / "hidden"))
    assert done.returncode == 3
    assert "the client is not installed here; run `pip install 'errordocs[publish]'`" in done.stderr


# What it says


def test_plan_and_summary_are_told(project: Path, build: Run, moto: str, site: Site, generations: list[Path]) -> None:
    words = ("publish", site.target, "--endpoint-url", moto)
    dry = build(*words, "--dry-run", cwd=project)
    assert dry.stdout.splitlines() == [f"+ {path}" for path in sorted(files(project))]
    assert (
        f"{site.target}: {len(files(project))} new, 0 changed, 0 unchanged, 0 deleted (nothing was sent" in dry.stderr
    )
    first = build(*words, cwd=project)
    assert first.stderr.splitlines()[:2] == ["new assets: 3", "new pages: 32"]
    shutil.rmtree(project)
    shutil.copytree(generations[1], project)
    told = build(*words, cwd=project)
    assert re.search(r"18 new, 25 changed, 8 unchanged, 17 deleted, 1 unused assets kept \(0.\d MB in \d", told.stderr)
    quiet = build(*words, "--quiet", cwd=project)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_terminal_sees_a_bar(project: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [sys.executable, str(REPOSITORY / "build.py"), "publish", "www"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL, stderr=theirs) as child:
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while block := os.read(ours, 4096):
                seen += block
    os.close(ours)
    assert child.returncode == 0
    assert re.search(rb"new pages: +\d+%\|.*\d+/32", seen)
    assert b"www: 51 new" in seen


def test_stop_gives_the_claim_back(project: Path, site: Site, build: Run) -> None:
    """SIGTERM, as a pipeline sends it that is cancelled: what is under way ends, and the next run need not wait."""
    command: list[int] = []

    def stop(count: int, method: str, path: str) -> str | None:
        if count == 20:
            mine = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
            builds = [pid for pid in mine if b"publish" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
            command.extend(map(int, builds))
            os.kill(command[0], signal.SIGTERM)
        return None

    site.proxy.reset(stop)
    done = build("publish", site.target, "--endpoint-url", site.proxy.address, "--jobs", "1", cwd=project)
    assert done.returncode == 3
    assert done.stderr.endswith("build.py: stopped; another run finishes the work\n")
    assert site.manifest().claim is None
