"""A run with nothing to do: it says the same again, and it is never one where something was to do."""

from __future__ import annotations

import io
import marshal
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from errordocs import stamp
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import entry

LATER = 10**12  # nanoseconds; as if a test had written its files so long ago
OUTCOME = (1, "content/x: é\n", "1 error\n")


def at_rest(*inputs: str, now: stamp.Start | None = None) -> stamp.Start:
    """How a command starts long after its inputs were written."""
    began, seen = stamp.start(inputs, now)
    return began + LATER, seen


def latest(seen: dict[str, stamp.Told]) -> int:
    """When the last of these files changed, in nanoseconds since 1970."""
    return max(max(told[:2]) for told in seen.values() if told)


def must_run(*argv: str) -> bool:
    """Whether there is nothing to say again."""
    return not isinstance(stamp.replay(argv), int)


def seen_by_replay(*argv: str) -> stamp.Start:
    """What was seen of the files of a command that must run."""
    now = stamp.replay(argv)
    assert isinstance(now, tuple)
    return now


def kept(*argv: str) -> Any:
    """What a stamp holds: what was seen, what is said."""
    return marshal.loads(stamp.read(stamp._path(argv)) or b"")


@pytest.fixture(params=[stamp.MANY, 0], ids=["one process", "two"])
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """The working folder, with an input, an output, and a stamp on them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stamp, "MANY", request.param)  # files, from which another process looks at them
    for name in ("content/a/x.md", "content/site.yaml", "output/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old")
    stamp.keep((), at_rest("content"), ("output",), OUTCOME)
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
    assert must_run()
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


@pytest.mark.parametrize(
    "name", [name for name in CHANGES if "stamp" not in name and "output" not in name and name != "content gone"]
)
def test_input_that_changed_while_it_was_read_keeps_no_stamp(name: str, project: Path) -> None:
    started = at_rest("content")
    CHANGES[name](project)
    stamp.keep(("check",), started, (), OUTCOME)
    assert must_run("check")


def test_input_that_was_written_just_before_it_was_read_keeps_no_stamp(project: Path) -> None:
    _, seen = stamp.start(["content"])
    written = latest(seen[str(project / "content")])
    stamp.keep(("soon",), (written + stamp.GRANULARITY, seen), (), OUTCOME)
    stamp.keep(("late",), (written + stamp.GRANULARITY + 1, seen), (), OUTCOME)
    assert (stamp.replay(("soon",)), stamp.replay(("late",))) == (None, 1)


def test_place_that_cannot_hold_a_stamp_is_no_failure(project: Path) -> None:
    shutil.rmtree(project / ".errordocs")
    (project / ".errordocs").touch()
    stamp.keep((), at_rest("content"), (), OUTCOME)
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


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_damaged_stamp_is_ignored(at: int, project: Path) -> None:
    (path,) = (project / ".errordocs").iterdir()
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0x41
    path.write_bytes(data)
    assert stamp.replay(()) is None


def test_word_that_is_not_utf_8_is_a_word(project: Path) -> None:
    word = os.fsdecode(b"\xff")
    stamp.keep((word,), at_rest("content"), (), OUTCOME)
    assert (stamp.replay((word,)), stamp.replay((word * 2,))) == (1, None)


def test_folder_that_is_gone_is_left_to_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert stamp.replay(()) is None


# One walk for a whole run


REUSED = [name for name in CHANGES if "stamp" not in name]


@pytest.mark.parametrize("name", REUSED)
def test_what_replay_saw_is_what_a_walk_sees(name: str, project: Path) -> None:
    CHANGES[name](project)
    _, seen = seen_by_replay()
    assert list(seen) == [str(project / "content"), str(project / "output")]
    assert seen == stamp.walk(seen)


@pytest.mark.parametrize("name", REUSED)
def test_start_from_what_replay_saw_is_one_that_walks_anew(name: str, project: Path) -> None:
    CHANGES[name](project)
    now = seen_by_replay()
    began, seen = stamp.start(["content"], now)
    assert began == now[0]
    assert seen == stamp.start(["content"])[1]


@pytest.mark.parametrize("name", REUSED)
def test_stamp_from_what_replay_saw_is_the_one_of_a_walk(name: str, project: Path) -> None:
    CHANGES[name](project)
    now = seen_by_replay()
    stamp.keep((), at_rest("content", now=now), ["output"], OUTCOME, now, written=())
    stamp.keep(("anew",), at_rest("content"), ["output"], OUTCOME)
    assert kept() == kept("anew")
    assert stamp.replay(()) == 1


def test_files_that_a_command_wrote_are_looked_at_again(project: Path) -> None:
    (project / "output/b").mkdir()
    for name in ("output/b/c.html", "output/d.html"):
        (project / name).write_text("old")
    now = seen_by_replay()
    started = at_rest("content", now=now)
    for name in ("output/index.html", "output/b/c.html"):
        (project / name).write_text("a new one")
    stamp.keep((), started, ["output"], OUTCOME, now, written=["output/index.html", "output/b/c.html"])
    stamp.keep(("anew",), at_rest("content"), ["output"], OUTCOME)
    assert kept() == kept("anew")
    assert stamp.replay(()) == 1


def test_file_that_a_command_wrote_and_that_is_gone_makes_the_next_run(project: Path) -> None:
    (project / "content/site.yaml").write_text("newer")
    now = seen_by_replay()
    (project / "output/index.html").unlink()
    stamp.keep((), at_rest("content", now=now), ["output"], OUTCOME, now, written=["output/index.html"])
    assert kept()[0][str(project / "output")][str(project / "output/index.html")] == ()
    assert must_run()


OTHERS: dict[str, Callable[[Path], object]] = {
    "edited": lambda output: (output / "index.html").write_text("mine"),
    "deleted": lambda output: (output / "index.html").unlink(),
    "new": lambda output: (output / "mine").touch(),
    "all gone": shutil.rmtree,
}


@pytest.mark.parametrize("name", OTHERS)
def test_output_that_somebody_else_changed_meanwhile_makes_the_next_run(name: str, project: Path) -> None:
    (project / "output/new.html").write_text("old")
    now = seen_by_replay()
    started = at_rest("content", now=now)
    (project / "output/new.html").write_text("a new one")
    OTHERS[name](project / "output")
    stamp.keep((), started, ["output"], OUTCOME, now, written=["output/new.html"])
    assert must_run()


@pytest.mark.parametrize("written", [None, ()], ids=["unknown what was written", "nothing was written"])
def test_outputs_are_looked_at_anew_only_where_nobody_knows_what_was_written(
    written: Sequence[str] | None, project: Path
) -> None:
    (project / "content/site.yaml").write_text("newer")
    now = seen_by_replay()
    (project / "output/made.html").touch()
    stamp.keep((), at_rest("content", now=now), ["output"], OUTCOME, now, written)
    assert must_run() == (written == ())


@pytest.mark.parametrize(
    "name", [name for name in REUSED if "output" not in name and name not in ("content gone", "new folder")]
)
def test_input_that_changed_between_replay_and_the_end_makes_the_next_run(name: str, project: Path) -> None:
    (project / "content/a/aside").write_text("a change, so that the command runs")
    now = seen_by_replay()
    CHANGES[name](project)
    stamp.keep((), at_rest("content", now=now), ["output"], OUTCOME, now, written=())
    assert must_run()


def test_input_that_was_written_just_before_replay_saw_it_keeps_no_stamp(project: Path) -> None:
    (project / "content/site.yaml").write_text("newer")
    _, seen = seen_by_replay()
    written = latest(seen[str(project / "content")])
    for word, began in (("soon", written + stamp.GRANULARITY), ("late", written + stamp.GRANULARITY + 1)):
        now = began, seen
        stamp.keep((word,), stamp.start(["content"], now), ["output"], OUTCOME, now, written=())
    assert (stamp.replay(("soon",)), stamp.replay(("late",))) == (None, 1)


@pytest.mark.parametrize("others", [("templates",), ("content", "templates"), ("content/a",), ("content/site.yaml",)])
def test_inputs_that_replay_did_not_see_are_walked(others: tuple[str, ...], project: Path) -> None:
    (project / "templates").mkdir()
    (project / "templates/base.html").touch()
    (project / "content/site.yaml").write_text("newer")
    now = seen_by_replay()
    (project / "content/a/later.md").touch()
    began, seen = stamp.start(others, now)
    assert began > now[0]
    assert seen == stamp.start(others)[1]


def test_outputs_that_replay_did_not_see_are_walked(project: Path) -> None:
    (project / "content/site.yaml").write_text("newer")
    now = seen_by_replay()
    (project / "elsewhere").mkdir()
    (project / "elsewhere/index.html").touch()
    stamp.keep((), at_rest("content", now=now), ["output", "elsewhere"], OUTCOME, now, written=())
    assert str(project / "elsewhere/index.html") in kept()[0][str(project / "elsewhere")]
    assert stamp.replay(()) == 1


def test_only_what_lies_below_the_inputs_is_taken_from_what_replay_saw(project: Path) -> None:
    for name in ("content-old/x.md", "output/content/x.md"):
        (project / name).parent.mkdir(parents=True)
        (project / name).touch()
    stamp.keep((), at_rest("content", "content-old", "content/site.yaml", "nowhere"), ["output"], OUTCOME)
    (project / "output/index.html").write_text("mine")
    now = seen_by_replay()
    for inputs in (["content"], ["content-old"], ["content/site.yaml"], ["nowhere"], ["content", "nowhere"], []):
        assert stamp.start(inputs, now)[1] == stamp.start(inputs)[1]


def test_files_below_a_folder_are_named_from_there(project: Path) -> None:
    (project / "content-old").mkdir()
    (project / "content-old/x.md").touch()
    started = stamp.start(["content", "content-old", "output", "nowhere"])
    told = {name: stamp.told_by((project / "content" / name).stat()) for name in ("a/x.md", "site.yaml")}
    for folder in ("content", "./content/", str(project / "content")):
        assert {name: seen for name, seen in stamp.files_below(started, folder).items() if seen} == told
    assert [*stamp.files_below(started, "content-old")] == ["x.md"]
    assert stamp.files_below(started, "nowhere") == stamp.files_below(started, "content/b") == {}


def test_process_that_is_killed_while_it_looks_is_done_without(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below, parent = stamp._below, os.getpid()
    monkeypatch.setattr(
        stamp, "_below", lambda root: below(root) if os.getpid() == parent else os.kill(os.getpid(), signal.SIGKILL)
    )
    assert stamp.replay(()) == 1
    (project / "output/index.html").write_text("mine")
    assert seen_by_replay()[1] == stamp.walk([str(project / name) for name in ("content", "output")])


def test_process_that_fails_while_it_looks_says_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    below, parent = stamp._below, os.getpid()
    monkeypatch.setattr(stamp, "_below", lambda root: below(root) if os.getpid() == parent else 1 / 0)
    assert stamp.replay(()) == 1
    assert capfd.readouterr() == OUTCOME[1:]


@pytest.mark.parametrize("name", REUSED)
def test_something_is_done_meanwhile_where_another_process_looks_and_the_command_is_sure_to_run(
    name: str, project: Path
) -> None:
    done: list[str] = []
    stamp.replay((), lambda: done.append("meanwhile"))
    assert done == []
    CHANGES[name](project)
    now = stamp.replay((), lambda: done.append("meanwhile"))
    assert isinstance(now, tuple)
    assert done == (["meanwhile"] if "output" not in name and stamp.MANY == 0 else [])


# The command


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the generator, so that a test may change it, with a site that it has just built and checked twice."""
    folder = tmp_path_factory.mktemp("generator")
    shutil.copy(REPOSITORY / "build.py", folder)
    for name in ("errordocs", "templates"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "content/errors").mkdir(parents=True)
    (folder / "content/site.yaml").write_text(SITE)
    (folder / "content/errors/500.md").write_text(entry())
    return folder


