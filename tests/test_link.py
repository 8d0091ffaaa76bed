"""From records to views: which pages there are, what each shows of itself, and how it is tied to the others."""

from __future__ import annotations

from datetime import date
from typing import Any
from typing import TypeVar

import msgspec
import pytest

from errordocs import link
from errordocs.model import Article
from errordocs.model import ContactLink
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Registry
from errordocs.model import Sender
from errordocs.views import ArticleView
from errordocs.views import EntryView
from errordocs.views import ErrorsView
from errordocs.views import Head
from errordocs.views import HomeView
from errordocs.views import ListView
from errordocs.views import MissingView
from errordocs.views import MovedView
from errordocs.views import Ref
from errordocs.views import RegistryView
from errordocs.views import SenderView
from errordocs.views import TopicView
from tests.conftest import SITE
from tests.conftest import SUMMARY
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import page
from tests.records import reference
from tests.records import registry
from tests.records import reply
from tests.records import sender
from tests.records import site_of
from tests.records import topic

Record = Entry | Sender | Article | Registry
Kind = TypeVar("Kind")
ACME, BOLT = sender("acme"), sender("bolt", name="Bolt & Sons")
REGISTERED = site_of(SITE.replace('twins: "yes"', 'twins: "yes", registry: detail, subject: "^.[.](.)"'))


def views(kind: type[Kind], *records: Record, site: Any = PLAIN_SITE) -> list[Kind]:
    return [view for view in link.pages(content(*records, site=site)) if isinstance(view, kind)]


def view(kind: type[Kind], *records: Record, site: Any = PLAIN_SITE) -> Kind:
    return views(kind, *records, site=site)[0]


def paths(refs: Any) -> list[str]:
    return [ref.page for ref in refs]


# Pages


def test_every_record_has_a_page_and_every_list_too() -> None:
    made = content(entry("500", aliases=("old",)), ACME, topic("a"), guide("b"), page("about"), registry("c"))
    assert sorted(one.head.page for one in link.pages(made)) == [
        *("404.html", "about.html", "codes/404.html", "codes/c.html", "errors/404.html", "errors/500.html"),
        *(
            "errors/index.html",
            "errors/old.html",
            "guides/404.html",
            "guides/b.html",
            "guides/index.html",
            "index.html",
            "lookup.html",
        ),
        *("senders/404.html", "senders/acme.html", "senders/index.html", "topics/404.html", "topics/a.html"),
        "topics/index.html",
    ]


def test_site_without_an_entry_has_its_lists() -> None:
    assert {"index.html", "errors/index.html", "404.html"} <= {one.head.page for one in link.pages(content())}


def test_error_whose_code_is_404_keeps_its_address() -> None:
    made = content(entry("404", codes={"number": "404"}))
    found = [one for one in link.pages(made) if one.head.page == "errors/404.html"]
    assert [type(one) for one in found] == [EntryView]


def test_lists_come_last_so_that_they_never_link_ahead() -> None:
    kinds = [type(one) for one in link.pages(content(entry("500", aliases=("old",)), ACME, page("about")))]
    assert kinds[0] is EntryView
    assert kinds[-5:] == [ListView, ListView, ListView, ErrorsView, HomeView]


# What every page has


@pytest.mark.parametrize(
    ("path", "trail"),
    [
        ("index.html", []),
        ("errors/index.html", ["index.html"]),
        ("errors/500-5.1.html", ["index.html", "errors/index.html", "errors/index.html#permanent"]),
        ("errors/400.html", ["index.html", "errors/index.html", "errors/index.html#temporary"]),
        ("errors/old.html", ["index.html"]),
        ("senders/acme.html", ["index.html", "senders/index.html"]),
        ("topics/a.html", ["index.html", "topics/index.html"]),
        ("guides/b.html", ["index.html", "guides/index.html"]),
        ("about.html", ["index.html"]),
        ("codes/c.html", ["index.html"]),
        ("404.html", ["index.html"]),
    ],
)
def test_breadcrumbs_lead_home(path: str, trail: list[str]) -> None:
    records = (
        entry("500-5.1"),
        entry("400", aliases=("old",)),
        ACME,
        topic("a"),
        guide("b"),
        page("about"),
        registry("c"),
    )
    heads = {one.head.page: one.head for one in link.pages(content(*records))}
    assert paths(heads[path].trail) == trail


