"""The house rules that a test can read: imports point one way, the flow is pure, no module outgrows its room."""

from __future__ import annotations

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "errordocs"

# From the ground up: a module imports only from those above it in this list.
ORDER = {
    "stamp": "runs before everything else, so it imports nothing",
    "model": "the types of which everything else speaks",
    "paths": "where pages lie follows from names alone",
    "rules": "the names of rules, as data",
    "views": "what pages show, in terms of the model",
    "schema": "what a field is; knows types, not files",
    "plaintext": "bytes to text, and its two parts",
    "frontmatter": "text to plain data",
    "flat": "the same for sound text, in a fraction of the time",
    "snippets": "what both readers of Markdown write, piece by piece",
    "markup": "text to HTML; needs to know where pages lie",
    "quick": "the same for sound bodies",
    "load": "files to records, through those above",
    "faces": "records to what others may know of them",
    "between": "all records together to findings",
    "check": "each record to findings",
    "prose": "texts to warnings, beside the rules",
    "external": "links to findings, over the network",
    "scaffold": "records to the text of a new entry",
    "schemas": "types to what editors read",
    "history": "what git knows of files",
    "report": "problems to text",
    "manual": "what types and rules say of themselves, as pages of the docs",
    "related": "records to relations",
    "words": "what pages say where no record says it",
    "frame": "what pages have of their own record and of the site",
    "link": "records and relations to views",
    "compiler": "templates to quicker code",
    "render": "views to files",
    "feeds": "views to files for programs",
    "lookup": "records to the script that finds them",
    "write": "files to the output folder",
    "bundle": "the output folder to one file",
    "progress": "how far a run is",
    "workers": "work on every core",
    "cache": "what was made of what, to the next build",
    "gather": "the folder to its outline, by what the cache knows and what changed",
    "make": "the outline to files, on every core",
    "pipeline": "the flow, once",
    "serve": "the flow, again and again",
    "ledger": "what a target holds, and what shall change there",
    "store": "one face for buckets and folders",
    "publish": "the output folder to elsewhere",
    "cloudfront": "what changed to who caches it",
    "summary": "what was done, in words",
    "cli": "words around all of it",
}

# What comes between reading and writing is a function of what goes in.
PURE = (
    "model",
    "paths",
    "rules",
    "views",
    "schema",
    "plaintext",
    "frontmatter",
    "flat",
    "snippets",
    "markup",
    "between",
    "check",
    "related",
    "words",
    "faces",
    "frame",
    "link",
    "feeds",
    "ledger",
)
IMPURE = {
    *(
        "os",
        "io",
        "pathlib",
        "shutil",
        "tempfile",
        "subprocess",
        "socket",
        "ssl",
        "http",
        "httpx",
        "asyncio",
        "threading",
    ),
    *("time", "random", "secrets", "uuid", "locale", "platform", "getpass", "sys"),
}
NETWORK = {"socket", "ssl", "http", "httpx", "asyncio", "urllib.request", "obstore", "boto3"}
OUTSIDE = ("external", "serve", "store", "cloudfront")  # the only ones to open sockets

LONGEST = 450
LONGER = {
    "write": "locks, stages, swaps and mends: one subject, whose parts make no sense apart",
    "load": "each kind of file has its reader here; what they share stands beside them",
    "link": "each kind of page has its method here; what they all look up is gathered once",
    "model": "every field of every file is defined here, and nowhere else",
}


def modules() -> dict[str, Path]:
    return {path.stem: path for path in sorted(PACKAGE.glob("*.py")) if path.stem != "__init__"}


