"""Makes the output folder hold exactly the files it is given, so that a kill at any moment leaves a sound site.

A whole rebuild is staged beside and swapped in at once. A smaller change is put in place file by file: a manifest
that knows old and new files, then what is added, then what is changed (each time assets, pages, indexes), then
what goes, then the final manifest. So no file that stands ever links to one that does not.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import sys
from contextlib import contextmanager
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING
from typing import Literal

import msgspec
from msgspec import Struct

from errordocs.model import Failed
from errordocs.paths import folders_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Collection
    from collections.abc import Iterable
    from collections.abc import Iterator
    from collections.abc import Mapping
    from pathlib import Path

    from errordocs.model import Output

MANIFEST = "manifest.json"
ROLES = ("asset", "page", "index")
FEW = 32  # up to so many files, one fsync each is cheaper than waiting for all that the file system holds back
IN_DOUBT = ""  # the digest of a file that is being replaced: no output has it, so the next build writes it again
ELSEWHERE = "move it away or choose another --output"
ADVICE = {
    "free some space and build again": (errno.ENOSPC, errno.EDQUOT),
    "raise the limit (ulimit -f for size, -n for open files) and build again": (errno.EFBIG, errno.EMFILE),
    "make it yours to read and write, or choose another --output": (errno.EACCES, errno.EPERM, errno.EROFS),
    "shorten the slug, or choose an --output nearer to the root": (errno.ENAMETOOLONG,),
    "it may be a mount point: choose a folder inside it as --output": (errno.EBUSY, errno.EXDEV),
    "it may be on a disk that cannot lock: choose another --output": (errno.ENOLCK, errno.EBADF, errno.EOPNOTSUPP),
}

_held: set[int] = set()  # descriptors of locks
os.register_at_fork(after_in_child=lambda: _released(*_held))  # a worker that outlives a killed build keeps no lock


class Written(Struct, frozen=True):
    """What a run did: counts of files, bytes written, and whether the folder was put in place as a whole.

    `moved` are the files that were put in place, if they stood there before and nothing else came or went.
    """

    written: int
    unchanged: int
    removed: int
    bytes: int
    swapped: bool
    moved: tuple[str, ...] | None


class _Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    files: dict[str, str]
    version: Literal[1] = 1


class _Places(Struct, frozen=True):
    """Absolute paths; `shown` is the output as it was typed, `beside` and `inside` begin a staging folder's path."""

    shown: str
    output: str
    parent: str
    state: str
    beside: str
    inside: str


class _Before(Struct, frozen=True):
    """What the output folder holds; where the last run was cut short, digests are of the files themselves."""

    exists: bool
    manifest: bytes | None
    files: dict[str, str]
    folders: set[str]
    clean: bool


class _Plan(Struct, frozen=True):
    """What the output folder shall hold; `staged` is in the order of putting in place, `gone` is what goes."""

    files: dict[str, str]
    folders: set[str]
    manifest: bytes
    staged: list[str]
    gone: list[str]
    bytes: int


def site(output: Path, state: Path, outputs: Iterable[Output], notice: Callable[[str], None] | None = None) -> Written:
    """Makes `output` hold exactly `outputs` and the manifest; counts what that took.

    Raises Failed with the old site intact when the machine fails before anything is put in place; later, each file
    is whole, every link alive, and the next run finishes the work. Waits for another run on the same output.
    """
    with opened(output, state, notice) as room:
        return room.finish([room.put(item) for item in outputs])


@contextmanager
def opened(output: Path, state: Path, notice: Callable[[str], None] | None = None) -> Iterator[Room]:
    """The output folder for as long as no other build may touch it; without `finish`, it stays as it was."""
    places = _places(output, state)
    with _explained(places):
        descriptor = _locked(places, notice)
    try:
        with _explained(places):
            _clear(places)
            before = _survey(places)
        staging = _Staging(places)
        try:
            yield Room(before, staging)
        finally:
            if staging.root:
                _clear(places)
    finally:
        _released(descriptor)