def run(folder: Path, *words: str, trace: bool = False) -> subprocess.CompletedProcess[str]:
    """The command, once what it reads has been at rest for long enough to be trusted."""
    written = latest(stamp.walk([str(folder)])[str(folder)])
    while time.time_ns() < written + 2 * stamp.GRANULARITY:
        os.sched_yield()
    flags = ("-X", "importtime") if trace else ()
    command = [sys.executable, *flags, "build.py", *words]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def imported(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}


def has_run(done: subprocess.CompletedProcess[str]) -> bool:
    return "msgspec" in imported(done)


@pytest.mark.parametrize("words", [(), ("check",), ("check", "--format", "sarif"), ("--quiet",)], ids=" ".join)
def test_second_run_says_the_same_and_imports_nothing_heavy(words: tuple[str, ...], generator: Path) -> None:
    run(generator)  # so that every first run of a build finds nothing to write
    first, second = run(generator, *words), run(generator, *words, trace=True)
    told = [line for line in second.stderr.splitlines(keepends=True) if not line.startswith("import time:")]
    assert (second.returncode, second.stdout, "".join(told)) == (first.returncode, first.stdout, first.stderr)
    assert imported(second) & {*stamp.LIBRARIES, "argparse", "hashlib", "json", "subprocess"} == set()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((), "content/errors/500.md"),
        ((), "templates/base.html"),
        ((), "templates/assets/site.css"),
        ((), "errordocs/feeds.py"),
        ((), "output/errors/500.html"),
        (("check",), "content/site.yaml"),
        (("check",), "errordocs/rules.py"),
    ],
    ids=str,
)
def test_command_runs_again_when_a_file_was_only_touched(words: tuple[str, ...], name: str, generator: Path) -> None:
    run(generator, *words)
    run(generator, *words)
    (generator / name).touch()
    assert has_run(run(generator, *words, trace=True))
    assert not has_run(run(generator, *words, trace=True))


