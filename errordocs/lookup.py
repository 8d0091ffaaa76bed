"""The lookup: one plain script for every page, with the index that is made of the content.

The script is concatenated from `templates/lookup/`, so that it works from `file://` with one request and no module
loading. It has no hash in its name: what it knows changes with every entry, and pages must not change with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from errordocs import related
from errordocs.faces import code_patterns
from errordocs.faces import face
from errordocs.faces import is_nearly
from errordocs.feeds import replaced
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Face
from errordocs.model import Failed
from errordocs.model import LookupFields
from errordocs.model import Outline
from errordocs.model import Output
from errordocs.model import Sender
from errordocs.render import output
from errordocs.render import small

PATH = "lookup.js"
MARK = '"index"'  # stands for the index while the script is made small


def lookup(
    content: Content | Outline, script: str, shown: str = PATH, ordered: Sequence[Entry | Face] = ()
) -> Iterable[Output]:
    """lookup.js, the program with its index, where there is one; raises Failed, naming `shown`, where it is broken.

    `ordered` are the entries as `related.order` has them, where somebody has asked it already.
    """
    if not script:
        return
    index = msgspec.json.encode(index_of(content, ordered)).decode()
    program, end = (
        small(shown, f'(function(){{"use strict";{script}\nstart({MARK});}})();'.encode()).decode().split(MARK)
    )
    yield output(PATH, "index", f"{program}{index}{end}".encode())


def patched(text: str, old: Content | Outline, new: Content | Outline) -> str | None:
    """lookup.js with some entries as they are now, or None where it has to be made anew.

    `text` is the file as it was made; `old` and `new` hold these entries alone, with the same codes.
    """
    before, after = index_of(old), index_of(new)
    rows = [[msgspec.json.encode(row).decode() for row in index.pop("entries")] for index in (before, after)]
    return replaced(text, *rows) if before == after else None  # replies and phrases stand there with their number


def script_of(templates: str) -> str:
    """The program, from `lookup/` in the templates, if they have one; raises Failed where it cannot be read."""
    folder = Path(templates, "lookup")
    try:
        return "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.js")))
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{folder}: cannot be read ({error}); --templates names the folder that holds it") from None


def index_of(content: Content | Outline, ordered: Sequence[Entry | Face] = ()) -> dict[str, Any]:
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
    entries = ordered or related.order(content)
    values = {(fact.name, value): str(n) for fact in facts for n, value in enumerate(fact.values)}
    codes = code_patterns(parts)
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
                ",".join([entry.codes.get(part.name, "") for part in parts]),
                of_sender.get(entry.fields.sender or "", -1),
                entry.fields.title,
                ".".join([",".join([values[f.name, v] for v in entry.facts.get(f.name, ())]) for f in facts]),
                *([1] if entry.fields.status == "retired" else []),
            ]
            for entry in entries
        ],
        "replies": [
            [number, *([sender, *texts] for sender, texts in told.items())]
            for number, entry in enumerate(entries)
            if entry.digit in rules.failing
            if (told := _replies(face(entry, codes) if isinstance(entry, Entry) else entry, of_sender))
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


def _rest_of_slug(entry: Entry | Face) -> str:
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


def _replies(entry: Face, of_sender: dict[str, int]) -> dict[int, list[str]]:
    """The wordings of each sender's replies; of those that the lookup takes for one sender, each once."""
    told: dict[int, dict[str, list[str]]] = {}
    for reply in entry.fields.responses:
        slug = reply.sender or entry.fields.sender or ""
        known = told.setdefault(of_sender.get(slug, -1), {})
        others = (text for other, texts in known.items() if other != slug for text in texts)
        if reply.text and not any(is_nearly(reply.text, text) for text in others):
            known.setdefault(slug, []).append(reply.text)
    merged = {sender: [text for texts in known.values() for text in texts] for sender, known in told.items()}
    return {sender: texts for sender, texts in merged.items() if texts}
