"""A corpus of any size in the shape of the real entries, for benchmarks; the same bytes for the same N and seed.

    python benchmarks/corpus.py N FOLDER [--seed 1] [--tool errordocs]

FOLDER is a project: `python build.py --content FOLDER/content --output FOLDER/output` builds it. The site's settings,
registries, pages and words are those of this repository's content/. With `--tool hugo` or another it is
that tool's project, with the same text.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import re
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
CONTENT = REPOSITORY / "content"
A_FOLDER = 100  # entries in one folder of errors/
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)  # an entry's related ones, so an entry's title stands on six pages besides its own
BASES = ("documented", "observed", "source-code")
FIRST_DAY = datetime.date(2025, 1, 1)
GENERAL = ("4.0.0", "5.0.0")  # lookup.yaml names them


@dataclass(frozen=True, slots=True, eq=False)  # one is only itself: comparing so many words would take long
class Words:
    """What texts are made of: all from the real content."""

    prose: Sequence[str]  # every plain word as often as it stands there, shuffled
    spans: Sequence[str]  # inline code
    verbs: Sequence[str]  # with which a step may begin
    hosts: Sequence[str]  # that references may cite
    headings: Sequence[str]  # of an entry's sections
    pairs: Sequence[tuple[str, str]]  # reply codes with enhanced codes, of one class each


@dataclass(frozen=True, slots=True)
class Corpus:
    """How many entries, and whose words."""

    size: int
    seed: int
    words: Words

    @property
    def senders(self) -> int:
        return max(3, self.size // 20)

    @property
    def topics(self) -> int:
        return max(3, self.size // 25)

    @property
    def guides(self) -> int:
        return max(3, self.size // 50)

    def chance(self, kind: str, number: int) -> Random:
        return Random(f"{self.seed} {self.size} {kind} {number}")


@dataclass(frozen=True, slots=True)
class Card:
    """What other pages show of an entry."""

    slug: str
    folder: str
    codes: tuple[str, ...]
    title: str
    sender: str | None
    topics: tuple[str, ...]
    guides: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"errors/{self.folder}/{self.slug}"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry's fields, and its body with links as `../../guides/<slug>.md`."""

    card: Card
    basic: str | None
    enhanced: str
    summary: str
    updated: str
    facts: dict[str, str]
    seen_from: tuple[str, ...]
    responses: tuple[dict[str, str], ...]
    related: tuple[tuple[Card, str], ...]
    references: tuple[dict[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Article:
    """A topic or a guide."""

    slug: str
    title: str
    summary: str
    updated: str
    guides: tuple[str, ...]
    first: tuple[str, ...]
    references: tuple[dict[str, str], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Sender:
    slug: str
    name: str
    kind: str
    summary: str
    updated: str
    about: str


# The words


@functools.cache
def words(content: Path = CONTENT) -> Words:
    """The words of the real content, and what its settings allow."""
    site: dict[str, Any] = yaml.safe_load((content / "site.yaml").read_text())
    prose: list[str] = []
    spans: set[str] = set()
    for path in sorted(content.glob("errors/*/*.md")):
        body = re.sub(r"^```.*?^```", "", path.read_text().partition("\n---\n")[2], flags=re.MULTILINE | re.DOTALL)
        spans.update(re.findall(r"`([A-Za-z0-9][A-Za-z0-9 ._:=@/-]{2,28}[a-z0-9])`", body))
        prose += re.findall(r"(?<![\w'.@/`-])[a-z]{2,14}(?![\w'@/`-]|\.\w)", re.sub(r"`[^`]*`|\]\([^)]*\)", "", body))
    Random(0).shuffle(prose)
    return Words(
        prose,
        sorted(spans),
        site["step_verbs"],
        site["source_hosts"],
        [s["heading"] for s in site["sections"]],
        _pairs(content),
    )


def _pairs(content: Path) -> list[tuple[str, str]]:
    registry = {n: yaml.safe_load((content / f"registry/{n}.yaml").read_text())["codes"] for n in ("basic", "enhanced")}
    basics = [row["code"] for row in registry["basic"]]
    pairs = []
    for row in registry["enhanced"]:
        for digit in "45":
            fitting = [code for code in row.get("with", basics) if code[0] == digit and code in basics]
            pairs += [(basic, row["code"].replace("X", digit)) for basic in fitting]
    return pairs


def some(words: Words, chance: Random, count: int) -> list[str]:
    """So many words; three at a time, as chance takes its time."""
    prose, last = words.prose, len(words.prose) - 3
    told: list[str] = []
    for _ in range(0, count, 3):
        at = int(chance.random() * last)
        told += prose[at : at + 3]
    return told[:count]


def sentence(words: Words, chance: Random, least: int, most: int) -> str:
    """So many words, without a full stop."""
    return " ".join(some(words, chance, least + int(chance.random() * (most + 1 - least)))).capitalize()


def title_of(words: Words, chance: Random, longest: int = 88) -> str:
    return sentence(words, chance, 7, 9)[:longest].rstrip()


def summary(words: Words, chance: Random) -> str:
    """80 to 300 characters in three sentences."""
    parts = [sentence(words, chance, 9, 12)[:95].rstrip() + "." for _ in range(3)]
    return " ".join(parts)


def paragraph(words: Words, chance: Random, count: int, marks: Sequence[str] = ()) -> str:
    """So many words in sentences of 8 to 15, some of them replaced by these code spans, links and bold words."""
    told = some(words, chance, count)
    starts = [0]
    while starts[-1] < count - 16:
        starts.append(starts[-1] + 8 + int(chance.random() * 8))
    free = [at for at in range(count) if at not in starts]
    for at, mark in zip(sorted(chance.sample(free, len(marks))), marks, strict=True):
        told[at] = mark
    for start in starts:
        told[start] = told[start].capitalize()
        told[start - 1] += "."  # the last one of all for the first
    return " ".join(told)


# The records


def slug_of(corpus: Corpus, number: int) -> str:
    if number < len(GENERAL):
        return GENERAL[number]
    basic, enhanced = _codes(corpus, number)
    sender = _sender(corpus, number)
    variant = corpus.words.prose[(number * 7919 + corpus.seed) % len(corpus.words.prose)]
    return "-".join(filter(None, (basic, enhanced, sender, variant, str(number))))


def _codes(corpus: Corpus, number: int) -> tuple[str, str]:
    return corpus.words.pairs[number * len(corpus.words.pairs) // corpus.size]


def _sender(corpus: Corpus, number: int) -> str | None:
    """Every second entry is one sender's; four in a row are of one, as variants are."""
    return sender_slug(number // 8 % corpus.senders) if number % 2 and number >= len(GENERAL) else None


def sender_slug(number: int) -> str:
    return f"sender{number}"


def topic_slug(number: int) -> str:
    return f"topic-{number}"


def guide_slug(number: int) -> str:
    return f"guide-{number}"


def _two(number: int, of: int) -> tuple[int, int]:
    """One that neighbours share, and another."""
    first = number // 25 % of
    return first, (first + 1 + number * 7 % (of - 1)) % of


def card(corpus: Corpus, number: int) -> Card:
    return _card(corpus, number % corpus.size)


@functools.lru_cache(maxsize=16)  # neighbours ask for the same ones
def _card(corpus: Corpus, number: int) -> Card:
    return Card(
        slug_of(corpus, number),
        f"part-{number // A_FOLDER:04}",
        GENERAL[number : number + 1] or _codes(corpus, number),
        title_of(corpus.words, corpus.chance("title", number)),
        _sender(corpus, number),
        tuple(topic_slug(n) for n in _two(number, corpus.topics)),
        tuple(guide_slug(n) for n in _two(number, corpus.guides)),
    )


def cards(corpus: Corpus) -> Iterator[Card]:
    return (card(corpus, number) for number in range(corpus.size))


def entry(corpus: Corpus, number: int) -> Entry:
    """One entry, whole; made from nothing but the corpus and its number."""
    chance, words = corpus.chance("entry", number), corpus.words
    this = card(corpus, number)
    *basic, enhanced = this.codes
    related = [card(corpus, number + step) for step in NEIGHBOURS]
    senders = [this.sender] if this.sender else []
    senders += (sender_slug(n) for n in chance.sample(range(corpus.senders), 2))
    is_permanent = enhanced[0] == "5"
    return Entry(
        this,
        basic[0] if basic else None,
        enhanced,
        summary(words, chance),
        day(chance),
        {
            "retry": chance.choice(("after-fix", "no")) if is_permanent else "yes",
            "address": chance.choice(("keep", "suppress" if is_permanent else "check")),
            "fixed_by": "[" + ", ".join(chance.sample(("sender", "sender-admin", "receiver-admin"), 2)) + "]",
        },
        tuple(dict.fromkeys(senders))[: chance.randint(1, 3)],
        tuple(_reply(words, chance, this.codes, number) for _ in range(4)),
        tuple((one, sentence(words, chance, 18, 25) + ".") for one in related),
        references(words, chance, number, 5),
        _body(corpus, chance, this, related),
    )


def day(chance: Random) -> str:
    return str(FIRST_DAY + datetime.timedelta(chance.randrange(600)))


def address(words: Words, chance: Random, number: int) -> str:
    return (
        f"https://{words.hosts[(number * 5 + chance.randrange(5)) % len(words.hosts)]}/{_name(words, chance)}/{number}"
    )


def _name(words: Words, chance: Random) -> str:
    return "-".join(some(words, chance, 2))


def _reply(words: Words, chance: Random, codes: tuple[str, ...], number: int) -> dict[str, str]:
    text = sentence(words, chance, 8, 12)
    return {
        "text": f'"{" ".join(codes)} <{{address}}>: {text}, see {_name(words, chance)}.example [{{ip}}]"',
        "source": address(words, chance, number),
        "basis": chance.choice(BASES),
        "checked": day(chance),
    }


def references(words: Words, chance: Random, number: int, count: int) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "title": sentence(words, chance, 4, 6),
            "url": f"https://{words.hosts[(number * count + n) % len(words.hosts)]}/{_name(words, chance)}",
            "says": sentence(words, chance, 18, 25) + ".",
        }
        for n in range(count)
    )


def _body(corpus: Corpus, chance: Random, this: Card, related: Sequence[Card]) -> str:
    """Some 880 words in the sections of site.yaml: 7 steps, 20 code spans, 8 links, 5 bold words, 5 items, 2 blocks."""
    words = corpus.words
    number = chance.randrange(1 << 30)
    bold = [f"**{' '.join(some(words, chance, 2))}**" for _ in range(5)]
    code = [f"`{span}`" for span in chance.sample(words.spans, 20)]
    pages = [f"guides/{slug}" for slug in this.guides] + [f"topics/{slug}" for slug in this.topics]
    pages.append(related[chance.randrange(6)].path)
    links = [f"[{_label(words, chance)}](../../{page}.md)" for page in pages]
    links += [f"[{_label(words, chance)}]({address(words, chance, number)})" for _ in range(3)]
    chance.shuffle(links)
    tell = functools.partial(paragraph, words, chance)
    steps = []
    for step in range(7):
        block = {1: _console(words, chance), 4: _settings(words, chance)}.get(step, "")
        marks = [code[8 + step], *([code[15 + step // 2]] if step % 2 else [bold[step // 2 % 5]] if step < 5 else [])]
        title = f"{chance.choice(words.verbs)} the {sentence(words, chance, 3, 5).lower()}"
        steps.append(f"### {title}\n\n{block}{tell(44, [*marks, *links[step : step + 1]])}")
    items = "\n".join(f"- {sentence(words, chance, 9, 13)}, {code[3 + n]}." for n in range(5))
    asked = "\n\n".join(f"### {sentence(words, chance, 6, 9)}?\n\n{tell(40, [code[18 + n]])}" for n in range(2))
    sections = (
        f"{tell(95, [code[0], bold[3], links[7]])}\n\n{tell(40, [code[1]])}",
        tell(75, [code[2]]),
        f"{tell(40)}\n\n{items}",
        "\n\n".join(steps),
        tell(70, [bold[4]]),
        asked,
    )
    return "\n\n".join(f"## {head}\n\n{text}" for head, text in zip(words.headings, sections, strict=True)) + "\n"


def _label(words: Words, chance: Random) -> str:
    return " ".join(some(words, chance, 3))


def _console(words: Words, chance: Random) -> str:
    """A block that stands in no other entry, with its last step's blank line."""
    host = f"{_name(words, chance)}.example"
    ip = f"192.0.2.{chance.randrange(256)}"
    return f"""\
```console
$ dig +short TXT {host} | grep -c 'v=spf1'
{chance.randrange(9)}
$ swaks --to {_name(words, chance)}@{host} --server {ip}:25 --quit-after RCPT
=== Trying {ip}:25...
<-  220 {host} ESMTP {chance.randrange(1 << 40):X}
 -> QUIT
```

"""


def _settings(words: Words, chance: Random) -> str:
    names = [_name(words, chance) for _ in range(6)]
    if chance.random() < 0.5:
        lines = "\n".join(f"{name} = {chance.randrange(100_000)}" for name in names[1:])
        return f"```ini\n[{names[0]}]\n; {sentence(words, chance, 4, 6)}\n{lines}\n```\n\n"
    lines = ",\n".join(f'    "{name}": {chance.randrange(100_000)}' for name in names[1:])
    return f'```json\n{{\n  "{names[0]}": {{\n{lines}\n  }},\n  "enabled": true\n}}\n```\n\n'


def article(corpus: Corpus, kind: str, number: int) -> Article:
    """A topic (`topics`) or guide: some 300 words in three sections, with links as `../errors/part-0000/<slug>.md`."""
    chance, words = corpus.chance(kind, number), corpus.words
    near = [card(corpus, number * 25 + step) for step in range(1, 4)]
    links = [f"[{_label(words, chance)}](../{one.path}.md)" for one in near]
    code = [f"`{span}`" for span in chance.sample(words.spans, 3)]
    parts = (f"## {sentence(words, chance, 3, 5)}\n\n" for _ in range(3))
    return Article(
        (topic_slug if kind == "topics" else guide_slug)(number),
        title_of(words, chance),
        summary(words, chance),
        day(chance),
        tuple(guide_slug(n) for n in _two(number * 25, corpus.guides)) if kind == "topics" else (),
        tuple(dict.fromkeys(one.slug for one in near)) if kind == "topics" else (),
        references(words, chance, number, 2),
        "\n\n".join(
            f"{part}{paragraph(words, chance, 95, [link, span])}"
            for part, link, span in zip(parts, links, code, strict=True)
        )
        + f"\n\n{_console(words, chance)}",
    )


def sender(corpus: Corpus, number: int) -> Sender:
    chance, words = corpus.chance("senders", number), corpus.words
    about = f"{paragraph(words, chance, 60)}\n\n## {sentence(words, chance, 3, 5)}\n\n{paragraph(words, chance, 60)}"
    kind = ("mailbox-provider", "filter", "relay", "software")[number % 4]
    name = f"{sentence(words, chance, 2, 2)} {number}"
    return Sender(sender_slug(number), name, kind, summary(words, chance), day(chance), about)


def main() -> None:
    import projects

    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("entries", type=int, metavar="N")
    options.add_argument("folder", type=Path, metavar="FOLDER", help="made; must not be there")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--tool", default="errordocs", choices=projects.WRITERS)
    told = options.parse_args()
    projects.write(Corpus(told.entries, told.seed, words()), told.tool, told.folder)


if __name__ == "__main__":
    main()
