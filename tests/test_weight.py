"""What a reader has to load: gzipped as a host sends it, in bytes; and nothing that a page could do without."""

from __future__ import annotations

import gzip
import statistics
from urllib.parse import urlsplit

import pytest

from tests.built import Built

KB = 1000


def weight(site: Built, path: str) -> int:
    return len(gzip.compress((site.output / path).read_bytes(), 6, mtime=0))


def heavy(site: Built, paths: list[str], most: int) -> list[str]:
    """Those of the files that weigh more than `most`, each with its weight."""
    assert paths
    weights = {path: weight(site, path) for path in paths}
    return [f"{path}: {size} of {most} bytes" for path, size in weights.items() if size > most]


def test_entry_page_is_light(real: Built) -> None:
    assert heavy(real, real.entries(), 14 * KB) == []


def test_entry_page_in_the_middle_is_lighter(real: Built) -> None:
    assert statistics.median(weight(real, path) for path in real.entries()) <= 12 * KB


def test_listing_is_light(real: Built) -> None:
    entries = set(real.entries())
    assert heavy(real, [page for page in real.pages() if page not in entries], 60 * KB) == []


@pytest.mark.parametrize(("suffix", "most"), [(".css", 6 * KB), (".js", 3 * KB), (".svg", 1 * KB)])
def test_assets_are_light(real: Built, suffix: str, most: int) -> None:
    """All of a kind together, as every page loads them all."""
    paths = [path for path in real.files() if path.startswith("assets/") and path.endswith(suffix)]
    assert paths
    assert sum(weight(real, path) for path in paths) <= most


def test_lookup_is_light(real: Built) -> None:
    """Script and index together; no page loads them before somebody looks something up."""
    assert weight(real, "lookup.js") <= 60 * KB


def test_style_sheet_is_small_enough_to_be_read(real: Built) -> None:
    sheets = [path for path in real.files() if path.endswith(".css")]
    assert len(sheets) == 1
    assert (real.output / sheets[0]).stat().st_size <= 20 * KB


def test_page_carries_no_inline_script_or_style(site: Built) -> None:
    flaws = []
    for page in site.pages():
        for element in site.tree(page).css("*"):
            names = [name for name in element.attributes if name == "style" or name.startswith("on")]
            if element.tag == "style" or (element.tag == "script" and not element.attributes.get("src")) or names:
                flaws.append(f"{page}: {(element.html or '')[:120]}")
            if any((value or "").strip().lower().startswith("javascript:") for value in element.attributes.values()):
                flaws.append(f"{page}: {(element.html or '')[:120]}")
    assert flaws == []


LOADING = {"icon", "stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "manifest"}


def test_page_loads_nothing_from_elsewhere(site: Built) -> None:
    """What a browser fetches without being asked is the site's own."""
    flaws = []
    for page in site.pages():
        for element in site.tree(page).css("[src], [srcset], [data], [poster], [background], link[href]"):
            rel = set((element.attributes.get("rel") or "").split())
            if element.tag == "link" and not rel & LOADING:
                continue
            address = next(
                value
                for name in ("src", "srcset", "data", "poster", "background", "href")
                if (value := element.attributes.get(name)) is not None
            )
            if urlsplit(address).scheme or urlsplit(address).netloc:
                flaws.append(f"{page}: {address}")
    sheets = [path for path in site.files() if path.endswith(".css")]
    flaws += [path for path in sheets for word in ("url(", "@import") if word in (site.output / path).read_text()]
    assert flaws == []


def test_page_needs_one_sheet_one_script_and_one_icon(site: Built) -> None:
    for page in site.pages():
        tree = site.tree(page)
        assert [len(tree.css(one)) for one in ("link[rel=stylesheet]", "script[defer]", "link[rel=icon]")] == [1, 1, 1]
        assert len(tree.css("script, iframe, object, embed, video, audio")) == 1
