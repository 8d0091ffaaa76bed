"""Walks `content/` and yields what it holds, as typed records, with every problem that one file alone can show.

Nothing outside the folder is read: links in the file system are refused, not followed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from msgspec import Struct

from errordocs import flat
from errordocs import plaintext
from errordocs import quick
from errordocs import schema
from errordocs import stamp
from errordocs.model import NO_BODY
from errordocs.model import SLUG
from errordocs.model import Article
from errordocs.model import ArticleFields
from errordocs.model import Body
from errordocs.model import Content
from errordocs.model import Entry
from errordocs.model import EntryFields
from errordocs.model import Face
from errordocs.model import Failed
from errordocs.model import Finding
from errordocs.model import Lookup
from errordocs.model import LookupFields
from errordocs.model import Outline
from errordocs.model import Problem
from errordocs.model import Registry
from errordocs.model import RegistryFields
from errordocs.model import Sender
from errordocs.model import SenderFields
from errordocs.model import SiteFields
from errordocs.plaintext import Broken

LARGEST = 64 * 1024
FOLDERS = {"errors": ".md", "topics": ".md", "guides": ".md", "pages": ".md", "senders": ".yaml", "registry": ".yaml"}
DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)")  # names that Windows keeps for itself

Fields = TypeVar("Fields", bound=Struct)
Whole = TypeVar("Whole", Content, Outline)
Record = Entry | Article | Sender | Registry | Lookup
ALONE = ("site.yaml", "lookup.yaml")  # files that stand beside the folders


class Source(Struct, frozen=True):
    """A file of the content: where it lies, as problems name it and from `content/`, and its text."""

    path: str
    name: str
    text: str

    @property
    def slug(self) -> str:
        return os.path.splitext(os.path.basename(self.name))[0]


class Loaded(Struct, frozen=True):
    """What a content folder holds; `content` is None where site.yaml cannot be read."""

    content: Content | None
    problems: tuple[Problem, ...]


class Reading(Struct, frozen=True):
    """What a file gave: its record, or None where it does not allow one, and what is wrong with it."""

    record: Record | SiteFields | None
    problems: tuple[Problem, ...]


def load(folder: str, render: bool = True) -> Loaded:
    """Reads the whole folder; raises Failed where it is none or cannot be read.

    Without `render` the bodies hold no HTML, only what a check asks of them.
    """
    problems: list[Problem] = []
    names = [found.name for found in files(folder, problems)]
    readings: dict[str, Reading] = {}
    site = None
    if "site.yaml" in names:
        names.remove("site.yaml")
        readings["site.yaml"] = read(folder, "site.yaml", raw(folder, "site.yaml"), None, render)
        record = readings["site.yaml"].record
        site = record if isinstance(record, SiteFields) else None
    else:
        problems += missing_site(folder, problems)
    for name in names:
        readings[name] = read(folder, name, raw(folder, name), site, render)
    for reading in readings.values():
        problems += reading.problems
    records = {name: reading.record for name, reading in readings.items()}
    return Loaded(content_of(Content, site, records) if site else None, tuple(problems))


def read(folder: str, name: str, data: bytes, site: SiteFields | None, render: bool = True) -> Reading:
    """What the bytes of a file give."""
    problems: list[Problem] = []
    source = _source(folder, name, data, problems)
    record = READERS[name.partition("/")[0]](source, site, problems, render) if source else None
    return Reading(record, tuple(problems))


def content_of(of: type[Whole], site: SiteFields, records: Mapping[str, Record | Face | SiteFields | None]) -> Whole:
    """The records, whole or entries' faces, by kind, each kind sorted by slug; a file that gave none is left out."""
    kinds: dict[str, list[Any]] = {kind: [] for kind in FOLDERS}
    for name, record in records.items():
        if name not in ALONE and record is not None:
            kinds[name.partition("/")[0]].append(record)
    lookup: Any = records.get("lookup.yaml")
    made = {kind: tuple(sorted(kinds[kind], key=lambda record: (record.slug, record.source))) for kind in kinds}
    return of(
        site=site,
        entries=made["errors"],
        senders=made["senders"],
        topics=made["topics"],
        guides=made["guides"],
        pages=made["pages"],
        registries=made["registry"],
        lookup=lookup,
    )


