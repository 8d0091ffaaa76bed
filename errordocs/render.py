"""Views to files: Jinja templates, assets named by their content. Writes nothing itself."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any
from typing import Literal

import jinja2
import msgspec

from errordocs import views
from errordocs.compiler import Environment
from errordocs.compiler import Kept
from errordocs.compiler import Safe
from errordocs.compiler import escaped
from errordocs.model import Failed
from errordocs.model import Output
from errordocs.model import SiteFields
from errordocs.views import View

TEMPLATES: dict[type[Any], str] = {
    views.EntryView: "error.html",
    views.ArticleView: "guide.html",
    views.TopicView: "topic.html",
    views.SenderView: "sender.html",
    views.ListView: "list.html",
    views.ErrorsView: "errors.html",
    views.RegistryView: "codes.html",
    views.HomeView: "index.html",
    views.LookupView: "lookup.html",
    views.MissingView: "404.html",
    views.MovedView: "moved.html",
}
MOST_KEPT = 50_000  # a few dozen MB
VARIABLE = re.compile(r"\{[^{}\s]{1,40}\}")
ASSETS = (".css", ".js", ".svg", ".png", ".ico")
USED = re.compile(rb"\{%[-+]?\s*(?:extends|include|import|from)\b")
NAMED = re.compile(USED.pattern + rb"""\s+["']([^"'%]+)["']\s*(?:%\}|[-+]%\}|as\b|import\b|ignore\b|with)""")
INDEXES = (views.ListView, views.ErrorsView, views.RegistryView, views.HomeView)


class Look:
    """How pages look: the templates, compiled, and what stands on every page.

    Raises Failed where the folder holds none. `cache` is a folder in which compiled templates may be kept.
    """

    def __init__(self, fields: SiteFields, templates: str, preview: bool = False, cache: str | None = None) -> None:
        assets = dict(_assets(templates))
        named = {name: path for name, (path, _) in assets.items()}
        self.assets = tuple(output(path, "asset", data) for path, data in assets.values())
        self.chrome = {"site": fields, "assets": named, "preview": preview}
        self.environment = _environment(templates, cache)
        self.texts = _texts(templates)
        self.common = msgspec.msgpack.encode((fields, sorted(named.items()), preview))
        self.keys: dict[str, bytes] = {}

    def key(self, kind: type[View]) -> bytes:
        """The digest of all that pages of this kind are made of beside their views."""
        name = TEMPLATES[kind]
        if name not in self.keys:
            digest = hashlib.blake2b(self.common, digest_size=16)
            for one in sorted(_reached(name, self.texts)):
                digest.update(f"{one}\0".encode() + self.texts.get(one, b""))
            self.keys[name] = digest.digest()
        return self.keys[name]

    def compile(self) -> None:
        """Has every template compiled now: what is forked after that has them all."""
        for name in TEMPLATES.values():
            if name in self.texts:
                self.environment.get_template(name)

    @property
    def digest(self) -> bytes:
        """The digest of all of it."""
        return hashlib.blake2b(b"".join(map(self.key, TEMPLATES)), digest_size=16).digest()

    def page(self, view: View) -> Output:
        """One page, rendered from its view; raises Failed where a template is broken."""
        return page(self.environment, self.chrome, view)


def compile_into(cache: str, templates: str) -> None:
    """Compiles every template, for who asks for it later; whoever does is told what is wrong with one."""
    environment = _environment(templates, cache)
    for name in environment.list_templates(extensions=["html"]):
        with suppress(jinja2.TemplateError, OSError, UnicodeError):
            environment.get_template(name)


def _texts(templates: str) -> dict[str, bytes]:
    """Every template by its name."""
    found = {}
    for folder, _, names in os.walk(templates):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, templates).replace(os.sep, "/")] = file.read()
    return found


def _reached(name: str, texts: dict[str, bytes]) -> set[str]:
    """The templates that a page of this one is made from; all of them, where a name is only known as it is rendered."""
    reached, ahead = {name}, [name]
    while ahead:
        text = texts.get(ahead.pop(), b"")
        named = [found.decode(errors="replace") for found in NAMED.findall(text)]
        if len(named) != len(USED.findall(text)):
            return set(texts)
        ahead += [one for one in named if one not in reached]
        reached.update(named)
    return reached


def _role(view: View) -> Literal["page", "index"]:
    return "index" if isinstance(view, INDEXES) else "page"


def page(environment: jinja2.Environment, chrome: dict[str, Any], view: View) -> Output:
    """One page, rendered from its view."""
    name = TEMPLATES[type(view)]
    try:
        text = environment.get_template(name).render(view=view, head=view.head, root=view.head.root, **chrome)
    except jinja2.TemplateSyntaxError as error:
        raise Failed(f"{error.filename or name}:{error.lineno}: the template cannot be read: {error.message}") from None
    except jinja2.TemplateNotFound as error:
        raise Failed(f"{error.name}: there is no such template; --templates names their folder") from None
    except (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Failed(f"{name}, for {view.head.page}: {error}; mend the template") from None
    return output(view.head.page, _role(view), text.encode())


def output(path: str, role: Literal["asset", "page", "index"], data: bytes) -> Output:
    """A file of the site with its digest."""
    return Output(path, role, data, hashlib.blake2b(data, digest_size=16).hexdigest())


def _environment(templates: str, cache: str | None) -> jinja2.Environment:
    if cache is not None:
        with suppress(OSError):
            os.makedirs(cache, exist_ok=True)
    is_kept = cache is not None and os.access(cache, os.W_OK | os.X_OK)
    environment = Environment(
        loader=jinja2.FileSystemLoader(templates),
        bytecode_cache=Kept(cache) if is_kept else None,
        auto_reload=False,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"safe_html": Safe, "braces": _braces, "longdate": _longdate}
    environment.globals["once"] = _Once()
    return environment


class _Once:
    """What a macro makes of a value, or of something that has a `page`; made again only where that is another now."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Any, Any, Any], tuple[Any, Any]] = {}

    def __call__(self, macro: Any, of: Any, *arg: Any) -> Any:
        key = (macro, of if type(of) is str or type(of) is tuple else of.page, arg)
        known = self.kept.get(key)
        if known is None or (known[0] is not of and known[0] != of):
            if len(self.kept) > MOST_KEPT:
                self.kept.clear()
            self.kept[key] = known = (of, macro(of, *arg))
        return known[1]


