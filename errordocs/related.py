"""Related entries: which ones an entry points to, in what order, and why, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence

from msgspec import Struct

from errordocs.markup import inline
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import SiteFields

MOST = 12
OF_SUBJECT = 3
OF_TOPIC = 3
OF_VARIANTS = 6


class Relation(Struct, frozen=True):
    """One entry seen from another; `why` is HTML."""

    slug: str
    kind: str
    why: str


class Index(Struct, frozen=True):
    """The entries of a content, found by what they have in common; every list in the entries' own order."""

    site: SiteFields
    entries: dict[str, Entry]
    order: dict[str, int]
    links: dict[str, list[tuple[str, str]]]
    codes: dict[tuple[tuple[str, str], ...], list[str]]
    parts: dict[tuple[str, str], list[str]]
    general: dict[tuple[str, str], list[str]]
    subjects: dict[tuple[str, str], list[str]]
    topics: dict[str, list[str]]
    subject_names: dict[tuple[str, str], str]
    sender_names: dict[str, str]
    topic_titles: dict[str, str]


def order(content: Content) -> tuple[Entry, ...]:
    """The entries as a reader counts: by which part leads, then by number, a general entry before its variants."""
    parts = [part.name for part in content.site.parts]

    def key(entry: Entry) -> tuple[int, list[tuple[int, int, str]]]:
        first = next(iter(entry.codes))
        pieces = re.split(r"([0-9]+)", entry.slug)
        return parts.index(first), [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in pieces if p]

    return tuple(sorted(content.entries, key=key))


def index(content: Content, ordered: Sequence[Entry]) -> Index:
    """What `relations` asks, gathered in one pass."""
    registries = {registry.slug: registry.fields for registry in content.registries}
    made = Index(
        site=content.site,
        entries={entry.slug: entry for entry in ordered},
        order={entry.slug: number for number, entry in enumerate(ordered)},
        links={},
        codes={},
        parts={},
        general={},
        subjects={},
        topics={},
        subject_names={
            (part.name, key): name
            for part in content.site.parts
            if part.registry
            for key, name in registries[part.registry].subjects.items()
        },
        sender_names={sender.slug: sender.fields.name for sender in content.senders},
        topic_titles={topic.slug: topic.fields.title for topic in content.topics},
    )
    for entry in ordered:
        for related in entry.fields.related:
            made.links.setdefault(related.entry, []).append((entry.slug, related.why))
        made.codes.setdefault(tuple(entry.codes.items()), []).append(entry.slug)
        for item in entry.codes.items():
            made.parts.setdefault(item, []).append(entry.slug)
            if not entry.fields.sender:
                made.general.setdefault(item, []).append(entry.slug)
        for subject in _subjects(content.site, entry):
            if entry.fields.sender:
                made.subjects.setdefault(subject, [])
                continue
            made.subjects.setdefault(subject, []).append(entry.slug)
        for topic in entry.fields.topics:
            made.topics.setdefault(topic, []).append(entry.slug)
    return made


def relations(entry: Entry, index: Index) -> tuple[Relation, ...]:
    """At most twelve entries related to `entry`, the author's own first, each once, each with its reason."""
    found: dict[str, Relation] = {}
    for rule in RULES:
        for relation in rule(entry, index):
            if relation.slug != entry.slug:
                found.setdefault(relation.slug, relation)
    return tuple(found.values())[:MOST]


def _authors(entry: Entry, index: Index) -> Iterator[Relation]:
    """What the author picked, then who picked this entry: a link is shown from both ends."""
    for related in entry.fields.related:
        yield Relation(related.entry, "author", inline(related.why))
    for slug, why in index.links.get(entry.slug, ()):
        yield Relation(slug, "author", inline(why))


def _general(entry: Entry, index: Index) -> Iterator[Relation]:
    """The same codes without a sender, then each part by itself."""
    labels = {part.name: part.label for part in index.site.parts}
    if entry.fields.sender:
        for slug in index.codes[tuple(entry.codes.items())]:
            if not index.entries[slug].fields.sender:
                yield Relation(slug, "general", "The same code whoever sends it.")
    if len(entry.codes) > 1:
        for name, code in reversed(entry.codes.items()):
            for slug in index.codes.get(((name, code),), ()):
                if not index.entries[slug].fields.sender:
                    yield Relation(slug, "general", inline(f"{labels[name]} {code} by itself."))


