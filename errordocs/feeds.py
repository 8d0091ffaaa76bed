"""The same site for programs: JSON, sitemap, feed, redirects, headers, and what crawlers and browsers look for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence
from html import escape
from itertools import compress
from typing import Any
from typing import Literal

import msgspec

from errordocs.model import Output
from errordocs.model import SiteFields
from errordocs.paths import MOST_REDIRECTS
from errordocs.paths import slug_of
from errordocs.render import output
from errordocs.views import EntryRef
from errordocs.views import EntryView
from errordocs.views import FactView
from errordocs.views import Listed
from errordocs.views import Site

UNLINKED = re.compile(r"([\\\[\]])")
NEWEST = 50
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class ErrorDocument(msgspec.Struct, frozen=True):
    """api/errors/<slug>.json: one entry."""

    schema: str
    slug: str
    url: str
    codes: dict[str, str]
    class_: str = msgspec.field(name="class")
    title: str
    summary: str
    updated: str
    retired: bool
    sender: str | None
    facts: dict[str, str | list[str]]
    seen_from: list[str]
    topics: list[str]
    guides: list[str]
    responses: list[dict[str, str | None]]
    steps: list[str]
    references: list[dict[str, str]]
    related: list[dict[str, str]]
    replaced_by: str | None


class ErrorSummary(msgspec.Struct, frozen=True):
    """An item of api/errors.json."""

    slug: str
    url: str
    api: str
    codes: dict[str, str]
    class_: str = msgspec.field(name="class")
    title: str
    summary: str
    updated: str
    retired: bool
    sender: str | None
    facts: dict[str, str | list[str]]
    topics: list[str]


class ErrorList(msgspec.Struct, frozen=True):
    """api/errors.json: every entry in brief."""

    schema: str
    title: str
    url: str
    licence: str
    errors: list[ErrorSummary]


def feeds(site: Site, fields: SiteFields, preview: bool = False) -> Iterator[Output]:
    """Every file for programs but the documents of entries, one at a time, those that list others last.

    A preview tells robots off.
    """
    welcome = f"Allow: /\nSitemap: {fields.base_url}sitemap.xml\n"
    yield _text("robots.txt", "User-agent: *\n" + ("Disallow: /\n" if preview else welcome))
    yield _text("opensearch.xml", _opensearch(fields))
    yield _text(".nojekyll", "")
    yield _text("_headers", _headers(preview))
    yield _text("_redirects", "".join(f"/{old} /{new} 301\n" for old, new in site.redirects[:MOST_REDIRECTS]))
    yield _text("api/schema.json", _json(_schema(fields)))
    yield _text("api/errors.json", _json(_list(site, fields)))
    yield _text("feed.xml", _feed(site, fields))
    yield _text("llms.txt", _llms(site, fields))
    yield _text("sitemap.xml", _sitemap(site, fields))


def document(view: EntryView, fields: SiteFields) -> Output:
    """An entry for programs: api/errors/<slug>.json."""
    return _text(f"api/errors/{view.slug}.json", _json(_document(view, fields)), "page")


def _text(path: str, text: str, role: Literal["page", "index"] = "index") -> Output:
    return output(path, role, text.encode())


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"


def _document(view: EntryView, fields: SiteFields) -> ErrorDocument:
    ref = view.entry
    return ErrorDocument(
        schema=f"{fields.base_url}api/schema.json",
        slug=view.slug,
        url=fields.base_url + ref.page,
        codes=view.codes,
        class_=ref.class_.name,
        title=ref.title,
        summary=ref.summary,
        updated=ref.updated,
        retired=ref.retired,
        sender=slug_of(view.sender.page) if view.sender else None,
        facts=_facts(view.facts, _many(fields)),
        seen_from=[slug_of(sender.page) for sender in view.seen_from],
        topics=[slug_of(topic.page) for topic in view.topics],
        guides=[slug_of(guide.page) for guide in view.guides],
        responses=[
            {
                "text": reply.text,
                "sender": slug_of(reply.sender.page) if reply.sender else None,
                "basis": reply.evidence,
                "source": reply.source,
                "checked": reply.checked,
            }
            for reply in view.replies
        ],
        steps=[item.title for section in view.steps for item in section.items],
        references=[{"title": r.title, "url": r.url} for r in view.references],
        related=[{"slug": slug_of(r.entry.page), "kind": r.kind} for r in view.related],
        replaced_by=slug_of(view.replaced_by.page) if view.replaced_by else None,
    )


def patched(path: str, text: str, old: Site, new: Site, fields: SiteFields) -> str | None:
    """One of those files with some entries as they are now, or None where it has to be made anew.

    `text` is the file as it was made; `old` and `new` hold these entries alone, in one order, with the same codes.
    """
    told = [one.entry.updated for one in old.briefs], [one.entry.updated for one in new.briefs]
    if told[0] != told[1]:  # the order of the newest, and what has no date of its own, follow from the dates of all
        return None
    before, after = (_pieces(path, site, fields) for site in (old, new))
    if path == "feed.xml":  # it has the newest alone
        begins = [_feed_id(one.entry, fields) for one in old.briefs]
        listed = [begin in text for begin in begins]
        before, after = (list(compress(pieces, listed)) for pieces in (before, after))
    return replaced(text, before, after)


def replaced(text: str, before: Sequence[str], after: Sequence[str]) -> str | None:
    """A text with pieces in the place of others, or None where one of those isn't there exactly once."""
    for old, new in zip(before, after, strict=True):
        if old != new:
            if text.count(old) != 1:
                return None
            text = text.replace(old, new)
    return text


