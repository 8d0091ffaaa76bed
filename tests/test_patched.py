"""Files that list every entry, brought up to date where little changed: as made anew, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errordocs import cache
from errordocs import faces
from errordocs import feeds
from errordocs import gather
from errordocs import link
from errordocs import lookup
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.views import Site
from tests.records import PLAIN_SITE
from tests.records import SUMMARY
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import page
from tests.records import reply
from tests.records import sender
from tests.records import topic

NASTY = """<script>]]>&amp;"' --> [x](y) \\ é 日本 \U0001f600"""
SCRIPT = 'function start(index) { document.title = index.entries.length + "[]"; }'
OTHERS = (sender("acme"), sender("bolt"), topic("a"), guide("b"), page("about"))
FIELDS: dict[str, Any] = {
    "topics": ("a",),
    "guides": ("b",),
    "seen_from": ("acme",),
    "responses": (reply("500 {ip} the spindle is gone"), reply("500 never", sender="acme")),
    "phrases": ("turned twice",),
}
ENTRIES = {
    one.slug: one
    for one in (
        entry("400"),
        entry("500", "400", **FIELDS),
        entry("500-5.1-acme", sender="acme", title=NASTY),
        entry("500-5.1-bolt", sender="bolt", title=NASTY),
        entry("4.1", updated=date(2026, 3, 4), aliases=("old",)),
        entry("5.1", status="retired", replaced_by="500"),
    )
}


def edited(one: Entry, change: dict[str, Any]) -> Entry:
    facts = {"retry": change["retry"]} if "retry" in change else one.facts
    fields = msgspec.structs.replace(one.fields, **{name: told for name, told in change.items() if name != "retry"})
    return msgspec.structs.replace(one, facts=facts, fields=fields)


def lists(found: Content) -> dict[str, str]:
    """The text of each file that lists entries, and of those that are made with them."""
    made = [*feeds.feeds(link.link(found), found.site), *lookup.lookup(found, SCRIPT)]
    return {one.path: (one.data or b"").decode() for one in made}


def of(entries: Sequence[Entry]) -> Content:
    return content(*OTHERS, entries=entries)


def patched(before: dict[str, Entry], after: dict[str, Entry]) -> dict[str, str | None]:
    """Each of those files of `before`, brought up to `after` by the entries that differ."""
    changed = [slug for slug in before if before[slug] != after[slug]]
    old, new = (of([entries[slug] for slug in changed]) for entries in (before, after))
    sites: tuple[Site, Site] = (link.link(old), link.link(new))
    return {
        path: lookup.patched(text, old, new) if path == lookup.PATH else feeds.patched(path, text, *sites, PLAIN_SITE)
        for path, text in lists(of(list(before.values()))).items()
    }


def assert_right(before: dict[str, Entry], after: dict[str, Entry]) -> set[str]:
    """Each file is as one that is made anew, or is none; gives those that are none."""
    whole = lists(of(list(after.values())))
    made = patched(before, after)
    assert made.keys() == whole.keys()
    none = {path for path, text in made.items() if text is None}
    assert {path: text for path, text in made.items() if path not in none} == {
        path: text for path, text in whole.items() if path not in none
    }
    return none


CHANGES: dict[str, dict[str, Any]] = {
    "title": {"title": "Another"},
    "hostile title": {"title": f"{NASTY} [again]"},
    "title with blanks": {"title": "An  other\u00a0one"},
    "summary": {"summary": f"Another. `So` it is. {SUMMARY}"},
    "fact": {"retry": ("yes",)},
    "what no list shows": {"references": ()},
    "reason of a related entry": {"guides": ()},
    "all of these": {"title": "Another", "summary": f"Another. {SUMMARY}", "retry": ("after-fix",)},
}


@pytest.mark.parametrize("slug", ENTRIES)
@pytest.mark.parametrize("name", CHANGES)
def test_file_with_an_entry_in_the_place_of_the_old_one_is_as_one_made_anew(name: str, slug: str) -> None:
    assert assert_right(ENTRIES, ENTRIES | {slug: edited(ENTRIES[slug], CHANGES[name])}) == set()


