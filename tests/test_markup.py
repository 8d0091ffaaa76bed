"""Markdown to HTML parts: sections and items, ids, links and their places, code, tables, and nothing that can bite."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from errordocs import markup
from errordocs.model import Body
from errordocs.model import LinkUse
from errordocs.model import Problem

SOURCE = "errors/a/500.md"
SOURCES = ("errors/500.md", SOURCE, "topics/a.md", "guides/a.md", "pages/a.md", "senders/a.yaml")


def parse(text: str, source: str = SOURCE) -> tuple[Body, list[Problem]]:
    return markup.parse(f"content/{source}", source, text)


def body(text: str, source: str = SOURCE) -> Body:
    """The parts of a text that is sound."""
    made, problems = parse(text, source)
    assert problems == []
    return made


def problem(text: str) -> Problem:
    """The one problem of a text that is not."""
    (found,) = parse(text)[1]
    return found


def html(text: str, source: str = SOURCE) -> str:
    return body(text, source).intro


# Parts


def test_text_falls_into_sections_and_items() -> None:
    made = body(
        "Before.\n\n## One\n\nText.\n\n### First\n\nA.\n\n#### Deeper\n\nB.\n\n### Second\n\nC.\n\n## Two\n\nD.\n"
    )
    one, two = made.sections
    assert made.intro == "<p>Before.</p>"
    assert (one.title, one.anchor, one.line, one.html) == ("One", "one", 3, "<p>Text.</p>")
    assert [(item.title, item.anchor, item.line) for item in one.items] == [
        ("First", "first", 7),
        ("Second", "second", 15),
    ]
    assert one.items[0].html == '<p>A.</p>\n<h4 id="deeper">Deeper</h4>\n<p>B.</p>'
    assert (two.title, two.html, two.items) == ("Two", "<p>D.</p>", ())


def test_text_without_headings_is_an_introduction() -> None:
    assert body("One.\n\nTwo.\n").intro == "<p>One.</p>\n<p>Two.</p>"
    assert body("").sections == ()


def test_item_before_any_section_stays_in_the_introduction() -> None:
    assert body("### Early\n\nText.\n").intro == '<h3 id="early">Early</h3>\n<p>Text.</p>'


@pytest.mark.parametrize("text", ["> ## Quoted\n", "- ## Listed\n", "```text\n## Fenced\n```\n", "    ## Indented\n"])
def test_heading_inside_something_else_begins_no_section(text: str) -> None:
    assert body(text).sections == ()


def test_underlined_heading_is_a_section_too() -> None:
    assert body("One\n---\n\nText.\n").sections[0].title == "One"


def test_heading_keeps_its_markup_beside_its_plain_title() -> None:
    section = body("## Run `a < b` *now*\n\nText.\n").sections[0]
    assert section.title == "Run a < b now"
    assert section.title_html == "Run <code>a &lt; b</code> <em>now</em>"
    assert section.anchor == "run-a-b-now"


def test_lines_of_headings_count_from_the_top_of_the_file() -> None:
    made, _ = markup.parse("content/x.md", SOURCE, "\n## One\n\nText.\n", above=10)
    assert made.sections[0].line == 12


# Ids


def test_ids_that_repeat_are_numbered_in_the_order_of_the_page() -> None:
    made = body("## Same\n\n#### Same\n\n### Same\n\n#### Same\n\n## Same\n\n## Same 2\n")
    one = made.sections[0]
    assert [one.anchor, *re.findall('id="(.*?)"', one.html), one.items[0].anchor] == ["same", "same-2", "same-3"]
    assert made.anchors == ("same", "same-2", "same-3", "same-4", "same-5", "same-2-2")


@pytest.mark.parametrize("title", ["Main", "Replies", "Overview", "Sources", "Related", "Further", "About"])
def test_ids_of_the_page_are_kept_free(title: str) -> None:
    assert body(f"## {title}\n\nText.\n").anchors == (f"{title.lower()}-2",)


def test_headings_without_a_latin_letter_have_ids_too() -> None:
    assert body("## 日本語\n\n## עברית\n").anchors == ("section", "section-2")


# Links


@pytest.mark.parametrize(
    ("source", "href", "page"),
    [
        ("errors/500.md", "501.md", "../errors/501.html"),
        ("errors/500.md", "../guides/a.md", "../guides/a.html"),
        ("errors/a/500.md", "501.md", "../errors/501.html"),
        ("errors/a/500.md", "../b/501.md#one", "../errors/501.html#one"),
        ("errors/a/500.md", "../../senders/x.yaml", "../senders/x.html"),
        ("errors/a/500.md", "../../registry/basic.yaml#x-1-1", "../codes/basic.html#x-1-1"),
        ("errors/a/500.md", "../../pages/about.md", "../about.html"),
        ("topics/a.md", "b.md", "../topics/b.html"),
        ("topics/a.md", "./b.md", "../topics/b.html"),
        ("guides/a.md", "../errors/a/500.md", "../errors/500.html"),
        ("pages/about.md", "../errors/a/5.1.1.md", "errors/5.1.1.html"),
        ("pages/about.md", "other.md", "other.html"),
        ("senders/a.yaml", "../topics/b.md", "../topics/b.html"),
        ("errors/500.md", "#one", "#one"),
        ("errors/500.md", "%35%30%31.md", "../errors/501.html"),
        ("errors/500.md", "https://a.b/c?d=1&e#f", "https://a.b/c?d=1&amp;e#f"),
        ("errors/500.md", "HTTPS://a.b", "HTTPS://a.b"),
        ("errors/500.md", "https://a.b/ä", "https://a.b/%C3%A4"),
        ("errors/500.md", "mailto:a@b.c", "mailto:a@b.c"),
    ],
)
def test_link_is_rewritten_for_the_page_that_it_stands_on(source: str, href: str, page: str) -> None:
    assert html(f"[x]({href})", source) == f'<p><a href="{page}">x</a></p>'


@pytest.mark.parametrize(
    "href",
    [
        *(
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java&#115;cript:x",
            "javascript&colon;x",
            "vbscript:x",
            "data:,x",
        ),
        *(
            "//host/x",
            "///host",
            "/rooted",
            "\\\\host",
            "a\\b",
            "file:///x",
            "ftp://h/",
            "https:x",
            "https://",
            "https:///x",
        ),
        *("https://u@h/", "https://h\\@x/", "mailto:nobody", "mailto:", "x:y", "tel:1", "<https://a.b/ x>", "http:/a"),
        *("http://[::1]/", "https://[x/", "https://a]b/", "https://a:b/", "https://a\u2100b/"),
    ],
)
def test_address_that_may_not_be_linked_is_refused(href: str) -> None:
    made, problems = parse(f"[x]({href})")
    assert [p.rule for p in problems] == ["unsafe-url"]
    assert made.intro == '<p><a href="#">x</a></p>'
    assert made.links == ()


@pytest.mark.parametrize("href", ["../../../secret.md", "../../..", "..%2f..%2f../x.md", "a/../../../../x.md"])
def test_link_out_of_the_content_is_refused(href: str) -> None:
    made, problems = parse(f"[x]({href})")
    assert [p.rule for p in problems] == ["link-outside"]
    assert made.intro == '<p><a href="#">x</a></p>'


@pytest.mark.parametrize(
    "href", ["javascript%3Aalert(1).md", "<java\tscript:x.md>", "java&Tab;script:x.md", "%2f%2fhost.md"]
)
def test_name_that_reads_as_an_address_does_not_become_one(href: str) -> None:
    (link,) = LexborHTMLParser(parse(f"[x]({href})", "pages/a.md")[0].intro).css("a")
    address = urlsplit(re.sub(r"[\t\n\r]", "", link.attributes["href"] or ""))
    assert (address.scheme, address.netloc) == ("", "")


def test_attributes_with_quotes_are_escaped() -> None:
    text = """[x](https://a.b/"onclick="y 'say "hi" <b> &amp;') <https://a.b/'"> [y](#"><b>)"""
    assert html(text) == (
        '<p><a href="https://a.b/%22onclick=%22y" title="say &quot;hi&quot; &lt;b&gt; &amp;">x</a> '
        '<a href="https://a.b/\'%22">https://a.b/\'&quot;</a> <a href="#&quot;&gt;&lt;b&gt;">y</a></p>'
    )


def places(text: str) -> list[tuple[str, int, int]]:
    return [(link.href, link.line, link.column) for link in body(text).links]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See [x](a.md).", [("a.md", 1, 9)]),
        ("One [x](a.md) two [x](a.md).", [("a.md", 1, 9), ("a.md", 1, 23)]),
        ("One [x](a.md)\ntwo [x](a.md) and\n[x](a.md)", [("a.md", 1, 9), ("a.md", 2, 9), ("a.md", 3, 5)]),
        ("[x](a.md) [y](a.md#b) [z](a.md)", [("a.md", 1, 5), ("a.md#b", 1, 15), ("a.md", 1, 27)]),
        ("`[x](a.md)` [x](a.md)", [("a.md", 1, 17)]),
        ("[x](<a.md>)", [("a.md", 1, 6)]),
        ('[x](a.md "title")', [("a.md", 1, 5)]),
        ("[a [b] c](a.md)", [("a.md", 1, 11)]),
        ("[x][r] and [r]\n\n[r]: a.md", [("a.md", 3, 6), ("a.md", 3, 6)]),
        ("[x][r] [y][s]\n\n[r]: a.md#b\n[s]: a.md", [("a.md#b", 3, 6), ("a.md", 4, 6)]),
        ("<https://a.b/> <https://a.b/>", [("https://a.b/", 1, 2), ("https://a.b/", 1, 17)]),
        ("<m@a.b>", [("mailto:m@a.b", 1, 2)]),
        ("- [x](a.md)\n- b\n  - [x](a.md)\n", [("a.md", 1, 7), ("a.md", 3, 9)]),
        ("1. a\n\n   [x](a.md)\n", [("a.md", 3, 8)]),
        ("> [x](a.md)\n> [x](a.md)\n", [("a.md", 1, 7), ("a.md", 2, 7)]),
        ("|a|b|\n|-|-|\n|[x](a.md)|[x](a.md)|\n|c|[x](a.md)|", [("a.md", 3, 6), ("a.md", 3, 16), ("a.md", 4, 8)]),
        ("## One\n\n[x](a.md)\n\n### Two\n\n[x](a.md)\n", [("a.md", 3, 5), ("a.md", 7, 5)]),
        ("é日 [x](a.md)", [("a.md", 1, 8)]),
        ("*[x](a.md)* **[y](a.md)**", [("a.md", 1, 6), ("a.md", 1, 19)]),
        ("[x](#one)", [("#one", 1, 5)]),
    ],
    ids=lambda value: value.replace("\n", "/") if isinstance(value, str) else "",
)  # fmt: skip
def test_link_stands_at_its_line_and_column(text: str, found: list[tuple[str, int, int]]) -> None:
    assert places(text) == found


