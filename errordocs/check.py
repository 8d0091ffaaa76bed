"""The rules that need more than one file, one function a rule: records in, findings out."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator

from errordocs.load import DEVICE
from errordocs.model import Article
from errordocs.model import Body
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Finding
from errordocs.model import Registry
from errordocs.model import Sender
from errordocs.paths import anchor as anchor_of
from errordocs.paths import page_of
from errordocs.schema import instead
from errordocs.schema import nearest
from errordocs.schema import unlisted


def check(content: Content) -> list[Finding]:
    """Everything that is wrong between the records."""
    return [finding for rule in RULES for finding in rule(content)]


def slug_tells_codes(content: Content) -> Iterator[Finding]:
    """An entry's file is named by its codes, in the order of the site's parts, then by its variant."""
    for entry in content.entries:
        stem = "-".join(entry.codes[part.name] for part in content.site.parts if part.name in entry.codes)
        sender = entry.fields.sender
        begins = f"{stem}-{sender}" if sender else stem
        if entry.slug != begins and not entry.slug.startswith(f"{begins}-"):
            what = f"the file's name `{entry.slug}` does not tell its codes" + (" and sender" if sender else "")
            yield Finding(entry.source, "slug-codes", what, f"name it `{begins}.md`, or `{begins}-<variant>.md`")


def slugs_are_unique(content: Content) -> Iterator[Finding]:
    """No two files make one page, not even where case is ignored; no alias is taken."""
    for records in (content.entries, content.senders, content.topics, content.guides, content.pages):
        taken: dict[str, str] = {}
        for record in records:
            other = taken.setdefault(record.slug.lower(), record.source)
            if other != record.source:
                what = f"`{record.slug}` is the slug of {other} already"
                yield Finding(record.source, "duplicate-slug", what, "rename one of the two")
    slugs = {entry.slug: entry.source for entry in content.entries}
    for entry in content.entries:
        for index, alias in enumerate(entry.fields.aliases):
            other = slugs.setdefault(alias, f"an alias in {entry.source}")
            if other != f"an alias in {entry.source}" or alias in entry.fields.aliases[:index]:
                what = f"the alias `{alias}` is taken by {other}"
                yield Finding(entry.source, "duplicate-slug", what, "delete it", ("aliases", index))
            elif alias == "index" or DEVICE.match(alias):
                what = f"`{alias}` is a name that file systems or the site keep for themselves"
                yield Finding(entry.source, "bad-slug", what, "delete it", ("aliases", index))


def slugs_exist(content: Content) -> Iterator[Finding]:
    """Every slug that a field names is that of a record."""
    entries = {entry.slug: entry.source for entry in content.entries}
    senders = {sender.slug: sender.source for sender in content.senders}
    topics = {topic.slug: topic.source for topic in content.topics}
    guides = {guide.slug: guide.source for guide in content.guides}
    aliases = {alias: entry.slug for entry in content.entries for alias in entry.fields.aliases}

    def unknown(source: str, slug: str, known: Iterable[str], noun: str, *where: str | int) -> Iterator[Finding]:
        if slug not in known:
            mend = instead(slug, known, f"there is no {noun} of that name; write its file first, or delete this")
            if noun == "entry" and slug in aliases:
                mend = f"write its present name `{aliases[slug]}`"
            yield Finding(source, "unknown-slug", f"`{slug}` is no {noun}", mend, where)

    for entry in content.entries:
        fields, source = entry.fields, entry.source
        if fields.sender is not None:
            yield from unknown(source, fields.sender, senders, "sender", "sender")
        if fields.replaced_by is not None:
            yield from unknown(source, fields.replaced_by, entries, "entry", "replaced_by")
        for index, slug in enumerate(fields.seen_from):
            yield from unknown(source, slug, senders, "sender", "seen_from", index)
        for index, slug in enumerate(fields.topics):
            yield from unknown(source, slug, topics, "topic", "topics", index)
        for index, slug in enumerate(fields.guides):
            yield from unknown(source, slug, guides, "guide", "guides", index)
        for index, reply in enumerate(fields.responses):
            if reply.sender is not None:
                yield from unknown(source, reply.sender, senders, "sender", "responses", index, "sender")
            for at, slug in enumerate(reply.topics):
                if slug not in fields.topics:
                    mend = instead(slug, fields.topics, "add it to the entry's own `topics`, or take it away here")
                    where = ("responses", index, "topics", at)
                    yield Finding(source, "unknown-slug", f"`{slug}` is no topic of this entry", mend, where)
        for index, related in enumerate(fields.related):
            yield from unknown(source, related.entry, entries, "entry", "related", index, "entry")
    for article in (*content.topics, *content.guides, *content.pages):
        for index, slug in enumerate(article.fields.topics):
            yield from unknown(article.source, slug, topics, "topic", "topics", index)
        for index, slug in enumerate(article.fields.guides):
            yield from unknown(article.source, slug, guides, "guide", "guides", index)
        for index, slug in enumerate(article.fields.first):
            yield from unknown(article.source, slug, entries, "entry", "first", index)


def lists_have_no_repeats(content: Content) -> Iterator[Finding]:
    """No slug stands twice in one list, and no entry is related to itself."""
    for entry in content.entries:
        fields = entry.fields
        lists = {"seen_from": fields.seen_from, "topics": fields.topics, "guides": fields.guides}
        for name, slugs in lists.items():
            yield from _repeats(entry.source, slugs, lambda index, name=name: (name, index))  # type: ignore[misc]
        yield from _repeats(entry.source, [r.entry for r in fields.related], lambda index: ("related", index, "entry"))
        for index, related in enumerate(fields.related):
            if related.entry == entry.slug:
                what = "the entry is related to itself"
                yield Finding(entry.source, "repeated-slug", what, "delete it", ("related", index, "entry"))
    for article in (*content.topics, *content.guides, *content.pages):
        lists = {"topics": article.fields.topics, "guides": article.fields.guides, "first": article.fields.first}
        for name, slugs in lists.items():
            yield from _repeats(article.source, slugs, lambda index, name=name: (name, index))  # type: ignore[misc]


def _repeats(source: str, slugs: Iterable[str], where: Callable[[int], tuple[str | int, ...]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, slug in enumerate(slugs):
        if slug in seen:
            yield Finding(source, "repeated-slug", f"`{slug}` stands twice in this list", "delete one", where(index))
        seen.add(slug)


def class_is_known(content: Content) -> Iterator[Finding]:
    """The first digit of an entry's first code is a class of the site's."""
    digits = [c.digit for c in content.site.classes]
    for entry in content.entries:
        name, code = next(iter(entry.codes.items()))
        if code[0] not in digits:
            what = f"`{code}` is of no class in site.yaml"
            yield Finding(entry.source, "unknown-class", what, f"begin it with one of {', '.join(digits)}", (name,))


def sections_are_complete(content: Content) -> Iterator[Finding]:
    """An entry's body has the site's sections, in their order, none empty, with items where items belong."""
    for entry in content.entries:
        yield from _headings(entry, content)
        yield from _items(entry, content)
    for article in (*content.topics, *content.guides, *content.pages):
        if not article.body.intro and not article.body.sections:
            mend = "write the text below the front matter"
            yield Finding(article.source, "empty-section", "the body is empty", mend)
        for section in article.body.sections:
            if not section.html and not section.items:
                yield _empty(article.source, section.title, section.line)


def _headings(entry: Entry, content: Content) -> Iterator[Finding]:
    wanted = [section.heading for section in content.site.sections]
    optional = next((c.optional for c in content.site.classes if c.digit == entry.digit), ())
    required = [section.heading for section in content.site.sections if section.key not in optional]
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


def _items(entry: Entry, content: Content) -> Iterator[Finding]:
    kinds = {section.heading: section.kind for section in content.site.sections}
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


def links_lead_somewhere(content: Content) -> Iterator[Finding]:
    """Every relative link names a file of the content, and its anchor a heading of that page."""
    bodies: dict[str, Body] = {}
    anchors: dict[str, frozenset[str]] = {}
    records: tuple[Entry | Article | Sender, ...] = (
        *content.entries,
        *content.topics,
        *content.guides,
        *content.pages,
        *content.senders,
    )
    for record in records:
        body = record.about if isinstance(record, Sender) else record.body
        bodies[record.source] = body
        anchors[record.source] = frozenset(body.anchors) | _page_ids(record)
    anchors |= {registry.source: _rows(registry) for registry in content.registries}
    by_name = {source.rpartition("/")[2]: source for source in anchors}
    for source, body in bodies.items():
        for link in body.links:
            if link.page is None:
                continue
            at = (link.line, link.column)
            if link.page not in anchors:
                near = by_name.get(link.page.rpartition("/")[2])
                mend = f"the file is {near}" if near else instead(link.page, anchors, "write the file first")
                yield Finding(source, "dead-link", f"`{link.href}` leads to no file of the content", mend, at=at)
            elif link.anchor and link.anchor not in anchors[link.page]:
                mend = instead(link.anchor, anchors[link.page], "link the page without `#`, or another heading")
                what = f"there is no heading `#{link.anchor}` in {link.page}"
                yield Finding(source, "dead-anchor", what, mend, at=at)


def _page_ids(record: Entry | Article | Sender) -> set[str]:
    """Ids of the parts that the record's page has beside its body."""
    ids = {"main"}
    if not isinstance(record, Sender) and record.fields.references:
        ids.add("sources")
    if isinstance(record, Entry) and record.fields.responses:
        ids.add("replies")
    return ids


