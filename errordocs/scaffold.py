"""A new entry for `new`: what the registries know filled in, the rest marked TODO, which `check` reports."""

from __future__ import annotations

import json
import re

from errordocs.model import SLUG
from errordocs.model import Content
from errordocs.model import Misused
from errordocs.model import RegistryCode
from errordocs.schema import instead

TODO = "TODO"
LONGEST, LONGEST_TITLE, LONGEST_LINE = 100, 90, 400  # as model.py has them for slugs, titles and lines
PLAIN = re.compile(r"[A-Za-z](?:[^:#\n\t\\]|:(?=\S)|(?<! )#)*(?<![ :])")  # YAML reads it as the text that it is
MODELINE = "# yaml-language-server: $schema={}"


def scaffold(
    content: Content, code: str, sender: str | None, variant: str | None, today: str, schema: str
) -> tuple[str, str]:
    """The slug and the text of a new entry on `code`; raises Misused, in one line, where there can be none.

    `code` holds the parts in any order, joined by blanks or hyphens; `schema` is what the modeline names.
    """
    codes = _codes(content, code)
    if sender is not None and sender not in {s.slug for s in content.senders}:
        slugs = [s.slug for s in content.senders]
        raise Misused(f"`{sender}` is no sender; {instead(sender, slugs, 'write its file in senders/ first')}")
    if variant is not None and not re.match(SLUG, variant):
        raise Misused(f"`{variant}` is no word for a slug; use a-z and 0-9, with single `-` between")
    slug = "-".join([*codes.values(), *(word for word in (sender, variant) if word)])
    if len(slug) > LONGEST:
        raise Misused(f"`{slug}` is longer than {LONGEST} characters; choose a shorter --variant")
    for entry in content.entries:
        if slug == entry.slug:
            raise Misused(f"{entry.source} is this entry already; edit it, or name a --sender and a --variant")
        if slug in entry.fields.aliases:
            raise Misused(f"{entry.source} had this name before; edit it, or name a --sender and a --variant")
    rows = _rows(content, codes)
    lines = ["---", MODELINE.format(schema)]
    lines += [f'{name}: "{value}"' for name, value in codes.items()]
    lines += [f"sender: {sender}"] if sender else []
    title = rows[-1].title if rows and len(rows[-1].title) <= LONGEST_TITLE else TODO
    lines += [f"title: {_scalar(title)}", "summary: >-", f"  {_summary()}", f"updated: {today}"]
    lines += _facts(content, codes)
    lines += [f"seen_from: [{sender}]" if sender else "seen_from: []", "topics: []", "guides: []", "responses: []"]
    lines += _related(content, codes, slug)
    lines += ["references:", *[line for row in rows for line in _reference(row)]] if rows else ["references: []"]
    lines += ["---", ""]
    return slug, "\n".join(lines) + "\n" + _body(content, codes)


def family(content: Content, code: str) -> str:
    """The folder below errors/ in which entries with these parts lie: the part's name, or `pairs`."""
    codes = _codes(content, code)
    return next(iter(codes)) if len(codes) == 1 else "pairs"


def _codes(content: Content, code: str) -> dict[str, str]:
    """The code's words by the part that each fits, in the order of the parts."""
    found: dict[str, str] = {}
    for word in re.split(r"[\s-]+", code.strip()):
        part = next((p for p in content.site.parts if re.fullmatch(p.pattern, word) and p.name not in found), None)
        if part is None:
            forms = ", ".join(f"{p.name} {p.pattern}" for p in content.site.parts)
            raise Misused(f"`{word}` is no part of a code; the parts are {forms}")
        found[part.name] = word
    digits = [c.digit for c in content.site.classes]
    code = next(found[part.name] for part in content.site.parts if part.name in found)
    if code[0] not in digits:
        raise Misused(f"`{code}` is of no class in site.yaml; begin it with one of {', '.join(digits)}")
    return {part.name: found[part.name] for part in content.site.parts if part.name in found}


def _rows(content: Content, codes: dict[str, str]) -> list[RegistryCode]:
    registries = {registry.slug: registry.fields for registry in content.registries}
    rows = []
    for part in content.site.parts:
        code = codes.get(part.name)
        if code is not None and part.registry in registries:
            names = (code, f"X{code[1:]}")
            rows += [row for row in registries[part.registry].codes if row.code in names][:1]
    return rows


def _summary() -> str:
    return f"{TODO}: what happened and the first thing to do, in 80 to 300 characters, for somebody who has the error."


def _facts(content: Content, codes: dict[str, str]) -> list[str]:
    digit = next(iter(codes.values()))[0]
    defaults = next((c.defaults for c in content.site.classes if c.digit == digit), {})
    lines = []
    for fact in content.site.facts:
        value = defaults.get(fact.name, next(iter(fact.values)))
        shown = f"[{value}]" if fact.many == "yes" else f'"{value}"'
        words = " ".join(fact.help.split())
        lines.append(f"{fact.name}: {shown}  # {TODO}: {words}: {', '.join(fact.values)}")
    return lines


def _related(content: Content, codes: dict[str, str], slug: str) -> list[str]:
    """The general entries that exist, for the author to say what tells them apart."""
    taken = {entry.slug for entry in content.entries}
    general = [code for code in ("-".join(codes.values()), *codes.values()) if code in taken and code != slug]
    if not general:
        return ["related: []"]
    return ["related:", *[line for code in general for line in (f'  - entry: "{code}"', f"    why: {TODO}")]]


def _reference(row: RegistryCode) -> list[str]:
    says = row.meaning if len(row.meaning) <= LONGEST_LINE else f"{TODO}: in short"
    return [f"  - title: {_scalar(row.reference)}", f"    url: {_scalar(row.url)}", f"    says: {_scalar(says)}"]


def _scalar(text: str) -> str:
    """The text as a YAML value: as it stands where that is safe, else between double quotes."""
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _body(content: Content, codes: dict[str, str]) -> str:
    digit = next(iter(codes.values()))[0]
    optional = next((c.optional for c in content.site.classes if c.digit == digit), ())
    verb = next(iter(content.site.step_verbs), "Look")
    parts = []
    for section in content.site.sections:
        if section.key in optional:
            continue
        note = f"{TODO}: {section.help or 'write this section'}."
        item = {"steps": f"### {verb} {TODO}\n\n{note}", "faq": f"### {TODO}?\n\n{note}"}.get(section.kind, note)
        parts.append(f"## {section.heading}\n\n{item}\n")
    return "\n".join(parts)