def _assets(templates: str) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Name in the folder, then path in the site, which holds the content's hash, and content."""
    folder = f"{templates}/assets"
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(ASSETS))
        for name in names:
            with open(f"{folder}/{name}", "rb") as file:
                data = small(f"{folder}/{name}", file.read())
            stem, suffix = os.path.splitext(name)
            tag = hashlib.blake2b(data, digest_size=5).hexdigest()
            yield name, (f"assets/{stem}.{tag}{suffix}", data)
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}; --templates names the folder that holds assets/") from None


@lru_cache(maxsize=16)
def small(path: str, data: bytes) -> bytes:
    """A script or a style sheet without what only its author reads; other files as they are.

    Raises Failed, with the place, where a script cannot be read.
    """
    kind = {".css": "text/css", ".js": "application/javascript"}.get(os.path.splitext(path)[1])
    if kind is None:
        return data
    import minify  # only builds that write pages need it

    try:
        return str(minify.string(kind, data.decode())).encode() + b"\n"
    except (UnicodeDecodeError, minify.MinifyError) as error:
        raise Failed(f"{path}: {error}; mend it") from None


@lru_cache(maxsize=4096)
def _braces(text: str) -> Safe:
    """A literal reply with its variable parts marked."""
    return Safe(VARIABLE.sub(_variable, escaped(text)))


def _variable(found: re.Match[str]) -> str:
    return f"<var>{found[0]}</var>"


def _longdate(text: str) -> str:
    year, month, day = text.split("-")
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}"


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