@pytest.mark.parametrize(("path", "root"), [("index.html", ""), ("about.html", ""), ("errors/500.html", "../")])
def test_root_leads_back_from_every_page(path: str, root: str) -> None:
    heads = {one.head.page: one.head for one in link.pages(content(entry("500"), page("about")))}
    assert heads[path].root == root


def head(*records: Record, repository: str = "content", **site: Any) -> Head:
    changed = msgspec.structs.replace(PLAIN_SITE, **site)
    return link.pages(content(*records, site=changed), repository)[0].head


def test_edit_link_names_the_source_in_the_repository() -> None:
    found = msgspec.structs.replace(entry("500"), source="errors/a/500.md")
    url = "https://repository.example/edit/main/examples/http/errors/a/500.md"
    assert head(found, repository="examples/http").edit == url


def test_edit_link_is_an_address_whatever_the_folders_are_called() -> None:
    assert head(entry("500"), repository="my docs/ü").edit.endswith("/main/my%20docs/%C3%BC/errors/500.md")


def test_page_that_is_made_from_no_file_has_no_edit_link() -> None:
    assert view(HomeView, entry("500")).head.edit == ""
    assert view(ErrorsView, entry("500")).head.edit == ""


def test_report_link_names_the_page() -> None:
    found = head(entry("500", title='A & "b" ü'), report_url="https://host/new?title={title}")
    assert found.report == "https://host/new?title=errors%2F500.html%3A%20500%3A%20A%20%26%20%22b%22%20%C3%BC"


def test_sites_without_such_links_have_none() -> None:
    found = head(entry("500"), edit_url=None)
    assert (found.edit, found.report) == ("", "")


def test_pages_that_are_none_are_kept_from_engines() -> None:
    made = content(entry("500", aliases=("old",)), page("about"), registry("c"))
    hidden = {one.head.page for one in link.pages(made) if not one.head.indexed}
    assert hidden == {
        "errors/old.html",
        *(f"{f}404.html" for f in ("", "errors/", "senders/", "topics/", "guides/", "codes/")),
    }


def test_description_of_a_page_is_text() -> None:
    found = head(entry("500", summary="Run `a < b`. " + SUMMARY))
    assert found.description == "Run a < b. " + SUMMARY


# Entries


def test_entry_shows_itself() -> None:
    fields = {"topics": ("a",), "guides": ("b",), "seen_from": ("bolt",), "references": (reference(),)}
    found = view(EntryView, entry("500-5.1-acme", sender="acme", **fields), ACME, BOLT, topic("a"), guide("b"))
    assert found.head.title == "500 5.1: Title of 500-5.1-acme"
    assert (found.slug, found.codes) == ("500-5.1-acme", {"number": "500", "detail": "5.1"})
    assert found.entry.code == "500 5.1"
    assert found.entry.parts == ((1, "500"), (2, "5.1"))
    assert (found.entry.class_.name, found.entry.class_.shape) == ("permanent", "octagon")
    assert (found.entry.sender, found.entry.senders) == ("Acme", ("acme", "bolt"))
    assert found.sender == Ref("senders/acme.html", "Acme")
    assert paths(found.seen_from) == ["senders/bolt.html"]
    assert paths(found.topics) == ["topics/a.html"]
    assert paths(found.guides) == ["guides/b.html"]
    assert found.references[0].url == "https://example.com/"


def test_entry_on_the_second_part_alone_has_its_class() -> None:
    found = view(EntryView, entry("4.1")).entry
    assert (found.code, found.parts, found.class_.name) == ("4.1", ((2, "4.1"),), "temporary")


def test_sections_go_where_their_kind_belongs() -> None:
    found = view(EntryView, entry("500"))
    assert [s.title for s in found.overview] == ["What it means"]
    assert [item.title for s in found.steps for item in s.items] == ["Turn it off"]
    assert found.prose == ()
    assert [item.title for s in found.faq for item in s.items] == ["Why me?"]


def test_facts_are_worded_by_the_site() -> None:
    (fact,) = view(EntryView, entry("500", retry="yes")).facts
    assert (fact.name, fact.label, fact.values, fact.words) == ("retry", "Retry", ("yes",), (("Yes.", "Later."),))


def test_fact_of_one_sentence_has_no_rest() -> None:
    assert view(EntryView, entry("500", retry="no")).facts[0].words == (("No.", ""),)


def test_retired_entry_names_its_heir() -> None:
    found = view(EntryView, entry("400", status="retired", replaced_by="500"), entry("500"))
    assert found.entry.retired
    assert found.replaced_by is not None
    assert found.replaced_by.page == "errors/500.html"


