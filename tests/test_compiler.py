"""The quicker code of templates: it writes what Jinja's own writes, of the same options and the same objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from markupsafe import escape
from msgspec import Struct

from errordocs import compiler
from errordocs import link
from errordocs import render
from errordocs.compiler import Safe
from errordocs.model import Failed
from tests.conftest import REPOSITORY
from tests.records import PLAIN_SITE
from tests.records import content
from tests.records import entry
from tests.test_render import hostile

NASTY = """<b> & "c" 'd'"""


class Part(Struct, frozen=True):
    """Something that a template is shown, as a view is."""

    name: str
    size: int = 3
    share: float = 0.5
    items: tuple[Any, ...] = (1, "<two>", Markup("<i>3</i>"))
    with_: tuple[str, ...] = ("a", "<b>")
    html: str = Safe("<i>safe</i>")
    marked: str = Markup("<u>marked</u>")
    empty: str = ""
    none: None = None
    is_so: bool = True
    inner: Part | None = None


class Awkward:
    """An object whose attributes are named as Python's own words are."""

    def __init__(self) -> None:
        vars(self).update({"class": "a <class>", "from": 7, "None": Safe("<s>none</s>"), "plain": NASTY})


SHOWN: dict[str, Any] = {
    "view": Part(NASTY, inner=Part("inner <1>", 0, inner=Part("inner <2>"))),
    "parts": [Part("<one>", 1), Part("two", 20), Part("three & more", 3)],
    "groups": [("a <heading>", [Part("x"), Part("<y>")]), ("", [])],
    "awkward": Awkward(),
    "assets": {"site.css": "a&b.css"},
    "text": NASTY,
    "safe": Safe("<i>safe</i>"),
    "markup": Markup("<u>marked</u>"),
    "number": 42,
    "tree": [("<a>", [("b", []), ("c", [("d", [])])])],
}
FILES = {
    "base.html": "<title>{% block title %}{{ text }}{% endblock %}</title>\n{% block main %}<p>{{ number }}</p>"
    "{% endblock %}\n{% block empty %}{% endblock %}\n",
    "middle.html": '{% extends "base.html" %}\n{% block main %}middle {{ super() }}{% endblock %}\n',
    "parts/macros.html": "{% macro code(part, size=2) %}<code>{{ part.name }} {{ size }}</code>{% endmacro %}\n"
    "{% macro line(part, root) %}<a href='{{ root }}'>{{ code(part) }}</a>{% endmacro %}\n"
    "{% set word = 'a <word>' %}\n",
    "parts/piece.html": "<p>{{ text }} {{ view.inner.name }}</p>\n",
}
TEMPLATES = {
    "text": "a <b> & {{ text }} {{ 'a literal <b>' }}",
    "every kind of value": "{{ number }} {{ view.share }} {{ view.is_so }} {{ view.none }} {{ safe }} {{ markup }} "
    "{{ view.html }} {{ view.marked }} {{ view.empty }} {{ view.items }} {{ assets }}",
    "attributes of attributes": "{{ view.inner.name }} {{ view.inner.inner.name }} {{ view.inner.size }}",
    "attribute that dictionaries have too": "{% for one in view.items %}{{ one }}{% endfor %} {{ view.items|length }}",
    "attributes named as Python's words": "{{ awkward.class }} {{ awkward.from }} {{ awkward.None }} "
    "{{ awkward.plain }}",
    "items": "{{ assets['site.css'] }} {{ view.items[1] }} {{ view['name'] }} {{ parts[0].name }} {{ view.items[-1] }}",
    "methods": "{{ text.upper() }} {{ view.name.replace('b', 'i') }} {{ 'a-b'.split('-') }} {{ markup.upper() }}",
    "attributes of what is worked out": "{{ (text ~ '!').upper() }} {{ (1 + number).real }} "
    "{{ (parts + parts)[3].name }}",
    "sums": "{{ number + 1 }} {{ number // 5 }} {{ -number }} {{ 'a' + text }} {{ text * 2 }} {{ number ** 2 }}",
    "joined": "{{ 'a' ~ number ~ text }} {{ safe ~ text }} {{ text ~ markup }} {{ view.inner.name ~ '/index.html' }}",
    "compared": "{{ 1 if view.size > 2 else 0 }} {{ text == 'x' }} {{ 'b' in text }} {{ not view.empty }}",
    "tests": "{{ 'y' if number is even }} {{ number is defined }} {{ view.none is none }} {{ text is string }}",
    "condition": "{% if view.empty %}a{% elif view.size == 3 %}{{ text }}{% else %}c{% endif %}",
    "condition in a line": "[{{ 'a <b>' if view.is_so }}] [{{ text if view.empty else safe }}]",
    "condition in a line without else": "[{{ 'a' if view.empty }}] [{{ text if view.empty }}] ["
    "{{ number if view.is_so }}]",
    "loop": "{% for one in parts %}{{ ', ' if not loop.first }}{{ loop.index }} {{ one.name }}"
    "{{ '.' if loop.last }}{% endfor %}",
    "loop over pairs": "{% for heading, of in groups %}<h2>{{ heading }}</h2>{% for one in of %}{{ one.name }}"
    "{% else %}"
    "none{% endfor %}{% endfor %}",
    "loop with a condition": "{% for one in parts if one.size > 2 %}{{ loop.length }} {{ one.name }}{% endfor %}",
    "loop in a loop": "{% for one in parts %}{% set outer = loop %}{% for two in one.items %}"
    "{{ outer.index }}.{{ loop.index0 }} "
    "{{ two }}{% endfor %}{% endfor %}",
    "loop that takes turns": "{% for one in parts %}{{ loop.cycle('<odd>', 'even') }}{{ loop.revindex }}{% endfor %}",
    "loop that looks back": "{% for one in parts %}{{ loop.previtem.name if not loop.first }}"
    "{{ loop.nextitem is defined }}{{ loop.changed(one.size) }}{{ loop.depth }}{% endfor %}",
    "loop that calls itself": "{% for name, below in tree recursive %}<li>{{ name }}{{ loop(below) }}</li>{% endfor %}",
    "names that are set": "{% set a = text %}{% set b, c = view.items[0], 'x <y>' %}{{ a }}{{ b }}{{ c }}",
    "text that is set": "{% set a %}<b>{{ text }}</b>{% endset %}{{ a }}{{ a ~ '<i>' }}",
    "with": "{% with a = text, b = view.inner %}{{ a }}{{ b.name }}{% endwith %}",
    "filters": "{{ text|upper }} {{ parts|map(attribute='name')|join(', ') }} {{ text|length }} "
    "{{ view.with_|join(' < ') }} "
    "{{ text|safe }} {{ text|e }} {{ 'x'|replace('x', text) }} {{ view.items|first }} {{ parts|length }}",
    "filters of our own": "{{ text|safe_html }} {{ text|safe_html|length }} {{ (text|safe_html) ~ text }}",
    "filters with names": "{% for name, of in parts|groupby('size') %}{{ name }}{{ of[0].name }}{% endfor %} "
    "{{ parts|sort(attribute='size', reverse=true)|map(attribute='name')|join(' ') }}",
    "filter around a part": "{% filter upper %}a {{ text }} {{ safe }}{% endfilter %}",
    "without escapes": "{% autoescape false %}{{ text }}{{ safe }}{% endautoescape %}{{ text }}",
    "raw": "{% raw %}{{ text }}{% endraw %}{# a comment #}",
    "functions": "{% for n in range(3) %}{{ n }}{% endfor %} {{ shout(text) }} {{ shout(safe) }} "
    "{{ shout('a', '<b>') }}",
    "function called by names": "{{ shout(text, mark='<?>') }} {{ shout(text=safe) }}",
    "function called with a list": "{{ shout(*['a', '<b>']) }} {{ shout(**{'text': 'a', 'mark': '<b>'}) }}",
    "object that is filled": "{% set of = namespace(n=1) %}{% for one in parts %}"
    "{% set of.n = of.n + one.size %}{% endfor %}"
    "{{ of.n }}",
    "dictionary made by names": "{{ dict(a=1, b=text)['b'] }}",
    "macro": "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{{ m(text) }}{{ m(safe) }}{{ m(number) }}{{ m(markup) }}",
    "macro in a macro": "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{{ m(m(text)) }}{{ m(m(m('x'))) }}",
    "macro without values": "{% macro m() %}<hr>{% endmacro %}{{ m() }}{{ m() ~ text }}",
    "macro that writes nothing": "{% macro m(a) %}{% endmacro %}[{{ m(1) }}]{{ 'y' if m(1) else 'n' }}",
    "macro with defaults": "{% macro m(a, b='<b>', c=number) %}{{ a }}{{ b }}{{ c }}{% endmacro %}"
    "{{ m(1) }} {{ m(1, text) }} {{ m(1, 2, safe) }}",
    "macro with a default of another value": "{% macro m(a, b=a ~ '!') %}{{ a }}{{ b }}{% endmacro %}"
    "{{ m(text) }}{{ m(1, 2) }}",
    "macro that is given less and does not mind": "{% macro m(a, b) %}{{ a }}{{ b is defined }}{% endmacro %}"
    "{{ m(text) }}{{ m(1, 2) }}",
    "macro called by names": "{% macro m(a, b='<b>', c=3) %}{{ a }}{{ b }}{{ c }}{% endmacro %}"
    "{{ m(1, c=text) }} {{ m(a=safe) }} {{ m(c=1, b=2, a=3) }}",
    "macro called with a list": "{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(*view.with_) }} "
    "{{ m(**{'a': text}) }}",
    "macro with more values": "{% macro m(a) %}{{ a }}{{ varargs|join(', ') }}{% endmacro %}{{ m(1) }} "
    "{{ m(1, '<2>', safe) }}",
    "macro with more names": "{% macro m(a) %}{{ a }}{{ kwargs.items()|list }}{% endmacro %}{{ m(1) }} "
    "{{ m(1, b='<2>') }}",
    "macro with a body": "{% macro m(a) %}<div>{{ a }}{{ caller() }}</div>{% endmacro %}"
    "{% call m(text) %}<i>{{ text }}</i>{% endcall %}",
    "macro with a body for each": "{% macro m(of) %}{% for one in of %}<li>{{ caller(one, loop.index) }}</li>"
    "{% endfor %}"
    "{% endmacro %}{% call(one, n) m(parts) %}{{ n }} {{ one.name }}{% endcall %}",
    "macro that may have a body": "{% macro m(a) %}{{ a }}{{ caller() if caller is defined }}{% endmacro %}"
    "{% call m(1) %}<b>{% endcall %}{{ m(2) }}",
    "macro with a body that has defaults": "{% macro m() %}{{ caller(1) }}{{ caller('<1>', 2) }}{% endmacro %}"
    "{% call(a, b=text) m() %}<i>{{ a }}{{ b }}</i>{% endcall %}",
    "macro that calls itself": "{% macro m(of) %}<ul>{% for name, below in of %}<li>{{ name }}"
    "{{ m(below) if below }}</li>{% endfor %}</ul>{% endmacro %}{{ m(tree) }}",
    "macro made by a macro": "{% macro m(a) %}{% macro n(b) %}<i>{{ a }}{{ b }}{{ number }}</i>{% endmacro %}"
    "{{ n(text) }}{{ n(n(1)) }}{% endmacro %}{{ m(2) }}{{ m(safe) }}",
    "macro in a loop": "{% for one in parts %}{% macro m(a) %}<b>{{ a }}{{ text }}</b>{% endmacro %}"
    "{{ m(one.name) }}{{ m(loop.first) }}{{ m(loop.index ~ one.name) }}{% endfor %}",
    "macro given nothing by a condition": "{% macro m(a, b='<b>') %}[{{ a }}{{ b }}]{% endmacro %}"
    "{{ m('x' if view.empty, 'y' if view.empty) }}",
    "macro that is told of": "{% macro m(a, b=1) %}{% endmacro %}{{ m.name }} {{ m.arguments }} {{ m.catch_varargs }}",
    "macro without escapes": "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{% autoescape false %}{{ m(text) }}"
    "{% endautoescape %}",
    "macros joined": "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{{ m(1) ~ text ~ m(2) }} "
    "{{ [m('<'), text]|join(' < ') }}",
    "macro that is worked on": "{% macro m(a) %} <b>{{ a }}</b>{% endmacro %}{{ m(text)|trim }} "
    "{{ m(1)|upper }} {{ m(1)[1:4] }} "
    "{{ m(1)|replace('b', 'i') }} {{ m(1)|indent }} {{ m(text) + text }} {{ text + m(2) }} "
    "{{ m('%s') % text }} {{ m(1)|e }}",
    "what follows a name in parentheses": "{{ (1).real }} {{ (-number).real }} {{ (not number).real }} "
    "{{ (view).name }}",
    "macro given to a function": "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{{ apply(m, text) }}",
    "macro that is kept": "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{% set a = m(text) %}{{ a }}"
    "{{ a|length }}{{ a|safe_html }}",
    "import": '{% import "parts/macros.html" as macros %}{{ macros.code(view) }} '
    '{{ macros.line(view, "../") }} {{ macros.word }}',
    "import with what is there": '{% import "parts/piece.html" as piece with context %}{{ piece }}',
    "import of a name under another": '{% from "parts/macros.html" import word as said, code %}{{ said }}'
    "{% for one in parts %}{{ code(one, loop.length) }}{% endfor %}",
    "import called by names": '{% import "parts/macros.html" as macros %}{{ macros.code(view, size=text) }}',
    "import of names": '{% from "parts/macros.html" import code, line as link %}{{ code(view, 4) }} '
    '{{ link(view, text) }}',
    "import given to a function": '{% import "parts/macros.html" as macros %}{{ apply(macros.code, view) }}',
    "include": '{% include "parts/piece.html" %}{% for one in parts %}{% include "parts/piece.html" %}{% endfor %}',
    "include of what is not there": '{% include "nope.html" ignore missing %}{{ text }}',
    "include of the first that is there": '{% include ["nope.html", "parts/piece.html"] %}',
    "extends": '{% extends "base.html" %}{% block title %}{{ number }} {{ text }}{% endblock %}',
    "extends with super": '{% extends "base.html" %}{% block main %}<b>{{ super() }}</b>{{ text }}{% endblock %}',
    "extends twice": '{% extends "middle.html" %}{% block main %}{{ super() }} {{ super()|length }}{% endblock %}',
    "extends with a macro": '{% extends "base.html" %}{% import "parts/macros.html" as macros %}'
    '{% set a = view.inner %}'
    "{% block main %}{{ macros.line(a, text) }}{{ m(a) }}{% endblock %}{% macro m(a) %}<i>{{ a.name }}</i>"
    "{% endmacro %}",
    "block that is shown again": "{% block a %}<b>{{ text }}</b>{% endblock %}{{ self.a() }}",
    "block in a loop": "{% for one in parts %}{% block a scoped %}<b>{{ one.name }}{{ loop.last }}</b>{% endblock %}"
    "{% endfor %}",
    "blanks": "  {% if true %}\n  a {{- text -}}  \n  {% endif %}\n\n{%- for one in parts %}\n{{ one.name }}\n"
    "{% endfor %}\n",
}  # fmt: skip


