"""A run with nothing to do: it says the same again, and it is never one where something was to do."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import stamp

LATER = stamp.now() + 10**12  # so that what a test wrote was at rest
OUTCOME = (1, "content/x: é\n", "1 error\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with an input, an output, and a stamp on them."""
    monkeypatch.chdir(tmp_path)
    for name in ("content/a/x.md", "content/site.yaml", "output/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
    stamp.keep((), ("content",), ("output",), LATER, OUTCOME)
    return tmp_path


def test_the_same_is_said_again(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stamp.replay(()) == 1
    assert capsys.readouterr() == OUTCOME[1:]


def same_size_and_time(project: Path) -> None:
    path = project / "content/a/x.md"
    before = path.stat()
    path.write_text("new")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(project: Path) -> None:
    (project / "content/b").write_text("old")
    (project / "content/b").rename(project / "content/a/x.md")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edit": lambda p: (p / "content/a/x.md").write_text("longer"),
    "edit of the same size, with its time set back": same_size_and_time,
    "another file of that name": replaced,
    "new file": lambda p: (p / "content/a/y.md").touch(),
    "new folder": lambda p: (p / "content/stray").mkdir(),
    "deleted file": lambda p: (p / "content/a/x.md").unlink(),
    "renamed file": lambda p: (p / "content/a/x.md").rename(p / "content/a/z.md"),
    "moved file": lambda p: (p / "content/a/x.md").rename(p / "content/x.md"),
    "file that became a link": lambda p: ((p / "content/a/x.md").unlink(), (p / "content/a/x.md").symlink_to("y")),
    "output edited": lambda p: (p / "output/index.html").write_text("mine"),
    "output gone": lambda p: shutil.rmtree(p / "output"),
    "file put into the output": lambda p: (p / "output/mine").touch(),
    "content gone": lambda p: (p / "content").rename(p / "elsewhere"),
    "stamp cut short": lambda p: next((p / ".errordocs").iterdir()).write_bytes(b"\xfb"),
    "stamp empty": lambda p: next((p / ".errordocs").iterdir()).write_bytes(b""),
    "stamp of another making": lambda p: next((p / ".errordocs").iterdir()).write_text("{}"),
    "no stamp": lambda p: shutil.rmtree(p / ".errordocs"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changed_the_command_runs(name: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    CHANGES[name](project)
    assert stamp.replay(()) is None
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("argv", [("check",), ("--quiet",), ("--content", "output")], ids=" ".join)
def test_stamp_is_of_one_command_line(argv: tuple[str, ...], project: Path) -> None:
    assert stamp.replay(argv) is None


def test_stamp_is_of_one_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "output")
    assert stamp.replay(("--content", "../content")) is None


def test_bytecode_is_no_change(project: Path) -> None:
    (project / "content/__pycache__").mkdir()
    (project / "content/__pycache__/x.pyc").touch()
    assert stamp.replay(()) == 1


def test_input_that_changed_while_it_was_read_keeps_no_stamp(project: Path) -> None:
    began = stamp.now()
    (project / "content/a/x.md").write_text("during")
    stamp.keep(("check",), ("content",), (), began, OUTCOME)
    assert stamp.replay(("check",)) is None


def test_place_that_cannot_hold_a_stamp_is_no_failure(project: Path) -> None:
    shutil.rmtree(project / ".errordocs")
    (project / ".errordocs").touch()
    stamp.keep((), ("content",), (), LATER, OUTCOME)
    assert stamp.replay(()) is None


def test_terminal_that_lacks_a_letter_gets_its_escape(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert stamp.replay(()) == 1
    assert terminal.buffer.getvalue() == b"content/x: \\xe9\n"  # type: ignore[attr-defined]


def test_reader_that_went_away_is_left_to_the_command(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    terminal = os.fdopen(write, "w")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert stamp.replay(()) is None
    with pytest.raises(BrokenPipeError):
        terminal.close()
