"""Problems as each reader gets them: a terminal, a pull request, programs; SARIF by its makers' own validator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from errordocs import VERSION
from errordocs import report
from errordocs.model import Problem
from errordocs.rules import RULES
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import entry
from tests.conftest import lacking

Build = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]

MULTITOOL = REPOSITORY / "tests/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
DEAD = Problem("content/errors/500.md", 12, 5, "dead-link", "`x.md` leads nowhere", "write `y.md`")
SPELT = Problem("content/errors/400.md", 3, 1, "spelling", "`recieve` looks misspelt", "write `receive`", "warning")
PROBLEMS = (SPELT, DEAD)


def sarif(*problems: Problem) -> dict[str, Any]:
    (run,) = json.loads(report.sarif(problems))["runs"]
    return dict(run)


def result(problem: Problem) -> dict[str, Any]:
    (one,) = sarif(problem)["results"]
    return dict(one)


# For a terminal


def test_text_is_a_line_a_problem() -> None:
    assert report.text(PROBLEMS) == (
        "content/errors/400.md:3:1: warning[spelling]: `recieve` looks misspelt; write `receive`\n"
        "content/errors/500.md:12:5: error[dead-link]: `x.md` leads nowhere; write `y.md`\n"
    )


def test_text_shows_line_ends_and_escapes_as_what_they_are() -> None:
    told = report.text([replace(DEAD, what="`a\nb\x1b[31m\u202ec` leads nowhere")])
    assert (
        told == "content/errors/500.md:12:5: error[dead-link]: `a\\nb\\x1b[31m\\u202ec` leads nowhere; write `y.md`\n"
    )


@pytest.mark.parametrize("name", ["text", "github"])
def test_no_problem_is_no_line(name: str) -> None:
    assert report.FORMATS[name]([]) == ""


@pytest.mark.parametrize(
    ("problems", "words"),
    [
        ((), "0 errors, 0 warnings"),
        (PROBLEMS, "1 error, 1 warning"),
        ((DEAD, DEAD), "2 errors, 0 warnings"),
        ((SPELT, SPELT), "0 errors, 2 warnings"),
    ],
)
def test_tally_counts_in_words(problems: tuple[Problem, ...], words: str) -> None:
    assert report.tally(problems) == words


# For a pull request


def test_github_annotates_errors_before_warnings() -> None:
    assert report.github(PROBLEMS).splitlines() == [
        "::error file=content/errors/500.md,line=12,col=5,title=dead-link::`x.md` leads nowhere; write `y.md`",
        "::warning file=content/errors/400.md,line=3,col=1,title=spelling::`recieve` looks misspelt; write `receive`",
    ]


def test_github_keeps_the_order_of_files_within_a_severity() -> None:
    problems = [replace(DEAD, path=path, severity=level) for path in "ab" for level in ("warning", "error")]
    lines = report.github(problems).splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "::error file=a",
        "::error file=b",
        "::warning file=a",
        "::warning file=b",
    ]


@pytest.mark.parametrize(
    ("text", "in_message", "in_property"),
    [
        ("100%", "100%25", "100%25"),
        ("%0A", "%250A", "%250A"),
        ("a\rb", "a%0Db", "a%0Db"),
        ("a\nb", "a%0Ab", "a%0Ab"),
        ("a:b", "a:b", "a%3Ab"),
        ("a,b", "a,b", "a%2Cb"),
        ("::error::x", "::error::x", "%3A%3Aerror%3A%3Ax"),
        ("ä", "ä", "ä"),
    ],
)
def test_github_escapes_what_ends_a_message_or_a_property(text: str, in_message: str, in_property: str) -> None:
    told = report.github([replace(DEAD, path=text, what=text)])
    assert told == f"::error file={in_property},line=12,col=5,title=dead-link::{in_message}; write `y.md`\n"


# For programs


def test_json_is_a_list_of_problems_with_every_field() -> None:
    assert json.loads(report.as_json([SPELT])) == [
        {
            "path": "content/errors/400.md",
            "line": 3,
            "column": 1,
            "rule": "spelling",
            "what": "`recieve` looks misspelt",
            "mend": "write `receive`",
            "severity": "warning",
        }
    ]


def test_json_of_no_problem_is_an_empty_list() -> None:
    assert json.loads(report.as_json([])) == []


def test_sarif_names_its_version_and_its_tool() -> None:
    log = json.loads(report.sarif([]))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    assert log["runs"][0]["tool"]["driver"]["name"] == "errordocs"
    assert log["runs"][0]["tool"]["driver"]["semanticVersion"] == VERSION


def test_sarif_of_no_problem_has_results_that_are_empty() -> None:
    assert sarif()["results"] == []


def test_sarif_lists_every_rule_with_its_level() -> None:
    rules = sarif()["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        (rule.name, rule.severity) for rule in RULES
    ]


def test_sarif_result_says_what_where_and_how_bad() -> None:
    told = result(DEAD)
    assert told["ruleId"] == "dead-link"
    assert told["level"] == "error"
    assert told["message"] == {"text": "`x.md` leads nowhere; write `y.md`"}
    assert told["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "content/errors/500.md"},
                "region": {"startLine": 12, "startColumn": 5},
            }
        }
    ]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.rule)
def test_sarif_result_points_at_its_rule(problem: Problem) -> None:
    run = sarif(problem)
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == problem.rule


def test_sarif_columns_are_counted_in_characters_as_ours_are() -> None:
    assert sarif()["columnKind"] == "unicodeCodePoints"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("content/errors/500.md", "content/errors/500.md"),
        ("../content/500.md", "../content/500.md"),
        ("my content/ä.md", "my%20content/%C3%A4.md"),
        ("a:b#c?d%e.md", "a%3Ab%23c%3Fd%25e.md"),
        ("/srv/my content/500.md", "file:///srv/my%20content/500.md"),
    ],
)
def test_sarif_path_is_an_address(path: str, uri: str) -> None:
    (location,) = result(replace(DEAD, path=path))["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_fingerprint_stays_when_lines_move() -> None:
    moved = replace(DEAD, line=80, column=1)
    assert result(moved)["partialFingerprints"] == result(DEAD)["partialFingerprints"]


@pytest.mark.parametrize(
    "other",
    [
        replace(DEAD, path="content/errors/501.md"),
        replace(DEAD, rule="dead-anchor"),
        replace(DEAD, what="`z.md` leads nowhere"),
    ],
    ids=["path", "rule", "what"],
)
def test_fingerprint_tells_problems_apart(other: Problem) -> None:
    assert result(other)["partialFingerprints"] != result(DEAD)["partialFingerprints"]


# The published validator


@pytest.fixture
def validate(tmp_path: Path) -> Callable[[str], list[str]]:
    """What the makers' validator says of a log, by its rules for SARIF and for GitHub; it needs no network."""
    if not MULTITOOL.exists():
        lacking("@microsoft/sarif-multitool-linux is not installed (make .venv/test with npm): SARIF is not validated")
    tool = MULTITOOL
    if not os.access(tool, os.X_OK):  # npm without its scripts leaves it so
        tool = Path(shutil.copy(MULTITOOL, tmp_path / "multitool"))
        tool.chmod(0o755)

    def run(log: str) -> list[str]:
        (tmp_path / "told.sarif").write_text(log)
        done = subprocess.run(
            [str(tool), "validate", "told.sarif", "--rule-kind", "Sarif;Ghas", "--output", "verdict.sarif"],
            cwd=tmp_path,
            env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Analysis completed successfully" in done.stdout, done.stdout + done.stderr
        (verdict,) = json.loads((tmp_path / "verdict.sarif").read_text())["runs"]
        shown = [f"{one.get('level', 'warning')} {one['ruleId']}" for one in verdict["results"]]
        return [line for line in shown if line != "warning SARIF2005"]  # the tool has no address of its own yet

    return run


@pytest.mark.parametrize(
    "problems",
    [
        (),
        (
            *(replace(DEAD, rule=rule.name, severity=rule.severity) for rule in RULES),
            replace(DEAD, path="my content/ä#:.md", what='`"\n\x00\u2028` 💥 <b>%s</b> {0}', column=900),
            replace(DEAD, path="/srv/content/500.md"),
            replace(DEAD, path="../content/500.md"),
        ),
    ],
    ids=["none", "many"],
)
def test_sarif_is_valid(problems: tuple[Problem, ...], validate: Callable[[str], list[str]]) -> None:
    assert validate(report.sarif(problems)) == []


def test_validator_would_have_seen_a_mistake(validate: Callable[[str], list[str]]) -> None:
    log = json.loads(report.sarif(PROBLEMS))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    del log["runs"][0]["results"][1]["message"]
    assert {line.split()[0] for line in validate(json.dumps(log))} == {"error"}


# The command


@pytest.mark.parametrize("name", report.FORMATS)
def test_check_tells_problems_alone_on_standard_output(name: str, content: Make, build: Build) -> None:
    broken, misspelt = BODY.replace("this.", "[it](gone.md)."), BODY.replace("this.", "that it recieved it.")
    content({"errors/500.md": entry(body=broken), "errors/501.md": entry('number: "501"', body=misspelt)})
    run = build("check", "--format", name)
    assert run.returncode == 1
    assert run.stderr == "1 error, 1 warning\n"
    assert ("dead-link" in run.stdout, "spelling" in run.stdout) == (True, True)
    if name in ("json", "sarif"):
        json.loads(run.stdout)
    else:
        assert len(run.stdout.splitlines()) == 2


def test_check_with_an_unknown_format_is_wrong_usage(content: Make, build: Build) -> None:
    content()
    run = build("check", "--format", "xml")
    assert run.returncode == 2
    assert "'xml'" in run.stderr.splitlines()[-1]