class Room:
    """What an output folder holds, and what shall take its place, staged beside it."""

    def __init__(self, before: _Before, staging: _Staging) -> None:
        self._before = before
        self._staging = staging
        self._taken = {MANIFEST: MANIFEST}  # by this process; `finish` looks at them all

    def has(self, path: str, digest: str) -> bool:
        """Whether the file stands there with this content."""
        return self._before.files.get(path) == digest

    def has_all(self, digests: Mapping[str, str]) -> bool:
        """The same of many."""
        return digests.items() <= self._before.files.items()

    def read(self, path: str, digest: str) -> bytes | None:
        """What stands there, if it is this content in earnest."""
        with _explained(self._staging.places):
            data = _read(f"{self._staging.places.output}/{path}")
        return data if _digest(data) == digest else None

    def open_for_all(self) -> None:
        """Makes room for what processes that are forked from now on will put."""
        with _explained(self._staging.places):
            self._staging.begin()

    def put(self, item: Output) -> Output:
        """The same without its data, which lies where it will be put in place from, unless it stands already."""
        _claim(item.path, self._taken)
        if item.data is None or self.has(item.path, item.digest):
            return msgspec.structs.replace(item, data=None)
        with _explained(self._staging.places):
            self._staging.write(item.path, item.data)
        return msgspec.structs.replace(item, data=None, size=len(item.data))

    def finish(self, items: Iterable[Output], standing: Mapping[str, str] | None = None) -> Written:
        """Makes the folder hold exactly these, each of which was put, or stands there, and those by their digests."""
        plan = _plan(items, standing or {}, self._before)
        with _explained(self._staging.places):
            swapped = _apply(self._before, plan, self._staging)
        unchanged = len(plan.files) - len(plan.staged)
        is_alike = not swapped and plan.files.keys() == self._before.files.keys()
        moved = (*plan.staged, MANIFEST) if is_alike and plan.folders == self._before.folders else None
        return Written(len(plan.staged), unchanged, len(plan.gone), plan.bytes, swapped, moved)


def manifest(output: Path) -> dict[str, str]:
    """Digest by path of every file that builds put into `output`; empty where there is no manifest.

    A digest is the empty string while a run that was cut short may have left the file old or new.
    """
    places = _places(output, output)
    with _explained(places):
        return _listed(_read(f"{places.output}/{MANIFEST}"), places)


# Where things are, and who may touch them


def _places(output: Path, state: Path) -> _Places:
    parent, name = os.path.split(os.path.abspath(output))
    parent = os.path.realpath(parent)
    path = os.path.join(parent, name)
    key = blake2b(os.fsencode(path), digest_size=8).hexdigest()  # other outputs may share the state folder
    inside = os.path.join(os.path.abspath(state), f"staging-{key}-")
    beside = os.path.join(parent, f".{name}.staging-")
    return _Places(os.fspath(output), path, parent, os.path.dirname(inside), beside, inside)


