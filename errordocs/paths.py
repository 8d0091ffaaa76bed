"""Which page a source file makes, of which type a file is, and how pages point at each other: by relative paths."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

# Ids that templates give to parts of a page; a body's headings keep clear of them.
PAGE_IDS = frozenset({"find", "main", "replies", "overview", "sources", "related", "further", "about"})

WORD = re.compile("[a-z0-9]+")

MOST_REDIRECTS = 2000  # lines of _redirects that Cloudflare Pages reads; pages that lead on serve the rest
TYPES = {  # our own table: that of the machine differs from one to the next
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
}


def type_of(path: str) -> str:
    """The media type of a file of the site, by the end of its name."""
    return TYPES.get(posixpath.splitext(path)[1], "text/plain; charset=utf-8")


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


def target_of(source: str, path: str) -> str:
    """The file, from `content/`, that a relative path in another file there names; it begins with `..` outside."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), path))


def slug_of(path: str) -> str:
    """The name of a file without its folders and its last end: of an entry's file or page, its slug."""
    return path[path.rfind("/") + 1 : path.rindex(".")]


@lru_cache(maxsize=4096)
def folders_of(folder: str) -> tuple[str, ...]:
    """A folder and those that it is in; none for the top one, whose path is empty."""
    return (folder, *folders_of(folder.rpartition("/")[0])) if folder else ()


def files_of(source: str) -> tuple[str, str]:
    """The output paths of the page and the document for programs that an entry's file makes."""
    slug = slug_of(source)
    return f"errors/{slug}.html", f"api/errors/{slug}.json"


def root_of(page: str) -> str:
    """What leads from `page` to the site's root: the empty string, or `../` for each folder."""
    return "../" * page.count("/")


def anchor(title: str) -> str:
    """The id of a heading: lower case, runs of other characters than a-z and 0-9 become one hyphen."""
    return "-".join(WORD.findall(title.lower()))[:80].rstrip("-") or "section"
