"""The rules that need more than one file, one function a rule: records in, findings out.

Those of OF_ALL look at all records together, and ask no entry for what its face leaves out; those of RULES look at
one whole record, and at what is `Known` of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator

from msgspec import Struct

from errordocs import between
from errordocs.model import Article
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import Finding
from errordocs.model import Outline
from errordocs.model import Pick
from errordocs.model import Registry
from errordocs.model import Related
from errordocs.model import Reply
from errordocs.model import Said
from errordocs.model import Sender
from errordocs.model import SiteFields
from errordocs.paths import anchor as anchor_of
from errordocs.schema import instead
from errordocs.schema import nearest

Anchors = Callable[[str], frozenset[str]]


class Known(Struct, frozen=True):
    """What a record may name: slugs by kind, files, and for a file the ids on its page."""

    site: SiteFields
    entries: dict[str, str]
    senders: frozenset[str]
    topics: frozenset[str]
    guides: frozenset[str]
    aliases: dict[str, str]
    sources: frozenset[str]
    anchors: Anchors


def check(content: Content) -> list[Finding]:
    """Everything that is wrong between the records."""
    whole = known(content, lambda source: ids[source])
    records: list[Entry | Article | Sender] = [*content.entries, *content.senders]
    records += [*content.topics, *content.guides, *content.pages]
    ids = {record.source: ids_of(record) for record in (*records, *content.registries)}
    return [*of_all(content), *(finding for record in records for finding in of_each(record, whole))]


def of_all(content: Content | Outline) -> list[Finding]:
    """What is wrong between all records; of entries, their faces are enough."""
    return [finding for rule in between.RULES for finding in rule(content)]


def of_faces(content: Outline, known: Known, checked: Collection[str]) -> list[Finding]:
    """Slugs in the checked files that lead nowhere, with which no page can be made; of entries, by their faces."""
    entries = [entry for entry in content.entries if entry.source in checked]
    found = [finding for entry in entries for finding in _slugs_of_entry(entry, known)]
    articles = [one for one in (*content.topics, *content.guides, *content.pages) if one.source in checked]
    return [*found, *(finding for article in articles for finding in slugs_exist(article, known))]


def of_each(record: Entry | Article | Sender, known: Known) -> list[Finding]:
    """What is wrong with one whole record, given what there is."""
    return [finding for rule in RULES for finding in rule(record, known)]


def known(content: Content, anchors: Anchors) -> Known:
    """What records may name; `anchors` gives the ids on the page of a file."""
    records: list[Entry | Sender | Article] = [*content.entries, *content.senders]
    records += [*content.topics, *content.guides, *content.pages]
    return Known(
        content.site,
        {entry.slug: entry.source for entry in content.entries},
        frozenset(sender.slug for sender in content.senders),
        frozenset(topic.slug for topic in content.topics),
        frozenset(guide.slug for guide in content.guides),
        {alias: entry.slug for entry in content.entries for alias in entry.fields.aliases},
        frozenset(record.source for record in (*records, *content.registries)),
        anchors,
    )


def ids_of(record: object) -> frozenset[str]:
    """Every id on the record's page; none where it makes no page."""
    if isinstance(record, Registry):
        return frozenset(anchor_of(row.code) for row in record.fields.codes)
    if not isinstance(record, Entry | Article | Sender):
        return frozenset()
    body = record.about if isinstance(record, Sender) else record.body
    return frozenset(body.anchors) | _page_ids(record)


def slugs_exist(record: Entry | Article | Sender, known: Known) -> Iterator[Finding]:
    """Every slug that a field names is that of a record."""
    if isinstance(record, Entry):
        yield from _slugs_of_entry(record, known)
    elif isinstance(record, Article):
        for index, slug in enumerate(record.fields.topics):
            yield from _unknown(record.source, slug, known.topics, "topic", "topics", index)
        for index, slug in enumerate(record.fields.guides):
            yield from _unknown(record.source, slug, known.guides, "guide", "guides", index)
        for index, slug in enumerate(record.fields.first):
            yield from _unknown_entry(record.source, slug, known, "first", index)


