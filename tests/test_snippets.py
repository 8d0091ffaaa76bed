"""Pieces of HTML that both readers of Markdown write: a field's line, a block of code, the id of a heading."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from errordocs import snippets
from errordocs.paths import PAGE_IDS
from tests.test_markup import TEXTS
from tests.test_markup import harm


@pytest.fixture(autouse=True)
def _nothing_learnt() -> None:
    snippets.learn("")


@pytest.mark.parametrize(
    ("text", "made", "bare"),
    [
        ("plain", "plain", "plain"),
        ("a < b & \"c\"", "a &lt; b &amp; \"c\"", "a < b & \"c\""),
        ("run `a < b` now", "run <code>a &lt; b</code> now", "run a < b now"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>", "a and b"),
        ("one ` alone", "one ` alone", "one  alone"),
        ("**not** [markup](x)", "**not** [markup](x)", "**not** [markup](x)"),
        ("<script>`</script>`", "&lt;script&gt;<code>&lt;/script&gt;</code>", "<script></script>"),
    ],
    ids=repr,
)  # fmt: skip
def test_line_of_a_field(text: str, made: str, bare: str) -> None:
    assert snippets.inline(text) == made
    assert snippets.plain(text) == bare


@given(TEXTS)
def test_any_text_in_a_line_of_a_field_gives_html_without_harm(text: str) -> None:
    assert harm(snippets.inline(text)) == []


@given(TEXTS, st.sampled_from(["text", "html", "sh", "python", "klingon", '"><b>']))
def test_any_code_comes_out_as_it_went_in(text: str, language: str) -> None:
    made = snippets.code(text, language)
    assert harm(made) == []
    shown = LexborHTMLParser(f"<!doctype html><body>{made}").css_first("code").text()
    assert shown == re.sub("\r\n?", "\n", text).replace("\0", "")


@pytest.mark.parametrize("title", ["Main", "main", "About", "Sources!"])
def test_heading_keeps_clear_of_the_parts_of_a_page(title: str) -> None:
    assert snippets.free_anchor(title, ()) not in PAGE_IDS


def test_headings_of_one_name_are_numbered() -> None:
    assert snippets.free_anchor("A b", {"a-b", "a-b-2"}) == "a-b-3"


# What was made before


CODE = st.sampled_from(["text", "html", "sh", "python", "json", "http"])


@given(st.lists(st.tuples(TEXTS, CODE), max_size=4), TEXTS, CODE)
def test_code_that_was_learnt_is_what_it_would_be_made(old: list[tuple[str, str]], text: str, language: str) -> None:
    snippets.learn("")
    wanted = [snippets.code(*one) for one in (*old, (text, language))]
    snippets.learn("<p>a</p>\n".join(wanted[:-1]).strip())
    assert [snippets.code(*one) for one in (*old, (text, language))] == wanted


def test_code_that_was_learnt_is_not_marked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = snippets.code("ls | wc -l # never seen\n", "sh")
    snippets.learn(f"<p>So:</p>\n{made.strip()}")
    monkeypatch.setattr(snippets, "_code", None)
    assert snippets.code("ls | wc -l # never seen\n", "sh") == made


def test_language_that_nobody_knows_is_never_learnt() -> None:
    assert not snippets.is_language("klingon")
    snippets.learn(snippets.code("nuqneH\n", "klingon"))
    assert not snippets.is_language("klingon")
