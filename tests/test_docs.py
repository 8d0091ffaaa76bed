"""The docs are true: what is made is current, every command runs, every example passes the check."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import load
from errordocs import manual
from errordocs.check import check
from tests.conftest import REPOSITORY

Run = Callable[..., subprocess.CompletedProcess[str]]
DOCS = sorted([*REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("*.md")])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IDS = [path.name for path in DOCS]
SECTIONS = "## What it means\n\nThat.\n\n## Who you'll see it from\n\nThem.\n\n## Why it happens\n\nSo.\n\n"
SECTIONS += "## How to fix it\n\n### Mend it\n\nThus.\n\n"
SECTIONS += "## In the cold email context\n\nAlso.\n\n## FAQ\n\n### Why?\n\nSo.\n"


def examples(language: str) -> list[tuple[str, str]]:
    return [(path.name, text) for path in DOCS for kind, text in FENCE.findall(path.read_text()) if kind == language]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what a contributor edits."""
    for folder in ("content", "templates", "schemas", "examples"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "-A"], check=True)
    commit = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "x"]
    subprocess.run(commit, cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(("name", "made"), [("fields.md", manual.fields()), ("rules.md", manual.rules_page())])
def test_made_page_is_current(name: str, made: str) -> None:
    assert (REPOSITORY / "docs" / name).read_text() == made, "run `make docs`"


@pytest.mark.parametrize(("name", "text"), examples("sh"))
def test_commands_run(name: str, text: str, project: Path, build: Run) -> None:
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:2] != ["python", "build.py"]:
            continue
        done = build(*words[2:], "--templates", "templates", cwd=project)
        left = {found.group() for found in re.finditer(r"error\[[a-z-]+\]", done.stdout)}
        assert done.returncode == 0 or left == {"error[todo]"}, done.stdout + done.stderr


def test_commands_of_the_readme_run(project: Path, build: Run) -> None:
    text = (REPOSITORY / "README.md").read_text()
    commands = re.findall(r"^    python build\.py(?: ([^\n]*?))?(?:  .*)?$", text, re.MULTILINE)
    assert len(commands) > 3
    for words in commands:
        target = words.replace("/tmp/http-errors", "http-errors")
        done = build(*shlex.split(target), "--templates", "templates", cwd=project)
        assert done.returncode == 0, words + done.stdout + done.stderr


@pytest.mark.parametrize(("name", "text"), examples("yaml"))
def test_yaml_examples_pass_the_check(name: str, text: str, project: Path) -> None:
    if text.startswith("---"):
        (project / "content/errors/pairs/550-5.1.1-gmail-example.md").write_text(f"{text}\n{SECTIONS}")
    elif text.startswith("name:"):
        (project / "content/senders/example.yaml").write_text(text)
    else:
        entry = project / "content/errors/pairs/550-5.1.1.md"
        field = text.partition(":")[0]
        added = text if field == "responses" else text + "responses:\n"
        entry.write_text(re.sub(r"^responses:\n", lambda _: added, entry.read_text(), count=1, flags=re.MULTILINE))
    loaded = load.load(str(project / "content"))
    assert loaded.problems == ()
    assert loaded.content is not None
    assert check(loaded.content) == []


@pytest.mark.parametrize("path", DOCS, ids=IDS)
def test_links_between_docs_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text())
    for target in re.findall(r"\]\(([^)#\s]+)[^)\s]*\)", text):
        assert target.startswith("https://") or (path.parent / target).exists(), target
