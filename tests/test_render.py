"""Views to files: hostile text is escaped everywhere, templates keep the site's policy, assets bear their hash."""

from __future__ import annotations

import re
import shutil
from datetime import date
from functools import cache
from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Undefined
from markupsafe import Markup
from markupsafe import escape
from selectolax.lexbor import LexborHTMLParser

from errordocs import link
from errordocs import render
from errordocs.model import CallToAction
from errordocs.model import ContactLink
from errordocs.model import Content
from errordocs.model import Failed
from errordocs.model import NavItem
from errordocs.model import Output
from errordocs.model import Reference
from errordocs.model import Related
from errordocs.model import SiteFields
from errordocs.paths import PAGE_IDS
from tests.conftest import REPOSITORY
from tests.conftest import SUMMARY
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import page
from tests.records import registry
from tests.records import reply
from tests.records import sender
from tests.records import site_of
from tests.records import topic

TEMPLATES = REPOSITORY / "templates"
NASTY = """<script>alert("x")</script>'&"""


def look(templates: Path = TEMPLATES, site: SiteFields = PLAIN_SITE, preview: bool = False) -> render.Look:
    return render.Look(site, str(templates), preview)


def rendered(made: Content, templates: Path = TEMPLATES) -> dict[str, Output]:
    """Assets and pages by path."""
    used = look(templates, made.site)
    return {output.path: output for output in (*used.assets, *map(used.page, link.pages(made)))}


def html(made: Content, templates: Path = TEMPLATES) -> dict[str, str]:
    outputs = rendered(made, templates)
    return {path: (output.data or b"").decode() for path, output in outputs.items() if path.endswith(".html")}


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A copy of the project's templates, to be broken."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Templates of one line each."""
    (tmp_path / "small/assets").mkdir(parents=True)
    for name in render.TEMPLATES.values():
        (tmp_path / "small" / name).write_text("{{ head.title }}")
    return tmp_path / "small"


def hostile() -> Content:
    """A content in which every text that an author may write is hostile."""
    n = NASTY
    site = msgspec.structs.replace(
        PLAIN_SITE,
        title=n,
        short_title=n,
        publisher=n,
        licence=n,
        summary=f"{n} {SUMMARY}",
        edit_url='https://host/"onclick="x/{path}',
        report_url='https://host/"onclick="x?{title}',
        navigation=(NavItem(label=n, page="errors/index.html"),),
        call_to_action=CallToAction(title=n, text=n, label=n, url='https://host/"onclick="x'),
        classes=tuple(msgspec.structs.replace(c, label=n, heading=n, says=n) for c in PLAIN_SITE.classes),
        facts=tuple(
            msgspec.structs.replace(f, label=n, values=dict.fromkeys(f.values, f"{n}. {n}")) for f in PLAIN_SITE.facts
        ),
        parts=tuple(msgspec.structs.replace(p, label=n, registry="number") for p in PLAIN_SITE.parts),
        sender_kinds={"service": n},
        link_purposes={"support": n},
        words=dict.fromkeys(
            ("home", "errors", "senders", "topics", "guides", "guide", "missing", "moved", "observed"), n
        ),
    )
    url = 'https://host/"onclick="x'
    summary = f"{n} {SUMMARY}"
    references = (Reference(title=n, url=url, says=n),)
    return content(
        entry(
            *("500", "400"),
            title=n,
            summary=summary,
            related=(Related(entry="400", why=n),),
            responses=(
                reply(n, source=url),
                reply("x {ip} {<b>}", sender="acme"),
                reply(n, sender="acme", topics=("a",)),
            ),
            references=references,
            topics=("a",),
            guides=("b",),
            seen_from=("acme",),
            aliases=("old",),
        ),
        entry("400", title=n, summary=summary, status="retired", replaced_by="500", topics=("a",)),
        entry("500-5.1-acme", title=n, summary=summary, sender="acme"),
        sender(
            "acme",
            name=n,
            summary=summary,
            also_known_as=(n,),
            domains=(n,),
            marks=(n,),
            links=(ContactLink(title=n, url=url, purpose="support"),),
        ),
        topic("a", title=n, summary=summary, references=references, guides=("b",), first=("400",)),
        guide("b", title=n, summary=summary, references=references, topics=("a",), guides=("c",)),
        guide("c", title=n, summary=summary),
        page("about", title=n, summary=summary),
        msgspec.structs.replace(
            registry("number"),
            fields=msgspec.structs.replace(
                registry("number", "500").fields,
                title=n,
                summary=summary,
                source=url,
                subjects={"0": n},
                codes=tuple(
                    msgspec.structs.replace(row, title=n, status=n, reference=n, url=url, meaning=n, note=n, with_=(n,))
                    for row in registry("number", "500", "X01").fields.codes
                ),
            ),
        ),
        site=site,
    )


