"""A build that goes on from the last one makes what a clean build makes, whatever was edited in between.

A thousand random edits, each followed by a build in a process that lives on, by one of a new process with what the last
one kept beside the content, and by one from nothing.
"""

from __future__ import annotations

import copy
import json
import os
import random
import re
import shutil
from collections.abc import Callable
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

from errordocs import pipeline
from errordocs import stamp
from errordocs import write
from errordocs.pipeline import Built
from errordocs.pipeline import Memory
from errordocs.pipeline import Places
from tests.built import tree_of
from tests.conftest import REPOSITORY
from tests.conftest import SITE
from tests.conftest import SUMMARY

SEEDS = 20
EDITS = 50  # a seed: a thousand in all
SMALL = REPOSITORY / "tests/sites/awkward/templates"


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_sync", lambda folder: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


# A small site as a person has it: texts by file name, made of what can be edited


Files = dict[str, str]
TEMPLATES: Files = {
    "base.html": '<title>{{ head.title }}</title><link href="{{ root }}{{ assets["site.css"] }}">'
    "{% block main %}{% endblock %}"
    '<a href="{{ head.edit }}">edit</a><i>{{ site.publisher }}</i>\n',
    "parts/said.html": "{% macro said(one, root) %}<pre>{{ one.text|braces }}</pre>{{ one.sender_name }}"
    "{% endmacro %}\n",
    "sender.html": '{% extends "base.html" %}{% from "parts/said.html" import said %}{% block main %}'
    "{{ view.intro|safe_html }}"
    "{% for one in view.entries %}{{ one.code }} {{ one.title }}{% endfor %}"
    "{% for one in view.replies %}{{ said(one, root) }}{{ one.entry.title }}{% endfor %}{% endblock %}\n",
    "topic.html": '{% extends "base.html" %}{% from "parts/said.html" import said %}{% block main %}'
    "{{ view.intro|safe_html }}"
    "{% for one in view.first + view.entries %}{{ once(line, one, root) }}{% endfor %}"
    "{% for one in view.replies %}{{ said(one, root) }}{{ one.entry.title }}{% endfor %}{% endblock %}\n"
    "{% macro line(one, root) %}<p>{{ root }}{{ one.page }} {{ one.title }}: {{ one.summary }}</p>{% endmacro %}\n",
    "list.html": '{% extends "base.html" %}{% block main %}{% for heading, refs in view.groups %}<h2>{{ heading }}</h2>'
    "{% for ref in refs %}<p>{{ ref.page }} {{ ref.title }} {{ ref.note }} {{ ref.count }}</p>{% endfor %}{% endfor %}"
    "{% endblock %}\n",
}
DAYS = ("2026-01-02", "2026-02-03", "2026-03-04", "2025-12-31")
WORDS = ("turned", "oiled & greased", "größer", "日本語", "`a < b`", "*bent*", "stuck", "cold", "lost", "worn out")
LOOKUP = {"failing": ["4", "5"], "general": {"5": "500"}, "examples": ["500 5.1 It broke"], "evidence": ["widget"]}
PARTS = 'twins: "yes", registry: detail, subject: "^.[.](.)"'


def starting() -> dict[str, Any]:
    """What the site is at first: every kind of file, by its name in the content."""
    entries: dict[str, dict[str, Any]] = {
        "400": {"topics": ["turning"], "seen_from": ["acme"], "phrases": ["it stuck"]},
        "500": {"topics": ["turning", "oiling"], "guides": ["spindles"], "aliases": ["500-old"]},
        "501": {"related": [{"entry": "500", "why": "That one is broken."}]},
        "4.1": {"related": [{"entry": "5.1", "why": "That one stays."}]},
        "5.1": {"topics": ["oiling"]},
        "5.2": {},
        "500-5.1": {"topics": ["turning"]},
        "500-5.1-acme": {"sender": "acme", "topics": ["oiling"]},
    }
    for slug, fields in entries.items():
        fields.update(
            codes_of(slug), title=f"It broke {slug}", summary=SUMMARY, updated="2026-01-02", retry="after-fix"
        )
    entries["500"]["responses"] = [reply("500 {ip} was turned twice", "bolt", ["oiling"]), reply("500 Not again")]
    entries["500-5.1-acme"]["responses"] = [reply("500-5.1 Acme says no to this widget")]
    texts = {
        slug: {"means": "It means this.", "step": "Turn it off", "do": "Then on.", "faq": "Because."}
        for slug in entries
    }
    article = {"summary": SUMMARY, "updated": "2026-01-02"}
    return {
        "site": SITE.replace('twins: "yes"', PARTS),
        "entries": entries,
        "texts": texts,
        "folders": dict.fromkeys(entries, "") | {"500-5.1-acme": "acme/"},
        "senders": {name: {"name": name.title(), "kind": "service", **article} for name in ("acme", "bolt")},
        "topics": {name: {"title": name.title(), **article} for name in ("turning", "oiling")},
        "guides": {"spindles": {"title": "Spindles", "topics": ["turning"], **article}},
        "pages": {"about": {"title": "About", **article}},
        "articles": dict.fromkeys(("topics/turning", "topics/oiling", "guides/spindles", "pages/about"), "Text."),
        "registry": {"title": "Details", "source": "https://a.b/", "subjects": {"1": "One"}, "codes": ["X.1", "5.2"]},
        "lookup": copy.deepcopy(LOOKUP),
    }


