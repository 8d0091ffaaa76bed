"""Which page a source file makes, what leads back to the root, and the ids of headings."""

from __future__ import annotations

import posixpath
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errordocs.paths import anchor
from errordocs.paths import files_of
from errordocs.paths import page_of
from errordocs.paths import root_of
from errordocs.paths import slug_of

SLUGS = st.from_regex(r"[a-z0-9]{1,5}([.-][a-z0-9]{1,5}){0,4}", fullmatch=True)
KINDS = st.sampled_from(["errors/{}.md", "errors/a/{}.md", "topics/{}.md", "guides/{}.md", "pages/{}.md"])
DATA = st.sampled_from(["senders/{}.yaml", "registry/{}.yaml"])


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("errors/550.md", "errors/550.html"),
        ("errors/5.1.1.md", "errors/5.1.1.html"),
        ("errors/basic/550.md", "errors/550.html"),
        ("errors/a/b/c/550.md", "errors/550.html"),
        ("topics/addresses.md", "topics/addresses.html"),
        ("guides/spf.md", "guides/spf.html"),
        ("pages/about.md", "about.html"),
        ("senders/gmail.yaml", "senders/gmail.html"),
        ("registry/basic.yaml", "codes/basic.html"),
        ("site.yaml", None),
        ("errors/550.yaml", None),
        ("errors/550", None),
        ("senders/gmail.md", None),
        ("registry/basic.md", None),
        ("templates/base.html", None),
        ("errors", None),
        ("", None),
    ],
)
def test_page_of_a_source_file(source: str, page: str | None) -> None:
    assert page_of(source) == page


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("errors/550.md", "550"),
        ("errors/a/b/550-5.1.1-acme.md", "550-5.1.1-acme"),
        ("errors/5.1.1.html", "5.1.1"),
        ("senders/gmail.yaml", "gmail"),
        ("api/errors/5.1.1.json", "5.1.1"),
        ("about.html", "about"),
    ],
)
def test_slug_of_a_file_or_a_page(path: str, slug: str) -> None:
    assert slug_of(path) == slug


@given(SLUGS, st.sampled_from(["errors/{}.md", "errors/a/{}.md", "errors/a.b/c-d/{}.md"]))
def test_entry_makes_its_page_and_a_document_of_the_same_name(slug: str, source: str) -> None:
    page, document = files_of(source.format(slug))
    assert page == page_of(source.format(slug))
    assert document == f"api/errors/{slug}.json"
    assert slug_of(page) == slug_of(document) == slug_of(source.format(slug)) == slug


@pytest.mark.parametrize(
    ("page", "root"),
    [("index.html", ""), ("about.html", ""), ("errors/550.html", "../"), ("api/errors/550.json", "../../")],
)
def test_root_of_a_page(page: str, root: str) -> None:
    assert root_of(page) == root


@given(SLUGS, KINDS | DATA)
def test_page_ends_in_a_file_name_that_tells_the_slug(slug: str, source: str) -> None:
    page = page_of(source.format(slug)) or ""
    assert posixpath.basename(page) == f"{slug}.html"
    assert posixpath.normpath(posixpath.join(posixpath.dirname(page), root_of(page))) == "."


@given(SLUGS, SLUGS, KINDS | DATA, KINDS | DATA)
def test_pages_differ_where_slug_or_kind_do(one: str, other: str, kind: str, second: str) -> None:
    same = one == other and kind.partition("/")[0] == second.partition("/")[0]
    assert (page_of(kind.format(one)) == page_of(second.format(other))) == same


@pytest.mark.parametrize(
    ("title", "id_"),
    [
        ("What it means", "what-it-means"),
        ("Who you'll see it from", "who-you-ll-see-it-from"),
        ("  5.1.1 \u2013 no such user!  ", "5-1-1-no-such-user"),
        ("FAQ", "faq"),
        ("Äpfel & Öl", "pfel-l"),
        ("日本語", "section"),
        ("---", "section"),
        ("", "section"),
        ("<b>\"'", "b"),
        ("X.1.1", "x-1-1"),
        ("a" * 100, "a" * 80),
        ("a" * 79 + " bcd", "a" * 79),
    ],
    ids=repr,
)
def test_anchor_of_a_title(title: str, id_: str) -> None:
    assert anchor(title) == id_


@given(st.text())
def test_anchor_of_any_title_is_safe_in_an_address(title: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", anchor(title))
    assert anchor(anchor(title)) == anchor(title)
