"""The parts of a sound body, several times as fast as `markup` reads them and byte for byte the same, or None.

It takes what bodies are made of: headings, paragraphs, flat lists, tables, code in a known language, links that may
stand. Whatever is rarer, or a mistake, is left to `markup`, which alone knows every rule and tells every mistake.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pyromark

from errordocs import snippets
from errordocs.model import Body
from errordocs.model import Item
from errordocs.model import LinkUse
from errordocs.model import Section
from errordocs.paths import page_of
from errordocs.paths import root_of
from errordocs.paths import target_of

# Where the two readers may differ: odd blanks, definitions of links, underlined headings, and what stands beside an
# asterisk, which counts by its kind.
RARE = re.compile(r"[^\S \n]|^[^a-zA-Z\n]*\[[^\n]*\]:|^ *(?:-+|=+) *$|[^\x00-\x7f][*_]|[*_][^\x00-\x7f]", re.MULTILINE)
RELATIVE = re.compile(r"((?:\.\./|[a-z0-9.-]+/)*[a-z0-9.-]+\.(?:md|yaml))?(?:#([a-z0-9-]+))?\Z")
SPECIAL = re.compile('[&<>"]')
OPTIONS = pyromark.Options.ENABLE_TABLES
SOME = snippets.SOME

Events = Iterator[tuple[dict[str, Any] | str, dict[str, int]]]
Part = tuple[int, str, str, str, int, list[str]]  # level, title, its HTML, anchor, line, and the HTML below it


class _Rare(Exception):
    """Something that this reader does not take."""


def parse(source: str, text: str, above: int = 0, render: bool = True) -> Body | None:
    """The parts of a sound body, as `markup.parse` has them, or None where that one has to read it."""
    if RARE.search(text):
        return None
    reader = _Reader(source, text, above, render)
    try:
        events: Any = pyromark.events_with_range(text, options=OPTIONS)
        reader.read(iter(events))
    except _Rare:
        return None
    return reader.body()


class _Reader:
    """One body on its way through the parser's events; `out` takes the HTML of the part that is being read."""

    def __init__(self, source: str, text: str, above: int, render: bool) -> None:
        self.source = source
        self.root = root_of(page_of(source) or "")
        self.raw = text.encode()  # events count bytes
        self.ends = [found.start() for found in re.finditer(b"\n", self.raw)]
        self.above = above
        self.render = render
        self.out: list[str] = []
        self.parts: list[Part] = [(0, "", "", "", 0, self.out)]
        self.titled: list[str] = self.out  # what the heading that is being read stands in
        self.title: list[str] | None = None
        self.is_list = self.is_head = self.is_loose = False
        self.sides: list[str] = []
        self.column = 0
        self.anchors: dict[str, None] = {}
        self.links: list[LinkUse] = []

    def read(self, events: Events) -> None:
        for event, span in events:
            if event == "SoftBreak":
                self.out.append("\n")
                continue
            if isinstance(event, str):
                raise _Rare
            ((kind, value),) = event.items()
            if kind == "Text":
                self.text(value, _escaped(value))
            elif kind == "Code":
                self.text(value, f"<code>{_escaped(value)}</code>")
            elif kind in ("Start", "End"):
                tag, detail = (value, None) if isinstance(value, str) else next(iter(value.items()))
                if plain := (OPEN if kind == "Start" else CLOSE).get(tag):
                    self.out.append(plain)
                elif tag == "CodeBlock":
                    self.code(detail, events)
                elif step := (BEGIN if kind == "Start" else END).get(tag):
                    step(self, detail, span["start"])
                else:
                    raise _Rare
            else:
                raise _Rare

    def text(self, plain: str, html: str) -> None:
        self.out.append(html)
        if self.title is not None:
            self.title.append(plain)

    # Blocks

    def paragraph(self, _: Any, at: int) -> None:
        if self.is_list and self.out[-1] == "<li>":
            self.out.append("\n")
        self.out.append("<p>")

    def heading(self, detail: Any, at: int) -> None:
        if self.is_list or detail["level"] == "H1":
            raise _Rare
        self.title, self.titled, self.out = [], self.out, []

    def heading_end(self, name: Any, at: int) -> None:
        level, title, html = int(name[1]), "".join(self.title or ()), "".join(self.out)
        anchor = self._anchor(title)
        self.title, self.out = None, self.titled
        if level == 2 or (level == 3 and len(self.parts) > 1):
            self.out = []
            self.parts.append((level, title, html.strip(), anchor, self._line(at) + self.above + 1, self.out))
        else:
            self.out.append(f'<h{level} id="{anchor}">{html}</h{level}>\n')

    def code(self, detail: Any, events: Events) -> None:
        language = detail["Fenced"].split() if isinstance(detail, dict) else ()
        if not language or self.is_list or not snippets.is_language(language[0]):
            raise _Rare
        text = []
        for event, _ in events:
            if not isinstance(event, dict) or "Text" not in event:
                break
            text.append(event["Text"])
        self.out.append(snippets.code("".join(text), language[0]) if self.render else SOME)

    def items(self, number: Any, at: int) -> None:
        if self.is_list:
            raise _Rare
        self.is_list = True
        self.out.append("<ul>\n" if number is None else "<ol>\n" if number == 1 else f'<ol start="{number}">\n')

    def items_end(self, is_ordered: Any, at: int) -> None:
        self.is_list = False
        self.out.append("</ol>\n" if is_ordered else "</ul>\n")

    def table(self, sides: Any, at: int) -> None:
        if self.is_list:
            raise _Rare
        self.sides = [side.lower() for side in sides]
        self.out.append('<div class="scroll"><table>\n')

    def table_end(self, _: Any, at: int) -> None:
        self.out.append("</thead>\n</table></div>\n" if self.is_head else "</tbody>\n</table></div>\n")
        self.is_head = False

    def head(self, _: Any, at: int) -> None:
        self.is_head, self.column = True, 0
        self.out.append("<thead>\n<tr>\n")

    def row(self, _: Any, at: int) -> None:
        self.out.append("</thead>\n<tbody>\n<tr>\n" if self.is_head else "<tr>\n")
        self.is_head, self.column = False, 0

    def cell(self, _: Any, at: int) -> None:
        side = self.sides[self.column]
        self.column += 1
        name = "th" if self.is_head else "td"
        self.out.append(f"<{name}>" if side == "none" else f'<{name} class="{side}">')

    def cell_end(self, _: Any, at: int) -> None:
        self.out.append("</th>\n" if self.is_head else "</td>\n")

    # Links

    def link(self, detail: Any, at: int) -> None:
        href = detail["dest_url"]
        found = self.raw.find(b"](" + href.encode(), at)
        if not href or self.title is not None or detail["link_type"] != "Inline" or detail["title"] or found < 0:
            raise _Rare
        if relative := RELATIVE.match(href):
            path, fragment = relative.groups("")
            page = target_of(self.source, path) if path else self.source
            target = page_of(page) if path else ""
            if target is None:
                raise _Rare
            shown = f"{self.root}{target}" if path else ""
            shown = f"{shown}#{fragment}" if fragment else shown
        else:
            page, fragment, shown = None, "", href
            if not snippets.ABSOLUTE.match(href) or not snippets.PLAIN_URL.match(href):
                raise _Rare
        line = self._line(found)
        begin = self.ends[line - 1] + 1 if line else 0
        column = len(self.raw[begin : found + 2].decode()) + 1
        self.links.append(LinkUse(href, line + self.above + 1, column, page, fragment))
        self.out.append(f'<a href="{_escaped(shown)}">')

    # Places and names

    def _line(self, at: int) -> int:
        return bisect_right(self.ends, at - 1)

    def _anchor(self, title: str) -> str:
        name = snippets.free_anchor(title, self.anchors)
        self.anchors[name] = None
        return name

    def body(self) -> Body:
        sections: list[Section] = []
        items: list[Item] = []
        for level, title, title_html, anchor, line, out in reversed(self.parts[1:]):
            html = self._html(out)
            title_html = title_html if self.render else SOME
            if level == 3:
                items.append(Item(title, title_html, anchor, line, html))
            else:
                sections.append(Section(title, title_html, anchor, line, html, tuple(reversed(items))))
                items = []
        intro = self._html(self.parts[0][-1])
        return Body(intro, tuple(reversed(sections)), tuple(self.anchors), tuple(self.links))

    def _html(self, out: list[str]) -> str:
        html = "".join(out).strip()
        return html if self.render else html and SOME


def _escaped(text: str) -> str:
    if SPECIAL.search(text):
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text


OPEN = {"Strong": "<strong>", "Emphasis": "<em>", "Item": "<li>"}
CLOSE = {
    "Paragraph": "</p>\n",
    "Strong": "</strong>",
    "Emphasis": "</em>",
    "Link": "</a>",
    "Item": "</li>\n",
    "TableHead": "</tr>\n",
    "TableRow": "</tr>\n",
}
Step = Callable[[_Reader, Any, int], None]
BEGIN: dict[str, Step] = {
    "Paragraph": _Reader.paragraph,
    "Heading": _Reader.heading,
    "List": _Reader.items,
    "Table": _Reader.table,
    "TableHead": _Reader.head,
    "TableRow": _Reader.row,
    "TableCell": _Reader.cell,
    "Link": _Reader.link,
}
END: dict[str, Step] = {
    "Heading": _Reader.heading_end,
    "List": _Reader.items_end,
    "Table": _Reader.table_end,
    "TableCell": _Reader.cell_end,
}
