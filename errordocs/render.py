"""Views to files: Jinja templates, assets named by their content. Writes nothing itself."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from typing import Literal

import jinja2
from markupsafe import Markup
from markupsafe import escape

from errordocs import views
from errordocs.model import Failed
from errordocs.model import Output
from errordocs.model import SiteFields
from errordocs.views import Site
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
ASSETS = (".css", ".js", ".svg", ".png", ".ico")
INDEXES = (views.ListView, views.ErrorsView, views.RegistryView, views.HomeView)


class Kept:
    """What a process that renders again and again keeps: compiled templates, and each page by what it showed."""

    def __init__(self) -> None:
        self.look: object = None
        self.environment: jinja2.Environment | None = None
        self.pages: dict[str, tuple[View, str]] = {}


def render(site: Site, fields: SiteFields, templates: str, kept: Kept, preview: bool = False) -> Iterator[Output]:
    """The assets, then every page, one at a time; raises Failed where a template is broken.

    Pages of a preview tell robots off. A page whose view, templates and chrome are those that `kept` knows is yielded
    without data; afterwards `kept` knows this run's.
    """
    assets = dict(_assets(templates))
    yield from (output(path, "asset", data) for path, data in assets.values())
    named = {name: path for name, (path, _) in assets.items()}
    chrome = {"site": fields, "assets": named, "preview": preview}
    look = (_digest_of(templates), fields, tuple(named.items()), preview)
    if kept.environment is None or kept.look != look:
        kept.look, kept.environment, kept.pages = look, _environment(templates), {}
    before, kept.pages = kept.pages, {}
    for view in site.pages:
        known = before.get(view.head.page)
        if known is not None and known[0] == view:
            made = Output(view.head.page, _role(view), None, known[1])
        else:
            made = page(kept.environment, chrome, view)
        kept.pages[view.head.page] = (view, made.digest)
        yield made


def _digest_of(templates: str) -> str:
    """The digest of every template's name and text."""
    digest = hashlib.blake2b(digest_size=16)
    for folder, folders, names in os.walk(templates):
        folders.sort()
        for name in sorted(name for name in names if name.endswith(".html")):
            with open(os.path.join(folder, name), "rb") as file:
                digest.update(f"{folder}/{name}\0".encode() + file.read())
    return digest.hexdigest()


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


def _environment(templates: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"safe_html": Markup, "braces": _braces, "longdate": _longdate}
    return environment


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


def _braces(text: str) -> Markup:
    """A literal reply with its variable parts marked."""
    marked = re.sub(r"\{[^{}\s]{1,40}\}", lambda found: f"<var>{found.group()}</var>", str(escape(text)))
    return Markup(marked)


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
