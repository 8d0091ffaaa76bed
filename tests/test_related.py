"""Related entries: which relation comes before which, each entry once, twelve at the most, in one order always."""

from __future__ import annotations

import random
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errordocs import related
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Related
from errordocs.related import Relation
from tests.conftest import SITE
from tests.records import content
from tests.records import entry
from tests.records import registry
from tests.records import sender
from tests.records import site_of
from tests.records import topic

NUMBERED = site_of(SITE.replace('subject: "^.(.)."', 'subject: "^.(.).", registry: number'))
NUMBERS = registry("number", subjects={"0": "The spindle", "1": "The `oil` & the <rag>"})
ACME, BOLT = sender("acme"), sender("bolt", name="Bolt & Sons")


def relations(slug: str, *records: Any) -> tuple[Relation, ...]:
    made = content(*records, ACME, BOLT, topic("turning"), topic("oiling"), NUMBERS, site=NUMBERED)
    return of(made, slug)


def of(made: Content, slug: str) -> tuple[Relation, ...]:
    ordered = related.order(made)
    return related.relations(next(e for e in ordered if e.slug == slug), related.index(made, ordered))


def short(found: tuple[Relation, ...]) -> list[tuple[str, str]]:
    return [(relation.slug, relation.kind) for relation in found]


def kinds(found: tuple[Relation, ...]) -> list[str]:
    return [relation.kind for relation in found]


# Each relation


def test_authors_picks_come_first_in_the_authors_order() -> None:
    found = relations("501", entry("501", "555", "222"), entry("555"), entry("222"), entry("502"))
    assert short(found)[:2] == [("555", "author"), ("222", "author")]


def test_authors_link_is_shown_from_both_ends_with_its_reason() -> None:
    one, other = entry("501", "222"), entry("222")
    assert relations("501", one, other)[0] == Relation("222", "author", "501 is not 222.")
    assert relations("222", one, other)[0] == Relation("501", "author", "501 is not 222.")


def test_own_pick_comes_before_those_of_others() -> None:
    found = relations("501", entry("501", "599"), entry("599"), entry("222", "501"), entry("444", "501"))
    assert short(found)[:3] == [("599", "author"), ("222", "author"), ("444", "author")]


def test_where_both_ends_link_each_keeps_its_own_reason() -> None:
    one, other = entry("501", "222"), entry("222", "501")
    assert relations("501", one, other) == (Relation("222", "author", "501 is not 222."),)
    assert relations("222", one, other) == (Relation("501", "author", "222 is not 501."),)


def test_general_entry_of_a_variant_is_the_same_codes_then_each_part_the_last_first() -> None:
    entries = [entry(slug) for slug in ("500", "5.1", "500-5.1", "5.2")]
    found = relations("500-5.1-acme", entry("500-5.1-acme", sender="acme"), *entries)
    assert short(found) == [("500-5.1", "general"), ("5.1", "general"), ("500", "general")]
    assert [relation.why for relation in found] == [
        "The same code whoever sends it.",
        "Detail 5.1 by itself.",
        "Number 500 by itself.",
    ]


def test_entry_of_a_sender_is_not_general() -> None:
    found = relations("500-5.1", entry("500-5.1"), entry("5.1-acme", sender="acme"))
    assert "general" not in kinds(found)


def test_general_entry_shows_its_variants() -> None:
    found = relations("500", entry("500"), entry("500-acme", sender="acme"), entry("500-bolt", sender="bolt"))
    assert found == (
        Relation("500-acme", "variant", "What Acme means by this code."),
        Relation("500-bolt", "variant", "What Bolt &amp; Sons means by this code."),
    )


def test_variants_of_the_own_sender_come_before_those_of_others() -> None:
    variants = [entry(f"500-{slug}", sender=slug[:4]) for slug in ("acme-a", "bolt-a", "bolt-b", "bolt-c")]
    assert short(relations("500-bolt-c", *variants)) == [
        ("500-bolt-b", "variant"),
        ("500-bolt-a", "variant"),
        ("500-acme-a", "variant"),
    ]


def test_variant_shares_every_part_of_the_entry() -> None:
    variants = [entry(f"{slug}-acme", sender="acme") for slug in ("500", "500-5.1", "500-5.2", "501-5.1")]
    assert short(relations("500-5.1", entry("500-5.1"), *variants))[0] == ("500-5.1-acme", "variant")
    assert short(relations("5.1", entry("5.1"), *variants)) == [
        ("501-5.1-acme", "variant"),
        ("500-5.1-acme", "variant"),
    ]