def _pieces(path: str, site: Site, fields: SiteFields) -> list[str]:
    """What a file that lists every entry says of each; of what lists none, nothing."""
    entries = [one for one in site.pages if one.kind == "entry"]
    if path == "api/errors.json":
        return [_json(one).rstrip().replace("\n", "\n  ") for one in _list(site, fields).errors]
    if path == "llms.txt":
        return [_noted(one, fields) for one in entries]
    if path == "sitemap.xml":
        return [_url(one, one.updated, fields) for one in entries]
    return [_feed_item(one.entry, fields) for one in site.briefs] if path == "feed.xml" else []


def _list(site: Site, fields: SiteFields) -> ErrorList:
    many = _many(fields)
    return ErrorList(
        schema=f"{fields.base_url}api/schema.json",
        title=fields.title,
        url=fields.base_url,
        licence=fields.licence,
        errors=[
            ErrorSummary(
                slug=brief.slug,
                url=fields.base_url + brief.entry.page,
                api=f"{fields.base_url}api/errors/{brief.slug}.json",
                codes=brief.codes,
                class_=brief.entry.class_.name,
                title=brief.entry.title,
                summary=brief.entry.summary,
                updated=brief.entry.updated,
                retired=brief.entry.retired,
                sender=brief.sender,
                facts=_facts(brief.facts, many),
                topics=list(brief.entry.topics),
            )
            for brief in site.briefs
        ],
    )


def _many(fields: SiteFields) -> set[str]:
    """The names of the facts that may have more than one value."""
    return {fact.name for fact in fields.facts if fact.many == "yes"}


def _facts(facts: tuple[FactView, ...], many: set[str]) -> dict[str, str | list[str]]:
    return {fact.name: list(fact.values) if fact.name in many else fact.values[0] for fact in facts}


def _schema(fields: SiteFields) -> dict[str, Any]:
    """JSON Schema of both kinds of document; what the parts and facts may be comes from site.yaml."""
    (one, every), parts = msgspec.json.schema_components(
        [ErrorDocument, ErrorList], ref_template="#/definitions/{name}"
    )
    codes = {part.name: {"type": "string", "description": part.help} for part in fields.parts}
    facts: dict[str, Any] = {}
    for fact in fields.facts:
        values: dict[str, Any] = {"enum": list(fact.values), "description": fact.help}
        facts[fact.name] = {"type": "array", "items": values} if fact.many == "yes" else values
    for name in ("ErrorDocument", "ErrorSummary"):
        properties = parts[name]["properties"]
        properties["codes"] = {"type": "object", "properties": codes, "additionalProperties": False}
        properties["facts"] = {"type": "object", "properties": facts, "additionalProperties": False}
        properties["class"] = {"enum": [c.name for c in fields.classes]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"{fields.base_url}api/schema.json",
        "title": f"{fields.title}: api/errors.json and api/errors/*.json",
        "anyOf": [every, one],
        "definitions": parts,
    }