def test_places_count_what_was_cut_off_before_the_text() -> None:
    made, _ = markup.parse("content/senders/a.yaml", "senders/a.yaml", "See [x](../topics/a.md).", above=6, indent=2)
    assert made.links == (LinkUse("../topics/a.md", 7, 11, "topics/a.md", ""),)


def test_use_of_a_link_names_file_and_heading() -> None:
    made = body("[a](../../guides/b.md#c) [d](#e) [f](https://a.b/#g)")
    assert [(use.page, use.anchor) for use in made.links] == [("guides/b.md", "c"), (SOURCE, "e"), (None, "")]


# What is refused


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ("One.\n\n<div>\nx\n</div>\n", "raw-html", 3, 1),
        ("One <b>two</b>.", "raw-html", 1, 5),
        ("One\ntwo <br> three", "raw-html", 2, 5),
        ("<!-- note -->", "raw-html", 1, 1),
        ("a <!-- note --> b", "raw-html", 1, 3),
        ("<?php x ?>", "raw-html", 1, 1),
        ("<a@b", None, 0, 0),
        ("1 < 2 > 0", None, 0, 0),
        ("`<b>`", None, 0, 0),
        ("![x](a.png)", "image", 1, 6),
        ("a ![x](<a b.png>)", "image", 1, 9),
        ("# One", "heading", 1, 1),
        ("One\n===", "heading", 1, 1),
        ("## See [x](a.md)", "heading", 1, 1),
        ("```\nx\n```", "code-language", 1, 1),
        ("a\n\n~~~klingon\nx\n~~~", "code-language", 3, 1),
        ("```text\nx\n```", None, 0, 0),
        ("    indented", None, 0, 0),
    ],
    ids=lambda value: value.replace("\n", "/") if isinstance(value, str) else "",
)
def test_what_pages_do_not_hold_is_refused(text: str, rule: str | None, line: int, column: int) -> None:
    found = [(p.rule, p.line, p.column) for p in parse(text)[1]]
    assert found == ([(rule, line, column)] if rule else [])