def _rows(registry: Registry) -> frozenset[str]:
    return frozenset(anchor_of(row.code) for row in registry.fields.codes)


def retired_entries_say_so(content: Content) -> Iterator[Finding]:
    """What replaced an entry is told where, and only where, the entry is retired."""
    for entry in content.entries:
        fields = entry.fields
        if fields.status == "retired" and fields.replaced_by is None:
            what, mend = "a retired entry does not say what replaced it", "add `replaced_by`"
            yield Finding(entry.source, "retired", what, mend, ("status",))
        elif fields.status is None and fields.replaced_by is not None:
            what, mend = "`replaced_by` stands on an entry that is not retired", "add `status: retired`, or delete it"
            yield Finding(entry.source, "retired", what, mend, ("replaced_by",), on_key=True)


def senders_are_sorted(content: Content) -> Iterator[Finding]:
    """A sender's kind, and what its links are for, are of site.yaml's lists."""
    for sender in content.senders:
        kinds, purposes = content.site.sender_kinds, content.site.link_purposes
        if sender.fields.kind not in kinds:
            flaw = unlisted(("kind",), sender.fields.kind, kinds)
            yield Finding(sender.source, flaw.rule, flaw.what, flaw.mend, flaw.where)
        for index, link in enumerate(sender.fields.links):
            if link.purpose not in purposes:
                flaw = unlisted(("links", index, "purpose"), link.purpose, purposes)
                yield Finding(sender.source, flaw.rule, flaw.what, flaw.mend, flaw.where)


