"""The lookup: what its index holds, and what its very script makes of texts, under Node.

`tests/browser/test_lookup.py` uses it as a person does.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from errordocs import faces
from errordocs import load
from errordocs import lookup
from errordocs import related
from errordocs.model import Content
from errordocs.model import Failed
from errordocs.model import Lookup
from errordocs.model import LookupFields
from errordocs.model import Outline
from errordocs.render import output
from tests.built import Built
from tests.conftest import REPOSITORY
from tests.conftest import lacking
from tests.records import content
from tests.records import entry
from tests.records import guide
from tests.records import reply
from tests.records import sender

TEMPLATES = REPOSITORY / "templates"
Results = list[dict[str, Any]]


def looked_up(folder: Path, texts: list[str]) -> list[Results]:
    """The results for each text, best first, from the script in a folder."""
    if shutil.which("node") is None:
        lacking("node is not installed: the tests of the lookup's script need it")
    asked = "".join(json.dumps({"id": str(number), "text": text}) + "\n" for number, text in enumerate(texts))
    command = ["node", str(REPOSITORY / "benchmarks/lookup.mjs"), "--site", str(folder)]
    ran = subprocess.run(command, input=asked.encode(), capture_output=True, check=True)
    return [json.loads(line)["results"] for line in ran.stdout.splitlines()]


def written(made: Content, folder: Path) -> Path:
    (script,) = lookup.lookup(made, lookup.script_of(str(TEMPLATES)))
    (folder / "lookup.js").write_bytes(script.data or b"")
    return folder


# The index


def test_index_tells_of_entries_senders_replies_and_pages() -> None:
    made = content(
        entry("500-5.1-acme", sender="acme", responses=(reply("500 5.1 It broke at {ip}"),), phrases=("it broke",)),
        sender("acme", hosts=("*.acme.example",), marks=("[AC01]",)),
        guide("oiling"),
    )
    index = lookup.index_of(made)
    assert index["entries"] == [["", "500,5.1", 0, "Title of 500-5.1-acme", "1"]]
    assert index["replies"] == [[0, [0, "500 5.1 broke"]]]
    assert index["phrases"] == [[0, "it broke"]]
    assert index["senders"] == [["acme", "Acme", (), ("*.acme.example",), ("[AC01]",), (), (), 0]]
    assert index["pages"] == [["guides/oiling.html", "Title of oiling"]]


def test_rest_of_a_slug_is_kept() -> None:
    index = lookup.index_of(content(entry("500-acme-at-night", sender="acme"), sender("acme"), entry("500")))
    assert {row[0] for row in index["entries"]} == {"", "-at-night"}


def test_replies_of_classes_that_do_not_fail_are_left_out() -> None:
    made = content(
        entry("200", responses=(reply("200 It works well"),)), entry("500", responses=(reply("500 It broke"),))
    )
    made = msgspec.structs.replace(made, lookup=Lookup("lookup.yaml", LookupFields(failing=("5",))))
    assert [row[1:] for row in lookup.index_of(made)["replies"]] == [[[-1, "500 broke"]]]


def test_senders_of_a_silent_kind_are_left_out() -> None:
    made = content(entry("500"), sender("acme"), sender("list"))
    silent = LookupFields(failing=("5",), silent=("service",))
    assert lookup.index_of(msgspec.structs.replace(made, lookup=Lookup("lookup.yaml", silent)))["senders"] == []


def outline(made: Content) -> Outline:
    """The same content, of which the entries are faces."""
    codes = faces.code_patterns(made.site.parts)
    shown = tuple(faces.face(one, codes) for one in made.entries)
    rest = (made.senders, made.topics, made.guides, made.pages, made.registries, made.lookup)
    return Outline(made.site, shown, *rest)


def test_faces_are_enough_for_the_index() -> None:
    made = load.load(str(REPOSITORY / "content"), render=False).content
    assert made is not None
    assert lookup.index_of(outline(made)) == lookup.index_of(made)


def test_index_is_the_same_where_the_order_is_known_already() -> None:
    entries = [entry("500-acme", sender="acme", responses=(reply("500 It broke"),)), entry("500"), entry("400")]
    made = content(*entries, entry("500-5.10"), entry("500-5.2", phrases=("it broke",)), sender("acme"))
    for one in (made, outline(made)):
        assert lookup.index_of(one, related.order(one)) == lookup.index_of(one)
        assert [row[1] for row in lookup.index_of(one)["entries"]] == ["400,", "500,", "500,5.2", "500,5.10", "500,"]


def test_rows_of_entries_stand_in_the_order_that_is_given() -> None:
    made = content(entry("500"), entry("501"))
    assert [row[1] for row in lookup.index_of(made, made.entries[::-1])["entries"]] == ["501,", "500,"]


def test_replies_that_are_nearly_alike_are_one() -> None:
    alike = ("It broke because the spindle was turned too far", "It broke since the spindle was turned too far")
    made = content(
        entry("500", responses=(*(reply(f"500 {text}") for text in alike), reply("500 The oil is out again")))
    )
    assert [len(row) - 1 for row in lookup.index_of(made)["replies"][0][1:]] == [2]


def test_site_whose_templates_have_no_lookup_has_none(tmp_path: Path) -> None:
    assert lookup.script_of(str(tmp_path)) == ""
    assert list(lookup.lookup(content(entry("500")), "")) == []


def test_script_is_of_all_files_in_order(tmp_path: Path) -> None:
    (tmp_path / "lookup").mkdir()
    for name in ("b.js", "a.js", "c.txt"):
        (tmp_path / "lookup" / name).write_text(f"// {name}\n")
    assert lookup.script_of(str(tmp_path)) == "// a.js\n// b.js\n"


def test_script_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "lookup").mkdir()
    (tmp_path / "lookup/a.js").write_bytes(b"\xff")
    with pytest.raises(Failed, match="lookup: cannot be read"):
        lookup.script_of(str(tmp_path))
    with pytest.raises(Failed, match=r"lookup\S*\.js: unexpected ; in expression"):
        list(lookup.lookup(content(entry("500")), "var a = ;"))


def test_same_content_gives_the_same_script() -> None:
    made = content(entry("500", responses=(reply(),)), sender("acme"))
    first, second = (next(iter(lookup.lookup(made, lookup.script_of(str(TEMPLATES))))) for _ in range(2))
    assert first == second == output("lookup.js", "index", first.data or b"")


# Other codes than mail's: the script knows what the index tells it


def test_script_looks_up_the_codes_of_another_field(tmp_path: Path) -> None:
    made = content(
        *(entry("500"), entry("500-5.1"), entry("400")),
        entry("500-5.1-acme", sender="acme", responses=(reply("500 5.1 The spindle is stuck at turn {n}"),)),
        sender("acme", marks=("[AC01]",)),
    )
    texts = ["500", "5.1", "500 5.1", "500 5.1 The spindle is stuck at turn 12", "hello"]
    found = looked_up(written(made, tmp_path), texts)
    assert [results[0]["slug"] if results else None for results in found] == [
        *("500", "500-5.1", "500-5.1", "500-5.1-acme", None)
    ]
    assert found[3][0]["sender"] == "acme"


# The site's own content

CODES = [
    ("550", "550", None),
    ("5.7.1", None, "5.7.1"),
    ("550-5.7.1", "550", "5.7.1"),
    ("550 #5.1.1", "550", "5.1.1"),
    ("(#5.1.1)", None, "5.1.1"),
    ("550-5.1.1 No such user\n550-5.1.1 here, or there,\n550 5.1.1 or anywhere", "550", "5.1.1"),
    (
        "host mx.example.com[192.0.2.1] said: 554\n    5.7.1 Service unavailable (in reply to RCPT TO command)",
        "554",
        "5.7.1",
    ),
    ("(550, b'5.1.1 <user@example.com>: Recipient address rejected: User unknown')", "550", "5.1.1"),
    ("Error: Invalid login: 535-5.7.8 Username and Password not accepted", "535", "5.7.8"),
    ("Diagnostic-Code: smtp;550 5.2.2 Mailbox full\nStatus: 5.0.0", "550", "5.2.2"),
    ("dsn=4.0.0, status=deferred (host mx.example.com[192.0.2.1] said: 421 4.7.0 Try again later)", "421", "4.7.0"),
    (
        "(reason: 550 5.7.1 Relaying denied)\n<<< 550 5.7.1 Relaying denied\n554 5.0.0 Service unavailable",
        "550",
        "5.7.1",
    ),
    (
        "2026-11-24 10:00:00 1abCDE-0000 ** user@example.com R=dns T=smtp H=mx.example.com [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<user@example.com>: 550 5.1.1 User unknown",
        "550",
        "5.1.1",
    ),
    (
        "Nov 24 10:00:00 mx sendmail[1]: x: to=<user@example.com>, delay=550, dsn=5.1.1, stat=User unknown",
        None,
        "5.1.1",
    ),
    ("Remote Server returned '550 5.7.606 Access denied, banned sending IP [192.0.2.1]'", "550", "5.7.606"),
    ("250 2.1.5 OK\n354 Go ahead\n554 5.7.1 Message refused by policy\n221 2.0.0 Bye", "554", "5.7.1"),
    ("Content-Transfer-Encoding: base64\n\nNTUwIDUuMS4xIFVzZXIgdW5rbm93bg==", "550", "5.1.1"),
    ("Content-Transfer-Encoding: quoted-printable\n\n550 5.1.=\n1 User=20unknown", "550", "5.1.1"),
    ("<p>550&nbsp;5.1.1 &lt;user@example.com&gt;: User unknown</p>", "550", "5.1.1"),
    ("５５０ ５.１.１ User unknown", "550", "5.1.1"),  # noqa: RUF001 - full-width forms, as some mail programs paste them
    ("> 550 5.1.1 User unknown", "550", "5.1.1"),
    ("Your Office 365 mail to user@example.com bounced: 550 5.7.1 Access denied", "550", "5.7.1"),
]


@pytest.fixture(scope="session")
def own(real: Built) -> Path:
    return real.output


def test_codes_are_read_in_every_form(own: Path) -> None:
    found = looked_up(own, [text for text, _, _ in CODES])
    told = [(results[0]["basic"], results[0]["enhanced"]) if results else None for results in found]
    wrong = [
        (text, best)
        for (text, basic, enhanced), best in zip(CODES, told, strict=True)
        if not best or (basic and best[0] != basic) or (enhanced and best[1] != enhanced)
    ]
    assert wrong == []


NO_CODES = [
    "https://example.com/550/5.1.1.html",
    "Version 5.7.1 of the program was released",
    "The house has 550 windows",
    "192.5.1.1",
    "GET /550 HTTP/1.1",
    "HTTP/1.1 503 Service Unavailable",
    "$ 550.00",
    "Chapter 5.1.1: how the west was won",
    "",
    " \n\n ",
]


def test_numbers_that_are_no_codes_get_no_answer(own: Path) -> None:
    assert [text for text, results in zip(NO_CODES, looked_up(own, NO_CODES), strict=True) if results] == []


WORDS = [
    ("unknown user: nobody@example.com", "5.1.1"),
    ("The mailbox of user@example.com is full", "5.2.2"),
    (
        "<user@example.com>: Host or domain name not found. Name service error for name=example.com type=MX: Host not found",
        "5.4.4",
    ),
    ("delivery temporarily suspended: connect to mx.example.com[192.0.2.1]:25: Connection timed out", "4.4.1"),
    ("Ihre Nachricht an user@example.com: Empfänger unbekannt", "5.1.1"),
    ("Delivery to user@example.com has been delayed; it will be retried", "4.4.7"),
]


@pytest.mark.parametrize(("text", "enhanced"), WORDS, ids=[enhanced for _, enhanced in WORDS])
def test_wording_alone_is_recognised(own: Path, text: str, enhanced: str) -> None:
    (results,) = looked_up(own, [text])
    assert results[0]["enhanced"] == enhanced


FILLED = {
    "ip": "192.0.2.10",
    "domain": "example.com",
    "address": "user@example.com",
    "host": "mx.example.net",
    "n": "12",
}


def filled(text: str) -> str:
    return re.sub(r"\{([\w -]+)\}", lambda found: FILLED.get(found[1], "x9y8z7"), text)


def test_every_literal_reply_leads_to_its_page(own: Path) -> None:
    """Whoever adds a reply has taught the lookup: its page is the answer, or one of the few beside it."""
    made = load.load(str(REPOSITORY / "content"), render=False).content
    assert made is not None
    asked: list[tuple[str, str]] = []
    for one in made.entries:
        if one.digit in "45":
            for told in one.fields.responses:
                asked += [(one.slug, text) for text in (filled(told.text), *told.sample)]
    found = looked_up(own, [text for _, text in asked])
    missed = [
        f"{slug}: {text}"
        for (slug, text), results in zip(asked, found, strict=True)
        if slug not in [one["slug"] for one in results]
    ]
    best = sum(bool(results) and results[0]["slug"] == slug for (slug, _), results in zip(asked, found, strict=True))
    # A few replies of two or three everyday words say too little to be told from other talk.
    assert len(missed) <= len(asked) // 50, "\n".join(missed)
    assert best >= 0.9 * len(asked)


def test_texts_that_are_no_errors_of_this_kind_get_no_answer(own: Path) -> None:
    lines = (REPOSITORY / "benchmarks/no-errors.jsonl").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    answered = [text for text, results in zip(texts, looked_up(own, texts), strict=True) if results]
    assert len(answered) <= len(texts) // 50, answered


def test_addressees_get_answers_of_their_own(own: Path) -> None:
    text = (
        "Final-Recipient: rfc822; a@example.com\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full\n\n"
        "Final-Recipient: rfc822; b@example.com\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n"
    )
    (results,) = looked_up(own, [text])
    assert {"552-5.2.2", "550-5.1.1"} <= {one["slug"] for one in results}


def test_results_name_entries_and_senders_that_exist(own: Path) -> None:
    texts = [text for text, *_ in (*CODES, *WORDS)]
    pages = {path.stem for path in (own / "errors").glob("*.html")}
    senders = {path.stem for path in (own / "senders").glob("*.html")} | {None}
    for results in looked_up(own, texts):
        assert {one["slug"] for one in results} <= pages
        assert {one["sender"] for one in results} <= senders
        assert [one["score"] for one in results] == sorted((one["score"] for one in results), reverse=True)
