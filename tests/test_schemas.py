"""The schemas of editors: sound, no stricter than the build, and those in the repository are of this content."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from errordocs import frontmatter
from errordocs import plaintext
from errordocs import schema
from errordocs.model import EntryFields
from errordocs.model import SenderFields
from errordocs.schemas import KINDS
from errordocs.schemas import schemas
from tests.conftest import REPOSITORY
from tests.records import PLAIN_SITE
from tests.records import site_of
from tests.test_schema import SOUND
from tests.test_schema import USUAL
from tests.test_schema import mutated

Run = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]
MADE = {name.partition(".")[0]: json.loads(text) for name, text in schemas(PLAIN_SITE).items()}
VALIDATORS = {name: jsonschema.Draft7Validator(made) for name, made in MADE.items()}
NAMES = {kind: name for name, (kind, _) in KINDS.items()}
CODE = {"number": "500", "retry": "no"}


def takes(name: str, data: dict[str, Any]) -> bool:
    return bool(VALIDATORS[name].is_valid(data))


@pytest.mark.parametrize("name", KINDS)
def test_schema_is_a_sound_one(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(MADE[name])
    assert MADE[name]["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert MADE[name]["title"] == KINDS[name][1]


@given(mutated())
def test_schema_takes_what_the_build_takes(made: tuple[type[Any], dict[str, Any]]) -> None:
    kind, data = made
    fields = schema.convert(kind, data)[0]
    taken = fields is not None
    if isinstance(fields, SenderFields):  # the rules ask further
        taken = fields.kind == "service" and all(link.purpose == "support" for link in fields.links)
    assert not taken or takes(NAMES[kind], data | CODE if kind is EntryFields else data)


@pytest.mark.parametrize("kind", SOUND, ids=lambda kind: kind.__name__)
def test_schema_refuses_a_field_that_nobody_reads(kind: type[Any]) -> None:
    data = SOUND[kind] | CODE if kind is EntryFields else SOUND[kind]
    assert takes(NAMES[kind], data)
    assert not takes(NAMES[kind], data | {"titel": "x"})


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({"number": "500"}, True),
        ({"number": 500}, True),
        ({"detail": "5.1"}, True),
        ({"number": "500", "detail": "5.1"}, True),
        ({"number": "200", "retry": None}, True),
        ({}, False),
        ({"number": "600"}, False),
        ({"number": "5000"}, False),
        ({"number": "500", "retry": "maybe"}, False),
        ({"number": "500", "retry": ["no"]}, False),
        ({"number": "500", "updated": "x", "topics": "a"}, False),
    ],
    ids=str,
)
def test_schema_of_an_entry_knows_parts_and_facts(change: dict[str, Any], taken: bool) -> None:
    fields = {name: value for name, value in (USUAL | {"retry": "no"} | change).items() if value is not None}
    assert takes("entry", fields) == taken


def test_schema_of_a_sender_knows_kinds_and_purposes() -> None:
    sender = {"name": "A", "kind": "service", "summary": USUAL["summary"], "updated": "2026-01-02"}
    link = {"title": "Help", "url": "https://a.b/", "purpose": "support"}
    assert takes("sender", sender | {"links": [link]})
    assert not takes("sender", sender | {"kind": "servic"})
    assert not takes("sender", sender | {"links": [link | {"purpose": "fun"}]})


def test_schemas_in_the_repository_are_made_from_its_site() -> None:
    site = site_of((REPOSITORY / "content/site.yaml").read_text())
    kept = {path.name: path.read_text() for path in (REPOSITORY / "schemas").iterdir()}
    assert kept == schemas(site), "run `python build.py schema`"


@pytest.mark.parametrize("name", ["errors", "topics", "guides", "pages", "senders", "registry"])
def test_schemas_in_the_repository_take_its_content(name: str) -> None:
    kind = {"errors": "entry", "senders": "sender", "registry": "registry"}.get(name, "article")
    validator = jsonschema.Draft7Validator(json.loads((REPOSITORY / f"schemas/{kind}.schema.json").read_text()))
    for path in sorted((REPOSITORY / "content" / name).rglob("*.*")):
        text = path.read_text()
        fields = plaintext.split(path.name, text)[0] if path.suffix == ".md" else text
        data, problems = frontmatter.parse(path.name, fields)
        assert problems == []
        assert [f"{path.name}: {error.message}" for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize("name", ["entry", "article", "sender"])
def test_every_field_of_an_author_is_described(name: str) -> None:
    schema = json.loads((REPOSITORY / f"schemas/{name}.schema.json").read_text())
    bare = [field for field, told in schema["properties"].items() if not (told.get("description") or "items" in told)]
    assert bare == []


def test_values_of_site_yaml_are_offered_and_explained() -> None:
    site = site_of((REPOSITORY / "content/site.yaml").read_text())
    schemas_kept = {
        name: json.loads((REPOSITORY / f"schemas/{name}.schema.json").read_text()) for name in ("entry", "sender")
    }
    offered = schemas_kept["entry"]["properties"]
    for fact in site.facts:
        told = offered[fact.name].get("items", offered[fact.name])
        assert told["enum"] == list(fact.values)
        assert all(f"{value}: {words}" in told["description"] for value, words in fact.values.items())
    assert [name for name in offered if name in {part.name for part in site.parts}] == [p.name for p in site.parts]
    assert schemas_kept["sender"]["properties"]["kind"]["enum"] == list(site.sender_kinds)


def test_command_writes_the_schemas_of_the_repository(build: Run, tmp_path: Path) -> None:
    run = build("schema", "--content", str(REPOSITORY / "content"), "--to", "made/here")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    kept = {path.name: path.read_bytes() for path in (REPOSITORY / "schemas").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "made/here").iterdir()} == kept


def test_command_that_cannot_write_schemas_says_so_in_one_line(content: Make, build: Run, tmp_path: Path) -> None:
    content()
    (tmp_path / "schemas").write_text("a file")
    run = build("schema")
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == "build.py: schemas: File exists; choose another folder with --to\n"
