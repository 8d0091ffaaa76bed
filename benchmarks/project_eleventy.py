"""The corpus as an Eleventy project: the same minimal template as Hugo's, in Nunjucks, in peers/eleventy/.

What is left out for Hugo is left out here too, and the table of contents and the ids of headings as well.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from corpus import Corpus
from corpus import Entry
from corpus import article
from corpus import entry
from corpus import sender
from project_hugo import article_text
from project_hugo import page_links
from project_hugo import sender_text
from yaml_text import entry_fields
from yaml_text import put

PROJECT = Path(__file__).parent / "peers" / "eleventy"


def entry_text(one: Entry, weight: int) -> str:
    related = ((f"/{other.path}", why) for other, why in one.related)
    return f"---\nweight: {weight}\n{entry_fields(one, related)}---\n\n{page_links(one.body)}"


def write(corpus: Corpus, folder: Path) -> None:
    """Writes the whole project."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    content = folder / "content"
    for number in range(corpus.senders):
        one = sender(corpus, number)
        put(content / f"senders/{one.slug}.md", sender_text(one))
    for kind, count in (("topics", corpus.topics), ("guides", corpus.guides)):
        for number in range(count):
            page = article(corpus, kind, number)
            put(content / kind / f"{page.slug}.md", article_text(page))
    for number in range(corpus.size):
        made = entry(corpus, number)
        put(content / f"{made.card.path}.md", entry_text(made, number + 1))
