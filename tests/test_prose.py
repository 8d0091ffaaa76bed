"""The rules of prose: each with what it tells at which place, and with what is close to it and right."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from errordocs import load
from errordocs import prose
from errordocs.model import Content
from errordocs.model import Finding
from tests.conftest import BODY
from tests.conftest import SITE
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

Build = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Path]
Rule = Callable[[Content], Iterator[Finding]]

VERBS = SITE + "step_verbs: [Look, Turn, Double-check]\n"
HOSTS = SITE + "source_hosts: [widgets.example, rfc.example]\n"
SENTENCE = "The turner turned it twice before the widget broke."
REPLY = "  - {{text: {}, source: https://widgets.example/, basis: observed, checked: 2026-01-02{}}}\n"


def saying(words: str, number: str = "500", **fields: str) -> str:
    """An entry whose first section says these words; they begin at line 11."""
    return entry(f'number: "{number}"', BODY.replace("It means this.", words), **fields)


def with_steps(*titles: str) -> str:
    """An entry with these steps; the first stands at line 15, each further one four lines below."""
    steps = "\n".join(f"### {title}\n\nThen on.\n" for title in titles)
    return entry(body=BODY.replace("### Turn it off\n\nThen on.\n", steps))


def content_of(folder: Path) -> Content:
    content = load.load(str(folder)).content
    assert content is not None
    return content


def told(folder: Path, findings: Iterator[Finding]) -> list[str]:
    """What is found, as a terminal would show it, from the content's folder."""
    return [str(problem).removeprefix(f"{folder}/") for problem in sorted(load.located(str(folder), findings))]


def by_rule(rule: Rule, folder: Path) -> list[str]:
    return told(folder, rule(content_of(folder)))


def repeated(folder: Path) -> list[str]:
    masked = {name: prose.masked_text(text) for name, text in load.texts(str(folder)).items()}
    return told(folder, prose.repeated_sentences(content_of(folder), masked))


def misspelt(text: str, name: str = "errors/500.md") -> list[tuple[tuple[int, int] | None, str, str]]:
    return [(one.at, one.what, one.mend) for one in prose.misspelt({name: prose.masked_text(text)})]


# What is prose


