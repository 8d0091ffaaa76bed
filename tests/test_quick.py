"""The quick reader gives what the careful one gives, or nothing: on all our content, and on any made-up text."""

from __future__ import annotations

import re
from functools import cache

import msgspec
import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from errordocs import markup
from errordocs import plaintext
from errordocs import quick
from errordocs.model import Body
from errordocs.plaintext import BAD_CHARACTERS
from tests.conftest import REPOSITORY

CONTENTS = ("content", "examples/http", "tests/sites/awkward/content", "tests/sites/plain/content")


@cache
def bodies() -> dict[str, tuple[str, str, int]]:
    """By path: the name from the content's folder, the body, and the number of lines above it."""
    found = {}
    for folder in CONTENTS:
        for path in sorted((REPOSITORY / folder).rglob("*.md")):
            name = path.relative_to(REPOSITORY / folder).as_posix()
            _, body, above = plaintext.split(name, path.read_text())
            found[f"{folder}/{name}"] = name, body, above
    return found


def placeless(body: Body) -> Body:
    """The same without the places of links, which the careful reader cannot always tell."""
    links = tuple(msgspec.structs.replace(link, line=0, column=0) for link in body.links)
    return msgspec.structs.replace(body, links=links)


def is_same(text: str, source: str = "errors/500.md", above: int = 0) -> bool:
    """Whether the quick reader took the text; fails where it took it for another than it is."""
    taken = False
    for render in (True, False):
        careful, problems = markup.parse(f"content/{source}", source, text, above, render=render)
        made = quick.parse(source, text, above, render)
        if made is None:
            continue
        taken = True
        assert problems == []
        assert placeless(made) == placeless(careful)
        if not re.search(r"[`\\]", text) and len({link.href for link in made.links}) == len(made.links):
            assert made.links == careful.links
    return taken


@pytest.mark.parametrize("folder", CONTENTS)
def test_our_own_texts_are_read_as_the_careful_reader_does(folder: str) -> None:
    found = [body for path, body in bodies().items() if path.startswith(folder)]
    assert found
    for source, body, above in found:
        is_same(body, source, above)


def test_nearly_all_of_our_own_texts_are_taken() -> None:
    left = [path for path, (source, body, above) in bodies().items() if quick.parse(source, body, above) is None]
    assert len(left) < len(bodies()) / 20


SENTENCES = (
    *(
        "It broke.",
        "Turn it off, then on again.",
        "größer als 日本語",
        "5 < 6 & 7 > 2",
        'He said "no"',
        "It's 3 * 4 * 5.",
    ),
    *(
        "*one*",
        "**two**",
        "a *b* c **d** e",
        "***three***",
        "a*b*c",
        "a_b_c",
        "_one_ __two__",
        "**a*b*c**",
        "*a **b***",
    ),
    *("`code`", "`` a ` b ``", "`a\nb`", "` `", "`<b>`", "`[x](y)`", "a `b` *c*", "**`a`**", "`*a*`"),
    *("[a](500.md)", "[a](../guides/b.md)", "[a](#b)", "[a](../guides/b.md#c-d)", "[a](https://a.b/c?d=e&f=g#h)"),
    *(
        "[a](mailto:a@b.c)",
        "[*a* `b`](500.md)",
        "[a](<500.md>)",
        '[a](500.md "t")',
        "[a]",
        "[a][b]",
        "[b]: 500.md",
        "[a] (x)",
    ),
    *(
        "[a](javascript:x)",
        "[a](/x)",
        "[a](../../x.md)",
        "[a](500.md 'x')",
        "[a](x y)",
        "[a]()",
        "[a](https://a.b/ü)",
        "[](500.md)",
    ),
    *(
        "[a](senders/x.yaml)",
        "[a](500.md#)",
        "[a](500.md#É)",
        "[a](./500.md)",
        "[a](a/../500.md)",
        "[a](500.html)",
        "[a](x:y)",
    ),
    *(
        "![a](b.png)",
        "<b>x</b>",
        "<https://a.b>",
        "<a@b.c>",
        "<!-- x -->",
        "&amp; &lt; &eacute; &#65; &nope;",
        "AT&T &copy",
    ),
    *(
        "\\*a\\*",
        "\\[a](b)",
        "a\\",
        "a  \nb",
        "a\\\nb",
        "a\nb",
        "  a",
        "a\tb",
        "http://a.b",
        "~~a~~",
        "a^b^",
        "$x$",
        "[^1]",
        "{ip}",
    ),
    *(
        "- [ ] a",
        "| a",
        "a | b",
        "Term\n: text",
        "# no",
        "#no",
        "1) one",
        "--",
        "---",
        "===",
        "...",
        "“quoted” — dash",
        "a\u00a0b",
    ),
    *(
        "https://a.b/*c*",
        "x*y",
        "*",
        "**",
        "_",
        "`",
        "[",
        "]",
        "](",
        "!",
        "<",
        ">",
        "&",
        "\\",
        "\u200b*a*",
        "«*a*»",
        "*ü*",
        "_ü_",
    ),
)
SENTENCE = st.sampled_from(SENTENCES)
LINE = st.lists(SENTENCE, min_size=1, max_size=4).map(" ".join)
GLUED = st.lists(SENTENCE, min_size=1, max_size=4).map("".join)
TEXT = LINE | GLUED
LANGUAGE = st.sampled_from(["sh", "text", "", "python", "klingon", "json", "SH", "text x", "c++", "\u00fc", "sh`"])


