"""The same input makes the same bytes: on any machine, in any order, built cold or after any change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import pipeline
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import SUMMARY
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

TEMPLATES = REPOSITORY / "templates"
BARE = REPOSITORY / "tests/sites/awkward/templates"  # what pages show, and little else
REGISTRY = (
    f"title: Details\nsummary: {SUMMARY}\nsource: https://a.b/\nsubjects: {{'1': One}}\n"
    "codes:\n- {code: X.1, title: No, status: standard, reference: RFC 1, url: 'https://a.b/', meaning: No.}\n"
)
FILES = {
    "site.yaml": SITE.replace('twins: "yes"', 'twins: "yes", registry: detail, subject: "^.[.](.)"'),
    "errors/500.md": entry(aliases="[500-old]", topics="[turning, oiling]", related="[{entry: 5.1, why: Not this.}]"),
    "errors/400.md": entry("number: 400", title="日本語 & <b>", topics="[turning]"),
    "errors/detail/5.1.md": entry("detail: 5.1", updated="2026-02-03", guides="[spindles]"),
    "errors/detail/4.1.md": entry("detail: 4.1", seen_from="[bolt, acme]"),
    "errors/pairs/500-5.1.md": entry("number: 500\ndetail: 5.1", topics="[turning]"),
    "errors/acme/500-5.1-acme.md": entry("number: 500\ndetail: 5.1\nsender: acme", topics="[oiling]"),
    "errors/acme/500-5.1-acme-b.md": entry("number: 500\ndetail: 5.1\nsender: acme"),
    "senders/acme.yaml": sender("Acme", "about: See [x](../topics/turning.md).\n"),
    "senders/bolt.yaml": sender("Bolt"),
    "topics/turning.md": article("Turning"),
    "topics/oiling.md": article("Oiling"),
    "guides/spindles.md": article("Spindles", "```sh\nls | wc -l\n```\n"),
    "pages/about.md": article("About"),
    "registry/detail.yaml": REGISTRY,
}


def put(folder: Path, files: dict[str, str]) -> Path:
    """Makes `content/` in the folder, file by file in this order."""
    for name, text in files.items():
        path = folder / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def tree(output: Path) -> dict[str, bytes]:
    """Every file by its path, the manifest and hidden ones among them."""
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def built(
    folder: Path, *words: str, cwd: Path | None = None, umask: int = 0o022, **environment: str
) -> dict[str, bytes]:
    """What a build of the folder makes, as a child process in that environment."""
    content, output = folder / "content", folder / "output"
    if cwd is None:
        cwd, content, output = folder, Path("content"), Path("output")
    command = [sys.executable, str(REPOSITORY / "build.py"), "--quiet", "--templates", str(TEMPLATES)]
    command += ["--content", str(content), "--output", str(output)]
    full = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        command, cwd=cwd, env=full, umask=umask, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return tree(folder / "output")


AWAY = {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "LC_ALL": "POSIX", "HOME": "/"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A folder with the site that was built in it, and what the site is."""
    folder = put(tmp_path_factory.mktemp("a-folder-of-its-own"), FILES)
    return folder, built(folder, PYTHONHASHSEED="0", TZ="UTC", LANG="C")


