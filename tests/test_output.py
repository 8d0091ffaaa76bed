"""The built tree by itself: every link and id, what lists what, and that nothing is lost or left over."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from itertools import pairwise
from urllib.parse import unquote
from urllib.parse import urlsplit
from xml.etree import ElementTree

from selectolax.lexbor import LexborHTMLParser

from tests.built import Built
from tests.built import resolved
from tests.conftest import REPOSITORY

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def indexed(site: Built) -> list[str]:
    """The pages that engines shall find: all but former addresses and those for what is missing."""
    aside = {*site.moved(), *site.missing()}
    return [page for page in site.pages() if page not in aside]


def address(site: Built, page: str) -> str:
    return site.base_url + ("" if page == "index.html" else page)


def page_at(site: Built, url: str) -> str:
    """The path of what an absolute address of the site names."""
    assert url.startswith(site.base_url), url
    return unquote(url.removeprefix(site.base_url)) or "index.html"


# Links


def test_every_link_leads_to_a_file_and_an_id(site: Built) -> None:
    files = set(site.files())
    flaws = []
    count = 0
    for page in site.pages():
        for target, anchor in site.links(page):
            count += 1
            if target not in files:
                flaws.append(f"{page}: {target} is no file")
            elif anchor and anchor not in site.ids(target):
                flaws.append(f"{page}: {target} has no #{anchor}")
    assert not flaws, "\n".join(flaws)
    assert count > 20 * len(site.pages())


def test_every_link_is_relative_or_of_the_web(site: Built) -> None:
    """None begins at the domain's root, none ends in a folder, none holds what no author wrote."""
    flaws = []
    for page in site.pages():
        for element in site.tree(page).css("[href], [src]"):
            link = element.attributes.get("href") or element.attributes.get("src") or ""
            scheme = urlsplit(link).scheme
            path = urlsplit(link).path
            is_sound = scheme in ("https", "http", "mailto") if scheme else not link.startswith("/") and link
            if not is_sound or (not scheme and path and "." not in path.rpartition("/")[2]) or "None" in link:
                flaws.append(f"{page}: {link!r}")
    assert flaws == []


def test_no_id_stands_twice(site: Built) -> None:
    for page in site.pages():
        ids = [element.attributes["id"] for element in site.tree(page).css("[id]")]
        assert sorted(set(ids)) == sorted(ids), page


def test_heading_levels_are_not_skipped(site: Built) -> None:
    for page in site.pages():
        levels = [int((element.tag or "h1")[1]) for element in site.tree(page).css("main :is(h1, h2, h3, h4, h5, h6)")]
        assert levels[0] == 1, page
        assert all(after <= before + 1 for before, after in pairwise(levels)), (page, levels)


def test_former_address_leads_to_the_present_one(site: Built) -> None:
    listed = dict(line.split()[:2] for line in (site.output / "_redirects").read_text().splitlines())
    assert set(listed) == {f"/{page}" for page in site.moved()}
    for page in site.moved():
        meta = site.tree(page).css_first("meta[http-equiv=refresh]")
        assert meta
        content = meta.attributes["content"] or ""
        target, _ = resolved(page, content.partition("url=")[2])
        assert content.startswith("0; url=")
        assert target in site.entries()
        assert listed[f"/{page}"] == f"/{target}"
        assert (target, "") in set(site.links(page, "main"))


# What pages say of themselves


def test_every_page_says_what_it_is(site: Built) -> None:
    titles: dict[str, str] = {}
    for page in indexed(site):
        tree = site.tree(page)
        [title] = tree.css("head > title")
        [description] = tree.css("head > meta[name=description]")
        [canonical] = tree.css("head > link[rel=canonical]")
        [html] = tree.css("html[lang]")
        assert html.attributes["lang"] == "en"
        assert canonical.attributes["href"] == address(site, page)
        assert 20 < len(description.attributes["content"] or "") <= 320, page
        other = titles.setdefault(title.text(), page)
        assert other == page, f"{page} and {other} have the same title"
        shared = {e.attributes["property"]: e.attributes["content"] for e in tree.css("meta[property^='og:']")}
        assert shared["og:url"] == address(site, page)
        assert shared["og:description"] == description.attributes["content"]
        assert not tree.css_first("meta[name=robots]")


def test_page_that_is_none_is_not_indexed(site: Built) -> None:
    assert len(site.missing()) >= 5
    for page in (*site.missing(), *site.moved()):
        robots = site.tree(page).css_first("meta[name=robots]")
        assert robots, page
        assert robots.attributes["content"] == "noindex"
    for page in site.missing():
        assert not site.tree(page).css_first("link[rel=canonical]"), page


