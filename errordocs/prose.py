"""What a careful reader of a pull request would say of the words: warnings, which --strict turns into errors."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from urllib.parse import urlsplit

from errordocs.model import Article
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import Failed
from errordocs.model import Finding
from errordocs.model import Sender
from errordocs.paths import MOST_REDIRECTS
from errordocs.schema import nearest

FEWEST_WORDS = 6  # a shorter sentence may stand twice by chance
FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|[0-9]+[.)])[ \t]+)*(`{3,}|~{3,})")
RESPONSES = re.compile(r"^(?:responses|phrases):.*(?:\n(?:[ \t#-].*)?)*", re.MULTILINE)
ADDRESS = re.compile(r"\]\([^()\s]*\)|https?://[^\s>)]+|\{[^{}]*\}")
AT_HOST = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w.-]+")
BLOCK = re.compile(r"\n(?=[ \t]*(?:\n|[-*|#>]|[0-9]+\.))")
STOP = re.compile(r"[.!?:](?=\s|$)")
Texts = Mapping[str, str]


def findings(content: Content, texts: Texts, changes: Mapping[str, str]) -> Iterator[Finding]:
    """Every warning; `texts` has each file's text by its name from `content/`, `changes` the day it last changed."""
    masked = {source: masked_text(text) for source, text in texts.items()}
    yield from misspelt(masked)
    yield from repeated_sentences(content, masked)
    yield from dates_are_current(content, changes)
    for rule in RULES:
        yield from rule(content)


def masked_text(text: str) -> str:
    """The text with blanks in place of code, addresses and literal replies: what is left is prose, where it stood."""
    head, fence, body = ("", "", text)
    if text.startswith("---\n"):
        head, fence, body = text.partition("\n---\n")
    head = RESPONSES.sub(_blank, _without_code(head))
    masked = ADDRESS.sub(_blank, head + fence + _without_code(body))
    return AT_HOST.sub(_blank, masked) if "@" in masked else masked


def _without_code(text: str) -> str:
    """The text with blanks in place of fenced blocks and code spans; takes time as its length, whatever it holds."""
    lines = text.split("\n")
    fence = ""
    for number, line in enumerate(lines if "```" in text or "~~~" in text else ()):
        found = FENCE.match(line)
        if fence or found:
            lines[number] = " " * len(line)
        if not fence and found:
            fence = found.group(1)
        elif found and found.group(1).startswith(fence) and found.end() == len(line.rstrip()):
            fence = ""
    return "".join(_without_spans(block) for block in re.split(r"(\n[ \t]*\n)", "\n".join(lines)))


def _without_spans(block: str) -> str:
    """A paragraph with blanks from each run of backticks to the next that is as long."""
    if "`" not in block:
        return block
    pieces = re.split(r"(`+)", block)  # the runs have odd numbers
    later: dict[str, int] = {}
    ends: dict[int, int | None] = {}
    for number in range(len(pieces) - 2, 0, -2):
        ends[number] = later.get(pieces[number])
        later[pieces[number]] = number
    number = 1
    while number < len(pieces):
        end = ends[number]
        for inside in range(number, end + 1 if end else number):
            pieces[inside] = _blanks(pieces[inside])
        number = (end or number) + 2
    return "".join(pieces)


