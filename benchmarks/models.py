"""Compares the libraries that could hold the content model: strictness, paths in errors, JSON Schema, import time.

    python -m venv /tmp/models && /tmp/models/bin/pip install msgspec pydantic attrs cattrs
    /tmp/models/bin/python benchmarks/models.py

Prints a table and the machine; what is not installed is left out.
"""

from __future__ import annotations

import importlib.util
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

ROUNDS = 15
CALLS = 20_000
GOOD = {"title": "x", "code": "5.10", "updated": "2026-11-24", "replies": [{"text": "a"}] * 6}
NUMBER = {**GOOD, "code": 5.1}
TWO_WRONG = {**GOOD, "title": 1, "replies": [{"text": "a"}, {"txt": "b"}]}

MSGSPEC = """
import datetime, msgspec
class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    code: str
    updated: datetime.date
    replies: tuple[Reply, ...]
def convert(data): return msgspec.convert(data, Entry)
def schema(): return msgspec.json.schema(Entry)
"""

PYDANTIC = """
import datetime, pydantic
class Reply(pydantic.BaseModel, frozen=True, extra="forbid"):
    text: pydantic.StrictStr
class Entry(pydantic.BaseModel, frozen=True, extra="forbid"):
    title: pydantic.StrictStr
    code: pydantic.StrictStr
    updated: datetime.date
    replies: tuple[Reply, ...]
def convert(data): return Entry.model_validate(data)
def schema(): return Entry.model_json_schema()
"""

CATTRS = """
import datetime, attrs, cattrs
from cattrs.gen import make_dict_structure_fn
@attrs.frozen
class Reply:
    text: str
@attrs.frozen
class Entry:
    title: str
    code: str
    updated: datetime.date
    replies: tuple[Reply, ...]
converter = cattrs.Converter(forbid_extra_keys=True)
converter.register_structure_hook(datetime.date, lambda value, _: datetime.date.fromisoformat(value))
def convert(data): return converter.structure(data, Entry)
"""

CANDIDATES = {"msgspec": MSGSPEC, "pydantic": PYDANTIC, "cattrs": CATTRS}


def main() -> None:
    """Prints one row a library, the quickest import as 1.00."""
    found = {name: code for name, code in CANDIDATES.items() if importlib.util.find_spec(name)}
    imports = _imports(found)
    print(f"{platform.machine()}, Python {platform.python_version()}, {ROUNDS} interleaved starts, medians\n")
    print("| library | start, ratio | convert, us | 5.1 as `code` | two mistakes | JSON Schema |")
    print("|---|---|---|---|---|---|")
    for name, code in found.items():
        space: dict[str, Callable[..., object]] = {}
        exec(compile(code, name, "exec", dont_inherit=True), space)
        ratio = imports[name] / min(imports.values())
        row = (name, f"{ratio:.2f}", f"{_per_call(space['convert']):.1f}", _number(space), _mistakes(space))
        print("| " + " | ".join((*row, "yes" if "schema" in space else "no")) + " |")


def _imports(found: dict[str, str]) -> dict[str, float]:
    """Median seconds of a whole process that defines the model, the candidates in turn."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(ROUNDS):
        for name, code in found.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken) for name, taken in times.items()}


def _per_call(convert: Callable[..., object]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        convert(GOOD)
    return (time.perf_counter() - started) / CALLS * 1e6


def _number(space: dict[str, Callable[..., object]]) -> str:
    try:
        return f"taken as {space['convert'](NUMBER).code!r}"  # type: ignore[attr-defined]
    except Exception as error:
        return f"refused ({type(error).__name__})"


def _mistakes(space: dict[str, Callable[..., object]]) -> str:
    try:
        space["convert"](TWO_WRONG)
    except Exception as error:
        told = getattr(error, "exceptions", (error,))
        count = error.error_count() if hasattr(error, "error_count") else len(told)
        return f"{count} told: " + " ".join(str(error).split())[:80].replace("|", "/")
    return "taken"


if __name__ == "__main__":
    main()
