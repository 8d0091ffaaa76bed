"""The parts of a sound body, many times as fast as `markup` reads them and byte for byte the same, or None.

It takes what bodies are made of: headings, paragraphs, flat lists, tables, code in a known language, links that may
stand. Whatever is rarer, or a mistake, is left to `markup`, which alone knows every rule and tells every mistake.
"""

from __future__ import annotations

import html
import re

import pyromark

from errordocs import snippets
from errordocs.model import Body
from errordocs.model import Item
from errordocs.model import LinkUse
from errordocs.model import Section
from errordocs.paths import page_of
from errordocs.paths import root_of
from errordocs.paths import target_of

OPTIONS = pyromark.Options.ENABLE_TABLES
SOME = snippets.SOME
RELATIVE = re.compile(r"((?:\.\./|[a-z0-9.-]+/)*[a-z0-9.-]+\.(?:md|yaml))?(?:#([a-z0-9-]+))?\Z")

# In the source, where the two readers may differ: odd blanks, entities for `<` and for any character, what stands
# beside an asterisk (it counts by its kind), definitions of links, underlined headings.
ODD_BLANKS = "\0\t\r\v\f\x1c\x1d\x1e\x1f"
BEYOND = re.compile(r"(?! )[^\S\x00-\x7f]|[^\x00-\x7f][*_]|[*_][^\x00-\x7f]")
ENTITY = re.compile(r"&(?:#|lt|LT)")
DEFINITION = re.compile(r"\n[^a-zA-Z\n]*\[[^\n]*\]:")
UNDERLINE = re.compile(r"\n *(?:-+|=+) *(?=\n|\Z)")
# In a list, code that goes on in an indented line; not what stands between fences.
INDENTED = re.compile(r"(?:(?<!`)`{1,2}|[^\n` ] *`{3,})(?!`)[^`]*\n +[^`]*`")
# The headings, by their level, and the fences of code, of which nothing is looked at.
BLOCK = re.compile(r"\n {0,3}(?:(#{1,6})(?=[ \n]|\Z)|(`{3,}|~{3,}).*\n(?:.*\n)*? {0,3}\2[`~]* *(?=\n|\Z))")
LINK = "]("

# In the HTML that the parser makes, what this site has otherwise, or has to know of.
TOLD = re.compile(
    r'"'
    r'|<a href="([^"]*)">'
    r"|<h([1-6])>(.*)</h\2>\n"
    r'|<pre><code class="language-([^"]*)">([^<]*)</code></pre>\n'
    r"|<(?!/?(?:p|li|strong|em|code|a)>)[^>]*>"
)
LIST = re.compile(r'<[ou]l(?: start="[0-9]+")?>')
INLINE = re.compile("</?(?:strong|em|code)>")
BLANKS = re.compile("<code>(?: |[^<]*  )")  # maybe what is left of an indent
HERE = "\0"  # where a part of the page begins
MENDS = {
    '"': "&quot;",
    "<table>": '<div class="scroll"><table>\n',
    "</table>": "\n</table></div>",
    "<thead>": "<thead>\n",
    "</thead>": "\n</thead>\n",
    "<tbody>": "<tbody>",
    "</tbody>": "</tbody>",
    "<tr>": "<tr>\n",
    "</tr>": "</tr>",
    "<th>": "<th>",
    "</th>": "</th>\n",
    "<td>": "<td>",
    "</td>": "</td>\n",
    **{
        f'<{cell} style="text-align: {side}">': f'<{cell} class="{side}">'
        for cell in ("th", "td")
        for side in ("left", "center", "right")
    },
}


class _Rare(Exception):
    """Something that this reader does not take."""


def parse(source: str, text: str, above: int = 0, render: bool = True) -> Body | None:
    """The parts of a sound body, as `markup.parse` has them, or None where that one has to read it."""
    text = f"\n{text}"  # so that every line comes after one, which is found at once
    if _is_rare(text):
        return None
    made = pyromark.html(text, options=OPTIONS)
    if text.count("<") != made.count("&lt;") or "<tbody>\n</tbody>" in made or "<li></li>" in made:
        return None  # HTML, or an address between angles; a table without rows; an item without text
    if "<li>" in made and BLANKS.search(made) and INDENTED.search(text):
        return None
    try:
        return _Reader(source, text, above, render).read(made)
    except _Rare:
        return None


