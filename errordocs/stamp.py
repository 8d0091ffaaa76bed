"""Says at once what a command said the last time, when nothing that it reads or wrote has changed since.

Imported before everything else: a run that finds nothing to do costs one walk of the folders by stat. A stat is
trusted only for files that were at rest when the stamp was made.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from time import time_ns
from zlib import crc32

GRANULARITY = 20_000_000  # nanoseconds: a file written within so little of the stamp may change again unseen
FORM = "2"  # of stamps: those of another form lie elsewhere
MANY = 4096  # files, from which another process that looks at them saves more time than it takes
LIBRARIES = ("codespell_lib", "jinja2", "markdown_it", "minify", "msgspec", "pygments", "pyromark", "yaml")
Told = tuple[int, ...]
Walk = dict[str, dict[str, Told]]  # by root, what was seen of the files and folders below it, by their paths
Start = tuple[int, Walk]
Outcome = tuple[int, str, str]


def replay(argv: Sequence[str], meanwhile: Callable[[], object] | None = None) -> int | Start | None:
    """The exit status of the same command with the same inputs, having said the same.

    Where it must run, what was seen of its files, or None: `start` need not look at them again. `meanwhile` is called
    where it is sure to run and many files are still looked at by another process.
    """
    try:
        kept = read(_path(argv))
    except OSError:  # of a working folder that is gone
        return None
    if kept is None:
        return None
    seen, (status, out, err) = marshal.loads(kept)
    began, (*first, last) = time_ns(), seen
    rest = _beside(last, seen[last]) if len(seen[last]) >= MANY and hasattr(os, "fork") else None
    walked = walk(first)
    if rest and meanwhile and any(walked[root] != seen[root] for root in first):
        meanwhile()
    walked[last] = rest() if rest else _below(last)
    if seen != walked:
        return began, walked
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
    if now is None or not now[1].keys() >= set(roots):
        return time_ns(), walk(roots)
    return now[0], {root: now[1][root] for root in roots}


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
    began, seen = started
    if max(map(_latest, seen.values()), default=0) >= began - GRANULARITY:
        return
    made = [os.path.abspath(path) for path in outputs]
    if now is None or written is None or not now[1].keys() >= set(made):
        after = walk(made)
    else:
        after = {root: dict(now[1][root]) for root in made}
        for path in map(os.path.abspath, written):
            for root in made:
                if path.startswith(os.path.join(root, "")):
                    after[root].update(_below(path))
    put(_path(argv), marshal.dumps((seen | after, outcome)))


def _latest(seen: dict[str, Told]) -> int:
    """When the last of these changed in any way, in nanoseconds since 1970."""
    from operator import itemgetter

    told = [*filter(None, seen.values())]
    return max((max(map(itemgetter(which), told)) for which in (0, 1) if told), default=0)


def files_below(started: Start, folder: str) -> dict[str, Told]:
    """What was seen of the files and folders in a folder that is a root, by their names from there."""
    root = os.path.abspath(folder)
    length = len(os.path.join(root, ""))
    return {path[length:]: told for path, told in started[1].get(root, {}).items() if path != root}


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
    key = "\0".join((FORM, sys.version, os.getcwd(), *argv))
    state = os.path.join(os.path.dirname(os.path.abspath(content)), ".errordocs")
    return os.path.join(state, f"stamp-{_fnv(os.fsencode(key)):016x}")


def _fnv(data: bytes) -> int:
    """FNV-1a of 64 bits: a name for a file, for which no module has to be imported."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return value


def walk(roots: Iterable[str]) -> Walk:
    """Times of change, size and inode of every file below each root, and of the roots that are files.

    The time of the last change of any kind is there too: nobody can set it back. Of folders, it is enough that
    they are there.
    """
    return {root: _below(root) for root in roots}


def _below(root: str) -> dict[str, Told]:
    try:
        stat = os.stat(root)
    except OSError:
        return {root: ()}
    if not os.path.isdir(root):
        return {root: told_by(stat)}
    found: dict[str, Told] = {}
    stack = [root]
    while stack:
        try:
            _look(stack.pop(), found, stack)
        except OSError:
            continue
    return found


def _look(folder: str, found: dict[str, Told], stack: list[str]) -> None:
    """Notes what lies in a folder. Names are asked of the open folder: the system need not find it for each again."""
    descriptor, start = os.open(folder, os.O_RDONLY), os.path.join(folder, "")
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                path = start + entry.name
                if not entry.is_dir(follow_symlinks=False):
                    found[path] = told_by(entry.stat(follow_symlinks=False))
                elif entry.name != "__pycache__":
                    stack.append(path)
                    found[path] = ()
    finally:
        os.close(descriptor)


def _beside(root: str, seen: dict[str, Told]) -> Callable[[], dict[str, Told]]:
    """What gives what lies below a root, at which another process looks from now on."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            found = _below(root)
            with open(write_end, "wb") as pipe:
                if found != seen:
                    pipe.write(marshal.dumps(found))
            status = 0
        finally:
            os._exit(status)
    os.close(write_end)

    def told() -> dict[str, Told]:
        with open(read_end, "rb") as pipe:
            data = pipe.read()
        if os.waitpid(child, 0)[1]:  # it was killed
            return _below(root)
        return marshal.loads(data) if data else seen

    return told


def told_by(stat: os.stat_result) -> Told:
    """What of a stat tells one state of a file from another."""
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino
