"""`new`: an entry that the schema takes, in which only the marks for its author are left to mend."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from errordocs import frontmatter
from errordocs import load
from errordocs import pipeline
from errordocs import plaintext
from errordocs.model import Content
from errordocs.model import Misused
from errordocs.pipeline import Places
from errordocs.scaffold import family
from errordocs.scaffold import scaffold
from errordocs.schemas import schemas
from tests import records
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import entry
from tests.conftest import sender

Build = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]

SCHEMA = "../../../schemas/entry.schema.json"
DAY = "2026-11-24"
PARTS = "; the parts are number [2-5][0-9][0-9], detail [245][.][0-9]+"
REGISTRY = """\
title: Numbers
summary: Every number that the widget service gives, what it means, and in which document it has been defined so far.
source: https://rfc.example/
codes:
  - code: "510"
    title: 'It broke: "badly" # and \\ more'
    status: standard
    reference: "RFC 1: section 2 #3"
    url: https://rfc.example/1#2
    meaning: "- Broken: it's no good #1"
  - {code: "511", title: TITLE, status: standard, reference: RFC 1, url: "https://rfc.example/", meaning: MEANING}
""".replace("TITLE", "Long " * 20).replace("MEANING", "Long " * 100)


def read(text: str) -> dict[str, Any]:
    """The fields, as the project's own loader reads them: every scalar is a string."""
    data, problems = frontmatter.parse("new.md", plaintext.split("new.md", text)[0], 1)
    assert problems == []
    return data


def flaws(content: Content, text: str) -> list[str]:
    """What the schema for editors says of an entry."""
    validator = jsonschema.Draft7Validator(json.loads(schemas(content.site)["entry.schema.json"]))
    return [error.message for error in validator.iter_errors(read(text))]


def rules(folder: Path, *, only: str = "") -> set[str]:
    _, problems = pipeline.read(Places(str(folder), "", ""))
    return {problem.rule for problem in problems if only in problem.path}


def made(content: Content, code: str, sender: str | None = None, variant: str | None = None) -> tuple[str, str]:
    return scaffold(content, code, sender, variant, DAY, SCHEMA)


@pytest.fixture(scope="module")
def real() -> Content:
    content = load.load(str(REPOSITORY / "content")).content
    assert content is not None
    return content


@pytest.fixture(scope="module")
def bare(real: Content) -> Content:
    """The repository's site and registries, with not one entry written yet."""
    return replace(real, entries=())


# What is written


def test_entry_is_filled_with_what_the_registries_know(bare: Content) -> None:
    slug, text = made(bare, "550 5.1.1", "gmail")
    fields = read(text)
    assert slug == "550-5.1.1-gmail"
    assert (fields["basic"], fields["enhanced"], fields["sender"]) == ("550", "5.1.1", "gmail")
    assert fields["title"] == "Mailbox does not exist"
    assert fields["updated"] == DAY
    assert fields["seen_from"] == ["gmail"]
    assert [reference["title"][:8] for reference in fields["references"]] == ["RFC 5321", "RFC 3463"]
    assert fields["retry"] == "after-fix"
    assert list(fields["fixed_by"]) == ["sender"]


def test_general_entries_that_exist_are_related(real: Content) -> None:
    _, text = made(replace(real, entries=tuple(e for e in real.entries if e.slug in ("550", "5.1.1"))), "550 5.1.1")
    assert [related["entry"] for related in read(text)["related"]] == ["550", "5.1.1"]


def test_class_of_the_code_says_which_sections_are_needed(bare: Content) -> None:
    bodies = {code: made(bare, code)[1] for code in ("250", "550")}
    optional = {"Why it happens", "How to fix it", "In the cold email context"}
    headings = {code: set(re.findall("^## (.+)$", body, re.MULTILINE)) for code, body in bodies.items()}
    assert headings["550"] - headings["250"] == optional
    assert headings["250"] < headings["550"] == {section.heading for section in bare.site.sections}


def test_step_begins_with_a_verb_that_the_site_knows() -> None:
    site = records.site_of(SITE + "step_verbs: [Turn]\n")
    assert "### Turn TODO" in made(records.content(site=site), "500")[1]


def test_first_line_names_the_schema_for_editors(bare: Content) -> None:
    assert made(bare, "550")[1].startswith(f"---\n# yaml-language-server: $schema={SCHEMA}\n")


@pytest.mark.parametrize(
    ("code", "slug"),
    [
        ("500", "500"),
        ("5.1", "5.1"),
        ("500 5.1", "500-5.1"),
        ("5.1 500", "500-5.1"),
        ("500-5.1", "500-5.1"),
        (" 500  5.1 ", "500-5.1"),
    ],
)
def test_parts_stand_in_any_order_and_the_slug_in_one(code: str, slug: str) -> None:
    assert made(records.content(), code)[0] == slug


@pytest.mark.parametrize(("code", "folder"), [("500", "number"), ("5.1", "detail"), ("500 5.1", "pairs")])
def test_folder_is_that_of_the_parts(code: str, folder: str) -> None:
    assert family(records.content(), code) == folder


# What schema and check say of it


@pytest.mark.parametrize("code", ["550", "5.1.1", "550 5.1.1", "450 4.2.1", "250", "354", "2.1.5", "5.999.999"])
@pytest.mark.parametrize("of", [None, "gmail"], ids=["general", "gmail"])
def test_new_entry_passes_the_schema(code: str, of: str | None, bare: Content) -> None:
    assert flaws(bare, made(bare, code, of)[1]) == []


def test_new_entry_of_every_code_in_the_registries_has_nothing_but_marks(bare: Content, tmp_path: Path) -> None:
    codes = sorted({row.code for registry in bare.registries for row in registry.fields.codes})
    folder = tmp_path / "content"
    shutil.copytree(REPOSITORY / "content/registry", folder / "registry")
    (folder / "site.yaml").write_text(
        re.sub(r"(?ms)^navigation:.*?^(?=\S)", "", (REPOSITORY / "content/site.yaml").read_text())
    )
    (folder / "errors").mkdir()
    for code in (f"{digit}{row[1:]}" for row in codes for digit in ("245" if row[0] == "X" else row[0])):
        slug, text = made(bare, code)
        assert flaws(bare, text) == []
        (folder / f"errors/{slug}.md").write_text(text)
    assert len(list((folder / "errors").iterdir())) > 150
    assert rules(folder) == {"todo"}


@pytest.mark.parametrize("code", ["510", "511"], ids=["awkward words", "long words"])
def test_what_a_registry_says_is_written_safely(code: str, content: Make) -> None:
    site = SITE.replace("help: The number,", "help: The number, registry: numbers,")
    folder = content({"site.yaml": site, "registry/numbers.yaml": REGISTRY})
    read_content = load.load(str(folder)).content
    assert read_content is not None
    slug, text = made(read_content, code)
    assert flaws(read_content, text) == []
    if code == "510":
        (row, _) = read_content.registries[0].fields.codes
        (reference,) = read(text)["references"]
        assert (read(text)["title"], reference["title"], reference["says"]) == (row.title, row.reference, row.meaning)
    content({f"errors/{slug}.md": text})
    assert rules(folder) == {"todo"}


# What is refused


@pytest.mark.parametrize(
    ("code", "of", "variant", "told"),
    [
        ("500", None, None, "errors/500.md is this entry already; edit it, or name a --sender and a --variant"),
        ("501", None, None, "errors/500.md had this name before; edit it, or name a --sender and a --variant"),
        ("502", "turnr", None, "`turnr` is no sender; did you mean `turner`?"),
        ("502", "zzz", None, "`zzz` is no sender; write its file in senders/ first"),
        ("502", "", None, "`` is no sender; write its file in senders/ first"),
        ("999", None, None, "`999` is no part of a code" + PARTS),
        ("", None, None, "`` is no part of a code" + PARTS),
        ("502 503", None, None, "`503` is no part of a code" + PARTS),
        ("../502", None, None, "`../502` is no part of a code" + PARTS),
        ("302", None, None, "`302` is of no class in site.yaml; begin it with one of 5, 4, 2"),
        ("502", None, "My Word", "`My Word` is no word for a slug; use a-z and 0-9, with single `-` between"),
        ("502", None, "../x", "`../x` is no word for a slug; use a-z and 0-9, with single `-` between"),
        ("502", None, "x\n", "`x\n` is no word for a slug; use a-z and 0-9, with single `-` between"),
        ("502", None, "x" * 97, f"`502-{'x' * 97}` is longer than 100 characters; choose a shorter --variant"),
    ],
)  # fmt: skip
def test_what_can_be_no_entry_is_refused(code: str, of: str | None, variant: str | None, told: str) -> None:
    content = records.content(records.entry("500", aliases=("501",)), records.sender("turner"))
    with pytest.raises(Misused) as refused:
        made(content, code, of, variant)
    assert str(refused.value) == told