def codes_of(slug: str) -> dict[str, str]:
    parts = [part for part in slug.split("-") if part[0].isdigit()]
    return {"detail" if "." in part else "number": part for part in parts}


def reply(text: str, sender: str | None = None, topics: list[str] | None = None) -> dict[str, Any]:
    more = ({"sender": sender} if sender else {}) | ({"topics": topics} if topics else {})
    return {"text": text, "source": "https://a.b/", "basis": "observed", "checked": "2026-01-02", **more}


def files_of(site: dict[str, Any]) -> Files:
    """The texts of the content's files by their names."""
    made = {"site.yaml": site["site"], "lookup.yaml": packed(site["lookup"])}
    for slug, fields in site["entries"].items():
        text = site["texts"][slug]
        body = (
            f"## What it means\n\n{text['means']}\n\n## How to fix it\n\n### {text['step']}\n\n{text['do']}\n\n"
            f"## FAQ\n\n### Why me?\n\n{text['faq']}\n"
        )
        made[f"errors/{site['folders'][slug]}{slug}.md"] = f"---\n{packed(fields)}---\n\n{body}"
    made |= {f"senders/{slug}.yaml": packed(fields) for slug, fields in site["senders"].items()}
    for kind in ("topics", "guides", "pages"):
        for slug, fields in site[kind].items():
            made[f"{kind}/{slug}.md"] = f"---\n{packed(fields)}---\n\n## One\n\n{site['articles'][f'{kind}/{slug}']}\n"
    rows = [
        {
            "code": code,
            "title": f"Row {code}",
            "status": "standard",
            "reference": "RFC 1",
            "url": "https://a.b/",
            "meaning": "No.",
        }
        for code in site["registry"]["codes"]
    ]
    made["registry/detail.yaml"] = packed(site["registry"] | {"summary": SUMMARY, "codes": rows})
    return made


def packed(fields: dict[str, Any]) -> str:
    """YAML with a field a line, its value as JSON has it, dates bare."""
    text = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
    return re.sub(r'"(\d{4}-\d\d-\d\d)"', r"\1", text)


# Edits: each changes the site in place


Chance = random.Random
Edit = Callable[[dict[str, Any], Chance], None]


def phrase(chance: Chance) -> str:
    return f"It was {chance.choice(WORDS)} {chance.randrange(1000)} times."


def linked(site: dict[str, Any], chance: Chance) -> str:
    """A sentence with a link to some file, perhaps to a heading in it."""
    names = [f"errors/{folder}{slug}.md" for slug, folder in site["folders"].items()]
    names += [f"senders/{slug}.yaml" for slug in site["senders"]]
    names += [f"{kind}/{slug}.md" for kind in ("topics", "guides", "pages") for slug in site[kind]]
    name = chance.choice([*names, "registry/detail.yaml"])
    anchors = {"errors": ["", "#what-it-means", "#why-me"], "senders": [""], "registry": ["", "#x-1"]}
    return f"See [that](../{name}{chance.choice(anchors.get(name.partition('/')[0], ['', '#one']))})."


def body_text(site: dict[str, Any], chance: Chance) -> None:
    text = site["texts"][chance.choice([*site["texts"]])]
    made = [phrase(chance), "- one\n- two", "```sh\nls | wc -l\n```", "| a | b |\n|---|---|\n| 1 | 2 |", "> So it is."]
    text[chance.choice(["means", "do", "faq"])] = f"{phrase(chance)}\n\n{chance.choice(made)}"


