"""Strict YAML: text to plain data in which every scalar is a string, or problems with their places.

Refused, with line and column: duplicate and non-scalar keys, tags, anchors, aliases, merge keys, several
documents, deep nesting, control characters by escape. Places of sound data are not kept: `place` finds one
again, so that a clean build does not pay for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from typing import NoReturn

import yaml

from errordocs.model import Problem
from errordocs.plaintext import BAD_CHARACTERS
from errordocs.plaintext import Broken

DEPTH = 8
Path = tuple[str | int, ...]
Places = dict[Path, tuple[int, int]]


def parse(path: str, text: str, above: int = 0) -> tuple[dict[str, Any], list[Problem]]:
    """The mapping that `text` holds, and what is wrong with it; `above` is the number of lines before it."""
    reader = _Reader(path, above)
    return reader.read(text), reader.problems


def place(path: str, text: str, above: int, where: Path, key: bool = False) -> tuple[int, int]:
    """Line and column of the value at `where`, or of its key; of the nearest holder where there is none."""
    reader = _Reader(path, above, keep_places=True)
    reader.read(text)
    places = reader.keys if key else reader.values
    while where and where not in places:
        where = where[:-1]
        places = reader.keys if key and where in reader.keys else reader.values
    return places.get(where, (above + 1, 1))


class _Reader:
    """Builds plain data from the parser's events, once."""

    def __init__(self, path: str, above: int, keep_places: bool = False) -> None:
        self.path = path
        self.above = above
        self.problems: list[Problem] = []
        self.keep_places = keep_places
        self.keys: Places = {}
        self.values: Places = {}

    def read(self, text: str) -> dict[str, Any]:
        try:
            return self._mapping(text)
        except Broken as broken:
            self.problems.append(broken.problem)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = (error.problem or "not YAML").removesuffix(".")
            self._add(mark, "yaml", f"the YAML cannot be read: {what}", _mend(what))
        except yaml.YAMLError as error:
            self._add(None, "yaml", f"the YAML cannot be read: {error}", "mend the line")
        return {}

    def _mapping(self, text: str) -> dict[str, Any]:
        events: Iterator[Any] = iter(yaml.CSafeLoader(text).get_event, None)
        next(events)
        first = next(events)
        if isinstance(first, yaml.StreamEndEvent):
            self._add(None, "front-matter", "there are no fields", "write the fields as `name: value` lines")
            return {}
        if first.version or first.tags:
            self._add(first.start_mark, "yaml-directive", "a YAML directive stands here", "delete the line")
        root = next(events)
        if not isinstance(root, yaml.MappingStartEvent):
            self._add(root.start_mark, "front-matter", "this is no mapping", "write the fields as `name: value` lines")
            return {}
        data = self._value(root, events, ())
        next(events)
        if not isinstance(extra := next(events), yaml.StreamEndEvent):
            self._add(extra.start_mark, "yaml-documents", "a second document begins here", "delete it")
        return data if isinstance(data, dict) else {}

    def _value(self, event: Any, events: Any, where: Path) -> Any:
        if self.keep_places:
            self.values[where] = self._at(event.start_mark)
        if event.anchor is not None or event.tag is not None:
            self._refuse_reference(event)
        if type(event) is yaml.ScalarEvent:
            return self._scalar(event)
        if len(where) >= DEPTH:
            what = f"values are nested deeper than {DEPTH} levels"
            self._stop(event.start_mark, "yaml-depth", what, "flatten them")
        if type(event) is yaml.SequenceStartEvent:
            items: list[Any] = []
            while type(event := next(events)) is not yaml.SequenceEndEvent:
                items.append(self._value(event, events, (*where, len(items))))
            return items
        fields: dict[str, Any] = {}
        while type(event := next(events)) is not yaml.MappingEndEvent:
            key = self._key(event)
            inner = (*where, key)
            if key in fields:
                what = f"`{key}` stands twice in this mapping"
                self._add(event.start_mark, "duplicate-key", what, "keep one of them")
            if self.keep_places and inner not in self.keys:
                self.keys[inner] = self._at(event.start_mark)
            value = self._value(next(events), events, inner)
            fields.setdefault(key, value)
        return fields

    def _key(self, event: Any) -> str:
        if event.anchor is not None or event.tag is not None:
            self._refuse_reference(event)
        if type(event) is not yaml.ScalarEvent:
            what = "a list or mapping stands as a key"
            self._stop(event.start_mark, "yaml-key", what, "write a plain word as the key")
        if event.value == "<<":
            self._stop(event.start_mark, "yaml-merge", "`<<` is a merge key", "write the fields out")
        return self._scalar(event)

    def _refuse_reference(self, event: Any) -> NoReturn:
        """Stops at an alias, an anchor or a tag, before anything is built from it."""
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            self._stop(mark, "yaml-alias", f"`*{event.anchor}` is an alias", "write the value out")
        if event.anchor is not None:
            self._stop(mark, "yaml-anchor", f"`&{event.anchor}` is an anchor", "delete it and write values out")
        self._stop(mark, "yaml-tag", f"`{event.tag}` is a tag", "delete it; all values are plain text")

    def _scalar(self, event: Any) -> str:
        value: str = event.value
        if event.style == '"' and (found := BAD_CHARACTERS.search(value)):
            what = f"character U+{ord(found.group()):04X} is written here by escape"
            self._add(event.start_mark, "control-character", what, "delete it")
        return value

    def _at(self, mark: Any) -> tuple[int, int]:
        return (self.above + mark.line + 1, mark.column + 1) if mark else (self.above + 1, 1)

    def _problem(self, mark: Any, rule: str, what: str, mend: str) -> Problem:
        line, column = self._at(mark)
        return Problem(self.path, line, column, rule, what, mend)

    def _add(self, mark: Any, rule: str, what: str, mend: str) -> None:
        self.problems.append(self._problem(mark, rule, what, mend))

    def _stop(self, mark: Any, rule: str, what: str, mend: str) -> NoReturn:
        raise Broken(self._problem(mark, rule, what, mend))


def _mend(what: str) -> str:
    if "mapping values" in what:
        return "quote the value, since it holds a colon followed by a space"
    if "cannot start any token" in what:
        return "quote the value, since it begins with a character that YAML keeps for itself, or replace tabs by spaces"
    if "alias" in what:
        return "write the value out"
    return "mind the indentation, and quote values that hold `: ` or ` #`"
