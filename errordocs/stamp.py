"""Says at once what a command said the last time, when nothing that it reads or wrote has changed since.

Imported before everything else: a run that finds nothing to do costs one walk of the folders by stat. A stat is
trusted only for files that were at rest when the stamp was made.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Iterable
from collections.abc import Sequence
from time import time_ns
from zlib import crc32

GRANULARITY = 20_000_000  # nanoseconds: a file written within so little of the stamp may change again unseen
Walk = dict[str, tuple[int, ...]]
LIBRARIES = ("codespell_lib", "jinja2", "markdown_it", "minify", "msgspec", "pygments", "pyromark", "yaml")
Start = tuple[int, list[str], Walk]
Outcome = tuple[int, str, str]


def replay(argv: Sequence[str]) -> int | Start | None:
    """The exit status of the same command with the same inputs, having said the same.

    Where it must run, what was seen of its files, or None: `start` need not look at them again.
    """
    try:
        kept = read(_path(argv))
    except OSError:  # of a working folder that is gone
        return None
    if kept is None:
        return None
    roots, seen, (status, out, err) = marshal.loads(kept)
    now: Start = time_ns(), roots, walk(roots)
    if seen != now[2]:
        return now
    try:
        for stream, text in ((sys.stdout, out), (sys.stderr, err)):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # any text on any terminal
            stream.write(text)
            stream.flush()
    except OSError:  # the command itself knows what to say of that
        return None
    return int(status)


def start(inputs: Iterable[str], now: Start | None = None) -> Start:
    """The inputs as they are before a command reads them, or as `replay` saw them just now; `keep` takes it."""
    roots = [os.path.abspath(path) for path in inputs]
    if now is None or not set(roots) <= set(now[1]):
        return time_ns(), roots, walk(roots)
    return now[0], roots, _below(now[2], roots)


def keep(
    argv: Sequence[str],
    started: Start,
    outputs: Iterable[str],
    outcome: Outcome,
    now: Start | None = None,
    written: Iterable[str] | None = None,
) -> None:
    """Remembers what a command would say if it ran again on the same files.

    It holds for the inputs as they were at the start, so that what changed while the command ran makes it run again.
    Nothing is kept where an input changed so shortly before that it may have changed again unseen. A failure to keep is
    no failure. The outputs are looked at anew; but where the command says which it has `written`, only those, if
    `replay` saw the rest just now.
    """
    began, roots, seen = started
    latest = max((max(told[:2]) for told in seen.values() if told), default=0)
    if latest >= began - GRANULARITY:
        return
    made = [os.path.abspath(path) for path in outputs]
    if now is None or written is None or not set(made) <= set(now[1]):
        after = walk(made)
    else:
        after = _below(now[2], made) | walk(os.path.abspath(path) for path in written)
    put(_path(argv), marshal.dumps(([*roots, *made], seen | after, outcome)))


def files_below(started: Start, folder: str) -> Walk:
    """What was seen of the files and folders in that folder, by their names from there."""
    top = os.path.join(os.path.abspath(folder), "")
    return {path[len(top) :]: told for path, told in started[2].items() if path.startswith(top)}


def _below(seen: Walk, roots: Iterable[str]) -> Walk:
    """What was seen of these files and folders."""
    alone, tops = set(roots), tuple(os.path.join(root, "") for root in roots)
    return {path: told for path, told in seen.items() if path.startswith(tops) or path in alone}


def makers() -> tuple[str, ...]:
    """What may say or write something else of the same input in another version: the package, and its libraries."""
    from importlib.util import find_spec

    specs = (find_spec(name) for name in LIBRARIES)
    return os.path.dirname(__file__), *(spec.origin for spec in specs if spec and spec.origin)


def read(path: str) -> bytes | None:
    """What `put` wrote there, or None: damaged data would not be refused by marshal, but believed."""
    try:
        with open(path, "rb") as file:
            checksum, data = file.read(4), file.read()
    except OSError:
        return None
    return data if checksum == _checksum(data) else None


def put(path: str, data: bytes) -> bool:
    """Writes a file as a whole, with a checksum; False where that cannot be."""
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(_checksum(data) + data)
        os.replace(temporary, path)
    except OSError:
        try:  # noqa: SIM105 - what this module imports, every command waits for
            os.unlink(temporary)
        except OSError:
            pass
        return False
    return True


def _checksum(data: bytes) -> bytes:
    return crc32(data).to_bytes(4, "big")


def _path(argv: Sequence[str]) -> str:
    """One file a command line and folder, beside the content."""
    content = "content"
    for index, word in enumerate(argv):
        if word == "--content" and index + 1 < len(argv):
            content = argv[index + 1]
        elif word.startswith("--content="):
            content = word.partition("=")[2]
    key = "\0".join((sys.version, os.getcwd(), *argv))
    state = os.path.join(os.path.dirname(os.path.abspath(content)), ".errordocs")
    return os.path.join(state, f"stamp-{_fnv(os.fsencode(key)):016x}")


def _fnv(data: bytes) -> int:
    """FNV-1a of 64 bits: a name for a file, for which no module has to be imported."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return value


def walk(roots: Iterable[str]) -> Walk:
    """Times of change, size and inode of every file below the roots, and of the roots that are files.

    The time of the last change of any kind is there too: nobody can set it back. Of folders, it is enough that
    they are there.
    """
    found: Walk = {}
    for root in roots:
        try:
            stat = os.stat(root)
        except OSError:
            found[root] = ()
            continue
        if os.path.isdir(root):
            _walk(root, found)
        else:
            found[root] = told_by(stat)
    return found


def _walk(root: str, found: Walk) -> None:
    stack = [root]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != "__pycache__":
                            stack.append(entry.path)
                            found[entry.path] = ()
                    else:
                        found[entry.path] = told_by(entry.stat(follow_symlinks=False))
        except OSError:
            continue


def told_by(stat: os.stat_result) -> tuple[int, ...]:
    """What of a stat tells one state of a file from another."""
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino
