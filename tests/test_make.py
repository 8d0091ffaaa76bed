"""From content to files: what is made of the same stands, what is made of something else is made again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec
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
from errordocs.render import Look
from errordocs.render import output
from errordocs.views import MissingView
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

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

    def press(self, room: write.Room, checked: Iterable[str] = ()) -> Press:
        gathered = gather.gather(str(self.content), self.shelf, 1, SILENT)
        assert gathered.site is not None
        known = gather.names(gathered.site, self.shelf, lambda source: check.ids_of(self.shelf.whole(source)))
        look = Look(gathered.site, str(self.templates))
        return Press(self.shelf, known, set(checked), Frame(gathered.site, self.repository), look, room)

    def outline(self, site: SiteFields) -> tuple[Outline, Linker]:
        made = gather.outline(site, self.shelf)
        return made, Linker(made, self.repository, lambda one: self.shelf.replies(one.source))

    def run(
        self, fill: Callable[[Press], object], jobs: int = 1, checked: Iterable[str] = ()
    ) -> tuple[Made, list[str]]:
        """What a run made, and the files that were made anew; what it put is in place afterwards."""
        with write.opened(self.output, self.state) as room:
            press = self.press(room, checked)
            fill(press)
            made = press.run(jobs, SILENT, {})
            if not made.findings:
                room.finish(made.outputs, made.standing)
                self.shelf.sheets = made.sheets
        return made, sorted(one.path for one in made.outputs if one.size is not None)

    def entries(self, press: Press) -> None:
        """All entries, as a build has them."""
        _, linker = self.outline(press.frame.site)

        def around(number: int) -> tuple[bytes, tuple[str, ...]]:
            made = linker.around(number)
            return msgspec.msgpack.encode(made), linker.shown(number, made)

        listed = [(one.source, partial(around, number)) for number, one in enumerate(linker.entries)]
        press.entries(listed, gather.bones(self.shelf), 1)

    def pages(self, press: Press) -> None:
        """All other pages, as a build has them."""
        _, linker = self.outline(press.frame.site)
        press.pages(linker.makers(), gather.labels(self.shelf), 1)

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
    assert made == []
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
    asked = []

    def fill(press: Press) -> None:
        looking = [(name, lambda name=name: asked.append(name) or never()) for name in NAMES]
        press.entries(looking, gather.bones(shop.shelf), 1)

    _, made = shop.run(fill)
    assert (asked, made) == ([], ["errors/500.html"])


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
