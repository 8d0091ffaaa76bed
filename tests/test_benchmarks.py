"""The corpus of the benchmarks: sound content, and the same bytes each time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

Build = Callable[..., subprocess.CompletedProcess[str]]


def made(folder: Path, *words: str) -> dict[str, bytes]:
    """Every file of a corpus of 20 entries, by its path."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "corpus.py"), "20", str(folder), *words]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("benchmark") / "made"
    return folder, made(folder)


def test_corpus_is_sound_and_builds(corpus: tuple[Path, dict[str, bytes]], build: Build) -> None:
    content = str(corpus[0] / "content")
    checked = build("check", "--content", content)
    assert (checked.returncode, checked.stdout) == (0, "")
    built = build("--content", content, "--output", str(corpus[0] / "output"))
    assert (built.returncode, built.stderr.split(" ")[1:3]) == (0, ["written,", "0"])
    entries = {Path(name).stem for name in corpus[1] if name.startswith("content/errors/")}
    assert len(entries) == 20
    assert entries < {page.stem for page in (corpus[0] / "output" / "errors").iterdir()}


def test_same_size_and_seed_make_the_same_bytes(corpus: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    assert made(tmp_path / "again") == corpus[1]


def test_another_seed_makes_other_entries(corpus: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    entries = {name for name in made(tmp_path / "other", "--seed", "2") if name.startswith("content/errors/")}
    assert len(entries & set(corpus[1])) == 2  # the two general ones, which lookup.yaml names


@pytest.mark.parametrize(
    ("tool", "page"),
    [
        ("hugo", "content/errors/part-0000/5.0.0.md"),
        ("eleventy", "content/errors/part-0000/5.0.0.md"),
        ("zensical", "docs/errors/part-0000/5.0.0.md"),
        ("mkdocs", "docs/errors/part-0000/5.0.0.md"),
        ("sphinx", "errors/part-0000/5.0.0.md"),
    ],
)
def test_other_tools_get_the_same_text(
    corpus: tuple[Path, dict[str, bytes]], tmp_path: Path, tool: str, page: str
) -> None:
    theirs = made(tmp_path / "theirs", "--tool", tool)[page].decode()
    ours = corpus[1]["content/errors/part-0000/5.0.0.md"].decode().partition("\n---\n")[2]
    steps = [line for line in ours.splitlines() if line.startswith("### ")]
    assert len(steps) == 9
    assert [line for line in theirs.splitlines() if line.startswith("### ")] == steps
