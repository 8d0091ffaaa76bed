"""What follows from site.yaml and a page's own record alone; and the view of an entry, given what is around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote
from urllib.parse import urlsplit

from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import Fact
from errordocs.model import Reference
from errordocs.model import Reply
from errordocs.model import Section
from errordocs.model import SiteFields
from errordocs.paths import root_of
from errordocs.snippets import inline
from errordocs.snippets import plain
from errordocs.views import Around
from errordocs.views import Contents
from errordocs.views import EntryRef
from errordocs.views import EntryView
from errordocs.views import FactView
from errordocs.views import Head
from errordocs.views import Ref
from errordocs.views import ReferenceView
from errordocs.views import ReplyView
from errordocs.words import Words

PLAIN_HOST = re.compile(r"https?://([a-z0-9.-]+)(?=[/?#]|\Z)")


class Frame:
    """What every page has that follows from site.yaml alone, and the views of entries, given what is around them."""

    def __init__(self, site: SiteFields, repository: str) -> None:
        self.site = site
        self.repository = repository
        self.words = Words(site)
        self.kinds = {section.heading: section.kind for section in site.sections}
        self._facts: dict[tuple[tuple[str, tuple[str, ...]], ...], tuple[FactView, ...]] = {}

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

    def entry_head(self, entry: Entry | Face, ref: EntryRef) -> Head:
        trail = (
            Ref("errors/index.html", self.words.errors),
            Ref(f"errors/index.html#{ref.class_.name}", ref.class_.heading),
        )
        return self.head(ref.page, f"{ref.code}: {ref.title}", entry.fields.summary, trail, entry.source, ref.updated)

    def facts(self, entry: Entry | Face) -> tuple[FactView, ...]:
        """The facts of an entry at a glance, in the order of site.yaml."""
        key = tuple(entry.facts.items())
        if key not in self._facts:
            self._facts[key] = tuple(
                FactView(f.name, f.label, entry.facts[f.name], tuple(_worded(f, v) for v in entry.facts[f.name]))
                for f in self.site.facts
                if f.name in entry.facts
            )
        return self._facts[key]

    def entry(self, entry: Entry, around: Around) -> EntryView:
        """The view of a whole entry."""
        fields = entry.fields
        sections: dict[str, list[Section]] = {"overview": [], "steps": [], "prose": [], "faq": []}
        for section in entry.body.sections:
            sections[self.kinds[section.title]].append(section)
        return EntryView(
            head=self.entry_head(entry, around.entry),
            entry=around.entry,
            slug=entry.slug,
            codes=entry.codes,
            summary=inline(fields.summary),
            sender=around.sender,
            replaced_by=around.replaced_by,
            facts=self.facts(entry),
            topics=around.topics,
            seen_from=around.seen_from,
            replies=tuple(self.reply(reply, entry, around.senders) for reply in fields.responses),
            overview=tuple(sections["overview"]),
            steps=tuple(sections["steps"]),
            prose=tuple(sections["prose"]),
            faq=tuple(sections["faq"]),
            references=references(fields.references),
            related=around.related,
            guides=around.guides,
            previous=around.previous,
            next=around.next,
            contents=contents(
                ("replies", "Literal replies", fields.responses),
                *((s.anchor, s.title, True) for s in sections["overview"] + sections["steps"]),
                ("sources", "References", fields.references),
                *((s.anchor, s.title, True) for s in sections["prose"] + sections["faq"]),
                ("related", "Related errors", around.related),
                ("further", "Guides", fields.guides),
            ),
        )

    def reply(
        self, reply: Reply, entry: Entry | Face, senders: Mapping[str, Ref], shown: EntryRef | None = None
    ) -> ReplyView:
        """A literal reply; `shown` is its entry where it stands on another page."""
        slug = reply.sender or entry.fields.sender
        return ReplyView(
            text=reply.text.strip(),
            sender=senders[slug] if slug else None,
            sender_name=senders[slug].title.lower() if slug else "~",
            basis=self.words.basis[reply.basis],
            evidence=reply.basis,
            source=reply.source,
            host=_host(reply.source),
            checked=reply.checked.isoformat(),
            entry=shown,
        )


def references(sources: Iterable[Reference]) -> tuple[ReferenceView, ...]:
    """What a page rests on."""
    return tuple(ReferenceView(r.title, r.url, inline(r.says)) for r in sources)


def contents(*parts: tuple[str, str, object]) -> Contents:
    """The contents of a page: of (id, title, what it holds) those that hold something."""
    return tuple((anchor, title) for anchor, title, held in parts if held)


def _worded(fact: Fact, value: str) -> tuple[str, str]:
    """The words of a value: its first sentence, and the rest."""
    word, stop, rest = fact.values[value].partition(". ")
    return word + "." * bool(stop), rest


@lru_cache(maxsize=65536)
def _host(url: str) -> str:
    found = PLAIN_HOST.match(url)  # of nearly all, in a fraction of the time
    return found[1] if found else urlsplit(url).hostname or ""
