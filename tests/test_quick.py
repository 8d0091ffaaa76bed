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

from errordocs import frontmatter
from errordocs import markup
from errordocs import quick
from errordocs.frontmatter import BAD_CHARACTERS
from errordocs.model import Body
from tests.conftest import REPOSITORY

CONTENTS = ("content", "examples/http", "tests/sites/awkward/content", "tests/sites/plain/content")


@cache
def bodies() -> dict[str, tuple[str, str, int]]:
    """By path: the name from the content's folder, the body, and the number of lines above it."""
    found = {}
    for folder in CONTENTS:
        for path in sorted((REPOSITORY / folder).rglob("*.md")):
            name = path.relative_to(REPOSITORY / folder).as_posix()
            _, body, above = frontmatter.split(name, path.read_text())
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


def code(parts: tuple[str, str, str]) -> str:
    fence, language, text = parts
    return f"{fence}{language}\n{text}\n{fence}"


def table(rows: list[list[str]]) -> str:
    lines = [[cell.replace("\n", " ") for cell in row] for row in rows]
    sides = ["---", ":--", "--:", ":-:"]
    rule = [sides[number % 4] for number in range(len(lines[0]))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])


def listed(parts: tuple[str, list[str], str]) -> str:
    mark, items, between = parts
    return between.join(f"{mark} " + one.replace("\n", "\n  ") for one in items)


BLOCK = st.one_of(
    TEXT,
    st.tuples(st.integers(1, 6), TEXT, st.sampled_from(["", "", " #", " ##", "#", "?"])).map(heading),
    TEXT.map(lambda text: f"{text}\n---"),
    TEXT.map(lambda text: f"{text}\n==="),
    st.tuples(
        st.sampled_from(["```", "~~~", "````"]),
        LANGUAGE,
        st.sampled_from(["ls | wc", "a\n\n  b", "", "<b> & `x`", "[a](b.md)"]),
    ).map(code),
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


@pytest.mark.parametrize(
    "text",
    [
        *("", "Text.\n", "## A\n\ntext\n\n### B\n\ntext\n", "a *b* **c** `d`\n", "- a\n- b\n", "1. a\n2. b\n"),
        *("- a\n\n- b\n", "| a | b |\n|---|:-:|\n| 1 | 2 |\n", "```sh\nls\n```\n", "[a](500.md#b) [c](https://d.e/f)\n"),
        *("größer & <= 日本語\n".replace("<=", "="), "a\nb\n"),
    ],
)  # fmt: skip
def test_usual_text_is_taken(text: str) -> None:
    assert is_same(text)


@pytest.mark.parametrize(
    "text",
    [
        *("# A\n", "<b>x</b>\n", "<div>\n", "![a](b.png)\n", "```\nx\n```\n", "```klingon\nx\n```\n", "    code\n"),
        *("[a](/b)\n", "[a](javascript:b)\n", "[a](../../b.md)\n", "## [a](b.md)\n", "[a](https://ü.x/)\n"),
        *("> a\n", "- a\n  - b\n"),
        "[a][b]\n\n[b]: c.md\n",
        "<https://a.b/>\n",
    ],
)  # fmt: skip
def test_what_is_rare_or_a_mistake_is_left(text: str) -> None:
    assert quick.parse("errors/500.md", text) is None


def test_places_count_from_the_begin_of_the_file() -> None:
    made = quick.parse("errors/500.md", "## A\n\nSee ü [x](#a),\nor [y](#a).\n", above=7)
    assert made is not None
    assert [section.line for section in made.sections] == [8]
    assert [(link.line, link.column) for link in made.links] == [(10, 11), (11, 8)]


def test_place_of_a_link_that_also_stands_in_code_is_the_links() -> None:
    made = quick.parse("errors/500.md", "`[x](#a)` and [x](#a)\n")
    assert made is not None
    assert [(link.line, link.column) for link in made.links] == [(1, 19)]
