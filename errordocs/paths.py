"""Which page a source file makes, and how pages point at each other: relative, ending in a file name."""

from __future__ import annotations

import posixpath
import re

# Ids that templates give to parts of a page; a body's headings keep clear of them.
PAGE_IDS = frozenset({"find", "main", "replies", "overview", "sources", "related", "further", "about"})


def page_of(source: str) -> str | None:
    """The output path of the page that a file below `content/` makes, or None where it makes none."""
    folder, _, rest = source.partition("/")
    name = posixpath.basename(rest)
    if folder == "errors" and name.endswith(".md"):
        return f"errors/{name[:-3]}.html"
    if folder in ("topics", "guides") and name.endswith(".md"):
        return f"{folder}/{name[:-3]}.html"
    if folder == "pages" and name.endswith(".md"):
        return f"{name[:-3]}.html"
    if folder == "senders" and name.endswith(".yaml"):
        return f"senders/{name[:-5]}.html"
    if folder == "registry" and name.endswith(".yaml"):
        return f"codes/{name[:-5]}.html"
    return None


def root_of(page: str) -> str:
    """What leads from `page` to the site's root: the empty string, or `../` for each folder."""
    return "../" * page.count("/")


def anchor(title: str) -> str:
    """The id of a heading: lower case, runs of other characters than a-z and 0-9 become one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:80].rstrip("-") or "section"