# What an author writes cannot reach out of its place


HOSTILE_PAGES = [
    *(
        "index.html",
        "404.html",
        "about.html",
        "lookup.html",
        "errors/index.html",
        "errors/500.html",
        "errors/400.html",
        "errors/old.html",
    ),
    *("errors/500-5.1-acme.html", "errors/404.html", "senders/index.html", "senders/acme.html", "senders/404.html"),
    *("topics/index.html", "topics/a.html", "topics/404.html", "guides/index.html", "guides/b.html", "guides/c.html"),
    *("guides/404.html", "codes/number.html", "codes/404.html"),
]


@cache
def hostile_pages() -> dict[str, str]:
    return html(hostile())


def test_hostile_pages_are_all_looked_at() -> None:
    assert set(hostile_pages()) == set(HOSTILE_PAGES)


@pytest.mark.parametrize("name", HOSTILE_PAGES)
def test_hostile_text_comes_out_as_text_on_every_page(name: str) -> None:
    tree = LexborHTMLParser(hostile_pages()[name])
    scripts = [node.attributes for node in tree.css("script")]
    assert [set(script) for script in scripts] == [{"src", "defer", "data-lookup"}]
    assert [a for node in tree.css("*") for a in node.attributes if a.startswith("on") or a == "style"] == []
    assert not tree.css("style, iframe, object, embed, base")
    assert all(not link.attributes["href"].startswith("javascript:") for link in tree.css("a[href]"))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("path", "selector"),
    [
        ("errors/500.html", "hgroup p"),
        ("errors/500.html", "pre.said code"),
        ("errors/index.html", "ul.codes .t"),
        ("index.html", "h1"),
        ("senders/acme.html", "h1"),
        ("topics/a.html", "h1"),
        ("guides/b.html", "h1"),
        ("about.html", "h1"),
        ("codes/number.html", "h1"),
        ("errors/old.html", "h1"),
        ("404.html", "h1"),
    ],
)
def test_hostile_title_is_read_as_it_was_written(path: str, selector: str) -> None:
    node = LexborHTMLParser(hostile_pages()[path]).css_first(selector)
    assert node is not None
    assert NASTY in node.text()


@pytest.mark.parametrize("path", ["errors/500.html", "guides/b.html", "index.html"])
def test_hostile_title_is_whole_in_attributes(path: str) -> None:
    head = LexborHTMLParser(hostile_pages()[path])
    meta = {node.attributes.get("property"): node.attributes.get("content") for node in head.css("meta")}
    assert meta["og:title"].endswith(NASTY)  # type: ignore[union-attr]
    assert meta["og:description"].startswith(NASTY)  # type: ignore[union-attr]


def test_variable_parts_of_a_reply_are_marked_and_nothing_else() -> None:
    text = "550 {ip} at {a b} {<b>} {} {{x}} <{address}>"
    made = html(content(entry("500", responses=(reply(text),))))["errors/500.html"]
    (shown,) = LexborHTMLParser(made).css("pre.said code")
    assert shown.text() == text
    assert [var.text() for var in shown.css("var")] == ["{ip}", "{<b>}", "{x}", "{address}"]


# What templates may hold


SOURCES = sorted(TEMPLATES.rglob("*.html"))
NAMES = [path.relative_to(TEMPLATES).as_posix() for path in SOURCES]
OF_BODIES = [
    "base.html",
    "error.html",
    "guide.html",
    "topic.html",
    "sender.html",
    "parts/page.html",
    "parts/replies.html",
]
TAG = re.compile(r"<[a-zA-Z][^<>]*>")