def shout(text: str, mark: str = "!") -> str:
    """A function that templates may call."""
    return f"{text}{mark}"


def apply(macro: Any, *given: Any) -> Any:
    """A function that calls what it is given, as `once` does."""
    return macro(*given)


def environment(kind: type[jinja2.Environment], files: dict[str, str]) -> jinja2.Environment:
    """One with the options that pages are rendered with."""
    made = kind(
        loader=jinja2.DictLoader(files),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["safe_html"] = Safe
    made.globals |= {"shout": shout, "apply": apply}
    return made


def written(kind: type[jinja2.Environment], text: str) -> str:
    return environment(kind, FILES | {"page.html": text}).get_template("page.html").render(SHOWN)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_writes_what_jinjas_own_code_writes(name: str) -> None:
    made = written(compiler.Environment, TEMPLATES[name])
    assert made == written(jinja2.Environment, TEMPLATES[name])
    assert type(made) is str


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_writes_something(name: str) -> None:
    """Two codes that write nothing would be the same too."""
    assert written(jinja2.Environment, TEMPLATES[name]).strip()


MISTAKES = {
    "unknown name": "{{ nope }}",
    "unknown name that is called": "{{ nope() }}",
    "attribute of an unknown name": "{{ nope.name }}",
    "macro with too many values": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "macro with too few values": "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}",
    "macro with an unknown name": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, b=2) }}",
    "macro with a value twice": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
    "macro with a body that it does not ask for": "{% macro m(a) %}{{ a }}{% endmacro %}{% call m(1) %}b{% endcall %}",
    "call of what is no function": "{{ text() }}",
    "template that is not there": '{% include "nope.html" %}',
    "sum of what has none": "{{ text + 1 }}",
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_told_as_jinjas_own_code_tells_it(name: str) -> None:
    told = []
    for kind in (jinja2.Environment, compiler.Environment):
        with pytest.raises((jinja2.TemplateError, TypeError)) as caught:
            written(kind, MISTAKES[name])
        told.append((caught.type, str(caught.value)))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "text",
    [
        "{{ view.nope }}",
        "{{ view.inner.nope }}",
        "{{ assets.css }}",
        "{{ view.nope if view.is_so }}",
        "{{ view.none.x }}",
        "{{ view.nope.name }}",
        "{{ view.nope() }}",
        "{% if view.nope %}{% endif %}",
        "{% for one in parts %}{{ loop.nope }}{% endfor %}",
        "{% for one in parts %}{{ one.nope }}{% endfor %}",
        '{% import "parts/macros.html" as macros %}{{ macros.nope }}',
        '{% import "parts/macros.html" as macros %}{{ macros.nope(1) }}',
        "{% macro m(a) %}{% endmacro %}{{ m.nope }}",
    ],
)
def test_attribute_that_is_not_there_is_an_error(text: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute"):
        written(compiler.Environment, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ head.nope }}", "nope"),
        ("{% macro m(a) %}{{ a.nope }}{% endmacro %}{{ m(view) }}", "nope"),
        ("{{ nope }}", "nope"),
        ("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "not more than 1"),
    ],
)
def test_mistake_in_a_template_is_told_with_its_page(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "error.html").write_text(text)
    (view, *_) = link.pages(content(entry("500")))
    with pytest.raises(Failed, match=rf"error\.html, for errors/500\.html: .*{told}.*; mend the template"):
        render.Look(PLAIN_SITE, str(tmp_path)).page(view)


