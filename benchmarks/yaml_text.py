"""Records as YAML, and files with their folders: what the projects of every tool are written with."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus import Entry


def fields(records: Sequence[dict[str, str]]) -> str:
    """Mappings as a list in YAML, below a field."""
    return "".join(
        "".join(f"{'    ' if n else '  - '}{k}: {v}\n" for n, (k, v) in enumerate(r.items())) for r in records
    )


def entry_fields(one: Entry, related: Iterable[tuple[str, str]]) -> str:
    """An entry's front matter; `related` as it is named there, each with its reason."""
    this = one.card
    listed = fields([{"entry": f'"{name}"', "why": why} for name, why in related])
    return (
        (f'basic: "{one.basic}"\n' if one.basic else "")
        + f"enhanced: {one.enhanced}\n"
        + (f"sender: {this.sender}\n" if this.sender else "")
        + f"title: {this.title}\nsummary: >-\n  {one.summary}\nupdated: {one.updated}\n"
        + "".join(f"{name}: {value}\n" for name, value in one.facts.items())
        + f"seen_from: [{', '.join(one.seen_from)}]\n"
        + f"topics: [{', '.join(this.topics)}]\nguides: [{', '.join(this.guides)}]\n"
        + f"responses:\n{fields(one.responses)}related:\n{listed}references:\n{fields(one.references)}"
    )


def put(path: Path, text: str) -> None:
    """Writes a file; makes its folder where there is none."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