@pytest.mark.parametrize("name", ["templates/new.html", "output/errors/500.html", "errordocs/new.py"])
def test_build_runs_again_when_a_file_came_or_went(name: str, generator: Path) -> None:
    run(generator)
    run(generator)
    path = generator / name
    made = not path.exists()
    path.touch() if made else path.unlink()
    assert has_run(run(generator, trace=True))
    if made:
        path.unlink()
    assert run(generator).returncode == 0


def test_edit_is_written_and_then_nothing_is_to_be_done(generator: Path) -> None:
    """The second run knows of the files that the first one wrote, though that one has not walked the output."""
    page, source = generator / "output/errors/500.html", generator / "content/errors/500.md"
    run(generator)
    run(generator)
    source.write_text(source.read_text().replace("It means this.", "It means that."))
    assert "1 written" in run(generator).stderr
    assert "It means that." in page.read_text()
    assert not has_run(run(generator, trace=True))
    source.write_text(source.read_text().replace("It means that.", "It means this."))
    assert "1 written" in run(generator).stderr
    page.unlink()
    assert "1 written" in run(generator).stderr
    assert "It means this." in page.read_text()
    assert not has_run(run(generator, trace=True))


STRAY = {
    "folder": (lambda content: (content / "stray").mkdir(), "content/stray"),
    "folder where only files are": (lambda content: (content / "errors/x.md").mkdir(), None),
    "folder in another folder": (lambda content: (content / "guides/x").mkdir(parents=True), "content/guides/x"),
    "file": (lambda content: (content / "stray.txt").touch(), "content/stray.txt"),
    "link": (lambda content: (content / "errors/x.md").symlink_to("500.md"), "content/errors/x.md"),
}