@given(st.lists(st.text() | st.integers() | st.text().map(Safe) | st.text().map(Markup) | st.none(), max_size=5))
def test_any_values_are_written_as_jinjas_own_code_writes_them(values: list[Any]) -> None:
    text = "{% macro m(a, b='<') %}<b>{{ a }}{{ b }}</b>{% endmacro %}" + "".join(
        "{% for one in values %}{{ one }}|{{ m(one) }}|{{ m(one, one) }}|{{ one ~ '<' ~ one }}\n{% endfor %}"
    )
    plain, quick = (environment(kind, {}).from_string(text) for kind in (jinja2.Environment, compiler.Environment))
    assert quick.render(values=values) == plain.render(values=values)


@pytest.mark.parametrize("name", ["autoescape", "undefined", "trim_blocks", "lstrip_blocks", "keep_trailing_newline"])
def test_options_are_those_of_pages(name: str) -> None:
    used = render.Look(PLAIN_SITE, str(REPOSITORY / "templates")).environment
    assert type(used) is compiler.Environment
    assert getattr(used, name) == getattr(environment(jinja2.Environment, {}), name)


def test_code_calls_what_is_quicker() -> None:
    known = environment(compiler.Environment, {}).from_string("").root_render_func.__globals__
    assert (known["escape"], known["Macro"]) == (compiler.escaped, compiler.Macro)


