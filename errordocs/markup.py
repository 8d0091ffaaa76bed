"""Markdown to HTML parts, once a file: CommonMark and tables, links by allow-list, code highlighted by class.

A body's HTML depends on its own file alone: where links lead follows from paths, and whether their targets
exist is for `check` to say.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from errordocs.model import Body
from errordocs.model import Item
from errordocs.model import LinkUse
from errordocs.model import Problem
from errordocs.model import Section
from errordocs.paths import page_of
from errordocs.paths import root_of
from errordocs.paths import target_of
from errordocs.snippets import ABSOLUTE
from errordocs.snippets import PLAIN_URL
from errordocs.snippets import SOME
from errordocs.snippets import code
from errordocs.snippets import free_anchor
from errordocs.snippets import is_language

OF_CONCERN = re.compile(r"[<\[]")  # what links, images and raw HTML begin with
MARKED = re.compile(r"[^\w\s,.?'-]")  # what a heading of plain words does not hold
DESTINATION = ("](", "](<")
TEXT = ("text", "text_special", "code_inline")


def parse(
    path: str, source: str, text: str, above: int = 0, indent: int = 0, render: bool = True
) -> tuple[Body, list[Problem]]:
    """The parts of a body, and what is wrong with it.

    Without `render`, which a check has no use for, `SOME` stands in place of each part's HTML.

    `path` is the file as problems name it, `source` the same from `content/`; `above` is the number of lines
    before the body, `indent` the columns that were cut from each of its lines.
    """
    return _Reader(path, source, text, above, indent, render).read()


class _Reader:
    """One body on its way through the parser."""

    def __init__(self, path: str, source: str, text: str, above: int, indent: int, render: bool) -> None:
        self.path = path
        self.source = source
        self.text = text
        self.lines = text.split("\n")
        self.above = above
        self.indent = indent
        self.render = render
        self.root = root_of(page_of(source) or "")
        self.problems: list[Problem] = []
        self.links: list[LinkUse] = []
        self.anchors: dict[str, None] = {}
        self.cursor = (0, 0)

    def read(self) -> tuple[Body, list[Problem]]:
        tokens = _parser().parse(self.text) if self.render else _outline(self.text)
        self._inspect(tokens)
        intro, sections = self._sections(tokens)
        return Body(intro, sections, tuple(self.anchors), tuple(self.links)), self.problems

    # Rules

    def _inspect(self, tokens: Sequence[Token]) -> None:
        span = (0, len(self.lines))
        for token in tokens:
            if token.map:
                span = (token.map[0], token.map[1])
            if token.type == "html_block":
                self._raw_html(token.content, span)
            elif token.type in ("fence", "code_block"):
                self._code(token, span)
            elif token.type in ("th_open", "td_open"):
                _align_by_class(token)
            elif token.type == "heading_open" and token.tag == "h1":
                self._problem(span[0], 0, "heading", "a heading of the first level", "write `##`; the title is a field")
            elif token.type == "inline":
                self._inspect_inline(token.children or (), span)

    def _inspect_inline(self, tokens: Sequence[Token], span: tuple[int, int]) -> None:
        for token in tokens:
            if token.type == "html_inline" and not token.content.startswith("</"):
                self._raw_html(token.content, span)
            elif token.type == "code_inline":
                self._find(token.content, span, before=(token.markup,))  # what looks like a link there is none
            elif token.type == "image":
                line, column = self._find(str(token.attrs.get("src", "")), span)
                self._problem(line, column, "image", "an image", "say it in words; pages hold no images")
            elif token.type == "link_open":
                href = str(token.attrs.get("href", ""))
                before = ("<",) if token.markup == "autolink" else DESTINATION
                token.attrs["href"] = self._link(href, self._find(href, span, before))

    def _raw_html(self, content: str, span: tuple[int, int]) -> None:
        first = content.strip().split("\n")[0]
        line, column = self._find(first, span, before=("",))
        what = f"`{first[:40]}` is raw HTML"
        self._problem(line, column, "raw-html", what, "write it in Markdown, or put a literal `<` into backticks")

    def _code(self, token: Token, span: tuple[int, int]) -> None:
        language = token.info.split()[0] if token.info.strip() else ""
        if token.type == "fence" and not language:
            self._problem(span[0], 0, "code-language", "a code block without a language", "write ```text or ```sh")
        elif not is_language(language):
            what = f"`{language}` is no language that Pygments knows"
            self._problem(span[0], 0, "code-language", what, "write ```text, ```sh, or another of its names")

    def _link(self, href: str, at: tuple[int, int]) -> str:
        """What the page's link says; records its use, or why it may not stand."""
        line, column = at
        if ABSOLUTE.match(href):
            self._use(href, at, None, "")
            return href if PLAIN_URL.match(href) else normalizeLink(href)
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", href) or href.startswith(("/", "\\")) or "\\" in href:
            mend = "links begin with https:// or mailto:, or are relative paths to a file of the content"
            self._problem(line, column, "unsafe-url", f"`{href}` is no address that may be linked", mend)
            return "#"
        path, _, fragment = href.partition("#")
        if not path:
            self._use(href, at, self.source, fragment)
            return f"#{fragment}"
        target = target_of(self.source, unquote(path))
        if target.startswith(".."):
            self._problem(line, column, "link-outside", f"`{href}` leads out of the content", "link a file inside it")
            return "#"
        self._use(href, at, target, fragment)
        page = page_of(target)
        href = self.root + quote(page or "")  # quoted, what is no file of the content cannot pass for a scheme
        return f"{href}#{fragment}" if fragment else href

    def _use(self, href: str, at: tuple[int, int], page: str | None, fragment: str) -> None:
        line, column = self._place(*at)
        self.links.append(LinkUse(href, line, column, page, fragment))

    # Places

    def _find(self, what: str, span: tuple[int, int], before: tuple[str, ...] = DESTINATION) -> tuple[int, int]:
        """Line and column, from zero, of the next place in the span where `what` is written after one of `before`."""
        if before == ("<",) and what.startswith("mailto:") and f"<{what}>" not in self.text:
            what = what.removeprefix("mailto:")
        start, end = span
        if self.cursor < (start, 0) or self.cursor[0] >= end:
            self.cursor = (start, 0)
        for number in range(self.cursor[0], end):
            offset = self.cursor[1] if number == self.cursor[0] else 0
            for mark in before:
                if (found := self.lines[number].find(mark + what, offset)) >= 0:
                    column = found + len(mark)
                    self.cursor = (number, column + len(what))
                    return number, column
        for number, line in enumerate(self.lines):
            if (found := line.find("]: " + what)) >= 0 and line[found + 3 + len(what) :][:1].strip() == "":
                return number, found + 3
        return start, 0

    def _place(self, line: int, column: int) -> tuple[int, int]:
        return line + self.above + 1, column + self.indent + 1

    def _problem(self, line: int, column: int, rule: str, what: str, mend: str) -> None:
        row, col = self._place(line, column)
        self.problems.append(Problem(self.path, row, col, rule, what, mend))

    # Parts

    def _sections(self, tokens: list[Token]) -> tuple[str, tuple[Section, ...]]:
        pieces = list(_cut(tokens, "h2"))
        intro = self._html(pieces[0][1])
        return intro, tuple(self._section(heading, content) for heading, content in pieces[1:])

    def _section(self, heading: list[Token], content: list[Token]) -> Section:
        title, title_html, anchor, line = self._heading(heading)
        pieces = list(_cut(content, "h3"))
        text = self._html(pieces[0][1])
        items = tuple(Item(*self._heading(head), self._html(body)) for head, body in pieces[1:])
        return Section(title, title_html, anchor, line, text, items)

    def _heading(self, tokens: list[Token]) -> tuple[str, str, str, int]:
        opening, text = tokens[0], tokens[1]
        title = _text_of(text)
        if any(child.type == "link_open" for child in text.children or ()):
            mend = "link from the text below; a heading is a link to itself"
            self._problem((opening.map or [0])[0], 0, "heading", "a link inside a heading", mend)
        line = opening.map[0] if opening.map else 0
        return title, self._html([text]), self._anchor(title), line + self.above + 1

    def _anchor(self, title: str) -> str:
        name = free_anchor(title, self.anchors)
        self.anchors[name] = None
        return name

    def _html(self, tokens: Sequence[Token]) -> str:
        for index, token in enumerate(tokens):
            if token.type == "heading_open":
                token.attrs["id"] = self._anchor(_text_of(tokens[index + 1]))
        if not self.render:
            return SOME if tokens else ""
        parser = _parser()
        return str(parser.renderer.render(tokens, parser.options, {})).strip()


