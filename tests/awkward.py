"""The content of a small site that is awkward on purpose: everything that a page can show, in its worst form.

Long words, wide tables and lines, markup in every field, headings that repeat each other or take a page's own ids,
scripts of several directions, an error whose number is that of the page for what is missing.
"""

from __future__ import annotations

import json

from tests.conftest import SUMMARY

LONG = "Turnwidgetwithoutstoppingunlessthespindlehasbeenoiledbeforeandaftereachofthetwelvefullrotations"
HOST = "a-relay-with-a-very-long-name.of-the-second-floor.of-the-third-building.widgets.example"
NASTY = "5 < 6 && \"quotes\" 'n' `<script>alert(1)</script>` &amp; {brace}"

SITE = """\
title: Widget & "gadget" errors, from <script> to </title>
short_title: Widgets & <gadgets>
summary: Every error that the "widget" & <gadget> service gives, what it means, whether to try again, and what to do.
base_url: https://widgets.example/docs/v1/
language: en
publisher: The <widget> people & co.
licence: CC BY 4.0
edit_url: https://repository.example/edit/main/{path}
report_url: https://repository.example/issues/new?labels=a&title={title}
parts:
  - name: number
    label: Number
    pattern: "[1-5][0-9][0-9]"
    help: The number
    registry: number
    subject: "^.(.)."
  - {name: detail, label: Detail, pattern: "[245][.][0-9]+", help: The detail, twins: "yes", registry: detail}
classes:
  - {digit: "5", name: permanent, label: Permanent, heading: Permanent, says: It stays., shape: octagon, twin: "4"}
  - {digit: "4", name: temporary, label: Temporary, heading: Temporary, says: It goes., shape: triangle, twin: "5"}
  - {digit: "1", name: unusual, label: Unusual, heading: Unusual answers, says: Nobody knows., shape: square}
  - digit: "2"
    name: success
    label: Success
    heading: Successes
    says: It worked.
    shape: circle
    defaults: {retry: "no", fixed_by: nobody}
    optional: [fix, context, faq]
facts:
  - name: retry
    label: Retry
    help: What to do with the request
    values: {"yes": Yes. Later., "no": No., after-fix: After a fix. The same request fails again until then.}
  - name: fixed_by
    label: Who fixes it
    help: Who can
    many: "yes"
    values: {nobody: Nobody, turner: The person who turns, owner: The owner of the widget}
sections:
  - {key: meaning, heading: What it means, kind: overview}
  - {key: causes, heading: Why it happens, kind: overview}
  - {key: fix, heading: How to fix it, kind: steps}
  - {key: context, heading: In the factory, kind: prose}
  - {key: faq, heading: FAQ, kind: faq}
sender_kinds: {service: Services & co., machine: Machines, nothing: Nobody is of this kind}
link_purposes: {support: Support, console: Console}
navigation:
  - {label: All errors, page: errors/index.html}
  - {label: Senders, page: senders/index.html}
  - {label: Topics, page: topics/index.html}
  - {label: Guides, page: guides/index.html}
  - {label: Numbers, page: codes/number.html}
  - {label: Details, page: codes/detail.html}
  - {label: About & more, page: about.html}
call_to_action:
  title: Missing a "widget"?
  text: Paste the <whole> error & say which machine gave it.
  label: Send a correction
  url: https://repository.example/issues/new?a=b&c=d
"""

