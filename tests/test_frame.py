"""Frames: what a page has of its own record and of site.yaml, given what is around it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from errordocs import faces
from errordocs import frame
from errordocs import link
from errordocs.frame import Frame
from errordocs.model import Entry
from errordocs.model import Face
from errordocs.views import Around
from errordocs.views import Ref
from tests.conftest import SITE
from tests.conftest import SUMMARY
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import reference
from tests.records import reply
from tests.records import sender
from tests.records import site_of
from tests.records import topic

FRAME = Frame(PLAIN_SITE, "content")
RECORDS = (
    entry(
        *("500", "400"),
        topics=("a",),
        guides=("b",),
        seen_from=("acme",),
        references=(reference(),),
        responses=(reply("500 no"), reply("500 never", sender="acme")),
    ),
    entry("400", status="retired", replaced_by="500"),
    entry("500-acme", sender="acme", topics=("a",)),
    *(sender("acme"), topic("a"), guide("b")),
)


def linker() -> link.Linker:
    return link.Linker(content(*RECORDS))


def face_of(one: Entry) -> Face:
    return faces.face(one, faces.code_patterns(PLAIN_SITE.parts))


# Heads


@pytest.mark.parametrize(
    ("page", "root", "folder"), [("about.html", "", ""), ("errors/500.html", "../", "errors"), ("index.html", "", "")]
)
def test_head_knows_where_its_page_lies(page: str, root: str, folder: str) -> None:
    head = FRAME.head(page, "A title", SUMMARY, ())
    assert (head.page, head.root, head.folder) == (page, root, folder)


def test_trail_begins_at_home_but_on_the_home_page() -> None:
    up = Ref("errors/index.html", "Errors")
    assert [ref.page for ref in FRAME.head("errors/500.html", "A", SUMMARY, (up,)).trail] == ["index.html", up.page]
    assert FRAME.head("index.html", "A", SUMMARY, (up,)).trail == ()


def test_edit_link_is_of_the_repository_that_the_frame_is_of() -> None:
    made = Frame(PLAIN_SITE, "docs/my content").head("a.html", "A", SUMMARY, (), "pages/a.md")
    assert made.edit == "https://repository.example/edit/main/docs/my%20content/pages/a.md"
    assert FRAME.head("a.html", "A", SUMMARY, ()).edit == ""


def test_description_is_plain() -> None:
    assert FRAME.head("a.html", "A", "Run `a < b`.", ()).description == "Run a < b."


@pytest.mark.parametrize("number", range(3))
def test_head_of_an_entry_is_the_same_of_its_face(number: int) -> None:
    one = linker().entries[number]
    assert isinstance(one, Entry)
    ref = linker().refs[one.slug]
    assert FRAME.entry_head(face_of(one), ref) == FRAME.entry_head(one, ref) == linker().entry(number).head


# Facts


def test_facts_stand_in_the_order_of_the_site_whatever_the_order_of_the_entry() -> None:
    more = "  - {name: who, label: Who, help: Who, many: 'yes', values: {us: We. Ourselves., you: You.}}\n"
    site = site_of(SITE.replace("sections:\n", f"{more}sections:\n"))
    one = msgspec.structs.replace(entry("500"), facts={"who": ("you", "us"), "retry": ("yes",)})
    made = Frame(site, "content").facts(one)
    assert [(fact.name, fact.values) for fact in made] == [("retry", ("yes",)), ("who", ("you", "us"))]
    assert made[1].words == (("You.", ""), ("We.", "Ourselves."))
    assert Frame(site, "content").facts(face_of(one)) == made


def test_fact_that_an_entry_has_not_is_left_out() -> None:
    assert FRAME.facts(msgspec.structs.replace(entry("500"), facts={})) == ()


# Entries


@pytest.mark.parametrize("number", range(3))
def test_view_needs_no_more_than_the_record_and_what_is_around_it(number: int) -> None:
    one = linker().entries[number]
    assert isinstance(one, Entry)
    packed = msgspec.msgpack.encode(linker().around(number))
    assert FRAME.entry(one, msgspec.msgpack.decode(packed, type=Around)) == linker().entry(number)


def test_section_goes_where_the_site_puts_its_heading() -> None:
    site = site_of(SITE.replace("kind: overview", "kind: prose"))
    made = Frame(site, "content").entry(entry("500"), link.Linker(content(entry("500"), site=site)).around(0))
    assert ([s.title for s in made.prose], made.overview) == (["What it means"], ())


@pytest.mark.parametrize(
    ("fields", "name"),
    [({}, "~"), ({"sender": "acme"}, "acme"), ({"sender": "bolt"}, "bolt & sons")],
    ids=["nobody", "the reply's own", "another"],
)
def test_reply_is_of_its_own_sender(fields: dict[str, Any], name: str) -> None:
    senders = {"acme": Ref("senders/acme.html", "Acme"), "bolt": Ref("senders/bolt.html", "Bolt & Sons")}
    assert FRAME.reply(reply(**fields), entry("500"), senders).sender_name == name


def test_reply_without_a_sender_is_of_its_entrys() -> None:
    senders = {"acme": Ref("senders/acme.html", "Acme")}
    one = entry("500-acme", sender="acme")
    assert FRAME.reply(reply(), one, senders).sender == senders["acme"]
    assert FRAME.reply(reply(), face_of(one), senders).sender == senders["acme"]


# Parts of pages


def test_contents_list_what_holds_something() -> None:
    assert frame.contents(("a", "A", ()), ("b", "B", (1,)), ("c", "C", True)) == (("b", "B"), ("c", "C"))


def test_reference_says_in_html_what_it_establishes() -> None:
    (made,) = frame.references([msgspec.structs.replace(reference(), says="That `a < b`.")])
    assert made.says == "That <code>a &lt; b</code>."
