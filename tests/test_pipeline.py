"""The whole flow, once and again: places of a project, and what a process remembers from one build to the next."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import cache
from errordocs import load
from errordocs import pipeline
from errordocs import write
from errordocs.model import Failed
from errordocs.pipeline import Built
from errordocs.pipeline import Memory
from errordocs.pipeline import Places
from tests.built import tree_of
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import article
from tests.conftest import entry

BARE = REPOSITORY / "tests/sites/plain/templates"
Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def places(content: Make) -> Places:
    folder = content()
    templates = shutil.copytree(BARE, folder.parent / "templates")
    return Places(str(folder), str(templates), str(folder.parent / "output"))


# Places


@pytest.mark.parametrize(
    ("mark", "folder", "path"),
    [
        (".git", "content", "content"),
        (".git", "examples/http", "examples/http"),
        ("pyproject.toml", "examples/http/", "examples/http"),
        ("", "examples/http", "http"),
        ("examples/.git", "examples/http", "http"),
    ],
    ids=["at the top", "deep", "slash at the end", "no repository", "nearest repository"],
)
def test_path_in_the_repository_starts_at_its_top(
    mark: str, folder: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / mark).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    assert Places(folder, "", "").repository_path == path
    monkeypatch.chdir(tmp_path / folder)
    assert Places(".", "", "").repository_path == path
    assert Places(f"{tmp_path}/{folder}", "", "").repository_path == path


def test_state_lies_beside_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Places("a/content", "", "").state == Places("a/content/", "", "").state == f"{tmp_path}/a/.errordocs"


# Again and again


def test_second_build_of_a_process_writes_what_changed(places: Places, content: Make) -> None:
    memory = Memory()
    first = pipeline.build(places, memory)
    content({"errors/501.md": entry("number: 501")})
    second = pipeline.build(places, memory)
    assert (first.unchanged, first.removed, second.removed) == (0, 0, 0)
    assert 0 < second.written < first.written


def test_output_that_went_away_comes_back_whole(places: Places) -> None:
    memory = Memory()
    first = pipeline.build(places, memory)
    shutil.rmtree(places.output)
    assert pipeline.build(places, memory).written == first.written


def test_file_that_went_away_comes_back(places: Places) -> None:
    memory = Memory()
    pipeline.build(places, memory)
    page = Path(places.output, "errors/500.html")
    before = page.read_bytes()
    page.unlink()
    pipeline.build(places, memory)
    assert page.read_bytes() == before


def test_template_that_was_mended_is_used(places: Places) -> None:
    memory = Memory()
    template = Path(places.templates, "error.html")
    whole = template.read_text()
    template.write_text("{{ nope }}")
    with pytest.raises(Failed):
        pipeline.build(places, memory)
    assert not Path(places.output).exists()
    template.write_text(whole)
    pipeline.build(places, memory)
    template.write_text("new {{ head.title }}")
    pipeline.build(places, memory)
    assert Path(places.output, "errors/500.html").read_text() == "new 500: It broke"


def test_problems_write_nothing_and_are_forgotten_when_they_are_mended(places: Places, content: Make) -> None:
    memory = Memory()
    content({"errors/500.md": entry(titel="x")})
    assert [problem.rule for problem in pipeline.build(places, memory).problems] == ["unknown-field"]
    assert [problem.rule for problem in pipeline.build(places, memory).problems] == ["unknown-field"]
    assert not Path(places.output).exists()
    content()
    assert pipeline.build(places, memory).problems == ()


def test_reading_for_a_check_leaves_nothing_behind(places: Places) -> None:
    pipeline.read(places, render=False)
    fresh = pipeline.read(places)[0]
    assert fresh is not None
    assert fresh.entries[0].body.sections[0].html == "<p>It means this.</p>"


def test_state_of_another_making_is_no_matter(places: Places) -> None:
    pipeline.build(places)
    for path in Path(places.state).rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x93\x01\x02")
    assert pipeline.build(places).written == 0
    shutil.rmtree(places.state)
    Path(places.state).touch()
    assert pipeline.build(places).written == 0


# What is kept never hides what is wrong


def rules(built: Built) -> list[str]:
    return [problem.rule for problem in built.problems]


MISTAKES = {
    "unknown-field": entry("number: 501", titel="x"),
    "unknown-slug": entry("number: 501\ntopics: [nope]"),
    "dead-link": entry("number: 501", body=BODY.replace("It means this.", "See [x](../guides/nope.md).")),
    "code-language": entry("number: 501", body=BODY.replace("It means this.", "```klingon\nnuqneH\n```")),
    "raw-html": entry("number: 501", body=BODY.replace("It means this.", "<b>x</b>")),
    "encoding": b"\xff",
}


@pytest.mark.parametrize("rule", MISTAKES)
def test_mistake_is_told_until_it_is_mended(rule: str, places: Places, content: Make) -> None:
    memory = Memory()
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, memory)
    content({"errors/501.md": MISTAKES[rule]}, bare=True)
    told = [rules(pipeline.build(places, memory)) for _ in range(3)]
    assert told == [[rule]] * 3
    assert rules(pipeline.build(places)) == [rule]
    content({"errors/501.md": entry("number: 501")}, bare=True)
    assert pipeline.build(places, memory).written == 0


@pytest.mark.parametrize("rule", MISTAKES)
def test_mistake_is_not_forgotten_while_another_file_is_saved(rule: str, places: Places, content: Make) -> None:
    memory = Memory()
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, memory)
    content({"errors/501.md": MISTAKES[rule]}, bare=True)
    pipeline.build(places, memory, changed={"errors/501.md"})
    content({"errors/500.md": entry(title="New")}, bare=True)
    assert rules(pipeline.build(places, memory, changed={"errors/500.md"})) == [rule]
    assert Path(places.output, "errors/501.html").exists()
    content({"errors/501.md": entry("number: 501")}, bare=True)
    assert pipeline.build(places, memory, changed={"errors/501.md"}).problems == ()
    assert "New" in Path(places.output, "errors/500.html").read_text()


def test_file_that_is_known_to_have_changed_is_all_that_is_read(
    places: Places, content: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, read = Memory(), []
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, memory)
    raw = load.raw
    monkeypatch.setattr(load, "raw", lambda folder, name: read.append(name) or raw(folder, name))
    content({"errors/500.md": entry(body=BODY.replace("It means this.", "It means that."))})
    pipeline.build(places, memory, changed={"errors/500.md"})
    assert "errors/501.md" not in read
    assert "It means that." in Path(places.output, "errors/500.html").read_text()


# Other places


def test_content_that_was_renamed_is_linked_by_its_new_name(places: Places) -> None:
    pipeline.build(places)
    Path(places.content).rename(Path(places.content).parent / "docs")
    pipeline.build(Places(str(Path(places.content).parent / "docs"), places.templates, places.output))
    made = tree_of(Path(places.output))
    assert [name for name, data in made.items() if b"main/content/" in data] == []


def test_two_contents_may_lie_side_by_side(places: Places, tmp_path: Path) -> None:
    template = Path(places.templates, "error.html")
    template.write_text("{{ head.title }} {{ head.edit }}")
    other = Places(str(tmp_path / "other"), places.templates, str(tmp_path / "out"))
    shutil.copytree(places.content, other.content)
    Path(other.content, "errors/500.md").write_text(entry(title="Another"))
    for _ in range(2):
        for one in (places, other):
            pipeline.build(one)
    edit = "https://repository.example/edit/main"
    assert Path(places.output, "errors/500.html").read_text() == f"500: It broke {edit}/content/errors/500.md"
    assert Path(other.output, "errors/500.html").read_text() == f"500: Another {edit}/other/errors/500.md"


def test_output_of_another_name_is_made_whole(places: Places, tmp_path: Path) -> None:
    memory = Memory()
    first = pipeline.build(places, memory)
    second = pipeline.build(Places(places.content, places.templates, str(tmp_path / "out")), memory)
    assert second.written == first.written
    assert tree_of(tmp_path / "out") == tree_of(Path(places.output))


def test_preview_tells_robots_off_and_the_build_after_it_does_not(places: Places) -> None:
    memory = Memory()
    robots = []
    for preview in (False, True, False):
        pipeline.build(Places(places.content, places.templates, places.output, preview), memory)
        robots.append(Path(places.output, "robots.txt").read_text().splitlines()[1])
    assert robots == ["Allow: /", "Disallow: /", "Allow: /"]


# Damage: whatever lies in the state, the bytes are the same


DAMAGES: dict[str, Callable[[Path], object]] = {
    "index that is empty": lambda state: (state / cache.INDEX).write_bytes(b""),
    "index of other bytes": lambda state: (state / cache.INDEX).write_bytes(b"\x93\x01\x02" * 99),
    "index cut short": lambda state: (state / cache.INDEX).write_bytes((state / cache.INDEX).read_bytes()[:-9]),
    "index with a flipped bit": lambda state: (state / cache.INDEX).write_bytes(
        flipped((state / cache.INDEX).read_bytes())
    ),
    "index that is a folder": lambda state: ((state / cache.INDEX).unlink(), (state / cache.INDEX).mkdir()),
    "no index": lambda state: (state / cache.INDEX).unlink(),
    "no segments": lambda state: shutil.rmtree(state / cache.FOLDER),
    "segments of other bytes": lambda state: [
        path.write_bytes(b"\x00" * path.stat().st_size) for path in (state / cache.FOLDER).iterdir()
    ],
    "segments cut short": lambda state: [os.truncate(path, 9) for path in (state / cache.FOLDER).iterdir()],
    "segments with a flipped bit": lambda state: [
        path.write_bytes(flipped(path.read_bytes())) for path in (state / cache.FOLDER).iterdir()
    ],
    "segments that are a file": lambda state: (shutil.rmtree(state / cache.FOLDER), (state / cache.FOLDER).touch()),
    "no state": shutil.rmtree,
    "state that is a file": lambda state: (shutil.rmtree(state), state.touch()),
}


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("edited", ["nothing", "text", "title", "template"])
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_state_changes_no_byte(name: str, edited: str, places: Places, content: Make, tmp_path: Path) -> None:
    content({"errors/501.md": entry("number: 501\nrelated: [{entry: '500', why: So.}]"), "topics/a.md": article()})
    pipeline.build(places)
    DAMAGES[name](Path(places.state))
    match edited:
        case "text":
            content({"errors/500.md": entry(body=BODY.replace("It means this.", "It means that."))})
        case "title":
            content({"errors/500.md": entry(title="New")}, bare=True)
        case "template":
            Path(places.templates, "error.html").write_text("{{ head.title }}")
    assert pipeline.build(places).problems == ()
    shutil.copytree(places.content, tmp_path / "clean/content")
    pipeline.build(Places(str(tmp_path / "clean/content"), places.templates, str(tmp_path / "clean/output")))
    assert tree_of(Path(places.output)) == tree_of(tmp_path / "clean/output")


def test_segments_that_go_while_a_process_lives_are_made_again(places: Places, content: Make) -> None:
    memory = Memory()
    pipeline.build(places, memory)
    shutil.rmtree(places.state)
    content({"errors/500.md": entry(title="New")}, bare=True)
    assert pipeline.build(places, memory).problems == ()
    assert "New" in Path(places.output, "errors/500.html").read_text()


def open_files(state: str) -> list[str]:
    """What of the state this process holds open."""
    paths = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    return [path for path in (os.readlink(one) for one in paths if os.path.islink(one)) if path.startswith(state)]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells which files are open")
def test_many_builds_of_a_process_hold_no_file_open_that_is_gone(places: Places, content: Make) -> None:
    content({f"errors/{number}.md": entry(f"number: {number}") for number in range(510, 530)})
    memory = Memory()
    for number in range(40):
        content({"errors/500.md": entry(title=f"Title {number}")}, bare=True)
        pipeline.build(places, memory, jobs=2)
        assert [path for path in open_files(places.state) if path.endswith("(deleted)")] == []
    assert len(os.listdir(Path(places.state, cache.FOLDER))) <= cache.MANY + 2
