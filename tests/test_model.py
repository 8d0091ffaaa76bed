"""The types that flow from content to output: frozen, and strict about addresses; a problem is one line."""

from __future__ import annotations

import re

import msgspec
import pytest
from msgspec import Struct

from errordocs import model
from errordocs import views
from errordocs.model import Problem

TYPES = [
    kind
    for module in (model, views)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind is not Struct and kind.__module__ == module.__name__
]
AUTHORED = [kind for kind in TYPES if issubclass(kind, model.Authored)]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_type_is_frozen(kind: type[Struct]) -> None:
    assert kind.__struct_config__.frozen


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.__name__)
def test_type_holds_no_list_or_set(kind: type[Struct]) -> None:
    types = " ".join(str(field.type) for field in msgspec.structs.fields(kind))
    assert not re.findall(r"\b(?:list|set)\[|\bAny\b", types)


@pytest.mark.parametrize("kind", AUTHORED, ids=lambda kind: kind.__name__)
def test_what_an_author_writes_has_no_field_that_nobody_reads(kind: type[Struct]) -> None:
    assert kind.__struct_config__.forbid_unknown_fields


def test_a_frozen_record_refuses_a_change() -> None:
    problem = Problem("a.md", 1, 2, "rule", "what", "mend")
    with pytest.raises(AttributeError):
        problem.line = 3  # type: ignore[misc]


def test_problem_reads_as_one_line_for_the_person_with_the_editor_open() -> None:
    problem = Problem("content/errors/500.md", 3, 8, "bad-date", "`x` is no date", "write it as 2026-11-24")
    assert str(problem) == "content/errors/500.md:3:8: error[bad-date]: `x` is no date; write it as 2026-11-24"


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("`a\nb` is none", r"`a\nb` is none"),
        ("`\x1b[31m` is none", r"`\x1b[31m` is none"),
        ("`\udcff` is none", r"`\udcff` is none"),
        ("`\u202ex` is none", r"`\u202ex` is none"),
        ("`日本 é ß` is none", "`日本 é ß` is none"),
    ],
    ids=["line end", "terminal escape", "byte of a file name", "direction", "letters of any script"],
)
def test_problem_shows_what_cannot_be_printed_by_its_escape(what: str, shown: str) -> None:
    assert str(Problem("a.md", 1, 1, "rule", what, "mend")) == f"a.md:1:1: error[rule]: {shown}; mend"


def test_problems_sort_by_file_then_line_then_column() -> None:
    one, two, three, four = (
        Problem(*place, "r", "w", "m") for place in (("a", 2, 9), ("a", 10, 1), ("a", 10, 2), ("b", 1, 1))
    )
    assert sorted([four, three, two, one]) == [one, two, three, four]


@pytest.mark.parametrize(
    "slug", ["500", "5.1.1", "554-5.7.1", "550-5.7.26-gmail-unauthenticated", "a", "0", "x" * 100], ids=str
)
def test_slug_is_taken(slug: str) -> None:
    assert msgspec.convert(slug, model.Slug) == slug


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "A",
        "a_b",
        "a--b",
        "-a",
        "a-",
        ".a",
        "a.",
        "a..b",
        "a/b",
        "a b",
        "ä",
        "a\n",
        "\na",
        "x" * 101,
        "../a",
        "a%2fb",
    ],
    ids=repr,
)
def test_slug_is_refused(slug: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(slug, model.Slug)


@pytest.mark.parametrize("url", ["https://a.b", "http://a.b/", "https://a.b/c?d=e#f", "https://a.b:8/ä"], ids=str)
def test_web_address_is_taken(url: str) -> None:
    assert msgspec.convert(url, model.Web) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "//a.b",
        "javascript:x",
        "https://a@b/",
        "https:\\\\a",
        "https://a b",
        "https://a/\n",
        " https://a",
        "HTTPS://a",
    ],
    ids=repr,
)
def test_web_address_is_refused(url: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(url, model.Web)
