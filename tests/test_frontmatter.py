"""Strict YAML: every scalar stays the text that was typed, places are right, and nothing that is read can crash it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errordocs import frontmatter
from errordocs import plaintext
from errordocs.model import Problem
from errordocs.plaintext import Broken

SCALARS = [
    *("5.10", "010", "1_000", "no", "No", "NO", "off", "on", "yes", "y", "n", "~", "null", "Null", "true", "False"),
    *(
        "2024-01-01",
        "2024-01-01 10:00:00",
        "0x1F",
        "0o17",
        "0b1",
        "1e3",
        "12:30",
        "1:2:3",
        "+1",
        "-1",
        ".5",
        "5.",
        "-a",
    ),
    *(".inf", "-.inf", ".nan", ".NaN", "=", "<", "1,000", "5.1.1", "550", "0", "00", "1__0", "0.0", "١٢", "é", "日本"),
]


def read(text: str) -> dict[str, Any]:
    """The data of a text that is sound."""
    data, problems = frontmatter.parse("x.yaml", text)
    assert problems == []
    return data


def broken(text: str) -> Problem:
    """The one problem of a text that is not."""
    (problem,) = frontmatter.parse("x.yaml", text)[1]
    return problem


# Text stays text


@pytest.mark.parametrize("scalar", SCALARS)
def test_plain_scalar_stays_the_text_that_was_typed(scalar: str) -> None:
    assert read(f"a: {scalar}\n") == {"a": scalar}


@pytest.mark.parametrize("scalar", SCALARS)
def test_plain_scalar_stays_text_in_a_list_and_as_a_key(scalar: str) -> None:
    assert read(f"a: [{scalar.replace(',', '')}]\n? {scalar}\n: {scalar}\n")[scalar] == scalar
    assert read(f"a:\n- {scalar}\n") == {"a": [scalar]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:\n", ""),
        ("a: ''\n", ""),
        ("a: 'it''s'\n", "it's"),
        ('a: "x\\ty\\u00e9"\n', "x\tyé"),
        ('a: "yes"\n', "yes"),
        ("a: one\n  two\n", "one two"),
        ("a: x # a comment\n", "x"),
        ("a: x#y\n", "x#y"),
        ("# above\na: x\n# below\n", "x"),
        ("a: |\n  one\n    two\n  # three\n", "one\n  two\n# three\n"),
        ("a: |-\n  one\n\n", "one"),
        ("a: |+\n  one\n\n", "one\n\n"),
        ("a: >\n  one\n  two\n\n  three\n", "one two\nthree\n"),
        ("a: >-\n  one\n  two\n", "one two"),
        ("a: |2\n   one\n", " one\n"),
        ("'a': x\n", "x"),
        ('"a" : x\n', "x"),
        ("{a: x}\n", "x"),
        ("a: [one, 'two', \"three\", four five]\n", ["one", "two", "three", "four five"]),
        ("a: []\n", []),
        ("a: {}\n", {}),
        ("a:\n- b: c\n  d: e\n- f\n", [{"b": "c", "d": "e"}, "f"]),
        ("a: https://host/?x=1#y\n", "https://host/?x=1#y"),
        ("a: 550 5.7.1 <{address}>... denied\n", "550 5.7.1 <{address}>... denied"),
    ],
    ids=lambda value: repr(value) if isinstance(value, str) else "",
)
def test_value_is_read(text: str, value: Any) -> None:
    assert read(text) == {"a": value}


def test_fields_stay_in_the_order_of_the_file() -> None:
    assert list(read("b: x\na: y\n'10': z\n9: w\n")) == ["b", "a", "10", "9"]


# Lines and columns


TEXT = """\
title: It broke
"summary" : 'x'
list:
  - one
  - {text: a, more: [b, "c"]}
block: |
  first
  second
