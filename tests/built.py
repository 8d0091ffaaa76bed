"""A site that was built, as tests look at it: its pages, one page of each kind, its links, its ids."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

KINDS = (
    "home",
    "errors",
    "entry",
    "variant",
    "senders",
    "sender",
    "topics",
    "topic",
    "guides",
    "guide",
    "registry",
    "lookup",
    "about",
    "missing",
)


@dataclass(frozen=True)
class Built:
    """A folder that holds `content/` and the `output/` that was built from it."""

    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def base_url(self) -> str:
        site = (self.folder / "content" / "site.yaml").read_text()
        return next(line.split(": ")[1] for line in site.splitlines() if line.startswith("base_url: "))

    @cache  # noqa: B019 - a site that was built stays as it is, as long as a worker lives
    def files(self) -> list[str]:
        """The paths of all files but the manifest, sorted."""
        found = (path.relative_to(self.output).as_posix() for path in self.output.rglob("*") if path.is_file())
        return sorted(path for path in found if path != "manifest.json")

    @cache  # noqa: B019 - a site that was built stays as it is, as long as a worker lives
    def pages(self) -> list[str]:
        return [path for path in self.files() if path.endswith(".html")]

    def tree(self, page: str) -> LexborHTMLParser:
        return _tree(self.output / page)

    @cache  # noqa: B019 - a site that was built stays as it is, as long as a worker lives
    def moved(self) -> list[str]:
        """The former addresses: pages that only lead to another."""
        return [page for page in self.pages() if self.tree(page).css_first("meta[http-equiv=refresh]")]

    @cache  # noqa: B019 - a site that was built stays as it is, as long as a worker lives
    def missing(self) -> list[str]:
        """The pages for addresses that are none."""
        return [p for p in self.pages() if posixpath.basename(p) == "404.html" and "rel=canonical" not in self.marks(p)]

    @cache  # noqa: B019 - a site that was built stays as it is, as long as a worker lives
    def entries(self) -> list[str]:
        """The pages of errors."""
        return [page for page in self.pages() if page.startswith("errors/") and self.tree(page).css_first("h1.code")]

    def marks(self, page: str) -> set[str]:
        """What links of the head say of themselves, as `rel=canonical`."""
        return {f"rel={link.attributes.get('rel')}" for link in self.tree(page).css("head link")}

    @cache  # noqa: B019 - a site that was built stays as it is, as long as a worker lives
    def kinds(self) -> dict[str, str]:
        """A page of each kind, the largest where there are several."""

        def largest(pages: list[str]) -> str:
            return max(pages, key=lambda page: ((self.output / page).stat().st_size, page))

        def of(folder: str) -> str:
            aside = {f"{folder}/index.html", *self.missing()}
            return largest([p for p in self.pages() if p.startswith(f"{folder}/") and p not in aside])

        variants = [page for page in self.entries() if self.tree(page).css_first("h1 .by")]
        kinds = {"home": "index.html", "lookup": "lookup.html", "about": "about.html", "missing": "404.html"}
        kinds["registry"] = of("codes")
        kinds |= {"errors": "errors/index.html", "entry": largest(self.entries()), "variant": largest(variants)}
        for folder in ("senders", "topics", "guides"):
            kinds |= {folder: f"{folder}/index.html", folder[:-1]: of(folder)}
        return kinds

    def links(self, page: str, within: str = "html") -> Iterator[tuple[str, str]]:
        """What a page's attributes point to on this site: the path of a file, and what follows `#`."""
        for element in self.tree(page).css(f"{within} [href], {within} [src]"):
            address = element.attributes.get("href") or element.attributes.get("src") or ""
            if not urlsplit(address).scheme:
                yield resolved(page, address)

    def ids(self, page: str) -> set[str]:
        return _ids(self.output / page)


def resolved(page: str, address: str) -> tuple[str, str]:
    """The path from the site's root of what a relative address on a page names, and the id that it names there."""
    parts = urlsplit(address)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else page
    return path, unquote(parts.fragment)


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path."""
    found: dict[str, bytes] = {}
    for above, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(above, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


@cache
def _tree(path: Path) -> LexborHTMLParser:
    return LexborHTMLParser(path.read_bytes())


@cache
def _ids(path: Path) -> set[str]:
    return {element.attributes["id"] or "" for element in _tree(path).css("[id]")}