def test_pages_are_what_jinjas_own_code_writes() -> None:
    made = hostile()
    look = render.Look(made.site, str(REPOSITORY / "templates"))
    plain = environment(jinja2.Environment, {})
    plain.loader = look.environment.loader
    plain.filters |= look.environment.filters
    plain.globals["once"] = apply
    views = list(link.pages(made))
    assert {type(view) for view in views} == set(render.TEMPLATES)
    assert [view.head.page for view in views if look.page(view) != render.page(plain, look.chrome, view)] == []


# What stands for a value


class Said(str):
    """Text of another kind."""

    __slots__ = ()


class Drawn:
    """Something that knows how it looks."""

    def __html__(self) -> str:
        return "<svg>"

    def __str__(self) -> str:
        return "<no>"


@given(st.text(alphabet=st.sampled_from("<>&'\"a \n\x00é\U0001f600") | st.characters()))
def test_text_is_escaped_once(text: str) -> None:
    made = compiler.escaped(text)
    assert made == str(escape(text))
    assert compiler.escaped(Safe(made)) == compiler.escaped(Markup(made)) == made
    assert compiler.escaped(Said(text)) == made


@pytest.mark.parametrize("value", [Safe(NASTY), Safe(""), Safe("a"), Markup(NASTY)], ids=repr)
def test_safe_text_is_handed_on_itself(value: Safe | Markup) -> None:
    assert compiler.escaped(value) is value


@pytest.mark.parametrize(
    "value",
    [Drawn(), Said(NASTY), 0, -7, 10**30, True, 1.5, None, (NASTY,), {NASTY: 1}, b"<", Part],
    ids=lambda value: type(value).__name__,
)
def test_value_is_escaped_as_elsewhere_and_a_plain_string(value: object) -> None:
    made = compiler.escaped(value)
    assert made == str(escape(value))
    assert type(made) is str


def test_unknown_value_is_not_written() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'nope' is undefined"):
        compiler.escaped(jinja2.StrictUndefined(name="nope"))


def test_template_that_another_version_compiled_is_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_ = compiler.Environment.compile

    def noted(self: Any, source: Any, *rest: Any) -> Any:
        compiled.append(compiler.VERSION)
        return compile_(self, source, *rest)

    monkeypatch.setattr(compiler.Environment, "compile", noted)
    for version in ("one", "one", "two", "two", "one"):
        monkeypatch.setattr(compiler, "VERSION", version)
        made = environment(compiler.Environment, FILES)
        made.bytecode_cache = compiler.Kept(str(tmp_path))
        assert made.get_template("parts/piece.html").render(SHOWN).startswith("<p>&lt;b&gt;")
    assert compiled == ["one", "two", "one"]
