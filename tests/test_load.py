"""From a folder to records: what is read and what is left alone, codes and facts by the site's rules, and places."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from errordocs.load import Loaded
from errordocs.load import load
from errordocs.load import located
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Failed
from errordocs.model import Finding
from tests.conftest import SITE
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

Make = Callable[..., Path]
REGISTRY = "title: Numbers\nsummary: {}\nsource: https://a.b/\ncodes: []\n".format("x" * 80)


def sound(folder: Path) -> Content:
    loaded = load(str(folder))
    assert loaded.problems == ()
    assert loaded.content is not None
    return loaded.content


def rules(loaded: Loaded, folder: Path) -> list[tuple[str, str]]:
    """File, from the content's folder, and rule of every problem."""
    return [(problem.path.removeprefix(f"{folder}/"), problem.rule) for problem in loaded.problems]


def only(content: Content) -> Entry:
    (one,) = content.entries
    return one


# What is read


def test_every_kind_of_file_becomes_a_record(content: Make) -> None:
    files = {
        "topics/turning.md": article("Turning"),
        "guides/oiling.md": article("Oiling"),
        "pages/about.md": article("About"),
        "senders/turner.yaml": sender("The turner"),
        "registry/number.yaml": REGISTRY,
    }
    made = sound(content(files))
    assert made.site.title == "Widget errors"
    assert [(e.slug, e.source) for e in made.entries] == [("500", "errors/500.md")]
    assert [(t.slug, t.fields.title) for t in made.topics] == [("turning", "Turning")]
    assert [(g.slug, g.source) for g in made.guides] == [("oiling", "guides/oiling.md")]
    assert [(p.slug, p.source) for p in made.pages] == [("about", "pages/about.md")]
    assert [(s.slug, s.fields.name) for s in made.senders] == [("turner", "The turner")]
    assert [(r.slug, r.fields.title) for r in made.registries] == [("number", "Numbers")]


def test_folders_below_errors_are_for_people_alone(content: Make) -> None:
    files = {"errors/a/501.md": entry('number: "501"'), "errors/z/400.md": entry('number: "400"')}
    made = sound(content(files))
    assert [(e.slug, e.source) for e in made.entries] == [
        ("400", "errors/z/400.md"),
        ("500", "errors/500.md"),
        ("501", "errors/a/501.md"),
    ]


def test_slug_may_hold_full_stops(content: Make) -> None:
    made = only(sound(content({"site.yaml": SITE, "errors/x/5.10-a.b.md": entry("detail: 5.10")}, bare=True)))
    assert made.slug == "5.10-a.b"


def test_hidden_files_are_an_editors_own(content: Make) -> None:
    files = {".git/config": "x", "errors/.500.md.swp": b"\xff", ".DS_Store": b"\0", "guides/.keep": ""}
    assert len(sound(content(files)).entries) == 1


def test_empty_folders_are_none_of_our_business(content: Make) -> None:
    folder = content()
    (folder / "guides").mkdir()
    (folder / "errors" / "later").mkdir()
    assert sound(folder).guides == ()


def test_order_of_files_makes_no_difference(content: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = content({f"errors/{n}.md": entry(f'number: "{n}"') for n in (503, 501, 502)})
    straight = load(str(folder))
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            self.found = scandir(path)

        def __enter__(self) -> list[os.DirEntry[str]]:
            return sorted(self.found, key=lambda entry: entry.name, reverse=True)

        def __exit__(self, *_: object) -> None:
            self.found.close()

    monkeypatch.setattr(os, "scandir", Backwards)
    assert load(str(folder)) == straight


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("notes.txt", "stray-file"),
        ("other/x.md", "stray-file"),
        ("errors/x.txt", "stray-file"),
        ("errors/500.MD", "stray-file"),
        ("guides/deep/x.md", "stray-file"),
        ("errors/two/deep/500.md", "stray-file"),
        ("senders/x.yml", "stray-file"),
        ("guides/Upper.md", "bad-slug"),
        ("guides/a_b.md", "bad-slug"),
        ("guides/a--b.md", "bad-slug"),
        ("guides/ä.md", "bad-slug"),
        ("guides/a b.md", "bad-slug"),
        ("guides/a\nb.md", "bad-slug"),
        ("guides/a\n.md", "bad-slug"),
        (f"guides/{'x' * 101}.md", "bad-slug"),
        ("guides/con.md", "bad-slug"),
        ("guides/lpt1.x.md", "bad-slug"),
        ("guides/index.md", "bad-slug"),
        ("pages/404.md", "bad-slug"),
    ],
    ids=ascii,
)
def test_name_that_does_not_belong_is_told(name: str, rule: str, content: Make) -> None:
    folder = content({name: article()})
    told = rules(load(str(folder)), folder)
    assert [found for _, found in told] == [rule]
    assert name.startswith(told[0][0])


@pytest.mark.parametrize(
    "name", ["guides/con-fusion.md", "guides/index-x.md", "guides/nul0.md", f"guides/{'x' * 100}.md"]
)
def test_name_that_only_looks_reserved_is_taken(name: str, content: Make) -> None:
    assert len(sound(content({name: article()})).guides) == 1