def _outline(text: str) -> list[Token]:
    """The blocks of a text, with what is inside them only where a rule may have to do with it."""
    parser = _parser()
    state = StateCore(text, parser, {})
    for rule in ("normalize", "block"):
        next(found.fn for found in parser.core.ruler.__rules__ if found.name == rule)(state)
    heading = False
    for token in state.tokens:
        if token.type == "inline":
            token.children = []
            if (MARKED if heading else OF_CONCERN).search(token.content):
                parser.inline.parse(token.content, parser, state.env, token.children)
            else:
                token.children.append(Token("text", "", 0, content=token.content))
        heading = token.type == "heading_open"
    return state.tokens


def _cut(tokens: list[Token], tag: str) -> Iterator[tuple[list[Token], list[Token]]]:
    """The tokens before the first heading of that tag, then each heading with what follows it."""
    starts = [
        i for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == tag and not token.level
    ]
    ends = [*starts, len(tokens)]
    yield [], tokens[: ends[0]]
    for start, end in zip(starts, ends[1:], strict=True):
        yield tokens[start : start + 3], tokens[start + 3 : end]


def _align_by_class(token: Token) -> None:
    """Turns a cell's style, which the site's policy forbids, into a class."""
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrs["class"] = style.removeprefix("text-align:")


def _text_of(token: Token) -> str:
    return "".join(child.content for child in token.children or () if child.type in TEXT)


@cache
def _parser() -> MarkdownIt:
    """The parser: raw HTML is recognised, so that it can be refused, and never passed through."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.add_render_rule("fence", _render_code)
    parser.add_render_rule("code_block", _render_code)
    parser.add_render_rule("html_block", _render_escaped)
    parser.add_render_rule("html_inline", _render_escaped)
    parser.add_render_rule("image", _render_escaped)
    parser.add_render_rule("table_open", _render_table_open)
    parser.add_render_rule("table_close", _render_table_close)
    return parser


def _render_code(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = token.info.split()[0] if token.info.strip() else "text"
    return code(token.content, language)


def _render_escaped(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return html.escape(tokens[index].content)


def _render_table_open(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="scroll"><table>\n'


def _render_table_close(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>\n"
