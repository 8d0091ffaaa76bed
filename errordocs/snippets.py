"""What both readers of Markdown write: lines and blocks of code, ids of headings; and which links may stand."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from functools import cache
from functools import lru_cache
from typing import Any

from errordocs.model import HOST
from errordocs.paths import PAGE_IDS
from errordocs.paths import anchor as anchor_of

ABSOLUTE = re.compile(rf"(?:https?://{HOST}(?:[/?#][^\s\\]*)?|mailto:[^\s\\]+@[^\s\\]+)\Z", re.IGNORECASE)
PLAIN = ("text", "")
BLOCK = re.compile(r'<pre class="highlight"><code class="language-([^"]*)">(.*?)</code></pre>\n', re.DOTALL)
SOME = "\N{HORIZONTAL ELLIPSIS}"
PLAIN_URL = re.compile(r"[A-Za-z0-9:/?#@!$&()*+,;=._~-]+\Z")  # an address that has nothing to encode


@lru_cache(maxsize=65536)
def inline(text: str) -> str:
    """One line of a field as HTML: escaped, with `code` between backticks."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(
        f"<code>{html.escape(part, quote=False)}</code>" if index % 2 else html.escape(part, quote=False)
        for index, part in enumerate(parts)
    )


def plain(text: str) -> str:
    """One line of a field without its backticks."""
    return text.replace("`", "")


def free_anchor(title: str, taken: Collection[str]) -> str:
    """The id of a heading that none of `taken` and no part of a page has."""
    base = anchor_of(title)
    name, number = base, 1
    while name in taken or name in PAGE_IDS:
        number += 1
        name = f"{base}-{number}"
    return name


def learn(body: str) -> None:
    """Takes the blocks of code from HTML that was made before, so that the same are not marked again.

    What was learnt before is forgotten.
    """
    _learnt.clear()
    for found in BLOCK.finditer(f"{body}\n"):
        text = html.unescape(re.sub("<[^>]*>", "", found[2]))
        if "<span " in found[2]:  # a language that nobody knows has none
            _learnt[text, html.unescape(found[1])] = found[0]


_learnt: dict[tuple[str, str], str] = {}


def code(text: str, language: str) -> str:
    """A code block, its tokens marked by Pygments' short classes."""
    return _learnt.get((text, language)) or _code(text, language)


@lru_cache(maxsize=4096)
def _code(text: str, language: str) -> str:
    lexer = None if language in PLAIN else _lexer(language)
    marked = html.escape(text, quote=False) if lexer is None else _highlight(text, lexer)
    return f'<pre class="highlight"><code class="language-{html.escape(language)}">{marked}</code></pre>\n'


def _highlight(text: str, lexer: Any) -> str:
    parts = []
    for _, kind, value in lexer.get_tokens_unprocessed(text):  # what it would be readied for, this text is
        if "<" in value or ">" in value or "&" in value:
            value = html.escape(value, quote=False)
        begin = _begin(kind)
        parts.append(f"{begin}{value}</span>" if begin else value)
    return "".join(parts)


@cache
def _begin(kind: Any) -> str:
    """What opens a token of that kind; empty where it is plain text."""
    from pygments.token import STANDARD_TYPES

    while kind not in STANDARD_TYPES:
        kind = kind.parent
    name = STANDARD_TYPES[kind]
    return f'<span class="{name}">' if name and name != "w" else ""


def is_language(name: str) -> bool:
    """Whether a block of code may say that it is in this language."""
    return name in PLAIN or any(name == language for _, language in _learnt) or _lexer(name) is not None


@cache
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