def _slugs_of_entry(entry: Entry | Face, known: Known) -> Iterator[Finding]:
    fields, source = entry.fields, entry.source
    if fields.sender is not None:
        yield from _unknown(source, fields.sender, known.senders, "sender", "sender")
    if fields.replaced_by is not None:
        yield from _unknown_entry(source, fields.replaced_by, known, "replaced_by")
    for index, slug in enumerate(fields.seen_from):
        yield from _unknown(source, slug, known.senders, "sender", "seen_from", index)
    for index, slug in enumerate(fields.topics):
        yield from _unknown(source, slug, known.topics, "topic", "topics", index)
    for index, slug in enumerate(fields.guides):
        yield from _unknown(source, slug, known.guides, "guide", "guides", index)
    replies: tuple[Reply | Said, ...] = fields.responses
    for index, reply in enumerate(replies):
        if reply.sender is not None:
            yield from _unknown(source, reply.sender, known.senders, "sender", "responses", index, "sender")
        for at, slug in enumerate(reply.topics if isinstance(reply, Reply) else ()):
            if slug not in fields.topics:
                mend = instead(slug, fields.topics, "add it to the entry's own `topics`, or take it away here")
                where = ("responses", index, "topics", at)
                yield Finding(source, "unknown-slug", f"`{slug}` is no topic of this entry", mend, where)
    picks: tuple[Related | Pick, ...] = fields.related
    for index, related in enumerate(picks):
        yield from _unknown_entry(source, related.entry, known, "related", index, "entry")


def _unknown(source: str, slug: str, known: Collection[str], noun: str, *where: str | int) -> Iterator[Finding]:
    if slug not in known:
        mend = instead(slug, sorted(known), f"there is no {noun} of that name; write its file first, or delete this")
        yield Finding(source, "unknown-slug", f"`{slug}` is no {noun}", mend, where)


def _unknown_entry(source: str, slug: str, known: Known, *where: str | int) -> Iterator[Finding]:
    if slug in known.aliases and slug not in known.entries:
        mend = f"write its present name `{known.aliases[slug]}`"
        yield Finding(source, "unknown-slug", f"`{slug}` is no entry", mend, where)
    else:
        yield from _unknown(source, slug, known.entries, "entry", *where)


def lists_have_no_repeats(record: Entry | Article | Sender, known: Known) -> Iterator[Finding]:
    """No slug stands twice in one list, and no entry is related to itself."""
    if isinstance(record, Sender):
        return
    for name in ("seen_from", "topics", "guides") if isinstance(record, Entry) else ("topics", "guides", "first"):
        slugs = getattr(record.fields, name)
        if len(slugs) > 1:
            yield from _repeats(record.source, slugs, lambda index, name=name: (name, index))  # type: ignore[misc]
    if isinstance(record, Entry):
        related = record.fields.related
        yield from _repeats(record.source, [r.entry for r in related], lambda index: ("related", index, "entry"))
        for index, one in enumerate(related):
            if one.entry == record.slug:
                what = "the entry is related to itself"
                yield Finding(record.source, "repeated-slug", what, "delete it", ("related", index, "entry"))