def read_entry(source: Source, site: SiteFields | None, problems: list[Problem], render: bool = True) -> Entry | None:
    """The entry that a file holds, or None where its fields do not allow one."""
    data, text, above = _front_matter(source, problems)
    body = _body(source, text, above, problems, render)
    if data is None or site is None:
        return None
    names = [part.name for part in site.parts] + [fact.name for fact in site.facts]
    codes, flaws = _codes(data, site)
    facts, more = _facts(data, site, codes)
    fields = _convert(EntryFields, source, data, problems, names, [*flaws, *more])
    if fields is None or flaws or more:
        return None
    return Entry(source.slug, source.name, codes, facts, fields, body)


def read_article(
    source: Source, site: SiteFields | None, problems: list[Problem], render: bool = True
) -> Article | None:
    """The topic, guide or page that a file holds, or None where its fields do not allow one."""
    data, text, above = _front_matter(source, problems)
    body = _body(source, text, above, problems, render)
    fields = _convert(ArticleFields, source, data, problems)
    return None if fields is None else Article(source.slug, source.name, fields, body)


def read_sender(source: Source, site: SiteFields | None, problems: list[Problem], render: bool = True) -> Sender | None:
    """The sender that a file holds, or None where its fields do not allow one."""
    data = _yaml(source, source.text, 0, problems)
    fields = _convert(SenderFields, source, data, problems)
    if fields is None:
        return None
    return Sender(source.slug, source.name, fields, _about(source, fields.about, problems))


def read_registry(
    source: Source, site: SiteFields | None, problems: list[Problem], render: bool = True
) -> Registry | None:
    """The registry that a file holds, or None where its fields do not allow one."""
    data = _yaml(source, source.text, 0, problems)
    fields = _convert(RegistryFields, source, data, problems)
    return None if fields is None else Registry(source.slug, source.name, fields)


def located(folder: str, findings: Iterable[Finding]) -> list[Problem]:
    """The findings as problems, each with the line and column at which its field stands."""
    problems = []
    for finding in findings:
        line, column = finding.at or (1, 1)
        path = f"{folder}/{finding.source}"
        if finding.at is None and finding.where and (source := _read(folder, finding.source)):
            line, column = place(source, finding.where, finding.on_key)
        problems.append(Problem(path, line, column, finding.rule, finding.what, finding.mend, finding.severity))
    return problems


def texts(folder: str) -> dict[str, str]:
    """The text of every file that can be read, by its name from `content/`."""
    sources = (_read(folder, found.name) for found in files(folder, []))
    return {source.name: source.text for source in sources if source}


def place(source: Source, where: schema.Where, on_key: bool = False) -> tuple[int, int]:
    """Line and column of a field in a file."""
    text, above = source.text, 0
    if source.name.endswith(".md"):
        text, _, _ = plaintext.split(source.path, source.text)
        above = 1
    from errordocs import frontmatter

    return frontmatter.place(source.path, text, above, where, on_key)


# Files


class Found(NamedTuple):
    """A file of the content: its name from `content/`, and what the system tells of it."""

    name: str
    stat: tuple[int, ...]


