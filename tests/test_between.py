"""The rules on all records together: what each refuses, where; and that faces of entries are enough for all of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from errordocs import between
from errordocs import check
from errordocs import faces
from errordocs import load
from errordocs.model import Content
from errordocs.model import Finding
from errordocs.model import Lookup
from errordocs.model import LookupFields
from errordocs.model import NavItem
from errordocs.model import Outline
from errordocs.model import SiteFields
from errordocs.rules import BY_NAME
from tests.conftest import REPOSITORY
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import page
from tests.records import registry
from tests.records import sender

Told = tuple[str, str, Any]  # source, rule, and the path of the field


def findings(made: Content | Outline) -> list[Finding]:
    return [finding for rule in between.RULES for finding in rule(made)]


def told(made: Content | Outline) -> list[Told]:
    return [(f.source, f.rule, f.at or f.where) for f in findings(made)]


def outline(made: Content) -> Outline:
    """The same content, of which the entries are faces."""
    codes = faces.code_patterns(made.site.parts)
    shown = tuple(faces.face(one, codes) for one in made.entries)
    rest = (made.senders, made.topics, made.guides, made.pages, made.registries, made.lookup)
    return Outline(made.site, shown, *rest)


def site(**changes: Any) -> SiteFields:
    return msgspec.structs.replace(PLAIN_SITE, **changes)


def with_lookup(made: Content, **fields: Any) -> Content:
    rules = LookupFields(**{"failing": ("5",)} | fields)
    return msgspec.structs.replace(made, lookup=Lookup("lookup.yaml", rules))


RULES: dict[str, tuple[Content, list[Told]]] = {
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
        content(entry("500"), entry("501", aliases=("500-a", "500"))),
        [("errors/501.md", "duplicate-slug", ("aliases", 1))],
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
        content(
            entry("500"),
            site=site(navigation=(NavItem(label="A", page="errors/500.html"), NavItem(label="B", page="x.html"))),
        ),
        [("site.yaml", "dead-link", ("navigation", 1, "page"))],
    ),
    "phrase of two entries of one code": (
        content(entry("500-a", phrases=("it broke",)), entry("500-b", phrases=("It Broke",))),
        [("errors/500-b.md", "duplicate-phrase", ("phrases", 0))],
    ),
    "phrase twice in an entry": (
        content(entry("500", phrases=("it broke", "it stuck", "it broke"))),
        [("errors/500.md", "duplicate-phrase", ("phrases", 2))],
    ),
    "phrase of entries of two codes": (content(entry("500", phrases=("a b",)), entry("501", phrases=("a b",))), []),
    "lookup with a class that is none": (
        with_lookup(content(), failing=("5", "9")), [("lookup.yaml", "bad-value", ("failing", 1))],
    ),
    "lookup with a kind of sender that is none": (
        with_lookup(content(), silent=("x",), generic=("service", "y")),
        [("lookup.yaml", "bad-value", ("silent", 0)), ("lookup.yaml", "bad-value", ("generic", 1))],
    ),
    "lookup with an entry that is none": (
        with_lookup(content(entry("500")), general={"5": "501"}), [("lookup.yaml", "unknown-slug", ("general", "5"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_rule(name: str) -> None:
    made, wanted = RULES[name]
    assert told(made) == wanted


@pytest.mark.parametrize("name", RULES)
def test_faces_are_enough(name: str) -> None:
    made, _ = RULES[name]
    assert findings(outline(made)) == findings(made)


@pytest.mark.parametrize("name", RULES)
def test_whole_check_tells_it_too(name: str) -> None:
    made, _ = RULES[name]
    assert [finding for finding in findings(made) if finding not in check.check(made)] == []


@pytest.mark.parametrize("name", RULES)
def test_finding_is_of_a_rule_that_is_listed_and_says_what_to_do(name: str) -> None:
    for finding in findings(RULES[name][0]):
        assert finding.severity == BY_NAME[finding.rule].severity
        assert finding.what
        assert finding.mend


@pytest.mark.parametrize(
    ("made", "mend"),
    [
        (content(entry("501", codes={"number": "500"})), "name it `500.md`, or `500-<variant>.md`"),
        (content(entry("500-b", sender="a"), sender("a")), "name it `500-a.md`, or `500-a-<variant>.md`"),
        (content(entry("300")), "begin it with one of 5, 4, 2"),
    ],
    ids=["name", "name with a sender", "class"],
)  # fmt: skip
def test_mend_is_what_to_write(made: Content, mend: str) -> None:
    assert findings(made)[0].mend == mend


@pytest.mark.parametrize(
    "path", ["index.html", "errors/index.html", "senders/index.html", "about.html", "codes/number.html"]
)
def test_navigation_may_lead_to_any_page(path: str) -> None:
    made = content(
        entry("500"), page("about"), registry("number"), site=site(navigation=(NavItem(label="A", page=path),))
    )
    assert told(made) == []


def test_our_own_content_is_sound_by_its_faces() -> None:
    made = load.load(str(REPOSITORY / "content"), render=False).content
    assert made is not None
    assert findings(outline(made)) == findings(made) == []
