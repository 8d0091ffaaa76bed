"""What a field is: from the types of the model to checked values and precise flaws."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any
from typing import TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")
Where = tuple[str | int, ...]


class Flaw(Struct, frozen=True):
    """A mistake at a path inside a mapping; `on_key` where the key itself is wrong."""

    where: Where
    rule: str
    what: str
    mend: str
    on_key: bool = False


def convert(kind: type[T], data: dict[str, Any], extra: Iterable[str] = ()) -> tuple[T | None, list[Flaw]]:
    """`data` as a `kind`, or None with every flaw; `extra` are further names that the mapping may hold.

    The quick way is one call; only where it fails is each value looked at for itself.
    """
    known = {name: value for name, value in data.items() if name not in extra} if extra else data
    try:
        return msgspec.convert(known, kind), []
    except msgspec.ValidationError:
        return None, list(_flaws(msgspec.inspect.type_info(kind), data, (), tuple(extra)))


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word most like `word`, where one is like it at all."""
    found = difflib.get_close_matches(word, list(words), 1, 0.6)
    return found[0] if found else None


def instead(word: str, words: Iterable[str], else_: str) -> str:
    """The mend for an unknown word: the nearest right one, or `else_`."""
    near = nearest(word, words)
    return f"did you mean `{near}`?" if near else else_


def _flaws(info: Any, value: Any, where: Where, extra: tuple[str, ...] = ()) -> Iterable[Flaw]:
    i = msgspec.inspect
    while isinstance(info, i.Metadata):
        info = info.type
    if isinstance(info, i.UnionType):
        yield from _flaws(next(t for t in info.types if not isinstance(t, i.NoneType)), value, where)
    elif isinstance(info, i.StructType):
        yield from _struct_flaws(info, value, where, extra)
    elif isinstance(info, i.VarTupleType | i.ListType):
        yield from _list_flaws(info, value, where)
    elif isinstance(info, i.DictType):
        yield from _dict_flaws(info, value, where)
    elif not isinstance(value, str):
        yield Flaw(where, "wrong-type", f"{_name(where)} is a {_kind(value)}", "write one plain value")
    elif isinstance(info, i.LiteralType):
        if value not in info.values:
            yield _unlisted(where, value, [str(v) for v in info.values])
    elif isinstance(info, i.DateType):
        if not _is_date(value):
            yield Flaw(where, "bad-date", f"`{value}` is no date", "write it as year-month-day, as 2026-11-24")
    elif isinstance(info, i.StrType):
        yield from _text_flaws(info, value, where)


def _struct_flaws(info: Any, value: Any, where: Where, extra: tuple[str, ...]) -> Iterable[Flaw]:
    fields = {field.encode_name: field for field in info.fields}
    if not isinstance(value, dict):
        names = ", ".join(f"`{name}`" for name, field in fields.items() if field.required)
        yield Flaw(where, "wrong-type", f"{_name(where)} is a {_kind(value)}", f"write a mapping with {names}")
        return
    for name in value:
        if name not in fields and name not in extra:
            yield unknown_field((*where, name), [*fields, *extra])
    for name, field in fields.items():
        if name in value:
            yield from _flaws(field.type, value[name], (*where, name))
        elif field.required:
            yield missing_field((*where, name), _help(field.type))


def unknown_field(where: Where, names: Iterable[str]) -> Flaw:
    word = str(where[-1])
    what = f"there is no field `{word}`"
    return Flaw(where, "unknown-field", what, instead(word, names, "delete it"), on_key=True)


def missing_field(where: Where, help_: str) -> Flaw:
    mend = f"add it ({help_})" if help_ else "add it"
    return Flaw(where, "missing-field", f"the field `{where[-1]}` is missing", mend, on_key=True)


def _list_flaws(info: Any, value: Any, where: Where) -> Iterable[Flaw]:
    if not isinstance(value, list):
        yield Flaw(where, "wrong-type", f"{_name(where)} is a {_kind(value)}", "write a list, as `[one, two]`")
        return
    if info.min_length and len(value) < info.min_length:
        yield Flaw(where, "too-short", f"{_name(where)} is empty", "list at least one")
    for index, item in enumerate(value):
        yield from _flaws(info.item_type, item, (*where, index))


def _dict_flaws(info: Any, value: Any, where: Where) -> Iterable[Flaw]:
    if not isinstance(value, dict):
        yield Flaw(where, "wrong-type", f"{_name(where)} is a {_kind(value)}", "write a mapping, as `name: value`")
        return
    for key, item in value.items():
        yield from _flaws(info.value_type, item, (*where, key))


def _text_flaws(info: Any, value: str, where: Where) -> Iterable[Flaw]:
    if not value and (info.min_length or info.pattern):
        yield Flaw(where, "empty-value", f"{_name(where)} is empty", "write a value, or delete the field")
    elif info.min_length and len(value) < info.min_length:
        what = f"{_name(where)} has {len(value)} characters"
        yield Flaw(where, "too-short", what, f"write at least {info.min_length}")
    elif info.max_length and len(value) > info.max_length:
        what = f"{_name(where)} has {len(value)} characters"
        yield Flaw(where, "too-long", what, f"shorten it to {info.max_length}")
    elif info.pattern and not re.search(info.pattern, value):
        if info.pattern.startswith("^https?"):
            yield Flaw(where, "unsafe-url", f"`{value}` is no web address", "write it as https://host.name/path")
        else:
            what = f"`{value}` does not have the form of {_name(where)}"
            yield Flaw(where, "bad-value", what, f"it must match {info.pattern}")


def _unlisted(where: Where, value: str, values: list[str]) -> Flaw:
    listed = ", ".join(f"`{v}`" for v in values)
    near = nearest(value, values)
    mend = f"did you mean `{near}`? The values are {listed}" if near else f"write one of {listed}"
    return Flaw(where, "bad-value", f"`{value}` is no value of {_name(where)}", mend)


def unlisted(where: Where, value: str, values: Iterable[str]) -> Flaw:
    """The flaw of a value that is not in its list."""
    return _unlisted(where, value, list(values))


def _name(where: Where) -> str:
    names = [part for part in where if isinstance(part, str)]
    return f"`{names[-1]}`" if names else "this"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "mapping"
    return "list" if isinstance(value, list) else "single value"


def _help(info: Any) -> str:
    extra = getattr(info, "extra_json_schema", None) or {}
    return str(extra.get("description", "")).rstrip(".")


def _is_date(value: str) -> bool:
    import datetime

    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
