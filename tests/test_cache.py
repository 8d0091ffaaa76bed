"""What a build keeps for the next: used while file and generator are the same, harmless in every other case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import cache
from errordocs import load
from errordocs import markup
from tests.conftest import BODY
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

Make = Callable[..., Path]
FILES: dict[str, str] = {"guides/one.md": article(), "senders/one.yaml": sender(more="about: |\n  So.\n")}


@pytest.fixture
def read(content: Make, tmp_path: Path) -> load.Memory:
    """What a run read, and kept in `state`."""
    memory: load.Memory = {}
    load.load(str(content(FILES)), memory)
    cache.save(str(tmp_path / "state"), memory)
    return memory


def test_what_is_kept_comes_back(read: load.Memory, tmp_path: Path) -> None:
    assert cache.load(str(tmp_path / "state")) == read


def test_nothing_kept_is_nothing(tmp_path: Path) -> None:
    assert cache.load(str(tmp_path)) == {}


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xc1" * 40, b"\x92\xa1x\x80"])
def test_what_is_damaged_is_nothing(damage: bytes, read: load.Memory, tmp_path: Path) -> None:
    (tmp_path / "state" / cache.NAME).write_bytes(damage)
    assert cache.load(str(tmp_path / "state")) == {}


def test_another_generator_keeps_nothing(read: load.Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_generator", lambda: "another")
    assert cache.load(str(tmp_path / "state")) == {}


def test_same_file_is_not_parsed_again(
    read: load.Memory, content: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = cache.load(str(tmp_path / "state"))
    monkeypatch.setattr(markup, "parse", None)
    assert load.load(str(tmp_path / "content"), memory).problems == ()


def test_changed_file_is_parsed_again(read: load.Memory, content: Make, tmp_path: Path) -> None:
    memory = cache.load(str(tmp_path / "state"))
    folder = content({"errors/500.md": entry(body=BODY.replace("It means this.", "It means that."))})
    loaded = load.load(str(folder), memory).content
    assert loaded is not None
    assert loaded.entries[0].body.sections[0].html == "<p>It means that.</p>"


def test_readings_with_problems_are_not_kept(content: Make, tmp_path: Path) -> None:
    memory: load.Memory = {}
    load.load(str(content({"errors/501.md": entry('number: "501"', retry="perhaps")})), memory)
    cache.save(str(tmp_path / "state"), memory)
    assert sorted(cache.load(str(tmp_path / "state"))) == ["errors/500.md", "site.yaml"]


def test_outline_of_a_check_never_reaches_a_page(content: Make, build: Callable[..., object], tmp_path: Path) -> None:
    content()
    build("check", "--quiet")
    build("--quiet")
    assert markup.SOME not in (tmp_path / "output" / "errors" / "500.html").read_text()
