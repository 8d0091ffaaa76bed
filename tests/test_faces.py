"""Faces: what the rest of the site may know of an entry is there, and nothing else is."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from errordocs import faces
from errordocs import feeds
from errordocs import link
from errordocs import related
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Outline
from errordocs.model import Pick
from errordocs.model import Said
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import reference
from tests.records import reply
from tests.records import sender
from tests.records import topic

CODES = faces.code_patterns(PLAIN_SITE.parts)
FULL: dict[str, Any] = {
    "topics": ("a",),
    "guides": ("b",),
    "seen_from": ("acme",),
    "aliases": ("old",),
    "phrases": ("turned twice",),
    "references": (reference(),),
    "responses": (reply("500 {ip} The spindle is gone"), reply("500 never", sender="acme", topics=("a",))),
}


def test_face_shows_what_lists_and_neighbours_show() -> None:
    made = faces.face(entry("500-5.1-acme", "400", sender="acme", **FULL), CODES)
    assert (made.slug, made.source, made.digit) == ("500-5.1-acme", "errors/500-5.1-acme.md", "5")
    assert (made.codes, made.facts) == ({"number": "500", "detail": "5.1"}, {"retry": ("no",)})
    assert made.fields.title == "Title of 500-5.1-acme"
    assert made.fields.related == (Pick("400", "500-5.1-acme is not 400."),)
    assert made.fields.responses == (Said("500 the spindle gone", None), Said("500 never", "acme"))
    assert (made.fields.sender, made.fields.topics, made.fields.aliases) == ("acme", ("a",), ("old",))


@pytest.mark.parametrize(
    "change",
    [
        {"text": "## What it means\n\nAnother text.\n"},
        {"references": ()},
        {"responses": (reply("500 {ip} The spindle is gone", source="https://other.example/"), FULL["responses"][1])},
    ],
    ids=["body", "references", "source of a reply"],
)
def test_face_does_not_show_what_only_the_own_page_shows(change: dict[str, Any]) -> None:
    assert faces.face(entry("500", **FULL), CODES) == faces.face(entry("500", **FULL | change), CODES)


OTHERS: dict[str, Any] = {
    "title": "Another",
    "summary": "Another summary. " * 6,
    "sender": "acme",
    "topics": (),
    "guides": (),
    "seen_from": (),
    "aliases": (),
    "phrases": (),
    "responses": (),
    "status": "retired",
    "replaced_by": "400",
}


@pytest.mark.parametrize("name", OTHERS)
def test_face_tells_of_every_change_that_others_show(name: str) -> None:
    other = entry("500", **FULL | {name: OTHERS[name]})
    assert faces.face(entry("500", **FULL), CODES) != faces.face(other, CODES)


def test_faces_are_packed_and_come_back() -> None:
    made = faces.face(entry("500", "400", **FULL), CODES)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(made), type=type(made)) == made


# What is made of faces is what is made of entries


def full() -> Content:
    return content(
        entry("500", "400", **FULL),
        entry("400", status="retired", replaced_by="500"),
        entry("500-5.1", topics=("a",)),
        entry("500-5.1-acme", sender="acme"),
        entry("4.1", guides=("b",)),
        *(sender("acme"), topic("a", first=("500",)), guide("b", topics=("a",))),
    )


def outline(made: Content) -> Outline:
    shown = tuple(faces.face(one, CODES) for one in made.entries)
    return Outline(made.site, shown, made.senders, made.topics, made.guides, made.pages, made.registries, made.lookup)


def test_faces_are_enough_for_relations() -> None:
    found = []
    for made in (full(), outline(full())):
        ordered = related.order(made)
        index = related.index(made, ordered)
        found.append({one.slug: related.relations(one, index) for one in ordered})
    assert found[0] == found[1]


def test_faces_are_enough_for_lists() -> None:
    assert link.link(outline(full())) == link.link(full())
    assert list(feeds.feeds(link.link(outline(full())), PLAIN_SITE)) == list(feeds.feeds(link.link(full()), PLAIN_SITE))


def test_faces_are_enough_for_what_is_around_an_entry() -> None:
    whole, faced = link.Linker(full()), link.Linker(outline(full()))
    assert [faced.around(n) for n in range(5)] == [whole.around(n) for n in range(5)]


def test_faces_and_replies_are_enough_for_every_other_page() -> None:
    whole = {one.slug: one for one in full().entries}
    faced = link.Linker(outline(full()), "content", lambda one: whole[one.slug].fields.responses)
    made = [maker.make() for maker in faced.makers()]
    assert made == [view for view in link.pages(full()) if view.head.page not in _own_pages(full().entries)]


def _own_pages(entries: tuple[Entry, ...]) -> set[str]:
    return {f"errors/{one.slug}.html" for one in entries}


# Wordings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("550 5.1.1 The user {address} is unknown", "the user unknown"),
        ("550 Blocked by 192.0.2.10, see https://www.example.com/x?y=1", "blocked see example com"),
        ("{id} {ip}", ""),
        ("550 " + "word " * 40, " ".join(["word"] * faces.MOST_WORDS)),
        ("550 " + "x" * 41 + " short", "short"),
        ("550 ПОЛЬЗОВАТЕЛЬ не найден", "пользователь найден"),
    ],
    ids=["braces", "address", "nothing particular", "long", "id", "other script"],
)
def test_wording_is_what_is_particular(text: str, words: str) -> None:
    assert faces.wording(text) == words


def test_wording_begins_with_the_replys_own_codes() -> None:
    codes = (re.compile(r"(?<![\w.])[2-5]\d\d(?![\w.])"), re.compile(r"(?<![\w.])[245]\.\d\.\d(?![\w.])"))
    assert faces.wording("550-5.1.1 No such user", codes) == "550 5.1.1 such user"
    assert (
        faces.wording("No such user, and after many more words a code: 550", codes)
        == "such user and after many more words code"
    )
