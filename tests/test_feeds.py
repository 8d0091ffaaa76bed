"""The site for programs: JSON that its own schema takes, XML that parses whatever the titles hold, plain lists."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errordocs import feeds
from errordocs import link
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Output
from errordocs.model import SiteFields
from errordocs.plaintext import BAD_CHARACTERS
from errordocs.render import output
from errordocs.views import EntryView
from tests.conftest import SITE
from tests.conftest import SUMMARY
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import page
from tests.records import reference
from tests.records import registry
from tests.records import reply
from tests.records import sender
from tests.records import site_of
from tests.records import topic

NASTY = """<script>]]>&amp;"' --> [x](y) \\ é 日本 \U0001f600"""
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
BASE = "https://widgets.example/docs/"
WHO = "  - {name: who, label: Who, help: Who, many: 'yes', values: {us: We., you: You.}}\n"
MANY = site_of(SITE.replace("sections:\n", f"{WHO}sections:\n"))


def made(*records: Any, site: SiteFields = PLAIN_SITE) -> dict[str, str]:
    found: Content = content(*records, site=site)
    return {output.path: (output.data or b"").decode() for output in outputs(found)}


def outputs(found: Content) -> list[Output]:
    """Documents of entries, then every other file."""
    views = [view for view in link.pages(found) if isinstance(view, EntryView)]
    documents = [feeds.document(view, found.site) for view in views]
    return [*documents, *feeds.feeds(link.link(found), found.site)]


def full() -> list[Any]:
    """Every kind of record, and an entry with every field."""
    fields: dict[str, Any] = {
        "topics": ("a",),
        "guides": ("b",),
        "seen_from": ("acme",),
        "aliases": ("old",),
        "references": (reference(),),
        "responses": (reply("500 {ip} no"), reply("500 never", sender="acme", basis="documented")),
    }
    return [
        entry("500", "400", **fields),
        entry("400", status="retired", replaced_by="500"),
        entry("500-5.1-acme", sender="acme", title=NASTY),
        entry("4.1", updated=date(2026, 3, 4)),
        *(sender("acme"), topic("a"), guide("b"), page("about"), registry("number", "500")),
    ]


# JSON


def documents(files: dict[str, str]) -> dict[str, Any]:
    return {path: json.loads(text) for path, text in files.items() if path.endswith(".json") and "schema" not in path}


@pytest.mark.parametrize(
    ("site", "facts"),
    [(PLAIN_SITE, {"retry": ("no",)}), (MANY, {"retry": ("no",), "who": ("us", "you")})],
    ids=["facts of one value", "facts of many"],
)
def test_documents_are_as_the_published_schema_says(site: SiteFields, facts: dict[str, tuple[str, ...]]) -> None:
    records = [msgspec.structs.replace(r, facts=facts) if isinstance(r, Entry) else r for r in full()]
    files = made(*records, site=site)
    schema = json.loads(files["api/schema.json"])
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$id"] == f"{BASE}api/schema.json"
    for document in documents(files).values():
        jsonschema.validate(document, schema, jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("api/errors/500.json", {"codes": {"nope": "1"}}),
        ("api/errors/500.json", {"facts": {"retry": "maybe"}}),
        ("api/errors/500.json", {"class": "nope"}),
        ("api/errors/500.json", {"retired": "no"}),
        ("api/errors.json", {"errors": [{}]}),
        ("api/errors.json", {"errors": None}),
    ],
    ids=str,
)
def test_published_schema_refuses_what_is_no_such_document(path: str, change: dict[str, Any]) -> None:
    files = made(*full())
    validator = jsonschema.Draft7Validator(json.loads(files["api/schema.json"]))
    assert validator.is_valid(documents(files)[path])
    assert not validator.is_valid(documents(files)[path] | change)


def test_document_tells_what_the_page_tells() -> None:
    found = documents(made(*full()))["api/errors/500.json"]
    assert found == {
        "schema": f"{BASE}api/schema.json",
        "slug": "500",
        "url": f"{BASE}errors/500.html",
        "codes": {"number": "500"},
        "class": "permanent",
        "title": "Title of 500",
        "summary": SUMMARY,
        "updated": "2026-01-02",
        "retired": False,
        "sender": None,
        "facts": {"retry": "no"},
        "seen_from": ["acme"],
        "topics": ["a"],
        "guides": ["b"],
        "responses": [
            {
                "text": "500 {ip} no",
                "sender": None,
                "basis": "observed",
                "source": "https://example.com/",
                "checked": "2026-01-02",
            },
            {
                "text": "500 never",
                "sender": "acme",
                "basis": "documented",
                "source": "https://example.com/",
                "checked": "2026-01-02",
            },
        ],
        "steps": ["Turn it off"],
        "references": [{"title": "A document", "url": "https://example.com/"}],
        "related": [{"slug": "400", "kind": "author"}, {"slug": "500-5.1-acme", "kind": "variant"}],
        "replaced_by": None,
    }


