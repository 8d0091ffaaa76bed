"""The command killed or stopped at random moments of a large edit: the site stays whole, the next run finishes it.

Of each run that was killed, every file must be old or new, every link alive, and nothing may lie beside the project's
own folders; the next build must equal a clean one byte for byte. The moments are drawn from a fixed seed.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.awkward import FILES
from tests.built import Built
from tests.built import resolved
from tests.built import tree_of
from tests.conftest import REPOSITORY

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the moments are read from Linux's /proc"),
]

STAGING = re.compile(r"\.output\.staging-[0-9a-f]{8}")
Moment = Callable[[subprocess.Popen[str]], None]


@dataclass
class Scene:
    """A project whose content was edited after its last build, kept aside to be put back for every run."""

    folder: Path
    kept: Path
    before: dict[str, bytes]
    clean: dict[str, bytes]
    duration: float

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def put_back(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.kept, self.work)

    def start(self) -> subprocess.Popen[str]:
        return started(self.work)

    def output(self) -> dict[str, bytes]:
        return tree_of(self.work / "output")

    def staging(self) -> list[str]:
        return [name for name in os.listdir(self.work / ".errordocs") if name.startswith("staging-")]

    def assert_sound(self) -> None:
        """Whole files, living links, no litter."""
        files = self.output()
        for path, data in files.items():
            assert path == "manifest.json" or data in (self.before.get(path), self.clean.get(path)), path
        assert set(files) <= set(json.loads(files["manifest.json"])["files"]) | {"manifest.json"}
        assert dead_links(files, Built(self.kept).base_url, set(self.before) & set(self.clean)) == []
        for name in set(os.listdir(self.work)) - {"content", "templates", "output", ".errordocs"}:
            # Between its making and its move into .errordocs, a killed run's staging folder stands here, empty.
            assert STAGING.fullmatch(name), name
            assert os.listdir(self.work / name) == []

    def assert_mends(self) -> None:
        """The next build gives what a clean one gives, and leaves nothing."""
        run = self.start()
        out, err = run.communicate(timeout=60)
        assert (run.returncode, out, err) == (0, "", "")
        assert self.output() == self.clean
        assert set(os.listdir(self.work)) == {"content", "templates", "output", ".errordocs"}
        assert self.staging() == []


def started(folder: Path) -> subprocess.Popen[str]:
    """A build of the project in a folder, as a child in a process group of its own."""
    command = [sys.executable, str(REPOSITORY / "build.py"), "--quiet"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def build(folder: Path) -> float:
    """Builds the project in a folder; how long that took."""
    began = time.monotonic()
    run = started(folder)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, out + err
    return time.monotonic() - began


# What is edited


def edited(content: Path, model: str) -> None:
    """Edits entries, renames one and leaves an alias, deletes one, and adds one."""
    model_text = (content / model).read_text()
    folder, stem = (content / model).parent, Path(model).stem
    entries = sorted((content / "errors").rglob("*.md"))
    for path in entries[:: len(entries) // 5]:
        if path.stem != f"{stem}-gone":
            path.write_text(path.read_text() + "\nOne more sentence.\n")
    moved = folder / f"{stem}-old.md"
    (folder / f"{stem}-renamed.md").write_text(
        moved.read_text().replace("\nupdated:", f"\naliases: [{stem}-old]\nupdated:")
    )
    moved.unlink()
    (folder / f"{stem}-gone.md").unlink()
    (folder / f"{stem}-new.md").write_text(variant(model_text, "new"))


def with_more(content: Path, model: str, words: list[str]) -> None:
    """Adds variants of an entry, so that some may come and go without anybody's links dying."""
    for word in words:
        text = variant((content / model).read_text(), word)
        (content / model).with_name(f"{Path(model).stem}-{word}.md").write_text(text)


def variant(text: str, word: str) -> str:
    """An entry like another of the same codes, without its phrases: a phrase leads to one entry."""
    return titled(re.sub(r"\nphrases:\n(?:  - .*\n)+", "\n", text), word)


def titled(text: str, word: str) -> str:
    return re.sub(r"\ntitle: .*", f"\ntitle: Variant {word}", text, count=1)


def small(content: Path) -> str:
    for name, text in FILES.items():
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        (content / name).write_text(str(text))
    return "errors/421.md"


def larger(content: Path) -> str:
    """With so many entries that the edit reaches less than half of the pages."""
    model = small(content)
    for number in (*range(430, 450), *range(530, 550)):
        text = str(FILES[model]).replace('"421"', f'"{number}"')
        (content / "errors" / f"{number}.md").write_text(titled(text, str(number)))
    return model


def real(content: Path) -> str:
    shutil.copytree(REPOSITORY / "content", content, dirs_exist_ok=True)
    return "errors/basic/421.md"


SCENES = {"in parts": (larger, False), "whole": (small, True), "real": (real, True)}


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    fill, is_template_changed = SCENES[request.param]
    folder = tmp_path_factory.mktemp("kill")
    kept, clean = folder / "kept", folder / "clean"
    (kept / "content").mkdir(parents=True)
    model = fill(kept / "content")
    with_more(kept / "content", model, ["old", "gone", "stays"])
    shutil.copytree(REPOSITORY / "templates", kept / "templates")
    build(kept)
    before = tree_of(kept / "output")
    inode = (kept / "output").stat().st_ino
    edited(kept / "content", model)
    if is_template_changed:
        base = kept / "templates" / "base.html"
        base.write_text(base.read_text().replace("<footer", "<p>Changed.</p>\n<footer"))
        sheet = kept / "templates" / "assets" / "site.css"
        sheet.write_text(sheet.read_text() + "\n/* changed */\n")
    shutil.copytree(kept, clean, ignore=shutil.ignore_patterns("output", ".errordocs"))
    build(clean)
    made = Scene(folder, kept, before, tree_of(clean / "output"), 0)
    times = []
    for _ in range(3):
        made.put_back()
        inode = (made.work / "output").stat().st_ino
        times.append(build(made.work))
        assert ((made.work / "output").stat().st_ino != inode) == is_template_changed, "put in place another way"
    made.duration = sorted(times)[1]
    assert made.output() == made.clean != made.before
    return made


