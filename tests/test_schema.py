"""What a field is: quick conversion and the slow walk agree, every flaw is told at once, and the nearest right name."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errordocs import frontmatter
from errordocs import schema
from errordocs.model import ArticleFields
from errordocs.model import EntryFields
from errordocs.model import RegistryFields
from errordocs.model import SenderFields
from errordocs.model import SiteFields
from tests.conftest import SITE
from tests.conftest import SUMMARY

USUAL = {"title": "It broke", "summary": SUMMARY, "updated": "2026-01-02"}
REPLY = {"text": "500 no", "source": "https://a.b/", "basis": "observed", "checked": "2026-01-02", "sender": "a"}
ROW = {
    "code": "500",
    "title": "No",
    "status": "standard",
    "reference": "RFC 1",
    "url": "https://a.b/",
    "meaning": "No.",
}
LINK = {"title": "Help", "url": "https://a.b/", "purpose": "support"}
REFERENCE = {"title": "RFC 1", "url": "https://a.b/", "says": "So."}

SOUND: dict[type[Any], dict[str, Any]] = {
    EntryFields: USUAL
    | {"responses": [REPLY | {"sample": ["x"], "topics": ["a"]}], "related": [{"entry": "501", "why": "Not."}]}
    | {"references": [REFERENCE], "aliases": ["500-old"], "status": "retired", "replaced_by": "501", "topics": ["a"]},
    ArticleFields: USUAL | {"topics": ["a"], "guides": ["b"], "first": ["500"], "references": [REFERENCE]},
    SenderFields: {"name": "A", "kind": "service", "summary": SUMMARY, "updated": "2026-01-02", "hosts": ["*.a.b"]}
    | {"links": [LINK], "marks": ["x"], "about": "Text."},
    RegistryFields: {"title": "Codes", "summary": SUMMARY, "source": "https://a.b/", "subjects": {"1": "Addresses"}}
    | {"codes": [ROW | {"with": ["5.1"], "classes": ["5"], "note": "x"}]},
    SiteFields: frontmatter.parse("site.yaml", SITE)[0]
    | {"navigation": [{"label": "All", "page": "errors/index.html"}]},
}
KINDS = pytest.mark.parametrize("kind", SOUND, ids=lambda kind: kind.__name__)

# What the reader of front matter can yield where something else belongs: text, lists and mappings of text.
TEXTS = st.sampled_from(
    [
        *("", " ", "a", "A", "a b", "a\n", "\n", "500", "-", "a" * 91, "a" * 101, "a" * 401, "a" * 2001, "é"),
        *("https://a.b/", "https://a.b/\n", "http:/a", "javascript:x", "https://a.b/" + "c" * 2000, "*.a.b", "a.*.b"),
        *("2026-01-02", "2026-1-2", "20260102", "2026-W01-1", "2026-02-30", "0000-01-01", "9999-12-31", "-2026-01-02"),
        *("2026-01-02T00:00:00", "\u0662026-01-02", "2026-01-02\n", "retired", "observed", "yes", "null", "octagon"),
    ]
)
NAMES = TEXTS | st.sampled_from(["title", "titel", "sumary", "status", "sender", "with", "with_", "words"])
VALUES = st.recursive(
    TEXTS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(place for key, held in inner for place in places(held, (*where, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[type[Any], dict[str, Any]]:
    """A sound mapping in which up to three places were replaced, deleted, or given something more."""
    kind = draw(st.sampled_from(list(SOUND)))
    data = copy.deepcopy(SOUND[kind])
    for _ in range(draw(st.integers(0, 3))):
        *above, last = draw(st.sampled_from(places(data)[1:] or [("title",)]))
        holder: Any = data
        for key in above:
            holder = holder[key]
        act = draw(st.sampled_from(["replace", "delete", "add"]))
        if act == "replace":
            holder[last] = draw(VALUES)
        elif act == "delete":
            holder.pop(*([last] if isinstance(holder, list) else [last, None]))
        elif isinstance(holder, list):
            holder.append(draw(VALUES))
        else:
            holder[draw(NAMES)] = draw(VALUES)
    return kind, data


@KINDS
def test_sound_mapping_is_taken_without_a_flaw(kind: type[Any]) -> None:
    made, flaws = schema.convert(kind, SOUND[kind])
    assert isinstance(made, kind)
    assert flaws == []


@given(mutated())
def test_the_quick_way_and_the_slow_walk_agree(made: tuple[type[Any], dict[str, Any]]) -> None:
    kind, data = made
    fields, told = schema.convert(kind, data)
    walked = list(schema._flaws(msgspec.inspect.type_info(kind), data, ()))
    assert told == ([] if fields is not None else walked)
    assert (fields is None) == bool(walked), walked


@pytest.mark.parametrize(
    "value",
    [
        *("2026-1-2", "20260102", "2026-W01-1", "2026-02-30", "0000-01-01", "26-01-02", "2026-01-02T00:00:00", "today"),
        *(" 2026-01-02", "2026-01-02 ", "2026-01-02\n", "\u0662026-01-02", "2026/01/02", "-2026-01-02", "02.01.2026"),
    ],
    ids=ascii,
)
def test_date_has_one_form(value: str) -> None:
    made, flaws = schema.convert(EntryFields, USUAL | {"updated": value})
    assert made is None
    assert [(flaw.where, flaw.rule) for flaw in flaws] == [(("updated",), "bad-date")]


@given(mutated())
def test_every_flaw_points_into_the_mapping_or_at_what_it_lacks(made: tuple[type[Any], dict[str, Any]]) -> None:
    kind, data = made
    for flaw in schema.convert(kind, data)[1]:
        known = {*places(data)}
        assert flaw.where in known or (flaw.rule == "missing-field" and flaw.where[:-1] in known)
        assert flaw.what
        assert flaw.mend


def test_all_flaws_come_at_once_in_the_order_of_the_fields() -> None:
    data = USUAL | {
        "titel": "x",
        "updated": "soon",
        "topics": "a",
        "responses": [REPLY | {"basis": "seen", "text": ""}],
    }
    del data["title"]
    found = [(flaw.where, flaw.rule) for flaw in schema.convert(EntryFields, data)[1]]
    assert found == [
        (("titel",), "unknown-field"),
        (("title",), "missing-field"),
        (("updated",), "bad-date"),
        (("topics",), "wrong-type"),
        (("responses", 0, "text"), "empty-value"),
        (("responses", 0, "basis"), "bad-value"),
    ]


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ({"titel": "x"}, "unknown-field", "there is no field `titel`; did you mean `title`?"),
        ({"qqq": "x"}, "unknown-field", "there is no field `qqq`; delete it"),
        ({"title": ""}, "empty-value", "`title` is empty; write a value, or delete the field"),
        ({"title": "x" * 91}, "too-long", "`title` has 91 characters; shorten it to 90"),
        ({"summary": "x"}, "too-short", "`summary` has 1 characters; write at least 80"),
        ({"updated": "1.2.26"}, "bad-date", "`1.2.26` is no date; write it as year-month-day, as 2026-11-24"),
        ({"updated": ["x"]}, "wrong-type", "`updated` is a list; write one plain value"),
        ({"title": {"a": "b"}}, "wrong-type", "`title` is a mapping; write one plain value"),
        ({"topics": "x"}, "wrong-type", "`topics` is a single value; write a list, as `[one, two]`"),
        ({"status": "retird"}, "bad-value", "`retird` is no value of `status`; did you mean `retired`?"),
        ({"responses": ["x"]}, "wrong-type", "`responses` is a single value; write a mapping with `text`, `source`,"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)  # fmt: skip
def test_flaw_says_what_is_wrong_and_how_to_mend_it(change: dict[str, Any], rule: str, words: str) -> None:
    (flaw,) = schema.convert(EntryFields, USUAL | change)[1]
    assert flaw.rule == rule
    assert f"{flaw.what}; {flaw.mend}".startswith(words)


def test_missing_field_says_what_belongs_in_it() -> None:
    (flaw,) = schema.convert(EntryFields, {name: text for name, text in USUAL.items() if name != "updated"})[1]
    assert (flaw.where, flaw.on_key) == (("updated",), True)
    assert "2026-11-24" in flaw.mend


def test_further_names_are_passed_over_and_offered_where_a_name_is_mistyped() -> None:
    made, flaws = schema.convert(EntryFields, USUAL | {"number": "500"}, ["number"])
    assert made is not None
    assert flaws == []
    (flaw,) = schema.convert(EntryFields, USUAL | {"nunber": "500"}, ["number"])[1]
    assert flaw.mend == "did you mean `number`?"


def test_value_of_a_further_name_is_not_looked_at() -> None:
    assert schema.convert(EntryFields, USUAL | {"number": ["x"], "title": ""}, ["number"])[1][0].where == ("title",)


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("titel", "title"), ("Title", "title"), ("sumary", "summary"), ("update", "updated"), ("zzz", None), ("", None)],
    ids=repr,
)
def test_nearest_name(word: str, nearest: str | None) -> None:
    assert schema.nearest(word, ["title", "summary", "updated"]) == nearest