def _repeats(source: str, slugs: Iterable[str], where: Callable[[int], tuple[str | int, ...]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, slug in enumerate(slugs):
        if slug in seen:
            yield Finding(source, "repeated-slug", f"`{slug}` stands twice in this list", "delete one", where(index))
        seen.add(slug)


def sections_are_complete(record: Entry | Article | Sender, known: Known) -> Iterator[Finding]:
    """An entry's body has the site's sections, in their order, none empty, with items where items belong."""
    if isinstance(record, Entry):
        yield from _headings(record, known.site)
        yield from _items(record, known.site)
    elif isinstance(record, Article):
        if not record.body.intro and not record.body.sections:
            mend = "write the text below the front matter"
            yield Finding(record.source, "empty-section", "the body is empty", mend)
        for section in record.body.sections:
            if not section.html and not section.items:
                yield _empty(record.source, section.title, section.line)


def _headings(entry: Entry, site: SiteFields) -> Iterator[Finding]:
    wanted = [section.heading for section in site.sections]
    optional = next((c.optional for c in site.classes if c.digit == entry.digit), ())
    required = [section.heading for section in site.sections if section.key not in optional]
    if entry.body.intro:
        mend = f"begin the body with `## {wanted[0]}`"
        yield Finding(entry.source, "heading", "text stands before the first heading", mend, at=_start(entry))
    seen: list[str] = []
    in_order = True
    for section in entry.body.sections:
        at = (section.line, 1)
        if section.title not in wanted:
            mend = instead(section.title, wanted, f"the headings are {', '.join(wanted)}")
            yield Finding(entry.source, "heading", f"`{section.title}` is no section of an entry", mend, at=at)
            seen += [title for title in (nearest(section.title, wanted),) if title]
        elif section.title in seen:
            mend = "put both into one section"
            yield Finding(entry.source, "heading", f"`{section.title}` stands twice", mend, at=at)
        elif in_order and seen and wanted.index(section.title) < max(wanted.index(title) for title in seen):
            in_order = False
            mend = f"the order is {', '.join(wanted)}"
            yield Finding(entry.source, "heading", f"`{section.title}` stands too late", mend, at=at)
        if section.title in wanted:
            seen.append(section.title)
    end = (entry.body.sections[-1].line, 1) if entry.body.sections else None
    for title in required:
        if title not in seen:
            mend = f"add `## {title}`"
            yield Finding(entry.source, "heading", f"the section `{title}` is missing", mend, at=end)


def _items(entry: Entry, site: SiteFields) -> Iterator[Finding]:
    kinds = {section.heading: section.kind for section in site.sections}
    for section in entry.body.sections:
        kind = kinds.get(section.title)
        if not section.html and not section.items:
            yield _empty(entry.source, section.title, section.line)
        elif kind in ("steps", "faq") and not section.items:
            noun = "step" if kind == "steps" else "question"
            mend = f"give each {noun} a `###` heading"
            yield Finding(entry.source, "items", f"`{section.title}` has no {noun}s", mend, at=(section.line, 1))
        for item in section.items:
            if kind in ("overview", "prose"):
                mend = "write it as a paragraph"
                yield Finding(entry.source, "items", f"`{section.title}` holds no items", mend, at=(item.line, 1))
            elif not item.html:
                yield _empty(entry.source, item.title, item.line)
            elif kind == "faq" and not item.title.endswith("?"):
                mend = "end it with `?`"
                yield Finding(entry.source, "items", f"`{item.title}` is no question", mend, at=(item.line, 1))


def _empty(source: str, title: str, line: int) -> Finding:
    return Finding(source, "empty-section", f"`{title}` is empty", "write its text, or delete it", at=(line, 1))


def _start(entry: Entry) -> tuple[int, int] | None:
    return (entry.body.sections[0].line, 1) if entry.body.sections else None


def links_lead_somewhere(record: Entry | Article | Sender, known: Known) -> Iterator[Finding]:
    """Every relative link names a file of the content, and its anchor a heading of that page."""
    if not isinstance(record, Entry | Article | Sender):
        return frozenset()
    body = record.about if isinstance(record, Sender) else record.body
    for link in body.links:
        if link.page is None:
            continue
        at = (link.line, link.column)
        if link.page not in known.sources:
            name = link.page.rpartition("/")[2]
            near = next((source for source in sorted(known.sources) if source.rpartition("/")[2] == name), "")
            mend = f"the file is {near}" if near else instead(link.page, known.sources, "write the file first")
            yield Finding(record.source, "dead-link", f"`{link.href}` leads to no file of the content", mend, at=at)
        elif link.anchor:
            own = link.page == record.source
            ids = ids_of(record) if own else known.anchors(link.page)
            if link.anchor not in ids:
                mend = instead(link.anchor, sorted(ids), "link the page without `#`, or another heading")
                what = f"there is no heading `#{link.anchor}` in {link.page}"
                yield Finding(record.source, "dead-anchor", what, mend, at=at)


def _page_ids(record: Entry | Article | Sender) -> set[str]:
    """Ids of the parts that the record's page has beside its body."""
    ids = {"main"}
    if not isinstance(record, Sender) and record.fields.references:
        ids.add("sources")
    if isinstance(record, Entry) and record.fields.responses:
        ids.add("replies")
    return ids


RULES: tuple[Callable[[Entry | Article | Sender, Known], Iterator[Finding]], ...] = (
    slugs_exist,
    lists_have_no_repeats,
    sections_are_complete,
    links_lead_somewhere,
)
