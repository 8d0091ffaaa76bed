"""The whole flow, once and again: places of a project, and what a process remembers from one build to the next."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import pipeline
from errordocs import write
from errordocs.model import Failed
from errordocs.pipeline import Memory
from errordocs.pipeline import Places
from tests.conftest import REPOSITORY
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


def test_check_and_build_remember_apart(places: Places) -> None:
    memory = Memory()
    pipeline.read(places, memory, render=False)
    fresh = pipeline.read(places)[0]
    assert fresh is not None
    assert fresh.entries[0].body.sections[0].html == "<p>It means this.</p>"


def test_state_of_another_making_is_no_matter(places: Places) -> None:
    pipeline.build(places)
    for path in Path(places.state).iterdir():
        path.write_bytes(b"\x93\x01\x02")
    assert pipeline.build(places).written == 0
    shutil.rmtree(places.state)
    Path(places.state).touch()
    assert pipeline.build(places).written == 0
