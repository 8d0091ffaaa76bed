"""The Nu validator over every page, sheet and image: no error and no warning."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.built import Built
from tests.conftest import REPOSITORY
from tests.conftest import lacking

VNU = REPOSITORY / "tests" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # a short run, whose code Java would polish for as long again

# What the validator may say, and why that is no fault of the page.
EXPECTED = {
    r"Resource violates Content Security Policy \(meta tag\): "
    r"(external (stylesheet|script)|image) “(\.\./)*assets/\S+” blocked by “\S+” directive\.": (
        "the validator reads files that have no origin, so it takes 'self' for nobody; "
        "tests/browser/test_pages.py has a browser apply the policy"
    ),
}


@pytest.fixture(scope="session")
def java() -> str:
    path = shutil.which("java")
    if path is None or not VNU.exists():
        lacking("java or vnu-jar is not installed (make .venv/test with npm): the validity tests need both")
    return path


def validated(java: str, files: list[str]) -> list[dict[str, str]]:
    """What the validator says of these files."""
    command = [java, *QUICK, "-Xss4m", "-jar", str(VNU), "--format", "json", "--exit-zero-always", "--also-check-css"]
    run = subprocess.run(
        [*command, "--also-check-svg", *files], capture_output=True, text=True, timeout=300, check=True
    )
    messages: list[dict[str, str]] = json.loads(run.stderr or run.stdout)["messages"]
    return messages


def test_output_is_valid(site: Built, java: str) -> None:
    files = [str(site.output / path) for path in site.files() if path.endswith((".html", ".css", ".svg"))]
    used: Counter[str] = Counter()
    flaws: list[str] = []
    for message in validated(java, files):
        fits = [pattern for pattern in EXPECTED if re.fullmatch(pattern, message["message"])]
        used.update(fits)
        if not fits:
            path = message.get("url", "").partition("/output/")[2]
            place = f"{path}:{message.get('lastLine', 0)}"
            flaws.append(f"{place}: {message.get('subType', message['type'])}: {message['message']}")
    assert not flaws, "\n".join(flaws)
    assert used.keys() == EXPECTED.keys(), "an exception is no longer needed"
    assert len(files) > 30


WRONG = {
    "nesting": ("<h1>A</h1><p><div></div></p>", "No “p” element in scope"),
    "id": ("<h1 id=a>A</h1><p id=a>A</p>", "Duplicate ID “a”"),
    "alt": ("<h1>A</h1><img src=a.png>", "must have an “alt”"),
    "css": ("<style>a { colour: red }</style><h1>A</h1>", "colour"),
}


def test_validator_sees_what_is_wrong(java: str, tmp_path: Path) -> None:
    for name, (body, _) in WRONG.items():
        (tmp_path / f"{name}.html").write_text(f"<!doctype html><html lang=en><title>A</title>{body}</html>")
    told = validated(java, [str(tmp_path / f"{name}.html") for name in WRONG])
    for name, (_, flaw) in WRONG.items():
        assert any(m["url"].endswith(f"{name}.html") and flaw in m["message"] for m in told), name