BODY = f"""\
## What it means

The widget said *no*, **twice**. {NASTY.replace("<script>", "< script >")} {LONG} العربية 漢字 q\u0301 \U0001f527.

- One
- Two
  - Deeper, with `{LONG}`
  1. Numbered

| A | Wide | Table | With | Many | Columns | And | Code |
|---|---|---|---|---|---|---|---|
| 1 | `{LONG}` | 3 | 4 | 5 | 6 | 7 | [a link](500-5.1.md) |

> A quotation with [a guide](../../guides/turning.md#replies-2) in it.

## Why it happens

Either of [two](../../topics/jam.md), or [this very page](#why-it-happens), or <https://widgets.example/?a=b&c=d>, or
[the number](../../registry/number.yaml#500), or [one sender](../../senders/turner.yaml).

## How to fix it

Text before the first step.

### Turn `widget --off` & on again

```sh
widget --turn "{LONG}" --host {HOST} # a line that is far too wide for any telephone, and for most screens as well
```

```text
short
```

### Main

The step is called like an id of the frame.

### Main

And again, with a list:

1. First

   ```json
   {{"widget": [1, 2.5, null, true], "name": "a<b>c"}}
   ```

2. Second

### 漢字だけ

A heading without a letter of the alphabet.

## In the factory

Text of the factory.

## FAQ

### Why me, "of all" & `<people>`?

Because.

### Why me, "of all" & `<people>`?

Because, again.
"""


def _reply(number: int, sender: str = "", more: str = "") -> str:
    who = f"    sender: {sender}\n" if sender else ""
    return (
        f"  - text: '500 {number} widget {{name}} of {{host}} {more}'\n{who}"
        f"    source: https://source.example/{number}?a=b&c=d\n    basis: observed\n    checked: 2026-01-0{number}\n"
    )


def _entry(fields: str, title: str = "It broke", body: str = BODY, summary: str = SUMMARY) -> str:
    base = f"title: {json.dumps(title)}\nsummary: {json.dumps(summary)}\nupdated: 2026-01-02\n"
    facts = "" if "retry" in fields else "retry: after-fix\nfixed_by: [turner, owner]\n"
    return f"---\n{fields}{base}{facts}---\n\n{body}"


def _plain(text: str = "It means this.") -> str:
    """A short body that has every section."""
    steps = "## How to fix it\n\n### Turn it off\n\nThen on.\n\n## In the factory\n\nThe same."
    return f"## What it means\n\n{text}\n\n## Why it happens\n\nWear.\n\n{steps}\n\n## FAQ\n\n### Why me?\n\nBecause.\n"


def _article(title: str, fields: str = "", body: str = "## One\n\nText.\n") -> str:
    return (
        f"---\ntitle: {json.dumps(title)}\nsummary: {json.dumps(SUMMARY)}\nupdated: 2026-01-02\n{fields}---\n\n{body}"
    )


def _sender(name: str, more: str = "", kind: str = "service") -> str:
    return f"name: {json.dumps(name)}\nkind: {kind}\nsummary: {json.dumps(SUMMARY)}\nupdated: 2026-01-02\n{more}"


def _code(code: str, more: str = "") -> str:
    return (
        f'  - code: "{code}"\n    title: Title of {code}\n    status: standard\n    reference: Standard {code}\n'
        f"    url: https://standards.example/{code}\n    meaning: The meaning of {code}, & a <half>.\n{more}"
    )