def body_link(site: dict[str, Any], chance: Chance) -> None:
    slug = chance.choice([slug for slug in site["texts"] if not site["folders"][slug]])
    site["texts"][slug]["means"] = linked(site, chance)


def step(site: dict[str, Any], chance: Chance) -> None:
    site["texts"][chance.choice([*site["texts"]])]["step"] = f"Turn it {chance.choice(WORDS)}"


def some(site: dict[str, Any], chance: Chance) -> dict[str, Any]:
    fields: dict[str, Any] = site["entries"][chance.choice([*site["entries"]])]
    return fields


def title(site: dict[str, Any], chance: Chance) -> None:
    some(site, chance)["title"] = phrase(chance)


def summary(site: dict[str, Any], chance: Chance) -> None:
    some(site, chance)["summary"] = f"{phrase(chance)} {SUMMARY}"


def fact_or_day(site: dict[str, Any], chance: Chance) -> None:
    fields = some(site, chance)
    fields["retry"], fields["updated"] = chance.choice(["yes", "no", "after-fix"]), chance.choice(DAYS)


def lists(site: dict[str, Any], chance: Chance) -> None:
    fields = some(site, chance)
    name, kind = chance.choice([("topics", "topics"), ("guides", "guides"), ("seen_from", "senders")])
    fields[name] = chance.sample([*site[kind]], chance.randint(0, min(2, len(site[kind]))))
    for one in fields.get("responses", ()):
        one.pop("topics", None)


def replies(site: dict[str, Any], chance: Chance) -> None:
    fields = some(site, chance)
    made = fields.setdefault("responses", [])
    if made and chance.random() < 0.4:
        made.pop(chance.randrange(len(made)))
        return
    own = chance.sample(fields.get("topics", []), min(1, len(fields.get("topics", []))))
    sender = chance.choice([None, *site["senders"]])
    made.append(
        reply(f"{chance.choice(['500', '5.1', ''])} {{ip}} {phrase(chance)}", sender, chance.choice([None, own]))
    )


def source_of_a_reply(site: dict[str, Any], chance: Chance) -> None:
    for one in some(site, chance).get("responses", ()):
        one["source"] = f"https://a.b/{chance.randrange(99)}"
        one["checked"] = chance.choice(DAYS)


def related(site: dict[str, Any], chance: Chance) -> None:
    slug = chance.choice([*site["entries"]])
    others = chance.sample([one for one in site["entries"] if one != slug], chance.randint(0, 2))
    site["entries"][slug]["related"] = [{"entry": one, "why": phrase(chance)} for one in others]


def aliases(site: dict[str, Any], chance: Chance) -> None:
    some(site, chance)["aliases"] = [f"old-{chance.randrange(999)}" for _ in range(chance.randint(0, 2))]


def phrases(site: dict[str, Any], chance: Chance) -> None:
    some(site, chance)["phrases"] = [f"it broke {chance.randrange(9999)} times" for _ in range(chance.randint(0, 2))]


def references(site: dict[str, Any], chance: Chance) -> None:
    one = {"title": phrase(chance), "url": "https://a.b/c", "says": phrase(chance)}
    some(site, chance)["references"] = [one] * chance.randint(0, 1)


def retired(site: dict[str, Any], chance: Chance) -> None:
    slug = chance.choice([*site["entries"]])
    fields = site["entries"][slug]
    if fields.pop("status", None):
        del fields["replaced_by"]
    else:
        heir = chance.choice([one for one in site["entries"] if one != slug])
        fields.update(status="retired", replaced_by=heir)


def rename(site: dict[str, Any], chance: Chance) -> None:
    old = chance.choice([*site["entries"]])
    sender, codes = site["entries"][old].get("sender"), "-".join(codes_of(old).values())
    new = "-".join([codes, *([sender] if sender else []), f"v{chance.randrange(99)}"])
    if new in site["entries"]:
        return
    for name in ("entries", "texts", "folders"):
        site[name][new] = site[name].pop(old)
    if chance.random() < 0.5 and old not in taken(site):
        site["entries"][new]["aliases"] = [*site["entries"][new].get("aliases", []), old]
    forget(site, old, new)