def files(folder: str, problems: list[Problem]) -> Iterator[Found]:
    """The content's files, sorted by name in each folder; what does not belong becomes a problem."""
    if not os.path.isdir(folder):
        raise Failed(f"{folder}: there is no such folder; name the content's folder with --content")
    for entry in _scan(folder):
        path = f"{folder}/{entry.name}"
        if entry.name in FOLDERS and entry.is_dir(follow_symlinks=False):
            yield from _below(folder, entry.name, FOLDERS[entry.name], problems)
        elif entry.is_symlink():
            problems.append(_stray(path, "symlink", "a symbolic link", "put the file itself here"))
        elif entry.name in ALONE and entry.is_file():
            yield Found(entry.name, stamp.told_by(entry.stat(follow_symlinks=False)))
        else:
            listed = ", ".join(f"{name}/" for name in FOLDERS)
            what = "this does not belong to the content"
            problems.append(_stray(path, "stray-file", what, f"content holds {', '.join(ALONE)}, {listed}"))


def some_files(folder: str, names: Iterable[str]) -> list[Found] | None:
    """These files of the content, or None where one is not there any more, or is no regular file."""
    found = []
    for name in sorted(names):
        try:
            told = os.lstat(f"{folder}/{name}")
        except OSError:
            return None
        if not stat.S_ISREG(told.st_mode):
            return None
        found.append(Found(name, stamp.told_by(told)))
    return found


def _below(folder: str, inner: str, suffix: str, problems: list[Problem]) -> Iterator[Found]:
    for entry in _scan(f"{folder}/{inner}"):
        name = f"{inner}/{entry.name}"
        if entry.is_symlink():
            problems.append(_stray(f"{folder}/{name}", "symlink", "a symbolic link", "put the file itself here"))
        elif entry.is_dir(follow_symlinks=False):
            if inner != "errors":
                what = "a folder stands here"
                problems.append(_stray(f"{folder}/{name}", "stray-file", what, "only errors/ has folders in it"))
            else:
                yield from _below(folder, name, suffix, problems)
        elif not entry.name.endswith(suffix):
            what = f"the file's name does not end in {suffix}"
            problems.append(_stray(f"{folder}/{name}", "stray-file", what, "rename it, or move it out of the content"))
        elif stat.S_ISREG((told := entry.stat(follow_symlinks=False)).st_mode):
            yield Found(name, stamp.told_by(told))
        else:
            problems.append(_stray(f"{folder}/{name}", "stray-file", "this is no regular file", "move it away"))


