"""The corpus for tools whose pages are Markdown alone, with their own themes: MkDocs, Zensical, Sphinx with MyST.

The fields of an entry are written out as text and links. Sphinx puts the titles of other pages in itself; the other
two have no means of their own for that, so there a link shows the other entry's code only.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from corpus import Card
from corpus import Corpus
from corpus import Entry
from corpus import article
from corpus import cards
from corpus import entry
from corpus import sender
from yaml_text import put

PEERS = Path(__file__).parent / "peers"
EDIT = "https://github.com/smtp-errors/smtp-errors/edit/main/docs"
Link = Callable[[str, str], str]


def plain(label: str, href: str) -> str:
    return f"[{label}]({href}.md)"


def titled(label: str, href: str) -> str:
    """MyST takes the text of a link that has none from the page that it leads to."""
    return f"[]({href}.md)"


def entry_text(one: Entry, link: Link) -> str:
    this = one.card
    kind = "Permanent failure" if one.enhanced.startswith("5") else "Temporary failure"

    def linked(folder: str, slugs: tuple[str, ...]) -> str:
        return ", ".join(link(slug, f"../../{folder}/{slug}") for slug in slugs)

    facts = {
        "Class": kind,
        "Retry": one.facts["retry"],
        "Address": one.facts["address"],
        "Who fixes it": one.facts["fixed_by"].strip("[]"),
        "Sender": linked("senders", (this.sender,) if this.sender else ()),
        "Seen from": linked("senders", one.seen_from),
        "Topics": linked("topics", this.topics),
    }
    replies = "\n".join(
        f"1. `{reply['text'][1:-1]}`  \n   {reply['basis']}, [source]({reply['source']}), checked {reply['checked']}"
        for reply in one.responses
    )
    sources = "\n".join(f"1. [{source['title']}]({source['url']})  \n   {source['says']}" for source in one.references)
    related = "\n".join(f"- {link(' '.join(other.codes), f'../../{other.path}')}: {why}" for other, why in one.related)
    return (
        f"# {' '.join(this.codes)}: {this.title}\n\n{one.summary}\n\nLast updated {one.updated}\n\n"
        + "".join(f"- {name}: {value}\n" for name, value in facts.items() if value)
        + f"\n## Literal replies\n\n{replies}\n\n{one.body}\n## References\n\n{sources}\n\n"
        + f"## Related errors\n\n{related}\n\n## Guides\n\n{linked('guides', this.guides)}\n\n"
        + f"[Edit this page]({EDIT}/{this.path}.md)\n\n"
        + f"Previous: {link(' '.join(one.related[2][0].codes), f'../../{one.related[2][0].path}')}, "
        + f"next: {link(' '.join(one.related[3][0].codes), f'../../{one.related[3][0].path}')}\n"
    )


def _toctree(pages: list[str]) -> str:
    return "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(pages) + "\n```\n"


def _list(pages: list[str]) -> str:
    return "".join(f"- [{page.rpartition('/')[2]}]({page}.md)\n" for page in pages)


def _index(title: str, pages: list[str], is_sphinx: bool) -> str:
    return f"# {title}\n\n{_toctree(pages) if is_sphinx else _list(pages)}"


def write(tool: str, corpus: Corpus, folder: Path) -> None:
    """Writes the whole project: pages below docs/, for Sphinx at its top."""
    shutil.copytree(PEERS / tool, folder, dirs_exist_ok=True)
    is_sphinx = tool == "sphinx"
    docs, link = (folder, titled) if is_sphinx else (folder / "docs", plain)
    listed: dict[str, list[Card]] = defaultdict(list)
    pages: dict[str, list[str]] = {"errors": [], "senders": [], "topics": [], "guides": []}
    for card in cards(corpus):
        pages["errors"].append(card.path.removeprefix("errors/"))
        for path in (*(f"topics/{slug}" for slug in card.topics), f"senders/{card.sender}"):
            listed[path].append(card)

    def finish(path: str, text: str) -> None:
        kind, _, slug = path.partition("/")
        pages[kind].append(slug)
        entries = "\n".join(f"- {link(' '.join(card.codes), f'../{card.path}')}" for card in listed[path])
        put(docs / f"{path}.md", f"{text}\n" + (f"\n## The errors\n\n{entries}\n" if entries else ""))

    for number in range(corpus.senders):
        one = sender(corpus, number)
        finish(f"senders/{one.slug}", f"# {one.name}\n\n{one.summary}\n\nLast updated {one.updated}\n\n{one.about}")
    for kind, count in (("topics", corpus.topics), ("guides", corpus.guides)):
        for number in range(count):
            page = article(corpus, kind, number)
            sources = "\n".join(f"1. [{each['title']}]({each['url']})  \n   {each['says']}" for each in page.references)
            text = f"# {page.title}\n\n{page.summary}\n\nLast updated {page.updated}\n\n{page.body.rstrip()}\n\n"
            finish(f"{kind}/{page.slug}", f"{text}## Sources\n\n{sources}")
    for number in range(corpus.size):
        made = entry(corpus, number)
        put(docs / f"{made.card.path}.md", entry_text(made, link))
    for kind, paths in pages.items():
        put(docs / kind / "index.md", _index(f"All {kind}", paths, is_sphinx))
    put(docs / "index.md", _index("SMTP error reference", [f"{kind}/index" for kind in pages], is_sphinx))


write_mkdocs = partial(write, "mkdocs")
write_zensical = partial(write, "zensical")
write_sphinx = partial(write, "sphinx")
