"""The quick reader of front matter gives what the careful one gives, or nothing: on our content, and on any text."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from errordocs import flat
from errordocs import frontmatter
from errordocs import plaintext
from errordocs.plaintext import BAD_CHARACTERS
from tests.conftest import REPOSITORY

CONTENTS = ("content", "examples/http", "tests/sites/awkward/content", "tests/sites/plain/content")


@cache
def heads() -> dict[str, str]:
    """By path: the text of the fields of a file."""
    found = {}
    for folder in CONTENTS:
        for path in sorted((REPOSITORY / folder).rglob("*.*")):
            if path.suffix in (".md", ".yaml"):
                text = plaintext.decode(str(path), path.read_bytes())
                name = str(path.relative_to(REPOSITORY))
                found[name] = plaintext.split(name, text)[0] if path.suffix == ".md" else text
    return found


def is_same(text: str) -> None:
    """What the careful reader makes of a text, in the same order, and nothing where it finds something wrong."""
    if (seen := flat.parse(text)) is not None:
        data, problems = frontmatter.parse("x.md", text)
        assert (seen, problems) == (data, [])
        assert repr(seen) == repr(data)  # so the order is the same too


@pytest.mark.parametrize("folder", CONTENTS)
def test_our_own_fields_are_read_as_the_careful_reader_does(folder: str) -> None:
    found = [text for path, text in heads().items() if path.startswith(folder)]
    assert found
    for text in found:
        is_same(text)


def test_many_of_our_own_entries_are_taken() -> None:
    entries = [text for path, text in heads().items() if path.startswith("content/errors")]
    assert sum(flat.parse(text) is not None for text in entries) > len(entries) / 3


VALUES = (
    *("word", "two words", "5.1.1", "2026-01-02", "yes", "null", "12:30", "a:b", "a#b", "https://a.b/c?d=e&f#g"),
    *("größer", "Größe", "a, b", "a [b] {c}", "it's", 'say "no"', "a - b", "a: b", "a #b", "a:", "a ", "ends in a:"),
    *("'x'", "'it''s'", '"x"', '"a: b #c"', '"a\\tb"', '""', '"x" y', '"x', '"x" # why', "''", '"{ip}"', "{a: b}"),
    *("[a]", "[a, b-c, d.e]", "[a,b]", "[]", '["a"]', "[a, [b]]", "[a, b", "[a ,b]", "[a, ]", "[a] b", "[ a ]"),
    *(">-\n  one\n  two", ">-\n  one\n    two", ">-\n  one\n\n  two", ">-\n  # one", ">\n  one", "|-\n  one", ">-"),
    *(
        ">-\n    one\n    two",
        ">-\n one",
        ">-\n  one \n  two",
        ">- # a\n  one",
        ">+\n  one",
        ">-\n  one\n",
        ">-\n\n  a",
    ),
    *("&a b", "*a", "!t a", "- a", "? a", "# a", "%a", "@a", "`a`", "|", "-", "~", "", " ", "  a", "a\n  b", "a\n b"),
    *("\u00a0a", "a:\u00a0b", "a\u00a0#b", "a\tb", "a\t", "\ta", "日本: a", "<<", "=", "a\n\n", "a\n---", "a\n..."),
)
NAMES = ("a", "b", "a_b", "entry", "text", "A", "a-b", "1", "", '"a"', "a b", "<<", "é", "yes", "- a", "a:b")
LEADS = ("", "", "", "  - ", "  - ", "    ", "    ", "- ", "  ", "      ", "      - ", "   - ", "  -  ", "\t", "# ")
LINE = st.one_of(
    st.tuples(st.sampled_from(LEADS), st.sampled_from(NAMES), st.sampled_from(VALUES)).map(
        lambda line: f"{line[0]}{line[1]}: {line[2]}\n"
    ),
    st.tuples(st.sampled_from(LEADS), st.sampled_from(VALUES)).map(lambda line: f"{line[0]}{line[1]}\n"),
    st.tuples(st.sampled_from(LEADS), st.sampled_from(NAMES)).map(lambda line: f"{line[0]}{line[1]}:\n"),
)
PLAIN_VALUE = st.sampled_from(["word", "two words", "5.1.1", '"a: b"', "a:b", "a#b"])
PLAIN_NAME = st.sampled_from(["a", "b", "c", "d", "e"])
FIELDS = st.tuples(PLAIN_NAME, PLAIN_VALUE).map(": ".join)
LIST = st.lists(PLAIN_VALUE | st.lists(FIELDS, min_size=1, max_size=3).map("\n    ".join), min_size=1, max_size=3).map(
    lambda items: "".join(f"\n  - {item}" for item in items)
)
SOUND = st.tuples(
    PLAIN_NAME, LIST | PLAIN_VALUE.map(" {}".format) | st.sampled_from([" [a, b]", " >-\n  one\n  two"])
).map(lambda field: f"{field[0]}:{field[1]}\n")


@settings(max_examples=1500)
@given(st.lists(SOUND | LINE, max_size=6).map("".join))
@example("a:\n  - b\n    c: d\n")
@example("a: b\n  - c: d\n")
@example("a:\nb: c\n")
@example('a: ""\n  - b\n')
@example("a:\n  - b: >-\n  c\n")
@example("a: b\na: c\n")
@example("a:\n  - b: c\n    b: d\n")
@example("a: >-\n  b\n    c: d\n")
def test_any_fields_are_read_as_the_careful_reader_does_or_not_at_all(text: str) -> None:
    is_same(text)


@settings(max_examples=500)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=120).filter(lambda text: not BAD_CHARACTERS.search(text))
)
def test_any_characters_are_read_as_the_careful_reader_does_or_not_at_all(text: str) -> None:
    is_same(text)
    is_same(f"a: {text}\n")
    is_same(f"a: a{text}\n")
    is_same(f"a:\n  - {text}: a{text}\n    b: a{text}\n")


@settings(max_examples=500)
@given(st.sampled_from(sorted(heads())), st.data())
def test_our_own_fields_with_a_slip_are_read_as_the_careful_reader_does_or_not_at_all(
    name: str, data: st.DataObject
) -> None:
    text = heads()[name]
    place, cut = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 3))
    slip = data.draw(st.sampled_from([*VALUES, *LEADS, "\n", "\n\n", ":", "#", '"', "'"]))
    is_same(text[:place] + slip + text[place + cut :])


TAKEN = {
    "values": 'a: b c\nd: "e: f"\ng: 5.1.1\nh: 2026-01-02\n',
    "addresses": "a: https://b.c/d?e=f&g#h\n",
    "lists of words": "a: [b, c-d, e.f]\n",
    "lists of values": 'a:\n  - b c\n  - "d: e"\n  - https://f.g\n',
    "lists of names": "a:\n  - b: c\n    d: e\n  - b: f\n",
    "a folded text": "a: >-\n  One line: so,\n  # and two.\nb: c\n",
    "any letters": "a: bäü “c” — 日本\n",
}
LEFT = {
    "nothing": "",
    "no value": "a:\n",
    "no value in the middle": "a:\nb: c\n",
    "an empty list in the middle": "a:\n  - b: c\nd:\ne: f\n",
    "a second line with a name, after a list": "a:\n  - b: c\nd: e\n    f: g\n",
    "a list after a value, after a list": "a:\n  - b: c\nd: e\n  - f: g\n",
    "a comment": "# a\na: b\n",
    "a comment behind": "a: b # c\n",
    "a colon": "a: b: c\n",
    "an escape": 'a: "b\\tc"\n',
    "quotes of the other kind": "a: 'b'\n",
    "a second line": "a: b\n  c\n",
    "a blank line": "a: b\n\nc: d\n",
    "a name twice": "a: b\na: c\n",
    "a name twice below": "a:\n  - b: c\n    b: d\n",
    "deeper lists": "a:\n  - b:\n      - c\n",
    "a folded text below": "a:\n  - b: >-\n      c\n",
    "a mapping": "a:\n  b: c\n",
    "an anchor": "a: &b c\n",
    "a tab": "a: b\tc\n",
    "no end": "a: b",
    "another document": "a: b\n---\nc: d\n",
}


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN.keys())
def test_what_entries_are_made_of_is_taken(text: str) -> None:
    assert flat.parse(text) is not None
    is_same(text)


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT.keys())
def test_what_is_rare_or_wrong_is_left(text: str) -> None:
    assert flat.parse(text) is None