def test_edit_link_names_a_file_of_the_repository(site: Built) -> None:
    """Every page that is made from a file says from which, and no two pages say the same."""
    folder = REPOSITORY if (site.folder / "content" / "errors" / "basic" / "554.md").exists() else site.folder
    made: dict[str, str] = {}
    for page in indexed(site):
        for link in site.tree(page).css("p.edit a"):
            if link.text() == "Edit this page":
                path = (link.attributes["href"] or "").partition("/edit/main/")[2]
                assert (folder / path).is_file(), f"{page}: {path}"
                assert path not in made, f"{page} and {made.get(path)}"
                made[path] = page
    sources = {p.relative_to(site.folder).as_posix() for p in (site.folder / "content").rglob("*") if p.is_file()}
    assert set(made) == sources - {"content/site.yaml", "content/lookup.yaml"}


# Ways through the site


def clicks(site: Built) -> dict[str, int]:
    """How many clicks lead from the home page to each page."""
    away = {"index.html": 0}
    ahead = ["index.html"]
    for page in ahead:
        for link in site.tree(page).css("a[href]"):
            href = link.attributes["href"] or ""
            target, _ = resolved(page, href)
            if not urlsplit(href).scheme and target.endswith(".html") and target not in away:
                away[target] = away[page] + 1
                ahead.append(target)
    return away


def test_every_page_is_within_three_clicks(site: Built) -> None:
    away = clicks(site)
    assert [page for page in indexed(site) if page not in away] == []
    assert [page for page in site.entries() if away[page] > 3] == []
    assert [page for page in (*site.missing(), *site.moved()) if page in away] == []


def test_no_entry_is_an_orphan(site: Built) -> None:
    """Every one is pointed to by something that is about it: a related error, a topic, a sender, a registry."""
    entries = set(site.entries())
    pointed = {
        target
        for page in indexed(site)
        if page not in ("index.html", "errors/index.html")
        for part in ("article", "table")
        for target, _ in site.links(page, part)
        if target != page
    }
    assert sorted(entries - pointed) == []


def test_related_errors_lead_back(site: Built) -> None:
    """What an author relates is shown from both ends, unless the other end is full."""
    related: dict[str, list[str]] = {}
    for page in site.entries():
        links = site.tree(page).css("#related li > a")
        related[page] = [resolved(page, link.attributes["href"] or "")[0] for link in links]
        assert len(set(related[page])) == len(related[page]) <= 12, page
        assert page not in related[page]
        assert all((why.text() or "").strip() for why in site.tree(page).css("#related li > p.why"))
        assert len(site.tree(page).css("#related li > p.why")) == len(related[page])
    for file in (site.folder / "content" / "errors").rglob("*.md"):
        page = f"errors/{file.stem}.html"
        for slug in re.findall(r"^ +- (?:\{)?entry: [\"']?([^\s\"',]+)", file.read_text(), re.MULTILINE):
            other = f"errors/{slug}.html"
            assert other in related[page], f"{page} does not show {slug}"
            assert page in related[other] or len(related[other]) == 12, f"{slug} does not lead back to {page}"


def test_previous_and_next_are_one_chain(site: Built) -> None:
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    for page in site.entries():
        for rel, found in (("next", after), ("prev", before)):
            links = site.tree(page).css(f"nav.pager a[rel={rel}]")
            assert len(links) <= 1
            for link in links:
                found[page], _ = resolved(page, link.attributes["href"] or "")
    [first] = set(site.entries()) - set(before)
    chain = [first]
    while chain[-1] in after:
        assert before[after[chain[-1]]] == chain[-1]
        chain.append(after[chain[-1]])
        assert len(chain) <= len(site.entries())
    assert sorted(chain) == sorted(site.entries())


# What is for programs


def test_sitemap_lists_exactly_the_indexed_pages(site: Built) -> None:
    root = ElementTree.parse(site.output / "sitemap.xml").getroot()
    listed = [one.findtext(f"{SITEMAP}loc") or "" for one in root]
    assert sorted(page_at(site, url) for url in listed) == sorted(indexed(site))
    assert "index.html" not in listed[0] or address(site, "index.html") in listed
    for one in root:
        page = page_at(site, one.findtext(f"{SITEMAP}loc") or "")
        day = one.findtext(f"{SITEMAP}lastmod") or ""
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", day)
        shown = site.tree(page).css_first("main .meta time")
        assert shown is None or shown.attributes["datetime"] == day, page


