"""The lookup: one plain script for every page, with the index that is made of the content.

The script is concatenated from `templates/lookup/`, so that it works from `file://` with one request and no module
loading. It has no hash in its name: what it knows changes with every entry, and pages must not change with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from errordocs import related
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Failed
from errordocs.model import LookupFields
from errordocs.model import Output
from errordocs.model import Sender
from errordocs.render import output
from errordocs.render import small

PATH = "lookup.js"
MARK = '"index"'  # stands for the index while the script is made small
MOST_WORDS = 8  # of a reply: enough to tell it from any other
ALIKE = 0.5  # share of words from which two replies of one sender on one page are one wording
FEWEST_ALIKE = 6  # words and codes of a reply: in a shorter one each word counts
SHORTEST_WORD = 3  # letters: shorter ones stand in every reply
LONGEST_WORD = 40  # longer ones are ids
CODES_WITHIN = 40  # characters: a code further on is not the reply's own


def lookup(content: Content, templates: str) -> Iterable[Output]:
    """lookup.js, where the templates have a `lookup/` folder; raises Failed where it cannot be read."""
    folder = Path(templates, "lookup")
    if not folder.is_dir():
        return
    try:
        script = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.js")))
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{folder}: cannot be read ({error}); --templates names the folder that holds it") from None
    index = msgspec.json.encode(index_of(content)).decode()
    script = f'(function(){{"use strict";{script}\nstart({MARK});}})();'
    program, end = small(f"{folder}/*.js", script.encode()).decode().split(MARK)
    yield output(PATH, "index", f"{program}{index}{end}".encode())


def index_of(content: Content) -> dict[str, Any]:
    """What the script knows. Rows are lists, since names would be repeated hundreds of times:

    entries: what its slug has beyond its codes and sender, its codes by part (`550,5.1`), number of the sender or -1,
    title, values of the facts by number (`1.0.2,3`), and 1 if retired; replies, of classes that fail: number of the
    entry, then [number of the sender or -1, each reply: its codes, its words]; phrases: number of the entry, then each
    phrase. Nobody reads the replies there, so their words are what is left of them.
    """
    rules = content.lookup.fields if content.lookup else LookupFields(tuple(c.digit for c in content.site.classes))
    parts, facts = content.site.parts, content.site.facts
    senders = [sender for sender in content.senders if sender.fields.kind not in rules.silent]
    of_sender = {sender.slug: number for number, sender in enumerate(senders)}
    entries = related.order(content)
    values = {fact.name: list(fact.values) for fact in facts}
    codes = tuple(re.compile(rf"(?<![\w.]){part.pattern}(?![\w.])") for part in parts)
    return {
        "parts": [{"name": part.name, "label": part.label, "pattern": part.pattern} for part in parts],
        "classes": [[c.digit, c.label, c.shape] for c in content.site.classes],
        "facts": [[fact.label, list(fact.values.values())] for fact in facts],
        "report": content.site.report_url or "",
        "rules": {name: value for name, value in msgspec.to_builtins(rules).items() if value},
        "senders": [_sender(sender, sender.fields.kind in rules.generic) for sender in senders],
        "entries": [
            [
                _rest_of_slug(entry),
                ",".join(entry.codes.get(part.name, "") for part in parts),
                of_sender.get(entry.fields.sender or "", -1),
                entry.fields.title,
                ".".join(",".join(str(values[f.name].index(v)) for v in entry.facts.get(f.name, ())) for f in facts),
                *([1] if entry.fields.status == "retired" else []),
            ]
            for entry in entries
        ],
        "replies": [
            [number, *([sender, *texts] for sender, texts in told.items())]
            for number, entry in enumerate(entries)
            if entry.digit in rules.failing
            if (told := _replies(entry, of_sender, codes))
        ],
        "phrases": [
            [number, *(phrase.lower() for phrase in entry.fields.phrases)]
            for number, entry in enumerate(entries)
            if entry.fields.phrases
        ],
        "pages": [
            [f"{folder}/{record.slug}.html", record.fields.title]
            for folder, records in (("topics", content.topics), ("guides", content.guides))
            for record in records
        ],
    }


def _rest_of_slug(entry: Entry) -> str:
    """What a slug has beyond its codes, and its sender if that is known: most have nothing."""
    return entry.slug.removeprefix("-".join(entry.codes.values())).removeprefix(f"-{entry.fields.sender}")


def _sender(sender: Sender, is_generic: bool) -> list[Any]:
    """Slug, name, other names, hosts, marks, marks of its reports, domains, 1 if others use its wordings too."""
    fields = sender.fields
    return [
        sender.slug,
        fields.name,
        fields.also_known_as,
        fields.hosts,
        fields.marks,
        fields.reports,
        fields.domains,
        int(is_generic),
    ]


def _replies(entry: Entry, of_sender: dict[str, int], codes: tuple[re.Pattern[str], ...]) -> dict[int, list[str]]:
    """The wordings of each sender's replies, each once."""
    told: dict[int, list[str]] = {}
    for reply in entry.fields.responses:
        known = told.setdefault(of_sender.get(reply.sender or entry.fields.sender or "", -1), [])
        words = wording(reply.text, codes)
        if words and not any(_is_nearly(words, other) for other in known):
            known.append(words)
    return {sender: texts for sender, texts in told.items() if texts}


def _is_nearly(words: str, others: str) -> bool:
    """Whether two wordings tell the lookup the same: the same codes, not few words, and most of them the other's."""
    one, other = set(words.split()), set(others.split())
    if any(word[0].isdigit() for word in one ^ other) or min(len(one), len(other)) < FEWEST_ALIKE:
        return False
    return len(one & other) >= ALIKE * len(one | other)


def wording(text: str, codes: tuple[re.Pattern[str], ...] = ()) -> str:
    """What is particular of a literal reply: its codes, then its first words, without numbers and what braces hold."""
    bare = re.sub(r"\{[^{}]*\}", " ", text)
    begin = bare[:CODES_WITHIN]
    stated = [found.group() for code in codes if (found := code.search(begin))]
    bare = re.sub(r"\b[0-9]+(?:\.[0-9]+)+\b", " ", bare)
    told = re.findall(r"[^\W_]+", re.sub(r"\bhttps?://|\bwww\.", " ", bare.lower()))
    words = [word for word in told if not word.isdigit() and SHORTEST_WORD <= len(word) < LONGEST_WORD]
    return " ".join([*stated, *words[:MOST_WORDS]]) if words else ""
