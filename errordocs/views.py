"""What a page shows, and nothing else: the frozen values that a template is rendered from.

A page is a function of its view, its template, and the chrome that all pages share; so two builds whose views are
equal make equal bytes, and what a view does not hold cannot reach a page.
"""

from __future__ import annotations

from msgspec import Struct

from errordocs.model import ContactLink
from errordocs.model import RegistryCode
from errordocs.model import Section

Contents = tuple[tuple[str, str], ...]  # ids and titles, in the order of the page


class ClassView(Struct, frozen=True, array_like=True):
    """A class of codes: its words and its shape."""

    name: str
    label: str
    heading: str
    says: str
    shape: str


class Ref(Struct, frozen=True, array_like=True):
    """A page to link: its path from the site's root, its title, a line on it, and how many entries it has."""

    page: str
    title: str
    note: str = ""
    count: int = 0


class EntryRef(Struct, frozen=True, array_like=True):
    """An entry as other pages show it; `parts` are its codes, each with its part's number, from one."""

    page: str
    code: str
    parts: tuple[tuple[int, str], ...]
    title: str
    summary: str
    class_: ClassView
    sender: str
    retired: bool
    updated: str
    senders: tuple[str, ...]
    topics: tuple[str, ...]


class RelatedView(Struct, frozen=True, array_like=True):
    """A related entry and the reason in words, as HTML; `kind` names the relation."""

    entry: EntryRef
    kind: str
    why: str


class ReplyView(Struct, frozen=True):
    """A literal reply beside who sends it and where that was read; `evidence` is the field, `basis` its words."""

    text: str
    sender: Ref | None
    sender_name: str
    basis: str
    evidence: str
    source: str
    host: str
    checked: str
    entry: EntryRef | None = None


class ReferenceView(Struct, frozen=True):
    title: str
    url: str
    says: str


class FactView(Struct, frozen=True):
    """A fact at a glance: its label, and for each of its values a word and what it comes to."""

    name: str
    label: str
    values: tuple[str, ...]
    words: tuple[tuple[str, str], ...]


class Head(Struct, frozen=True):
    """What every page has: its path, its title, one line on it for engines, and its trail of breadcrumbs."""

    page: str
    folder: str
    title: str
    description: str
    trail: tuple[Ref, ...]
    root: str
    updated: str = ""
    edit: str = ""
    report: str = ""
    indexed: bool = True


class Around(Struct, frozen=True, array_like=True):
    """What an entry's page shows of others; `senders` are those of its replies, by slug."""

    entry: EntryRef
    sender: Ref | None
    replaced_by: EntryRef | None
    topics: tuple[Ref, ...]
    seen_from: tuple[Ref, ...]
    senders: dict[str, Ref]
    related: tuple[RelatedView, ...]
    guides: tuple[Ref, ...]
    previous: EntryRef | None
    next: EntryRef | None


class EntryView(Struct, frozen=True):
    head: Head
    entry: EntryRef
    slug: str
    codes: dict[str, str]
    summary: str
    sender: Ref | None
    replaced_by: EntryRef | None
    facts: tuple[FactView, ...]
    topics: tuple[Ref, ...]
    seen_from: tuple[Ref, ...]
    replies: tuple[ReplyView, ...]
    overview: tuple[Section, ...]
    steps: tuple[Section, ...]
    prose: tuple[Section, ...]
    faq: tuple[Section, ...]
    references: tuple[ReferenceView, ...]
    related: tuple[RelatedView, ...]
    guides: tuple[Ref, ...]
    previous: EntryRef | None
    next: EntryRef | None
    contents: Contents


class ArticleView(Struct, frozen=True):
    """A guide or a page of its own: its text, and the entries that send readers to it."""

    head: Head
    kind: str
    contents: Contents
    summary: str
    intro: str
    sections: tuple[Section, ...]
    references: tuple[ReferenceView, ...]
    guides: tuple[Ref, ...]
    topics: tuple[Ref, ...]
    entries: tuple[EntryRef, ...]


class TopicView(Struct, frozen=True):
    """One cause across senders: its text, its entries, and each sender's replies for it."""

    head: Head
    summary: str
    intro: str
    sections: tuple[Section, ...]
    references: tuple[ReferenceView, ...]
    guides: tuple[Ref, ...]
    first: tuple[EntryRef, ...]
    entries: tuple[EntryRef, ...]
    replies: tuple[ReplyView, ...]
    contents: Contents


class SenderView(Struct, frozen=True):
    """Somebody who sends replies: how to recognise it, where to turn, and what it says."""

    head: Head
    summary: str
    kind: str
    also_known_as: tuple[str, ...]
    literals: tuple[tuple[str, tuple[str, ...]], ...]
    links: tuple[tuple[str, ContactLink], ...]
    intro: str
    sections: tuple[Section, ...]
    entries: tuple[EntryRef, ...]
    replies: tuple[ReplyView, ...]
    contents: Contents


class ListView(Struct, frozen=True):
    """An index of pages, in groups under headings."""

    head: Head
    summary: str
    groups: tuple[tuple[str, tuple[Ref, ...]], ...]


class ErrorsView(Struct, frozen=True):
    """The list of all entries, in classes, with what its filter offers."""

    head: Head
    total: int
    classes: tuple[tuple[ClassView, tuple[EntryRef, ...]], ...]
    senders: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]


class RegistryView(Struct, frozen=True):
    """A registry as a table: each code beside the entries that explain it."""

    head: Head
    summary: str
    source: str
    anchors: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[str, RegistryCode, tuple[EntryRef, ...]], ...]], ...]


class HomeView(Struct, frozen=True):
    """The front page: general entries by class beside the number of all of that class, then every other page."""

    head: Head
    classes: tuple[tuple[ClassView, tuple[EntryRef, ...], int], ...]
    senders: tuple[Ref, ...]
    topics: tuple[Ref, ...]
    guides: tuple[Ref, ...]
    latest: tuple[EntryRef, ...]
    total: int


class LookupView(Struct, frozen=True):
    """The page on which a whole text is looked up, with texts to try."""

    head: Head
    examples: tuple[str, ...]


class MissingView(Struct, frozen=True):
    """The page for an address that is none; `example` is the slug of an entry."""

    head: Head
    example: str


class MovedView(Struct, frozen=True):
    """A former address of an entry, which leads to the present one."""

    head: Head
    entry: EntryRef


View = (
    EntryView
    | ArticleView
    | TopicView
    | SenderView
    | ListView
    | ErrorsView
    | RegistryView
    | HomeView
    | LookupView
    | MissingView
    | MovedView
)


class Brief(Struct, frozen=True):
    """An entry as lists for programs show it."""

    slug: str
    codes: dict[str, str]
    entry: EntryRef
    sender: str | None
    facts: tuple[FactView, ...]


class Listed(Struct, frozen=True):
    """A page as lists for programs show it."""

    kind: str
    page: str
    title: str
    description: str
    updated: str


class Site(Struct, frozen=True):
    """What the site holds: every page that may be found, the entries in brief, and their former addresses."""

    pages: tuple[Listed, ...]
    briefs: tuple[Brief, ...]
    redirects: tuple[tuple[str, str], ...]