def _locked(places: _Places, notice: Callable[[str], None] | None) -> int:
    """A descriptor of the parent folder that holds the lock; the kernel lets go of it when we are killed."""
    try:
        descriptor = os.open(places.parent, os.O_RDONLY)
    except FileNotFoundError:
        os.makedirs(places.parent, exist_ok=True)
        descriptor = os.open(places.parent, os.O_RDONLY)
    _held.add(descriptor)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if notice:
                notice(f"waiting for another build of {places.shown}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        _released(descriptor)
        raise
    return descriptor


def _released(*descriptors: int) -> None:
    for descriptor in descriptors:
        _held.discard(descriptor)
        with suppress(OSError):
            os.close(descriptor)


def _clear(places: _Places) -> None:
    """Removes staging folders, a killed run's too; an old tree that was moved aside for a new one goes back first."""
    for start in (places.beside, places.inside):
        folder = os.path.dirname(start)
        with suppress(OSError):
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if path.startswith(start) and re.fullmatch("[0-9a-f]{8}", path[len(start) :]):
                    with suppress(OSError):
                        _put_back(path, places.output)


def _put_back(root: str, output: str) -> None:
    try:
        os.rename(f"{root}/old", output)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise
    _remove(root)


def _remove(folder: str) -> None:
    with os.scandir(folder) as entries:
        below = list(entries)
    for entry in below:
        if entry.is_dir(follow_symlinks=False):
            _remove(entry.path)
        else:
            os.unlink(entry.path)
    os.rmdir(folder)


# What is there


def _survey(places: _Places) -> _Before:
    """What the output folder holds; raises Failed for anything in it that no build put there."""
    try:
        found = os.lstat(places.output)
    except FileNotFoundError:
        return _Before(exists=False, manifest=None, files={}, folders=set(), clean=False)
    if stat.S_ISLNK(found.st_mode):
        raise Failed(f"{places.shown} is a symbolic link; {ELSEWHERE}")
    if not stat.S_ISDIR(found.st_mode):
        raise Failed(f"{places.shown} is not a folder; {ELSEWHERE}")
    if found.st_dev != os.stat(places.parent).st_dev:
        raise Failed(f"{places.shown} is a mount point, it cannot be swapped; choose a folder inside it as --output")
    written = _read(f"{places.output}/{MANIFEST}")
    listed = _listed(written, places)
    files, folders = _tree(places, None if written is None else listed)
    clean = _is_clean(places, written)
    if clean and len(files) == len(listed):
        digests = listed
    else:
        digests = {path: listed[path] if clean else _digest(_read(f"{places.output}/{path}")) for path in files}
    return _Before(exists=True, manifest=written, files=digests, folders=folders, clean=clean)


def _tree(places: _Places, ours: Collection[str] | None) -> tuple[list[str], set[str]]:
    """Files but the manifest, and folders; raises Failed for what is not `ours` (None: nothing is)."""
    files: list[str] = []
    folders: set[str] = set()
    foreign: list[str] = []
    known: Collection[str] = ours if ours is not None else ()
    ahead = [""]
    while ahead:
        folder = ahead.pop()
        with os.scandir(f"{places.output}/{folder}") as entries:
            for entry in entries:
                path = folder + entry.name
                if entry.is_file(follow_symlinks=False) and path in known:
                    files.append(path)
                elif entry.is_dir(follow_symlinks=False):
                    folders.add(path)
                    ahead.append(f"{path}/")
                elif path != MANIFEST:
                    foreign.append(path)
    if ours is None and (foreign or folders):
        what = f"{places.shown} is not empty and has no {MANIFEST} of a build: {_some(foreign or folders)}"
        raise Failed(f"{what}; {ELSEWHERE}")
    if foreign:
        what = f"{places.shown} holds what no build put there: {_some(foreign)}"
        raise Failed(f"{what}; move that away or choose another --output")
    return files, folders


def _read(path: str) -> bytes | None:
    """The content of a file, or None where there is none; a symbolic link is an error."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    blocks: list[bytes] = []
    with _closing(descriptor, path):
        while block := os.read(descriptor, 1 << 20):
            blocks.append(block)
    return b"".join(blocks)


def _listed(written: bytes | None, places: _Places) -> dict[str, str]:
    """What a manifest's bytes say is ours; raises Failed where they are of another making."""
    if written is None:
        return {}
    try:
        return msgspec.json.decode(written, type=_Manifest).files
    except (msgspec.DecodeError, ValueError):
        what = f"{places.shown}/{MANIFEST} is not a manifest of a build"
        raise Failed(f"{what}; move {places.shown} away or choose another --output") from None


def _digest(data: bytes | None) -> str:
    return IN_DOUBT if data is None else blake2b(data, digest_size=16).hexdigest()


def _encoded(files: dict[str, str]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(_Manifest(files), order="sorted"), indent=1) + b"\n"


# The mark that the last run came to its end


def _mark(places: _Places, written: bytes) -> bytes:
    """What `clean` holds when files and manifest agree; it names the output too, as others may share the state."""
    mark = blake2b(os.fsencode(places.output) + b"\0" + written, digest_size=16)
    return mark.hexdigest().encode() + b"\n"


def _is_clean(places: _Places, written: bytes | None) -> bool:
    with suppress(OSError):
        return written is not None and _read(f"{places.state}/clean") == _mark(places, written)
    return False


def _set_mark(places: _Places, written: bytes) -> None:
    with suppress(OSError):  # without it, the next run reads the files again
        os.makedirs(places.state, exist_ok=True)
        _put(f"{places.state}/clean", _mark(places, written), os.O_TRUNC | os.O_NOFOLLOW)


def _drop_mark(places: _Places) -> None:
    try:
        os.unlink(f"{places.state}/clean")
    except (FileNotFoundError, NotADirectoryError):
        return
    _flush([places.state])


# What shall be there


def _plan(items: Iterable[Output], standing: Mapping[str, str], before: _Before) -> _Plan:
    """What is to be done; raises ValueError for what was neither put nor stands."""
    files = dict(standing)
    if not files.items() <= before.files.items():
        raise ValueError("a file that should stand does not")
    staged: list[tuple[bool, int, str]] = []
    size = 0
    for item in items:
        if item.path in files:
            raise ValueError(f"{item.path!r} collides with itself")
        files[item.path] = item.digest
        if before.files.get(item.path) == item.digest:
            continue
        if item.size is None:
            raise ValueError(f"{item.path!r} was not put")
        staged.append((item.path in before.files, ROLES.index(item.role), item.path))
        size += item.size
    if files.keys() != before.files.keys():  # names that stood side by side before do so again
        taken = {MANIFEST: MANIFEST}
        for path in files:
            _claim(path, taken)
    folders = {folder for last in {path.rpartition("/")[0] for path in files} for folder in folders_of(last)}
    gone = sorted(before.files.keys() - files.keys())
    return _Plan(files, folders, _encoded(files), [path for _, _, path in sorted(staged)], gone, size)


def _claim(path: str, taken: dict[str, str]) -> None:
    """Notes a path and its folders under their folded names; raises ValueError where that cannot be."""
    parts = path.split("/")
    if not {"", ".", ".."}.isdisjoint(parts) or "\\" in path or "\0" in path or not path.encode():
        raise ValueError(f"{path!r} is not a path below the output folder")
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end]) + "/"
        if (other := taken.setdefault(folder[:-1].casefold(), folder)) != folder:
            raise ValueError(f"{path!r} collides with {other!r}")
    if path.casefold() in taken:
        raise ValueError(f"{path!r} collides with {taken[path.casefold()]!r}")
    taken[path.casefold()] = path