def test_list_has_every_entry_and_leads_to_its_document() -> None:
    files = made(*full())
    every = documents(files)["api/errors.json"]
    assert [one["slug"] for one in every["errors"]] == ["400", "500", "500-5.1-acme", "4.1"]
    assert {one["api"].removeprefix(BASE) for one in every["errors"]} == documents(files).keys() - {"api/errors.json"}
    assert [one["retired"] for one in every["errors"]] == [True, False, False, False]


def test_list_and_document_agree() -> None:
    files = documents(made(*full()))
    for one in files["api/errors.json"]["errors"]:
        whole = files[one["api"].removeprefix(BASE)]
        assert [name for name in one if name != "api" and whole[name] != one[name]] == []


def test_text_of_any_script_stands_as_itself() -> None:
    assert "日本" in made(*full())["api/errors.json"]


def test_documents_of_no_entries_are_sound() -> None:
    files = made()
    jsonschema.validate(documents(files)["api/errors.json"], json.loads(files["api/schema.json"]))
    assert ElementTree.fromstring(files["feed.xml"]).find(f"{ATOM}updated").text == "1970-01-01T00:00:00Z"  # type: ignore[union-attr]


# XML


def hostile() -> dict[str, str]:
    fields = {"title": NASTY, "summary": f"{NASTY} {SUMMARY}"}
    site = msgspec.structs.replace(
        PLAIN_SITE, title=NASTY, short_title=NASTY, publisher=NASTY, licence=NASTY, base_url="https://a.b/\"<&'>/"
    )
    return made(entry("500", **fields), topic("a", **fields), guide("b", **fields), page("about", **fields), site=site)


@pytest.mark.parametrize("path", ["sitemap.xml", "feed.xml", "opensearch.xml"])
def test_xml_parses_whatever_the_titles_hold(path: str) -> None:
    text = hostile()[path]
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert ElementTree.fromstring(text.encode()).tag.startswith("{http")


def test_feed_says_titles_and_summaries_as_they_were_written() -> None:
    feed = ElementTree.fromstring(hostile()["feed.xml"])
    assert feed.findtext(f"{ATOM}title") == NASTY
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == NASTY
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == f"500: {NASTY}"
    assert feed.findtext(f"{ATOM}entry/{ATOM}summary") == f"{NASTY} {SUMMARY}"
    assert feed.find(f"{ATOM}link").attrib["href"] == "https://a.b/\"<&'>/"  # type: ignore[union-attr]


@given(st.text(min_size=1, max_size=30).filter(lambda text: not BAD_CHARACTERS.search(text)))
def test_feed_parses_with_any_title_that_can_be_read(title: str) -> None:
    feed = ElementTree.fromstring(made(entry("500", title=title))["feed.xml"])
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == f"500: {title}"


