"""What the output folder promises, rule by rule; what happens when the machine fails is in torture/."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import pytest

from errordocs import write
from errordocs.model import Failed
from errordocs.model import Output

SYNC, FSYNC = write._sync, os.fsync


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def role_of(path: str) -> Literal["asset", "page", "index"]:
    return "index" if path.endswith("index.html") else "page" if path.endswith(".html") else "asset"


def out(path: str, text: str = "text") -> Output:
    data = text.encode()
    return Output(path, role_of(path), data, blake2b(data, digest_size=16).hexdigest())


def kept(path: str, text: str = "text") -> Output:
    whole = out(path, text)
    return Output(path, whole.role, None, whole.digest)


OLD = [out("a.css", "a"), out("errors/1.html", "one"), out("errors/2.html", "two"), out("index.html", "start")]


def no_waiting(line: str) -> None:
    raise AssertionError(line)


class Site:
    """An output folder and a state folder, and what stands in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.state = folder / ".errordocs"

    def build(self, *outputs: Output, notice: Callable[[str], None] = no_waiting) -> write.Written:
        return write.site(self.output, self.state, outputs, notice)

    def files(self) -> dict[str, str]:
        paths = (path for path in self.output.rglob("*") if path.is_file() and path.name != "manifest.json")
        return {path.relative_to(self.output).as_posix(): path.read_text() for path in paths}

    def everything(self) -> dict[str, tuple[int, int, int]]:
        """Inode, size and time of change of whatever there is, to see whether it was touched."""
        paths = sorted([self.folder, *self.folder.rglob("*")])
        seen = {path: path.lstat() for path in paths}
        return {str(path): (about.st_ino, about.st_size, about.st_mtime_ns) for path, about in seen.items()}

    def litter(self) -> list[str]:
        beside = [path.name for path in self.folder.iterdir() if path not in (self.output, self.state)]
        return beside + [path.name for path in self.state.glob("*") if path.name != "clean"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def old(site: Site) -> Site:
    site.build(*OLD)
    return site


def texts(outputs: list[Output]) -> dict[str, str]:
    return {item.path: item.data.decode() for item in outputs if item.data is not None}


# Whole and in parts


def test_first_build_puts_every_file_in_place(site: Site) -> None:
    assert site.build(*OLD) == write.Written(4, unchanged=0, removed=0, bytes=12, swapped=True, moved=None)
    assert site.files() == texts(OLD)
    assert site.litter() == []


def test_manifest_lists_digests_sorted_and_not_itself(old: Site) -> None:
    raw = (old.output / "manifest.json").read_bytes()
    files = {item.path: item.digest for item in OLD}
    assert json.loads(raw) == {"files": files, "version": 1}
    assert list(json.loads(raw)["files"]) == sorted(files)
    assert raw.endswith(b"}\n")
    assert b"\r" not in raw
    assert write.manifest(old.output) == files


def test_manifest_is_the_same_whatever_the_order_and_the_history(old: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "deep" / "other")
    other.build(out("gone.html"), OLD[2])
    other.build(*reversed(OLD))
    assert (other.output / "manifest.json").read_bytes() == (old.output / "manifest.json").read_bytes()


def test_manifest_of_nothing_is_empty(site: Site) -> None:
    assert write.manifest(site.output) == {}


def test_nothing_to_change_touches_nothing(old: Site) -> None:
    before = old.everything()
    nothing = write.Written(0, unchanged=4, removed=0, bytes=0, swapped=False, moved=("manifest.json",))
    assert old.build(*OLD) == nothing
    assert old.build(*(kept(path, text) for path, text in texts(OLD).items())).unchanged == 4
    assert old.everything() == before


def test_small_change_leaves_the_other_files_alone(old: Site) -> None:
    before = old.everything()
    done = old.build(*OLD[:3], out("index.html", "new"))
    assert done == write.Written(1, 3, 0, 3, swapped=False, moved=("index.html", "manifest.json"))
    assert old.files() == {**texts(OLD), "index.html": "new"}
    for path in (old.output, *(old.output / item.path for item in OLD[:3])):
        assert old.everything()[str(path)][0] == before[str(path)][0]
    assert old.litter() == []


def test_large_change_swaps_the_folder_and_links_what_stays(old: Site) -> None:
    folder, page = old.output.stat().st_ino, (old.output / "errors/1.html").stat().st_ino
    new = [out("a.css", "A"), out("errors/1.html", "one"), out("errors/2.html", "TWO"), out("index.html", "START")]
    assert old.build(*new) == write.Written(3, 1, 0, 9, swapped=True, moved=None)
    assert old.files() == texts(new)
    assert old.output.stat().st_ino != folder
    assert (old.output / "errors/1.html").stat().st_ino == page
    assert (old.output / "errors/1.html").stat().st_nlink == 1
    assert old.litter() == []


def test_more_than_half_is_whole_and_half_is_not(old: Site) -> None:
    assert not old.build(*OLD[:2], out("errors/2.html", "TWO"), out("index.html", "START")).swapped
    assert old.build(out("a.css", "A"), OLD[1], out("errors/2.html", "2"), out("index.html", "3")).swapped


MANY = [*OLD, *(out(f"errors/{number}.html", "x") for number in range(3, 9))]
CHANGED = {
    "nothing": (MANY, ()),
    "one file": ([*MANY[:-1], out("errors/8.html", "y")], ("errors/8.html",)),
    "two files": (
        [*MANY[:3], out("index.html", "new"), *MANY[4:-1], out("errors/8.html", "y")],
        ("errors/8.html", "index.html"),
    ),
    "new file": ([*MANY, out("errors/9.html")], None),
    "new folder": ([*MANY, out("topics/a.html")], None),
    "file that went": (MANY[:-1], None),
    "file of another name": ([*MANY[:-1], out("errors/9.html", "x")], None),
    "file in the place of a folder": ([OLD[0], OLD[3], *(out(f"{n}.html") for n in range(7)), out("errors")], None),
    "most files": ([out(item.path, "y") for item in MANY], None),
}


@pytest.mark.parametrize("name", CHANGED)
def test_files_that_were_put_in_place_are_told_where_no_others_came_or_went(name: str, site: Site) -> None:
    outputs, moved = CHANGED[name]
    site.build(*MANY)
    before = {path: (site.output / path).stat() for path in site.files()}
    done = site.build(*outputs)
    assert done.moved == (None if moved is None else (*moved, "manifest.json"))
    if moved is not None:
        changed = {path for path, stat in before.items() if (site.output / path).stat() != stat}
        assert changed == set(moved)


@pytest.mark.parametrize(
    "act",
    [
        lambda output: (output / "errors/8.html").unlink(),
        lambda output: ((output / "errors/8.html").unlink(), (output / "errors/8.html").mkdir()),
        lambda output: (output / "empty/folder").mkdir(parents=True),
    ],
    ids=["file", "folder in the place of a file", "folder"],
)
def test_nothing_is_told_where_a_file_or_folder_came_or_went_by_another_hand(
    act: Callable[[Path], object], site: Site
) -> None:
    site.build(*MANY)
    act(site.output)
    assert site.build(*MANY).moved is None
    assert site.build(*MANY).moved == ("manifest.json",)


def test_file_that_was_edited_by_another_hand_is_told_when_it_was_put_back(site: Site) -> None:
    site.build(*MANY)
    (site.output / "errors/8.html").write_text("mine")
    (site.state / "clean").unlink()
    assert site.build(*MANY).moved == ("errors/8.html", "manifest.json")


def test_files_are_copied_where_links_cannot_be(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    new = [OLD[0], out("errors/1.html", "1"), out("errors/2.html", "2"), out("index.html", "3")]
    assert old.build(*new).swapped
    assert old.files() == texts(new)


def test_whole_change_works_where_folders_cannot_be_exchanged(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_swap", lambda one, other: False)
    assert old.build(out("other.html")).swapped
    assert old.files() == {"other.html": "text"}
    assert old.litter() == []


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")
def test_whole_change_exchanges_in_one_step_on_linux(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[bool] = []
    swap = write._swap

    def note(one: str, other: str) -> bool:
        done.append(swap(one, other))
        return done[-1]

    monkeypatch.setattr(write, "_swap", note)
    old.build(out("other.html"))
    assert done == [True]


def test_files_are_on_the_disk_before_they_are_put_in_place(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    safe: set[int] = set()
    put: list[str] = []
    rename = os.rename

    def sync(descriptor: int) -> None:
        FSYNC(descriptor)
        safe.add(os.fstat(descriptor).st_ino)

    def look(one: str, other: str) -> None:
        if other.startswith(f"{old.output}/"):
            assert os.lstat(one).st_ino in safe
            safe.discard(old.output.stat().st_ino)
            put.append(other)
        rename(one, other)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", look)
    assert not old.build(*OLD[:3], out("index.html", "new")).swapped
    assert len(put) == 3
    assert old.output.stat().st_ino in safe


def test_whole_tree_is_on_the_disk_before_it_is_put_in_place(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    acts: list[str] = []
    put, swap = write._put, write._swap

    def note_put(path: str, data: bytes, how: int) -> None:
        acts.append("write")
        put(path, data, how)

    def note_sync(folder: str) -> None:
        acts.append("sync")
        SYNC(folder)

    def note_swap(one: str, other: str) -> bool:
        acts.append("swap")
        return swap(one, other)

    monkeypatch.setattr(write, "_put", note_put)
    monkeypatch.setattr(write, "_sync", note_sync)
    monkeypatch.setattr(write, "_swap", note_swap)
    old.build(out("other.html"), out("another.html"))
    assert acts == ["write", "write", "write", "sync", "swap", "write"]  # two pages, manifest; then the mark


def test_removed_files_and_their_folders_go(old: Site) -> None:
    assert old.build(OLD[0], OLD[3]).removed == 2
    assert old.files() == {"a.css": "a", "index.html": "start"}
    assert not (old.output / "errors").exists()


def test_empty_folders_are_removed(old: Site) -> None:
    (old.output / "empty/deep").mkdir(parents=True)
    old.build(*OLD)
    assert not (old.output / "empty").exists()


def test_everything_can_go(old: Site) -> None:
    assert old.build().removed == 4
    assert [path.name for path in old.output.iterdir()] == ["manifest.json"]
    assert old.build(*OLD).written == 4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("errors/1.html", "Errors/1.html", id="folder in another case"),
        pytest.param("errors/1.html", "errors/1.HTML", id="file in another case"),
        pytest.param("thing", "thing/index.html", id="file becomes folder"),
        pytest.param("thing/index.html", "thing", id="folder becomes file"),
    ],
)
def test_names_that_would_be_in_their_own_way_are_put_in_whole(site: Site, first: str, second: str) -> None:
    more = [out(f"more/{number}.html") for number in range(9)]
    site.build(*more, out(first))
    assert site.build(*more, out(second)).swapped
    assert second in site.files()
    assert first not in site.files()


def test_files_are_put_in_place_in_the_order_that_keeps_links_alive(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    more = [out(f"more/{number}.html") for number in range(9)]
    old.build(*OLD, *more)
    done: list[tuple[str, str]] = []
    rename, unlink = os.rename, os.unlink

    def note(act: str, path: str) -> None:
        if Path(path).is_relative_to(old.output):
            done.append((act, Path(path).relative_to(old.output).as_posix()))

    def note_rename(one: str, other: str) -> None:
        rename(one, other)
        note("put", other)

    def note_unlink(path: str) -> None:
        unlink(path)
        note("delete", path)

    new = [out("index.html", "1"), out("errors/1.html", "1"), out("a.css", "1"), out("errors/2.html", "two")]
    fresh = [out("new/index.html"), out("new/1.html"), out("new/a.js")]
    with monkeypatch.context() as patch:  # pytest takes the test's folder away by these very calls
        patch.setattr(os, "rename", note_rename)
        patch.setattr(os, "unlink", note_unlink)
        assert not old.build(*new, *fresh, *more[:-1]).swapped
    assert done == [
        ("put", "manifest.json"),
        *(("put", path) for path in ("new/a.js", "new/1.html", "new/index.html")),
        *(("put", path) for path in ("a.css", "errors/1.html", "index.html")),
        ("delete", "more/8.html"),
        ("put", "manifest.json"),
    ]


def test_manifest_knows_old_and_new_files_while_they_are_put_in_place(
    old: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def look(one: str, other: str) -> None:
        rename(one, other)
        if other.endswith("new.html"):
            listed = write.manifest(old.output)
            assert set(listed) == {*texts(OLD), "new.html"}
            assert [path for path, digest in listed.items() if not digest] == ["new.html"]
            seen.append(other)

    seen: list[str] = []
    monkeypatch.setattr(os, "rename", look)
    old.build(*OLD[:3], out("new.html"))
    assert seen
    assert set(write.manifest(old.output)) == {"a.css", "errors/1.html", "errors/2.html", "new.html"}


def test_parents_of_the_output_are_made(tmp_path: Path) -> None:
    write.site(tmp_path / "deep/deeper/output", tmp_path / "some/state", [out("index.html")])
    assert (tmp_path / "deep/deeper/output/index.html").read_text() == "text"


def test_relative_paths_are_those_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write.site(Path("output"), Path(".errordocs"), OLD)
    Path("output/mine.txt").touch()
    with pytest.raises(Failed, match="^output holds what no build put there: mine.txt;"):
        write.site(Path("output"), Path(".errordocs"), OLD)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_are_the_same_under_any_umask(site: Site, umask: int) -> None:
    former = os.umask(umask)
    try:
        site.build(*OLD)
        site.build(*OLD, out("added/1.html"))
    finally:
        os.umask(former)
    modes = {(path.is_dir(), path.stat().st_mode & 0o7777) for path in [site.output, *site.output.rglob("*")]}
    assert modes == {(True, 0o755), (False, 0o644)}


def test_data_is_never_held_all_at_once(site: Site) -> None:
    def pages() -> Iterator[Output]:
        for number in range(64):
            yield out(f"{number}.html", f"{number:04}" * (1 << 18))

    tracemalloc.start()
    try:
        write.site(site.output, site.state, pages())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 << 20


# What is not ours


def test_foreign_files_are_refused_and_named(old: Site) -> None:
    for name in ("x.txt", "y.txt", "errors/z.txt", "w.txt"):
        (old.output / name).write_text("mine")
    before = old.everything()
    with pytest.raises(
        Failed, match=r"errors/z.txt, w.txt, x.txt and 1 more; move that away or choose another --output$"
    ):
        old.build(out("index.html", "new"))
    assert old.everything() == before


def test_folder_without_a_manifest_is_foreign_as_a_whole(site: Site) -> None:
    site.output.mkdir()
    (site.output / "thesis.tex").touch()
    with pytest.raises(Failed, match=r"is not empty and has no manifest.json of a build: thesis.tex; move it away"):
        site.build(*OLD)
    assert [path.name for path in site.output.iterdir()] == ["thesis.tex"]


def test_folders_without_a_manifest_are_foreign_too(site: Site) -> None:
    (site.output / "mine").mkdir(parents=True)
    with pytest.raises(Failed, match="mine"):
        site.build(*OLD)


def test_empty_folder_is_taken(site: Site) -> None:
    site.output.mkdir()
    assert site.build(*OLD).swapped
    assert site.files() == texts(OLD)


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param('{"name": "An app", "icons": []}', id="web app"),
        pytest.param('{"files": {"a.css": 1}, "version": 1}', id="not a digest"),
        pytest.param('{"files": {}, "version": 2}', id="another version"),
        pytest.param('{"files": {}', id="cut"),
        pytest.param("", id="empty"),
        pytest.param('{"files": {"\udce9": ""}, "version": 1}', id="not UTF-8"),
    ],
)
def test_manifest_of_another_making_is_refused(old: Site, manifest: str) -> None:
    (old.output / "manifest.json").write_bytes(manifest.encode(errors="surrogateescape"))
    with pytest.raises(Failed, match="is not a manifest of a build; move .*output away or choose another --output$"):
        old.build(out("index.html", "new"))
    with pytest.raises(Failed, match="is not a manifest"):
        write.manifest(old.output)
    assert old.files() == texts(OLD)


def test_manifest_cannot_point_out_of_the_folder(old: Site) -> None:
    (old.folder / "precious.txt").write_text("mine")
    raw = json.loads((old.output / "manifest.json").read_text())
    raw["files"]["../precious.txt"] = raw["files"][str(old.folder / "precious.txt")] = "0" * 32
    (old.output / "manifest.json").write_text(json.dumps(raw))
    old.build(*OLD[:3])
    assert (old.folder / "precious.txt").read_text() == "mine"
    assert set(write.manifest(old.output)) == {"a.css", "errors/1.html", "errors/2.html"}


def test_output_that_is_a_file_is_refused(site: Site) -> None:
    site.output.write_text("mine")
    with pytest.raises(Failed, match="output is not a folder; move it away or choose another --output$"):
        site.build(*OLD)
    assert site.output.read_text() == "mine"


def test_output_that_is_a_link_is_refused(site: Site) -> None:
    (site.folder / "elsewhere").mkdir()
    site.output.symlink_to("elsewhere")
    with pytest.raises(Failed, match="output is a symbolic link; move it away or choose another --output$"):
        site.build(*OLD)
    assert list((site.folder / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("place", ["a.css", "errors", "manifest.json", "dangling"])
def test_links_inside_the_output_are_not_followed(old: Site, place: str) -> None:
    elsewhere = old.folder / "elsewhere"
    if (old.output / place).exists():
        (old.output / place).rename(elsewhere)
    (old.output / place).symlink_to(elsewhere)
    before = old.everything()
    with pytest.raises(Failed):
        old.build(out("index.html", "new"))
    assert old.everything() == before


def test_file_that_comes_while_a_whole_change_is_staged_is_not_lost(old: Site) -> None:
    def pages() -> Iterator[Output]:
        (old.output / "mine.txt").write_text("mine")
        yield out("other.html")

    with pytest.raises(Failed, match="mine.txt"):
        write.site(old.output, old.state, pages())
    assert old.files() == {**texts(OLD), "mine.txt": "mine"}
    assert old.litter() == []


# What cannot be


@pytest.mark.parametrize(
    "path", ["", ".", "..", "../a", "/a", "a/../b", "a/./b", "a//b", "a/", "a\\b", "a\0b", "\udcff", "manifest.json"]
)
def test_paths_that_escape_are_a_programming_error(old: Site, path: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        old.build(out("first.html"), Output(path, "page", b"", "0" * 32))
    assert old.files() == texts(OLD)
    assert old.litter() == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.html", "a.html"), ("a.html", "A.html"), ("a/1", "A/2"), ("a", "a/1"), ("a/1", "a"), ("manifest.JSON", "b")],
)
def test_paths_that_collide_are_a_programming_error(old: Site, one: str, other: str) -> None:
    with pytest.raises(ValueError, match="collides"):
        old.build(out(one), out(other))
    assert old.files() == texts(OLD)


def test_errors_of_the_stream_pass_as_they_are(old: Site) -> None:
    def pages(error: BaseException) -> Iterator[Output]:
        yield out("first.html")
        raise error

    for error in (OSError(errno.ENOENT, "a template is gone"), KeyError("x"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            write.site(old.output, old.state, pages(error))
        assert old.files() == texts(OLD)
        assert old.litter() == []


# What changed behind our back


def test_deleted_file_comes_back(old: Site) -> None:
    (old.output / "errors/1.html").unlink()
    assert old.build(*OLD).written == 1
    assert old.files() == texts(OLD)


def test_deleted_folder_comes_back(old: Site) -> None:
    for name in ("1.html", "2.html"):
        (old.output / "errors" / name).unlink()
    (old.output / "errors").rmdir()
    old.build(*OLD)
    assert old.files() == texts(OLD)


def test_folder_in_place_of_a_file_gives_way(old: Site) -> None:
    (old.output / "a.css").unlink()
    (old.output / "a.css").mkdir()
    old.build(*OLD)
    assert old.files() == texts(OLD)


def test_file_that_is_neither_put_nor_there_is_a_programming_error(old: Site) -> None:
    (old.output / "errors/1.html").unlink()
    before = old.everything()
    with pytest.raises(ValueError, match="'errors/1.html' was not put"):
        old.build(out("new.html"), kept("errors/1.html", "one"), kept("never.html"), kept("a.css", "other"))
    after = old.everything()
    del before[str(old.folder)], after[str(old.folder)], before[str(old.state)], after[str(old.state)]
    assert after == before


def test_files_are_read_again_when_the_last_run_did_not_end(old: Site) -> None:
    (old.state / "clean").unlink()
    (old.output / "errors/1.html").write_text("half")
    with pytest.raises(ValueError, match=r"errors/1.html"):
        old.build(OLD[0], kept("errors/1.html", "one"), *OLD[2:])
    assert old.build(*OLD).written == 1
    assert old.files() == texts(OLD)


def test_state_can_be_deleted_at_any_time(old: Site) -> None:
    (old.state / "clean").unlink()
    old.state.rmdir()
    assert old.build(*(kept(path, text) for path, text in texts(OLD).items())).unchanged == 4
    assert (old.state / "clean").exists()


@pytest.mark.parametrize("content", ["", "other", None])
def test_state_that_makes_no_sense_is_not_trusted(old: Site, content: str | None) -> None:
    (old.state / "clean").unlink()
    if content is None:
        (old.state / "clean").mkdir()
    else:
        (old.state / "clean").write_text(content)
    (old.output / "errors/1.html").write_text("half")
    with pytest.raises(ValueError, match="was not put"):
        old.build(kept("errors/1.html", "one"))


def test_mark_of_another_output_is_not_trusted(old: Site) -> None:
    write.site(old.folder / "other", old.state, OLD)
    (old.output / "errors/1.html").write_text("half")
    with pytest.raises(ValueError, match="was not put"):
        old.build(kept("errors/1.html", "one"))


def test_mark_is_gone_while_files_are_put_in_place(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, marks = os.rename, []

    def look(one: str, other: str) -> None:
        rename(one, other)
        if other.startswith(str(old.output)):
            marks.append((old.state / "clean").exists())

    monkeypatch.setattr(os, "rename", look)
    old.build(*OLD[:3], out("index.html", "new"))
    assert marks == [False, False, False]
    assert (old.state / "clean").exists()


# Staging


def stage_of(site: Site) -> str:
    """Where a small change is staged, seen from within the stream."""
    seen: list[str] = []

    def pages() -> Iterator[Output]:
        yield from OLD[:3]
        yield out("new.html")
        seen.extend(path.parent.name for path in site.folder.rglob("new") if "staging-" in path.parent.name)
        seen.extend(path.parent.parent.name for path in site.folder.rglob("new") if "staging-" in path.parent.name)

    write.site(site.output, site.state, pages())
    assert site.litter() == [] or not site.state.is_dir()
    assert "new.html" in site.files()
    return seen[1]


def test_files_are_staged_in_the_state_folder(old: Site) -> None:
    assert stage_of(old) == ".errordocs"


def test_files_are_staged_beside_when_the_state_folder_is_on_another_disk(
    old: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def other_disk(one: str, other: str) -> None:
        if other.startswith(str(old.state)):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(one, other)

    monkeypatch.setattr(os, "rename", other_disk)
    assert stage_of(old) == old.folder.name


def test_files_are_staged_beside_when_there_can_be_no_state_folder(site: Site) -> None:
    site.state.write_text("a file")
    site.build(*OLD)
    assert stage_of(site) == site.folder.name


def test_state_folder_on_another_disk_in_earnest(old: Site) -> None:
    places = [place for place in (Path("/dev/shm"), Path("/var/tmp")) if os.access(place, os.W_OK)]
    others = [place for place in places if place.stat().st_dev != old.folder.stat().st_dev]
    if not others:
        pytest.skip("neither /dev/shm nor /var/tmp is another disk here")
    state = others[0] / f"errordocs-test-{os.getpid()}"
    try:
        write.site(old.output, state, [*OLD[:3], out("index.html", "new")])
        assert [path.name for path in state.iterdir()] == ["clean"]
        assert old.litter() == []
    finally:
        for path in state.iterdir():
            path.unlink()
        state.rmdir()


def test_staging_of_a_killed_build_is_removed(old: Site) -> None:
    tail = "0123abcd"
    places = write._places(old.output, old.state)
    for start in (places.beside, places.inside):
        Path(start + tail, "new/errors").mkdir(parents=True)
        Path(start + tail, "new/errors/1.html").touch()
    old.build(*OLD)
    assert old.litter() == []
    assert old.files() == texts(OLD)


def test_staging_of_other_outputs_and_names_like_ours_are_left_alone(old: Site) -> None:
    other = write._places(old.folder / "other", old.state).inside + "0123abcd"
    mine = old.folder / ".output.staging-mine"
    os.mkdir(other)
    mine.mkdir()
    old.build(*OLD[:3], out("index.html", "new"))
    assert mine.exists()
    assert os.path.exists(other)


def test_tree_that_was_moved_aside_goes_back(old: Site) -> None:
    root = Path(write._places(old.output, old.state).inside + "0123abcd")
    (root / "new").mkdir(parents=True)
    old.output.rename(root / "old")
    assert old.build(*(kept(path, text) for path, text in texts(OLD).items())).unchanged == 4
    assert old.litter() == []


def test_old_tree_is_kept_when_it_cannot_go_back_at_once(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_way_back(one: str, other: str) -> None:
        if other == str(old.output):
            raise OSError(errno.EIO, "Input/output error", one, None, other)
        rename(one, other)

    rename = os.rename
    with monkeypatch.context() as patch:
        patch.setattr(write, "_swap", lambda one, other: False)
        patch.setattr(os, "rename", no_way_back)
        with pytest.raises(Failed, match="output: Input/output error"):
            old.build(out("other.html"))
        assert not old.output.exists()
    assert old.build(*(kept(path, text) for path, text in texts(OLD).items())).unchanged == 4
    assert old.litter() == []


# Failures that need no torture


def test_name_that_is_too_long_is_told(old: Site) -> None:
    with pytest.raises(Failed, match=r"output/errors/x+.html: File name too long; shorten the slug, or .*root$"):
        old.build(*OLD[:3], out(f"errors/{'x' * 251}.html"))
    assert old.files() == texts(OLD)
    assert old.litter() == []


def test_path_that_is_too_long_is_told(site: Site) -> None:
    with pytest.raises(Failed, match="File name too long"):
        write.site(Path(site.folder, *["x" * 200] * 30, "output"), site.state, OLD)


def test_parent_that_is_a_file_is_told(site: Site) -> None:
    (site.folder / "file").touch()
    with pytest.raises(Failed, match="file"):
        write.site(site.folder / "file/output", site.state, OLD)


@pytest.mark.parametrize(
    ("code", "mend"),
    [
        (errno.ENOSPC, "No space left on device; free some space and build again"),
        (errno.EMFILE, "Too many open files; raise the limit"),
        (errno.EACCES, "Permission denied; make it yours to read and write, or choose another --output"),
        (errno.EIO, "Input/output error; mend that and build again"),
    ],
    ids=["full", "too many files", "denied", "broken"],
)
def test_failure_says_path_reason_and_mend(old: Site, monkeypatch: pytest.MonkeyPatch, code: int, mend: str) -> None:
    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(Failed) as failed:
        old.build(*OLD[:3], out("errors/new.html"))
    assert str(failed.value).startswith(f"{old.output}/errors/new.html: {mend}")
    assert "\n" not in str(failed.value)


def test_short_writes_are_carried_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:3]))
    site.build(out("index.html", "0123456789"))
    assert site.files() == {"index.html": "0123456789"}


def test_writes_that_never_get_on_fail(old: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", lambda descriptor, data: 0)
    with pytest.raises(Failed, match="Input/output error"):
        old.build(out("index.html", "new"))
    assert old.files() == texts(OLD)


# The lock


def test_second_build_says_that_it_waits(old: Site) -> None:
    held = os.open(old.folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    said: list[str] = []

    def notice(line: str) -> None:
        said.append(line)
        os.close(held)

    assert old.build(out("other.html"), notice=notice).written == 1
    assert said == [f"waiting for another build of {old.output}"]


def test_lock_leaves_no_file_and_is_free_after_a_failure(old: Site) -> None:
    (old.output / "mine.txt").touch()
    with pytest.raises(Failed):
        old.build(*OLD)
    (old.output / "mine.txt").unlink()
    old.build(*OLD)
    assert old.litter() == []


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # pytest-xdist has threads; the child only waits
def test_worker_that_outlives_the_build_does_not_keep_the_lock(site: Site) -> None:
    children: list[int] = []
    waits, go = os.pipe()
    ready, says = os.pipe()

    def pages() -> Iterator[Output]:
        children.append(os.fork())
        if not children[0]:
            os.close(go)
            os.write(says, b"!")
            os.read(waits, 1)
            os._exit(0)
        os.read(ready, 1)
        yield out("index.html")

    try:
        write.site(site.output, site.state, pages())
        site.build(out("index.html"))
    finally:
        for end in (go, waits, ready, says):
            os.close(end)
        os.waitpid(children[0], 0)


# The cost of importing


def test_import_is_light() -> None:
    heavy = {"ctypes", "json", "pathlib", "shutil", "tempfile", "subprocess", "asyncio"}
    code = "import sys; old = set(sys.modules); import msgspec, errordocs.model; old |= set(sys.modules)\n"
    code += f"import errordocs.write; print(sorted({heavy!r} & (set(sys.modules) - old)))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_file_that_stands_is_read_only_as_it_was_put_there(old: Site) -> None:
    with write.opened(old.output, old.state) as room:
        for item in OLD:
            assert room.read(item.path, item.digest) == item.data
            assert room.read(item.path, "0" * 32) is None
        assert room.read("absent.html", OLD[0].digest) is None
        (old.output / OLD[0].path).write_text("mine")
        assert room.read(OLD[0].path, OLD[0].digest) is None