def heading(parts: tuple[int, str, str]) -> str:
    level, text, tail = parts
    return "#" * level + " " + text.replace("\n", " ") + tail


def code(parts: tuple[str, str, str, str]) -> str:
    indent, fence, language, text = parts
    return "\n".join(f"{indent}{line}" for line in (f"{fence}{language}", *text.split("\n"), fence))


def table(rows: list[list[str]]) -> str:
    lines = [[cell.replace("\n", " ") for cell in row] for row in rows]
    sides = ["---", ":--", "--:", ":-:"]
    rule = [sides[number % 4] for number in range(len(lines[0]))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])


def listed(parts: tuple[str, list[str], str]) -> str:
    mark, items, between = parts
    return between.join(f"{mark} " + one.replace("\n", "\n  ") for one in items)


CODE = st.tuples(
    st.sampled_from(["", "", "", " ", "   ", "    "]),
    st.sampled_from(["```", "~~~", "````"]),
    LANGUAGE,
    st.sampled_from(
        [
            *("ls | wc", "a\n\n  b", "", "<b> & `x`", "[a](b.md)", "# no", "ls\n## A\n\n### B", "```", "~~~\n# a"),
            *("    ```\n# a", "&lt; &amp;", 'echo "a"', "| a |\n|---|", "`````", "```sh\n# a", "\n# a\n\n"),
        ]
    ),
).map(code)
BLOCK = st.one_of(
    TEXT,
    st.tuples(st.integers(1, 6), TEXT, st.sampled_from(["", "", " #", " ##", "#", "?"])).map(heading),
    TEXT.map(lambda text: f"{text}\n---"),
    TEXT.map(lambda text: f"{text}\n==="),
    CODE,
    CODE.map(lambda text: "- a\n\n  " + text.replace("\n", "\n  ")),
    st.lists(st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=3).map(table),
    st.tuples(
        st.sampled_from(["-", "*", "+", "1.", "2.", "3)"]),
        st.lists(TEXT, min_size=1, max_size=3),
        st.sampled_from(["\n", "\n\n"]),
    ).map(listed),
    st.tuples(
        st.just("-"),
        st.lists(
            TEXT | st.tuples(st.just("-"), st.lists(TEXT, min_size=1, max_size=2), st.just("\n")).map(listed),
            min_size=1,
            max_size=2,
        ),
        st.just("\n"),
    ).map(listed),
    TEXT.map(lambda text: "> " + text.replace("\n", "\n> ")),
    TEXT.map(lambda text: "    " + text),
    st.sampled_from(
        [
            "---",
            "***",
            "<div>\nx\n</div>",
            "[a]: 500.md",
            "[b]: <500.md> 't'",
            "| a |",
            "|---|",
            "\t- a",
            "-",
            "1.",
            "- \n\n  a",
            "-\n  a",
            *("- # a", "- a\n\n  ## b", "1. ### a", "- a\n  # b", "> # a", "> ```sh\n> # a\n> ```", "```sh\n# a"),
            *("  ## a", "    # a", "##", "## ##", "a `b\n# c` d", "- a\n- b\nc", "<b>a</b> &lt;", "&lt;b>", "<br>"),
            *("| a |\n|:-:|\n", "| a |\n|---|\n| b | c |", "- | a |\n  |---|\n  | b |", "*a\n\nb*", "```a``` b"),
        ]
    ),
)
BREAK = st.sampled_from(["\n\n", "\n\n", "\n\n", "\n", "\n\n\n", " \n\n", "\n\n  "])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A body of a few blocks."""
    made = draw(BREAK) if draw(st.booleans()) else ""
    for _ in range(draw(st.integers(0, 6))):
        made += draw(BLOCK) + draw(BREAK)
    return made


@settings(max_examples=1500)
@given(texts(), st.sampled_from(["errors/500.md", "errors/a/500.md", "guides/b.md", "pages/c.md"]), st.integers(0, 20))
@example("[a]()\n", "errors/500.md", 0)
@example("| a\n---\n", "errors/500.md", 0)
@example("\u00a0", "errors/500.md", 0)
@example("- a\n\n      b\n", "errors/500.md", 0)
@example("a\n- b\nc\n", "errors/500.md", 0)
@example("| a |\n|---|\n| `b|c` |\n", "errors/500.md", 0)
@example("## A\n\n## A\n\n### A\n\n#### A\n", "errors/500.md", 3)
@example("### before any section\n\n## A\n", "errors/500.md", 3)
def test_any_text_is_read_as_the_careful_reader_does_or_not_at_all(text: str, source: str, above: int) -> None:
    is_same(text, source, above)


@settings(max_examples=500)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=120).filter(lambda text: not BAD_CHARACTERS.search(text))
)
def test_any_characters_are_read_as_the_careful_reader_does_or_not_at_all(text: str) -> None:
    is_same(text)


@settings(max_examples=500)
@given(st.sampled_from(sorted(bodies())), st.data())
def test_our_own_texts_with_a_slip_are_read_as_the_careful_reader_does_or_not_at_all(
    name: str, data: st.DataObject
) -> None:
    source, text, above = bodies()[name]
    place = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    is_same(
        text[:place] + data.draw(TEXT | st.sampled_from(["\n", "\n\n", "  ", ""])) + text[place + cut :], source, above
    )


# What it takes, so that a build is quick, and what it leaves


TAKEN = {
    "nothing": "",
    "a line": "Text.\n",
    "a line without an end": "Text.",
    "two lines": "a\nb\n",
    "any letters": "größer & = 日本語\n",
    "signs that HTML has": "5 < 6 & 7 > 2, AT&T, x&y\n",
    "emphasis and code": "a *b* **c** `d`\n",
    "links": "[a](500.md#b) [c](https://d.e/f)\n",
    "link with an ampersand": "[a](https://a.b/?c=d&e=f)\n",
    "link with parentheses": "[a](https://a.b/c_(d))\n",
    "the same link twice": "[x](#a) then [x](#a)\n",
    "entities": "caf&eacute; &copy; 5 &gt; 4 &amp; &nope;\n",
    "sections and items": "## A\n\ntext\n\n### B\n\ntext\n",
    "headings that close": "## A ##\n\n### B ###\n",
    "headings without a blank line": "text\n## A\ntext\n### B\n- a\n#### C\n",
    "heading that stands in a little": "   ## A\n\ntext\n",
    "heading without a title": "##\n\ntext\n",
    "line of a text that stands in by four, with a sign": "text\n    # no\n\n## B\n",
    "line of a text that stands in by four, with a fence": "text\n    ```sh\n    # no\n\n## B\n",
    "line of a list that stands in by more, with a sign": "- a\n      # no\n\n## B\n",
    "seven signs, which are no heading": "####### A\n",
    "titles that are alike": "## A\n\n## A\n\n## Find\n",
    "title with entities": "## A &amp; B &eacute;\n\n## A & B\n",
    "title with emphasis and code": "## *A* `b` **c**\n",
    "title with quotes": '## The "A" and `"b"`\n\n### The "B"\n\n#### The "C"\n',
    "quotes": 'He said "no" and `"yes"` **"so"**.\n',
    "quotes in a link": '["a"](500.md)\n',
    "list": "- a\n- b\n",
    "list with space": "- a\n\n- b\n",
    "list of paragraphs": "- a\n\n  b\n- c\n\ntext\n",
    "list with numbers": "1. a\n2. b\n",
    "list with numbers from two": "2. a\n3. b\n\ntext\n",
    "lists one after the other": "- a\n\n1. b\n\n* c\n",
    "list with links": "- [a](500.md)\n- `x` [b](#c)\n",
    "list right after text": "text\n- a\n",
    "text after a list": "- a\n- b\n\ntext\n",
    "text right after a list": "- a\n- b\ntext\n",
    "heading after a list": "- a\n\n## B\n",
    "table": "| a | b |\n|---|:-:|\n| 1 | 2 |\n",
    "table with every alignment": "| a | b | c | d |\n|---|:--|--:|:-:|\n| 1 | 2 | 3 | 4 |\n| 5 | 6 | 7 | 8 |\n",
    "table with rows of other lengths": "| a | b |\n|---|:-:|\n| 1 |\n| 1 | 2 | 3 |\n",
    "table with empty cells": "| a |  |\n|---|---|\n|  | b |\n",
    "table with marks in it": "| a | b |\n|---|---|\n| `x` | *y* [z](500.md) \\| \"q\" |\n",
    "table right after text": "text\n| a |\n|---|\n| 1 |\n",
    "text right after a table": "| a |\n|---|\n| 1 |\ntext\n",
    "code": "```sh\nls\n```\n",
    "code without a line": "```sh\n```\n\n## B\n",
    "code with blank lines": "```sh\n\n\n# a\n\n```\n\n## B\n",
    "code with more words after its language": "```sh x\nls\n```\n",
    "code with quotes": "```sh\necho \"a\" 'b'\n```\n",
    "code of plain text with quotes": '```text\nsay "a" <b>\n```\n',
    "code between lines of text": "text\n```sh\n# a\n```\n## B\n",
    "code with comments before a heading": "## A\n\n```sh\n# no\n## nor\nls\n```\n\n## B\n\ntext\n\n### C\n",
    "code with the next heading in it": "```sh\n## A\n```\n\n## A\n\n## A\n",
    "code between tildes": "~~~sh\n# no\n~~~\n\n## B\n",
    "code between tildes with backticks in it": "~~~sh\n```\n# no\n~~~\n\n## B\n",
    "code with tildes in it": "```sh\n~~~\n# no\n```\n\n## B\n",
    "code with a shorter fence in it": "````sh\n```\n# no\n````\n\n## B\n",
    "code with a longer fence at its end": "```sh\n# no\n`````\n\n## B\n",
    "code with what opens code in it": "```sh\na\n```sh\n# b\n```\n\n## C\n",
    "code with a fence that stands in too far": "```sh\n# a\n    ```\n# b\n```\n\n## B\n",
    "code that stands in a little": " ```sh\n # a\n ```\n\n## B\n",
    "code that stands in by three": "   ```sh\n   # a\n     b\n   ```\n\n## B\n",
    "code in a line with three backticks": "```a``` b\n\n## B\n",
    "what looks like an image, in code": "```text\n![a](b.png)\n```\n\n[c](500.md)\n",
    "boxes, notes, sums, and struck text, of which Markdown knows nothing": "- [ ] a\n- [x] b\n\n$a$ ~~b~~\n",
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_usual_text_is_taken(name: str) -> None:
    assert is_same(TAKEN[name])
    assert is_same(TAKEN[name], "errors/a/500.md", above=7)


LEFT = {
    "heading of the first level": "# A\n",
    "heading that is underlined": "A\n---\n\nb\n",
    "heading in a list": "- ## A\n\n  b\n",
    "heading in a list, where others are": "## A\n\n- ### B\n\n## C\n",
    "heading in a later line of a list": "- a\n\n  ## b\n",
    "heading in a list with numbers": "1. ## A\n",
    "heading in a quotation": "> ## A\n",
    "link in a heading": "## [a](b.md)\n",
    "link in a deep heading": "## A\n\n#### [b](500.md)\n",
    "HTML": "<b>x</b>\n",
    "HTML beside an entity": "<b>x</b> &lt;\n",
    "HTML beside code": "`<b>` <b>x</b>\n",
    "HTML beside as many entities": "<br> &lt;br>\n",
    "HTML of its own": "<div>\n",
    "HTML that is a comment": "<!-- ## A -->\n\n## B\n",
    "address between angles": "<https://a.b/>\n",
    "entity of an angle": "5 &lt; 6\n",
    "entity of an angle in capitals": "5 &LT; 6\n",
    "entity of an angle in code": "`&lt;`\n",
    "entity by number": "&#65; &#x3c;\n",
    "image": "![a](b.png)\n",
    "image in a link": "[![a](b.png)](500.md)\n",
    "image in a heading": "## ![a](b.png)\n",
    "code without a language": "```\nx\n```\n",
    "code in no language": "```klingon\nx\n```\n",
    "code that stands in by four": "    code\n",
    "fence that stands in by four": "    ```sh\n    # a\n    ```\n\n## B\n",
    "code that never ends": "## A\n\n```sh\n# x\n",
    "code that never ends and holds headings": "```sh\n## A\n\n## B\n",
    "code that ends with two kinds of fence": "```sh\na\n```~~~\n# b\n```\n\n## C\n",
    "code in a list": "- a\n\n  ```sh\n  # b\n  ```\n\n## C\n",
    "code in a list from its first line": "- ```sh\n  ls\n  ```\n",
    "code in a quotation": "> ```sh\n> ls\n> ```\n",
    "code in a line that goes on with a sign": "a `b\n# c` d\n\n## E\n",
    "quotation": "> a\n",
    "list in a list": "- a\n  - b\n",
    "item without text": "- a\n-\n- c\n",
    "table in a list": "- a\n\n  | b |\n  |---|\n  | c |\n",
    "table without rows": "| a | b |\n|---|---|\n",
    "table without rows, before text": "| a |\n|---|\n\ntext\n",
    "table without rows, after one with some": "| a |\n|---|\n| 1 |\n\n| b |\n|---|\n",
    "line across": "a\n\n***\n\nb\n",
    "line that is broken": "a  \nb\n",
    "tab": "a\tb\n",
    "link to a folder of the site": "[a](/b)\n",
    "link that runs a script": "[a](javascript:b)\n",
    "link out of the content": "[a](../../b.md)\n",
    "link to a host that is no plain word": "[a](https://ü.x/)\n",
    "link with a title": '[a](500.md "t")\n',
    "link with an entity": "[a](https://a.b/?c=d&amp;e=f)\n",
    "link by a name": "[a][b]\n\n[b]: c.md\n",
    "name that no link goes by": "a\n\n[b]: c.md\n",
    "note below the text": "a[^1]\n\n[^1]: b\n",
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_what_is_rare_or_a_mistake_is_left(name: str) -> None:
    assert quick.parse("errors/500.md", LEFT[name]) is None
    assert quick.parse("errors/500.md", f"## A\n\nText.\n\n{LEFT[name]}\n## Z\n\nText.\n") is None


LOOKS_LIKE_A_LINK = {
    "code before a link": "`[x](#a)` and [x](#a)\n",
    "code after a link": "[x](#a) and `[x](#a)`\n",
    "code without a link": "`[x](#a)`\n",
    "code in a title": "## `[x](#a)`\n\n[x](#a)\n",
    "code in a list": "- `](`\n- [x](#a)\n",
    "code in the text of a link": "[`a](b)`](500.md)\n",
    "backslash": "\\[x](#a) [x](#a)\n",
    "no link at all": "a](b\n",
}


@pytest.mark.parametrize("name", LOOKS_LIKE_A_LINK)
def test_text_with_what_only_looks_like_a_link_is_left(name: str) -> None:
    assert quick.parse("errors/500.md", LOOKS_LIKE_A_LINK[name]) is None


@pytest.mark.parametrize(
    "text",
    [
        "1.\n\n\n1.\n",
        "- `a\n b`\n",
        "1. `a\n  b`\n",
        "- x\n\n  `a\n b`\n",
        "- x\n- [a](#b) `c\n d`\n",
        "- `a\n b\nc`\n",
    ],
    ids=repr,
)
def test_lists_that_the_two_parsers_read_apart_are_read_as_the_careful_one_does(text: str) -> None:
    is_same(text)


@pytest.mark.parametrize("text", ["a\0b\n", "\0", "## A\0\n", "```sh\n\0\n```\n"], ids=repr)
def test_text_with_a_character_that_marks_parts_here_is_left(text: str) -> None:
    """No file may hold one, but a field of YAML can, by its escape."""
    assert quick.parse("senders/acme.yaml", text) is None


def test_places_count_from_the_begin_of_the_file() -> None:
    made = quick.parse("errors/500.md", "## A\n\nSee ü [x](#a),\nor [y](#a).\n", above=7)
    assert made is not None
    assert [section.line for section in made.sections] == [8]
    assert [(link.line, link.column) for link in made.links] == [(10, 11), (11, 8)]


@pytest.mark.parametrize(
    "code", ["```text\n[x](#a)\n```", "~~~text\n](\n[x](#a)\n~~~", "   ```text\n   [x](#a)\n   ```"], ids=repr
)
def test_place_of_a_link_that_also_stands_in_code_is_the_links(code: str) -> None:
    made = quick.parse("errors/500.md", f"{code}\n\nSee [x](#a).\n\n{code}\n")
    assert made is not None
    assert [(link.line, link.column) for link in made.links] == [(code.count("\n") + 3, 9)]


def test_lines_of_parts_are_right_below_code_that_looks_like_headings() -> None:
    text = "## A\n\n```sh\n## A\n# no\n```\n\n~~~sh\n### B\n~~~\n\n### B\n\n## C\n\nSee [x](#a).\n"
    made = quick.parse("errors/500.md", text, above=10)
    assert made is not None
    assert [(one.title, one.line) for one in made.sections] == [("A", 11), ("C", 24)]
    assert [(one.title, one.line) for one in made.sections[0].items] == [("B", 22)]
    assert [(link.line, link.column) for link in made.links] == [(26, 9)]
