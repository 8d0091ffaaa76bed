"""The whole standard: the registries, the tables of facts they were made from, and the entries say the same.

`tests/data/` holds the tables: the reply codes of the RFCs, and IANA's registry of enhanced status codes.
"""

from __future__ import annotations

import csv
import re
from functools import cache

import pytest
import yaml

from errordocs import load
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import RegistryCode
from tests.conftest import REPOSITORY

# Codes whose definition names no class: the classes in which they make no sense or are not seen. The page of the other
# class says so.
SENSELESS = {
    "X.1.9": ("4", "5"),  # goes with "relayed", which is a success
    "X.5.5": ("4",),
    "X.6.2": ("4",),
    "X.6.3": ("4",),
    "X.6.7": ("4",),
    "X.6.8": ("4",),
    "X.6.9": ("4",),
    "X.6.10": ("4",),
    "X.7.6": ("4",),
    "X.7.8": ("4",),
    "X.7.9": ("4",),
    "X.7.10": ("4",),
    "X.7.11": ("4",),
    "X.7.12": ("5",),  # Exchange Online means another thing by 5.7.12, which has a page
    "X.7.13": ("4",),
    "X.7.14": ("4",),
    "X.7.20": ("4",),
    "X.7.21": ("4",),
    "X.7.22": ("4",),
}


def table(name: str) -> dict[str, dict[str, str]]:
    with (REPOSITORY / "tests/data" / f"{name}.tsv").open(newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


REPLIES = table("rfc-reply-codes")
STATUSES = table("iana-enhanced-status-codes")


@cache
def content() -> Content:
    made = load.load(str(REPOSITORY / "content"), render=False).content
    assert made is not None
    return made


@cache
def entries() -> dict[str, Entry]:
    return {entry.slug: entry for entry in content().entries}


def registry(name: str) -> dict[str, RegistryCode]:
    fields = next(one.fields for one in content().registries if one.slug == name)
    return {row.code: row for row in fields.codes}


def wanted(code: str) -> set[str]:
    """The enhanced status codes of which there must be a page, for one row of the registry."""
    named = STATUSES[code]["classes_named_in_definition"]
    classes = set("45") - set(SENSELESS.get(code, ())) if named == "not stated" else set(named.split(","))
    return {class_ + code[1:] for class_ in classes}


@pytest.mark.parametrize("code", REPLIES)
def test_every_reply_code_has_its_page(code: str) -> None:
    assert entries()[code].codes == {"basic": code}


@pytest.mark.parametrize("code", STATUSES)
def test_every_enhanced_status_code_has_its_pages(code: str) -> None:
    assert {one for one in wanted(code) if one not in entries()} == set()


@pytest.mark.parametrize("code", SENSELESS)
def test_page_says_why_the_other_class_has_none(code: str) -> None:
    present = [entries()[one] for one in (class_ + code[1:] for class_ in "245") if one in entries()]
    texts = [(REPOSITORY / "content" / one.source).read_text() for one in present]
    for class_ in SENSELESS[code]:
        assert class_ + code[1:] not in entries()
        assert any(re.search(rf"(?<![\d.]){re.escape(class_ + code[1:])}(?![\d.]?\d)", text) for text in texts)


@pytest.mark.parametrize("code", SENSELESS)
def test_exception_is_for_a_code_whose_definition_names_no_class(code: str) -> None:
    assert STATUSES[code]["classes_named_in_definition"] == "not stated"


def test_registries_hold_the_codes_of_the_tables_and_no_others() -> None:
    assert set(registry("basic")) == set(REPLIES)
    assert set(registry("enhanced")) == set(STATUSES)


@pytest.mark.parametrize("code", STATUSES)
def test_registry_agrees_with_the_table(code: str) -> None:
    row, fact = registry("enhanced")[code], STATUSES[code]
    assert row.name == ("" if fact["title"].startswith("(") else fact["title"])
    named = fact["classes_named_in_definition"]
    assert ",".join(row.classes) == ("" if named == "not stated" else named)
    assert set(row.with_) == set(re.findall(r"\b\d{3}\b", fact["basic_codes"]))


@pytest.mark.parametrize("code", sorted(code for code in STATUSES if code != "X.0.0"))
def test_entry_is_of_the_class_that_its_code_says(code: str) -> None:
    for class_ in "245":
        entry = entries().get(class_ + code[1:])
        if entry is None:
            continue
        (retry,) = entry.facts["retry"]
        assert retry in {"2": ("no",), "4": ("yes", "after-fix"), "5": ("no", "after-fix")}[class_]


def test_code_pairs_that_senders_meet_have_their_pages() -> None:
    pairs = """421 4.7.0, 421 4.4.2, 450 4.1.1, 450 4.2.0, 450 4.7.1, 451 4.3.0, 451 4.4.1, 451 4.7.1, 452 4.2.2,
    452 4.3.1, 452 4.5.3, 454 4.7.0, 501 5.1.3, 501 5.5.4, 503 5.5.1, 530 5.7.0, 534 5.7.9, 535
    5.7.8, 550 5.1.0, 550 5.1.1, 550 5.1.2, 550 5.1.8, 550 5.2.1, 550 5.4.1, 550 5.7.1, 550 5.7.23,
    550 5.7.25, 550 5.7.26, 552 5.2.2, 552 5.2.3, 552 5.3.4, 553 5.1.2, 553 5.1.8, 553 5.7.1, 554
    5.2.0, 554 5.4.4, 554 5.4.6, 554 5.6.0, 554 5.7.0, 554 5.7.1, 554 5.7.5, 556 5.1.10"""
    assert {"-".join(pair.split()) for pair in pairs.split(",")} - set(entries()) == set()


def test_topics_and_guides_are_there() -> None:
    assert len(content().topics) >= 15
    assert len(content().guides) >= 20


@pytest.mark.parametrize("path", sorted((REPOSITORY / "content/guides").glob("*.md")), ids=lambda path: path.stem)
def test_guide_is_of_a_length_that_is_read(path) -> None:  # type: ignore[no-untyped-def]
    body = path.read_text().split("\n---\n", 1)[1]
    words = len(re.sub(r"```.*?```", "", body, flags=re.DOTALL).split())
    assert 450 <= words <= 1700


def test_failure_entries_have_steps_questions_and_references() -> None:
    flaws = []
    for entry in entries().values():
        text = (REPOSITORY / "content" / entry.source).read_text()
        fields = yaml.safe_load(text.split("\n---\n", 1)[0])
        steps = len(re.findall(r"^### ", text.split("## How to fix it")[-1].split("\n## ")[0], re.MULTILINE))
        questions = len(re.findall(r"^### ", text.split("\n## FAQ")[-1], re.MULTILINE)) if "\n## FAQ" in text else 0
        if next(iter(entry.codes.values()))[0] in "45" and "status: retired" not in text:
            if "## How to fix it" not in text or not 3 <= steps <= 8:
                flaws.append(f"{entry.slug}: {steps} steps")
            if not 2 <= questions <= 5:
                flaws.append(f"{entry.slug}: {questions} questions")
        if len(fields["references"]) < 2:
            flaws.append(f"{entry.slug}: one reference")
    assert flaws == []
