"""The pages of docs/ that are made from the code: what each field means, and every rule with its examples.

`make docs` writes them; a test holds them to be current.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from errordocs import rules
from errordocs.model import END
from errordocs.model import SLUG
from errordocs.schemas import KINDS

MADE = "<!-- Made from the code by `make docs`; edit errordocs/{}.py. -->\n\n"
SLUGS = "A *slug* names a file, without its folder and ending: a-z and 0-9, with single `-` or `.` between.\n\n"
PLACES = {
    "entry": "An entry's front matter, beside the parts of its code and the facts that `site.yaml` declares.",
    "article": "The front matter of a topic, a guide, or a page of its own.",
    "sender": "Who sends replies.",
    "registry": "The codes of one part, as their standard has them.",
    "site": "What the generator has to know of this kind of code.",
    "lookup": "How the lookup reads what people paste; without this file it reads codes and known wordings only.",
}


def fields() -> str:
    """docs/fields.md: every field of every kind of file, from the types of the model."""
    parts = ["# What each field means\n\n", MADE.format("model"), SLUGS]
    seen: set[str] = set()
    for name, (kind, title) in KINDS.items():
        parts.append(f"## {title}\n\n{PLACES[name]} Schema: `schemas/{name}.schema.json`.\n\n")
        parts += _table(msgspec.inspect.type_info(kind), seen)
    return "".join(parts)


def rules_page() -> str:
    """docs/rules.md: every rule by name, with its wrong and its right example."""
    parts = [
        "# Every rule of the check\n\n",
        MADE.format("rules"),
        "A problem is told as `path:line:column: error[rule]: what is wrong; how to mend it`. Errors stop a build.\n"
        "Warnings do not; `check --strict`, which the pull requests of this project run, makes them errors.\n",
    ]
    for rule in rules.RULES:
        kind = "A warning. " if rule.severity == "warning" else ""
        parts.append(f"\n## {rule.name}\n\n{kind}{rule.says}\n\n")
        if rule.place == "tree":
            parts.append(f"Wrong: {_sentence(rule.wrong)} Right: {_sentence(rule.right)}\n")
        else:
            parts.append(f"Wrong:\n\n{_block(rule.wrong)}\nRight:\n\n{_block(rule.right)}")
    return "".join(parts)


def _table(info: Any, seen: set[str]) -> Iterable[str]:
    """A table of a type's fields, then one for each type inside it that had none yet."""
    inner: list[Any] = []
    yield "| field | needed | form | meaning |\n|---|---|---|---|\n"
    for field in info.fields:
        form, types = _form(field.type)
        inner += types
        needed = "yes" if field.required else "no"
        yield f"| `{field.encode_name}` | {needed} | {form} | {_help(field.type)} |\n"
    yield "\n"
    for one in inner:
        if one.cls.__name__ not in seen:
            seen.add(one.cls.__name__)
            yield f"### {one.cls.__name__}\n\n{(one.cls.__doc__ or '').strip()}\n\n"
            yield from _table(one, seen)


def _form(info: Any) -> tuple[str, list[Any]]:
    """How a type's values are written, and the records inside it."""
    i = msgspec.inspect
    while isinstance(info, i.Metadata):
        info = info.type
    if isinstance(info, i.UnionType):
        return _form(next(kind for kind in info.types if not isinstance(kind, i.NoneType)))
    if isinstance(info, i.VarTupleType):
        form, types = _form(info.item_type)
        return f"list of {form}", types
    if isinstance(info, i.DictType):
        form, types = _form(info.value_type)
        return f"mapping to {form}", types
    if isinstance(info, i.StructType):
        return f"[{info.cls.__name__}](#{info.cls.__name__.lower()})", [info]
    if isinstance(info, i.LiteralType):
        return " or ".join(f"`{value}`" for value in info.values), []
    return _text_form(info), []


def _text_form(info: Any) -> str:
    if isinstance(info, msgspec.inspect.DateType):
        return "date"
    least, most = info.min_length or 0, info.max_length
    if info.pattern and info.pattern.startswith("^https?"):
        return "web address"
    if info.pattern == SLUG:
        return "slug"
    if info.pattern:
        return f"`{info.pattern.replace(END, '$').replace('|', chr(92) + '|')}`"
    if most is None:
        return "text"
    return f"text, {least} to {most} characters" if least > 1 else f"text, at most {most} characters"


def _help(info: Any) -> str:
    extra = getattr(info, "extra_json_schema", None) or {}
    return str(extra.get("description", "")).replace("|", "\\|")


def _sentence(text: str) -> str:
    return f"{text.replace(chr(10), ' / ')}."


def _block(text: str) -> str:
    fence = "````" if "```" in text else "```"
    return f"{fence}text\n{text.rstrip()}\n{fence}\n"


def main(folder: str) -> None:
    """Writes the made pages into a folder."""
    for name, text in {"fields.md": fields(), "rules.md": rules_page()}.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1])
