"""Small records, each sound, for tests that need no files: give what the test is about, leave out the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from errordocs import frontmatter
from errordocs import markup
from errordocs.model import Article
from errordocs.model import ArticleFields
from errordocs.model import Body
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import EntryFields
from errordocs.model import Reference
from errordocs.model import Registry
from errordocs.model import RegistryCode
from errordocs.model import RegistryFields
from errordocs.model import Related
from errordocs.model import Reply
from errordocs.model import Sender
from errordocs.model import SenderFields
from errordocs.model import SiteFields
from tests.conftest import BODY
from tests.conftest import SITE
from tests.conftest import SUMMARY

DAY = date(2026, 1, 2)


def site_of(text: str = SITE) -> SiteFields:
    return msgspec.convert(frontmatter.parse("site.yaml", text)[0], SiteFields)


PLAIN_SITE = site_of()


def body(text: str = BODY, source: str = "errors/500.md") -> Body:
    return markup.parse(f"content/{source}", source, text)[0]


def entry(
    slug: str, *related: str, text: str = BODY, codes: dict[str, str] | None = None, retry: str = "no", **fields: Any
) -> Entry:
    """An entry whose codes are those of its slug: three digits, then class and detail; `related` are slugs."""
    names = (("detail" if "." in part else "number", part) for part in slug.split("-") if part[0].isdigit())
    usual = {"title": f"Title of {slug}", "summary": SUMMARY, "updated": DAY}
    picks = tuple(Related(entry=other, why=f"{slug} is not {other}.") for other in related)
    source = f"errors/{slug}.md"
    return Entry(
        slug=slug,
        source=source,
        codes=dict(names) if codes is None else codes,
        facts={"retry": (retry,)},
        fields=EntryFields(**usual | {"related": picks} | fields),
        body=body(text, source),
    )


def reply(text: str = "500 no", **fields: Any) -> Reply:
    return Reply(**{"text": text, "source": "https://example.com/", "basis": "observed", "checked": DAY} | fields)


def reference(url: str = "https://example.com/") -> Reference:
    return Reference(title="A document", url=url, says="It says so.")


def article(folder: str, slug: str, text: str = "## One\n\nText.\n", **fields: Any) -> Article:
    usual = {"title": f"Title of {slug}", "summary": SUMMARY, "updated": DAY}
    source = f"{folder}/{slug}.md"
    return Article(slug, source, ArticleFields(**usual | fields), body(text, source))


def topic(slug: str, **fields: Any) -> Article:
    return article("topics", slug, **fields)


def guide(slug: str, **fields: Any) -> Article:
    return article("guides", slug, **fields)


def page(slug: str, **fields: Any) -> Article:
    return article("pages", slug, **fields)


def sender(slug: str, about: str = "", **fields: Any) -> Sender:
    usual = {"name": slug.capitalize(), "kind": "service", "summary": SUMMARY, "updated": DAY, "about": about}
    source = f"senders/{slug}.yaml"
    return Sender(slug, source, SenderFields(**usual | fields), body(about, source))


def registry(slug: str, *codes: str, subjects: dict[str, str] | None = None) -> Registry:
    rows = tuple(
        RegistryCode(
            code=code,
            title=f"Row {code}",
            status="standard",
            reference="RFC 1",
            url="https://example.com/rfc1",
            meaning=f"Meaning of {code}.",
        )
        for code in codes
    )
    fields = RegistryFields(
        title=f"Registry {slug}", summary=SUMMARY, source="https://example.com/", codes=rows, subjects=subjects or {}
    )
    return Registry(slug, f"registry/{slug}.yaml", fields)


def content(
    *records: Entry | Sender | Article | Registry, site: SiteFields = PLAIN_SITE, entries: Sequence[Entry] = ()
) -> Content:
    """A content of these records, each kind in the order of its slugs, as `load` has it."""

    def of(kind: type, folder: str = "") -> Any:
        found = [r for r in (*records, *entries) if isinstance(r, kind) and r.source.startswith(folder)]
        return tuple(sorted(found, key=lambda record: record.slug))

    return Content(
        site=site,
        entries=of(Entry),
        senders=of(Sender),
        topics=of(Article, "topics/"),
        guides=of(Article, "guides/"),
        pages=of(Article, "pages/"),
        registries=of(Registry),
    )