def imported(name: str) -> set[str]:
    """Full names of what a module imports, wherever in it that stands."""
    found = set()
    for node in ast.walk(ast.parse(modules()[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def siblings(name: str) -> set[str]:
    parts = {whole.split(".")[1] for whole in imported(name) if whole.startswith("errordocs.")}
    return parts & set(modules())


MODULES = pytest.mark.parametrize("name", modules())


# Imports


def test_imports_make_no_circle() -> None:
    order = list(TopologicalSorter({name: siblings(name) for name in modules()}).static_order())
    assert set(order) == set(modules())


@MODULES
def test_imports_point_up_the_list(name: str) -> None:
    assert name in ORDER, "give the module its place in ORDER, with a reason"
    above = list(ORDER)[: list(ORDER).index(name)]
    assert siblings(name) <= set(above)


@MODULES
def test_nothing_private_is_imported(name: str) -> None:
    assert [whole for whole in imported(name) if re.match(r"errordocs\..*\._", whole)] == []


@pytest.mark.parametrize("name", PURE)
def test_flow_reads_no_file_clock_or_chance(name: str) -> None:
    assert {whole.partition(".")[0] for whole in imported(name)} & IMPURE == set()
    calls = [node for node in ast.walk(ast.parse(modules()[name].read_text())) if isinstance(node, ast.Call)]
    assert [ast.unparse(c.func) for c in calls if ast.unparse(c.func) in ("open", "print", "input", "hash", "id")] == []
    assert not re.search(r"\.(?:now|today|utcnow|getenv|environ)\b", modules()[name].read_text())


@MODULES
def test_only_some_open_sockets(name: str) -> None:
    network = {whole for whole in imported(name) if any(f"{whole}.".startswith(f"{taboo}.") for taboo in NETWORK)}
    assert name in OUTSIDE or network == set()


def test_generator_needs_only_what_it_declares() -> None:
    declared = re.findall(r'^    "([\w-]+)==', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)
    names = {"jinja2": "jinja2", "markdown-it-py": "markdown_it", "msgspec": "msgspec", "pygments": "pygments"}
    names |= {"pyyaml": "yaml", "markupsafe": "markupsafe", "httpx": "httpx", "tdewolff-minify": "minify"}
    names |= {name: name for name in ("boto3", "brotli", "obstore", "tqdm")}
    foreign = {whole.partition(".")[0] for name in modules() for whole in imported(name)}
    foreign -= {*sys.stdlib_module_names, "errordocs", "markupsafe", "botocore"}  # these come with jinja2 and boto3
    assert foreign <= {names.get(name, name) for name in declared}


# Size and names


@MODULES
def test_module_is_a_room_not_a_hall(name: str) -> None:
    lines = len(modules()[name].read_text().splitlines())
    assert lines <= LONGEST or name in LONGER


@pytest.mark.parametrize("name", LONGER)
def test_exception_for_a_long_module_is_still_needed(name: str) -> None:
    assert len(modules()[name].read_text().splitlines()) > LONGEST


@MODULES
def test_module_is_named_for_what_it_holds(name: str) -> None:
    assert name not in ("utils", "util", "helpers", "common", "core", "misc", "tools", "base")


@MODULES
def test_module_says_what_it_is_in_its_first_line(name: str) -> None:
    said = ast.get_docstring(ast.parse(modules()[name].read_text())) or ""
    assert said.partition("\n")[0].endswith((".", "?", "!"))


# The generator knows nothing of this content


FIELD = re.compile(
    r"\b(?:smtp|e?mail|mailbox|bounce|dsn|mx|recipient|spam|helo|enhanced|reply code)(?:s|es)?\b", re.IGNORECASE
)
TEMPLATES = REPOSITORY / "templates"
SOURCES = [*PACKAGE.glob("*.py"), *(path for path in TEMPLATES.rglob("*") if path.is_file())]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_generator_and_templates_hold_no_word_of_one_field(path: Path) -> None:
    lines = path.read_text().splitlines()
    told = [line for line in lines if not re.match(r"\s*(?:from|import) ", line)]  # the standard library has such names
    assert [line.strip() for line in told if FIELD.search(line)] == []


def test_words_of_the_field_are_found_where_they_are() -> None:
    assert FIELD.search("Emails bounced: the SMTP reply codes")
    assert FIELD.search("a reply code")
    assert not FIELD.search("mailto:a@b, remix, mailed")


# Tests


@pytest.mark.parametrize("path", sorted((REPOSITORY / "tests").glob("test_*.py")), ids=lambda path: path.name)
def test_tests_do_not_sleep_or_reach_out(path: Path) -> None:
    text = path.read_text()
    if path == Path(__file__):
        return
    assert re.findall(r"\btime\.sleep\(|\brequests\.|urlopen\(", text) == []
