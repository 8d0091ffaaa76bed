"""A process that builds again and again makes what a new one would make, whatever was edited in between."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import pipeline
from errordocs import write
from errordocs.pipeline import Memory
from errordocs.pipeline import Places
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

EDITS = 40
NUMBERS = ("400", "401", "500", "501", "502", "503")


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def files(chance: random.Random) -> dict[str, str]:
    """One edit: the files of a sound content that differ from what stands; an empty text deletes."""
    number = chance.choice(NUMBERS)
    other = chance.choice([one for one in NUMBERS if one != number])
    text = f"It means {chance.randrange(1000)}."
    related = f"related: [{{entry: {other}, why: Because {chance.randrange(9)}.}}]"
    return chance.choice(
        [
            {f"errors/{number}.md": entry(f"number: {number}", body=BODY.replace("It means this.", text))},
            {f"errors/{number}.md": entry(f"number: {number}", title=f"It broke {chance.randrange(99)}")},
            {f"errors/{number}.md": entry(f"number: {number}\ndetail: 5.{chance.randrange(3)}", updated="2026-02-03")},
            {f"errors/{number}.md": entry(f"number: {number}\ntopics: [turning]\nseen_from: [turner]")},
            {f"errors/{n}.md": entry(f"number: {n}\n{more}") for n, more in ((number, related), (other, ""))},
            {f"errors/{number}.md": entry(f"number: {number}\naliases: [{number}-old]")},
            {f"errors/{chance.choice(['a', 'b'])}/{number}-turner.md": entry(f"number: {number}\nsender: turner")},
            {"topics/turning.md": article(f"Turning {chance.randrange(9)}")},
            {"senders/turner.yaml": sender(f"The turner {chance.randrange(9)}")},
            {"guides/one.md": article(body=f"## One\n\n{text}\n")},
            {"site.yaml": SITE.replace("Widget errors", f"Widget errors {chance.randrange(9)}")},
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_memory_never_shows(seed: int, content: Callable[..., Path], tmp_path: Path) -> None:
    chance = random.Random(seed)
    folder = content({f"errors/{n}.md": entry(f"number: {n}") for n in NUMBERS})
    content({"topics/turning.md": article(), "senders/turner.yaml": sender(), "guides/one.md": article()})
    templates = str(REPOSITORY / "templates")
    kept, memory = Places(str(folder), templates, str(tmp_path / "kept")), Memory()
    built = 0
    for _ in range(EDITS):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        content(files(chance))
        for path in list(folder.glob("errors/*/*.md")):
            if chance.random() < 0.2:
                path.unlink()
        if any(problem.severity == "error" for problem in pipeline.build(kept, memory).problems):
            shutil.rmtree(folder)
            for path, text in before.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
            continue
        built += 1
        shutil.rmtree(tmp_path / "clean", ignore_errors=True)
        pipeline.build(Places(str(folder), templates, str(tmp_path / "clean")), Memory())
        assert tree(tmp_path / "kept") == tree(tmp_path / "clean")
    assert built > EDITS / 2