def bare(name: str) -> str:
    """A template whose expressions are a letter and whose statements and comments are gone."""
    text = (TEMPLATES / name).read_text()
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", "x", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_template_quotes_every_attribute(name: str) -> None:
    tags = [re.sub(r'"[^"]*"', '""', tag) for tag in TAG.findall(bare(name))]
    assert [tag for tag in tags if re.search(r"=(?!\"\")", tag) or "'" in tag] == []


@pytest.mark.parametrize("name", NAMES)
def test_template_holds_no_script_or_style_of_its_own(name: str) -> None:
    text = bare(name)
    assert re.findall(r"<style|\bstyle=|\son[a-z]+\s*=|javascript:", text, re.IGNORECASE) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<script[^>]*>[^<]", text, re.IGNORECASE) == []


@pytest.mark.parametrize("name", NAMES)
def test_template_loads_nothing_from_elsewhere(name: str) -> None:
    assert re.findall(r"(?:src|href|action|content)=\"(?:https?:)?//[^\"]*", bare(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_template_puts_text_through_unescaped_only_where_markup_made_it(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    trusted = r"\.(?:html|title_html|intro|summary|why|says)$"
    assert [v for v in re.findall(r"\{\{\s*([\w.]+)\s*\|\s*safe_html", text) if not re.search(trusted, v)] == []
    assert re.findall(r"\|\s*safe\b|autoescape|\bMarkup\b", text) == []


@pytest.mark.parametrize("name", OF_BODIES)
def test_ids_of_templates_are_those_that_headings_keep_clear_of(name: str) -> None:
    ids = set(re.findall(r'\bid="([^"{]+)"', (TEMPLATES / name).read_text()))
    assert ids <= PAGE_IDS


def test_ids_that_are_kept_clear_are_used() -> None:
    assert {i for name in OF_BODIES for i in re.findall(r'\bid="([^"{]+)"', (TEMPLATES / name).read_text())} == PAGE_IDS


@pytest.mark.parametrize("name", sorted(set(render.TEMPLATES.values())))
def test_every_kind_of_page_has_its_template(name: str) -> None:
    assert (TEMPLATES / name).is_file()


def test_no_template_lies_unused() -> None:
    used = set(render.TEMPLATES.values())
    for path in SOURCES:
        used |= set(re.findall(r"(?:extends|import|include|from) \"([^\"]+)\"", path.read_text()))
    assert set(NAMES) - used == set()


@pytest.mark.parametrize("name", ["site.css", "site.js"])
def test_asset_names_no_address_of_others(name: str) -> None:
    text = (TEMPLATES / "assets" / name).read_text()
    assert re.findall(r"url\(\s*['\"]?(?:https?:)?//|@import|\bfetch\(\s*['\"](?:https?:)?//", text) == []


# Templates that are broken


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ view.nope }}", "error.html, for errors/500.html: .*no attribute 'nope'; mend the template"),
        ("{{ nope }}", "error.html, for errors/500.html: 'nope' is undefined; mend the template"),
        ("{% if nope %}{% endif %}", "'nope' is undefined"),
        ("{{ nope|default('x')|upper }}{{ view.head.nope }}", "no attribute 'nope'"),
        ("{% for x in view.slug.nope %}{% endfor %}", "no attribute 'nope'"),
        ("a\n{% if %}", "error.html:2: the template cannot be read"),
        ("{{ 'x'|nope }}", "error.html:1: the template cannot be read: No filter named 'nope'"),
        ("{% extends 'nope.html' %}", "nope.html: there is no such template"),
        ("{{ 1 + 'a' }}", "error.html, for errors/500.html: unsupported operand"),
        ("{{ 1 / 0 }}", "error.html, for errors/500.html: division by zero"),
        ("{{ 'x'|longdate }}", "error.html, for errors/500.html: not enough values"),
        ("{{ view.slug.upper(1) }}", "error.html, for errors/500.html: "),
    ],
    ids=str,
)
def test_broken_template_fails_and_is_named(text: str, told: str, small: Path) -> None:
    (small / "error.html").write_text(text)
    with pytest.raises(Failed, match=told) as failed:
        rendered(content(entry("500")), small)
    assert "\n" not in str(failed.value)


