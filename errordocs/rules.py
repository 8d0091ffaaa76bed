"""Every rule by name: what it refuses and why, with a wrong and a right example that the tests run.

The table in docs/rules.md, the rules of a SARIF report and the tests are all made from this one list.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Place = Literal["fields", "body", "text", "sender", "guide", "site", "name", "tree"]


class Rule(Struct, frozen=True):
    """A rule; `place` says where its examples stand.

    fields: lines of an entry's front matter; body: an entry's whole body; text: a paragraph of it; sender and guide:
    lines of such a file's fields; site: lines of site.yaml; name: the path of a file; tree: only told in words.
    """

    name: str
    says: str
    place: Place
    wrong: str
    right: str
    severity: Literal["error", "warning"] = "error"


STEPS = "## What it means\n\nIt means this.\n\n## How to fix it\n\n{}\n\n## FAQ\n\n### Why me?\n\nBecause.\n"

RULES = (
    # Files
    Rule("stray-file", "Only what the content is made of lies in its folder.", "name", "errors/500.txt", "errors/500.md"),
    Rule("symlink", "A file is read only where it lies: a symbolic link is refused.", "tree", "a link to a file", "the file"),
    Rule("bad-slug", "A file's name is its address: a-z, 0-9, single `-` or `.`.", "name", "guides/My Guide.md", "guides/my-guide.md"),
    Rule("file-size", "A file has at most 64 KB.", "tree", "a file of 65 KB", "two files"),
    Rule("missing-file", "A content folder has a site.yaml.", "tree", "no site.yaml", "content/site.yaml"),
    Rule("encoding", "Files are UTF-8.", "tree", "a file in Latin-1", "the file saved as UTF-8"),
    Rule("control-character", "No control or direction characters, not even by escape.", "fields", 'title: "It\\0broke"', "title: It broke"),
    # YAML
    Rule("front-matter", "A Markdown file begins with its fields between two `---` lines.", "tree", "no `---`", "---\ntitle: It broke\n---"),
    Rule("yaml", "The fields are YAML.", "fields", "title: It broke: badly", 'title: "It broke: badly"'),
    Rule("duplicate-key", "A field stands once.", "fields", "title: One\ntitle: Two", "title: One"),
    Rule("yaml-tag", "Every value is plain text; tags have no use.", "fields", "title: !!str It broke", "title: It broke"),
    Rule("yaml-anchor", "Values are written out, not shared.", "fields", "title: &a It broke", "title: It broke"),
    Rule("yaml-alias", "Values are written out, not shared.", "fields", "title: *a", "title: It broke"),
    Rule("yaml-merge", "Fields are written out, not merged.", "fields", "<<: {topics: [turning]}", "topics: [turning]"),
    Rule("yaml-key", "A field's name is a plain word.", "fields", "? [topics]\n: [turning]", "topics: [turning]"),
    Rule("yaml-depth", "Values are nested at most eight levels deep.", "fields", "topics: [[[[[[[[[turning]]]]]]]]]", "topics: [turning]"),
    Rule("yaml-directive", "No YAML directives.", "sender", "%YAML 1.1", "name: The turner"),
    Rule("yaml-documents", "One document a file.", "sender", "---\nname: The turner", "name: The turner"),
    # Fields
    Rule("unknown-field", "A field that nobody reads is a typing mistake.", "fields", "titel: It broke", "title: It broke"),
    Rule("missing-field", "What every page needs is there.", "fields", "title:", "title: It broke"),
    Rule("empty-value", "A field that stands has a value.", "fields", 'title: ""', "title: It broke"),
    Rule("wrong-type", "A list where a list belongs, one value where one belongs.", "fields", "topics: turning", "topics: [turning]"),
    Rule("too-short", "A summary says enough to act on; a list of one or more has one.", "fields", "summary: Broken.", "summary: The widget broke because it was turned twice; wait for a minute, then turn it once more."),
    Rule("too-long", "A title fits a line.", "fields", "title: " + "It broke and broke " * 6, "title: It broke"),
    Rule("bad-value", "A value of a fixed list, or of the form that the field asks for.", "fields", "retry: perhaps", "retry: after-fix"),
    Rule("bad-code", "A code has the form that site.yaml gives its part.", "fields", "number: 5000", "number: 500"),
    Rule("bad-date", "A date that exists, year first.", "fields", "updated: 30.2.2026", "updated: 2026-02-28"),
    Rule("unsafe-url", "Links begin with https://, http:// or mailto:, or are relative paths.", "text", "See [it](javascript:x).", "See [it](https://example.com/)."),
    # Between files
    Rule("slug-codes", "An entry's name tells its codes, and its sender if it has one.", "name", "errors/501.md", "errors/500.md"),
    Rule("duplicate-slug", "One page has one file, and an alias is nobody's name.", "fields", "aliases: [500]", "aliases: [500-old]"),
    Rule("unknown-slug", "What a field names exists.", "fields", "topics: [turnin]", "topics: [turning]"),
    Rule("repeated-slug", "A list names a thing once, and no entry is related to itself.", "fields", "topics: [turning, turning]", "topics: [turning]"),
    Rule("unknown-class", "An entry's first digit is a class of site.yaml.", "tree", "an entry 300 where no class has the digit 3", "a class of that digit"),
    Rule("retired", "A retired entry says what took its place, and only a retired one does.", "fields", "status: retired", "status: retired\nreplaced_by: 400"),
    Rule("duplicate-phrase", "A phrase leads to one entry of the same codes and sender.", "fields", "phrases: [it broke, it broke]", "phrases: [it broke]"),
    Rule("bad-pattern", "The patterns of site.yaml and lookup.yaml can be read.", "site", "pattern: '[0-9'", "pattern: '[0-9]'"),
    # Bodies
    Rule("heading", "An entry has the site's sections, in their order, once each.", "body", STEPS.replace("## FAQ", "## Questions").format("### Turn it off\n\nThen on."), STEPS.format("### Turn it off\n\nThen on.")),
    Rule("items", "Steps and questions are `###` headings, and questions end in `?`.", "body", STEPS.format("Turn it off, then on."), STEPS.format("### Turn it off\n\nThen on.")),
    Rule("empty-section", "Every heading has text below it.", "body", STEPS.format("### Turn it off"), STEPS.format("### Turn it off\n\nThen on.")),
    Rule("dead-link", "A relative link names a file of the content.", "text", "See [the guide](../guides/turnin.md).", "See [the guide](../guides/turning.md)."),
    Rule("dead-anchor", "What follows `#` is a heading of that page.", "text", "See [the guide](../guides/turning.md#on).", "See [the guide](../guides/turning.md#one)."),
    Rule("link-outside", "No link leads out of the content.", "text", "See [it](../../secret.md).", "See [the guide](../guides/turning.md)."),
    Rule("raw-html", "Pages hold no HTML of their own.", "text", "It <b>broke</b>.", "It **broke**."),
    Rule("image", "Pages hold no images.", "text", "![It broke](broken.png)", "It broke."),
    Rule("code-language", "A code block names a language that Pygments knows, or `text`.", "text", "```\nturn --off\n```", "```sh\nturn --off\n```"),
    Rule("todo", "What `new` leaves to be written is written.", "text", "TODO: say what it means.", "It broke."),
    # Prose
    Rule("spelling", "Words are spelt as codespell's list has them.", "text", "It recieved nothing.", "It received nothing.", "warning"),
    Rule("repeated-sentence", "No sentence stands on two pages: one of them says too little of its own.", "tree", "one sentence in two entries", "two sentences", "warning"),
    Rule("step-verb", "A step's title is an order.", "body", STEPS.format("### The off switch\n\nTurn it."), STEPS.format("### Turn it off\n\nThen on."), "warning"),
    Rule("source-host", "References cite hosts that site.yaml lists, and each listed one is cited.", "fields", "references: [{title: It, url: https://gossip.example/, says: So.}]", "references: [{title: It, url: https://docs.example/, says: So.}]", "warning"),
    Rule("external-link", "External links answer, have not moved, and have the place that `#` names (`check --external`).", "tree", "a link to a page that is gone", "a link to where it went", "warning"),
    Rule("stale-date", "`updated` is no older than the file's last change of substance in git.", "tree", "a change without a new date", "updated: the day of the change", "warning"),
    Rule("host-limit", "Hosts read 2,000 redirects: further aliases are served by pages that lead on.", "tree", "2,001 aliases", "entries that keep their names", "warning"),
    Rule("repeated-reply", "A sender's literal reply stands on one page.", "tree", "one reply of one sender in two entries", "one page that has it", "warning"),
)  # fmt: skip

BY_NAME = {rule.name: rule for rule in RULES}
