"""From content to files: what is made of the same stands, what is made of something else is made again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Set
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from errordocs import check
from errordocs import gather
from errordocs import link
from errordocs import progress
from errordocs import write
from errordocs.cache import Shelf
from errordocs.frame import Frame
from errordocs.link import Linker
from errordocs.link import Maker
from errordocs.make import Made
from errordocs.make import Press
from errordocs.model import Outline
from errordocs.model import Output
from errordocs.model import SiteFields
from errordocs.paths import files_of
from errordocs.paths import page_of
from errordocs.render import Look
from errordocs.render import output
from errordocs.views import Around
from errordocs.views import MissingView
from errordocs.views import View
from tests.built import tree_of
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import SUMMARY
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender
from tests.records import PLAIN_SITE

SILENT = progress.watch(is_quiet=True)
SMALL = REPOSITORY / "tests/sites/awkward/templates"
FILES = {
    "errors/501.md": entry("number: 501\nrelated: [{entry: '500', why: That one is broken.}]"),
    "errors/a/5.1.md": entry("detail: 5.1\nsender: acme").replace("sender: acme\n", ""),
    "senders/acme.yaml": sender(),
    "topics/turning.md": article(),
}
NAMES = ("errors/500.md", "errors/501.md", "errors/a/5.1.md")
OF_ENTRIES = sorted(
    f"{kind}/{slug}.{end}"
    for slug in ("500", "501", "5.1")
    for kind, end in (("errors", "html"), ("api/errors", "json"))
)
Change = Callable[[Press], object]


class Shop:
    """A small content with its output, in which files are made again and again."""

    def __init__(self, folder: Path, content: Callable[..., Path]) -> None:
        self.content = content(FILES)
        self.write = partial(content, bare=True)
        self.templates = shutil.copytree(SMALL, folder / "templates")
        self.output, self.state = folder / "output", folder / "state"
        self.shelf = Shelf(str(self.state))
        self.repository = "content"
        self.asked: dict[str, Around | None] = {}
        self.paths: list[str] = []
        self.linked: list[str] = []

    def press(self, room: write.Room, checked: Iterable[str] = (), fresh: Set[str] | None = None) -> Press:
        gathered = gather.gather(str(self.content), self.shelf, 1, SILENT)
        assert gathered.site is not None
        known = gather.names(gathered.site, self.shelf, lambda source: check.ids_of(self.shelf.whole(source)))
        look = Look(gathered.site, str(self.templates))
        return Press(self.shelf, known, set(checked), Frame(gathered.site, self.repository), look, room, fresh)

    def outline(self, site: SiteFields) -> tuple[Outline, Linker]:
        made = gather.outline(site, self.shelf)
        return made, Linker(made, self.repository, lambda one: self.shelf.replies(one.source))

    def run(
        self, fill: Change, jobs: int = 1, checked: Iterable[str] = (), fresh: Set[str] | None = None
    ) -> tuple[Made, list[str]]:
        """What a run made, and the files that were made anew; what it put is in place afterwards."""
        with write.opened(self.output, self.state) as room:
            press = self.press(room, checked, fresh)
            fill(press)
            made = press.run(jobs, SILENT, {})
            if not made.findings:
                room.finish(made.outputs, made.standing)
                self.shelf.sheets = made.sheets
        return made, sorted(one.path for one in made.outputs if one.size is not None)

    def entries(self, press: Press) -> None:
        """All entries, as a build has them; whose surroundings are looked for, and what was there before, is noted."""
        _, linker = self.outline(press.frame.site)
        self.asked = {}

        def around(number: int, before: Around | None) -> tuple[Around, tuple[str, ...]]:
            self.asked[linker.entries[number].source] = before
            made = linker.around(number, before)
            return made, linker.shown(number, made)

        listed = [(one.source, partial(around, number)) for number, one in enumerate(linker.entries)]
        press.entries(listed, gather.bones(self.shelf), 1)

    def pages(self, press: Press) -> None:
        """All other pages, as a build has them; which of them are linked is noted."""
        _, linker = self.outline(press.frame.site)
        makers = [*linker.makers()]
        self.paths, self.linked = [maker.path for maker in makers], []

        def noted(maker: Maker) -> View:
            self.linked.append(maker.path)
            return maker.make()

        made = (maker._replace(make=partial(noted, maker)) for maker in makers)
        press.pages(made, gather.labels(self.shelf) + linker.counts(), 1)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.content / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def shop(tmp_path: Path, content: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    made = Shop(tmp_path, content)
    yield made
    made.shelf.close()


def never(*_: object) -> NoReturn:
    raise AssertionError("this was not to be made")


# Entries


def test_entry_has_a_page_and_a_document(shop: Shop) -> None:
    _, made = shop.run(shop.entries)
    assert made == OF_ENTRIES
    assert "It means this." in (shop.output / "errors/5.1.html").read_text()
    assert '"slug": "5.1"' in (shop.output / "api/errors/5.1.json").read_text()


def test_entry_that_is_the_same_is_not_made_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.run(shop.entries)
    monkeypatch.setattr(Look, "page", never)
    monkeypatch.setattr(Shelf, "entry", never)
    monkeypatch.setattr(Linker, "around", never)
    again, made = shop.run(shop.entries)
    assert (made, shop.asked) == ([], {})
    assert sorted(one.path for one in again.outputs) == OF_ENTRIES


EDITS: dict[str, tuple[Callable[[Shop], object], list[str]]] = {
    "text": (
        lambda shop: shop.edit("errors/500.md", "It means this.", "It means that."),
        ["errors/500.html"],
    ),
    "step": (
        lambda shop: shop.edit("errors/500.md", "Turn it off", "Turn it on"),
        ["api/errors/500.json", "errors/500.html"],
    ),
    "title, which neighbours show": (
        lambda shop: shop.edit("errors/501.md", "It broke", "It snapped"),
        ["api/errors/501.json", "errors/501.html"],
    ),
    "reason of a neighbour": (
        lambda shop: shop.edit("errors/501.md", "That one is broken.", "That one is gone."),
        ["errors/500.html", "errors/501.html"],
    ),
    "new neighbour": (
        lambda shop: shop.write({"errors/502.md": entry("number: 502")}),
        ["api/errors/502.json", "errors/501.html", "errors/502.html", "errors/5.1.html"],
    ),
    "template of entries": (
        lambda shop: (shop.templates / "error.html").write_text("{{ head.title }}"),
        [path for path in OF_ENTRIES if path.endswith(".html")],
    ),
    "template of other pages": (lambda shop: (shop.templates / "topic.html").write_text("{{ head.title }}"), []),
    "style sheet": (
        lambda shop: (shop.templates / "assets/site.css").write_text("b { color: red }"),
        [path for path in OF_ENTRIES if path.endswith(".html")],
    ),
    "page that went": (lambda shop: (shop.output / "errors/500.html").unlink(), ["errors/500.html"]),
    "page that somebody edited": (
        lambda shop: ((shop.state / "clean").unlink(), (shop.output / "errors/500.html").write_text("x")),
        ["errors/500.html"],
    ),
    "repository": (
        lambda shop: setattr(shop, "repository", "docs"),
        [path for path in OF_ENTRIES if path.endswith(".html")],
    ),
    "folder of the file": (
        lambda shop: shutil.move(shop.content / "errors/500.md", shop.content / "errors/a/500.md"),
        ["errors/500.html"],
    ),
    "site": (
        lambda shop: shop.edit("site.yaml", "label: Permanent", "label: Lasting"),
        [path for path in OF_ENTRIES if path.endswith(".html")],
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_entry_is_made_again_where_anything_it_is_made_of_changed(name: str, shop: Shop) -> None:
    shop.run(shop.entries)
    change, files = EDITS[name]
    change(shop)
    _, made = shop.run(shop.entries)
    assert made == sorted(files)


def test_what_is_around_an_entry_is_looked_for_only_where_it_may_have_changed(shop: Shop) -> None:
    shop.run(shop.entries)
    shop.edit("errors/500.md", "It means this.", "It means that.")
    gather.gather(str(shop.content), shop.shelf, 1, SILENT)
    _, made = shop.run(lambda press: press.entries([(name, never) for name in NAMES], gather.bones(shop.shelf), 1))
    assert made == ["errors/500.html"]


def test_inner_change_asks_for_nothing_around(shop: Shop) -> None:
    shop.run(shop.entries)
    shop.edit("errors/500.md", "It means this.", "It means that.")
    _, made = shop.run(lambda press: (press.stay({}), press.entries([("errors/500.md", never)], b"", 1)))
    assert made == ["errors/500.html"]


def test_files_that_stay_are_neither_made_nor_looked_at(shop: Shop) -> None:
    first, _ = shop.run(shop.entries)
    done, made = shop.run(lambda press: press.stay(first.sheets))
    assert (made, done.outputs) == ([], [])
    assert sorted(done.standing) == OF_ENTRIES
    assert (shop.output / "errors/500.html").exists()


# Entries, where it is known which files are fresh


MORE = ("errors/502.md", "errors/503.md", "errors/504.md")
ALL = (*NAMES, *MORE)


SHOWN = {
    "error.html": "{{ view.previous.title if view.previous }}{{ view.next.title if view.next }}",
    "topic.html": "{% for one in view.entries %}{{ one.summary }}{% endfor %}"
    "{% for one in view.sections %}{{ one.html|safe_html }}{% endfor %}",
    "sender.html": "{% for one in view.entries %}{{ one.summary }}{% endfor %}",
    "index.html": "{% for one in view.latest %}{{ one.title }}: {{ one.summary }}{% endfor %}",
}


def everything(shop: Shop) -> Change:
    return lambda press: (shop.entries(press), shop.pages(press))


@pytest.fixture
def settled(shop: Shop) -> Shop:
    """A shop with more entries, whose files have all been made; pages show more of others."""
    for name, text in SHOWN.items():
        path = shop.templates / name
        path.write_text(f"{path.read_text()}{text}\n")
    shop.write({name: entry(f"number: {name[7:10]}") for name in MORE})
    shop.run(everything(shop))
    return shop


FRESH: dict[str, tuple[str, set[str], set[str]]] = {
    "first": ("errors/500.md", {"errors/500.md", "errors/501.md"}, {"errors/500.html", "errors/501.html"}),
    "middle": (
        "errors/503.md",
        {"errors/502.md", "errors/503.md", "errors/504.md"},
        {"errors/502.html", "errors/503.html", "errors/504.html"},
    ),
    "last": ("errors/a/5.1.md", {"errors/504.md", "errors/a/5.1.md"}, {"errors/504.html", "errors/5.1.html"}),
}


@pytest.mark.parametrize("name", FRESH)
def test_entry_that_shows_a_fresh_one_is_made_again_and_no_other_is_looked_for(name: str, settled: Shop) -> None:
    source, asked, pages = FRESH[name]
    settled.edit(source, "It broke", "It snapped")
    done, made = settled.run(settled.entries, fresh={source})
    assert settled.asked.keys() == asked
    assert {path for path in made if path.endswith(".html")} == pages
    assert [path for path in made if path.endswith(".json")] == [f"api/errors/{Path(source).stem}.json"]
    assert {one.path for one in done.outputs} == {path for one in asked for path in files_of(one)}
    assert sorted({one.path for one in done.outputs} | done.standing.keys()) == sorted(
        path for one in ALL for path in files_of(one)
    )


def test_entries_that_show_nothing_fresh_are_neither_looked_for_nor_read(
    settled: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for place, name in ((Look, "page"), (Shelf, "entry"), (Linker, "around")):
            patch.setattr(place, name, never)
        done, made = settled.run(settled.entries, fresh=set())
    assert (made, done.outputs, settled.asked) == ([], [], {})
    assert sorted(done.standing) == sorted(path for one in ALL for path in files_of(one))
    assert done.sheets.keys() == done.standing.keys()


def test_inner_change_of_a_fresh_entry_makes_its_own_files_again(settled: Shop) -> None:
    settled.edit("errors/503.md", "It means this.", "It means that.")
    _, made = settled.run(settled.entries, fresh={"errors/503.md"})
    assert (made, settled.asked) == (["errors/503.html"], {})
    assert "It means that." in (settled.output / "errors/503.html").read_text()


def test_what_was_around_an_entry_is_given_to_who_looks_around_it(settled: Shop) -> None:
    settled.edit("errors/503.md", "It broke", "It snapped")
    settled.run(settled.entries)
    assert settled.asked == dict.fromkeys(FRESH["middle"][1])
    _, linker = settled.outline(PLAIN_SITE)
    before = {one.source: linker.around(number) for number, one in enumerate(linker.entries)}
    settled.edit("errors/503.md", "It snapped", "It tore")
    settled.run(settled.entries, fresh={"errors/503.md"})
    assert settled.asked == {name: before[name] for name in FRESH["middle"][1]}


def test_files_that_are_known_to_be_fresh_come_out_as_in_a_clean_build(settled: Shop, tmp_path: Path) -> None:
    settled.edit("errors/503.md", "It broke", "It snapped")
    settled.edit("errors/501.md", "It means this.", "It means that.")
    settled.edit("topics/turning.md", "Text.", "Other.")
    settled.run(everything(settled), fresh={"errors/501.md", "errors/503.md", "topics/turning.md"})
    clean = Shop(tmp_path / "clean", lambda *_, **__: settled.content)
    clean.templates = settled.templates
    clean.run(everything(clean))
    clean.shelf.close()
    assert tree_of(settled.output) == tree_of(clean.output)


@pytest.mark.parametrize("path", [path for name in ("errors/500.md", "errors/504.md") for path in files_of(name)])
@pytest.mark.parametrize("is_edited", [True, False], ids=["edited", "gone"])
def test_file_of_an_entry_that_is_not_as_it_was_made_is_made_again(path: str, is_edited: bool, settled: Shop) -> None:
    made_before = (settled.output / path).read_bytes()
    if is_edited:
        (settled.state / "clean").unlink()
        (settled.output / path).write_text("mine")
    else:
        (settled.output / path).unlink()
    _, made = settled.run(everything(settled), fresh=set())
    assert made == [path]
    assert (settled.output / path).read_bytes() == made_before


def test_entry_of_which_nothing_was_made_is_made(settled: Shop) -> None:
    settled.write({"errors/505.md": entry("number: 505")})
    _, made = settled.run(settled.entries, fresh={"errors/505.md"})
    assert {"errors/505.html", "api/errors/505.json"} <= set(made)


@pytest.mark.parametrize("path", files_of("errors/504.md"))
def test_entry_of_which_only_one_file_is_known_is_looked_at(path: str, settled: Shop) -> None:
    del settled.shelf.sheets[path]
    done, _ = settled.run(settled.entries, fresh=set())
    assert {one.path for one in done.outputs} == {*files_of("errors/504.md")}


def test_where_it_is_not_known_what_is_fresh_everything_is_compared(settled: Shop) -> None:
    settled.edit("errors/503.md", "It broke", "It snapped")
    assert settled.run(everything(settled), fresh=set())[1] == []
    _, made = settled.run(everything(settled))
    assert {*FRESH["middle"][2], "api/errors/503.json", "errors/index.html", "index.html"} <= set(made)


# Other pages, where it is known which files are fresh


SAYS = "responses: [{text: 502 no, source: 'https://a.b/', basis: observed, checked: 2026-01-02, sender: acme}]"
LINKED = {
    "errors/502.md": entry(f"number: 502\n{SAYS}\ntopics: [turning]\nguides: [one]\naliases: [old]"),
    "errors/503.md": entry("number: 503\nseen_from: [bolt]\ntopics: [oiling]"),
    "senders/bolt.yaml": sender("Bolt"),
    "topics/oiling.md": article("Oiling"),
    "topics/bare.md": article("Bare"),
    "guides/one.md": article("One"),
    "guides/two.md": article("Two"),
    "pages/about.md": article("About"),
}
LISTS = {"index.html", "errors/index.html"}
OF_FIRST = {f"{folder}404.html" for folder in ("", "codes/", "errors/", "guides/", "senders/", "topics/")}
SHOWING = {
    "errors/500.md": LISTS | OF_FIRST,
    "errors/502.md": LISTS | {"senders/acme.html", "topics/turning.html", "guides/one.html", "errors/old.html"},
    "errors/503.md": LISTS | {"senders/bolt.html", "topics/oiling.html"},
    "errors/a/5.1.md": LISTS,
}


@pytest.fixture
def linked(settled: Shop) -> Shop:
    """The same with entries that pages of senders, topics and guides show."""
    settled.write(LINKED)
    settled.run(everything(settled))
    return settled


@pytest.mark.parametrize("name", SHOWING)
def test_page_that_shows_a_fresh_entry_is_made_again_and_no_other_is_linked(name: str, linked: Shop) -> None:
    linked.edit(name, SUMMARY, f"New. {SUMMARY}")
    done, _ = linked.run(linked.pages, fresh={name})
    assert {*linked.linked} == SHOWING[name]
    assert {one.path for one in done.outputs} | done.standing.keys() == {*linked.paths}


@pytest.mark.parametrize("name", ["topics/bare.md", "topics/turning.md", "guides/one.md", "pages/about.md"])
def test_page_whose_own_file_is_fresh_is_made_again_and_no_other_is_linked(name: str, linked: Shop) -> None:
    linked.edit(name, "Text.", "Other.")
    _, made = linked.run(linked.pages, fresh={name})
    assert linked.linked == made == [page_of(name)]
    assert "Other." in (linked.output / made[0]).read_text()


def test_pages_that_show_nothing_fresh_are_not_linked(linked: Shop) -> None:
    done, made = linked.run(linked.pages, fresh=set())
    assert (made, linked.linked) == ([], [])
    assert {one.path for one in done.outputs} | done.standing.keys() == done.sheets.keys() == {*linked.paths}


OTHERS = ["senders/acme.html", "topics/bare.html", "guides/one.html", "errors/old.html", "lookup.html", "index.html"]


@pytest.mark.parametrize("path", [*OTHERS, "404.html", "about.html"])
@pytest.mark.parametrize("is_edited", [True, False], ids=["edited", "gone"])
def test_page_that_is_not_as_it_was_made_is_made_again(path: str, is_edited: bool, linked: Shop) -> None:
    before = (linked.output / path).read_bytes()
    if is_edited:
        (linked.state / "clean").unlink()
        (linked.output / path).write_text("mine")
    else:
        (linked.output / path).unlink()
    _, made = linked.run(everything(linked), fresh=set())
    assert made == linked.linked == [path]
    assert (linked.output / path).read_bytes() == before


def test_new_page_is_made_though_it_shows_nothing_fresh(linked: Shop) -> None:
    linked.write({"pages/new.md": article("New")})
    _, made = linked.run(linked.pages, fresh=set())
    assert made == ["new.html"]


def test_pages_may_be_found_out_as_the_last_thing(linked: Shop) -> None:
    """Which pages there are is asked only when that is to be done, and what comes out is the same."""
    linked.edit("errors/502.md", SUMMARY, f"New. {SUMMARY}")
    asked = []

    def fill(press: Press) -> None:
        _, linker = linked.outline(press.frame.site)
        press.all_pages(lambda: asked.append(press) or (linker.makers(), b""))
        assert asked == []

    done, made = linked.run(fill, fresh={"errors/502.md"})
    assert len(asked) == 1
    assert {*made} <= SHOWING["errors/502.md"]
    assert {"senders/acme.html", "index.html"} <= {*made}
    assert {one.path for one in done.outputs} | done.standing.keys() == {*linked.paths}


# Rules


def test_record_that_breaks_a_rule_makes_no_file(shop: Shop) -> None:
    shop.edit("errors/500.md", "It means this.", "See [x](../guides/nope.md).")
    done, _ = shop.run(shop.entries, checked=NAMES)
    assert [(finding.source, finding.rule) for finding in done.findings] == [("errors/500.md", "dead-link")]
    assert not shop.output.exists()


def test_only_records_that_are_to_be_checked_are_checked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    of_each = check.of_each
    monkeypatch.setattr(check, "of_each", lambda record, known: seen.append(record.source) or of_each(record, known))
    shop.run(shop.entries, checked=["errors/501.md"])
    shop.run(shop.entries, checked=["errors/501.md"])
    assert seen == ["errors/501.md"] * 2


# Other pages


def test_page_that_shows_the_same_is_not_even_linked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = shop.run(shop.pages)
    assert {"index.html", "404.html", "senders/acme.html", "topics/turning.html"} <= set(first)
    for name in ("sender", "topic", "home", "errors", "list", "missing", "lookup"):
        monkeypatch.setattr(Linker, name, never)
    again, made = shop.run(shop.pages)
    assert made == []
    assert sorted(one.path for one in again.outputs) == first


def test_page_whose_view_is_the_same_is_not_rendered(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.run(shop.pages)
    rendered = []
    page = Look.page
    monkeypatch.setattr(Look, "page", lambda look, view: rendered.append(view.head.page) or page(look, view))
    shop.edit("topics/turning.md", "title: A guide", "title: Another")
    _, made = shop.run(shop.pages)
    assert sorted(rendered) == made == ["index.html", "topics/index.html", "topics/turning.html"]


def test_page_of_another_kind_with_the_same_view_is_another_page(shop: Shop) -> None:
    """Views of two kinds may be packed to the same bytes; the key tells them apart."""

    def missing(press: Press) -> None:
        view = MissingView(press.frame.head("a.html", "A", "b", ()), "500")
        press.pages([Maker("a.html", "", (), lambda: view)], b"", 1)

    def moved(press: Press) -> None:
        head = press.frame.head("a.html", "A", "b", ())
        _, linker = shop.outline(press.frame.site)
        view = link.MovedView(head, linker.refs["500"])
        press.pages([Maker("a.html", "", (), lambda: view)], b"other", 1)

    assert [shop.run(fill)[1] for fill in (missing, moved, moved, missing)] == [["a.html"], ["a.html"], [], ["a.html"]]


# Lists


def lists(text: str, inputs: bytes, *more: str) -> Change:
    def outputs() -> Iterator[Output]:
        for name in ("a.txt", *more):
            yield output(name, "index", f"{text} {name}".encode())

    return lambda press: press.lists("lists", inputs, outputs)


def test_lists_are_made_again_where_their_inputs_changed(shop: Shop) -> None:
    assert shop.run(lists("one", b"1", "b.txt"))[1] == ["a.txt", "b.txt"]
    assert shop.run(lambda press: press.lists("lists", b"1", never))[1] == []
    assert shop.run(lists("two", b"2", "b.txt"))[1] == ["a.txt", "b.txt"]
    assert (shop.output / "a.txt").read_text() == "two a.txt"


def test_list_that_comes_out_the_same_is_not_written(shop: Shop) -> None:
    shop.run(lists("one", b"1"))
    assert shop.run(lists("one", b"2"))[1] == []


def test_list_that_is_made_no_more_goes(shop: Shop) -> None:
    shop.run(lists("one", b"1", "b.txt"))
    shop.run(lists("one", b"2"))
    assert not (shop.output / "b.txt").exists()


def test_list_that_went_is_made_again(shop: Shop) -> None:
    shop.run(lists("one", b"1", "b.txt"))
    (shop.output / "b.txt").unlink()
    assert shop.run(lists("one", b"1", "b.txt"))[1] == ["b.txt"]


# On every core


def test_many_processes_make_what_one_makes(
    tmp_path: Path, content: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    content({f"errors/{number}.md": entry(f"number: {number}", body=BODY) for number in range(510, 550)}, bare=True)
    found = []
    for jobs in (1, 3):
        shop = Shop(tmp_path / str(jobs), content)
        made, files = shop.run(lambda press: (shop.entries(press), shop.pages(press)), jobs)  # noqa: B023 - called at once
        sheets = {path: sheet._replace(around=b"") for path, sheet in made.sheets.items()}
        found.append((files, sheets, {one.path: one.digest for one in made.outputs}))
        shop.shelf.close()
    assert found[0] == found[1]


def test_time_of_every_stage_is_told(shop: Shop) -> None:
    seconds: dict[str, float] = {"read": 1.0}
    with write.opened(shop.output, shop.state) as room:
        press = shop.press(room)
        shop.entries(press)
        press.run(1, SILENT, seconds)
    assert {"read", "link", "render", "write"} <= set(seconds)
    assert min(seconds.values()) >= 0
