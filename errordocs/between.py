"""The rules that look at all records together; of entries, they ask nothing that their faces leave out."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator

from errordocs.load import DEVICE
from errordocs.model import Content
from errordocs.model import Finding
from errordocs.model import Outline
from errordocs.paths import files_of
from errordocs.paths import page_of
from errordocs.schema import instead
from errordocs.schema import unlisted


def slug_tells_codes(content: Content | Outline) -> Iterator[Finding]:
    """An entry's file is named by its codes, in the order of the site's parts, then by its variant."""
    parts = [part.name for part in content.site.parts]
    for entry in content.entries:
        stem = "-".join([entry.codes[name] for name in parts if name in entry.codes])
        sender = entry.fields.sender
        begins = f"{stem}-{sender}" if sender else stem
        if entry.slug != begins and not entry.slug.startswith(f"{begins}-"):
            what = f"the file's name `{entry.slug}` does not tell its codes" + (" and sender" if sender else "")
            yield Finding(entry.source, "slug-codes", what, f"name it `{begins}.md`, or `{begins}-<variant>.md`")


def slugs_are_unique(content: Content | Outline) -> Iterator[Finding]:
    """No two files make one page, not even where case is ignored; no alias is taken."""
    for records in (content.entries, content.senders, content.topics, content.guides, content.pages):
        taken: dict[str, str] = {}
        for record in records:
            other = taken.setdefault(record.slug.lower(), record.source)
            if other != record.source:
                what = f"`{record.slug}` is the slug of {other} already"
                yield Finding(record.source, "duplicate-slug", what, "rename one of the two")
    slugs = {entry.slug: entry.source for entry in content.entries}
    for entry in content.entries:
        for index, alias in enumerate(entry.fields.aliases):
            other = slugs.setdefault(alias, f"an alias in {entry.source}")
            if other != f"an alias in {entry.source}" or alias in entry.fields.aliases[:index]:
                what = f"the alias `{alias}` is taken by {other}"
                yield Finding(entry.source, "duplicate-slug", what, "delete it", ("aliases", index))
            elif alias == "index" or DEVICE.match(alias):
                what = f"`{alias}` is a name that file systems or the site keep for themselves"
                yield Finding(entry.source, "bad-slug", what, "delete it", ("aliases", index))


def class_is_known(content: Content | Outline) -> Iterator[Finding]:
    """The first digit of an entry's first code is a class of the site's."""
    digits = [c.digit for c in content.site.classes]
    for entry in content.entries:
        name, code = next(iter(entry.codes.items()))
        if code[0] not in digits:
            what = f"`{code}` is of no class in site.yaml"
            yield Finding(entry.source, "unknown-class", what, f"begin it with one of {', '.join(digits)}", (name,))


def retired_entries_say_so(content: Content | Outline) -> Iterator[Finding]:
    """What replaced an entry is told where, and only where, the entry is retired."""
    for entry in content.entries:
        fields = entry.fields
        if fields.status == "retired" and fields.replaced_by is None:
            what, mend = "a retired entry does not say what replaced it", "add `replaced_by`"
            yield Finding(entry.source, "retired", what, mend, ("status",))
        elif fields.status is None and fields.replaced_by is not None:
            what, mend = "`replaced_by` stands on an entry that is not retired", "add `status: retired`, or delete it"
            yield Finding(entry.source, "retired", what, mend, ("replaced_by",), on_key=True)


def senders_are_sorted(content: Content | Outline) -> Iterator[Finding]:
    """A sender's kind, and what its links are for, are of site.yaml's lists."""
    for sender in content.senders:
        kinds, purposes = content.site.sender_kinds, content.site.link_purposes
        if sender.fields.kind not in kinds:
            flaw = unlisted(("kind",), sender.fields.kind, kinds)
            yield Finding(sender.source, flaw.rule, flaw.what, flaw.mend, flaw.where)
        for index, link in enumerate(sender.fields.links):
            if link.purpose not in purposes:
                flaw = unlisted(("links", index, "purpose"), link.purpose, purposes)
                yield Finding(sender.source, flaw.rule, flaw.what, flaw.mend, flaw.where)


def registries_are_sound(content: Content | Outline) -> Iterator[Finding]:
    """A registry has each code once, and every part that names a registry has it."""
    for registry in content.registries:
        seen: set[str] = set()
        for index, row in enumerate(registry.fields.codes):
            if row.code in seen:
                what = f"the code `{row.code}` stands twice"
                yield Finding(registry.source, "duplicate-slug", what, "keep one", ("codes", index, "code"))
            seen.add(row.code)
    known = {registry.slug for registry in content.registries}
    for index, part in enumerate(content.site.parts):
        if part.registry is not None and part.registry not in known:
            mend = instead(part.registry, known, f"write registry/{part.registry}.yaml, or delete the field")
            what = f"`{part.registry}` is no registry"
            yield Finding("site.yaml", "unknown-slug", what, mend, ("parts", index, "registry"))


def phrases_are_unique(content: Content | Outline) -> Iterator[Finding]:
    """A phrase leads to one entry of the same codes and sender: where these differ, they tell which is meant."""
    taken: dict[tuple[str, ...], str] = {}
    for entry in content.entries:
        for index, phrase in enumerate(entry.fields.phrases):
            key = (phrase.casefold(), entry.fields.sender or "", *sorted(entry.codes.values()))
            other = taken.setdefault(key, entry.slug)
            if other != entry.slug or phrase in entry.fields.phrases[:index]:
                what = f"the phrase `{phrase}` is one of {other} already"
                yield Finding(entry.source, "duplicate-phrase", what, "keep one", ("phrases", index))


def lookup_agrees_with_site(content: Content | Outline) -> Iterator[Finding]:
    """What lookup.yaml says of classes and kinds of sender exists."""
    if content.lookup is None:
        return
    digits = [c.digit for c in content.site.classes]
    for name, known in (
        ("failing", digits),
        ("silent", list(content.site.sender_kinds)),
        ("generic", list(content.site.sender_kinds)),
    ):
        for index, value in enumerate(getattr(content.lookup.fields, name)):
            if value not in known:
                flaw = unlisted((name, index), value, known)
                yield Finding(content.lookup.source, flaw.rule, flaw.what, flaw.mend, flaw.where)
    slugs = {entry.slug for entry in content.entries}
    for digit, slug in content.lookup.fields.general.items():
        if slug not in slugs:
            mend = instead(slug, slugs, "write its file first, or delete this")
            yield Finding(content.lookup.source, "unknown-slug", f"`{slug}` is no entry", mend, ("general", digit))


def site_agrees_with_itself(content: Content | Outline) -> Iterator[Finding]:
    """What site.yaml says of classes, facts and sections fits together."""
    site = content.site
    digits = [c.digit for c in site.classes]
    facts = {fact.name: fact for fact in site.facts}
    keys = [section.key for section in site.sections]
    for index, one in enumerate(site.classes):
        if one.twin is not None and one.twin not in digits:
            what = f"`{one.twin}` is the digit of no class"
            yield _site("bad-value", what, f"write one of {', '.join(digits)}", "classes", index, "twin")
        for name, value in one.defaults.items():
            if name not in facts:
                what = f"`{name}` is no fact"
                yield _site("unknown-slug", what, instead(name, facts, "delete it"), "classes", index, "defaults", name)
            elif value not in facts[name].values:
                flaw = unlisted(("classes", index, "defaults", name), value, facts[name].values)
                yield Finding("site.yaml", flaw.rule, flaw.what, flaw.mend, flaw.where)
        for at, key in enumerate(one.optional):
            if key not in keys:
                what = f"`{key}` is the key of no section"
                yield _site("unknown-slug", what, instead(key, keys, "delete it"), "classes", index, "optional", at)


def navigation_leads_somewhere(content: Content | Outline) -> Iterator[Finding]:
    """Every page of the navigation is one that the site has."""
    pages: set[str | None] = {files_of(entry.source)[0] for entry in content.entries}
    pages |= {page_of(sender.source) for sender in content.senders}
    pages |= {page_of(a.source) for a in (*content.topics, *content.guides, *content.pages)}
    pages |= {page_of(registry.source) for registry in content.registries}
    pages |= {f"{folder}/index.html" for folder in ("errors", "senders", "topics", "guides")} | {
        "index.html",
        "lookup.html",
    }
    for index, item in enumerate(content.site.navigation):
        if item.page not in pages:
            mend = instead(item.page, (page for page in pages if page), "write its file first, or delete it")
            yield _site("dead-link", f"`{item.page}` is no page of the site", mend, "navigation", index, "page")


def _site(rule: str, what: str, mend: str, *where: str | int) -> Finding:
    return Finding("site.yaml", rule, what, mend, where)


RULES: tuple[Callable[[Content | Outline], Iterator[Finding]], ...] = (
    slug_tells_codes,
    slugs_are_unique,
    class_is_known,
    retired_entries_say_so,
    senders_are_sorted,
    registries_are_sound,
    phrases_are_unique,
    lookup_agrees_with_site,
    site_agrees_with_itself,
    navigation_leads_somewhere,
)
