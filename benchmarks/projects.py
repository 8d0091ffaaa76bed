"""The corpus as a project of each tool: its own way of writing the same fields and links."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import project_eleventy
import project_hugo
import project_markdown
from corpus import CONTENT
from corpus import Article
from corpus import Corpus
from corpus import Entry
from corpus import Sender
from corpus import article
from corpus import entry
from corpus import sender
from corpus import sender_slug
from yaml_text import entry_fields
from yaml_text import fields
from yaml_text import put


def entry_text(one: Entry) -> str:
    related = ((other.slug, why) for other, why in one.related)
    return f"---\n{entry_fields(one, related)}---\n\n{one.body}"


def article_text(one: Article) -> str:
    return (
        f"---\ntitle: {one.title}\nsummary: >-\n  {one.summary}\nupdated: {one.updated}\n"
        + (f"guides: [{', '.join(one.guides)}]\n" if one.guides else "")
        + (f"first: [{', '.join(one.first)}]\n" if one.first else "")
        + f"references:\n{fields(one.references)}---\n\n{one.body}"
    )


def sender_text(one: Sender) -> str:
    host = f"{one.slug}.example"
    about = "".join(f"  {line}".rstrip() + "\n" for line in one.about.split("\n"))
    return (
        f"name: {one.name}\nkind: {one.kind}\nsummary: >-\n  {one.summary}\nupdated: {one.updated}\n"
        f"domains: [{host}]\nhosts: [mx.{host}, '*.mail.{host}']\nmarks: ['- {one.slug}smtp']\n"
        f"links:\n  - title: Postmaster page\n    url: https://{host}/postmaster\n    purpose: postmaster\n"
        f"about: |\n{about}"
    )


def write_errordocs(corpus: Corpus, folder: Path) -> None:
    """Writes the corpus as this project's content into `folder`/content."""
    content = folder / "content"
    content.mkdir()
    for name in ("site.yaml", "lookup.yaml"):
        shutil.copyfile(CONTENT / name, content / name)
    for name in ("registry", "pages"):
        shutil.copytree(CONTENT / name, content / name)
    for number in range(corpus.senders):
        put(content / f"senders/{sender_slug(number)}.yaml", sender_text(sender(corpus, number)))
    for kind, count in (("topics", corpus.topics), ("guides", corpus.guides)):
        for number in range(count):
            one = article(corpus, kind, number)
            put(content / kind / f"{one.slug}.md", article_text(one))
    for number in range(corpus.size):
        made = entry(corpus, number)
        put(content / f"{made.card.path}.md", entry_text(made))


WRITERS: dict[str, Callable[[Corpus, Path], None]] = {
    "errordocs": write_errordocs,
    "hugo": project_hugo.write,
    "eleventy": project_eleventy.write,
    "zensical": project_markdown.write_zensical,
    "mkdocs": project_markdown.write_mkdocs,
    "sphinx": project_markdown.write_sphinx,
}


def write(corpus: Corpus, tool: str, folder: Path) -> None:
    """Writes the corpus as a project of that tool into a folder that is not there yet."""
    folder.mkdir(parents=True)
    WRITERS[tool](corpus, folder)