def registries_are_sound(content: Content) -> Iterator[Finding]:
    """A registry has each code once, and every part that names a registry has it."""
    for registry in content.registries:
        seen: set[str] = set()
        for index, row in enumerate(registry.fields.codes):
            if row.code in seen:
                what = f"the code `{row.code}` stands twice"
                yield Finding(registry.source, "duplicate-slug", what, "keep one", ("codes", index, "code"))
            seen.add(row.code)
    known = {registry.slug for registry in content.registries}
    for index, part in enumerate(content.site.parts):
        if part.registry is not None and part.registry not in known:
            mend = instead(part.registry, known, f"write registry/{part.registry}.yaml, or delete the field")
            what = f"`{part.registry}` is no registry"
            yield Finding("site.yaml", "unknown-slug", what, mend, ("parts", index, "registry"))


def phrases_are_unique(content: Content) -> Iterator[Finding]:
    """A phrase leads to one entry of the same codes and sender: where these differ, they tell which is meant."""
    taken: dict[tuple[str, ...], str] = {}
    for entry in content.entries:
        for index, phrase in enumerate(entry.fields.phrases):
            key = (phrase.casefold(), entry.fields.sender or "", *sorted(entry.codes.values()))
            other = taken.setdefault(key, entry.slug)
            if other != entry.slug or phrase in entry.fields.phrases[:index]:
                what = f"the phrase `{phrase}` is one of {other} already"
                yield Finding(entry.source, "duplicate-phrase", what, "keep one", ("phrases", index))