def _is_rare(text: str) -> bool:
    """Whether there is anything in which the two readers may differ."""
    return bool(
        any(blank in text for blank in ODD_BLANKS)
        or (not text.isascii() and BEYOND.search(text))
        or ("&" in text and ENTITY.search(text))
        or ("]:" in text and DEFINITION.search(text))
        or UNDERLINE.search(text)
    )


class _Reader:
    """One body on its way from the parser's HTML to its parts; `text` begins with a line end that is not its own."""

    def __init__(self, source: str, text: str, above: int, render: bool) -> None:
        self.source = source
        self.root = root_of(page_of(source) or "")
        self.text = text
        self.render = render
        self.blocks = BLOCK.finditer(text)
        self.at, self.line = 0, above  # how far the source is read, and the line there
        self.is_list = False
        self.anchors: dict[str, None] = {}
        self.links: list[LinkUse] = []
        self.heads: list[tuple[int, str, str, str, int]] = []  # of the parts: level, title, its HTML, anchor, line

    def read(self, made: str) -> Body:
        done = TOLD.sub(self._tell, made)
        self._pass(len(self.text))
        if next(self.blocks, None):
            raise _Rare
        return self._body(*done.split(HERE))

    def _tell(self, found: re.Match[str]) -> str:
        whole = found[0]
        if (mend := MENDS.get(whole)) is not None:
            if self.is_list and whole == "<table>":
                raise _Rare
            return mend
        kind = found.lastindex
        if kind == 1:
            return self._link(html.unescape(found[1]) if "&" in whole else found[1])
        if kind == 3:
            return self._heading(int(found[2]), found[3])
        if kind == 5:
            return self._code(found[4], found[5])
        is_begin = LIST.match(whole) is not None
        if is_begin == self.is_list or (not is_begin and whole not in ("</ul>", "</ol>")):
            raise _Rare
        self.is_list = is_begin
        return whole

    def _heading(self, level: int, title: str) -> str:
        block = next(self.blocks, None)
        if self.is_list or level == 1 or block is None or len(block[1] or "") != level:
            raise _Rare
        self._pass(block.start() + 1)
        plain = title = title.strip()
        if "<" in title or "&" in title:
            plain = html.unescape(INLINE.sub("", title))
            if "<a " in title:
                raise _Rare
        title = title.replace('"', "&quot;")
        anchor = snippets.free_anchor(plain, self.anchors)
        self.anchors[anchor] = None
        if level == 2 or (level == 3 and self.heads):
            self.heads.append((level, plain, title, anchor, self.line))
            return HERE
        return f'<h{level} id="{anchor}">{title}</h{level}>\n'

    def _code(self, language: str, marked: str) -> str:
        block = next(self.blocks, None)
        if self.is_list or block is None or block[1]:
            raise _Rare
        self._pass(block.start())
        self._pass(block.end(), is_code=True)
        if "&" in marked or "&" in language:
            marked, language = html.unescape(marked), html.unescape(language)
        if not snippets.is_language(language):
            raise _Rare
        return snippets.code(marked, language) if self.render else SOME

    def _link(self, href: str) -> str:
        """The link that is next in the source, which has to say the same there."""
        at = self.text.find(LINK, self.at) + len(LINK)
        if not href or not self.text.startswith(f"{href})", at):
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
        self._pass(at, is_code=True)
        self.links.append(LinkUse(href, self.line, at - self.text.rfind("\n", 0, at), page, fragment))
        return f'<a href="{shown.replace("&", "&amp;")}">'

    def _pass(self, to: int, is_code: bool = False) -> None:
        """Goes on in the source; what looks like a link is one, but in code."""
        if not is_code and self.text.find(LINK, self.at, to) >= 0:
            raise _Rare
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def _body(self, intro: str, *below: str) -> Body:
        sections: list[Section] = []
        items: list[Item] = []
        for (level, title, title_html, anchor, line), made in zip(reversed(self.heads), reversed(below), strict=True):
            made = self._html(made)
            title_html = title_html if self.render else SOME
            if level == 3:
                items.append(Item(title, title_html, anchor, line, made))
            else:
                sections.append(Section(title, title_html, anchor, line, made, tuple(reversed(items))))
                items = []
        return Body(self._html(intro), tuple(reversed(sections)), tuple(self.anchors), tuple(self.links))

    def _html(self, made: str) -> str:
        made = made.strip()
        return made if self.render else made and SOME