def test_name_that_is_not_text_is_told_and_can_be_printed(content: Make) -> None:
    folder = content()
    with open(os.fsencode(folder) + b"/errors/\xff.md", "wb") as file:
        file.write(entry().encode())
    (problem, *_) = load(str(folder)).problems
    assert problem.rule == "bad-slug"
    assert "\\udcff" in str(problem).encode().decode()


@pytest.mark.parametrize("name", ["site.yaml", "errors/501.md", "guides/x.md", "errors"])
def test_what_is_no_regular_file_is_told_and_not_waited_for(name: str, content: Make) -> None:
    folder = content({"errors/500.md": entry()} if name == "site.yaml" else {"site.yaml": SITE}, bare=True)
    (folder / name).parent.mkdir(exist_ok=True)
    os.mkfifo(folder / name)
    assert rules(load(str(folder)), folder) == [(name, "stray-file")]


def test_links_of_the_file_system_are_refused_not_followed(content: Make, tmp_path: Path) -> None:
    folder = content()
    (tmp_path / "secret.md").write_text("not front matter")
    (folder / "errors/501.md").symlink_to(tmp_path / "secret.md")
    (folder / "errors/deep").symlink_to(tmp_path)
    (folder / "errors/dead.md").symlink_to(tmp_path / "nowhere")
    (folder / "guides").symlink_to(tmp_path)
    told = rules(load(str(folder)), folder)
    assert sorted(told) == [(name, "symlink") for name in ("errors/501.md", "errors/dead.md", "errors/deep", "guides")]


def test_content_itself_may_be_a_link(content: Make, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(content(), target_is_directory=True)
    assert len(sound(tmp_path / "elsewhere").entries) == 1


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_folder_that_is_none_fails(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="there is no such folder; name the content's folder with --content"):
        load(str(tmp_path / name))


@pytest.mark.parametrize(("size", "taken"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_file_has_a_largest_size(size: int, taken: bool, content: Make) -> None:
    text = article()
    folder = content({"guides/x.md": text + "x" * (size - len(text))})
    assert rules(load(str(folder)), folder) == ([] if taken else [("guides/x.md", "file-size")])


# The site


@pytest.mark.parametrize(
    ("site", "rule"),
    [
        (None, "missing-file"),
        ("", "front-matter"),
        ("title: x\n\tb", "yaml"),
        (SITE.replace("publisher", "publishr"), "unknown-field"),
        (SITE.replace('pattern: "[2-5][0-9][0-9]"', 'pattern: "[2-5"'), "bad-pattern"),
        (SITE.replace('subject: "^.(.)."', 'subject: "^..."'), "bad-pattern"),
        (b"\xff", "encoding"),
    ],
    ids=["missing", "empty", "no YAML", "unknown field", "no pattern", "subject without a group", "not UTF-8"],
)
def test_site_that_cannot_be_read_leaves_no_content(site: str | bytes | None, rule: str, content: Make) -> None:
    folder = content({"errors/500.md": entry()} | ({"site.yaml": site} if site is not None else {}), bare=True)
    loaded = load(str(folder))
    assert loaded.content is None
    assert rules(loaded, folder)[0] == ("site.yaml", rule)


def test_other_files_are_looked_at_even_so(content: Make) -> None:
    folder = content({"site.yaml": "", "errors/500.md": "x", "guides/x.md": article(body="<b>\n")})
    assert ("errors/500.md", "front-matter") in rules(load(str(folder)), folder)
    assert ("guides/x.md", "raw-html") in rules(load(str(folder)), folder)


# Codes


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ('number: "500"', {"number": "500"}),
        ("number: 500", {"number": "500"}),
        ("detail: 5.10", {"detail": "5.10"}),
        ("detail: 5.1\nnumber: 500", {"number": "500", "detail": "5.1"}),
    ],
    ids=["quoted", "plain", "the second part alone", "in the order of the site"],
)
def test_codes_are_texts_in_the_order_of_the_parts(fields: str, codes: dict[str, str], content: Make) -> None:
    made = only(sound(content({"errors/500.md": entry(fields)})))
    assert list(made.codes.items()) == list(codes.items())


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ("number: 5000", "bad-code"),
        ("number: 50", "bad-code"),
        ("number: [500]", "bad-code"),
        ("number: ''", "bad-code"),
        ('number: "500\\n"', "bad-code"),
        ("number: 500\ndetail: x", "bad-code"),
        ("seen_from: []", "missing-field"),
    ],
    ids=["too long", "too short", "list", "empty", "with a line end", "second part", "none"],
)
def test_code_that_is_none_is_told(fields: str, rule: str, content: Make) -> None:
    folder = content({"errors/500.md": entry(fields)})
    assert rules(load(str(folder)), folder) == [("errors/500.md", rule)]


def test_empty_code_is_none_whatever_the_pattern_says(content: Make) -> None:
    folder = content({"site.yaml": SITE.replace("[2-5][0-9][0-9]", ".*"), "errors/500.md": entry("number: ''")})
    assert rules(load(str(folder)), folder) == [("errors/500.md", "bad-code")]


