"""What git knows of the content, with real repositories: what changed since a ref, and when each file last did."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs import history
from errordocs.model import Failed
from tests.conftest import entry

Build = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]

SOUND = entry()
BROKEN = entry(retry="perhaps")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the machine's, and no repository around the test's folder."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


class Repository:
    """A work tree with `content/` in it."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "A")
        self.git("config", "user.email", "a@b.example")

    def git(self, *words: str, day: str = "2026-01-01") -> str:
        dates = {"GIT_AUTHOR_DATE": f"{day}T12:00:00Z", "GIT_COMMITTER_DATE": f"{day}T12:00:00Z"}
        run = subprocess.run(
            ["git", *words], cwd=self.top, env={**os.environ, **dates}, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def write(self, name: str, text: str = "text\n") -> None:
        path = self.top / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message: str = "A change", day: str = "2026-01-01") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message, day=day)

    def changed(self, ref: str = "HEAD") -> set[str]:
        """What changed, by its name from `content/`."""
        content = self.top / "content"
        return {os.path.relpath(path, content) for path in history.changed_since(ref, str(content))}

    def days(self) -> dict[str, str]:
        return history.last_changes(str(self.top / "content"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One commit with three files of content and one beside it."""
    made = Repository(tmp_path)
    (tmp_path / "beside.md").write_text("text\n")
    for name in ("a.md", "b.md", "errors/c.md"):
        made.write(name)
    made.commit()
    return made


# What changed


def test_nothing_changed_in_a_clean_work_tree(repository: Repository) -> None:
    assert repository.changed() == set()


def test_changed_file_is_told(repository: Repository) -> None:
    repository.write("a.md", "other\n")
    assert repository.changed() == {"a.md"}


def test_staged_file_is_told(repository: Repository) -> None:
    repository.write("a.md", "other\n")
    repository.git("add", "content/a.md")
    assert repository.changed() == {"a.md"}


def test_file_that_is_staged_and_new_is_told(repository: Repository) -> None:
    repository.write("errors/d.md")
    repository.git("add", "content/errors/d.md")
    assert repository.changed() == {"errors/d.md"}


def test_untracked_file_is_told(repository: Repository) -> None:
    repository.write("errors/new/d.md")
    assert repository.changed() == {"errors/new/d.md"}


def test_ignored_file_is_not_told(repository: Repository) -> None:
    (repository.top / ".gitignore").write_text("*.swp\n")
    repository.write("a.md.swp")
    assert repository.changed() == set()


def test_deleted_file_is_told(repository: Repository) -> None:
    (repository.top / "content/a.md").unlink()
    assert repository.changed() == {"a.md"}


def test_renamed_file_is_told_under_both_names(repository: Repository) -> None:
    repository.git("mv", "content/a.md", "content/errors/d.md")
    assert repository.changed() == {"a.md", "errors/d.md"}


def test_file_outside_the_content_is_not_told(repository: Repository) -> None:
    (repository.top / "beside.md").write_text("other\n")
    (repository.top / "new.md").write_text("text\n")
    assert repository.changed() == set()


def test_file_with_an_awkward_name_is_told(repository: Repository) -> None:
    repository.write('errors/ä "b"\tc.md')
    assert repository.changed() == {'errors/ä "b"\tc.md'}


def test_file_whose_name_is_not_utf_8_is_told(repository: Repository) -> None:
    repository.write(os.fsdecode(b"errors/\xff.md"))
    assert repository.changed() == {os.fsdecode(b"errors/\xff.md")}


@pytest.mark.parametrize("ref", ["main", "start", "HEAD~1", "main~1...main"])
def test_commits_since_a_ref_are_told(ref: str, repository: Repository) -> None:
    repository.git("tag", "start")
    repository.git("switch", "--quiet", "--create", "work")
    repository.write("b.md", "other\n")
    repository.commit()
    if ref.startswith("main~1"):
        repository.git("branch", "--force", "main", "work")
    assert repository.changed(ref) == {"b.md"}


def test_settings_of_diff_change_nothing(repository: Repository) -> None:
    repository.git("config", "diff.noprefix", "true")
    repository.git("config", "diff.relative", "true")
    repository.git("config", "color.ui", "always")
    repository.git("config", "diff.renames", "copies")
    repository.write("errors/c.md", "other\n")
    assert repository.changed() == {"errors/c.md"}


def test_content_behind_a_symbolic_link_is_known_by_the_name_that_was_typed(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("a.md", "other\n")
    link = tmp_path / "link"
    link.symlink_to(repository.top / "content")
    assert history.changed_since("HEAD", str(link)) == {str(link / "a.md")}


@pytest.mark.parametrize("ref", ["gone", "", "--output=x", "-1", "a..b", "HEAD:content/a.md/x"])
def test_ref_that_is_none_is_one_line(ref: str, repository: Repository) -> None:
    with pytest.raises(Failed, match=r"\A[^\n]+; name a [^\n]+\Z"):
        repository.changed(ref)
    assert sorted(os.listdir(repository.top)) == [".git", "beside.md", "content"]


def test_folder_outside_a_repository_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"\Agit [^\n]*not a git repository[^\n]*; leave --changed out\Z"):
        history.changed_since("HEAD", str(tmp_path))


def test_machine_without_git_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failed, match=r"\Agit cannot be run [^\n]+; install it, or leave --changed out\Z"):
        history.changed_since("HEAD", str(tmp_path))


# When files last changed


def test_day_is_that_of_the_last_commit_on_the_file(repository: Repository) -> None:
    repository.write("a.md", "other\n")
    repository.commit(day="2026-03-04")
    assert repository.days() == {"a.md": "2026-03-04", "b.md": "2026-01-01", "errors/c.md": "2026-01-01"}


def test_commit_without_substance_does_not_count(repository: Repository) -> None:
    repository.write("a.md", "other\n")
    repository.commit("Mend a comma\n\nSubstance: no", day="2026-03-04")
    assert repository.days()["a.md"] == "2026-01-01"


@pytest.mark.parametrize("line", ["Substance: none", "Substance: now", "Not of Substance: no", "substance"])
def test_commit_that_says_it_otherwise_counts(line: str, repository: Repository) -> None:
    repository.write("a.md", "other\n")
    repository.commit(f"A change\n\n{line}", day="2026-03-04")
    assert repository.days()["a.md"] == "2026-03-04"


def test_substance_among_other_trailers_is_found(repository: Repository) -> None:
    repository.write("a.md", "other\n")
    repository.commit("Mend\n\nReviewed-by: B <b@c.example>\nSubstance: no\nRefs: 12", day="2026-03-04")
    assert repository.days()["a.md"] == "2026-01-01"


def test_change_of_substance_before_one_without_counts(repository: Repository) -> None:
    repository.write("a.md", "second\n")
    repository.commit(day="2026-02-02")
    repository.write("a.md", "third\n")
    repository.commit("Mend\n\nSubstance: no", day="2026-03-03")
    assert repository.days()["a.md"] == "2026-02-02"


def test_merge_is_no_change_of_its_own(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "work")
    repository.write("a.md", "other\n")
    repository.commit(day="2026-02-02")
    repository.git("switch", "--quiet", "main")
    repository.write("b.md", "other\n")
    repository.commit(day="2026-02-03")
    repository.git("merge", "--quiet", "--no-edit", "work", day="2026-05-05")
    assert repository.days() == {"a.md": "2026-02-02", "b.md": "2026-02-03", "errors/c.md": "2026-01-01"}


def test_file_that_git_does_not_track_has_no_day(repository: Repository) -> None:
    repository.write("d.md")
    assert "d.md" not in repository.days()


def test_file_with_an_awkward_name_has_a_day(repository: Repository) -> None:
    repository.write('ä "b"\tc.md')
    repository.commit(day="2026-03-04")
    assert repository.days()['ä "b"\tc.md'] == "2026-03-04"


def test_settings_of_log_change_nothing(repository: Repository) -> None:
    repository.git("config", "grep.patternType", "fixed")
    repository.git("config", "log.date", "relative")
    repository.git("config", "color.ui", "always")
    repository.write("a.md", "other\n")
    repository.commit("Mend\n\nSubstance: no", day="2026-03-04")
    assert repository.days()["a.md"] == "2026-01-01"


def test_shallow_clone_tells_nothing(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.md", "other\n")
    repository.commit(day="2026-03-04")
    repository.git("clone", "--quiet", "--depth=1", f"file://{tmp_path}", "shallow")
    assert history.last_changes(str(tmp_path / "shallow/content")) == {}
    repository.git("-C", "shallow", "fetch", "--quiet", "--unshallow")
    assert history.last_changes(str(tmp_path / "shallow/content")) == repository.days()


def test_repository_without_a_commit_tells_nothing(tmp_path: Path) -> None:
    made = Repository(tmp_path)
    made.write("a.md")
    assert made.days() == {}


def test_folder_outside_a_repository_tells_nothing(tmp_path: Path) -> None:
    assert history.last_changes(str(tmp_path)) == {}


# The file that tells of a commit


def test_log_file_changes_with_each_commit(repository: Repository) -> None:
    path = Path(history.log_file(str(repository.top / "content")))
    before = path.read_bytes()
    repository.commit()
    assert path.read_bytes() != before


def test_log_file_of_a_linked_work_tree_changes_with_each_commit_there(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", "linked")
    path = Path(history.log_file(str(tmp_path / "linked/content")))
    before = path.read_bytes()
    repository.git("-C", "linked", "commit", "--quiet", "--allow-empty", "--message", "There")
    assert path.read_bytes() != before


def test_log_file_of_a_repository_that_is_made_later_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    path = Path(history.log_file(str(tmp_path / "content")))
    assert not path.exists()
    Repository(tmp_path).commit()
    assert path.exists()
    assert str(path) == history.log_file(str(tmp_path / "content"))


def test_log_file_of_content_that_is_a_repository_of_its_own(tmp_path: Path) -> None:
    Repository(tmp_path).commit()
    assert Path(history.log_file(str(tmp_path))).exists()


# The command


def test_check_tells_only_of_changed_files(content: Make, build: Build, tmp_path: Path) -> None:
    content({"errors/500.md": BROKEN, "errors/501.md": SOUND.replace("500", "501")})
    repository = Repository(tmp_path)
    repository.commit()
    repository.write("errors/501.md", BROKEN.replace("500", "501"))
    run = build("check", "--changed", "HEAD")
    assert [line.split(":")[0] for line in run.stdout.splitlines()] == ["content/errors/501.md"]
    assert (run.returncode, run.stderr) == (1, "1 error, 0 warnings\n")


def test_check_passes_where_only_files_that_did_not_change_are_broken(
    content: Make, build: Build, tmp_path: Path
) -> None:
    content({"errors/500.md": BROKEN})
    Repository(tmp_path).commit()
    run = build("check", "--changed", "HEAD")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "0 errors, 0 warnings\n")


def test_rules_still_see_the_files_that_did_not_change(content: Make, build: Build, tmp_path: Path) -> None:
    content()
    repository = Repository(tmp_path)
    repository.commit()
    repository.write("errors/501.md", entry('number: "501"\nrelated: [{entry: 500, why: It is like it.}]'))
    run = build("check", "--changed", "HEAD")
    assert (run.returncode, run.stdout) == (0, "")


def test_check_knows_changed_files_from_another_folder(content: Make, build: Build, tmp_path: Path) -> None:
    content()
    repository = Repository(tmp_path)
    repository.commit()
    repository.write("errors/500.md", BROKEN)
    (tmp_path / "aside").mkdir()
    run = build("check", "--changed", "HEAD", "--content", "../content/", cwd=tmp_path / "aside")
    assert [line.split(":")[0] for line in run.stdout.splitlines()] == ["../content/errors/500.md"]


def test_hook_of_a_commit_sees_what_is_committed(content: Make, build: Build, tmp_path: Path) -> None:
    content()
    repository = Repository(tmp_path)
    repository.commit()
    hook = tmp_path / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nenv | grep ^GIT_ > .git/told\n")
    hook.chmod(0o755)
    repository.commit()
    exported = dict(line.split("=", 1) for line in (tmp_path / ".git/told").read_text().splitlines())
    repository.write("errors/500.md", BROKEN)
    run = build("check", "--changed", "HEAD", **exported)
    assert [line.split(":")[0] for line in run.stdout.splitlines()] == ["content/errors/500.md"]


@pytest.mark.parametrize("in_repository", [True, False], ids=["unknown ref", "no repository"])
def test_check_since_nothing_is_one_line(in_repository: bool, content: Make, build: Build, tmp_path: Path) -> None:
    content()
    if in_repository:
        Repository(tmp_path).commit()
    run = build("check", "--changed", "gone")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("build.py: git ")
    assert run.stderr.count("\n") == 1


def test_check_warns_of_a_date_before_the_last_change_of_substance(content: Make, build: Build, tmp_path: Path) -> None:
    content({"errors/500.md": entry(updated="2026-01-02")})
    repository = Repository(tmp_path)
    repository.commit(day="2026-01-03")
    run = build("check")
    assert run.stdout == (
        "content/errors/500.md:5:10: warning[stale-date]: the file changed on 2026-01-03, after this date; "
        "write that day, or put `Substance: no` into the commit's message\n"
    )
    repository.git("commit", "--quiet", "--amend", "--message", "First\n\nSubstance: no", day="2026-01-03")
    assert build("check").stdout == ""