def test_two_machines_make_the_same_bytes(here: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    there = put(tmp_path / "over/there", dict(reversed(FILES.items())))
    for number, path in enumerate(sorted((there / "content").rglob("*"))):
        os.utime(path, (number * 10**7, number * 10**7))
    assert differing(here[1], built(there, umask=0o077, PYTHONUTF8="0", **AWAY)) == []
    modes = {path.stat().st_mode for path in (there / "output").rglob("*.html")}
    assert modes == {path.stat().st_mode for path in (here[0] / "output").rglob("*.html")}


@pytest.mark.parametrize("cwd", ["..", "content", "/"])
def test_working_folder_makes_no_difference(cwd: str, here: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    folder = put(tmp_path / "b", FILES)
    assert differing(here[1], built(folder, cwd=(folder / cwd).resolve())) == []


def test_place_of_the_folder_is_not_in_the_site(here: tuple[Path, dict[str, bytes]]) -> None:
    assert [name for name, data in here[1].items() if b"a-folder-of-its-own" in data] == []


def test_our_own_content_makes_the_same_bytes(tmp_path: Path) -> None:
    files = {p.relative_to(REPOSITORY / "content").as_posix(): p for p in (REPOSITORY / "content").rglob("*.*")}
    texts = {name: path.read_text() for name, path in sorted(files.items()) if path.is_file()}
    here, there = put(tmp_path / "here", texts), put(tmp_path / "there", dict(reversed(texts.items())))
    _, problems = pipeline.read(pipeline.Places(str(here / "content"), str(TEMPLATES), ""), render=False)
    if any(problem.severity == "error" for problem in problems):
        pytest.skip("the content has problems, which other tests tell")
    assert differing(built(here, PYTHONHASHSEED="1"), built(there, **AWAY)) == []


# After a change


class Project:
    """A folder with a site that is built again and again, each time compared with one that is built from nothing."""

    def __init__(self, folder: Path, memory: bool) -> None:
        self.folder = put(folder / "project", FILES)
        self.content = self.folder / "content"
        self.output = self.folder / "output"
        self.memory = pipeline.Memory() if memory else None

    def write(self, name: str, text: str) -> None:
        (self.content / name).write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.content / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def build(self) -> pipeline.Built:
        places = pipeline.Places(str(self.content), str(BARE), str(self.output))
        done = pipeline.build(places, self.memory)
        assert done.problems == ()
        return done

    def clean(self, folder: Path) -> dict[str, bytes]:
        """What a build from nothing makes of the same content, in a folder of the same name."""
        shutil.copytree(self.content, folder / "content")
        pipeline.build(pipeline.Places(str(folder / "content"), str(BARE), str(folder / "output")))
        return tree(folder / "output")


CHANGES: dict[str, Callable[[Project], object]] = {
    "nothing": lambda p: None,
    "touch": lambda p: [os.utime(path) for path in p.content.rglob("*")],
    "new title": lambda p: p.edit("errors/400.md", "日本語", "It stuck"),
    "new text": lambda p: p.edit("errors/400.md", "It means this.", "It means [that](../guides/spindles.md)."),
    "new topic": lambda p: p.edit("errors/400.md", "[turning]", "[oiling]"),
    "new sender's name": lambda p: p.edit("senders/acme.yaml", "Acme", "Acme & Sons"),
    "new name of a topic": lambda p: p.edit("topics/turning.md", "Turning", "Twisting"),
    "new date": lambda p: p.edit("errors/400.md", "2026-01-02", "2026-12-31"),
    "new label of a class": lambda p: p.edit("site.yaml", "label: Permanent", "label: For ever"),
    "another base": lambda p: p.edit("site.yaml", "widgets.example/docs/", "widgets.example/"),
    "deleted entry": lambda p: (p.content / "errors/detail/4.1.md").unlink(),
    "deleted sender's entries": lambda p: shutil.rmtree(p.content / "errors/acme"),
    "deleted page": lambda p: (p.content / "pages/about.md").unlink(),
    "deleted registry and its part": lambda p: (
        (p.content / "registry/detail.yaml").unlink(),
        p.edit("site.yaml", "registry: detail, ", ""),
    ),
    "new entry": lambda p: p.write("errors/501.md", entry("number: 501", topics="[turning]")),
    "new sender and its entry": lambda p: (
        p.write("senders/cog.yaml", sender("Cog")),
        p.write("errors/500-cog.md", entry("number: 500\nsender: cog")),
    ),
    "new guide": lambda p: p.write("guides/oil.md", article("Oil")),
    "entry in another folder": lambda p: (p.content / "errors/400.md").rename(p.content / "errors/acme/400.md"),
    "entry of another name": lambda p: (
        (p.content / "errors/400.md").rename(p.content / "errors/400-jammed.md"),
        p.edit("errors/400-jammed.md", "updated:", "aliases: ['400']\nupdated:"),
    ),
    "alias less": lambda p: p.edit("errors/500.md", "aliases: [500-old]\n", ""),
    "retired entry": lambda p: p.edit("errors/400.md", "updated:", "status: retired\nreplaced_by: '500'\nupdated:"),
    "everything but one entry": lambda p: (
        [shutil.rmtree(p.content / n) for n in ("errors", "senders", "topics", "guides", "pages")],
        (p.content / "errors").mkdir(),
        p.write("errors/502.md", entry("number: 502")),
    ),
}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    from errordocs import write

    monkeypatch.setattr(write, "_sync", lambda folder: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.mark.parametrize("name", CHANGES)
def test_build_after_a_change_is_a_clean_one(name: str, tmp_path: Path) -> None:
    command, preview = Project(tmp_path / "command", memory=False), Project(tmp_path / "preview", memory=True)
    for project in (command, preview):
        project.build()
        CHANGES[name](project)
        project.build()
    clean = command.clean(tmp_path / "clean")
    assert differing(tree(command.output), clean) == []
    assert differing(tree(preview.output), clean) == []


def test_many_changes_one_after_the_other_end_in_a_clean_build(tmp_path: Path) -> None:
    project = Project(tmp_path, memory=True)
    for name in ("new title", "new entry", "entry of another name", "new sender's name", "deleted entry", "alias less"):
        CHANGES[name](project)
        project.build()
    assert differing(tree(project.output), project.clean(tmp_path / "clean")) == []


def test_change_that_is_undone_ends_where_it_began(tmp_path: Path) -> None:
    project = Project(tmp_path, memory=True)
    project.build()
    before = tree(project.output)
    project.edit("errors/400.md", "日本語", "It stuck")
    project.build()
    assert differing(tree(project.output), before) != []
    project.edit("errors/400.md", "It stuck", "日本語")
    project.build()
    assert differing(tree(project.output), before) == []


@pytest.mark.parametrize("memory", [False, True], ids=["as the command", "as the preview"])
def test_nothing_new_writes_nothing(memory: bool, tmp_path: Path) -> None:
    project = Project(tmp_path, memory)
    first = project.build()
    again = project.build()
    assert (again.written, again.unchanged, again.removed) == (0, first.written, 0)


def test_small_change_writes_few_files(tmp_path: Path) -> None:
    project = Project(tmp_path, memory=False)
    project.build()
    project.edit("errors/400.md", "It means this.", "It means that.")
    assert project.build().written == 1


def test_deleted_entry_leaves_no_trace(tmp_path: Path) -> None:
    project = Project(tmp_path, memory=True)
    project.build()
    (project.content / "errors/detail/4.1.md").unlink()
    done = project.build()
    made = tree(project.output)
    assert done.removed == 2
    assert {"errors/4.1.html", "api/errors/4.1.json"} & made.keys() == set()
    assert [name for name, data in made.items() if b"4.1.html" in data or b"4.1.json" in data] == []


def test_renamed_entry_with_an_alias_keeps_its_former_address(tmp_path: Path) -> None:
    project = Project(tmp_path, memory=True)
    project.build()
    CHANGES["entry of another name"](project)
    project.build()
    moved = (project.output / "errors/400.html").read_text()
    assert '<meta http-equiv="refresh" content="0; url=../errors/400-jammed.html">' in moved
    redirects = (project.output / "_redirects").read_text().splitlines()
    assert "/errors/400.html /errors/400-jammed.html 301" in redirects
    assert not (project.output / "api/errors/400.json").exists()


def test_content_with_a_problem_changes_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path, memory=True)
    project.build()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in project.output.rglob("*.*")}
    project.edit("errors/400.md", "title:", "titel:")
    places = pipeline.Places(str(project.content), str(BARE), str(project.output))
    assert [problem.rule for problem in pipeline.build(places, project.memory).problems] != []
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in project.output.rglob("*.*")} == before
