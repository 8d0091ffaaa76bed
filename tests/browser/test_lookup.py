"""The lookup as a person uses it, from disk and from a host: words, pastes, keys, files, logs; what must not happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.conftest import Watched
from tests.built import Built

BOX = "form.find input"
FIELD = "form.lookup textarea"
OPTION = "[role=option]"
ANSWER = "#answers .answer"
BEST = f"{ANSWER} .results a"
HANG = 2000  # milliseconds: a timing decides no test, but a page that does not answer for so long hangs; the figures
# of benchmarks/README.md hold it to 100

UNKNOWN = "550 5.1.1 <user@example.com>: Recipient address rejected: User unknown in local recipient table"
DSN = """Final-Recipient: rfc822; one@example.com
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 <one@example.com>: user is over quota

Final-Recipient: rfc822; two@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <two@example.net>: user unknown
"""
LINE = (
    "Nov 24 10:{0:02d}:{1:02d} mx postfix/smtp[{2}]: 4F{2:06X}: to=<user{2}@example.com>, relay=mx.example.com"
    "[192.0.2.{3}]:25, delay=1.{1}, dsn={4}, status={5} (host mx.example.com[192.0.2.{3}] said: {6} (in reply to "
    "RCPT TO command))"
)
REPLIES = [
    ("5.1.1", "bounced", "550 5.1.1 <user@example.com>: Recipient address rejected: User unknown"),
    ("5.7.1", "bounced", "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org"),
    ("4.2.2", "deferred", "452 4.2.2 Mailbox full"),
]


@pytest.fixture
def watched(real: Built, tab: Open) -> Watched:
    """The page of its own, opened from disk."""
    made = tab()
    made.page.goto((real.output / "lookup.html").as_uri())
    return made


@contextmanager
def unfrozen(page: Page) -> Iterator[None]:
    """Whatever is done within never keeps the page from answering for longer than HANG."""
    page.evaluate("""() => {
      window.longest = 0;
      let last = performance.now();
      const beat = () => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - last);
        last = now;
        window.beating = setTimeout(beat);
      };
      beat();
    }""")
    yield
    assert page.evaluate("() => { clearTimeout(window.beating); return window.longest; }") < HANG


def paste(page: Page, text: str | None, into: str = FIELD) -> None:
    """As the clipboard gives it: at once, and with its lines; None stands for what the page has in `window.text`."""
    page.focus(into)
    page.eval_on_selector(
        into,
        """(field, text) => {
          const data = new DataTransfer();
          text = text === null ? window.text : text;
          data.setData("text", text);
          const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          if (field.dispatchEvent(event)) document.execCommand("insertText", false, text);
        }""",
        text,
    )


# The box of every page


@pytest.mark.parametrize("page_name", ["errors/index.html", "about.html", "guides/spf.html", "404.html"])
def test_slash_leads_into_the_box_and_arrows_and_enter_out_of_it(real: Built, tab: Open, page_name: str) -> None:
    page = tab().page
    page.goto((real.output / page_name).as_uri())
    page.keyboard.press("/")
    expect(page.locator(BOX)).to_be_focused()
    expect(page.locator(BOX)).to_have_value("")
    page.keyboard.type("550 5.1.1")
    expect(page.locator(OPTION).first).to_be_visible()
    expect(page.locator(BOX)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"{OPTION}[aria-selected=true]")).to_have_count(1)
    chosen = page.locator(BOX).get_attribute("aria-activedescendant")
    assert page.locator(OPTION).first.get_attribute("id") == chosen
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"errors/550-5\.1\.1\.html$"))


def test_escape_closes_then_clears_then_leaves(real: Built, tab: Open) -> None:
    page = tab().page
    page.goto((real.output / "about.html").as_uri())
    page.focus(BOX)
    page.keyboard.type("mailbox full")
    expect(page.locator(OPTION).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(OPTION).first).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(BOX)).to_have_value("")
    page.keyboard.press("Escape")
    expect(page.locator(BOX)).not_to_be_focused()


def test_arrows_go_round(real: Built, tab: Open) -> None:
    page = tab().page
    page.goto((real.output / "about.html").as_uri())
    page.focus(BOX)
    page.keyboard.type("550")
    expect(page.locator(OPTION).first).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.locator(OPTION).last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"{OPTION}[aria-selected=true]")).to_have_count(0)
    assert page.locator(BOX).get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    expect(page.locator(OPTION).first).to_have_attribute("aria-selected", "true")


def test_slash_within_a_field_is_a_letter(watched: Watched) -> None:
    watched.page.focus(FIELD)
    watched.page.keyboard.type("1/2")
    expect(watched.page.locator(FIELD)).to_have_value("1/2")


@pytest.mark.parametrize(
    ("typed", "best"),
    [
        ("550", "errors/550.html"),
        ("5.7.1", "errors/5.7.1.html"),
        ("550-5.7.1", "errors/550-5.7.1.html"),
        ("550 #5.1.1", "errors/550-5.1.1.html"),
        ("gmail", "senders/gmail.html"),
        ("gmial", "senders/gmail.html"),
    ],
)
def test_box_finds_codes_and_names_even_misspelt(real: Built, tab: Open, typed: str, best: str) -> None:
    page = tab().page
    page.goto((real.output / "errors" / "550.html").as_uri())
    page.fill(BOX, typed)
    expect(page.locator(OPTION).first).to_be_visible()
    page.locator(OPTION).first.click()
    page.wait_for_url(re.compile(f"{re.escape(best)}$"))


def test_several_lines_pasted_into_the_box_go_to_the_large_field(real: Built, tab: Open) -> None:
    page = tab().page
    page.goto((real.output / "about.html").as_uri())
    page.focus(BOX)
    page.wait_for_function("() => window.Lookup")  # it is asked for when the box is first used, and sees the paste
    paste(page, DSN, BOX)
    page.wait_for_url(re.compile("lookup.html#q="))
    expect(page.locator(FIELD)).to_have_value(DSN)
    expect(page.locator(ANSWER)).to_have_count(2)


def test_script_is_asked_for_when_the_box_is_first_used(real: Built, tab: Open) -> None:
    made = tab()
    made.page.goto((real.output / "about.html").as_uri())
    assert not any(url.endswith("lookup.js") for url in made.asked)
    made.page.keyboard.press("/")
    made.page.wait_for_function("() => window.Lookup")
    assert sum(url.endswith("lookup.js") for url in made.asked) == 1


# The large field


def test_bounce_is_answered_with_page_facts_marks_and_others(watched: Watched) -> None:
    page = watched.page
    paste(page, f"<user@example.com>: host mx.example.com[192.0.2.1] said: {UNKNOWN} (in reply to RCPT TO command)")
    expect(page.locator(BEST).first).to_have_attribute("href", re.compile(r"errors/550-5\.1\.1\.html$"))
    expect(page.locator(f"{ANSWER} .facts")).to_contain_text("Suppress it")
    expect(page.locator(f"{ANSWER} .facts")).to_contain_text("550 5.1.1")
    marked = page.locator(f"{ANSWER} .said mark").all_inner_texts()
    assert {"550", "5.1.1"} <= set(marked)
    assert 1 <= page.locator(f"{ANSWER} details li").count() <= 5
    assert watched.said == []


def test_addressees_of_one_report_are_answered_each(watched: Watched) -> None:
    paste(watched.page, DSN)
    expect(watched.page.locator(ANSWER)).to_have_count(2)
    hrefs = {link.get_attribute("href") for link in watched.page.locator(BEST).all()}
    assert hrefs == {"errors/552-5.2.2.html", "errors/550-5.1.1.html"}


def test_summary_for_a_ticket_is_copied(real: Built, tab: Open) -> None:
    made = tab(permissions=["clipboard-read", "clipboard-write"])
    made.page.goto((real.output / "lookup.html").as_uri())
    paste(made.page, UNKNOWN)
    made.page.get_by_role("button", name="Copy a summary").click()
    expect(made.page.locator(f"{ANSWER} [role=status]")).to_have_text("Copied")
    told = made.page.evaluate("() => navigator.clipboard.readText()")
    assert told.startswith("550 5.1.1 from Postfix: ")
    assert "errors/550-5.1.1.html" in told


def test_what_is_no_error_gets_no_page_but_the_form(watched: Watched) -> None:
    paste(watched.page, "The cat sat on the mat, and 550 apples fell.")
    expect(watched.page.locator(ANSWER)).to_contain_text("No page here is known to fit")
    expect(watched.page.locator(f"{ANSWER} a", has_text="add it")).to_have_attribute("href", re.compile("^https://"))


def test_code_without_a_page_shows_the_general_one_and_says_so(watched: Watched) -> None:
    paste(watched.page, "592 5.9.93 <user@example.com> the recipient's mailbox is sulking")
    expect(watched.page.locator(ANSWER)).to_contain_text("No page is sure to fit this")
    expect(watched.page.locator(f"{ANSWER} a", has_text="add it")).to_be_visible()


@pytest.mark.parametrize("kind", ["hash", "query"])
def test_address_opens_it_filled(real: Built, tab: Open, kind: str) -> None:
    page = tab().page
    page.goto((real.output / "lookup.html").as_uri() + ("#q=" if kind == "hash" else "?q=") + "550%205.1.1")
    expect(page.locator(FIELD)).to_have_value("550 5.1.1")
    expect(page.locator(BEST).first).to_have_attribute("href", "errors/550-5.1.1.html")


def test_clear_takes_the_answer_away(watched: Watched) -> None:
    paste(watched.page, UNKNOWN)
    expect(watched.page.locator(ANSWER)).to_have_count(1)
    watched.page.get_by_role("button", name="Clear").click()
    expect(watched.page.locator(ANSWER)).to_have_count(0)


def test_file_is_read(watched: Watched, tmp_path: Path) -> None:
    encoded = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    body = "NTUwIDUuMS4xIDx1c2VyQGV4YW1wbGUuY29tPjogUmVjaXBpZW50IGFkZHJlc3MgcmVqZWN0ZWQ6IFVzZXIgdW5rbm93bgo="
    (tmp_path / "bounce.eml").write_text(encoded + body + "\n")
    watched.page.set_input_files("form.lookup input[type=file]", tmp_path / "bounce.eml")
    expect(watched.page.locator(BEST).first).to_have_attribute("href", "errors/550-5.1.1.html")


def test_file_is_dropped(watched: Watched) -> None:
    watched.page.dispatch_event("form.lookup", "dragenter")
    watched.page.wait_for_function("() => window.Lookup")
    watched.page.eval_on_selector(
        "form.lookup",
        """(form, text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "bounce.txt", {type: "text/plain"}));
          for (const name of ["dragover", "drop"])
            form.dispatchEvent(new DragEvent(name, {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        UNKNOWN,
    )
    expect(watched.page.locator(BEST).first).to_have_attribute("href", "errors/550-5.1.1.html")


# A log


def log(lines: int) -> str:
    def line(i: int) -> str:
        dsn, status, reply = REPLIES[i % 5 % 3]
        return LINE.format(i // 60 % 60, i % 60, i, i % 200, dsn, status, reply)

    return "\n".join(map(line, range(lines))) + "\n"


def test_log_of_ten_thousand_lines_is_counted_while_the_page_lives(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    (tmp_path / "mail.log").write_text(log(10_000))
    page.focus(FIELD)
    page.wait_for_function("() => window.Lookup")
    with unfrozen(page):
        page.set_input_files("form.lookup input[type=file]", tmp_path / "mail.log")
        expect(page.locator("#answers table")).to_be_visible()
    rows = page.locator("#answers tbody tr").all()
    assert len(rows) == 3
    assert sum(int(row.locator("td").first.inner_text().replace(",", "")) for row in rows) == 10_000
    with page.expect_download() as told:
        page.get_by_role("button", name="Save as CSV").click()
    table = Path(told.value.path()).read_text("utf-8-sig").splitlines()
    assert table[0] == "count,basic,enhanced,sender,page,title,sample"
    assert table[1].startswith("4000,550,5.1.1,")


def test_typing_goes_on_while_a_log_is_counted(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    (tmp_path / "mail.log").write_text(log(20_000))
    page.focus(FIELD)
    page.wait_for_function("() => window.Lookup")
    page.set_input_files("form.lookup input[type=file]", tmp_path / "mail.log")
    expect(page.locator("#answers :is(progress, table)")).to_have_count(1)
    page.fill(FIELD, UNKNOWN)
    expect(page.locator(BEST).first).to_have_attribute("href", "errors/550-5.1.1.html")
    expect(page.locator("#answers table")).to_have_count(0)


# What must not happen

STRINGS = [
    *(
        "<script>window.hit=1</script>",
        "<img src=x onerror=window.hit=1>",
        '"><svg onload=window.hit=1>',
        "javascript:window.hit=1",
    ),
    *("550 5.1.1 <img src=x onerror=window.hit=1>", "550 5.1.1 <a href=javascript:window.hit=1>user unknown</a>"),
    *(
        "550 5.7.1 {{7*7}} ${7*7} <%= 7*7 %>",
        "550 5.1.1 \u202euser unknown\u202c",
        "550 \u200b5\u200b.1\u200b.1 user unknown",
    ),
    *(
        "\u0645\u0631\u062d\u0628\u0627 550 5.1.1 \u0627\u0644\u0645\u0633\u062a\u062e\u062f\u0645",
        "550 5.1.1 \u6536\u4ef6\u4eba\u4e0d\u5b58\u5728",
        "\U0001f4a5" * 500,
    ),
    *("=" * 5000, "5" * 5000, "5.1." * 2000, "550 " * 3000, "<" * 5000, "&#" * 3000, "&#1114112;", "=FF=FE=00" * 500),
    *("\\n" * 3000, "\x00\x01\x02", "a@" * 4000, "(((((" * 1000, "host " * 2000, "550-" * 2000, "> " * 3000, "\ud800"),
    *(
        "Content-Transfer-Encoding: base64\n\n" + "A" * 5000,
        "Content-Transfer-Encoding: quoted-printable\n\n=ZZ=",
        "__proto__",
        "constructor 550 5.1.1 toString",
    ),
]
PARTS = [
    "550",
    "5.1.1",
    "<b onmouseover=window.hit=1>",
    "\u202e",
    "user unknown",
    "said:",
    "\n550-",
    "=3D",
    "&lt;script&gt;",
    "(reason:",
    "\t",
    "\\",
    "%00",
    "'\"`",
]


def hostile() -> list[str]:
    """Five hundred: those above, and mixtures of their parts, the same at each run."""
    made, state = list(STRINGS), 7
    while len(made) < 500:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        made.append(
            " ".join(
                PARTS[state >> shift & 0xF if state >> shift & 0xF < len(PARTS) else 0] for shift in range(0, 28, 3)
            )
        )
    return made


def test_hostile_strings_stay_text_and_nothing_freezes_or_leaves(real: Built, tab: Open) -> None:
    made = tab()
    made.page.goto((real.output / "lookup.html").as_uri())
    made.page.focus(FIELD)
    made.page.wait_for_function("() => window.Lookup")
    asked = len(made.asked)
    worst = made.page.evaluate(
        """async (texts) => {
          const field = document.querySelector("form.lookup textarea");
          const form = document.querySelector("form.lookup");
          let worst = [0, ""];
          for (const text of texts) {
            field.value = text;
            const began = performance.now();
            form.requestSubmit();
            const took = performance.now() - began;
            if (took > worst[0]) worst = [took, text.slice(0, 60)];
            await new Promise((go) => setTimeout(go));
          }
          return worst;
        }""",
        hostile(),
    )
    assert worst[0] < HANG, worst
    assert made.page.evaluate("() => window.hit") is None
    assert made.page.locator("#answers img, #answers script, #answers svg, #answers b").count() == 0
    assert made.asked[asked:] == []
    assert made.said == []


@pytest.mark.parametrize("kind", ["letters", "lines", "base64", "codes"])
def test_megabyte_of_garbage_does_not_freeze_the_page(watched: Watched, kind: str) -> None:
    page = watched.page
    page.focus(FIELD)
    page.wait_for_function("() => window.Lookup")
    text = {
        "letters": "x7 Zq!" * 175_000,
        "lines": "lorem ipsum 550 dolor\n" * 48_000,
        "base64": "Content-Transfer-Encoding: base64\n\n" + "QUJD" * 260_000,
        "codes": "550 5.1.1 " * 104_000,
    }[kind]
    page.evaluate("text => { window.text = text; }", text)
    with unfrozen(page):
        paste(page, None)
        expect(page.locator(ANSWER).first).to_be_visible()
        expect(page.locator("#answers progress")).to_have_count(0)


def test_nothing_pasted_leaves_under_the_policy_of_the_host(real: Built, tab: Open) -> None:
    from tests.browser.conftest import serving

    made = tab()
    with serving(real.output) as address:
        made.page.goto(address + "lookup.html")
        asked = len(made.asked)
        paste(made.page, DSN + "secret-word@example.com")
        expect(made.page.locator(ANSWER).first).to_be_visible()
        assert [url for url in made.asked[asked:] if not url.endswith(("/lookup.js", ".svg"))] == []
        refused = made.page.evaluate("""() => fetch("robots.txt").then(() => "sent", () => "refused")""")
    assert refused == "refused"
    assert not any("secret-word" in url for url in made.asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_answers_and_suggestions(real: Built, tab: Open, axe: str, scheme: str) -> None:
    from tests.browser.test_axe import RULES

    page = tab(color_scheme=scheme, viewport={"width": 360, "height": 800}).page
    for name, act in {
        "answer": lambda: paste(page, DSN),
        "none": lambda: paste(page, "the cat sat on the mat"),
        "log": lambda: paste(page, log(60)),
    }.items():
        page.goto((real.output / "lookup.html").as_uri())
        act()
        expect(page.locator(ANSWER).first).to_be_visible()
        expect(page.locator("#answers progress")).to_have_count(0)
        page.evaluate(axe)
        assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == [], name
    page.goto((real.output / "about.html").as_uri())
    page.focus(BOX)
    page.keyboard.type("mailbox full")
    expect(page.locator(OPTION).first).to_be_visible()
    page.evaluate(axe)
    assert page.evaluate("rules => axe.run(document, rules)", RULES)["violations"] == []