def test_same_last_part_under_another_first_one() -> None:
    found = relations("500-5.1", *(entry(slug) for slug in ("500-5.1", "501-5.1", "599-5.1", "500-5.2")))
    assert found[:2] == (
        Relation("501-5.1", "same-part", "5.1 together with number 501."),
        Relation("599-5.1", "same-part", "5.1 together with number 599."),
    )


def test_code_by_itself_shows_with_what_it_goes() -> None:
    pairs = [entry(slug) for slug in ("500-5.1", "501-5.1", "501-5.2")]
    assert short(relations("5.1", entry("5.1"), *pairs)) == [("501-5.1", "same-part"), ("500-5.1", "same-part")]


def test_twins_are_shown_both_ways() -> None:
    one, other = entry("5.1"), entry("4.1")
    assert relations("5.1", one, other) == (Relation("4.1", "twin", "Temporary of the same kind: Goes."),)
    assert relations("4.1", one, other) == (Relation("5.1", "twin", "Permanent of the same kind: Stays."),)


def test_twin_is_the_one_most_alike() -> None:
    others = [entry("4.1"), entry("400-4.1"), entry("401-4.1"), entry("400-4.1-acme", sender="acme")]
    assert short(relations("5.1", entry("5.1"), *others))[:1] == [("4.1", "twin")]
    assert short(relations("500-5.1", entry("500-5.1"), *others))[:2] == [("400-4.1", "twin"), ("401-4.1", "twin")]
    acme = entry("500-5.1-acme", sender="acme")
    assert short(relations("500-5.1-acme", acme, *others))[:1] == [("400-4.1-acme", "twin")]


@pytest.mark.parametrize("slug", ["500", "200"], ids=["part without twins", "class without a twin"])
def test_no_twin_where_the_site_knows_none(slug: str) -> None:
    found = relations(slug, *(entry(s) for s in ("500", "400", "200", "2.1", "4.1")))
    assert "twin" not in kinds(found)


def test_neighbours_of_a_subject_are_the_nearest_in_number() -> None:
    found = relations("505", *(entry(f"50{n}") for n in (1, 3, 4, 5, 6, 9)), entry("515"))
    assert [r.slug for r in found] == ["504", "506", "503"]
    assert {(r.kind, r.why) for r in found} == {("subject", "Of the same subject: The spindle.")}


def test_subject_is_worded_as_html() -> None:
    (found,) = relations("510", entry("510"), entry("511"))
    assert found.why == "Of the same subject: The <code>oil</code> &amp; the &lt;rag&gt;."


def test_subject_without_a_name_relates_nothing() -> None:
    assert relations("520", entry("520"), entry("521")) == ()


def test_entries_of_a_topic_are_the_nearest_in_number() -> None:
    others = [entry(slug, topics=("turning",)) for slug in ("522", "533", "544", "566")]
    found = relations("555", entry("555", topics=("turning", "oiling")), *others, entry("577", topics=("oiling",)))
    assert short(found) == [(slug, "topic") for slug in ("544", "566", "533", "577")]
    assert found[0].why == "Also about Title of turning."


def test_lonely_entry_is_related_to_nothing() -> None:
    assert relations("555", entry("555"), entry("222")) == ()


# All together


def test_relations_come_in_one_order_each_entry_once() -> None:
    me = entry("505-5.1-acme", "599", sender="acme", topics=("turning",))
    slugs = ("599", "505-5.1", "5.1", "505", "501-5.1", "400-4.1", "506", "222")
    others = [entry(slug, topics=("turning",)) for slug in slugs]
    acme, bolt = entry("505-5.1-acme-b", sender="acme"), entry("505-5.1-bolt", sender="bolt")
    found = relations("505-5.1-acme", me, *others, acme, bolt, entry("511", "505-5.1-acme"))
    assert short(found) == [
        ("599", "author"),
        ("511", "author"),
        ("505-5.1", "general"),
        ("5.1", "general"),
        ("505", "general"),
        ("505-5.1-acme-b", "variant"),
        ("505-5.1-bolt", "variant"),
        ("501-5.1", "same-part"),
        ("400-4.1", "twin"),
        ("506", "subject"),
    ]


def test_at_most_twelve_are_shown() -> None:
    picks = [str(n) for n in range(510, 530)]
    found = relations("505", entry("505", *picks), *(entry(pick) for pick in picks))
    assert [relation.slug for relation in found] == picks[:12]