def test_reply_is_shown_with_its_sender_its_basis_and_its_source() -> None:
    text = "  500 no\n"
    one, other = reply(text), reply(sender="bolt", basis="source-code", source="https://code.example:8080/x")
    first, second = view(EntryView, entry("500-acme", sender="acme", responses=(one, other)), ACME, BOLT).replies
    assert (first.text, first.sender_name, first.basis, first.host) == (
        "500 no",
        "acme",
        "seen in a log or report",
        "example.com",
    )
    assert (second.sender_name, second.basis, second.host) == ("bolt & sons", "read in its source code", "code.example")
    assert (second.checked, second.entry) == ("2026-01-02", None)
    assert second.sender is not None
    assert second.sender.page == "senders/bolt.html"


def test_reply_of_nobody_named_is_shown_after_all_others() -> None:
    fields = {"topics": ("a",), "responses": (reply("x"), reply("y", sender="bolt"), reply("z", sender="acme"))}
    found = view(TopicView, entry("500", **fields), ACME, BOLT, topic("a"))
    assert [(r.text, r.sender_name) for r in found.replies] == [("z", "acme"), ("y", "bolt & sons"), ("x", "~")]


def test_contents_of_an_entry_list_the_parts_that_it_has() -> None:
    bare = view(EntryView, entry("500"))
    assert bare.contents == (("what-it-means", "What it means"), ("how-to-fix-it", "How to fix it"), ("faq", "FAQ"))
    fields = {"responses": (reply(),), "references": (reference(),), "guides": ("b",)}
    full = view(EntryView, entry("500", "501", **fields), entry("501"), guide("b"))
    assert [anchor for anchor, _ in full.contents] == [
        *("replies", "what-it-means", "how-to-fix-it", "sources", "faq", "related", "further"),
    ]


def test_previous_and_next_lead_through_all_entries_once() -> None:
    slugs = ["5.10", "5.2", "500", "500-acme", "400", "4.1", "200", "501-5.1"]
    found = views(EntryView, *(entry(s, sender="acme" if "acme" in s else None) for s in slugs), ACME)
    by_page = {one.head.page: one for one in found}
    (first,) = [one for one in found if one.previous is None]
    chain = [first]
    while (following := chain[-1].next) is not None:
        assert by_page[following.page].previous == chain[-1].entry
        chain.append(by_page[following.page])
    assert [one.slug for one in chain] == ["200", "400", "500", "500-acme", "501-5.1", "4.1", "5.2", "5.10"]


# Senders, topics, guides


def test_sender_lists_its_own_entries_first_then_where_it_was_seen() -> None:
    found = views(
        SenderView,
        entry("200", seen_from=("acme",)),
        entry("400", responses=(reply(sender="acme"), reply(sender="bolt"))),
        entry("500-acme", sender="acme", responses=(reply("own"),)),
        entry("501"),
        ACME,
        BOLT,
    )[0]
    assert paths(found.entries) == ["errors/500-acme.html", "errors/200.html", "errors/400.html"]
    assert [(r.text, r.entry.page if r.entry else "") for r in found.replies] == [
        ("own", "errors/500-acme.html"),
        ("500 no", "errors/400.html"),
    ]


def test_sender_shows_how_it_is_told() -> None:
    links = (ContactLink(title="Help", url="https://acme.example/", purpose="support"),)
    fields = {"domains": ("a.example",), "marks": ("(x)",), "links": links, "also_known_as": ("A", "B")}
    found = view(SenderView, sender("acme", about="Look at *it*.", **fields))
    assert found.kind == "Services"
    assert found.literals == (("Domains", ("a.example",)), ("Marks", ("(x)",)))
    assert found.links == (("Support", links[0]),)
    assert found.also_known_as == ("A", "B")
    assert found.intro == "<p>Look at <em>it</em>.</p>"


def test_sender_is_counted_by_the_entries_that_name_it() -> None:
    home = view(
        HomeView, entry("200", seen_from=("acme",)), entry("500-acme", sender="acme", seen_from=("acme",)), ACME, BOLT
    )
    assert [(ref.title, ref.count) for ref in home.senders] == [("Acme", 2), ("Bolt & Sons", 0)]


def test_topic_shows_the_first_in_the_authors_order_then_the_others() -> None:
    entries = [entry(slug, topics=("a",)) for slug in ("200", "400", "500", "501")]
    found = view(TopicView, *entries, topic("a", first=("501", "200")))
    assert paths(found.first) == ["errors/501.html", "errors/200.html"]
    assert paths(found.entries) == ["errors/400.html", "errors/500.html"]


