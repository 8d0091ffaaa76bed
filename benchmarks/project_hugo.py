"""The corpus as a Hugo project: one minimal template, in peers/hugo/, that shows all of what our entry page shows.

It has less to do than ours: links are written as they end up, no link is checked, related entries are the author's
own six, topics and senders list entries without their replies, and there is no JSON and no index for a search.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from corpus import Article
from corpus import Card
from corpus import Corpus
from corpus import Entry
from corpus import Sender
from corpus import article
from corpus import entry
from corpus import sender
from yaml_text import fields
from yaml_text import put

PROJECT = Path(__file__).parent / "peers" / "hugo"


def page_links(body: str) -> str:
    """Links to files of the corpus as links to their pages."""
    return body.replace(".md)", ".html)")


def entry_text(one: Entry, weight: int) -> str:
    this = one.card

    def path(other: Card) -> str:
        return f'"/{other.path}"'

    related = fields([{"entry": path(other), "why": why} for other, why in one.related])
    return (
        f"---\nweight: {weight}\n"
        + (f'basic: "{one.basic}"\n' if one.basic else "")
        + f"enhanced: {one.enhanced}\n"
        + (f"senders: [{this.sender}]\n" if this.sender else "")
        + f"title: {this.title}\nsummary: >-\n  {one.summary}\nupdated: {one.updated}\nlastmod: {one.updated}\n"
        + "".join(f"{name}: {value}\n" for name, value in one.facts.items())
        + f"seen_from: [{', '.join(f'/senders/{slug}' for slug in one.seen_from)}]\n"
        + f"topics: [{', '.join(this.topics)}]\nguides: [{', '.join(f'/guides/{slug}' for slug in this.guides)}]\n"
        + f"responses:\n{fields(one.responses)}related:\n{related}references:\n{fields(one.references)}---\n\n"
        + page_links(one.body)
    )


def article_text(one: Article) -> str:
    return (
        f"---\ntitle: {one.title}\nsummary: >-\n  {one.summary}\nupdated: {one.updated}\nlastmod: {one.updated}\n"
        f"references:\n{fields(one.references)}---\n\n{page_links(one.body)}"
    )


def sender_text(one: Sender) -> str:
    return (
        f"---\ntitle: {one.name}\nkind: {one.kind}\nsummary: >-\n  {one.summary}\nupdated: {one.updated}\n---\n\n"
        f"{one.about}\n"
    )


def write(corpus: Corpus, folder: Path) -> None:
    """Writes the whole project."""
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    content = folder / "content"
    for name in ("errors", "guides"):
        put(content / name / "_index.md", f"---\ntitle: {name.capitalize()}\n---\n")
    for number in range(corpus.senders):
        one = sender(corpus, number)
        put(content / f"senders/{one.slug}/_index.md", sender_text(one))
    for number in range(corpus.topics):
        topic = article(corpus, "topics", number)
        put(content / f"topics/{topic.slug}/_index.md", article_text(topic))
    for number in range(corpus.guides):
        guide = article(corpus, "guides", number)
        put(content / f"guides/{guide.slug}.md", article_text(guide))
    for number in range(corpus.size):
        made = entry(corpus, number)
        put(content / f"{made.card.path}.md", entry_text(made, number + 1))
