"""What the rest of the site may know of an entry; of a literal reply, the words by which the lookup knows it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from msgspec import Raw

from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import FaceFields
from errordocs.model import Part
from errordocs.model import Pick
from errordocs.model import Said

ALIKE = 0.5  # share of words from which two replies of one sender on one page are one wording
FEWEST_ALIKE = 6  # words and codes of a reply: in a shorter one each word counts
MOST_WORDS = 8  # of a reply: enough to tell it from any other
SHORTEST_WORD = 3  # letters: shorter ones stand in every reply
LONGEST_WORD = 40  # longer ones are ids
CODES_WITHIN = 40  # characters: a code further on is not the reply's own

BRACED = re.compile(r"\{[^{}]*\}")
NUMBER = re.compile(r"\b[0-9]+(?:\.[0-9]+)+\b|\bhttps?://|\bwww\.")  # and what begins an address
WORD = re.compile(rf"[^\W_]{{{SHORTEST_WORD},}}")
_encode = msgspec.msgpack.Encoder().encode
Codes = tuple[re.Pattern[str], ...]


def code_patterns(parts: Iterable[Part]) -> Codes:
    """Expressions that find the codes of each part in a text."""
    return tuple(re.compile(rf"(?<![\w.]){part.pattern}(?![\w.])") for part in parts)


def face(entry: Entry, codes: Codes) -> Face:
    """The face of an entry."""
    fields = entry.fields
    return Face(
        entry.slug,
        entry.source,
        entry.codes,
        entry.facts,
        FaceFields(
            title=fields.title,
            summary=fields.summary,
            updated=fields.updated,
            sender=fields.sender,
            seen_from=fields.seen_from,
            topics=fields.topics,
            guides=fields.guides,
            senders=fields.senders,
            phrases=fields.phrases,
            aliases=fields.aliases,
            status=fields.status,
            replaced_by=fields.replaced_by,
            said=Raw(_encode(_said(entry, codes))),
            picks=Raw(_encode(tuple(Pick(one.entry, one.why) for one in fields.related))),
        ),
    )


def wording(text: str, codes: Codes = ()) -> str:
    """What is particular of a literal reply: its codes, then its first words, without numbers and what braces hold."""
    bare = BRACED.sub(" ", text)
    begin = bare[:CODES_WITHIN]
    stated = [found.group() for code in codes if (found := code.search(begin))]
    told = WORD.findall(NUMBER.sub(" ", bare.lower()))
    words = [word for word in told if len(word) < LONGEST_WORD and not word.isdigit()]
    return " ".join([*stated, *words[:MOST_WORDS]]) if words else ""


def _said(entry: Entry, codes: Codes) -> tuple[Said, ...]:
    """The wordings of the replies, of each sender's those that differ."""
    said: dict[str | None, list[str]] = {}
    for reply in entry.fields.responses:
        known, words = said.setdefault(reply.sender, []), wording(reply.text, codes)
        if not known or not any(is_nearly(words, other) for other in known):
            known.append(words)
    return tuple(Said(words, sender) for sender, texts in said.items() for words in texts)


def is_nearly(words: str, others: str) -> bool:
    """Whether two wordings tell the lookup the same: the same codes, not few words, and most of them the other's."""
    one, other = set(words.split()), set(others.split())
    if min(len(one), len(other)) < FEWEST_ALIKE or len(one & other) < ALIKE * len(one | other):
        return False
    return not any(word[0].isdigit() for word in one ^ other)