def _variants(entry: Entry, index: Index) -> Iterator[Relation]:
    """Senders' own replies with these codes, this entry's sender first."""
    own = entry.fields.sender
    slugs = _shared(entry, index, len(entry.codes))
    variants = [slug for slug in slugs if index.entries[slug].fields.sender]
    same = [slug for slug in variants if index.entries[slug].fields.sender == own]
    others = [slug for slug in variants if index.entries[slug].fields.sender != own]
    for slug in _near(entry.slug, same, index, OF_VARIANTS) + _near(entry.slug, others, index, OF_VARIANTS):
        name = index.sender_names.get(index.entries[slug].fields.sender or "", "")
        yield Relation(slug, "variant", f"What {inline(name)} means by this code.")


def _same_part(entry: Entry, index: Index) -> Iterator[Relation]:
    """The same last part under another first one."""
    if not entry.codes:
        return
    labels = {part.name: part.label for part in index.site.parts}
    name, code = list(entry.codes.items())[-1]
    for slug in _near(entry.slug, index.general.get((name, code), ()), index, OF_VARIANTS):
        others = [f"{labels[n].lower()} {c}" for n, c in index.entries[slug].codes.items() if n != name]
        if others:
            yield Relation(slug, "same-part", inline(f"{code} together with {' and '.join(others)}."))


def _twins(entry: Entry, index: Index) -> Iterator[Relation]:
    """The same code in the twin class."""
    classes = {c.digit: c for c in index.site.classes}
    for part in index.site.parts:
        code = entry.codes.get(part.name)
        if part.twins != "yes" or code is None:
            continue
        twin = classes[code[0]].twin if code[0] in classes else None
        if twin is None:
            continue
        words = inline(f"{classes[twin].label} of the same kind: {classes[twin].says}")
        slugs = index.parts.get((part.name, twin + code[1:]), ())
        alike = sorted(slugs, key=lambda s: (_unlike(entry, index.entries[s]), index.order[s]))
        for slug in alike[:2]:
            yield Relation(slug, "twin", words)


def _neighbours(entry: Entry, index: Index) -> Iterator[Relation]:
    """Entries nearest in number on another code with the same registry subject."""
    for subject in _subjects(index.site, entry):
        name, part = index.subject_names.get(subject), subject[0]
        others = [
            index.entries[s] for s in index.subjects[subject] if index.entries[s].codes[part] != entry.codes[part]
        ]
        general = [other.slug for other in others if not other.fields.sender]
        for slug in _near(entry.slug, general, index, OF_SUBJECT):
            if name:
                yield Relation(slug, "subject", f"Of the same subject: {inline(name)}.")


def _same_topics(entry: Entry, index: Index) -> Iterator[Relation]:
    """Entries nearest in number that share a topic."""
    for topic in entry.fields.topics:
        title = index.topic_titles.get(topic, topic)
        for slug in _near(entry.slug, index.topics[topic], index, OF_TOPIC):
            yield Relation(slug, "topic", f"Also about {inline(title)}.")


RULES: tuple[Callable[[Entry, Index], Iterator[Relation]], ...] = (
    _authors,
    _general,
    _variants,
    _same_part,
    _twins,
    _neighbours,
    _same_topics,
)


def _shared(entry: Entry, index: Index, parts: int) -> list[str]:
    """Slugs that share that many parts with the entry, in order."""
    lists = [index.parts[item] for item in entry.codes.items()]
    shared = set(lists[0]).intersection(*lists[1:]) if parts else set()
    return sorted(shared, key=index.order.__getitem__)


def _near(slug: str, slugs: Sequence[str], index: Index, most: int) -> list[str]:
    """At most `most` of the slugs, the nearest in the entries' order; the lower first where two are as near."""
    import bisect

    place = index.order[slug]
    at = bisect.bisect_left(slugs, place, key=index.order.__getitem__)
    window = [s for s in slugs[max(0, at - most) : at + most + 1] if s != slug]
    return sorted(window, key=lambda s: (abs(index.order[s] - place), index.order[s]))[:most]


def _unlike(one: Entry, other: Entry) -> tuple[bool, int]:
    return one.fields.sender != other.fields.sender, abs(len(one.codes) - len(other.codes))


def _subjects(site: SiteFields, entry: Entry) -> list[tuple[str, str]]:
    """The registry subject of the entry's most telling part."""
    for part in reversed(site.parts):
        code = entry.codes.get(part.name)
        if code and part.subject and (found := re.match(part.subject, code)):
            return [(part.name, found.group(1))]
    return []
