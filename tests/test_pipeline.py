"""The whole flow, once and again: places of a project, and what a process remembers from one build to the next."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from errordocs import cache
from errordocs import feeds
from errordocs import load
from errordocs import lookup
from errordocs import make
from errordocs import pipeline
from errordocs import related
from errordocs import stamp
from errordocs import write
from errordocs.model import Failed
from errordocs.pipeline import Built
from errordocs.pipeline import Memory
from errordocs.pipeline import Places
from tests.built import tree_of
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import SUMMARY
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

BARE = REPOSITORY / "tests/sites/plain/templates"
Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def places(content: Make) -> Places:
    folder = content()
    templates = shutil.copytree(BARE, folder.parent / "templates")
    return Places(str(folder), str(templates), str(folder.parent / "output"))


# Places


@pytest.mark.parametrize(
    ("mark", "folder", "path"),
    [
        (".git", "content", "content"),
        (".git", "examples/http", "examples/http"),
        ("pyproject.toml", "examples/http/", "examples/http"),
        ("", "examples/http", "http"),
        ("examples/.git", "examples/http", "http"),
    ],
    ids=["at the top", "deep", "slash at the end", "no repository", "nearest repository"],
)
def test_path_in_the_repository_starts_at_its_top(
    mark: str, folder: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / mark).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    assert Places(folder, "", "").repository_path == path
    monkeypatch.chdir(tmp_path / folder)
    assert Places(".", "", "").repository_path == path
    assert Places(f"{tmp_path}/{folder}", "", "").repository_path == path


def test_state_lies_beside_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Places("a/content", "", "").state == Places("a/content/", "", "").state == f"{tmp_path}/a/.errordocs"


# Again and again


def test_second_build_of_a_process_writes_what_changed(places: Places, content: Make) -> None:
    memory = Memory()
    first = pipeline.build(places, memory)
    content({"errors/501.md": entry("number: 501")})
    second = pipeline.build(places, memory)
    assert (first.unchanged, first.removed, second.removed) == (0, 0, 0)
    assert 0 < second.written < first.written


def test_output_that_went_away_comes_back_whole(places: Places) -> None:
    memory = Memory()
    first = pipeline.build(places, memory)
    shutil.rmtree(places.output)
    assert pipeline.build(places, memory).written == first.written


def test_file_that_went_away_comes_back(places: Places) -> None:
    memory = Memory()
    pipeline.build(places, memory)
    page = Path(places.output, "errors/500.html")
    before = page.read_bytes()
    page.unlink()
    pipeline.build(places, memory)
    assert page.read_bytes() == before


def test_template_that_was_mended_is_used(places: Places) -> None:
    memory = Memory()
    template = Path(places.templates, "error.html")
    whole = template.read_text()
    template.write_text("{{ nope }}")
    with pytest.raises(Failed):
        pipeline.build(places, memory)
    assert not Path(places.output).exists()
    template.write_text(whole)
    pipeline.build(places, memory)
    template.write_text("new {{ head.title }}")
    pipeline.build(places, memory)
    assert Path(places.output, "errors/500.html").read_text() == "new 500: It broke"


def test_problems_write_nothing_and_are_forgotten_when_they_are_mended(places: Places, content: Make) -> None:
    memory = Memory()
    content({"errors/500.md": entry(titel="x")})
    assert [problem.rule for problem in pipeline.build(places, memory).problems] == ["unknown-field"]
    assert [problem.rule for problem in pipeline.build(places, memory).problems] == ["unknown-field"]
    assert not Path(places.output).exists()
    content()
    assert pipeline.build(places, memory).problems == ()


def test_reading_for_a_check_leaves_nothing_behind(places: Places) -> None:
    pipeline.read(places, render=False)
    fresh = pipeline.read(places)[0]
    assert fresh is not None
    assert fresh.entries[0].body.sections[0].html == "<p>It means this.</p>"


def test_state_of_another_making_is_no_matter(places: Places) -> None:
    pipeline.build(places)
    for path in Path(places.state).rglob("*"):
        if path.is_file():
            path.write_bytes(b"\x93\x01\x02")
    assert pipeline.build(places).written == 0
    shutil.rmtree(places.state)
    Path(places.state).touch()
    assert pipeline.build(places).written == 0


# What is kept never hides what is wrong


def rules(built: Built) -> list[str]:
    return [problem.rule for problem in built.problems]


MISTAKES = {
    "unknown-field": entry("number: 501", titel="x"),
    "unknown-slug": entry("number: 501\ntopics: [nope]"),
    "dead-link": entry("number: 501", body=BODY.replace("It means this.", "See [x](../guides/nope.md).")),
    "code-language": entry("number: 501", body=BODY.replace("It means this.", "```klingon\nnuqneH\n```")),
    "raw-html": entry("number: 501", body=BODY.replace("It means this.", "<b>x</b>")),
    "encoding": b"\xff",
}


@pytest.mark.parametrize("rule", MISTAKES)
def test_mistake_is_told_until_it_is_mended(rule: str, places: Places, content: Make) -> None:
    memory = Memory()
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, memory)
    content({"errors/501.md": MISTAKES[rule]}, bare=True)
    told = [rules(pipeline.build(places, memory)) for _ in range(3)]
    assert told == [[rule]] * 3
    assert rules(pipeline.build(places)) == [rule]
    content({"errors/501.md": entry("number: 501")}, bare=True)
    assert pipeline.build(places, memory).written == 0


@pytest.mark.parametrize("rule", MISTAKES)
def test_mistake_is_not_forgotten_while_another_file_is_saved(rule: str, places: Places, content: Make) -> None:
    memory = Memory()
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, memory)
    content({"errors/501.md": MISTAKES[rule]}, bare=True)
    pipeline.build(places, memory, changed={"errors/501.md"})
    content({"errors/500.md": entry(title="New")}, bare=True)
    assert rules(pipeline.build(places, memory, changed={"errors/500.md"})) == [rule]
    assert Path(places.output, "errors/501.html").exists()
    content({"errors/501.md": entry("number: 501")}, bare=True)
    assert pipeline.build(places, memory, changed={"errors/501.md"}).problems == ()
    assert "New" in Path(places.output, "errors/500.html").read_text()


def test_file_that_is_known_to_have_changed_is_all_that_is_read(
    places: Places, content: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, read = Memory(), []
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, memory)
    raw = load.raw
    monkeypatch.setattr(load, "raw", lambda folder, name: read.append(name) or raw(folder, name))
    content({"errors/500.md": entry(body=BODY.replace("It means this.", "It means that."))})
    pipeline.build(places, memory, changed={"errors/500.md"})
    assert "errors/501.md" not in read
    assert "It means that." in Path(places.output, "errors/500.html").read_text()


# What was seen of all files, and what is settled


WORDS = REPOSITORY / "templates"
REPLY = "{text: %s, source: 'https://a.b/', basis: observed, checked: 2026-01-02, sender: %s}"
RICH = {
    "site.yaml": SITE.replace('twins: "yes"', 'twins: "yes", registry: detail, subject: "^.[.](.)"'),
    "errors/500.md": entry('number: "500"\nrelated: [{entry: 5.1, why: So.}]\naliases: [old]'),
    "errors/501.md": entry(
        "number: 501\nseen_from: [acme]\nguides: [one]\ntopics: [turning]\nrelated: [{entry: '500', why: So.}]\n"
        f"responses: [{REPLY % ('501 no', 'acme')}, {REPLY % ('501 never', 'bolt')}]"
    ),
    "errors/502.md": entry(f"number: 502\ntopics: [turning]\nresponses: [{REPLY % ('502 no', 'bolt')}]"),
    "errors/503.md": entry("number: 503", status="retired", replaced_by="'501'"),
    "errors/a/5.1.md": entry("detail: 5.1\ntopics: [oiling]\nguides: [one]\nseen_from: [acme, bolt]"),
    "senders/acme.yaml": sender(),
    "senders/bolt.yaml": sender("Bolt"),
    "topics/turning.md": article("Turning"),
    "topics/oiling.md": article("Oiling"),
    "guides/one.md": article("One"),
    "pages/about.md": article("About"),
    "registry/detail.yaml": f"title: Details\nsummary: {SUMMARY}\nsource: https://a.b/\nsubjects: {{'1': Turned}}\n"
    "codes: [{code: X.1, title: Row, status: standard, reference: RFC 1, url: 'https://a.b/', meaning: No.}]\n",
    "lookup.yaml": 'failing: ["5"]\n',
}


def rich(name: str, old: str, new: str) -> dict[str, str | None]:
    assert old in RICH[name]
    return {name: RICH[name].replace(old, new)}


STEPS: dict[str, dict[str, str | None]] = {
    "nothing": {},
    "text": rich("errors/501.md", "It means this.", "It means that."),
    "title": rich("errors/501.md", "It broke", "It snapped"),
    "summary": rich("errors/502.md", SUMMARY, f"New. {SUMMARY}"),
    "day": rich("errors/502.md", "2026-01-02\nretry", "2026-03-04\nretry"),
    "fact": rich("errors/502.md", "retry: after-fix", 'retry: "no"'),
    "no longer seen from a sender": rich("errors/501.md", "seen_from: [acme]\n", ""),
    "seen from another sender": rich("errors/a/5.1.md", "seen_from: [acme, bolt]", "seen_from: [bolt]"),
    "no guide any more": rich("errors/501.md", "guides: [one]\n", ""),
    "guide of another": rich("errors/502.md", "number: 502\n", "number: 502\nguides: [one]\n"),
    "no topic any more": rich("errors/501.md", "topics: [turning]\n", ""),
    "another topic": rich("errors/501.md", "topics: [turning]", "topics: [oiling]"),
    "no reply of a sender any more": rich("errors/501.md", f", {REPLY % ('501 never', 'bolt')}", ""),
    "reply of another sender": rich("errors/502.md", "sender: bolt", "sender: acme"),
    "words of a reply": rich("errors/502.md", "502 no", "502 not so"),
    "no alias any more": rich("errors/500.md", "\naliases: [old]", ""),
    "alias of another": rich("errors/500.md", "\naliases: [old]", "")
    | rich("errors/502.md", "number: 502\n", "number: 502\naliases: [old]\n"),
    "not related any more": rich("errors/501.md", "related: [{entry: '500', why: So.}]\n", ""),
    "reason of a relation": rich("errors/501.md", "why: So.", "why: Other."),
    "replaced by another": rich("errors/503.md", "replaced_by: '501'", "replaced_by: '502'"),
    "name of a sender": rich("senders/acme.yaml", "The turner", "Acme"),
    "title of a topic": rich("topics/turning.md", "Turning", "Twisting"),
    "text of a topic": rich("topics/turning.md", "Text.", "Other."),
    "first of a topic": rich("topics/oiling.md", "title: Oiling", "title: Oiling\nfirst: ['5.1']"),
    "title of a guide": rich("guides/one.md", "title: One", "title: Two"),
    "subject of a registry": rich("registry/detail.yaml", "Turned", "Bent"),
    "what is looked up": rich("lookup.yaml", '["5"]', '["4", "5"]'),
    "label of the site": rich("site.yaml", "label: Permanent", "label: Lasting"),
    "label of the site, and a text": rich("site.yaml", "label: Permanent", "label: Lasting")
    | rich("errors/501.md", "It means this.", "It means that."),
    "new entry": {"errors/504.md": entry("number: 504")},
    "entry that went": {"errors/502.md": None},
    "entry in another folder": {"errors/502.md": None, "errors/b/502.md": RICH["errors/502.md"]},
    "text and title": rich("errors/500.md", "It means this.", "It means that.")
    | rich("errors/502.md", "It broke", "It snapped"),
    "title and topic": rich("errors/500.md", "It broke", "It snapped")
    | rich("errors/502.md", "topics: [turning]", "topics: [oiling]"),
    "title and name of a sender": rich("errors/500.md", "It broke", "It snapped")
    | rich("senders/acme.yaml", "The turner", "Acme"),
}  # fmt: skip


def seen_of(places: Places) -> dict[str, tuple[int, ...]]:
    """All files of the content, as the command sees them."""
    return stamp.files_below(stamp.start([places.content]), places.content)


def put(places: Places, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        path = Path(places.content, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True) if text is None else path.write_text(text)


@pytest.mark.parametrize("is_at_rest", [True, False], ids=["at rest", "just written"])
@pytest.mark.parametrize("name", STEPS)
def test_step_from_one_content_to_another_and_back_makes_what_a_clean_build_makes(
    name: str, is_at_rest: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command, which has seen all files, in a new process each time; nothing goes wrong where nothing is mended."""
    if is_at_rest:
        monkeypatch.setattr(stamp, "GRANULARITY", -(10**12))
    places = Places(str(tmp_path / "a/content"), str(WORDS), str(tmp_path / "a/output"))
    clean = Places(str(tmp_path / "b/content"), str(WORDS), str(tmp_path / "b/output"))
    put(places, dict(RICH))
    assert pipeline.build(places, jobs=1, seen=seen_of(places)).problems == ()
    there = tree_of(Path(places.output))
    put(places, STEPS[name])
    assert pipeline.build(places, jobs=1, seen=seen_of(places)).problems == ()
    put(clean, RICH | STEPS[name])
    assert pipeline.build(clean, jobs=1).problems == ()
    assert differing(tree_of(Path(places.output)), tree_of(Path(clean.output))) == []
    put(places, {path: RICH.get(path) for path in STEPS[name]})
    assert pipeline.build(places, jobs=1, seen=seen_of(places)).problems == ()
    assert differing(tree_of(Path(places.output)), there) == []