def test_reply_without_topics_is_about_its_entrys_first() -> None:
    fields = {"topics": ("b", "a"), "responses": (reply("1"), reply("2", topics=("a",)), reply("3", topics=("a", "b")))}
    a, b = views(TopicView, entry("500", **fields), topic("a"), topic("b"))
    assert [r.text for r in a.replies] == ["2", "3"]
    assert [r.text for r in b.replies] == ["1", "3"]
    assert {r.entry.page for r in a.replies if r.entry} == {"errors/500.html"}


def test_guide_lists_the_entries_that_send_readers_to_it() -> None:
    found = view(ArticleView, entry("500", guides=("b",)), entry("400", guides=("b",)), entry("200"), guide("b"))
    assert paths(found.entries) == ["errors/400.html", "errors/500.html"]
    assert found.kind == "Guide"


def test_page_of_its_own_is_no_guide() -> None:
    assert view(ArticleView, page("about")).kind == "About this site"


# Lists


def test_home_counts_all_of_a_class_and_shows_the_general_ones() -> None:
    home = view(HomeView, entry("500"), entry("500-acme", sender="acme"), entry("400"), entry("4.1"), ACME)
    assert [(c.name, paths(entries), total) for c, entries, total in home.classes] == [
        ("permanent", ["errors/500.html"], 2),
        ("temporary", ["errors/400.html", "errors/4.1.html"], 2),
    ]
    assert home.total == 4


def test_home_shows_the_latest_changes_newest_first_then_by_number() -> None:
    days = {"500": 2, "400": 3, "501": 3, "200": 1} | {str(n): 1 for n in range(510, 530)}
    home = view(HomeView, *(entry(slug, updated=date(2026, 1, day)) for slug, day in days.items()))
    assert paths(home.latest)[:4] == ["errors/400.html", "errors/501.html", "errors/500.html", "errors/200.html"]
    assert len(home.latest) == 10


def test_list_of_errors_offers_what_its_entries_have() -> None:
    records = (entry("500-acme", sender="acme", topics=("a",)), entry("400", seen_from=("bolt",)))
    found = view(ErrorsView, *records, ACME, BOLT, sender("cog"), topic("a"), topic("b"))
    assert found.senders == (("Acme", "acme"), ("Bolt & Sons", "bolt"))
    assert found.topics == (("Title of a", "a"),)
    assert [(c.name, paths(entries)) for c, entries in found.classes] == [
        ("permanent", ["errors/500-acme.html"]),
        ("temporary", ["errors/400.html"]),
    ]
    assert found.total == 2


def test_senders_are_listed_under_their_kinds_in_the_order_of_the_site() -> None:
    site = msgspec.structs.replace(PLAIN_SITE, sender_kinds={"zeta": "Zetas", "none": "Nones", "service": "Services"})
    found = views(ListView, ACME, BOLT, sender("cog", kind="zeta"), site=site)[0]
    assert [(heading, paths(refs)) for heading, refs in found.groups] == [
        ("Zetas", ["senders/cog.html"]),
        ("Services", ["senders/acme.html", "senders/bolt.html"]),
    ]


@pytest.mark.parametrize(
    ("word", "shown"), [({}, "Topics"), ({"topics": "Causes"}, "Causes")], ids=["usual", "of the site"]
)
def test_words_of_pages_may_be_the_sites_own(word: dict[str, str], shown: str) -> None:
    site = msgspec.structs.replace(PLAIN_SITE, words=word)
    titles = {one.head.page: one.head.title for one in link.pages(content(entry("500"), site=site))}
    assert titles["topics/index.html"] == shown


# Registries


def rows(*records: Record) -> dict[str, list[str]]:
    found = view(RegistryView, *records, site=REGISTERED)
    return {row.code: paths(entries) for _, group in found.groups for _, row, entries in group}


def test_row_is_linked_to_the_entry_on_its_code_alone() -> None:
    records = (entry("5.1"), entry("500-5.1"), entry("5.1-acme", sender="acme"), ACME)
    assert rows(*records, registry("detail", "5.1", "5.2")) == {"5.1": ["errors/5.1.html"], "5.2": []}


def test_x_stands_for_any_class_in_the_order_of_the_site() -> None:
    records = (entry("2.1"), entry("4.1"), entry("5.1"), entry("5.2"))
    assert rows(*records, registry("detail", "X.1", "X.3")) == {
        "X.1": ["errors/5.1.html", "errors/4.1.html", "errors/2.1.html"],
        "X.3": [],
    }


