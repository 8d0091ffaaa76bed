"""The rules between records, one by one: what each refuses, where, and what it lets be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from errordocs import check
from errordocs.model import Content
from errordocs.model import Finding
from errordocs.model import NavItem
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
    # The file's name
    "slug of another code": (content(entry("501", codes={"number": "500"})), [("errors/501.md", "slug-codes", ())]),
    "slug with the codes the wrong way round": (
        content(entry("5.1-500", codes={"number": "500", "detail": "5.1"})), [("errors/5.1-500.md", "slug-codes", ())],
    ),
    "slug that lacks a code": (
        content(entry("500", codes={"number": "500", "detail": "5.1"})), [("errors/500.md", "slug-codes", ())],
    ),
    "slug that lacks the sender": (
        content(entry("500-jammed", sender="acme"), sender("acme")), [("errors/500-jammed.md", "slug-codes", ())],
    ),
    "slug whose variant runs into the code": (
        content(entry("500x", codes={"number": "500"})), [("errors/500x.md", "slug-codes", ())],
    ),
    "two files of one slug": (
        content(entry("500"), msgspec.structs.replace(entry("500"), source="errors/z/500.md")),
        [("errors/z/500.md", "duplicate-slug", ())],
    ),
    "two slugs that differ in case": (
        content(msgspec.structs.replace(guide("a"), slug="A", source="guides/A.md"), guide("a")),
        [("guides/a.md", "duplicate-slug", ())],
    ),
    "alias of another entry": (
        content(entry("500"), entry("501", aliases=("500-a", "500"))), [("errors/501.md", "duplicate-slug", ("aliases", 1))],
    ),
    "alias of itself": (content(entry("500", aliases=("500",))), [("errors/500.md", "duplicate-slug", ("aliases", 0))]),
    "alias twice": (content(entry("500", aliases=("a", "a"))), [("errors/500.md", "duplicate-slug", ("aliases", 1))]),
    "alias in two files": (
        content(entry("500", aliases=("a",)), entry("501", aliases=("a",))),
        [("errors/501.md", "duplicate-slug", ("aliases", 0))],
    ),
    "alias that is the list of all entries": (
        content(entry("500", aliases=("index",))), [("errors/500.md", "bad-slug", ("aliases", 0))],
    ),
    "alias that Windows keeps": (
        content(entry("500", aliases=("nul", "com1.x"))),
        [("errors/500.md", "bad-slug", ("aliases", 0)), ("errors/500.md", "bad-slug", ("aliases", 1))],
    ),
    "class that is none": (
        content(entry("300")), [("errors/300.md", "unknown-class", ("number",))],
    ),
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
    # The rest
    "retired without an heir": (
        content(entry("500", status="retired")), [("errors/500.md", "retired", ("status",))],
    ),
    "heir of what is not retired": (
        content(entry("500", replaced_by="501"), entry("501")), [("errors/500.md", "retired", ("replaced_by",))],
    ),
    "kind of sender that is none": (content(sender("a", kind="x")), [("senders/a.yaml", "bad-value", ("kind",))]),
    "registry with a code twice": (
        content(registry("a", "500", "501", "500")), [("registry/a.yaml", "duplicate-slug", ("codes", 2, "code"))],
    ),
    "part whose registry is missing": (
        content(site=site(parts=(msgspec.structs.replace(PLAIN_SITE.parts[0], registry="x"), PLAIN_SITE.parts[1]))),
        [("site.yaml", "unknown-slug", ("parts", 0, "registry"))],
    ),
    "twin that is no class": (
        content(site=site(classes=(msgspec.structs.replace(PLAIN_SITE.classes[0], twin="9"),))),
        [("site.yaml", "bad-value", ("classes", 0, "twin"))],
    ),
    "default of no fact": (
        content(site=site(classes=(msgspec.structs.replace(PLAIN_SITE.classes[2], defaults={"retri": "no"}),))),
        [("site.yaml", "unknown-slug", ("classes", 0, "defaults", "retri"))],
    ),
    "default that is no value": (
        content(site=site(classes=(msgspec.structs.replace(PLAIN_SITE.classes[2], defaults={"retry": "x"}),))),
        [("site.yaml", "bad-value", ("classes", 0, "defaults", "retry"))],
    ),
    "optional section that is none": (
        content(site=site(classes=(msgspec.structs.replace(PLAIN_SITE.classes[2], optional=("fix", "x")),))),
        [("site.yaml", "unknown-slug", ("classes", 0, "optional", 1))],
    ),
    "navigation to nowhere": (
        content(entry("500"), site=site(navigation=(NavItem(label="A", page="errors/500.html"), NavItem(label="B", page="x.html")))),
        [("site.yaml", "dead-link", ("navigation", 1, "page"))],
    ),
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
        (content(entry("501", codes={"number": "500"})), "name it `500.md`, or `500-<variant>.md`"),
        (content(entry("500-b", sender="a"), sender("a")), "name it `500-a.md`, or `500-a-<variant>.md`"),
        (content(entry("500", topics=("turnin",)), topic("turning")), "did you mean `turning`?"),
        (content(entry("500", "500-old"), entry("501", aliases=("500-old",))), "write its present name `501`"),
        (content(guide("a", text="[x](b.md)"), topic("b")), "the file is topics/b.md"),
        (content(guide("a", text="[x](../guide/oiling.md)"), guide("oiling")), "the file is guides/oiling.md"),
        (content(guide("a", text="[x](oilling.md)"), guide("oiling")), "did you mean `guides/oiling.md`?"),
        (content(guide("a", text="[x](#on)\n\n## One\n\nText.\n")), "did you mean `one`?"),
        (content(entry("500", text=with_text("FAQs", "FAQ"))), "did you mean `FAQ`?"),
        (content(entry("300")), "begin it with one of 5, 4, 2"),
    ],
    ids=["name", "name with a sender", "slug", "alias", "other folder", "wrong folder", "file", "heading", "section", "class"],
)  # fmt: skip
def test_mend_is_what_to_write(made: Content, mend: str) -> None:
    assert check.check(made)[0].mend == mend


@pytest.mark.parametrize(
    "path", ["index.html", "errors/index.html", "senders/index.html", "about.html", "codes/number.html"]
)
def test_navigation_may_lead_to_any_page(path: str) -> None:
    made = content(
        entry("500"), page("about"), registry("number"), site=site(navigation=(NavItem(label="A", page=path),))
    )
    assert told(made) == []


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