def test_template_that_is_not_utf8_fails_and_is_named(small: Path) -> None:
    (small / "error.html").write_bytes(b"caf\xe9")
    with pytest.raises(Failed, match="error.html"):
        rendered(content(entry("500")), small)


def test_template_that_is_missing_fails_and_is_named(small: Path) -> None:
    (small / "error.html").unlink()
    with pytest.raises(Failed, match="error.html: there is no such template; --templates names their folder"):
        rendered(content(entry("500")), small)


def test_folder_without_assets_fails(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="assets: No such file or directory; --templates names the folder"):
        rendered(content(entry("500")), tmp_path / "nowhere")


# Files


def test_output_is_named_by_the_digest_of_its_bytes() -> None:
    for output in rendered(content(entry("500"))).values():
        assert output.data is not None
        assert output.digest == blake2b(output.data, digest_size=16).hexdigest()


def test_roles_put_pages_before_what_lists_them() -> None:
    roles = {path: output.role for path, output in rendered(content(entry("500"), page("about"))).items()}
    assert {path for path, role in roles.items() if role == "index"} == {
        *("index.html", "errors/index.html", "senders/index.html", "topics/index.html", "guides/index.html"),
    }
    assert {path.partition("/")[0] for path, role in roles.items() if role == "asset"} == {"assets"}


def test_asset_is_named_by_its_content(templates: Path) -> None:
    before = {path for path in rendered(content(), templates) if path.startswith("assets/site.")}
    css = templates / "assets/site.css"
    css.write_bytes(css.read_bytes() + b"b { color: red }\n")
    after = {path for path in rendered(content(), templates) if path.startswith("assets/site.")}
    assert {re.sub(r"\.[0-9a-f]{10}\.", ".*.", path) for path in before} == {"assets/site.*.css", "assets/site.*.js"}
    assert [path.rpartition(".")[2] for path in before & after] == ["js"]


def test_pages_link_assets_by_the_names_that_they_have(templates: Path) -> None:
    (templates / "assets/site.css").write_text("body {}")
    made = rendered(content(entry("500")), templates)
    assets = {path for path in made if path.startswith("assets/")}
    for path in ("index.html", "errors/500.html", "404.html"):
        text = (made[path].data or b"").decode()
        linked = set(re.findall(r'(?:href|src)="(?:\.\./)*(assets/[^"]+)"', text))
        assert linked
        assert linked <= assets


@pytest.mark.parametrize("name", ["notes.txt", "site.css~", "x.html"])
def test_what_is_no_asset_stays_behind(name: str, templates: Path) -> None:
    (templates / "assets" / name).write_text("x")
    assert not any("notes" in path or "~" in path or "/x." in path for path in rendered(content(), templates))


def test_dates_are_written_out() -> None:
    made = html(content(entry("500", updated=date(2026, 11, 4))))["errors/500.html"]
    assert '<time datetime="2026-11-04">4 November 2026</time>' in made


# What pages are made of


def told(templates: Path, site: SiteFields = PLAIN_SITE, preview: bool = False) -> dict[str, bytes]:
    """What tells one look of each kind of page from another."""
    made = look(templates, site, preview)
    return {name: made.key(kind) for kind, name in render.TEMPLATES.items()}


def changed(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one if one[name] != other[name])


def test_same_templates_give_the_same_keys(templates: Path) -> None:
    assert told(templates) == told(templates)
    assert look(templates).digest == look(templates).digest


