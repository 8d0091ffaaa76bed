"""From a folder to its outline: only what changed is read, and what is read is what a fresh reading gives."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Set
from pathlib import Path

import pytest

from errordocs import check
from errordocs import gather
from errordocs import load
from errordocs import progress
from errordocs import stamp
from errordocs import workers
from errordocs.cache import Shelf
from errordocs.model import Failed
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import SUMMARY
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender
from tests.records import PLAIN_SITE

Make = Callable[..., Path]
SILENT = progress.watch(is_quiet=True)
FILES = {
    "errors/501.md": entry("number: 501\nrelated: [{entry: '500', why: That one is broken.}]"),
    "errors/a/5.1.md": entry("detail: 5.1"),
    "senders/acme.yaml": sender(),
    "topics/turning.md": article(),
    "guides/one.md": article(),
    "lookup.yaml": 'failing: ["5"]\n',
}


@pytest.fixture
def folder(content: Make) -> Path:
    return content(FILES)


@pytest.fixture
def shelf(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """What the first reading left, when all files had been at rest for a while."""
    made = Shelf(str(tmp_path / "state"))
    with monkeypatch.context() as patch:
        patch.setattr(stamp, "GRANULARITY", -(10**12))
        gather.gather(str(folder), made, 1, SILENT)
    yield made
    made.close()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose bytes are read from now on."""
    seen: list[str] = []
    raw = load.raw
    monkeypatch.setattr(load, "raw", lambda folder, name: seen.append(name) or raw(folder, name))
    return seen


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are parsed from now on."""
    seen: list[str] = []
    parse = load.read
    monkeypatch.setattr(load, "read", lambda folder, name, *rest: seen.append(name) or parse(folder, name, *rest))
    return seen


def again(folder: Path, shelf: Shelf, changed: Set[str] | None = None) -> gather.Gathered:
    return gather.gather(str(folder), shelf, 1, SILENT, changed)


# The first time


def test_every_record_is_that_of_a_fresh_reading(folder: Path, shelf: Shelf) -> None:
    made = load.load(str(folder)).content
    assert made is not None
    records = (*made.entries, *made.senders, *made.topics, *made.guides, made.lookup)
    assert {name: shelf.whole(name) for name in shelf.rows} == {one.source: one for one in records if one}


def test_outline_has_the_face_of_every_entry(folder: Path, shelf: Shelf) -> None:
    made = load.load(str(folder)).content
    assert made is not None
    outline = gather.outline(made.site, shelf)
    assert [one.slug for one in outline.entries] == [one.slug for one in made.entries]
    assert outline.entries[2].fields.related[0].why == "That one is broken."
    assert (outline.senders, outline.topics, outline.guides, outline.lookup) == (
        *(made.senders, made.topics, made.guides, made.lookup),
    )


def test_our_own_content_has_the_same_outline_of_one_process_as_of_many(tmp_path: Path) -> None:
    found = []
    for jobs in (1, 4):
        shelf = Shelf(str(tmp_path / str(jobs)))
        gathered = gather.gather(str(REPOSITORY / "content"), shelf, jobs, SILENT)
        assert gathered.site is not None
        known = {name: row[1:5] for name, row in shelf.rows.items()}
        found.append((gathered.problems, known, gather.outline(gathered.site, shelf)))
        shelf.close()
    assert found[0] == found[1]


def test_no_folder_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="there is no such folder"):
        gather.gather(str(tmp_path / "nowhere"), Shelf(str(tmp_path)), 1, SILENT)


def test_content_without_a_site_is_told(folder: Path, shelf: Shelf) -> None:
    (folder / "site.yaml").unlink()
    gathered = again(folder, shelf)
    assert gathered.site is None
    assert [problem.rule for problem in gathered.problems] == ["missing-file"]


# The second time


def test_nothing_is_read_where_nothing_changed(folder: Path, shelf: Shelf, read: list[str]) -> None:
    gathered = again(folder, shelf)
    assert read == ["site.yaml"]
    assert (gathered.fresh, gathered.is_inner) == (frozenset(), True)


def test_file_of_the_same_bytes_is_not_parsed_again(folder: Path, shelf: Shelf, parsed: list[str]) -> None:
    (folder / "errors/500.md").write_text(entry())
    gathered = again(folder, shelf)
    assert parsed == []
    assert (gathered.fresh, gathered.is_inner) == (frozenset(), True)


def test_file_that_may_change_again_unseen_is_read_again(folder: Path, shelf: Shelf, read: list[str]) -> None:
    """Within the clock's grain, two edits of one size leave the same stat."""
    (folder / "errors/500.md").write_text(entry(title="A new one"))
    again(folder, shelf)
    assert shelf.rows["errors/500.md"].stat is None
    read.clear()
    again(folder, shelf)
    assert "errors/500.md" in read


