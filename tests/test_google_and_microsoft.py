"""Every documented reply of Google and Microsoft stands on exactly one page, and the lookup leads to it.

`tests/data/` holds the tables: the replies of both, and the phrases by which their replies are recognised.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from errordocs import load
from errordocs.model import Entry
from tests.built import Built
from tests.conftest import REPOSITORY
from tests.test_lookup import looked_up

SENDERS = ("gmail", "exchange-online", "exchange-server", "outlook-com")


def table(name: str) -> list[dict[str, str]]:
    with (REPOSITORY / "tests/data" / f"{name}.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


REPLIES = table("google-microsoft-replies")
PHRASES = table("google-microsoft-phrases")


def masked(text: str) -> str:
    """The words of a reply: without codes, without what varies, without signs."""
    text = re.sub(r"\{[^{}]*\}|\$\w+|<[^<>]*>|\[[^\[\]]*\]", " ", text.lower())
    text = re.sub(r"https?://\S+|\b[2-5]\d\d-[245]\.\d+\.\d+|\b[245]\.\d{1,3}\.\d{1,3}\b|\d+", " ", text)
    return " ".join(re.findall(r"[a-z]+", text))


@cache
def entries() -> tuple[Entry, ...]:
    made = load.load(str(REPOSITORY / "content"), render=False).content
    assert made is not None
    return made.entries


@cache
def standing() -> dict[str, list[tuple[str, str]]]:
    """By sender: the slug and the words of each of its replies."""
    return {sender: [(slug, masked(text)) for slug, text in told] for sender, told in texts().items()}


@cache
def texts() -> dict[str, list[tuple[str, str]]]:
    """By sender: the slug and the text of each of its replies."""
    found: dict[str, list[tuple[str, str]]] = {sender: [] for sender in SENDERS}
    for entry in entries():
        for reply in entry.fields.responses:
            sender = reply.sender or entry.fields.sender or ""
            if sender in found:
                found[sender].append((entry.slug, reply.text))
    return found


def pages_of(row: dict[str, str]) -> set[str]:
    words = masked(row["text"])
    return {slug for slug, told in standing()[row["sender"]] if told == words or (len(words) > 12 and words in told)}


def test_every_reply_of_the_tables_stands_on_a_page() -> None:
    missing = [
        f"{row['sender']} {row['basic']} {row['enhanced']} {row['text']}" for row in REPLIES if not pages_of(row)
    ]
    assert missing == []


def test_no_reply_stands_on_two_pages() -> None:
    twice = []
    for sender, told in texts().items():
        pages: dict[str, set[str]] = {}
        for slug, text in told:
            codes = " ".join(re.findall(r"\b[2-5]\d\d\b|\b[245]\.\d{1,3}\.\d{1,3}\b", text[:14]))
            pages.setdefault(f"{codes} {masked(text)}", set()).add(slug)
        twice += [
            f"{sender}: {words}: {sorted(slugs)}"
            for words, slugs in pages.items()
            if len(slugs) > 1 and len(words) > 25
        ]
    assert twice == []


def leading(row: dict[str, str]) -> Iterator[str]:
    """The entries that have the phrase, or a reply that holds it, and the general page of its codes."""
    words = masked(row["phrase"])
    yield "-".join(filter(None, (row["basic"], row["enhanced"])))
    yield row["enhanced"]
    senders = ("gmail",) if row["sender"] == "gmail" else SENDERS[1:]
    for entry in entries():
        if any(masked(phrase) == words for phrase in entry.fields.phrases):
            yield entry.slug
    for sender in senders:
        yield from (slug for slug, told in standing()[sender] if words and words in told)


def test_every_phrase_of_the_tables_leads_to_an_entry() -> None:
    """One that has the very phrase, or holds it in a reply: the general page of its codes is not enough."""
    assert [row["phrase"] for row in PHRASES if len(list(leading(row))) < 3] == []


def test_lookup_finds_the_entry_of_every_phrase(real: Built) -> None:
    texts = [" ".join(filter(None, (row["basic"], row["enhanced"], row["phrase"]))) for row in PHRASES]
    missed = []
    for row, text, results in zip(PHRASES, texts, looked_up(real.output, texts), strict=True):
        if not {one["slug"] for one in results} & set(leading(row)):
            missed.append(f"{text} -> {[one['slug'] for one in results][:3]}")
    assert len(missed) <= len(PHRASES) // 50, "\n".join(missed)


@pytest.mark.parametrize("sender", SENDERS)
def test_sender_page_names_its_hosts_consoles_and_limits(sender: str) -> None:
    text = Path(REPOSITORY / f"content/senders/{sender}.yaml").read_text()
    assert len(re.findall(r"^  - title: ", text, re.MULTILINE)) >= (2 if sender == "exchange-server" else 3)
    assert len(text.split("about: |")[-1].split()) > 150
