"""Kills, errors, full disks and crowds: after each, every file is whole, every link alive, and the next build mends.

Faults are put in by counting the calls to the operating system. Run as a script, this file is the build that is
killed: `serve` forks one for each line it reads, `build` is one of several at once.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any
from typing import Literal

import pytest

from errordocs import write
from errordocs.model import Failed
from errordocs.model import Output

pytestmark = pytest.mark.torture

CALLS = "access chmod close fchmod fsync link listdir lstat mkdir open read rename rmdir scandir stat unlink write"
PARTS, WHOLE = 17, 8  # so many entries make the same change of twelve files less or more than half of a site
Files = dict[str, str]


# A site of two levels, before and after a change of twelve files


def page(*links: str) -> str:
    return "".join(f'<a href="{link}">{link}</a>\n' for link in links) * 2


def old_site(entries: int) -> Files:
    around = ("../index.html", "index.html", "../assets/site.11.css")
    files = {f"errors/{n}.html": page(*around, f"{n % entries + 1}.html") for n in range(1, entries + 1)}
    for n in range(1, 6):
        files[f"errors/{n}.html"] += page("../assets/lookup.aa.js")
    every = [f"{n}.html" for n in range(1, entries + 1)]
    files["errors/index.html"] = page("../index.html", "../assets/lookup.aa.js", *every)
    files["index.html"] = page("errors/index.html", "guides/only.html", "assets/lookup.aa.js", "assets/site.11.css")
    files["guides/only.html"] = page("../index.html", "../errors/1.html")
    return {**files, "assets/site.11.css": "css" * 50, "assets/lookup.aa.js": "old" * 50}


def new_site(entries: int) -> Files:
    files = old_site(entries)
    for path in ("guides/only.html", "assets/lookup.aa.js"):
        del files[path]
    every = [f"{n}.html" for n in range(1, entries + 1)]
    for n in range(1, 6):
        files[f"errors/{n}.html"] = page("../index.html", "../topics/index.html", "../assets/lookup.bb.js")
    files["errors/index.html"] = page("../index.html", "../assets/lookup.bb.js", "../topics/t.html", *every)
    files["index.html"] = page("errors/index.html", "topics/index.html", "assets/lookup.bb.js", "assets/site.11.css")
    files["topics/index.html"] = page("../index.html", "t.html")
    files["topics/t.html"] = page("index.html", "../errors/1.html")
    files["assets/lookup.bb.js"] = "new" * 50
    return files


def outputs(files: Files, known: Files | None = None) -> list[Output]:
    """The files in a shuffled but fixed order; what `known` holds already comes without data."""
    made = []
    for path in sorted(files, key=lambda path: path[::-1]):
        data = files[path].encode()
        is_index = path.endswith("index.html")
        role: Literal["asset", "page", "index"] = "asset" if path[:6] == "assets" else "index" if is_index else "page"
        is_known = known is not None and known.get(path) == files[path]
        made.append(Output(path, role, None if is_known else data, blake2b(data, digest_size=16).hexdigest()))
    return made


def found(folder: Path) -> Files:
    files: Files = {}
    ahead = [f"{folder}/output"] if (folder / "output").is_dir() else []
    while ahead:
        with os.scandir(ahead.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    ahead.append(entry.path)
                else:
                    with open(entry.path, "rb") as file:
                        files[entry.path.removeprefix(f"{folder}/output/")] = file.read().decode()
    return files


def no_waiting(line: str) -> None:
    raise AssertionError(line)


def build(folder: Path, files: Files, known: Files | None = None) -> write.Written:
    return write.site(folder / "output", folder / ".errordocs", outputs(files, known), no_waiting)


def litter(folder: Path) -> list[str]:
    state = folder / ".errordocs"
    beside = [name for name in os.listdir(folder) if name not in ("output", ".errordocs")]
    return beside + [name for name in (os.listdir(state) if state.exists() else []) if name != "clean"]


def assert_sound(folder: Path, old: Files, new: Files) -> None:
    """Every file is known and whole, old or new; every link is alive that a reader of either site can meet."""
    files = found(folder)
    listed = json.loads(files.pop("manifest.json"))["files"]
    assert set(files) <= set(listed)
    for path, text in files.items():
        assert text in (old.get(path), new.get(path)), path
    ahead, seen = ["index.html", *(path for path in files if path in old)], set()
    while ahead:
        path = ahead.pop()
        assert path in files, path
        if path not in seen:
            seen.add(path)
            links = re.findall('href="([^"]+)"', files[path])
            ahead += [os.path.normpath(os.path.join(os.path.dirname(path), link)) for link in links]


class Case:
    """An old site in a folder that can be put back as it was, and the new one that a faulty build is given."""

    def __init__(self, folder: Path, entries: int) -> None:
        self.folder = folder / "work"
        self.old, self.new = old_site(entries), new_site(entries)
        build(self.folder, self.new)
        self.clean = found(self.folder)
        shutil.rmtree(self.folder)
        build(self.folder, self.old)
        self.before = found(self.folder)
        self.outputs = outputs(self.new, self.old)
        self.kept = folder / "kept"
        shutil.copytree(self.folder, self.kept)
        below = [path.relative_to(self.kept) for path in sorted(self.kept.rglob("*"))]
        self.folders = [path for path in below if (self.kept / path).is_dir()]
        self.files = [path for path in below if path not in self.folders and path.name != "clean"]

    def put_back(self) -> None:
        shutil.rmtree(self.folder)
        os.mkdir(self.folder)
        for path in self.folders:
            os.mkdir(self.folder / path)
        for path in self.files:
            os.link(self.kept / path, self.folder / path)
        shutil.copy(self.kept / ".errordocs/clean", self.folder / ".errordocs/clean")

    def is_untouched(self) -> bool:
        """Whether site and state are as they were, so that there is nothing to mend."""
        mark = self.folder / ".errordocs/clean"
        is_marked = mark.is_file() and mark.read_bytes() == (self.kept / ".errordocs/clean").read_bytes()
        return is_marked and litter(self.folder) == [] and found(self.folder) == self.before

    def change(self) -> write.Written:
        return write.site(self.folder / "output", self.folder / ".errordocs", self.outputs, no_waiting)

    def assert_mends(self) -> None:
        """The next build ends like a clean one and leaves nothing else; then the folder is put back for the next."""
        if self.is_untouched():
            return
        self.change()
        assert found(self.folder) == self.clean
        assert litter(self.folder) == []
        assert self.change().written == 0
        self.put_back()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, in memory where that can be: thousands of builds are made in it."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared, prefix="errordocs-") as name:
        yield Path(name)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def in_two_steps(one: str, other: str) -> bool:
    """Stands in for the exchange of folders where a system has none."""
    return False


MODES = {"in parts": (PARTS, False), "whole": (WHOLE, False), "whole in two steps": (WHOLE, True)}
CODES = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EMFILE)
ERRORS = {
    f"{mode} {errno.errorcode[code]}": (*setting, code)
    for mode, setting in MODES.items()
    for code in CODES
    if mode != "whole in two steps" or code == errno.EIO
}


# Faults


@contextmanager
def faults(at: int, fault: Callable[[str, Callable[..., Any], tuple[Any, ...]], None]) -> Iterator[list[str]]:
    """Calls `fault` in place of the call with the number `at` and, should it return, of all that follow.

    Yields the names of the calls so far.
    """
    made: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            made.append(name)
            if len(made) >= at:
                fault(name, real, arguments)
            return real(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS.split():
            patch.setattr(os, name, counted(name, getattr(os, name)))
        patch.setattr(fcntl, "flock", counted("flock", fcntl.flock))
        for name in ("_swap", "_sync"):
            patch.setattr(write, name, counted(name, getattr(write, name)))
        yield made


def halfway(name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Does what a call has done when it fails: half of a write is on the disk, and close has closed."""
    if name == "write":
        real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
    if name == "close":
        real(*arguments)


