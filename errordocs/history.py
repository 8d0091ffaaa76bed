"""What git knows of the content: which files changed, and since when they are what they are."""

from __future__ import annotations

import os
import subprocess

from errordocs.model import Failed


def changed_since(ref: str, content: str) -> frozenset[str]:
    """Absolute paths below `content` that differ from `ref`, files that git does not track yet among them."""
    if ref.startswith("-"):
        raise Failed(f"`{ref}` is no git ref; name a branch, tag or commit")
    _git(content, "rev-parse", "--git-dir")
    listed = _git(content, "diff", "--name-only", "-z", "--no-renames", "--relative", ref, "--", ".")
    listed += _git(content, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return frozenset(os.path.join(os.path.abspath(content), name) for name in listed.split("\0") if name)


def last_changes(content: str) -> dict[str, str]:
    """Date, as 2026-11-24, of the last commit of substance on each file, by its path from `content`.

    Commits whose message has the line `Substance: no` do not count. Empty where git knows nothing of the content, or
    knows only its last commits (a shallow clone).
    """
    try:
        if _git(content, "rev-parse", "--is-shallow-repository").strip() == "true":
            return {}
        log = _git(
            content,
            "log",
            "--format=%x01%as",
            "--name-only",
            "--no-renames",
            "--relative",
            "-z",
            "--invert-grep",
            "--basic-regexp",
            "--grep=^Substance: no$",
            "--",
            ".",
        )
    except Failed:
        return {}
    changes: dict[str, str] = {}
    for commit in log.split("\x01")[1:]:
        day, *names = commit.replace("\n", "\0").split("\0")
        for name in names:
            if name:
                changes.setdefault(name, day)
    return changes


def log_file(content: str) -> str:
    """The file that changes with each commit; where there is no repository, that of one made around the content."""
    folder = os.path.abspath(content)
    around = os.path.dirname(folder)
    while not os.path.exists(os.path.join(folder, ".git")) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    if folder == os.path.dirname(folder):
        folder = around
    place = os.path.join(folder, ".git")
    if os.path.isfile(place):  # a linked work tree or a submodule: the file says where the folder is
        with open(place, encoding="utf-8", errors="surrogateescape") as file:
            place = os.path.join(folder, file.readline().removeprefix("gitdir:").strip())
    return os.path.join(place, "logs", "HEAD")


def _git(folder: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, encoding="utf-8", errors="surrogateescape", check=False
        )
    except OSError as error:
        raise Failed(f"git cannot be run ({error.strerror}); install it, or leave --changed out") from None
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["no reason given"]
        mend = "name a ref that git knows" if words[0] == "diff" else "leave --changed out"
        raise Failed(f"git {words[0]}: {told[0]}; {mend}")
    return done.stdout