def taken(site: dict[str, Any]) -> set[str]:
    return {alias for fields in site["entries"].values() for alias in fields.get("aliases", ())}


def another_folder(site: dict[str, Any], chance: Chance) -> None:
    slug = chance.choice([*site["entries"]])
    old = f"errors/{site['folders'][slug]}{slug}.md"
    site["folders"][slug] = chance.choice(["", "a/", "acme/"])
    new = f"errors/{site['folders'][slug]}{slug}.md"
    for text in site["texts"].values():
        text["means"] = text["means"].replace(f"../{old}", f"../{new}")
    if site["folders"][slug]:
        site["texts"][slug]["means"] = phrase(chance)
    for name, text in site["articles"].items():
        site["articles"][name] = text.replace(f"../{old}", f"../{new}")


def delete(site: dict[str, Any], chance: Chance) -> None:
    if len(site["entries"]) > 4:
        slug = chance.choice([*site["entries"]])
        for name in ("entries", "texts", "folders"):
            del site[name][slug]
        forget(site, slug, chance.choice([*site["entries"]]))


def new_entry(site: dict[str, Any], chance: Chance) -> None:
    if len(site["entries"]) > 10:
        return
    codes = {
        "number": chance.choice(["200", "400", "404", "502"]),
        "detail": f"{chance.choice('245')}.{chance.randrange(4)}",
    }
    for name in [*codes][: chance.randint(0, 1)]:
        del codes[name]
    sender = chance.choice([None, *site["senders"]])
    slug = "-".join([*codes.values(), *([sender] if sender else [])])
    if slug in site["entries"] or slug in taken(site):
        return
    fields = codes | {"title": phrase(chance), "summary": SUMMARY, "updated": chance.choice(DAYS), "retry": "no"}
    site["entries"][slug] = fields | ({"sender": sender} if sender else {})
    site["texts"][slug] = {"means": phrase(chance), "step": "Turn it on", "do": "Then off.", "faq": "So."}
    site["folders"][slug] = chance.choice(["", "", "a/"])


def forget(site: dict[str, Any], old: str, new: str) -> None:
    """Puts one entry in the place of another, wherever that is named."""
    for slug, fields in site["entries"].items():
        if fields.get("replaced_by") == old:
            fields["replaced_by"] = new
        kept = {one["entry"]: one for one in fields.get("related", ()) if one["entry"] != old}
        if len(kept) < len(fields.get("related", ())) and new not in (slug, *kept):
            kept[new] = {"entry": new, "why": "It is new."}
        fields["related"] = [*kept.values()]
    for fields in site["topics"].values():
        if old in fields.get("first", ()):
            fields["first"] = [new]
    if site["lookup"].get("general", {}).get("5") == old:
        site["lookup"]["general"]["5"] = new
    for texts in site["texts"].values():
        texts["means"] = re.sub(rf"\.\./errors/(?:\w+/)?{re.escape(old)}\.md", "../pages/about.md", texts["means"])
        texts["means"] = re.sub(r"about\.md#[\w-]+", "about.md", texts["means"])
    for name, text in site["articles"].items():
        text = re.sub(rf"\.\./errors/(?:\w+/)?{re.escape(old)}\.md", "../pages/about.md", text)
        site["articles"][name] = re.sub(r"about\.md#[\w-]+", "about.md", text)


def sender(site: dict[str, Any], chance: Chance) -> None:
    fields = site["senders"][chance.choice([*site["senders"]])]
    change = chance.choice(
        [
            {"name": phrase(chance)},
            {"summary": f"{phrase(chance)} {SUMMARY}"},
            {"about": linked(site, chance) + "\n"},
            {"domains": [f"d{chance.randrange(9)}.example"], "marks": [f"(mark {chance.randrange(9)})"]},
            {"links": [{"title": "Help", "url": "https://a.b/", "purpose": "support"}] * chance.randint(0, 1)},
        ]
    )
    fields.update(change)


def new_sender(site: dict[str, Any], chance: Chance) -> None:
    if "cog" in site["senders"]:
        is_used = "cog" in str(site["entries"]) or "cog.yaml" in str((site["texts"], site["articles"], site["senders"]))
        if not is_used:
            del site["senders"]["cog"]
    else:
        site["senders"]["cog"] = {"name": "Cog", "kind": "service", "summary": SUMMARY, "updated": "2026-01-02"}