@pytest.mark.parametrize(
    "text",
    [
        "Say `wrod` now.",
        "Say ``wrod ` wrod`` now.",
        "Say `wrod\nwrod` now.",
        "```sh\nwrod\n```",
        "```text\nwrod\n\nwrod `\n```\n",
        "~~~text\nwrod\n```\nwrod\n~~~",
        "````text\n```\nwrod\n````",
        "1. One\n\n   ```sh\n   wrod\n   ```\n",
        "- ```sh\n  wrod\n  ```\n",
        "> ```sh\n> wrod\n> ```\n",
        "```sh\nwrod that nobody closes",
        "[Say](../guides/wrod.md#wrod)",
        "[Say](<https://wrod.example/>)",
        "<https://wrod.example/wrod>",
        "See https://wrod.example/wrod?wrod=wrod#wrod",
        "Write to wrod@wrod.example.",
        "Write to a.wrod+wrod@b.example.",
        "Turn {wrod} off.",
        "---\nresponses:\n  - text: wrod\n    source: wrod\n    sample:\n      - wrod\n---\n",
        "---\nresponses:\n- text: wrod\n  source: wrod\n---\n",
        "---\nresponses:\n  - text: >-\n      wrod\n\n      wrod\n    sample: [wrod]\n---\n",
        '---\nresponses: [{text: "wrod",\n  source: wrod}]\n---\n',
        "---\nresponses:\n  # wrod\n  - source: a\n    text: wrod\n---\n",
        "---\nreferences:\n  - url: https://wrod.example/wrod\n---\n",
        "---\nsummary: Say `wrod` now.\n---\n",
    ],
)
def test_code_addresses_and_literal_replies_are_no_prose(text: str) -> None:
    assert "wrod" not in prose.masked_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "word",
        "Say `this` word `that`.",
        "Say `this\n\nword` now.",
        "Say ``this` word.",
        "```sh\nthis\n```\nword\n```sh\nthat\n```",
        "~~~sh\nthis\n~~~\nword",
        "[word](https://this.example/)",
        "(https://this.example/) word",
        "See <https://this.example/>: word",
        "Write to this@that.example, word",
        "{this} word {that}",
        "{this word",
        "---\ntitle: word\n---\n",
        "---\nresponses:\n  - text: this\ntitle: word\n---\n",
        "---\nresponses:\n  - text: this\n---\n\nword",
        "---\nresponses: []\nrelated:\n  - why: word\n---\n",
        "---\nreferences:\n  - says: word\n    url: https://this.example/\n---\n",
        "text: word\nresponses: that is a registry's\n",
    ],
)
def test_everything_else_is_prose_where_it_stood(text: str) -> None:
    masked = prose.masked_text(text)
    assert masked.index("word") == text.index("word")
    assert [len(line) for line in masked.split("\n")] == [len(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    "shape",
    ["`", "](", "{", "````a\n", "`a``b", "http://", "\n \t", "a.", "- ", "~~~\n", "@", "a@", "[", "> ```\n"],
    ids=repr,
)
@pytest.mark.parametrize("around", ["{}", "---\nresponses:\n{}\n---\n\na@b", "---\nA: b\n---\n\n{} a@b"], ids=repr)
def test_masking_takes_time_as_the_length(shape: str, around: str) -> None:
    text = around.replace("{}", shape * (load.LARGEST // len(shape)))
    began = time.process_time()
    assert len(prose.masked_text(text)) == len(text)
    assert time.process_time() - began < 2


# Spelling


def test_misspelt_word_is_told_at_its_place() -> None:
    assert misspelt("---\ntitle: It broke\n---\n\nIt was\n`so` recieved, Recieved,\n and `recieved` recieved.\n") == [
        ((6, 6), "`recieved` looks misspelt", "write `received`"),
        ((6, 16), "`Recieved` looks misspelt", "write `Received`"),
        ((7, 17), "`recieved` looks misspelt", "write `received`"),
    ]


def test_word_that_stands_twice_in_a_line_is_told_twice() -> None:
    assert [at for at, _, _ in misspelt("unrecieved recieved, then recieved\n")] == [(1, 12), (1, 27)]


def test_misspelt_word_of_a_field_is_told_at_its_place() -> None:
    assert misspelt("---\ntitle: Not recieved\n---\n\nIt means this.\n") == [
        ((2, 12), "`recieved` looks misspelt", "write `received`")
    ]


def test_columns_count_characters() -> None:
    assert [at for at, _, _ in misspelt("ä💥 recieved\n")] == [(1, 4)]


def test_each_file_counts_its_own_lines() -> None:
    texts = {"errors/1.md": "One.\n\nTwo.\n", "errors/2.md": "Teh end", "registry/a.yaml": "a:\n  recieved\n"}
    found = [(one.source, one.at) for one in prose.misspelt(texts)]
    assert found == [("errors/2.md", (1, 1)), ("registry/a.yaml", (2, 3))]


def test_words_that_only_look_like_what_codespell_tells_are_not_mistaken() -> None:
    assert misspelt("1: teh ==> tab\n\tfoo ==> bar\n") == [((1, 4), "`teh` looks misspelt", "write `the`")]


@pytest.mark.parametrize("name", ["senders/a.yaml", "site.yaml"])
def test_files_that_quote_are_not_spelt(name: str) -> None:
    assert misspelt("about: It recieved it\n", name) == []


def test_spelling_is_that_of_the_content_not_of_the_folder_in_which_it_is_checked(
    content: Make, build: Build, tmp_path: Path
) -> None:
    content({"errors/500.md": saying("It recieved — `wrod` — nothing.")})
    (tmp_path / "argparse.py").write_text("raise SystemExit(9)")
    run = build("check", PYTHONIOENCODING="latin-1:strict", PYTHONUTF8="0", LC_ALL="C")
    assert run.stdout == (
        "content/errors/500.md:11:4: warning[spelling]: `recieved` looks misspelt; write `received`\n"
    )


# Repeated sentences


def test_sentence_of_two_entries_is_told_in_the_second(content: Make) -> None:
    folder = content({"errors/500.md": saying(SENTENCE), "errors/501.md": saying(f"At first.\n{SENTENCE}", "501")})
    assert repeated(folder) == [
        "errors/501.md:12:1: warning[repeated-sentence]: this sentence stands in errors/500.md too; "
        "make one of the two particular"
    ]


def test_sentence_is_told_where_it_begins(content: Make) -> None:
    texts = {"errors/500.md": saying(SENTENCE), "errors/501.md": saying(f"- Once: say so. {SENTENCE} And on.", "501")}
    assert [line.split(" ")[0] for line in repeated(content(texts))] == ["errors/501.md:11:17:"]


@pytest.mark.parametrize(
    "words",
    [
        "The turner turned it\ntwice before the widget broke.",
        "- The turner turned it\n  twice before the widget broke.",
        "THE turner turned it twice before the widget broke!",
        "The turner turned it `here` twice before the widget broke.",
    ],
)
def test_sentence_is_the_same_however_it_is_set(words: str, content: Make) -> None:
    assert len(repeated(content({"errors/500.md": saying(SENTENCE), "errors/501.md": saying(words, "501")}))) == 1


@pytest.mark.parametrize("name", ["topics/turning.md", "guides/turning.md"])
def test_sentence_of_an_entry_and_an_article_is_told(name: str, content: Make) -> None:
    folder = content({"errors/500.md": saying(SENTENCE), name: article(body=f"## One\n\n{SENTENCE}\n")})
    assert [line.split(" ")[0] for line in repeated(folder)] == [f"{name}:9:1:"]


@pytest.mark.parametrize(
    "words",
    [
        "The turner turned it.",
        "```text\nThe turner turned it twice before the widget broke.\n```",
        "#### The turner turned it twice before the widget broke.",
        "| The turner turned it twice before the widget broke. |\n|---|\n| x |",
    ],
    ids=["too short", "code", "heading", "table"],
)
def test_what_is_no_repeated_sentence_is_not_told(words: str, content: Make) -> None:
    texts = {"errors/500.md": saying(f"{SENTENCE}\n\n{words}"), "errors/501.md": saying(words, "501")}
    assert repeated(content(texts)) == []


def test_sentence_with_one_other_word_is_another(content: Make) -> None:
    other = SENTENCE.replace("twice", "once")
    assert repeated(content({"errors/500.md": saying(SENTENCE), "errors/501.md": saying(other, "501")})) == []


def test_sentence_may_stand_twice_on_one_page(content: Make) -> None:
    assert repeated(content({"errors/500.md": saying(f"{SENTENCE}\n\n{SENTENCE}")})) == []


def test_sentence_of_a_field_may_be_that_of_another(content: Make) -> None:
    texts = {f"errors/{number}.md": saying(f"It means {number}.", number) for number in ("500", "501")}
    assert repeated(content(texts)) == []


# Steps


def test_step_without_a_known_verb_is_told_at_its_heading(content: Make) -> None:
    folder = content({"site.yaml": VERBS, "errors/500.md": with_steps("Turn it off", "The switch")})
    assert by_rule(prose.steps_begin_with_verbs, folder) == [
        "errors/500.md:19:1: warning[step-verb]: `The switch` begins with no known verb; begin with a verb, as `Look`, "
        "or add this one to step_verbs in site.yaml"
    ]


def test_nearest_verb_is_named(content: Make) -> None:
    folder = content({"site.yaml": VERBS, "errors/500.md": with_steps("Turning it off")})
    assert "as `turn`" in by_rule(prose.steps_begin_with_verbs, folder)[0].lower()


@pytest.mark.parametrize("title", ["2 turns", "— Turn"])
def test_step_that_begins_with_no_word_is_told(title: str, content: Make) -> None:
    folder = content({"site.yaml": VERBS, "errors/500.md": with_steps(title)})
    assert len(by_rule(prose.steps_begin_with_verbs, folder)) == 1


@pytest.mark.parametrize("title", ["Turn it off", "turn it off", "Look", "Double-check it", "Turn, then look"])
def test_step_with_a_verb_is_right(title: str, content: Make) -> None:
    folder = content({"site.yaml": VERBS, "errors/500.md": with_steps(title)})
    assert by_rule(prose.steps_begin_with_verbs, folder) == []


def test_questions_are_no_steps(content: Make) -> None:
    folder = content({"site.yaml": VERBS, "errors/500.md": entry()})
    assert by_rule(prose.steps_begin_with_verbs, folder) == []


def test_without_verbs_any_word_begins_a_step(content: Make) -> None:
    assert by_rule(prose.steps_begin_with_verbs, content({"errors/500.md": with_steps("The switch")})) == []


# Sources


def references(*urls: str) -> str:
    lines = "".join(f"\n  - {{title: It, url: '{url}', says: So.}}" for url in urls)
    return entry(f'number: "500"\nreferences:{lines}')


def test_host_that_is_not_listed_is_told_at_its_address(content: Make) -> None:
    urls = ("https://widgets.example/a", "https://rfc.example/", "https://gossip.example/x")
    folder = content({"site.yaml": HOSTS, "errors/500.md": references(*urls)})
    assert by_rule(prose.sources_are_listed, folder) == [
        "errors/500.md:6:22: warning[source-host]: `gossip.example` is no listed source; "
        "cite a listed one, or add it to source_hosts in site.yaml after a look at it"
    ]


def test_host_that_nothing_cites_is_told_in_the_list(content: Make) -> None:
    folder = content({"site.yaml": HOSTS, "errors/500.md": references("https://widgets.example/a")})
    line = HOSTS.count("\n")
    assert by_rule(prose.sources_are_listed, folder) == [
        f"site.yaml:{line}:33: warning[source-host]: nothing cites `rfc.example`; delete it"
    ]


def test_source_of_a_reply_is_a_source(content: Make) -> None:
    reply = "{text: no, source: https://gossip.example/, basis: observed, checked: 2026-01-02}"
    cited = references("https://widgets.example/", "https://rfc.example/").replace(
        "references:", f"responses: [{reply}]\nreferences:"
    )
    folder = content({"site.yaml": HOSTS, "errors/500.md": cited})
    assert [line.split(" ")[0] for line in by_rule(prose.sources_are_listed, folder)] == ["errors/500.md:3:32:"]


@pytest.mark.parametrize("name", ["guides/a.md", "topics/a.md"])
def test_articles_cite_listed_sources_too(name: str, content: Make) -> None:
    cited = article().replace(
        "updated:", "references: [{title: It, url: https://gossip.example/, says: So.}]\nupdated:"
    )
    sound = references("https://widgets.example/", "https://rfc.example/")
    folder = content({"site.yaml": HOSTS, "errors/500.md": sound, name: cited})
    assert [line.split(" ")[0] for line in by_rule(prose.sources_are_listed, folder)] == [f"{name}:4:31:"]


@pytest.mark.parametrize(
    "url",
    [
        "https://widgets.example",
        "https://www.widgets.example/a",
        "https://docs.old.widgets.example/a#b",
        "http://WIDGETS.example:8080/?a=https://gossip.example/",
    ],
)
def test_listed_host_is_right_with_what_stands_before_it(url: str, content: Make) -> None:
    folder = content({"site.yaml": HOSTS, "errors/500.md": references(url, "https://rfc.example/")})
    assert by_rule(prose.sources_are_listed, folder) == []


@pytest.mark.parametrize(
    "url", ["https://mywidgets.example/", "https://widgets.example.gossip.example/", "https://gossip/widgets.example"]
)
def test_host_that_only_looks_like_a_listed_one_is_told(url: str, content: Make) -> None:
    urls = (url, "https://rfc.example/", "https://widgets.example/")
    folder = content({"site.yaml": HOSTS, "errors/500.md": references(*urls)})
    assert [line.split(" ")[0] for line in by_rule(prose.sources_are_listed, folder)] == ["errors/500.md:4:22:"]


def test_without_a_list_any_host_may_be_cited(content: Make) -> None:
    folder = content({"errors/500.md": references("https://gossip.example/")})
    assert by_rule(prose.sources_are_listed, folder) == []


# Replies


def replies(number: str, *texts: tuple[str, str], owner: str = "") -> str:
    lines = "".join(REPLY.format(text, f", sender: {of}" if of else "") for text, of in texts)
    slug = f'number: "{number}"' + (f"\nsender: {owner}" if owner else "")
    return entry(f"{slug}\nresponses:\n{lines.rstrip()}")


def test_reply_of_one_sender_in_two_entries_is_told_in_the_second(content: Make) -> None:
    texts = {
        "errors/500.md": replies("500", ("500 no", "turner")),
        "errors/501.md": replies("501", ("501 yes", "turner"), ("500 no", "turner")),
        "senders/turner.yaml": sender(),
    }
    assert by_rule(prose.replies_are_unique, content(texts)) == [
        "errors/501.md:5:12: warning[repeated-reply]: errors/500.md has this reply of the same sender; "
        "keep it on the page that explains it"
    ]


@pytest.mark.parametrize(
    "text", ["500 NO", '"500 no."', '"500  no {ip}"', '"500 {code} no"', "500-no"], ids=lambda text: text
)
def test_reply_is_the_same_whatever_varies_in_it(text: str, content: Make) -> None:
    texts = {"errors/500.md": replies("500", ("500 no", "")), "errors/501.md": replies("501", (text, ""))}
    assert len(by_rule(prose.replies_are_unique, content(texts))) == 1


def test_sender_of_an_entry_is_that_of_its_replies(content: Make) -> None:
    texts = {
        "errors/500-turner.md": replies("500", ("500 no", ""), owner="turner"),
        "errors/501.md": replies("501", ("500 no", "turner")),
        "senders/turner.yaml": sender(),
    }
    assert len(by_rule(prose.replies_are_unique, content(texts))) == 1


def test_alias_that_hosts_no_longer_read_is_told_at_its_line(content: Make) -> None:
    lines = "".join(f"\n  - old-{number}" for number in range(2001))
    folder = content({"errors/500.md": entry(f'number: "500"\naliases:{lines}')})
    (line,) = by_rule(prose.aliases_fit_the_hosts, folder)
    assert line.startswith("errors/500.md:2004:5: warning[host-limit]: 2,001 aliases, and Cloudflare Pages reads 2,000")


def test_aliases_that_hosts_read_are_right(content: Make) -> None:
    lines = "".join(f"\n  - old-{number}" for number in range(2000))
    folder = content({"errors/500.md": entry(f'number: "500"\naliases:{lines}')})
    assert by_rule(prose.aliases_fit_the_hosts, folder) == []


def test_reply_of_another_sender_or_other_words_are_right(content: Make) -> None:
    texts = {
        "errors/500.md": replies("500", ("500 no", "turner"), ("500 no", "turner")),
        "errors/501.md": replies("501", ("500 no", "other"), ("500 no", ""), ("500 not", "turner")),
        "senders/turner.yaml": sender(),
        "senders/other.yaml": sender("Other"),
    }
    assert by_rule(prose.replies_are_unique, content(texts)) == []


# Dates


def stale(folder: Path, changes: dict[str, str]) -> list[str]:
    return told(folder, prose.dates_are_current(content_of(folder), changes))


def test_date_before_the_last_change_is_told_at_the_date(content: Make) -> None:
    assert stale(content(), {"errors/500.md": "2026-01-03"}) == [
        "errors/500.md:5:10: warning[stale-date]: the file changed on 2026-01-03, after this date; "
        "write that day, or put `Substance: no` into the commit's message"
    ]


@pytest.mark.parametrize("changes", [{}, {"errors/500.md": "2026-01-02"}, {"errors/500.md": "2025-12-31"}])
def test_date_of_the_last_change_or_after_it_is_right(changes: dict[str, str], content: Make) -> None:
    assert stale(content(), changes) == []


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("senders/a.yaml", sender(), "4:10:"),
        ("topics/a.md", article(), "4:10:"),
        ("guides/a.md", article(), "4:10:"),
        ("pages/a.md", article(), "4:10:"),
    ],
    ids=lambda value: value.partition("/")[0],
)
def test_every_file_with_a_date_is_held_to_it(name: str, text: str, place: str, content: Make) -> None:
    assert [line.split(" ")[0] for line in stale(content({name: text}), {name: "2026-01-03"})] == [f"{name}:{place}"]


# The command


@pytest.fixture
def misspelling(content: Make) -> Path:
    return content({"errors/500.md": saying("It recieved nothing.")})


def test_warnings_block_nothing(misspelling: Path, build: Build) -> None:
    run = build("check")
    assert (run.returncode, run.stderr) == (0, "0 errors, 1 warning\n")
    assert run.stdout.startswith("content/errors/500.md:11:4: warning[spelling]: ")


def test_strict_makes_warnings_errors(misspelling: Path, build: Build) -> None:
    run = build("check", "--strict")
    assert (run.returncode, run.stderr) == (1, "1 error, 0 warnings\n")
    assert run.stdout.startswith("content/errors/500.md:11:4: error[spelling]: ")


def test_strict_is_the_level_in_every_format(misspelling: Path, build: Build) -> None:
    assert build("check", "--strict", "--format", "github").stdout.startswith("::error file=content/errors/500.md,")
    told = json.loads(build("check", "--strict", "--format", "sarif").stdout)
    assert [result["level"] for result in told["runs"][0]["results"]] == ["error"]


def test_strict_passes_what_nobody_would_complain_of(content: Make, build: Build) -> None:
    content()
    run = build("check", "--strict")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "0 errors, 0 warnings\n")


def test_build_does_not_mind_prose(misspelling: Path, build: Build, tmp_path: Path) -> None:
    assert build("--quiet").returncode == 0
    assert (tmp_path / "output/errors/500.html").exists()
