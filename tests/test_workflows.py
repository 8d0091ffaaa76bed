"""The habits of a pull request: workflows, forms, hooks, owners and editor settings are sound and name what exists."""

from __future__ import annotations

import configparser
import fnmatch
import importlib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from errordocs import cli
from tests.conftest import REPOSITORY
from tests.conftest import lacking

GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").iterdir())
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").iterdir() if path.name != "config.yml")
USES = re.compile(r"^\s*(?:- )?uses: (\S+)(.*)$", re.MULTILINE)
BINARY = (".png", ".ico", ".gz", ".zip")
WRITES = {("deploy.yml", "deploy"): {"pages": "write", "id-token": "write"}}  # who may write what, and nobody else


def loaded(path: Path) -> dict[str, Any]:
    """A YAML file as GitHub reads it: `on` is a word and no truth."""
    text = re.sub(r"^on:", '"on":', path.read_text(), flags=re.MULTILINE)
    return dict(yaml.safe_load(text))


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in loaded(path)["jobs"].items():
            yield path.name, name, job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for workflow, name, job in jobs():
        for step in job["steps"]:
            yield f"{workflow} {name}", step


@cache
def tracked() -> tuple[str, ...]:
    """The names of the files that are in git, or will be with the next commit."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        run = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        lacking("this is no checkout of git: what lies in the repository cannot be told")
    return tuple(name for name in run.stdout.split("\0") if name and (REPOSITORY / name).is_file())


def schema_says(schema: str, *paths: Path) -> str:
    """What the schema that check-jsonschema carries says of the files; nothing is fetched."""
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stdout + run.stderr


def options_of(command: str) -> None:
    """Reads the words of a call of build.py as it would itself; fails where it would."""
    words = shlex.split(command)
    cli._options(words[words.index("build.py") + 1 :])


def assert_command_exists(command: str) -> None:
    """Whatever a workflow or a hook calls is in this repository, or comes with its requirements."""
    first, *rest = shlex.split(command)
    if first == "make":
        targets = re.findall(r"^([\w./$()-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
        assert set(rest) <= {target.replace("$(VENV)", ".venv") for target in targets}
    elif first == "bash":
        assert (REPOSITORY / rest[0]).is_file()
    elif first.startswith(".venv/bin/"):
        assert (Path(sys.executable).parent / first.removeprefix(".venv/bin/")).exists()
        if "build.py" in rest:
            options_of(command)
    else:
        scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["scripts"]
        module, _, name = scripts[first].partition(":")
        assert callable(getattr(importlib.import_module(module), name))
        cli._options(rest)


# Workflows


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [GITHUB / "ISSUE_TEMPLATE/config.yml"]),
    ],
    ids=["workflows", "forms", "config"],
)
def test_files_for_github_have_its_form(schema: str, paths: list[Path]) -> None:
    assert paths
    assert schema_says(schema, *paths) == ""


def test_schema_would_have_seen_a_mistake(tmp_path: Path) -> None:
    text = WORKFLOWS[0].read_text()
    (tmp_path / "broken.yml").write_text(text.replace("runs-on:", "run-on:", 1))
    assert "runs-on" in schema_says("vendor.github-workflows", tmp_path / "broken.yml")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_with_its_version_beside_it(path: Path) -> None:
    uses = USES.findall(path.read_text())
    assert uses
    for action, comment in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_an_action_has_one_version() -> None:
    pins = {tuple(found) for path in WORKFLOWS for found in USES.findall(path.read_text())}
    names = [action.partition("@")[0] for action, _ in pins]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_may_only_read(path: Path) -> None:
    permissions = loaded(path)["permissions"]
    assert permissions == {"contents": "read"}


def test_job_may_write_only_what_it_is_there_for() -> None:
    written = {(path, name): job["permissions"] for path, name, job in jobs() if "permissions" in job}
    assert written == WRITES


def test_requests_of_strangers_get_no_secrets() -> None:
    for path in WORKFLOWS:
        assert "pull_request_target" not in path.read_text()
        assert "secrets." not in path.read_text()


def test_checkouts_leave_no_token_behind() -> None:
    checkouts = [step for _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * len(checkouts)


def test_check_sees_the_whole_history_that_dates_are_held_to() -> None:
    depths = {
        step["with"].get("fetch-depth")
        for where, step in steps()
        if where.startswith("check.yml") and step.get("uses", "").startswith("actions/checkout@")
    }
    assert depths == {0}


def test_jobs_end() -> None:
    assert {name: job.get("timeout-minutes", 0) for _, name, job in jobs() if not job.get("timeout-minutes")} == {}


def test_jobs_run_on_a_system_that_stays_the_same() -> None:
    assert {job["runs-on"] for _, _, job in jobs()} == {"ubuntu-24.04"}


def test_jobs_and_steps_that_are_named_exist() -> None:
    for path in WORKFLOWS:
        text, workflow = path.read_text(), loaded(path)
        ids = {step["id"] for job in workflow["jobs"].values() for step in job["steps"] if "id" in step}
        assert set(re.findall(r"\$\{\{ *steps\.([\w-]+)\.", text)) <= ids
        needed = {need for job in workflow["jobs"].values() for need in [job.get("needs")] if need}
        assert needed <= set(workflow["jobs"])


def test_what_others_can_name_never_becomes_a_command() -> None:
    assert [where for where, step in steps() if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("command", [step["run"] for _, step in steps() if "run" in step])
def test_commands_of_workflows_exist(command: str) -> None:
    assert_command_exists(command)


# Forms


def test_forms_have_ids_that_are_their_own() -> None:
    for path in FORMS:
        ids = [field["id"] for field in loaded(path)["body"] if "id" in field]
        assert ids == sorted(set(ids), key=ids.index)


def test_form_that_pages_lead_to_exists() -> None:
    text = (REPOSITORY / "content/site.yaml").read_text()
    names = set(re.findall(r"template=([\w.-]+)", text))
    assert names
    assert names <= {path.name for path in FORMS}


# Hooks


def test_hooks_name_commands_that_exist() -> None:
    hooks = [hook for repo in loaded(REPOSITORY / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert len(hooks) > 2
    for hook in hooks:
        assert {"id", "name", "entry", "language"} <= set(hook)
        assert hook["language"] == "system"
        assert_command_exists(hook["entry"])


def test_hooks_run_for_files_that_exist() -> None:
    for repo in loaded(REPOSITORY / ".pre-commit-config.yaml")["repos"]:
        assert repo["repo"] == "local"
        for hook in repo["hooks"]:
            assert any(re.search(hook.get("files", ""), name) for name in tracked()), hook["id"]


def test_hooks_for_others_name_an_installed_command() -> None:
    (hook,) = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "description", "entry", "language"} <= set(hook)
    assert hook["language"] == "python"  # which installs this repository, commands and requirements
    assert_command_exists(hook["entry"])


# Owners and editors


def test_owners_own_what_exists() -> None:
    lines = [line.split() for line in (GITHUB / "CODEOWNERS").read_text().splitlines() if line and line[0] != "#"]
    assert lines
    for pattern, *owners in lines:
        assert owners
        assert all(re.fullmatch(r"@[\w-]+(?:/[\w-]+)?", owner) for owner in owners)
        assert pattern == "*" or (REPOSITORY / pattern.strip("/")).exists(), pattern


def test_settings_of_vs_code_name_files_that_exist() -> None:
    settings = json.loads((REPOSITORY / ".vscode/settings.json").read_text())
    for schema, patterns in settings["yaml.schemas"].items():
        assert (REPOSITORY / schema).is_file(), schema
        for pattern in patterns:
            assert list(REPOSITORY.glob(pattern)), pattern


def test_recommendations_of_vs_code_are_extensions() -> None:
    extensions = json.loads((REPOSITORY / ".vscode/extensions.json").read_text())
    assert all(re.fullmatch(r"[\w-]+\.[\w-]+", name) for name in extensions["recommendations"])


def editor_settings(name: str) -> dict[str, str]:
    """What .editorconfig asks for in a file: the last section that fits has the last word."""
    parser = configparser.ConfigParser()
    parser.read_string("[top]\n" + (REPOSITORY / ".editorconfig").read_text())
    assert parser["top"]["root"] == "true"
    found: dict[str, str] = {}
    for section in parser.sections()[1:]:
        if fnmatch.fnmatch(name if "/" in section else Path(name).name, section):
            found |= parser[section]
    return found


def breaches(name: str, data: bytes) -> Iterator[str]:
    """What in a file is otherwise than its editor settings ask for."""
    settings = editor_settings(name)
    if settings["charset"] == "utf-8" and (data.startswith(b"\xef\xbb\xbf") or not _is_utf_8(data)):
        yield f"{name}: not UTF-8"
    if settings["end_of_line"] == "lf" and b"\r" in data:
        yield f"{name}: CR"
    if settings["insert_final_newline"] == "true" and data and not data.endswith(b"\n"):
        yield f"{name}: no final newline"
    lines = data.split(b"\n")
    if settings["trim_trailing_whitespace"] == "true":
        yield from (
            f"{name}:{number}: trailing blanks" for number, line in enumerate(lines, 1) if line != line.rstrip()
        )
    if settings["indent_style"] == "space":
        yield from (f"{name}:{number}: tab" for number, line in enumerate(lines, 1) if line.startswith(b"\t"))


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_files_are_as_editors_are_told_to_leave_them() -> None:
    texts = [name for name in tracked() if not name.endswith(BINARY)]
    assert len(texts) > 100
    assert [told for name in texts for told in breaches(name, (REPOSITORY / name).read_bytes())] == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a\n", []),
        (b"", []),
        (b"a", ["x.md: no final newline"]),
        (b"a\r\n", ["x.md: CR", "x.md:1: trailing blanks"]),
        (b"\xff\n", ["x.md: not UTF-8"]),
        (b"\xef\xbb\xbfa\n", ["x.md: not UTF-8"]),
        (b"a\nb \n", ["x.md:2: trailing blanks"]),
        (b"\ta\n", ["x.md:1: tab"]),
    ],
)
def test_breaches_are_seen(data: bytes, told: list[str]) -> None:
    assert list(breaches("x.md", data)) == told


def test_makefile_keeps_its_tabs() -> None:
    assert list(breaches("Makefile", b"a:\n\tb\n")) == []


# Locks


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_with_hashes_and_name_no_machine(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    pins = re.findall(r"^(\S+?)==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z]", text, re.MULTILINE)) > 5
    assert re.findall(r"(?m)^-.*|://|(?<![\w)])/\w.*", text) == []


def test_requirements_are_those_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    for name, wanted in {
        "requirements.txt": project["dependencies"],
        "requirements-dev.txt": project["dependencies"] + extras,
    }.items():
        pinned = set(re.findall(r"^(\S+==\S+) \\", (REPOSITORY / name).read_text(), re.MULTILINE))
        assert {re.sub(r"\[\w+\]", "", line) for line in wanted} <= pinned, "run `make lock`"


def test_lock_of_node_names_no_registry_and_has_what_is_asked_for() -> None:
    text = (REPOSITORY / "tests/package-lock.json").read_text()
    asked = json.loads((REPOSITORY / "tests/package.json").read_text())
    packages = json.loads(text)["packages"]
    wanted = asked["dependencies"] | asked["optionalDependencies"]
    assert '"resolved"' not in text  # a registry's address; packages name their sponsors too
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(package["integrity"].startswith("sha512-") for name, package in packages.items() if name)