# Facts


MANY = SITE.replace(
    "sections:\n",
    "  - {name: who, label: Who, help: Who, many: 'yes', required: 'no', values: {us: We., you: You.}}\nsections:\n",
)


@pytest.mark.parametrize(
    ("number", "fields", "facts"),
    [
        ("500", {}, {"retry": ("after-fix",)}),
        ("500", {"who": "[us]"}, {"retry": ("after-fix",), "who": ("us",)}),
        ("500", {"who": "[you, us]"}, {"retry": ("after-fix",), "who": ("you", "us")}),
        ("200", {"retry": ""}, {"retry": ("no",)}),
        ("200", {"retry": "'yes'"}, {"retry": ("yes",)}),
    ],
    ids=["one", "list of one", "list in the author's order", "default of the class", "instead of the default"],
)
def test_facts_are_tuples_of_texts(
    number: str, fields: dict[str, str], facts: dict[str, tuple[str, ...]], content: Make
) -> None:
    files = {"site.yaml": MANY, f"errors/{number}.md": entry(f"number: {number}", **fields)}
    made = sound(content(files, bare=True))
    assert only(made).facts == facts


def test_default_of_a_fact_with_many_values_is_one_of_them(content: Make) -> None:
    site = MANY.replace('defaults: {retry: "no"}', 'defaults: {retry: "no", who: us}')
    made = sound(content({"site.yaml": site, "errors/200.md": entry("number: 200", retry="")}, bare=True))
    assert only(made).facts == {"retry": ("no",), "who": ("us",)}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"retry": "maybe"}, [("bad-value", 6, 8)]),
        ({"retry": "[no]"}, [("wrong-type", 6, 8)]),
        ({"retry": "{no: x}"}, [("bad-value", 6, 8)]),
        ({"retry": ""}, [("missing-field", 2, 1)]),
        ({"who": "us"}, [("wrong-type", 7, 6)]),
        ({"who": "[]"}, [("too-short", 7, 6)]),
        ({"who": "[us, them]"}, [("bad-value", 7, 11)]),
        ({"who": "[them, [us]]"}, [("bad-value", 7, 7), ("bad-value", 7, 13)]),
    ],
    ids=str,
)
def test_fact_that_is_none_is_told_at_its_place(
    fields: dict[str, str], found: list[tuple[str, int, int]], content: Make
) -> None:
    loaded = load(str(content({"site.yaml": MANY, "errors/500.md": entry(**fields)})))
    assert [(problem.rule, problem.line, problem.column) for problem in loaded.problems] == found


def test_flaws_of_codes_facts_and_fields_come_together(content: Make) -> None:
    folder = content({"errors/500.md": entry("number: x", retry="y", titel="z", updated="w")})
    assert {rule for _, rule in rules(load(str(folder)), folder)} == {
        "bad-code",
        "bad-value",
        "unknown-field",
        "bad-date",
    }


# Places


def test_lines_of_a_body_count_from_the_top_of_the_file(content: Make) -> None:
    made = only(sound(content()))
    assert [section.line for section in made.body.sections] == [9, 13, 19]


@pytest.mark.parametrize(
    ("style", "line", "column"),
    [
        ("about: |\n  First.\n\n  See [x](../guides/x.md).\n", 8, 11),
        ("about: |-\n    First.\n    See [x](../guides/x.md).\n", 7, 13),
        ("about: >-\n  See [x](../guides/x.md).\n", 6, 11),
        ('about: "See [x](../guides/x.md)."\n', 5, 17),
        ("about: See [x](../guides/x.md).\n", 5, 16),
    ],
    ids=["block", "block with more indentation", "folded", "quoted", "plain"],
)
def test_link_in_a_senders_text_has_its_place(style: str, line: int, column: int, content: Make) -> None:
    made = sound(content({"senders/a.yaml": sender(more=style)}))
    (link,) = made.senders[0].about.links
    assert (link.line, link.column, link.page) == (line, column, "guides/x.md")


def test_findings_become_problems_where_their_field_stands(content: Make) -> None:
    folder = str(content({"errors/500.md": entry(topics="[a, b]")}))
    source = "errors/500.md"
    made = located(
        folder,
        [
            Finding(source, "r", "w", "m", ("topics", 1)),
            Finding(source, "r", "w", "m", ("topics",), on_key=True),
            Finding(source, "r", "w", "m", at=(12, 3)),
            Finding(source, "r", "w", "m", severity="warning"),
            Finding("site.yaml", "r", "w", "m", ("parts", 1, "label")),
        ],
    )
    assert [(p.path.removeprefix(folder), p.line, p.column, p.severity) for p in made] == [
        ("/errors/500.md", 7, 13, "error"),
        ("/errors/500.md", 7, 1, "error"),
        ("/errors/500.md", 12, 3, "error"),
        ("/errors/500.md", 1, 1, "warning"),
        ("/site.yaml", 11, 27, "error"),
    ]