# The command


@pytest.fixture
def senders(content: Make) -> Path:
    return content({"senders/turner.yaml": sender()})


def test_new_writes_a_file_and_says_where(senders: Path, build: Build) -> None:
    run = build("new", "502 5.1", "--sender", "turner", "--variant", "late")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "content/errors/turner/502-5.1-turner-late.md: written; fill in each TODO, then run check\n"
    assert date.fromisoformat(read((senders / "errors/turner/502-5.1-turner-late.md").read_text())["updated"])


def test_check_reports_the_marks_of_a_new_entry_and_nothing_else(senders: Path, build: Build) -> None:
    build("new", "502 5.1", "--sender", "turner")
    build("new", "502 5.1")
    run = build("check", "--strict")
    lines = [line for line in run.stdout.splitlines() if "error[todo]" not in line]
    assert (run.returncode, lines) == (1, [])
    marks = (senders / "errors/turner/502-5.1-turner.md").read_text().count("TODO")
    assert run.stdout.count("content/errors/turner/") == marks > 5


@pytest.mark.parametrize("words", [(), ("--folder", "mine")], ids=["usual", "chosen"])
def test_modeline_leads_to_the_schema(words: tuple[str, ...], senders: Path, build: Build, tmp_path: Path) -> None:
    assert build("schema").returncode == 0
    path = tmp_path / build("new", "502", *words).stdout.partition(":")[0]
    (line,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", path.read_text(), re.MULTILINE)
    schema = (path.parent / line).resolve()
    assert schema == tmp_path.resolve() / "schemas/entry.schema.json"
    assert json.loads(schema.read_text())["title"].startswith("Front matter")


def test_modeline_leads_to_the_schema_from_another_folder(senders: Path, build: Build, tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    run = build("new", "502", "--content", "../content/", cwd=tmp_path / "aside")
    assert run.stdout.startswith("../content/errors/number/502.md: ")
    assert f"$schema={SCHEMA}\n" in (senders / "errors/number/502.md").read_text()


def test_every_mark_written_away_the_entry_is_sound(senders: Path, build: Build) -> None:
    build("new", "502")
    path = senders / "errors/number/502.md"
    text = path.read_text().replace("Look TODO", "Look at it").replace("TODO?", "Why me?").replace("TODO: ", "")
    path.write_text(text.replace("TODO", "It broke"))
    assert build("check").stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ("500",),
        ("999",),
        ("502", "--sender", "nobody"),
        ("502", "--variant", "A B"),
        ("502", "--folder", "../.."),
        ("502", "--folder", "/tmp"),
        ("502", "--folder", "a/b"),
    ],
    ids=" ".join,
)
def test_refusal_is_one_line_and_writes_nothing(words: tuple[str, ...], senders: Path, build: Build) -> None:
    before = sorted(path for path in senders.parent.rglob("*") if path.name != ".errordocs")
    run = build("new", *words)
    assert (run.returncode, run.stdout) == (2, "")
    assert re.fullmatch(r"build\.py: [^\n]+; [^\n]+\n", run.stderr)
    assert sorted(path for path in senders.parent.rglob("*") if path.name != ".errordocs") == before


def test_new_without_a_code_is_wrong_usage(senders: Path, build: Build) -> None:
    run = build("new")
    assert run.returncode == 2
    assert "CODE" in run.stderr.splitlines()[-1]


def test_file_that_stands_there_is_never_overwritten(content: Make, build: Build) -> None:
    folder = content({"errors/number/502.md": "mine, and broken"})
    run = build("new", "502")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == ("build.py: content/errors/number/502.md: File exists; choose another --folder or --variant\n")
    assert (folder / "errors/number/502.md").read_text() == "mine, and broken"


def test_site_that_cannot_be_read_is_one_line(content: Make, build: Build) -> None:
    content({"site.yaml": "title: [", "errors/500.md": entry()})
    run = build("new", "502")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == "build.py: content/site.yaml cannot be read; run check\n"