def _sitemap(site: Site, fields: SiteFields) -> str:
    newest = _newest(site)
    urls = "".join(_url(one, one.updated or newest, fields) for one in site.pages)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def _url(one: Listed, updated: str, fields: SiteFields) -> str:
    return f"<url><loc>{escape(address(one.page, fields))}</loc><lastmod>{updated}</lastmod></url>\n"


def address(page: str, fields: SiteFields) -> str:
    """The public address of a page; the home page's is the site's own."""
    return fields.base_url if page == "index.html" else fields.base_url + page


def _newest(site: Site) -> str:
    return max((one.updated for one in site.pages), default="1970-01-01") or "1970-01-01"


def _feed(site: Site, fields: SiteFields) -> str:
    latest = sorted((brief.entry for brief in site.briefs), key=lambda entry: entry.updated, reverse=True)[:NEWEST]
    newest = latest[0].updated if latest else "1970-01-01"
    items = "".join(_feed_item(entry, fields) for entry in latest)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escape(fields.title)}</title>\n<id>{escape(fields.base_url)}</id>\n"
        f'<link href="{escape(fields.base_url)}"/>\n<link rel="self" href="{escape(fields.base_url)}feed.xml"/>\n'
        f"<updated>{newest}T00:00:00Z</updated>\n<author><name>{escape(fields.publisher)}</name></author>\n"
        f"<rights>{escape(fields.licence)}</rights>\n{items}</feed>\n"
    )


def _feed_item(entry: EntryRef, fields: SiteFields) -> str:
    url = escape(fields.base_url + entry.page)
    return (
        f"<entry>\n<title>{escape(f'{entry.code}: {entry.title}')}</title>\n{_feed_id(entry, fields)}\n"
        f'<link href="{url}"/>\n<updated>{entry.updated}T00:00:00Z</updated>\n'
        f"<summary>{escape(entry.summary)}</summary>\n</entry>\n"
    )


def _feed_id(entry: EntryRef, fields: SiteFields) -> str:
    return f"<id>{escape(fields.base_url + entry.page)}</id>"


def _llms(site: Site, fields: SiteFields) -> str:
    """The site for language models: a heading, a quotation, and lists of links with notes."""
    kinds = (("Errors", "entry"), ("Topics", "topic"), ("Guides and pages", "article"))
    head = f"# {_line(fields.title)}\n\n> {_line(fields.summary)}\n"
    parts = [f"{head}\nEvery error as JSON: {fields.base_url}api/errors.json\n"]
    for heading, kind in kinds:
        lines = (_noted(one, fields) for one in site.pages if one.kind == kind)
        parts.append(f"\n## {heading}\n\n" + "".join(lines))
    return "".join(parts)


def _noted(one: Listed, fields: SiteFields) -> str:
    return f"- [{_unlinked(one.title)}]({fields.base_url}{one.page}): {_line(one.description)}\n"


def _unlinked(text: str) -> str:
    """A title as the text of a Markdown link."""
    return UNLINKED.sub(r"\\\1", _line(text))


def _line(text: str) -> str:
    return " ".join(text.split())


def _opensearch(fields: SiteFields) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">\n'
        f"<ShortName>{escape(fields.short_title[:16])}</ShortName>\n<Description>{escape(fields.title)}</Description>\n"
        "<InputEncoding>UTF-8</InputEncoding>\n"
        f'<Url type="text/html" template="{escape(fields.base_url)}lookup.html#q={{searchTerms}}"/>\n'
        "</OpenSearchDescription>\n"
    )


def _headers(preview: bool = False) -> str:
    """Cloudflare Pages' and Netlify's form; asset names hold their hash, so they never change."""
    return (
        "/*\n"
        f"  Content-Security-Policy: {POLICY}\n"
        "  Strict-Transport-Security: max-age=31536000\n"
        "  X-Content-Type-Options: nosniff\n"
        "  Referrer-Policy: no-referrer\n"
        "  Permissions-Policy: interest-cohort=()\n"
        + ("  X-Robots-Tag: noindex\n" if preview else "")
        + "  Cache-Control: public, max-age=0, must-revalidate\n"
        "/assets/*\n"
        "  ! Cache-Control\n"
        "  Cache-Control: public, max-age=31536000, immutable\n"
    )
