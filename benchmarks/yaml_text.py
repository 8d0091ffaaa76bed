"""Records as YAML, and files with their folders: what the projects of every tool are written with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def fields(records: Sequence[dict[str, str]]) -> str:
    """Mappings as a list in YAML, below a field."""
    return "".join(
        "".join(f"{'    ' if n else '  - '}{k}: {v}\n" for n, (k, v) in enumerate(r.items())) for r in records
    )


def put(path: Path, text: str) -> None:
    """Writes a file; makes its folder where there is none."""
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
