"""The rules on each record, one by one: what each refuses, where, and what it lets be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from errordocs import check
from errordocs import faces
from errordocs.model import Content
from errordocs.model import Finding
from errordocs.model import Outline
from errordocs.model import SiteFields
from errordocs.rules import BY_NAME
from tests.conftest import BODY
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import page
from tests.records import reference
from tests.records import registry
from tests.records import reply
from tests.records import sender
from tests.records import topic

Told = tuple[str, str, Any]  # source, rule, and the path of the field or the line and column


def told(made: Content) -> list[Told]:
    return [(f.source, f.rule, f.at or f.where) for f in check.check(made)]


def only(made: Content) -> Finding:
    (finding,) = check.check(made)
    return finding


def with_text(text: str, instead_of: str = "It means this.") -> str:
    return BODY.replace(instead_of, text)


def site(**changes: Any) -> SiteFields:
    return msgspec.structs.replace(PLAIN_SITE, **changes)


LINKED = reference()


def test_sound_content_has_nothing_to_tell() -> None:
    made = content(
        entry("500", "500-5.1", topics=("turning",), guides=("oiling",), seen_from=("acme",), aliases=("500-old",)),
        entry("500-5.1", responses=(reply(sender="acme", topics=("turning",)),), topics=("turning",)),
        entry("500-5.1-acme-jammed", sender="acme", references=(LINKED,)),
        entry("200", text="## What it means\n\nAll is well.\n"),
        entry("400", status="retired", replaced_by="500", text=with_text("See [x](../guides/oiling.md#main).")),
        sender("acme", about="See [x](../errors/500.md#what-it-means)."),
        topic("turning", first=("500",), guides=("oiling",)),
        guide("oiling", topics=("turning",), text="See [x](../registry/number.yaml#500), [y](../pages/about.md).\n"),
        page("about", text="See [x](../senders/acme.yaml) and [y](https://a.b/)."),
        registry("number", "500"),
    )
    assert told(made) == []


RULES: dict[str, tuple[Content, list[Told]]] = {
    # Slugs in fields
    "sender that is none": (content(entry("500-x", sender="x")), [("errors/500-x.md", "unknown-slug", ("sender",))]),
    "sender of a reply that is none": (
        content(entry("500", responses=(reply(), reply(sender="x")))),
        [("errors/500.md", "unknown-slug", ("responses", 1, "sender"))],
    ),
    "topic of a reply that is not the entry's": (
        content(entry("500", topics=("a",), responses=(reply(topics=("a", "b")),)), topic("a"), topic("b")),
        [("errors/500.md", "unknown-slug", ("responses", 0, "topics", 1))],
    ),
    "seen from nobody": (content(entry("500", seen_from=("x",))), [("errors/500.md", "unknown-slug", ("seen_from", 0))]),
    "topic that is none": (content(entry("500", topics=("x",))), [("errors/500.md", "unknown-slug", ("topics", 0))]),
    "guide that is none": (content(entry("500", guides=("x",))), [("errors/500.md", "unknown-slug", ("guides", 0))]),
    "guide that is a topic": (
        content(entry("500", guides=("x",)), topic("x")), [("errors/500.md", "unknown-slug", ("guides", 0))],
    ),
    "related to nothing": (content(entry("500", "501")), [("errors/500.md", "unknown-slug", ("related", 0, "entry"))]),
    "replaced by nothing": (
        content(entry("500", status="retired", replaced_by="501")), [("errors/500.md", "unknown-slug", ("replaced_by",))],
    ),
    "topic of a guide that is none": (content(guide("a", topics=("x",))), [("guides/a.md", "unknown-slug", ("topics", 0))]),
    "guide of a topic that is none": (content(topic("a", guides=("x",))), [("topics/a.md", "unknown-slug", ("guides", 0))]),
    "first entry that is none": (content(topic("a", first=("x",))), [("topics/a.md", "unknown-slug", ("first", 0))]),
    # Lists
    "topic twice": (
        content(entry("500", topics=("a", "a")), topic("a")), [("errors/500.md", "repeated-slug", ("topics", 1))],
    ),
    "related twice": (
        content(entry("500", "501", "501"), entry("501")), [("errors/500.md", "repeated-slug", ("related", 1, "entry"))],
    ),
    "related to itself": (content(entry("500", "500")), [("errors/500.md", "repeated-slug", ("related", 0, "entry"))]),
    "first twice": (
        content(topic("a", first=("500", "500")), entry("500")), [("topics/a.md", "repeated-slug", ("first", 1))],
    ),
    # Sections
    "section that is none": (
        content(entry("500", text=BODY + "\n## More\n\nText.\n")), [("errors/500.md", "heading", (17, 1))],
    ),
    "section twice": (
        content(entry("500", text=BODY + "\n## FAQ\n\n### Why?\n\nSo.\n")), [("errors/500.md", "heading", (17, 1))],
    ),
    "section too late": (
        content(entry("500", text=BODY.partition("## How")[2].join(["## How", "\n## What it means\n\nSo.\n"]))),
        [("errors/500.md", "heading", (13, 1))],
    ),
    "section missing": (
        content(entry("500", text=BODY.partition("## FAQ")[0])), [("errors/500.md", "heading", (5, 1))],
    ),
    "all sections missing": (
        content(entry("500", text="")), [("errors/500.md", "heading", ())] * 3,
    ),
    "text before the first section": (
        content(entry("500", text=f"Well.\n\n{BODY}")), [("errors/500.md", "heading", (3, 1))],
    ),
    "only text": (
        content(entry("500", text="Well.")), [("errors/500.md", "heading", ())] * 4,
    ),
    "section empty": (
        content(entry("500", text=with_text(""))), [("errors/500.md", "empty-section", (1, 1))],
    ),
    "step empty": (
        content(entry("500", text=with_text("", "Then on."))), [("errors/500.md", "empty-section", (7, 1))],
    ),
    "steps without a step": (
        content(entry("500", text=with_text("", "### Turn it off\n"))), [("errors/500.md", "items", (5, 1))],
    ),
    "item in the overview": (
        content(entry("500", text=with_text("### A step\n\nText."))), [("errors/500.md", "items", (3, 1))],
    ),
    "question that is none": (
        content(entry("500", text=with_text("Why me", "Why me?"))), [("errors/500.md", "items", (13, 1))],
    ),
    "section that may be left out, empty": (
        content(entry("200", text="## What it means\n\nWell.\n\n## FAQ\n")), [("errors/200.md", "empty-section", (5, 1))],
    ),
    "guide without text": (content(guide("a", text="")), [("guides/a.md", "empty-section", ())]),
    "guide with an empty section": (
        content(guide("a", text="## One\n\n## Two\n\nText.\n")), [("guides/a.md", "empty-section", (1, 1))],
    ),
    # Links
    "link to nothing": (
        content(entry("500", text=with_text("See [x](../guides/x.md)."))), [("errors/500.md", "dead-link", (3, 9))],
    ),
    "link to a file that makes no page": (
        content(guide("a", text="See [x](../site.yaml).")), [("guides/a.md", "dead-link", (1, 9))],
    ),
    "link to a folder": (content(guide("a", text="See [x](../errors).")), [("guides/a.md", "dead-link", (1, 9))]),
    "link to a page as it is published": (
        content(guide("a", text="See [x](../errors/500.html)."), entry("500")), [("guides/a.md", "dead-link", (1, 9))],
    ),
    "link to a heading that is none": (
        content(guide("a", text="See [x](b.md#two)."), guide("b")), [("guides/a.md", "dead-anchor", (1, 9))],
    ),
    "link to a heading that is none on the page itself": (
        content(guide("a", text="See [x](#two).\n\n## One\n\nText.\n")), [("guides/a.md", "dead-anchor", (1, 9))],
    ),
    "link to the sources of a page that has none": (
        content(guide("a", text="See [x](b.md#sources)."), guide("b")), [("guides/a.md", "dead-anchor", (1, 9))],
    ),
    "link to a row that is none": (
        content(guide("a", text="See [x](../registry/number.yaml#501)."), registry("number", "500")),
        [("guides/a.md", "dead-anchor", (1, 9))],
    ),
    "link in a sender's text": (content(sender("a", about="See [x](b.yaml).")), [("senders/a.yaml", "dead-link", (1, 9))]),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_rule(name: str) -> None:
    made, findings = RULES[name]
    assert told(made) == findings


@pytest.mark.parametrize("name", RULES)
def test_finding_is_of_a_rule_that_is_listed_and_says_what_to_do(name: str) -> None:
    for finding in check.check(RULES[name][0]):
        assert finding.rule in BY_NAME
        assert finding.severity == BY_NAME[finding.rule].severity
        assert finding.what
        assert finding.mend


@pytest.mark.parametrize(
    ("made", "mend"),
    [
        (content(entry("500", topics=("turnin",)), topic("turning")), "did you mean `turning`?"),
        (content(entry("500", "500-old"), entry("501", aliases=("500-old",))), "write its present name `501`"),
        (content(guide("a", text="[x](b.md)"), topic("b")), "the file is topics/b.md"),
        (content(guide("a", text="[x](../guide/oiling.md)"), guide("oiling")), "the file is guides/oiling.md"),
        (content(guide("a", text="[x](oilling.md)"), guide("oiling")), "did you mean `guides/oiling.md`?"),
        (content(guide("a", text="[x](#on)\n\n## One\n\nText.\n")), "did you mean `one`?"),
        (content(entry("500", text=with_text("FAQs", "FAQ"))), "did you mean `FAQ`?"),
    ],
    ids=["slug", "alias", "other folder", "wrong folder", "file", "heading", "section"],
)  # fmt: skip
def test_mend_is_what_to_write(made: Content, mend: str) -> None:
    assert check.check(made)[0].mend == mend


@pytest.mark.parametrize(
    ("anchor", "fields"),
    [
        ("main", {}),
        ("what-it-means", {}),
        ("replies", {"responses": (reply(),)}),
        ("sources", {"references": (LINKED,)}),
    ],
    ids=str,
)
def test_parts_of_a_page_may_be_linked(anchor: str, fields: dict[str, Any]) -> None:
    assert told(content(entry("500", **fields), guide("a", text=f"See [x](../errors/500.md#{anchor})."))) == []


# A record at a time


def known(made: Content) -> check.Known:
    records = (*made.entries, *made.senders, *made.topics, *made.guides, *made.pages, *made.registries)
    ids = {record.source: check.ids_of(record) for record in records}
    return check.known(made, lambda source: ids[source])


@pytest.mark.parametrize("name", RULES)
def test_record_is_checked_alone_given_what_there_is(name: str) -> None:
    made, findings = RULES[name]
    records = (*made.entries, *made.senders, *made.topics, *made.guides, *made.pages)
    found = [finding for record in records for finding in check.of_each(record, known(made))]
    assert [(f.source, f.rule, f.at or f.where) for f in found] == findings
    assert check.of_all(made) == []


SLUGS = [name for name, (_, findings) in RULES.items() if any(rule == "unknown-slug" for _, rule, _ in findings)]


@pytest.mark.parametrize("name", [name for name in SLUGS if name != "topic of a reply that is not the entry's"])
def test_slug_that_leads_nowhere_is_seen_by_faces(name: str) -> None:
    """No page can be made then, so that it has to be known before any is."""
    made, findings = RULES[name]
    codes = faces.code_patterns(made.site.parts)
    shown = tuple(faces.face(one, codes) for one in made.entries)
    rest = (made.senders, made.topics, made.guides, made.pages, made.registries, made.lookup)
    checked = {source for source, _, _ in findings}
    outline = Outline(made.site, shown, *rest)
    assert {finding.source for finding in check.of_faces(outline, known(made), checked)} == checked
    assert check.of_faces(outline, known(made), set()) == []


def test_ids_of_a_page_are_those_of_its_body_and_of_its_parts() -> None:
    assert check.ids_of(guide("a", text="## One\n\nText.\n")) == {"main", "one"}
    assert check.ids_of(entry("500", text="## One\n\nText.\n", responses=(reply(),))) == {"main", "one", "replies"}
    assert check.ids_of(registry("a", "X.1")) == {"x-1"}
    assert check.ids_of(PLAIN_SITE) == frozenset()
