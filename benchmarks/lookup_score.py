"""How often the lookup is right: its results beside the truth of a corpus of real texts.

    python benchmarks/lookup_score.py ../shared/corpus/bounces-dev.jsonl [--others benchmarks/no-errors.jsonl]
        [--by source|form|truth|lang] [--misses basic|enhanced|implied|sender|none]

The corpus is JSON lines with `id`, `text`, `basic`, `enhanced` and `provider`, each of the last three or null. The
results come from `benchmarks/lookup.mjs`, over the script in `--site` (default `output`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FIGURES = ("basic", "enhanced", "implied", "sender", "exact", "answered")


def records(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]


def looked_up(texts: list[dict[str, Any]], site: str) -> dict[str, list[dict[str, Any]]]:
    """The results for each id."""
    asked = "".join(json.dumps({"id": one["id"], "text": one["text"]}) + "\n" for one in texts)
    command = ["node", str(HERE / "lookup.mjs"), "--times", "--site", site]
    ran = subprocess.run(command, input=asked, capture_output=True, text=True, encoding="utf-8", check=False)
    sys.stderr.write(ran.stderr)
    if ran.returncode:
        sys.exit(ran.returncode)
    return {one["id"]: one["results"] for one in map(json.loads, ran.stdout.splitlines())}


def judged(truth: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, bool]:
    """Which figures this text counts for, and whether the best result is right in each."""
    best = results[0] if results else {}
    told = {"answered": bool(best)}
    if truth["basic"]:
        told["basic"] = best.get("basic") == truth["basic"]
    if truth["enhanced"]:
        is_stated = truth["enhanced"] in truth["text"]
        told["enhanced" if is_stated else "implied"] = best.get("enhanced") == truth["enhanced"]
    if truth["provider"]:
        told["sender"] = best.get("sender") == truth["provider"]
    known = [told[name] for name in ("basic", "enhanced", "implied", "sender") if name in told]
    if known:
        told["exact"] = all(known)
    return told


def line(name: str, counts: Counter[tuple[str, bool]]) -> str:
    parts = []
    for figure in FIGURES:
        right, every = counts[figure, True], counts[figure, True] + counts[figure, False]
        parts.append(f"{right}/{every} {100 * right / every:.1f}" if every else "-")
    return f"| {name} | " + " | ".join(parts) + " |"


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("corpus")
    options.add_argument("--others", help="texts that are no errors of this kind")
    options.add_argument("--site", default="output")
    options.add_argument("--by", default="source", choices=("source", "form", "truth", "lang", "reporter"))
    options.add_argument("--misses", action="append", default=[], choices=(*FIGURES, "none"))
    told = options.parse_args()
    texts = records(told.corpus)
    results = looked_up(texts, told.site)
    counts: Counter[tuple[str, bool]] = Counter()
    groups: dict[str, Counter[tuple[str, bool]]] = {}
    for one in texts:
        verdict = judged(one, results[one["id"]])
        counts.update(verdict.items())
        group = str(one.get(told.by)).partition(":")[0]
        groups.setdefault(group, Counter()).update(verdict.items())
        for figure in told.misses:
            missed = not verdict["answered"] if figure == "none" else verdict.get(figure) is False
            if missed:
                best = {key: value for key, value in (results[one["id"]] or [{}])[0].items() if key != "score"}
                truth = {key: one[key] for key in ("basic", "enhanced", "provider")}
                print(
                    f"{figure} {one['id']} {one['source']}\n  truth {truth}\n  got   {best}\n  {one['text'][-600:]!r}"
                )
    print("| | " + " | ".join(FIGURES) + " |\n|" + "---|" * (len(FIGURES) + 1))
    print(line("all", counts))
    for group, found in sorted(groups.items(), key=lambda item: -item[1]["answered", True]):
        print(line(group, found))
    if told.others:
        others = records(told.others)
        found_there = looked_up(others, told.site)
        answered = [one for one in others if found_there[one["id"]]]
        print(f"answered though no error: {len(answered)} of {len(others)}")
        for one in answered:
            print(f"  {one['id']}: {one['text'][:100]!r}")


if __name__ == "__main__":
    main()
