"""From records to views: which pages there are, what each shows of itself and of its neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote
from urllib.parse import urlsplit

from errordocs import related
from errordocs.markup import inline
from errordocs.markup import plain
from errordocs.model import Article
from errordocs.model import CodeClass
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Fact
from errordocs.model import Reference
from errordocs.model import Registry
from errordocs.model import RegistryCode
from errordocs.model import Reply
from errordocs.model import Section
from errordocs.model import Sender
from errordocs.model import SiteFields
from errordocs.paths import anchor
from errordocs.paths import page_of
from errordocs.paths import root_of
from errordocs.views import ArticleView
from errordocs.views import ClassView
from errordocs.views import Contents
from errordocs.views import EntryRef
from errordocs.views import EntryView
from errordocs.views import ErrorsView
from errordocs.views import FactView
from errordocs.views import Head
from errordocs.views import HomeView
from errordocs.views import ListView
from errordocs.views import LookupView
from errordocs.views import MissingView
from errordocs.views import MovedView
from errordocs.views import Ref
from errordocs.views import ReferenceView
from errordocs.views import RegistryView
from errordocs.views import RelatedView
from errordocs.views import ReplyView
from errordocs.views import SenderView
from errordocs.views import Site
from errordocs.views import TopicView
from errordocs.views import View
from errordocs.words import Words

LATEST = 10


class _Linker:
    """The content with what every page asks of it, looked up once."""

    def __init__(self, content: Content, repository: str) -> None:
        self.content = content
        self.site: SiteFields = content.site
        self.repository = repository
        self.words = Words(content.site)
        self.numbers = {part.name: number for number, part in enumerate(content.site.parts, 1)}
        self.classes = {c.digit: _class_view(c) for c in content.site.classes}
        self.senders = {s.slug: s for s in sorted(content.senders, key=lambda s: s.fields.name.casefold())}
        self.topics = {t.slug: t for t in sorted(content.topics, key=lambda t: t.fields.title.casefold())}
        self.guides = {g.slug: g for g in sorted(content.guides, key=lambda g: g.fields.title.casefold())}
        self.entries = related.order(content)
        self.index = related.index(content, self.entries)
        self.refs = {entry.slug: self._ref(entry) for entry in self.entries}
        self.of_sender: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for slug in self.refs[entry.slug].senders:
                self.of_sender.setdefault(slug, []).append(entry)
        self.sender_refs = {slug: self._sender_ref(slug) for slug in self.senders}
        self.topic_refs = {slug: self._topic_ref(slug) for slug in self.topics}
        self.guide_refs = {slug: self._guide_ref(slug) for slug in self.guides}

    def _ref(self, entry: Entry) -> EntryRef:
        fields = entry.fields
        senders = {reply.sender or fields.sender or "" for reply in fields.responses}
        senders |= {fields.sender or "", *fields.seen_from}
        return EntryRef(
            page=f"errors/{entry.slug}.html",
            code=" ".join(entry.codes.values()),
            parts=tuple((self.numbers[name], code) for name, code in entry.codes.items()),
            title=fields.title,
            summary=plain(fields.summary),
            class_=self.classes[entry.digit],
            sender=self.senders[fields.sender].fields.name if fields.sender else "",
            retired=fields.status == "retired",
            updated=fields.updated.isoformat(),
            senders=tuple(sorted(senders - {""})),
            topics=fields.topics,
        )

    def head(
        self, page: str, title: str, summary: str, trail: Iterable[Ref], source: str = "", updated: str = ""
    ) -> Head:
        """What every page has; `source` is the file that it is made from, where there is one."""
        edit = (self.site.edit_url or "").replace("{path}", quote(f"{self.repository}/{source}")) if source else ""
        report = (self.site.report_url or "").replace("{title}", quote(f"{page}: {title}", safe=""))
        home = Ref("index.html", self.words.home)
        trail = () if page == "index.html" else (home, *trail)
        folder = page.rpartition("/")[0]
        return Head(page, folder, title, plain(summary), trail, root_of(page), updated, edit, report)

    # Entries

    def entry(self, number: int) -> EntryView:
        entry = self.entries[number]
        fields, ref = entry.fields, self.refs[entry.slug]
        kinds = {section.heading: section.kind for section in self.site.sections}
        sections: dict[str, list[Section]] = {"overview": [], "steps": [], "prose": [], "faq": []}
        for section in entry.body.sections:
            sections[kinds[section.title]].append(section)
        related_views = tuple(
            RelatedView(self.refs[r.slug], r.kind, r.why) for r in related.relations(entry, self.index)
        )
        trail = (
            Ref("errors/index.html", self.words.errors),
            Ref(f"errors/index.html#{ref.class_.name}", ref.class_.heading),
        )
        return EntryView(
            head=self.head(ref.page, f"{ref.code}: {fields.title}", fields.summary, trail, entry.source, ref.updated),
            entry=ref,
            slug=entry.slug,
            codes=entry.codes,
            summary=inline(fields.summary),
            sender=self.sender_refs[fields.sender] if fields.sender else None,
            replaced_by=self.refs[fields.replaced_by] if fields.replaced_by else None,
            facts=tuple(
                FactView(f.name, f.label, entry.facts[f.name], tuple(_worded(f, v) for v in entry.facts[f.name]))
                for f in self.site.facts
                if f.name in entry.facts
            ),
            topics=tuple(self.topic_refs[slug] for slug in fields.topics),
            seen_from=tuple(self.sender_refs[slug] for slug in fields.seen_from),
            replies=tuple(self.reply(reply, entry) for reply in fields.responses),
            overview=tuple(sections["overview"]),
            steps=tuple(sections["steps"]),
            prose=tuple(sections["prose"]),
            faq=tuple(sections["faq"]),
            references=_references(fields.references),
            related=related_views,
            guides=tuple(self.guide_refs[slug] for slug in fields.guides),
            previous=self.refs[self.entries[number - 1].slug] if number else None,
            next=self.refs[self.entries[number + 1].slug] if number + 1 < len(self.entries) else None,
            contents=_contents(
                ("replies", "Literal replies", fields.responses),
                *((s.anchor, s.title, True) for s in sections["overview"] + sections["steps"]),
                ("sources", "References", fields.references),
                *((s.anchor, s.title, True) for s in sections["prose"] + sections["faq"]),
                ("related", "Related errors", related_views),
                ("further", "Guides", fields.guides),
            ),
        )

    def reply(self, reply: Reply, entry: Entry, show_entry: bool = False) -> ReplyView:
        slug = reply.sender or entry.fields.sender
        return ReplyView(
            text=reply.text.strip(),
            sender=self.sender_refs[slug] if slug else None,
            sender_name=self.senders[slug].fields.name.lower() if slug else "~",
            basis=self.words.basis[reply.basis],
            evidence=reply.basis,
            source=reply.source,
            host=_host(reply.source),
            checked=reply.checked.isoformat(),
            entry=self.refs[entry.slug] if show_entry else None,
        )

    def _sender_ref(self, slug: str) -> Ref:
        fields = self.senders[slug].fields
        return Ref(f"senders/{slug}.html", fields.name, plain(fields.summary), len(self.of_sender.get(slug, ())))

    def _topic_ref(self, slug: str) -> Ref:
        fields = self.topics[slug].fields
        count = len(self.index.topics.get(slug, ()))
        return Ref(f"topics/{slug}.html", fields.title, plain(fields.summary), count)

    def _guide_ref(self, slug: str) -> Ref:
        fields = self.guides[slug].fields
        return Ref(f"guides/{slug}.html", fields.title, plain(fields.summary))

    # Senders, topics, guides, pages

    def sender(self, sender: Sender) -> SenderView:
        fields = sender.fields
        entries = self.of_sender.get(sender.slug, [])
        own = sorted(entries, key=lambda e: e.fields.sender != sender.slug)
        purposes = self.site.link_purposes
        replies = tuple(
            self.reply(reply, entry, show_entry=True)
            for entry in own
            for reply in entry.fields.responses
            if (reply.sender or entry.fields.sender) == sender.slug
        )
        return SenderView(
            head=self.head(
                f"senders/{sender.slug}.html",
                fields.name,
                fields.summary,
                (Ref("senders/index.html", self.words.senders),),
                sender.source,
                fields.updated.isoformat(),
            ),
            summary=inline(fields.summary),
            kind=self.site.sender_kinds[fields.kind],
            also_known_as=fields.also_known_as,
            literals=tuple(
                (label, values)
                for label, values in (("Domains", fields.domains), ("Hosts", fields.hosts), ("Marks", fields.marks))
                if values
            ),
            links=tuple((purposes[link.purpose], link) for link in fields.links),
            intro=sender.about.intro,
            sections=sender.about.sections,
            entries=tuple(self.refs[entry.slug] for entry in own),
            replies=replies,
            contents=_contents(
                ("about", "How to recognise it", fields.about),
                ("related", "What it sends", entries),
                ("replies", "Literal replies", replies),
            ),
        )

    def topic(self, topic: Article) -> TopicView:
        fields = topic.fields
        entries = [self.index.entries[slug] for slug in self.index.topics.get(topic.slug, ())]
        replies = [
            self.reply(reply, entry, show_entry=True)
            for entry in entries
            for reply in entry.fields.responses
            if topic.slug in (reply.topics or entry.fields.topics[:1])
        ]
        return TopicView(
            head=self.article_head(topic, Ref("topics/index.html", self.words.topics)),
            summary=inline(fields.summary),
            intro=topic.body.intro,
            sections=topic.body.sections,
            references=_references(fields.references),
            guides=tuple(self.guide_refs[slug] for slug in fields.guides),
            first=tuple(self.refs[slug] for slug in fields.first),
            entries=tuple(self.refs[e.slug] for e in entries if e.slug not in fields.first),
            replies=tuple(sorted(replies, key=lambda reply: reply.sender_name)),
            contents=_contents(
                ("about", "What these share", True),
                ("related", "The errors", entries),
                ("replies", "Sender by sender", replies),
                ("sources", "References", fields.references),
            ),
        )

    def article(
        self, article: Article, kind: str, trail: tuple[Ref, ...], entries: Sequence[Entry] = ()
    ) -> ArticleView:
        fields = article.fields
        return ArticleView(
            head=self.article_head(article, *trail),
            kind=kind,
            contents=_contents(
                *((s.anchor, s.title, True) for s in article.body.sections),
                ("sources", "References", fields.references),
                ("related", "Errors that lead here", entries),
            ),
            summary=inline(fields.summary),
            intro=article.body.intro,
            sections=article.body.sections,
            references=_references(fields.references),
            guides=tuple(self.guide_refs[slug] for slug in fields.guides),
            topics=tuple(self.topic_refs[slug] for slug in fields.topics),
            entries=tuple(self.refs[entry.slug] for entry in entries),
        )

    def article_head(self, article: Article, *trail: Ref) -> Head:
        fields = article.fields
        page = page_of(article.source) or ""
        return self.head(page, fields.title, fields.summary, trail, article.source, fields.updated.isoformat())

    # Lists

    def home(self) -> HomeView:
        general = [entry for entry in self.entries if not entry.fields.sender]
        latest = sorted(self.entries, key=lambda e: (-e.fields.updated.toordinal(), self.index.order[e.slug]))
        return HomeView(
            head=self.head("index.html", self.site.title, self.site.summary, ()),
            classes=tuple(
                (class_, entries, sum(ref.class_ == class_ for ref in self.refs.values()))
                for class_, entries in self.by_class(general)
            ),
            senders=tuple(self.sender_refs[slug] for slug in self.senders),
            topics=tuple(self.topic_refs[slug] for slug in self.topics),
            guides=tuple(self.guide_refs[slug] for slug in self.guides),
            latest=tuple(self.refs[entry.slug] for entry in latest[:LATEST]),
            total=len(self.entries),
        )

    def errors(self) -> ErrorsView:
        senders = {slug for ref in self.refs.values() for slug in ref.senders}
        topics = {slug for ref in self.refs.values() for slug in ref.topics}
        return ErrorsView(
            head=self.head("errors/index.html", self.words.errors, self.words.errors_summary, ()),
            total=len(self.entries),
            classes=self.by_class(self.entries),
            senders=tuple((s.fields.name, slug) for slug, s in self.senders.items() if slug in senders),
            topics=tuple((t.fields.title, slug) for slug, t in self.topics.items() if slug in topics),
        )

    def by_class(self, entries: Iterable[Entry]) -> tuple[tuple[ClassView, tuple[EntryRef, ...]], ...]:
        listed = list(entries)
        groups = (
            (self.classes[c.digit], tuple(self.refs[e.slug] for e in listed if e.digit == c.digit))
            for c in self.site.classes
        )
        return tuple(group for group in groups if group[1])

    def lists(self) -> Iterator[ListView]:
        kinds = self.site.sender_kinds
        by_kind = tuple(
            (heading, tuple(self.sender_refs[s.slug] for s in self.senders.values() if s.fields.kind == kind))
            for kind, heading in kinds.items()
        )
        words = self.words
        for folder, title, summary, groups in (
            ("senders", words.senders, words.senders_summary, tuple(group for group in by_kind if group[1])),
            ("topics", words.topics, words.topics_summary, (("", tuple(self.topic_refs[s] for s in self.topics)),)),
            ("guides", words.guides, words.guides_summary, (("", tuple(self.guide_refs[s] for s in self.guides)),)),
        ):
            yield ListView(self.head(f"{folder}/index.html", title, summary, ()), inline(summary), groups)

    def registry(self, registry: Registry) -> RegistryView:
        fields = registry.fields
        part = next((part for part in self.site.parts if part.registry == registry.slug), None)
        groups: dict[str, list[tuple[str, RegistryCode, tuple[EntryRef, ...]]]] = {}
        for row in fields.codes:
            found = re.match(part.subject, row.code) if part and part.subject else None
            subject = fields.subjects.get(found.group(1), "") if found else ""
            entries = self.registered(part.name, row.code) if part else ()
            groups.setdefault(subject, []).append((anchor(row.code), row, entries))
        page = page_of(registry.source) or ""
        return RegistryView(
            head=self.head(page, fields.title, fields.summary, (), registry.source),
            summary=inline(fields.summary),
            source=fields.source,
            anchors=tuple(f"subject-{anchor(subject)}" for subject in groups),
            groups=tuple((subject, tuple(rows)) for subject, rows in groups.items()),
        )

    def registered(self, part: str, code: str) -> tuple[EntryRef, ...]:
        """The entries on a registry's code alone; X stands for the digit of any class."""
        digits = [c.digit for c in self.site.classes] if code.startswith("X") else [code[0]]
        slugs = (slug for digit in digits for slug in self.index.codes.get(((part, digit + code[1:]),), ()))
        return tuple(self.refs[slug] for slug in slugs if not self.index.entries[slug].fields.sender)