def test_reason_of_an_author_is_html_with_code_marked() -> None:
    me = entry("501", related=(Related(entry="222", why="`a < b` & <b>no</b>."),))
    assert relations("501", me, entry("222"))[0].why == "<code>a &lt; b</code> &amp; &lt;b&gt;no&lt;/b&gt;."


# Order


def test_entries_are_counted_as_a_reader_counts() -> None:
    slugs = ["5.10", "5.2", "5.2-acme", "500", "500-5.10", "500-5.2", "500-acme-10", "500-acme-9", "4.1", "400"]
    assert [e.slug for e in related.order(content(*(entry(slug) for slug in slugs)))] == [
        *("400", "500", "500-5.2", "500-5.10", "500-acme-9", "500-acme-10"),
        *("4.1", "5.2", "5.2-acme", "5.10"),
    ]


def counted(slug: str) -> list[tuple[int, int, str]]:
    """The pieces of a slug: numbers before words, and by their value."""
    pieces = re.split(r"([0-9]+)", slug)
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces if piece]


PIECES = st.sampled_from(["5", "50", "05", "500", "9", "10", "a", "ab", "acme", "b", "5a", "a5", "a10", "5a5", "x9y"])
ANY_SLUGS = st.lists(PIECES, min_size=1, max_size=4).flatmap(
    lambda pieces: st.lists(st.sampled_from("-."), min_size=4, max_size=4).map(
        lambda marks: "".join(piece + mark for piece, mark in zip(pieces, marks, strict=False))[:-1]
    )
)


@given(st.dictionaries(ANY_SLUGS, st.sampled_from(["number", "detail"]), min_size=2), st.randoms())
def test_entries_are_ordered_by_part_and_then_by_the_pieces_of_their_slugs(
    parts: dict[str, str], chance: random.Random
) -> None:
    entries = [entry(slug, codes={part: "500"}, text="") for slug, part in parts.items()]
    chance.shuffle(entries)
    names = [part.name for part in NUMBERED.parts]
    made = msgspec.structs.replace(content(site=NUMBERED), entries=tuple(entries))
    wanted = sorted(entries, key=lambda one: (names.index(parts[one.slug]), counted(one.slug)))
    assert [one.slug for one in related.order(made)] == [one.slug for one in wanted]


SLUGS = [
    *("200", "400", "500", "501", "502", "510", "2.1", "4.1", "5.1", "5.2", "500-5.1", "501-5.1", "400-4.1", "500-5.2"),
    *("500-acme", "500-acme-b", "500-bolt", "500-5.1-acme", "500-5.1-bolt", "4.1-acme", "5.1-acme", "5.1-bolt"),
]


@st.composite
def contents(draw: st.DrawFn) -> Content:
    slugs = draw(st.lists(st.sampled_from(SLUGS), min_size=1, unique=True))

    def made(slug: str) -> Entry:
        picks = draw(st.lists(st.sampled_from(slugs), max_size=3, unique=True))
        topics = draw(st.lists(st.sampled_from(["turning", "oiling"]), unique=True))
        named = next((name for name in ("acme", "bolt") if name in slug), None)
        return entry(slug, *(p for p in picks if p != slug), sender=named, topics=tuple(topics), text="")

    entries = [made(slug) for slug in slugs]
    return content(*entries, ACME, BOLT, topic("turning"), topic("oiling"), NUMBERS, site=NUMBERED)


RANKS = ["author", "general", "variant", "same-part", "twin", "subject", "topic"]


@given(contents(), st.randoms(use_true_random=False))
def test_relations_of_any_content_keep_the_rules(made: Content, chance: random.Random) -> None:
    ordered = related.order(made)
    index = related.index(made, ordered)
    shuffled = list(made.entries)
    chance.shuffle(shuffled)
    again = msgspec.structs.replace(made, entries=tuple(shuffled))
    same = related.index(again, related.order(again))
    for one in ordered:
        found = related.relations(one, index)
        slugs = [relation.slug for relation in found]
        picks = [pick.entry for pick in one.fields.related]
        assert one.slug not in slugs
        assert len(set(slugs)) == len(slugs) <= related.MOST
        assert slugs[: len(picks)] == picks[: related.MOST]
        assert [RANKS.index(kind) for kind in kinds(found)] == sorted(RANKS.index(kind) for kind in kinds(found))
        assert related.relations(one, same) == found


@given(contents())
def test_authors_link_is_never_lost_at_the_other_end(made: Content) -> None:
    for one in made.entries:
        for pick in one.fields.related:
            there = of(made, pick.entry)
            assert (one.slug, "author") in short(there) or len(there) == related.MOST