def test_rows_are_grouped_by_subject_in_the_order_of_the_registry() -> None:
    made = registry("detail", "5.2", "5.1", "X.2", "5.9", subjects={"1": "One", "2": "Two & more"})
    found = view(RegistryView, made, site=REGISTERED)
    assert [(subject, [row.code for _, row, _ in group]) for subject, group in found.groups] == [
        ("Two & more", ["5.2", "X.2"]),
        ("One", ["5.1"]),
        ("", ["5.9"]),
    ]
    assert found.anchors == ("subject-two-more", "subject-one", "subject-section")
    assert [anchor for _, group in found.groups for anchor, _, _ in group] == ["5-2", "x-2", "5-1", "5-9"]


def test_registry_of_no_part_is_a_plain_table() -> None:
    found = view(RegistryView, registry("other", "a", "b"), entry("500"))
    assert [(subject, len(group)) for subject, group in found.groups] == [("", 2)]


# Former addresses


def test_alias_becomes_a_redirect_and_a_page_that_leads_on() -> None:
    made: Content = content(entry("500", aliases=("old", "older")), entry("400", aliases=("oldest",)))
    assert link.link(made).redirects == (
        ("errors/oldest.html", "errors/400.html"),
        ("errors/old.html", "errors/500.html"),
        ("errors/older.html", "errors/500.html"),
    )
    moved = {one.head.page: one.entry.page for one in views(MovedView, *made.entries)}
    assert moved == dict(link.link(made).redirects)


def test_page_for_what_is_missing_names_an_entry_that_there_is() -> None:
    assert view(MissingView, entry("500"), entry("400")).example == "400"
    assert view(MissingView).example == "code"


# Order


def test_site_does_not_depend_on_the_order_of_records() -> None:
    records: list[Record] = [entry(s, "500", topics=("a",)) for s in ("400", "401", "5.1", "500-5.1")] + [entry("500")]
    made = content(*records, ACME, BOLT, topic("a"), topic("b"))
    shuffled = msgspec.structs.replace(made, entries=made.entries[::-1])
    assert {one.head.page: one for one in link.pages(made)} == {one.head.page: one for one in link.pages(shuffled)}


# What is around an entry


AROUND: tuple[Record, ...] = (
    entry(
        *("500", "400"),
        topics=("a",),
        guides=("b",),
        seen_from=("acme",),
        responses=(reply("500 no"), reply("500 never", sender="acme")),
    ),
    entry("400", status="retired", replaced_by="500"),
    entry("500-5.1", topics=("a",)),
    entry("500-5.1-acme", sender="acme", topics=("a",)),
    entry("4.1"),
    *(ACME, BOLT, topic("a", first=("500",)), guide("b")),
)


def told_anew(one: Record) -> Record:
    """The same record with much changed, but nothing that makes it related."""
    if not isinstance(one, Entry):
        return one
    fields = {"title": f"New {one.slug}", "summary": f"New. {SUMMARY}", "seen_from": ("bolt",), "guides": ("b",)}
    fields |= {"responses": (reply("500 new", sender="bolt"),), "replaced_by": "4.1" if one.slug == "500" else None}
    return msgspec.structs.replace(one, fields=msgspec.structs.replace(one.fields, **fields))


def test_relations_of_the_last_time_are_the_same_where_what_makes_them_is() -> None:
    before, now = link.Linker(content(*AROUND)), link.Linker(content(*map(told_anew, AROUND)))
    known = link.Linker(content(*map(told_anew, AROUND)))
    for number in range(len(now.entries)):
        last = before.around(number)
        assert known.around(number, last) == now.around(number) != last
        assert known.shown(number, known.around(number, last)) == now.shown(number, now.around(number))
    assert any(before.around(number).related for number in range(len(before.entries)))


def test_relations_are_looked_for_only_where_a_page_needs_them() -> None:
    before, known = link.Linker(content(*AROUND)), link.Linker(content(*AROUND))
    views_of_others = [maker.make() for maker in known.makers()]
    known.site_of()
    for number in range(len(known.entries)):
        assert known.around(number, before.around(number)) == before.around(number)
    assert views_of_others
    assert ("index" in vars(known), "index" in vars(before)) == (False, True)


def test_entry_is_found_by_its_file() -> None:
    linker = link.Linker(content(*AROUND))
    assert {source: linker.entries[number].source for source, number in linker.number_of.items()} == {
        one.source: one.source for one in AROUND if isinstance(one, Entry)
    }
