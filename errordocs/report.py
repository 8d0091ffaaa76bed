"""Problems for their reader: lines for a terminal, annotations for a pull request, SARIF and JSON for programs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from collections.abc import Sequence

from errordocs import VERSION
from errordocs.model import Problem


def text(problems: Sequence[Problem]) -> str:
    """A line a problem: path:line:column: severity[rule]: what; mend."""
    return "".join(f"{problem}\n" for problem in problems)


def github(problems: Sequence[Problem]) -> str:
    """Workflow commands that annotate the diff, errors first, since only ten of a kind are shown in a step."""
    worst_first = sorted(problems, key=lambda problem: problem.severity != "error")
    return "".join(
        f"::{p.severity} file={_property(p.path)},line={p.line},col={p.column},title={_property(p.rule)}"
        f"::{_escaped(f'{p.what}; {p.mend}')}\n"
        for p in worst_first
    )


def as_json(problems: Sequence[Problem]) -> str:
    """A list of objects with the fields of a Problem."""
    import msgspec

    return json.dumps([msgspec.to_builtins(problem) for problem in problems], ensure_ascii=False, indent=1) + "\n"


def sarif(problems: Sequence[Problem]) -> str:
    """A SARIF 2.1.0 log with one run; paths are relative to the folder in which the command ran."""
    from errordocs.rules import RULES

    rules = [
        {
            "id": rule.name,
            "shortDescription": {"text": rule.says},
            "fullDescription": {"text": rule.says},  # GitHub takes no rule without it
            "help": {"text": f"Wrong:\n{rule.wrong}\n\nRight:\n{rule.right}"},
            "defaultConfiguration": {"level": rule.severity},
        }
        for rule in RULES
    ]
    places = {rule.name: index for index, rule in enumerate(RULES)}
    driver = {"name": "errordocs", "semanticVersion": VERSION, "rules": rules}
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, places[problem.rule]) for problem in problems],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=1) + "\n"


FORMATS: dict[str, Callable[[Sequence[Problem]], str]] = {
    "text": text,
    "github": github,
    "sarif": sarif,
    "json": as_json,
}


def tally(problems: Sequence[Problem]) -> str:
    """How many of each severity, in words."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"


def _result(problem: Problem, rule: int) -> dict[str, object]:
    """The fingerprint leaves the line out, so that a problem stays the same one when lines move above it."""
    print_ = hashlib.sha256(f"{problem.path}\0{problem.rule}\0{problem.what}".encode()).hexdigest()[:32]
    region = {"startLine": problem.line, "startColumn": problem.column}
    location = {"artifactLocation": {"uri": _uri(problem.path)}, "region": region}
    return {
        "ruleId": problem.rule,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": f"{problem.what}; {problem.mend}"},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"problem/v1": print_},
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return f"file://{quote(path)}" if path.startswith("/") else quote(path)


def _escaped(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _escaped(value).replace(":", "%3A").replace(",", "%2C")