def _blanks(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _blank(found: re.Match[str]) -> str:
    return _blanks(found.group())


def misspelt(masked: Texts) -> Iterator[Finding]:
    """Words that codespell's list knows as mistakes; senders' files quote too many languages to be asked."""
    places: list[tuple[str, int]] = []
    lines: list[str] = []
    for source, text in masked.items():
        if not source.startswith(("senders/", "site.yaml")):
            for number, words in enumerate(text.split("\n"), 1):
                places.append((source, number))
                lines.append(words)
    ends: dict[int, int] = {}  # where the search in a line goes on, since a word may stand there twice
    for at, wrong, right in _codespell("\n".join(lines)):
        source, line = places[at - 1]
        whole = re.compile(rf"(?<![\w'\u2019-]){re.escape(wrong)}(?![\w'\u2019-])")
        word = whole.search(lines[at - 1], ends.get(at, 0))
        ends[at] = word.end() if word else 0
        column = word.start() + 1 if word else 1
        yield _warning(source, "spelling", f"`{wrong}` looks misspelt", f"write `{right}`", at=(line, column))


def _codespell(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, wrong word and right word, of each word that codespell would change."""
    command = [sys.executable, "-PX", "utf8", "-m", "codespell_lib", "--builtin", "clear", "--disable-colors", "-"]
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, encoding="utf-8")
    except OSError as error:
        raise Failed(f"codespell cannot be run ({error.strerror}); install the requirements again") from None
    if "No module named" in done.stderr:
        raise Failed("codespell is not installed here; run `make site` once more, or leave --strict out")
    for found in re.finditer(r"^(\d+): .*\n\t(.+) ==> (.+)$", done.stdout, re.MULTILINE):
        yield int(found.group(1)), found.group(2), found.group(3)


def repeated_sentences(content: Content, masked: Texts) -> Iterator[Finding]:
    """The same sentence in two entries, guides or topics: one of the two pages does not need it, or says too little."""
    seen: dict[str, str] = {}
    records: tuple[Entry | Article, ...] = (*content.entries, *content.topics, *content.guides)
    for record in records:
        text = masked.get(record.source, "")
        start = text.find("\n---\n") + 5
        for block in BLOCK.split(text[start:]):
            for words in STOP.split("" if block.lstrip().startswith(("#", "|")) else block):
                sentence = " ".join(word for word in words.lower().split() if word.isalpha())
                if sentence.count(" ") + 1 < FEWEST_WORDS:
                    continue
                other = seen.setdefault(sentence, record.source)
                if other != record.source:
                    line, column = _place(text, text.index(words, start) + len(words) - len(words.lstrip()))
                    what, mend = f"this sentence stands in {other} too", "make one of the two particular"
                    yield _warning(record.source, "repeated-sentence", what, mend, at=(line, column))


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def dates_are_current(content: Content, changes: Mapping[str, str]) -> Iterator[Finding]:
    """`updated` is no older than the file's last change of substance in git."""
    records: tuple[Entry | Article | Sender, ...] = (
        *content.entries,
        *content.senders,
        *content.topics,
        *content.guides,
        *content.pages,
    )
    for record in records:
        day = changes.get(record.source, "")
        if record.fields.updated.isoformat() < day:
            what = f"the file changed on {day}, after this date"
            mend = "write that day, or put `Substance: no` into the commit's message"
            yield _warning(record.source, "stale-date", what, mend, ("updated",))


def steps_begin_with_verbs(content: Content) -> Iterator[Finding]:
    """A step's title is an order: its first word is one of the site's verbs."""
    verbs = {verb.lower() for verb in content.site.step_verbs}
    headings = {section.heading for section in content.site.sections if section.kind == "steps"}
    for entry in content.entries if verbs else ():
        for section in entry.body.sections:
            for item in section.items if section.title in headings else ():
                first = re.match(r"[\w-]+", item.title)
                word = first.group().lower() if first else ""
                if word not in verbs:
                    near = nearest(word, verbs)
                    mend = f"begin with a verb, as `{near or 'Look'}`, or add this one to step_verbs in site.yaml"
                    yield _warning(
                        entry.source, "step-verb", f"`{item.title}` begins with no known verb", mend, at=(item.line, 1)
                    )


def sources_are_listed(content: Content) -> Iterator[Finding]:
    """References and replies come from hosts that the site has decided to trust, and each of those is used."""
    listed = content.site.source_hosts
    used: set[str] = set()
    if not listed:
        return
    records: tuple[Entry | Article, ...] = (*content.entries, *content.topics, *content.guides)
    for record in records:
        urls: list[tuple[str, tuple[str | int, ...]]] = [
            (reference.url, ("references", index, "url")) for index, reference in enumerate(record.fields.references)
        ]
        if isinstance(record, Entry):
            urls += [(reply.source, ("responses", i, "source")) for i, reply in enumerate(record.fields.responses)]
        for url, where in urls:
            host = (urlsplit(url).hostname or "").removeprefix("www.")
            match = next((name for name in listed if host == name or host.endswith(f".{name}")), None)
            if match is None:
                mend = "cite a listed one, or add it to source_hosts in site.yaml after a look at it"
                yield _warning(record.source, "source-host", f"`{host}` is no listed source", mend, where)
            else:
                used.add(match)
    for index, name in enumerate(listed):
        if name not in used:
            yield _warning("site.yaml", "source-host", f"nothing cites `{name}`", "delete it", ("source_hosts", index))


def replies_are_unique(content: Content) -> Iterator[Finding]:
    """A sender's literal reply stands on one page, so that whoever pastes it lands there."""
    seen: dict[tuple[str, str], str] = {}
    for entry in content.entries:
        for index, reply in enumerate(entry.fields.responses):
            sender = reply.sender or entry.fields.sender or ""
            words = " ".join(re.findall(r"\w+", re.sub(r"\{[^{}]*\}", " ", reply.text.lower())))
            other = seen.setdefault((sender, words), entry.source)
            if other != entry.source:
                what = f"{other} has this reply of the same sender"
                mend = "keep it on the page that explains it"
                yield _warning(entry.source, "repeated-reply", what, mend, ("responses", index, "text"))


def aliases_fit_the_hosts(content: Content) -> Iterator[Finding]:
    """Cloudflare Pages reads so many redirects and no more; Netlify reads them all."""
    every = [(entry.source, index) for entry in content.entries for index in range(len(entry.fields.aliases))]
    if len(every) > MOST_REDIRECTS:
        source, index = every[MOST_REDIRECTS]
        what = f"{len(every):,} aliases, and Cloudflare Pages reads {MOST_REDIRECTS:,} redirects"
        mend = "from here on, only pages lead to the new address: drop aliases that nobody links any more, or let it be"
        yield _warning(source, "host-limit", what, mend, ("aliases", index))


RULES: tuple[Callable[[Content], Iterator[Finding]], ...] = (
    steps_begin_with_verbs,
    sources_are_listed,
    replies_are_unique,
    aliases_fit_the_hosts,
)


def _warning(
    source: str,
    rule: str,
    what: str,
    mend: str,
    where: tuple[str | int, ...] = (),
    at: tuple[int, int] | None = None,
) -> Finding:
    return Finding(source, rule, what, mend, where, at=at, severity="warning")