def lookup_agrees_with_site(content: Content) -> Iterator[Finding]:
    """What lookup.yaml says of classes and kinds of sender exists."""
    if content.lookup is None:
        return
    digits = [c.digit for c in content.site.classes]
    for name, known in (
        ("failing", digits),
        ("silent", list(content.site.sender_kinds)),
        ("generic", list(content.site.sender_kinds)),
    ):
        for index, value in enumerate(getattr(content.lookup.fields, name)):
            if value not in known:
                flaw = unlisted((name, index), value, known)
                yield Finding(content.lookup.source, flaw.rule, flaw.what, flaw.mend, flaw.where)
    slugs = {entry.slug for entry in content.entries}
    for digit, slug in content.lookup.fields.general.items():
        if slug not in slugs:
            mend = instead(slug, slugs, "write its file first, or delete this")
            yield Finding(content.lookup.source, "unknown-slug", f"`{slug}` is no entry", mend, ("general", digit))


def site_agrees_with_itself(content: Content) -> Iterator[Finding]:
    """What site.yaml says of classes, facts and sections fits together."""
    site = content.site
    digits = [c.digit for c in site.classes]
    facts = {fact.name: fact for fact in site.facts}
    keys = [section.key for section in site.sections]
    for index, one in enumerate(site.classes):
        if one.twin is not None and one.twin not in digits:
            what = f"`{one.twin}` is the digit of no class"
            yield _site("bad-value", what, f"write one of {', '.join(digits)}", "classes", index, "twin")
        for name, value in one.defaults.items():
            if name not in facts:
                what = f"`{name}` is no fact"
                yield _site("unknown-slug", what, instead(name, facts, "delete it"), "classes", index, "defaults", name)
            elif value not in facts[name].values:
                flaw = unlisted(("classes", index, "defaults", name), value, facts[name].values)
                yield Finding("site.yaml", flaw.rule, flaw.what, flaw.mend, flaw.where)
        for at, key in enumerate(one.optional):
            if key not in keys:
                what = f"`{key}` is the key of no section"
                yield _site("unknown-slug", what, instead(key, keys, "delete it"), "classes", index, "optional", at)


def navigation_leads_somewhere(content: Content) -> Iterator[Finding]:
    """Every page of the navigation is one that the site has."""
    pages = {page_of(entry.source) for entry in content.entries} | {page_of(s.source) for s in content.senders}
    pages |= {page_of(a.source) for a in (*content.topics, *content.guides, *content.pages)}
    pages |= {page_of(registry.source) for registry in content.registries}
    pages |= {f"{folder}/index.html" for folder in ("errors", "senders", "topics", "guides")} | {
        "index.html",
        "lookup.html",
    }
    for index, item in enumerate(content.site.navigation):
        if item.page not in pages:
            mend = instead(item.page, (page for page in pages if page), "write its file first, or delete it")
            yield _site("dead-link", f"`{item.page}` is no page of the site", mend, "navigation", index, "page")


def _site(rule: str, what: str, mend: str, *where: str | int) -> Finding:
    return Finding("site.yaml", rule, what, mend, where)


RULES: tuple[Callable[[Content], Iterator[Finding]], ...] = (
    slug_tells_codes,
    slugs_are_unique,
    slugs_exist,
    lists_have_no_repeats,
    class_is_known,
    sections_are_complete,
    links_lead_somewhere,
    retired_entries_say_so,
    senders_are_sorted,
    registries_are_sound,
    phrases_are_unique,
    lookup_agrees_with_site,
    site_agrees_with_itself,
    navigation_leads_somewhere,
)
