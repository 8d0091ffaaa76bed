"""From records to views: which pages there are, what each shows of itself and of its neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from functools import cached_property
from functools import partial
from typing import NamedTuple

import msgspec

from errordocs import related
from errordocs.frame import Frame
from errordocs.frame import contents
from errordocs.frame import references
from errordocs.model import Article
from errordocs.model import CodeClass
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import Outline
from errordocs.model import Registry
from errordocs.model import RegistryCode
from errordocs.model import Reply
from errordocs.model import Sender
from errordocs.model import SiteFields
from errordocs.paths import anchor
from errordocs.paths import page_of
from errordocs.paths import slug_of
from errordocs.snippets import inline
from errordocs.snippets import plain
from errordocs.views import Around
from errordocs.views import ArticleView
from errordocs.views import Brief
from errordocs.views import ClassView
from errordocs.views import EntryRef
from errordocs.views import EntryView
from errordocs.views import ErrorsView
from errordocs.views import Head
from errordocs.views import HomeView
from errordocs.views import Listed
from errordocs.views import ListView
from errordocs.views import LookupView
from errordocs.views import MissingView
from errordocs.views import MovedView
from errordocs.views import Ref
from errordocs.views import RegistryView
from errordocs.views import RelatedView
from errordocs.views import ReplyView
from errordocs.views import SenderView
from errordocs.views import Site
from errordocs.views import TopicView
from errordocs.views import View

LATEST = 10


Replies = Callable[[Entry | Face], tuple[Reply, ...]]


class Maker(NamedTuple):
    """A page that is not made yet: its path, the file that it is of, the entries that it shows, and how it is made.

    Beside those, it shows nothing but what any page may show of files that are no entries.
    """

    path: str
    source: str
    shown: Sequence[Entry | Face]
    make: Callable[[], View]


class Linker:
    """The content with what every page asks of it, looked up once.

    Of entries, their faces are enough; `replies` gives the literal replies of one, where a page shows them. `ordered`
    are the entries' files as `related.order` had them, where that is known.
    """

    def __init__(
        self,
        content: Content | Outline,
        repository: str = "content",
        replies: Replies | None = None,
        ordered: Sequence[str] | None = None,
    ) -> None:
        self.content = content
        self.replies = replies or _own_replies
        self.site: SiteFields = content.site
        self.frame = Frame(content.site, repository)
        self.head = self.frame.head
        self.words = self.frame.words
        self.numbers = {part.name: number for number, part in enumerate(content.site.parts, 1)}
        self.classes = {c.digit: _class_view(c) for c in content.site.classes}
        self.senders = {s.slug: s for s in sorted(content.senders, key=lambda s: s.fields.name.casefold())}
        self.topics = {t.slug: t for t in sorted(content.topics, key=lambda t: t.fields.title.casefold())}
        self.guides = {g.slug: g for g in sorted(content.guides, key=lambda g: g.fields.title.casefold())}
        by_source = {entry.source: entry for entry in content.entries}
        self.entries = related.order(content) if ordered is None else tuple([by_source[name] for name in ordered])
        self.number_of = {entry.source: number for number, entry in enumerate(self.entries)}
        self.by_slug = {entry.slug: entry for entry in self.entries}
        self.refs = {entry.slug: self._ref(entry) for entry in self.entries}
        self.of_sender: dict[str, list[Entry | Face]] = {}
        self.of_topic: dict[str, list[Entry | Face]] = {}
        self.of_guide: dict[str, list[Entry | Face]] = {}
        self.alone: dict[tuple[str, str], list[EntryRef]] = {}  # the entries on a code alone, whoever sends it
        for entry in self.entries:
            for slug in self.refs[entry.slug].senders:
                self.of_sender.setdefault(slug, []).append(entry)
            for slug in entry.fields.topics:
                self.of_topic.setdefault(slug, []).append(entry)
            for slug in entry.fields.guides:
                self.of_guide.setdefault(slug, []).append(entry)
            if len(entry.codes) == 1 and not entry.fields.sender:
                (code,) = entry.codes.items()
                self.alone.setdefault(code, []).append(self.refs[entry.slug])
        self.sender_refs = {slug: self._sender_ref(slug) for slug in self.senders}
        self.topic_refs = {slug: self._topic_ref(slug) for slug in self.topics}
        self.guide_refs = {slug: self._guide_ref(slug) for slug in self.guides}

    @cached_property
    def index(self) -> related.Index:
        """What tells which entries are related."""
        return related.index(self.content, self.entries)

    @cached_property
    def classed(self) -> tuple[tuple[ClassView, tuple[EntryRef, ...]], ...]:
        """Every entry, by class."""
        return self.by_class(self.entries)

    def _ref(self, entry: Entry | Face) -> EntryRef:
        fields = entry.fields
        senders = {*fields.senders, *fields.seen_from, *([fields.sender] if fields.sender else ())}
        return EntryRef(
            page=f"errors/{entry.slug}.html",
            code=" ".join(entry.codes.values()),
            parts=tuple([(self.numbers[name], code) for name, code in entry.codes.items()]),
            title=fields.title,
            summary=plain(fields.summary),
            class_=self.classes[entry.digit],
            sender=self.senders[fields.sender].fields.name if fields.sender else "",
            retired=fields.status == "retired",
            updated=fields.updated.isoformat(),
            senders=tuple(sorted(senders)),
            topics=fields.topics,
        )

    # Entries

    def around(self, number: int, before: Around | None = None) -> Around:
        """What the page of the entry of that number, from zero, shows of others.

        `before` is what it was when all that makes entries related was the same: then they are still the same.
        """
        entry = self.entries[number]
        if before is None:
            relations = [(self.refs[r.slug], r.kind, r.why) for r in related.relations(entry, self.index)]
        else:
            relations = [(self.refs[slug_of(r.entry.page)], r.kind, r.why) for r in before.related]
        fields = entry.fields
        return Around(
            entry=self.refs[entry.slug],
            sender=self._bare(self.sender_refs[fields.sender]) if fields.sender else None,
            replaced_by=self.refs[fields.replaced_by] if fields.replaced_by else None,
            topics=tuple(self._bare(self.topic_refs[slug]) for slug in fields.topics),
            seen_from=tuple(self._bare(self.sender_refs[slug]) for slug in fields.seen_from),
            senders={slug: self._bare(self.sender_refs[slug]) for slug in fields.senders},
            related=tuple([RelatedView(*one) for one in relations]),
            guides=tuple(self.guide_refs[slug] for slug in fields.guides),
            previous=self.refs[self.entries[number - 1].slug] if number else None,
            next=self.refs[self.entries[number + 1].slug] if number + 1 < len(self.entries) else None,
        )

    def shown(self, number: int, around: Around) -> tuple[str, ...]:
        """The files of the entries that are in what is around that entry, its own first."""
        refs = [around.entry, around.replaced_by, around.previous, around.next, *(one.entry for one in around.related)]
        return tuple(self.by_slug[slug_of(ref.page)].source for ref in refs if ref is not None)

    def counts(self) -> bytes:
        """How many entries each sender and topic has, in an order of their own."""
        refs = (*self.sender_refs.values(), *self.topic_refs.values())
        return " ".join(f"{ref.page} {ref.count}" for ref in refs).encode()

    def _bare(self, ref: Ref) -> Ref:
        """A link without what entry pages don't show of it."""
        return Ref(ref.page, ref.title)

    def entry(self, number: int) -> EntryView:
        """The view of the entry of that number, from zero, where the content holds it whole."""
        return self.frame.entry(_whole(self.entries[number]), self.around(number))

    def reply(self, reply: Reply, entry: Entry | Face) -> ReplyView:
        return self.frame.reply(reply, entry, self.sender_refs, self.refs[entry.slug])

    def _sender_ref(self, slug: str) -> Ref:
        fields = self.senders[slug].fields
        return Ref(f"senders/{slug}.html", fields.name, plain(fields.summary), len(self.of_sender.get(slug, ())))

    def _topic_ref(self, slug: str) -> Ref:
        fields = self.topics[slug].fields
        count = len(self.of_topic.get(slug, ()))
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
            self.reply(reply, entry)
            for entry in own
            for reply in self.replies(entry)
            if (reply.sender or entry.fields.sender) == sender.slug
        )
        return SenderView(
            head=self.sender_head(sender),
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
            contents=contents(
                ("about", "How to recognise it", fields.about),
                ("related", "What it sends", entries),
                ("replies", "Literal replies", replies),
            ),
        )

    def sender_head(self, sender: Sender) -> Head:
        fields, trail = sender.fields, (Ref("senders/index.html", self.words.senders),)
        page = f"senders/{sender.slug}.html"
        return self.head(page, fields.name, fields.summary, trail, sender.source, fields.updated.isoformat())

    def topic(self, topic: Article) -> TopicView:
        fields = topic.fields
        entries = self.of_topic.get(topic.slug, [])
        replies = [
            self.reply(reply, entry)
            for entry in entries
            for reply in self.replies(entry)
            if topic.slug in (reply.topics or entry.fields.topics[:1])
        ]
        return TopicView(
            head=self.topic_head(topic),
            summary=inline(fields.summary),
            intro=topic.body.intro,
            sections=topic.body.sections,
            references=references(fields.references),
            guides=tuple(self.guide_refs[slug] for slug in fields.guides),
            first=tuple(self.refs[slug] for slug in fields.first),
            entries=tuple(self.refs[e.slug] for e in entries if e.slug not in fields.first),
            replies=tuple(sorted(replies, key=lambda reply: reply.sender_name)),
            contents=contents(
                ("about", "What these share", True),
                ("related", "The errors", entries),
                ("replies", "Sender by sender", replies),
                ("sources", "References", fields.references),
            ),
        )

    def article(
        self, article: Article, kind: str, trail: tuple[Ref, ...], entries: Sequence[Entry | Face] = ()
    ) -> ArticleView:
        fields = article.fields
        return ArticleView(
            head=self.article_head(article, *trail),
            kind=kind,
            contents=contents(
                *((s.anchor, s.title, True) for s in article.body.sections),
                ("sources", "References", fields.references),
                ("related", "Errors that lead here", entries),
            ),
            summary=inline(fields.summary),
            intro=article.body.intro,
            sections=article.body.sections,
            references=references(fields.references),
            guides=tuple(self.guide_refs[slug] for slug in fields.guides),
            topics=tuple(self.topic_refs[slug] for slug in fields.topics),
            entries=tuple(self.refs[entry.slug] for entry in entries),
        )

    def topic_head(self, topic: Article) -> Head:
        return self.article_head(topic, Ref("topics/index.html", self.words.topics))

    def article_head(self, article: Article, *trail: Ref) -> Head:
        fields = article.fields
        page = page_of(article.source) or ""
        return self.head(page, fields.title, fields.summary, trail, article.source, fields.updated.isoformat())

    # Lists

    def home(self) -> HomeView:
        general = [entry for entry in self.entries if not entry.fields.sender]
        latest = sorted(self.entries, key=lambda e: e.fields.updated, reverse=True)  # in their own order within a day
        totals = {class_.name: len(entries) for class_, entries in self.classed}
        return HomeView(
            head=self.home_head(),
            classes=tuple((class_, entries, totals[class_.name]) for class_, entries in self.by_class(general)),
            senders=tuple(self.sender_refs[slug] for slug in self.senders),
            topics=tuple(self.topic_refs[slug] for slug in self.topics),
            guides=tuple(self.guide_refs[slug] for slug in self.guides),
            latest=tuple(self.refs[entry.slug] for entry in latest[:LATEST]),
            total=len(self.entries),
        )

    def home_head(self) -> Head:
        return self.head("index.html", self.site.title, self.site.summary, ())

    def errors_head(self) -> Head:
        return self.head("errors/index.html", self.words.errors, self.words.errors_summary, ())

    def errors(self) -> ErrorsView:
        senders = {slug for ref in self.refs.values() for slug in ref.senders}
        topics = {slug for ref in self.refs.values() for slug in ref.topics}
        return ErrorsView(
            head=self.errors_head(),
            total=len(self.entries),
            classes=self.classed,
            senders=tuple((s.fields.name, slug) for slug, s in self.senders.items() if slug in senders),
            topics=tuple((t.fields.title, slug) for slug, t in self.topics.items() if slug in topics),
        )

    def by_class(self, entries: Iterable[Entry | Face]) -> tuple[tuple[ClassView, tuple[EntryRef, ...]], ...]:
        listed: dict[str, list[EntryRef]] = {}
        for entry in entries:
            listed.setdefault(entry.digit, []).append(self.refs[entry.slug])
        return tuple((self.classes[c.digit], tuple(listed[c.digit])) for c in self.site.classes if c.digit in listed)

    def list_head(self, folder: str) -> Head:
        title, summary = getattr(self.words, folder), getattr(self.words, f"{folder}_summary")
        return self.head(f"{folder}/index.html", title, summary, ())

    def list(self, folder: str) -> ListView:
        """The index of senders, by kind, or of topics or guides."""
        groups: tuple[tuple[str, tuple[Ref, ...]], ...]
        if folder == "senders":
            kinds = self.site.sender_kinds.items()
            by_kind = (
                (heading, [s for s in self.senders.values() if s.fields.kind == kind]) for kind, heading in kinds
            )
            groups = tuple(
                (heading, tuple(self.sender_refs[s.slug] for s in kind)) for heading, kind in by_kind if kind
            )
        else:
            groups = (("", tuple((self.topic_refs if folder == "topics" else self.guide_refs).values())),)
        return ListView(self.list_head(folder), inline(getattr(self.words, f"{folder}_summary")), groups)

    def moved(self, alias: str, entry: Entry | Face) -> MovedView:
        """A former address of an entry."""
        ref = self.refs[entry.slug]
        return MovedView(_unindexed(self.head(f"errors/{alias}.html", self.words.moved, ref.summary, ())), ref)

    def missing(self, folder: str) -> MissingView:
        """The page for an address in that folder that is none."""
        head = self.head(f"{folder}404.html", self.words.missing, self.words.missing_summary, ())
        return MissingView(_unindexed(head), self.entries[0].slug if self.entries else "code")

    def lookup_head(self) -> Head:
        return self.head("lookup.html", self.words.lookup, self.words.lookup_summary, ())

    def lookup(self) -> LookupView:
        """The page on which a whole text is looked up."""
        return LookupView(self.lookup_head(), self.content.lookup.fields.examples if self.content.lookup else ())

    def registry(self, registry: Registry) -> RegistryView:
        fields = registry.fields
        part = next((part for part in self.site.parts if part.registry == registry.slug), None)
        groups: dict[str, list[tuple[str, RegistryCode, tuple[EntryRef, ...]]]] = {}
        for row in fields.codes:
            found = re.match(part.subject, row.code) if part and part.subject else None
            subject = fields.subjects.get(found.group(1), "") if found else ""
            entries = self.registered(part.name, row.code) if part else ()
            groups.setdefault(subject, []).append((anchor(row.code), row, entries))
        return RegistryView(
            head=self.registry_head(registry),
            summary=inline(fields.summary),
            source=fields.source,
            anchors=tuple(f"subject-{anchor(subject)}" for subject in groups),
            groups=tuple((subject, tuple(rows)) for subject, rows in groups.items()),
        )

    def registry_head(self, registry: Registry) -> Head:
        fields, page = registry.fields, f"codes/{registry.slug}.html"
        return self.head(page, fields.title, fields.summary, (), registry.source)

    def registered(self, part: str, code: str) -> tuple[EntryRef, ...]:
        """The entries on a registry's code alone; X stands for the digit of any class."""
        digits = [c.digit for c in self.site.classes] if code.startswith("X") else [code[0]]
        return tuple(ref for digit in digits for ref in self.alone.get((part, digit + code[1:]), ()))

    # All of them

    def makers(self) -> Iterator[Maker]:
        """Every page but those of entries; lists come last."""
        content, words = self.content, self.words
        for sender in content.senders:
            of = self.of_sender.get(sender.slug, ())
            yield Maker(f"senders/{sender.slug}.html", sender.source, of, partial(self.sender, sender))
        for topic in content.topics:
            of = [*self.of_topic.get(topic.slug, ()), *(self.by_slug[slug] for slug in topic.fields.first)]
            yield Maker(f"topics/{topic.slug}.html", topic.source, of, partial(self.topic, topic))
        trail = (Ref("guides/index.html", words.guides),)
        for guide in content.guides:
            of = self.of_guide.get(guide.slug, ())
            make = partial(self.article, guide, words.guide, trail, of)
            yield Maker(f"guides/{guide.slug}.html", guide.source, of, make)
        for page in content.pages:
            yield Maker(page_of(page.source) or "", page.source, (), partial(self.article, page, words.page, ()))
        general = [entry for entry in self.entries if not entry.fields.sender]
        for registry in content.registries:
            yield Maker(f"codes/{registry.slug}.html", registry.source, general, partial(self.registry, registry))
        for entry in self.entries:
            for alias in entry.fields.aliases:
                yield Maker(f"errors/{alias}.html", "", [entry], partial(self.moved, alias, entry))
        taken = {entry.slug for entry in self.entries} | {a for entry in self.entries for a in entry.fields.aliases}
        for folder in ("", "errors/", "senders/", "topics/", "guides/", "codes/"):
            if folder != "errors/" or "404" not in taken:  # an error of that code keeps its address
                yield Maker(f"{folder}404.html", "", self.entries[:1], partial(self.missing, folder))
        source = content.lookup.source if content.lookup else ""
        yield Maker("lookup.html", source, (), self.lookup)
        for folder in ("senders", "topics", "guides"):
            yield Maker(f"{folder}/index.html", "", (), partial(self.list, folder))  # of entries, `counts` alone
        yield Maker("errors/index.html", "", self.entries, self.errors)
        yield Maker("index.html", "", self.entries, self.home)

    def site_of(self) -> Site:
        """What the site holds; no page is made for it."""
        refs = [(entry, self.refs[entry.slug]) for entry in self.entries]
        pages = [Listed("entry", r.page, f"{r.code}: {r.title}", r.summary, r.updated) for _, r in refs]
        briefs = tuple(Brief(e.slug, e.codes, ref, e.fields.sender, self.frame.facts(e)) for e, ref in refs)
        pages += [_listed("sender", self.sender_head(sender)) for sender in self.content.senders]
        pages += [_listed("topic", self.topic_head(topic)) for topic in self.content.topics]
        articles = (*self.content.guides, *self.content.pages)
        pages += [_listed("article", self.article_head(article)) for article in articles]
        pages += [_listed("registry", self.registry_head(registry)) for registry in self.content.registries]
        lists = [self.lookup_head(), *map(self.list_head, ("senders", "topics", "guides"))]
        pages += [_listed("list", head) for head in (*lists, self.errors_head(), self.home_head())]
        return Site(tuple(pages), briefs, tuple(_redirects(self.content)))


