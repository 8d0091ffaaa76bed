"""Every class of bad input: one line at the exact place, exit status 1, nothing written."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from errordocs.cli import main
from tests.conftest import BODY
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import article
from tests.conftest import entry
from tests.conftest import sender

OPTIONS = ("--templates", str(REPOSITORY / "templates"))
Run = Callable[..., subprocess.CompletedProcess[str]]
LINE = re.compile(r"content/[^:\n]+:\d+:\d+: error\[[a-z-]+\]: .+; .+")

REPLY = "{text: no, source: https://example.com/, basis: observed, checked: 2026-01-02}"
BOMB = "a: &a [x, x]\n" + "".join(
    f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n" for p, n in zip("abcdef", "bcdefg", strict=True)
)

# name → files beside a sound site, then what the one line says: file, line, column, rule, and a part of the mend.
CASES: dict[str, tuple[dict[str, str | bytes], str, int, int, str, str]] = {
    "unknown field": ({"errors/500.md": entry(titel="x")}, "errors/500.md", 7, 1, "unknown-field", "`title`"),
    "unknown field, unlike any": ({"errors/500.md": entry(qqq="x")}, "errors/500.md", 7, 1, "unknown-field", "delete it"),
    "unknown field, nested": (
        {"errors/500.md": entry(responses="[" + REPLY[:-1] + ", chekced: x}]")},
        "errors/500.md", 7, 92, "unknown-field", "`checked`",
    ),
    "missing field": ({"errors/500.md": entry(title="")}, "errors/500.md", 2, 1, "missing-field", "add it"),
    "missing fact": ({"errors/500.md": entry(retry="")}, "errors/500.md", 2, 1, "missing-field", "What to do"),
    "missing code": ({"errors/500.md": entry("colour: red").replace("colour: red\n", "")}, "errors/500.md", 2, 1, "missing-field", "`number` or `detail`"),
    "empty value": ({"errors/500.md": entry(title='""')}, "errors/500.md", 3, 8, "empty-value", "write a value"),
    "too long": ({"errors/500.md": entry(title="x" * 91)}, "errors/500.md", 3, 8, "too-long", "90"),
    "too short": ({"errors/500.md": entry(summary="x")}, "errors/500.md", 4, 10, "too-short", "80"),
    "list where text belongs": ({"errors/500.md": entry(title="[x]")}, "errors/500.md", 3, 8, "wrong-type", "plain"),
    "text where a list belongs": ({"errors/500.md": entry(topics="x")}, "errors/500.md", 7, 9, "wrong-type", "list"),
    "mapping where text belongs": ({"errors/500.md": entry(title="{a: b}")}, "errors/500.md", 3, 8, "wrong-type", "plain"),
    "text where a mapping belongs": (
        {"errors/500.md": entry(responses="[x]")}, "errors/500.md", 7, 13, "wrong-type", "`text`",
    ),
    "value that is not listed": ({"errors/500.md": entry(retry="maybe")}, "errors/500.md", 6, 8, "bad-value", "`no`"),
    "value that is nearly right": (
        {"errors/500.md": entry(retry="afterfix")}, "errors/500.md", 6, 8, "bad-value", "did you mean `after-fix`?",
    ),
    "number where a code belongs": (
        {"errors/500.md": entry("number: 5000")}, "errors/500.md", 2, 9, "bad-code", "matching [2-5][0-9][0-9]",
    ),
    "date that is none": ({"errors/500.md": entry(updated="2026-02-30")}, "errors/500.md", 5, 10, "bad-date", "2026-11-24"),
    "date in another form": ({"errors/500.md": entry(updated="2.1.2026")}, "errors/500.md", 5, 10, "bad-date", "2026-11-24"),
    "duplicate key": (
        {"errors/500.md": entry().replace("retry:", "title: x\nretry:")}, "errors/500.md", 6, 1, "duplicate-key", "keep one",
    ),
    "duplicate nested key": (
        {"errors/500.md": entry(responses="[" + REPLY[:-1] + ", text: b}]")}, "errors/500.md", 7, 92, "duplicate-key", "keep one",
    ),
    "duplicate slug": ({"errors/a/500.md": entry()}, "errors/a/500.md", 1, 1, "duplicate-slug", "rename"),
    "slug in capitals": (
        {"errors/500-X.md": entry()}, "errors/500-X.md", 1, 1, "bad-slug", "use a-z",
    ),
    "alias of a slug": (
        {"errors/500-b.md": entry(aliases="[500]")}, "errors/500-b.md", 7, 11, "duplicate-slug", "delete it",
    ),
    "slug that tells another code": (
        {"errors/501.md": entry()}, "errors/501.md", 1, 1, "slug-codes", "name it `500.md`",
    ),
    "slug that Windows keeps": ({"guides/nul.md": article()}, "guides/nul.md", 1, 1, "bad-slug", "choose another"),
    "unknown topic": ({"errors/500.md": entry(topics="[nope]")}, "errors/500.md", 7, 10, "unknown-slug", "file first"),
    "unknown topic, nearly right": (
        {"topics/turning.md": article(), "errors/500.md": entry(topics="[turnin]")},
        "errors/500.md", 7, 10, "unknown-slug", "did you mean `turning`?",
    ),
    "unknown sender": ({"errors/500.md": entry(seen_from="[x]")}, "errors/500.md", 7, 13, "unknown-slug", "no sender"),
    "unknown related entry": (
        {"errors/500.md": entry(related="[{entry: 5000, why: because}]")},
        "errors/500.md", 7, 19, "unknown-slug", "`500`",
    ),
    "related to itself": (
        {"errors/500.md": entry(related="[{entry: 500, why: because}]")}, "errors/500.md", 7, 19, "repeated-slug", "delete",
    ),
    "repeated topic": (
        {"topics/a.md": article(), "errors/500.md": entry(topics="[a, a]")}, "errors/500.md", 7, 13, "repeated-slug", "one",
    ),
    "retired without heir": ({"errors/500.md": entry(status="retired")}, "errors/500.md", 7, 9, "retired", "replaced_by"),
    "dead link": (
        {"errors/500.md": entry(body=BODY.replace("this.", "[this](../guides/x.md)."))},
        "errors/500.md", 11, 17, "dead-link", "file first",
    ),
    "dead link to a file that lies elsewhere": (
        {"guides/x.md": article(), "errors/500.md": entry(body=BODY.replace("this.", "[this](x.md)."))},
        "errors/500.md", 11, 17, "dead-link", "the file is guides/x.md",
    ),
    "dead anchor": (
        {"guides/x.md": article(), "errors/500.md": entry(body=BODY.replace("this.", "[this](../guides/x.md#on)."))},
        "errors/500.md", 11, 17, "dead-anchor", "`one`",
    ),
    "dead anchor on the page itself": (
        {"errors/500.md": entry(body=BODY.replace("this.", "[this](#nope)."))}, "errors/500.md", 11, 17, "dead-anchor", "",
    ),
    "link out of the content": (
        {"errors/500.md": entry(body=BODY.replace("this.", "[this](../../secret.md)."))},
        "errors/500.md", 11, 17, "link-outside", "inside",
    ),
    "raw HTML block": (
        {"errors/500.md": entry(body=BODY.replace("It means this.", "<div>\nx\n</div>"))},
        "errors/500.md", 11, 1, "raw-html", "backticks",
    ),
    "raw HTML in a line": (
        {"errors/500.md": entry(body=BODY.replace("this.", "<b>this</b>."))}, "errors/500.md", 11, 10, "raw-html", "backticks",
    ),
    "image": (
        {"errors/500.md": entry(body=BODY.replace("this.", "![x](a.png)."))}, "errors/500.md", 11, 15, "image", "words",
    ),
    "control character": (
        {"errors/500.md": entry(title="a\x07b")}, "errors/500.md", 3, 9, "control-character", "delete",
    ),
    "NUL": ({"errors/500.md": entry(title="a\x00b")}, "errors/500.md", 3, 9, "control-character", "delete"),
    "control character by escape": (
        {"errors/500.md": entry(title='"a\\0b"')}, "errors/500.md", 3, 8, "control-character", "delete",
    ),
    "control character by escape in Markdown": (
        {"senders/acme.yaml": sender(more='about: "a\\0b"\n')}, "senders/acme.yaml", 5, 8, "control-character", "delete",
    ),
    "text that runs from right to left by order": (
        {"errors/500.md": entry(body=BODY.replace("this.", "\u202ethis."))},
        "errors/500.md", 11, 10, "control-character", "delete",
    ),
    "bytes that are not UTF-8": (
        {"errors/500.md": entry(title="caf").encode().replace(b"caf", b"caf\xe9")},
        "errors/500.md", 3, 11, "encoding", "UTF-8",
    ),
    "file over 64 KB": ({"errors/500.md": entry(body=BODY + "x" * 65536)}, "errors/500.md", 1, 1, "file-size", "split"),
    "no front matter": ({"errors/500.md": "# Hello\n"}, "errors/500.md", 1, 1, "front-matter", "`---`"),
    "front matter without end": ({"errors/500.md": "---\ntitle: x\n"}, "errors/500.md", 1, 1, "front-matter", "`---`"),
    "front matter that is a list": ({"errors/500.md": "---\n- x\n---\n" + BODY}, "errors/500.md", 2, 1, "front-matter", "name: value"),
    "YAML that cannot be read": ({"errors/500.md": entry(title="a: b")}, "errors/500.md", 3, 9, "yaml", "quote the value"),
    "YAML tag": ({"errors/500.md": entry(title="!!str x")}, "errors/500.md", 3, 8, "yaml-tag", "delete"),
    "YAML python tag": (
        {"errors/500.md": entry(title="!!python/object/apply:os.system [x]")}, "errors/500.md", 3, 8, "yaml-tag", "delete",
    ),
    "YAML anchor": ({"errors/500.md": entry(title="&a x")}, "errors/500.md", 3, 8, "yaml-anchor", "values out"),
    "YAML alias": ({"errors/500.md": entry(title="*a")}, "errors/500.md", 3, 8, "yaml-alias", "value out"),
    "YAML alias bomb": ({"errors/500.md": entry(BOMB)}, "errors/500.md", 2, 4, "yaml-anchor", "values out"),
    "YAML merge key": ({"errors/500.md": entry("<<: {a: b}")}, "errors/500.md", 2, 1, "yaml-merge", "fields out"),
    "YAML list as key": ({"errors/500.md": entry("? [a]\n: b")}, "errors/500.md", 2, 3, "yaml-key", "plain word"),
    "YAML too deep": (
        {"errors/500.md": entry(title="[" * 20 + "x" + "]" * 20)}, "errors/500.md", 3, 15, "yaml-depth", "flatten",
    ),
    "YAML second document": (
        {"senders/a.yaml": sender() + "---\nname: x\n"}, "senders/a.yaml", 5, 1, "yaml-documents", "delete",
    ),
    "YAML directive": ({"senders/a.yaml": "%YAML 1.1\n---\n" + sender()}, "senders/a.yaml", 1, 1, "yaml-directive", "delete"),
    "wrong heading": (
        {"errors/500.md": entry(body=BODY.replace("## FAQ", "## FAQs"))}, "errors/500.md", 19, 1, "heading", "`FAQ`",
    ),
    "missing heading": (
        {"errors/500.md": entry(body=BODY.partition("## FAQ")[0])}, "errors/500.md", 13, 1, "heading", "add `## FAQ`",
    ),
    "headings in another order": (
        {"errors/500.md": entry(body="## FAQ\n\n### Why?\n\nSo.\n\n" + BODY.partition("## FAQ")[0])},
        "errors/500.md", 15, 1, "heading", "the order is",
    ),
    "heading that stands twice": (
        {"errors/500.md": entry(body=BODY + "\n## FAQ\n\n### Why?\n\nSo.\n")}, "errors/500.md", 25, 1, "heading", "one section",
    ),
    "heading of the first level": (
        {"errors/500.md": entry(body=BODY.replace("It means this.", "# This"))}, "errors/500.md", 11, 1, "heading", "`##`",
    ),
    "text before the first heading": (
        {"errors/500.md": entry(body="Well.\n\n" + BODY)}, "errors/500.md", 11, 1, "heading", "begin the body",
    ),
    "link inside a heading": (
        {"errors/500.md": entry(body=BODY.replace("### Why me?", "### Why [me](https://example.com/)?"))},
        "errors/500.md", 21, 1, "heading", "below",
    ),
    "empty section": (
        {"errors/500.md": entry(body=BODY.replace("It means this.\n", ""))}, "errors/500.md", 9, 1, "empty-section", "delete it",
    ),
    "empty step": (
        {"errors/500.md": entry(body=BODY.replace("Then on.\n", ""))}, "errors/500.md", 15, 1, "empty-section", "delete it",
    ),
    "steps without steps": (
        {"errors/500.md": entry(body=BODY.replace("### Turn it off\n", ""))}, "errors/500.md", 13, 1, "items", "`###`",
    ),
    "question that is none": (
        {"errors/500.md": entry(body=BODY.replace("Why me?", "Why me"))}, "errors/500.md", 21, 1, "items", "`?`",
    ),
    "code without a language": (
        {"errors/500.md": entry(body=BODY.replace("Then on.", "```\nx\n```"))}, "errors/500.md", 17, 1, "code-language", "```text",
    ),
    "code in no language": (
        {"errors/500.md": entry(body=BODY.replace("Then on.", "```klingon\nx\n```"))},
        "errors/500.md", 17, 1, "code-language", "```text",
    ),
    "file of another kind": ({"errors/x.txt": "x"}, "errors/x.txt", 1, 1, "stray-file", "rename"),
    "folder of another kind": ({"stuff/x.md": "x"}, "stuff", 1, 1, "stray-file", "errors/"),
    "sender of no kind": ({"senders/a.yaml": sender().replace("service", "servic")}, "senders/a.yaml", 2, 7, "bad-value", "`service`"),
    "link in a sender's text": (
        {"senders/a.yaml": sender(more="about: |\n  See [x](../guides/x.md).\n")},
        "senders/a.yaml", 6, 11, "dead-link", "file first",
    ),
    "site.yaml with a pattern that is none": (
        {"site.yaml": SITE.replace('"[2-5][0-9][0-9]"', '"[2-5[0-9][0-9]("')}, "site.yaml", 10, 44, "bad-pattern", "mend it",
    ),
    "site.yaml with an unknown field": ({"site.yaml": SITE + "colour: red\n"}, "site.yaml", 34, 1, "unknown-field", "delete"),
    "navigation to nowhere": (
        {"site.yaml": SITE + "navigation: [{label: All, page: error/index.html}]\n"},
        "site.yaml", 34, 33, "dead-link", "`errors/index.html`",
    ),
}  # fmt: skip

URLS = (
    "javascript:alert(1)", "JAVASCRIPT:alert(1)", "vbscript:x", "data:text/html,x", "file:///etc/passwd", "//host/x", "blob:x",
    "view-source:x", "jar:x", "x:y", "%6Aavascript:alert(1)", "ftp://host/", "https:x", "https://", "http://user@host/",
    "/rooted", "mailto:nobody",
)  # fmt: skip


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound content and the site that was built from it, once."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "content" / "errors").mkdir(parents=True)
    (folder / "content" / "site.yaml").write_text(SITE)
    (folder / "content" / "errors" / "500.md").write_text(entry())
    assert main(["--content", f"{folder}/content", *OPTIONS, "--output", f"{folder}/output", "--quiet"]) == 0
    return folder


@pytest.fixture
def standing(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    return tmp_path


def lines_of(build: Run, *words: str) -> list[str]:
    done = build(*words, "--quiet")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stdout.splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    return lines


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_line_at_its_place(
    name: str, standing: Path, content: Callable[..., Path], build: Run
) -> None:
    files, file, line, column, rule, mend = CASES[name]
    before = tree(standing / "output")
    content(files, bare=True)
    (told,) = lines_of(build)
    assert told.startswith(f"content/{file}:{line}:{column}: error[{rule}]: ")
    assert mend in told
    assert tree(standing / "output") == before


@pytest.mark.parametrize("url", URLS)
def test_unsafe_link_in_text_is_refused(url: str, standing: Path, content: Callable[..., Path], build: Run) -> None:
    content({"errors/500.md": entry(body=BODY.replace("this.", f"[this]({url})."))})
    (told,) = lines_of(build, "check")
    assert re.match(r"content/errors/500\.md:11:17: error\[(unsafe-url|dead-link)\]: ", told)


@pytest.mark.parametrize("url", [url for url in URLS if url not in ("/rooted", "mailto:nobody")])
def test_unsafe_url_in_a_field_is_refused(url: str, content: Callable[..., Path], build: Run) -> None:
    content({"errors/500.md": entry(references=f'[{{title: x, says: y, url: "{url}"}}]')})
    (told,) = lines_of(build, "check")
    assert told.startswith("content/errors/500.md:7:39: error[unsafe-url]: ")


def test_symlinks_are_refused_not_followed(content: Callable[..., Path], build: Run, tmp_path: Path) -> None:
    folder = content()
    (tmp_path / "secret.md").write_text(entry())
    (folder / "errors" / "502.md").symlink_to(tmp_path / "secret.md")
    (folder / "guides").symlink_to(tmp_path)
    told = lines_of(build, "check")
    assert told == [
        "content/errors/502.md:1:1: error[symlink]: a symbolic link; put the file itself here",
        "content/guides:1:1: error[symlink]: a symbolic link; put the file itself here",
    ]


def test_all_problems_come_in_one_run_in_the_order_of_files_and_lines(content: Callable[..., Path], build: Run) -> None:
    content({"errors/501.md": entry('number: "501"', titel="x", retry="maybe"), "errors/500.md": entry(updated="x")})
    places = [line.split(" ")[0] for line in lines_of(build, "check")]
    assert places == ["content/errors/500.md:5:10:", "content/errors/501.md:6:8:", "content/errors/501.md:7:1:"]


def test_missing_site_is_told(content: Callable[..., Path], build: Run) -> None:
    content({"errors/500.md": entry()}, bare=True)
    (told,) = lines_of(build, "check")
    assert told.startswith("content/site.yaml:1:1: error[missing-file]: ")


def test_byte_order_mark_and_crlf_are_taken(content: Callable[..., Path], build: Run, tmp_path: Path) -> None:
    content()
    build("--quiet", "--output", "plain")
    content({"errors/500.md": b"\xef\xbb\xbf" + entry().replace("\n", "\r\n").encode()})
    assert build("--quiet", "--output", "marked").returncode == 0
    pages = [(tmp_path / output / "errors/500.html").read_bytes() for output in ("plain", "marked")]
    assert pages[0] == pages[1]


def test_no_other_loader_of_yaml_is_used() -> None:
    package = Path(__file__).parent.parent / "errordocs"
    texts: dict[str, Any] = {path.name: path.read_text() for path in package.glob("*.py")}
    uses = {name: set(re.findall(r"yaml\.\w*(?:[lL]oad|Loader)\w*", text)) for name, text in texts.items()}
    assert {name: used for name, used in uses.items() if used} == {"frontmatter.py": {"yaml.CSafeLoader"}}


def test_deep_and_long_input_ends_soon(content: Callable[..., Path], build: Run) -> None:
    shapes = [
        "[" * 60000,
        "> " * 30000 + "x",
        "*a_" * 20000,
        "- " * 30000 + "x",
        "`" * 60000,
        "](" * 30000,
        "![" * 30000,
    ]
    for number, shape in enumerate(shapes):
        body = BODY.replace("It means this.", shape)
        content({f"errors/50{number}.md": entry(f'number: "50{number}"', body=body)})
    content({"senders/deep.yaml": "name: " + "[" * 60000, "senders/flow.yaml": "- " * 30000})
    done = build("check", "--quiet")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