def test_raw_html_is_shown_as_text_even_so() -> None:
    assert parse("<b>x</b>")[0].intro == "<p>&lt;b&gt;x&lt;/b&gt;</p>"
    assert parse("<script>x</script>")[0].intro == "&lt;script&gt;x&lt;/script&gt;"


def test_image_is_shown_as_its_words_even_so() -> None:
    assert parse("![a <b>](javascript:x)")[0].intro == "<p>a &lt;b&gt;</p>"


def test_problems_name_the_file_as_it_was_typed() -> None:
    assert problem("# One").path == f"content/{SOURCE}"


# Code and tables


def test_code_is_marked_by_classes() -> None:
    assert html("```sh\nif a; then\n```") == (
        '<pre class="highlight"><code class="language-sh"><span class="k">if</span> a'
        '<span class="p">;</span> <span class="k">then</span>\n</code></pre>'
    )


@pytest.mark.parametrize(
    "language", ["text", "sh", "python", "json", "http", "zone", "postscript", "html+jinja", "diff"]
)
def test_code_is_whole_and_escaped_in_any_language(language: str) -> None:
    code = '\n\n  <a href=\'x\' onclick="y"> && {{ "z" }} é\n\n\tend  \n\n'
    made = html(f"~~~{language}\n{code}~~~")
    assert LexborHTMLParser(made).css_first("code").text() == code
    assert "style" not in made


