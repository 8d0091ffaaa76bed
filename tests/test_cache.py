"""The shelf: what a build keeps for the next comes back as it was put there, or is found to be damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from errordocs import cache
from errordocs import faces
from errordocs import gather
from errordocs import markup
from errordocs import progress
from errordocs.cache import Damaged
from errordocs.cache import Row
from errordocs.cache import Sheet
from errordocs.cache import Shelf
from errordocs.model import Reply
from tests import records
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

Make = Callable[..., Path]
FILES: dict[str, str] = {"guides/one.md": article(), "senders/one.yaml": sender(more="about: |\n  So.\n")}
SILENT = progress.watch(is_quiet=True)


@pytest.fixture
def state(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def row(whole: cache.Place | bytes, face: cache.Place | bytes = b"") -> Row:
    return Row((1, 2, 3, 4), b"digest", b"outer", b"bones", b"ids", face, whole)


def filled(state: str, *datas: bytes) -> Shelf:
    """A shelf with rows `0`, `1` and so on of these bytes."""
    shelf = Shelf(state)
    for number, place in enumerate(shelf.put(list(datas))):
        shelf.rows[str(number)] = row(place)
    return shelf


def segments(state: str) -> list[str]:
    return sorted(os.listdir(os.path.join(state, cache.FOLDER)))


# Records


@pytest.mark.parametrize(
    "record",
    [
        records.entry("500-5.1", "400", responses=(records.reply(),), topics=("a",)),
        records.guide("a", text="## One\n\nSee [x](../errors/500.md#faq).\n"),
        records.sender("a", about="So."),
        records.registry("a", "500", subjects={"1": "One"}),
        records.PLAIN_SITE,
    ],
    ids=lambda record: type(record).__name__,
)
def test_record_comes_back(record: cache.Record, state: str) -> None:
    shelf = filled(state, cache.packed(record))
    assert shelf.whole("0") == record


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x90", b"\x93\x01\x02\x03", cache.packed(records.PLAIN_SITE)[:-1]])
def test_bytes_that_are_no_record_are_damage(data: bytes, state: str) -> None:
    with pytest.raises(Damaged):
        filled(state, data).whole("0")


def test_entry_is_no_other_record(state: str) -> None:
    shelf = filled(state, cache.packed(records.entry("500")), cache.packed(records.guide("a")))
    assert shelf.entry("0") == records.entry("500")
    with pytest.raises(Damaged):
        shelf.entry("1")


REPLIES = (records.reply("500 no", topics=("a",)), records.reply("500 never", sender="acme"))
ENTRY = records.entry("500-5.1", "400", responses=REPLIES, topics=("a",), aliases=("old",))
FACE = faces.face(ENTRY, faces.code_patterns(records.PLAIN_SITE.parts))


def faced(state: str, *datas: bytes) -> Shelf:
    """A shelf with rows `0`, `1` and so on, of which only what others may show is there."""
    shelf = Shelf(state)
    for number, place in enumerate(shelf.put(list(datas))):
        shelf.rows[str(number)] = row(b"", place)
    return shelf


@pytest.mark.parametrize("replies", [REPLIES, ()], ids=["replies", "no reply"])
def test_what_others_may_show_comes_back_each_by_itself(replies: tuple[Reply, ...], state: str) -> None:
    shelf = faced(state, cache.shown(FACE, replies))
    assert (next(shelf.faces([shelf.rows["0"].face])), shelf.replies("0")) == (FACE, replies)


def test_what_others_may_show_is_not_looked_for_in_the_whole_record(state: str) -> None:
    shelf = faced(state, cache.shown(FACE, REPLIES))
    shelf.rows["0"] = shelf.rows["0"]._replace(whole=cache.packed(records.guide("a")))
    assert (next(shelf.faces([shelf.rows["0"].face])), shelf.replies("0")) == (FACE, REPLIES)


def test_what_lies_side_by_side_comes_back_as_what_lies_apart(state: str) -> None:
    slugs = [f"50{number}" for number in range(8)]
    packed = [cache.shown(msgspec.structs.replace(FACE, slug=slug), REPLIES) for slug in slugs]
    shelf = faced(state, *packed[:3], b"in between", *packed[3:5])
    shelf.rows["apart"] = shelf.rows.pop("3")._replace(face=packed[5])  # of a disk that was full
    shelf.close()
    for number, place in zip((6, 7), shelf.put(packed[6:]), strict=True):  # in another segment
        shelf.rows[str(number)] = row(b"", place)
    names = ["7", "apart", "5", *"0124", "6"]
    assert sorted(face.slug for face in shelf.faces(shelf.rows[name].face for name in names)) == slugs
    assert sorted(face.slug for face in shelf.faces(shelf.rows[name].face for name in ("5", "1"))) == ["501", "504"]
    assert list(shelf.faces([])) == []


@pytest.mark.parametrize("number", range(3))
def test_damage_of_one_of_those_that_lie_side_by_side_is_seen(number: int, state: str) -> None:
    shelf = faced(state, *[cache.shown(FACE, REPLIES)] * 3)
    names = list(shelf.rows)
    assert len(list(shelf.faces(shelf.rows[name].face for name in names))) == 3
    segment, offset, *_ = shelf.rows[str(number)].face
    with open(os.path.join(shelf.folder, str(segment)), "r+b") as file:
        file.seek(int(offset) + 20)
        file.write(b"X")
    with pytest.raises(cache.Damaged):
        list(shelf.faces(shelf.rows[name].face for name in names))


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"\x90", cache.packed(ENTRY), cache.packed(records.guide("a")), cache.shown(FACE, REPLIES)[:-1]],
    ids=["nothing", "no message", "empty list", "entry", "guide", "cut short"],
)
def test_bytes_that_are_nothing_to_show_are_damage(data: bytes, state: str) -> None:
    shelf = faced(state, data)
    for read in (lambda name: list(shelf.faces([shelf.rows[name].face])), shelf.replies):
        with pytest.raises(Damaged):
            read("0")


def test_row_without_a_face_is_no_entrys(state: str) -> None:
    shelf = filled(state, cache.packed(records.guide("a")))
    for read in (lambda name: list(shelf.faces([shelf.rows[name].face])), shelf.replies):
        with pytest.raises(Damaged):
            read("0")


# What is kept


def test_what_is_kept_comes_back(state: str) -> None:
    shelf = filled(state, b"one", b"two")
    shelf.site, shelf.known, shelf.look, shelf.bones = b"site", b"known", b"look", b"bones"
    shelf.sheets["a.html"] = Sheet(b"key", "digest", b"inputs", ("0", "1"), shelf.put([b"around"])[0], b"about")
    cache.save(state, shelf)
    other = cache.load(state)
    assert (other.rows, other.sheets) == (shelf.rows, shelf.sheets)
    assert (other.site, other.known, other.look, other.bones) == (b"site", b"known", b"look", b"bones")
    assert [other.read(one.whole) for one in other.rows.values()] == [b"one", b"two"]
    assert other.read(other.sheets["a.html"].around) == b"around"


def test_nothing_kept_is_nothing(state: str) -> None:
    assert cache.load(state).rows == {}


def test_another_generator_keeps_nothing(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.save(state, filled(state, b"one"))
    monkeypatch.setattr(cache, "generator", lambda: "another")
    assert cache.load(state).rows == {}


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xc1" * 40, b"\x92\xa1x\x80"])
def test_index_that_is_damaged_is_nothing(damage: bytes, state: str) -> None:
    cache.save(state, filled(state, b"one"))
    Path(state, cache.INDEX).write_bytes(damage)
    assert cache.load(state).rows == {}


@pytest.mark.parametrize("at", [0, 4, 20, -1])
def test_index_with_one_wrong_byte_is_nothing(at: int, state: str) -> None:
    cache.save(state, filled(state, b"one"))
    path = Path(state, cache.INDEX)
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)
    assert cache.load(state).rows == {}


@pytest.mark.parametrize(
    "damage",
    [lambda path: path.unlink(), lambda path: path.write_bytes(b"tw"), lambda path: path.write_bytes(b"onetwO")],
)
def test_segment_that_is_damaged_is_told(damage: Callable[[Path], object], state: str) -> None:
    cache.save(state, filled(state, b"one", b"two"))
    (name,) = segments(state)
    damage(Path(state, cache.FOLDER, name))
    shelf = cache.load(state)
    with pytest.raises(Damaged):
        shelf.read(shelf.rows["1"].whole)


# Where nothing can be kept


@pytest.mark.parametrize("state", ["/dev/null/state", "/proc/state"])
def test_folder_that_cannot_be_written_is_no_failure(state: str) -> None:
    shelf = filled(state, b"one")
    assert shelf.read(shelf.rows["0"].whole) == b"one"
    cache.save(state, shelf)
    assert cache.load(state).rows == {}


def test_disk_that_is_full_is_no_failure(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    shelf = filled(state, b"one")
    monkeypatch.setattr(os, "write", full)
    assert shelf.put([b"two"]) == [b"two"]
    monkeypatch.undo()
    (place,) = shelf.put([b"three"])
    assert shelf.read(place) == b"three"
    assert shelf.read(shelf.rows["0"].whole) == b"one"


def test_write_that_is_cut_short_goes_on(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:2]))
    shelf = filled(state, b"one", b"two three")
    assert [shelf.read(one.whole) for one in shelf.rows.values()] == [b"one", b"two three"]


# Segments


def grown(state: str, count: int) -> Shelf:
    """A shelf to which that many builds have added a row each."""
    shelf = Shelf(state)
    for number in range(count):
        shelf.close()
        (place,) = shelf.put([b"row %d" % number])
        shelf.rows[str(number)] = row(place, shelf.put([b"face %d" % number])[0])
        shelf.sheets[f"{number}.html"] = Sheet(b"", "", around=shelf.put([b"around %d" % number])[0])
    return shelf


def test_few_segments_stay_as_they_are(state: str) -> None:
    shelf = grown(state, cache.MANY)
    cache.save(state, shelf)
    assert len(segments(state)) == cache.MANY


def test_many_small_segments_are_put_together(state: str) -> None:
    shelf = grown(state, cache.MANY + 1)
    cache.save(state, shelf)
    assert len(segments(state)) == 1
    for one in (shelf, cache.load(state)):
        for number in range(cache.MANY + 1):
            assert one.read(one.rows[str(number)].whole) == b"row %d" % number
            assert one.read(one.rows[str(number)].face) == b"face %d" % number
            assert one.read(one.sheets[f"{number}.html"].around) == b"around %d" % number


def test_large_segments_stay_where_they_are(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = grown(state, cache.MANY + 1)
    monkeypatch.setattr(cache, "SMALL", 1)
    cache.save(state, shelf)
    assert len(segments(state)) == cache.MANY + 1


def test_segments_that_nobody_needs_are_deleted(state: str) -> None:
    shelf = grown(state, cache.MANY + 1)
    shelf.rows = {"0": shelf.rows["0"]}
    shelf.sheets.clear()
    cache.save(state, shelf)
    assert len(segments(state)) == 1
    assert cache.load(state).read(shelf.rows["0"].whole) == b"row 0"


def test_segments_of_a_build_that_goes_on_beside_this_one_stay(state: str) -> None:
    shelf = grown(state, cache.MANY + 1)
    for name in (f"{os.getppid()}-0123456789abcdef", "999999999-0123456789abcdef", "notes"):
        Path(state, cache.FOLDER, name).touch()
    cache.save(state, shelf)
    assert f"{os.getppid()}-0123456789abcdef" in segments(state)
    assert "999999999-0123456789abcdef" not in segments(state)


def test_damage_is_found_before_anything_is_deleted(state: str) -> None:
    shelf = grown(state, cache.MANY + 1)
    Path(state, cache.FOLDER, segments(state)[0]).write_bytes(b"")
    shelf.close()
    cache.save(state, shelf)
    assert len(segments(state)) >= cache.MANY + 1


def test_closed_shelf_holds_no_file_open_and_reads_again(state: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    shelf = filled(state, b"one")
    shelf.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert shelf.read(shelf.rows["0"].whole) == b"one"
    shelf.close()


# Of real files


def test_readings_with_problems_are_not_kept(content: Make, state: str) -> None:
    shelf = Shelf(state)
    folder = content(FILES | {"errors/501.md": entry('number: "501"', body="<b>raw</b>\n")})
    assert gather.gather(str(folder), shelf, 1, SILENT).problems != ()
    cache.save(state, shelf)
    again = gather.gather(str(folder), cache.load(state), 1, SILENT)
    assert [problem.rule for problem in again.problems] == ["raw-html"]


def test_outline_of_a_check_never_reaches_a_page(content: Make, build: Callable[..., object], tmp_path: Path) -> None:
    content()
    build("check", "--quiet")
    build("--quiet")
    assert markup.SOME not in (tmp_path / "output" / "errors" / "500.html").read_text()