def test_feed_has_the_latest_first_and_fifty_at_the_most() -> None:
    days = {str(500 + n): date(2026, 1 + n // 28, 1 + n % 28) for n in range(60)}
    feed = ElementTree.fromstring(made(*(entry(slug, updated=day) for slug, day in days.items()))["feed.xml"])
    ids = [node.text for node in feed.findall(f"{ATOM}entry/{ATOM}id")]
    assert ids == [f"{BASE}errors/{slug}.html" for slug in sorted(days, reverse=True)[:50]]
    assert feed.findtext(f"{ATOM}updated") == f"{max(days.values())}T00:00:00Z"
    selves = [node.attrib["href"] for node in feed.findall(f"{ATOM}link") if node.attrib.get("rel") == "self"]
    assert selves == [f"{BASE}feed.xml"]


def test_sitemap_has_every_page_that_engines_may_keep() -> None:
    site = ElementTree.fromstring(made(*full())["sitemap.xml"])
    found = {node.text.removeprefix(BASE) for node in site.iter(f"{MAP}loc")}  # type: ignore[union-attr]
    pages = {view.head.page for view in link.pages(content(*full())) if view.head.indexed}
    assert found == pages - {"index.html"} | {""}
    assert not any("404" in path or "old" in path for path in found)


def test_sitemap_dates_pages_by_their_content() -> None:
    site = ElementTree.fromstring(made(*full())["sitemap.xml"])
    dates = {u.findtext(f"{MAP}loc"): u.findtext(f"{MAP}lastmod") for u in site.iter(f"{MAP}url")}
    assert dates[f"{BASE}errors/500.html"] == "2026-01-02"
    assert dates[BASE] == "2026-03-04"


def test_search_leads_to_the_lookup() -> None:
    search = ElementTree.fromstring(made(entry("500"))["opensearch.xml"])
    assert search.find(f"{SEARCH}Url").attrib["template"] == f"{BASE}lookup.html#q={{searchTerms}}"  # type: ignore[union-attr]
    assert len(search.findtext(f"{SEARCH}ShortName") or "") <= 16


# Plain lists


def test_redirects_are_a_line_each() -> None:
    files = made(entry("500", aliases=("old", "older")), entry("400", aliases=("oldest",)))
    assert files["_redirects"] == (
        "/errors/oldest.html /errors/400.html 301\n"
        "/errors/old.html /errors/500.html 301\n"
        "/errors/older.html /errors/500.html 301\n"
    )


def test_headers_keep_assets_for_ever_and_pages_not_at_all() -> None:
    pages, assets = made()["_headers"].split("/assets/*\n")
    assert pages.startswith("/*\n")
    assert "  Cache-Control: public, max-age=0, must-revalidate\n" in pages
    assert assets == "  ! Cache-Control\n  Cache-Control: public, max-age=31536000, immutable\n"


def test_headers_allow_no_script_or_style_in_a_page() -> None:
    (policy,) = [line for line in made()["_headers"].splitlines() if "Content-Security-Policy" in line]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.partition(": ")[2].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy


def test_headers_stay_within_the_limits_of_hosts() -> None:
    """Cloudflare Pages: 100 rules, 2,000 characters a line."""
    lines = made()["_headers"].splitlines()
    assert sum(not line.startswith(" ") for line in lines) <= 100
    assert max(map(len, lines)) <= 2000


def test_redirects_stay_within_the_limits_of_hosts() -> None:
    """Cloudflare Pages: 2,000 lines, 1,000 characters each."""
    lines = made(entry("500", aliases=tuple(f"old-{number}" for number in range(2001))))["_redirects"].splitlines()
    assert len(lines) == 2000
    assert max(map(len, lines)) <= 1000


def test_preview_tells_robots_off() -> None:
    files = {o.path: o.data for o in feeds.feeds(link.link(content(*full())), PLAIN_SITE, preview=True)}
    assert files["robots.txt"] == b"User-agent: *\nDisallow: /\n"
    pages = (files["_headers"] or b"").decode().partition("/assets/*\n")[0]
    assert "  X-Robots-Tag: noindex\n" in pages
    assert "X-Robots-Tag" not in made()["_headers"]


def test_robots_may_read_all_and_find_the_sitemap() -> None:
    assert made()["robots.txt"] == f"User-agent: *\nAllow: /\nSitemap: {BASE}sitemap.xml\n"


def test_list_for_language_models_has_a_line_for_every_text() -> None:
    lines = made(*full())["llms.txt"].splitlines()
    assert lines[0] == "# Widget errors"
    assert lines[2].startswith("> Every error that the widget service gives")
    assert f"- [500: Title of 500]({BASE}errors/500.html): {SUMMARY}" in lines
    assert f"- [Title of a]({BASE}topics/a.html): {SUMMARY}" in lines
    assert f"- [Title of b]({BASE}guides/b.html): {SUMMARY}" in lines
    assert [line for line in lines if line.startswith("## ")] == ["## Errors", "## Topics", "## Guides and pages"]


def test_hostile_title_cannot_end_its_line_or_its_link() -> None:
    files = made(entry("500", title="a\n# b](c)", summary=f"{SUMMARY}\n\n## d\n"))
    (line,) = [line for line in files["llms.txt"].splitlines() if "500" in line]
    assert line == f"- [500: a # b\\](c)]({BASE}errors/500.html): {SUMMARY} ## d"


# Files


def test_files_that_list_others_come_last() -> None:
    found = outputs(content(*full()))
    assert [o.role for o in found if o.path.startswith("api/errors/")] == ["page"] * 4
    assert [o.path for o in found][-4:] == ["api/errors.json", "feed.xml", "llms.txt", "sitemap.xml"]
    assert all(o == output(o.path, o.role, o.data or b"") for o in found)


def test_files_for_programs_are_all_there() -> None:
    assert {path for path in made(*full()) if not path.startswith("api/errors/")} == {
        *("robots.txt", "opensearch.xml", ".nojekyll", "_headers", "_redirects", "api/schema.json", "api/errors.json"),
        *("feed.xml", "llms.txt", "sitemap.xml"),
    }