def test_code_without_a_language_known_to_nobody_is_plain() -> None:
    assert "<span" not in parse("```klingon\nx = 1\n```")[0].intro
    assert html("    x = <1>\n") == '<pre class="highlight"><code class="language-text">x = &lt;1&gt;\n</code></pre>'


def test_table_can_be_scrolled_and_its_cells_are_aligned_by_class() -> None:
    assert html("|a|b|c|\n|---|:-:|--:|\n|1|2|3|\n").replace("\n", "") == (
        '<div class="scroll"><table><thead><tr><th>a</th><th class="center">b</th><th class="right">c</th></tr></thead>'
        '<tbody><tr><td>1</td><td class="center">2</td><td class="right">3</td></tr></tbody></table></div>'
    )


# Lines of fields


# Whatever is typed


TAGS = {
    *(
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "em",
        "strong",
        "a",
        "hr",
    ),
    *("br", "div", "table", "thead", "tbody", "tr", "th", "td", "span"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
    **{tag: {"class"} for tag in ("th", "td", "div", "pre", "code", "span")},
}
PIECES = st.sampled_from(
    [
        *("## ", "### ", "#### ", "# ", "- ", "1. ", "> ", "    ", "\n", "\n\n", "\n---\n", "\n===\n", "\t", "*", "**"),
        *("`", "```\n", "```html\n", "~~~ a b\n", "  \n", "\\\n", "&amp;", "[a]: ", "[", "](", ")", "][", "]: ", "!["),
        *(
            "<",
            ">",
            "</",
            "<!--",
            "-->",
            "<![CDATA[",
            "<?",
            "\\",
            "&",
            "&lt;",
            "&#58;",
            "|",
            "|-|:-:|\n",
            "javascript:",
        ),
        *("data:text/html,", "//h/", "https://a.b/", "HTTP://", "mailto:a@b", ".md", "../", "%3A", "<script>", "a.md"),
        *("</script>", "<img src=x onerror=y>", "<style>", '" onclick="x', "' onload='x", "&Tab;", "&colon;", "?y"),
        *(
            "<svg/onload=x>",
            "</code>",
            "</pre>",
            "</p>",
            "<a href=",
            "x@y.zz",
            "\u00e9",
            "\u00a0",
            "\u3000",
            "a",
            " ",
            "#x",
        ),
    ]
)
TEXTS = st.text(max_size=80) | st.lists(PIECES, max_size=30).map("".join)


def whole(made: Body) -> str:
    parts = [made.intro]
    for section in made.sections:
        parts += [f"<h2>{section.title_html}</h2>", section.html]
        for item in section.items:
            parts += [f"<h3>{item.title_html}</h3>", item.html]
    return "\n".join(parts)


def harm(page: str) -> list[str]:
    """What a browser would find in a page that no text of an author's may put there."""
    found = []
    for node in LexborHTMLParser(f"<!doctype html><body>{page}").body.css("body *"):  # type: ignore[union-attr]
        if node.tag not in TAGS:
            found.append(f"<{node.tag}>")
        found += [f"{node.tag} {name}" for name in node.attributes if name not in ATTRIBUTES.get(node.tag, set())]
        href = re.sub(r"[\t\n\r]", "", node.attributes.get("href") or "").strip("".join(map(chr, range(33))))
        scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", href)
        if scheme and scheme[1].lower() not in ("https", "http", "mailto"):
            found.append(href)
        if href.replace("\\", "/").startswith("/"):
            found.append(href)
    return found


@given(TEXTS, st.sampled_from(SOURCES))
def test_any_text_gives_html_without_harm(text: str, source: str) -> None:
    assert harm(whole(parse(text, source)[0])) == []


@given(TEXTS)
def test_any_text_gives_ids_that_are_on_the_page_once(text: str) -> None:
    made, _ = parse(text)
    ids = [node.attributes["id"] for node in LexborHTMLParser(whole(made)).css("[id]")]
    ids += [part.anchor for section in made.sections for part in (section, *section.items)]
    assert sorted(str(i) for i in ids) == sorted(made.anchors)
    assert len(set(ids)) == len(ids)


@given(TEXTS)
def test_any_link_is_found_inside_the_text_and_in_its_order_in_a_line(text: str) -> None:
    made, problems = parse(text)
    lines = text.split("\n")
    for use in (*made.links, *problems):
        assert 1 <= use.line <= len(lines)
        assert 1 <= use.column <= len(lines[use.line - 1]) + 1
    assert all(section.line < later.line for section, later in pairwise(made.sections))


def outline(made: Body) -> object:
    """What a check asks of a body: all but the HTML, of which it asks whether there is any."""
    sections = [
        (s.title, s.anchor, s.line, bool(s.html), [(i.title, i.anchor, i.line, bool(i.html)) for i in s.items])
        for s in made.sections
    ]
    return bool(made.intro), sections, made.anchors, made.links


@given(TEXTS, st.sampled_from(SOURCES))
def test_check_without_html_finds_the_same(text: str, source: str) -> None:
    whole, problems = parse(text, source)
    quick, told = markup.parse(f"content/{source}", source, text, render=False)
    assert told == problems
    assert outline(quick) == outline(whole)