def _scan(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder, sorted; hidden files are an editor's or a system's, not content."""
    try:
        with os.scandir(folder) as found:
            return sorted((e for e in found if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        raise Failed(f"{folder}: cannot be read ({error.strerror}); mend its permissions") from None


def _stray(path: str, rule: str, what: str, mend: str) -> Problem:
    return Problem(path, 1, 1, rule, what, mend)


def raw(folder: str, name: str) -> bytes:
    """The file's bytes, one more than may be at the most; raises Failed where it cannot be read."""
    path = f"{folder}/{name}"
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Failed(f"{path}: cannot be read ({error.strerror}); mend its permissions") from None


def _read(folder: str, name: str) -> Source | None:
    return _source(folder, name, raw(folder, name), [])


def _source(folder: str, name: str, raw: bytes, problems: list[Problem]) -> Source | None:
    path = f"{folder}/{name}"
    stem = os.path.splitext(os.path.basename(name))[0]
    if name not in ALONE and (not re.match(SLUG, stem) or len(stem) > 100):
        what = f"the file's name `{stem}` is no slug"
        problems.append(_stray(path, "bad-slug", what, "use a-z and 0-9, with single `-` or `.` between"))
    elif DEVICE.match(stem) or stem == "index" or (stem == "404" and not name.startswith("errors/")):
        what = f"`{stem}` is a name that file systems or the site keep for themselves"
        problems.append(_stray(path, "bad-slug", what, "choose another"))
    if len(raw) > LARGEST:
        what = f"the file is larger than {LARGEST // 1024} KB"
        problems.append(_stray(path, "file-size", what, "split it, or cut what no reader needs"))
        return None
    try:
        source = Source(path, name, plaintext.decode(path, raw))
    except Broken as broken:
        problems.append(broken.problem)
        return None
    problems.extend(_to_do(source))
    return source


def _to_do(source: Source) -> Iterator[Problem]:
    """The marks that a new entry leaves for its author, wherever they stand, comments included."""
    for found in re.finditer(r"\bTODO\b", source.text) if "TODO" in source.text else ():
        line = source.text.count("\n", 0, found.start()) + 1
        column = found.start() - source.text.rfind("\n", 0, found.start())
        yield Problem(source.path, line, column, "todo", "this is not written yet", "write it, and delete the mark")


# Fields


def _front_matter(source: Source, problems: list[Problem]) -> tuple[dict[str, Any] | None, str, int]:
    try:
        head, body, above = plaintext.split(source.path, source.text)
    except Broken as broken:
        problems.append(broken.problem)
        return None, "", 0
    data = flat.parse(head)
    return _yaml(source, head, 1, problems) if data is None else data, body, above


def _yaml(source: Source, text: str, above: int, problems: list[Problem]) -> dict[str, Any] | None:
    from errordocs import frontmatter  # the library behind it takes longer to import than many files to read

    data, found = frontmatter.parse(source.path, text, above)
    problems.extend(found)
    return data if data or not found else None


def _convert(
    kind: type[Fields],
    source: Source,
    data: dict[str, Any] | None,
    problems: list[Problem],
    extra: Iterable[str] = (),
    flaws: Iterable[schema.Flaw] = (),
) -> Fields | None:
    if data is None:
        return None
    fields, found = schema.convert(kind, data, extra)
    for flaw in (*flaws, *found):
        line, column = place(source, flaw.where, flaw.on_key)
        problems.append(Problem(source.path, line, column, flaw.rule, flaw.what, flaw.mend))
    return fields


def _codes(data: dict[str, Any], site: SiteFields) -> tuple[dict[str, str], list[schema.Flaw]]:
    codes: dict[str, str] = {}
    flaws = []
    for part in site.parts:
        value = data.get(part.name)
        if value is None:
            continue
        if isinstance(value, str) and value and re.fullmatch(part.pattern, value):
            codes[part.name] = value
        else:
            shown = f"`{value}`" if isinstance(value, str) else "this"
            what = f"{shown} is no {part.label.lower()}"
            flaws.append(schema.Flaw((part.name,), "bad-code", what, f"write {part.help}, matching {part.pattern}"))
    if not codes and not flaws:
        names = " or ".join(f"`{part.name}`" for part in site.parts)
        flaws.append(schema.Flaw((), "missing-field", "the entry has no code", f"add {names}", on_key=True))
    return codes, flaws


def _facts(
    data: dict[str, Any], site: SiteFields, codes: dict[str, str]
) -> tuple[dict[str, tuple[str, ...]], list[schema.Flaw]]:
    facts: dict[str, tuple[str, ...]] = {}
    flaws: list[schema.Flaw] = []
    digit = next(iter(codes.values()), " ")[0]
    defaults = next((c.defaults for c in site.classes if c.digit == digit), {})
    for fact in site.facts:
        value = data.get(fact.name, defaults.get(fact.name))
        if value is None:
            if fact.required == "yes":
                flaws.append(schema.missing_field((fact.name,), fact.help))
            continue
        if fact.many == "yes" and isinstance(value, str) and fact.name in data:
            what = f"`{fact.name}` is a single value"
            flaws.append(schema.Flaw((fact.name,), "wrong-type", what, "write a list, as `[one, two]`"))
            continue
        values = value if isinstance(value, list) else [value]
        if fact.many == "no" and isinstance(value, list):
            what = f"`{fact.name}` is a list"
            flaws.append(schema.Flaw((fact.name,), "wrong-type", what, "write one plain value"))
            continue
        if not values:
            flaws.append(schema.Flaw((fact.name,), "too-short", f"`{fact.name}` is empty", "list at least one"))
        for index, one in enumerate(values):
            where = (fact.name, index) if isinstance(value, list) else (fact.name,)
            if not isinstance(one, str) or one not in fact.values:
                flaws.append(schema.unlisted(where, str(one), fact.values))
        facts[fact.name] = tuple(str(one) for one in values)
    return facts, flaws


def missing_site(folder: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    path = f"{folder}/site.yaml"
    if all(problem.path != path for problem in problems):
        mend = "write one; content/site.yaml of this project is the model"
        yield Problem(path, 1, 1, "missing-file", "there is no site.yaml", mend)


def read_lookup(source: Source, site: SiteFields | None, problems: list[Problem], render: bool = True) -> Lookup | None:
    """How pasted texts are read, or None where the file does not allow it."""
    data = _yaml(source, source.text, 0, problems)
    fields = _convert(LookupFields, source, data, problems)
    if fields is None:
        return None
    for name in EXPRESSIONS:
        for index, expression in enumerate(getattr(fields, name)):
            try:
                lacks = re.compile(expression).groups == 0 and name in ("hosts", "cases")
                what, mend = f"`{expression}` has no group", "put what it is to find in ( )"
            except re.error as error:
                lacks, what, mend = True, f"`{expression}` is no expression: {error}", "mend it"
            if lacks:
                problems.append(Problem(source.path, *place(source, (name, index)), "bad-pattern", what, mend))
    return Lookup(source.name, fields)


EXPRESSIONS = ("replies", "stops", "fields", "hosts", "cases", "lines", "noise", "evidence", "elsewhere")


def read_site(source: Source, _: SiteFields | None, problems: list[Problem], render: bool = True) -> SiteFields | None:
    """What site.yaml says, or None where it cannot be built on."""
    site = _convert(SiteFields, source, _yaml(source, source.text, 0, problems), problems)
    broken = list(_pattern_problems(source, site)) if site else []
    problems.extend(broken)
    return None if broken else site


def _pattern_problems(source: Source, site: SiteFields) -> Iterator[Problem]:
    """What is wrong with the patterns of the parts, without which no entry can be read."""
    for index, part in enumerate(site.parts):
        for name, pattern in (("pattern", part.pattern), ("subject", part.subject)):
            what = ""
            try:
                if re.compile(pattern or "()").groups == 0 and name == "subject":
                    what, mend = f"`{pattern}` has no group", "put the subject in ( )"
            except re.error as error:
                what, mend = f"`{pattern}` is no pattern: {error}", "mend it"
            if what:
                line, column = place(source, ("parts", index, name))
                yield Problem(source.path, line, column, "bad-pattern", what, mend)


# Bodies


def _body(source: Source, text: str, above: int, problems: list[Problem], render: bool) -> Body:
    if (sound := quick.parse(source.name, text, above, render)) is not None:
        return sound
    from errordocs import markup  # the library behind it takes longer to import than most files to read

    body, found = markup.parse(source.path, source.name, text, above, render=render)
    problems.extend(found)
    return body


def _about(source: Source, about: str, problems: list[Problem]) -> Body:
    """The Markdown inside a sender's file; places count from where the block stands in it."""
    if not about.strip():
        return NO_BODY
    if (sound := quick.parse(source.name, about)) and not sound.links:
        return sound
    from errordocs import markup

    body, found = markup.parse(source.path, source.name, about)
    if found or body.links:
        line, column = place(source, ("about",))
        lines = source.text.split("\n")[line - 1 :]
        if (mark := lines[0][column - 1]) in "|>":
            indent = len(lines[1]) - len(lines[1].lstrip(" "))
        else:
            line, indent = line - 1, column - (mark not in "'\"")
        body, found = markup.parse(source.path, source.name, about, line, indent)
    problems.extend(found)
    return body


READERS: dict[str, Callable[[Source, SiteFields | None, list[Problem], bool], Record | SiteFields | None]] = {
    "site.yaml": read_site,
    "lookup.yaml": read_lookup,
    "errors": read_entry,
    "topics": read_article,
    "guides": read_article,
    "pages": read_article,
    "senders": read_sender,
    "registry": read_registry,
}