LISTS = ("api/errors.json", "feed.xml", "llms.txt", "lookup.js")  # that have titles


@pytest.mark.parametrize("spoilt", [None, *LISTS])
@pytest.mark.parametrize("jobs", [1, 2])
def test_lists_are_brought_up_to_date_and_made_anew_where_somebody_changed_them(
    jobs: int, spoilt: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamp, "GRANULARITY", -(10**12))
    places = Places(str(tmp_path / "a/content"), str(WORDS), str(tmp_path / "a/output"))
    clean = Places(str(tmp_path / "b/content"), str(WORDS), str(tmp_path / "b/output"))
    put(places, dict(RICH))
    assert pipeline.build(places, jobs=jobs, seen=seen_of(places)).problems == ()
    if spoilt is not None:
        with Path(places.output, spoilt).open("a") as file:
            file.write("mine")
    else:
        monkeypatch.setattr(feeds, "feeds", never)
        monkeypatch.setattr(lookup, "lookup", never)
    put(places, STEPS["title"])
    built = pipeline.build(places, jobs=jobs, seen=seen_of(places))
    assert built.problems == ()
    assert built.moved is not None
    assert {"api/errors.json", "llms.txt", "lookup.js"} <= set(built.moved)
    monkeypatch.undo()
    put(clean, RICH | STEPS["title"])
    pipeline.build(clean, jobs=1)
    assert differing(tree_of(Path(places.output)), tree_of(Path(clean.output))) == []