def kill(name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    halfway(name, real, arguments)
    os.kill(os.getpid(), signal.SIGKILL)


class Errors:
    """Raises an error of the operating system once, or from then on."""

    def __init__(self, code: int, is_lasting: bool) -> None:
        self.code, self.is_lasting, self.count = code, is_lasting, 0

    def __call__(self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.count += 1
        if self.count == 1 or self.is_lasting:
            halfway(name, real, arguments)
            path = arguments[0] if arguments and isinstance(arguments[0], str) else None
            raise OSError(self.code, os.strerror(self.code), path)


class Interrupt:
    """Raises KeyboardInterrupt once, before or after the call, and notes whether staging was being cleared."""

    def __init__(self, is_after: bool) -> None:
        self.is_after, self.count, self.was_clearing = is_after, 0, False

    def __call__(self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.count += 1
        if self.count == 1:
            frame = sys._getframe()
            while frame := frame.f_back:  # type: ignore[assignment]
                self.was_clearing |= frame.f_code.co_name == "_clear"
            if self.is_after or name == "close":
                result = real(*arguments)
                if name == "scandir":
                    result.close()
            raise KeyboardInterrupt


# Killed


def serve() -> None:
    """For each line, forks a build that is killed at the call of that number; answers whether it was."""
    setting = json.loads(sys.argv[2])
    if setting["two_steps"]:
        write._swap = in_two_steps
    write._sync = os.fsync = lambda _: None  # type: ignore[assignment]
    folder, old, new = Path(setting["folder"]), old_site(setting["entries"]), new_site(setting["entries"])
    for line in sys.stdin:
        child = os.fork()
        if not child:
            with faults(int(line), kill):
                build(folder, new, old)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)


def child(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, __file__, *arguments]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("entries", "two_steps"), MODES.values(), ids=MODES)
def test_build_that_is_killed_at_any_call_leaves_a_sound_site(
    folder: Path, entries: int, two_steps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if two_steps:
        monkeypatch.setattr(write, "_swap", in_two_steps)
    case = Case(folder, entries)
    kills = absent = between = 0
    with child("serve", json.dumps({"folder": str(case.folder), "entries": entries, "two_steps": two_steps})) as server:
        assert server.stdin
        assert server.stdout
        for at in range(1, 2000):
            print(at, file=server.stdin, flush=True)
            answer = server.stdout.readline().strip()
            if answer == "ended 0":
                break
            assert answer == "killed"
            kills += 1
            if entries == PARTS:
                assert_sound(case.folder, case.old, case.new)
                between += found(case.folder) not in (case.before, case.clean)
            elif two_steps and not (case.folder / "output").exists():
                absent += 1
            else:
                assert found(case.folder) in (case.before, case.clean)
            case.assert_mends()
        server.stdin.close()
    assert found(case.folder) == case.clean
    assert kills > 100
    assert (between > 12) == (entries == PARTS)
    assert absent == (1 if two_steps else 0)


# Errors of the machine


@pytest.mark.parametrize("is_lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize(("entries", "two_steps", "code"), ERRORS.values(), ids=ERRORS)
def test_error_at_any_call_is_told_and_leaves_a_sound_site(
    folder: Path, entries: int, two_steps: bool, code: int, is_lasting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if two_steps:
        monkeypatch.setattr(write, "_swap", in_two_steps)
    case = Case(folder, entries)
    failures = 0
    for at in range(1, 2000):
        error, told = Errors(code, is_lasting), ""
        with faults(at, error):
            try:
                case.change()
            except Failed as failed:
                told = str(failed)
        if not error.count:
            break
        failures += bool(told)
        after = found(case.folder)
        if told:
            assert os.strerror(code) in told
            assert str(folder) in told
            assert "staging-" not in told
            assert "\n" not in told
            assert is_lasting or litter(case.folder) == []
        else:
            assert after == case.clean
        if entries == PARTS and after.get("manifest.json") != case.before["manifest.json"]:
            assert_sound(case.folder, case.old, case.new)
        elif after or not (two_steps and is_lasting):
            assert after in (case.before, case.clean)
        case.assert_mends()
    assert failures > 50


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("entries", "two_steps"), MODES.values(), ids=MODES)
def test_interrupt_at_any_call_leaves_a_sound_site_and_no_litter(
    folder: Path, entries: int, two_steps: bool, is_after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if two_steps:
        monkeypatch.setattr(write, "_swap", in_two_steps)
    case = Case(folder, entries)
    for at in range(1, 2000):
        interrupt = Interrupt(is_after)
        with faults(at, interrupt):
            try:
                case.change()
            except KeyboardInterrupt:
                assert interrupt.count
        if not interrupt.count:
            break
        assert interrupt.was_clearing or litter(case.folder) == []
        if entries == PARTS:
            assert_sound(case.folder, case.old, case.new)
        else:
            assert found(case.folder) in (case.before, case.clean)
        case.assert_mends()


# Real limits


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many bytes; the last one is taken away first."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted: list[Path] = []

    def unmount() -> None:
        while mounted:
            subprocess.run(["umount", mounted.pop()], check=True)

    def mount(size: int) -> Path:
        unmount()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            reason = f"mounting a small disk is not permitted here: {run.stderr.strip()}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        mounted.append(folder)
        return folder

    if not shutil.which("mount"):
        pytest.skip("there is no mount command here")
    yield mount
    unmount()


@pytest.mark.parametrize("entries", [PARTS, WHOLE], ids=["in parts", "whole"])
def test_full_disk_leaves_the_old_site(small_disk: Callable[[int], Path], entries: int) -> None:
    block = os.sysconf("SC_PAGE_SIZE")
    old, new = old_site(entries), new_site(entries)
    new = {path: text if old.get(path) == text else text * 400 for path, text in new.items()}
    folder = small_disk(64 << 20)
    build(folder, old)
    before, used = found(folder), disk_use(folder)
    changed = sum(-(-len(text) // block) * block for path, text in new.items() if old.get(path) != text)
    fits = 0
    for size in (used + block, *(used + changed * share // 4 for share in (1, 2, 3)), used + changed - block):
        folder = small_disk(size // block * block)
        build(folder, old)
        with pytest.raises(Failed, match="No space left on device; free some space and build again$"):
            build(folder, new, old)
        assert found(folder) == before
        assert litter(folder) == []
        fits += 1
    folder = small_disk(used + 2 * changed)
    build(folder, old)
    build(folder, new, old)
    assert {path: text for path, text in found(folder).items() if path != "manifest.json"} == new
    assert fits == 5


def disk_use(folder: Path) -> int:
    about = os.statvfs(folder)
    return (about.f_blocks - about.f_bfree) * about.f_frsize


def test_output_that_is_a_mount_point_is_told(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(1 << 20)
    with pytest.raises(Failed, match="disk is a mount point, .*; choose a folder inside it as --output$"):
        write.site(folder, folder.parent / "state", outputs(old_site(WHOLE)))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("entries", [PARTS, WHOLE], ids=["in parts", "whole"])
def test_limit_on_file_sizes_leaves_the_old_site(tmp_path: Path, entries: int) -> None:
    case = Case(tmp_path, entries)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(Failed, match=r"File too large; raise the limit \(ulimit -f"):
            build(case.folder, {**case.new, "errors/6.html": "x" * 5001}, case.old)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert found(case.folder) == case.before
    assert litter(case.folder) == []
    case.assert_mends()


def test_limit_on_open_files_leaves_the_old_site(tmp_path: Path) -> None:
    case = Case(tmp_path, PARTS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    told = 0
    for spare in range(5):
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + spare, hard))
        try:
            case.change()
        except Failed as failed:
            told += "Too many open files" in str(failed)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert found(case.folder) in (case.before, case.clean)
    assert told > 1
    case.assert_mends()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that somebody else cannot write")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # pytest-xdist has threads; the child needs none
def test_folder_of_the_old_site_that_cannot_be_written_is_told_before_anything_is_touched() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, old_site(PARTS))
        before = found(folder)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, 65534 if path.name != "errors" else 0, 65534)
        reader, writer = os.pipe()
        forked = os.fork()
        if not forked:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            try:
                build(folder, new_site(PARTS), old_site(PARTS))
            except Failed as failed:
                os.write(writer, str(failed).encode())
            os._exit(0)
        os.close(writer)
        told = os.read(reader, 1000).decode()
        os.close(reader)
        os.waitpid(forked, 0)
        assert told.startswith(f"{folder}/output/errors: Permission denied; make it yours")
        assert found(folder) == before
        assert litter(folder) == []


# Several at once


def crowd_site(folder: Path, number: int) -> Files:
    """Sites of which some differ by a few files and some by all."""
    return {
        path: text + str(number) * (number > 1 or path.startswith("errors/1")) for path, text in old_site(9).items()
    }


def build_one() -> None:
    output, state, number = Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    files = crowd_site(output, number)
    write.site(output, state, outputs(files), lambda line: print(line, flush=True))


@pytest.mark.parametrize("count", [2, 4])
def test_builds_at_once_wait_and_do_not_mix(tmp_path: Path, count: int) -> None:
    output, state = tmp_path / "output", tmp_path / ".errordocs"
    for _ in range(3):
        held = os.open(tmp_path, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        builds = [child("build", str(output), str(state), str(number)) for number in range(count)]
        for one in builds:
            assert one.stdout
            assert one.stdout.readline() == f"waiting for another build of {output}\n"
        os.close(held)
        for one in builds:
            with one:
                assert one.wait() == 0
        files = found(tmp_path)
        listed = json.loads(files.pop("manifest.json"))["files"]
        assert files in [crowd_site(output, number) for number in range(count)]
        assert listed == {item.path: item.digest for item in outputs(files)}
        assert litter(tmp_path) == []


def test_builds_of_several_outputs_share_a_state_folder(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(4)]
    for _ in range(2):
        builds = [child("build", str(one / "output"), str(tmp_path / "state"), one.name) for one in folders]
        for one in builds:
            with one:
                assert one.wait() == 0
    for number, folder in enumerate(folders):
        files = found(folder)
        del files["manifest.json"]
        assert files == crowd_site(folder, number)
    assert os.listdir(tmp_path / "state") == ["clean"]


# A long life


@pytest.mark.parametrize("seed", range(4))
def test_many_changes_end_like_a_clean_build(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = [
        f"{folder}{name}" for folder in ("", "a/", "a/b/", "c/") for name in ("index.html", "1.html", "2.html", "3")
    ]
    names += ["a/b/1.html/deep", "c/1.HTML"]
    files: Files = {}
    for step in range(60):
        known = dict(files)
        for _ in range(chance.choice((0, 1, 1, 2, 8))):
            name = chance.choice(names)
            files.pop(name, None)
            taken = {path.casefold() for path in files}
            is_free = not any(
                one.startswith(f"{name}/".casefold()) or f"{name}/".casefold().startswith(f"{one}/") for one in taken
            )
            if chance.random() < 0.7 and is_free:
                files[name] = chance.choice(("x", "y", "z"))
        if chance.random() < 0.1:
            shutil.rmtree(tmp_path / ".errordocs", ignore_errors=True)
        build(tmp_path, files, known)
        after = found(tmp_path)
        listed = json.loads(after.pop("manifest.json"))["files"]
        assert after == files, step
        assert listed == {item.path: item.digest for item in outputs(files)}
        folders = {path.relative_to(tmp_path / "output").as_posix() for path in (tmp_path / "output").rglob("*/")}
        assert all(any(path.startswith(f"{folder}/") for path in files) for folder in folders if folder != ".")
        assert litter(tmp_path) == []


if __name__ == "__main__":
    {"serve": serve, "build": build_one}[sys.argv[1]]()