def link(content: Content | Outline, repository: str = "content") -> Site:
    """What the site holds, in the order in which pages are made; `repository` is the content's path in it."""
    return Linker(content, repository).site_of()


def pages(content: Content | Outline, repository: str = "content") -> tuple[View, ...]:
    """Every page of the site by what it shows: entries, then what is about them, lists last."""
    linker = Linker(content, repository)
    views: list[View] = [linker.entry(number) for number in range(len(linker.entries))]
    return (*views, *(maker.make() for maker in linker.makers()))


def _redirects(content: Content | Outline) -> Iterator[tuple[str, str]]:
    for entry in content.entries:
        for alias in entry.fields.aliases:
            yield f"errors/{alias}.html", f"errors/{entry.slug}.html"


def _unindexed(head: Head) -> Head:
    return msgspec.structs.replace(head, indexed=False, report="")


def _class_view(c: CodeClass) -> ClassView:
    return ClassView(c.name, c.label, c.heading, c.says, c.shape)


def _listed(kind: str, head: Head) -> Listed:
    return Listed(kind, head.page, head.title, head.description, head.updated)


def _own_replies(entry: Entry | Face) -> tuple[Reply, ...]:
    return _whole(entry).fields.responses


def _whole(entry: Entry | Face) -> Entry:
    assert isinstance(entry, Entry)
    return entry