"é": ü
"""


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        (("title",), (1, 1), (1, 8)),
        (("summary",), (2, 1), (2, 13)),
        (("list",), (3, 1), (4, 3)),
        (("list", 0), (3, 1), (4, 5)),
        (("list", 1), (3, 1), (5, 5)),
        (("list", 1, "more"), (5, 15), (5, 21)),
        (("list", 1, "more", 1), (5, 15), (5, 25)),
        (("block",), (6, 1), (6, 8)),
        (("é",), (9, 1), (9, 6)),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value[0], str) else None,
)
def test_place_of_a_field(where: frontmatter.Path, key: tuple[int, int], value: tuple[int, int]) -> None:
    assert frontmatter.place("x.yaml", TEXT, 0, where) == value
    assert frontmatter.place("x.yaml", TEXT, 0, where, key=True) == key


@pytest.mark.parametrize(
    ("where", "key"),
    [(("nope",), True), (("list", 1, "nope"), True), (("list", 9), False), (("title", "deep", 3), False)],
    ids=["field of the file", "field of an item", "item", "field of a text"],
)
def test_place_of_what_is_missing_is_that_of_the_nearest_holder(where: frontmatter.Path, key: bool) -> None:
    line, _ = frontmatter.place("x.yaml", TEXT, 0, where, key)
    assert line == {"nope": 1, "list": 5 if len(where) == 3 else 4, "title": 1}[str(where[0])]


def test_lines_above_are_counted() -> None:
    assert frontmatter.place("x.md", TEXT, 1, ("title",)) == (2, 8)
    (problem,) = frontmatter.parse("x.md", "a: x\na: y\n", 7)[1]
    assert (problem.line, problem.column) == (9, 1)


def test_first_of_two_fields_is_kept_and_the_second_is_told() -> None:
    data, (problem,) = frontmatter.parse("x.yaml", "a: x\nb: y\na: z\n")
    assert data == {"a": "x", "b": "y"}
    assert (problem.rule, problem.line, problem.column) == ("duplicate-key", 3, 1)


def test_the_same_key_may_stand_in_two_mappings() -> None:
    assert read("a: {b: x}\nc: {b: y}\n") == {"a": {"b": "x"}, "c": {"b": "y"}}


@pytest.mark.parametrize(("one", "other"), [("a", '"a"'), ("010", "'010'"), ("é", '"\\u00e9"'), ("no", '"no"')])
def test_keys_are_the_same_however_they_are_quoted(one: str, other: str) -> None:
    assert broken(f"{one}: x\n{other}: y\n").rule == "duplicate-key"


def test_keys_that_yaml_takes_for_one_number_are_two() -> None:
    assert len(read("1: x\n01: x\n1.0: x\n0x1: x\nyes: x\ntrue: x\n")) == 6


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ("a: !x y\n", "yaml-tag", 1, 4),
        ("a: !!python/name:os.system x\n", "yaml-tag", 1, 4),
        ("!x\na: b\n", "yaml-tag", 1, 1),
        ("!!str a: b\n", "yaml-tag", 1, 1),
        ("a: &b c\n", "yaml-anchor", 1, 4),
        ("&x a: b\n", "yaml-anchor", 1, 1),
        ("a: {b: &c []}\n", "yaml-anchor", 1, 8),
        ("a: *b\n", "yaml-alias", 1, 4),
        ("*a : b\n", "yaml-alias", 1, 1),
        ("a:\n  <<: {b: c}\n", "yaml-merge", 2, 3),
        ('"<<": b\n', "yaml-merge", 1, 1),
        ("[a]: b\n", "yaml-key", 1, 1),
        ("{a: b}: c\n", "yaml-key", 1, 1),
        ("a: b: c\n", "yaml", 1, 5),
        ("a: [b\n", "yaml", 2, 1),
        ("a: @b\n", "yaml", 1, 4),
        ("a: `b`\n", "yaml", 1, 4),
        ("\ta: b\n", "yaml", 1, 1),
        ("a: 'b\n", "yaml", 2, 1),
        ("a: b\n  c: d\n", "yaml", 2, 4),
        ('a: "\\q"\n', "yaml", 1, 5),
        ('a: "\\ud800"\n', "yaml", 1, 7),
        ("- a\n", "front-matter", 1, 1),
        ("a\n", "front-matter", 1, 1),
        ("", "front-matter", 1, 1),
        ("# only a comment\n", "front-matter", 1, 1),
        ("a: b\n---\nc: d\n", "yaml-documents", 2, 1),
        ("%TAG ! x:\n---\na: b\n", "yaml-directive", 1, 1),
        ('a: "\\e"\n', "control-character", 1, 4),
        ('a: "\\u202e"\n', "control-character", 1, 4),
        ('"\\0": a\n', "control-character", 1, 1),
    ],
    ids=lambda value: repr(value) if isinstance(value, str) and (":" in value or "\n" in value) else None,
)
def test_refused_text_is_told_at_its_place(text: str, rule: str, line: int, column: int) -> None:
    problem = broken(text)
    assert (problem.rule, problem.line, problem.column) == (rule, line, column)


@pytest.mark.parametrize(("levels", "taken"), [(7, True), (8, False)])
def test_nesting_has_a_limit(levels: int, taken: bool) -> None:
    _, problems = frontmatter.parse("x.yaml", "a: " + "[" * levels + "]" * levels + "\n")
    assert [problem.rule for problem in problems] == ([] if taken else ["yaml-depth"])


# Bytes to text, and where the fields end


@pytest.mark.parametrize(
    "raw",
    [b"---\na: b\n---\nText\n", b"---\r\na: b\r\n---\r\nText\r\n", b"\xef\xbb\xbf---\na: b\n---\nText\n"],
    ids=["LF", "CRLF", "byte order mark"],
)
def test_line_ends_and_a_byte_order_mark_make_no_difference(raw: bytes) -> None:
    assert plaintext.decode("x.md", raw) == "---\na: b\n---\nText\n"


@pytest.mark.parametrize(
    ("raw", "rule", "line", "column"),
    [
        (b"a\nb\xff", "encoding", 2, 2),
        (b"\xe9", "encoding", 1, 1),
        (b"\xed\xa0\x80", "encoding", 1, 1),
        (b"\xc0\xaf", "encoding", 1, 1),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "control-character", 1, 1),
        (b"a\r\nb\0", "control-character", 2, 2),
        (b"a\rb", "control-character", 1, 2),
        (b"\xc3\xa9\x1b[31m", "control-character", 1, 2),
        ("é\u202ex".encode(), "control-character", 1, 2),
        ("a\u2028b".encode(), "control-character", 1, 2),
        ("\ufeff\r\né\ufffe".encode(), "control-character", 2, 2),
    ],
    ids=repr,
)
def test_bytes_that_no_text_should_hold_are_told_at_their_place(raw: bytes, rule: str, line: int, column: int) -> None:
    with pytest.raises(Broken) as told:
        plaintext.decode("x.md", raw)
    problem = told.value.problem
    assert (problem.rule, problem.line, problem.column) == (rule, line, column)


@pytest.mark.parametrize("text", ["tab\there", "é日本\U0001f600", "a\u00a0b", "\u200d", "עברית", "اردو"], ids=ascii)
def test_text_of_any_script_is_taken(text: str) -> None:
    assert plaintext.decode("x.md", text.encode()) == text


@pytest.mark.parametrize(
    ("text", "fields", "body", "above"),
    [
        ("---\na: b\n---\nText\n", "a: b\n", "Text\n", 3),
        ("---\na: b\n---\n", "a: b\n", "", 3),
        ("---\na: b\n---", "a: b\n", "", 3),
        ("---\n---\nText\n", "", "Text\n", 2),
        ("---\na: b\n---\n\n---\nText\n", "a: b\n", "\n---\nText\n", 3),
        ("---\na: |\n  ---\n---\nText\n", "a: |\n  ---\n", "Text\n", 4),
    ],
    ids=["both", "fields only", "no last line end", "no fields", "rule in the body", "rule in a block"],
)
def test_fields_end_at_the_second_line_of_hyphens(text: str, fields: str, body: str, above: int) -> None:
    assert plaintext.split("x.md", text) == (fields, body, above)


@pytest.mark.parametrize(
    "text", ["", "Text\n", " ---\na: b\n---\n", "---\na: b\n", "--- \na: b\n---\n", "---"], ids=repr
)
def test_text_without_fields_is_told(text: str) -> None:
    with pytest.raises(Broken, match="front-matter"):
        plaintext.split("x.md", text)


# Whatever is typed


PIECES = st.sampled_from(
    [
        *(
            "a",
            "b: ",
            ": ",
            "- ",
            "? ",
            "[",
            "]",
            "{",
            "}",
            ", ",
            "\n",
            "\n  ",
            "    ",
            "\t",
            "'",
            '"',
            "\\",
            "#",
            " # ",
        ),
        *(
            "|",
            ">",
            "|-",
            ">+2",
            "&a",
            "*a",
            "!",
            "!!str ",
            "!<x>",
            "%YAML 1.2",
            "%",
            "@",
            "`",
            "<<: ",
            "---\n",
            "...\n",
        ),
        *("\\x", "\\u12", "\\U0010ffff", "é", "\U0001f600", "\u0085", "\ufeff", "\u00a0", "~", "5.10", "=", "\0", "\r"),
    ]
)
TEXTS = st.text(max_size=60) | st.lists(PIECES, max_size=40).map("".join)


def is_told_or_read(raw: bytes) -> None:
    """One way or the other: plain data of texts, lists and mappings, or problems; never an exception."""
    try:
        text = plaintext.decode("x.md", raw)
    except Broken:
        return
    data, problems = frontmatter.parse("x.md", text)
    assert is_plain(data, 0)
    assert data or problems or text.strip().startswith("{")
    lines = text.count("\n") + 2  # what is missing at the end is told on the line below
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems)


def is_plain(value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        return depth < frontmatter.DEPTH and all(type(k) is str and is_plain(v, depth + 1) for k, v in value.items())
    if isinstance(value, list):
        return depth < frontmatter.DEPTH and all(is_plain(v, depth + 1) for v in value)
    return type(value) is str


@given(TEXTS)
def test_any_text_gives_data_or_problems(text: str) -> None:
    is_told_or_read(text.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=60))
def test_any_bytes_give_data_or_problems(raw: bytes) -> None:
    is_told_or_read(raw)


@given(PIECES, st.lists(PIECES, min_size=1, max_size=4).map("".join), TEXTS)
def test_any_text_gives_data_or_problems_up_to_the_size_of_a_file(head: str, piece: str, tail: str) -> None:
    times = 64 * 1024 // len(piece.encode())
    is_told_or_read((head + piece * times + tail).encode()[: 64 * 1024])


BASIC = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20
)  # JSON's \\u has four digits


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), min_size=1, max_size=4))
def test_any_text_in_quotes_comes_back(fields: dict[str, str]) -> None:
    text = "".join(
        f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in fields.items()
    )
    data, problems = frontmatter.parse("x.yaml", text)
    refused = any(plaintext.BAD_CHARACTERS.search(word) for item in fields.items() for word in item)
    assert (data == fields and not problems) or refused or "<<" in fields


@given(TEXTS)
def test_places_of_any_text_are_found(text: str) -> None:
    data, _ = frontmatter.parse("x.yaml", text)
    for name in data:
        line, column = frontmatter.place("x.yaml", text, 0, (name,))
        assert line >= 1
        assert column >= 1