class _Staging:
    """A folder on the output's file system, made at the first need, for files that are not in place yet."""

    def __init__(self, places: _Places) -> None:
        self.places = places
        self.root = ""
        self.made: set[str] = set()

    def begin(self) -> None:
        """Makes the folder beside the output and moves it into the state folder, where that can be."""
        if self.root:
            return
        tail = os.urandom(4).hex()
        self.root = self.places.beside + tail
        os.mkdir(self.root, 0o700)
        with suppress(OSError):
            os.makedirs(self.places.state, exist_ok=True)
            os.rename(self.root, self.places.inside + tail)
            self.root = self.places.inside + tail
        _make_folder(f"{self.root}/new")

    def write(self, path: str, data: bytes) -> None:
        _put(self._room(path), data, os.O_EXCL)

    def link(self, path: str) -> None:
        """Takes over a file of the old tree, by a copy where links cannot be."""
        standing, room = f"{self.places.output}/{path}", self._room(path)
        try:
            os.link(standing, room, follow_symlinks=False)
        except OSError:
            if (data := _read(standing)) is None:
                raise
            _put(room, data, os.O_EXCL)

    def _room(self, path: str) -> str:
        self.begin()
        folder, slash, _ = path.rpartition("/")
        if slash and folder not in self.made:
            with suppress(FileExistsError):  # another process was first
                _make_folder(self._room(folder))
            self.made.add(folder)
        return f"{self.root}/new/{path}"


# Putting it there


def _apply(before: _Before, plan: _Plan, staging: _Staging) -> bool:
    """Brings the output from `before` to `plan`, and says whether that was done by putting in a whole folder."""
    changes = len(plan.staged) + len(plan.gone)
    whole = not before.exists or 2 * changes > len(plan.files) + len(plan.gone) or _is_awkward(before, plan)
    is_same = before.manifest == plan.manifest and not changes and before.folders == plan.folders
    if is_same and before.clean:
        return False
    if not is_same:
        staging.begin()
        put = _put_in_whole if whole else _put_in_parts
        put(before, plan, staging)
    _set_mark(staging.places, plan.manifest)
    return whole


def _is_awkward(before: _Before, plan: _Plan) -> bool:
    """Whether something new has the name of something that goes: a file for a folder, or another case."""
    goes = (before.files.keys() - plan.files.keys()) | (before.folders - plan.folders)
    comes = (plan.files.keys() - before.files.keys()) | (plan.folders - before.folders)
    return not {path.casefold() for path in comes}.isdisjoint(path.casefold() for path in goes)


def _put_in_whole(before: _Before, plan: _Plan, staging: _Staging) -> None:
    """Completes the staged folder, and puts it in the place of the output: in one step, or two where that cannot be."""
    places, new = staging.places, f"{staging.root}/new"
    staged = set(plan.staged)
    for path in plan.files:
        if path not in staged:
            staging.link(path)
    staging.write(MANIFEST, plan.manifest)
    _sync(new)
    if before.exists:  # the build may have taken long: look again for what is not ours
        _tree(places, None if before.manifest is None else before.files)
    if not before.exists:
        os.rename(new, places.output)
    elif not _swap(new, places.output):
        os.rename(places.output, f"{staging.root}/old")
        os.rename(new, places.output)
    _flush([places.parent])