def topic_or_guide(site: dict[str, Any], chance: Chance) -> None:
    kind = chance.choice(["topics", "guides", "pages"])
    slug = chance.choice([*site[kind]])
    change = chance.choice(["title", "summary", "updated", "text", "first" if kind == "topics" else "topics"])
    values = {
        "title": lambda: phrase(chance),
        "summary": lambda: f"{phrase(chance)} {SUMMARY}",
        "updated": lambda: chance.choice(DAYS),
        "first": lambda: chance.sample([*site["entries"]], chance.randint(0, 2)),
        "topics": lambda: chance.sample([*site["topics"]], chance.randint(0, 2)),
    }
    if change == "text":
        site["articles"][f"{kind}/{slug}"] = f"{phrase(chance)} {linked(site, chance)}"
    else:
        site[kind][slug][change] = values[change]()


def registry(site: dict[str, Any], chance: Chance) -> None:
    rows = site["registry"]
    if chance.random() < 0.5:
        rows["subjects"] = {"1": phrase(chance), "2": "Two"}
    else:
        rows["codes"] = ["X.1", *chance.sample(["5.2", "X.2", "4.1", "4.2"], chance.randint(1, 3))]


def lookup(site: dict[str, Any], chance: Chance) -> None:
    change = chance.choice(
        [
            {"examples": [phrase(chance)]},
            {"evidence": [f"widget{chance.randrange(9)}"]},
            {"failing": chance.choice([["5"], ["4", "5"]])},
            {"silent": chance.choice([[], ["service"]])},
            {"generic": chance.choice([[], ["service"]])},
        ]
    )
    site["lookup"] = site["lookup"] | change


def site_file(site: dict[str, Any], chance: Chance) -> None:
    number = chance.randrange(99)
    old, new = chance.choice(
        [
            (r"^title: .*", f"title: Widget errors {number}"),
            (r"label: Permanent\d*", f"label: Permanent{number}"),
            (r"says: Stays.*?,", f"says: Stays {number}.,"),
            (r"^publisher: .*", f"publisher: People {number}"),
            (r"widgets(\d*)\.example", f"widgets{number}.example"),
            (r"heading: Successes\d*", f"heading: Successes{number}"),
            (r"edit/main\d*", f"edit/main{number}"),
        ]
    )
    site["site"] = re.sub(old, new, site["site"], flags=re.MULTILINE)


def mistake(site: dict[str, Any], chance: Chance) -> None:
    """What is refused: the content is mended by undoing it."""
    slug = chance.choice([*site["entries"]])
    change = chance.choice(["field", "link", "slug", "code", "anchor", "twice", "fact"])
    match change:
        case "field":
            site["entries"][slug]["titel"] = "x"
        case "link":
            site["texts"][slug]["means"] = "See [x](../guides/nope.md)."
        case "anchor":
            site["texts"][slug]["means"] = "See [x](#nope)."
        case "slug":
            site["entries"][slug]["topics"] = ["nope"]
        case "code":
            site["texts"][slug]["do"] = "```klingon\nnuqneH\n```"
        case "twice":
            site["entries"][slug]["aliases"] = ["twice", "twice"]
        case "fact":
            site["entries"][slug]["retry"] = "perhaps"


OF_CONTENT: tuple[Edit, ...] = (
    *(body_text, body_text, body_link, step, title, summary, fact_or_day, lists, lists, replies, replies),
    *(source_of_a_reply, related, related, aliases, phrases, references, retired, rename, rename, another_folder),
    *(delete, new_entry, new_entry, sender, sender, new_sender, topic_or_guide, topic_or_guide, registry, lookup),
    *(site_file, mistake, mistake),
)
LOOKS = (
    "error.html",
    "base.html",
    "parts/said.html",
    "topic.html",
    "index.html",
    "404.html",
    "assets/site.css",
    "lookup/a.js",
)


def look(templates: Path, chance: Chance) -> None:
    """Edits a template, a style or the script: each has one line that is another every time."""
    path = templates / chance.choice(LOOKS)
    number = chance.randrange(999)
    line = {
        ".html": f"<!-- edited {number} -->",
        ".css": f".edited{number} {{ color: red }}",
        ".js": f"window.edited = {number};",
    }[path.suffix]
    kept = [one for one in path.read_text().splitlines() if "edited" not in one]
    path.write_text("\n".join([*kept, line, ""]))


