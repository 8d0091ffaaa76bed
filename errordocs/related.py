"""Related entries: which ones an entry points to, in what order, and why, in words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from itertools import combinations
from itertools import islice
from math import inf
from typing import Any

from msgspec import Struct

from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import Outline
from errordocs.model import SiteFields
from errordocs.snippets import inline

NUMBERS = re.compile("([0-9]+)")
MOST = 12
OF_SUBJECT = 3
OF_TOPIC = 3
OF_VARIANTS = 6
OF_TWINS = 2


class Relation(Struct, frozen=True):
    """One entry seen from another; `why` is HTML."""

    slug: str
    kind: str
    why: str


class Index(Struct, frozen=True):
    """The entries of a content, found by what they have in common; every list in the entries' own order.

    `codes`, `general` and `subjects` are of entries without a sender, `variants` of those with one; `kin` are the first
    few with a code. No list is ever gone through from end to end, so that a page costs the same in a large content.
    """

    site: SiteFields
    entries: dict[str, Entry | Face]
    order: dict[str, int]
    links: dict[str, list[tuple[str, str]]]
    codes: dict[tuple[tuple[str, str], ...], list[str]]
    general: dict[tuple[str, str], list[str]]
    variants: dict[tuple[tuple[str, str], ...], list[str]]
    kin: dict[tuple[str, str], dict[tuple[str | None, int], list[str]]]
    subjects: dict[tuple[str, str], list[str]]
    topics: dict[str, list[str]]
    subject_names: dict[tuple[str, str], str]
    sender_names: dict[str, str]
    topic_titles: dict[str, str]


def order(content: Content | Outline) -> tuple[Entry | Face, ...]:
    """The entries as a reader counts: by which part leads, then by number, a general entry before its variants."""
    parts = [part.name for part in content.site.parts]

    def key(entry: Entry | Face) -> tuple[int, list[Any]]:
        pieces: list[Any] = NUMBERS.split(entry.slug)  # words and numbers in turn, so that like is set beside like
        pieces[1::2] = map(int, pieces[1::2])
        return parts.index(next(iter(entry.codes))), pieces

    return tuple(sorted(content.entries, key=key))


def index(content: Content | Outline, ordered: Sequence[Entry | Face]) -> Index:
    """What `relations` asks, gathered in one pass."""
    registries = {registry.slug: registry.fields for registry in content.registries}
    made = Index(
        site=content.site,
        entries={entry.slug: entry for entry in ordered},
        order={entry.slug: number for number, entry in enumerate(ordered)},
        links={},
        codes={},
        general={},
        variants={},
        kin={},
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
        if not entry.fields.sender:
            made.codes.setdefault(tuple(entry.codes.items()), []).append(entry.slug)
        for item in entry.codes.items():
            if not entry.fields.sender:
                made.general.setdefault(item, []).append(entry.slug)
            _add_kin(made.kin.setdefault(item, {}), entry)
        for some in _subsets(entry) if entry.fields.sender else ():
            made.variants.setdefault(some, []).append(entry.slug)
        for subject in _subjects(content.site, entry):
            slugs = made.subjects.setdefault(subject, [])
            if not entry.fields.sender:
                slugs.append(entry.slug)
        for topic in entry.fields.topics:
            made.topics.setdefault(topic, []).append(entry.slug)
    return made


def _subsets(entry: Entry | Face) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every choice of the entry's codes, but none of them."""
    for count in range(1, len(entry.codes) + 1):
        yield from combinations(entry.codes.items(), count)


def _add_kin(kin: dict[tuple[str | None, int], list[str]], entry: Entry | Face) -> None:
    """Notes an entry among the first of its sender, and of any (None), with so many codes: no more are asked for."""
    for sender in (entry.fields.sender or "", None):
        first = kin.setdefault((sender, len(entry.codes)), [])
        if len(first) < OF_TWINS:
            first.append(entry.slug)


def relations(entry: Entry | Face, index: Index) -> tuple[Relation, ...]:
    """At most twelve entries related to `entry`, the author's own first, each once, each with its reason."""
    found: dict[str, Relation] = {}
    for rule in RULES:
        for relation in rule(entry, index):
            if relation.slug != entry.slug:
                found.setdefault(relation.slug, relation)
            if len(found) == MOST:  # what a later rule finds would come after these
                return tuple(found.values())
    return tuple(found.values())


def _authors(entry: Entry | Face, index: Index) -> Iterator[Relation]:
    """What the author picked, then who picked this entry: a link is shown from both ends."""
    for related in entry.fields.related:
        yield Relation(related.entry, "author", inline(related.why))
    for slug, why in index.links.get(entry.slug, ()):
        yield Relation(slug, "author", inline(why))