@pytest.mark.parametrize("name", sorted(render.TEMPLATES.values()))
def test_kinds_of_pages_have_keys_of_their_own(name: str, small: Path) -> None:
    before, digest = told(small), look(small).digest
    (small / name).write_text("{{ head.title }}!")
    assert changed(before, told(small)) == [name]
    assert look(small).digest != digest


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("{% include 'x.html' %}", ["404.html"]),
        ('{% include "x.html" %}', ["404.html"]),
        ("{%- include 'x.html' -%}", ["404.html"]),
        ("{% include 'x.html' ignore missing %}", ["404.html"]),
        ("{% include 'x.html' without context %}", ["404.html"]),
        ("{% import 'x.html' as x %}", ["404.html"]),
        ("{% from 'x.html' import a %}", ["404.html"]),
        ("{% extends 'x.html' %}", ["404.html"]),
        ("{% include ['nope.html', 'x.html'] %}", ["404.html"]),
        ("{% set name = 'x.html' %}{% include name %}", ["404.html"]),
        ("{% include 'x.html' if root else 'y.html' %}", ["404.html"]),
        ("{% include 'y.html' %}", ["404.html"]),
    ],
)
def test_template_that_is_used_counts_wherever_it_is_used(statement: str, names: list[str], small: Path) -> None:
    (small / "x.html").write_text("{% macro a() %}{% endmacro %}")
    (small / "y.html").write_text("{% include 'x.html' %}")
    (small / "404.html").write_text(statement)
    before = told(small)
    (small / "x.html").write_text("{% macro a() %}{% endmacro %}new")
    assert changed(before, told(small)) == names


def test_template_that_is_no_html_counts_too(small: Path) -> None:
    (small / "x.svg").write_text("<svg></svg>")
    (small / "404.html").write_text("{% include 'x.svg' %}")
    before = told(small)
    (small / "x.svg").write_text("<svg> </svg>")
    assert changed(before, told(small)) == ["404.html"]


@pytest.mark.parametrize("what", ["base", "asset", "site", "preview"])
def test_what_stands_on_every_page_counts_on_every_page(what: str, templates: Path) -> None:
    before, digest = told(templates), look(templates).digest
    site = PLAIN_SITE
    match what:
        case "base":
            (templates / "base.html").write_text((templates / "base.html").read_text() + "\n")
        case "asset":
            (templates / "assets/site.css").write_text("x")
        case "site":
            site = msgspec.structs.replace(site, licence="None")
    after = told(templates, site, what == "preview")
    assert changed(before, after) == sorted(before)
    assert look(templates, site, what == "preview").digest != digest


def test_compiled_templates_that_are_kept_show_nothing_old(templates: Path, tmp_path: Path) -> None:
    view = next(view for view in link.pages(content(entry("500"))) if view.head.page == "errors/500.html")
    for text in ("{{ head.title }}", "{{ head.title }}!", "{{ head.page }}", "{{ head.title }}"):
        (templates / "error.html").write_text(text)
        used = render.Look(PLAIN_SITE, str(templates), cache=str(tmp_path / "kept"))
        assert used.page(view) == look(templates).page(view)


@pytest.mark.parametrize("damage", [b"", b"x", b"j2" * 40])
def test_compiled_templates_that_are_damaged_are_made_again(damage: bytes, templates: Path, tmp_path: Path) -> None:
    (view, *_) = link.pages(content(entry("500")))
    made = render.Look(PLAIN_SITE, str(templates), cache=str(tmp_path / "kept")).page(view)
    for path in (tmp_path / "kept").iterdir():
        path.write_bytes(damage)
    assert render.Look(PLAIN_SITE, str(templates), cache=str(tmp_path / "kept")).page(view) == made


@pytest.mark.parametrize("name", [*(f"errors/{slug}.html" for slug in ("500", "400")), "errors/index.html"])
def test_page_does_not_depend_on_what_was_rendered_before(name: str) -> None:
    """Macros that are called `once` for the same thing must not remember another site's."""
    one = content(entry("500", "400", topics=("a",)), entry("400"), topic("a"))
    other = content(entry("500", "400", title="New", topics=("a",)), entry("400", title="Newer"), topic("a"))
    used = look()
    for made in (one, other, one):
        (view,) = [view for view in link.pages(made) if view.head.page == name]
        assert used.page(view) == look().page(view)


@given(st.text())
def test_text_is_escaped_as_elsewhere(text: str) -> None:
    assert render.escaped(text) == str(escape(text))
    assert type(render.escaped(text)) is str


@pytest.mark.parametrize("value", [None, 1, 1.5, True, Markup("<b>"), render.Safe("<b>"), ["<"], Undefined()], ids=repr)
def test_values_are_escaped_as_elsewhere(value: object) -> None:
    assert render.escaped(value) == str(escape(value))


def test_site_may_be_of_any_language() -> None:
    made = content(entry("500", title="メールボックスがありません"), site=site_of())
    assert "メールボックスがありません" in html(made)["errors/500.html"]