FILES: dict[str, str | bytes] = {
    "site.yaml": SITE,
    "errors/basic/500.md": _entry(
        'number: "500"\nseen_from: [turner, silent, filter]\ntopics: [jam, rust]\nguides: [turning, oiling]\n'
        "aliases: [old-500, '499']\nrelated:\n  - {entry: '5.1', why: The detail `5.1` & <nothing> else.}\n"
        "references:\n  - {title: The <standard> & more, url: 'https://standards.example/500?a=b&c=d', says: So.}\n"
        "responses:\n"
        + _reply(1, "turner", NASTY.replace("'", "''"))
        + _reply(2, "turner", LONG)
        + "".join(_reply(number) for number in range(3, 7))
        + _reply(7, "filter", "in\n\n      two lines")
        + _reply(8, "turner", HOST),
        f"It broke, {NASTY[:30]}",
        BODY.replace("(500-5.1.md)", "(../pairs/500-5.1.md)"),
        SUMMARY[:90] + NASTY,
    ),
    "errors/pairs/500-5.1.md": _entry('number: "500"\ndetail: "5.1"\ntopics: [jam]\n', "The spindle is stuck"),
    "errors/detail/5.1.md": _entry('detail: "5.1"\ntopics: [jam]\n', LONG[:90], _plain(LONG)),
    "errors/detail/4.1.md": _entry('detail: "4.1"\n', "The spindle is stuck for now", _plain()),
    "errors/500-turner.md": _entry('number: "500"\nsender: turner\ntopics: [rust]\n', "Rust", _plain()),
    "errors/500-5.1-turner-a-name-that-goes-on-until-no-file-system-and-no-reader-would-bear-any-more-of-it.md": _entry(
        'number: "500"\ndetail: "5.1"\nsender: turner\ntopics: [jam]\nresponses:\n' + _reply(1), "Jam", _plain()
    ),
    "errors/503.md": _entry(
        'number: "503"\nstatus: retired\nreplaced_by: "500"\naliases: [no-longer]\n', "Nobody sends it", _plain()
    ),
    "errors/404.md": _entry('number: "404"\ntopics: [rust]\n', "The number of the page for what is missing", _plain()),
    "errors/421.md": _entry('number: "421"\nretry: "yes"\nfixed_by: [nobody]\n', "It rests", _plain()),
    "errors/100.md": _entry('number: "100"\n', "Nobody knows", _plain()),
    "errors/200.md": _entry(
        'number: "200"\nretry: "no"\n', "It worked", "## What it means\n\nFine.\n\n## Why it happens\n\nOil.\n"
    ),
    "senders/turner.yaml": _sender(
        "The <turner> & co.",
        f"also_known_as: [Turning & co., {LONG}]\ndomains: [turner.example]\nhosts: [{HOST}, '*.turner.example']\n"
        f"marks: ['- <turned>', '{LONG}', '&amp;']\nlinks:\n"
        "  - {title: Ask & <wait>, url: 'https://turner.example/ask?a=b&c=d', purpose: support}\n"
        "about: |\n  It turns, see [the guide](../guides/turning.md).\n\n  ## How it says so\n\n  With a sigh.\n\n"
        f"  ```text\n  {LONG} {HOST}\n  ```\n\n  ### More\n\n  Text.\n",
    ),
    "senders/filter.yaml": _sender("Filter", kind="machine"),
    "senders/silent.yaml": _sender(LONG[:90], kind="machine"),
    "topics/jam.md": _article(
        "Jam & <butter>",
        'first: ["5.1", 500-5.1]\nguides: [turning]\n'
        "references:\n  - {title: Standard, url: 'https://standards.example/', says: So.}\n",
        f"Text before any heading, {LONG}.\n\n## What these share\n\nSee [500](../errors/basic/500.md#main-2).\n",
    ),
    "topics/rust.md": _article("Rust", body="Only text.\n"),
    "topics/nothing.md": _article("A topic that no error has"),
    "guides/turning.md": _article(
        "Turning",
        "topics: [jam]\nguides: [oiling]\nreferences:\n"
        "  - {title: Standard, url: 'https://standards.example/', says: So `it` is.}\n",
        f"An introduction.\n\n## Replies\n\n```python\nprint({LONG!r}, {HOST!r}, 'and more of the same, and more')\n"
        "```\n\n### Related\n\nText.\n\n#### Deep\n\nText.\n\n## Replies\n\n| A | B |\n|---|---|\n| 1 | 2 |\n",
    ),
    "guides/oiling.md": _article("Oiling that nothing else needs"),
    "pages/about.md": _article("About & more", body="## What it is\n\nA page. [Home](../errors/200.md).\n"),
    "registry/number.yaml": "title: Numbers & <more>\n"
    f"summary: {json.dumps(SUMMARY)}\nsource: https://standards.example/\nsubjects: "
    '{"0": "Syntax & <more>", "2": Connections}\ncodes:\n'
    + "".join(_code(code) for code in ("200", "404", "420", "421"))
    + _code("500", '    note: A note.\n    with: ["5.1", "5.2"]\n')
    + _code("503", "    commands: TURN\n").replace("status: standard", "status: obsolete"),
    "registry/detail.yaml": f"title: Details\nsummary: {json.dumps(SUMMARY)}\nsource: https://standards.example/\ncodes:\n"
    + _code("X.1", '    classes: ["4", "5"]\n')
    + _code("X.2"),
}