@pytest.mark.parametrize("name", STRAY)
def test_what_does_not_belong_to_the_content_is_told_by_the_next_run(name: str, generator: Path) -> None:
    act, told = STRAY[name]
    before = shutil.copytree(generator / "content", generator / "before")
    run(generator)
    run(generator)
    act(generator / "content")
    done = run(generator)
    shutil.rmtree(generator / "content")
    before.rename(generator / "content")
    assert [line.partition(":")[0] for line in done.stdout.splitlines() if ": error[" in line] == [told] * bool(told)
    assert run(generator).returncode == 0


def test_check_does_not_care_for_templates_or_output(generator: Path) -> None:
    run(generator)
    run(generator, "check")
    (generator / "templates/base.html").touch()
    (generator / "output/index.html").touch()
    assert not has_run(run(generator, "check", trace=True))


def test_problems_are_told_again_with_their_status(generator: Path) -> None:
    (generator / "content/errors/broken.md").write_text("broken")
    first, second = run(generator, "check"), run(generator, "check")
    (generator / "content/errors/broken.md").unlink()
    assert first.returncode == second.returncode == 1
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)
    assert run(generator, "check").returncode == 0


def test_commit_makes_check_run_again(generator: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "a@b.example")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    subprocess.run(["git", "init", "--quiet"], cwd=generator, check=True)
    before = run(generator, "check").stdout
    for words in (("add", "content"), ("commit", "--quiet", "--message", "First")):
        subprocess.run(["git", *words], cwd=generator, check=True)
    after = run(generator, "check").stdout
    shutil.rmtree(generator / ".git")
    assert ("stale-date" in before, "stale-date" in after) == (False, True)


def test_libraries_whose_change_is_seen_are_those_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    names = {line.partition("==")[0].replace("-", "_") for line in project["dependencies"]}
    modules = {"markdown_it_py": "markdown_it", "pyyaml": "yaml", "codespell": "codespell_lib"}
    modules["tdewolff_minify"] = "minify"
    assert set(stamp.LIBRARIES) == {modules.get(name, name) for name in names} - {"tqdm", "watchfiles"}
    assert [Path(path).exists() for path in stamp.makers()] == [True] * (1 + len(stamp.LIBRARIES))