# What is checked


def dead_links(files: dict[str, bytes], base_url: str, lasting: set[str]) -> list[str]:
    """Links to no file: of the pages that a reader can reach, those that the edit spares, all lists for programs."""
    pages = {"index.html"} | {path for path in lasting if path.endswith(".html")}
    for name in ("sitemap.xml", "feed.xml", "llms.txt", "api/errors.json"):
        pages |= addresses(files[name], base_url)
    ahead, dead = sorted(pages), []
    seen = set(ahead)
    for path in ahead:
        if path not in files:
            dead.append(path)
        elif path.endswith(".html"):
            new = {resolved(path, link)[0] for link in links(files[path])} - seen
            seen |= new
            ahead += sorted(new)
    return dead


@cache
def links(data: bytes) -> tuple[str, ...]:
    elements = LexborHTMLParser(data).css("[href], [src]")
    found = (element.attributes.get("href") or element.attributes.get("src") or "" for element in elements)
    return tuple(link for link in found if link and not urlsplit(link).scheme and not link.startswith("#"))


@cache
def addresses(data: bytes, base_url: str) -> frozenset[str]:
    """What a list for programs points to on the site."""
    found = re.findall(rf'{re.escape(base_url)}([^\s"<)]*)', data.decode())
    return frozenset(path or "index.html" for path in found)


# When


def after(seconds: float) -> Moment:
    """So long after the start, or at the end if that comes first."""

    def wait(run: subprocess.Popen[str]) -> None:
        end = time.monotonic() + seconds
        while run.poll() is None and time.monotonic() < end:
            time.sleep(min(0.001, max(0.0, end - time.monotonic())))

    return wait


def once(happens: Callable[[], bool], seconds: float) -> Moment:
    """So long after something has happened."""

    def wait(run: subprocess.Popen[str]) -> None:
        while run.poll() is None and not happens():
            time.sleep(0.0002)
        time.sleep(seconds)

    return wait


def can_stop(run: subprocess.Popen[str]) -> bool:
    """Whether the child has begun to catch SIGTERM, as its first act."""
    try:
        status = Path(f"/proc/{run.pid}/status").read_text()
    except OSError:
        return False
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (signal.SIGTERM - 1) & 1)


def end(run: subprocess.Popen[str], by: signal.Signals, moment: Moment) -> tuple[int, str, str]:
    """How the child ended that got this signal at that moment."""
    moment(run)
    if run.poll() is None:
        run.send_signal(by)
    out, err = run.communicate(timeout=60)
    return run.returncode, out, err


# Killed


@pytest.mark.parametrize(("scene", "count"), [("in parts", 25), ("whole", 25), ("real", 5)], indirect=["scene"])
def test_build_that_is_killed_at_a_random_moment_leaves_a_sound_site(scene: Scene, count: int) -> None:
    chance = random.Random(count)
    killed = 0
    for number in range(count):
        scene.put_back()
        share = (number + chance.random()) / count
        status, out, err = end(scene.start(), signal.SIGKILL, after(share * scene.duration))
        assert status in (-signal.SIGKILL, 0), err
        assert out == err == ""
        killed += status != 0
        scene.assert_sound()
        scene.assert_mends()
    assert killed > count / 4  # on a machine whose speed changes, some end before their kill


@pytest.mark.parametrize(("scene", "count"), [("in parts", 6), ("whole", 6)], indirect=["scene"])
@pytest.mark.parametrize("sign", ["staging", "putting in place"])
def test_build_that_is_killed_while_it_writes_leaves_a_sound_site(scene: Scene, count: int, sign: str) -> None:
    chance = random.Random(sign)
    for _ in range(count):
        scene.put_back()
        manifest = scene.work / "output" / "manifest.json"
        inode = manifest.stat().st_ino
        if sign == "staging":
            moment = once(lambda: bool(scene.staging()), chance.random() * 0.2 * scene.duration)
        else:
            moment = once(lambda was=inode, at=manifest: at.stat().st_ino != was, chance.random() * 0.005)
        end(scene.start(), signal.SIGKILL, moment)
        scene.assert_sound()
        scene.assert_mends()


# Stopped


@pytest.mark.parametrize("scene", ["in parts"], indirect=True)
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_build_that_is_stopped_says_so_in_one_line_and_leaves_no_litter(scene: Scene, by: signal.Signals) -> None:
    chance = random.Random(by)
    stopped = 0
    for number in range(8):
        scene.put_back()
        run = scene.start()
        share = (number + chance.random()) / 8
        moment = once(lambda run=run: can_stop(run), share * scene.duration)  # type: ignore[misc]
        status, out, err = end(run, by, moment)
        assert out == ""
        if status == 3:
            stopped += 1
            assert err == "build.py: stopped; another run finishes the work\n"
        else:  # it had done its work; Python on its way out lets go of signals
            assert status in (0, -by)
            assert (err, scene.output()) == ("", scene.clean)
        scene.assert_sound()
        scene.assert_mends()
    assert stopped > 3