class Kept:
    """What a process that links again and again keeps: the views of entries, and all that they show of others."""

    def __init__(self) -> None:
        self.shown: object = None
        self.views: dict[str, tuple[Entry, EntryView]] = {}


def link(content: Content, repository: str = "content", kept: Kept | None = None) -> Site:
    """The pages of the site, in the order in which they are made; `repository` is the content's path in it.

    While nothing that entries show of each other changes, the view of an entry that `kept` knows is taken from there.
    """
    linker = _Linker(content, repository)
    return Site(tuple(_pages(linker, kept or Kept())), tuple(_redirects(content)))


def _pages(linker: _Linker, kept: Kept) -> Iterator[View]:
    content, words = linker.content, linker.words
    yield from _entries(linker, kept)
    for sender in content.senders:
        yield linker.sender(sender)
    for topic in content.topics:
        yield linker.topic(topic)
    trail = (Ref("guides/index.html", words.guides),)
    for guide in content.guides:
        entries = [entry for entry in linker.entries if guide.slug in entry.fields.guides]
        yield linker.article(guide, words.guide, trail, entries)
    for page in content.pages:
        yield linker.article(page, words.page, ())
    for registry in content.registries:
        yield linker.registry(registry)
    for entry in linker.entries:
        for alias in entry.fields.aliases:
            ref = linker.refs[entry.slug]
            head = linker.head(f"errors/{alias}.html", words.moved, ref.summary, ())
            yield MovedView(_unindexed(head), ref)
    taken = {entry.slug for entry in linker.entries} | {a for entry in linker.entries for a in entry.fields.aliases}
    for folder in ("", "errors/", "senders/", "topics/", "guides/", "codes/"):
        if folder == "errors/" and "404" in taken:
            continue  # an error of that code keeps its address
        head = linker.head(f"{folder}404.html", words.missing, words.missing_summary, ())
        yield MissingView(_unindexed(head), linker.entries[0].slug if linker.entries else "code")
    lookup = content.lookup.fields.examples if content.lookup else ()
    yield LookupView(linker.head("lookup.html", words.lookup, words.lookup_summary, ()), lookup)
    yield from linker.lists()
    yield linker.errors()
    yield linker.home()


