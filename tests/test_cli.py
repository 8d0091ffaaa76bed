"""The command as a person runs it: exit status, what is said and where, and never a traceback."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.conftest import entry

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
Make = Callable[..., Path]
BUILD = str(REPOSITORY / "build.py")
TEMPLATES = ("--templates", str(REPOSITORY / "templates"))


def said(done: Done) -> str:
    """Everything that was said, in which there must be no traceback."""
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# Status 0


def test_build_says_what_it_did_and_what_to_open(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    done = build()
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"open {tmp_path}/output/index.html"
    told = rf"{len(files(tmp_path / 'output')) - 1} written, 0 unchanged, 0 removed, 0\.\d MB in \d+\.\d s\n"
    assert re.fullmatch(told, done.stderr)


def test_build_by_its_name_says_that_nothing_changed(content: Make, build: Run) -> None:
    content()
    first, second = build(), build("build")
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert second.stderr.startswith(f"0 written, {first.stderr.split()[0]} unchanged, 0 removed, 0.0 MB")


def test_check_of_sound_content_says_so_and_writes_nothing(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    done = build("check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "0 errors, 0 warnings\n")
    assert not (tmp_path / "output").exists()


def test_bundle_says_where_it_is(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    build("--quiet")
    done = build("bundle", "--to", "x/docs.zip")
    assert done.returncode == 0
    assert done.stdout == f"x/docs.zip: {len(files(tmp_path / 'output')) - 1} files\n"


def test_quiet_says_nothing(content: Make, build: Run) -> None:
    content()
    assert [said(build(word, "--quiet")) for word in ("build", "check", "bundle")] == ["", "", ""]


@pytest.mark.parametrize("words", [("--help",), ("check", "--help"), ("bundle", "-h")], ids=" ".join)
def test_help_names_the_options(words: tuple[str, ...], build: Run) -> None:
    done = build(*words)
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--content", "--templates", "--output", "--quiet"))


# Options, before and after the command


@pytest.mark.parametrize(
    "words",
    [
        ("--content", "c", "--output", "o", "build"),
        ("build", "--content", "c", "--output", "o"),
        ("--content", "c", "build", "--output", "o"),
        ("--output=o", "--content=c"),
        ("--content", "x", "build", "--content", "c", "--output", "o"),
    ],
    ids=" ".join,
)
def test_options_stand_before_or_after_the_command(
    words: tuple[str, ...], content: Make, build: Run, tmp_path: Path
) -> None:
    content().rename(tmp_path / "c")
    assert said(build(*words, "--quiet")) == ""
    assert (tmp_path / "o/index.html").is_file()
    assert not (tmp_path / "output").exists()


def test_templates_may_stand_before_the_command_too(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    (tmp_path / "t").mkdir()
    done = build("--templates", "t", "build")
    assert done.returncode == 3
    assert "t/assets" in said(done)


def test_problems_name_files_as_the_folder_was_typed(content: Make, build: Run, tmp_path: Path) -> None:
    content({"errors/500.md": entry(titel="x")})
    for typed, shown in (("content/", "content"), ("./content", "./content"), (f"{tmp_path}/content",) * 2):
        assert build("check", "--content", typed).stdout.startswith(f"{shown}/errors/500.md:7:1: error[")


# Status 1


def test_build_of_bad_content_tells_all_and_writes_nothing(content: Make, build: Run, tmp_path: Path) -> None:
    content({"errors/500.md": entry(titel="x", retry="y"), "errors/501.md": "x"})
    done = build()
    assert done.returncode == 1
    assert [line.split(" ")[1] for line in done.stdout.splitlines()] == [
        *("error[bad-value]:", "error[unknown-field]:", "error[front-matter]:"),
    ]
    assert done.stderr == "3 errors, 0 warnings; nothing was written\n"
    assert not (tmp_path / "output").exists()


def test_check_tells_the_same_and_quiet_tells_problems_too(content: Make, build: Run) -> None:
    content({"errors/500.md": entry(titel="x")})
    checked, built = build("check"), build("--quiet")
    assert (checked.returncode, checked.stdout, checked.stderr) == (1, built.stdout, "1 error, 0 warnings\n")
    assert built.stdout.count("\n") == 1


def test_content_that_was_mended_is_built(content: Make, build: Run) -> None:
    content({"errors/500.md": entry(titel="x")})
    assert build("--quiet").returncode == 1
    content()
    assert build("--quiet").returncode == 0


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["ascii", "POSIX"],
)
def test_text_that_the_terminal_lacks_is_told_by_escapes(
    environment: dict[str, str], content: Make, build: Run
) -> None:
    content({"errors/500.md": entry(retry="日本")})
    done = build("check", **environment)
    assert done.returncode == 1
    assert r"`\u65e5\u672c` is no value of `retry`" in said(done)


def test_value_with_a_line_end_is_told_on_one_line(content: Make, build: Run) -> None:
    content({"errors/500.md": entry(retry='"a\\nb"')})
    (line,) = build("check").stdout.splitlines()
    assert r"`a\nb` is no value of `retry`" in line


# Status 2


@pytest.mark.parametrize(
    "words",
    [
        *(("nope",), ("--nope",), ("check", "--nope"), ("build", "check"), ("--content",), ("bundle", "--to")),
        *(("--content", ""), ("check", "--output", ""), ("--quiet=yes",), ("check", "--format", "nope")),
    ],
    ids=repr,
)
def test_wrong_usage_is_told(words: tuple[str, ...], content: Make, build: Run, tmp_path: Path) -> None:
    content()
    done = build(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said(done).startswith("usage: build.py ")
    assert done.stderr.splitlines()[-1].startswith("build.py")
    assert not (tmp_path / "output").exists()


# Status 3


def failed(done: Done) -> str:
    """The one line of a run that failed."""
    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = said(done).splitlines()
    assert line.startswith("build.py: ")
    return line.removeprefix("build.py: ")


@pytest.mark.parametrize("words", [(), ("check",)], ids=["build", "check"])
def test_missing_content_is_told(words: tuple[str, ...], build: Run, tmp_path: Path) -> None:
    told = "content: there is no such folder; name the content's folder with --content"
    assert failed(build(*words)) == told
    (tmp_path / "content").touch()
    assert failed(build(*words)) == told


def test_missing_templates_are_told(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    assert failed(build("--templates", "nowhere")).startswith("nowhere/assets: No such file or directory; --templates")
    assert not (tmp_path / "output").exists()


def test_broken_template_is_told_and_leaves_the_site_as_it_was(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    build("--quiet")
    before = files(tmp_path / "output")
    (tmp_path / "t/assets").mkdir(parents=True)
    (tmp_path / "t/error.html").write_text("{{ nope }}")
    told = failed(build("--templates", "t", "--jobs", "1"))
    assert told == "error.html, for errors/500.html: 'nope' is undefined; mend the template"
    assert files(tmp_path / "output") == before


def test_output_of_another_making_is_told(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    (tmp_path / "output").mkdir()
    (tmp_path / "output/mine.txt").touch()
    assert failed(build()).startswith("output is not empty and has no manifest.json of a build: mine.txt")
    assert files(tmp_path / "output") == {"mine.txt"}


def test_output_that_holds_the_content_is_refused(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    for output in (".", "content"):
        assert "is not empty and has no manifest.json of a build" in failed(build("--output", output))
    assert files(tmp_path / "content") == {"site.yaml", "errors/500.md"}


def test_bundle_without_a_site_is_told(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    assert failed(build("bundle")) == "output: there is no site to bundle; build it first"
    assert not (tmp_path / "dist").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("words", [("check",), ("build",)], ids=" ".join)
def test_full_disk_behind_standard_output_is_told(words: tuple[str, ...], content: Make, tmp_path: Path) -> None:
    content({"errors/500.md": entry(titel="x")})
    with open("/dev/full", "w") as full:
        command = [sys.executable, BUILD, *TEMPLATES, *words]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "build.py: standard output: No space left on device"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("times", [1, 2], ids=["first run", "run with nothing to do"])
def test_reader_that_went_away_is_no_error_of_ours(times: int, content: Make, tmp_path: Path) -> None:
    for path in content({"errors/500.md": entry(titel="x" * 200)}).rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))  # at rest, so that the second run may trust the first
    for _ in range(times):
        read, write = os.pipe()
        os.close(read)
        command = [sys.executable, BUILD, "check"]
        done = subprocess.run(command, cwd=tmp_path, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
        os.close(write)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert done.returncode == 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_run_that_is_stopped_says_so(how: signal.Signals, content: Make, tmp_path: Path) -> None:
    content()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    command = [sys.executable, BUILD, *TEMPLATES]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        assert child.stderr.readline() == "build.py: waiting for another build of output\n"
        child.send_signal(how)
        _, told = child.communicate(timeout=30)
    os.close(descriptor)
    assert child.returncode == 3
    assert told.startswith("build.py: stopped; ")
    assert "Traceback" not in told
    assert not (tmp_path / "output").exists()


# Where nothing is installed


@pytest.mark.parametrize("flags", [("-I", "-S"), ("-S",)], ids=" ".join)
def test_without_dependencies_one_line_says_what_to_do(flags: tuple[str, ...], content: Make, tmp_path: Path) -> None:
    content()
    command = [sys.executable, *flags, BUILD]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "is not installed here; run `make site`" in failed(done)


# What is left behind


def test_nothing_is_left_but_the_site_and_what_may_be_deleted(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    build("--quiet")
    build("check", "--quiet")
    assert {path.name for path in tmp_path.iterdir()} == {"content", "output", ".errordocs"}
    before = {name: (tmp_path / "output" / name).read_bytes() for name in files(tmp_path / "output")}
    subprocess.run(["rm", "-r", str(tmp_path / ".errordocs")], check=True)
    assert build("--quiet").returncode == 0
    assert {name: (tmp_path / "output" / name).read_bytes() for name in files(tmp_path / "output")} == before


def test_command_warns_of_nothing(content: Make, tmp_path: Path) -> None:
    content()
    command = [sys.executable, "-W", "error", "-X", "dev", BUILD, *TEMPLATES, "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, said(done)) == (0, "")


# Previews


def test_preview_tells_robots_off_on_every_page_and_names_the_real_one(content: Make, build: Run) -> None:
    folder = content().parent
    for words, is_preview in (("--preview",), True), (("build", "--preview"), True), ((), False):
        assert build(*words).returncode == 0
        for page in (folder / "output").rglob("*.html"):
            text = page.read_text()
            assert ('<meta name="robots" content="noindex">' in text) is (is_preview or page.name == "404.html"), page
        text = (folder / "output/errors/500.html").read_text()
        assert '<link rel="canonical" href="https://widgets.example/docs/errors/500.html">' in text
        assert ("Disallow: /" in (folder / "output/robots.txt").read_text()) is is_preview