def _general(entry: Entry | Face, index: Index) -> Iterator[Relation]:
    """The same codes without a sender, then each part by itself."""
    labels = {part.name: part.label for part in index.site.parts}
    if entry.fields.sender:
        for slug in islice(index.codes.get(tuple(entry.codes.items()), ()), MOST):
            yield Relation(slug, "general", "The same code whoever sends it.")
    if len(entry.codes) > 1:
        for name, code in reversed(entry.codes.items()):
            for slug in islice(index.codes.get(((name, code),), ()), MOST):
                yield Relation(slug, "general", inline(f"{labels[name]} {code} by itself."))


def _variants(entry: Entry | Face, index: Index) -> Iterator[Relation]:
    """Senders' own replies with these codes, this entry's sender first."""
    own = entry.fields.sender
    slugs = index.variants.get(tuple(entry.codes.items()), ())
    same = _nearest(entry.slug, slugs, index, OF_VARIANTS, lambda other: other.fields.sender == own) if own else []
    others = _nearest(entry.slug, slugs, index, OF_VARIANTS, lambda other: other.fields.sender != own)
    for slug in [*same, *others]:
        name = index.sender_names.get(index.entries[slug].fields.sender or "", "")
        yield Relation(slug, "variant", f"What {inline(name)} means by this code.")


def _same_part(entry: Entry | Face, index: Index) -> Iterator[Relation]:
    """The same last part under another first one."""
    if not entry.codes:
        return
    labels = {part.name: part.label for part in index.site.parts}
    name, code = list(entry.codes.items())[-1]
    for slug in _nearest(entry.slug, index.general.get((name, code), ()), index, OF_VARIANTS):
        others = [f"{labels[n].lower()} {c}" for n, c in index.entries[slug].codes.items() if n != name]
        if others:
            yield Relation(slug, "same-part", inline(f"{code} together with {' and '.join(others)}."))


def _twins(entry: Entry | Face, index: Index) -> Iterator[Relation]:
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
        kin = index.kin.get((part.name, twin + code[1:]), {})
        own = entry.fields.sender or ""
        slugs = {slug for (sender, _), first in kin.items() if sender in (own, None) for slug in first}
        alike = sorted(slugs, key=lambda s: (_unlike(entry, index.entries[s]), index.order[s]))
        for slug in alike[:OF_TWINS]:
            yield Relation(slug, "twin", words)


def _neighbours(entry: Entry | Face, index: Index) -> Iterator[Relation]:
    """Entries nearest in number on another code with the same registry subject."""
    for subject in _subjects(index.site, entry):
        name, part = index.subject_names.get(subject), subject[0]
        code, slugs = entry.codes[part], index.subjects[subject]
        for slug in _nearest(entry.slug, slugs, index, OF_SUBJECT, lambda o, p=part, c=code: o.codes[p] != c):  # type: ignore[misc]
            if name:
                yield Relation(slug, "subject", f"Of the same subject: {inline(name)}.")


def _same_topics(entry: Entry | Face, index: Index) -> Iterator[Relation]:
    """Entries nearest in number that share a topic."""
    for topic in entry.fields.topics:
        title = index.topic_titles.get(topic, topic)
        for slug in _nearest(entry.slug, index.topics[topic], index, OF_TOPIC):
            yield Relation(slug, "topic", f"Also about {inline(title)}.")


RULES: tuple[Callable[[Entry | Face, Index], Iterator[Relation]], ...] = (
    _authors,
    _general,
    _variants,
    _same_part,
    _twins,
    _neighbours,
    _same_topics,
)


def _nearest(
    slug: str, slugs: Sequence[str], index: Index, most: int, fits: Callable[[Entry | Face], bool] = lambda entry: True
) -> list[str]:
    """At most `most` of the slugs that fit, the nearest in the entries' order; the lower first where two are as near.

    No more are looked at than it takes to find them.
    """
    place = index.order[slug]
    below = bisect_left(slugs, place, key=index.order.__getitem__) - 1
    above = below + 1
    found: list[str] = []
    while len(found) < most and (below >= 0 or above < len(slugs)):
        under = place - index.order[slugs[below]] if below >= 0 else inf
        over = index.order[slugs[above]] - place if above < len(slugs) else inf
        nearest = slugs[below] if under <= over else slugs[above]
        below, above = (below - 1, above) if under <= over else (below, above + 1)
        if nearest != slug and fits(index.entries[nearest]):
            found.append(nearest)
    return found


def _unlike(one: Entry | Face, other: Entry | Face) -> tuple[bool, int]:
    return one.fields.sender != other.fields.sender, abs(len(one.codes) - len(other.codes))


def _subjects(site: SiteFields, entry: Entry | Face) -> list[tuple[str, str]]:
    """The registry subject of the entry's most telling part."""
    for part in reversed(site.parts):
        code = entry.codes.get(part.name)
        if code and part.subject and (found := re.match(part.subject, code)):
            return [(part.name, found.group(1))]
    return []