def _entries(linker: _Linker, kept: Kept) -> Iterator[EntryView]:
    """The views of entries; one that is the same record, in the same surroundings, is not made again."""
    named = (linker.sender_refs, linker.topic_refs, linker.guide_refs)
    subjects = [registry.fields.subjects for registry in linker.content.registries]
    picks = [(entry.codes, entry.fields.related) for entry in linker.entries]
    shown = (linker.site, linker.repository, linker.refs, named, subjects, picks)
    before = kept.views if kept.shown == shown else {}
    kept.shown, kept.views = shown, {}
    for number, entry in enumerate(linker.entries):
        known = before.get(entry.slug)
        view = known[1] if known is not None and known[0] is entry else linker.entry(number)
        kept.views[entry.slug] = (entry, view)
        yield view


def _redirects(content: Content) -> Iterator[tuple[str, str]]:
    for entry in content.entries:
        for alias in entry.fields.aliases:
            yield f"errors/{alias}.html", f"errors/{entry.slug}.html"


def _unindexed(head: Head) -> Head:
    import msgspec

    return msgspec.structs.replace(head, indexed=False, report="")


@lru_cache(maxsize=65536)
def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _references(references: Iterable[Reference]) -> tuple[ReferenceView, ...]:
    return tuple(ReferenceView(r.title, r.url, inline(r.says)) for r in references)


def _worded(fact: Fact, value: str) -> tuple[str, str]:
    """The words of a value: its first sentence, and the rest."""
    word, stop, rest = fact.values[value].partition(". ")
    return word + "." * bool(stop), rest


def _contents(*parts: tuple[str, str, object]) -> Contents:
    """The contents of a page: of (id, title, what it holds) those that hold something."""
    return tuple((anchor, title) for anchor, title, held in parts if held)


def _class_view(c: CodeClass) -> ClassView:
    return ClassView(c.name, c.label, c.heading, c.says, c.shape)