def test_lists_are_made_anew_where_many_entries_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamp, "GRANULARITY", -(10**12))
    monkeypatch.setattr(lookup, "patched", never)
    places = Places(str(tmp_path / "content"), str(WORDS), str(tmp_path / "output"))
    many = {f"errors/5{number}.md": entry(f"number: 5{number}") for number in range(30, 31 + make.FEW)}
    put(places, RICH | many)
    assert pipeline.build(places, jobs=1, seen=seen_of(places)).problems == ()
    put(places, {name: text.replace("It broke", "It snapped") for name, text in many.items()})
    assert pipeline.build(places, jobs=1, seen=seen_of(places)).problems == ()
    assert "It snapped" in Path(places.output, "lookup.js").read_text()


def never(*_: object) -> NoReturn:
    raise AssertionError("this is not made anew")


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


LOOKS: dict[str, Callable[[Path], object]] = {
    "template": lambda templates: (templates / "error.html").write_text("{{ head.title }} {{ view.entry.title }}"),
    "template of senders": lambda templates: (templates / "sender.html").write_text("{{ head.title }} new"),
    "style": lambda templates: (templates / "assets/site.css").write_text("b { color: red }"),
    "script": lambda templates: (templates / "lookup/z.js").write_text("window.z = 1;"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_new_looks_and_an_edit_at_once_make_what_a_clean_build_makes(name: str, tmp_path: Path) -> None:
    templates = shutil.copytree(WORDS, tmp_path / "templates")
    places = Places(str(tmp_path / "a/content"), str(templates), str(tmp_path / "a/output"))
    clean = Places(str(tmp_path / "b/content"), str(templates), str(tmp_path / "b/output"))
    put(places, dict(RICH))
    pipeline.build(places, jobs=1, seen=seen_of(places))
    LOOKS[name](templates)
    for one in (places, clean):
        put(one, RICH | STEPS["title"])
        assert pipeline.build(one, jobs=1, seen=seen_of(one)).problems == ()
    assert differing(tree_of(Path(places.output)), tree_of(Path(clean.output))) == []


@pytest.mark.parametrize("name", ["nothing", "text", "title"])
@pytest.mark.parametrize(
    "path", ["errors/503.html", "api/errors/503.json", "senders/acme.html", "index.html", "feed.xml"]
)
def test_file_that_went_comes_back_whatever_was_edited(name: str, path: str, tmp_path: Path) -> None:
    places = Places(str(tmp_path / "a/content"), str(WORDS), str(tmp_path / "a/output"))
    put(places, dict(RICH))
    pipeline.build(places, jobs=1)
    put(places, STEPS[name])
    pipeline.build(places, jobs=1, seen=seen_of(places))
    whole = tree_of(Path(places.output))
    put(places, {path: RICH[path] for path in STEPS[name]})
    pipeline.build(places, jobs=1, seen=seen_of(places))
    Path(places.output, path).unlink()
    put(places, STEPS[name])
    pipeline.build(places, jobs=1, seen=seen_of(places))
    assert differing(tree_of(Path(places.output)), whole) == []


def test_only_files_that_were_seen_to_change_are_read(
    places: Places, content: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamp, "GRANULARITY", -(10**12))
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, seen=seen_of(places))
    read: list[str] = []
    raw = load.raw
    monkeypatch.setattr(load, "raw", lambda folder, name: read.append(name) or raw(folder, name))
    monkeypatch.setattr(load, "files", lambda *_: read.append("all"))
    content({"errors/500.md": entry(title="New")}, bare=True)
    pipeline.build(places, seen=seen_of(places))
    assert sorted(read) == ["errors/500.md", "site.yaml"]


def test_link_to_a_heading_that_is_named_anew_is_told_though_its_own_page_shows_nothing_new(
    places: Places, content: Make
) -> None:
    link = BODY.replace("It means this.", "See [why](560.md#why-me).")
    files = {f"errors/{number}.md": entry(f"number: {number}") for number in (520, 540, 560)}
    content({"errors/500.md": entry(body=link)} | files)
    assert rules(pipeline.build(places, seen=seen_of(places))) == []
    content({"errors/560.md": entry("number: 560", body=BODY.replace("Why me?", "Why you?"))}, bare=True)
    assert rules(pipeline.build(places, seen=seen_of(places))) == ["dead-anchor"]


def test_relations_are_looked_for_only_where_what_makes_them_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(str(tmp_path / "content"), str(WORDS), str(tmp_path / "output"))
    put(places, dict(RICH))
    pipeline.build(places, jobs=1)
    asked: list[str] = []
    index = related.index
    monkeypatch.setattr(related, "index", lambda *given: asked.append(name) or index(*given))
    for name in ("title", "summary", "text of a topic", "another topic", "name of a sender", "new entry"):
        put(places, STEPS[name])
        assert pipeline.build(places, jobs=1, seen=seen_of(places)).problems == ()
    assert [*dict.fromkeys(asked)] == ["another topic", "name of a sender", "new entry"]


BETWEEN: dict[str, tuple[dict[str, str | None], str]] = {
    "alias of two": (rich("errors/502.md", "number: 502\n", "number: 502\naliases: [old]\n"), "duplicate-slug"),
    "alias of two at once": (
        rich("errors/501.md", "number: 501\n", "number: 501\naliases: [new]\n")
        | rich("errors/502.md", "number: 502\n", "number: 502\naliases: [new]\n"),
        "duplicate-slug",
    ),
    "alias twice": (rich("errors/502.md", "number: 502\n", "number: 502\naliases: [a, a]\n"), "duplicate-slug"),
    "alias that is an entry": (
        rich("errors/502.md", "number: 502\n", "number: 502\naliases: ['501']\n"),
        "duplicate-slug",
    ),
    "alias of itself": (rich("errors/502.md", "number: 502\n", "number: 502\naliases: ['502']\n"), "duplicate-slug"),
    "alias that is a list": (rich("errors/502.md", "number: 502\n", "number: 502\naliases: [index]\n"), "bad-slug"),
    "phrase of two": (
        rich("errors/500.md", "aliases: [old]", "aliases: [old]\nphrases: [it is stuck, it is stuck]"),
        "duplicate-phrase",
    ),
    "retired without a successor": (rich("errors/503.md", "replaced_by: '501'\n", ""), "retired"),
    "replaced though it stays": (rich("errors/503.md", "status: retired\n", ""), "retired"),
}  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", BETWEEN)
def test_mistake_between_records_is_told_where_nothing_else_changed(name: str, jobs: int, tmp_path: Path) -> None:
    places = Places(str(tmp_path / "content"), str(WORDS), str(tmp_path / "output"))
    put(places, dict(RICH))
    pipeline.build(places, jobs=jobs)
    before = tree_of(Path(places.output))
    files, rule = BETWEEN[name]
    put(places, files)
    assert set(rules(pipeline.build(places, jobs=jobs, seen=seen_of(places)))) == {rule}
    assert differing(tree_of(Path(places.output)), before) == []
    put(places, {path: RICH[path] for path in files})
    assert pipeline.build(places, jobs=jobs, seen=seen_of(places)).written == 0


STRAY: dict[str, Callable[[Path], object]] = {
    "folder": lambda content: (content / "stray").mkdir(),
    "folder where none may be": lambda content: (content / "topics/x").mkdir(parents=True),
    "file": lambda content: (content / "stray.txt").touch(),
    "file of another kind": lambda content: (content / "errors/x.yaml").touch(),
}


@pytest.mark.parametrize("name", STRAY)
def test_what_does_not_belong_to_the_content_is_told_whatever_was_seen(name: str, places: Places) -> None:
    pipeline.build(places, seen=seen_of(places))
    STRAY[name](Path(places.content))
    assert rules(pipeline.build(places, seen=seen_of(places))) == ["stray-file"]


@pytest.mark.parametrize("rule", [rule for rule in MISTAKES if rule != "encoding"])
def test_mistake_is_told_by_a_build_that_has_seen_all_files(rule: str, places: Places, content: Make) -> None:
    content({"errors/501.md": entry("number: 501")})
    pipeline.build(places, seen=seen_of(places))
    content({"errors/501.md": MISTAKES[rule]}, bare=True)
    assert [rules(pipeline.build(places, seen=seen_of(places))) for _ in range(2)] == [[rule]] * 2
    content({"errors/500.md": entry(title="New")}, bare=True)
    assert rules(pipeline.build(places, seen=seen_of(places))) == [rule]


def test_files_that_were_put_in_place_are_told(tmp_path: Path) -> None:
    places = Places(str(tmp_path / "content"), str(WORDS), str(tmp_path / "output"))
    put(places, dict(RICH))
    assert pipeline.build(places, jobs=1).moved is None
    assert pipeline.build(places, jobs=1).moved == ("manifest.json",)
    put(places, STEPS["text"])
    assert pipeline.build(places, jobs=1).moved == ("errors/501.html", "manifest.json")
    put(places, STEPS["new entry"])
    assert pipeline.build(places, jobs=1).moved is None


# Other places


def test_content_that_was_renamed_is_linked_by_its_new_name(places: Places) -> None:
    pipeline.build(places)
    Path(places.content).rename(Path(places.content).parent / "docs")
    pipeline.build(Places(str(Path(places.content).parent / "docs"), places.templates, places.output))
    made = tree_of(Path(places.output))
    assert [name for name, data in made.items() if b"main/content/" in data] == []


def test_two_contents_may_lie_side_by_side(places: Places, tmp_path: Path) -> None:
    template = Path(places.templates, "error.html")
    template.write_text("{{ head.title }} {{ head.edit }}")
    other = Places(str(tmp_path / "other"), places.templates, str(tmp_path / "out"))
    shutil.copytree(places.content, other.content)
    Path(other.content, "errors/500.md").write_text(entry(title="Another"))
    for _ in range(2):
        for one in (places, other):
            pipeline.build(one)
    edit = "https://repository.example/edit/main"
    assert Path(places.output, "errors/500.html").read_text() == f"500: It broke {edit}/content/errors/500.md"
    assert Path(other.output, "errors/500.html").read_text() == f"500: Another {edit}/other/errors/500.md"


def test_output_of_another_name_is_made_whole(places: Places, tmp_path: Path) -> None:
    memory = Memory()
    first = pipeline.build(places, memory)
    second = pipeline.build(Places(places.content, places.templates, str(tmp_path / "out")), memory)
    assert second.written == first.written
    assert tree_of(tmp_path / "out") == tree_of(Path(places.output))


def test_preview_tells_robots_off_and_the_build_after_it_does_not(places: Places) -> None:
    memory = Memory()
    robots = []
    for preview in (False, True, False):
        pipeline.build(Places(places.content, places.templates, places.output, preview), memory)
        robots.append(Path(places.output, "robots.txt").read_text().splitlines()[1])
    assert robots == ["Allow: /", "Disallow: /", "Allow: /"]


# Damage: whatever lies in the state, the bytes are the same


DAMAGES: dict[str, Callable[[Path], object]] = {
    "index that is empty": lambda state: (state / cache.INDEX).write_bytes(b""),
    "index of other bytes": lambda state: (state / cache.INDEX).write_bytes(b"\x93\x01\x02" * 99),
    "index cut short": lambda state: (state / cache.INDEX).write_bytes((state / cache.INDEX).read_bytes()[:-9]),
    "index with a flipped bit": lambda state: (state / cache.INDEX).write_bytes(
        flipped((state / cache.INDEX).read_bytes())
    ),
    "index that is a folder": lambda state: ((state / cache.INDEX).unlink(), (state / cache.INDEX).mkdir()),
    "no index": lambda state: (state / cache.INDEX).unlink(),
    "no segments": lambda state: shutil.rmtree(state / cache.FOLDER),
    "segments of other bytes": lambda state: [
        path.write_bytes(b"\x00" * path.stat().st_size) for path in (state / cache.FOLDER).iterdir()
    ],
    "segments cut short": lambda state: [os.truncate(path, 9) for path in (state / cache.FOLDER).iterdir()],
    "segments with a flipped bit": lambda state: [
        path.write_bytes(flipped(path.read_bytes())) for path in (state / cache.FOLDER).iterdir()
    ],
    "segments that are a file": lambda state: (shutil.rmtree(state / cache.FOLDER), (state / cache.FOLDER).touch()),
    "no state": shutil.rmtree,
    "state that is a file": lambda state: (shutil.rmtree(state), state.touch()),
}


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("edited", ["nothing", "text", "title", "template"])
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_state_changes_no_byte(name: str, edited: str, places: Places, content: Make, tmp_path: Path) -> None:
    content({"errors/501.md": entry("number: 501\nrelated: [{entry: '500', why: So.}]"), "topics/a.md": article()})
    pipeline.build(places)
    DAMAGES[name](Path(places.state))
    match edited:
        case "text":
            content({"errors/500.md": entry(body=BODY.replace("It means this.", "It means that."))})
        case "title":
            content({"errors/500.md": entry(title="New")}, bare=True)
        case "template":
            Path(places.templates, "error.html").write_text("{{ head.title }}")
    assert pipeline.build(places).problems == ()
    shutil.copytree(places.content, tmp_path / "clean/content")
    pipeline.build(Places(str(tmp_path / "clean/content"), places.templates, str(tmp_path / "clean/output")))
    assert tree_of(Path(places.output)) == tree_of(tmp_path / "clean/output")


def test_segments_that_go_while_a_process_lives_are_made_again(places: Places, content: Make) -> None:
    memory = Memory()
    pipeline.build(places, memory)
    shutil.rmtree(places.state)
    content({"errors/500.md": entry(title="New")}, bare=True)
    assert pipeline.build(places, memory).problems == ()
    assert "New" in Path(places.output, "errors/500.html").read_text()


def open_files(state: str) -> list[str]:
    """What of the state this process holds open."""
    paths = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
    return [path for path in (os.readlink(one) for one in paths if os.path.islink(one)) if path.startswith(state)]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux tells which files are open")
def test_many_builds_of_a_process_hold_no_file_open_that_is_gone(places: Places, content: Make) -> None:
    content({f"errors/{number}.md": entry(f"number: {number}") for number in range(510, 530)})
    memory = Memory()
    for number in range(40):
        content({"errors/500.md": entry(title=f"Title {number}")}, bare=True)
        pipeline.build(places, memory, jobs=2)
        assert [path for path in open_files(places.state) if path.endswith("(deleted)")] == []
    assert len(os.listdir(Path(places.state, cache.FOLDER))) <= cache.MANY + 2