def test_edit_whose_time_was_set_back_is_seen(folder: Path, shelf: Shelf) -> None:
    path = folder / "errors/500.md"
    told = path.stat()
    path.write_text(path.read_text().replace("It means this", "It means thus"))
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert again(folder, shelf).fresh == {"errors/500.md"}


INNER = {
    "text": ("errors/500.md", entry(body=BODY.replace("It means this.", "It means that.")), True),
    "title": ("errors/500.md", entry(title="New"), False),
    "topic": ("errors/500.md", entry('number: "500"\ntopics: [turning]'), False),
    "another heading": ("errors/500.md", entry(body=BODY.replace("Why me?", "Why you?")), False),
    "text of a guide": ("guides/one.md", article(body="## One\n\nOther.\n"), False),
    "sender": ("senders/acme.yaml", sender("Acme"), False),
    "new entry": ("errors/502.md", entry("number: 502"), False),
    "alias": ("errors/500.md", entry(aliases="[old]"), False),
    "references": (
        "errors/5.1.md", entry(references="[{title: A, url: 'https://a.b/', says: So.}]"), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", INNER)
def test_change_is_inner_where_no_other_page_shows_it(name: str, folder: Path, shelf: Shelf) -> None:
    file, text, is_inner = INNER[name]
    (folder / file).write_text(text)
    gathered = again(folder, shelf)
    assert gathered.fresh == {file}
    assert gathered.is_inner == is_inner


def test_file_that_went_is_forgotten(folder: Path, shelf: Shelf) -> None:
    (folder / "errors/501.md").unlink()
    assert not again(folder, shelf).is_inner
    assert "errors/501.md" not in shelf.rows


def test_file_that_moved_is_another_file(folder: Path, shelf: Shelf) -> None:
    shutil.move(folder / "errors/501.md", folder / "errors/a/501.md")
    assert again(folder, shelf).fresh == {"errors/a/501.md"}
    assert shelf.entry("errors/a/501.md").source == "errors/a/501.md"


def test_new_site_makes_everything_read_again(folder: Path, shelf: Shelf) -> None:
    (folder / "site.yaml").write_text(SITE.replace("After a fix.", "After a mend."))
    assert again(folder, shelf).fresh == {*FILES, "errors/500.md"}


def test_problem_is_told_each_time(folder: Path, shelf: Shelf) -> None:
    (folder / "errors/500.md").write_text(entry(body="<b>x</b>\n"))
    for _ in range(3):
        assert [problem.rule for problem in again(folder, shelf).problems] == ["raw-html"]
    (folder / "errors/500.md").write_text(entry(titel="x"))
    for _ in range(3):
        assert [problem.rule for problem in again(folder, shelf).problems] == ["unknown-field"]
    assert "errors/500.md" not in shelf.rows


# Where it is known what changed


def test_only_the_files_that_changed_are_looked_at(folder: Path, shelf: Shelf, read: list[str]) -> None:
    (folder / "errors/500.md").write_text(entry(title="New"))
    gathered = again(folder, shelf, {"errors/500.md"})
    assert sorted(read) == ["errors/500.md", "site.yaml"]
    assert gathered.fresh == {"errors/500.md"}
    assert set(shelf.rows) == {*FILES, "errors/500.md"}


def test_nothing_is_looked_at_where_it_is_known_that_nothing_changed(
    folder: Path, shelf: Shelf, read: list[str]
) -> None:
    (folder / "errors/500.md").write_text(entry(title="New"))
    gathered = again(folder, shelf, set())
    assert read == ["site.yaml"]
    assert (gathered.fresh, gathered.is_inner, gathered.problems) == (frozenset(), True, ())
    assert set(shelf.rows) == {*FILES, "errors/500.md"}


def test_new_site_makes_everything_read_again_whatever_is_known(folder: Path, shelf: Shelf) -> None:
    (folder / "site.yaml").write_text(SITE.replace("After a fix.", "After a mend."))
    assert again(folder, shelf, set()).fresh == {*FILES, "errors/500.md"}
    assert set(shelf.rows) == {*FILES, "errors/500.md"}


@pytest.mark.parametrize("changed", [set(), {"errors/500.md"}], ids=["nothing", "one file"])
def test_site_that_went_is_told_whatever_is_known(changed: Set[str], folder: Path, shelf: Shelf) -> None:
    (folder / "site.yaml").unlink()
    assert [problem.rule for problem in again(folder, shelf, changed).problems] == ["missing-file"]


@pytest.mark.parametrize("changed", ["errors/502.md", "site.yaml", "../x", "errors/500.md notes.txt"])
def test_other_files_make_everything_looked_at(changed: str, folder: Path, shelf: Shelf) -> None:
    (folder / "errors/502.md").write_text(entry("number: 502"))
    assert "errors/502.md" in again(folder, shelf, {*changed.split()}).fresh


def test_file_that_went_meanwhile_makes_everything_looked_at(folder: Path, shelf: Shelf) -> None:
    (folder / "errors/500.md").unlink()
    again(folder, shelf, {"errors/500.md"})
    assert set(shelf.rows) == set(FILES)


def test_link_in_the_place_of_a_file_is_refused(folder: Path, shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.md").write_text(entry())
    (folder / "errors/500.md").unlink()
    (folder / "errors/500.md").symlink_to(tmp_path / "elsewhere.md")
    assert [problem.rule for problem in again(folder, shelf, {"errors/500.md"}).problems] == ["symlink"]


# What changed, by what was seen of all files


def seen_of(folder: Path) -> dict[str, tuple[int, ...]]:
    """All files, as the command sees them."""
    return stamp.files_below(stamp.start([str(folder)]), str(folder))


def rewritten(folder: Path) -> None:
    (folder / "errors/500.md").write_text(entry(title="New"))


def written_back(folder: Path) -> None:
    """Another text of the same size at the same time."""
    path = folder / "errors/500.md"
    told = path.stat()
    path.write_text(path.read_text().replace("It means this", "It means thus"))
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))


SEEN: dict[str, tuple[Callable[[Path], object], Set[str] | None]] = {
    "nothing": (lambda folder: None, set()),
    "edit": (rewritten, {"errors/500.md"}),
    "edit with its time set back": (written_back, {"errors/500.md"}),
    "edits": (
        lambda folder: (rewritten(folder), (folder / "senders/acme.yaml").write_text(sender("Acme"))),
        {"errors/500.md", "senders/acme.yaml"},
    ),
    "touch": (lambda folder: (folder / "topics/turning.md").touch(), {"topics/turning.md"}),
    "new file": (lambda folder: (folder / "errors/502.md").write_text(entry("number: 502")), None),
    "new file and an edit": (
        lambda folder: (rewritten(folder), (folder / "errors/502.md").write_text(entry("number: 502"))),
        None,
    ),
    "file that went": (lambda folder: (folder / "errors/501.md").unlink(), None),
    "file that moved": (lambda folder: shutil.move(folder / "errors/501.md", folder / "errors/a/501.md"), None),
    "site that went": (lambda folder: (folder / "site.yaml").unlink(), None),
    "file that does not belong": (lambda folder: (folder / "notes.txt").touch(), None),
    "link": (lambda folder: (folder / "errors/502.md").symlink_to("500.md"), None),
    "link in the place of a file": (
        lambda folder: ((folder / "errors/500.md").unlink(), (folder / "errors/500.md").symlink_to("501.md")),
        {"errors/500.md"},
    ),
}


@pytest.mark.parametrize("name", SEEN)
def test_what_was_seen_of_all_files_tells_which_changed(name: str, folder: Path, shelf: Shelf) -> None:
    act, changed = SEEN[name]
    act(folder)
    assert gather.changed(shelf, seen_of(folder)) == changed


def new_site(folder: Path) -> None:
    (folder / "site.yaml").write_text(SITE.replace("After a fix.", "After a mend."))


SEEN_TOO: dict[str, Callable[[Path], object]] = {name: act for name, (act, _) in SEEN.items()} | {
    "site": new_site,
    "site and an entry": lambda folder: (new_site(folder), rewritten(folder)),
}


@pytest.mark.parametrize("name", SEEN_TOO)
def test_reading_what_changed_is_reading_all(name: str, folder: Path, shelf: Shelf, tmp_path: Path) -> None:
    other = Shelf(str(tmp_path / "other"))
    gather.gather(str(folder), other, 1, SILENT)
    SEEN_TOO[name](folder)
    hinted = again(folder, shelf, gather.changed(shelf, seen_of(folder)))
    plain = gather.gather(str(folder), other, 1, SILENT)
    assert (hinted.site, hinted.problems) == (plain.site, plain.problems)
    assert {name: row[1:5] for name, row in shelf.rows.items()} == {n: row[1:5] for n, row in other.rows.items()}


def test_nothing_seen_is_no_knowledge(folder: Path, shelf: Shelf) -> None:
    assert gather.changed(shelf, {}) is None
    assert gather.changed(Shelf("nowhere"), {}) is None


def test_file_that_may_have_changed_unseen_counts_as_changed(folder: Path, shelf: Shelf) -> None:
    rewritten(folder)
    again(folder, shelf)
    assert shelf.rows["errors/500.md"].stat is None
    assert gather.changed(shelf, seen_of(folder)) == {"errors/500.md"}


def test_file_that_gave_no_record_makes_everything_looked_at(folder: Path, shelf: Shelf) -> None:
    (folder / "errors/500.md").write_text(entry(titel="x"))
    again(folder, shelf)
    assert gather.changed(shelf, seen_of(folder)) is None


# Names and digests


def test_outline_may_be_of_some_files_alone(folder: Path, shelf: Shelf) -> None:
    whole = gather.outline(PLAIN_SITE, shelf)
    some = gather.outline(PLAIN_SITE, shelf, ["errors/501.md", "topics/turning.md"])
    assert [one.source for one in some.entries] == ["errors/501.md"]
    assert some.entries[0] == next(one for one in whole.entries if one.slug == "501")
    assert (some.topics, some.senders, some.guides, some.lookup) == (whole.topics, (), (), None)
    assert gather.outline(PLAIN_SITE, shelf, shelf.rows) == whole


def test_names_are_those_of_the_records(folder: Path, shelf: Shelf) -> None:
    made = load.load(str(folder)).content
    assert made is not None
    wanted = check.known(made, lambda source: frozenset())
    known = gather.names(made.site, shelf, lambda source: frozenset())
    assert (known.entries, known.senders, known.topics) == (wanted.entries, wanted.senders, wanted.topics)
    assert known.guides == wanted.guides
    assert wanted.sources <= known.sources


DIGESTS = {
    "text": (entry(body=BODY.replace("It means this.", "It means that.")), set()),
    "heading": (entry(body=BODY.replace("Why me?", "Why you?")), {"known"}),
    "title": (entry(title="New"), {"outers"}),
    "day": (entry(updated="2026-02-03"), {"outers"}),
    "topic": (entry('number: "500"\ntopics: [turning]'), {"outers", "bones"}),
    "related": (entry("number: \"500\"\nrelated: [{entry: '501', why: So.}]"), {"outers", "bones"}),
    "sender": (entry('number: "500"\nsender: acme'), {"outers", "bones"}),
    "reply": (
        entry(responses="[{text: 500 no, source: 'https://a.b/', basis: observed, checked: 2026-01-02}]"),
        {"known", "outers"},
    ),
}


@pytest.mark.parametrize("name", DIGESTS)
def test_digests_change_with_what_they_are_of(name: str, folder: Path, shelf: Shelf) -> None:
    text, changed = DIGESTS[name]

    def digests() -> dict[str, bytes]:
        return {one.__name__: one(shelf) for one in (gather.known, gather.labels, gather.outers, gather.bones)}

    before = digests()
    (folder / "errors/500.md").write_text(text)
    again(folder, shelf)
    after = digests()
    assert {digest for digest in before if before[digest] != after[digest]} == changed


@pytest.mark.parametrize("file", ["senders/acme.yaml", "topics/turning.md", "lookup.yaml"])
def test_labels_change_with_files_that_are_no_entries(file: str, folder: Path, shelf: Shelf) -> None:
    before = gather.labels(shelf)
    path = folder / file
    path.write_text(path.read_text().replace(SUMMARY, f"New. {SUMMARY}").replace('["5"]', '["4"]'))
    again(folder, shelf)
    assert gather.labels(shelf) != before


def test_nothing_is_said_of_few_files(folder: Path, shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    gather.gather(str(folder), shelf, workers.cores(), progress.watch(is_quiet=False))
    assert capsys.readouterr().err == ""