def test_feed_names_each_of_its_entries_once_and_newest_first(site: Built) -> None:
    root = ElementTree.parse(site.output / "feed.xml").getroot()
    items = root.findall(f"{ATOM}entry")
    ids = [item.findtext(f"{ATOM}id") or "" for item in items]
    assert len(set(ids)) == len(ids) == min(50, len(site.entries()))
    assert {page_at(site, url) for url in ids} <= set(site.entries())
    days = [item.findtext(f"{ATOM}updated") or "" for item in items]
    assert days == sorted(days, reverse=True)
    assert root.findtext(f"{ATOM}updated") == days[0]
    for item, url in zip(items, ids, strict=True):
        [link] = item.findall(f"{ATOM}link")
        assert link.get("href") == url
        assert item.findtext(f"{ATOM}title")
        assert item.findtext(f"{ATOM}summary")
    own = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert own == {None: site.base_url, "self": f"{site.base_url}feed.xml"}


def test_documents_for_programs_tell_of_every_entry(site: Built) -> None:
    every = json.loads((site.output / "api" / "errors.json").read_text())["errors"]
    assert sorted(page_at(site, one["url"]) for one in every) == sorted(site.entries())
    for one in every:
        document = json.loads((site.output / page_at(site, one["api"])).read_text())
        assert {name: document[name] for name in one if name not in ("api", "schema")} == {
            name: value for name, value in one.items() if name != "api"
        }
        assert {f"errors/{other['slug']}.html" for other in document["related"]} <= set(site.entries())
    listed = {page_at(site, one["api"]) for one in every} | {"api/errors.json", "api/schema.json"}
    assert {path for path in site.files() if path.startswith("api/")} == listed


def test_addresses_in_texts_for_crawlers_exist(site: Built) -> None:
    files = set(site.files())
    for name in ("llms.txt", "robots.txt", "opensearch.xml"):
        urls = re.findall(rf"{re.escape(site.base_url)}[^\s)#\"<]*", (site.output / name).read_text())
        assert urls, name
        assert [url for url in urls if page_at(site, url) not in files] == [], name


# Files


def test_assets_are_named_by_their_content_and_used(site: Built) -> None:
    assets = {path for path in site.files() if path.startswith("assets/")}
    for path in assets:
        tag = blake2b((site.output / path).read_bytes(), digest_size=5).hexdigest()
        assert f".{tag}." in path, f"{path} has another hash: {tag}"
    used = {target for page in site.pages() for target, _ in site.links(page) if target.startswith("assets/")}
    assert used == assets
    sources = {path.name for path in (REPOSITORY / "templates" / "assets").iterdir()}
    assert sources == {re.sub(r"\.[0-9a-f]{10}\.", ".", path.removeprefix("assets/")) for path in assets}


def test_every_file_is_known_to_the_manifest(site: Built) -> None:
    listed = json.loads((site.output / "manifest.json").read_text())["files"]
    assert sorted(listed) == site.files()
    for path, digest in listed.items():
        assert blake2b((site.output / path).read_bytes(), digest_size=16).hexdigest() == digest, path


def test_every_content_file_has_its_page(site: Built) -> None:
    for path in (site.folder / "content").rglob("*"):
        folder = path.relative_to(site.folder / "content").parts[0]
        below = {"registry": "codes/", "pages": ""}.get(folder, f"{folder}/")
        if path.is_file() and folder not in ("site.yaml", "lookup.yaml"):
            assert (site.output / f"{below}{path.stem}.html").is_file(), path


def test_text_is_whole_and_in_one_encoding(site: Built) -> None:
    """UTF-8 without a mark, lines that end in \\n, no character that a template's mistake leaves behind."""
    for path in site.files():
        text = (site.output / path).read_bytes().decode("utf-8")
        assert "\r" not in text
        assert "\ufeff" not in text
        assert not text or path == ".nojekyll" or text.endswith("\n"), path
        if path.endswith(".html"):
            assert text.startswith("<!doctype html>\n")
            assert text.endswith("</html>\n")
            tree = LexborHTMLParser(text)
            tree.strip_tags(["code"])  # a page may quote another program's placeholders
            shown = tree.body
            assert shown
            assert not re.search(r"\{\{|\}\}|\{%|&amp;(amp|lt|gt|quot);", shown.text()), path