OF_DATES = {"api/errors.json", "feed.xml", "llms.txt", "sitemap.xml"}
REST: dict[str, tuple[dict[str, Any], set[str]]] = {
    "date": ({"updated": date(2027, 1, 1)}, OF_DATES),
    "replies": ({"responses": (reply("500 another text altogether"),)}, {"lookup.js"}),
    "phrases": ({"phrases": ("turned thrice",)}, {"lookup.js"}),
}


@pytest.mark.parametrize("name", REST)
def test_what_may_change_more_than_a_piece_is_left(name: str) -> None:
    change, paths = REST[name]
    left = assert_right(ENTRIES, ENTRIES | {"500": edited(ENTRIES["500"], change)})
    assert left >= paths
    assert left & {"lookup.js", *OF_DATES} == paths


def test_several_entries_are_put_in_at_once() -> None:
    after = {slug: edited(one, {"title": f"New {slug}"}) for slug, one in ENTRIES.items()}
    assert assert_right(ENTRIES, after) == set()


def test_entries_may_change_their_titles_for_each_others() -> None:
    one, other = "500-5.1-acme", "400"
    swapped = {one: {"title": ENTRIES[other].fields.title}, other: {"title": NASTY}}
    after = ENTRIES | {slug: edited(ENTRIES[slug], change) for slug, change in swapped.items()}
    assert assert_right(ENTRIES, after) == set()


def test_entry_that_is_not_among_the_newest_leaves_the_feed() -> None:
    days = (date.fromordinal(date(2026, 1, 1).toordinal() + number) for number in range(60))
    before = {one.slug: one for one in (entry(f"{500 + number}", updated=day) for number, day in enumerate(days))}
    for slug in ("500", "559"):
        after = before | {slug: edited(before[slug], {"title": "Another"})}
        assert assert_right(before, after) == set()
        texts = lists(of(list(before.values())))["feed.xml"], lists(of(list(after.values())))["feed.xml"]
        assert (texts[0] == texts[1]) == (slug == "500")


@pytest.mark.parametrize("path", [*sorted(OF_DATES), "lookup.js"])
@pytest.mark.parametrize("name", ["absent", "twice"])
def test_file_in_which_the_old_piece_is_not_there_once_is_left(name: str, path: str) -> None:
    after = {"500": edited(ENTRIES["500"], {"title": "Another"})}
    old, new = of([ENTRIES["500"]]), of([after["500"]])
    text = lists(of(list(ENTRIES.values())))[path]
    title = ENTRIES["500"].fields.title
    text = text.replace(title, "Something else") if name == "absent" else text + text
    if path == "sitemap.xml":  # it has no titles
        assert feeds.patched(path, text, link.link(old), link.link(new), PLAIN_SITE) == text
    elif path == "lookup.js":
        assert lookup.patched(text, old, new) is None
    else:
        assert feeds.patched(path, text, link.link(old), link.link(new), PLAIN_SITE) is None


@given(st.sampled_from(sorted(ENTRIES)), st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_any_title_can_be_put_in(slug: str, title: str) -> None:
    clean = title.encode("utf-8", "replace").decode()
    assert_right(ENTRIES, ENTRIES | {slug: edited(ENTRIES[slug], {"title": clean})})


def test_changed_entries_are_told_from_rows_as_they_were_and_as_they_are(tmp_path: Path) -> None:
    shelf, codes = cache.Shelf(str(tmp_path)), faces.code_patterns(PLAIN_SITE.parts)
    after = ENTRIES | {"500": edited(ENTRIES["500"], {"title": "Another"})}

    def row(one: Entry) -> cache.Row:
        return cache.Row(None, b"", b"", b"", b"", cache.shown(faces.face(one, codes), ()), cache.packed(one))

    shelf.rows = {one.source: row(one) for one in after.values()}
    for other in OTHERS:
        shelf.rows[other.source] = cache.Row(None, b"", b"", b"", b"", b"", cache.packed(other))
    before = {"errors/500.md": row(ENTRIES["500"]), "topics/a.md": shelf.rows["topics/a.md"]}
    old, new = gather.changed_entries(PLAIN_SITE, shelf, before)
    assert [one.fields.title for one in old.entries] == [ENTRIES["500"].fields.title]
    assert [one.fields.title for one in new.entries] == ["Another"]
    assert [one.slug for one in old.senders] == [one.slug for one in new.senders] == ["acme", "bolt"]
