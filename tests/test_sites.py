"""Small sites beside what must come of them, byte for byte.

Each folder of tests/sites holds content, templates that are so small that the data shows, and what was expected when
somebody last looked. `REGOLD=1 python -m pytest tests/test_sites.py` writes the present output there: read its diff,
and commit it where it is what you meant.
"""

from __future__ import annotations

import os
import shutil
from difflib import unified_diff
from pathlib import Path

import pytest

from errordocs import pipeline

SITES = Path(__file__).parent / "sites"
NAMES = sorted(path.name for path in SITES.iterdir() if path.is_dir())
MADE = ("manifest.json",)  # says nothing that the other files do not


def tree(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.name not in MADE}


def difference(expected: dict[str, bytes], made: dict[str, bytes]) -> str:
    lines: list[str] = []
    for name in sorted(expected.keys() | made.keys()):
        old, new = (files.get(name, b"").decode("utf-8", "replace").splitlines() for files in (expected, made))
        lines += unified_diff(old, new, f"expected/{name}", f"made/{name}", lineterm="", n=1)
        if name not in expected or name not in made:
            lines.append(f"{'expected' if name in expected else 'made'} only: {name}")
    return "\n".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_site_comes_out_as_expected(name: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()  # the top of a repository, which edit links start from
    shutil.copytree(SITES / name / "content", tmp_path / "content")
    places = pipeline.Places(str(tmp_path / "content"), str(SITES / name / "templates"), str(tmp_path / "output"))
    assert pipeline.build(places).problems == ()
    made = tree(tmp_path / "output")
    if os.environ.get("REGOLD") == "1":
        shutil.rmtree(SITES / name / "expected", ignore_errors=True)
        shutil.copytree(tmp_path / "output", SITES / name / "expected", ignore=shutil.ignore_patterns(*MADE))
    assert difference(tree(SITES / name / "expected"), made) == ""


def test_awkward_site_is_awkward() -> None:
    names = {path.stem for path in (SITES / "awkward/content/errors").rglob("*.md")}
    assert max(map(len, names)) == 100
    assert "5.1" in names


@pytest.mark.parametrize("name", NAMES)
def test_expected_files_hold_no_path_of_a_machine(name: str) -> None:
    told = [path.name for path in (SITES / name / "expected").rglob("*.*") if b"/tmp/" in path.read_bytes()]
    assert told == []