def _put_in_parts(before: _Before, plan: _Plan, staging: _Staging) -> None:
    """Puts file after file in place; up to the first rename, nothing in the output is touched."""
    root, output = staging.root, staging.places.output
    interim = {**before.files, **plan.files, **dict.fromkeys(plan.staged, IN_DOUBT)}
    _put(f"{root}/interim", _encoded(interim), os.O_EXCL)
    _put(f"{root}/final", plan.manifest, os.O_EXCL)
    _flush([f"{root}/interim", f"{root}/final", *(f"{root}/new/{path}" for path in plan.staged)])
    changes = (*plan.staged, *plan.gone, *(plan.folders ^ before.folders))
    touched = sorted({"", *(path.rpartition("/")[0] for path in changes)})
    for folder in touched:
        if (not folder or folder in before.folders) and not os.access(f"{output}/{folder}", os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"{output}/{folder}")
    _drop_mark(staging.places)
    if plan.staged:
        os.rename(f"{root}/interim", f"{output}/{MANIFEST}")
        _flush([output])
    for folder in sorted(plan.folders - before.folders):
        _make_folder(f"{output}/{folder}")
    for path in plan.staged:
        os.rename(f"{root}/new/{path}", f"{output}/{path}")
    for path in plan.gone:
        os.unlink(f"{output}/{path}")
    for folder in sorted(before.folders - plan.folders, reverse=True):
        os.rmdir(f"{output}/{folder}")
    _flush([f"{output}/{folder}" for folder in touched if not folder or folder in plan.folders])
    os.rename(f"{root}/final", f"{output}/{MANIFEST}")
    _flush([output])


# What the operating system does


def _put(path: str, data: bytes, how: int) -> None:
    """Writes a whole file, readable by all whatever the umask."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o644)
    with _closing(descriptor, path):
        os.fchmod(descriptor, 0o644)
        rest = memoryview(data)
        while rest:
            count = os.write(descriptor, rest)
            if not count:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            rest = rest[count:]


def _make_folder(path: str) -> None:
    os.mkdir(path, 0o755)
    os.chmod(path, 0o755)


def _flush(paths: list[str]) -> None:
    """Waits until files or folders are on the disk."""
    if len(paths) > FEW:
        _sync(os.path.dirname(paths[0]))
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        with _closing(descriptor, path):
            os.fsync(descriptor)


def _sync(folder: str) -> None:
    """Waits until the folder's whole file system is on the disk."""
    if sys.platform != "linux":
        os.sync()
        return
    import ctypes

    descriptor = os.open(folder, os.O_RDONLY)
    with _closing(descriptor, folder):
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))


def _swap(one: str, other: str) -> bool:
    """Exchanges two folders in one step; False where the system or the file system cannot."""
    import ctypes

    system = ctypes.CDLL(None, use_errno=True)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE (Linux) and RENAME_SWAP (macOS)
    if hasattr(system, "renameat2"):
        failed = system.renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange)
    elif hasattr(system, "renamex_np"):
        failed = system.renamex_np(os.fsencode(one), os.fsencode(other), exchange)
    else:
        return False
    code = ctypes.get_errno()
    if failed and code not in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM):
        raise OSError(code, os.strerror(code), other)
    return not failed


@contextmanager
def _closing(descriptor: int, path: str) -> Iterator[None]:
    """Closes the descriptor, and names the path in errors that know only the descriptor."""
    try:
        try:
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        error.filename = error.filename or path
        raise


# What to tell


@contextmanager
def _explained(places: _Places) -> Iterator[None]:
    """Makes errors of the operating system one line with the path as the person knows it, the reason and the mend."""
    try:
        yield
    except OSError as error:
        path = os.fsdecode(error.filename2 or error.filename or places.output)
        for start in (places.beside, places.inside):
            if path.startswith(start):
                path = places.output + path[len(start) + 8 :].removeprefix("/new")
        if f"{path}/".startswith(f"{places.output}/"):
            path = places.shown + path[len(places.output) :]
        mend = next((mend for mend, codes in ADVICE.items() if error.errno in codes), "mend that and build again")
        raise Failed(f"{path}: {error.strerror or error}; {mend}") from error


def _some(paths: Collection[str]) -> str:
    """Up to three of the paths, and how many more there are."""
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(sorted(paths)[:3]) + more