# Places


class Project:
    """A folder with content and its output."""

    def __init__(self, folder: Path, templates: Path) -> None:
        self.folder = folder
        self.places = Places(str(folder / "content"), str(templates), str(folder / "output"))

    def write(self, files: Files) -> Set[str]:
        """Makes the content hold these files; those whose text is another are written, and named."""
        content = self.folder / "content"
        there = {path.relative_to(content).as_posix() for path in content.rglob("*.*") if path.is_file()}
        for name in there - files.keys():
            (content / name).unlink()
        changed = set()
        for name, text in files.items():
            path = content / name
            if name in there and path.read_text() == text:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            changed.add(name)
        return changed | (there - files.keys())

    def tree(self) -> dict[str, bytes]:
        return tree_of(self.folder / "output")


def told(project: Project, built: Built) -> list[str]:
    """The problems of a build, whatever the folder is called."""
    return [str(problem).replace(str(project.folder), "") for problem in built.problems]


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """Small templates that show nearly all that pages may show, in a folder of their own, to be edited."""
    folder = Path(shutil.copytree(SMALL, tmp_path / "templates"))
    for name, text in {
        **TEMPLATES,
        "lookup/a.js": "window.start = start; function start(index) { return index; }\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    error = (folder / "error.html").read_text()
    (folder / "error.html").write_text(f'{{% extends "base.html" %}}{{% block main %}}\n{error}{{% endblock %}}\n')
    return folder


@pytest.mark.parametrize("seed", range(SEEDS))
def test_build_after_any_edit_is_a_clean_build(seed: int, templates: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    living, command = (Project(tmp_path / name, templates) for name in ("living", "command"))
    site = starting()
    sound, memory, built = site, Memory(), -1
    edits: list[str] = []
    for number in range(EDITS + 1):
        is_look = False
        for _ in range(chance.choice([1, 1, 1, 2, 3]) if number else 0):
            edit = chance.choice(OF_CONTENT)
            if chance.random() < 0.15:
                is_look = True
                look(templates, chance)
            else:
                edit(site, chance)
            edits.append("look" if is_look else edit.__name__)
        files = files_of(site)
        clean = Project(tmp_path / f"clean-{number}", templates)
        for project in (clean, command):
            project.write(files)
        changed = living.write(files)
        is_watched = number and not is_look and changed <= files.keys() and chance.random() < 0.5  # as `serve` watches
        wanted = told(clean, pipeline.build(clean.places, jobs=1))
        assert (
            told(living, pipeline.build(living.places, memory, jobs=1, changed=changed if is_watched else None))
            == wanted
        ), edits
        seen = stamp.files_below(stamp.start([command.places.content]), command.places.content)
        assert told(command, pipeline.build(command.places, jobs=1, seen=seen)) == wanted, edits
        if wanted:
            site = copy.deepcopy(sound) if chance.random() < 0.7 else site
        else:
            assert differing(living.tree(), clean.tree()) == [], edits
            assert differing(command.tree(), clean.tree()) == [], edits
            sound, built = copy.deepcopy(site), built + 1
        shutil.rmtree(clean.folder)
    assert built > EDITS / 2


# What is written


Act = Callable[[dict[str, Any], Path], object]


def put(name: str, slug: str, **fields: Any) -> Act:
    """Changes fields of a record."""
    return lambda site, templates: site[name][slug].update(fields)


def edit(name: str, old: str, new: str) -> Act:
    """Puts one text in a template in the place of another."""
    return lambda site, templates: (templates / name).write_text((templates / name).read_text().replace(old, new))


NEW = f"New. {SUMMARY}"
LISTS = ("api/errors.json", "feed.xml", "llms.txt", "sitemap.xml")  # for programs
TOPICS = ("topics/oiling.html", "topics/turning.html")
SENDERS = ("senders/acme.html", "senders/bolt.html")
GONE = tuple(f"{folder}404.html" for folder in ("", "codes/", "errors/", "guides/", "senders/", "topics/"))
ENTRIES = tuple(f"errors/{slug}.html" for slug in starting()["entries"])
WRITTEN: dict[str, tuple[Act, tuple[str, ...]]] = {
    "nothing": (lambda site, templates: None, ()),
    "text": (put("texts", "500-5.1", means="It means that."), ("errors/500-5.1.html",)),
    "step": (put("texts", "500-5.1", step="Turn it on"), ("errors/500-5.1.html", "api/errors/500-5.1.json")),
    "summary": (
        put("entries", "500-5.1-acme", summary=NEW),
        ("errors/500-5.1-acme.html", "api/errors/500-5.1-acme.json", "topics/oiling.html", *LISTS[:3]),
    ),
    "summary of an entry without topics": (
        put("entries", "5.2", summary=NEW), ("errors/5.2.html", "api/errors/5.2.json", *LISTS[:3]),
    ),
    "source of a reply": (
        put("entries", "500-5.1-acme", responses=[reply("500-5.1 Acme says no to this widget") | {"checked": DAYS[1]}]),
        ("errors/500-5.1-acme.html", "api/errors/500-5.1-acme.json"),
    ),
    "references": (
        put("entries", "5.2", references=[{"title": "A", "url": "https://a.b/", "says": "So."}]),
        ("errors/5.2.html", "api/errors/5.2.json"),
    ),
    "template of entries": (edit("error.html", "<h1>", "<h1> "), ENTRIES),
    "template of topics": (edit("topic.html", "<p>", "<p> "), TOPICS),
    "part that two kinds use": (edit("parts/said.html", "<pre>", "<pre> "), (*SENDERS, *TOPICS)),
    "comment in a template": (edit("base.html", "<title>", "{# so #}<title>"), ()),
    "base": (
        edit("base.html", "<i>", "<b></b><i>"),
        (*ENTRIES, *SENDERS, *TOPICS, "topics/index.html", "senders/index.html", "guides/index.html"),
    ),
    "page for what is missing": (edit("404.html", "<p>", "<p> "), GONE),
    "script": (edit("lookup/a.js", "return index", "return [index]"), ("lookup.js",)),
}  # fmt: skip


@pytest.mark.parametrize("is_living", [True, False], ids=["as serve", "as the command"])
@pytest.mark.parametrize("name", WRITTEN)
def test_change_writes_what_shows_it_and_nothing_else(
    name: str, is_living: bool, templates: Path, tmp_path: Path
) -> None:
    act, files = WRITTEN[name]
    project, site, memory = Project(tmp_path / "project", templates), starting(), Memory() if is_living else None
    project.write(files_of(site))
    pipeline.build(project.places, memory, jobs=1)
    before, there = project.tree(), inodes(project)
    act(site, templates)
    project.write(files_of(site))
    done = pipeline.build(project.places, memory, jobs=1)
    assert done.problems == ()
    touched = sorted(path for path, inode in inodes(project).items() if there.get(path) != inode)
    assert touched == sorted((*files, *(["manifest.json"] if files else [])))
    assert differing(before, project.tree()) == touched
    assert done.written == len(files)


def inodes(project: Project) -> dict[str, tuple[int, int]]:
    output = project.folder / "output"
    stats = {path.relative_to(output).as_posix(): path.stat() for path in output.rglob("*") if path.is_file()}
    return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in stats.items()}


COUNTED = {
    "guide": ("guide.html", "{% for one in view.topics %}{{ one.title }}: {{ one.count }}{% endfor %}"),
    "topic": (
        "topic.html",
        "{% for one in view.replies %}{{ one.text }}: {{ one.sender.count if one.sender }}{% endfor %}",
    ),
    "sender": ("sender.html", "{% for one in view.replies %}{{ one.text }}: {{ one.sender.count }}{% endfor %}"),
}


@pytest.mark.parametrize("fields", [{"topics": ["turning"]}, {}], ids=["topic and senders", "senders"])
@pytest.mark.parametrize("kind", COUNTED)
def test_numbers_that_a_template_may_show_are_those_of_a_clean_build(
    kind: str, fields: dict[str, Any], templates: Path, tmp_path: Path
) -> None:
    """Whatever a view holds, a template may show, the project's own or not."""
    name, text = COUNTED[kind]
    (templates / name).write_text(text)
    project, clean, site = Project(tmp_path / "project", templates), Project(tmp_path / "clean", templates), starting()
    project.write(files_of(site))
    pipeline.build(project.places, jobs=1)
    site["entries"]["5.2"].update(fields, seen_from=["acme", "bolt"])
    for one in (project, clean):
        one.write(files_of(site))
        pipeline.build(one.places, jobs=1)
    assert differing(project.tree(), clean.tree()) == []
